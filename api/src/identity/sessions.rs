//! Sessions: kept going by refresh tokens, listed, and ended.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use tidemark_commands::{Precondition, Transaction, step};
use tidemark_engine::log::RowChange;
use tidemark_identity::{User, UserCommand};
use tidemark_kernel::{Actor, Caller, FieldError, SessionId, TenantId, Timestamp, UserId};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::auth::{TokenDelivery, token_delivery};
use super::refresh_token::{RefreshToken, RefreshTokens};
use super::session_rows::{self as rows, Rotated, SessionRow, Which};
use super::users::UserView;
use crate::App;
use crate::body::{Headers, NoBody, NoQuery, OptionalBody, PathId, Query};
use crate::caller::{Admitted, SignedIn, TenantScope};
use crate::client::Client;
use crate::command::{Accepted, CommandContext, POSITION, Reply, version_tag};
use crate::fields::{Fields, FromFields};
use crate::limits::{Class, Meter};
use crate::openapi::v1;
use crate::origins::Provenance;
use crate::problem::Problem;
use crate::query::{self, Bound, Paged, Paging};
use crate::terms::limited;

/// A refresh token is 116 characters long.
const LONGEST_TOKEN: usize = 1_024;

pub(super) fn router() -> OpenApiRouter<App> {
    let router = limited(Class::Refresh, OpenApiRouter::new().routes(v1(routes!(refresh))))
        .routes(v1(routes!(logout)))
        .routes(v1(routes!(list)))
        .routes(v1(routes!(revoke)));
    query::listed::<()>(router, "/auth/sessions", &[])
}

/// Somebody keeps a session going.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Refresh {
    /// The refresh token, where it is not in the cookie.
    #[schema(value_type = Option<String>, required = false)]
    refresh_token: Option<String>,
    /// How the next refresh token is handed over.
    #[schema(required = false)]
    token_delivery: Option<TokenDelivery>,
}

/// Somebody leaves.
#[derive(Debug, ToSchema)]
pub struct Logout {
    /// On all devices, not on this one alone.
    #[schema(required = false)]
    everywhere: bool,
}

/// Somebody is signed in now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Who.
    user: UserView,
    /// To be sent as `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds for which the access token is good.
    expires_in: u64,
    /// To be exchanged at `/auth/refresh`, once; only where `tokenDelivery` is `body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
}

/// A session that is open: a device, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenSession {
    id: Uuid,
    /// When somebody signed in.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its refresh token was last exchanged.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    /// When it ends by itself, if it is not used before.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// The address that it was last used from.
    #[schema(required)]
    address: Option<String>,
    /// The program that it was last used with, as that calls itself.
    #[schema(required)]
    agent: Option<String>,
    /// Whether it is the one that asks.
    current: bool,
}

/// Which sessions are wanted.
#[derive(Debug)]
pub struct SessionQuery {
    paging: Paging,
}

impl FromFields for Refresh {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let refresh_token = fields.optional("refreshToken", |text| {
            if text.len() > LONGEST_TOKEN {
                Err(FieldError::too_long(LONGEST_TOKEN, "bytes"))
            } else {
                Ok(text.to_owned())
            }
        });
        let token_delivery = token_delivery(fields);
        Some(Self { refresh_token, token_delivery })
    }
}

impl FromFields for Logout {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { everywhere: fields.flag("everywhere").unwrap_or(false) })
    }
}

impl FromFields for SessionQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { paging: Paging::read(fields)? })
    }
}

/// A session that the append of a sign-in is to open.
pub(super) struct Opening {
    token: RefreshToken,
    /// What opens it.
    pub(super) change: RowChange,
}

impl Opening {
    /// A new session of `user`, whatever tokens the request may have brought.
    pub(super) async fn new(app: &App, tenant: &TenantId, user: UserId, client: &Client) -> Result<Self, Problem> {
        let token = RefreshTokens::first(SessionId::new(Uuid::now_v7()), user);
        let client = seal(app, tenant, user, client).await?;
        let change = rows::open(&token, &client, app.refresh_tokens.lifetime());
        Ok(Self { token, change })
    }

    pub(super) fn session(&self) -> SessionId {
        self.token.session
    }

    /// Whoever signed in, at a version of the account that the append has made.
    pub(super) fn signed_in(self, user: UserView, at: Timestamp, position: HeaderValue) -> SignedInNow {
        SignedInNow { version: user.version, user, token: self.token, at, position }
    }
}

/// Somebody who has just signed in, or goes on.
pub(super) struct SignedInNow {
    user: UserView,
    /// The version of the account that the access token is issued at.
    version: i64,
    /// The refresh token to hand over.
    token: RefreshToken,
    at: Timestamp,
    position: HeaderValue,
}

impl SignedInNow {
    /// Hands over the refresh token alone, in its cookie, and where in the log that was recorded.
    pub(super) fn by_cookie(self, app: &App, tenant: &TenantId) -> (HeaderValue, HeaderValue) {
        let text = app.refresh_tokens.write(tenant, &self.token);
        (self.position, app.refresh_tokens.cookies.set(tenant, &text))
    }

