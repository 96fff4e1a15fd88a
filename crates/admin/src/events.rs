//! Reading the log as an operator: the last events, the ones to come, and one in full.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tidemark_content::PostEvent;
use tidemark_engine::event::{Metadata, RecordedEvent};
use tidemark_engine::log::{self, COLUMNS};
use tidemark_identity::UserEvent;
use tidemark_tenancy::TenantEvent;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Failure, tenants};

const PAGE: i64 = 500;
/// An append notifies, but a notification may be lost.
const POLL: Duration = Duration::from_secs(1);

/// An event as it is printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Place in the log.
    pub position: i64,
    /// Its id.
    pub event_id: Uuid,
    /// The tenant.
    pub tenant: String,
    /// Place among the tenant's events.
    pub tenant_position: i64,
    /// Type of the aggregate.
    pub aggregate_type: String,
    /// The aggregate's id within its tenant.
    pub aggregate_id: String,
    /// Place in the aggregate's stream.
    pub sequence: i64,
    /// Type of the event.
    pub event_type: String,
    /// Version of its shape.
    pub event_version: String,
    /// When the log took it.
    pub recorded_at: DateTime<Utc>,
    /// Who, why and in which request.
    pub metadata: Metadata,
    /// What happened.
    pub payload: Box<RawValue>,
}

impl From<RecordedEvent> for Shown {
    fn from(event: RecordedEvent) -> Self {
        Self {
            position: event.position,
            event_id: event.event_id,
            tenant: event.tenant_id.to_string(),
            tenant_position: event.tenant_position,
            aggregate_type: event.aggregate_type.to_string(),
            aggregate_id: event.aggregate_id.to_string(),
            sequence: event.sequence,
            event_type: event.event_type.to_string(),
            event_version: event.event_version.to_string(),
            recorded_at: event.recorded_at,
            metadata: event.metadata.to_map(),
            payload: event.payload,
        }
    }
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this tenant.
    pub tenant: Option<String>,
    /// Only of this type.
    pub event_type: Option<String>,
}

impl Filter {
    /// Refuses names that match nothing.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when there is no such tenant or type.
    pub async fn ensure_known(&self, pool: &PgPool) -> Result<(), Failure> {
        if let Some(tenant) = &self.tenant {
            tenants::existing(pool, tenant).await?;
        }
        let Some(event_type) = &self.event_type else { return Ok(()) };
        if known_types().any(|known| known == event_type) {
            return Ok(());
        }
        // A newer version may have written types that this one does not know.
        let is_used: bool = sqlx::query_scalar("select exists (select from log.events where event_type = $1)")
            .bind(event_type)
            .fetch_one(pool)
            .await?;
        if is_used {
            return Ok(());
        }
        let known: Vec<&str> = known_types().collect();
        Err(Failure::NotFound(format!("there is no event type `{event_type}`; there are {}", known.join(", "))))
    }
}

fn known_types() -> impl Iterator<Item = &'static str> {
    TenantEvent::TYPES.iter().chain(UserEvent::TYPES).chain(PostEvent::TYPES).copied()
}

/// The last `count` events up to position `head` that `filter` lets through, the oldest first.
///
/// # Errors
/// When the database is away.
pub async fn last(pool: &PgPool, filter: &Filter, head: i64, count: i64) -> Result<Vec<RecordedEvent>, Failure> {
    let mut events: Vec<RecordedEvent> = sqlx::query_as(&format!(
        "select {COLUMNS} from log.events where ($1::text is null or tenant_id = $1) and ($2::text is null or event_type = $2) and position <= $3 order by position desc limit $4"
    ))
    .bind(&filter.tenant)
    .bind(&filter.event_type)
    .bind(head)
    .bind(count)
    .fetch_all(pool)
    .await?;
    events.reverse();
    Ok(events)
}

/// Reads the log on from a position, page by page.
#[derive(Debug)]
pub struct Tail {
    pool: PgPool,
    filter: Filter,
    after: i64,
}

impl Tail {
    /// Everything after position `after`.
    #[must_use]
    pub fn new(pool: PgPool, filter: Filter, after: i64) -> Self {
        Self { pool, filter, after }
    }

    /// The next page; empty when there is nothing more yet.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn step(&mut self) -> Result<Vec<RecordedEvent>, Failure> {
        let head = log::head(&self.pool).await?;
        let page: Vec<RecordedEvent> = sqlx::query_as(&format!(
            "select {COLUMNS} from log.events where position > $1 and position <= $2 \
             and ($3::text is null or tenant_id = $3) and ($4::text is null or event_type = $4) order by position limit {PAGE}"
        ))
        .bind(self.after)
        .bind(head)
        .bind(&self.filter.tenant)
        .bind(&self.filter.event_type)
        .fetch_all(&self.pool)
        .await?;
        let is_full = page.len() as i64 == PAGE;
        self.after = match page.last() {
            Some(last) if is_full => last.position,
            // Nothing up to here is wanted, so it need not be looked at again.
            _ => head.max(self.after),
        };
        Ok(page)
    }

    /// Gives `each` all events there are and all to come until `shutdown`.
    ///
    /// # Errors
    /// When the database is away, or `each` fails.
    pub async fn follow(
        &mut self,
        shutdown: &CancellationToken,
        mut each: impl FnMut(RecordedEvent) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen("tidemark_log").await?;
        while !shutdown.is_cancelled() {
            let page = self.step().await?;
            if page.is_empty() {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    heard = tokio::time::timeout(POLL, listener.recv()) => if let Ok(heard) = heard { drop(heard?) },
                }
            }
            page.into_iter().try_for_each(&mut each)?;
        }
        Ok(())
    }
}

/// The event at a position, or of an id.
///
/// # Errors
/// [`Failure::NotFound`] when there is none, [`Failure::Usage`] when `which` is neither.
pub async fn show(pool: &PgPool, which: &str) -> Result<Shown, Failure> {
    let query = format!("select {COLUMNS} from log.events where");
    let found: Option<RecordedEvent> = if let Ok(position) = which.parse::<i64>() {
        sqlx::query_as(&format!("{query} position = $1")).bind(position).fetch_optional(pool).await?
    } else if let Ok(id) = which.parse::<Uuid>() {
        // Ids have no index; an operator can wait for a scan.
        sqlx::query_as(&format!("{query} event_id = $1")).bind(id).fetch_optional(pool).await?
    } else {
        return Err(Failure::Usage(format!("`{which}` is neither a position nor an event's id")));
    };
    match found {
        Some(event) => Ok(event.into()),
        None => Err(Failure::NotFound(format!(
            "there is no event `{which}`; the log ends at position {}",
            log::head(pool).await?
        ))),
    }
}
