//! The feed: every event once and in order, whatever happens to the stream.

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::HeaderValue;
use futures::FutureExt;
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::feed::{Feed, FeedError, FeedSettings, Listener, Source};
use tidemark_engine::log;
use tidemark_engine::message::header;
use tokio_util::sync::CancellationToken;

use crate::support::{Fanout, NatsServer, eventually, soon};

/// Listens until `last`, and proves on the way that nothing is left out or repeated.
async fn listen_to(listener: &mut Listener, last: i64) -> Vec<Arc<RecordedEvent>> {
    let mut heard = Vec::new();
    soon("the events are heard", async {
        while listener.position() < last {
            let before = listener.position();
            let events = listener.next(100).await.unwrap();
            for (event, position) in events.iter().zip(before + 1..) {
                assert_eq!(event.position, position);
            }
            assert!(!events.is_empty() && events.len() <= 100);
            heard.extend(events);
        }
    })
    .await;
    assert_eq!(listener.position(), last);
    heard
}

async fn begun(feed: &Feed) {
    soon("the feed begins", feed.reached(0)).await.unwrap();
}

async fn follows(feed: &Feed, source: Source) {
    eventually(source.as_str(), async || feed.source() == source).await;
}

/// What was heard is what the log holds, in every field.
async fn assert_is_the_log(fanout: &Fanout, heard: &[Arc<RecordedEvent>]) {
    let events = log::read_after(&fanout.database.pool, heard[0].position - 1, heard.len() as i64).await.unwrap();
    for (heard, event) in heard.iter().zip(&events) {
        assert_eq!(format!("{heard:?}"), format!("{event:?}"));
    }
    assert_eq!(heard.len(), events.len());
}

#[tokio::test]
async fn events_come_by_way_of_nats() {
    let fanout = Fanout::new().await;
    fanout.database.append(30).await;
    fanout.relay().step().await.unwrap();
    let feed = fanout.feed();
    let mut listener = feed.listen(0);
    let mut heard = listen_to(&mut listener, 30).await;
    follows(&feed, Source::Nats).await;
    let mut relay = fanout.relay_settings();
    relay.lease = Duration::from_secs(600);
    sqlx::query("update log.leases set until = now() - interval '1 s'").execute(&fanout.database.pool).await.unwrap();
    let mut relay = tidemark_engine::relay::Relay::new(relay);
    for round in 1..=20 {
        fanout.database.append(7).await;
        relay.step().await.unwrap();
        heard.extend(listen_to(&mut listener, 30 + round * 7).await);
        assert_eq!(feed.source(), Source::Nats);
    }
    assert_is_the_log(&fanout, &heard).await;
    assert_eq!(feed.head(), Some(170));
}

#[tokio::test]
async fn without_a_broker_the_feed_follows_the_log() {
    let fanout = Fanout::new().await;
    fanout.database.append(30).await;
    let feed = Feed::start(FeedSettings { nats: None, ..fanout.feed_settings() }, fanout.shutdown());
    let mut listener = feed.listen(0);
    for round in 1..=10 {
        listen_to(&mut listener, round * 30).await;
        fanout.database.append(30).await;
    }
    assert_eq!(feed.source(), Source::Log);
}

#[tokio::test]
async fn a_stream_without_a_relay_does_not_hold_the_feed() {
    let fanout = Fanout::new().await;
    fanout.database.append(3).await;
    fanout.relay().step().await.unwrap();
    let feed = fanout.feed();
    follows(&feed, Source::Nats).await;
    fanout.database.append(30).await;
    listen_to(&mut feed.listen(0), 33).await;
    follows(&feed, Source::Log).await;
    assert_eq!(feed.head(), Some(33));
}

#[tokio::test]
async fn the_feed_follows_the_broker_again_once_the_relay_lives() {
    let fanout = Fanout::new().await;
    fanout.relay().step().await.unwrap();
    let feed = fanout.feed();
    let mut listener = feed.listen(0);
    fanout.database.append(30).await;
    listen_to(&mut listener, 30).await;
    sqlx::query("update log.leases set until = now() - interval '1 s'").execute(&fanout.database.pool).await.unwrap();
    let _relay = fanout.run_relay();
    fanout.database.append(1).await;
    listen_to(&mut listener, 31).await;
    follows(&feed, Source::Nats).await;
}

