//! Registering, signing in, and one's own account.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use tidemark_commands::{Precondition, Secret, Transaction, step};
use tidemark_engine::database::{ANSWER, in_time};
use tidemark_engine::log;
use tidemark_identity::{AvatarUrl, Password, PersonName, Purpose, User, UserChanges, UserCommand};
use tidemark_kernel::{Actor, Email, FieldError, Role, TenantId, UserId};
use tokio::time::{Duration, Instant};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::attempts;
use super::mail_tokens;
use super::session_rows::{self, Which};
use super::sessions::{Opening, Session, SignedInNow};
use super::users::{self, UserView};
use crate::App;
use crate::body::{Body, Headers, NoQuery, Query};
use crate::caller::SignedIn;
use crate::client::Client;
use crate::command::{Accepted, CommandContext, Reply};
use crate::fields::{Fields, FromFields};
use crate::limits::{Class, Meter, Network};
use crate::openapi::v1;
use crate::problem::Problem;
use crate::revocations::KEPT_SESSION;
use crate::tenancy::people::within_quota;
use crate::terms::limited;

/// The kind of secret that a password's hash is; its subject is the user's id.
pub const PASSWORD: &str = "password";
/// The code of a wrong password, and of an account that there is not.
pub(super) const INVALID_CREDENTIALS: &str = "INVALID_CREDENTIALS";
/// How long a sign-in is tried again while the account changes under it.
pub(super) const SIGN_IN_PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn router() -> OpenApiRouter<App> {
    let sign_in = OpenApiRouter::new()
        .routes(v1(routes!(register)))
        .routes(v1(routes!(login)))
        .routes(v1(routes!(change_password)));
    limited(Class::SignIn, sign_in).routes(v1(routes!(me, edit_me)))
}

/// Somebody opens an account.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Register {
    /// Where to reach the person; unique in the tenant, without case.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: Email,
    /// 8 to 128 characters, and none of the most common ones.
    #[schema(value_type = String, min_length = 8, max_length = 128)]
    password: Password,
    /// What the person is called.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    name: PersonName,
    /// How the refresh token is handed over.
    #[schema(required = false)]
    token_delivery: Option<TokenDelivery>,
}

/// Somebody signs in.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Login {
    /// The account's address.
    email: String,
    /// Its password.
    #[schema(value_type = String)]
    password: Password,
    /// How the refresh token is handed over.
    #[schema(required = false)]
    token_delivery: Option<TokenDelivery>,
}

/// How a refresh token reaches its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum TokenDelivery {
    /// In a cookie that no script can read.
    Cookie,
    /// In the body.
    Body,
}

/// What people change about themselves.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct EditMe {
    /// Another name.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 100)]
    name: Option<PersonName>,
    /// Another picture: an http(s) address or a path of this server. `null` for none.
    #[schema(value_type = Option<String>, max_length = 2048)]
    avatar_url: Option<Option<AvatarUrl>>,
}

/// Another password.
#[derive(Debug, ToSchema)]
pub struct ChangePassword {
    /// The present one.
    #[schema(value_type = String)]
    current: Password,
    /// The one to come.
    #[schema(value_type = String, min_length = 8, max_length = 128)]
    new: Password,
}

impl FromFields for Register {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", str::parse::<Email>);
        let password = fields.required("password", Password::parse);
        let name = fields.required("name", PersonName::parse);
        let token_delivery = token_delivery(fields);
        Some(Self { email: email?, password: password?, name: name?, token_delivery })
    }
}

impl FromFields for Login {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        // What is no address belongs to nobody: that is wrong credentials, not a field at fault.
        let email = fields.required("email", |text| Ok::<_, FieldError>(text.to_owned()));
        let password = fields.required("password", attempt);
        let token_delivery = token_delivery(fields);
        Some(Self { email: email?, password: password?, token_delivery })
    }
}

impl FromFields for EditMe {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            name: fields.changed("name", PersonName::parse),
            avatar_url: fields.clearable("avatarUrl", AvatarUrl::parse),
        })
    }
}

