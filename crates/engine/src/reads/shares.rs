//! One tenant never has all connections: what it asks beyond its share waits, and others go past it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a query waits for its tenant's others before it is sent away.
const PATIENCE: Duration = Duration::from_secs(1);

/// Too many queries of one tenant at once. It comes as `sqlx::Error::AnyDriverError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many queries of this tenant are running")]
pub struct Crowded;

/// How many connections each tenant uses now.
pub(super) struct Shares {
    share: usize,
    tenants: Mutex<HashMap<Arc<str>, Arc<Semaphore>>>,
}

impl Shares {
    /// Three quarters of `connections` for each tenant, and at least one.
    pub(super) fn of(connections: u32) -> Self {
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        Self { share: (connections - connections / 4).max(1), tenants: Mutex::default() }
    }

    /// Waits for one of the tenant's places.
    pub(super) async fn enter(self: &Arc<Self>, tenant: Arc<str>) -> sqlx::Result<Place> {
        let places = {
            let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(tenants.entry(Arc::clone(&tenant)).or_insert_with(|| Arc::new(Semaphore::new(self.share))))
        };
        let mut place = Place { shares: Arc::clone(self), tenant, permit: None };
        let crowded = || sqlx::Error::AnyDriverError(Box::new(Crowded));
        let entered = tokio::time::timeout(PATIENCE, places.acquire_owned()).await;
        place.permit = Some(entered.map_err(|_| crowded())?.map_err(|_| crowded())?);
        Ok(place)
    }
}

/// A place of a tenant, given back when it is dropped.
pub(super) struct Place {
    shares: Arc<Shares>,
    tenant: Arc<str>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.permit = None;
        let mut tenants = self.shares.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever uses or awaits a place has a hold on it.
        if tenants.get(&self.tenant).is_some_and(|places| Arc::strong_count(places) == 1) {
            tenants.remove(&self.tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(connections: u32) -> Arc<Shares> {
        Arc::new(Shares::of(connections))
    }

    #[tokio::test(start_paused = true)]
    async fn a_tenant_has_three_quarters_and_others_go_past_it() {
        let shares = shares(4);
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(shares.enter("acme".into()).await.expect("a place"));
        }
        let refused = shares.enter("acme".into()).await.map(|_| ());
        assert!(matches!(refused, Err(sqlx::Error::AnyDriverError(error)) if error.is::<Crowded>()));
        assert!(shares.enter("demo".into()).await.is_ok());
        let waiting = tokio::spawn({
            let shares = Arc::clone(&shares);
            async move { shares.enter("acme".into()).await.map(|_| ()) }
        });
        tokio::task::yield_now().await;
        held.pop();
        assert!(waiting.await.expect("joined").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_tenant_that_asks_nothing_is_forgotten() {
        let shares = shares(1);
        let held = shares.enter("acme".into()).await.expect("a place");
        assert!(shares.enter("acme".into()).await.is_err());
        drop(held);
        assert!(shares.tenants.lock().expect("sound").is_empty());
    }

    #[test]
    fn there_is_always_a_place() {
        assert_eq!([0, 1, 2, 4, 16].map(|connections| Shares::of(connections).share), [1, 1, 2, 3, 12]);
    }
}
