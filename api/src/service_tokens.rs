//! Service tokens as they are presented: made here, read here, and looked up in the log's rows.
//!
//! A token is `tmst_<tenant>_<text>`; the text holds an id, 32 random bytes, and a tag over all of it by a key of this
//! installation, so that what was never issued costs no look-up. What was found is believed for [`BELIEVED_FOR`], and
//! for less where the feed tells of the token's end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use hmac::{Hmac, KeyInit, Mac};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tidemark_commands::Secret;
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::log;
use tidemark_kernel::{Caller, Role, ServiceTokenId, TenantId, Timestamp, UserId};
use tidemark_runtime::Settings;
use tidemark_tenancy::TokenScope;
use uuid::Uuid;

use crate::problem::Problem;

const PREFIX: &str = "tmst_";
const PURPOSE: &str = "service tokens";
/// The kind of secret that a token's row is; its subject is the token's id.
const KIND: &str = "serviceToken";
const ID: usize = 16;
const RANDOM: usize = 32;
const TAG: usize = 16;
/// Longer than this is no token: the prefix, the longest key of a tenant, a line, and 64 bytes in base64.
const LONGEST: usize = 160;
/// Without a feed too, a token that was revoked ends within this time.
const BELIEVED_FOR: Duration = Duration::from_secs(5);
const REMEMBERED: u64 = 20_000;

/// A token that was presented and is good.
#[derive(Debug, Clone)]
pub struct Service {
    /// Which.
    pub token: ServiceTokenId,
    /// In whose place it acts where a person is needed, as a post's author: the admin who made it. On the routes that its scopes
    /// open it may what an admin may.
    pub caller: Caller,
    scopes: BTreeSet<TokenScope>,
}

impl Service {
    /// Whether the token has this scope.
    #[must_use]
    pub fn has(&self, scope: TokenScope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// What the row of a token says; the append that makes the token writes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    hash: String,
    scopes: BTreeSet<TokenScope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    created_by: UserId,
}

/// A new token: what is shown of it once, and the row that is kept.
pub struct NewToken {
    /// The token itself.
    pub text: String,
    /// Its row.
    pub row: Secret,
}

type Owner = (TenantId, Uuid);

/// Makes and verifies service tokens. Clones share what is remembered.
#[derive(Clone)]
pub struct ServiceTokens(Arc<Inner>);

struct Inner {
    pool: PgPool,
    /// The present one makes, the one before it is still believed.
    keys: Vec<Hmac<Sha256>>,
    known: Cache<Owner, Option<Arc<Row>>>,
}

impl ServiceTokens {
    /// Over the rows behind `pool`.
    #[must_use]
    pub fn new(pool: PgPool, settings: &Settings) -> Self {
        let keys = [Some(settings.derive_key(PURPOSE)), settings.derive_previous_key(PURPOSE)];
        let keys = keys.into_iter().flatten();
        let hmac = |key: [u8; 32]| Hmac::new_from_slice(&key).expect("HMAC takes a key of any length");
        Self(Arc::new(Inner {
            pool,
            keys: keys.map(hmac).collect(),
            known: Cache::builder().max_capacity(REMEMBERED).time_to_live(BELIEVED_FOR).build(),
        }))
    }

    /// Whether a bearer token is meant to be one of a service.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// A new token of `id`.
    ///
    /// # Errors
    /// When there is no key: a defect.
    pub fn make(
        &self,
        tenant: &TenantId,
        id: ServiceTokenId,
        scopes: &BTreeSet<TokenScope>,
        expires_at: Option<Timestamp>,
        created_by: UserId,
    ) -> Result<NewToken, Problem> {
        let random: [u8; RANDOM] = rand::random();
        let body = [&id.as_uuid().as_bytes()[..], &random].concat();
        let key = self.0.keys.first().ok_or_else(|| Problem::internal("there is no key for service tokens"))?;
        let tag = tagged(key, tenant, &body).finalize().into_bytes();
        let text = format!("{PREFIX}{tenant}_{}", URL_SAFE_NO_PAD.encode([&body, &tag[..TAG]].concat()));
        let row = Row { hash: hash(&text), scopes: scopes.clone(), expires_at, created_by };
        let value = serde_json::to_string(&row).map_err(Problem::internal)?;
        Ok(NewToken { text, row: Secret { value: Some(value), ..removed(id) } })
    }

    /// Who presents `text` in `tenant`.
    ///
    /// # Errors
    /// With the 401 to answer, or when the database is away.
    pub async fn verify(&self, text: &str, tenant: &TenantId) -> Result<Service, Problem> {
        let id = self.read(text, tenant)?;
        let row = self.row(tenant, id).await?.filter(|row| row.hash == hash(text)).ok_or_else(invalid)?;
        if row.expires_at.is_some_and(|end| end <= Timestamp::new(Utc::now())) {
            return Err(Problem::bad_token("TOKEN_EXPIRED", "The service token has expired"));
        }
        Ok(Service {
            token: ServiceTokenId::new(id),
            caller: Caller { tenant: tenant.clone(), user: row.created_by, role: Role::Admin },
            scopes: row.scopes.clone(),
        })
    }

