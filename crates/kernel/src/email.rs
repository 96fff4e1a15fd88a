//! An email address as an account has it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;

use crate::FieldError;

/// An email address as it was written; two compare equal when they differ in case only.
#[derive(Debug, Clone)]
pub struct Email(String);

/// Why a text is no email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an email address")]
pub struct EmailError;

impl Email {
    /// The longest address that SMTP can carry (RFC 5321, section 4.5.3.1.3, less the angle brackets).
    pub const MAX: usize = 254;

    /// The address as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that decides whether two addresses are the same: NFKC and lower case.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.nfkc().flat_map(char::to_lowercase).collect()
    }
}

impl FromStr for Email {
    type Err = EmailError;

    /// Accepts `local@domain` with a dot in the domain, without white space and control characters. The only proof
    /// that an address is real is a mail that arrives, so this is deliberately no full RFC 5322 grammar.
    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
        let clean = !text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '\\'));
        let local_fits = (1..=64).contains(&local.len()) && !local.contains('@');
        let labels_fit = domain.contains('.')
            && domain.split('.').all(|label| {
                !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
            });
        if clean && local_fits && labels_fit && text.len() <= Self::MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(EmailError)
        }
    }
}

impl From<EmailError> for FieldError {
    fn from(error: EmailError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Email {}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Email {
    /// Takes what the log holds: an address was checked when it came in, and a stricter rule must not make old events unreadable.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn email(text: &str) -> Email {
        text.parse().expect("an email")
    }

    #[test]
    fn an_address_is_kept_as_it_was_written() {
        assert_eq!(email(" Ada.Lovelace+news@Example.co.uk ").as_str(), "Ada.Lovelace+news@Example.co.uk");
    }

    #[test]
    fn addresses_that_differ_in_case_only_are_the_same() {
        assert_eq!(email("ADA@Example.COM"), email("ada@example.com"));
        assert_eq!(email("ADA@Example.COM").key(), "ada@example.com");
    }

    #[test]
    fn compatibility_forms_of_a_letter_are_the_same() {
        assert_eq!(email("\u{ff41}da@example.com"), email("ada@example.com"));
    }

    #[test]
    fn what_no_mail_could_reach_is_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "b".repeat(64));
        let too_long = format!("a@{}com", "b.".repeat(126));
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "ada@.com",
            "ada@example.",
            "ada@-a.com",
            "ada@a-.com",
            "a@b@c.de",
            "a b@c.de",
            "a\0@c.de",
            "<a@c.de>",
            "a,b@c.de",
            &long_local,
            &long_label,
            &too_long,
        ] {
            assert_eq!(text.parse::<Email>().map_err(FieldError::from).map_err(|e| e.code), Err("invalid"), "{text:?}");
        }
    }

    #[test]
    fn an_address_in_the_log_is_read_whatever_the_rule_is_now() {
        assert!(serde_json::from_str::<Email>("\"no address\"").is_ok());
    }

    proptest! {
        #[test]
        fn an_accepted_address_is_read_again_and_so_is_its_key(text in "\\PC{1,70}@\\PC{1,20}\\.\\PC{1,10}") {
            if let Ok(email) = text.parse::<Email>() {
                prop_assert_eq!(email.as_str().parse::<Email>(), Ok(email.clone()));
                prop_assert!(email.as_str().len() <= Email::MAX);
                prop_assert!(!email.key().chars().any(char::is_control));
            }
        }

        #[test]
        fn case_never_makes_another_address(local in "[a-z0-9.+]{1,20}", domain in "[a-z]{1,10}\\.[a-z]{2,5}") {
            let lower = format!("{local}@{domain}");
            prop_assert_eq!(email(&lower.to_uppercase()), email(&lower));
        }
    }
}
