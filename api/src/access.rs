//! What is kept of every request: a line in the log, its metrics, and the end of its span; also of one whose client hung up
//! before it was answered.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use http::{Method, StatusCode};
use metrics::{Counter, Histogram};
use tidemark_engine::trace::Span;

use crate::exchange::Exchange;
use crate::traces;

/// Writes down what came of a request when it is dropped.
pub(crate) struct Access<'a> {
    pub(crate) exchange: Exchange,
    pub(crate) span: Span,
    pub(crate) measures: &'a Measures,
}

impl Drop for Access<'_> {
    fn drop(&mut self) {
        let exchange = &self.exchange;
        let elapsed = exchange.begun.elapsed();
        // 499: nobody waited for the answer.
        let status = exchange.answered.get().map_or(499, StatusCode::as_u16);
        let route = exchange.route.get().map_or("unmatched", |route| &route.path);
        let admitted = exchange.admitted.get();
        let tenant = admitted.map(|admitted| admitted.tenant.as_str());
        let user = admitted.and_then(|admitted| admitted.verified.as_ref()).map(|verified| verified.caller.user);
        tracing::info!(
            target: "tidemark_api::access",
            requestId = &*exchange.request_id,
            method = exchange.method.as_str(),
            route,
            status,
            ms = elapsed.as_secs_f64() * 1e3,
            tenant,
            user = user.map(tracing::field::display),
            traceId = traces::id(exchange.place),
            "request"
        );
        let method = known_method(&exchange.method);
        self.measures.record(route, method, status, elapsed.as_secs_f64());
        traces::told(&mut self.span, (method, route, status), tenant);
    }
}

/// The metrics of requests, by route and method. Each is looked up by its labels once and then held, which is why a process has
/// to install its recorder before it serves.
#[derive(Debug, Default)]
pub(crate) struct Measures(RwLock<HashMap<String, Vec<Measured>>>);

/// Those of one method of a route.
#[derive(Debug)]
struct Measured {
    method: &'static str,
    seconds: Histogram,
    /// By the first digit of the status, from the first that was counted.
    answers: [OnceLock<Counter>; CLASSES.len()],
}

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

impl Measures {
    fn record(&self, route: &str, method: &'static str, status: u16, seconds: f64) {
        let of_route = |known: &HashMap<String, Vec<Measured>>| {
            let measured = known.get(route)?.iter().find(|measured| measured.method == method)?;
            measured.record(route, status, seconds);
            Some(())
        };
        if of_route(&self.0.read().unwrap_or_else(PoisonError::into_inner)).is_some() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have been here since.
        if of_route(&known).is_none() {
            let measured = Measured::new(route, method);
            measured.record(route, status, seconds);
            known.entry(route.to_owned()).or_default().push(measured);
        }
    }
}

impl Measured {
    fn new(route: &str, method: &'static str) -> Self {
        let seconds =
            metrics::histogram!("tidemark_http_request_seconds", "route" => route.to_owned(), "method" => method);
        Self { method, seconds, answers: Default::default() }
    }

    fn record(&self, route: &str, status: u16, seconds: f64) {
        // What is no status of HTTP is our mistake.
        let class = usize::from(status / 100).wrapping_sub(1).min(CLASSES.len() - 1);
        let method = self.method;
        let answers = self.answers[class].get_or_init(|| {
            metrics::counter!("tidemark_http_requests_total", "route" => route.to_owned(), "method" => method, "status" => CLASSES[class])
        });
        answers.increment(1);
        self.seconds.record(seconds);
    }
}

/// A method that somebody made up must not become a label.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