/// One event in the log, and in its place in the stream whatever `forge` makes of its message.
async fn hears_the_truth(forge: impl FnOnce(&Fanout, &RecordedEvent) -> (HeaderMap, String)) {
    let fanout = Fanout::new().await;
    fanout.database.append(10).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    // Patient enough that only the message can have sent it to the log.
    let feed =
        Feed::start(FeedSettings { patience: Duration::from_secs(3600), ..fanout.feed_settings() }, fanout.shutdown());
    follows(&feed, Source::Nats).await;
    let mut listener = feed.listen(10);
    fanout.database.append(1).await;
    let event = log::read_after(&fanout.database.pool, 10, 1).await.unwrap().remove(0);
    let (headers, body) = forge(&fanout, &event);
    fanout.forge(headers, &body).await;
    let mut heard = listen_to(&mut listener, 11).await;
    // The relay finds it too and makes the stream anew; the feed hears what comes after.
    fanout.database.append(5).await;
    relay.step().await.unwrap();
    fanout.database.append(1).await;
    relay.step().await.unwrap();
    assert!(fanout.reaches(17).await);
    let feed = Feed::start(fanout.feed_settings(), fanout.shutdown());
    begun(&feed).await;
    heard.extend(listen_to(&mut feed.listen(11), 17).await);
    assert_is_the_log(&fanout, &heard).await;
}

#[tokio::test]
async fn a_message_without_headers_is_read_from_the_log() {
    hears_the_truth(|_, _| (HeaderMap::new(), "{}".to_owned())).await;
}

