//! What the bodies of the frames say, as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::event::Metadata;
use crate::personal::Derivation;

/// What the proofs in header and end seal.
pub(super) const PROOF: &[u8] = b"tidemark";

/// The first frame.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Header {
    pub(super) tenant: String,
    /// How many there are, which is also the last tenant position.
    pub(super) events: i64,
    pub(super) exported_at: DateTime<Utc>,
    /// `None` where no key and no secret travels along.
    pub(super) secrets: Option<Sealing>,
}

/// How the secrets of a file are sealed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Sealing {
    pub(super) derivation: Derivation,
    /// Opens with the right passphrase, so that a wrong one is told at once.
    pub(super) proof: Bytes,
}

/// An event without what is the same for all: its tenant is the header's.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Event {
    pub(super) event_id: Uuid,
    pub(super) tenant_position: i64,
    pub(super) aggregate_type: String,
    pub(super) aggregate_id: String,
    pub(super) sequence: i64,
    pub(super) event_type: String,
    pub(super) event_version: String,
    pub(super) recorded_at: DateTime<Utc>,
    pub(super) metadata: Metadata,
    pub(super) payload: Box<RawValue>,
}

/// A claim that is held.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Claim {
    pub(super) scope: String,
    pub(super) value: String,
    pub(super) aggregate_type: String,
    pub(super) aggregate_id: String,
}

/// Somebody whose key was destroyed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Erased {
    pub(super) subject: String,
    pub(super) erased_at: DateTime<Utc>,
}

/// The key that claims of personal values are compared with, wrapped by the passphrase.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClaimsKey {
    pub(super) key: Bytes,
}

/// A person's key, wrapped by the passphrase.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Key {
    pub(super) subject: String,
    pub(super) key: Bytes,
}

/// A secret. Its frame is sealed as a whole.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Secret {
    pub(super) kind: String,
    pub(super) subject: String,
    pub(super) value: String,
}

/// The answer of a command that may still be repeated. Its frame is sealed as a whole.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) key_id: Uuid,
    pub(super) request_hash: Bytes,
    pub(super) answer: Bytes,
    pub(super) tenant_position: i64,
    pub(super) recorded_at: DateTime<Utc>,
}

/// The last frame: how many there were of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Counts {
    pub(super) events: i64,
    pub(super) claims: i64,
    pub(super) erased: i64,
    pub(super) keys: i64,
    pub(super) secrets: i64,
    pub(super) answers: i64,
}

/// The last frame.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct End {
    pub(super) counts: Counts,
    /// Opens with the passphrase and in this place only, so that whoever knows it vouches for every frame before.
    pub(super) proof: Option<Bytes>,
}

/// Bytes as base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl TryFrom<String> for Bytes {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        URL_SAFE_NO_PAD.decode(text).map(Self)
    }
}

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> Self {
        URL_SAFE_NO_PAD.encode(bytes.0)
    }
}

/// What a key or a secret is bound to: its tenant, what it is of, and its place in the file.
pub(super) fn bound_to(tenant: &str, what: &str, place: &str) -> String {
    format!("file\0{tenant}\0{what}\0{place}")
}
