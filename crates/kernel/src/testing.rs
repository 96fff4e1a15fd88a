//! Tests of aggregates as stories, `given(events).when(command).then(events)`, and of events as they were published.
//! Only compiled with the feature `testing`; the golden files are the one thing in this crate that is read from disk.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use cqrs_es::DomainEvent;
use cqrs_es::event_sink::EventSink;

use crate::{ClaimChange, Root};

/// An aggregate with a past.
#[derive(Debug)]
pub struct Given<A>(A);

/// What a command came to.
#[derive(Debug)]
#[must_use = "a story ends with then, then_nothing or refused"]
pub struct Outcome<A: Root> {
    state: A,
    result: Result<Vec<A::Event>, A::Error>,
}

/// An aggregate to which `events` have happened.
pub fn given<A: Root>(events: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let mut state = A::default();
    for event in events {
        state.apply(event);
    }
    Given(state)
}

impl<A: Root> Given<A> {
    /// Lets the aggregate decide on `command`.
    pub fn when(mut self, command: A::Command) -> Outcome<A> {
        let events = EventSink::default();
        let result = at_once(self.0.handle(command, &(), &events));
        Outcome { state: self.0, result: result.map(|()| at_once(events.collect())) }
    }

    /// The claims that `event` would change now.
    #[must_use]
    pub fn claims(&self, event: &A::Event) -> Vec<ClaimChange> {
        self.0.claims(event)
    }

    /// The aggregate as it is.
    #[must_use]
    pub fn state(self) -> A {
        self.0
    }
}

impl<A: Root<Error: PartialEq> + Debug> Outcome<A> {
    /// The command led to exactly these events; answers the state after them.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = A::Event>) -> A {
        assert_eq!(self.result, Ok(expected.into_iter().collect()));
        self.state
    }

    /// The command was accepted and changed nothing.
    #[track_caller]
    pub fn then_nothing(self) {
        assert_eq!(self.result, Ok(Vec::new()));
    }

    /// The command was refused.
    #[track_caller]
    pub fn refused(self, refusal: A::Error) {
        assert_eq!(self.result, Err(refusal));
    }
}

/// A pure aggregate has nothing to wait for, so its future is ready when it is first asked.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("an aggregate waited for something: it must be pure"),
    }
}

/// Decodes every `<EventType>.v<version>[.<case>].json` of `folder` and encodes it again to the same JSON; every type in
/// `types` needs a file. Sealed personal data is read as whoever has no key reads it. A published event is never edited: a failure means that the code no longer reads the log.
#[track_caller]
pub fn assert_golden<E: DomainEvent>(folder: impl AsRef<Path>, types: &[&str]) {
    let folder = folder.as_ref();
    let mut missing: BTreeSet<&str> = types.iter().copied().collect();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("a directory entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a file name");
        let event_type = name.split('.').next().expect("split yields something");
        if !types.contains(&event_type) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut published: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        replace(&mut published, &|fields| fields.contains_key("sealed").then_some(serde_json::Value::Null));
        let event: E =
            serde_json::from_value(published.clone()).unwrap_or_else(|e| panic!("{name} is no longer read: {e}"));
        assert_eq!(event.event_type(), event_type, "{name}");
        assert!(name.starts_with(&format!("{event_type}.v{}.", event.event_version())), "{name}: not this version");
        let mut encoded = serde_json::to_value(&event).expect("an event is JSON");
        replace(&mut encoded, &|fields| fields.get("$personal").cloned());
        assert_eq!(encoded, published, "{name}");
        missing.remove(event_type);
    }
    assert!(missing.is_empty(), "no golden file in {} for {missing:?}", folder.display());
}

/// Puts what `by` says in the place of objects.
fn replace(
    json: &mut serde_json::Value,
    by: &impl Fn(&serde_json::Map<String, serde_json::Value>) -> Option<serde_json::Value>,
) {
    match json {
        serde_json::Value::Object(fields) => match by(fields) {
            Some(other) => *json = other,
            None => fields.values_mut().for_each(|value| replace(value, by)),
        },
        serde_json::Value::Array(values) => values.iter_mut().for_each(|value| replace(value, by)),
        _ => {}
    }
}
