//! Where the projections are, why one has stopped, and asking for another try.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;
use tidemark_engine::projection::{Stall, request_retry};
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

/// Every projection that is known or installed, by name. `pool` is the role `tidemark_projection` or the owner.
///
/// # Errors
/// When the database is away or not migrated.
pub async fn all(pool: &PgPool) -> Result<Vec<Position>, Failure> {
    let leases: Vec<(String, Uuid, DateTime<Utc>)> =
        sqlx::query_as("select projection, holder, until from read.leases where until > clock_timestamp()")
            .fetch_all(pool)
            .await?;
    let lease_of = |name: &str| {
        leases
            .iter()
            .find(|(projection, ..)| projection == name)
            .map(|(_, holder, until)| Lease { holder: *holder, until: *until })
    };
    let statuses = tidemark_projections::status(pool).await?;
    Ok(statuses.into_iter().map(|status| position(lease_of(&status.name), status)).collect())
}

/// One projection.
///
/// # Errors
/// [`Failure::NotFound`] when there is none of that name.
pub async fn one(pool: &PgPool, name: &str) -> Result<Position, Failure> {
    let all = all(pool).await?;
    let known: Vec<String> = all.iter().map(|position| position.name.clone()).collect();
    let found = all.into_iter().find(|position| position.name == name);
    found.ok_or_else(|| Failure::NotFound(format!("there is no projection `{name}`; there are {}", known.join(", "))))
}

/// Asks for another try of the events that `name` has stopped at, of one tenant or of all; says how many there are.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such projection or tenant.
pub async fn retry(pool: &PgPool, name: &str, tenant: Option<&str>) -> Result<u64, Failure> {
    one(pool, name).await?;
    if let Some(tenant) = tenant {
        tenants::existing(pool, tenant).await?;
    }
    Ok(request_retry(pool, name, tenant).await?)
}

fn position(lease: Option<Lease>, status: Status) -> Position {
    Position {
        name: status.name,
        version: status.version,
        code_version: status.code_version,
        checkpoint: status.checkpoint,
        head: status.head,
        lag: status.lag,
        lease,
        stalls: status.stalls.into_iter().map(stopped).collect(),
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
