//! Executes commands: decides on an aggregate's state, appends what was decided, answers only what the log confirmed.
//!
//! - Within a process the commands of one aggregate run one after another in its lane, on top of events still in flight.
//! - Every decision, a refusal or a no-op too, is answered only after the log has confirmed the versions it was decided
//!   on. Only a refusal decided on state that was read in the same try may skip that.
//! - A refusal is answered only after its idempotency key was looked up later than the state it was decided on: a
//!   repeated command must find its first answer, whatever has happened since.
//! - A lost race is decided again, and invisible.
//! - A snapshot shortens the way to a state and changes nothing of it.

mod beside;
mod command;
mod lane;
mod lanes;
mod look;
mod part;
mod snapshots;

use std::sync::Arc;
use std::time::Duration;

use cqrs_es::Aggregate;
use metrics::counter;
use sqlx::PgPool;
use tokio::time::Instant;

use crate::event::RecordedEvent;
use crate::log::{Append, AppendError, Appended, Log, Place, remembered_answer};
use crate::personal::{ERASES, KeyError, Keyring};
use crate::trace::{Span, SpanKind, TRACEPARENT, TraceParent};
pub use command::{Command, CommandError, Decided, Executed, Precondition, Scope};
use lane::Lane;
pub use lane::LoadError;
use lane::Source;
use lanes::Lanes;
pub use part::{ClaimRequest, Step};
pub use snapshots::{Shape, SnapshotWriter, Snapshots};

/// How long a command is decided again and again before its caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(8);

/// The state of an aggregate as the log has it now, and its version; 0 when there is none. For those who need to know, and
/// decide nothing.
///
/// # Errors
/// See [`LoadError`].
pub async fn load<A: Aggregate + Clone + 'static>(
    pool: &PgPool,
    keyring: &Keyring,
    tenant: &str,
    id: &str,
) -> Result<(Arc<A>, i64), LoadError> {
    let source = Source { pool: pool.clone(), loads: pool.clone(), keyring: Some(keyring.clone()), snapshots: None };
    let unread = Shape { version: 0, subject: |_: &A| None };
    let at = Lane::new(format!("{tenant}/{id}").into(), unread).load(&source).await?;
    Ok((at.state, at.version))
}

/// The write side of a process. Clones share lanes and log.
#[derive(Clone)]
pub struct Commands {
    log: Log,
    source: Source,
    lanes: Arc<Lanes>,
}

impl Commands {
    /// `pool` serves cold loads and look-ups only; a handful of connections is enough.
    #[must_use]
    pub fn new(log: Log, pool: PgPool) -> Self {
        Self {
            log,
            source: Source { loads: pool.clone(), pool, keyring: None, snapshots: None },
            lanes: Arc::default(),
        }
    }

    /// The same write side with a pool of its own for cold loads, which then hold up nothing else: a process that has just
    /// begun loads every aggregate it is asked for, while it reads the feed to catch up.
    #[must_use]
    pub fn loading_from(mut self, loads: PgPool) -> Self {
        self.source.loads = loads;
        self
    }

    /// The same write side with keys for personal data. Without them no event that has some is appended or read.
    #[must_use]
    pub fn with_keyring(mut self, keyring: Keyring) -> Self {
        self.source.keyring = Some(keyring);
        self
    }

    /// The same write side with snapshots: written, once it is [in an epoch](Commands::in_epoch), and read.
    #[must_use]
    pub fn with_snapshots(mut self, snapshots: Snapshots) -> Self {
        self.source.snapshots = Some(snapshots).filter(Snapshots::are_on);
        self
    }

    /// The same write side in an epoch, with nothing at hand that was built from events of another one.
    #[must_use]
    pub fn in_epoch(&self, epoch: i32) -> Self {
        let keyring = self.source.keyring.as_ref().map(Keyring::anew);
        let snapshots = self.source.snapshots.as_ref().map(|snapshots| snapshots.in_epoch(epoch));
        let source = Source { keyring, snapshots, ..self.source.clone() };
        Self { log: self.log.in_epoch(epoch), source, lanes: Arc::default() }
    }

    /// Forgets what it has at hand of a person whom an event tells to be erased. For every event that the feed brings.
    pub fn take(&self, event: &RecordedEvent) {
        if event.metadata.contains_key(ERASES) {
            self.source.keyring.iter().for_each(|keyring| keyring.take(event));
            self.lanes.forget(&event.tenant_id);
        }
    }

    /// Forgets what it has at hand of a tenant that was deleted.
    pub fn forget_tenant(&self, tenant: &str) {
        self.lanes.forget(tenant);
    }

