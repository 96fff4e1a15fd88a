//! Finds out whose forgotten passwords the requests for a mail are about, which the API does not know when it answers.
//!
//! A request whose email belongs to an open account becomes an event of the account, by a command that is given once however
//! often this is tried; the policy of mails with links does the rest. A request that belongs to nobody leaves nothing.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use metrics::counter;
use sqlx::{FromRow, PgPool};
use tidemark_commands::{Commands, IdempotencyKey, Precondition, Refused, Scope, Transaction, step as ask, transact};
use tidemark_engine::database::{ANSWER, in_time};
use tidemark_engine::event::Metadata;
use tidemark_engine::log::claim_holder;
use tidemark_identity::{User, UserCommand};
use tidemark_kernel::{Actor, Timestamp, UserId};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often to look; somebody waits for the mail.
const PAUSE: Duration = Duration::from_millis(500);
const PAGE: i64 = 100;
/// Nobody waits any longer for what could not be found out by then.
const GIVEN_UP_AFTER: chrono::TimeDelta = chrono::TimeDelta::minutes(30);

#[derive(Debug, FromRow)]
struct Request {
    request_id: Uuid,
    tenant_id: String,
    claim: String,
    correlation_id: String,
    created_at: DateTime<Utc>,
}

/// Works requests off until `shutdown`, whether Postgres is there or not.
pub(crate) async fn run(commands: &Commands, shutdown: &CancellationToken) {
    let mut ticks = tokio::time::interval(PAUSE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = step(commands).await {
            tracing::debug!(%error, "requests for a new password wait for Postgres");
        }
    }
}

/// Works off a page of what waits; says how many requests were settled. What fails stays for the next step.
///
/// # Errors
/// When the database is away.
pub async fn step(commands: &Commands) -> sqlx::Result<usize> {
    let pool = commands.pool();
    let asked = sqlx::query_as(
        "select request_id, tenant_id, claim, correlation_id, created_at from identity.reset_requests order by created_at limit $1",
    )
    .bind(PAGE);
    let waiting: Vec<Request> = in_time(ANSWER, asked.fetch_all(pool)).await?;
    let mut settled = 0;
    for request in waiting {
        if !is_answered(commands, &request).await? {
            if Utc::now() - request.created_at < GIVEN_UP_AFTER {
                continue;
            }
            counter!("tidemark_reset_requests_given_up_total").increment(1);
            tracing::warn!(request = %request.request_id, "a request for a new password is given up");
        }
        settle(pool, request.request_id).await?;
        settled += 1;
    }
    Ok(settled)
}

/// Whether all is done that a request leads to.
async fn is_answered(commands: &Commands, request: &Request) -> sqlx::Result<bool> {
    let Request { request_id, tenant_id, claim, correlation_id, .. } = request;
    let holder = claim_holder(commands.pool(), tenant_id, "user.email", claim).await?;
    let Some(user) = holder.and_then(|id| id.parse::<UserId>().ok()) else { return Ok(true) };
    let metadata = Metadata::from([
        ("actor".to_owned(), Actor::Anonymous.to_string()),
        ("correlationId".to_owned(), correlation_id.clone()),
        ("command".to_owned(), "RequestPasswordReset".to_owned()),
    ]);
    let key = IdempotencyKey { id: *request_id, request_hash: [0; 32] };
    let scope = Scope { tenant: Arc::from(tenant_id.as_str()), metadata, key: Some(key) };
    let command = UserCommand::RequestPasswordReset { at: Timestamp::new(Utc::now()) };
    let transaction = Transaction::default().with(ask::<User>(user, Precondition::None, command));
    match transact(commands, &scope, transaction, |_| Vec::new()).await {
        // Whoever was invited or is gone has no password to forget.
        Ok(_) | Err(Refused::Refused(_) | Refused::AnswerErased) => Ok(true),
        Err(error) => {
            tracing::warn!(request = %request_id, %error, "a request for a new password waits");
            Ok(false)
        }
    }
}

async fn settle(pool: &PgPool, request: Uuid) -> sqlx::Result<()> {
    let asked = sqlx::query("select identity.settle_reset_request($1)").bind(request);
    in_time(ANSWER, asked.execute(pool)).await.map(drop)
}
