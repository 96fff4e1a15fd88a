//! The tokens that mails bring back: read, held against what is kept of them, and used up by the append that they lead to.
//!
//! A token and the account are read at one version, and the append requires that version: whatever else uses the token
//! meanwhile moves the account on, and then both are read again. So a token is used once, however many bring it.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;
use tidemark_engine::database::{ANSWER, in_time};
use tidemark_engine::log::RowChange;
use tidemark_identity::{MailToken, Purpose, User};
use tidemark_kernel::{Email, FieldError, TenantId, UserId};
use tokio::time::Instant;

use super::auth::{SIGN_IN_PATIENCE, credentials};
use crate::App;
use crate::fields::Fields;
use crate::limits::{Meter, Network};
use crate::problem::Problem;

/// A token that is good, and the account that it was sent to.
pub(super) struct Found {
    pub(super) token: MailToken,
    pub(super) user: Arc<User>,
    /// The version of the account at which it was good; what it leads to has to be decided at that version.
    pub(super) version: i64,
}

/// Reads the field `token`. What is none is told in the same way as one that is not good any more.
pub(super) fn token(fields: &mut Fields) -> Option<String> {
    fields.required("token", |text| Ok::<_, FieldError>(text.to_owned()))
}

/// The account that a token was sent to, if it is good for one of `purposes` now.
pub(super) async fn find(
    app: &App,
    tenant: &TenantId,
    presented: &str,
    purposes: &[Purpose],
) -> Result<Found, Problem> {
    let token = MailToken::parse(presented).filter(|token| purposes.contains(&token.purpose));
    let token = token.ok_or_else(invalid)?;
    let (version, _) = credentials(app, tenant, token.user).await?;
    let id = token.user.to_string();
    let kept = kept(app, tenant, &token).await?.ok_or_else(invalid)?;
    // It may be at a later version already, at which the token was used: then the one that was read first is refused.
    let (user, _) = tidemark_commands::known_at::<User>(&app.commands, tenant, &id, version).await?;
    let address = sent_to(&user, token.purpose).ok_or_else(invalid)?;
    if token.is(&kept, tenant.as_str(), address) { Ok(Found { token, user, version }) } else { Err(invalid()) }
}

/// Where the token of a mail is brought from: the account's owner is at home there.
pub(super) fn network(meter: &Meter, tenant: &TenantId, user: &User) -> Network {
    meter.network(tenant, &email_of(user))
}

/// The account's email, as attempts at its password are counted.
pub(super) fn email_of(user: &User) -> String {
    user.email.as_ref().map(Email::key).unwrap_or_default()
}

/// Where a token of a purpose is sent; nowhere while the account does not want one.
fn sent_to(user: &User, purpose: Purpose) -> Option<&Email> {
    let (is_wanted, address) = match purpose {
        Purpose::Verify | Purpose::Reset => (user.is_open(), &user.email),
        Purpose::ChangeEmail => (user.is_open(), &user.pending_email),
        Purpose::Invite => (user.is_invited(), &user.email),
    };
    address.as_ref().filter(|_| is_wanted)
}

/// What is kept of the person's last token of that purpose, while it is good.
async fn kept(app: &App, tenant: &TenantId, token: &MailToken) -> sqlx::Result<Option<Vec<u8>>> {
    let asked = sqlx::query_scalar(
        "select token_hash from identity.mail_tokens \
         where tenant_id = $1 and subject = $2 and purpose = $3 and used_at is null and expires_at > clock_timestamp()",
    )
    .bind(tenant.as_str())
    .bind(token.user.to_string())
    .bind(token.purpose.as_str());
    in_time(ANSWER, asked.fetch_optional(app.commands.pool())).await
}

/// Uses up a person's tokens of these purposes, or ends them.
pub(super) fn end(user: UserId, purposes: &[Purpose]) -> RowChange {
    let purposes: Vec<_> = purposes.iter().map(|purpose| purpose.as_str()).collect();
    let argument = json!({ "subject": user, "purposes": purposes }).to_string();
    RowChange { function: "identity.use_mail_tokens", argument }
}

/// How long a token is read again because its account changes under it.
pub(super) struct Patience(Instant);

impl Patience {
    pub(super) fn begin() -> Self {
        Self(Instant::now() + SIGN_IN_PATIENCE)
    }

    /// Gives what came of an attempt, or nothing where the account has moved on and there is time for another one.
    pub(super) fn settle<T>(&self, attempt: Result<T, Problem>) -> Result<Option<T>, Problem> {
        match attempt {
            Ok(done) => Ok(Some(done)),
            Err(problem) if problem.status() != StatusCode::PRECONDITION_FAILED => Err(problem),
            Err(_) if Instant::now() < self.0 => Ok(None),
            Err(_) => Err(Problem::overloaded()),
        }
    }
}

/// One problem for all: whoever guesses learns nothing from it.
pub(super) fn invalid() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "TOKEN_INVALID", "The link is not valid any more, ask for another one")
}

/// What was asked for comes by mail, or does not: nobody is told.
pub(super) fn answered(position: http::HeaderValue) -> Response {
    (StatusCode::ACCEPTED, [(crate::command::POSITION, position)]).into_response()
}
