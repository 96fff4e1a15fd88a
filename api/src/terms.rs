//! What a route says of itself to the edge: how it is counted, and whether it will go away.
//!
//! A module wraps its routes, `terms::limited(Class::SignIn, router)`. That writes the terms into the routes' OpenAPI
//! operations, where clients can read them, and the edge reads them there too: one place for both.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chrono::{NaiveDate, NaiveTime};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Deprecated, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::edge::Trace;
use crate::limits::Class;
use crate::openapi::operations;

const EXTENSION: &str = "x-tidemark-terms";
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The terms of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// How its requests are counted.
    #[serde(default)]
    pub rate_limit: Class,
    /// When it goes away, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

/// The end of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct End {
    /// From when on nobody should begin to use it.
    pub deprecated_since: NaiveDate,
    /// From when on it may be gone.
    pub sunset: NaiveDate,
}

impl Terms {
    pub(crate) fn of_request(request: &Request) -> Self {
        request.extensions().get().copied().unwrap_or_default()
    }

    pub(crate) fn of_operation(operation: &Operation) -> Self {
        let written = operation.extensions.as_ref().and_then(|extensions| extensions.get(EXTENSION));
        written.map_or_else(Self::default, |terms| {
            Self::deserialize(terms).expect("what this module has written it can read")
        })
    }
}

/// The routes of `router`, counted as `class` says.
#[must_use]
pub fn limited<S>(class: Class, router: OpenApiRouter<S>) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    change(router, |terms, _| terms.rate_limit = class)
}

/// The routes of `router`, which will go away: every answer says so, and the document.
#[must_use]
pub fn deprecated<S>(end: End, router: OpenApiRouter<S>) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    change(router, |terms, operation| {
        terms.end = Some(end);
        operation.deprecated = Some(Deprecated::True);
    })
}

fn change<S>(mut router: OpenApiRouter<S>, change: impl Fn(&mut Terms, &mut Operation)) -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    for item in router.get_openapi_mut().paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let mut terms = Terms::of_operation(operation);
            change(&mut terms, operation);
            let written = serde_json::to_value(terms).expect("terms are words and dates");
            operation.extensions.get_or_insert_default().insert(EXTENSION.to_owned(), written);
        }
    }
    router
}

/// The terms of all routes that have said something.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table(Arc<HashMap<String, Vec<(Method, Terms)>>>);

impl Table {
    /// Reads them from the document.
    pub(crate) fn of(document: &mut OpenApi) -> Self {
        let mut table: HashMap<String, Vec<(Method, Terms)>> = HashMap::new();
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                let terms = Terms::of_operation(operation);
                if terms != Terms::default() {
                    table.entry(path.clone()).or_default().push((method_of(&method), terms));
                }
            }
        }
        Self(Arc::new(table))
    }

    fn find(&self, method: &Method, route: &str) -> Terms {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let of_route = self.0.get(route).into_iter().flatten();
        of_route.into_iter().find(|(of, _)| of == method).map(|(_, terms)| *terms).unwrap_or_default()
    }
}

pub(crate) fn method_of(method: &utoipa::openapi::HttpMethod) -> Method {
    use utoipa::openapi::HttpMethod as Documented;
    match method {
        Documented::Get => Method::GET,
        Documented::Post => Method::POST,
        Documented::Put => Method::PUT,
        Documented::Patch => Method::PATCH,
        Documented::Delete => Method::DELETE,
        Documented::Options => Method::OPTIONS,
        Documented::Head => Method::HEAD,
        Documented::Trace => Method::TRACE,
    }
}

/// Hands a route's terms to those further in, its template to those further out, and tells clients of its end; a layer of the routes
/// themselves, since only they know which they are. One for all of it, for each costs every request a few allocations.
pub(crate) async fn apply(
    State(table): State<Table>,
    route: MatchedPath,
    mut request: Request,
    next: Next,
) -> Response {
    let terms = table.find(request.method(), route.as_str());
    request.extensions_mut().insert(terms);
    if let Some(trace) = request.extensions().get::<Trace>() {
        trace.routed(route);
    }
    let mut response = next.run(request).await;
    if let Some(end) = terms.end {
        tell(end, response.headers_mut());
    }
    response
}

/// `Deprecation` (RFC 9745) and `Sunset` (RFC 8594).
fn tell(end: End, headers: &mut HeaderMap) {
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
    let since = format!("@{}", midnight(end.deprecated_since).timestamp());
    let sunset = midnight(end.sunset).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    for (name, text) in [(DEPRECATION, since), (SUNSET, sunset)] {
        headers.insert(name, HeaderValue::try_from(text).expect("dates are visible ASCII"));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use http::StatusCode;
    use tower::ServiceExt;
    use utoipa_axum::routes;

    use super::*;

    #[utoipa::path(get, path = "/old", responses((status = 200)))]
    async fn old(request: Request) -> String {
        format!("{:?}", Terms::of_request(&request).rate_limit)
    }

    #[utoipa::path(get, path = "/new", responses((status = 200)))]
    async fn new(request: Request) -> String {
        format!("{:?}", Terms::of_request(&request).rate_limit)
    }

    async fn get(router: &Router, path: &str) -> (HeaderMap, String) {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let headers = response.headers().clone();
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        (headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn what_a_route_says_reaches_its_answers_and_no_other_route() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let end = End { deprecated_since: date("2026-01-01"), sunset: date("2027-01-01") };
        let old = limited(Class::Media, deprecated(end, OpenApiRouter::new().routes(routes!(old))));
        let all = OpenApiRouter::new().nest("/api", old.routes(routes!(new)));
        let (router, mut document) = all.split_for_parts();
        let router: Router = router.route_layer(from_fn_with_state(Table::of(&mut document), apply));

        let (headers, class) = get(&router, "/api/old").await;
        assert_eq!((&headers[DEPRECATION], class.as_str()), (&"@1767225600".parse().unwrap(), "Media"));
        assert_eq!(headers[SUNSET], "Fri, 01 Jan 2027 00:00:00 GMT");
        let (headers, class) = get(&router, "/api/new").await;
        assert_eq!((headers.contains_key(DEPRECATION), class.as_str()), (false, "Ordinary"));
        let written = serde_json::to_value(&document).unwrap();
        assert_eq!(written["paths"]["/api/old"]["get"]["deprecated"], true);
        assert_eq!(written["paths"]["/api/old"]["get"]["x-tidemark-terms"]["rateLimit"], "media");
    }
}
