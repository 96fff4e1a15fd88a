//! Where the projections are, why one has stopped, asking for another try, and letting an event pass.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tidemark_engine::database::Databases;
use tidemark_engine::projection::{Run, Skip, Skipping, Stall, request_retry, runs, skip as let_pass, skips};
use tidemark_projections::Status;
use uuid::Uuid;

use crate::{Failure, tenants};

/// One projection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// Its name.
    pub name: String,
    /// The version of the tables that serve; `None` when it is not installed.
    pub version: Option<i32>,
    /// The version that this binary folds; `None` when it does not know the projection.
    pub code_version: Option<i32>,
    /// The last position it has taken in.
    pub checkpoint: i64,
    /// The last position of the log.
    pub head: i64,
    /// Head less checkpoint.
    pub lag: i64,
    /// Who folds it; `None` when nobody does.
    pub lease: Option<Lease>,
    /// The tenants that it has stopped for.
    pub stalls: Vec<Stopped>,
    /// The events that an operator has let it pass over.
    pub skips: Vec<Skipped>,
    /// The last rebuild or verification of it.
    pub last_run: Option<LastRun>,
}

/// An event that an operator has let a projection pass over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// The projection.
    pub projection: String,
    /// The version of the projection that it holds for.
    pub version: i32,
    /// The tenant.
    pub tenant: String,
    /// The event's position in the log.
    pub position: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The event's type.
    pub event_type: String,
    /// Why the projection could not take it in.
    pub error: String,
    /// Why it was let pass.
    pub reason: String,
    /// Who did it.
    pub skipped_by: String,
    /// When.
    pub skipped_at: DateTime<Utc>,
}

/// A rebuild or verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastRun {
    /// Its number.
    pub run: i64,
    /// `rebuild` or `verify`.
    pub purpose: String,
    /// The one tenant that it was about.
    pub tenant: Option<String>,
    /// `open` (under way or interrupted), `swapped`, `rolled back`, `verified` or `abandoned`.
    pub state: String,
    /// The last position it has folded.
    pub position: i64,
    /// Rows that differed from those that served.
    pub differences: Option<i64>,
    /// Who began it.
    pub started_by: String,
    /// When something last came of it.
    pub updated_at: DateTime<Utc>,
}

/// Who folds a projection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// The worker.
    pub holder: Uuid,
    /// When its lease ends, unless it is renewed.
    pub until: DateTime<Utc>,
}

/// An event that a projection cannot take in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stopped {
    /// The tenant.
    pub tenant: String,
    /// The event's position in the log.
    pub position: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The event's type.
    pub event_type: String,
    /// What is wrong.
    pub error: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it first stopped.
    pub since: DateTime<Utc>,
    /// When another try was asked for that has not failed yet.
    pub retry_requested_at: Option<DateTime<Utc>>,
}

impl Position {
    /// Whether it takes in everything: installed, of this binary's version, stopped for nobody.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.stalls.is_empty() && self.version.is_some() && self.version == self.code_version
    }

    /// What is to be known at a glance.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (self.version, self.code_version) {
            (None, _) => "not installed",
            (_, None) => "unknown to this version",
            (installed, code) if installed != code => "other version",
            _ if !self.stalls.is_empty() => "stalled",
            _ if self.lease.is_none() => "nobody folds it",
            _ => "ok",
        }
    }
}

/// Every projection that is known or installed, by name. `databases` are those of the role `tidemark_projection`, or the owner's.
///
/// # Errors
/// When a database is away or not migrated.
pub async fn all(databases: &Databases) -> Result<Vec<Position>, Failure> {
    let leases: Vec<(String, Uuid, DateTime<Utc>)> =
        sqlx::query_as("select projection, holder, until from read.leases where until > clock_timestamp()")
            .fetch_all(&databases.read)
            .await?;
    let lease_of = |name: &str| {
        leases
            .iter()
            .find(|(projection, ..)| projection == name)
            .map(|(_, holder, until)| Lease { holder: *holder, until: *until })
    };
    let mut positions = Vec::new();
    for status in tidemark_projections::status(databases).await? {
        let skipped = skips(&databases.read, Some(&status.name)).await?;
        let last = runs(&databases.read, Some(&status.name), 1).await?.pop();
        positions.push(position(lease_of(&status.name), status, skipped, last));
    }
    Ok(positions)
}

