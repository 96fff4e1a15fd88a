//! Personal data in an event: a field whose type says that it is sealed before anybody else sees it.

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The one member of a personal field on its way to the engine, which seals it. The engine knows the same word.
const MARK: &str = "$personal";

/// A value that says something about a person: a name, an email address. The engine seals it under the key of the
/// [`Root::subject`](crate::Root::subject) before the event is appended; in the log, in the stream and in every export it
/// is `{"sealed": "...", "subject": "..."}`. Where the event is loaded or folded it is open again, or unknown once the
/// person was erased.
#[derive(Clone, PartialEq, Eq)]
pub struct Personal<T>(Option<T>);

impl<T> Personal<T> {
    /// What is known of a person now.
    pub fn of(value: T) -> Self {
        Self(Some(value))
    }

    /// The value; `None` once the person was erased.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// The value itself; `None` once the person was erased.
    #[must_use]
    pub fn into_known(self) -> Option<T> {
        self.0
    }
}

/// Shows that there is a value, and not which: events are printed to logs.
impl<T> std::fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Personal(..)" } else { "Personal(erased)" })
    }
}

impl<T: Serialize> Serialize for Personal<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(value) = &self.0 else { return serializer.serialize_none() };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(MARK, value)?;
        map.end()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Personal<T> {
    /// Takes the open value, as events from before the sealing hold it too, or `null`. A sealed one is an error: whoever
    /// forgets to open it must not take the person for erased. No error quotes the value.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer).map_err(|_| D::Error::custom("personal data is not readable"))?;
        match value {
            Value::Null => Ok(Self(None)),
            Value::Object(fields) if fields.contains_key("sealed") => {
                Err(D::Error::custom("personal data is sealed and was not opened"))
            }
            open => serde_json::from_value(open)
                .map(|value| Self(Some(value)))
                .map_err(|_| D::Error::custom("personal data has another shape")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Personal<String>, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn a_personal_value_leaves_under_its_mark() {
        assert_eq!(serde_json::to_string(&Personal::of("Ada")).expect("JSON"), r#"{"$personal":"Ada"}"#);
    }

    #[test]
    fn an_open_value_is_read_as_it_is_and_an_erased_one_is_unknown() {
        assert_eq!(read("\"Ada\"").expect("open").known().map(String::as_str), Some("Ada"));
        assert_eq!(read("null").expect("erased").known(), None);
    }

    #[test]
    fn a_sealed_value_is_never_taken_for_an_erased_one() {
        let error = read(r#"{"sealed":"AAAA","subject":"1"}"#).expect_err("sealed").to_string();
        assert!(error.contains("sealed and was not opened"), "{error}");
    }

    #[test]
    fn neither_debug_nor_errors_show_the_value() {
        assert_eq!(format!("{:?}", Personal::of("Ada")), "Personal(..)");
        let error = serde_json::from_str::<Personal<u8>>("\"Ada\"").expect_err("no number").to_string();
        assert!(!error.contains("Ada"), "{error}");
    }
}
