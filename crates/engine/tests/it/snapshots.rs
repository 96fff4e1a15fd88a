//! Snapshots: a shorter way to a state, and never to another one.

mod histories;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tidemark_engine::commands::{Command, Commands, Precondition, Scope, Shape, SnapshotWriter, Snapshots, Step};
use tidemark_engine::event::Metadata;
use tidemark_engine::log::Log;
use tidemark_engine::personal::Keyring;
use tidemark_engine::{LOG_ROLE, PROJECTION_ROLE, QUERY_ROLE, WORK_ROLE, epoch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::support::{TestDatabase, soon};

/// What somebody has counted. `lowest` came later than the rest, with a default as such fields have it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Tally {
    sum: i64,
    #[serde(default)]
    lowest: i64,
    owner: Option<String>,
    name: Option<String>,
    note: String,
}

#[derive(Debug, Clone)]
enum TallyCommand {
    Count { by: i64, times: usize },
    Name { owner: String, name: &'static str },
    Note(String),
    Erase,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum TallyEvent {
    Counted { by: i64 },
    Named { owner: String, name: Option<Marked> },
    Noted { note: String },
    Erased,
}

/// What writes itself as personal, as the kernel's type does.
#[derive(Debug, Clone, PartialEq)]
struct Marked(String);

impl Serialize for Marked {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({ "$personal": self.0 }).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Marked {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

impl DomainEvent for TallyEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Counted { .. } => "Counted",
            Self::Named { .. } => "Named",
            Self::Noted { .. } => "Noted",
            Self::Erased => "Erased",
        }
        .into()
    }

    fn event_version(&self) -> String {
        "1".into()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

impl Aggregate for Tally {
    const TYPE: &'static str = "tally";
    type Command = TallyCommand;
    type Event = TallyEvent;
    type Error = Never;
    type Services = ();

    async fn handle(&mut self, command: TallyCommand, (): &(), sink: &EventSink<Self>) -> Result<(), Never> {
        let events = match command {
            TallyCommand::Count { by, times } => vec![TallyEvent::Counted { by }; times],
            TallyCommand::Name { owner, name } => vec![TallyEvent::Named { owner, name: Some(Marked(name.into())) }],
            TallyCommand::Note(note) => vec![TallyEvent::Noted { note }],
            TallyCommand::Erase => vec![TallyEvent::Erased],
        };
        for event in events {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: TallyEvent) {
        match event {
            TallyEvent::Counted { by } => {
                self.sum += by;
                self.lowest = self.lowest.min(self.sum);
            }
            TallyEvent::Named { owner, name } => (self.owner, self.name) = (Some(owner), name.map(|name| name.0)),
            TallyEvent::Noted { note } => self.note = note,
            TallyEvent::Erased => self.name = None,
        }
    }
}

/// One process. What it offers is written when a test says so.
struct Process {
    commands: Commands,
    writer: SnapshotWriter,
    shape: Shape<Tally>,
    appender: JoinHandle<()>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.appender.abort();
    }
}

impl Process {
    fn of(database: &TestDatabase, every: u32) -> Self {
        Self::in_epoch(database, every, 1)
    }

    fn in_epoch(database: &TestDatabase, every: u32, epoch: i32) -> Self {
        let options = as_role(database, LOG_ROLE);
        let (log, mut appender) = Log::new(options.clone(), 64);
        let pool = PgPoolOptions::new().max_connections(3).connect_lazy_with(options);
        let keyring = Keyring::new(pool.clone(), [1; 32], None);
        let (snapshots, writer) = Snapshots::new(pool.clone(), every);
        Self {
            commands: Commands::new(log, pool).with_keyring(keyring).with_snapshots(snapshots).in_epoch(epoch),
            writer,
            shape: Shape { version: 1, subject: |tally| tally.owner.clone() },
            appender: tokio::spawn(async move { while appender.step().await {} }),
        }
    }

    async fn ask(&self, id: &str, command: TallyCommand) -> (Tally, i64) {
        let erases = matches!(command, TallyCommand::Erase).then(|| id.to_owned());
        let step = Step {
            id: id.to_owned(),
            command,
            precondition: Precondition::None,
            claims: |_: &Tally, _| vec![],
            shape: self.shape,
            refusal: |no: Never| no,
            goes_first: |_| false,
            claim_refusal: |_| Never,
        };
        let command = Command::default().with(step);
        let command = match erases {
            Some(subject) => command.erasing(subject),
            None => command,
        };
        let scope = Scope { tenant: "acme".into(), metadata: Metadata::new(), key: None };
        let asked = self
            .commands
            .execute(&scope, command, |decided| serde_json::to_vec(&decided.state::<Tally>(0).unwrap()).unwrap());
        serde_json::from_slice(&soon("the answer", asked).await.unwrap().answer).unwrap()
    }

    async fn count(&self, id: &str, by: i64, times: usize) -> (Tally, i64) {
        self.ask(id, TallyCommand::Count { by, times }).await
    }

    /// What this process has, read from the log where it has nothing.
    async fn known(&self, id: &str) -> (Tally, i64) {
        let known = self.commands.known::<_, Never>("acme", id, self.shape);
        let (tally, version) = soon("the tally", known).await.unwrap();
        ((*tally).clone(), version)
    }

    async fn write(&mut self) {
        assert!(soon("something to write", self.writer.step()).await);
    }
}

fn as_role(database: &TestDatabase, role: &str) -> PgConnectOptions {
    PgConnectOptions::clone(&database.pool.connect_options()).username(role).password("tidemark-tests")
}

/// Id, sequence, shape and subject of all that are there.
async fn written(pool: &PgPool) -> Vec<(String, i64, i32, Option<String>)> {
    sqlx::query_as("select aggregate_id, last_sequence, shape, subject from log.snapshots order by 1")
        .fetch_all(pool)
        .await
        .unwrap()
}

async fn run(pool: &PgPool, sql: &str) {
    sqlx::query(sql).execute(pool).await.unwrap();
}

async fn payload(pool: &PgPool) -> String {
    sqlx::query_scalar("select payload::text from log.snapshots").fetch_one(pool).await.unwrap()
}

fn of(id: &str, sequence: i64) -> (String, i64, i32, Option<String>) {
    (format!("acme/{id}"), sequence, 1, None)
}

#[tokio::test]
async fn a_long_stream_is_read_from_its_snapshot_on() {
    let database = TestDatabase::new().await;
    let mut process = Process::of(&database, 100);
    process.count("a", 1, 99).await;
    process.count("a", 1, 1).await;
    process.count("a", 1, 50).await;
    process.write().await;
    assert_eq!(written(&database.pool).await, [of("a", 100)]);

    // Whoever still read the events before it would miss them.
    run(&database.pool, "delete from log.events where sequence < 100").await;
    assert_eq!(Process::of(&database, 0).known("a").await.0.sum, 51);
    let mut cold = Process::of(&database, 100);
    let (tally, version) = cold.count("a", -5, 1).await;
    assert_eq!((tally.sum, version), (145, 151));
    cold.count("a", 1, 49).await;
    cold.write().await;
    assert_eq!(written(&database.pool).await, [of("a", 200)]);
    assert_eq!(Process::of(&database, 100).known("a").await, cold.known("a").await);
}

#[tokio::test]
async fn a_long_stream_without_a_snapshot_has_one_once_it_was_read() {
    let database = TestDatabase::new().await;
    Process::of(&database, 0).count("a", 1, 25).await;
    let mut process = Process::of(&database, 10);
    process.known("a").await;
    process.write().await;
    assert_eq!(written(&database.pool).await, [of("a", 25)]);
    // By that the next one is due after the 30th, and not after another ten.
    process.count("a", 1, 5).await;
    process.write().await;
    assert_eq!(written(&database.pool).await, [of("a", 30)]);
}

#[tokio::test]
async fn a_stream_that_two_processes_know_is_written_once() {
    let database = TestDatabase::new().await;
    let (mut one, mut other) = (Process::of(&database, 10), Process::of(&database, 10));
    one.count("a", 1, 5).await;
    other.known("a").await;
    one.count("a", 1, 7).await;
    other.count("a", 1, 1).await;
    one.write().await;
    other.write().await;
    assert_eq!(written(&database.pool).await, [of("a", 12)]);
}

#[tokio::test]
async fn a_snapshot_of_another_shape_is_not_read() {
    let database = TestDatabase::new().await;
    let mut process = Process::of(&database, 10);
    process.count("a", -1, 10).await;
    process.write().await;
    // As a version wrote it that had no such field: its default would be taken for what the events say.
    run(&database.pool, "update log.snapshots set payload = (payload::jsonb - 'lowest')::json").await;
    assert_eq!(Process::of(&database, 10).known("a").await.0.lowest, 0);

    let mut newer = Process::of(&database, 10);
    newer.shape.version = 2;
    assert_eq!(newer.known("a").await.0.lowest, -10);
    newer.write().await;
    let [(_, 10, 2, None)] = &written(&database.pool).await[..] else { panic!("it is not of the newer shape") };

    // During a rolling deploy the older version does not undo that, and reads what it understands.
    let mut older = Process::of(&database, 10);
    assert_eq!(older.known("a").await.0.lowest, -10);
    older.write().await;
    assert_eq!(written(&database.pool).await[0].2, 2);
}

#[tokio::test]
async fn a_damaged_snapshot_is_not_used_and_is_written_anew() {
    let database = TestDatabase::new().await;
    let mut process = Process::of(&database, 10);
    process.count("a", 2, 10).await;
    process.count("a", 2, 3).await;
    process.write().await;
    let sound = payload(&database.pool).await;
    for damaged in [
        "{}",
        "[]",
        "null",
        "7",
        r#"{"sum":"twenty"}"#,
        r#"{"sum":1e400}"#,
        r#"{"sealed":"AAAA","subject":"7"}"#,
        r#"{"sealed":"not base64 at all","subject":""}"#,
    ] {
        sqlx::query("update log.snapshots set payload = $1::json").bind(damaged).execute(&database.pool).await.unwrap();
        let mut cold = Process::of(&database, 10);
        assert_eq!(cold.known("a").await.0.sum, 26, "{damaged}");
        cold.write().await;
        assert_eq!(written(&database.pool).await, [of("a", 13)], "{damaged}");
        let anew: Value = serde_json::from_str(&payload(&database.pool).await).unwrap();
        assert_eq!(anew["sum"], 26, "{damaged}");
    }
    assert!(sound.contains(r#""sum":20"#), "{sound}");
}

#[tokio::test]
async fn a_snapshot_of_a_lost_history_is_not_read() {
    let database = TestDatabase::new().await;
    let mut process = Process::of(&database, 10);
    process.count("a", 1, 20).await;
    process.write().await;
    run(&database.pool, "delete from log.events where sequence > 15").await;
    assert_eq!(Process::of(&database, 10).known("a").await.1, 15, "its event is not there");

    epoch::raise(&database.pool, None, "a test").await.unwrap();
    assert!(written(&database.pool).await.is_empty());
    let after = Process::in_epoch(&database, 0, 2);
    assert_eq!(after.count("a", -1, 5).await.0.sum, 10);
    // Another event has that place by now; the lost one's state was written by whoever had not heard of it.
    run(
        &database.pool,
        "insert into log.snapshots (tenant_id, aggregate_type, aggregate_id, last_sequence, event_id, shape, payload) \
         values ('acme', 'tally', 'acme/a', 20, gen_random_uuid(), 1, '{\"sum\":999,\"note\":\"\"}')",
    )
    .await;
    let mut cold = Process::in_epoch(&database, 10, 2);
    assert_eq!(cold.known("a").await.0.sum, 10);
    cold.write().await;
    assert!(payload(&database.pool).await.contains(r#""sum":10"#), "the sound one takes its place");

    run(&database.pool, "delete from log.snapshots").await;
    let mut stale = Process::in_epoch(&database, 10, 1);
    stale.known("a").await;
    stale.write().await;
    assert!(written(&database.pool).await.is_empty(), "nothing is written for an epoch that has passed");
}

#[tokio::test]
async fn an_erased_person_is_in_no_snapshot() {
    let database = TestDatabase::new().await;
    let mut process = Process::of(&database, 10);
    process.ask("7", TallyCommand::Name { owner: "7".into(), name: "Ada Lovelace" }).await;
    process.count("7", 1, 10).await;
    process.write().await;
    assert_eq!(written(&database.pool).await, [("acme/7".to_owned(), 11, 1, Some("7".to_owned()))]);
    assert!(!payload(&database.pool).await.contains("Ada Lovelace"), "it is sealed as a whole");
    assert!(!payload(&database.pool).await.contains("\"sum\""));
    // Not by its events, which are put away meanwhile.
    run(&database.pool, "create table put_away as select * from log.events where sequence < 11").await;
    run(&database.pool, "delete from log.events where sequence < 11").await;
    assert_eq!(Process::of(&database, 10).known("7").await.0.name.as_deref(), Some("Ada Lovelace"), "and opens again");
    for copy in [
        "insert into log.events \
         select position + 1, gen_random_uuid(), tenant_id, tenant_position + 1, aggregate_type, 'acme/8', sequence, \
                event_type, event_version, payload, metadata, recorded_at from log.events where sequence = 11",
        "insert into log.snapshots \
         select s.tenant_id, s.aggregate_type, e.aggregate_id, s.last_sequence, e.event_id, s.shape, s.subject, s.payload, s.written_at \
         from log.snapshots s, log.events e where e.aggregate_id = 'acme/8'",
    ] {
        run(&database.pool, copy).await;
    }
    assert_eq!(Process::of(&database, 10).known("8").await.0.name, None, "in no other place");
    run(&database.pool, "insert into log.events select * from put_away").await;

    // A process that has the person at hand and what it would write in its queue, and does not hear of the erasure.
    run(&database.pool, "update log.snapshots set shape = 0").await;
    let mut late = Process::of(&database, 10);
    late.known("7").await;
    process.ask("7", TallyCommand::Erase).await;
    assert!(written(&database.pool).await.is_empty(), "all of that person, in the append that destroys the key");
    late.write().await;
    assert!(written(&database.pool).await.is_empty(), "and nobody brings it back");

    let mut cold = Process::of(&database, 10);
    assert_eq!(cold.known("7").await.0.name, None);
    cold.write().await;
    assert!(written(&database.pool).await.is_empty(), "there is no key to seal it under");
}

#[tokio::test]
async fn what_nobody_has_room_for_is_left_out() {
    let database = TestDatabase::new().await;
    let mut process = Process::of(&database, 1);
    for n in 0..70 {
        process.count(&n.to_string(), 1, 1).await;
    }
    for _ in 0..64 {
        process.write().await;
    }
    assert_eq!(written(&database.pool).await.len(), 64);
    // One that is too large to be worth it is left out too.
    process.ask("a", TallyCommand::Note("x".repeat(1 << 20))).await;
    process.write().await;
    assert_eq!(written(&database.pool).await.len(), 64);

    process.commands = Process::of(&database, 0).commands.clone();
    assert!(!soon("its end", process.writer.step()).await, "it ends with those that could offer");
}

#[tokio::test]
async fn commands_do_not_mind_that_snapshots_cannot_be_written() {
    let database = TestDatabase::new().await;
    run(&database.pool, "revoke execute on function log.write_snapshot(integer, text, text, text, bigint, uuid, bigint, integer, text, text) from tidemark_log").await;
    let mut process = Process::of(&database, 2);
    for n in 1..=5 {
        assert_eq!(process.count("a", 1, 1).await.1, n);
    }
    process.write().await;
    process.write().await;
    assert!(written(&database.pool).await.is_empty());
    run(&database.pool, "grant execute on function log.write_snapshot(integer, text, text, text, bigint, uuid, bigint, integer, text, text) to tidemark_log").await;
    process.count("a", 1, 1).await;
    process.write().await;
    assert_eq!(written(&database.pool).await, [of("a", 6)]);
}

#[tokio::test]
async fn a_tenant_that_is_deleted_has_no_snapshots() {
    let database = TestDatabase::new().await;
    let mut process = Process::of(&database, 10);
    process.count("a", 1, 10).await;
    run(&database.pool, "insert into log.deletions (tenant_id, kept_position, last_position, last_tenant_position, asked_by) values ('acme', 1, 1, 1, 'a test')").await;
    process.write().await;
    assert!(written(&database.pool).await.is_empty());
}

#[tokio::test]
async fn only_the_log_reads_snapshots_and_only_its_function_writes_them() {
    let database = TestDatabase::new().await;
    for (role, may_read) in [(LOG_ROLE, true), (QUERY_ROLE, false), (PROJECTION_ROLE, false), (WORK_ROLE, false)] {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(as_role(&database, role));
        let read = sqlx::query("select payload from log.snapshots").fetch_all(&pool).await;
        assert_eq!(read.is_ok(), may_read, "{role}");
        for forbidden in [
            "delete from log.snapshots",
            "update log.snapshots set shape = 9",
            "insert into log.snapshots (tenant_id, aggregate_type, aggregate_id, last_sequence, event_id, shape, payload) \
             values ('acme', 'tally', 'acme/a', 1, gen_random_uuid(), 1, '{}')",
        ] {
            let refused = sqlx::query(forbidden).execute(&pool).await.unwrap_err();
            let code = refused.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
            assert_eq!(code.as_deref(), Some("42501"), "{role}: {forbidden}");
        }
        let call = "select log.write_snapshot(1, 'acme', 'tally', 'acme/a', 1, gen_random_uuid(), 1, 1, null, '{}')";
        let called: Result<bool, _> = sqlx::query_scalar(call).fetch_one(&pool).await;
        assert_eq!(called.ok(), may_read.then_some(false), "{role}: there is no such event");
    }
    // Nobody writes into another tenant by its function either.
    let process = Process::of(&database, 0);
    process.count("a", 1, 1).await;
    let call = "select log.write_snapshot(1, 'other', 'tally', 'acme/a', 1, $1, 1, 1, null, '{}')";
    let event: Uuid = sqlx::query_scalar("select event_id from log.events").fetch_one(&database.pool).await.unwrap();
    let is_written: bool = sqlx::query_scalar(call).bind(event).fetch_one(process.commands.pool()).await.unwrap();
    assert!(!is_written);
}
