//! Traces: which request led to which command, events, rows and effects, over processes and through the log.
//!
//! A span is made here only where its trace is recorded; everywhere else a [`Span`] is nothing, and costs nothing. The place in
//! the trace goes along as a value, and with the events in their metadata (`traceparent`), not by what a thread
//! happens to be doing. Where spans go is decided by whoever installs a tracer provider; without one nothing is recorded.
//!
//! Attributes are words of the code, ids of tenants and numbers: no name, no address, no text that a person wrote.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::global::{self, BoxedSpan};
use opentelemetry::trace::{
    Link, Span as _, SpanBuilder, SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue, Value};

pub use opentelemetry::trace::SpanKind;

use crate::event::{Metadata, RecordedEvent};

/// The member of an event's metadata, and the header, that says where in which trace something happened.
pub const TRACEPARENT: &str = "traceparent";
/// More traces than this are not told apart in one batch.
const MOST_LINKS: usize = 64;
/// Version, trace id, span id and flags, with dashes between.
const LENGTH: usize = 55;

static ON: AtomicBool = AtomicBool::new(false);

/// Has this process look for traces from now on. Before, none is continued and none begins, and nobody is asked.
pub fn turn_on() {
    ON.store(true, Ordering::Relaxed);
}

/// Whether this process looks for traces.
#[must_use]
pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// A place in a trace, as W3C Trace Context writes it: `00-<trace id>-<span id>-<flags>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: TraceId,
    span_id: SpanId,
    is_recorded: bool,
}

impl TraceParent {
    /// Reads it as the recommendation asks: lower-case, ids that are not zero, of a later version only what is known of
    /// this one. Everything else is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (known, rest) = text.split_at_checked(LENGTH)?;
        let mut parts = known.split('-');
        let [version, trace_id, span_id, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let is_hex = |part: &str, length| {
            part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        if !is_hex(version, 2) || !is_hex(trace_id, 32) || !is_hex(span_id, 16) || !is_hex(flags, 2) {
            return None;
        }
        let ends_there = match version {
            "ff" => false,
            "00" => rest.is_empty(),
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        let trace_id = TraceId::from_hex(trace_id).ok().filter(|id| *id != TraceId::INVALID)?;
        let span_id = SpanId::from_hex(span_id).ok().filter(|id| *id != SpanId::INVALID)?;
        let is_recorded = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        ends_there.then_some(Self { trace_id, span_id, is_recorded })
    }

    /// Where an event happened, if its trace is recorded and this process looks for that. One that has moved here belongs to a
    /// trace of where it came from.
    #[must_use]
    pub fn of_event(event: &RecordedEvent) -> Option<Self> {
        if !is_on() {
            return None;
        }
        let parent = event.metadata.get(TRACEPARENT).and_then(|text| Self::recorded(&text));
        parent.filter(|_| !event.is_imported())
    }

    /// The same of metadata.
    #[must_use]
    pub fn of_metadata(metadata: &Metadata) -> Option<Self> {
        metadata.get(TRACEPARENT).and_then(|text| Self::recorded(text))
    }

    /// The same of its text.
    pub(crate) fn recorded(text: &str) -> Option<Self> {
        if !is_on() {
            return None;
        }
        Self::parse(text).filter(|parent| parent.is_recorded)
    }

    /// Whether those before have recorded the trace.
    #[must_use]
    pub fn is_recorded(self) -> bool {
        self.is_recorded
    }

    /// The trace's id, 32 digits.
    #[must_use]
    pub fn trace_id(self) -> impl fmt::Display {
        self.trace_id
    }

    fn context(self) -> SpanContext {
        let flags = TraceFlags::default().with_sampled(self.is_recorded);
        SpanContext::new(self.trace_id, self.span_id, flags, true, TraceState::NONE)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.is_recorded))
    }
}

/// Something that takes time, where its trace is recorded; else nothing. It ends when it is dropped.
#[derive(Debug, Default)]
pub struct Span(Option<BoxedSpan>);

impl Span {
    /// What begins a trace, if the provider's sampler wants one; or continues that of somebody outside, as they have decided.
    #[must_use]
    pub fn begin(kind: SpanKind, name: &'static str, given: Option<TraceParent>) -> Self {
        if !is_on() || given.is_some_and(|given| !given.is_recorded) {
            return Self(None);
        }
        Self::start(SpanBuilder::from_name(name).with_kind(kind), given)
    }

