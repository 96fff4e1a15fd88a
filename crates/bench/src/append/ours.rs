//! Tidemark's own write side: a log with its appender, and the commands before it, set up as in the API process.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tidemark_engine::LOG_ROLE;
use tidemark_engine::commands::{ClaimRequest, Command, Commands, Precondition, Scope, Shape, Step};
use tidemark_engine::log::{Append, Appended, ClaimOperation, Expectation, IdempotencyKey, Log, NewEvent, Round};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::work::{ANSWER, Empty, LineAdded, Note, Work};
use crate::database::{Database, as_role};
use crate::load::{Caller, drive};

/// Appends that may wait, as the settings of the services have it.
const QUEUE: usize = 4096;
/// Connections for cold loads, as the services have it.
pub(super) const LOADING: u32 = 4;
/// Of this many commands one takes a claim, when everything is on.
const CLAIM_EVERY: u64 = 10;
pub(super) const SHAPE: Shape<Note> = Shape { version: 1, subject: |_| None };

/// What a command asks for beside its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extras {
    Nothing,
    /// An idempotency key and a remembered answer on all, a claim on some.
    Everything,
}

/// A write side, connected.
pub(super) struct WriteSide {
    log: Log,
    commands: Commands,
    appending: JoinHandle<()>,
}

impl WriteSide {
    /// `owner` may step into the service roles.
    pub(super) async fn start(owner: PgConnectOptions) -> anyhow::Result<Self> {
        let options = as_role(owner, LOG_ROLE);
        let (log, mut appender) = Log::new(options.clone(), QUEUE);
        let appending = tokio::spawn(async move { while appender.step().await {} });
        let pool = PgPoolOptions::new().max_connections(LOADING).connect_with(options).await?;
        let commands = Commands::new(log.clone(), pool);
        Ok(Self { log, commands, appending })
    }

    /// Commands a second: load, handle, append, answer.
    pub(super) async fn commands(
        &self,
        work: &Work,
        callers: usize,
        extras: Extras,
        length: Duration,
    ) -> anyhow::Result<f64> {
        let caller = || CommandCaller { commands: self.commands.clone(), work: work.clone(), extras, calls: 0 };
        drive(&mut std::iter::repeat_with(caller).take(callers).collect(), length).await
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.commands.pool().close().await;
        drop((self.log, self.commands));
        self.appending.await?;
        Ok(())
    }
}

/// A write side on a database of its own.
pub(super) struct Ours {
    database: Database,
    pub(super) write_side: WriteSide,
    raw: RawStreams,
}

impl Ours {
    pub(super) async fn start(maintenance_url: &str, role_password: &str, work: &Work) -> anyhow::Result<Self> {
        Self::on(Database::migrated(maintenance_url, "ours", role_password).await?, work).await
    }

    /// On a database that is there already.
    pub(super) async fn on(database: Database, work: &Work) -> anyhow::Result<Self> {
        let write_side = WriteSide::start(database.options()).await?;
        let raw = RawStreams::new(work)?;
        Ok(Self { database, write_side, raw })
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Appends a second without commands before them.
    pub(super) async fn appends(&self, callers: usize, length: Duration) -> anyhow::Result<f64> {
        let caller = || AppendCaller { log: self.write_side.log.clone(), raw: self.raw.clone() };
        drive(&mut std::iter::repeat_with(caller).take(callers).collect(), length).await
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.write_side.stop().await?;
        self.database.drop().await
    }
}

struct CommandCaller {
    commands: Commands,
    work: Work,
    extras: Extras,
    calls: u64,
}

impl Caller for CommandCaller {
    async fn call(&mut self) -> anyhow::Result<()> {
        self.calls += 1;
        let stream = &self.work.streams[self.work.any()];
        let everything = self.extras == Extras::Everything;
        let unique = (everything && self.calls.is_multiple_of(CLAIM_EVERY)).then(|| Uuid::new_v4().to_string());
        let key = everything.then(|| IdempotencyKey::new(&stream.tenant, "user", &Uuid::new_v4().to_string(), [7; 32]));
        let scope = Scope { tenant: Arc::clone(&stream.tenant), metadata: (*self.work.metadata).clone(), key };
        let step = Step {
            id: stream.id.to_string(),
            command: super::work::AddLine { line: self.work.line.to_string(), unique },
            precondition: Precondition::None,
            claims: claims_of,
            shape: SHAPE,
            refusal: |refusal: Empty| refusal,
            goes_first: |_| false,
            claim_refusal: |_| Empty,
        };
        let answer = if everything { ANSWER } else { 0 };
        self.commands.execute(&scope, Command::default().with::<Note>(step), |_| vec![b'a'; answer]).await?;
        Ok(())
    }
}

fn claims_of(_: &Note, event: &LineAdded) -> Vec<ClaimRequest> {
    let take = |value: &String| ClaimRequest {
        operation: ClaimOperation::Take,
        scope: "note.unique",
        value: value.clone(),
        is_personal: false,
    };
    event.unique.iter().map(take).collect()
}

/// Streams whose versions the callers keep themselves. Of a type of their own, so that no command meets them.
#[derive(Clone)]
struct RawStreams {
    work: Work,
    /// The version of each stream; negative while a caller has it in hand.
    versions: Arc<[AtomicI64]>,
    rounds: Arc<[Round]>,
    payload: Arc<str>,
    metadata: Arc<str>,
}

const RAW_TYPE: &str = "raw-note";
const IN_HAND: i64 = -1;

impl RawStreams {
    fn new(work: &Work) -> anyhow::Result<Self> {
        Ok(Self {
            work: work.clone(),
            versions: work.streams.iter().map(|_| AtomicI64::new(0)).collect(),
            rounds: work.streams.iter().map(|_| Round::default()).collect(),
            payload: format!(r#"{{"line":"{}"}}"#, work.line).into(),
            metadata: serde_json::to_string(&*work.metadata)?.into(),
        })
    }

    /// A stream at random that nobody has in hand, and its version.
    fn take(&self) -> (usize, i64) {
        loop {
            let n = self.work.any();
            let version = self.versions[n].swap(IN_HAND, Ordering::AcqRel);
            if version != IN_HAND {
                return (n, version);
            }
        }
    }
}

struct AppendCaller {
    log: Log,
    raw: RawStreams,
}

impl Caller for AppendCaller {
    async fn call(&mut self) -> anyhow::Result<()> {
        let (n, version) = self.raw.take();
        let stream = &self.raw.work.streams[n];
        let event = NewEvent {
            event_id: Uuid::now_v7(),
            aggregate_type: RAW_TYPE,
            aggregate_id: Arc::clone(&stream.aggregate_id),
            sequence: version + 1,
            event_type: "LineAdded".to_owned(),
            event_version: "1".to_owned(),
            payload: self.raw.payload.to_string(),
            metadata: Arc::clone(&self.raw.metadata),
        };
        let expectation = Expectation {
            aggregate_type: RAW_TYPE,
            aggregate_id: Arc::clone(&stream.aggregate_id),
            version,
            round: Some(self.raw.rounds[n].clone()),
        };
        let append = Append {
            tenant: Arc::clone(&stream.tenant),
            expectations: vec![expectation],
            events: vec![event],
            claims: Vec::new(),
            secrets: Vec::new(),
            row_changes: Vec::new(),
            erasures: Vec::new(),
            key: None,
            tries: 0,
            trace: None,
        };
        let appended = self.log.append(append).await?;
        anyhow::ensure!(matches!(appended, Appended::Committed(_)), "an append was not committed: {appended:?}");
        self.raw.versions[n].store(version + 1, Ordering::Release);
        Ok(())
    }
}
