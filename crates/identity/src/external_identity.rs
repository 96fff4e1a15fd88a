//! Who somebody is at an OpenID provider.

use serde::{Deserialize, Serialize};
use tidemark_kernel::FieldError;

/// An account at a provider: the provider's issuer, and what it calls the account for ever. Emails and names change there;
/// this does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalIdentity {
    /// The issuer, as its tokens name it.
    pub issuer: String,
    /// The account's name there, which says something about a person.
    pub subject: String,
}

impl ExternalIdentity {
    /// The longest subject that OpenID Connect allows, in bytes.
    pub const LONGEST_SUBJECT: usize = 255;

    /// Checks what a provider has said.
    pub fn parse(issuer: &str, subject: &str) -> Result<Self, FieldError> {
        if subject.is_empty() {
            return Err(FieldError::too_short(1, "bytes"));
        }
        if subject.len() > Self::LONGEST_SUBJECT {
            return Err(FieldError::too_long(Self::LONGEST_SUBJECT, "bytes"));
        }
        if subject.chars().any(char::is_control) {
            return Err(FieldError::invalid("must not hold control characters"));
        }
        Ok(Self { issuer: issuer.to_owned(), subject: subject.to_owned() })
    }

    /// What no two accounts of a tenant have: compared to the letter, for a provider may mean somebody else by another case.
    /// No issuer holds a blank.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {}", self.issuer, self.subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_1_to_255_bytes_without_control_characters() {
        let parse = |subject: &str| ExternalIdentity::parse("https://id.example", subject).map_err(|e| e.code);
        assert_eq!(parse("24400320").map(|identity| identity.key()), Ok("https://id.example 24400320".to_owned()));
        assert_eq!(parse(""), Err("too_short"));
        assert_eq!(parse(&"x".repeat(256)), Err("too_long"));
        assert_eq!(parse("a\nb"), Err("invalid"));
        assert!(parse(&"x".repeat(255)).is_ok());
    }

    #[test]
    fn subjects_are_told_apart_by_case_and_by_issuer() {
        let key = |issuer: &str, subject: &str| ExternalIdentity::parse(issuer, subject).map(|identity| identity.key());
        assert_ne!(key("https://id.example", "a"), key("https://id.example", "A"));
        assert_ne!(key("https://id.example", "a"), key("https://other.example", "a"));
    }
}
