//! Trying a password: counted, and told to the account's owner when it goes wrong again and again.

use tidemark_engine::database::{ANSWER, in_time};
use tidemark_identity::User;
use tidemark_kernel::UserId;
use uuid::Uuid;

use super::auth::INVALID_CREDENTIALS;
use super::mail_tokens;
use crate::App;
use crate::command::CommandContext;
use crate::limits::Meter;
use crate::problem::Problem;

/// Lets `work` try a password of the account that has this email, or of nobody, and counts what comes of it.
///
/// # Errors
/// With `RATE_LIMITED` when too many have failed, or whatever `work` says.
pub(super) async fn tried<T>(
    app: &App,
    (context, meter): (&CommandContext, &Meter),
    email: &str,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let attempt = meter.attempt(context.tenant(), email, Some(&app.familiar)).await?;
    let tried = work.await;
    match &tried {
        Ok(_) => attempt.succeeded().await,
        Err(problem) if problem.code() == INVALID_CREDENTIALS => {
            if attempt.failed().await
                && let Err(error) = note(app, context, email).await
            {
                tracing::warn!(error = error.code(), "failed sign-ins could not be noted, the next one tries again");
                attempt.untold().await;
            }
        }
        Err(_) => attempt.undecided().await,
    }
    tried
}

/// The email of somebody who is signed in, as the attempts at their password are counted.
pub(super) async fn email_of(app: &App, context: &CommandContext, user: UserId) -> Result<String, Problem> {
    let (user, _) = tidemark_commands::known::<User>(&app.commands, context.tenant(), user).await?;
    Ok(mail_tokens::email_of(&user))
}

/// Writes down that somebody may have to be told. Whether there is anybody is found out by a worker: here it would take time
/// that tells.
async fn note(app: &App, context: &CommandContext, email: &str) -> Result<(), Problem> {
    let tenant = context.tenant().as_str();
    let claim = app.commands.personal_claim(tenant, "user.email", email).await?;
    let asked = sqlx::query("select identity.note_failed_sign_ins($1, $2, $3, $4)")
        .bind(tenant)
        .bind(Uuid::now_v7())
        .bind(claim.unwrap_or_default())
        .bind(context.request_id());
    in_time(ANSWER, asked.execute(app.commands.pool())).await?;
    Ok(())
}
