//! A tenant's keys on their way to another database: unwrapped under one master secret, wrapped under another, and in between
//! wrapped under a key that derives from a passphrase. No key is ever outside of a wrapping but in this module.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::cipher::Key;
use super::keyring::{KeyError, row_of_claims, row_of_subject, row_of_tenant};

/// The most memory that a file may ask for.
const MOST_MEMORY_KIB: u32 = 1 << 20;
const MOST_PASSES: u32 = 64;
const MOST_LANES: u32 = 64;

/// How a key derives from a passphrase (Argon2id).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Derivation {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

impl Derivation {
    /// With a new salt. A file may lie around for years, so it costs a guess a second and 128 MiB.
    pub(crate) fn new() -> Self {
        let salt: [u8; 16] = rand::random();
        Self { memory_kib: 128 << 10, passes: 4, lanes: 1, salt: URL_SAFE_NO_PAD.encode(salt) }
    }

    /// The key; `None` for parameters that nobody has written in earnest.
    pub(crate) fn key(&self, passphrase: &str) -> Option<TravelKey> {
        if self.memory_kib > MOST_MEMORY_KIB || self.passes > MOST_PASSES || self.lanes > MOST_LANES {
            return None;
        }
        let salt = URL_SAFE_NO_PAD.decode(&self.salt).ok()?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()?;
        let mut bytes = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &salt, &mut bytes[..])
            .ok()?;
        Some(TravelKey(Key::new(*bytes)))
    }
}

/// What a passphrase opens and seals.
pub(crate) struct TravelKey(Key);

impl TravelKey {
    /// Seals what is no key, bound to its place.
    pub(crate) fn seal(&self, place: &str, plain: &[u8]) -> Vec<u8> {
        self.0.seal(place, plain)
    }

    /// Opens what was sealed for this place.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.0.open(place, sealed)
    }
}

/// The two keys of a tenant, unwrapped.
pub(crate) struct TenantBox {
    key: Key,
    claims: Key,
}

impl TenantBox {
    /// Those of a row of `log.tenant_keys`.
    pub(crate) fn unwrap(masters: &[[u8; 32]], tenant: &str, key: &[u8], claims: &[u8]) -> Result<Self, KeyError> {
        let unwrap =
            |row: String, wrapped: &[u8]| masters.iter().find_map(|master| Key::new(*master).unwrap(&row, wrapped));
        let (key, claims) = unwrap(row_of_tenant(tenant), key)
            .zip(unwrap(row_of_claims(tenant), claims))
            .ok_or_else(|| KeyError::OtherSecret(tenant.to_owned()))?;
        Ok(Self { key, claims })
    }

    /// A new key for people, and the claims' key that has come along: claims are compared with it, so it stays what it was.
    pub(crate) fn receive(travel: &TravelKey, place: &str, claims: &[u8]) -> Option<Self> {
        Some(Self { key: Key::random(), claims: travel.0.unwrap(place, claims)? })
    }

    /// The claims' key, for a file.
    pub(crate) fn send(&self, travel: &TravelKey, place: &str) -> Vec<u8> {
        travel.0.wrap(place, &self.claims)
    }

    /// What the row of `log.tenant_keys` holds: the key and the claims' key under a master secret.
    pub(crate) fn wrapped(&self, master: [u8; 32], tenant: &str) -> (Vec<u8>, Vec<u8>) {
        let master = Key::new(master);
        (master.wrap(&row_of_tenant(tenant), &self.key), master.wrap(&row_of_claims(tenant), &self.claims))
    }

    /// A person's key, for a file; `None` when it does not open.
    pub(crate) fn send_subject(
        &self,
        tenant: &str,
        subject: &str,
        wrapped: &[u8],
        travel: &TravelKey,
        place: &str,
    ) -> Option<Vec<u8>> {
        let key = self.key.unwrap(&row_of_subject(tenant, subject), wrapped)?;
        Some(travel.0.wrap(place, &key))
    }

    /// A person's key and its fingerprint, for the row of `log.subject_keys`; `None` when it does not open.
    pub(crate) fn receive_subject(
        &self,
        tenant: &str,
        subject: &str,
        sent: &[u8],
        travel: &TravelKey,
        place: &str,
    ) -> Option<(Vec<u8>, String)> {
        let key = travel.0.unwrap(place, sent)?;
        Some((self.key.wrap(&row_of_subject(tenant, subject), &key), key.fingerprint()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Derivation {
        Derivation { memory_kib: 64, passes: 1, ..Derivation::new() }
    }

    #[test]
    fn only_the_passphrase_and_the_salt_make_the_key() {
        let derivation = cheap();
        let sealed = derivation.key("a long passphrase").expect("a key").seal("here", b"secret");
        assert!(derivation.key("a long passphrase").expect("a key").open("here", &sealed).is_some());
        assert!(derivation.key("another passphrase").expect("a key").open("here", &sealed).is_none());
        assert!(cheap().key("a long passphrase").expect("a key").open("here", &sealed).is_none(), "another salt");
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory_there_is() {
        assert!(Derivation { memory_kib: u32::MAX, ..cheap() }.key("a long passphrase").is_none());
        assert!(Derivation { passes: u32::MAX, ..cheap() }.key("a long passphrase").is_none());
        assert!(Derivation { salt: "*".into(), ..cheap() }.key("a long passphrase").is_none());
    }

    #[test]
    fn keys_arrive_under_another_master_as_what_they_were() {
        let travel = cheap().key("a long passphrase").expect("a key");
        let home = TenantBox { key: Key::random(), claims: Key::random() };
        let person = Key::random();
        let kept = home.key.wrap(&row_of_subject("acme", "7"), &person);
        let (claims, sent) =
            (home.send(&travel, "c"), home.send_subject("acme", "7", &kept, &travel, "s").expect("sent"));

        let there = TenantBox::receive(&travel, "c", &claims).expect("the claims' key");
        let (wrapped, fingerprint) = there.receive_subject("acme", "7", &sent, &travel, "s").expect("the person's key");
        assert_eq!(fingerprint, person.fingerprint());
        assert!(there.receive_subject("acme", "7", &sent, &travel, "elsewhere").is_none());
        let (key, claims) = there.wrapped([9; 32], "acme");
        let again = TenantBox::unwrap(&[[9; 32]], "acme", &key, &claims).expect("opens");
        assert_eq!(again.claims.hash("user.email", "a"), home.claims.hash("user.email", "a"));
        assert!(again.send_subject("acme", "7", &wrapped, &travel, "s").is_some());
        assert!(TenantBox::unwrap(&[[8; 32]], "acme", &key, &claims).is_err());
    }
}
