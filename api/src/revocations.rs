//! Access tokens that stopped being good before they expired: after a change of role or password, a deletion, or the end of
//! their session.
//!
//! Every process learns of them from the log and keeps them for as long as such a token could live. What came first is told by
//! the versions of the account, and by no clock. A session that has ended never comes back, so of it that is all there is to know.

use std::sync::Arc;
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::Deserialize;
use sqlx::PgPool;
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::log;
use tidemark_kernel::TenantId;
use uuid::Uuid;

use crate::tokens::Verified;

/// What ends tokens: those of a person, or those of one session where the event names it.
const ENDING: [&str; 5] =
    ["UserRoleChanged", "UserPasswordChanged", "UserDeleted", "UserSessionsRevoked", "UserTokenReused"];
/// The metadata of a `UserPasswordChanged` that names the session which made it, and which goes on.
pub(crate) const KEPT_SESSION: &str = "sessionId";
/// People whose tokens were ended within the lifetime of a token; beyond it those that were ended first are forgotten.
const PEOPLE: u64 = 500_000;
/// Likewise, sessions that were ended one by one.
const SESSIONS: u64 = 500_000;
const PAGE: i64 = 1_000;

/// The event of a person's account with which its tokens stopped being good.
#[derive(Debug, Clone)]
struct Ended {
    sequence: i64,
    kept: Option<Uuid>,
}

/// The session that an event is about, if it is about one alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    #[serde(default)]
    session_id: Option<Uuid>,
}

/// Whose tokens have ended. Clones share it.
#[derive(Clone)]
pub struct Revocations {
    people: Cache<Owner, Arc<[Ended]>>,
    sessions: Cache<Owner, ()>,
}

/// A tenant and one of its users or sessions.
type Owner = (TenantId, Uuid);

impl Revocations {
    /// Remembers what ended for the lifetime of a token.
    #[must_use]
    pub fn new(token_lifetime: Duration) -> Self {
        let kept = token_lifetime + Duration::from_secs(60);
        Self {
            people: Cache::builder()
                .eviction_policy(EvictionPolicy::lru())
                .max_capacity(PEOPLE)
                .time_to_live(kept)
                .build(),
            sessions: Cache::builder()
                .eviction_policy(EvictionPolicy::lru())
                .max_capacity(SESSIONS)
                .time_to_live(kept)
                .build(),
        }
    }

    /// Takes in what happened within the last lifetime of a token.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn load(&self, pool: &PgPool, token_lifetime: Duration) -> sqlx::Result<()> {
        let mut after = position_before(pool, token_lifetime).await?;
        loop {
            let page = log::read_after(pool, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.position;
            page.iter().for_each(|event| self.take(event));
        }
    }

    /// Takes in what the feed brings.
    pub fn take(&self, event: &RecordedEvent) {
        if &*event.aggregate_type != "user" || !ENDING.contains(&&*event.event_type) {
            return;
        }
        let Ok(tenant) = event.tenant_id.parse::<TenantId>() else { return };
        // Were it not to be read, all of the person's would end.
        let named = event.decode::<Named>().ok().and_then(|named| named.session_id);
        if let Some(session) = named {
            self.sessions.insert((tenant, session), ());
            return;
        }
        let Ok(user) = Uuid::try_parse(&event.aggregate_id) else { return };
        let kept = event.metadata.get(KEPT_SESSION).and_then(|session| Uuid::try_parse(&session).ok());
        let key = (tenant, user);
        let ended = Ended { sequence: event.sequence, kept };
        let known = self.people.get(&key);
        // What was loaded at start comes again with the feed.
        if known.iter().flat_map(|known| known.iter()).any(|known| known.sequence >= ended.sequence) {
            return;
        }
        // One that keeps no session makes up for all before it.
        let before = known.filter(|_| kept.is_some());
        let all = before.iter().flat_map(|before| before.iter().cloned()).chain([ended]).collect();
        self.people.insert(key, all);
    }

    /// Whether the token was issued before its person's tokens ended.
    #[must_use]
    pub fn has(&self, token: &Verified) -> bool {
        let tenant = &token.caller.tenant;
        if self.sessions.contains_key(&(tenant.clone(), token.session.as_uuid())) {
            return true;
        }
        let owner = (tenant.clone(), token.caller.user.as_uuid());
        // Nearly nobody is there, and that alone is asked for more cheaply.
        if !self.people.contains_key(&owner) {
            return false;
        }
        let Some(ended) = self.people.get(&owner) else { return false };
        ended.iter().any(|ended| ended.kept != Some(token.session.as_uuid()) && token.version < ended.sequence)
    }
}

/// A position before which everything was recorded longer ago than `span`, found by halving: `recorded_at` never falls.
async fn position_before(pool: &PgPool, span: Duration) -> sqlx::Result<i64> {
    let (mut low, mut high) = (0, log::head(pool).await?);
    while low < high {
        let middle = low + (high - low + 1) / 2;
        let is_old: Option<bool> = sqlx::query_scalar(
            "select recorded_at < now() - make_interval(secs => $2) from log.events where position = $1",
        )
        .bind(middle)
        .bind(span.as_secs_f64())
        .fetch_optional(pool)
        .await?;
        if is_old.unwrap_or(true) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(low)
}

#[cfg(test)]
mod tests {
    use tidemark_identity::UserEvent;

    use super::*;

    #[test]
    fn what_ends_tokens_are_events_of_a_user() {
        assert!(ENDING.iter().all(|ending| UserEvent::TYPES.contains(ending)));
    }
}
