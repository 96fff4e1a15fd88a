//! Turns: whoever was outrun too often decides while nobody else can append.

use std::sync::atomic::{AtomicBool, Ordering};

use tidemark_engine::log::Round;

use super::*;
use crate::support::PATIENCE;

/// One event on a stream that is at `version`, of a command that was decided in vain before.
fn outrun(version: i64, times: u32) -> Append {
    outrun_in(&Round::default(), version, times)
}

/// The same with others that were decided below and above it.
fn outrun_in(round: &Round, version: i64, times: u32) -> Append {
    let mut append = Append { tries: times, ..append("acme", "hot", version, 1) };
    append.expectations[0].round = Some(round.clone());
    append
}

/// Appends at a version that another process has just moved on from, after so many tries.
async fn be_outrun(ours: &Log, theirs: &Log, version: i64, tries: u32) {
    assert!(committed(&theirs.append(append("acme", "hot", version, 1)).await));
    let late = soon("a conflict", ours.append(outrun(version, tries))).await;
    assert!(matches!(late, Ok(Appended::Conflict)), "{late:?}");
}

impl TestLog {
    async fn locks_held(&self) -> i64 {
        sqlx::query_scalar("select count(*) from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())")
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }
}

/// Has a process that was outrun decide again, while another one asks for the same place before it. Whether ours has it.
async fn goes_first(test: &TestLog, theirs: &Log, version: i64) -> bool {
    let (theirs, moved_on) = (theirs.clone(), append("acme", "hot", version, 1));
    let other = tokio::spawn(async move { theirs.append(moved_on).await });
    while !other.is_finished() && !test.waiting_for_lock().await {}
    let ours = soon("our append", test.log.append(outrun(version, 4))).await;
    let other = soon("their append", other).await.unwrap();
    assert!(committed(&ours) ^ committed(&other), "{ours:?} {other:?}");
    committed(&ours)
}

/// Has ours outrun until it is seen in a turn, which does not last long. The version of the stream then.
async fn until_a_turn(test: &TestLog, theirs: &Log) -> i64 {
    let began = Instant::now();
    let mut version = 0;
    while began.elapsed() < PATIENCE {
        be_outrun(&test.log, theirs, version, 4).await;
        version += 1;
        if test.locks_held().await > 0 {
            return version;
        }
    }
    panic!("ours never took a turn");
}

/// A turn does not wait for long, and a test may.
const TRIES: i64 = 50;

#[tokio::test]
async fn whoever_was_outrun_too_often_goes_first() {
    let test = TestLog::new().await;
    let (theirs, _appender) = start(log_role(&test.database), 64);
    for n in 0..TRIES {
        be_outrun(&test.log, &theirs, 2 * n, 4).await;
        if goes_first(&test, &theirs, 2 * n + 1).await {
            return test.assert_whole(2 * n + 2).await;
        }
    }
    panic!("the other process was always faster");
}

/// Ours is outrun, and hands in `next` while it waits for the log. Whether it goes first then.
async fn goes_first_with(next: impl Fn(&Round, i64) -> Append) -> bool {
    let test = TestLog::new().await;
    let (theirs, _appender) = start(log_role(&test.database), 64);
    for n in 0..TRIES {
        assert!(committed(&theirs.append(append("acme", "hot", 2 * n, 1)).await));
        let lock = test.hold_lock().await;
        let round = Round::default();
        let first = test.log.submit(outrun_in(&round, 2 * n, 4)).unwrap();
        eventually("the first one waits", async || test.waiting_for_lock().await).await;
        let second = test.log.submit(next(&round, 2 * n)).unwrap();
        drop(lock);
        for late in [first, second] {
            assert!(matches!(soon("a conflict", late).await, Ok(Appended::Conflict)));
        }
        if goes_first(&test, &theirs, 2 * n + 1).await {
            test.assert_whole(2 * n + 2).await;
            return true;
        }
    }
    false
}

#[tokio::test]
async fn a_turn_is_not_used_up_by_what_was_on_its_way_before() {
    assert!(goes_first_with(|round, version| outrun_in(round, version + 1, 4)).await, "decided on top of what fell");
    assert!(
        goes_first_with(|_, version| outrun(version, 0)).await,
        "decided on what another process has moved on from"
    );
}

#[tokio::test]
async fn who_was_outrun_once_takes_no_turn() {
    let test = TestLog::new().await;
    let (theirs, _appender) = start(log_role(&test.database), 64);
    for version in 0..20 {
        be_outrun(&test.log, &theirs, version, 0).await;
        assert_eq!(test.locks_held().await, 0);
    }
}

#[tokio::test]
async fn a_turn_that_nobody_uses_ends() {
    let test = TestLog::new().await;
    let (theirs, _appender) = start(log_role(&test.database), 64);
    let version = until_a_turn(&test, &theirs).await;
    assert!(committed(&soon("their append", theirs.append(append("acme", "hot", version, 1))).await));
    assert!(committed(&soon("another of ours", test.log.append(append("acme", "cold", 0, 1))).await));
    eventually("nobody holds the lock", async || test.locks_held().await == 0).await;
    test.assert_whole(version + 2).await;
}

#[tokio::test]
async fn a_turn_ends_however_much_there_is_to_append() {
    let test = TestLog::new().await;
    let (theirs, _appender) = start(log_role(&test.database), 64);
    let is_over = Arc::new(AtomicBool::new(false));
    // Two full batches, so that the queue is never empty.
    let callers: Vec<_> = (0..600)
        .map(|n| {
            let (log, is_over) = (test.log.clone(), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut version = 0;
                while !is_over.load(Ordering::Relaxed) {
                    assert!(committed(&log.append(append("acme", &n.to_string(), version, 1)).await));
                    version += 1;
                }
            })
        })
        .collect();
    eventually("all are at it", async || tidemark_engine::log::head(&test.database.pool).await.unwrap() > 600).await;
    be_outrun(&test.log, &theirs, 0, 4).await;
    let asked = Instant::now();
    assert!(committed(&soon("their append", theirs.append(append("acme", "hot", 1, 1))).await));
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    is_over.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_in_its_turn_loses_nothing_and_holds_up_nobody_for_long() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database.pool.connect_options()).await;
    let options = proxy.through(&log_role(&database));
    let test = TestLog::on(database, options, 64);
    let (theirs, _appender) = start(log_role(&test.database), 64);
    let version = until_a_turn(&test, &theirs).await;
    // The server does not hear of it, and has the lock held by a session that nobody will ever use.
    proxy.cut();
    let cut = Instant::now();
    let (ours, other) = tokio::join!(test.log.append(outrun(version, 4)), theirs.append(append("acme", "cold", 0, 1)));
    assert!(committed(&ours) && committed(&other), "{ours:?} {other:?}");
    assert!(cut.elapsed() < Duration::from_secs(5), "{:?}", cut.elapsed());
    test.assert_whole(version + 2).await;
}
