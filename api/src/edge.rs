//! What happens to every request, whatever its route: an id, a version, an answer that is whole, a line in the log.
//!
//! All of it is plain calls around one router. What depends on the route the edge looks up itself (`terms::Table`), and so that is
//! calls, too: a layer costs every request a dozen allocations, and the more the deeper it lies.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use tidemark_runtime::Settings;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::Instrument;

use crate::access::{Access, Measures};
use crate::compression::{self, Coding};
use crate::exchange::{Exchange, REQUEST_ID};
use crate::identity::oidc;
use crate::limits::{Limits, Meter, Proxies, Socket};
use crate::origins::Origins;
use crate::problem::{self, Problem};
use crate::terms::Table;
use crate::traces::{self, Traces};
use crate::unstoppable::Unstoppable;
use crate::{App, caller, openapi, unreadable};

const ACCEPT_VERSION: HeaderName = HeaderName::from_static("accept-version");
const NOTHING_EMBEDDED: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
/// A browser that was here once over TLS comes back over TLS only, for a year.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// The longest path with its query, in bytes. What is longer than the library reads at all (64 KiB) it answers by itself.
const LONGEST_TARGET: usize = 8 * 1024;
/// The documentation page brings its own scripts and styles.
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
);

/// What answers requests: routes, what they say of themselves, and what those of tenants are let in by, once there is a log.
#[derive(Clone)]
pub struct Routes {
    router: Router,
    table: Arc<Table>,
    app: Option<App>,
}

impl Routes {
    /// All routes of the process.
    pub(crate) fn of(app: App) -> Self {
        let (router, table) = openapi::router(app.clone());
        Self { app: Some(app), ..Self::with(router, table) }
    }

    /// Routes that are no tenant's.
    pub(crate) fn with(router: Router, table: Table) -> Self {
        Self { router, table: Arc::new(table), app: None }
    }

    /// Routes with nothing around them.
    pub(crate) fn bare(self) -> Router {
        self.router
    }

    /// What the route of a request answers, if the request is let in.
    async fn answer(self, exchange: Exchange, request: Request) -> Response {
        let Some(route) = exchange.route.get() else {
            // Nobody was let in to a route that is not in the table, if there should be one.
            if self.app.is_some() {
                return Problem::of_status(StatusCode::NOT_FOUND).into_response();
            }
            let Ok(unmatched) = self.router.oneshot(request).await;
            return unmatched;
        };
        let terms = route.terms(&exchange.method);
        let answered = match &self.app {
            Some(app) if route.is_of_tenant => {
                caller::admit(app, &exchange, (route, terms), request, self.router).await
            }
            _ => self.router.oneshot(request).await.map_err(|never| match never {}),
        };
        let mut response = answered.into_response();
        terms.tell(response.headers_mut());
        response
    }
}

impl From<Router> for Routes {
    /// Routes of which nothing is known.
    fn from(router: Router) -> Self {
        Self::with(router, Table::default())
    }
}

/// What every request of a process comes past. Clones are one and the same.
#[derive(Debug, Clone)]
pub struct Edge {
    commands: TaskTracker,
    limits: Limits,
    measures: Arc<Measures>,
    origins: Origins,
    proxies: Proxies,
    traces: Traces,
}

impl Edge {
    /// What may change something goes on as one of `commands` where its client hangs up.
    #[must_use]
    pub fn new(settings: &Settings, limits: Limits, commands: TaskTracker) -> Self {
        let (origins, proxies) = (Origins::new(settings), Proxies::new(settings.trusted_networks()));
        Self { commands, limits, measures: Arc::default(), origins, proxies, traces: Traces::new() }
    }

