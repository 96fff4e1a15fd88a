//! The key that signs access tokens, and how the world verifies them.

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::{Digest, Sha256};
use tidemark_runtime::{Environment, Settings};

/// An Ed25519 key pair with its name.
#[derive(Clone)]
pub struct SigningKey {
    /// The RFC 7638 thumbprint.
    pub(crate) kid: String,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    x: String,
}

impl SigningKey {
    /// The key of `signing_key_file`. In development a missing setting gives a key of this process alone.
    ///
    /// # Errors
    /// When the file cannot be read, is no such key, or is missing in production.
    pub fn load(settings: &Settings) -> anyhow::Result<Self> {
        let Some(path) = &settings.signing_key_file else {
            anyhow::ensure!(
                settings.environment == Environment::Development,
                "signing_key_file must be set in production"
            );
            tracing::warn!("no signing_key_file: access tokens are good in this process only, and end with it");
            return Self::of(&ed25519_dalek::SigningKey::from_bytes(&rand::random()));
        };
        let pem = std::fs::read_to_string(path)
            .with_context(|| format!("signing_key_file {} cannot be read", path.display()))?;
        let key = ed25519_dalek::SigningKey::from_pkcs8_pem(&pem).map_err(|error| {
            anyhow::anyhow!("signing_key_file {} is no PKCS#8 PEM file with an Ed25519 key: {error}", path.display())
        })?;
        Self::of(&key)
    }

    fn of(key: &ed25519_dalek::SigningKey) -> anyhow::Result<Self> {
        let der = key.to_pkcs8_der().map_err(|error| anyhow::anyhow!("the signing key cannot be encoded: {error}"))?;
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)));
        Ok(Self {
            kid,
            encoding: EncodingKey::from_ed_der(der.as_bytes()),
            decoding: DecodingKey::from_ed_components(&x)?,
            x,
        })
    }

    /// The public half as a JSON Web Key Set.
    pub(crate) fn jwks(&self) -> serde_json::Value {
        serde_json::json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.kid, "alg": "EdDSA", "use": "sig" }] })
    }
}