impl FromFields for ChangePassword {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let current = fields.required("current", attempt);
        let new = fields.required("new", Password::parse);
        Some(Self { current: current?, new: new? })
    }
}

/// A password that is tried. One that nobody can have is cut short before it costs a hash.
pub(super) fn attempt(text: &str) -> Result<Password, FieldError> {
    const LONGEST: usize = 1_024;
    if text.len() > LONGEST { Err(FieldError::too_long(LONGEST, "bytes")) } else { Ok(Password::attempt(text)) }
}

pub(super) fn token_delivery(fields: &mut Fields) -> Option<TokenDelivery> {
    fields.optional("tokenDelivery", |text| match text {
        "cookie" => Ok(TokenDelivery::Cookie),
        "body" => Ok(TokenDelivery::Body),
        _ => Err(FieldError::not_allowed("must be one of cookie, body")),
    })
}

/// Open an account and be signed in to it
#[utoipa::path(post, path = "/auth/register", tag = "identity", operation_id = "register", security(()), request_body = Register,
    responses((status = 201, description = "The account, and a token for it", body = Session), (status = 409, description = "`EMAIL_CONFLICT`, `QUOTA_EXCEEDED`")))]
async fn register(
    State(app): State<App>,
    context: CommandContext,
    (client, meter): (Client, Meter),
    Query(NoQuery): Query<NoQuery>,
    Body(body): Body<Register>,
) -> Result<Response, Problem> {
    let Register { email, password, name, token_delivery } = body;
    let (id, at) = (UserId::new(Uuid::now_v7()), context.at());
    let network = meter.network(context.tenant(), &email.key());
    app.passwords.ensure_strong("password", &password, &[email.as_str(), name.as_str()]).await?;
    let hash = app.passwords.hash(password).await?;
    let opening = Opening::new(&app, context.tenant(), id, &client).await?;
    let command = UserCommand::Register { id, email, name, role: Role::Member, at };
    let transaction = Transaction::default()
        .with(step::<User>(id, Precondition::New, command))
        .with_secret(password_secret(id, hash))
        .with_row_change(opening.change.clone())
        .with_row_change(network.kept(id));
    let context = context.by(Actor::User(id));
    let transaction = within_quota(&app, &context, transaction).await?;
    let (user, accepted) = context
        .transact_unremembered("RegisterUser", transaction, |decided| decided.state::<User>(0).map(UserView::of))
        .await?;
    let signed_in = opening.signed_in(user, at, accepted.position());
    signed_in.answer(&app, context.tenant(), StatusCode::CREATED, token_delivery)
}

/// Sign in
#[utoipa::path(post, path = "/auth/login", tag = "identity", operation_id = "login", security(()), request_body = Login,
    responses((status = 200, description = "The account, and a token for it", body = Session), (status = 401, description = "`INVALID_CREDENTIALS`")))]
async fn login(
    State(app): State<App>,
    context: CommandContext,
    (client, meter): (Client, Meter),
    Query(NoQuery): Query<NoQuery>,
    Body(body): Body<Login>,
) -> Result<Response, Problem> {
    let Login { email, password, token_delivery } = body;
    // What is no address is nobody's.
    let email = email.parse::<Email>().map(|email| email.key()).unwrap_or_default();
    let network = meter.network(context.tenant(), &email);
    let signing_in = sign_in(&app, &context, &client, (&email, &password), network);
    let signed_in = attempts::tried(&app, (&context, &meter), &email, signing_in).await?;
    signed_in.answer(&app, context.tenant(), StatusCode::OK, token_delivery)
}