#[tokio::test]
async fn a_message_of_another_epoch_is_read_from_the_log() {
    hears_the_truth(|fanout, event| {
        let message = fanout.writer(2).write(event);
        (message.headers, r#"{"n":0}"#.to_owned())
    })
    .await;
}

#[tokio::test]
async fn a_message_with_another_body_is_read_from_the_log() {
    hears_the_truth(|fanout, event| (fanout.writer(1).write(event).headers, r#"{"n":0}"#.to_owned())).await;
}

#[tokio::test]
async fn a_message_with_another_signature_is_read_from_the_log() {
    hears_the_truth(|fanout, event| {
        let mut message = fanout.writer(1).write(event);
        message.headers.insert(header::SIGNATURE, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        (message.headers, event.payload.get().to_owned())
    })
    .await;
}

#[tokio::test]
async fn a_well_signed_message_in_the_wrong_place_is_read_from_the_log() {
    hears_the_truth(|fanout, event| {
        let elsewhere = RecordedEvent { position: 3, ..event.clone() };
        let message = fanout.writer(1).write(&elsewhere);
        (message.headers, event.payload.get().to_owned())
    })
    .await;
}

#[tokio::test]
async fn a_message_before_its_event_is_not_believed() {
    let fanout = Fanout::new().await;
    fanout.database.append(10).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    let feed = fanout.feed();
    follows(&feed, Source::Nats).await;
    let mut headers = HeaderMap::new();
    headers.insert(header::POSITION, HeaderValue::from(11));
    fanout.forge(headers, "{}").await;
    fanout.database.append(1).await;
    relay.step().await.unwrap();
    let heard = listen_to(&mut feed.listen(0), 11).await;
    assert_is_the_log(&fanout, &heard).await;
}

#[tokio::test]
async fn a_deleted_stream_does_not_hold_the_feed() {
    let fanout = Fanout::new().await;
    let _relay = fanout.run_relay();
    let feed = fanout.feed();
    let mut listener = feed.listen(0);
    fanout.database.append(50).await;
    listen_to(&mut listener, 50).await;
    follows(&feed, Source::Nats).await;
    fanout.context().delete_stream(&fanout.stream.name).await.unwrap();
    fanout.database.append(50).await;
    listen_to(&mut listener, 100).await;
    eventually("the feed follows the stream again", async || {
        fanout.database.append(1).await;
        feed.source() == Source::Nats
    })
    .await;
}

#[tokio::test]
async fn the_feed_goes_on_without_nats_and_comes_back_to_it() {
    let mut server = NatsServer::start().await;
    let fanout = Fanout::on(&server.url()).await;
    let _relay = fanout.run_relay();
    let feed = fanout.feed();
    let mut listener = feed.listen(0);
    fanout.database.append(50).await;
    let mut heard = listen_to(&mut listener, 50).await;
    follows(&feed, Source::Nats).await;
    server.kill();
    fanout.database.append(50).await;
    heard.extend(listen_to(&mut listener, 100).await);
    follows(&feed, Source::Log).await;
    server.replace_store(None);
    server.start_again().await;
    let mut last = 100;
    soon("the feed follows NATS again", async {
        while feed.source() != Source::Nats {
            fanout.database.append(10).await;
            last += 10;
            heard.extend(listen_to(&mut listener, last).await);
        }
    })
    .await;
    assert_is_the_log(&fanout, &heard).await;
}

#[tokio::test]
async fn a_feed_that_starts_without_nats_finds_it_later() {
    let mut server = NatsServer::start().await;
    let fanout = Fanout::on(&server.url()).await;
    server.kill();
    let _relay = fanout.run_relay();
    let feed = fanout.feed();
    fanout.database.append(5).await;
    listen_to(&mut feed.listen(0), 5).await;
    assert_eq!(feed.source(), Source::Log);
    server.start_again().await;
    follows(&feed, Source::Nats).await;
}

#[tokio::test]
async fn a_slow_listener_falls_off_and_joins_again_and_holds_nobody() {
    let fanout = Fanout::new().await;
    let feed = Feed::start(FeedSettings { ring_bytes: 20_000, ..fanout.feed_settings() }, fanout.shutdown());
    begun(&feed).await;
    let (mut slow, mut quick, mut stopped) = (feed.listen(0), feed.listen(0), feed.listen(0));
    fanout.database.append(10).await;
    listen_to(&mut slow, 10).await;
    for round in 1..=20 {
        fanout.database.append(100).await;
        listen_to(&mut quick, round * 100 + 10).await;
    }
    assert!(slow.try_next(1).is_none(), "the ring holds much less than that");
    let heard = listen_to(&mut slow, 2010).await;
    assert_is_the_log(&fanout, &heard).await;
    fanout.database.append(5).await;
    soon("the feed has it", feed.reached(2015)).await.unwrap();
    assert_eq!(slow.try_next(10).map(|events| events.len()), Some(5));
    listen_to(&mut stopped, 2015).await;
}

#[tokio::test]
async fn a_listener_may_begin_anywhere() {
    let fanout = Fanout::new().await;
    fanout.database.append(500).await;
    let feed = fanout.feed();
    for after in [0, 1, 250, 499] {
        listen_to(&mut feed.listen(after), 500).await;
    }
    let mut at_head = feed.listen(500);
    assert!(at_head.try_next(10).is_none());
    let mut ahead = feed.listen(503);
    fanout.database.append(5).await;
    listen_to(&mut at_head, 505).await;
    listen_to(&mut ahead, 505).await;
}

#[tokio::test]
async fn a_future_that_is_dropped_loses_nothing() {
    let fanout = Fanout::new().await;
    let feed = fanout.feed();
    let mut listener = feed.listen(0);
    for round in 1..=50 {
        let waiting = tokio::time::timeout(Duration::ZERO, listener.next(10)).await;
        assert!(waiting.is_err());
        fanout.database.append(1).await;
        listen_to(&mut listener, round).await;
    }
}

#[tokio::test]
async fn a_future_that_is_dropped_while_the_log_is_read_loses_nothing_and_is_not_read_for_in_vain() {
    let fanout = Fanout::new().await;
    fanout.database.append(3000).await;
    let feed = fanout.feed();
    begun(&feed).await;
    let (mut listener, mut heard) = (feed.listen(0), Vec::new());
    soon("all of it", async {
        // No turn of this is long enough for a page.
        while heard.len() < 3000 {
            match listener.next(100).now_or_never() {
                Some(events) => heard.extend(events.unwrap()),
                None => tokio::task::yield_now().await,
            }
        }
    })
    .await;
    assert_is_the_log(&fanout, &heard).await;
}

#[tokio::test]
async fn a_raised_epoch_ends_the_feed() {
    let fanout = Fanout::new().await;
    let feed =
        Feed::start(FeedSettings { poll: Duration::from_millis(50), ..fanout.feed_settings() }, fanout.shutdown());
    begun(&feed).await;
    let mut listener = feed.listen(0);
    fanout.database.raise_epoch().await;
    let raised = FeedError::EpochRaised { expected: 1, found: 2 };
    assert_eq!(soon("the listener ends", listener.next(10)).await.err(), Some(raised));
    assert_eq!(feed.reached(99).await, Err(raised));
    assert_eq!(feed.join().await, Err(raised));
}

#[tokio::test]
async fn a_shutdown_ends_feed_and_listeners() {
    let fanout = Fanout::new().await;
    let shutdown = CancellationToken::new();
    let feed = Feed::start(fanout.feed_settings(), shutdown.clone());
    begun(&feed).await;
    let mut listener = feed.listen(0);
    shutdown.cancel();
    assert_eq!(soon("the listener ends", listener.next(10)).await.err(), Some(FeedError::Stopped));
    assert_eq!(soon("the feed ends", feed.join()).await, Ok(()));
}

#[tokio::test]
async fn a_gap_in_the_log_stops_a_reader_instead_of_being_skipped() {
    let fanout = Fanout::new().await;
    fanout.database.append(10).await;
    sqlx::query("delete from log.events where position = 5").execute(&fanout.database.pool).await.unwrap();
    let feed = fanout.feed();
    assert_eq!(soon("the listener ends", feed.listen(0).next(10)).await.err(), Some(FeedError::Gap { position: 5 }));
}

#[tokio::test]
async fn a_log_that_ends_before_what_was_seen_ends_the_feed() {
    let fanout = Fanout::new().await;
    fanout.database.append(10).await;
    let settings = FeedSettings { nats: None, poll: Duration::from_millis(50), ..fanout.feed_settings() };
    let feed = Feed::start(settings, fanout.shutdown());
    begun(&feed).await;
    // As after a failover to a standby that was behind.
    sqlx::query("delete from log.events where position > 8").execute(&fanout.database.pool).await.unwrap();
    let cut = FeedError::HistoryCut { seen: 10, found: 8 };
    assert_eq!(soon("the listener ends", feed.listen(10).next(10)).await.err(), Some(cut));
    assert_eq!(feed.join().await, Err(cut));
    assert!(cut.asks_for_a_new_start());
}

#[tokio::test]
async fn how_the_feed_ended_may_be_asked_often_and_from_everywhere() {
    let fanout = Fanout::new().await;
    let shutdown = CancellationToken::new();
    let feed = Feed::start(fanout.feed_settings(), shutdown.clone());
    begun(&feed).await;
    assert!(tokio::time::timeout(Duration::ZERO, feed.join()).await.is_err(), "it has not ended");
    let elsewhere = tokio::spawn({
        let feed = feed.clone();
        async move { feed.join().await }
    });
    shutdown.cancel();
    assert_eq!(soon("the feed ends", feed.join()).await, Ok(()));
    assert_eq!(soon("the other one hears it", elsewhere).await.unwrap(), Ok(()));
    assert_eq!(feed.join().await, Ok(()));
}

#[tokio::test]
async fn large_events_come_in_pages_of_bounded_weight() {
    let fanout = Fanout::new().await;
    fanout.database.append_recorded(30, Duration::ZERO, 500_000).await;
    let feed = Feed::start(FeedSettings { nats: None, ..fanout.feed_settings() }, fanout.shutdown());
    begun(&feed).await;
    let mut listener = feed.listen(0);
    let first = soon("the first page comes", listener.next(1000)).await.unwrap();
    assert!((1..=10).contains(&first.len()), "{} events of a megabyte each", first.len());
    listen_to(&mut listener, 30).await;
}
