//! The relay: what the stream holds after each fault is what the log says.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::stream::Config;
use metrics_exporter_prometheus::PrometheusBuilder;
use tidemark_engine::log;
use tidemark_engine::message::{self, header};
use tidemark_engine::position::PositionCodec;
use tidemark_engine::relay::{Relay, RelayError, RelaySettings};
use uuid::Uuid;

use crate::support::{Fanout, NatsServer, eventually, soon};

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap_or_else(|| panic!("no {name}")).as_str()
}

#[tokio::test]
async fn every_event_comes_once_in_order_with_its_headers() {
    let fanout = Fanout::new().await;
    fanout.database.append(1500).await;
    let mut relay = fanout.relay();
    assert_eq!(relay.step().await.unwrap(), 1500);
    fanout.database.append(3).await;
    assert_eq!(relay.step().await.unwrap(), 3);
    assert_eq!(relay.step().await.unwrap(), 0);

    let events = log::read_after(&fanout.database.pool, 0, 2000).await.unwrap();
    let messages = fanout.messages(1503).await;
    for (event, message) in events.iter().zip(&messages) {
        let headers = message.headers.as_ref().unwrap();
        assert_eq!(message.info().unwrap().stream_sequence, event.position as u64);
        assert_eq!(
            message.subject.as_str(),
            format!("{}.acme.post.PostCreated.{}", fanout.stream.subjects, event.aggregate_id)
        );
        assert_eq!(text(headers, "Nats-Msg-Id"), event.event_id.to_string());
        assert_eq!(text(headers, "Tidemark-Position"), event.position.to_string());
        assert_eq!(text(headers, "Tidemark-Tenant-Position"), event.tenant_position.to_string());
        assert_eq!(text(headers, "Tidemark-Epoch"), "1");
        assert_eq!(
            PositionCodec::new(1, b"positions").decode("acme", text(headers, "Tidemark-After")),
            Ok(event.tenant_position)
        );
        assert_eq!(text(headers, "traceparent"), event.metadata.get("traceparent").unwrap());
        assert_eq!(text(headers, "ce-specversion"), "1.0");
        assert_eq!(text(headers, "ce-id"), event.event_id.to_string());
        assert_eq!(text(headers, "ce-source"), "/tenants/acme/post");
        assert_eq!(text(headers, "ce-type"), "PostCreated");
        assert_eq!(text(headers, "ce-subject"), &*event.aggregate_id);
        assert_eq!(message.payload, event.payload.get());
        let carried = message::read(&fanout.signer(), 1, headers, &message.payload).unwrap();
        assert_eq!(format!("{carried:?}"), format!("{event:?}"));
    }
    let report = fanout.check().await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.first, report.last, report.compared, report.lag), (1, 1503, 1503, 0));
}

#[tokio::test]
async fn an_empty_log_makes_an_empty_stream() {
    let fanout = Fanout::new().await;
    assert_eq!(fanout.relay().step().await.unwrap(), 0);
    let report = fanout.check().await;
    assert!(report.is_sound() && report.messages == 0, "{report:?}");
}

#[tokio::test]
async fn events_older_than_the_streams_age_are_left_out() {
    let fanout = Fanout::new().await;
    fanout.database.append_recorded(10, fanout.stream.max_age + Duration::from_secs(60), 1).await;
    fanout.database.append(5).await;
    assert_eq!(fanout.relay().step().await.unwrap(), 5);
    let report = fanout.check().await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.first, report.last), (11, 15));
}

#[tokio::test]
async fn one_relay_leads_and_another_takes_over() {
    let fanout = Fanout::new().await;
    fanout.database.append(5).await;
    let (mut one, mut other) = (fanout.relay(), fanout.relay());
    assert_eq!(one.step().await.unwrap(), 5);
    fanout.database.append(5).await;
    assert_eq!(other.step().await.unwrap(), 0);
    assert!(one.is_leader() && !other.is_leader());
    one.release().await.unwrap();
    assert_eq!(other.step().await.unwrap(), 5);
    assert!(fanout.check().await.is_sound());
}

