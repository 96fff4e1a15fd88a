//! The feed's ordered JetStream consumer: made anew at the right sequence whenever it is lost.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::{Ordered, OrderedConfig};
use async_nats::jetstream::{self, Message};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use tokio::time::Instant;

/// How many messages are taken at once.
const BATCH: usize = 512;
const DEADLINE: Duration = Duration::from_secs(3);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A consumer that comes and goes with the broker.
pub(super) struct Consumer {
    client: async_nats::Client,
    context: jetstream::Context,
    stream: String,
    messages: Option<Ordered>,
    connecting: Option<BoxFuture<'static, Result<Ordered, async_nats::Error>>>,
    retry_at: Instant,
    pause: Duration,
}

impl Consumer {
    pub(super) fn new(client: async_nats::Client, stream: String) -> Self {
        let context = jetstream::new(client.clone());
        Self { client, context, stream, messages: None, connecting: None, retry_at: Instant::now(), pause: FIRST_PAUSE }
    }

    /// Whether messages can be expected.
    pub(super) fn is_live(&self) -> bool {
        self.messages.is_some() && self.client.connection_state() == State::Connected
    }

    /// Forgets the consumer; the next one is made after a pause that grows until [`Self::prove`].
    pub(super) fn abandon(&mut self) {
        if self.messages.take().is_some() {
            self.pause();
        }
    }

    /// It delivered something true: the next loss is a new one.
    pub(super) fn prove(&mut self) {
        self.pause = FIRST_PAUSE;
    }

    /// The next messages in the stream's order; `None` when the consumer was lost. Where there is none, one is made after
    /// `last`, and no message comes with that news. Loses nothing when it is dropped while it waits.
    pub(super) async fn next(&mut self, last: i64) -> Option<Vec<Message>> {
        if self.messages.is_none() {
            self.connect(last).await;
            return self.messages.as_ref().map(|_| Vec::new());
        }
        let messages = self.messages.as_mut()?;
        let mut batch = Vec::new();
        let mut next = messages.next().await;
        while let Some(Ok(message)) = next {
            batch.push(message);
            if batch.len() == BATCH {
                return Some(batch);
            }
            match messages.next().now_or_never() {
                Some(item) => next = item,
                None => return Some(batch),
            }
        }
        // After an error the client's stream must not be polled again.
        if let Some(Err(error)) = next {
            tracing::debug!(%error, "the consumer was lost");
        }
        self.abandon();
        (!batch.is_empty()).then_some(batch)
    }

    async fn connect(&mut self, last: i64) {
        if self.connecting.is_none() {
            tokio::time::sleep_until(self.retry_at).await;
            self.connecting = Some(connect(self.context.clone(), self.stream.clone(), last).boxed());
        }
        if let Some(connecting) = &mut self.connecting {
            let connected = connecting.await;
            self.connecting = None;
            match connected {
                Ok(messages) => self.messages = Some(messages),
                Err(error) => {
                    tracing::debug!(%error, "no consumer on the stream");
                    self.pause();
                }
            }
        }
    }

    fn pause(&mut self) {
        self.retry_at = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

async fn connect(context: jetstream::Context, stream: String, last: i64) -> Result<Ordered, async_nats::Error> {
    let config = OrderedConfig {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: u64::try_from(last + 1)? },
        description: Some("tidemark feed".to_owned()),
        ..OrderedConfig::default()
    };
    let making = async {
        let consumer = context.create_consumer_on_stream(config, stream.as_str()).await?;
        Ok(consumer.messages().await?)
    };
    tokio::time::timeout(DEADLINE, making).await?
}
