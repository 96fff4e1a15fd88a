#![allow(clippy::unwrap_used)]

use std::time::Instant;

use opentelemetry::Context;
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer, TracerProvider,
};
use tokio::net::TcpListener;

use super::*;
use crate::telemetry::metrics_handle;

async fn silent() -> (TcpListener, Settings) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/", listener.local_addr().unwrap());
    (listener, Settings { otlp_endpoint: Some(endpoint), ..Settings::for_tests("postgres://h/n", None) })
}

/// The value of a counter of this process.
fn counted(series: &str) -> u64 {
    let text = metrics_handle().render();
    text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok()).unwrap_or(0)
}

fn place(trace: u128, flags: TraceFlags) -> SpanContext {
    SpanContext::new(TraceId::from(trace), SpanId::from(7), flags, true, TraceState::NONE)
}

#[tokio::test]
async fn without_a_collector_there_is_nothing() {
    assert!(Traces::start(&Settings::for_tests("postgres://h/n", None), "api").unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_finds_no_room_is_dropped_and_counted_and_nobody_waits() {
    metrics_handle();
    let dropped = "tidemark_trace_spans_dropped_total{reason=\"queue\"}";
    let before = counted(dropped);
    // It takes a connection, by way of the backlog, and never says a word.
    let (_listener, settings) = silent().await;
    let traces = Traces::start(&settings, "api").unwrap().unwrap();
    let tracer = traces.provider.tracer("test");
    let begun = Instant::now();
    for _ in 0..10_000 {
        tracer.start("a span").end();
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(counted(dropped) - before >= 4_000, "{}", counted(dropped) - before);
    let begun = Instant::now();
    traces.finish().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(!tracer.start("too late").is_recording());
}

#[tokio::test]
async fn a_collector_that_is_away_costs_the_spans_and_nothing_else() {
    metrics_handle();
    let dropped = "tidemark_trace_spans_dropped_total{reason=\"collector\"}";
    let before = counted(dropped);
    let (listener, settings) = silent().await;
    drop(listener);
    let traces = Traces::start(&settings, "api").unwrap().unwrap();
    traces.provider.tracer("test").start("a span").end();
    traces.finish().await;
    assert_eq!(counted(dropped) - before, 1);
}

#[tokio::test]
async fn what_belongs_to_a_recorded_trace_is_recorded_and_the_rest_by_ratio() {
    let (_listener, settings) = silent().await;
    let settings = Settings { trace_ratio: 0.0, ..settings };
    let traces = Traces::start(&settings, "api").unwrap().unwrap();
    let tracer = traces.provider.tracer("test");
    assert!(!tracer.start("of its own").span_context().is_sampled());
    for (flags, is_recorded) in [(TraceFlags::SAMPLED, true), (TraceFlags::NOT_SAMPLED, false)] {
        let parent = Context::new().with_remote_span_context(place(1, flags));
        let child = tracer.start_with_context("child", &parent);
        assert_eq!(child.span_context().is_sampled(), is_recorded);
        let links = vec![Link::with_context(place(1, flags)), Link::with_context(place(2, TraceFlags::NOT_SAMPLED))];
        let linked = tracer.span_builder("many").with_links(links).start_with_context(&tracer, &Context::new());
        assert_eq!(linked.span_context().is_sampled(), is_recorded);
    }
    traces.finish().await;
}

#[test]
fn a_service_has_a_name_and_an_instance() {
    let resource = resource("api");
    let of = |key: &'static str| resource.get(&key.into()).map(|value| value.to_string());
    assert_eq!(of("service.name").as_deref(), Some("tidemark-api"));
    assert!(of("service.instance.id").is_some_and(|id| !id.is_empty()));
}