#[tokio::test]
async fn a_relay_that_has_lost_its_lease_tells_of_no_lag() {
    let fanout = Fanout::new().await;
    fanout.database.append(5).await;
    fanout.relay().step().await.unwrap();
    let recorder = PrometheusBuilder::new().build_recorder();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let mut former = fanout.relay();
    // From when it led.
    metrics::gauge!("tidemark_relay_lag").set(7.0);
    assert_eq!(former.step().await.unwrap(), 0);
    let told = recorder.handle().render();
    for line in ["tidemark_relay_lag 0", "tidemark_relay_leader 0", "tidemark_relay_rebuilds_total 0"] {
        assert!(told.lines().any(|told| told == line), "{line}: {told}");
    }
}

#[tokio::test]
async fn the_broker_refuses_a_former_leader() {
    let fanout = Fanout::new().await;
    fanout.database.append(5).await;
    // It believes what it knows for long: paused, it would not notice that its lease has gone.
    let believing = RelaySettings {
        lease: Duration::from_secs(600),
        inspect_every: Duration::from_secs(600),
        ..fanout.relay_settings()
    };
    let mut former = Relay::new(believing);
    former.step().await.unwrap();
    sqlx::query("update log.leases set until = now() - interval '1 s'").execute(&fanout.database.pool).await.unwrap();
    fanout.database.append(5).await;
    assert_eq!(fanout.relay().step().await.unwrap(), 5);

    fanout.database.append(5).await;
    assert!(matches!(former.step().await, Err(RelayError::Refused { expected: 5 })));
    // Those of its publishes that happen to fit are the log's events all the same.
    let report = fanout.check().await;
    assert!(report.is_sound() && report.last >= 10, "{report:?}");
}

#[tokio::test]
async fn an_operator_makes_the_stream_anew_under_a_relay_that_leads() {
    let fanout = Fanout::new().await;
    fanout.database.append(5).await;
    let believing = RelaySettings {
        lease: Duration::from_secs(600),
        inspect_every: Duration::from_secs(600),
        ..fanout.relay_settings()
    };
    let mut former = Relay::new(believing);
    assert_eq!(former.step().await.unwrap(), 5);

    let mut operator = fanout.relay();
    assert_eq!(operator.rebuild().await.unwrap(), 0);
    fanout.database.append(5).await;
    // The former leader, which knows nothing of it yet, can put nothing into the new stream that does not come next.
    assert!(matches!(former.step().await, Err(RelayError::Refused { expected: 5 })));
    assert_eq!(operator.step().await.unwrap(), 10);
    let report = fanout.check().await;
    assert!(report.is_sound() && (report.first, report.last) == (1, 10), "{report:?}");
    operator.release().await.unwrap();
    fanout.database.append(1).await;
    let mut next = fanout.relay();
    assert_eq!(next.step().await.unwrap(), 1);
}

#[tokio::test]
async fn a_deleted_stream_is_made_anew_with_the_same_sequences() {
    let fanout = Fanout::new().await;
    fanout.database.append(20).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    fanout.context().delete_stream(&fanout.stream.name).await.unwrap();
    assert_eq!(relay.step().await.unwrap(), 20);
    assert!(fanout.check().await.is_sound());
}

#[tokio::test]
async fn a_stream_that_somebody_else_made_is_replaced() {
    let fanout = Fanout::new().await;
    fanout.database.append(20).await;
    let foreign = Config {
        name: fanout.stream.name.clone(),
        subjects: vec![format!("{}.>", fanout.stream.subjects)],
        ..Config::default()
    };
    fanout.context().create_stream(foreign).await.unwrap();
    fanout.forge(HeaderMap::new(), "{}").await;
    assert_eq!(fanout.relay().step().await.unwrap(), 20);
    assert!(fanout.check().await.is_sound());
}

#[tokio::test]
async fn a_forged_message_at_the_end_is_found_and_gone() {
    let fanout = Fanout::new().await;
    fanout.database.append(20).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    fanout.forge(HeaderMap::new(), "{}").await;
    assert!(!fanout.check().await.is_sound());
    fanout.database.append(1).await;
    assert_eq!(relay.step().await.unwrap(), 21);
    assert!(fanout.check().await.is_sound());
}

