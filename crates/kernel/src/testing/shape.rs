//! States of an aggregate as snapshots have them, kept in a file beside the golden events: a change of them that goes without a new
//! `SHAPE` is found, because a process would go on from states that today's events do not make.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{event_type_of, given, golden, golden_files};
use crate::{Event, Root};

/// Set to write the file anew, where that is no mistake.
const REFRESH: &str = "TIDEMARK_REFRESH_SHAPES";
/// The name of the state before any golden event.
const STORY: &str = "the story";

/// What the file holds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    shape: u32,
    /// By the golden event that leads to each.
    states: BTreeMap<String, Value>,
    /// By golden event, a digest of the states that it leads to after each golden event of `states`: what the story alone has not
    /// filled, and an event clears or leaves as it is.
    #[serde(default)]
    after_others: BTreeMap<String, String>,
}

/// Lets each golden event of `module` happen to an aggregate to which `story` has happened, and holds the states that come of it
/// against `shapes/<type>.json` there. Another state under the same [`Root::SHAPE`] is refused. Between them, story and
/// golden events have to fill every field, and what a state is written out as has to be read as the same state.
///
/// `TIDEMARK_REFRESH_SHAPES=1` writes the file, unless it would give known states another meaning under the same `SHAPE`.
#[track_caller]
pub fn assert_shape<A>(module: impl AsRef<Path>, story: impl IntoIterator<Item = A::Event>)
where
    A: Root<Event: Event> + PartialEq + Debug,
{
    let module = module.as_ref();
    let begun = given::<A>(story).state();
    let events = events::<A>(&module.join("golden"));
    let states = states(&begun, &events);
    let after_others = digests(&begun, &events, &states);
    let present = Known { shape: A::SHAPE, states, after_others };
    let empty = never_filled(&present.states);
    assert!(empty.is_empty(), "neither the story nor a golden event of {} fills {empty:?}: add one that does", A::TYPE);

    let file = module.join("shapes").join(format!("{}.json", A::TYPE));
    let known: Option<Known> = fs::read_to_string(&file)
        .ok()
        .map(|text| serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display())));
    if let Some(known) = &known {
        // Events that came since are left out of the digests, so that these compare.
        let after_others = digests(&begun, &events, &known.states);
        let comparable = Known { shape: A::SHAPE, states: present.states.clone(), after_others };
        if let Err(why) = fits(known, &comparable) {
            panic!("{}: {why}", A::TYPE);
        }
    }
    if known.as_ref() == Some(&present) {
        return;
    }
    assert!(env::var_os(REFRESH).is_some(), "{} is not up to date: run this with {REFRESH}=1", file.display());
    let json = serde_json::to_string_pretty(&present).expect("states are JSON");
    fs::create_dir_all(module.join("shapes")).expect("a folder");
    fs::write(&file, json + "\n").expect("a file");
}

/// The golden events of the aggregate, by their files' names.
fn events<A>(folder: &Path) -> Vec<(String, A::Event)>
where
    A: Root<Event: Event>,
{
    let read = |(name, path): (String, PathBuf)| {
        let event = serde_json::from_value(golden(&path)).unwrap_or_else(|e| panic!("{name}: {e}"));
        (name, event)
    };
    golden_files::<A::Event>(folder).into_iter().map(read).collect()
}

/// The state after the story, and those after the story and each golden event.
fn states<A>(begun: &A, events: &[(String, A::Event)]) -> BTreeMap<String, Value>
where
    A: Root<Event: Event> + PartialEq + Debug,
{
    let mut states = BTreeMap::from([(STORY.to_owned(), written_out(STORY, begun))]);
    for (name, event) in events {
        let is_personal = serde_json::to_string(event).expect("an event is JSON").contains(r#""$personal":"#);
        let mut state = begun.clone();
        state.apply(event.clone());
        assert!(!is_personal || state.subject().is_some(), "{name}: a state with personal data has no subject");
        states.insert(name.clone(), written_out(name, &state));
    }
    states
}

/// Of each golden event a digest of the states after the story, another golden event of `known`, and it.
fn digests<A>(begun: &A, events: &[(String, A::Event)], known: &BTreeMap<String, Value>) -> BTreeMap<String, String>
where
    A: Root<Event: Event> + PartialEq + Debug,
{
    let is_known = |(name, _): &&(String, A::Event)| known.contains_key(name);
    let digest_of = |last: &A::Event| {
        let mut text = String::new();
        for (first, event) in events.iter().filter(is_known) {
            let mut state = begun.clone();
            state.apply(event.clone());
            state.apply(last.clone());
            text.push_str(&written_out(first, &state).to_string());
        }
        format!("{:016x}", fnv1a(text.as_bytes()))
    };
    events.iter().filter(is_known).map(|(name, event)| (name.clone(), digest_of(event))).collect()
}

/// FNV-1a, 64 bits (draft-eastlake-fnv, section 2): the same for ever, which the standard library's hashers do not promise.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn written_out<A: Root + PartialEq + Debug>(name: &str, state: &A) -> Value {
    let json = serde_json::to_value(state).expect("a state is JSON");
    let read: A = serde_json::from_value(json.clone()).unwrap_or_else(|e| panic!("{name}: the state is not read: {e}"));
    assert_eq!(&read, state, "{name}: the state is another one once it was written out");
    json
}

