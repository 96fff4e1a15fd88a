//! Something that there is so much of, and of that so much for one address: connections, bytes of bodies.
//!
//! An address is all of IPv4's, and the network of IPv6, of which everybody has a whole one. An address of which nobody is here
//! takes no memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::subject_of;

/// What is shared out. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Shares(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    all: usize,
    of_address: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of_address: HashMap<Vec<u8>, usize>,
}

/// What one has taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    shares: Shares,
    subject: Vec<u8>,
    taken: usize,
}

impl Shares {
    pub(crate) fn new(all: usize, of_address: usize) -> Self {
        Self(Arc::new(Inner { all, of_address, taken: Mutex::default() }))
    }

    /// A share of `address` that is nothing yet.
    pub(crate) fn begin(&self, address: IpAddr) -> Share {
        Share { shares: self.clone(), subject: subject_of(address), taken: 0 }
    }

    /// A share of one.
    pub(crate) fn one(&self, address: IpAddr) -> Option<Share> {
        let mut share = self.begin(address);
        share.grow(1).then_some(share)
    }
}

impl Share {
    /// Takes `more`, if there is so much.
    pub(crate) fn grow(&mut self, more: usize) -> bool {
        let Inner { all, of_address, taken } = &*self.shares.0;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.of_address.get(&self.subject).copied().unwrap_or(0);
        if more > all.saturating_sub(taken.all) || more > of_address.saturating_sub(own) {
            return false;
        }
        if more > 0 {
            taken.all += more;
            *taken.of_address.entry(self.subject.clone()).or_default() += more;
            self.taken += more;
        }
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.taken == 0 {
            return;
        }
        let mut taken = self.shares.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= self.taken;
        match taken.of_address.get_mut(&self.subject) {
            Some(own) if *own > self.taken => *own -= self.taken,
            _ => {
                taken.of_address.remove(&self.subject);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_that_has_its_share_leaves_the_rest_to_others() {
        let shares = Shares::new(5, 2);
        let held = [shares.one(address("192.0.2.1")).unwrap(), shares.one(address("::ffff:192.0.2.1")).unwrap()];
        assert!(shares.one(address("192.0.2.1")).is_none());
        let network = [shares.one(address("2001:db8::1")).unwrap(), shares.one(address("2001:db8::2")).unwrap()];
        assert!(shares.one(address("2001:db8::3")).is_none(), "a network of IPv6 is one address");
        let last = shares.one(address("192.0.2.2")).unwrap();
        assert!(shares.one(address("192.0.2.3")).is_none(), "there is an end");
        drop(held);
        assert!(shares.one(address("192.0.2.1")).is_some());
        drop((network, last));
        let taken = shares.0.taken.lock().unwrap();
        assert!(taken.all == 0 && taken.of_address.is_empty());
    }

    #[test]
    fn a_share_grows_as_far_as_there_is_something() {
        let shares = Shares::new(10, 8);
        let mut share = shares.begin(address("192.0.2.1"));
        assert!(share.grow(0) && share.grow(5) && share.grow(3) && !share.grow(1) && share.grow(0));
        assert!(!share.grow(usize::MAX));
        let mut other = shares.begin(address("192.0.2.2"));
        assert!(!other.grow(3) && other.grow(2));
        drop(share);
        assert!(other.grow(6));
    }
}
