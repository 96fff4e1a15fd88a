//! The state of an aggregate that is about a person, sealed as a whole for its snapshot.

use std::sync::Arc;

use serde_json::Value;

use super::cipher::padded;
use super::keyring::{KeyError, Keyring};
use super::payload;

/// The snapshot that a state is of. Sealed, it opens in no other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SnapshotOf<'a> {
    pub(crate) aggregate_type: &'a str,
    /// The log's, `<tenant>/<id>`.
    pub(crate) aggregate_id: &'a str,
    pub(crate) sequence: i64,
    pub(crate) shape: u32,
}

impl<'a> SnapshotOf<'a> {
    pub(crate) fn tenant(self) -> &'a str {
        self.aggregate_id.split_once('/').map_or("", |(tenant, _)| tenant)
    }

    fn binding(self, subject: &str) -> String {
        let Self { aggregate_type, aggregate_id, sequence, shape } = self;
        format!("snapshot\0{subject}\0{aggregate_type}\0{aggregate_id}\0{sequence}\0{shape}")
    }
}

/// Whether a state as JSON has a personal field that is not sealed.
pub(crate) fn is_unsealed(state: &str) -> bool {
    payload::is_marked(state)
}

impl Keyring {
    /// Seals the JSON of a state under the key of whom it is about; what comes of it is JSON too.
    ///
    /// # Errors
    /// [`KeyError::Erased`], and when the key cannot be had.
    pub(crate) async fn seal_state(
        &self,
        of: SnapshotOf<'_>,
        subject: &str,
        state: String,
    ) -> Result<String, KeyError> {
        let key = self.subject_to_seal(of.tenant(), subject).await?;
        let sealed = key.seal(&of.binding(subject), &padded(state.into_bytes()));
        Ok(payload::sealed_as(subject, &sealed).to_string())
    }

    /// The state that a snapshot holds, sealed or not; `None` where it does not open.
    ///
    /// # Errors
    /// When the key cannot be looked up now.
    pub(crate) async fn open_state(&self, of: SnapshotOf<'_>, payload: Value) -> Result<Option<Value>, KeyError> {
        let Some((sealed, subject)) = payload::whole(&payload) else { return Ok(Some(payload)) };
        let wanted = (Arc::from(of.tenant()), Arc::from(&*subject));
        let key = self.keys(vec![wanted]).await?.known.into_values().flatten().next();
        let opened = key.and_then(|key| key.open(&of.binding(&subject), &sealed));
        Ok(opened.and_then(|state| serde_json::from_slice(&state).ok()))
    }
}
