//! An event as the log holds it, and what rides along with it.

mod metadata;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use uuid::Uuid;

pub use metadata::{Metadata, RecordedMetadata};

/// The member of an event's metadata that says when it was first recorded, if that was in another log: its tenant has moved
/// here since.
pub const FIRST_RECORDED_AT: &str = "firstRecordedAt";

/// One event of the log, exactly as it was committed. Cheap to clone through `Arc`.
#[derive(Debug, Clone)]
pub struct RecordedEvent {
    /// Place in the log: 1, 2, 3, without gaps.
    pub position: i64,
    /// Unique for ever; also `Nats-Msg-Id` and `ce-id`.
    pub event_id: Uuid,
    /// The tenant's permanent key.
    pub tenant_id: Arc<str>,
    /// Place among the tenant's events, without gaps.
    pub tenant_position: i64,
    /// Type of the aggregate, `post`.
    pub aggregate_type: Arc<str>,
    /// Id of the aggregate within its tenant: the log's `aggregate_id` without its `<tenant>/`.
    pub aggregate_id: Arc<str>,
    /// Place in the aggregate's stream, from 1.
    pub sequence: i64,
    /// Type of the event, `PostCreated`.
    pub event_type: Arc<str>,
    /// Version of the event's shape, `1`.
    pub event_version: Arc<str>,
    /// The event's JSON, byte for byte as it was appended.
    pub payload: Box<RawValue>,
    /// Who, why and in which request.
    pub metadata: RecordedMetadata,
    /// When the log took it; never falls from one position to the next.
    pub recorded_at: DateTime<Utc>,
}

impl RecordedEvent {
    /// Decodes the payload into the event type of a module.
    ///
    /// # Errors
    /// When the payload is not of that shape.
    pub fn decode<E: DeserializeOwned>(&self) -> serde_json::Result<E> {
        serde_json::from_str(self.payload.get())
    }

    /// Whether both are of one stream.
    #[must_use]
    pub fn is_of_stream(&self, other: &Self) -> bool {
        self.aggregate_id == other.aggregate_id
            && self.tenant_id == other.tenant_id
            && self.aggregate_type == other.aggregate_type
    }

    /// Whether it was first recorded in another log. What it was to lead to outside has happened there.
    #[must_use]
    pub fn is_imported(&self) -> bool {
        self.metadata.contains_key(FIRST_RECORDED_AT)
    }

    /// Bytes this event takes in memory, roughly; bounds of rings and batches count with it.
    #[must_use]
    pub fn weight(&self) -> usize {
        256 + self.payload.get().len() + self.aggregate_id.len() + self.metadata.as_json().len()
    }
}
