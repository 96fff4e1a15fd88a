//! Access tokens: EdDSA JWTs of 15 minutes, signed here and verified here.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tidemark_kernel::{Caller, Role, SessionId, TenantId, Timestamp, UserId};
use tidemark_runtime::Settings;
use uuid::Uuid;

use crate::keys::SigningKeys;
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
    /// When it ends, in seconds since 1970.
    pub(crate) expires_at: u64,
}

/// Signs and verifies. Clones share keys and memory.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    keys: SigningKeys,
    validation: Validation,
    issuer: String,
    lifetime: Duration,
    epoch: i32,
    remembered: Cache<[u8; 32], Remembered>,
    revocations: Revocations,
}

/// A token that was good, and the key that said so: it counts only while that key does.
#[derive(Clone)]
struct Remembered {
    verified: Verified,
    kid: Arc<str>,
}

/// The epoch of tokens that name none: those of before tokens did.
const FIRST_EPOCH: i32 = 1;

fn first_epoch() -> i32 {
    FIRST_EPOCH
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
    /// The epoch of the log in which it was issued. Versions of accounts of a lost epoch say nothing in this one.
    #[serde(default = "first_epoch")]
    epo: i32,
    iat: u64,
    exp: u64,
    iss: String,
    aud: String,
}

impl Tokens {
    /// Signs with `keys` in `epoch`; refuses what `revocations` has, and tokens of any other epoch.
    #[must_use]
    pub fn new(keys: SigningKeys, settings: &Settings, epoch: i32, revocations: Revocations) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.leeway = 0;
        validation.set_issuer(&[&settings.token_issuer]);
        validation.set_audience(&[&settings.token_issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self(Arc::new(Inner {
            keys,
            validation,
            epoch,
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
    /// When no key is there, or it does not sign: a defect.
    pub fn issue(&self, caller: &Caller, session: SessionId, version: i64, at: Timestamp) -> Result<String, Problem> {
        let issued_at = u64::try_from(at.as_datetime().timestamp()).unwrap_or_default();
        let claims = Claims {
            sub: caller.user.as_uuid(),
            tid: caller.tenant.clone(),
            role: caller.role,
            sid: session.as_uuid(),
            ver: version,
            epo: self.0.epoch,
            iat: issued_at,
            exp: issued_at + self.0.lifetime.as_secs(),
            iss: self.0.issuer.clone(),
            aud: self.0.issuer.clone(),
        };
        let key = self.0.keys.signing().ok_or_else(|| Problem::internal("there is no key to sign with"))?;
        let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &key.encoding).map_err(Problem::internal)
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
            return Err(revoked());
        }
        Ok(verified)
    }

    /// The public keys, as `/.well-known/jwks.json` has them.
    #[must_use]
    pub fn jwks(&self) -> serde_json::Value {
        self.0.keys.jwks()
    }

    fn checked(&self, token: &str) -> Result<Verified, Problem> {
        if token.len() > LONGEST {
            return Err(invalid());
        }
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(Remembered { verified, kid }) = self.0.remembered.get(&digest)
            && self.0.keys.verifying(&kid).is_some()
        {
            return Ok(verified);
        }
        let (verified, kid) = self.decode(token)?;
        self.0.remembered.insert(digest, Remembered { verified: verified.clone(), kid });
        Ok(verified)
    }

    fn decode(&self, token: &str) -> Result<(Verified, Arc<str>), Problem> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        let key = header.kid.as_deref().and_then(|kid| self.0.keys.verifying(kid)).ok_or_else(invalid)?;
        if header.alg != Algorithm::EdDSA {
            return Err(invalid());
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &key.decoding, &self.0.validation);
        let claims = decoded
            .map_err(|error| if matches!(error.kind(), ErrorKind::ExpiredSignature) { expired() } else { invalid() })?
            .claims;
        if claims.epo != self.0.epoch {
            return Err(revoked());
        }
        let verified = Verified {
            caller: Caller { tenant: claims.tid, user: UserId::new(claims.sub), role: claims.role },
            session: SessionId::new(claims.sid),
            version: claims.ver,
            expires_at: claims.exp,
        };
        Ok((verified, Arc::from(key.kid.as_str())))
    }
}

fn invalid() -> Problem {
    Problem::bad_token("INVALID_TOKEN", "The access token is not valid")
}

fn revoked() -> Problem {
    Problem::bad_token("TOKEN_REVOKED", "The access token was revoked, sign in again")
}

fn expired() -> Problem {
    Problem::bad_token("TOKEN_EXPIRED", "The access token has expired")
}
