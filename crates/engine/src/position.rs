//! A tenant's position as HTTP and messages show it: `<epoch>.<n>.<check>`.
//!
//! The check binds the position to its tenant and epoch, so that a foreign or edited one is refused and nothing can be
//! learnt about other tenants by guessing.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The purpose that the key is derived for.
pub const PURPOSE: &str = "position";

/// Bytes of the MAC that are shown: 12 bytes are 16 characters of base64url.
const CHECK_BYTES: usize = 12;

/// Why a text is not a position of this tenant here and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// It does not have the form `<epoch>.<n>.<check>`.
    #[error("the position is malformed")]
    Malformed,
    /// It was made for another tenant, by another installation, or was edited.
    #[error("the position belongs to another tenant or was edited")]
    Foreign,
    /// It was ours, but of an epoch whose history was cut.
    #[error("the position is of a lost epoch")]
    LostEpoch,
}

/// Writes and reads positions of one epoch.
#[derive(Clone)]
pub struct PositionCodec {
    epoch: i32,
    mac: Hmac<Sha256>,
}

impl fmt::Debug for PositionCodec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PositionCodec").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl PositionCodec {
    /// A codec for the present epoch; `key` is derived for this purpose alone.
    #[must_use]
    pub fn new(epoch: i32, key: &[u8]) -> Self {
        Self { epoch, mac: Hmac::new_from_slice(key).expect("HMAC takes a key of any length") }
    }

    /// The epoch that positions are written with.
    #[must_use]
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// The same key in another epoch.
    #[must_use]
    pub fn in_epoch(&self, epoch: i32) -> Self {
        Self { epoch, mac: self.mac.clone() }
    }

    /// The tenant's position `n` as text.
    #[must_use]
    pub fn encode(&self, tenant: &str, n: i64) -> String {
        let check = self.mac(self.epoch, tenant, n).finalize().into_bytes();
        let check = URL_SAFE_NO_PAD.encode(&check[..CHECK_BYTES]);
        format!("{}.{n}.{check}", self.epoch)
    }

    /// The tenant's position that `text` stands for.
    ///
    /// # Errors
    /// When it is malformed, foreign or of a lost epoch.
    pub fn decode(&self, tenant: &str, text: &str) -> Result<i64, PositionError> {
        let mut parts = text.split('.');
        let (Some(epoch), Some(n), Some(check), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(PositionError::Malformed);
        };
        let epoch = i32::try_from(canonical(epoch)?).map_err(|_| PositionError::Malformed)?;
        let n = canonical(n)?;
        let check = URL_SAFE_NO_PAD.decode(check).map_err(|_| PositionError::Malformed)?;
        if check.len() != CHECK_BYTES {
            return Err(PositionError::Malformed);
        }
        self.mac(epoch, tenant, n).verify_truncated_left(&check).map_err(|_| PositionError::Foreign)?;
        if epoch == self.epoch { Ok(n) } else { Err(PositionError::LostEpoch) }
    }

    fn mac(&self, epoch: i32, tenant: &str, n: i64) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(&epoch.to_be_bytes());
        mac.update(&n.to_be_bytes());
        mac.update(tenant.as_bytes());
        mac
    }
}

/// A number as we write it: digits, no sign, no leading zero. One position has one text.
fn canonical(digits: &str) -> Result<i64, PositionError> {
    let plain = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    if !plain {
        return Err(PositionError::Malformed);
    }
    digits.parse().map_err(|_| PositionError::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codec() -> PositionCodec {
        PositionCodec::new(3, b"key")
    }

    #[test]
    fn a_position_comes_back_for_its_tenant() {
        let text = codec().encode("acme", 42);
        assert!(text.starts_with("3.42."));
        assert_eq!(codec().decode("acme", &text), Ok(42));
    }

    #[test]
    fn another_tenants_position_is_foreign() {
        assert_eq!(codec().decode("other", &codec().encode("acme", 42)), Err(PositionError::Foreign));
    }

    #[test]
    fn an_edited_position_is_foreign() {
        let edited = codec().encode("acme", 42).replace("3.42.", "3.43.");
        assert_eq!(codec().decode("acme", &edited), Err(PositionError::Foreign));
        let edited = codec().encode("acme", 42).replace("3.42.", "4.42.");
        assert_eq!(codec().decode("acme", &edited), Err(PositionError::Foreign));
    }

    #[test]
    fn a_position_of_another_epoch_is_lost() {
        let old = codec().in_epoch(2).encode("acme", 42);
        assert_eq!(codec().decode("acme", &old), Err(PositionError::LostEpoch));
    }

    #[test]
    fn another_key_makes_it_foreign() {
        let text = PositionCodec::new(3, b"another").encode("acme", 42);
        assert_eq!(codec().decode("acme", &text), Err(PositionError::Foreign));
    }

    #[test]
    fn what_has_another_form_is_malformed() {
        let check = codec().encode("acme", 42);
        let check = check.rsplit('.').next().unwrap_or_default();
        for text in ["", "3", "3.42", "3.42.", "3.42.AAAA", "x.42.AAAAAAAAAAAAAAAA", "99999999999.1.AAAAAAAAAAAAAAAA"] {
            assert_eq!(codec().decode("acme", text), Err(PositionError::Malformed), "{text}");
        }
        for text in [
            format!("03.42.{check}"),
            format!("3.+42.{check}"),
            format!("3.042.{check}"),
            format!("3.42.{check}.1"),
            format!("3.42.{check}="),
        ] {
            assert_eq!(codec().decode("acme", &text), Err(PositionError::Malformed), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            prop_assert!(codec().decode("acme", &text).is_err());
        }
    }
}