    /// Whether an address is that of a proxy whose word is believed.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        self.proxies.trusts(address)
    }

    /// Serves one request by `routes`, from the first byte to the last header.
    pub async fn serve(&self, routes: Routes, socket: Socket, mut request: Request) -> Response {
        let headers = request.headers();
        let client = self.proxies.client(socket.address, headers);
        let is_tls = self.proxies.is_tls(socket, headers);
        let span = self.traces.begin(headers);
        let meter = Meter::new(&self.limits, client);
        let exchange = Exchange::begin(&request, client, is_tls, meter, span.place());
        let _access = Access { exchange: exchange.clone(), span, measures: &self.measures };
        let path = request.uri().path();
        let is_docs = path.starts_with("/docs");
        // Whoever watches over the process is told how it is, and a browser whether it may ask, however often they ask.
        let is_never_refused = path.starts_with("/health/") || exchange.method == Method::OPTIONS;
        let coding = Coding::preferred(headers);
        let origin = self.origins.listed(headers);
        request.extensions_mut().insert(exchange.clone());
        let mut response = match readable(request).and_then(versioned) {
            Ok(request) => self.answer(routes, &exchange, request).await,
            Err(problem) => problem.into_response(),
        };
        // What no tenant was charged with: little work, whose answer is kept back instead.
        if exchange.meter.is_unused()
            && let Err(problem) = exchange.meter.stranger().await
            && !is_never_refused
        {
            response = problem.into_response();
        }
        let mut response = problem::rendered(response, &exchange.request_id);
        let headers = response.headers_mut();
        add_headers(headers, &exchange.request_id, is_docs);
        exchange.meter.write(headers);
        // Here, so that scripts see problems too.
        self.origins.share(origin, exchange.listed.get(), headers);
        if is_tls {
            headers.insert(STRICT_TRANSPORT_SECURITY, TLS_ONLY);
        }
        let _is_first = exchange.answered.set(response.status());
        compression::compressed(&exchange.method, coding, response).await
    }

    /// What a client is told whose request cannot be read, which is charged to its address as whatever no tenant is charged with. Whom a
    /// trusted proxy speaks for is not known then, and the proxy does not pay for everybody.
    pub(crate) async fn answer_unreadable(&self, socket: Socket, status: StatusCode) -> Vec<u8> {
        let (mut problem, mut headers) = (Problem::of_status(status), HeaderMap::new());
        if !self.trusts(socket.address) {
            let meter = Meter::new(&self.limits, socket.address.to_canonical());
            problem = meter.stranger().await.err().unwrap_or(problem);
            meter.write(&mut headers);
        }
        if socket.is_tls {
            headers.insert(STRICT_TRANSPORT_SECURITY, TLS_ONLY);
        }
        unreadable::answer(status, &problem, headers)
    }

    async fn answer(&self, routes: Routes, exchange: &Exchange, request: Request) -> Response {
        let asks = |app: &App| self.origins.preflight(&app.tenants, exchange, &request);
        if let Some(answer) = routes.app.as_ref().and_then(asks) {
            return answer;
        }
        if let Some(route) = routes.table.find(request.uri().path()) {
            let _is_first = exchange.route.set(Arc::clone(route));
        }
        // A browser comes back from a provider by a GET, and that signs it in.
        let may_change = !exchange.method.is_safe() || oidc::is_callback(request.uri().path());
        let (request_id, trace_id) = (&*exchange.request_id, traces::id(exchange.place));
        let span = tracing::info_span!("request", requestId = request_id, traceId = trace_id);
        let answering = routes.answer(exchange.clone(), request);
        let answering = AssertUnwindSafe(answering).catch_unwind().instrument(span);
        let answered = if may_change { Unstoppable::new(answering, &self.commands).await } else { answering.await };
        match answered {
            Ok(response) => response,
            Err(panic) => Problem::internal(format!("a handler panicked: {}", panic_text(&*panic))).into_response(),
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}

/// `no-store` for answers that belong to one person alone; a layer of the routes that give such.
pub(crate) async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Refuses what nobody here would read: a compressed body, which may be a bomb, and an endless address.
fn readable(request: Request) -> Result<Request, Problem> {
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > LONGEST_TARGET) {
        return Err(Problem::of_status(StatusCode::URI_TOO_LONG));
    }
    let mut codings = request.headers().get_all(CONTENT_ENCODING).iter();
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
            .detail("a body is taken without Content-Encoding only")
            .header(ACCEPT_ENCODING, HeaderValue::from_static("identity")));
    }
    Ok(request)
}

/// `/api/...` becomes `/api/v1/...` as `Accept-Version` says; whatever asks for another version is refused.
fn versioned(mut request: Request) -> Result<Request, Problem> {
    let path = request.uri().path();
    let Some(rest) = path.strip_prefix("/api/") else { return Ok(request) };
    let unsupported = || {
        Problem::new(StatusCode::BAD_REQUEST, "UNSUPPORTED_VERSION", "This version of the API does not exist")
            .detail("the versions are: 1")
    };
    if request.headers().get_all(ACCEPT_VERSION).iter().any(|version| version != "1") {
        return Err(unsupported());
    }
    let first = rest.split('/').next().unwrap_or_default();
    let version =
        first.strip_prefix('v').filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    match version {
        Some("1") => Ok(request),
        Some(_) => Err(unsupported()),
        None => {
            let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
            let target = format!("/api/v1/{rest}{query}");
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(target.parse().map_err(|_| Problem::malformed("the path is malformed"))?);
            *request.uri_mut() = Uri::from_parts(parts).map_err(|_| Problem::malformed("the path is malformed"))?;
            Ok(request)
        }
    }
}

