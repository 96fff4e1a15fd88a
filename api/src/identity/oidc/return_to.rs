//! Where a browser goes after it has signed in: a path of this server, or a page of an origin that is its own, or that the
//! installation or the tenant lists.

use http::HeaderValue;
use url::Url;

const LONGEST: usize = 1_024;
/// Stands for this server where only the path matters. Nothing is ever sent to it.
const HERE: &str = "https://here.invalid";

/// The address that `text` means, as it may be written into `Location`; `None` for one that leads away from here, or is too
/// long for a cookie.
pub(super) fn parse(text: &str, is_trusted: impl FnOnce(&HeaderValue) -> bool) -> Option<String> {
    normalised(text, is_trusted).filter(|address| address.len() <= LONGEST)
}

fn normalised(text: &str, is_trusted: impl FnOnce(&HeaderValue) -> bool) -> Option<String> {
    // Browsers take a backslash for a slash, and drop tabs and line ends.
    if text.len() > LONGEST || text.contains('\\') || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    if text.starts_with('/') {
        let here = Url::parse(HERE).ok()?;
        let url = here.join(text).ok().filter(|url| url.origin() == here.origin())?;
        let path = url.as_str().strip_prefix(HERE)?;
        // What is normalised away must not leave two slashes in front: `/.//evil.example`.
        return (path.starts_with('/') && !path.starts_with("//")).then(|| path.to_owned());
    }
    let url = Url::parse(text).ok().filter(|url| url.username().is_empty() && url.password().is_none())?;
    // A `blob:` has the origin of what it is made of.
    let url = Some(url).filter(|url| matches!(url.scheme(), "https" | "http"))?;
    let origin = HeaderValue::try_from(url.origin().ascii_serialization()).ok()?;
    is_trusted(&origin).then(|| url.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use tidemark_runtime::{Environment, Settings};

    use super::*;
    use crate::origins::Origins;

    fn parsed(text: &str) -> Option<String> {
        let mut settings = Settings::for_tests("postgres://nobody@localhost/nothing", None);
        settings.environment = Environment::Production;
        settings.cors_origins = Some("https://shop.example".to_owned());
        let origins = Origins::new(&settings);
        parse(text, |origin| origins.trusts(origin, "api.example"))
    }

    #[test]
    fn a_path_of_this_server_and_a_listed_origin_are_good() {
        for text in ["/", "/account?tab=1#top", "https://shop.example/welcome?x=1", "https://api.example/docs"] {
            assert_eq!(parsed(text).as_deref(), Some(text));
        }
        assert_eq!(parsed("https://shop.example").as_deref(), Some("https://shop.example/"));
        assert_eq!(parsed("/ü").as_deref(), Some("/%C3%BC"));
    }

    #[test]
    fn nothing_leads_anywhere_else() {
        for text in [
            "",
            "account",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " //evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/%2e//evil.example",
            "/a/../..//evil.example",
            "https:evil.example",
            "https:/evil.example",
            "https://evil.example",
            "https://shop.example.evil.example",
            "https://shop.example@evil.example",
            "https://user@shop.example",
            "https://evil.example/https://shop.example",
            "http://shop.example",
            "https://shop.example:8443",
            "javascript:alert(1)",
            "data:text/html,x",
            "/a\r\nSet-Cookie: x=y",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
        assert_eq!(parsed(&format!("/{}", "a".repeat(LONGEST))), None);
    }
}