    /// Hands over both tokens.
    pub(super) fn answer(
        self,
        app: &App,
        tenant: &TenantId,
        status: StatusCode,
        delivery: Option<TokenDelivery>,
    ) -> Result<Response, Problem> {
        let Self { user, version, token, at, position } = self;
        let caller = Caller { tenant: tenant.clone(), user: UserId::new(user.id), role: user.role };
        let access_token = app.tokens.issue(&caller, token.session, version, at)?;
        let text = app.refresh_tokens.write(tenant, &token);
        let in_body = delivery == Some(TokenDelivery::Body);
        let cookie = (!in_body).then(|| app.refresh_tokens.cookies.set(tenant, &text));
        let etag = version_tag(user.version);
        let body = Session {
            user,
            access_token,
            token_type: "Bearer",
            expires_in: app.tokens.lifetime_seconds(),
            refresh_token: in_body.then_some(text),
        };
        let mut response = (status, [(POSITION, position), (ETAG, etag)], Json(body)).into_response();
        response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
        Ok(response)
    }
}

/// What is kept of the client, sealed under its person's key.
async fn seal(app: &App, tenant: &TenantId, user: UserId, client: &Client) -> Result<Vec<u8>, Problem> {
    let client = serde_json::to_vec(client).expect("a client is made of texts");
    Ok(app.commands.seal_row(tenant.as_str(), &user.to_string(), &client).await?)
}

fn invalid_token() -> Problem {
    Problem::bad_token("REFRESH_TOKEN_INVALID", "The refresh token is not valid, sign in again")
}

/// Keep a session going: exchange a refresh token for its successor and a new access token
#[utoipa::path(post, path = "/auth/refresh", tag = "identity", operation_id = "refresh", security((), ("refreshCookie" = [])), request_body = Option<Refresh>,
    responses((status = 200, description = "The account, and a token for it", body = Session),
        (status = 401, description = "`NOT_SIGNED_IN` without a token, `REFRESH_TOKEN_INVALID`; `REFRESH_TOKEN_REUSED`: it was replaced before, so its session has ended"),
        (status = 403, description = "The token is in a cookie, and `Origin` is neither this server's nor on its list")))]
async fn refresh(
    State(app): State<App>,
    context: CommandContext,
    (client, meter): (Client, Meter),
    provenance: Provenance,
    headers: HeaderMap,
    Query(NoQuery): Query<NoQuery>,
    OptionalBody(body): OptionalBody<Refresh>,
) -> Result<Response, Problem> {
    let tenant = context.tenant();
    let presented = match &body.refresh_token {
        Some(token) => token.as_str(),
        None => {
            let cookie = app.refresh_tokens.cookies.find(&headers, tenant).ok_or_else(Problem::not_signed_in)?;
            provenance.ensure_trusted(&app, tenant)?;
            cookie
        }
    };
    let (token, successor) = app.refresh_tokens.read(tenant, presented).ok_or_else(invalid_token)?;
    meter.session(tenant, token.session).await?;
    let sealed = seal(&app, tenant, token.user, &client).await?;
    let pool = app.commands.pool();
    let exchange = async {
        let lifetime = app.refresh_tokens.lifetime();
        Ok(rows::rotate(pool, tenant, (&token, &successor), &sealed, lifetime).await?)
    };
    let standing = match app.refresh_tokens.exchanged(&token, exchange).await? {
        Rotated::Succeeded(standing) => standing,
        Rotated::Ended => return Err(invalid_token()),
        Rotated::Reused => {
            report_reuse(&context, &token).await?;
            return Err(Problem::bad_token(
                "REFRESH_TOKEN_REUSED",
                "The refresh token was used before, so its session has ended; sign in again",
            ));
        }
    };
    let id = token.user.to_string();
    let (user, version) = tidemark_commands::known_at::<User>(&app.commands, tenant, &id, standing.version).await?;
    if !user.is_open() {
        return Err(invalid_token());
    }
    let position = app.positions.encode(tenant.as_str(), standing.tenant_position);
    let going_on = SignedInNow {
        user: UserView::of((&user, version)),
        // Not the account's version now: what has ended the session meanwhile is later than the exchange.
        version: standing.version,
        token: successor,
        at: context.at(),
        position: HeaderValue::try_from(position).map_err(Problem::internal)?,
    };
    going_on.answer(&app, tenant, StatusCode::OK, body.token_delivery)
}

/// Ends the session of a token that came again: either its owner or a thief holds the successor, and nobody knows which.
async fn report_reuse(context: &CommandContext, token: &RefreshToken) -> Result<(), Problem> {
    tracing::warn!(session = %token.session, user = %token.user, "a refresh token was used again, its session ends");
    let command = UserCommand::ReportReuse { session: token.session, at: context.at() };
    let transaction = Transaction::default()
        .with(step::<User>(token.user, Precondition::None, command))
        .with_row_change(rows::close(token.user, Which::Only(token.session)));
    let reported = context.transact("ReportTokenReuse", transaction, |_| Reply::no_content()).await;
    match reported {
        // A closed account has no session left to end.
        Err(problem) if problem.status() != StatusCode::NOT_FOUND => Err(problem),
        _ => Ok(()),
    }
}

