//! Rotating the keys of personal data.

use serde::Serialize;
use tidemark_engine::personal;
use tidemark_runtime::Settings;

use crate::operator::ensure_secret;
use crate::{Failure, connect};

/// Keys that were replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RotatedData {
    /// Tenants that have a new key, under the present secret.
    pub tenants: u64,
    /// People whose own keys are wrapped by it.
    pub people: u64,
}

/// Gives every tenant a new key, wrapped under the present `secret`, and wraps its people's keys by it. What was wrapped
/// under `previous_secret` is passed over.
///
/// # Errors
/// [`Failure::Usage`] when a key opens under neither secret.
pub async fn rotate_data(settings: &Settings) -> Result<RotatedData, Failure> {
    ensure_secret(settings)?;
    let owner = connect::as_owner(settings).await?;
    let mut connection = owner.acquire().await?;
    let master = settings.derive_key(personal::PURPOSE);
    let previous = settings.derive_previous_key(personal::PURPOSE);
    let rotated = personal::rotate(&mut connection, master, previous).await?;
    Ok(RotatedData { tenants: rotated.tenants, people: rotated.subjects })
}