/// Signs in whoever has this email and this password.
async fn sign_in(
    app: &App,
    context: &CommandContext,
    client: &Client,
    (email, password): (&str, &Password),
    network: Network,
) -> Result<SignedInNow, Problem> {
    let at = context.at();
    let deadline = Instant::now() + SIGN_IN_PATIENCE;
    let mut verified = None;
    loop {
        let Account { id, version, hash } = account(app, context.tenant(), email).await?;
        // A hash costs too much to be asked twice about the same password.
        if verified.is_none() || verified != hash {
            if !app.passwords.verify(hash.clone(), password.clone()).await? {
                return Err(invalid_credentials(StatusCode::UNAUTHORIZED));
            }
            verified = hash;
        }
        let opening = Opening::new(app, context.tenant(), id, client).await?;
        let command = UserCommand::SignIn { session: opening.session(), at };
        let mut transaction = Transaction::default()
            .with(step::<User>(id, Precondition::Version(version), command))
            .with_row_change(opening.change.clone())
            .with_row_change(network.kept(id));
        if verified.as_ref().is_some_and(|kept| app.passwords.is_outdated(kept)) {
            let hash = app.passwords.hash(password.clone()).await?;
            transaction = transaction.with_secret(password_secret(id, hash));
        }
        let context = context.clone().by(Actor::User(id));
        let signed_in = context
            .transact_unremembered("SignIn", transaction, |decided| decided.state::<User>(0).map(UserView::of))
            .await;
        match signed_in {
            Ok((user, accepted)) => return Ok(opening.signed_in(user, at, accepted.position())),
            // The account has changed since its hash was read: perhaps the password, perhaps it is gone.
            Err(problem) if problem.status() == StatusCode::PRECONDITION_FAILED && Instant::now() < deadline => {}
            Err(problem) if problem.status() == StatusCode::PRECONDITION_FAILED => return Err(Problem::overloaded()),
            Err(problem) if problem.status() == StatusCode::NOT_FOUND => {
                return Err(invalid_credentials(StatusCode::UNAUTHORIZED));
            }
            Err(problem) => return Err(problem),
        }
    }
}

/// What a sign-in is decided on.
struct Account {
    id: UserId,
    version: i64,
    hash: Option<String>,
}

/// The account that has this email. One that nobody has is looked for all the same: it must not be answered sooner.
async fn account(app: &App, tenant: &TenantId, email: &str) -> Result<Account, Problem> {
    let holder = app.commands.personal_claim_holder(tenant.as_str(), "user.email", email).await?;
    let id: UserId = holder.and_then(|id| id.parse().ok()).unwrap_or_default();
    let (version, hash) = credentials(app, tenant, id).await?;
    Ok(Account { id, version, hash })
}

/// An account's version, and the hash of its password. The version comes first: a hash that is newer than it is noticed, since
/// the account has moved on by then.
pub(super) async fn credentials(app: &App, tenant: &TenantId, id: UserId) -> Result<(i64, Option<String>), Problem> {
    let pool = app.commands.pool();
    let asked = sqlx::query_scalar(
        "select coalesce(max(sequence), 0) from log.events where aggregate_type = 'user' and aggregate_id = $1",
    )
    .bind(format!("{tenant}/{id}"));
    let version = in_time(ANSWER, asked.fetch_one(pool)).await?;
    Ok((version, log::secret(pool, tenant.as_str(), PASSWORD, &id.to_string()).await?))
}

/// One's own account
#[utoipa::path(get, path = "/auth/me", tag = "identity", operation_id = "getMe", security(("bearer" = [])), responses((status = 200, description = "The account", body = UserView)))]
async fn me(
    State(app): State<App>,
    SignedIn { caller, .. }: SignedIn,
    Query(NoQuery): Query<NoQuery>,
    Headers(headers): Headers,
) -> Result<Response, Problem> {
    users::show(&app, &headers, &caller, caller.user).await
}

