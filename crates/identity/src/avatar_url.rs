//! Where a person's picture is.

use serde::{Deserialize, Serialize};
use tidemark_kernel::FieldError;

/// The address of a person's picture: `http(s)://...`, or a path of this server as in `/media/<id>`.
///
/// Other schemes are refused, since front ends put this into `src` and `href`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AvatarUrl(String);

impl AvatarUrl {
    /// The longest address, in characters.
    pub const MAX: usize = 2048;

    /// Checks what somebody typed.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        if text.chars().count() > Self::MAX {
            return Err(FieldError::too_long(Self::MAX, "characters"));
        }
        let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\'));
        if clean && (is_web_address(text) || is_own_path(text)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldError::invalid("must be an http or https address, or a path of this server"))
        }
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_web_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    (scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http"))
        && !host.is_empty()
        && !host.contains('@')
}

/// A path begins with one slash; two would name another server.
fn is_own_path(text: &str) -> bool {
    text.starts_with('/') && !text.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_addresses_and_own_paths_are_taken() {
        for text in
            ["https://example.com/a.png", "http://localhost:3000/a?b#c", "HTTPS://EXAMPLE.COM", "/media/0190?w=320"]
        {
            assert!(AvatarUrl::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_a_browser_might_run_or_take_elsewhere_is_refused() {
        for text in [
            "",
            "javascript:alert(1)",
            "data:image/png;base64,AA",
            "//evil.example/a.png",
            "https://",
            "https://a b",
            "https://u:p@host/",
            "/a\"onerror=",
            "ftp://host/a",
        ] {
            assert_eq!(AvatarUrl::parse(text).map_err(|e| e.code), Err("invalid"), "{text}");
        }
    }

    #[test]
    fn an_address_has_at_most_2048_characters() {
        let longest = format!("https://example.com/{}", "x".repeat(2028));
        assert!(AvatarUrl::parse(&longest).is_ok());
        assert_eq!(AvatarUrl::parse(&(longest + "x")).map_err(|e| e.code), Err("too_long"));
    }
}