#[tokio::test]
async fn a_forged_message_is_found_while_nothing_happens() {
    let fanout = Fanout::new().await;
    fanout.database.append(20).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    fanout.forge(HeaderMap::new(), "{}").await;
    assert_eq!(relay.step().await.unwrap(), 20);
    assert!(fanout.check().await.is_sound());
}

/// What was in flight behind the publish whose place was taken expects no more than that there is something.
#[tokio::test]
async fn a_forged_message_under_publishes_in_flight_is_found_by_whoever_publishes_next() {
    let fanout = Fanout::new().await;
    fanout.database.append(22).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    let messages = fanout.messages(22).await;
    let config = fanout.context().get_stream(&fanout.stream.name).await.unwrap().cached_info().config.clone();
    fanout.context().delete_stream(&fanout.stream.name).await.unwrap();
    fanout.context().create_stream(config).await.unwrap();
    for message in messages {
        if message.info().unwrap().stream_sequence == 21 {
            fanout.forge(HeaderMap::new(), "{}").await;
        } else {
            fanout.forge(message.headers.clone().unwrap(), std::str::from_utf8(&message.payload).unwrap()).await;
        }
    }
    assert_eq!(fanout.check().await.wrong, 1);
    relay.release().await.unwrap();
    assert_eq!(fanout.relay().step().await.unwrap(), 22, "it is made anew");
    assert!(fanout.check().await.is_sound());
}

#[tokio::test]
async fn check_names_what_is_wrong_in_the_middle() {
    let fanout = Fanout::new().await;
    fanout.database.append(6).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    // A replay of an old, well-signed message stands where another event belongs.
    let old = fanout.messages(1).await.remove(0);
    let mut headers = old.headers.clone().unwrap();
    headers.insert(header::MESSAGE_ID, Uuid::now_v7().to_string());
    headers.insert(header::EXPECTED_LAST_SEQUENCE, "6");
    fanout.forge(headers, std::str::from_utf8(&old.payload).unwrap()).await;
    fanout.database.append(1).await;
    let report = fanout.check().await;
    assert_eq!((report.wrong, report.wrong_messages[0].sequence), (1, 7));
    assert!(!report.is_sound());
}

#[tokio::test]
async fn a_raised_epoch_makes_the_stream_anew() {
    let fanout = Fanout::new().await;
    fanout.database.append(20).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    fanout.database.raise_epoch().await;
    assert_eq!(relay.step().await.unwrap(), 20);
    let report = fanout.check().await;
    assert!(report.is_sound() && report.epoch == 2, "{report:?}");
    assert_eq!(text(fanout.messages(1).await[0].headers.as_ref().unwrap(), "Tidemark-Epoch"), "2");
}

#[tokio::test]
async fn a_stream_that_is_ahead_of_the_log_is_made_anew() {
    let fanout = Fanout::new().await;
    fanout.database.append(20).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    sqlx::query("delete from log.events where position > 15").execute(&fanout.database.pool).await.unwrap();
    assert_eq!(relay.step().await.unwrap(), 15);
    let report = fanout.check().await;
    assert!(report.is_sound() && report.last == 15, "{report:?}");
}

#[tokio::test]
async fn changed_limits_reach_the_stream_without_a_rebuild() {
    let mut fanout = Fanout::new().await;
    fanout.database.append(20).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    relay.release().await.unwrap();
    fanout.stream.max_age = Duration::from_secs(3600);
    assert_eq!(fanout.relay().step().await.unwrap(), 0);
    let info = fanout.context().get_stream(&fanout.stream.name).await.unwrap().cached_info().clone();
    assert_eq!((info.config.max_age, info.state.messages), (Duration::from_secs(3600), 20));
}

