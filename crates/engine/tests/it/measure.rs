//! What relay and feed reach on this machine: `cargo test --test it -- --ignored --nocapture measure`.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use tidemark_engine::relay::{Relay, RelaySettings};

use crate::support::{Fanout, eventually, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn measure_relay_and_feed() {
    let mut fanout = Fanout::new().await;
    fanout.stream.max_bytes = 1 << 30;
    let feed = fanout.feed();
    soon("the feed begins", feed.reached(0)).await.unwrap();
    fanout.database.append_recorded(100_000, Duration::ZERO, 150).await;
    let mut relay = Relay::new(RelaySettings { inspect_every: Duration::from_secs(5), ..fanout.relay_settings() });
    let began = Instant::now();
    let published = relay.step().await.unwrap();
    println!("relay: {:.0} events/s", published as f64 / began.elapsed().as_secs_f64());
    let began = Instant::now();
    let report = fanout.check().await;
    println!(
        "check: {:.0} messages/s, sound: {}",
        report.compared as f64 / began.elapsed().as_secs_f64(),
        report.is_sound()
    );
    relay.release().await.unwrap();

    let running = fanout.run_relay();
    eventually("the feed follows NATS", async || {
        fanout.database.append(1).await;
        feed.source() == tidemark_engine::feed::Source::Nats
    })
    .await;
    let mut lags = Vec::new();
    let mut position = soon("a head", async { tidemark_engine::log::head(&fanout.database.pool).await.unwrap() }).await;
    let mut listener = feed.listen(position);
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..2000 {
        ticks.tick().await;
        fanout.database.append(1).await;
        let committed = Instant::now();
        position += 1;
        while listener.position() < position {
            listener.next(100).await.unwrap();
        }
        lags.push(committed.elapsed());
    }
    lags.sort();
    println!(
        "lag, committed to heard, one at a time: p50 {:?}, p99 {:?}, max {:?}, by {}",
        lags[1000],
        lags[1980],
        lags[1999],
        feed.source().as_str()
    );
    fanout.shutdown().cancel();
    running.await.unwrap();
}
