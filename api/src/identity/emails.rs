//! The address of an account: verified, and changed, by the token of a mail.

use axum::extract::State;
use http::StatusCode;
use tidemark_commands::{Precondition, Transaction, step};
use tidemark_identity::{Password, Purpose, User, UserCommand};
use tidemark_kernel::{Actor, Caller, Email};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::attempts;
use super::auth::{attempt, credentials, invalid_credentials};
use super::mail_tokens::{self, Found, Patience};
use crate::App;
use crate::body::{Body, NoQuery, Query};
use crate::caller::SignedIn;
use crate::command::{Accepted, CommandContext, Reply};
use crate::fields::{Fields, FromFields};
use crate::limits::{Class, Meter};
use crate::openapi::v1;
use crate::problem::Problem;
use crate::terms::limited;

pub(super) fn router() -> OpenApiRouter<App> {
    limited(Class::SignIn, OpenApiRouter::new().routes(v1(routes!(verify))).routes(v1(routes!(change))))
}

/// The token of a mail.
#[derive(ToSchema)]
pub struct VerifyEmail {
    /// The token of the mail.
    token: String,
}

/// Another address.
#[derive(Debug, ToSchema)]
pub struct ChangeEmail {
    /// The address to come.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: Email,
    /// The account's password.
    #[schema(value_type = String)]
    password: Password,
}

impl FromFields for VerifyEmail {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { token: mail_tokens::token(fields)? })
    }
}

impl FromFields for ChangeEmail {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", str::parse::<Email>);
        let password = fields.required("password", attempt);
        Some(Self { email: email?, password: password? })
    }
}

/// Show by the token of a mail that its address is one's own
///
/// Of a mail that was sent because another address was asked for, the account takes that address now.
#[utoipa::path(post, path = "/auth/email/verify", tag = "identity", operation_id = "verifyEmail", security(()), request_body = VerifyEmail,
    responses((status = 204, description = "The address is the person's"), (status = 400, description = "`TOKEN_INVALID`: the token was used, is older than half an hour, or a newer one was sent"),
        (status = 409, description = "`EMAIL_CONFLICT`: another account has taken the new address meanwhile")))]
async fn verify(
    State(app): State<App>,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    Body(VerifyEmail { token }): Body<VerifyEmail>,
) -> Result<Accepted, Problem> {
    let context = context.unremembered();
    let patience = Patience::begin();
    loop {
        let found = mail_tokens::find(&app, context.tenant(), &token, &[Purpose::Verify, Purpose::ChangeEmail]).await?;
        let Found { token, version, .. } = found;
        let at = context.at();
        let command = match token.purpose {
            Purpose::ChangeEmail => UserCommand::ConfirmEmailChange { at },
            _ => UserCommand::VerifyEmail { at },
        };
        let transaction = Transaction::default()
            .with(step::<User>(token.user, Precondition::Version(version), command))
            .with_row_change(mail_tokens::end(token.user, &[token.purpose]));
        let context = context.clone().by(Actor::User(token.user));
        let attempt = context.transact("VerifyEmail", transaction, |_| Reply::no_content()).await;
        if let Some(verified) = patience.settle(attempt)? {
            return Ok(verified);
        }
    }
}

/// Ask for another address
///
/// A mail goes there, and the account takes the address when its token comes back to `/auth/email/verify`. The present address
/// is told. Whether somebody else has the new one is not said.
#[utoipa::path(post, path = "/auth/email/change", tag = "identity", operation_id = "changeEmail", security(("bearer" = [])), request_body = ChangeEmail,
    responses((status = 202, description = "A mail goes to the new address"), (status = 403, description = "`INVALID_CREDENTIALS`: the password is wrong")))]
async fn change(
    State(app): State<App>,
    SignedIn { caller, .. }: SignedIn,
    context: CommandContext,
    meter: Meter,
    Query(NoQuery): Query<NoQuery>,
    Body(body): Body<ChangeEmail>,
) -> Result<Accepted, Problem> {
    let context = context.unremembered();
    let present = attempts::email_of(&app, &context, caller.user).await?;
    attempts::tried(&app, (&context, &meter), &present, ask_for(&app, &context, &caller, body)).await
}

/// Asks for another address, which takes the password.
async fn ask_for(
    app: &App,
    context: &CommandContext,
    caller: &Caller,
    ChangeEmail { email, password }: ChangeEmail,
) -> Result<Accepted, Problem> {
    let patience = Patience::begin();
    loop {
        let (version, kept) = credentials(app, &caller.tenant, caller.user).await?;
        if !app.passwords.verify(kept, password.clone()).await? {
            return Err(invalid_credentials(StatusCode::FORBIDDEN));
        }
        let command = UserCommand::RequestEmailChange { email: email.clone(), at: context.at() };
        let step = step::<User>(caller.user, Precondition::Version(version), command);
        let transaction = Transaction::default().with(step);
        let attempt = context.transact("RequestEmailChange", transaction, |_| Reply::accepted_silently()).await;
        if let Some(requested) = patience.settle(attempt)? {
            return Ok(requested);
        }
    }
}
