//! Where the policies are, and the dead letters of what they wanted.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::PgPool;
use tidemark_engine::effects::{self, Entry, Which};
use tidemark_engine::{log, policy};
use uuid::Uuid;

use crate::Failure;

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// Its name.
    pub name: String,
    /// Whether it is installed; what it does not know of, a policy never reacts to.
    pub installed: bool,
    /// Whether this binary has it.
    pub known: bool,
    /// The last position that it has reacted to.
    pub checkpoint: i64,
    /// The last position of the log.
    pub head: i64,
    /// Head less checkpoint.
    pub lag: i64,
    /// Who runs it; `None` when nobody does.
    pub holder: Option<Uuid>,
    /// When the holder's lease ends, unless it is renewed.
    pub until: Option<DateTime<Utc>>,
    /// Effects that are still to be carried out.
    pub pending: i64,
    /// Since when the longest due of them has been due.
    pub due_since: Option<DateTime<Utc>>,
    /// Dead letters.
    pub dead: i64,
}

impl Position {
    /// Whether nothing waits for an operator.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.installed && self.known && self.dead == 0
    }

    /// What is to be known at a glance.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self {
            Self { installed: false, .. } => "not installed",
            Self { known: false, .. } => "unknown to this version",
            Self { dead: 1.., .. } => "dead letters",
            Self { holder: None, .. } => "nobody runs it",
            _ => "ok",
        }
    }
}

/// Every policy that is known or installed, by name. `work` is the role `tidemark_work`, `log` is `tidemark_log`.
///
/// # Errors
/// When the database is away or not migrated.
pub async fn all(work: &PgPool, log: &PgPool) -> Result<Vec<Position>, Failure> {
    let known: Vec<&str> = tidemark_workers::policies::all().iter().map(|policy| policy.name()).collect();
    let installed = policy::standings(work).await?;
    let head = log::head(log).await?;
    let missing = known.iter().filter(|name| !installed.iter().any(|standing| standing.policy == **name));
    let mut all: Vec<Position> = missing.map(|name| not_installed(name, head)).collect();
    all.extend(installed.into_iter().map(|standing| Position {
        installed: true,
        known: known.contains(&standing.policy.as_str()),
        checkpoint: standing.position,
        head,
        lag: (head - standing.position).max(0),
        holder: standing.holder,
        until: standing.until,
        pending: standing.pending,
        due_since: standing.due_since,
        dead: standing.dead,
        name: standing.policy,
    }));
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

fn not_installed(name: &str, head: i64) -> Position {
    Position {
        name: name.to_owned(),
        installed: false,
        known: true,
        checkpoint: 0,
        head,
        lag: head,
        holder: None,
        until: None,
        pending: 0,
        due_since: None,
        dead: 0,
    }
}

/// One policy.
///
/// # Errors
/// [`Failure::NotFound`] when there is none of that name.
pub async fn one(work: &PgPool, log: &PgPool, name: &str) -> Result<Position, Failure> {
    let all = all(work, log).await?;
    let known: Vec<String> = all.iter().map(|position| position.name.clone()).collect();
    let found = all.into_iter().find(|position| position.name == name);
    found.ok_or_else(|| Failure::NotFound(format!("there is no policy `{name}`; there are {}", known.join(", "))))
}

/// An effect of the ledger, as it is shown.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    /// Its id: the idempotency key outside, and of a mail the `Message-ID`.
    pub id: Uuid,
    /// `pending`, `done`, `dead` or `dropped`.
    pub state: String,
    /// The policy that wants it.
    pub policy: String,
    /// The tenant.
    pub tenant: String,
    /// What is to be done; `reaction` when the policy did not understand the event.
    pub kind: String,
    /// Those of one key wait for each other.
    pub key: String,
    /// How many wait behind this one.
    pub waiting: i64,
    /// What the policy has said about it.
    pub payload: Box<RawValue>,
    /// Position of the event that it follows from.
    pub position: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// How often it was tried.
    pub attempts: i32,
    /// What was wrong the last time.
    pub error: Option<String>,
    /// Why there was nothing to do, or why it was dropped.
    pub note: Option<String>,
    /// Who has dropped it.
    pub dropped_by: Option<String>,
    /// When it was written down.
    pub created_at: DateTime<Utc>,
    /// When it is tried next, if it is pending.
    pub due_at: DateTime<Utc>,
    /// When it was done, died or was dropped.
    pub settled_at: Option<DateTime<Utc>>,
}

impl From<Entry> for Letter {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            state: entry.state,
            policy: entry.policy,
            tenant: entry.tenant_id,
            kind: entry.kind,
            key: entry.ordering_key,
            waiting: entry.waiting,
            payload: entry.payload.0,
            position: entry.position,
            event_id: entry.event_id,
            attempts: entry.attempts,
            error: entry.last_error,
            note: entry.note,
            dropped_by: entry.dropped_by,
            created_at: entry.created_at,
            due_at: entry.due_at,
            settled_at: entry.settled_at,
        }
    }
}

/// Dead letters in the order of their events, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn dead_letters(work: &PgPool, which: &Which, limit: i64) -> Result<Vec<Letter>, Failure> {
    Ok(effects::dead_letters(work, which, limit).await?.into_iter().map(Letter::from).collect())
}

/// One effect, dead or not.
///
/// # Errors
/// [`Failure::NotFound`] when there is none of that id.
pub async fn letter(work: &PgPool, id: Uuid) -> Result<Letter, Failure> {
    let found = effects::find(work, id).await?;
    found.map(Letter::from).ok_or_else(|| Failure::NotFound(format!("there is no effect {id}")))
}

/// Has dead letters tried again; says how many there were.
///
/// # Errors
/// [`Failure::NotFound`] when one is named that does not exist.
pub async fn retry(work: &PgPool, which: &Which) -> Result<u64, Failure> {
    if let Some(id) = which.id {
        letter(work, id).await?;
    }
    Ok(effects::retry_dead(work, which).await?)
}

/// Gives a dead letter up; who does it and why is kept.
///
/// # Errors
/// [`Failure::NotFound`], and [`Failure::Refused`] when it is not dead.
pub async fn drop(work: &PgPool, id: Uuid, by: &str, reason: &str) -> Result<(), Failure> {
    let found = letter(work, id).await?;
    if effects::drop_dead(work, id, by, reason).await? {
        return Ok(());
    }
    Err(Failure::Refused(format!("effect {id} is {} and no dead letter; nothing was changed", found.state)))
}
