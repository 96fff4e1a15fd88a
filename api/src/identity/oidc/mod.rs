//! Signing in by an OpenID provider: there with PKCE, a state and a nonce, and back to a page of one's own.
//!
//! A browser leaves with a sealed cookie (`attempt`) and has to bring it back, which is what binds the answer to it; so nobody
//! can make another's browser sign in as themselves. What the provider says counts only as far as it is proven (`provider`),
//! and which account that leads to is decided in `account`. No token is ever in an address: the browser gets the refresh
//! cookie, as a login gives it, and a page exchanges that.

mod account;
mod attempt;
mod id_token;
mod provider;
mod return_to;
mod wire;

use std::sync::Arc;

use anyhow::Context;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, SET_COOKIE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use tidemark_kernel::{FieldError, TenantId};
use tidemark_runtime::{Environment, Settings};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::body::{PathId, Query};
use crate::caller::TenantScope;
use crate::client::Client;
use crate::command::{CommandContext, POSITION};
use crate::fields::{Fields, FromFields};
use crate::limits::Class;
use crate::openapi::v1;
use crate::origins::Host;
use crate::problem::Problem;
use crate::terms::limited;
use attempt::Attempts;
use provider::{Provider, ProviderError};

pub(super) fn router() -> OpenApiRouter<App> {
    limited(Class::SignIn, OpenApiRouter::new().routes(v1(routes!(start))).routes(v1(routes!(callback))))
}

/// Whether a request of this path signs somebody in, though it is a GET.
pub(crate) fn is_callback(path: &str) -> bool {
    path.contains("/auth/oidc/") && path.ends_with("/callback")
}

/// The providers of the settings, and the sign-ins under way. Clones share what is known of the providers.
#[derive(Clone)]
pub struct Oidc {
    providers: Arc<[Provider]>,
    attempts: Attempts,
    is_production: bool,
}

impl Oidc {
    /// Asks nobody yet: a provider that is away at the start is asked when somebody wants it.
    ///
    /// # Errors
    /// When the library for TLS cannot be used.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        let providers = settings.oidc_providers.iter().flat_map(|providers| providers.0.iter().cloned());
        let providers = providers.map(Provider::new).collect::<anyhow::Result<Vec<_>>>().context("oidc_providers")?;
        Ok(Self {
            providers: providers.into(),
            attempts: Attempts::new(settings),
            is_production: settings.environment == Environment::Production,
        })
    }

    fn provider(&self, name: &str) -> Result<&Provider, Problem> {
        self.providers.iter().find(|provider| provider.name() == name).ok_or_else(Problem::not_found)
    }

    /// Where the provider is to send the browser back to. What the browser called this server is what the provider has to
    /// have on its own list, so nobody gains by calling it something else.
    fn redirect_uri(&self, host: &Host, provider: &str) -> Result<String, Problem> {
        if host.name.is_empty() {
            return Err(Problem::malformed("a sign-in by a provider needs a Host"));
        }
        let scheme = if self.is_production || host.is_tls { "https" } else { "http" };
        Ok(format!("{scheme}://{}/api/v1/auth/oidc/{provider}/callback", host.name))
    }
}

/// Somebody wants to sign in.
#[derive(Debug)]
pub struct Start {
    return_to: Option<String>,
}

impl FromFields for Start {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { return_to: fields.optional("return_to", |text| Ok::<_, FieldError>(text.to_owned())) })
    }
}

/// Go to a provider to sign in
#[utoipa::path(get, path = "/auth/oidc/{provider}/start", tag = "identity", operation_id = "startOidcSignIn", security(()),
    params(("provider" = String, Path, description = "The provider's name in the settings"),
        ("return_to" = Option<String>, Query, description = "Where the browser goes in the end: a path of this server, or an address of an origin that the installation or the tenant lists; `/` by default")),
    responses((status = 303, description = "To the provider", headers(("location" = String, description = "The provider's sign-in page")))))]
async fn start(
    State(app): State<App>,
    TenantScope(tenant): TenantScope,
    PathId(name): PathId<String>,
    host: Host,
    Query(Start { return_to }): Query<Start>,
) -> Result<Response, Problem> {
    let provider = app.oidc.provider(&name)?;
    let return_to = return_to.as_deref().unwrap_or("/");
    let is_trusted = |origin: &HeaderValue| {
        app.origins.trusts(origin, &host.name) || app.tenants.lists(&tenant, Some(origin)) == Some(true)
    };
    let return_to = return_to::parse(return_to, is_trusted).ok_or_else(leads_away)?;
    let redirect_uri = app.oidc.redirect_uri(&host, &name)?;
    let (attempt, url) = provider.begin(redirect_uri, return_to).await?;
    let cookie = app.oidc.attempts.set(&tenant, &attempt);
    let location = HeaderValue::try_from(url.as_str()).map_err(Problem::internal)?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location), (SET_COOKIE, cookie)]).into_response())
}

fn leads_away() -> Problem {
    let error = FieldError::not_allowed("must be a path of this server, or an address of an origin on its list");
    Problem::validation(vec![crate::problem::FieldProblem::new("return_to", error)])
}

