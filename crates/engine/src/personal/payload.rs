//! Where in an event's JSON personal data is: `{"$personal": value}` on the way in, `{"sealed": text, "subject": id}` in
//! the log.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::cipher::{Key, padded};

const MARK: &str = "$personal";
const SEALED: &str = "sealed";
const SUBJECT: &str = "subject";

/// Whether a payload has a personal field that is not sealed yet. The quotes and the colon are those of a member's name:
/// within a text they would be escaped.
pub(super) fn is_marked(payload: &str) -> bool {
    payload.contains(r#""$personal":"#)
}

/// Whether a payload may have a sealed field; looking closer is only worth it then.
pub(super) fn may_be_sealed(payload: &str) -> bool {
    payload.contains(r#""sealed":"#)
}

/// The event that a payload is of. Sealed data is bound to it, so that no field can be moved to another event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'a> {
    pub(super) tenant: &'a str,
    pub(super) aggregate_type: &'a str,
    /// The log's, `<tenant>/<id>`.
    pub(super) aggregate_id: &'a str,
    pub(super) sequence: i64,
    pub(super) event_type: &'a str,
}

impl Origin<'_> {
    fn binding(self, subject: &str, path: &str) -> String {
        // NUL is in none of these: Postgres takes no text with it.
        let Self { tenant, aggregate_type, aggregate_id, sequence, event_type } = self;
        format!("event\0{tenant}\0{subject}\0{aggregate_type}\0{aggregate_id}\0{sequence}\0{event_type}\0{path}")
    }
}

/// Seals every marked field under the key of `subject`.
pub(super) fn seal(payload: &mut Value, origin: Origin<'_>, subject: &str, key: &Key) {
    each_object(payload, &mut String::new(), &mut |fields, path| {
        let value = fields.get(MARK).filter(|_| fields.len() == 1)?;
        let plain = padded(value.to_string().into_bytes());
        let sealed = key.seal(&origin.binding(subject, path), &plain);
        Some(sealed_as(subject, &sealed))
    });
}

/// The subjects of the sealed fields.
pub(super) fn subjects(payload: &Value) -> Vec<&str> {
    match payload {
        Value::Object(fields) => match sealed(fields) {
            Some((_, subject)) => vec![subject],
            None => fields.values().flat_map(subjects).collect(),
        },
        Value::Array(values) => values.iter().flat_map(subjects).collect(),
        _ => Vec::new(),
    }
}

/// Whether there is any sealed field.
pub(super) fn has_sealed(payload: &Value) -> bool {
    match payload {
        Value::Object(fields) => sealed(fields).is_some() || fields.values().any(has_sealed),
        Value::Array(values) => values.iter().any(has_sealed),
        _ => false,
    }
}

/// Opens every sealed field whose subject has a key, and makes `null` of those whose subject was erased, of whom `key_of`
/// knows that there is none any more. What it does not know, or what its key does not open, is not what was written here;
/// it stays sealed, so that whoever decodes it says so, and nobody takes it for an erasure.
pub(super) fn open<'k>(payload: &mut Value, origin: Origin<'_>, key_of: impl Fn(&str) -> Option<Option<&'k Key>>) {
    each_object(payload, &mut String::new(), &mut |fields, path| {
        let (text, subject) = sealed(fields)?;
        let Some(key) = key_of(subject)? else { return Some(Value::Null) };
        let opened = key.open(&origin.binding(subject, path), &URL_SAFE_NO_PAD.decode(text).ok()?)?;
        serde_json::from_slice(&opened).ok()
    });
}

/// What stands for something that was sealed.
pub(super) fn sealed_as(subject: &str, sealed: &[u8]) -> Value {
    json!({ SEALED: URL_SAFE_NO_PAD.encode(sealed), SUBJECT: subject })
}

/// What was sealed as a whole, and its subject. What does not read as text of ours is empty, and opens by no key.
pub(super) fn whole(payload: &Value) -> Option<(Vec<u8>, String)> {
    let (text, subject) = sealed(payload.as_object()?)?;
    Some((URL_SAFE_NO_PAD.decode(text).unwrap_or_default(), subject.to_owned()))
}

