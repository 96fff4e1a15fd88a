//! Decoding what a projection follows.

use serde::de::DeserializeOwned;
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::projection::ReducerError;
use uuid::Uuid;

/// Decodes an event of one of `types` at version 1. Another type or version of a followed aggregate is never passed over.
pub(crate) fn decode<E: DeserializeOwned>(event: &RecordedEvent, types: &[&str]) -> Result<E, ReducerError> {
    if !types.contains(&&*event.event_type) || &*event.event_version != "1" {
        return Err(ReducerError::unknown(event));
    }
    Ok(event.decode()?)
}

/// The id of the aggregate that the event is of.
pub(crate) fn aggregate_uuid(event: &RecordedEvent) -> Result<Uuid, ReducerError> {
    Uuid::try_parse(&event.aggregate_id)
        .map_err(|_| ReducerError::new(format!("{:?} is no id of a {}", event.aggregate_id, event.aggregate_type)))
}

/// The row that an event changes must be there.
pub(crate) fn present<R>(row: Option<R>, event: &RecordedEvent) -> Result<R, ReducerError> {
    row.ok_or_else(|| {
        ReducerError::new(format!("{} of a {} that was never created", event.event_type, event.aggregate_type))
    })
}
