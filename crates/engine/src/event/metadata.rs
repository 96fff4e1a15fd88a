//! What an event carries beside its payload.
//!
//! Whoever appends makes a map of it. Whoever reads the log has it as JSON and looks into that: of a million events nearly all
//! are read by somebody who asks for one name or none.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

/// What an event is to carry beside its payload: `requestId`, `actor`, `correlationId`, `causationId`, `command`,
/// `traceparent`. Every value is a string, because `postgres-es` reads metadata as a map of strings.
pub type Metadata = BTreeMap<String, String>;

/// The [`Metadata`] of an event that is in the log, as JSON. Cheap to clone.
#[derive(Clone)]
pub struct RecordedMetadata(Arc<str>);

impl RecordedMetadata {
    /// Takes the JSON of a map of strings.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn from_json(json: &str) -> serde_json::Result<Self> {
        search(json, None).map(|_| Self(Arc::from(json)))
    }

    /// The JSON as it was taken.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// The value of a name, if it is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        search(&self.0, Some(name)).expect("it was read to its end when it was taken")
    }

    /// Whether a name is there.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All of it.
    #[must_use]
    pub fn to_map(&self) -> Metadata {
        serde_json::from_str(&self.0).expect("it was found to be a map of strings when it was taken")
    }
}

impl fmt::Debug for RecordedMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_map().fmt(f)
    }
}

impl Default for RecordedMetadata {
    /// None at all.
    fn default() -> Self {
        Self(Arc::from("{}"))
    }
}

impl From<&Metadata> for RecordedMetadata {
    fn from(metadata: &Metadata) -> Self {
        Self(serde_json::to_string(metadata).expect("a map of strings is always JSON").into())
    }
}

/// Reads a map of strings to its end and gives the value of the name that is looked for. Of a name that is there twice it is the
/// last one, as in a map.
fn search<'j>(json: &'j str, name: Option<&str>) -> serde_json::Result<Option<Cow<'j, str>>> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let found = reader.deserialize_map(Search(name))?;
    reader.end()?;
    Ok(found)
}

struct Search<'n>(Option<&'n str>);

impl<'j> Visitor<'j> for Search<'_> {
    type Value = Option<Cow<'j, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_map<M: MapAccess<'j>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut found = None;
        while let Some(is_wanted) = map.next_key_seed(Is(self.0))? {
            if is_wanted {
                found = Some(map.next_value::<Text<'j>>()?.0);
            } else {
                map.next_value_seed(Is(None))?;
            }
        }
        Ok(found)
    }
}

/// A string, of which only matters whether it is this one.
struct Is<'n>(Option<&'n str>);

impl<'j> DeserializeSeed<'j> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'j>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        Ok(self.0 == Some(text))
    }
}

/// A string where it is, unless it is written with escapes.
struct Text<'j>(Cow<'j, str>);

impl<'j> Deserialize<'j> for Text<'j> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'j> Visitor<'j> for TextVisitor {
    type Value = Text<'j>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'j str) -> Result<Text<'j>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'j>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_where_it_is() {
        let metadata =
            RecordedMetadata::from_json(r#" {"actor":"user:1", "command" : "Edit","note":"a \"b\" ü\u00fc"} "#)
                .expect("a map of strings");
        assert!(matches!(metadata.get("actor"), Some(Cow::Borrowed("user:1"))));
        assert_eq!(metadata.get("note").as_deref(), Some("a \"b\" üü"));
        assert_eq!(metadata.get("user:1"), None);
        assert!(metadata.contains_key("command") && !metadata.contains_key("comman"));
        assert_eq!(RecordedMetadata::from(&metadata.to_map()).to_map(), metadata.to_map());
        assert_eq!(RecordedMetadata::default().to_map(), Metadata::new());
    }

    #[test]
    fn a_name_is_found_however_it_is_written_and_the_last_of_two_counts() {
        let metadata = RecordedMetadata::from_json(r#"{"a":"1","\u0061":"2"}"#).expect("a map of strings");
        assert_eq!(metadata.get("a").as_deref(), Some("2"));
        assert_eq!(metadata.to_map().get("a").map(String::as_str), Some("2"));
    }

    #[test]
    fn what_is_no_map_of_strings_is_refused() {
        for json in
            ["", "{", "[]", "null", r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":{}}"#, r#"{"a":"1"}x"#, r#"{"a":"\x"}"#]
        {
            assert!(RecordedMetadata::from_json(json).is_err(), "{json}");
        }
    }
}
