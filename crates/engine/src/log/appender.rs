//! The one task of a process that writes the log: it gathers what waits into a batch and commits it as one.
//!
//! Group commit: one database function, one round trip, one transaction, one sync, for as many commands as were
//! waiting. A command alone does not wait for company.

mod turn;

use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge, histogram};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgSeverity};
use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

use super::announce::Announcer;
use super::append::{Append, AppendError, Appended, REFUSED_BY_ROWS, TENANT_DELETED};
use super::batch::Pen;
use super::pending::{Answer, BATCH_COMMANDS, Gathered, Pending, tell_all};
use super::resolve::{self, Resolution};
use super::tip::Tip;
use super::write::{Writer, Written, write};
use crate::trace::{Span, SpanKind};
use turn::Turns;

/// With so many waiting, the next batch goes out before the callers of the last one are told: what they ask next would find no
/// room in it. With fewer they are told first, for one full batch costs less than two halves.
const AHEAD: usize = BATCH_COMMANDS * 3 / 4;
/// How long to wait for a connection before commands are told that the log is away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long one call may take before its outcome counts as unknown. The lock is waited for within this.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// glibc gives what is free at the end of its heap back to the system, so a backend would ask for its memory anew in each batch. Once it
/// has freed a block as large as this text it keeps twice as much (the dynamic threshold of `mallopt(3)`). Another C library ignores it.
const KEEP_MEMORY: &str = "select octet_length(repeat(repeat('x', 8 << 10), 512))";
/// How long an unreachable server is not asked again, so that callers are told at once.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// The owner of the append connection. [`Appender::step`] is its loop's one step.
pub struct Appender {
    queue: mpsc::Receiver<Pending>,
    options: PgConnectOptions,
    appender: Uuid,
    /// The epoch of what it appends: the last that came with an append, else the one it found when it first connected.
    /// An epoch is never taken from a later connection, for what waits was decided on what may be lost by then.
    epoch: Option<i32>,
    tip: Tip,
    connection: Option<Writer>,
    announcer: Option<Announcer>,
    /// The last position that the present batch has taken; 0 while it has none.
    reached: i64,
    away_until: Option<(Instant, Arc<str>)>,
    /// What the callers of the last batch have not been told yet.
    answers: Vec<Answer>,
    turns: Turns,
    /// How many callers the last batch answered: as many may be about to ask again.
    answered: usize,
}

impl Appender {
    pub(super) fn new(queue: mpsc::Receiver<Pending>, options: PgConnectOptions) -> Self {
        // There from the beginning, or nobody would see its first time as a change.
        counter!("tidemark_append_unknown_total").increment(0);
        Self {
            queue,
            options,
            appender: Uuid::new_v4(),
            epoch: None,
            tip: Tip::unknown(),
            connection: None,
            announcer: None,
            reached: 0,
            away_until: None,
            answers: Vec::new(),
            turns: Turns::default(),
            answered: 0,
        }
    }

    /// Gathers one batch, commits it and answers its callers, unless the next step has to begin at once: then it does while
    /// the database is at work. False once the queue is closed and empty.
    pub async fn step(&mut self) -> bool {
        let Some(first) = self.queue.recv().await else {
            if let Some(writer) = self.connection.take() {
                // The server forgets the connection by itself when this fails.
                drop(writer.connection.close().await);
            }
            if let Some(announcer) = self.announcer.take() {
                announcer.finish().await;
            }
            return false;
        };
        let batch = self.gather(Gathered::from(first)).await;
        self.append(batch).await;
        self.take_turn().await;
        if self.queue.len() < AHEAD {
            self.tell();
        }
        true
    }

    /// Commits a batch and announces it.
    async fn append(&mut self, batch: Vec<Pending>) {
        let commands = batch.len();
        histogram!("tidemark_append_batch_commands").record(commands as f64);
        gauge!("tidemark_append_queue").set(self.queue.len() as f64);
        let started = Instant::now();
        let asked_for = batch.iter().filter_map(|pending| pending.append.trace);
        let mut span = Span::of_many(asked_for, SpanKind::Internal, "append batch", "");
        span.count("tidemark.commands", commands);
        self.reached = 0;
        self.begin_wanting();
        self.commit(batch).await;
        if self.reached > 0 {
            self.announcer.get_or_insert_with(|| Announcer::start(self.options.clone())).announce(self.reached);
        }
        drop(span);
        histogram!("tidemark_append_seconds").record(started.elapsed().as_secs_f64());
        self.answered = commands;
    }

    /// Takes all that waits into the batch. The callers that the last batch answered are told when this worker yields, and most of them
    /// ask again at once; waiting for them doubles the batch under load and costs a lone caller nothing. Two halves in turns,
    /// of which one decides while the other is committed, are slower than one full batch: 28,000 against 34,000 a second here.
    async fn gather(&mut self, mut gathered: Gathered) -> Vec<Pending> {
        let mut idle_turns = 0;
        while gathered.has_room() {
            match self.queue.try_recv() {
                Ok(pending) => {
                    gathered.push(pending);
                    idle_turns = 0;
                }
                Err(_) if gathered.batch.len() < self.answered && self.answers.is_empty() && idle_turns < 8 => {
                    idle_turns += 1;
                    tokio::task::yield_now().await;
                }
                Err(_) => break,
            }
        }
        gathered.batch
    }

