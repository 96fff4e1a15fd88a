//! What is asked about an account by somebody who did not sign in: the API writes down the claim of an email and does not know
//! whether anybody holds it, and here that is found out.
//!
//! One whose email belongs to an open account becomes an event of the account, by a command that is given once however often
//! this is tried; a policy does the rest. One that belongs to nobody leaves nothing.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgPool};
use tidemark_commands::{Commands, IdempotencyKey, Precondition, Refused, Scope, Transaction, step as ask, transact};
use tidemark_engine::database::{ANSWER, in_time};
use tidemark_engine::event::Metadata;
use tidemark_engine::log::claim_holder;
use tidemark_identity::{User, UserCommand};
use tidemark_kernel::{Actor, Timestamp, UserId};
use uuid::Uuid;

const PAGE: i64 = 100;
/// Nobody waits any longer for what could not be found out by then.
const GIVEN_UP_AFTER: chrono::TimeDelta = chrono::TimeDelta::minutes(30);

/// One kind of such requests.
pub(super) struct Desk {
    /// The command, for the metadata.
    pub(super) name: &'static str,
    /// What is asked of the account.
    pub(super) command: fn(Timestamp) -> UserCommand,
    /// Gives those that are due, some at a time.
    pub(super) due: &'static str,
    /// Removes one.
    pub(super) settle: &'static str,
    /// Puts one off.
    pub(super) put_off: &'static str,
    /// Counts one that is given up.
    pub(super) given_up: fn(),
}

#[derive(Debug, FromRow)]
struct Request {
    request_id: Uuid,
    tenant_id: String,
    claim: String,
    correlation_id: String,
    created_at: DateTime<Utc>,
}

/// Works off a page of what is due; says how many requests were settled. What fails is put off, behind the others.
pub(super) async fn step(commands: &Commands, desk: &Desk) -> sqlx::Result<usize> {
    let pool = commands.pool();
    let due: Vec<Request> = in_time(ANSWER, sqlx::query_as(desk.due).bind(PAGE).fetch_all(pool)).await?;
    let mut settled = 0;
    for request in due {
        if !is_answered(commands, desk, &request).await? {
            if Utc::now() - request.created_at < GIVEN_UP_AFTER {
                call(pool, desk.put_off, request.request_id).await?;
                continue;
            }
            (desk.given_up)();
            tracing::warn!(request = %request.request_id, command = desk.name, "a request about an account is given up");
        }
        call(pool, desk.settle, request.request_id).await?;
        settled += 1;
    }
    Ok(settled)
}

/// Whether all is done that a request leads to.
async fn is_answered(commands: &Commands, desk: &Desk, request: &Request) -> sqlx::Result<bool> {
    let Request { request_id, tenant_id, claim, correlation_id, .. } = request;
    let holder = claim_holder(commands.pool(), tenant_id, "user.email", claim).await?;
    let Some(user) = holder.and_then(|id| id.parse::<UserId>().ok()) else { return Ok(true) };
    let metadata = Metadata::from([
        ("actor".to_owned(), Actor::Anonymous.to_string()),
        ("correlationId".to_owned(), correlation_id.clone()),
        ("command".to_owned(), desk.name.to_owned()),
    ]);
    let key = IdempotencyKey { id: *request_id, request_hash: [0; 32] };
    let scope = Scope { tenant: Arc::from(tenant_id.as_str()), metadata, key: Some(key) };
    let command = (desk.command)(Timestamp::new(Utc::now()));
    let transaction = Transaction::default().with(ask::<User>(user, Precondition::None, command));
    match transact(commands, &scope, transaction, |_| Vec::new()).await {
        // Whoever was invited or is gone has no password to forget, and none to guess.
        Ok(_) | Err(Refused::Refused(_) | Refused::AnswerErased) => Ok(true),
        Err(error) => {
            tracing::warn!(request = %request_id, command = desk.name, %error, "a request about an account waits");
            Ok(false)
        }
    }
}

async fn call(pool: &PgPool, function: &str, request: Uuid) -> sqlx::Result<()> {
    in_time(ANSWER, sqlx::query(function).bind(request).execute(pool)).await.map(drop)
}
