//! The keys of personal data, and what is done with them: XChaCha20-Poly1305 to seal, HMAC-SHA256 to compare.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const NONCE: usize = 24;
/// The first byte of everything sealed, so that another way to seal can be told from this one.
const FORM: u8 = 1;
/// Values are padded to a multiple of this before they are sealed: a length says much about a name.
const BLOCK: usize = 32;

/// A key. It leaves no copy in memory behind, and `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Key(Arc<Zeroizing<[u8; 32]>>);

impl Key {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }

    /// A new one; the bytes come from the operating system's generator by way of `rand`'s.
    pub(super) fn random() -> Self {
        Self::new(rand::random())
    }

    /// Names the key in receipts and says nothing about it.
    pub(super) fn fingerprint(&self) -> String {
        let digest = Sha256::new().chain_update(b"tidemark key 1\0").chain_update(&self.0[..]).finalize();
        URL_SAFE_NO_PAD.encode(&digest[..16])
    }

    /// Seals `plain`, bound to `binding`: it opens in no other place.
    pub(crate) fn seal(&self, binding: &str, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: plain, aad: binding.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).expect("only 256 GiB would be too much");
        [&[FORM], &nonce[..], &sealed].concat()
    }

    /// Opens what this key sealed with this binding; `None` for anything else.
    pub(crate) fn open(&self, binding: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.strip_prefix(&[FORM])?.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: binding.as_bytes() };
        self.cipher().decrypt(&XNonce::from(nonce), payload).ok().map(Zeroizing::new)
    }

    /// Wraps another key for one row.
    pub(super) fn wrap(&self, row: &str, key: &Self) -> Vec<u8> {
        self.seal(row, &key.0[..])
    }

    /// The key that was wrapped for a row.
    pub(super) fn unwrap(&self, row: &str, wrapped: &[u8]) -> Option<Self> {
        let opened = self.open(row, wrapped)?;
        opened.as_slice().try_into().ok().map(Self::new)
    }

    /// What stands for a value that must be comparable and not readable.
    pub(super) fn hash(&self, scope: &str, value: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.mac("claim", scope, value))
    }

    /// Another key for another purpose.
    pub(super) fn derive(&self, purpose: &str) -> Self {
        Self::new(self.mac("key", purpose, ""))
    }

    fn mac(&self, kind: &str, scope: &str, value: &str) -> [u8; 32] {
        let mut mac: Hmac<Sha256> = Hmac::new_from_slice(&self.0[..]).expect("HMAC takes a key of any length");
        for part in [kind, scope, value] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac.finalize().into_bytes().into()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&**self.0).into())
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The JSON of a value with blanks behind it, which JSON does not mind.
pub(super) fn padded(mut json: Vec<u8>) -> Zeroizing<Vec<u8>> {
    json.resize(json.len().next_multiple_of(BLOCK), b' ');
    Zeroizing::new(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_in_its_place_only() {
        let (key, other) = (Key::random(), Key::random());
        let sealed = key.seal("here", b"Ada");
        assert_eq!(key.open("here", &sealed).as_deref().map(Vec::as_slice), Some(&b"Ada"[..]));
        assert!(key.open("there", &sealed).is_none());
        assert!(other.open("here", &sealed).is_none());
        for n in 0..sealed.len() {
            let mut edited = sealed.clone();
            edited[n] ^= 1;
            assert!(key.open("here", &edited).is_none(), "byte {n}");
            assert!(key.open("here", &sealed[..n]).is_none(), "cut at {n}");
        }
    }

    #[test]
    fn the_same_value_is_never_sealed_the_same_way_twice() {
        let key = Key::random();
        assert_ne!(key.seal("here", b"Ada"), key.seal("here", b"Ada"));
    }

    #[test]
    fn names_of_many_lengths_are_sealed_in_one() {
        let length = |name: &str| padded(serde_json::to_vec(name).expect("JSON")).len();
        assert_eq!(length("Bo"), length("Maximiliane von Hohen"));
        assert_eq!(serde_json::from_slice::<String>(&padded(b"\"Bo\"".to_vec())).expect("JSON"), "Bo");
    }

    #[test]
    fn a_wrapped_key_belongs_to_its_row() {
        let (outer, inner) = (Key::random(), Key::random());
        let wrapped = outer.wrap("acme", &inner);
        assert_eq!(outer.unwrap("acme", &wrapped).map(|key| key.fingerprint()), Some(inner.fingerprint()));
        assert!(outer.unwrap("other", &wrapped).is_none());
    }

    #[test]
    fn a_hash_tells_values_scopes_and_keys_apart() {
        let (key, other) = (Key::random(), Key::random());
        assert_eq!(key.hash("user.email", "ada@example.com"), key.hash("user.email", "ada@example.com"));
        assert_ne!(key.hash("user.email", "ada@example.com"), key.hash("user.email", "bob@example.com"));
        assert_ne!(key.hash("user.email", "ada@example.com"), key.hash("user.phone", "ada@example.com"));
        assert_ne!(key.hash("user.email", "ada@example.com"), other.hash("user.email", "ada@example.com"));
    }
}
