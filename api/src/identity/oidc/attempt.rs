//! A sign-in by a provider that is under way: in a cookie that only this server can read.
//!
//! The cookie binds it to one browser, one tenant and one provider. Its state is good once, which a row beside the log keeps,
//! and for ten minutes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use chrono::Utc;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tidemark_engine::database::{ANSWER, in_time};
use tidemark_kernel::TenantId;
use tidemark_runtime::{Environment, Settings};

use crate::cookies::value_of;

/// The purpose that the key is derived for.
const PURPOSE: &str = "oidc";
/// How long somebody may take at the provider, in seconds.
const LIFETIME: i64 = 600;
const NONCE: usize = 24;
/// No cookie of ours comes near this.
const LONGEST: usize = 4_096;

/// What has to be known when the browser comes back.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) provider: String,
    pub(super) state: String,
    pub(super) nonce: String,
    /// Proves to the provider that whoever brings the code has begun the sign-in (PKCE).
    pub(super) verifier: String,
    /// Where the provider was told to send the browser back to.
    pub(super) redirect_uri: String,
    /// Where the browser goes in the end.
    pub(super) return_to: String,
    expires_at: i64,
}

impl Attempt {
    pub(super) fn new(provider: &str, redirect_uri: String, return_to: String) -> Self {
        let random = || URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        Self {
            provider: provider.to_owned(),
            state: random(),
            nonce: random(),
            verifier: random(),
            redirect_uri,
            return_to,
            expires_at: Utc::now().timestamp() + LIFETIME,
        }
    }

    /// Whether the browser comes back from where it was sent, with what it was given.
    pub(super) fn is_answered_by(&self, provider: &str, state: &str) -> bool {
        // By their digests, so that the time it takes tells nothing of the state.
        self.provider == provider && Sha256::digest(&self.state) == Sha256::digest(state)
    }

    /// Uses the state up; false when it was used before.
    pub(super) async fn use_up(&self, pool: &PgPool) -> sqlx::Result<bool> {
        let left = (self.expires_at - Utc::now().timestamp()).max(0) + 60;
        let hash: [u8; 32] = Sha256::digest(self.state.as_bytes()).into();
        let using = sqlx::query_scalar("select identity.use_oidc_state($1, $2)").bind(hash).bind(left as f64);
        in_time(ANSWER, using.fetch_one(pool)).await
    }
}

/// Seals and opens the cookies.
#[derive(Clone)]
pub(super) struct Attempts {
    /// The present key, and the one before it.
    ciphers: Vec<XChaCha20Poly1305>,
    is_secure: bool,
}

impl Attempts {
    pub(super) fn new(settings: &Settings) -> Self {
        let keys = [Some(settings.derive_key(PURPOSE)), settings.derive_previous_key(PURPOSE)];
        Self {
            ciphers: keys.into_iter().flatten().map(|key| XChaCha20Poly1305::new(&key.into())).collect(),
            is_secure: settings.environment == Environment::Production,
        }
    }

    /// The `Set-Cookie` that hands the attempt to the browser. One that is under way there already ends.
    pub(super) fn set(&self, tenant: &TenantId, attempt: &Attempt) -> HeaderValue {
        let plain = serde_json::to_vec(attempt).expect("an attempt is made of texts and a number");
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: &plain, aad: tenant.as_str().as_bytes() };
        let sealed = self.ciphers[0].encrypt(&XNonce::from(nonce), payload).expect("only 256 GiB would be too much");
        self.header(tenant, &URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()), LIFETIME)
    }

    /// The `Set-Cookie` that takes it away.
    pub(super) fn clear(&self, tenant: &TenantId) -> HeaderValue {
        self.header(tenant, "", 0)
    }

    /// The attempt that a request brings, if it was begun here for `tenant` and not too long ago.
    pub(super) fn find(&self, headers: &HeaderMap, tenant: &TenantId) -> Option<Attempt> {
        let text = value_of(headers, &self.name(tenant)).filter(|text| text.len() <= LONGEST)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
        let open = |cipher: &XChaCha20Poly1305| {
            let payload = Payload { msg: sealed, aad: tenant.as_str().as_bytes() };
            cipher.decrypt(&XNonce::from(*nonce), payload).ok()
        };
        let plain = self.ciphers.iter().find_map(open)?;
        let attempt: Attempt = serde_json::from_slice(&plain).ok()?;
        (Utc::now().timestamp() < attempt.expires_at).then_some(attempt)
    }

    fn name(&self, tenant: &TenantId) -> String {
        if self.is_secure { format!("__Host-oidc-{tenant}") } else { format!("oidc-{tenant}") }
    }

    /// `Lax`, for the browser comes back from another site, by a link.
    fn header(&self, tenant: &TenantId, value: &str, seconds: i64) -> HeaderValue {
        let secure = if self.is_secure { " Secure;" } else { "" };
        let text = format!("{}={value}; Max-Age={seconds}; Path=/; HttpOnly;{secure} SameSite=Lax", self.name(tenant));
        HeaderValue::try_from(text).expect("a tenant's key and base64 are visible ASCII")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::header::COOKIE;

    use super::*;

    fn attempts(secret: &str, previous: Option<&str>) -> Attempts {
        let mut settings = Settings::for_tests("postgres://nobody@localhost/nothing", None);
        settings.secret = secret.into();
        settings.previous_secret = previous.map(Into::into);
        Attempts::new(&settings)
    }

    fn tenant(text: &str) -> TenantId {
        text.parse().unwrap()
    }

    fn attempt() -> Attempt {
        Attempt::new("google", "http://h/callback".into(), "/".into())
    }

    fn brought(attempts: &Attempts, of: &str, attempt: &Attempt) -> HeaderMap {
        let set = attempts.set(&tenant(of), attempt);
        let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(pair).unwrap())])
    }

    #[test]
    fn an_attempt_is_opened_by_this_server_for_this_tenant_alone() {
        let (ours, attempt) = (attempts("a", None), attempt());
        let headers = brought(&ours, "demo", &attempt);
        assert_eq!(ours.find(&headers, &tenant("demo")).unwrap().state, attempt.state);
        assert!(attempts("b", Some("a")).find(&headers, &tenant("demo")).is_some());
        assert!(attempts("b", None).find(&headers, &tenant("demo")).is_none());
        // The same bytes under another tenant's name.
        let moved = headers[COOKIE].to_str().unwrap().replace("oidc-demo", "oidc-other");
        let moved = HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(moved).unwrap())]);
        assert!(ours.find(&moved, &tenant("other")).is_none());
        // Nobody reads what is in it.
        assert!(!headers[COOKIE].to_str().unwrap().contains(&attempt.state));
    }

    #[test]
    fn an_attempt_ends_by_itself() {
        let ours = attempts("a", None);
        let mut attempt = attempt();
        attempt.expires_at = Utc::now().timestamp();
        assert!(ours.find(&brought(&ours, "demo", &attempt), &tenant("demo")).is_none());
    }

    #[test]
    fn a_state_is_answered_to_the_letter_and_by_its_own_provider() {
        let attempt = attempt();
        assert!(attempt.is_answered_by("google", &attempt.state));
        assert!(!attempt.is_answered_by("other", &attempt.state));
        assert!(!attempt.is_answered_by("google", ""));
        assert!(!attempt.is_answered_by("google", &attempt.state[1..]));
    }
}
