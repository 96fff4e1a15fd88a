//! Refresh tokens: opaque, each followed by one successor, and known to be ours without being kept.
//!
//! A token says which session it belongs to, its number in that family, and a secret of 256 bits. A MAC over all of it
//! tells a token that was replaced long ago from one that somebody has made up: only the former ends its family. The secret of
//! the first token is random, that of each successor follows from the token before it under a key that no database holds.
//! So whoever repeats a token is given the same successor, and the database needs no more than hashes.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use moka::future::Cache;
use sha2::{Digest, Sha256};
use tidemark_kernel::{SessionId, TenantId, UserId};
use tidemark_runtime::Settings;
use uuid::Uuid;

use super::session_rows::Rotated;
use crate::cookies::TenantCookies;
use crate::problem::Problem;

/// The purpose that the key is derived for.
const PURPOSE: &str = "refresh-token";
/// What a token begins with, for those who search for secrets in the wrong places.
const PREFIX: &str = "tmr_";
const SECRET: usize = 32;
/// Session, person, number and secret.
const CONTENT: usize = 16 + 16 + 4 + SECRET;
const CHECK: usize = 16;

/// Tokens that are exchanged at the same moment.
const EXCHANGES: u64 = 100_000;

/// Makes and reads the tokens. Clones share what is under way.
#[derive(Clone)]
pub struct RefreshTokens {
    /// The present key, and the one before it, under which tokens are still good.
    keys: Vec<Hmac<Sha256>>,
    lifetime: Duration,
    exchanges: Cache<[u8; 32], Rotated>,
    pub(super) cookies: TenantCookies,
}

/// A token that was issued here.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct RefreshToken {
    /// The family it belongs to.
    pub(super) session: SessionId,
    /// Whose it is.
    pub(super) user: UserId,
    number: u32,
    secret: [u8; SECRET],
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RefreshToken({}, {}, ...)", self.session, self.number)
    }
}

impl RefreshToken {
    /// Its number in its family, from 1.
    pub(super) fn number(&self) -> i32 {
        i32::try_from(self.number).unwrap_or(i32::MAX)
    }

    /// What the database keeps of it.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.content()).into()
    }

    fn content(&self) -> [u8; CONTENT] {
        let mut content = [0; CONTENT];
        content[..16].copy_from_slice(self.session.as_uuid().as_bytes());
        content[16..32].copy_from_slice(self.user.as_uuid().as_bytes());
        content[32..36].copy_from_slice(&self.number.to_be_bytes());
        content[36..].copy_from_slice(&self.secret);
        content
    }

    fn of_content(content: &[u8; CONTENT]) -> Self {
        let id = |at: usize| {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&content[at..at + 16]);
            Uuid::from_bytes(bytes)
        };
        let (mut number, mut secret) = ([0; 4], [0; SECRET]);
        number.copy_from_slice(&content[32..36]);
        secret.copy_from_slice(&content[36..]);
        Self { session: SessionId::new(id(0)), user: UserId::new(id(16)), number: u32::from_be_bytes(number), secret }
    }
}

