//! Reading the log: pages in order, one tenant's events, one stream's tail, the head.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::value::RawValue;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::types::Json;
use sqlx::{FromRow, Row};

use super::append::{Appended, IdempotencyKey};
use super::settle::find_keys;
use crate::database::{ANSWER, WORK, in_time};
use crate::event::{RecordedEvent, RecordedMetadata};

/// The columns of an event, in the order that it is decoded by.
pub const COLUMNS: &str = "position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at";

impl FromRow<'_, PgRow> for RecordedEvent {
    /// Of a query that selects [`COLUMNS`].
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        event_of(row, |name| Arc::from(name))
    }
}

/// Makes events of rows of [`COLUMNS`], of which most have their names in common with others: tenant, types and version. For a page
/// of the log or so, since it keeps them.
#[derive(Debug, Default)]
pub(crate) struct EventReader {
    names: HashSet<Arc<str>>,
}

impl EventReader {
    /// The event of a row.
    pub(crate) fn read(&mut self, row: &PgRow) -> sqlx::Result<RecordedEvent> {
        event_of(row, |name| match self.names.get(name) {
            Some(known) => Arc::clone(known),
            None => {
                let name: Arc<str> = Arc::from(name);
                self.names.insert(Arc::clone(&name));
                name
            }
        })
    }
}

/// The columns by their places, and as what they are: the log is read by the million.
fn event_of(row: &PgRow, mut named: impl FnMut(&str) -> Arc<str>) -> sqlx::Result<RecordedEvent> {
    let tenant_id: &str = row.try_get_unchecked(2)?;
    let aggregate_id: &str = row.try_get_unchecked(5)?;
    let within_tenant =
        aggregate_id.strip_prefix(tenant_id).and_then(|rest| rest.strip_prefix('/')).unwrap_or(aggregate_id);
    let payload: Json<Box<RawValue>> = row.try_get_unchecked(9)?;
    let metadata: &str = row.try_get_unchecked(10)?;
    Ok(RecordedEvent {
        position: row.try_get_unchecked(0)?,
        event_id: row.try_get_unchecked(1)?,
        tenant_id: named(tenant_id),
        tenant_position: row.try_get_unchecked(3)?,
        aggregate_type: named(row.try_get_unchecked(4)?),
        aggregate_id: Arc::from(within_tenant),
        sequence: row.try_get_unchecked(6)?,
        event_type: named(row.try_get_unchecked(7)?),
        event_version: named(row.try_get_unchecked(8)?),
        payload: payload.0,
        metadata: RecordedMetadata::from_json(metadata).map_err(|error| sqlx::Error::Decode(error.into()))?,
        recorded_at: row.try_get_unchecked(11)?,
    })
}

/// The events after position `after`, in order, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn read_after(pool: &PgPool, after: i64, limit: i64) -> sqlx::Result<Vec<RecordedEvent>> {
    in_time(
        WORK,
        sqlx::query_as(&format!("select {COLUMNS} from log.events where position > $1 order by position limit $2"))
            .bind(after)
            .bind(limit)
            .fetch_all(pool),
    )
    .await
}

/// One tenant's events after its own position `after`, in order, at most `limit`.
///
/// # Errors
/// When the database is away.
pub async fn read_tenant(pool: &PgPool, tenant: &str, after: i64, limit: i64) -> sqlx::Result<Vec<RecordedEvent>> {
    in_time(WORK, sqlx::query_as(&format!("select {COLUMNS} from log.events where tenant_id = $1 and tenant_position > $2 order by tenant_position limit $3"))
        .bind(tenant)
        .bind(after)
        .bind(limit)
        .fetch_all(pool))
        .await
}

/// One stream's events after `sequence`, in order. `aggregate_id` is the log's, `<tenant>/<id>`.
///
/// # Errors
/// When the database is away.
pub async fn read_stream(
    pool: &PgPool,
    aggregate_type: &str,
    aggregate_id: &str,
    after: i64,
) -> sqlx::Result<Vec<RecordedEvent>> {
    in_time(WORK, sqlx::query_as(&format!("select {COLUMNS} from log.events where aggregate_type = $1 and aggregate_id = $2 and sequence > $3 order by sequence"))
        .bind(aggregate_type)
        .bind(aggregate_id)
        .bind(after)
        .fetch_all(pool))
        .await
}

/// The last position committed; 0 for an empty log.
///
/// # Errors
/// When the database is away.
pub async fn head(pool: &PgPool) -> sqlx::Result<i64> {
    in_time(ANSWER, sqlx::query_scalar("select coalesce(max(position), 0) from log.events").fetch_one(pool)).await
}

/// What a look at the log tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// The last position committed; 0 for an empty log.
    pub head: i64,
    /// Why it takes no append, if it takes none.
    pub refuses: Option<Refuses>,
}

/// Why a log that can be read takes no append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refuses {
    /// The server is a standby, or takes no writes at all.
    #[error("the database is read-only")]
    ReadOnly,
    /// The present epoch was raised on another server: this one was restored from a dump.
    #[error("the log is on another server than its epoch; an operator has to raise the epoch")]
    OtherServer,
    /// The present epoch was raised on another timeline: the server was promoted or recovered.
    #[error("the log is on another timeline than its epoch; an operator has to raise the epoch")]
    OtherTimeline,
}

/// The log's head, and whether it would take an append: the same that an append asks for, without appending.
///
/// # Errors
/// When the database is away or was never migrated.
pub async fn condition(pool: &PgPool) -> sqlx::Result<Condition> {
    let (head, is_read_only, is_other_server, is_other_timeline): (i64, bool, bool, bool) = in_time(
        ANSWER,
        sqlx::query_as(
            "select coalesce((select max(position) from log.events), 0), \
                pg_is_in_recovery() or current_setting('transaction_read_only')::boolean, \
                e.system_identifier is distinct from (select c.system_identifier::text from pg_control_system() c), \
                case when pg_is_in_recovery() then false \
                     else e.timeline is distinct from substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) end \
         from log.epochs e order by e.epoch desc limit 1",
        )
        .fetch_one(pool),
    )
    .await?;
    let refuses = [
        (is_read_only, Refuses::ReadOnly),
        (is_other_server, Refuses::OtherServer),
        (is_other_timeline, Refuses::OtherTimeline),
    ];
    Ok(Condition { head, refuses: refuses.into_iter().find_map(|(does, why)| does.then_some(why)) })
}

/// A tenant's last position; 0 when nothing has happened there.
///
/// # Errors
/// When the database is away.
pub async fn tenant_head(pool: &PgPool, tenant: &str) -> sqlx::Result<i64> {
    in_time(
        ANSWER,
        sqlx::query_scalar("select coalesce(max(tenant_position), 0) from log.events where tenant_id = $1")
            .bind(tenant)
            .fetch_one(pool),
    )
    .await
}

/// The present epoch.
///
/// # Errors
/// When the database is away or was never migrated.
pub async fn epoch(pool: &PgPool) -> sqlx::Result<i32> {
    in_time(ANSWER, sqlx::query_scalar("select max(epoch) from log.epochs").fetch_one(pool)).await
}

/// The answer that a remembered idempotency key was given, as the log knows it now.
///
/// # Errors
/// When the database is away.
pub async fn remembered_answer(pool: &PgPool, key: &IdempotencyKey) -> sqlx::Result<Option<Appended>> {
    let found = in_time(ANSWER, async {
        let mut connection = pool.acquire().await?;
        find_keys(&mut connection, &[key.id]).await
    })
    .await?;
    Ok(found.get(&key.id).map(|remembered| remembered.outcome(&key.request_hash)))
}
