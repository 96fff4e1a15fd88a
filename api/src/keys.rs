//! The keys that sign access tokens, and how the world verifies them.
//!
//! They are kept in the database, wrapped under the master secret, and every process follows them there: a rotation reaches all
//! without a restart. A file overrides them: its key alone signs then, while those of the database go on verifying.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tidemark_engine::signing_keys::{self, KeptKey, SigningKeyError, SigningVault};
use tidemark_runtime::Settings;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How often a process looks whether keys have changed. Far below the shortest lead of a rotation.
const EVERY: Duration = Duration::from_secs(2);

/// An Ed25519 key pair with its name.
pub(crate) struct SigningKey {
    pub(crate) kid: String,
    pub(crate) encoding: EncodingKey,
    pub(crate) decoding: DecodingKey,
    x: String,
}

impl SigningKey {
    /// `kid` is its RFC 7638 thumbprint where it has no other name.
    fn of(key: &ed25519_dalek::SigningKey, kid: Option<String>) -> anyhow::Result<Self> {
        let der = key.to_pkcs8_der().map_err(|error| anyhow::anyhow!("the signing key cannot be encoded: {error}"))?;
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        let thumbprint =
            || URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)));
        Ok(Self {
            kid: kid.unwrap_or_else(thumbprint),
            encoding: EncodingKey::from_ed_der(der.as_bytes()),
            decoding: DecodingKey::from_ed_components(&x)?,
            x,
        })
    }

    fn jwk(&self) -> serde_json::Value {
        serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.kid, "alg": "EdDSA", "use": "sig" })
    }
}

/// A key and when it is good for what.
#[derive(Clone)]
struct Scheduled {
    key: Arc<SigningKey>,
    signs_from: Instant,
    verifies_until: Option<Instant>,
}

impl Scheduled {
    fn verifies(&self, now: Instant) -> bool {
        self.verifies_until.is_none_or(|until| now < until)
    }
}

/// All keys of a process. Clones share them.
#[derive(Clone)]
pub struct SigningKeys(Arc<Inner>);

struct Inner {
    /// The key of `signing_key_file`.
    of_file: Option<Arc<SigningKey>>,
    vault: SigningVault,
    token_seconds: i32,
    /// Those of the database, in the order in which they sign.
    kept: RwLock<Vec<Scheduled>>,
}

impl SigningKeys {
    /// The key of `signing_key_file`, where there is one; those of the database come with [`SigningKeys::begin`].
    ///
    /// # Errors
    /// When the file cannot be read, or is no such key.
    pub fn load(settings: &Settings) -> anyhow::Result<Self> {
        let of_file = settings.signing_key_file.as_deref().map(read_file).transpose()?;
        let vault = SigningVault::new(
            settings.derive_key(signing_keys::PURPOSE),
            settings.derive_previous_key(signing_keys::PURPOSE),
        );
        let token_seconds = i32::try_from(settings.access_token_seconds).unwrap_or(i32::MAX);
        Ok(Self(Arc::new(Inner { of_file, vault, token_seconds, kept: RwLock::default() })))
    }

    /// Reads the keys of the database, and makes the first one where there is none and no file stands in for it.
    ///
    /// # Errors
    /// When the database is away, or the keys are of another master secret.
    pub async fn begin(&self, pool: &PgPool) -> Result<(), SigningKeyError> {
        if self.0.of_file.is_none() {
            self.0.vault.begin(pool, self.0.token_seconds).await?;
        }
        self.refresh(pool).await
    }

    /// Takes in what a rotation has changed.
    ///
    /// # Errors
    /// As [`SigningKeys::begin`].
    pub async fn refresh(&self, pool: &PgPool) -> Result<(), SigningKeyError> {
        let asked = Instant::now();
        let read = match self.0.vault.read(pool).await {
            // Nobody needs it where a file signs.
            Err(SigningKeyError::OtherSecret(_)) if self.0.of_file.is_some() => Vec::new(),
            read => read?,
        };
        let known = self.kept();
        let kept = read.iter().map(|kept| scheduled(kept, &known, asked)).collect();
        *self.0.kept.write().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(())
    }

    /// Keeps up with rotations until `ending`.
    pub async fn follow(&self, pool: &PgPool, ending: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = ending.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(error) = self.refresh(pool).await {
                // What is known goes on: keys end by the clock, and a database that is away signs nobody in.
                tracing::debug!(%error, "the signing keys could not be read");
            }
        }
    }

    /// The key that signs now; `None` before the database was read.
    pub(crate) fn signing(&self) -> Option<Arc<SigningKey>> {
        if let Some(key) = &self.0.of_file {
            return Some(Arc::clone(key));
        }
        let (now, kept) = (Instant::now(), self.0.kept.read().unwrap_or_else(PoisonError::into_inner));
        kept.iter().rfind(|scheduled| scheduled.signs_from <= now).map(|scheduled| Arc::clone(&scheduled.key))
    }

    /// The key of this name, while it verifies.
    pub(crate) fn verifying(&self, kid: &str) -> Option<Arc<SigningKey>> {
        if let Some(key) = self.0.of_file.as_ref().filter(|key| key.kid == kid) {
            return Some(Arc::clone(key));
        }
        let (now, kept) = (Instant::now(), self.0.kept.read().unwrap_or_else(PoisonError::into_inner));
        let mut verifying = kept.iter().filter(|scheduled| scheduled.verifies(now));
        verifying.find(|scheduled| scheduled.key.kid == kid).map(|scheduled| Arc::clone(&scheduled.key))
    }

    /// All public halves as a JSON Web Key Set, the one that signs first.
    pub(crate) fn jwks(&self) -> serde_json::Value {
        let now = Instant::now();
        let signing = self.signing();
        let kept = self.kept();
        let is_other = |key: &SigningKey| signing.as_ref().is_none_or(|signing| signing.kid != key.kid);
        let others = kept.iter().filter(|scheduled| scheduled.verifies(now)).map(|scheduled| &scheduled.key);
        let all = signing.iter().chain(others.filter(|key| is_other(key)));
        serde_json::json!({ "keys": all.map(|key| key.jwk()).collect::<Vec<_>>() })
    }

    fn kept(&self) -> Vec<Scheduled> {
        self.0.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn read_file(path: &std::path::Path) -> anyhow::Result<Arc<SigningKey>> {
    let pem =
        std::fs::read_to_string(path).with_context(|| format!("signing_key_file {} cannot be read", path.display()))?;
    let key = ed25519_dalek::SigningKey::from_pkcs8_pem(&pem).map_err(|error| {
        anyhow::anyhow!("signing_key_file {} is no PKCS#8 PEM file with an Ed25519 key: {error}", path.display())
    })?;
    SigningKey::of(&key, None).map(Arc::new)
}

/// A key as the database has it, by this process' clock. One that is known already is not made again.
fn scheduled(kept: &KeptKey, known: &[Scheduled], asked: Instant) -> Scheduled {
    let kid = kept.id.to_string();
    let known = known.iter().find(|known| known.key.kid == kid).map(|known| Arc::clone(&known.key));
    let made = || {
        let key = ed25519_dalek::SigningKey::from_bytes(&kept.seed);
        Arc::new(SigningKey::of(&key, Some(kid)).expect("every seed is a key that can be encoded"))
    };
    Scheduled {
        key: known.unwrap_or_else(made),
        signs_from: asked + kept.signs_in,
        verifies_until: kept.verifies_for.map(|span| asked + span),
    }
}