#[tokio::test]
async fn a_stream_that_is_full_drops_its_oldest_and_is_not_made_anew() {
    let mut fanout = Fanout::new().await;
    fanout.stream.max_bytes = 1 << 20;
    fanout.database.append_recorded(200, Duration::ZERO, 5000).await;
    let mut relay = fanout.relay();
    assert_eq!(relay.step().await.unwrap(), 200);
    assert_eq!(relay.step().await.unwrap(), 0);
    let report = fanout.check().await;
    assert!(report.is_sound() && report.first > 1 && report.last == 200, "{report:?}");
}

#[tokio::test]
async fn an_emptied_store_is_filled_again() {
    let mut server = NatsServer::start().await;
    let fanout = Fanout::on(&server.url()).await;
    fanout.database.append(300).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    server.kill();
    server.replace_store(None);
    server.start_again().await;
    // A step may still meet the old connection.
    soon("publishing again", async { while relay.step().await.is_err() {} }).await;
    assert!(fanout.reaches(300).await);
}

#[tokio::test]
async fn a_store_that_was_rolled_back_is_brought_up_again() {
    let mut server = NatsServer::start().await;
    let fanout = Fanout::on(&server.url()).await;
    fanout.database.append(100).await;
    let mut relay = fanout.relay();
    relay.step().await.unwrap();
    server.kill();
    let saved = server.save();
    server.start_again().await;
    fanout.database.append(200).await;
    soon("publishing again", async { while relay.step().await.is_err() {} }).await;
    server.kill();
    server.replace_store(Some(saved.path()));
    server.start_again().await;
    soon("publishing again", async { while relay.step().await.is_err() {} }).await;
    let report = fanout.check().await;
    assert!(report.is_sound(), "{report:?}");
    assert_eq!((report.first, report.last), (1, 300));
}

#[tokio::test]
async fn a_running_relay_publishes_by_itself_and_gives_its_lease_up() {
    let fanout = Fanout::new().await;
    let running = fanout.run_relay();
    for count in 1..=5 {
        fanout.database.append(10).await;
        eventually("the events are in the stream", async || {
            let stream = fanout.context().get_stream(&fanout.stream.name).await;
            stream.is_ok_and(|stream| stream.cached_info().state.last_sequence == count * 10)
        })
        .await;
    }
    fanout.shutdown().cancel();
    soon("the relay ends", running).await.unwrap();
    let held: bool = sqlx::query_scalar("select until > clock_timestamp() from log.leases where name = 'relay'")
        .fetch_one(&fanout.database.pool)
        .await
        .unwrap();
    assert!(!held);
}

#[tokio::test]
async fn a_running_relay_fills_an_emptied_store_by_itself() {
    let mut server = NatsServer::start().await;
    let fanout = Fanout::on(&server.url()).await;
    let running = fanout.run_relay();
    fanout.database.append(300).await;
    eventually("the stream is whole", async || fanout.reaches(300).await).await;
    server.kill();
    fanout.database.append(300).await;
    server.replace_store(None);
    server.start_again().await;
    eventually("the stream is whole again", async || fanout.reaches(600).await).await;
    fanout.shutdown().cancel();
    soon("the relay ends", running).await.unwrap();
}

#[tokio::test]
async fn a_former_leader_makes_no_stream_anew() {
    let fanout = Fanout::new().await;
    fanout.database.append(3).await;
    // It believes in its lease for long.
    let mut former = Relay::new(RelaySettings {
        inspect_every: Duration::ZERO,
        lease: Duration::from_secs(600),
        ..fanout.relay_settings()
    });
    former.step().await.unwrap();
    sqlx::query("update log.leases set until = now() - interval '1 s'").execute(&fanout.database.pool).await.unwrap();
    let mut successor = Relay::new(RelaySettings { holder: Uuid::now_v7(), ..fanout.relay_settings() });
    successor.step().await.unwrap();
    assert!(successor.is_leader());
    fanout.context().delete_stream(&fanout.stream.name).await.unwrap();
    assert_eq!(former.step().await.unwrap(), 0);
    assert!(!former.is_leader());
    assert!(fanout.context().get_stream(&fanout.stream.name).await.is_err());
}
