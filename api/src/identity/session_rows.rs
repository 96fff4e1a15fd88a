//! Sessions as the database keeps them: one row each in `identity.sessions`, beside the log.
//!
//! A session is opened and closed by the append that records why. Its tokens are rotated by one function of the database,
//! which is no event.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgPool;
use tidemark_engine::database::{ANSWER, in_time};
use tidemark_engine::log::RowChange;
use tidemark_kernel::{SessionId, TenantId, UserId};
use tidemark_projections::page::{Listing, Page, Place, SortKey, Total};
use uuid::Uuid;

use super::refresh_token::RefreshToken;

/// How long a token that was replaced is given the same successor again, in seconds: for a second tab, or a lost answer.
const GRACE: f64 = 10.0;

/// A session that is open.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct SessionRow {
    pub(super) session_id: Uuid,
    /// Who used it last, sealed.
    pub(super) client: Vec<u8>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) last_used_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
}

/// What came of presenting a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rotated {
    /// Its successor is good now.
    Succeeded(Standing),
    /// It was replaced before, and has come again.
    Reused,
    /// Its session has ended.
    Ended,
}

/// Where log and account were when a token was exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// The account's version.
    pub(super) version: i64,
    /// The head of the tenant's log.
    pub(super) tenant_position: i64,
}

/// Which sessions of a person end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    All,
    Only(SessionId),
    AllBut(SessionId),
}

/// Opens a session whose first token is `token`.
pub(super) fn open(token: &RefreshToken, client: &[u8], lifetime: std::time::Duration) -> RowChange {
    let argument = json!({
        "session": token.session,
        "subject": token.user,
        "hash": STANDARD.encode(token.hash()),
        "client": STANDARD.encode(client),
        "lifetime": lifetime.as_secs(),
    });
    RowChange { function: "identity.open_session", argument: argument.to_string() }
}

/// Ends sessions of a person.
pub(super) fn close(user: UserId, which: Which) -> RowChange {
    let argument = match which {
        Which::All => json!({ "subject": user }),
        Which::Only(session) => json!({ "subject": user, "session": session }),
        Which::AllBut(kept) => json!({ "subject": user, "kept": kept }),
    };
    RowChange { function: "identity.close_sessions", argument: argument.to_string() }
}

/// Exchanges a token for its successor, in one step of the database.
pub(super) async fn rotate(
    pool: &PgPool,
    tenant: &TenantId,
    (token, successor): (&RefreshToken, &RefreshToken),
    client: &[u8],
    lifetime: std::time::Duration,
) -> sqlx::Result<Rotated> {
    let asked = sqlx::query_as(
        "select outcome, version, tenant_position from identity.rotate_session($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(tenant.as_str())
    .bind(token.session.as_uuid())
    .bind(token.hash())
    .bind(token.number())
    .bind(successor.hash())
    .bind(client)
    .bind(lifetime.as_secs_f64())
    .bind(GRACE);
    let (outcome, version, tenant_position): (String, Option<i64>, Option<i64>) =
        in_time(ANSWER, asked.fetch_one(pool)).await?;
    let standing = version.zip(tenant_position).map(|(version, tenant_position)| Standing { version, tenant_position });
    match (outcome.as_str(), standing) {
        ("rotated" | "repeated", Some(standing)) => Ok(Rotated::Succeeded(standing)),
        ("reused", _) => Ok(Rotated::Reused),
        ("unknown", _) => Ok(Rotated::Ended),
        _ => Err(sqlx::Error::Protocol(format!("identity.rotate_session says {outcome}"))),
    }
}

/// Whether a session of this person is open.
pub(super) async fn is_open(pool: &PgPool, tenant: &TenantId, user: UserId, session: SessionId) -> sqlx::Result<bool> {
    let asked = sqlx::query_scalar(
        "select exists (select from identity.sessions where tenant_id = $1 and session_id = $2 and subject = $3 and expires_at > now())",
    )
    .bind(tenant.as_str())
    .bind(session.as_uuid())
    .bind(user.to_string());
    in_time(ANSWER, asked.fetch_one(pool)).await
}

/// A page of a person's open sessions, newest first.
pub(super) async fn page(
    pool: &PgPool,
    tenant: &TenantId,
    user: UserId,
    page: &Page,
) -> sqlx::Result<Listing<SessionRow>> {
    let (after, after_id) = match page.place() {
        Some(Place { key: SortKey::Time(time), id }) => (Some(*time), *id),
        _ => (None, Uuid::nil()),
    };
    let asked = sqlx::query_as(
        "select session_id, client, created_at, last_used_at, expires_at from identity.sessions \
         where tenant_id = $1 and subject = $2 and expires_at > now() and ($3::timestamptz is null or (created_at, session_id) < ($3, $4)) \
         order by created_at desc, session_id desc limit $5 offset $6",
    )
    .bind(tenant.as_str())
    .bind(user.to_string())
    .bind(after)
    .bind(after_id)
    .bind(i64::from(page.limit()) + 1)
    .bind(page.offset());
    let rows = in_time(ANSWER, asked.fetch_all(pool)).await?;
    let total = if page.is_numbered() { Some(Total::exact(count(pool, tenant, user).await?)) } else { None };
    let place = |row: &SessionRow| Place { key: SortKey::Time(row.created_at), id: row.session_id };
    Ok(Listing::of(rows, page, total, place))
}

async fn count(pool: &PgPool, tenant: &TenantId, user: UserId) -> sqlx::Result<i64> {
    let asked = sqlx::query_scalar(
        "select count(*) from identity.sessions where tenant_id = $1 and subject = $2 and expires_at > now()",
    )
    .bind(tenant.as_str())
    .bind(user.to_string());
    in_time(ANSWER, asked.fetch_one(pool)).await
}
