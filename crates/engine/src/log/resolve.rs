//! Finds out what became of an append whose connection broke.
//!
//! Asking the log is not enough: the append may still be waiting for the lock and commit later. So the process's
//! generation is raised first, under the same lock. An append of an older generation is refused from then on, and only
//! therefore does absent mean absent.

use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::append::{Append, Appended, Place};
use super::settle::find_keys;

/// What became of a batch.
pub(super) enum Resolution {
    /// It is in the log; what each of its appends is told.
    Committed(Vec<Appended>),
    /// It is not, and never will be.
    Absent,
}

/// Fences all that this process has under way.
pub(super) async fn raise_generation(connection: &mut PgConnection, appender: Uuid) -> sqlx::Result<i64> {
    sqlx::query_scalar("select log.raise_generation($1)").bind(appender).fetch_one(connection).await
}

/// Looks for the traces of a batch that was fenced. A batch is one transaction, but parts of it may have been refused
/// one by one, so each append is looked up by itself: by its last event, else by its key. An append without events has
/// only the key, which an earlier request may have used, with the same answer even: what the key holds is told as
/// replayed, for that is true of both. When not one has left a trace the batch is absent; where some have, those
/// without were refused and count as conflicts, to be decided again.
pub(super) async fn look_up(connection: &mut PgConnection, appends: &[&Append]) -> sqlx::Result<Resolution> {
    let key_ids: Vec<Uuid> = appends.iter().filter_map(|append| append.key.as_ref()).map(|(key, _)| key.id).collect();
    let keys = find_keys(connection, &key_ids).await?;
    let mut outcomes = Vec::with_capacity(appends.len());
    let mut found = false;
    for append in appends {
        let place = place_of(connection, append).await?;
        let remembered =
            append.key.as_ref().and_then(|(key, _)| keys.get(&key.id).map(|known| known.outcome(&key.request_hash)));
        let outcome = match (place, remembered) {
            (Some(place), _) => Appended::Committed(place),
            (None, Some(outcome)) => outcome,
            (None, None) => {
                outcomes.push(Appended::Conflict);
                continue;
            }
        };
        found = true;
        outcomes.push(outcome);
    }
    Ok(if found { Resolution::Committed(outcomes) } else { Resolution::Absent })
}

/// Where the append's last event is in the log, if it is there.
async fn place_of(connection: &mut PgConnection, append: &Append) -> sqlx::Result<Option<Place>> {
    let Some(event) = append.events.last() else {
        return Ok(None);
    };
    let row = sqlx::query(
        "select position, tenant_position from log.events where aggregate_type = $1 and aggregate_id = $2 and sequence = $3 and event_id = $4",
    )
    .bind(event.aggregate_type)
    .bind(&*event.aggregate_id)
    .bind(event.sequence)
    .bind(event.event_id)
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok(Place { position: row.try_get("position")?, tenant_position: row.try_get("tenant_position")? }))
        .transpose()
}