/// One projection, by its whole name or by what follows its module, as `posts` for `content.posts`.
///
/// # Errors
/// [`Failure::NotFound`] when there is none of that name, or several.
pub async fn one(databases: &Databases, name: &str) -> Result<Position, Failure> {
    let all = all(databases).await?;
    let known: Vec<String> = all.iter().map(|position| position.name.clone()).collect();
    let name = full_name(&known, name)?;
    let found = all.into_iter().find(|position| position.name == name);
    found.ok_or(Failure::NotFound(format!("there is no projection `{name}`")))
}

/// The one of `known` that is meant by `name`.
pub(crate) fn full_name(known: &[String], name: &str) -> Result<String, Failure> {
    let is_short_for = |full: &&String| full.split_once('.').is_some_and(|(_, short)| short == name);
    let mut meant: Vec<&String> = known.iter().filter(|full| *full == name).collect();
    if meant.is_empty() {
        meant = known.iter().filter(is_short_for).collect();
    }
    match meant[..] {
        [one] => Ok(one.clone()),
        [] => Err(Failure::NotFound(format!("there is no projection `{name}`; there are {}", known.join(", ")))),
        _ => Err(Failure::NotFound(format!("`{name}` may be any of several projections of {}", known.join(", ")))),
    }
}

/// Lets `name` pass over the event that it has stopped at for `tenant`, and go on behind it.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such projection or tenant, or it has not stopped there;
/// [`Failure::Refused`] for an event that erases somebody; [`Failure::Usage`] without a reason.
pub async fn skip(
    databases: &Databases,
    name: &str,
    tenant: &str,
    reason: &str,
    operator: &str,
) -> Result<Skipped, Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::Usage("--reason is empty: say why the event may be passed over".into()));
    }
    let name = one(databases, name).await?.name;
    tenants::existing(&databases.log, tenant).await?;
    match let_pass(databases, &name, tenant, reason, operator).await? {
        Skipping::Done(skip) => Ok(skipped(skip)),
        Skipping::Erases => Err(Failure::Refused(format!(
            "the event at which {name} has stopped for `{tenant}` erases somebody, who would be shown for ever; nothing was changed"
        ))),
        Skipping::NotStopped => {
            Err(Failure::NotFound(format!("{name} has not stopped for `{tenant}`; nothing was changed")))
        }
    }
}

/// Asks for another try of the events that `name` has stopped at, of one tenant or of all; says how many there are.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such projection or tenant.
pub async fn retry(databases: &Databases, name: &str, tenant: Option<&str>) -> Result<u64, Failure> {
    one(databases, name).await?;
    if let Some(tenant) = tenant {
        tenants::existing(&databases.log, tenant).await?;
    }
    Ok(request_retry(&databases.read, name, tenant).await?)
}

fn position(lease: Option<Lease>, status: Status, skips: Vec<Skip>, last: Option<Run>) -> Position {
    Position {
        name: status.name,
        version: status.version,
        code_version: status.code_version,
        checkpoint: status.checkpoint,
        head: status.head,
        lag: status.lag,
        lease,
        stalls: status.stalls.into_iter().map(stopped).collect(),
        skips: skips.into_iter().map(skipped).collect(),
        last_run: last.map(last_run),
    }
}

fn skipped(skip: Skip) -> Skipped {
    Skipped {
        projection: skip.projection,
        version: skip.version,
        tenant: skip.tenant_id,
        position: skip.position,
        event_id: skip.event_id,
        event_type: skip.event_type,
        error: skip.error,
        reason: skip.reason,
        skipped_by: skip.skipped_by,
        skipped_at: skip.skipped_at,
    }
}

fn last_run(run: Run) -> LastRun {
    LastRun {
        run: run.run,
        purpose: run.purpose,
        tenant: run.tenant,
        state: run.state,
        position: run.position,
        differences: run.differences,
        started_by: run.started_by,
        updated_at: run.updated_at,
    }
}

fn stopped(stall: Stall) -> Stopped {
    Stopped {
        tenant: stall.tenant_id,
        position: stall.position,
        event_id: stall.event_id,
        event_type: stall.event_type,
        error: stall.error,
        attempts: stall.attempts,
        since: stall.since,
        retry_requested_at: stall.retry_requested_at,
    }
}