/// The headers of every answer.
pub(crate) fn add_headers(headers: &mut HeaderMap, request_id: &str, is_docs: bool) {
    if let Ok(id) = HeaderValue::try_from(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CONTENT_SECURITY_POLICY, if is_docs { DOCS_POLICY } else { NOTHING_EMBEDDED });
    if headers.get(CONTENT_TYPE) == Some(&problem::CONTENT) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The answer of a process that cannot serve yet.
pub(crate) fn not_yet() -> Response<Body> {
    Problem::unavailable().detail("the service is starting, or its database is away").into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::net::Ipv4Addr;

    use axum::routing::post;
    use http_body_util::BodyExt;

    use super::*;

    const SOCKET: Socket = Socket { address: IpAddr::V4(Ipv4Addr::LOCALHOST), is_tls: false };

    fn edge() -> Edge {
        let settings =
            Settings { rate_anonymous: 60, ..Settings::for_tests("postgres://nobody@localhost/nothing", None) };
        Edge::new(&settings, Limits::new(&settings).unwrap(), TaskTracker::new())
    }

    fn get(path: &str) -> http::request::Builder {
        Request::builder().uri(path)
    }

    async fn asked(edge: &Edge, socket: Socket, request: http::request::Builder) -> Response {
        let router = Router::new().route("/there", axum::routing::get(async || "here"));
        edge.serve(router.into(), socket, request.body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn what_no_route_counts_is_counted_and_a_probe_is_never_refused() {
        let edge = edge();
        for left in (0..10).rev() {
            let answer = asked(&edge, SOCKET, get("/nowhere")).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND);
            assert_eq!(answer.headers()["ratelimit-policy"], "\"anonymous\";q=60;w=60;tidemark-burst=10");
            assert_eq!(answer.headers()["ratelimit"], format!("\"anonymous\";r={left};t={}", 10 - left));
        }
        let refused = asked(&edge, SOCKET, get("/there")).await;
        assert_eq!(
            (refused.status(), &refused.headers()["retry-after"]),
            (StatusCode::TOO_MANY_REQUESTS, &"1".parse().unwrap())
        );
        let router = Router::new().route("/health/live", axum::routing::get(async || "alive"));
        let probe = edge.serve(router.into(), SOCKET, get("/health/live").body(Body::empty()).unwrap()).await;
        assert_eq!(probe.status(), StatusCode::OK);
        let other = Socket { address: "192.0.2.1".parse().unwrap(), is_tls: false };
        assert_eq!(asked(&edge, other, get("/there")).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_address_that_somebody_claims_is_not_believed() {
        let edge = edge();
        let claim = |n: u32| get("/there").header("x-forwarded-for", format!("198.51.100.{n}"));
        let mut last = StatusCode::OK;
        for n in 0..11 {
            last = asked(&edge, SOCKET, claim(n)).await.status();
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    }

    #[tokio::test]
    async fn a_browser_is_kept_on_tls_once_it_is_there() {
        let edge = edge();
        let plain = asked(&edge, SOCKET, get("/there").header("x-forwarded-proto", "https")).await;
        assert!(!plain.headers().contains_key(STRICT_TRANSPORT_SECURITY));
        let closed = asked(&edge, Socket { is_tls: true, ..SOCKET }, get("/there")).await;
        assert_eq!(closed.headers()[STRICT_TRANSPORT_SECURITY], TLS_ONLY);
    }

    #[tokio::test]
    async fn what_nobody_would_read_is_refused() {
        let edge = edge();
        for (coding, status) in [("gzip", 415), ("identity, br", 415), ("identity", 200)] {
            let answer = asked(&edge, SOCKET, get("/there").header(CONTENT_ENCODING, coding)).await;
            assert_eq!(answer.status(), status, "{coding}");
        }
        let long = format!("/there?{}", "a".repeat(LONGEST_TARGET));
        assert_eq!(asked(&edge, SOCKET, get(&long)).await.status(), StatusCode::URI_TOO_LONG);
    }

    /// It is copied with each step outwards that waits for it, so what few requests need lies in boxes of its own.
    #[test]
    fn what_every_request_carries_along_is_small() {
        let edge = edge();
        let request = get("/there").body(Body::empty()).unwrap();
        let size = size_of_val(&edge.serve(Router::new().into(), SOCKET, request));
        assert!(size <= 4_096, "{size} bytes");
    }

    async fn panics() {
        panic!("at /src/secret.rs");
    }

    #[tokio::test]
    async fn a_panic_is_answered_as_a_problem_that_tells_nothing() {
        for method in [Method::GET, Method::POST] {
            let router = Router::new().route("/", post(panics).get(panics));
            let request = Request::builder().method(method).uri("/").body(Body::empty()).unwrap();
            let response = edge().serve(router.into(), SOCKET, request).await;
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(problem["code"], "INTERNAL");
            assert!(!problem.to_string().contains("secret"));
        }
    }

    #[tokio::test]
    async fn a_path_without_a_version_keeps_its_query() {
        let request = Request::builder().uri("/api/posts/a%20b?page=1&x=%2F").body(Body::empty()).unwrap();
        assert_eq!(versioned(request).unwrap().uri(), "/api/v1/posts/a%20b?page=1&x=%2F");
    }
}