fn sealed(fields: &Map<String, Value>) -> Option<(&str, &str)> {
    if fields.len() != 2 {
        return None;
    }
    Some((fields.get(SEALED)?.as_str()?, fields.get(SUBJECT)?.as_str()?))
}

/// Offers every object with its path to `replace`, and goes into those that it leaves as they are.
fn each_object(
    json: &mut Value,
    path: &mut String,
    replace: &mut impl FnMut(&Map<String, Value>, &str) -> Option<Value>,
) {
    let length = path.len();
    match json {
        Value::Object(fields) => {
            if let Some(other) = replace(fields, path) {
                *json = other;
                return;
            }
            for (name, value) in fields {
                path.push('/');
                path.push_str(name);
                each_object(value, path, replace);
                path.truncate(length);
            }
        }
        Value::Array(values) => {
            for (n, value) in values.iter_mut().enumerate() {
                write!(path, "/{n}").expect("a String takes everything");
                each_object(value, path, replace);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin<'static> = Origin {
        tenant: "acme",
        aggregate_type: "user",
        aggregate_id: "acme/7",
        sequence: 1,
        event_type: "UserRegistered",
    };

    fn marked() -> Value {
        json!({ "type": "UserRegistered", "name": { MARK: "Ada L." }, "phones": [{ MARK: { "home": 1 } }], "role": "editor" })
    }

    fn sealed_by(key: &Key) -> Value {
        let mut payload = marked();
        seal(&mut payload, ORIGIN, "7", key);
        payload
    }

    #[test]
    fn sealed_fields_show_whose_they_are_and_open_again() {
        let key = Key::random();
        let mut payload = sealed_by(&key);
        assert!(!payload.to_string().contains("Ada L.") && payload["name"]["subject"] == "7", "{payload}");
        assert!(may_be_sealed(&payload.to_string()) && !is_marked(&payload.to_string()));
        assert!(has_sealed(&payload));
        assert_eq!(subjects(&payload), ["7", "7"]);
        open(&mut payload, ORIGIN, |_| Some(Some(&key)));
        let opened = json!({ "type": "UserRegistered", "name": "Ada L.", "phones": [{ "home": 1 }], "role": "editor" });
        assert_eq!(payload, opened);
    }

    #[test]
    fn without_a_key_they_are_null() {
        let mut payload = sealed_by(&Key::random());
        open(&mut payload, ORIGIN, |_| Some(None));
        assert_eq!(
            (&payload["name"], &payload["phones"][0], &payload["role"]),
            (&Value::Null, &Value::Null, &json!("editor"))
        );
    }

    #[test]
    fn a_field_that_was_moved_to_another_place_stays_sealed() {
        let key = Key::random();
        let sealed = sealed_by(&key);
        for origin in [
            Origin { tenant: "other", ..ORIGIN },
            Origin { aggregate_id: "acme/8", ..ORIGIN },
            Origin { sequence: 2, ..ORIGIN },
            Origin { event_type: "UserRenamed", ..ORIGIN },
        ] {
            let mut payload = sealed.clone();
            open(&mut payload, origin, |_| Some(Some(&key)));
            assert_eq!(payload, sealed, "{origin:?}");
        }
        let mut renamed = json!({ "title": sealed["name"] });
        open(&mut renamed, ORIGIN, |_| Some(Some(&key)));
        assert_eq!(renamed["title"], sealed["name"]);
        let mut of_another = sealed.clone();
        of_another["name"]["subject"] = json!("8");
        open(&mut of_another, ORIGIN, |_| Some(Some(&key)));
        assert_eq!(of_another["name"]["sealed"], sealed["name"]["sealed"]);
    }

    #[test]
    fn a_text_that_speaks_of_personal_data_is_none() {
        let text = json!({ "content": r#"{"$personal":"Ada"} and {"sealed":"AAAA","subject":"7"}"# }).to_string();
        assert!(!is_marked(&text) && !may_be_sealed(&text), "{text}");
    }
}
