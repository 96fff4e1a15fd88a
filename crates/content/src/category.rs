//! The one category that a post is filed under.

use serde::{Deserialize, Serialize};
use tidemark_kernel::{FieldError, single_line};

/// The categories of a tenant that has not chosen its own.
pub const DEFAULT_CATEGORIES: [&str; 3] = ["tech", "lifestyle", "business"];

/// A category's name: one line of 1 to 50 characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Category(String);

impl Category {
    /// The longest name, in characters.
    pub const MAX: usize = 50;

    /// Checks the name of a category that a tenant adds to its list.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        single_line(text, Self::MAX).map(Self)
    }

    /// Checks that somebody chose one of the tenant's categories; if not, the error lists them.
    pub fn choose(text: &str, allowed: &[impl AsRef<str>]) -> Result<Self, FieldError> {
        let names: Vec<&str> = allowed.iter().map(AsRef::as_ref).collect();
        if names.contains(&text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::not_allowed(format!("must be one of {}", names.join(", "))))
        }
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
    fn one_of_the_tenants_categories_is_taken() {
        assert_eq!(Category::choose("tech", &DEFAULT_CATEGORIES).map(|category| category.0), Ok("tech".to_owned()));
    }

    #[test]
    fn any_other_category_is_refused_with_the_list() {
        for text in ["", "Tech", "sport", "tech "] {
            let error = Category::choose(text, &DEFAULT_CATEGORIES).expect_err("not in the list");
            assert_eq!(error, FieldError::not_allowed("must be one of tech, lifestyle, business"), "{text:?}");
        }
    }

    #[test]
    fn a_category_of_the_tenants_own_has_1_to_50_characters() {
        assert!(Category::parse(&"ü".repeat(50)).is_ok());
        assert_eq!(Category::parse(&"ü".repeat(51)).map_err(|e| e.code), Err("too_long"));
        assert_eq!(Category::parse("").map_err(|e| e.code), Err("too_short"));
    }
}
