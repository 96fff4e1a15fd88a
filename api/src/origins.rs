//! Browsers on other origins: which may call, what their scripts may see, and whom a cookie is believed from.
//!
//! An origin is on the list to the letter or it is not; `null`, which anybody can be, never is. What carries a cookie and
//! changes something has to come from here or from the list, for a browser adds cookies to what any page sends.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HOST, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tidemark_kernel::TenantId;
use tidemark_runtime::{Environment, Settings};

use crate::App;
use crate::exchange::Exchange;
use crate::problem::Problem;
use crate::tenants::TenantDirectory;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What the contract lets a request say.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, x-tenant, x-request-id, x-cart-token, accept-version, idempotency-key, if-match, \
     if-none-match, prefer, tidemark-after, last-event-id, traceparent",
);
/// What a script may read of an answer, beyond what it always may.
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static(
    "etag, location, retry-after, www-authenticate, x-request-id, idempotency-replayed, tidemark-position, tidemark-cache, \
     ratelimit, ratelimit-policy",
);
/// How long a browser may remember a preflight, in seconds; none keeps it longer.
const REMEMBERED: HeaderValue = HeaderValue::from_static("7200");

/// The origins that may call. Clones share the list.
#[derive(Debug, Clone)]
pub struct Origins {
    listed: Arc<[String]>,
    /// Only development is served over plain HTTP.
    is_plain_trusted: bool,
}

impl Origins {
    /// Those of the settings.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            listed: settings.cors_origin_list().map(str::to_owned).collect(),
            is_plain_trusted: settings.environment == Environment::Development,
        }
    }

    /// The origin that a request comes from, if it is on the list.
    pub(crate) fn listed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = the_one(headers)?;
        self.listed.iter().any(|listed| listed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }

    /// Lets scripts of an origin see an answer: one that is listed here, or by the tenant. Any answer may differ by origin
    /// as soon as there is a list.
    pub(crate) fn share(&self, listed: Option<HeaderValue>, by_tenant: Option<&Listed>, headers: &mut HeaderMap) {
        if self.listed.is_empty() && by_tenant.is_none() {
            return;
        }
        let origin = listed.or_else(|| by_tenant.and_then(|listed| listed.0.clone()));
        headers.append(VARY, HeaderValue::from_static("origin"));
        let Some(origin) = origin else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
    }

    /// The answer to a browser that asks whether it may; nothing for any other request. It may ask about any route.
    pub(crate) fn preflight(
        &self,
        tenants: &TenantDirectory,
        exchange: &Exchange,
        request: &Request,
    ) -> Option<Response> {
        let headers = request.headers();
        let asks = exchange.method == Method::OPTIONS
            && headers.contains_key(ORIGIN)
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks {
            return None;
        }
        let by_tenant = the_one(headers).filter(|origin| tenants.lets_ask(origin, headers, request.uri()));
        if let Some(origin) = by_tenant {
            let _is_first = exchange.listed.set(Listed(Some(origin.clone())));
        }
        if by_tenant.is_none() && self.listed(headers).is_none() {
            return Some(Problem::forbidden().detail("this origin is not on the list").into_response());
        }
        let allowed = [
            (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
            (ACCESS_CONTROL_MAX_AGE, REMEMBERED),
        ];
        Some((StatusCode::NO_CONTENT, allowed).into_response())
    }

    /// Whether an origin is this server's own, which is at `host`, or on the list.
    pub(crate) fn trusts(&self, origin: &HeaderValue, host: &str) -> bool {
        let Ok(text) = origin.to_str() else { return false };
        let (scheme, default_port) = match text.split_once("://") {
            Some(("https", _)) => ("https", ":443"),
            Some(("http", _)) if self.is_plain_trusted => ("http", ":80"),
            _ => ("", ""),
        };
        let host = host.strip_suffix(default_port).unwrap_or(host).to_ascii_lowercase();
        let is_own = !scheme.is_empty() && !host.is_empty() && text == format!("{scheme}://{host}");
        is_own || self.listed.iter().any(|listed| listed == text)
    }
}

/// That the tenant of a request has a list of its own, and the origin that the request comes from, if it is on it.
#[derive(Debug, Clone)]
pub(crate) struct Listed(Option<HeaderValue>);