    /// A part of what `parent` is: `name`, and what in particular.
    #[must_use]
    pub fn child(parent: Option<TraceParent>, kind: SpanKind, name: &'static str, detail: &str) -> Self {
        let Some(parent) = parent.filter(|parent| parent.is_recorded) else { return Self(None) };
        Self::start(SpanBuilder::from_name(named(name, detail)).with_kind(kind), Some(parent))
    }

    /// What is done for many at once. Where all that are recorded belong to one trace it belongs to that, else it is a trace
    /// of its own with links to theirs.
    #[must_use]
    pub fn of_many(
        parents: impl Iterator<Item = TraceParent>,
        kind: SpanKind,
        name: &'static str,
        detail: &str,
    ) -> Self {
        let mut seen = HashSet::new();
        let parents: Vec<TraceParent> =
            parents.filter(|parent| parent.is_recorded && seen.insert(*parent)).take(MOST_LINKS).collect();
        let Some(first) = parents.first() else { return Self(None) };
        let is_one_trace = parents.iter().all(|parent| parent.trace_id == first.trace_id);
        let (parent, linked) = if is_one_trace { (Some(*first), &parents[1..]) } else { (None, &parents[..]) };
        let links = linked.iter().map(|parent| Link::with_context(parent.context())).collect();
        let builder = SpanBuilder::from_name(named(name, detail)).with_kind(kind).with_links(links);
        Self::start(builder, parent)
    }

    fn start(builder: SpanBuilder, parent: Option<TraceParent>) -> Self {
        let context = Context::new();
        let context = match parent {
            Some(parent) => context.with_remote_span_context(parent.context()),
            None => context,
        };
        let span = global::tracer("tidemark").build_with_context(builder, &context);
        Self(Some(span).filter(|span| span.span_context().is_valid() && span.span_context().is_sampled()))
    }

    /// Where it is in its trace, for what is done within it.
    #[must_use]
    pub fn place(&self) -> Option<TraceParent> {
        let context = self.0.as_ref()?.span_context();
        Some(TraceParent { trace_id: context.trace_id(), span_id: context.span_id(), is_recorded: true })
    }

    /// Says something about it. Never anything that a person wrote or could be known by.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(name, value));
        }
    }

    /// As [`Span::set`], with a value that is only made where it is recorded.
    pub fn set_text(&mut self, name: &'static str, value: &str) {
        if self.0.is_some() {
            self.set(name, value.to_owned());
        }
    }

    /// Says how many there are of something.
    pub fn count(&mut self, name: &'static str, count: usize) {
        self.set(name, i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Names it anew, once more is known.
    pub fn rename(&mut self, name: &str, detail: &str) {
        if let Some(span) = &mut self.0 {
            span.update_name(format!("{name} {detail}"));
        }
    }

    /// Says that it went wrong, by a word of the code.
    pub fn fail(&mut self, reason: &'static str) {
        if let Some(span) = &mut self.0 {
            span.set_status(Status::error(reason));
        }
    }
}

fn named(name: &'static str, detail: &str) -> Cow<'static, str> {
    if detail.is_empty() { name.into() } else { format!("{name} {detail}").into() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_place_is_written_as_it_is_read() {
        let parent = TraceParent::parse(GOOD).expect("it is the recommendation's own");
        assert!(parent.is_recorded());
        assert_eq!((parent.to_string().as_str(), parent.trace_id().to_string().as_str()), (GOOD, &GOOD[3..35]));
        assert!(!TraceParent::parse(&GOOD.replace("-01", "-00")).expect("good as well").is_recorded());
    }

    #[test]
    fn of_a_later_version_what_is_known_is_read() {
        for text in [
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-09-what-else",
        ] {
            assert_eq!(TraceParent::parse(text).map(|parent| parent.to_string()).as_deref(), Some(GOOD), "{text}");
        }
    }

    #[test]
    fn what_is_no_place_is_none() {
        for text in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
            "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "0é-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
        ] {
            assert_eq!(TraceParent::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".{0,80}") {
            if let Some(parent) = TraceParent::parse(&text) {
                prop_assert_eq!(TraceParent::parse(&parent.to_string()), Some(parent));
            }
        }
    }

    #[test]
    fn where_nothing_is_recorded_a_span_is_nothing() {
        let unrecorded = TraceParent::parse(&GOOD.replace("-01", "-00"));
        let mut span = Span::child(unrecorded, SpanKind::Internal, "command", "CreatePost");
        span.set_text("tidemark.tenant", "acme");
        assert_eq!(span.place(), None);
        assert_eq!(Span::child(None, SpanKind::Internal, "command", "").place(), None);
        assert_eq!(Span::of_many(unrecorded.into_iter(), SpanKind::Internal, "project", "").place(), None);
    }
}