/// Come back from a provider, signed in
#[utoipa::path(get, path = "/auth/oidc/{provider}/callback", tag = "identity", operation_id = "finishOidcSignIn", security(()),
    params(("provider" = String, Path, description = "The provider's name in the settings"),
        ("state" = Option<String>, Query, description = "As it was given to the provider"),
        ("code" = Option<String>, Query, description = "What proves the sign-in to the provider"),
        ("error" = Option<String>, Query, description = "Why the provider has signed nobody in"),
        ("iss" = Option<String>, Query, description = "Who answers (RFC 9207). Whatever else a provider adds is taken, and not looked at")),
    responses((status = 303, description = "Signed in, by the refresh cookie; to where the sign-in was begun from", headers(("location" = String, description = "`return_to` of the start"))),
        (status = 400, description = "`OIDC_STATE_INVALID`: the answer belongs to no sign-in that this browser has begun, or was used before"),
        (status = 401, description = "`OIDC_REFUSED`: the provider signs nobody in; `OIDC_UNPROVEN`: what it says proves nothing"),
        (status = 403, description = "`EMAIL_NOT_VERIFIED`")))]
async fn callback(
    State(app): State<App>,
    context: CommandContext,
    client: Client,
    PathId(name): PathId<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let provider = app.oidc.provider(&name)?;
    let answer = Answer::read(query.as_deref().unwrap_or_default())?;
    let clear = app.oidc.attempts.clear(context.tenant());
    let signed_in = finish(&app, &context, &client, provider, &headers, &answer).await;
    // The attempt is over, whatever came of it, unless it was somebody else's answer.
    match signed_in {
        Ok(mut response) => {
            response.headers_mut().append(SET_COOKIE, clear);
            Ok(response)
        }
        Err(problem) if problem.code() == STATE_INVALID => Err(problem),
        Err(problem) => Err(problem.header(SET_COOKIE, clear)),
    }
}

async fn finish(
    app: &App,
    context: &CommandContext,
    client: &Client,
    provider: &Provider,
    headers: &HeaderMap,
    answer: &Answer,
) -> Result<Response, Problem> {
    let tenant: &TenantId = context.tenant();
    let attempt = app.oidc.attempts.find(headers, tenant).ok_or_else(invalid_state)?;
    if !attempt.is_answered_by(provider.name(), answer.state.as_deref().ok_or_else(invalid_state)?) {
        return Err(invalid_state());
    }
    if !attempt.use_up(app.commands.pool()).await? {
        return Err(invalid_state());
    }
    if !provider.has_answered(answer.issuer.as_deref()).await? {
        return Err(unproven("the answer is another provider's"));
    }
    let code = answer
        .code
        .as_deref()
        .filter(|_| !answer.is_error)
        .ok_or_else(|| unauthorized("OIDC_REFUSED", "The provider has signed nobody in"))?;
    let person = provider.person(&attempt, code).await?;
    let signed_in = account::sign_in(app, context, client, &person).await?;
    let (position, cookie) = signed_in.by_cookie(app, tenant);
    let location = HeaderValue::try_from(attempt.return_to).map_err(Problem::internal)?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location), (SET_COOKIE, cookie), (POSITION, position)]).into_response())
}

/// What a provider has a browser say.
#[derive(Default)]
struct Answer {
    state: Option<String>,
    code: Option<String>,
    issuer: Option<String>,
    is_error: bool,
}

impl Answer {
    /// Takes what is known, each at most once; nobody knows what else a provider adds.
    fn read(query: &str) -> Result<Self, Problem> {
        let mut answer = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let field = match &*name {
                "state" => &mut answer.state,
                "code" => &mut answer.code,
                "iss" => &mut answer.issuer,
                "error" => {
                    answer.is_error = true;
                    continue;
                }
                _ => continue,
            };
            if field.replace(value.into_owned()).is_some() {
                return Err(Problem::malformed("an answer of a provider says state, code and iss at most once"));
            }
        }
        Ok(answer)
    }
}

const STATE_INVALID: &str = "OIDC_STATE_INVALID";

fn invalid_state() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        STATE_INVALID,
        "This answer belongs to no sign-in that this browser has under way, begin it again",
    )
}

fn unproven(detail: impl Into<String>) -> Problem {
    unauthorized("OIDC_UNPROVEN", "The provider's answer does not prove who this is").detail(detail)
}

fn unauthorized(code: &'static str, title: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, code, title)
        .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tidemark\""))
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Away(_) => {
                tracing::warn!(%error, "nobody can sign in by a provider");
                Self::unavailable().detail("the provider cannot be asked now")
            }
            ProviderError::Unproven(ref what) => {
                tracing::warn!(%error, "a sign-in by a provider was refused");
                unproven(format!("the provider {what}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_among_whatever_else_is_there() {
        let answer =
            Answer::read("session_state=x&state=s%20t&code=c%2Fd&iss=https%3A%2F%2Fid.example&scope=a+b&state2=&%00=1");
        let answer = answer.unwrap_or_default();
        assert_eq!((answer.state.as_deref(), answer.code.as_deref()), (Some("s t"), Some("c/d")));
        assert_eq!((answer.issuer.as_deref(), answer.is_error), (Some("https://id.example"), false));
        assert!(Answer::read("error=access_denied&state=s").unwrap_or_default().is_error);
        for twice in ["state=a&state=a", "code=a&code=b", "iss=a&iss=b"] {
            assert!(Answer::read(twice).is_err(), "{twice}");
        }
    }
}
