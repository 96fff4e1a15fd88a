//! Tags: the free words that a post is found by.

use serde::{Deserialize, Serialize};
use tidemark_kernel::{FieldError, single_line};

/// One tag: a line of 1 to 50 characters, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tag(String);

impl Tag {
    /// The longest tag, in characters.
    pub const MAX: usize = 50;

    /// Checks what somebody typed.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        single_line(text, Self::MAX).map(Self)
    }

    /// What two spellings of one tag have in common: its text without case.
    #[must_use]
    pub fn key_of(text: &str) -> String {
        text.to_lowercase()
    }

    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A post's tags: at most 10, none twice, in the order they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(Vec<Tag>);

impl Tags {
    /// The most tags a post may have.
    pub const MAX: usize = 10;

    /// Takes tags together. One that is given again, in whatever case, counts once, as it was written first.
    pub fn of(given: impl IntoIterator<Item = Tag>) -> Result<Self, FieldError> {
        let mut tags: Vec<Tag> = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for tag in given {
            let key = Tag::key_of(&tag.0);
            if seen.contains(&key) {
                continue;
            }
            if tags.len() == Self::MAX {
                return Err(FieldError::too_long(Self::MAX, "tags"));
            }
            seen.push(key);
            tags.push(tag);
        }
        Ok(Self(tags))
    }

    /// The tags in order.
    pub fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.0.iter()
    }

    /// The tags as texts, in order.
    #[must_use]
    pub fn to_strings(&self) -> Vec<String> {
        self.0.iter().map(|tag| tag.0.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(texts: &[impl AsRef<str>]) -> Result<Tags, FieldError> {
        Tags::of(texts.iter().map(|text| Tag::parse(text.as_ref()).expect("a tag")))
    }

    fn numbered(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("tag {n}")).collect()
    }

    #[test]
    fn tags_keep_their_order_and_are_trimmed() {
        assert_eq!(tags(&[" zebra ", "Ape"]).expect("valid").to_strings(), ["zebra", "Ape"]);
    }

    #[test]
    fn a_tag_given_twice_counts_once() {
        assert_eq!(tags(&["Rust", "web", "rust", "Rust "]).expect("valid").to_strings(), ["Rust", "web"]);
    }

    #[test]
    fn a_post_has_at_most_10_tags() {
        assert!(tags(&numbered(10)).is_ok());
        assert_eq!(tags(&numbered(11)).expect_err("refused").code, "too_long");
        assert!(tags(&[numbered(10), numbered(10)].concat()).is_ok());
    }

    #[test]
    fn a_bad_tag_is_refused() {
        let codes = ["", &"x".repeat(51), "a\0"].map(|text| Tag::parse(text).expect_err("refused").code);
        assert_eq!(codes, ["too_short", "too_long", "invalid"]);
    }

    #[test]
    fn tags_in_the_log_are_read_whatever_the_rule_is_now() {
        let many = serde_json::to_string(&numbered(500)).expect("JSON");
        assert!(serde_json::from_str::<Tags>(&many).is_ok());
    }
}