    /// Tells the callers of the last batch what came of it, several of them as soon as this worker looks for input.
    fn tell(&mut self) {
        tell_all(std::mem::take(&mut self.answers));
    }

    fn decide(&mut self, pending: Pending, outcome: Result<Appended, AppendError>) {
        if let (Ok(Appended::Committed(place)), false) = (&outcome, pending.append.events.is_empty()) {
            self.reached = self.reached.max(place.position);
        }
        self.answers.push(pending.decide(outcome));
    }

    /// Turns to the newest epoch that a batch was decided in, and away what was decided before.
    fn turn_to_epoch(&mut self, batch: Vec<Pending>) -> Vec<Pending> {
        let newest = batch.iter().filter_map(|pending| pending.epoch).max();
        if newest > self.epoch {
            self.epoch = newest;
            self.tip.forget();
            self.connection = None;
        }
        let (past, present): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|pending| pending.epoch.is_some() && pending.epoch < self.epoch);
        for pending in past {
            self.decide(pending, Err(AppendError::Unavailable("the epoch was raised".into())));
        }
        present
    }

    /// Commits a batch, in halves where an error of the database has a culprit to be found.
    async fn commit(&mut self, batch: Vec<Pending>) {
        let mut parts = vec![self.turn_to_epoch(batch)];
        while let Some(part) = parts.pop() {
            let (felled, mut part): (Vec<_>, Vec<_>) = part.into_iter().partition(|pending| pending.append.is_felled());
            for pending in felled {
                self.decide(pending, Ok(Appended::Conflict));
            }
            if part.is_empty() {
                continue;
            }
            match self.attempt(&part).await {
                Ok(Written { outcomes, outrun }) => {
                    for (n, (pending, outcome)) in part.into_iter().zip(outcomes).enumerate() {
                        if outrun.contains(&n) {
                            self.note_outrun(&pending);
                        }
                        self.decide(pending, Ok(outcome));
                    }
                }
                Err(Failure::Away(reason)) => {
                    for pending in part {
                        self.decide(pending, Err(AppendError::Unavailable(Arc::clone(&reason))));
                    }
                }
                Err(Failure::Raised(error)) if part.len() == 1 && has_code(&error, TENANT_DELETED) => {
                    for pending in part {
                        self.decide(pending, Err(AppendError::TenantDeleted));
                    }
                }
                Err(Failure::Raised(error)) if part.len() == 1 && has_code(&error, REFUSED_BY_ROWS) => {
                    for pending in part {
                        self.decide(pending, Ok(Appended::RowsRefused));
                    }
                }
                Err(Failure::Raised(error)) if part.len() == 1 => {
                    tracing::error!(%error, "the database refused an append");
                    for pending in part {
                        self.decide(pending, Err(AppendError::Refused(error.to_string().into())));
                    }
                }
                Err(Failure::Raised(_)) => {
                    counter!("tidemark_append_batches_halved_total").increment(1);
                    // Nobody else is to wait for the culprit.
                    self.end_turn().await;
                    let second = part.split_off(part.len() / 2);
                    parts.push(second);
                    parts.push(part);
                }
                Err(Failure::Unknown(error)) => {
                    tracing::warn!(%error, commands = part.len(), "the connection broke during an append; finding out what became of it");
                    counter!("tidemark_append_unknown_total").increment(1);
                    if let Some(again) = self.resolve(part).await {
                        parts.push(again);
                    }
                }
            }
        }
    }

    /// One try to commit a batch. The order of outcomes is that of the batch.
    async fn attempt(&mut self, batch: &[Pending]) -> Result<Written, Failure> {
        self.connect().await?;
        let Some(writer) = &mut self.connection else { return Err(Failure::Away("no connection".into())) };
        let appends: Vec<&Append> = batch.iter().map(|pending| &pending.append).collect();
        let answers = std::mem::take(&mut self.answers);
        let (result, ()) = tokio::join!(
            biased;
            timeout(CALL_TIMEOUT, write(writer, &mut self.tip, &appends)),
            async { tell_all(answers) },
        );
        let failure = match result {
            Ok(Ok(written)) => return Ok(written),
            Ok(Err(error)) => Failure::of(error),
            Err(_) => Failure::Unknown(sqlx::Error::PoolTimedOut),
        };
        if !matches!(failure, Failure::Raised(_)) {
            self.connection = None;
        }
        Err(failure)
    }

    /// Finds out whether a batch is in the log, for as long as its callers can wait. What is not there is returned to
    /// be tried again: it was fenced and can no longer arrive by itself.
    async fn resolve(&mut self, mut batch: Vec<Pending>) -> Option<Vec<Pending>> {
        loop {
            let now = Instant::now();
            let (waiting, late): (Vec<_>, Vec<_>) = batch.into_iter().partition(|pending| pending.deadline > now);
            for pending in late {
                self.decide(pending, Err(AppendError::OutcomeUnknown));
            }
            self.tell();
            batch = waiting;
            let deadline = batch.iter().map(|pending| pending.deadline).min()?;
            let resolved = timeout_at(deadline, self.look_up(&batch)).await;
            match resolved {
                Ok(Ok(Resolution::Committed(places))) => {
                    for (pending, place) in batch.into_iter().zip(places) {
                        self.decide(pending, Ok(place));
                    }
                    return None;
                }
                Ok(Ok(Resolution::Absent)) => return Some(batch),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the outcome of an append is still unknown");
                    self.connection = None;
                    tokio::time::sleep(RECONNECT_PAUSE).await;
                }
                Err(_) => self.connection = None,
            }
        }
    }

    async fn look_up(&mut self, batch: &[Pending]) -> sqlx::Result<Resolution> {
        self.connection = None;
        // What is found may lie behind the tip, which does not prove it then.
        self.tip.forget();
        let mut connection = open(&self.options).await?;
        let generation = resolve::raise_generation(&mut connection, self.appender).await?;
        let appends: Vec<&Append> = batch.iter().map(|pending| &pending.append).collect();
        let resolution = resolve::look_up(&mut connection, &appends).await?;
        // Whatever is resolved was tried, on a connection that knew its epoch.
        if let Some(epoch) = self.epoch {
            self.connection =
                Some(Writer { connection, pen: Pen { appender: self.appender, generation, epoch }, has_turn: false });
        }
        Ok(resolution)
    }

    /// Opens the connection where there is none. An unreachable server is asked again only after a pause.
    async fn connect(&mut self) -> Result<(), Failure> {
        if self.connection.is_some() {
            return Ok(());
        }
        self.tell();
        if let Some((until, reason)) = &self.away_until
            && Instant::now() < *until
        {
            return Err(Failure::Away(Arc::clone(reason)));
        }
        match self.register().await {
            Ok(writer) => {
                self.away_until = None;
                self.epoch = Some(writer.pen.epoch);
                self.connection = Some(writer);
                Ok(())
            }
            Err(error) => {
                let reason: Arc<str> = error.to_string().into();
                tracing::warn!(%error, "the log is away");
                self.away_until = Some((Instant::now() + RECONNECT_PAUSE, Arc::clone(&reason)));
                Err(Failure::Away(reason))
            }
        }
    }

    async fn register(&self) -> sqlx::Result<Writer> {
        let opened = timeout(CONNECT_TIMEOUT, async {
            let mut connection = open(&self.options).await?;
            let (generation, present): (i64, i32) =
                sqlx::query_as("select generation, epoch from log.register_appender($1)")
                    .bind(self.appender)
                    .fetch_one(&mut connection)
                    .await?;
            let pen = Pen { appender: self.appender, generation, epoch: self.epoch.unwrap_or(present) };
            sqlx::Result::Ok(Writer { connection, pen, has_turn: false })
        });
        opened.await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
}

