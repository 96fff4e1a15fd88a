//! The rules of the cache, told without a database: which answers are kept and served, and who builds them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use axum::http::StatusCode;
use bytes::Bytes;
use futures::future::join_all;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::*;
use crate::problem::Problem;

const POST: Tag = Tag::one("post", Uuid::from_u128(1));
const OTHER: Tag = Tag::one("post", Uuid::from_u128(2));

/// A cache whose feed is current and has shown the tenant up to `head`.
fn cache(head: i64) -> (Cache, Arc<Marks>) {
    let cache = Cache::new(1 << 20, None);
    let nowhere = PgPoolOptions::new().connect_lazy("postgres://nobody@127.0.0.1:1/nothing").expect("a URL");
    cache.0.log.set(nowhere).expect("followed once");
    let marks = cache.add_tenant(&tenant());
    marks.begin(head);
    cache.confirm_current(Instant::now());
    (cache, marks)
}

fn tenant() -> TenantId {
    "demo".parse().expect("a key")
}

fn key() -> Key {
    Key { tenant: tenant(), route: "/posts/{id}", params: "1".into(), seen_by: SeenBy::Public }
}

async fn keep(cache: &Cache, built_at: i64) -> Arc<Entry> {
    let nothing = HeaderValue::from_static("");
    cache.keep(&key(), built_at, &[POST], Bytes::from_static(b"{}"), nothing.clone(), nothing).await
}

#[tokio::test]
async fn an_answer_is_served_until_its_tag_is_touched() {
    let (cache, marks) = cache(5);
    keep(&cache, 5).await;
    marks.touch(6, &[OTHER]);
    assert!(cache.find(&key(), None).is_some());
    marks.touch(7, &[POST]);
    assert!(cache.find(&key(), None).is_none());
    keep(&cache, 6).await;
    assert!(cache.find(&key(), None).is_none(), "built from rows that lack the event");
    keep(&cache, 7).await;
    assert!(cache.find(&key(), None).is_some());
}

#[tokio::test]
async fn an_answer_reaches_as_far_as_it_is_known_to_be_untouched() {
    let (cache, marks) = cache(5);
    keep(&cache, 5).await;
    assert!(cache.find(&key(), Some(5)).is_some());
    assert!(cache.find(&key(), Some(6)).is_none(), "the feed has not shown 6, which may touch it");
    marks.touch(6, &[OTHER]);
    assert!(cache.find(&key(), Some(6)).is_some());
}

#[tokio::test]
async fn an_answer_from_before_all_that_is_known_is_not_kept() {
    let (cache, _) = cache(5);
    keep(&cache, 4).await;
    assert!(cache.find(&key(), None).is_none());
}

#[tokio::test]
async fn nothing_is_kept_or_served_while_the_feed_is_unknown() {
    let (current, _) = cache(5);
    keep(&current, 5).await;
    current.0.current_at.store(0, Ordering::SeqCst);
    assert!(current.find(&key(), None).is_none(), "the feed has ended or never begun");
    current.confirm_current(Instant::now());
    assert!(current.find(&key(), None).is_some());
    let long_ago = Cache(Arc::new(Inner {
        epoch: Instant::now() - CURRENT_FOR * 2,
        ..Arc::into_inner(Cache::new(1, None).0).expect("nobody else has it")
    }));
    long_ago.confirm_current(Instant::now() - CURRENT_FOR);
    assert!(!long_ago.is_current(), "nobody knows what has happened since");

    let unfollowed = Cache::new(1 << 20, None);
    unfollowed.confirm_current(Instant::now());
    keep(&unfollowed, 5).await;
    assert!(unfollowed.find(&key(), None).is_none());
}

#[tokio::test]
async fn many_who_ask_at_once_build_once() {
    let (cache, _) = cache(5);
    let builds = AtomicUsize::new(0);
    let build = || async {
        builds.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        Ok(keep(&cache, 5).await)
    };
    let key = key();
    let built = join_all((0..100).map(|_| cache.build(&key, None, build()))).await;
    assert!(built.iter().all(Result::is_ok));
    assert_eq!(builds.load(Ordering::SeqCst), 1);
}

/// The first build reads before an event, the others ask after it: they share the next build, and it is one.
#[tokio::test]
async fn who_asks_during_a_build_that_is_too_old_shares_the_next() {
    let (cache, marks) = cache(5);
    let (builds, gate) = (AtomicUsize::new(0), Semaphore::new(0));
    let build = || async {
        let built_at = 5 + i64::try_from(builds.fetch_add(1, Ordering::SeqCst)).expect("a few");
        gate.acquire().await.expect("open").forget();
        Ok(keep(&cache, built_at).await)
    };
    let key = key();
    let first = cache.build(&key, None, build());
    let others = join_all((0..50).map(|_| cache.build(&key, Some(6), build())));
    let event = async {
        marks.touch(6, &[POST]);
        gate.add_permits(2);
    };
    let (first, others, ()) = tokio::join!(first, others, event);
    assert_eq!(first.expect("built").built_at(), 5, "it asked before the event");
    assert!(others.into_iter().all(|entry| entry.expect("built").built_at() == 6));
    assert_eq!(builds.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_failure_is_told_and_not_kept() {
    let (cache, _) = cache(5);
    let failing = async { Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "away")) };
    assert_eq!(cache.build(&key(), None, failing).await.expect_err("failed").code(), "UNAVAILABLE");
    assert!(cache.build(&key(), None, async { Ok(keep(&cache, 5).await) }).await.is_ok());
}

#[tokio::test]
async fn a_builder_whose_client_hangs_up_is_replaced() {
    let (cache, _) = cache(5);
    let key = key();
    let gone = cache.build(&key, None, std::future::pending());
    let waiting = cache.build(&key, None, async { Ok(keep(&cache, 5).await) });
    let gone = async { tokio::time::timeout(std::time::Duration::from_millis(20), gone).await };
    let (gone, waiting) = tokio::join!(gone, waiting);
    assert!(gone.is_err());
    assert!(waiting.is_ok());
}
