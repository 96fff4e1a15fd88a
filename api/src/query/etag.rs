//! Entity tags of what a caller sees, and whether the caller has it already.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::IF_NONE_MATCH;
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use crate::compression::plain_tag;

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

/// The tag of what the caller has, if `If-None-Match` names `etag` by weak comparison: itself, or that of a compressed form. A
/// 304 gives back the very one, since by it a cache finds what it may go on using.
pub(super) fn known(headers: &HeaderMap, etag: &HeaderValue) -> Option<HeaderValue> {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .find_map(|known| if known == etag { Some(etag.clone()) } else { listed(known.as_bytes(), etag) })
}

/// Our tags hold no comma, so one within a foreign tag can only tear that tag into pieces that are none of ours.
fn listed(known: &[u8], etag: &HeaderValue) -> Option<HeaderValue> {
    let plain = etag.as_bytes();
    known.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).find_map(|tag| {
        let strong = tag.strip_prefix(b"W/").unwrap_or(tag);
        if tag == b"*" || strong == plain {
            return Some(etag.clone());
        }
        let is_compressed = plain_tag(strong).is_some_and(|tag| plain.strip_suffix(b"\"") == Some(tag));
        is_compressed.then(|| HeaderValue::from_bytes(strong).ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(if_none_match: &'static str) -> Option<HeaderValue> {
        let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(if_none_match))]);
        super::known(&headers, &HeaderValue::from_static("\"3.abc\""))
    }

    fn known(if_none_match: &'static str) -> bool {
        tag(if_none_match).is_some()
    }

    #[test]
    fn a_compressed_form_is_known_and_named_as_the_caller_has_it() {
        for (text, named) in [
            ("\"3.abc-gzip\"", "\"3.abc-gzip\""),
            ("\"x\", W/\"3.abc-br\"", "\"3.abc-br\""),
            ("\"3.abc\"", "\"3.abc\""),
            ("*", "\"3.abc\""),
        ] {
            assert_eq!(tag(text).unwrap_or_else(|| panic!("{text} is not known")), named);
        }
        assert!(!known("\"3.abd-gzip\"") && !known("\"3.abc-zip\""));
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
