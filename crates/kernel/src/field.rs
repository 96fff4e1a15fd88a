//! What is wrong with one field of a request, and the text rules that many fields share.

use serde::{Deserialize, Deserializer};

/// Why the value of a field was not taken. The edge adds the path and shows all of a request's at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FieldError {
    /// One of the field error codes of the HTTP contract, as in `too_long`.
    pub code: &'static str,
    /// A sentence for the person who filled in the field.
    pub message: String,
}

impl FieldError {
    /// The field is missing.
    #[must_use]
    pub fn required() -> Self {
        Self { code: "required", message: "is required".to_owned() }
    }

    /// The value does not have the form it needs.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { code: "invalid", message: message.into() }
    }

    /// There is less than `min` of `unit`, as in `characters`.
    #[must_use]
    pub fn too_short(min: usize, unit: &str) -> Self {
        Self { code: "too_short", message: format!("must have at least {min} {unit}") }
    }

    /// There is more than `max` of `unit`, as in `characters`.
    #[must_use]
    pub fn too_long(max: usize, unit: &str) -> Self {
        Self { code: "too_long", message: format!("must have at most {max} {unit}") }
    }

    /// A number lies outside its bounds.
    #[must_use]
    pub fn out_of_range(min: impl std::fmt::Display, max: impl std::fmt::Display) -> Self {
        Self { code: "out_of_range", message: format!("must be from {min} to {max}") }
    }

    /// The value is well formed, but is not among those that are allowed here.
    #[must_use]
    pub fn not_allowed(message: impl Into<String>) -> Self {
        Self { code: "not_allowed", message: message.into() }
    }
}

/// Takes a single line of 1 to `max` characters: trimmed, without control characters.
pub fn single_line(text: &str, max: usize) -> Result<String, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldError::too_short(1, "characters"));
    }
    if text.chars().count() > max {
        return Err(FieldError::too_long(max, "characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(FieldError::invalid("must be one line without control characters"));
    }
    Ok(text.to_owned())
}

/// Takes a text of 1 to `max` characters as it is. Only NUL is refused, which no database column holds, and a blank text.
pub fn multi_line(text: &str, max: usize) -> Result<&str, FieldError> {
    if text.trim().is_empty() {
        return Err(FieldError::too_short(1, "characters"));
    }
    if text.chars().count() > max {
        return Err(FieldError::too_long(max, "characters"));
    }
    if text.contains('\0') {
        return Err(FieldError::invalid("must not hold the NUL character"));
    }
    Ok(text)
}

/// Reads an optional field that may be absent (unchanged), `null` (cleared) or a value. For `deserialize_with`, together
/// with `default` and `skip_serializing_if = "Option::is_none"`.
pub fn absent_or_null<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Patch {
        #[serde(default, deserialize_with = "absent_or_null")]
        cover: Option<Option<u8>>,
    }

    fn cover(json: &str) -> Option<Option<u8>> {
        serde_json::from_str::<Patch>(json).expect("valid").cover
    }

    #[test]
    fn a_single_line_is_trimmed_and_counts_characters() {
        assert_eq!(single_line("  Grüße  ", 5), Ok("Grüße".to_owned()));
        assert_eq!(single_line("Grüße!", 5).map_err(|e| e.code), Err("too_long"));
    }

    #[test]
    fn a_blank_single_line_is_too_short() {
        assert_eq!(single_line(" \t ", 5).map_err(|e| e.code), Err("too_short"));
    }

    #[test]
    fn a_single_line_has_no_control_characters() {
        for text in ["a\nb", "a\0b", "a\u{85}b"] {
            assert_eq!(single_line(text, 5).map_err(|e| e.code), Err("invalid"), "{text:?}");
        }
    }

    #[test]
    fn a_text_keeps_its_lines_and_its_margins() {
        assert_eq!(multi_line(" a\n\tb\n", 10), Ok(" a\n\tb\n"));
    }

    #[test]
    fn a_text_is_neither_blank_nor_too_long_nor_has_it_nul() {
        assert_eq!(multi_line(" \n", 10).map_err(|e| e.code), Err("too_short"));
        assert_eq!(multi_line("abcdef", 5).map_err(|e| e.code), Err("too_long"));
        assert_eq!(multi_line("a\0", 5).map_err(|e| e.code), Err("invalid"));
    }

    #[test]
    fn an_absent_field_differs_from_null() {
        assert_eq!(cover("{}"), None);
        assert_eq!(cover(r#"{"cover":null}"#), Some(None));
        assert_eq!(cover(r#"{"cover":1}"#), Some(Some(1)));
    }
}