    /// Forgets a token that an event is about.
    pub fn take(&self, event: &RecordedEvent) {
        if &*event.aggregate_type != KIND {
            return;
        }
        if let (Ok(tenant), Ok(id)) = (event.tenant_id.parse(), Uuid::try_parse(&event.aggregate_id)) {
            self.0.known.invalidate(&(tenant, id));
        }
    }

    /// The id of a token that was issued here for this tenant.
    fn read(&self, text: &str, tenant: &TenantId) -> Result<Uuid, Problem> {
        let rest = text.strip_prefix(PREFIX).filter(|_| text.len() <= LONGEST).ok_or_else(invalid)?;
        let (named, encoded) = rest.split_once('_').ok_or_else(invalid)?;
        let named: TenantId = named.parse().map_err(|_| invalid())?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| invalid())?;
        let (body, tag) =
            bytes.split_at_checked(ID + RANDOM).filter(|(_, tag)| tag.len() == TAG).ok_or_else(invalid)?;
        let is_ours = self.0.keys.iter().any(|key| tagged(key, &named, body).verify_truncated_left(tag).is_ok());
        if !is_ours {
            return Err(invalid());
        }
        if named != *tenant {
            return Err(Problem::bad_token("TOKEN_TENANT_MISMATCH", "The service token belongs to another tenant"));
        }
        Uuid::from_slice(&body[..ID]).map_err(|_| invalid())
    }

    async fn row(&self, tenant: &TenantId, id: Uuid) -> Result<Option<Arc<Row>>, Problem> {
        let owner = (tenant.clone(), id);
        if let Some(known) = self.0.known.get(&owner) {
            return Ok(known);
        }
        let kept = log::secret(&self.0.pool, tenant.as_str(), KIND, &id.to_string()).await?;
        let row = kept.map(|kept| serde_json::from_str(&kept).map(Arc::new)).transpose().map_err(Problem::internal)?;
        self.0.known.insert(owner, row.clone());
        Ok(row)
    }
}

/// What takes a token's row away.
pub fn removed(id: ServiceTokenId) -> Secret {
    Secret { kind: KIND.to_owned(), subject: id.to_string(), value: None }
}

fn tagged(key: &Hmac<Sha256>, tenant: &TenantId, body: &[u8]) -> Hmac<Sha256> {
    // A tenant's key holds no zero byte.
    key.clone().chain_update(tenant.as_str()).chain_update([0]).chain_update(body)
}

/// A token has 256 random bits, so a fast hash keeps it.
fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

fn invalid() -> Problem {
    Problem::bad_token("INVALID_TOKEN", "The service token is not valid")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn tokens() -> ServiceTokens {
        let url = "postgres://nobody@localhost/nothing";
        ServiceTokens::new(PgPool::connect_lazy(url).unwrap(), &Settings::for_tests(url, None))
    }

    #[tokio::test]
    async fn a_token_is_read_in_its_tenant_and_no_edit_of_it_anywhere() {
        let (tokens, demo) = (tokens(), "demo".parse::<TenantId>().unwrap());
        let id = ServiceTokenId::new(Uuid::now_v7());
        let new = tokens.make(&demo, id, &BTreeSet::new(), None, UserId::default()).unwrap();
        assert!(ServiceTokens::is_meant(&new.text) && new.text.len() <= LONGEST);
        assert!(!new.row.value.unwrap().contains(&new.text));
        assert_eq!(tokens.read(&new.text, &demo).unwrap(), id.as_uuid());
        let code = |text: &str, tenant: &str| tokens.read(text, &tenant.parse().unwrap()).unwrap_err().code();
        assert_eq!(code(&new.text, "acme"), "TOKEN_TENANT_MISMATCH");
        assert_eq!(code(&new.text.replace("_demo_", "_acme_"), "acme"), "INVALID_TOKEN");
        for n in PREFIX.len()..new.text.len() {
            let mut edited = new.text.clone().into_bytes();
            edited[n] = if edited[n] == b'A' { b'B' } else { b'A' };
            let edited = String::from_utf8(edited).unwrap();
            assert_eq!(code(&edited, "demo"), "INVALID_TOKEN", "{n}");
            assert_eq!(code(&new.text[..n], "demo"), "INVALID_TOKEN", "cut at {n}");
        }
        assert_eq!(code(&format!("{}A", new.text), "demo"), "INVALID_TOKEN");
        assert_eq!(code(&format!("{PREFIX}demo_{}", "A".repeat(1_000_000)), "demo"), "INVALID_TOKEN");
    }
}
