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

use crate::exchange::Exchange;
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
    /// Tells clients of the route's end, if it has one: `Deprecation` (RFC 9745) and `Sunset` (RFC 8594).
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        let Some(end) = self.end else { return };
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
        let since = format!("@{}", midnight(end.deprecated_since).timestamp());
        let sunset = midnight(end.sunset).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        for (name, text) in [(DEPRECATION, since), (SUNSET, sunset)] {
            headers.insert(name, HeaderValue::try_from(text).expect("dates are visible ASCII"));
        }
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

    /// The terms of a request's route, which those further out now know, too.
    pub(crate) fn of_request(&self, request: &Request, route: MatchedPath) -> Terms {
        let terms = self.find(request.method(), route.as_str());
        if let Some(exchange) = request.extensions().get::<Exchange>() {
            let _is_first = exchange.route.set(route);
        }
        terms
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

/// Has the terms of routes hold that are no tenant's; a layer of the routes themselves, since only they know which they are. Those
/// of a tenant have [`crate::caller::admit`], which does this, too.
pub(crate) async fn apply(State(table): State<Table>, route: MatchedPath, request: Request, next: Next) -> Response {
    let terms = table.of_request(&request, route);
    let mut response = next.run(request).await;
    terms.tell(response.headers_mut());
    response
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
    async fn old() {}

    #[utoipa::path(get, path = "/new", responses((status = 200)))]
    async fn new() {}

    async fn get(router: &Router, path: &str) -> HeaderMap {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.headers().clone()
    }

    #[tokio::test]
    async fn what_a_route_says_reaches_its_answers_and_no_other_route() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let end = End { deprecated_since: date("2026-01-01"), sunset: date("2027-01-01") };
        let old = limited(Class::Media, deprecated(end, OpenApiRouter::new().routes(routes!(old))));
        let all = OpenApiRouter::new().nest("/api", old.routes(routes!(new)));
        let (router, mut document) = all.split_for_parts();
        let table = Table::of(&mut document);
        let router: Router = router.route_layer(from_fn_with_state(table.clone(), apply));

        let headers = get(&router, "/api/old").await;
        assert_eq!(headers[DEPRECATION], "@1767225600");
        assert_eq!(headers[SUNSET], "Fri, 01 Jan 2027 00:00:00 GMT");
        assert!(!get(&router, "/api/new").await.contains_key(DEPRECATION));
        let class = |route| table.find(&Method::HEAD, route).rate_limit;
        assert_eq!((class("/api/old"), class("/api/new")), (Class::Media, Class::Ordinary));
        let written = serde_json::to_value(&document).unwrap();
        assert_eq!(written["paths"]["/api/old"]["get"]["deprecated"], true);
        assert_eq!(written["paths"]["/api/old"]["get"]["x-tidemark-terms"]["rateLimit"], "media");
    }
}