/// Whether the database has raised this.
fn has_code(error: &sqlx::Error, code: &str) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|raised| raised == code)
}

/// Opens a connection for appending. Its plans are made once and for full tables, whatever the tables held when they
/// were made; the largest batch is laid out in memory; a transaction left open by a stopped process is ended by the server, for
/// it holds the append lock.
async fn open(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let mut connection = PgConnection::connect_with(&options.clone().application_name("tidemark append")).await?;
    connection
        .execute(
            "set work_mem = '32MB'; set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; \
             set enable_bitmapscan = off; set jit = off; set synchronous_commit = on; set idle_in_transaction_session_timeout = '5s'",
        )
        .await?;
    connection.execute(KEEP_MEMORY).await?;
    Ok(connection)
}

/// Why a try to commit failed, as far as it decides what to do next.
enum Failure {
    /// Nothing was committed, and trying again at once would not help.
    Away(Arc<str>),
    /// The server rolled back an error that comes again with the append at fault.
    Raised(sqlx::Error),
    /// It may have been committed.
    Unknown(sqlx::Error),
}

impl Failure {
    /// An error that leaves the session alive was rolled back, also when it came from the commit: from the commit
    /// record on, the server knows nothing below PANIC. A session that ends, or an answer that does not come, leaves
    /// the outcome open.
    fn of(error: sqlx::Error) -> Self {
        let raised = error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
            .filter(|error| matches!(error.severity(), PgSeverity::Error));
        match raised.map(PgDatabaseError::code) {
            // Of a fenced appender nothing was committed, but finding out raises its generation and tries again.
            None | Some("TM001") => Self::Unknown(error),
            // A type, a function, a table or a right that is not there: the database is of another version. No append is at fault.
            Some("42704" | "42883" | "42P01" | "42501") => {
                tracing::error!(%error, "the database does not fit this version");
                Self::Away(error.to_string().into())
            }
            Some(REFUSED_BY_ROWS | TENANT_DELETED) => Self::Raised(error),
            Some(code) if ["22", "23", "42", "54", "P0"].iter().any(|class| code.starts_with(class)) => {
                Self::Raised(error)
            }
            Some(_) => {
                tracing::warn!(%error, "the log takes no appends");
                Self::Away(error.to_string().into())
            }
        }
    }
}