    /// The pool of the log role, for strongly consistent look-ups of claims and secrets.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.source.pool
    }

    /// The last state of an aggregate that the log has confirmed, as far as this process knows, and its version. It may be
    /// older than what the log has: enough for what never changes, such as who wrote something.
    ///
    /// # Errors
    /// When it has to be read and cannot.
    pub async fn known<A: Aggregate + Clone + 'static, R>(
        &self,
        tenant: &str,
        id: &str,
        shape: Shape<A>,
    ) -> Result<(Arc<A>, i64), CommandError<R>> {
        self.known_at(tenant, id, shape, 1).await
    }

    /// The same, at `version` or later: somebody has seen that version in the log.
    ///
    /// # Errors
    /// When it has to be read and cannot.
    pub async fn known_at<A: Aggregate + Clone + 'static, R>(
        &self,
        tenant: &str,
        id: &str,
        shape: Shape<A>,
        version: i64,
    ) -> Result<(Arc<A>, i64), CommandError<R>> {
        let lane = self.lanes.lane(tenant, id, shape);
        let known = lane.known_after(version - 1, &self.source).await?;
        self.lanes.weigh(&lane);
        Ok((known.state, known.version))
    }

    /// Executes a command and makes its answer from the decided states. The answer is stored with the key, so it must
    /// not depend on where the change is recorded.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn execute<R: Send + Sync + 'static>(
        &self,
        scope: &Scope,
        mut command: Command<R>,
        answer: impl Fn(&Decided<'_, R>) -> Vec<u8>,
    ) -> Result<Executed, CommandError<R>> {
        let name = scope.metadata.get("command").map_or("", String::as_str);
        let mut span = Span::child(TraceParent::of_metadata(&scope.metadata), SpanKind::Internal, "command", name);
        span.set_text("tidemark.tenant", &scope.tenant);
        let metadata = metadata_of(scope, command.erases.as_deref(), span.place())
            .map_err(|error| CommandError::Broken(error.to_string()))?;
        let given = Given { scope, metadata, trace: span.place() };
        let give_up = Instant::now() + PATIENCE;
        let mut tries = 0;
        loop {
            let attempted = self.attempt(&given, &mut command, &answer, tries).await;
            if let Err(error) = &attempted {
                span.set("tidemark.outcome", error.label());
                if !matches!(error, CommandError::Refused(_) | CommandError::VersionMismatch { .. }) {
                    span.fail(error.label());
                }
            }
            if let Some(executed) = attempted? {
                span.set("tidemark.replayed", executed.replayed);
                return Ok(executed);
            }
            if Instant::now() > give_up {
                span.fail("contended");
                return Err(CommandError::Contended);
            }
            command.parts.iter_mut().for_each(|part| part.doubt());
            tries += 1;
            counter!("tidemark_command_retries_total").increment(1);
        }
    }

    /// One try, after so many that were in vain. `None` when others were faster.
    async fn attempt<R: Send + Sync + 'static>(
        &self,
        Given { scope, metadata, trace }: &Given<'_>,
        command: &mut Command<R>,
        answer: &impl Fn(&Decided<'_, R>) -> Vec<u8>,
        tries: u32,
    ) -> Result<Option<Executed>, CommandError<R>> {
        let loading = Span::child(*trace, SpanKind::Internal, "load", "");
        self.enter(scope, command).await?;
        drop(loading);
        let mut deciding = Span::child(*trace, SpanKind::Internal, "decide", "");
        let mut append = Append {
            tenant: Arc::clone(&scope.tenant),
            expectations: Vec::with_capacity(command.parts.len()),
            events: Vec::new(),
            claims: Vec::new(),
            secrets: Vec::new(),
            row_changes: Vec::new(),
            erasures: Vec::new(),
            key: None,
            tries,
            trace: *trace,
        };
        for part in &mut command.parts {
            if let Err(no) = part.decide(metadata, &self.source, &mut append).await {
                let fresh = command.parts.iter().all(|part| part.is_fresh());
                command.parts.iter_mut().for_each(|part| part.leave());
                return self.refuse(scope, append, fresh, no).await;
            }
        }
        let bytes = answer(&Decided(&command.parts));
        if let Some(key) = &scope.key {
            let remembered = self.to_remember(scope, command, &bytes).await;
            if remembered.is_err() {
                command.parts.iter_mut().for_each(|part| part.leave());
            }
            append.key = Some((key.clone(), remembered?));
        }
        if !append.events.is_empty() {
            append.secrets.clone_from(&command.secrets);
            append.row_changes.clone_from(&command.row_changes);
            append.erasures.extend(command.erases.clone());
        }
        deciding.count("tidemark.events", append.events.len());
        drop(deciding);
        let appending = Span::child(*trace, SpanKind::Internal, "append", "");
        // Nothing may wait between handing in and advancing: the next command of the lane builds on this one.
        let ticket = match self.log.submit(append) {
            Ok(ticket) => ticket,
            Err(error) => {
                command.parts.iter_mut().for_each(|part| part.leave());
                return Err(error.into());
            }
        };
        command.parts.iter_mut().for_each(|part| part.advance());

        let appended = ticket.await?;
        drop(appending);
        match appended {
            Appended::Committed(place) => {
                command.parts.iter_mut().for_each(|part| part.confirm(&self.lanes, &self.source));
                Ok(Some(Executed { place, answer: bytes, replayed: false }))
            }
            Appended::Replayed { place, answer } => self.replayed(scope, place, answer).await.map(Some),
            Appended::KeyReused => Err(CommandError::KeyReused),
            Appended::Conflict => Ok(None),
            Appended::ClaimRefused { scope: claim } => {
                let refusal = command.parts.iter().find_map(|part| part.claim_refusal(&claim));
                let refusal = refusal.ok_or_else(|| CommandError::Broken(format!("no step has claimed {claim}")))?;
                // The append looked its key up under the lock before it looked at claims, so this is final.
                Err(CommandError::Refused(refusal))
            }
            // Likewise.
            Appended::RowsRefused => match command.rows_refusal {
                Some(refusal) => Err(CommandError::Refused(refusal())),
                None => Err(CommandError::Broken("rows have refused a command that has no guard".into())),
            },
        }
    }

    /// Enters the lanes of all steps, in one order for all commands, so that no two wait for each other.
    async fn enter<R: Send + Sync + 'static>(
        &self,
        scope: &Scope,
        command: &mut Command<R>,
    ) -> Result<(), CommandError<R>> {
        let mut order: Vec<usize> = (0..command.parts.len()).collect();
        order.sort_by(|a, b| command.parts[*a].lane_key().cmp(&command.parts[*b].lane_key()));
        for pair in order.windows(2) {
            if command.parts[pair[0]].lane_key() == command.parts[pair[1]].lane_key() {
                return Err(CommandError::Broken("a command has two steps for one aggregate".into()));
            }
        }
        for n in order {
            if let Err(error) = command.parts[n].enter(&scope.tenant, &self.lanes, &self.source).await {
                command.parts.iter_mut().for_each(|part| part.leave());
                return Err(error);
            }
        }
        Ok(())
    }

    /// Answers a no, once the log has confirmed what it was decided on and the key was not used before.
    async fn refuse<R>(
        &self,
        scope: &Scope,
        append: Append,
        fresh: bool,
        no: CommandError<R>,
    ) -> Result<Option<Executed>, CommandError<R>> {
        if matches!(no, CommandError::Broken(_)) {
            return Err(no);
        }
        if !fresh {
            let confirm = Append { events: Vec::new(), claims: Vec::new(), secrets: Vec::new(), key: None, ..append };
            if self.log.append(confirm).await? == Appended::Conflict {
                return Ok(None);
            }
        }
        let Some(key) = &scope.key else {
            return Err(no);
        };
        let remembered = remembered_answer(&self.source.pool, key)
            .await
            .map_err(|error| AppendError::Unavailable(error.to_string().into()))?;
        match remembered {
            Some(Appended::Replayed { place, answer }) => self.replayed(scope, place, answer).await.map(Some),
            Some(_) => Err(CommandError::KeyReused),
            None => Err(no),
        }
    }

    /// The answer as it is stored with its key: sealed, where an aggregate of the command holds somebody's personal data.
    /// The receipt of an erasure has none, and must outlive the key.
    async fn to_remember<R>(
        &self,
        scope: &Scope,
        command: &Command<R>,
        answer: &[u8],
    ) -> Result<Vec<u8>, CommandError<R>> {
        let subject = command.parts.iter().find_map(|part| part.subject()).filter(|_| command.erases.is_none());
        match (subject, &self.source.keyring) {
            (None, _) => Ok(answer.to_vec()),
            (Some(subject), Some(keyring)) => Ok(keyring.seal_answer(&scope.tenant, &subject, answer).await?),
            (Some(_), None) => Err(KeyError::NoKeyring.into()),
        }
    }

    async fn replayed<R>(&self, scope: &Scope, place: Place, stored: Vec<u8>) -> Result<Executed, CommandError<R>> {
        let answer = match &self.source.keyring {
            None => stored,
            Some(keyring) => match keyring.open_answer(&scope.tenant, stored).await {
                Err(KeyError::Erased) => return Err(CommandError::AnswerErased),
                opened => opened?,
            },
        };
        Ok(Executed { place, answer, replayed: true })
    }
}

/// What is the same for every try of a command.
struct Given<'a> {
    scope: &'a Scope,
    metadata: Arc<str>,
    trace: Option<TraceParent>,
}

/// The metadata that all events of a command carry.
fn metadata_of(scope: &Scope, erases: Option<&str>, trace: Option<TraceParent>) -> serde_json::Result<Arc<str>> {
    if erases.is_none() && trace.is_none() {
        return Ok(serde_json::to_string(&scope.metadata)?.into());
    }
    let mut metadata = scope.metadata.clone();
    if let Some(subject) = erases {
        metadata.insert(ERASES.to_owned(), subject.to_owned());
    }
    if let Some(trace) = trace {
        metadata.insert(TRACEPARENT.to_owned(), trace.to_string());
    }
    Ok(serde_json::to_string(&metadata)?.into())
}
