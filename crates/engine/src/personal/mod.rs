//! Personal data: sealed under a key of its subject before an event is appended, opened where the event is loaded or
//! folded, gone once the key is destroyed.
//!
//! Which fields are personal is said by their type: it writes itself as `{"$personal": value}`, and what comes from there
//! is never appended as it is. Outside (the log, the stream, exports) a field is `{"sealed": text, "subject": id}`.
//! Everything is opened in two places: the load of an aggregate, and the batch of a projection. A snapshot of an aggregate is
//! sealed as a whole.

pub(crate) mod cipher;
mod keyring;
mod payload;
mod repository;
mod rotate;
mod state;
mod travel;

pub use keyring::{ERASES, KeyError, Keyring};
pub(crate) use repository::Opening;
pub use rotate::{Rotated, rotate};
pub(crate) use state::{SnapshotOf, is_unsealed};
pub(crate) use travel::{Derivation, TenantBox, TravelKey};

use serde_json::value::RawValue;

use crate::event::RecordedEvent;
use crate::log::NewEvent;
use payload::Origin;

/// The purpose that the key which wraps tenants' keys is derived for.
pub const PURPOSE: &str = "personal data";

/// Whether an event that was decided holds personal data.
pub(crate) fn is_personal(event: &NewEvent) -> bool {
    payload::is_marked(&event.payload)
}

/// Whose sealed personal data a payload holds, each as often as it does.
///
/// # Errors
/// When the payload is no JSON.
pub(crate) fn subjects_of(payload: &RawValue) -> serde_json::Result<Vec<String>> {
    if !payload::may_be_sealed(payload.get()) {
        return Ok(Vec::new());
    }
    let json: serde_json::Value = serde_json::from_str(payload.get())?;
    Ok(payload::subjects(&json).into_iter().map(str::to_owned).collect())
}

/// Whether an event, as the log has it, holds personal data of `subject`.
pub(crate) fn concerns(event: &RecordedEvent, subject: &str) -> bool {
    let text = event.payload.get();
    payload::may_be_sealed(text)
        && serde_json::from_str(text).is_ok_and(|json| payload::subjects(&json).contains(&subject))
}

/// Seals the personal data of an event that was decided.
pub(crate) async fn seal(keyring: &Keyring, tenant: &str, subject: &str, event: &mut NewEvent) -> Result<(), KeyError> {
    let origin = Origin {
        tenant,
        aggregate_type: event.aggregate_type,
        aggregate_id: &event.aggregate_id,
        sequence: event.sequence,
        event_type: &event.event_type,
    };
    event.payload = keyring.seal(&event.payload, origin, subject).await?;
    Ok(())
}
