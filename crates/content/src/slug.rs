//! A slug is a post's name in addresses, made from its first title.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Title;

/// Lower-case ASCII letters and digits in words joined by single hyphens, 1 to 80 characters, never readable as a UUID, so
/// that an address that takes an id or a slug always knows which it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slug(String);

/// Why a text is no slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a slug has 1 to 80 characters: lower-case letters and digits in words joined by hyphens")]
pub struct SlugError;

impl Slug {
    /// The longest slug, in characters.
    pub const MAX: usize = 80;

    /// Makes a slug from a title: letters of other scripts are transliterated, everything else parts words. A title without
    /// any letter or digit gives `post`.
    #[must_use]
    pub fn from_title(title: &Title) -> Self {
        let words = cut(&hyphenated(&deunicode::deunicode(title.as_str())), Self::MAX).to_owned();
        if words.is_empty() {
            Self("post".to_owned())
        } else if is_uuid(&words) {
            Self(format!("post-{words}"))
        } else {
            Self(words)
        }
    }

    /// The `n`th choice when this slug is taken: itself, then `-2`, `-3`, ... at its end, still within the longest length.
    #[must_use]
    pub fn numbered(&self, n: u32) -> Self {
        if n < 2 {
            return self.clone();
        }
        let number = format!("-{n}");
        Self(format!("{}{number}", cut(&self.0, Self::MAX - number.len())))
    }

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, SlugError> {
        let words_fit = text
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        if words_fit && text.len() <= Self::MAX && !is_uuid(text) { Ok(Self(text.to_owned())) } else { Err(SlugError) }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn hyphenated(text: &str) -> String {
    // An apostrophe stands within a word: "don't" is "dont" and not "don-t".
    let text = text.to_ascii_lowercase().replace('\'', "");
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// The first `max` characters, without a hyphen at the end.
fn cut(slug: &str, max: usize) -> &str {
    slug[..slug.len().min(max)].trim_end_matches('-')
}

fn is_uuid(text: &str) -> bool {
    Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slug(title: &str) -> String {
        Slug::from_title(&Title::parse(title).expect("a title")).to_string()
    }

    #[test]
    fn a_title_becomes_lower_case_words_joined_by_hyphens() {
        assert_eq!(slug("Hello, World!  It's 2026 -- really"), "hello-world-its-2026-really");
    }

    #[test]
    fn letters_of_other_scripts_are_transliterated() {
        assert_eq!(slug("Crème brûlée für Łódź & Ærøskøbing"), "creme-brulee-fur-lodz-aeroskobing");
        assert_eq!(slug("Война и мир"), "voina-i-mir");
        assert_eq!(slug("北京"), "bei-jing");
    }

    #[test]
    fn a_title_without_letters_still_has_a_slug() {
        assert_eq!(slug("!!! ???"), "post");
    }

    #[test]
    fn a_slug_is_cut_at_80_characters_and_never_ends_in_a_hyphen() {
        assert_eq!(slug(&"x".repeat(200)).len(), 80);
        assert_eq!(slug(&format!("{} tail", "x".repeat(79))), "x".repeat(79));
    }

    #[test]
    fn a_slug_is_never_a_uuid() {
        assert_eq!(slug("0190A0B1-C2D3-7E4F-8A5B-6C7D8E9F0A1B"), "post-0190a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b");
        assert_eq!(slug("0190a0b1c2d37e4f8a5b6c7d8e9f0a1b"), "post-0190a0b1c2d37e4f8a5b6c7d8e9f0a1b");
        assert_eq!("0190a0b1c2d37e4f8a5b6c7d8e9f0a1b".parse::<Slug>(), Err(SlugError));
    }

    #[test]
    fn a_taken_slug_is_numbered_from_two() {
        let hello = Slug("hello".to_owned());
        assert_eq!(hello.numbered(1), hello);
        assert_eq!(hello.numbered(2).as_str(), "hello-2");
        assert_eq!(Slug("x".repeat(80)).numbered(12).as_str(), format!("{}-12", "x".repeat(77)));
    }

    #[test]
    fn what_is_no_slug_is_not_read_as_one() {
        for text in ["", "-", "a-", "-a", "a--b", "A", "ü", "a b", "a/b", &"x".repeat(81)] {
            assert_eq!(text.parse::<Slug>(), Err(SlugError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_title_gives_a_slug_that_is_read_as_one(title in "\\PC{1,200}", n in 0_u32..) {
            let Ok(title) = Title::parse(&title) else { return Ok(()) };
            let slug = Slug::from_title(&title);
            prop_assert_eq!(slug.as_str().parse(), Ok(slug.clone()));
            let numbered = slug.numbered(n);
            prop_assert_eq!(numbered.as_str().parse(), Ok(numbered.clone()));
        }

        #[test]
        fn a_title_like_a_uuid_gives_no_uuid(bytes in any::<u128>(), n in 0_u32.., hyphens in any::<bool>()) {
            let id = Uuid::from_u128(bytes);
            let title = if hyphens { id.to_string() } else { id.simple().to_string() };
            let slug = Slug::from_title(&Title::parse(&title).expect("a title"));
            prop_assert!(Uuid::try_parse(slug.as_str()).is_err());
            prop_assert!(Uuid::try_parse(slug.numbered(n).as_str()).is_err());
        }
    }
}