/// Whether nothing that is known has changed without a new shape.
fn fits(known: &Known, present: &Known) -> Result<(), String> {
    if known.shape > present.shape {
        return Err(format!("SHAPE was {} before and never falls", known.shape));
    }
    if known.shape < present.shape {
        return Ok(());
    }
    let changed = known.states.iter().find(|(name, state)| present.states.get(*name).is_some_and(|now| now != *state));
    if let Some((name, state)) = changed {
        return Err(format!(
            "snapshots of shape {} hold other states than events make now. Raise SHAPE. After {name}:\n  known   {state}\n  present {}",
            known.shape, present.states[name]
        ));
    }
    // One that is gone changes the digests of all others.
    let all_are_there = known.states.keys().all(|name| present.states.contains_key(name));
    let changed = known.after_others.iter().find(|(name, digest)| present.after_others.get(*name) != Some(digest));
    if let Some((name, _)) = changed.filter(|_| all_are_there) {
        return Err(format!(
            "snapshots of shape {} hold other states than events make now. Raise SHAPE. The change shows in {name} after another event",
            known.shape
        ));
    }
    let is_of_known_type =
        |name: &&String| known.states.keys().any(|known| event_type_of(known) == event_type_of(name));
    match present.states.keys().filter(|name| !known.states.contains_key(*name)).find(is_of_known_type) {
        Some(name) => Err(format!(
            "{name} is another form of an event that states of shape {} have taken in already, perhaps by a process that knew nothing of it. Raise SHAPE",
            known.shape
        )),
        None => Ok(()),
    }
}

/// The fields that hold nothing in any state, so that what they would look like is not known.
fn never_filled(states: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let (mut empty, mut filled) = (BTreeSet::new(), BTreeSet::new());
    states.values().for_each(|state| look_through(state, "", &mut empty, &mut filled));
    empty.difference(&filled).cloned().collect()
}

fn look_through(json: &Value, path: &str, empty: &mut BTreeSet<String>, filled: &mut BTreeSet<String>) {
    let is_empty = match json {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    };
    if is_empty {
        empty.insert(path.to_owned())
    } else {
        filled.insert(path.to_owned())
    };
    if let Value::Object(fields) = json {
        for (name, value) in fields {
            look_through(value, &format!("{path}/{name}"), empty, filled);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known(shape: u32, states: &[(&str, Value)]) -> Known {
        let named = |(name, state): &(&str, Value)| ((*name).to_owned(), state.clone());
        Known { shape, states: states.iter().map(named).collect(), after_others: BTreeMap::new() }
    }

    #[test]
    fn another_state_under_the_same_shape_is_found() {
        let before = known(1, &[("a.v1", json!({ "n": 1 })), ("b.v1", json!({ "n": 2 }))]);
        for (present, fit) in [
            (known(1, &[("a.v1", json!({ "n": 1 })), ("b.v1", json!({ "n": 2 }))]), true),
            // A golden event more, or one less.
            (known(1, &[("a.v1", json!({ "n": 1 })), ("c.v1", json!({ "n": 3 }))]), true),
            // An event that there was has another field now, or another version.
            (known(1, &[("a.v1", json!({ "n": 1 })), ("a.v1.with-n", json!({ "n": 1 }))]), false),
            (known(1, &[("a.v1", json!({ "n": 1 })), ("a.v2", json!({ "n": 1 }))]), false),
            (known(2, &[("a.v1", json!({ "n": 1 })), ("a.v2", json!({ "n": 1 }))]), true),
            // Another fold, and another field.
            (known(1, &[("a.v1", json!({ "n": 9 }))]), false),
            (known(1, &[("a.v1", json!({ "n": 1, "more": null }))]), false),
            (known(2, &[("a.v1", json!({ "n": 9 }))]), true),
            (known(0, &[("a.v1", json!({ "n": 1 }))]), false),
        ] {
            assert_eq!(fits(&before, &present).is_ok(), fit, "{present:?}");
        }
    }

    #[test]
    fn a_fold_that_differs_only_after_another_event_is_found() {
        let of = |digest: &str, states: &[(&str, Value)]| Known {
            after_others: BTreeMap::from([("a.v1".to_owned(), digest.to_owned())]),
            ..known(1, states)
        };
        let before = of("1", &[("a.v1", json!({})), ("b.v1", json!({}))]);
        assert!(fits(&before, &of("1", &[("a.v1", json!({})), ("b.v1", json!({}))])).is_ok());
        assert!(fits(&before, &of("2", &[("a.v1", json!({})), ("b.v1", json!({}))])).is_err());
        assert!(fits(&before, &of("2", &[("a.v1", json!({}))])).is_ok(), "one is gone, which changes every digest");
    }

    #[test]
    fn a_field_that_nothing_fills_is_found() {
        let states = [
            ("a", json!({ "name": null, "tags": [], "limits": {}, "deep": { "inner": null } })),
            ("b", json!({ "name": "x", "tags": [], "limits": { "a": 1 }, "deep": { "inner": null } })),
        ];
        let empty = never_filled(&known(1, &states).states);
        assert_eq!(empty, BTreeSet::from(["/deep/inner".to_owned(), "/tags".to_owned()]));
    }
}
