//! Invitations: an admin names somebody, and the token of a mail makes it their account.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use tidemark_commands::{Precondition, Transaction, step};
use tidemark_identity::{Password, PersonName, Purpose, User, UserCommand};
use tidemark_kernel::{Actor, Email, Role, TenantId, UserId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::auth::{TokenDelivery, about, credentials, password_secret, token_delivery};
use super::mail_tokens::{self, Found, Patience};
use super::sessions::{Opening, Session};
use super::users::{RoleName, UserView, role};
use crate::App;
use crate::body::{Body, NoQuery, Query};
use crate::caller::Admin;
use crate::client::Client;
use crate::command::{Accepted, CommandContext, Reply};
use crate::fields::{Fields, FromFields};
use crate::limits::{Class, Meter};
use crate::openapi::v1;
use crate::problem::Problem;
use crate::tenancy::people::within_quota;
use crate::terms::limited;

pub(super) fn router() -> OpenApiRouter<App> {
    limited(Class::SignIn, OpenApiRouter::new().routes(v1(routes!(invite))).routes(v1(routes!(accept))))
}

/// An admin invites somebody.
#[derive(Debug, ToSchema)]
pub struct InviteUser {
    /// Where to reach the person; unique in the tenant, without case.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: Email,
    /// What the person is called.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    name: PersonName,
    /// What the person may do.
    #[schema(value_type = RoleName)]
    role: Role,
}

/// Somebody accepts an invitation.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct AcceptInvitation {
    /// The token of the mail.
    token: String,
    /// 8 to 128 characters, and none of the most common ones.
    #[schema(value_type = String, min_length = 8, max_length = 128)]
    password: Password,
    /// How the refresh token is handed over.
    #[schema(required = false)]
    token_delivery: Option<TokenDelivery>,
}

impl FromFields for InviteUser {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", str::parse::<Email>);
        let name = fields.required("name", PersonName::parse);
        let role = fields.required("role", role);
        Some(Self { email: email?, name: name?, role: role? })
    }
}

impl FromFields for AcceptInvitation {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let token = mail_tokens::token(fields);
        let password = fields.required("password", Password::parse);
        let token_delivery = token_delivery(fields);
        Some(Self { token: token?, password: password?, token_delivery })
    }
}

/// Invite somebody, or again
///
/// Whoever was invited before and has not accepted is sent another mail, with the name and role of this invitation.
#[utoipa::path(post, path = "/users/invite", tag = "identity", operation_id = "inviteUser", security(("bearer" = [])), request_body = InviteUser,
    responses((status = 202, description = "The account, which is to be accepted; a mail comes", body = UserView), (status = 409, description = "`EMAIL_CONFLICT`")))]
async fn invite(
    State(app): State<App>,
    Admin(admin): Admin,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    Body(InviteUser { email, name, role }): Body<InviteUser>,
) -> Result<Accepted, Problem> {
    let holder = app.commands.personal_claim_holder(context.tenant().as_str(), "user.email", &email.key()).await?;
    let known: Option<UserId> = holder.and_then(|id| id.parse().ok());
    let id = known.unwrap_or_else(|| UserId::new(Uuid::now_v7()));
    let command = UserCommand::Invite { id, email, name, role, by: admin.user, at: context.at() };
    let mut transaction = Transaction::default().with(step::<User>(id, Precondition::None, command));
    if known.is_none() {
        transaction = within_quota(&app, &context, transaction).await?;
    }
    context
        .transact("InviteUser", transaction, |decided| match decided.state::<User>(0) {
            Some((user, version)) => Reply::accepted(version, &UserView::of((user, version))),
            None => Reply::no_content(),
        })
        .await
}

/// Accept an invitation by the token of its mail, and be signed in
#[utoipa::path(post, path = "/auth/invite/accept", tag = "identity", operation_id = "acceptInvitation", security(()), request_body = AcceptInvitation,
    responses((status = 200, description = "The account, and a token for it", body = Session), (status = 400, description = "`TOKEN_INVALID`: the token was used, is older than half an hour, or a newer one was sent; or who has invited an admin or editor is no admin any more")))]
async fn accept(
    State(app): State<App>,
    context: CommandContext,
    (client, meter): (Client, Meter),
    Query(NoQuery): Query<NoQuery>,
    Body(body): Body<AcceptInvitation>,
) -> Result<Response, Problem> {
    let AcceptInvitation { token, password, token_delivery } = body;
    let (tenant, at) = (context.tenant(), context.at());
    // Whoever has no token is told before it costs a hash.
    let Found { user, .. } = mail_tokens::find(&app, tenant, &token, &[Purpose::Invite]).await?;
    app.passwords.ensure_strong("password", &password, &about(&user)).await?;
    let hash = app.passwords.hash(password).await?;
    let patience = Patience::begin();
    loop {
        let Found { token, version, user } = mail_tokens::find(&app, tenant, &token, &[Purpose::Invite]).await?;
        ensure_vouched(&app, tenant, &user).await?;
        let opening = Opening::new(&app, tenant, user.id, &client).await?;
        let command = UserCommand::AcceptInvitation { session: opening.session(), at };
        let transaction = Transaction::default()
            .with(step::<User>(user.id, Precondition::Version(version), command))
            .with_secret(password_secret(user.id, hash.clone()))
            .with_row_change(opening.change.clone())
            .with_row_change(mail_tokens::network(&meter, tenant, &user).kept(user.id))
            .with_row_change(mail_tokens::end(user.id, &[token.purpose]));
        let context = context.clone().by(Actor::User(user.id));
        let attempt = context
            .transact_unremembered("AcceptInvitation", transaction, |decided| {
                decided.state::<User>(0).map(UserView::of)
            })
            .await;
        if let Some((user, accepted)) = patience.settle(attempt)? {
            let signed_in = opening.signed_in(user, at, accepted.position());
            return signed_in.answer(&app, tenant, StatusCode::OK, token_delivery);
        }
    }
}

/// Refuses an invitation to more than anybody may, by somebody who is no admin any more: that may be why they are not. Another
/// admin can invite the same person anew.
async fn ensure_vouched(app: &App, tenant: &TenantId, invited: &User) -> Result<(), Problem> {
    let Some(by) = invited.invited_by.filter(|_| invited.role.may_edit()) else { return Ok(()) };
    let (version, _) = credentials(app, tenant, by).await?;
    let (inviter, _) = tidemark_commands::known_at::<User>(&app.commands, tenant, by, version).await?;
    if inviter.is_open() && inviter.role.is_admin() { Ok(()) } else { Err(mail_tokens::invalid()) }
}
