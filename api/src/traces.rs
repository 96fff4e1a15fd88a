//! The span of a request: continued from a caller's trace, or the beginning of one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName};
use tidemark_engine::trace::{self, Span, SpanKind, TraceParent};

const TRACEPARENT: HeaderName = HeaderName::from_static(trace::TRACEPARENT);
/// How many traces a second a process records because callers say so: anybody can say so.
const MOST_GIVEN: u32 = 100;

/// Begins the spans of requests. Clones are one and the same.
#[derive(Debug, Clone)]
pub(crate) struct Traces(Arc<Mutex<Second>>);

/// A second, and what callers were granted in it.
#[derive(Debug)]
struct Second {
    begun: Instant,
    granted: u32,
}

impl Traces {
    pub(crate) fn new() -> Self {
        if trace::is_on() {
            metrics::counter!("tidemark_traces_refused_total").increment(0);
        }
        Self(Arc::new(Mutex::new(Second { begun: Instant::now(), granted: 0 })))
    }

    /// What begins with a request, or goes on with it. A trace that a caller has given is continued, as the caller has decided;
    /// what is no such place begins anew. What else came along (`tracestate`, `baggage`) is not read.
    pub(crate) fn begin(&self, headers: &HeaderMap) -> Span {
        if !trace::is_on() {
            return Span::default();
        }
        let given = given(headers);
        if given.is_some_and(TraceParent::is_recorded) && !self.grants(Instant::now()) {
            metrics::counter!("tidemark_traces_refused_total").increment(1);
            // As one that brought none: what others say must not keep anybody from being followed.
            return Span::begin(SpanKind::Server, "request", None);
        }
        Span::begin(SpanKind::Server, "request", given)
    }

    fn grants(&self, now: Instant) -> bool {
        let mut second = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(second.begun) >= Duration::from_secs(1) {
            *second = Second { begun: now, granted: 0 };
        }
        second.granted = second.granted.saturating_add(1);
        second.granted <= MOST_GIVEN
    }
}

/// The place that a caller names, if it is one, and one only.
fn given(headers: &HeaderMap) -> Option<TraceParent> {
    let mut given = headers.get_all(TRACEPARENT).iter();
    match (given.next(), given.next()) {
        (Some(one), None) => one.to_str().ok().and_then(TraceParent::parse),
        _ => None,
    }
}

/// Says what came of a request: by its route, never by its address.
pub(crate) fn told(span: &mut Span, (method, route, status): (&'static str, &str, u16), tenant: Option<&str>) {
    span.rename(method, route);
    span.set("http.request.method", if method == "other" { "_OTHER" } else { method });
    span.set_text("http.route", route);
    span.set("http.response.status_code", i64::from(status));
    if let Some(tenant) = tenant {
        span.set_text("tidemark.tenant", tenant);
    }
    if status >= 500 {
        span.fail("the server has failed");
    }
}

/// The id of a trace as the log has it.
pub(crate) fn id(place: Option<TraceParent>) -> Option<impl tracing::field::Value> {
    place.map(|place| tracing::field::display(place.trace_id()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io;
    use std::net::{IpAddr, Ipv4Addr};

    use axum::Router;
    use axum::body::Body;
    use axum::extract::{Extension, Request};
    use axum::routing::post;
    use http::HeaderValue;
    use tidemark_kernel::{Caller, Role, SessionId, TenantId};
    use tidemark_runtime::{Json, Settings};
    use tokio_util::task::TaskTracker;
    use utoipa::openapi::OpenApi;
    use uuid::Uuid;

    use super::*;
    use crate::caller::Admitted;
    use crate::edge::{Edge, Routes};
    use crate::exchange::Exchange;
    use crate::limits::{Limits, Socket};
    use crate::terms::Table;
    use crate::tokens::Verified;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn one_place_is_continued_and_two_are_not() {
        let mut headers = HeaderMap::new();
        assert_eq!(given(&headers), None);
        headers.append(TRACEPARENT, HeaderValue::from_static(GOOD));
        assert_eq!(given(&headers).map(|place| place.to_string()).as_deref(), Some(GOOD));
        headers.append(TRACEPARENT, HeaderValue::from_static(GOOD));
        assert_eq!(given(&headers), None);
    }

    #[test]
    fn what_is_no_text_is_not_continued() {
        let mut headers = HeaderMap::new();
        let huge = "0".repeat(60_000);
        for bytes in [&b"\xff\xfe"[..], b"", huge.as_bytes()] {
            headers.insert(TRACEPARENT, HeaderValue::from_bytes(bytes).expect("a header may hold that"));
            assert_eq!(given(&headers), None);
        }
    }

    #[test]
    fn callers_are_granted_so_many_a_second() {
        let traces = Traces::new();
        let now = Instant::now();
        let granted = (0..10_000).filter(|_| traces.grants(now)).count();
        assert_eq!(granted, 100);
        assert!(traces.grants(now + Duration::from_secs(1)));
    }

    #[tokio::test]
    async fn the_line_of_a_request_says_who_asked_for_what_and_in_which_trace() {
        trace::turn_on();
        let written = Written::default();
        let writer = written.clone();
        let logs = tracing_subscriber::fmt().fmt_fields(Json).event_format(Json).with_writer(move || writer.clone());
        // For all threads: were a line's first time on another one, `tracing` could note for good that nobody wants it.
        tracing::subscriber::set_global_default(logs.finish()).unwrap();
        let settings = Settings::for_tests("postgres://nobody@localhost/nothing", None);
        let edge = Edge::new(&settings, Limits::new(&settings).unwrap(), TaskTracker::new());
        let user = "0190b3c8-0000-7000-8000-000000000001";
        let admitted = async move |Extension(exchange): Extension<Exchange>| {
            let tenant: TenantId = "acme".parse().unwrap();
            let caller = Caller { tenant: tenant.clone(), user: user.parse().unwrap(), role: Role::Member };
            let verified = Verified { caller, session: SessionId::new(Uuid::nil()), version: 1, expires_at: u64::MAX };
            exchange.admitted.set(Admitted { tenant, verified: Some(verified), service: None }).unwrap();
            tracing::warn!("something on the way");
        };
        let path = "/things/{id}";
        let table = Table::of(&mut OpenApi::default(), &mut OpenApi::default(), &[path]);
        let routes = Routes::with(Router::new().route(path, post(admitted)), table);
        let request = Request::post("/things/7?token=hidden").header(TRACEPARENT, GOOD).header("x-request-id", "r-1");
        let socket = Socket { address: IpAddr::V4(Ipv4Addr::LOCALHOST), is_tls: false };
        let answer = edge.serve(routes, socket, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), 200);

        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let line = lines.iter().find(|line| line["message"] == "request" && line["requestId"] == "r-1").unwrap();
        let expected = [
            ("requestId", "r-1"),
            ("method", "POST"),
            ("route", "/things/{id}"),
            ("tenant", "acme"),
            ("user", user),
            ("traceId", &GOOD[3..35]),
        ];
        for (name, value) in expected {
            assert_eq!(line[name], value, "{line}");
        }
        assert!(line["status"] == 200 && line["ms"].is_number() && line["timestamp"].is_string(), "{line}");
        let other = lines.iter().find(|line| line["message"] == "something on the way").unwrap();
        assert_eq!((&other["span"]["requestId"], &other["span"]["traceId"]), (&"r-1".into(), &GOOD[3..35].into()));
        assert!(!text.contains("hidden"));
    }
}
