//! Access tokens: EdDSA JWTs of 15 minutes, signed here and verified here.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tidemark_kernel::{Caller, Role, SessionId, TenantId, Timestamp, UserId};
use tidemark_runtime::Settings;
use uuid::Uuid;

use crate::keys::SigningKey;
use crate::problem::Problem;
use crate::revocations::Revocations;

/// Verified tokens that are remembered, so that a signature is checked once.
const REMEMBERED: u64 = 20_000;
/// No token of ours comes near this.
const LONGEST: usize = 2_048;

/// A token whose signature and claims are good.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Who it names.
    pub caller: Caller,
    /// The sign-in it comes from.
    pub session: SessionId,
    /// The version of the user's account at which it was issued.
    pub version: i64,
    expires_at: u64,
}

/// Signs and verifies. Clones share keys and memory.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    kid: String,
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
    jwks: serde_json::Value,
    issuer: String,
    lifetime: Duration,
    remembered: Cache<[u8; 32], Verified>,
    revocations: Revocations,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: Uuid,
    tid: TenantId,
    role: Role,
    sid: Uuid,
    /// What ended later than this version of the account ended this token too. One that lacks it is older than all.
    #[serde(default)]
    ver: i64,
    iat: u64,
    exp: u64,
    iss: String,
    aud: String,
}

impl Tokens {
    /// Signs with `key`; refuses what `revocations` has.
    #[must_use]
    pub fn new(key: &SigningKey, settings: &Settings, revocations: Revocations) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = 0;
        validation.set_issuer(&[&settings.token_issuer]);
        validation.set_audience(&[&settings.token_issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self(Arc::new(Inner {
            kid: key.kid.clone(),
            signing: key.encoding.clone(),
            verifying: key.decoding.clone(),
            validation,
            jwks: key.jwks(),
            issuer: settings.token_issuer.clone(),
            lifetime: Duration::from_secs(settings.access_token_seconds),
            remembered: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(Duration::from_secs(settings.access_token_seconds))
                .build(),
            revocations,
        }))
    }

    /// A token for `caller`, whose account is at `version`, good from `at` on.
    ///
    /// # Errors
    /// When the key does not sign: a defect.
    pub fn issue(&self, caller: &Caller, session: SessionId, version: i64, at: Timestamp) -> Result<String, Problem> {
        let issued_at = u64::try_from(at.as_datetime().timestamp()).unwrap_or_default();
        let claims = Claims {
            sub: caller.user.as_uuid(),
            tid: caller.tenant.clone(),
            role: caller.role,
            sid: session.as_uuid(),
            ver: version,
            iat: issued_at,
            exp: issued_at + self.0.lifetime.as_secs(),
            iss: self.0.issuer.clone(),
            aud: self.0.issuer.clone(),
        };
        let header = Header { kid: Some(self.0.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.0.signing).map_err(Problem::internal)
    }

    /// Seconds that a token is good for.
    #[must_use]
    pub fn lifetime_seconds(&self) -> u64 {
        self.0.lifetime.as_secs()
    }

    /// Who the token names, if it is good in `tenant`, now, and was not revoked.
    ///
    /// # Errors
    /// With the 401 to answer.
    pub fn verify(&self, token: &str, tenant: &TenantId) -> Result<Verified, Problem> {
        let verified = self.checked(token)?;
        if verified.caller.tenant != *tenant {
            return Err(Problem::bad_token("TOKEN_TENANT_MISMATCH", "The access token belongs to another tenant"));
        }
        if verified.expires_at <= u64::try_from(Utc::now().timestamp()).unwrap_or_default() {
            return Err(expired());
        }
        if self.0.revocations.has(&verified) {
            return Err(Problem::bad_token("TOKEN_REVOKED", "The access token was revoked, sign in again"));
        }
        Ok(verified)
    }

    /// The public keys, as `/.well-known/jwks.json` has them.
    #[must_use]
    pub fn jwks(&self) -> &serde_json::Value {
        &self.0.jwks
    }

    fn checked(&self, token: &str) -> Result<Verified, Problem> {
        if token.len() > LONGEST {
            return Err(invalid());
        }
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(verified) = self.0.remembered.get(&digest) {
            return Ok(verified);
        }
        let verified = self.decode(token)?;
        self.0.remembered.insert(digest, verified.clone());
        Ok(verified)
    }

    fn decode(&self, token: &str) -> Result<Verified, Problem> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        if header.alg != Algorithm::EdDSA || header.kid.as_deref() != Some(&self.0.kid) {
            return Err(invalid());
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &self.0.verifying, &self.0.validation);
        let claims = decoded
            .map_err(|error| if matches!(error.kind(), ErrorKind::ExpiredSignature) { expired() } else { invalid() })?
            .claims;
        Ok(Verified {
            caller: Caller { tenant: claims.tid, user: UserId::new(claims.sub), role: claims.role },
            session: SessionId::new(claims.sid),
            version: claims.ver,
            expires_at: claims.exp,
        })
    }
}

fn invalid() -> Problem {
    Problem::bad_token("INVALID_TOKEN", "The access token is not valid")
}

fn expired() -> Problem {
    Problem::bad_token("TOKEN_EXPIRED", "The access token has expired")
}