impl Listed {
    /// What the list of `tenant` says of a request; nothing where it has none.
    pub(crate) fn by(tenants: &TenantDirectory, tenant: &TenantId, headers: &HeaderMap) -> Option<Self> {
        let origin = the_one(headers);
        let is_listed = tenants.lists(tenant, origin)?;
        Some(Self(origin.filter(|_| is_listed).cloned()))
    }
}

/// `Origin`, where it is given once.
fn the_one(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut origins = headers.get_all(ORIGIN).iter();
    origins.next().filter(|_| origins.next().is_none())
}

/// Where a request says that it comes from and goes to. An extractor, for what may be authenticated by a cookie.
#[derive(Debug)]
pub(crate) struct Provenance {
    origin: Option<HeaderValue>,
    host: String,
}

impl Provenance {
    /// Refuses a request that another site may have made a browser send.
    pub(crate) fn ensure_trusted(&self, app: &App, tenant: &TenantId) -> Result<(), Problem> {
        let is_trusted = |origin: &HeaderValue| {
            app.origins.trusts(origin, &self.host) || app.tenants.lists(tenant, Some(origin)) == Some(true)
        };
        if self.origin.as_ref().is_some_and(is_trusted) {
            return Ok(());
        }
        Err(Problem::forbidden().detail("a cookie is taken only with an Origin that is this server's or on its list"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Provenance {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let authority = parts.uri.authority().map(http::uri::Authority::as_str);
        let host = authority.or_else(|| parts.headers.get(HOST)?.to_str().ok()).unwrap_or_default().to_owned();
        Ok(Self { origin: the_one(&parts.headers).cloned(), host })
    }
}

/// What the client has called this server, and whether it came by TLS. An extractor.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) is_tls: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Host {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let Provenance { host, .. } = Provenance::from_request_parts(parts, state).await?;
        let is_tls = parts.extensions.get::<Exchange>().is_some_and(|exchange| exchange.is_tls);
        Ok(Self { name: host, is_tls })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(environment: Environment) -> Origins {
        let mut settings = Settings::for_tests("postgres://nobody@localhost/nothing", None);
        settings.cors_origins = Some("https://shop.example,http://localhost:5173".to_owned());
        settings.environment = environment;
        Origins::new(&settings)
    }

    fn listed(origin: &'static str) -> bool {
        let headers = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))]);
        origins(Environment::Production).listed(&headers).is_some()
    }

    #[test]
    fn an_origin_is_listed_to_the_letter() {
        assert!(listed("https://shop.example") && listed("http://localhost:5173"));
        for twin in [
            "",
            "null",
            "*",
            "http://shop.example",
            "https://shop.example:8443",
            "https://shop.example.evil.example",
            "https://evil-shop.example",
            "https://evil.example/https://shop.example",
            "https://shop.exampl",
            "https://SHOP.example",
            "https://shop.example/",
            "https://shop.example, https://evil.example",
            "https://sub.shop.example",
            "http://localhost:51730",
        ] {
            assert!(!listed(twin), "{twin}");
        }
        let mut twice = HeaderMap::new();
        twice.append(ORIGIN, HeaderValue::from_static("https://shop.example"));
        twice.append(ORIGIN, HeaderValue::from_static("https://shop.example"));
        assert!(origins(Environment::Production).listed(&twice).is_none());
    }

    #[test]
    fn a_cookie_is_believed_from_here_and_from_the_list() {
        let trusts = |environment, origin, host| origins(environment).trusts(&HeaderValue::from_static(origin), host);
        for environment in [Environment::Production, Environment::Development] {
            assert!(trusts(environment, "https://api.example", "api.example"));
            assert!(trusts(environment, "https://api.example", "API.example:443"));
            assert!(trusts(environment, "https://api.example:8443", "api.example:8443"));
            assert!(trusts(environment, "https://shop.example", "api.example"));
            for (origin, host) in [
                ("null", "api.example"),
                ("https://api.example", ""),
                ("https://", ""),
                ("", ""),
                ("https://evil.example", "api.example"),
                ("https://api.example.evil.example", "api.example"),
                ("https://evil-api.example", "api.example"),
                ("https://api.example:444", "api.example"),
                ("ftp://api.example", "api.example"),
            ] {
                assert!(!trusts(environment, origin, host), "{origin} at {host}");
            }
        }
        assert!(trusts(Environment::Development, "http://127.0.0.1:8080", "127.0.0.1:8080"));
        assert!(!trusts(Environment::Production, "http://api.example", "api.example"));
    }
}
