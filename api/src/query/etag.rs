//! Entity tags of what a caller sees, and whether the caller has it already.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::IF_NONE_MATCH;
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

/// Bytes of the digest that are shown: 12 bytes are 16 characters of base64url.
const SHOWN: usize = 12;

/// `"<version>.<hash>"` of a resource, `"<hash>"` of anything else.
pub(super) fn of(version: Option<i64>, body: &[u8]) -> HeaderValue {
    let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(body)[..SHOWN]);
    let tag = match version {
        Some(version) => format!("\"{version}.{hash}\""),
        None => format!("\"{hash}\""),
    };
    HeaderValue::try_from(tag).expect("digits and base64url are visible ASCII")
}

/// Whether `If-None-Match` names `etag`, by weak comparison.
pub(super) fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().any(|known| known == etag || lists(known.as_bytes(), etag.as_bytes()))
}

/// Our tags hold no comma, so one within a foreign tag can only tear that tag into pieces that are none of ours.
fn lists(known: &[u8], etag: &[u8]) -> bool {
    known
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(if_none_match: &'static str) -> bool {
        let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(if_none_match))]);
        is_known(&headers, &HeaderValue::from_static("\"3.abc\""))
    }

    #[test]
    fn a_tag_is_known_alone_in_a_list_weak_and_by_star() {
        for text in ["\"3.abc\"", "W/\"3.abc\"", "\"x\", \"3.abc\"", "\"x\",W/\"3.abc\" ,\"y\"", "*"] {
            assert!(known(text), "{text}");
        }
    }

    #[test]
    fn another_tag_is_not_known_not_even_one_with_the_version() {
        for text in ["", "\"3\"", "3.abc", "\"3.abd\"", "\"*\"", "\"3.abc", "w/\"3.abc\""] {
            assert!(!known(text), "{text}");
        }
    }

    #[test]
    fn a_resource_shows_its_version_and_a_list_does_not() {
        let (resource, list) = (of(Some(3), b"{}"), of(None, b"{}"));
        let (resource, list) = (resource.to_str().expect("ASCII"), list.to_str().expect("ASCII"));
        assert!(resource.starts_with("\"3."), "{resource}");
        assert_eq!(resource.replace("3.", ""), list);
    }
}
