//! Leases: one holder at a time, by the database's clock, with a fence that rises.

use std::time::Duration;

use tidemark_engine::lease::Leases;
use uuid::Uuid;

use crate::support::TestDatabase;

const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn a_lease_has_one_holder_who_may_renew_it() {
    let database = TestDatabase::new().await;
    let leases = Leases::new(database.pool.clone(), "log");
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    assert_eq!(leases.acquire("x", one, LONG).await.unwrap(), Some(1));
    assert_eq!(leases.acquire("x", other, LONG).await.unwrap(), None);
    assert_eq!(leases.acquire("x", one, LONG).await.unwrap(), Some(1));
    assert_eq!(leases.acquire("y", other, LONG).await.unwrap(), Some(1));
}

#[tokio::test]
async fn a_released_or_expired_lease_changes_hands_and_raises_the_fence() {
    let database = TestDatabase::new().await;
    let leases = Leases::new(database.pool.clone(), "log");
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    leases.acquire("x", one, LONG).await.unwrap();
    assert!(!leases.release("x", other).await.unwrap());
    assert!(leases.release("x", one).await.unwrap());
    assert_eq!(leases.acquire("x", other, Duration::ZERO).await.unwrap(), Some(2));
    assert_eq!(leases.acquire("x", one, LONG).await.unwrap(), Some(3));
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_gets_it() {
    let database = TestDatabase::new().await;
    let leases = Leases::new(database.pool.clone(), "log");
    let asked = (0..20).map(|_| leases.acquire("x", Uuid::now_v7(), LONG));
    let held = futures::future::join_all(asked).await;
    assert_eq!(held.into_iter().filter_map(Result::unwrap).count(), 1);
}
