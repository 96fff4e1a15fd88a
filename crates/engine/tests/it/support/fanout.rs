//! One database and one stream of a test's own, with the relay and the feed over them.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::{self, Message};
use futures::StreamExt;
use tidemark_engine::broker;
use tidemark_engine::feed::{Feed, FeedSettings};
use tidemark_engine::message::MessageWriter;
use tidemark_engine::position::PositionCodec;
use tidemark_engine::relay::{Relay, RelayReport, RelaySettings, StreamSettings, check};
use tidemark_engine::signature::Signer;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::{TestDatabase, required, soon};

pub(crate) struct Fanout {
    pub(crate) database: TestDatabase,
    pub(crate) nats: async_nats::Client,
    pub(crate) stream: StreamSettings,
    shutdown: CancellationToken,
    _stops: DropGuard,
}

impl Fanout {
    /// On the shared server.
    pub(crate) async fn new() -> Self {
        Self::on(&required("TIDEMARK_TEST_NATS_URL")).await
    }

    pub(crate) async fn on(url: &str) -> Self {
        let nats = broker::connect(url, "tidemark-test").await.unwrap();
        let id = Uuid::now_v7().simple().to_string();
        let stream = StreamSettings {
            name: format!("TEST_{id}"),
            subjects: format!("test.{id}"),
            max_bytes: 64 << 20,
            ..StreamSettings::default()
        };
        let shutdown = CancellationToken::new();
        Self { database: TestDatabase::new().await, nats, stream, _stops: shutdown.clone().drop_guard(), shutdown }
    }

    pub(crate) fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    pub(crate) fn context(&self) -> jetstream::Context {
        jetstream::new(self.nats.clone())
    }

    pub(crate) fn signer(&self) -> Signer {
        Signer::new(b"messages")
    }

    pub(crate) fn writer(&self, epoch: i32) -> MessageWriter {
        MessageWriter::new(self.stream.subjects.clone(), self.signer(), PositionCodec::new(epoch, b"positions"))
    }

    /// A relay that looks at the stream at each step.
    pub(crate) fn relay(&self) -> Relay {
        Relay::new(RelaySettings { inspect_every: Duration::ZERO, ..self.relay_settings() })
    }

    pub(crate) fn relay_settings(&self) -> RelaySettings {
        RelaySettings::new(
            self.database.pool.clone(),
            self.nats.clone(),
            self.stream.clone(),
            self.signer(),
            PositionCodec::new(1, b"positions"),
        )
    }

    /// A relay that runs by itself until the test ends.
    pub(crate) fn run_relay(&self) -> tokio::task::JoinHandle<()> {
        tokio::spawn(Relay::new(self.relay_settings()).run(self.shutdown.clone()))
    }

    pub(crate) fn feed(&self) -> Feed {
        Feed::start(self.feed_settings(), self.shutdown.clone())
    }

    pub(crate) fn feed_settings(&self) -> FeedSettings {
        FeedSettings {
            stream: self.stream.name.clone(),
            ..FeedSettings::new(self.database.pool.clone(), Some(self.nats.clone()), self.signer(), 1)
        }
    }

    pub(crate) async fn check(&self) -> RelayReport {
        check(&self.context(), &self.database.pool, &self.stream, &self.signer()).await.unwrap()
    }

    /// Whether the stream holds exactly the log's first `last` events.
    pub(crate) async fn reaches(&self, last: i64) -> bool {
        match check(&self.context(), &self.database.pool, &self.stream, &self.signer()).await {
            Ok(report) => report.is_sound() && (report.first, report.last) == (1, last),
            Err(_) => false,
        }
    }

    /// The stream as a consumer that is not ours sees it, from its beginning.
    pub(crate) async fn messages(&self, count: usize) -> Vec<Message> {
        let consumer = self
            .context()
            .create_consumer_on_stream(OrderedConfig::default(), self.stream.name.as_str())
            .await
            .unwrap();
        let messages = consumer.messages().await.unwrap().take(count).map(Result::unwrap).collect();
        soon("reading the stream", messages).await
    }

    /// Publishes as somebody would who does not care what the stream holds.
    pub(crate) async fn forge(&self, headers: HeaderMap, body: &str) {
        let subject = format!("{}.acme.post.PostCreated.x", self.stream.subjects);
        self.context().publish_with_headers(subject, headers, body.to_owned().into()).await.unwrap().await.unwrap();
    }
}
