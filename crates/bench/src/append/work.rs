//! The work that every contender of the append bench does: the same aggregate, streams, payload and metadata.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};

/// Bytes of an event's JSON.
pub(crate) const PAYLOAD: usize = 300;
/// Bytes of its metadata's JSON.
pub(crate) const METADATA: usize = 150;
/// Bytes of a remembered answer.
pub(crate) const ANSWER: usize = 400;
const STREAMS: usize = 10_000;
const TENANTS: usize = 100;

/// An aggregate with next to no rules, so that what is measured is the way into the log.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Note {
    lines: u64,
}

/// Adds a line, and with `unique` claims that value in its tenant.
#[derive(Debug, Clone)]
pub(crate) struct AddLine {
    pub(crate) line: String,
    pub(crate) unique: Option<String>,
}

/// A line was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LineAdded {
    line: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unique: Option<String>,
}

impl DomainEvent for LineAdded {
    fn event_type(&self) -> String {
        "LineAdded".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

/// The rule of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Empty;

impl fmt::Display for Empty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line has words")
    }
}

impl std::error::Error for Empty {}

impl Aggregate for Note {
    const TYPE: &'static str = "note";
    type Command = AddLine;
    type Event = LineAdded;
    type Error = Empty;
    type Services = ();

    async fn handle(&mut self, command: AddLine, (): &(), sink: &EventSink<Self>) -> Result<(), Empty> {
        if command.line.is_empty() {
            return Err(Empty);
        }
        sink.write(LineAdded { line: command.line, unique: command.unique }, self).await;
        Ok(())
    }

    fn apply(&mut self, _: LineAdded) {
        self.lines += 1;
    }
}

/// One stream: a note of a tenant.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    pub(crate) tenant: Arc<str>,
    pub(crate) id: Arc<str>,
    /// `<tenant>/<id>`, as every log here names it.
    pub(crate) aggregate_id: Arc<str>,
}

/// All streams; whoever calls takes one at random.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) streams: Arc<[Stream]>,
    pub(crate) line: Arc<str>,
    pub(crate) metadata: Arc<BTreeMap<String, String>>,
}

impl Work {
    /// 10,000 streams of 100 tenants.
    pub(crate) fn on_many_streams() -> Self {
        Self::on(STREAMS)
    }

    /// One stream for all callers.
    pub(crate) fn on_one_stream() -> Self {
        Self::on(1)
    }

    fn on(streams: usize) -> Self {
        Self { streams: (0..streams).map(stream).collect(), line: line().into(), metadata: Arc::new(metadata()) }
    }

    /// A stream at random.
    pub(crate) fn any(&self) -> usize {
        rand::random_range(0..self.streams.len())
    }
}

fn stream(n: usize) -> Stream {
    let tenant = format!("tenant-{:03}", n % TENANTS);
    // Spread over the index, as the UUIDs of real streams are.
    let id = format!("{:016x}-{n:05}", (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    Stream { aggregate_id: format!("{tenant}/{id}").into(), tenant: tenant.into(), id: id.into() }
}

fn line() -> String {
    let frame = r#"{"line":""}"#.len();
    "the tide comes in and leaves a mark ".chars().cycle().take(PAYLOAD - frame).collect()
}

fn metadata() -> BTreeMap<String, String> {
    let mut metadata = BTreeMap::from([
        ("actor".to_owned(), "user:0192f0c4-7b1e-7c3a-9d55-1f2e3d4c5b6a".to_owned()),
        ("command".to_owned(), "AddLine".to_owned()),
        ("requestId".to_owned(), String::new()),
    ]);
    let bare = serde_json::to_string(&metadata).map_or(0, |json| json.len());
    metadata.insert("requestId".to_owned(), "r".repeat(METADATA.saturating_sub(bare)));
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_size_that_the_figures_name() {
        let work = Work::on_many_streams();
        let event = LineAdded { line: work.line.to_string(), unique: None };
        assert_eq!(serde_json::to_string(&event).expect("an event encodes").len(), PAYLOAD);
        assert_eq!(serde_json::to_string(&*work.metadata).expect("metadata encodes").len(), METADATA);
    }
}
