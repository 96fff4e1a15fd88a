//! What a person is called here.

use serde::{Deserialize, Serialize};
use tidemark_kernel::{FieldError, single_line};

/// A person's name: one line of 1 to 100 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonName(String);

impl PersonName {
    /// The longest name, in characters.
    pub const MAX: usize = 100;

    /// Checks what somebody typed.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        single_line(text, Self::MAX).map(Self)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_1_to_100_characters() {
        assert_eq!(PersonName::parse(" Ada Lovelace\u{a0}").map(|name| name.0), Ok("Ada Lovelace".to_owned()));
        assert_eq!(PersonName::parse("  ").map_err(|e| e.code), Err("too_short"));
        assert_eq!(PersonName::parse(&"é".repeat(101)).map_err(|e| e.code), Err("too_long"));
        assert_eq!(PersonName::parse("Ada\nAdmin").map_err(|e| e.code), Err("invalid"));
        assert!(PersonName::parse(&"é".repeat(100)).is_ok());
    }

    #[test]
    fn a_name_in_the_log_is_read_whatever_the_rule_is_now() {
        assert!(serde_json::from_str::<PersonName>("\"\"").is_ok());
    }
}
