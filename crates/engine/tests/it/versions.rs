//! Events that changed shape: the log keeps what was written, and whoever reads it gets the present shape.
//!
//! The engine asks nothing more of an event than to be read by serde: its JSON says by its `type` which shape it has. The
//! kernel's `domain_event!` writes what stands here by hand, since the engine knows no kernel.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tidemark_engine::commands::{
    Command, CommandError, Commands, Precondition, Scope, Shape, SnapshotWriter, Snapshots, Step,
};
use tidemark_engine::event::Metadata;
use tidemark_engine::log::{Log, read_after};

use crate::support::{TestDatabase, soon};

/// A gauge that was read in feet, then in metres, and is read in centimetres today.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Gauge {
    centimetres: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type")]
enum GaugeEvent {
    #[serde(rename = "Read.v3")]
    Read { centimetres: i64 },
}

/// In the order in which they were written: each becomes the next.
#[derive(Deserialize)]
struct ReadV1 {
    feet: i64,
}

#[derive(Deserialize)]
struct ReadV2 {
    metres: i64,
}

#[derive(Deserialize)]
struct ReadV3 {
    centimetres: i64,
}

impl From<ReadV1> for ReadV2 {
    fn from(old: ReadV1) -> Self {
        Self { metres: old.feet * 3048 / 10_000 }
    }
}

impl From<ReadV2> for ReadV3 {
    fn from(old: ReadV2) -> Self {
        Self { centimetres: old.metres * 100 }
    }
}

impl<'de> Deserialize<'de> for GaugeEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?;
        let read = match json["type"].as_str() {
            Some("Read") => ReadV1::deserialize(json).map(|v1| ReadV2::from(v1).into()),
            Some("Read.v2") => ReadV2::deserialize(json).map(ReadV3::from),
            Some("Read.v3") => ReadV3::deserialize(json),
            _ => return Err(D::Error::custom("it is no reading")),
        };
        read.map(|read| Self::Read { centimetres: read.centimetres }).map_err(D::Error::custom)
    }
}

impl DomainEvent for GaugeEvent {
    fn event_type(&self) -> String {
        "Read".into()
    }

    fn event_version(&self) -> String {
        "3".into()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the tide does not jump")]
struct Jumps;

impl Aggregate for Gauge {
    const TYPE: &'static str = "gauge";
    type Command = i64;
    type Event = GaugeEvent;
    type Error = Jumps;
    type Services = ();

    async fn handle(&mut self, centimetres: i64, _: &(), sink: &EventSink<Self>) -> Result<(), Jumps> {
        if (centimetres - self.centimetres).abs() > 100 {
            return Err(Jumps);
        }
        sink.write(GaugeEvent::Read { centimetres }, self).await;
        Ok(())
    }

    fn apply(&mut self, event: GaugeEvent) {
        let GaugeEvent::Read { centimetres } = event;
        self.centimetres = centimetres;
    }
}

async fn read_gauge(commands: &Commands, centimetres: i64) -> Result<i64, CommandError<Jumps>> {
    let step = Step {
        id: "1".into(),
        command: centimetres,
        precondition: Precondition::None,
        claims: |_: &Gauge, _| vec![],
        shape: Shape { version: 1, subject: |_: &Gauge| None },
        refusal: |no| no,
        goes_first: |_| false,
        claim_refusal: |_| Jumps,
    };
    let scope = Scope { tenant: "acme".into(), metadata: Metadata::new(), key: None };
    let executed = commands.execute(&scope, Command::default().with(step), |_| vec![]);
    soon("the answer", executed).await.map(|executed| executed.place.position)
}

/// Puts a reading into the log as an earlier version did.
async fn written_before(database: &TestDatabase, version: &str, payload: Value) {
    sqlx::query(
        "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, \
                                 event_type, event_version, payload, metadata, recorded_at) \
         select n, gen_random_uuid(), 'acme', n, 'gauge', 'acme/1', n, 'Read', $1, $2::json, '{}', now() \
         from (select coalesce(max(position), 0) + 1 as n from log.events) head",
    )
    .bind(version)
    .bind(payload.to_string())
    .execute(&database.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn aggregates_and_readers_get_the_present_shape_of_every_version() {
    let database = TestDatabase::new().await;
    let options = PgConnectOptions::clone(&database.pool.connect_options())
        .username(tidemark_engine::LOG_ROLE)
        .password("tidemark-tests");
    let (log, mut appender) = Log::new(options.clone(), 16);
    let appending = tokio::spawn(async move { while appender.step().await {} });
    let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options);
    let (snapshots, mut snapshot_writer): (Snapshots, SnapshotWriter) = Snapshots::new(pool.clone(), 4);
    let commands = Commands::new(log, pool).with_snapshots(snapshots).in_epoch(1);

    // A cold load of three shapes: 10 feet, 4 metres, 3 metres and a half.
    written_before(&database, "1", json!({ "type": "Read", "feet": 10 })).await;
    written_before(&database, "2", json!({ "type": "Read.v2", "metres": 4 })).await;
    written_before(&database, "3", json!({ "type": "Read.v3", "centimetres": 350 })).await;
    assert!(matches!(read_gauge(&commands, 460).await, Err(CommandError::Refused(Jumps))));
    assert_eq!(read_gauge(&commands, 440).await.unwrap(), 4);

    // A process of an older version writes on during a rolling deploy, and this one catches up with the tail alone.
    written_before(&database, "1", json!({ "type": "Read", "feet": 20 })).await;
    assert!(matches!(read_gauge(&commands, 440).await, Err(CommandError::Refused(Jumps))), "20 feet are 6 metres");
    assert_eq!(read_gauge(&commands, 650).await.unwrap(), 6);

    let events = read_after(&database.pool, 0, 10).await.unwrap();
    let read: Vec<GaugeEvent> = events.iter().map(|event| event.decode().unwrap()).collect();
    let expected = [300, 400, 350, 440, 600, 650].map(|centimetres| GaugeEvent::Read { centimetres });
    assert_eq!(read, expected);
    assert_eq!(events[0].payload.get(), r#"{"feet":10,"type":"Read"}"#, "what was written stays");
    assert_eq!((&*events[3].event_version, &*events[4].event_version), ("3", "1"));

    // From a snapshot on it is the same: the state is of the present shape, and what comes after it may be of any.
    assert!(soon("a snapshot", snapshot_writer.step()).await);
    let taken_at: i64 =
        sqlx::query_scalar("select last_sequence from log.snapshots").fetch_one(&database.pool).await.unwrap();
    assert_eq!(taken_at, 4);
    let cold = commands.in_epoch(1);
    assert!(matches!(read_gauge(&cold, 500).await, Err(CommandError::Refused(Jumps))), "it is at 650");
    written_before(&database, "1", json!({ "type": "Read", "feet": 20 })).await;
    assert_eq!(read_gauge(&commands.in_epoch(1), 650).await.unwrap(), 8);
    appending.abort();
}
