//! Tests of aggregates as stories, `given(events).when(command).then(events)`, and of events as they were published.
//! Only compiled with the feature `testing`; the golden files and the known shapes are the one thing in this crate that is
//! read from disk.

mod shape;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use cqrs_es::event_sink::EventSink;

pub use shape::assert_shape;

use crate::{ClaimChange, Event, Root, tag_of};

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

/// Decodes every `<EventType>.v<version>[.<case>].json` of `folder` whose type is one of the enum's, and encodes it again to the
/// same JSON; every version of every type needs a file. What had another shape than today becomes the JSON of the file beside
/// it whose name ends in `.now.json`. Sealed personal data is read as whoever has no key reads it.
///
/// A published event is never edited: a failure means that the code no longer reads the log.
#[track_caller]
pub fn assert_golden<E: Event>(folder: impl AsRef<Path>) {
    let folder = folder.as_ref();
    let mut missing: BTreeSet<String> = E::VERSIONS
        .iter()
        .flat_map(|(event_type, present)| (1..=*present).map(move |version| format!("{event_type}.v{version}")))
        .collect();
    for (name, path) in golden_files::<E>(folder) {
        let event_type = event_type_of(&name);
        let (_, present) = E::VERSIONS.iter().find(|(known, _)| *known == event_type).expect("it is one of the enum's");
        let stem = name.strip_suffix(".json").expect("it ends so");
        let version = stem.split('.').nth(1).and_then(|version| version.strip_prefix('v')?.parse().ok());
        let version: u32 = version.unwrap_or_else(|| panic!("{name}: the name says no version"));
        assert!((1..=*present).contains(&version), "{name}: there is no such version of {event_type}");

        let published = golden(&path);
        assert_eq!(published["type"], tag_of(event_type, version), "{name}");
        let event: E =
            serde_json::from_value(published.clone()).unwrap_or_else(|e| panic!("{name} is no longer read: {e}"));
        assert_eq!((event.event_type(), event.event_version()), (event_type.to_owned(), present.to_string()), "{name}");
        let mut encoded = serde_json::to_value(&event).expect("an event is JSON");
        replace(&mut encoded, &|fields| fields.get("$personal").cloned());
        let now = if version == *present { published } else { golden(&folder.join(format!("{stem}.now.json"))) };
        assert_eq!(encoded, now, "{name}");
        missing.remove(&format!("{event_type}.v{version}"));
    }
    assert!(missing.is_empty(), "no golden file in {} for {missing:?}", folder.display());
}

/// The golden files of the enum's events, by their names, in order.
#[track_caller]
fn golden_files<E: Event>(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.expect("a directory entry").path())
        .map(|path| (path.file_name().and_then(|name| name.to_str()).expect("a file name").to_owned(), path))
        .filter(|(name, _)| E::VERSIONS.iter().any(|(known, _)| *known == event_type_of(name)))
        .filter(|(name, _)| name.strip_suffix(".json").is_some_and(|stem| !stem.ends_with(".now")))
        .collect();
    files.sort();
    files
}

fn event_type_of(file: &str) -> &str {
    file.split('.').next().expect("split yields something")
}

/// The JSON of a golden file, with nothing in the place of what is sealed.
fn golden(path: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut json = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    replace(&mut json, &|fields| fields.contains_key("sealed").then_some(serde_json::Value::Null));
    json
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

#[cfg(test)]
mod tests {
    use std::fs;

    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", remote = "Self")]
    enum TideEvent {
        #[serde(rename = "Turned.v2")]
        Turned { centimetres: i64 },
        Slackened {
            #[serde(default, skip_serializing_if = "Option::is_none")]
            minutes: Option<i64>,
        },
    }

    #[derive(Deserialize)]
    struct TurnedV1 {
        metres: i64,
    }

    impl From<TurnedV1> for TideEvent {
        fn from(old: TurnedV1) -> Self {
            Self::Turned { centimetres: old.metres * 100 }
        }
    }

    crate::domain_event!(TideEvent { Turned = 2, Slackened } upcasts { "Turned" => TurnedV1 });

    const SOUND: [(&str, &str); 4] = [
        ("Turned.v1.json", r#"{"type":"Turned","metres":3}"#),
        ("Turned.v1.now.json", r#"{"type":"Turned.v2","centimetres":300}"#),
        ("Turned.v2.json", r#"{"type":"Turned.v2","centimetres":7}"#),
        ("Slackened.v1.json", r#"{"type":"Slackened"}"#),
    ];

    /// Whether the golden files are found good, with one of them replaced or (by nothing) taken away.
    fn is_golden(name: &str, text: Option<&str>) -> bool {
        let folder =
            std::env::temp_dir().join(format!("tidemark-golden-{}-{name}-{}", std::process::id(), text.is_some()));
        fs::create_dir_all(&folder).expect("a folder");
        for (name, text) in SOUND {
            fs::write(folder.join(name), text).expect("a file");
        }
        match text {
            Some(text) => fs::write(folder.join(name), text).expect("a file"),
            None => drop(fs::remove_file(folder.join(name))),
        }
        let found = std::panic::catch_unwind(|| assert_golden::<TideEvent>(&folder)).is_ok();
        fs::remove_dir_all(folder).expect("a folder that was there");
        found
    }

    #[test]
    fn golden_files_hold_every_version_of_every_event() {
        assert!(is_golden("another-event.v1.json", Some("{}")));
        for (name, _) in SOUND {
            assert!(!is_golden(name, None), "{name}");
        }
    }

    #[test]
    fn an_event_that_reads_or_writes_anything_else_is_found() {
        for (name, text) in [
            // A field that the code has lost, one that it needs and the past has not, and one that it writes otherwise.
            ("Slackened.v1.json", r#"{"type":"Slackened","calm":true}"#),
            ("Turned.v2.json", r#"{"type":"Turned.v2"}"#),
            ("Slackened.v1.json", r#"{"type":"Slackened","minutes":null}"#),
            // Another shape than the name says, and a version that there is not.
            ("Turned.v1.json", r#"{"type":"Turned.v2","centimetres":7}"#),
            ("Turned.v3.json", r#"{"type":"Turned.v3","centimetres":7}"#),
            // What an old shape becomes has changed.
            ("Turned.v1.now.json", r#"{"type":"Turned.v2","centimetres":3}"#),
        ] {
            assert!(!is_golden(name, Some(text)), "{name} {text}");
        }
        assert!(is_golden("Slackened.v1.later.json", Some(r#"{"type":"Slackened","minutes":5}"#)));
    }
}
