//! A forgotten password: a mail is asked for, and the token in it sets another one.

use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use tidemark_commands::{Precondition, Transaction, step};
use tidemark_engine::database::{ANSWER, in_time};
use tidemark_identity::{Password, Purpose, User, UserCommand};
use tidemark_kernel::{Actor, Email};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::auth::{about, password_secret};
use super::mail_tokens::{self, Found, Patience};
use super::session_rows::{self, Which};
use crate::App;
use crate::body::{Body, NoQuery, Query};
use crate::command::{Accepted, CommandContext, Reply};
use crate::fields::{Fields, FromFields};
use crate::limits::{Class, Meter};
use crate::openapi::v1;
use crate::problem::Problem;
use crate::terms::limited;

pub(super) fn router() -> OpenApiRouter<App> {
    limited(Class::SignIn, OpenApiRouter::new().routes(v1(routes!(forgot))).routes(v1(routes!(reset))))
}

/// Somebody has forgotten a password.
#[derive(Debug, ToSchema)]
pub struct ForgotPassword {
    /// The account's address.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: Email,
}

/// A new password, by the token of a mail.
#[derive(ToSchema)]
pub struct ResetPassword {
    /// The token of the mail.
    token: String,
    /// 8 to 128 characters, and none of the most common ones.
    #[schema(value_type = String, min_length = 8, max_length = 128)]
    password: Password,
}

impl FromFields for ForgotPassword {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { email: fields.required("email", str::parse::<Email>)? })
    }
}

impl FromFields for ResetPassword {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let token = mail_tokens::token(fields);
        let password = fields.required("password", Password::parse);
        Some(Self { token: token?, password: password? })
    }
}

/// Ask for a mail by which a forgotten password can be set anew
///
/// The answer says nothing about whether there is such an account, and neither does the time it takes: a worker finds out.
#[utoipa::path(post, path = "/auth/password/forgot", tag = "identity", operation_id = "forgotPassword", security(()), request_body = ForgotPassword,
    responses((status = 202, description = "A mail comes, if there is such an account")))]
async fn forgot(
    State(app): State<App>,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    Body(ForgotPassword { email }): Body<ForgotPassword>,
) -> Result<Response, Problem> {
    let tenant = context.tenant();
    let claim = app.commands.personal_claim(tenant.as_str(), "user.email", &email.key()).await?;
    let asked = sqlx::query_scalar("select identity.request_reset($1, $2, $3, $4)")
        .bind(tenant.as_str())
        .bind(Uuid::now_v7())
        .bind(claim.unwrap_or_default())
        .bind(context.request_id());
    let tenant_position: i64 = in_time(ANSWER, asked.fetch_one(app.commands.pool())).await?;
    let position = app.positions.encode(tenant.as_str(), tenant_position);
    Ok(mail_tokens::answered(HeaderValue::try_from(position).map_err(Problem::internal)?))
}

/// Set a forgotten password anew; all sessions end
#[utoipa::path(post, path = "/auth/password/reset", tag = "identity", operation_id = "resetPassword", security(()), request_body = ResetPassword,
    responses((status = 204, description = "Changed"), (status = 400, description = "`TOKEN_INVALID`: the token was used, is older than half an hour, or a newer one was sent")))]
async fn reset(
    State(app): State<App>,
    context: CommandContext,
    meter: Meter,
    Query(NoQuery): Query<NoQuery>,
    Body(ResetPassword { token, password }): Body<ResetPassword>,
) -> Result<Accepted, Problem> {
    let context = context.unremembered();
    // Whoever has no token is told before it costs a hash.
    let Found { user, .. } = mail_tokens::find(&app, context.tenant(), &token, &[Purpose::Reset]).await?;
    app.passwords.ensure_strong("password", &password, &about(&user)).await?;
    let hash = app.passwords.hash(password).await?;
    let patience = Patience::begin();
    loop {
        let Found { token, version, user } =
            mail_tokens::find(&app, context.tenant(), &token, &[Purpose::Reset]).await?;
        let command = UserCommand::ResetPassword { at: context.at() };
        let transaction = Transaction::default()
            .with(step::<User>(token.user, Precondition::Version(version), command))
            .with_secret(password_secret(token.user, hash.clone()))
            .with_row_change(session_rows::close(token.user, Which::All))
            .with_row_change(mail_tokens::network(&meter, context.tenant(), &user).kept(token.user))
            .with_row_change(mail_tokens::end(token.user, &[Purpose::Reset, Purpose::ChangeEmail]));
        let context = context.clone().by(Actor::User(token.user));
        let attempt = context.transact("ResetPassword", transaction, |_| Reply::no_content()).await;
        if let Some(reset) = patience.settle(attempt)? {
            // Whoever reads the account's mail is its owner, whatever was tried from here before.
            meter.forget_failures(context.tenant(), &mail_tokens::email_of(&user)).await;
            return Ok(reset);
        }
    }
}
