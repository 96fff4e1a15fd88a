//! How much is in hand at once: so much of each kind, and of that so much of one tenant. What is beyond is sent away at once,
//! so that what was let in is answered as quickly as ever, and no tenant fills the house.
//!
//! Behind this stand narrower doors of their own, with a queue each: the append, the hashing of passwords, and the
//! connections for queries, of which a tenant has a share too (see `engine::reads`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use tidemark_kernel::TenantId;
use tidemark_runtime::Settings;

use crate::limits::Class;
use crate::problem::Problem;

/// Queries in hand; most come from memory, or wait for the read model.
const READS: Room = Room { all: 1024, tenant: 512 };
/// A tenant's commands in hand, however short the append's queue.
const FEWEST_WRITES: usize = 32;
/// Sign-ins in hand for each slot that hashes: what waits for a slot, and not all of it one tenant's.
const SIGN_INS_PER_SLOT: Room = Room { all: 128, tenant: 48 };

/// What a request is, as far as what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    SignIn,
}

/// How many of each kind.
type Counts = [usize; 3];

/// How many are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Room {
    all: usize,
    tenant: usize,
}

/// Who is let in. Clones share the count.
#[derive(Debug, Clone)]
pub struct Admission(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    writes: Room,
    sign_ins: Room,
    present: Mutex<Present>,
}

/// Who is in now. A tenant of whom nobody is in takes no memory.
#[derive(Debug, Default)]
struct Present {
    all: Counts,
    of_tenant: HashMap<TenantId, Counts>,
}

/// A request that was let in, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    admission: Admission,
    kind: Kind,
    tenant: TenantId,
}

impl Admission {
    /// Room as the settings have it.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let slots = settings.password_hashing_slots.max(1);
        let Room { all, tenant } = SIGN_INS_PER_SLOT;
        Self(Arc::new(Inner {
            // What the append's queue takes is its own affair; one tenant may fill half of it.
            writes: Room { all: usize::MAX, tenant: (settings.append_queue / 2).max(FEWEST_WRITES) },
            sign_ins: Room { all: all * slots, tenant: tenant * slots },
            present: Mutex::default(),
        }))
    }

    /// Lets a request in.
    ///
    /// # Errors
    /// With `OVERLOADED`.
    pub(crate) fn enter(&self, class: Class, method: &Method, tenant: &TenantId) -> Result<Place, Problem> {
        let (kind, room) = match class {
            Class::SignIn => (Kind::SignIn, self.0.sign_ins),
            _ if method.is_safe() => (Kind::Read, READS),
            _ => (Kind::Write, self.0.writes),
        };
        let mut present = self.0.present.lock().unwrap_or_else(PoisonError::into_inner);
        let Present { all, of_tenant } = &mut *present;
        let all = &mut all[kind as usize];
        let own = of_tenant.get(tenant).map_or(0, |own| own[kind as usize]);
        if *all >= room.all || own >= room.tenant {
            metrics::counter!("tidemark_turned_away_total").increment(1);
            return Err(Problem::overloaded());
        }
        *all += 1;
        of_tenant.entry(tenant.clone()).or_default()[kind as usize] += 1;
        Ok(Place { admission: self.clone(), kind, tenant: tenant.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut present = self.admission.0.present.lock().unwrap_or_else(PoisonError::into_inner);
        present.all[self.kind as usize] -= 1;
        let Some(own) = present.of_tenant.get_mut(&self.tenant) else { return };
        own[self.kind as usize] -= 1;
        if *own == Counts::default() {
            present.of_tenant.remove(&self.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn admission() -> Admission {
        let settings = Settings::for_tests("postgres://nobody@localhost/nothing", None);
        Admission::new(&Settings { append_queue: 64, password_hashing_slots: 1, ..settings })
    }

    fn enter(admission: &Admission, class: Class, method: &Method, tenant: &str) -> Result<Place, Problem> {
        admission.enter(class, method, &tenant.parse().unwrap())
    }

    fn fill(admission: &Admission, class: Class, method: &Method, tenant: &str) -> Vec<Place> {
        std::iter::from_fn(|| enter(admission, class, method, tenant).ok()).collect()
    }

    #[test]
    fn a_tenant_that_fills_its_room_leaves_room_for_others_and_for_the_rest_of_its_own() {
        let admission = admission();
        let reads = fill(&admission, Class::Ordinary, &Method::GET, "acme");
        let writes = fill(&admission, Class::Ordinary, &Method::POST, "acme");
        let sign_ins = fill(&admission, Class::SignIn, &Method::POST, "acme");
        assert_eq!([reads.len(), writes.len(), sign_ins.len()], [512, 32, 48]);
        let refused = enter(&admission, Class::Ordinary, &Method::GET, "acme").unwrap_err();
        assert_eq!(refused.code(), "OVERLOADED");
        for (class, method) in
            [(Class::Ordinary, Method::GET), (Class::Ordinary, Method::POST), (Class::SignIn, Method::POST)]
        {
            assert!(enter(&admission, class, &method, "demo").is_ok());
        }
        drop(writes);
        assert!(enter(&admission, Class::Ordinary, &Method::POST, "acme").is_ok());
        drop((reads, sign_ins));
        assert!(admission.0.present.lock().unwrap().of_tenant.is_empty());
    }

    #[test]
    fn all_tenants_together_have_an_end() {
        let admission = admission();
        let tenants = ["acme", "demo", "third"];
        let held: Vec<_> =
            tenants.iter().flat_map(|tenant| fill(&admission, Class::Ordinary, &Method::GET, tenant)).collect();
        assert_eq!(held.len(), 1024);
    }
}
