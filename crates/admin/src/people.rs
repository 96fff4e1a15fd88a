//! People as subjects of their data: erased, so that nobody can read it any more.

use serde::Serialize;
use sqlx::PgPool;
use tidemark_commands::{Commands, Precondition, Transaction, step, transact};
use tidemark_engine::commands::CommandError;
use tidemark_identity::{User, UserCommand};
use tidemark_kernel::{Kind, TenantId, UserId};

use crate::Failure;
use crate::operator::{now, scope_of};
use crate::tenants::existing;
use crate::users::{find, nobody};

/// What an erasure has destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Erased {
    /// The tenant's key.
    pub tenant: String,
    /// Who it was: the account's id.
    pub subject: String,
    /// When.
    pub erased_at: String,
    /// Where the log recorded it.
    pub position: i64,
    /// Names the key that was destroyed; `None` when nothing was ever sealed with one.
    pub key_fingerprint: Option<String>,
    /// The person's own events whose personal fields nobody can open any more.
    pub events: i64,
    /// Claims that were given back, such as that on the email.
    pub claims: i64,
    /// Rows of secrets that were deleted, such as the password's hash.
    pub secrets: i64,
}

/// What there is of a person beside its key.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
struct Traces {
    events: i64,
    claims: i64,
    secrets: i64,
}

/// Erases a person, named by id or, while the account is open, by email.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such tenant or person, [`Failure::Refused`] for the last admin and for somebody
/// who was erased before.
pub async fn erase(commands: &Commands, tenant: &str, who: &str) -> Result<Erased, Failure> {
    let tenant = existing(commands.pool(), tenant).await?;
    let id = find(commands, &tenant, who).await?;
    let subject = id.to_string();
    let key_fingerprint = commands.key_fingerprint(tenant.as_str(), &subject).await?;
    let traces = traces(commands.pool(), &tenant, id).await?;
    let at = now();
    let erase = step::<User>(id, Precondition::None, UserCommand::Erase { at });
    let transaction = Transaction::default().with(erase).erasing(subject.clone());
    match transact(commands, &scope_of(&tenant, "EraseUser"), transaction, |_| Vec::new()).await {
        Ok(executed) => Ok(Erased {
            tenant: tenant.to_string(),
            subject,
            erased_at: at.to_string(),
            position: executed.place.position,
            key_fingerprint,
            events: traces.events,
            claims: traces.claims,
            secrets: traces.secrets,
        }),
        Err(CommandError::Refused(refusal)) if refusal.kind() == Kind::NotFound => Err(nobody(&tenant, who)),
        Err(CommandError::Refused(refusal)) if refusal.code() == "LAST_ADMIN" => {
            Err(Failure::Refused(format!("`{who}` is the last admin of `{tenant}`; make somebody else admin first")))
        }
        Err(error) => Err(error.into()),
    }
}

/// Counted before the erasure, which takes all of it.
async fn traces(pool: &PgPool, tenant: &TenantId, user: UserId) -> sqlx::Result<Traces> {
    sqlx::query_as(
        "select (select count(*) from log.events where aggregate_type = 'user' and aggregate_id = $3 and payload::text like '%\"sealed\":%') as events, \
                (select count(*) from log.claims where tenant_id = $1 and aggregate_type = 'user' and aggregate_id = $3) as claims, \
                (select count(*) from log.secrets where tenant_id = $1 and subject = $2) as secrets",
    )
    .bind(tenant.as_str())
    .bind(user.to_string())
    .bind(format!("{tenant}/{user}"))
    .fetch_one(pool)
    .await
}
