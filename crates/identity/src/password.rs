//! A password on its way to the hash; nothing here keeps, prints or serialises it.

use std::fmt;

use tidemark_kernel::FieldError;
use unicode_normalization::UnicodeNormalization;

/// The 2,000 most common passwords of 8 characters and more, in lower case, one a line, sorted by byte. From the frequency
/// list of zxcvbn (MIT licence, copyright Dropbox, Inc.).
const COMMON: &str = include_str!("common_passwords.txt");

/// A password in the form that is hashed: Unicode NFC (RFC 8265), so that two keyboards that compose `é` differently agree.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The fewest characters of a new password.
    pub const MIN: usize = 8;
    /// The most characters of a new password.
    pub const MAX: usize = 128;

    /// Checks a password that somebody chooses.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let characters = text.chars().count();
        if characters < Self::MIN {
            return Err(FieldError::too_short(Self::MIN, "characters"));
        }
        if characters > Self::MAX {
            return Err(FieldError::too_long(Self::MAX, "characters"));
        }
        if is_common(text) {
            return Err(FieldError::not_allowed("is among the most common passwords"));
        }
        Ok(Self::attempt(text))
    }

    /// Takes a password that somebody signs in with. No rule applies: it is right or it is not, and a stricter rule for
    /// new passwords must not lock out those who have an old one.
    #[must_use]
    pub fn attempt(text: &str) -> Self {
        Self(text.nfc().collect())
    }

    /// The bytes to hash or to verify.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

fn is_common(text: &str) -> bool {
    let wanted = text.to_lowercase();
    COMMON.lines().any(|common| common == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_128_characters() {
        assert_eq!(Password::parse("sevén77").map_err(|e| e.code).err(), Some("too_short"));
        assert!(Password::parse("eight-ü8").is_ok());
        assert!(Password::parse(&"ü".repeat(128)).is_ok());
        assert_eq!(Password::parse(&"x".repeat(129)).map_err(|e| e.code).err(), Some("too_long"));
    }

    #[test]
    fn a_common_password_is_refused_in_any_case() {
        for text in ["password", "PassWord1", "12345678", "qwertyuiop", "iloveyou", "password123"] {
            assert_eq!(Password::parse(text).map_err(|e| e.code).err(), Some("not_allowed"), "{text}");
        }
    }

    #[test]
    fn the_list_of_common_passwords_holds_only_what_another_rule_would_not_refuse() {
        assert!(COMMON.lines().count() > 1_000);
        assert!(COMMON.lines().is_sorted());
        assert!(
            COMMON.lines().all(|common| common.chars().count() >= Password::MIN && common == common.to_lowercase())
        );
    }

    #[test]
    fn two_ways_to_type_an_accent_are_one_password() {
        assert_eq!(Password::attempt("caf\u{e9} au lait").expose(), Password::attempt("cafe\u{301} au lait").expose());
    }

    #[test]
    fn signing_in_is_not_held_to_the_rules_for_new_passwords() {
        assert_eq!(Password::attempt("short").expose(), b"short");
    }

    #[test]
    fn a_password_never_shows_in_debug_output() {
        assert_eq!(format!("{:?}", Password::attempt("hunter2hunter2")), "Password(redacted)");
    }
}