impl RefreshTokens {
    /// With the keys, the lifetime and the cookies of the settings.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let keys = [Some(settings.derive_key(PURPOSE)), settings.derive_previous_key(PURPOSE)];
        let mac = |key: [u8; 32]| Hmac::new_from_slice(&key).expect("HMAC takes a key of any length");
        let lifetime = Duration::from_secs(settings.refresh_token_days * 24 * 60 * 60);
        Self {
            keys: keys.into_iter().flatten().map(mac).collect(),
            lifetime,
            exchanges: Cache::new(EXCHANGES),
            cookies: TenantCookies::new("refresh", settings.environment, lifetime),
        }
    }

    /// How long a token is good.
    pub(super) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// What `exchange` makes of the token. Those who bring one token at the same time share an exchange: a thousand of them
    /// would wait for one row, each with a connection.
    pub(super) async fn exchanged(
        &self,
        token: &RefreshToken,
        exchange: impl Future<Output = Result<Rotated, Problem>>,
    ) -> Result<Rotated, Problem> {
        let token = token.hash();
        let rotated = self.exchanges.try_get_with(token, exchange).await;
        // Whoever comes later asks the database.
        self.exchanges.invalidate(&token).await;
        rotated.map_err(|problem| Problem::clone(&problem))
    }

    /// The first token of a session.
    pub(super) fn first(session: SessionId, user: UserId) -> RefreshToken {
        RefreshToken { session, user, number: 1, secret: rand::random() }
    }

    /// The token as its owner gets it.
    pub(super) fn write(&self, tenant: &TenantId, token: &RefreshToken) -> String {
        let content = token.content();
        let check = mac(&self.keys[0], b"issued", tenant, &content);
        let bytes = [&content[..], &check[..CHECK]].concat();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The token that `text` is, and its successor; `None` unless it was issued here and for this tenant.
    pub(super) fn read(&self, tenant: &TenantId, text: &str) -> Option<(RefreshToken, RefreshToken)> {
        let encoded = text.strip_prefix(PREFIX).filter(|rest| rest.len() == (CONTENT + CHECK).div_ceil(3) * 4)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let (content, check) = bytes.split_first_chunk::<CONTENT>()?;
        let key = self.keys.iter().find(|key| {
            let expected = updated(key, b"issued", tenant, content);
            expected.verify_truncated_left(check).is_ok()
        })?;
        let token = RefreshToken::of_content(content);
        let number = token.number.checked_add(1)?;
        let successor = RefreshToken { number, secret: mac(key, b"successor", tenant, content), ..token.clone() };
        Some((token, successor))
    }
}

fn mac(key: &Hmac<Sha256>, label: &[u8], tenant: &TenantId, content: &[u8; CONTENT]) -> [u8; 32] {
    updated(key, label, tenant, content).finalize().into_bytes().into()
}

fn updated(key: &Hmac<Sha256>, label: &[u8], tenant: &TenantId, content: &[u8; CONTENT]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in [label, tenant.as_str().as_bytes(), content] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn tokens(secret: &str, previous: Option<&str>) -> RefreshTokens {
        let mut settings = Settings::for_tests("postgres://nobody@localhost/nothing", None);
        settings.secret = secret.into();
        settings.previous_secret = previous.map(Into::into);
        RefreshTokens::new(&settings)
    }

    fn tenant(text: &str) -> TenantId {
        text.parse().unwrap()
    }

    fn first() -> RefreshToken {
        RefreshTokens::first(SessionId::new(Uuid::from_u128(1)), UserId::new(Uuid::from_u128(2)))
    }

    #[test]
    fn a_token_is_read_as_it_was_written_and_holds_more_than_128_random_bits() {
        let (tokens, demo) = (tokens("a", None), tenant("demo"));
        let token = first();
        let text = tokens.write(&demo, &token);
        assert_eq!(text.len(), PREFIX.len() + 112);
        let (read, successor) = tokens.read(&demo, &text).unwrap();
        assert_eq!(read, token);
        assert_eq!((successor.session, successor.user, successor.number), (token.session, token.user, 2));
        assert_ne!(first().secret, first().secret);
        assert!(!format!("{token:?}").contains(&format!("{:?}", token.secret)));
    }

    #[test]
    fn a_token_has_one_successor_for_whoever_asks() {
        let demo = tenant("demo");
        let text = tokens("a", None).write(&demo, &first());
        let of = |tokens: RefreshTokens| tokens.read(&demo, &text).unwrap().1;
        assert_eq!(of(tokens("a", None)), of(tokens("a", None)));
        // Also while the master secret is changed: the successor follows from the key that the token was issued under.
        assert_eq!(of(tokens("b", Some("a"))), of(tokens("a", None)));
    }

    #[test]
    fn what_was_not_issued_here_is_no_token() {
        let (ours, demo) = (tokens("a", None), tenant("demo"));
        let text = ours.write(&demo, &first());
        assert!(ours.read(&tenant("other"), &text).is_none());
        assert!(tokens("b", None).read(&demo, &text).is_none());
        assert!(ours.read(&demo, &text[..text.len() - 1]).is_none());
        assert!(ours.read(&demo, &format!("{text}A")).is_none());
        assert!(ours.read(&demo, PREFIX).is_none());
        assert!(ours.read(&demo, "").is_none());
        let bytes = URL_SAFE_NO_PAD.decode(&text[PREFIX.len()..]).unwrap();
        for n in 0..bytes.len() {
            let mut edited = bytes.clone();
            edited[n] ^= 1;
            assert!(ours.read(&demo, &format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(edited))).is_none(), "byte {n}");
        }
    }
}
