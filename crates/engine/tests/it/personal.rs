//! Personal data: sealed in the log, open where it is loaded and folded, gone with its key.

use std::collections::BTreeSet;
use std::sync::Arc;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tidemark_engine::commands::{
    ClaimRequest, Command, CommandError, Commands, Executed, Precondition, Scope, Shape, Step,
};
use tidemark_engine::event::{Metadata, RecordedEvent};
use tidemark_engine::log::{ClaimOperation, IdempotencyKey, Log, Secret, read_after};
use tidemark_engine::personal::{KeyError, Keyring, rotate};
use tokio::task::JoinHandle;

use crate::support::{TestDatabase, soon};

const MASTER: [u8; 32] = [1; 32];

/// A person with a name that is nobody's business.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Person {
    id: String,
    name: Option<String>,
    erased: bool,
    has_subject: bool,
}

const SHAPE: Shape<Person> = Shape { version: 1, subject: |person| person.has_subject.then(|| person.id.clone()) };

#[derive(Debug, Clone)]
enum PersonCommand {
    Name(&'static str),
    NameWithoutSubject(&'static str),
    Erase,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum PersonEvent {
    Named { id: String, name: Option<Marked>, has_subject: bool },
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

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum PersonRefusal {
    #[error("gone")]
    Gone,
    #[error("the name is taken")]
    NameTaken,
}

impl DomainEvent for PersonEvent {
    fn event_type(&self) -> String {
        if *self == Self::Erased { "Erased" } else { "Named" }.into()
    }

    fn event_version(&self) -> String {
        "1".into()
    }
}

impl Aggregate for Person {
    const TYPE: &'static str = "person";
    type Command = (String, PersonCommand);
    type Event = PersonEvent;
    type Error = PersonRefusal;
    type Services = ();

    async fn handle(
        &mut self,
        (id, command): Self::Command,
        _: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), PersonRefusal> {
        if self.erased {
            return Err(PersonRefusal::Gone);
        }
        let named = |name: &str, has_subject| PersonEvent::Named { id, name: Some(Marked(name.into())), has_subject };
        let event = match command {
            PersonCommand::Name(name) => named(name, true),
            PersonCommand::NameWithoutSubject(name) => named(name, false),
            PersonCommand::Erase => PersonEvent::Erased,
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: PersonEvent) {
        match event {
            PersonEvent::Named { id, name, has_subject } => {
                (self.id, self.name, self.has_subject) = (id, name.map(|name| name.0), has_subject);
            }
            PersonEvent::Erased => (self.name, self.erased) = (None, true),
        }
    }
}

fn claims(before: &Person, event: &PersonEvent) -> Vec<ClaimRequest> {
    let claim = |operation, value: &str| ClaimRequest {
        operation,
        scope: "person.name",
        value: value.into(),
        is_personal: true,
    };
    let freed = before.name.as_deref().map(|name| claim(ClaimOperation::Free, name));
    let taken = match event {
        PersonEvent::Named { name: Some(name), .. } => Some(claim(ClaimOperation::Take, &name.0)),
        _ => None,
    };
    freed.into_iter().chain(taken).collect()
}

struct Process {
    commands: Commands,
    keyring: Keyring,
    appender: JoinHandle<()>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.appender.abort();
    }
}

impl Process {
    fn of(database: &TestDatabase) -> Self {
        Self::under(database, MASTER, None)
    }

    fn under(database: &TestDatabase, master: [u8; 32], previous: Option<[u8; 32]>) -> Self {
        let options = as_log_role(database);
        let (log, mut appender) = Log::new(options.clone(), 64);
        let pool = PgPoolOptions::new().max_connections(2).connect_lazy_with(options);
        let keyring = Keyring::new(pool.clone(), master, previous);
        Self {
            commands: Commands::new(log, pool).with_keyring(keyring.clone()),
            keyring,
            appender: tokio::spawn(async move { while appender.step().await {} }),
        }
    }

    async fn ask(
        &self,
        key: Option<&str>,
        id: &str,
        command: PersonCommand,
    ) -> Result<Executed, CommandError<PersonRefusal>> {
        let erases = matches!(command, PersonCommand::Erase).then(|| id.to_owned());
        let step = Step {
            id: id.to_owned(),
            command: (id.to_owned(), command),
            precondition: Precondition::None,
            claims,
            shape: SHAPE,
            refusal: |no| no,
            goes_first: |_| false,
            claim_refusal: |_| PersonRefusal::NameTaken,
        };
        let command = Command::default().with(step);
        let command = match erases {
            Some(subject) => command.erasing(subject),
            None => command.with_secret(Secret {
                kind: "password".into(),
                subject: id.into(),
                value: Some("a hash".into()),
            }),
        };
        let scope = Scope {
            tenant: "acme".into(),
            metadata: Metadata::new(),
            key: key.map(|key| IdempotencyKey::new("acme", "someone", key, [0; 32])),
        };
        let answer = |decided: &tidemark_engine::commands::Decided<'_, PersonRefusal>| {
            decided.state::<Person>(0).unwrap().0.name.clone().unwrap_or_default().into_bytes()
        };
        soon("the answer", self.commands.execute(&scope, command, answer)).await
    }

    async fn name(&self, id: &str, name: &'static str) {
        self.ask(None, id, PersonCommand::Name(name)).await.unwrap();
    }

    /// The names in the log, as a projection gets them: `null` where nobody can say any more.
    async fn names(&self, pool: &PgPool) -> Result<Vec<Value>, KeyError> {
        let mut events = read_after(pool, 0, 100).await?;
        self.keyring.open(&mut events).await?;
        let name = |event: &RecordedEvent| event.decode::<Value>().unwrap().get("name").cloned();
        Ok(events.iter().filter_map(name).collect())
    }
}

fn as_log_role(database: &TestDatabase) -> PgConnectOptions {
    PgConnectOptions::clone(&database.pool.connect_options())
        .username(tidemark_engine::LOG_ROLE)
        .password("tidemark-tests")
}

/// Everything that the schema `log` holds, as text.
async fn dump(pool: &PgPool) -> String {
    let tables: Vec<String> =
        sqlx::query_scalar("select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'log'")
            .fetch_all(pool)
            .await
            .unwrap();
    let mut all = String::new();
    for table in tables {
        let rows: Vec<String> =
            sqlx::query_scalar(&format!("select row_to_json(t)::text from {table} t")).fetch_all(pool).await.unwrap();
        all.push_str(&rows.concat());
    }
    all
}

/// Whether `text` is in a dump, as it is or as the bytes of a `bytea`.
fn holds(dump: &str, text: &str) -> bool {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    dump.contains(text) || dump.contains(&hex)
}

#[tokio::test]
async fn the_log_never_holds_what_is_personal_and_a_load_does() {
    let database = TestDatabase::new().await;
    let process = Process::of(&database);
    process.ask(Some("k"), "7", PersonCommand::Name("Ada B.")).await.unwrap();
    let payload: Value = read_after(&database.pool, 0, 10).await.unwrap()[0].decode().unwrap();
    assert_eq!(payload["name"]["subject"], "7");
    assert!(!holds(&dump(&database.pool).await, "Ada B."));

    // Another process has nothing at hand: it loads the person from the log, and finds the claim by its hash.
    let cold = Process::of(&database);
    let holder = cold.commands.personal_claim_holder("acme", "person.name", "Ada B.").await.unwrap();
    assert_eq!(holder.as_deref(), Some("7"));
    let refused = cold.ask(None, "8", PersonCommand::Name("Ada B.")).await.unwrap_err();
    assert!(matches!(refused, CommandError::Refused(PersonRefusal::NameTaken)), "{refused:?}");
    // Only who knows the old name gives its claim back.
    cold.name("7", "Ada Lovelace").await;
    cold.name("8", "Ada B.").await;
    assert_eq!(cold.names(&database.pool).await.unwrap(), ["Ada B.", "Ada Lovelace", "Ada B."]);
    let again = cold.ask(Some("k"), "7", PersonCommand::Name("Ada B.")).await.unwrap();
    assert_eq!((again.replayed, &*again.answer), (true, &b"Ada B."[..]));
}

#[tokio::test]
async fn what_is_personal_and_nobodys_is_not_appended() {
    let database = TestDatabase::new().await;
    let process = Process::of(&database);
    let refused = process.ask(None, "7", PersonCommand::NameWithoutSubject("Ada")).await.unwrap_err();
    assert!(
        matches!(&refused, CommandError::Broken(why) if why == "Named has personal data and no subject"),
        "{refused:?}"
    );
    assert_eq!(read_after(&database.pool, 0, 10).await.unwrap().len(), 0);
}

#[tokio::test]
async fn an_erased_person_is_null_for_ever_and_the_others_are_not() {
    let database = TestDatabase::new().await;
    let process = Process::of(&database);
    process.ask(Some("k"), "7", PersonCommand::Name("Ada")).await.unwrap();
    process.name("8", "Bert").await;
    let fingerprint = process.commands.key_fingerprint("acme", "7").await.unwrap();
    assert!(fingerprint.is_some_and(|text| text.len() == 22));
    let other = Process::of(&database);
    assert_eq!(other.names(&database.pool).await.unwrap(), ["Ada", "Bert"]);

    process.ask(Some("erase"), "7", PersonCommand::Erase).await.unwrap();
    // What was at hand goes with the event, in every process.
    let events = read_after(&database.pool, 2, 10).await.unwrap();
    for process in [&process, &other] {
        events.iter().for_each(|event| process.commands.take(event));
        assert_eq!(process.names(&database.pool).await.unwrap(), [Value::Null, json!("Bert")]);
    }
    assert_eq!(other.commands.key_fingerprint("acme", "7").await.unwrap(), None);
    let again = other.ask(None, "7", PersonCommand::Name("Ada")).await.unwrap_err();
    assert!(matches!(again, CommandError::Refused(PersonRefusal::Gone)), "{again:?}");
    let replayed = other.ask(Some("k"), "7", PersonCommand::Name("Ada")).await.unwrap_err();
    assert!(matches!(replayed, CommandError::AnswerErased), "{replayed:?}");
    // The receipt of the erasure itself is told again.
    assert!(other.ask(Some("erase"), "7", PersonCommand::Erase).await.unwrap().replayed);
    let left: Vec<String> =
        sqlx::query_scalar("select subject from log.secrets").fetch_all(&database.pool).await.unwrap();
    assert_eq!(left, ["8"]);
}

#[tokio::test]
async fn a_key_that_was_destroyed_does_not_come_back() {
    let database = TestDatabase::new().await;
    let (process, stale) = (Process::of(&database), Process::of(&database));
    process.name("7", "Ada").await;
    stale.name("7", "Ada Lovelace").await;
    process.ask(None, "7", PersonCommand::Erase).await.unwrap();
    // It has the key at hand, and has not heard of the erasure.
    let late = stale.ask(None, "7", PersonCommand::Name("Ada again")).await.unwrap_err();
    assert!(matches!(late, CommandError::Refused(PersonRefusal::Gone)), "{late:?}");
    let keys: Vec<(String, bool)> = sqlx::query_as("select subject, wrapped_key is null from log.subject_keys")
        .fetch_all(&database.pool)
        .await
        .unwrap();
    assert_eq!(keys, [("7".to_owned(), true)]);
    let made: bool = sqlx::query_scalar("select log.make_subject_key('acme', '7', 1, '\\x00', 'f')")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert!(made);
    let keys: i64 = sqlx::query_scalar("select count(*) from log.subject_keys where wrapped_key is not null")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert_eq!(keys, 0);
}

#[tokio::test]
async fn two_processes_that_meet_a_person_at_once_agree_on_the_key() {
    let database = TestDatabase::new().await;
    let processes: Vec<_> = (0..4).map(|_| Arc::new(Process::of(&database))).collect();
    let names = ["a", "b", "c", "d"];
    let naming: Vec<_> = processes
        .iter()
        .zip(names)
        .map(|(process, name)| {
            let process = Arc::clone(process);
            tokio::spawn(async move { process.name("7", name).await })
        })
        .collect();
    for naming in naming {
        naming.await.unwrap();
    }
    let opened = Process::of(&database).names(&database.pool).await.unwrap();
    let opened: BTreeSet<&str> = opened.iter().filter_map(Value::as_str).collect();
    assert_eq!(opened, BTreeSet::from(names));
}

#[tokio::test]
async fn rotation_passes_all_keys_over_to_a_new_secret_while_processes_run() {
    let database = TestDatabase::new().await;
    let process = Process::of(&database);
    process.name("7", "Ada").await;
    process.name("8", "Bert").await;
    process.ask(None, "8", PersonCommand::Erase).await.unwrap();
    let mut owner = database.pool.acquire().await.unwrap();
    let next = [2; 32];
    assert!(matches!(rotate(&mut owner, next, None).await, Err(KeyError::OtherSecret(_))));
    let rotated = rotate(&mut owner, next, Some(MASTER)).await.unwrap();
    assert_eq!((rotated.tenants, rotated.subjects), (1, 1));

    let renewed = Process::under(&database, next, None);
    assert_eq!(renewed.names(&database.pool).await.unwrap(), [json!("Ada"), Value::Null]);
    let holder = renewed.commands.personal_claim_holder("acme", "person.name", "Ada").await.unwrap();
    assert_eq!(holder.as_deref(), Some("7"));
    // One that runs on under both secrets, with the old key of the tenant at hand, makes keys that all can open.
    let both = Process::under(&database, next, Some(MASTER));
    both.name("9", "Cleo").await;
    rotate(&mut owner, next, None).await.unwrap();
    both.name("10", "Dora").await;
    assert_eq!(renewed.names(&database.pool).await.unwrap(), [json!("Ada"), Value::Null, json!("Cleo"), json!("Dora")]);

    // Under another secret nothing is opened, taken for erased, or made.
    let old = Process::of(&database);
    let names = old.names(&database.pool).await.unwrap();
    assert!(names[0]["sealed"].is_string() && names[1].is_null() && names[2]["sealed"].is_string(), "{names:?}");
    let refused = old.ask(None, "7", PersonCommand::Name("A")).await.unwrap_err();
    assert!(matches!(&refused, CommandError::Broken(reason) if reason.contains("secret")), "{refused:?}");
    let refused = old.commands.personal_claim_holder("acme", "person.name", "Ada").await.unwrap_err();
    assert!(matches!(refused, KeyError::OtherSecret(_)), "{refused:?}");
    let of_another_tenant = Keyring::new(database.pool.clone(), MASTER, None);
    let refused = of_another_tenant.make_claim("beta", "person.name", "Eve").await.unwrap_err();
    assert!(matches!(refused, KeyError::OtherSecret(_)), "{refused:?}");
}

#[tokio::test]
async fn a_key_that_is_missing_is_not_taken_for_an_erasure() {
    let database = TestDatabase::new().await;
    Process::of(&database).name("7", "Ada").await;
    sqlx::query("delete from log.subject_keys").execute(&database.pool).await.unwrap();
    let names = Process::of(&database).names(&database.pool).await.unwrap();
    assert!(names[0]["sealed"].is_string(), "{names:?}");
}

#[tokio::test]
async fn sealed_data_that_was_moved_to_another_event_is_told_and_not_taken_for_erased() {
    let database = TestDatabase::new().await;
    let process = Process::of(&database);
    process.name("7", "Ada").await;
    process.name("7", "Ada Lovelace").await;
    sqlx::query(
        "update log.events set payload = (select payload from log.events where position = 1) where position = 2",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    let names = process.names(&database.pool).await.unwrap();
    assert_eq!((&names[0], names[1]["subject"].as_str()), (&json!("Ada"), Some("7")));
    let broken = Process::of(&database).ask(None, "7", PersonCommand::Name("A")).await.unwrap_err();
    assert!(matches!(broken, CommandError::Broken(_)), "{broken:?}");
}

#[tokio::test]
async fn the_query_and_the_projection_role_see_no_key() {
    let database = TestDatabase::new().await;
    for role in [tidemark_engine::QUERY_ROLE, tidemark_engine::PROJECTION_ROLE] {
        let options = as_log_role(&database).username(role);
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        for table in ["tenant_keys", "subject_keys"] {
            let refused = sqlx::query(&format!("select from log.{table}")).execute(&pool).await.unwrap_err();
            assert_eq!(
                refused.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
                Some("42501")
            );
        }
    }
}
