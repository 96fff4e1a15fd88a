//! What a route says of itself to the edge: how it is counted, and whether it will go away.
//!
//! A module wraps its routes, `terms::limited(Class::SignIn, router)`. That writes the terms into the routes' OpenAPI
//! operations, where clients can read them, and the edge reads them there too: one place for both. It does so before it asks the
//! router, so that what a route says of itself takes no layer of that route.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Deprecated, OpenApi};
use utoipa_axum::router::OpenApiRouter;

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

/// A route as the edge knows it.
#[derive(Debug)]
pub(crate) struct Route {
    /// Its path with a name for whatever varies, as in `/api/v1/posts/{id}`.
    pub(crate) path: String,
    /// Whether it is a tenant's, whose requests [`crate::caller::admit`] lets in.
    pub(crate) is_of_tenant: bool,
    /// Of the methods that have said something.
    terms: Vec<(Method, Terms)>,
}

impl Route {
    /// What it says of requests of a method.
    pub(crate) fn terms(&self, method: &Method) -> Terms {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.terms.iter().find(|(of, _)| of == method).map(|(_, terms)| *terms).unwrap_or_default()
    }
}

/// All routes there are. It finds paths by what the router does, so that both find the same.
#[derive(Debug, Default)]
pub(crate) struct Table(matchit::Router<Arc<Route>>);

impl Table {
    /// Reads the routes that are a tenant's and those that are not from their documents. Of `others` there is none.
    pub(crate) fn of(tenants: &mut OpenApi, root: &mut OpenApi, others: &[&str]) -> Self {
        let mut table = Self::default();
        for (document, is_of_tenant) in [(tenants, true), (root, false)] {
            for (path, item) in &mut document.paths.paths {
                let terms = operations(item).map(|(method, of)| (method_of(&method), Terms::of_operation(of)));
                let terms = terms.filter(|(_, terms)| *terms != Terms::default()).collect();
                table.add(Route { path: path.clone(), is_of_tenant, terms });
            }
        }
        for path in others {
            table.add(Route { path: (*path).to_owned(), is_of_tenant: false, terms: Vec::new() });
        }
        table
    }

    fn add(&mut self, route: Route) {
        self.0.insert(route.path.clone(), Arc::new(route)).expect("the router has taken these paths");
    }

    /// The route of a request for `path`.
    pub(crate) fn find(&self, path: &str) -> Option<&Arc<Route>> {
        self.0.at(path).ok().map(|found| found.value)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::body::Body;
    use axum::extract::Request;
    use http::StatusCode;
    use tidemark_runtime::Settings;
    use tokio_util::task::TaskTracker;
    use utoipa_axum::routes;

    use super::*;
    use crate::edge::{Edge, Routes};
    use crate::limits::{Limits, Socket};

    #[utoipa::path(get, path = "/old", responses((status = 200)))]
    async fn old() {}

    #[utoipa::path(get, path = "/new", responses((status = 200)))]
    async fn new() {}

    async fn get(routes: &Routes, path: &str) -> HeaderMap {
        let settings = Settings::for_tests("postgres://nobody@localhost/nothing", None);
        let edge = Edge::new(&settings, Limits::new(&settings).unwrap(), TaskTracker::new());
        let socket = Socket { address: [192, 0, 2, 1].into(), is_tls: false };
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = edge.serve(routes.clone(), socket, request).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.headers().clone()
    }

    #[tokio::test]
    async fn what_a_route_says_reaches_its_answers_and_no_other_route() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let end = End { deprecated_since: date("2026-01-01"), sunset: date("2027-01-01") };
        let old = limited(Class::Media, deprecated(end, OpenApiRouter::new().routes(routes!(old))));
        let (router, mut document) = old.routes(routes!(new)).split_for_parts();
        let table = Table::of(&mut OpenApi::default(), &mut document, &["/docs/{*rest}"]);
        let class = |path| table.find(path).unwrap().terms(&Method::HEAD).rate_limit;
        assert_eq!(
            (class("/old"), class("/new"), class("/docs/a/b")),
            (Class::Media, Class::Ordinary, Class::Ordinary)
        );
        assert!(table.find("/newer").is_none());

        let routes = Routes::with(router, table);
        let headers = get(&routes, "/old").await;
        assert_eq!(headers[DEPRECATION], "@1767225600");
        assert_eq!(headers[SUNSET], "Fri, 01 Jan 2027 00:00:00 GMT");
        assert!(!get(&routes, "/new").await.contains_key(DEPRECATION));
        let written = serde_json::to_value(&document).unwrap();
        assert_eq!(written["paths"]["/old"]["get"]["deprecated"], true);
        assert_eq!(written["paths"]["/old"]["get"]["x-tidemark-terms"]["rateLimit"], "media");
    }
}
