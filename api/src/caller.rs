//! Who asks, and what for: the extractors that are a route's permission.
//!
//! Tenant and token are checked once a request, and the request is counted against its rate limit, before the router is
//! asked, by [`admit`]; the extractors read what it found.

pub(crate) mod scopes;

use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use tidemark_kernel::{Actor, Caller, SessionId, TenantId};
use tower::ServiceExt;
use uuid::Uuid;

use crate::App;
use crate::exchange::Exchange;
use crate::limits::Class;
use crate::origins::Listed;
use crate::problem::Problem;
use crate::service_tokens::{Service, ServiceTokens};
use crate::terms::{Route, Terms};
use crate::tokens::Verified;

/// The tenant a request belongs to. It exists and is served.
#[derive(Debug, Clone)]
pub struct TenantScope(pub TenantId);

/// Anyone, signed in or not.
#[derive(Debug, Clone)]
pub struct Anyone {
    /// The tenant.
    pub tenant: TenantId,
    /// Who, when signed in.
    pub caller: Option<Caller>,
}

impl Anyone {
    /// Whether drafts and the like may be shown.
    #[must_use]
    pub fn may_edit(&self) -> bool {
        self.caller.as_ref().is_some_and(|caller| caller.role.may_edit())
    }
}

/// Somebody signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub caller: Caller,
    /// By which sign-in. A service token, which no route of sessions is open to, stands for itself.
    pub session: SessionId,
}

/// An editor or an admin.
#[derive(Debug, Clone)]
pub struct Editor(pub Caller);

/// An admin.
#[derive(Debug, Clone)]
pub struct Admin(pub Caller);

/// What [`admit`] found out about a request.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    pub(crate) tenant: TenantId,
    pub(crate) verified: Option<Verified>,
    pub(crate) service: Option<Service>,
}

impl Admitted {
    pub(crate) fn of(parts: &Parts) -> Result<&Self, Problem> {
        let admitted = Exchange::of(&parts.extensions)?.admitted.get();
        admitted.ok_or_else(|| Problem::internal("a route without a tenant asks for one"))
    }

    pub(crate) fn actor(&self) -> Actor {
        match (&self.verified, &self.service) {
            (Some(verified), _) => Actor::User(verified.caller.user),
            (None, Some(service)) => Actor::ServiceToken(service.token),
            (None, None) => Actor::Anonymous,
        }
    }

    /// Whom its requests are counted to, if not to an address.
    fn payer(&self) -> Option<Uuid> {
        match self.actor() {
            Actor::User(user) => Some(user.as_uuid()),
            Actor::ServiceToken(token) => Some(token.as_uuid()),
            _ => None,
        }
    }

    /// Who asks, or in whose place a service token does: [`admit`] has made sure that its scopes open the route.
    fn caller(&self) -> Option<&Caller> {
        let person = self.verified.as_ref().map(|verified| &verified.caller);
        person.or_else(|| self.service.as_ref().map(|service| &service.caller))
    }

    fn signed_in(&self) -> Result<&Caller, Problem> {
        self.caller().ok_or_else(Problem::not_signed_in)
    }

    fn session(&self) -> Result<SessionId, Problem> {
        let person = self.verified.as_ref().map(|verified| verified.session);
        let service = || self.service.as_ref().map(|service| SessionId::new(service.token.as_uuid()));
        person.or_else(service).ok_or_else(Problem::not_signed_in)
    }
}

/// Lets a request for a route of a tenant in to `router`: its tenant is known and served, its token, if it has one, is good for
/// that tenant, and there were not too many like it.
pub(crate) async fn admit(
    app: &App,
    exchange: &Exchange,
    (route, terms): (&Route, Terms),
    request: Request,
    router: Router,
) -> Result<Response, Problem> {
    let meter = &exchange.meter;
    let tenant = app.tenants.named(request.headers(), request.uri())?;
    // A name that nobody has heard of costs a look-up.
    if !app.tenants.knows(&tenant) {
        meter.stranger().await?;
    }
    let served = app.tenants.ensure_served(&tenant).await;
    // Before anything is refused, so that scripts of the tenant's own site see that too.
    if let Some(listed) = Listed::by(&app.tenants, &tenant, request.headers()) {
        let _is_first = exchange.listed.set(listed);
    }
    served?;
    let (verified, service) = match presented(app, request.headers(), &tenant).await {
        Ok(presented) => presented,
        Err(problem) => {
            meter.anonymous(&tenant).await?;
            return Err(problem);
        }
    };
    let admitted = exchange.admitted.get_or_init(|| Admitted { tenant, verified, service });
    let (tenant, payer) = (&admitted.tenant, admitted.payer());
    meter.admit(terms.rate_limit, tenant, payer).await?;
    if let Some(service) = &admitted.service {
        scopes::ensure_opened(request.method(), &route.path, |scope| service.has(scope))?;
    }
    // Before a place is taken: a body that arrives slowly takes nobody's.
    let (request, body, _share) = app.arrivals.receive(exchange.client, request).await?;
    if terms.rate_limit == Class::SignIn {
        Box::pin(meter.sign_in(tenant, payer, &body, Some(&app.familiar))).await?;
    }
    let _place = app.admission.enter(terms.rate_limit, request.method(), tenant)?;
    let cookies = &app.position_cookies;
    let command = cookies.of_browser(request.method(), request.headers(), &app.positions, tenant);
    let Ok(mut response) = router.oneshot(request).await;
    if let Some(command) = command {
        cookies.answer(&command, &app.positions, tenant, response.headers_mut());
    }
    Ok(response)
}

/// The person or the program whose token is presented, if there is one.
async fn presented(
    app: &App,
    headers: &HeaderMap,
    tenant: &TenantId,
) -> Result<(Option<Verified>, Option<Service>), Problem> {
    match bearer(headers)? {
        None => Ok((None, None)),
        Some(token) if ServiceTokens::is_meant(token) => {
            Ok((None, Some(Box::pin(app.service_tokens.verify(token, tenant)).await?)))
        }
        Some(token) => Ok((Some(app.tokens.verify(token, tenant)?), None)),
    }
}

/// The token of `Authorization: Bearer`; any other scheme is no sign-in that we know.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let unknown = || Problem::bad_token("INVALID_TOKEN", "The access token is not valid");
    if values.next().is_some() {
        return Err(unknown());
    }
    // Not `to_str`, which looks at each byte by itself, of a token that has hundreds.
    let text = std::str::from_utf8(value.as_bytes().trim_ascii()).map_err(|_| unknown())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(unknown)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(token.trim_ascii())) } else { Err(unknown()) }
}

impl<S: Send + Sync> FromRequestParts<S> for TenantScope {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(Admitted::of(parts)?.tenant.clone()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Anyone {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let admitted = Admitted::of(parts)?;
        Ok(Self { tenant: admitted.tenant.clone(), caller: admitted.caller().cloned() })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let admitted = Admitted::of(parts)?;
        Ok(Self { caller: admitted.signed_in()?.clone(), session: admitted.session()? })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Editor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = Admitted::of(parts)?.signed_in()?;
        if caller.role.may_edit() { Ok(Self(caller.clone())) } else { Err(Problem::forbidden()) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let caller = Admitted::of(parts)?.signed_in()?;
        if caller.role.is_admin() { Ok(Self(caller.clone())) } else { Err(Problem::forbidden()) }
    }
}
