//! Rotating the keys of personal data, and those that sign access tokens.

use std::time::Duration;

use serde::Serialize;
use tidemark_engine::personal;
use tidemark_engine::signing_keys::{self, SigningKeyError, SigningVault};
use tidemark_runtime::Settings;
use uuid::Uuid;

use crate::cli::Rotate;
use crate::operator::ensure_secret;
use crate::output::Output;
use crate::{Failure, connect};

pub(crate) async fn run(rotate: &Rotate, settings: &Settings, output: Output) -> Result<(), Failure> {
    if rotate.data {
        return output.print(&rotate_data(settings).await?, |rotated| {
            format!(
                "{} tenant(s) have a new key; the keys of {} people are wrapped by it",
                rotated.tenants, rotated.people
            )
        });
    }
    let how = if rotate.compromised { Signing::Compromised } else { Signing::After(Duration::from_secs(rotate.lead)) };
    let rotated = rotate_signing(settings, how).await?;
    let is_overridden = settings.signing_key_file.is_some();
    output.print(&rotated, |rotated| {
        let RotatedSigning { key, signs_in_seconds, former_verifies_for_seconds } = rotated;
        let former = match former_verifies_for_seconds {
            Some(seconds) => format!("the one before it verifies for {seconds} s"),
            None => "there is no other".to_owned(),
        };
        let file = if is_overridden { "; `signing_key_file` goes before it wherever it is set" } else { "" };
        format!("the key {key} signs access tokens in {signs_in_seconds} s; {former}{file}")
    })
}

/// How the key that signs is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// The next one signs after this, and no token ends.
    After(Duration),
    /// Now, and every token ends.
    Compromised,
}

/// The key that signs access tokens from now on, or soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RotatedSigning {
    /// Its name: the `kid` of tokens.
    pub key: Uuid,
    /// Until then the one before it signs.
    pub signs_in_seconds: u64,
    /// How long that one still verifies; `None` when it does not.
    pub former_verifies_for_seconds: Option<u64>,
}

/// Replaces the key that signs access tokens.
///
/// # Errors
/// [`Failure::Refused`] while another rotation is under way.
pub async fn rotate_signing(settings: &Settings, how: Signing) -> Result<RotatedSigning, Failure> {
    ensure_secret(settings)?;
    let owner = connect::as_owner(settings).await?;
    let mut connection = owner.acquire().await?;
    let vault = vault(settings);
    let rotated = match how {
        Signing::After(lead) => vault.rotate(&mut connection, lead).await?,
        Signing::Compromised => vault.replace(&mut connection).await?,
    };
    Ok(RotatedSigning {
        key: rotated.id,
        signs_in_seconds: rotated.signs_in.as_secs(),
        former_verifies_for_seconds: rotated.former_verifies_for.map(|span| span.as_secs()),
    })
}

fn vault(settings: &Settings) -> SigningVault {
    SigningVault::new(settings.derive_key(signing_keys::PURPOSE), settings.derive_previous_key(signing_keys::PURPOSE))
}

impl From<SigningKeyError> for Failure {
    fn from(error: SigningKeyError) -> Self {
        match error {
            SigningKeyError::Database(error) => error.into(),
            SigningKeyError::OtherSecret(_) => Self::Usage(error.to_string()),
            SigningKeyError::UnderWay(_) => Self::Refused(error.to_string()),
        }
    }
}

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
/// under `previous_secret` is passed over, the keys that sign access tokens included.
///
/// # Errors
/// [`Failure::Usage`] when a key opens under neither secret.
pub async fn rotate_data(settings: &Settings) -> Result<RotatedData, Failure> {
    ensure_secret(settings)?;
    let owner = connect::as_owner(settings).await?;
    let mut connection = owner.acquire().await?;
    let master = settings.derive_key(personal::PURPOSE);
    let previous = settings.derive_previous_key(personal::PURPOSE);
    // First, so that the secret before may go once all is passed over.
    vault(settings).rewrap(&mut connection).await?;
    let rotated = personal::rotate(&mut connection, master, previous).await?;
    Ok(RotatedData { tenants: rotated.tenants, people: rotated.subjects })
}
