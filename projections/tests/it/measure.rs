//! What the read side reaches on this machine: `cargo test -p tidemark-projections --test it -- --ignored --nocapture measure`.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use serde_json::json;
use tidemark_content::PostStatus;
use tidemark_engine::broker;
use tidemark_engine::feed::{Feed, FeedSettings, Source};
use tidemark_engine::log::{Append, Appended, Expectation, Log, NewEvent};
use tidemark_engine::personal::Keyring;
use tidemark_engine::position::PositionCodec;
use tidemark_engine::projection::Checkpoints;
use tidemark_engine::relay::{Relay, RelaySettings, StreamSettings};
use tidemark_engine::signature::Signer;
use tidemark_projections::content::posts::{self, PostFilter, PostSort};
use tidemark_projections::page::{Order, Page};
use tidemark_projections::{Sources, all};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::database::{Database, tenant};
use crate::posts::fill;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn measure_a_page_of_twenty_of_ten_thousand() {
    let database = Database::new().await;
    fill(&database, 10_000).await;
    let filter = PostFilter { status: Some(PostStatus::Published), ..PostFilter::default() };
    let numbered = Page::Numbered { page: 1, limit: 20 };
    let cursor = Page::After { place: None, limit: 20 };
    for (name, page) in [("page=1 with total", numbered), ("cursor", cursor)] {
        for callers in [1, 16] {
            let rounds: u32 = 3000 / callers;
            let mut work = JoinSet::new();
            let started = Instant::now();
            for _ in 0..callers {
                let (reads, filter, page) = (database.reads.clone(), filter.clone(), page.clone());
                work.spawn(async move {
                    for _ in 0..rounds {
                        let (filter, page) = (filter.clone(), page.clone());
                        let listing =
                            posts::list(&reads, &tenant("acme"), filter, PostSort::CreatedAt, Order::Desc, page).await;
                        assert_eq!(listing.unwrap().value.rows.len(), 20);
                    }
                });
            }
            work.join_all().await;
            let took = started.elapsed();
            let rate = f64::from(rounds * callers) / took.as_secs_f64();
            println!("{name}, {callers} callers: {rate:.0}/s, {:?} each", took / rounds);
        }
    }
}

/// A stack in one process: log, relay, feed by way of NATS, the workers of all projections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn measure_lag_from_acknowledged_to_visible() {
    let database = Database::new().await;
    let shutdown = CancellationToken::new();
    let mut running = JoinSet::new();
    let log_pool = database.connect_as("tidemark_log");

    let url = std::env::var("TIDEMARK_TEST_NATS_URL").expect("TIDEMARK_TEST_NATS_URL is not set: run `cargo dev test`");
    let nats = broker::connect(&url, "tidemark-test").await.unwrap();
    let (signer, id) = (Signer::new(b"messages"), Uuid::now_v7().simple());
    let stream = StreamSettings {
        name: format!("TEST_{id}"),
        subjects: format!("test.{id}"),
        max_bytes: 256 << 20,
        ..StreamSettings::default()
    };
    let positions = PositionCodec::new(1, b"positions");
    let relay_settings = RelaySettings::new(log_pool.clone(), nats.clone(), stream.clone(), signer.clone(), positions);
    running.spawn(Relay::new(relay_settings).run(shutdown.clone()));
    let feed_settings = FeedSettings {
        stream: stream.name.clone(),
        ..FeedSettings::new(log_pool.clone(), Some(nats.clone()), signer, 1)
    };
    let feed = Feed::start(feed_settings, shutdown.clone());
    let read = database.connect_as("tidemark_projection");
    let sources = Sources {
        checkpoints: Checkpoints::start(read.clone()),
        read,
        log: log_pool.clone(),
        feed: feed.clone(),
        keyring: Keyring::new(log_pool.clone(), [7; 32], None),
    };
    for projection in all() {
        running.spawn(projection.start(sources.clone(), shutdown.clone()));
    }
    let reads = database.reads.clone();
    running.spawn({
        let (reads, shutdown) = (reads.clone(), shutdown.clone());
        async move { reads.follow(shutdown).await }
    });
    let (log, mut appender) = Log::new(log_pool.connect_options().as_ref().clone(), 4096);
    running.spawn(async move { while appender.step().await {} });

    while feed.source() != Source::Nats {
        write_and_see(&log, &reads).await;
    }
    for (rate, seconds) in [(200, 10), (2000, 10)] {
        let mut writing = JoinSet::new();
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        for _ in 0..seconds * 200 {
            ticks.tick().await;
            for _ in 0..rate / 200 {
                let (log, reads) = (log.clone(), reads.clone());
                writing.spawn(async move { write_and_see(&log, &reads).await });
            }
        }
        let mut lags = writing.join_all().await;
        lags.sort();
        let at = |percent: usize| lags[(lags.len() - 1) * percent / 100];
        println!(
            "lag at {rate}/s by {}: p50 {:?}, p99 {:?}, max {:?}",
            feed.source().as_str(),
            at(50),
            at(99),
            at(100)
        );
    }
    drop(log);
    shutdown.cancel();
    running.join_all().await;
    let _removed = async_nats::jetstream::new(nats).delete_stream(&stream.name).await;
}

/// Writes a post and gives the time from its acknowledgement to its being visible.
async fn write_and_see(log: &Log, reads: &tidemark_engine::reads::Reads) -> Duration {
    let id = Uuid::now_v7();
    let payload = json!({
        "type": "PostCreated", "id": id, "authorId": id, "slug": id.to_string(), "title": "A title", "at": "2026-01-01T00:00:00.000Z",
        "content": "some text ".repeat(30), "category": "tech", "tags": ["rust", "web"],
    });
    let created = NewEvent {
        event_id: id,
        aggregate_type: "post",
        aggregate_id: format!("acme/{id}").into(),
        sequence: 1,
        event_type: "PostCreated".to_owned(),
        event_version: "1".to_owned(),
        payload: payload.to_string(),
        metadata: "{}".into(),
    };
    let append = Append {
        tenant: "acme".into(),
        expectations: vec![Expectation {
            aggregate_type: "post",
            aggregate_id: format!("acme/{id}").into(),
            version: 0,
            round: None,
        }],
        events: vec![created],
        claims: Vec::new(),
        secrets: Vec::new(),
        row_changes: Vec::new(),
        erasures: Vec::new(),
        key: None,
        tries: 0,
        trace: None,
    };
    let Appended::Committed(place) = log.append(append).await.unwrap() else { panic!("not committed") };
    let acknowledged = Instant::now();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    reads.wait_until("acme", posts::READS, place.tenant_position, deadline).await.unwrap();
    acknowledged.elapsed()
}
