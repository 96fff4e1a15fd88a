//! The words of a post.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tidemark_kernel::{FieldError, multi_line, single_line};

/// A post's title: one line of 1 to 200 characters, trimmed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Title(String);

impl Title {
    /// The longest title, in characters.
    pub const MAX: usize = 200;

    /// Checks what somebody typed.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        single_line(text, Self::MAX).map(Self)
    }

    /// The title as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A post's text: 1 to 200,000 characters, kept as they were typed and shared between copies of the post.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PostContent(Arc<str>);

impl PostContent {
    /// The longest text, in characters.
    pub const MAX: usize = 200_000;

    /// Checks what somebody typed.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        multi_line(text, Self::MAX).map(|text| Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_trimmed_line_of_1_to_200_characters() {
        assert_eq!(Title::parse(" Hello ").map(|title| title.0), Ok("Hello".to_owned()));
        assert!(Title::parse(&"ß".repeat(200)).is_ok());
        assert_eq!(Title::parse(&"ß".repeat(201)).map_err(|e| e.code), Err("too_long"));
        assert_eq!(Title::parse(" ").map_err(|e| e.code), Err("too_short"));
        assert_eq!(Title::parse("a\0b").map_err(|e| e.code), Err("invalid"));
    }

    #[test]
    fn a_text_has_1_to_200000_characters_and_keeps_its_white_space() {
        assert_eq!(PostContent::parse("  a\n\n  b\n").map(|text| text.0), Ok("  a\n\n  b\n".into()));
        assert!(PostContent::parse(&"ß".repeat(200_000)).is_ok());
        assert_eq!(PostContent::parse(&"x".repeat(200_001)).map_err(|e| e.code), Err("too_long"));
        assert_eq!(PostContent::parse("").map_err(|e| e.code), Err("too_short"));
        assert_eq!(PostContent::parse("a\0b").map_err(|e| e.code), Err("invalid"));
    }

    #[test]
    fn what_the_log_holds_is_read_whatever_the_rule_is_now() {
        assert!(serde_json::from_str::<Title>("\"\"").is_ok());
        assert!(serde_json::from_str::<PostContent>("\"\"").is_ok());
    }
}
