//! A collector: takes OTLP over HTTP and keeps what it is told.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use prost::Message;
use tokio::net::TcpListener;

/// A span that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) service: String,
    pub(crate) state: String,
    /// The traces that it links to.
    pub(crate) links: Vec<String>,
}

pub(crate) struct Collector {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::clone(&seen);
        let take = move |body: Bytes| {
            let kept = Arc::clone(&kept);
            async move { kept.lock().unwrap().extend(spans(&body)) }
        };
        let router = Router::new().route("/v1/traces", post(take));
        // It ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, seen }
    }

    pub(crate) fn spans(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The spans of a trace and those that link to it, once they are as they are to be.
    pub(crate) async fn until(&self, trace: &str, condition: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        let belongs = |span: &Seen| span.trace == trace || span.links.iter().any(|link| link == trace);
        let of_trace = || -> Vec<Seen> { self.spans().into_iter().filter(belongs).collect() };
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        let waiting = async {
            loop {
                let spans = of_trace();
                if condition(&spans) {
                    return spans;
                }
                ticks.tick().await;
            }
        };
        match tokio::time::timeout(super::PATIENCE, waiting).await {
            Ok(spans) => spans,
            Err(_) => panic!("of this trace, only so much was seen: {:#?}", of_trace()),
        }
    }
}

fn spans(body: &[u8]) -> Vec<Seen> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let mut seen = Vec::new();
    for of_resource in request.resource_spans {
        let resource = attributes(&of_resource.resource.unwrap().attributes);
        for span in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            seen.push(Seen {
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                name: span.name,
                attributes: attributes(&span.attributes),
                service: resource["service.name"].clone(),
                state: span.trace_state,
                links: span.links.iter().map(|link| hex(&link.trace_id)).collect(),
            });
        }
    }
    seen
}

fn attributes(pairs: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |pair: &KeyValue| match pair.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text.clone()),
        any_value::Value::IntValue(number) => Some(number.to_string()),
        any_value::Value::BoolValue(is) => Some(is.to_string()),
        other => Some(format!("{other:?}")),
    };
    pairs.iter().filter_map(|pair| Some((pair.key.clone(), text(pair)?))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
