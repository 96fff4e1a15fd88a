//! A cursor: where a page of a list ended, sealed so that it fits the very list it was made for and nothing else.
//!
//! It is opaque, and its MAC binds it to tenant, list, filters and sort. It is no secret: it holds nothing that the page
//! it came with did not show.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tidemark_projections::page::Place;

/// The purpose that the key is derived for.
pub const PURPOSE: &str = "cursor";

const CHECK_BYTES: usize = 16;

/// Writes and reads cursors.
#[derive(Clone)]
pub struct Cursors(Hmac<Sha256>);

impl fmt::Debug for Cursors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cursors").finish_non_exhaustive()
    }
}

/// What a cursor is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound<'a> {
    /// Whose list.
    pub tenant: &'a str,
    /// Which list, as in `/posts`.
    pub list: &'a str,
    /// Filters, sort and order in one form.
    pub filters: &'a str,
}

impl Cursors {
    /// `key` is derived for this purpose alone.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    /// The cursor that goes on after `place`.
    #[must_use]
    pub fn seal(&self, bound: Bound<'_>, place: &Place) -> String {
        let place = serde_json::to_vec(place).expect("a place is a moment or a text beside an id");
        let mut bytes = self.mac(bound, &place).finalize().into_bytes()[..CHECK_BYTES].to_vec();
        bytes.extend_from_slice(&place);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that `cursor` goes on after; `None` unless it was made for exactly this.
    #[must_use]
    pub fn open(&self, bound: Bound<'_>, cursor: &str) -> Option<Place> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (check, place) = bytes.split_at_checked(CHECK_BYTES)?;
        self.mac(bound, place).verify_truncated_left(check).ok()?;
        serde_json::from_slice(place).ok()
    }

    fn mac(&self, bound: Bound<'_>, place: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in [bound.tenant.as_bytes(), bound.list.as_bytes(), bound.filters.as_bytes(), place] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tidemark_projections::page::SortKey;
    use uuid::Uuid;

    use super::*;

    const BOUND: Bound<'_> = Bound { tenant: "acme", list: "/posts", filters: "tag=rust" };

    fn place() -> Place {
        Place { key: SortKey::Text("hello".to_owned()), id: Uuid::from_u128(7) }
    }

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let cursors = Cursors::new(b"key");
        assert_eq!(cursors.open(BOUND, &cursors.seal(BOUND, &place())), Some(place()));
    }

    #[test]
    fn a_cursor_fits_no_other_tenant_list_filter_or_key() {
        let cursors = Cursors::new(b"key");
        let cursor = cursors.seal(BOUND, &place());
        for other in
            [Bound { tenant: "demo", ..BOUND }, Bound { list: "/users", ..BOUND }, Bound { filters: "tag=go", ..BOUND }]
        {
            assert_eq!(cursors.open(other, &cursor), None, "{other:?}");
        }
        let shifted = Bound { list: "/poststag=rust", filters: "", ..BOUND };
        assert_eq!(cursors.open(shifted, &cursor), None);
        assert_eq!(Cursors::new(b"other").open(BOUND, &cursor), None);
    }

    #[test]
    fn an_edited_cursor_is_refused_whichever_byte_it_was() {
        let cursors = Cursors::new(b"key");
        let bytes = URL_SAFE_NO_PAD.decode(cursors.seal(BOUND, &place())).expect("base64");
        for n in 0..bytes.len() {
            let mut edited = bytes.clone();
            edited[n] ^= 1;
            assert_eq!(cursors.open(BOUND, &URL_SAFE_NO_PAD.encode(edited)), None, "byte {n}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            prop_assert_eq!(Cursors::new(b"key").open(BOUND, &text), None);
        }
    }
}
