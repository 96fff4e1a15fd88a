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

    /// Checks what somebody typed. A tag that is given again, in whatever case, counts once, as it was written first. All that is
    /// wrong comes back at once: of one tag with its index, of the tags as a whole with `None`.
    pub fn parse(texts: &[impl AsRef<str>]) -> Result<Self, Vec<(Option<usize>, FieldError)>> {
        let mut tags: Vec<Tag> = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        let mut errors = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            match Tag::parse(text.as_ref()) {
                Ok(tag) if seen.contains(&tag.0.to_lowercase()) => {}
                Ok(tag) => {
                    seen.push(tag.0.to_lowercase());
                    tags.push(tag);
                }
                Err(error) => errors.push((Some(index), error)),
            }
            if tags.len() > Self::MAX {
                errors.push((None, FieldError::too_long(Self::MAX, "tags")));
                break;
            }
        }
        if errors.is_empty() { Ok(Self(tags)) } else { Err(errors) }
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

    fn codes(texts: &[String]) -> Vec<(Option<usize>, &'static str)> {
        Tags::parse(texts).expect_err("refused").into_iter().map(|(index, error)| (index, error.code)).collect()
    }

    fn numbered(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("tag {n}")).collect()
    }

    #[test]
    fn tags_keep_their_order_and_are_trimmed() {
        let tags = Tags::parse(&[" zebra ", "Ape"]).expect("valid");
        assert_eq!(tags.to_strings(), ["zebra", "Ape"]);
    }

    #[test]
    fn a_tag_given_twice_counts_once() {
        let tags = Tags::parse(&["Rust", "web", "rust", "Rust "]).expect("valid");
        assert_eq!(tags.to_strings(), ["Rust", "web"]);
    }

    #[test]
    fn a_post_has_at_most_10_tags() {
        assert!(Tags::parse(&numbered(10)).is_ok());
        assert_eq!(codes(&numbered(11)), [(None, "too_long")]);
    }

    #[test]
    fn each_bad_tag_is_named_by_its_index() {
        let texts = ["fine", "", &"x".repeat(51), "a\0"].map(str::to_owned);
        assert_eq!(codes(&texts), [(Some(1), "too_short"), (Some(2), "too_long"), (Some(3), "invalid")]);
    }

    #[test]
    fn tags_in_the_log_are_read_whatever_the_rule_is_now() {
        let many = serde_json::to_string(&numbered(500)).expect("JSON");
        assert!(serde_json::from_str::<Tags>(&many).is_ok());
    }
}