/// Whoever leaves: by an access token, or by the cookie when that has expired.
struct Leaving {
    user: UserId,
    session: SessionId,
}

impl FromRequestParts<App> for Leaving {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Admitted { tenant, verified, .. } = Admitted::of(parts)?.clone();
        if let Some(verified) = verified {
            return Ok(Self { user: verified.caller.user, session: verified.session });
        }
        let Ok(provenance) = Provenance::from_request_parts(parts, app).await;
        let cookie = app.refresh_tokens.cookies.find(&parts.headers, &tenant).ok_or_else(Problem::not_signed_in)?;
        provenance.ensure_trusted(app, &tenant)?;
        let (token, _) = app.refresh_tokens.read(&tenant, cookie).ok_or_else(invalid_token)?;
        let RefreshToken { user, session, .. } = token;
        if rows::is_open(app.commands.pool(), &tenant, user, session).await? {
            Ok(Self { user, session })
        } else {
            Err(invalid_token())
        }
    }
}

/// Sign out
#[utoipa::path(post, path = "/auth/logout", tag = "identity", operation_id = "logout", security(("bearer" = []), ("refreshCookie" = [])), request_body = Option<Logout>,
    responses((status = 204, description = "Signed out; access tokens of the session end within seconds")))]
async fn logout(
    State(app): State<App>,
    leaving: Leaving,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    OptionalBody(Logout { everywhere }): OptionalBody<Logout>,
) -> Result<Response, Problem> {
    let Leaving { user, session } = leaving;
    let session = (!everywhere).then_some(session);
    let context = context.by(Actor::User(user));
    let left = revoke_sessions(&context, user, session).await?;
    let cookie = app.refresh_tokens.cookies.clear(context.tenant());
    Ok(([(SET_COOKIE, cookie)], left).into_response())
}

/// One's own devices, newest sign-in first
#[utoipa::path(get, path = "/auth/sessions", tag = "identity", operation_id = "listSessions", security(("bearer" = [])),
    responses((status = 200, description = "A page of open sessions", body = Paged<OpenSession>)))]
async fn list(
    State(app): State<App>,
    SignedIn { caller, session }: SignedIn,
    Query(SessionQuery { paging }): Query<SessionQuery>,
    Headers(headers): Headers,
) -> Result<Response, Problem> {
    let id = caller.user.to_string();
    let bound = Bound { tenant: caller.tenant.as_str(), list: "/auth/sessions", filters: &id };
    let page = paging.page(&app.cursors, bound)?;
    query::answer_from_log(&app, &headers, &caller.tenant, async {
        let mut listing = rows::page(app.commands.pool(), &caller.tenant, caller.user, &page).await?;
        let mut clients = Vec::with_capacity(listing.rows.len());
        for row in &mut listing.rows {
            let opened = app.commands.open_row(caller.tenant.as_str(), std::mem::take(&mut row.client)).await?;
            clients.push(serde_json::from_slice::<Client>(&opened).map_err(Problem::internal)?);
        }
        let mut clients = clients.into_iter();
        let show = |row: SessionRow| OpenSession::of(&row, clients.next().unwrap_or_default(), session);
        Ok(Paged::of(listing, &page, &app.cursors, bound, show))
    })
    .await
}

impl OpenSession {
    fn of(row: &SessionRow, client: Client, current: SessionId) -> Self {
        Self {
            id: row.session_id,
            created_at: row.created_at.into(),
            last_used_at: row.last_used_at.into(),
            expires_at: row.expires_at.into(),
            address: client.address,
            agent: client.agent,
            current: row.session_id == current.as_uuid(),
        }
    }
}

/// Sign one of one's own devices out
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "identity", operation_id = "endSession", security(("bearer" = [])), params(("id" = String, Path, description = "The session's id")),
    responses((status = 204, description = "It has ended; its access tokens end within seconds")))]
async fn revoke(
    State(app): State<App>,
    SignedIn { caller, .. }: SignedIn,
    TenantScope(tenant): TenantScope,
    PathId(session): PathId<SessionId>,
    context: CommandContext,
    Query(NoQuery): Query<NoQuery>,
    NoBody: NoBody,
) -> Result<Accepted, Problem> {
    if !rows::is_open(app.commands.pool(), &tenant, caller.user, session).await? {
        return Err(Problem::not_found());
    }
    revoke_sessions(&context, caller.user, Some(session)).await
}

/// Ends one session of a person, or all.
async fn revoke_sessions(
    context: &CommandContext,
    user: UserId,
    session: Option<SessionId>,
) -> Result<Accepted, Problem> {
    let command = UserCommand::RevokeSessions { session, at: context.at() };
    let transaction = Transaction::default()
        .with(step::<User>(user, Precondition::None, command))
        .with_row_change(rows::close(user, session.map_or(Which::All, Which::Only)));
    context.transact("RevokeSessions", transaction, |_| Reply::no_content()).await
}
