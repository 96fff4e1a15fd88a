//! Whom a count is of. Names are keyed hashes, so that neither memory nor Redis holds an address or an email, and so that
//! nobody can make two names that meet.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tidemark_kernel::TenantId;

use super::gcra::Quota;

/// One count: of whom, and against which quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(super) quota: Quota,
    pub(super) name: Name,
}

/// The name of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name([u8; 16]);

impl Name {
    pub(super) fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(super) fn halves(&self) -> (u64, u64) {
        let number = u128::from_be_bytes(self.0);
        ((number >> 64) as u64, number as u64)
    }
}

/// Makes names.
#[derive(Clone)]
pub(super) struct Names(Hmac<Sha256>);

impl Names {
    /// `key` is derived for this purpose alone.
    pub(super) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    pub(super) fn name(&self, quota: &str, tenant: Option<&TenantId>, subject: &[u8]) -> Name {
        let mut mac = self.0.clone();
        // Neither holds a zero byte.
        for part in [quota, tenant.map_or("", TenantId::as_str)] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac.update(subject);
        let mut name = [0; 16];
        name.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        Name(name)
    }
}

/// What of an address counts as one caller: all of IPv4, the network of IPv6, of which everybody has a whole one.
pub(crate) fn subject_of(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_ipv6_network_is_one_caller_and_an_ipv4_address_is_one() {
        let subject = |text: &str| subject_of(text.parse().unwrap());
        assert_eq!(subject("2001:db8:1:2:3:4:5:6"), subject("2001:db8:1:2:ffff::1"));
        assert_ne!(subject("2001:db8:1:2::1"), subject("2001:db8:1:3::1"));
        assert_ne!(subject("192.0.2.1"), subject("192.0.2.2"));
        assert_eq!(subject("::ffff:192.0.2.1"), subject("192.0.2.1"));
    }

    #[test]
    fn names_differ_in_every_part() {
        let names = Names::new(&[1; 32]);
        let (acme, demo) = ("acme".parse().unwrap(), "demo".parse().unwrap());
        let all = [
            names.name("a", None, b"x"),
            names.name("b", None, b"x"),
            names.name("a", Some(&acme), b"x"),
            names.name("a", Some(&demo), b"x"),
            names.name("a", Some(&demo), b"y"),
            Names::new(&[2; 32]).name("a", None, b"x"),
        ];
        for (index, name) in all.iter().enumerate() {
            assert!(!all[index + 1..].contains(name), "{index}");
        }
    }
}
