//! Which traces are recorded.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// What belongs to a trace is recorded where the trace is, and so is what was done for recorded traces at once. Of the traces
/// that begin here, as many as the settings say.
#[derive(Debug, Clone)]
pub(super) struct Sampling {
    beginning: Sampler,
}

impl Sampling {
    pub(super) fn new(ratio: f64) -> Self {
        Self { beginning: Sampler::TraceIdRatioBased(ratio) }
    }
}

impl ShouldSample for Sampling {
    fn should_sample(
        &self,
        parent_context: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        span_kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let parent = parent_context.map(|context| context.span().span_context().clone());
        let is_recorded = match parent.filter(opentelemetry::trace::SpanContext::is_valid) {
            Some(parent) => parent.is_sampled(),
            None if links.iter().any(|link| link.span_context.is_sampled()) => true,
            None => return self.beginning.should_sample(None, trace_id, name, span_kind, attributes, links),
        };
        let decision = if is_recorded { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
        // What others say in `tracestate` is not kept: nobody here reads it, and anything may stand in it.
        SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::NONE }
    }
}