/// Change what one says about oneself
#[utoipa::path(patch, path = "/auth/me", tag = "identity", operation_id = "editMe", security(("bearer" = [])), request_body = EditMe, responses((status = 200, description = "The account", body = UserView)))]
async fn edit_me(
    SignedIn { caller, .. }: SignedIn,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    Body(body): Body<EditMe>,
) -> Result<Accepted, Problem> {
    let changes = UserChanges { name: body.name, avatar_url: body.avatar_url, email: None };
    let command = UserCommand::Edit { changes, at: context.at() };
    let step = step::<User>(caller.user, context.precondition(), command);
    context
        .unremembered()
        .execute("EditUser", step, |user, version| Reply::ok(version, &UserView::of((user, version))))
        .await
}

/// Change one's own password; other sessions end
#[utoipa::path(put, path = "/auth/password", tag = "identity", operation_id = "changePassword", security(("bearer" = [])), request_body = ChangePassword,
    responses((status = 204, description = "Changed"), (status = 403, description = "`INVALID_CREDENTIALS`: `current` is wrong")))]
async fn change_password(
    State(app): State<App>,
    signed_in: SignedIn,
    context: CommandContext,
    meter: Meter,
    Query(NoQuery): Query<NoQuery>,
    Body(body): Body<ChangePassword>,
) -> Result<Accepted, Problem> {
    let context = context.unremembered().with_metadata(KEPT_SESSION, &signed_in.session.to_string());
    let email = attempts::email_of(&app, &context, signed_in.caller.user).await?;
    attempts::tried(&app, (&context, &meter), &email, replace(&app, &context, &signed_in, body)).await
}

/// Replaces one's own password, whose present one has to be known.
async fn replace(
    app: &App,
    context: &CommandContext,
    SignedIn { caller, session }: &SignedIn,
    ChangePassword { current, new }: ChangePassword,
) -> Result<Accepted, Problem> {
    let deadline = Instant::now() + SIGN_IN_PATIENCE;
    let mut hash = None;
    loop {
        let (version, kept) = credentials(app, &caller.tenant, caller.user).await?;
        if !app.passwords.verify(kept, current.clone()).await? {
            return Err(invalid_credentials(StatusCode::FORBIDDEN));
        }
        let hash = match &hash {
            Some(hash) => String::clone(hash),
            None => {
                let (user, _) = tidemark_commands::known::<User>(&app.commands, &caller.tenant, caller.user).await?;
                app.passwords.ensure_strong("new", &new, &about(&user)).await?;
                hash.insert(app.passwords.hash(new.clone()).await?).clone()
            }
        };
        // Whoever knew the former password must not overwrite one that was set meanwhile.
        let is_asked = matches!(context.precondition(), Precondition::Version(_));
        let precondition = if is_asked { context.precondition() } else { Precondition::Version(version) };
        let command = UserCommand::ChangePassword { at: context.at() };
        let transaction = Transaction::default()
            .with(step::<User>(caller.user, precondition, command))
            .with_secret(password_secret(caller.user, hash))
            .with_row_change(session_rows::close(caller.user, Which::AllBut(*session)))
            .with_row_change(mail_tokens::end(caller.user, &[Purpose::Reset, Purpose::ChangeEmail]));
        match context.clone().transact("ChangePassword", transaction, |_| Reply::no_content()).await {
            Err(problem) if !is_asked && problem.status() == StatusCode::PRECONDITION_FAILED => {
                if Instant::now() >= deadline {
                    return Err(Problem::overloaded());
                }
            }
            changed => return changed,
        }
    }
}

/// What others may know of somebody, which is no part of a good password.
pub(super) fn about(user: &User) -> [&str; 2] {
    [user.email.as_ref().map_or("", Email::as_str), user.name.as_str()]
}

pub(super) fn password_secret(user: UserId, hash: String) -> Secret {
    Secret { kind: PASSWORD.to_owned(), subject: user.to_string(), value: Some(hash) }
}

pub(super) fn invalid_credentials(status: StatusCode) -> Problem {
    let problem = Problem::new(status, INVALID_CREDENTIALS, "Email or password is wrong");
    if status == StatusCode::UNAUTHORIZED {
        problem.header(http::header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer realm=\"tidemark\""))
    } else {
        problem
    }
}
