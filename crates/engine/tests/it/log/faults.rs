//! What breaks on the way: connections, servers, backends.

use super::*;

#[tokio::test]
async fn a_connection_cut_while_the_append_waits_for_the_lock_is_resolved() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database.pool.connect_options()).await;
    let options = proxy.through(&log_role(&database));
    let test = TestLog::on(database, options, 64);
    for round in 0..4 {
        let lock = test.hold_lock().await;
        let ticket = test.log.submit(append("acme", "a", round, 1)).unwrap();
        eventually("the append waits", async || test.waiting_for_lock().await).await;
        proxy.cut();
        if round % 2 == 0 {
            // Now two wait in the server: the orphan, which is alive there, and the one that fences it.
            eventually("the resolver waits too", async || test.lock_waiters().await == 2).await;
        }
        drop(lock);
        assert!(committed(&soon("the outcome", ticket).await));
    }
    test.assert_whole(4).await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_and_not_repeated() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database.pool.connect_options()).await;
    let options = proxy.through(&log_role(&database));
    let test = TestLog::on(database, options, 64);
    assert!(committed(&test.log.append(append("acme", "warm", 0, 1)).await));
    proxy.swallow_answers(true);
    let event = test.log.submit(append("acme", "a", 0, 2)).unwrap();
    eventually("it is committed", async || tidemark_engine::log::head(&test.database.pool).await.unwrap() == 3).await;
    let keyed_no_op = test.log.submit(keyed(nothing("acme"), "k", 1, "x")).unwrap();
    proxy.swallow_answers(false);
    proxy.cut();
    let Ok(Appended::Committed(place)) = soon("the outcome", event).await else { panic!("not found") };
    assert_eq!((place.position, place.tenant_position), (3, 3));
    assert!(committed(&soon("the no-op", keyed_no_op).await));
    test.assert_whole(3).await;
}

#[tokio::test]
async fn a_no_op_whose_connection_broke_is_told_what_an_earlier_one_was_even_where_it_would_say_the_same() {
    for own in ["later", "earlier"] {
        let database = TestDatabase::new().await;
        let proxy = Proxy::before(&database.pool.connect_options()).await;
        let options = proxy.through(&log_role(&database));
        let test = TestLog::on(database, options, 64);
        let (elsewhere, _appender) = start(log_role(&test.database), 64);
        assert!(committed(&test.log.append(append("acme", "warm", 0, 1)).await));

        let lock = test.hold_lock().await;
        let earlier = elsewhere.submit(keyed(nothing("acme"), "k", 1, "earlier")).unwrap();
        eventually("the earlier one waits", async || test.waiting_for_lock().await).await;
        let later = test.log.submit(keyed(nothing("acme"), "k", 1, own)).unwrap();
        eventually("the later one waits", async || test.lock_waiters().await == 2).await;
        proxy.cut();
        drop(lock);
        assert!(committed(&soon("the earlier one", earlier).await));
        let outcome = soon("the later one", later).await;
        assert!(matches!(&outcome, Ok(Appended::Replayed { answer, .. }) if answer == b"earlier"), "{outcome:?}");
    }
}

#[tokio::test]
async fn while_the_database_is_away_nothing_is_written_and_then_it_goes_on() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database.pool.connect_options()).await;
    let options = proxy.through(&log_role(&database));
    let test = TestLog::on(database, options, 64);
    proxy.refuse(true);
    let asked = Instant::now();
    assert!(matches!(test.log.append(append("acme", "a", 0, 1)).await, Err(AppendError::Unavailable(_))));
    assert!(asked.elapsed() < Duration::from_secs(3));
    proxy.refuse(false);
    eventually("the log is back", async || {
        committed(&test.log.append(append("acme", &Uuid::now_v7().to_string(), 0, 1)).await)
    })
    .await;
    test.assert_whole(1).await;
}

#[tokio::test]
async fn an_outcome_that_stays_unknown_is_told_as_unknown() {
    let database = TestDatabase::new().await;
    let proxy = Proxy::before(&database.pool.connect_options()).await;
    let options = proxy.through(&log_role(&database));
    let test = TestLog::on(database, options, 64);
    assert!(committed(&test.log.append(append("acme", "warm", 0, 1)).await));
    let lock = test.hold_lock().await;
    let ticket = test.log.submit(append("acme", "a", 0, 1)).unwrap();
    eventually("the append waits", async || test.waiting_for_lock().await).await;
    proxy.refuse(true);
    proxy.cut();
    assert!(matches!(soon("the deadline", ticket).await, Err(AppendError::OutcomeUnknown)));
    drop(lock);
}

#[tokio::test]
async fn an_error_that_was_rolled_back_is_told_at_once_as_the_log_being_away() {
    let test = TestLog::new().await;
    assert!(committed(&test.log.append(append("acme", "warm", 0, 1)).await));
    for (code, when) in [
        ("53100", "initially immediate"),
        ("53100", "initially deferred"),
        ("25006", "initially immediate"),
        ("40001", "initially deferred"),
        ("55P03", "initially immediate"),
        ("57014", "initially immediate"),
    ] {
        sqlx::raw_sql(&format!(
            "create function public.fail() returns trigger language plpgsql as $$ begin raise exception 'no room' using errcode = '{code}'; end $$; \
             create constraint trigger fails after insert on log.events deferrable {when} for each row execute function public.fail()"
        ))
        .execute(&test.database.pool)
        .await
        .unwrap();
        let asked = Instant::now();
        let alone = test.log.append(append("acme", "a", 0, 1)).await;
        assert!(matches!(alone, Err(AppendError::Unavailable(_))), "{code} {when}: {alone:?}");
        // An outdated neighbour makes the batch one that is decided command by command.
        let lock = test.hold_lock().await;
        let first = test.log.submit(append("acme", "first", 0, 1)).unwrap();
        eventually("the first waits", async || test.waiting_for_lock().await).await;
        let good = test.log.submit(append("acme", "a", 0, 1)).unwrap();
        let outdated = test.log.submit(append("acme", "b", 7, 1)).unwrap();
        drop(lock);
        for ticket in [first, good, outdated] {
            let outcome = soon("the outcome", ticket).await;
            assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{code} {when}: {outcome:?}");
        }
        assert!(asked.elapsed() < Duration::from_secs(3), "{code} {when}");
        sqlx::raw_sql("drop trigger fails on log.events; drop function public.fail()")
            .execute(&test.database.pool)
            .await
            .unwrap();
    }
    assert!(committed(&test.log.append(append("acme", "a", 0, 1)).await), "nothing of it was committed");
    test.assert_whole(2).await;
}

#[tokio::test]
async fn a_fenced_appender_registers_again_and_goes_on() {
    let test = TestLog::new().await;
    assert!(committed(&test.log.append(append("acme", "a", 0, 1)).await));
    sqlx::query("update log.appenders set generation = generation + 1").execute(&test.database.pool).await.unwrap();
    assert!(committed(&test.log.append(append("acme", "a", 1, 1)).await));
    sqlx::query("delete from log.appenders").execute(&test.database.pool).await.unwrap();
    assert!(committed(&test.log.append(append("acme", "a", 2, 1)).await));
    test.assert_whole(3).await;
}

#[tokio::test]
async fn processes_long_gone_are_let_go_of_and_one_that_is_not_gone_goes_on() {
    let test = TestLog::new().await;
    assert!(committed(&test.log.append(append("acme", "a", 0, 1)).await));
    let generation = "select max(generation) from log.appenders";
    let first: i64 = sqlx::query_scalar(generation).fetch_one(&test.database.pool).await.unwrap();
    sqlx::query("update log.appenders set started_at = started_at - interval '91 days'")
        .execute(&test.database.pool)
        .await
        .unwrap();

    let (other, _appender) = start(log_role(&test.database), 8);
    assert!(committed(&other.append(append("acme", "b", 0, 1)).await));
    let left: i64 =
        sqlx::query_scalar("select count(*) from log.appenders").fetch_one(&test.database.pool).await.unwrap();
    assert_eq!(left, 1, "the one of long ago is let go of");

    assert!(committed(&test.log.append(append("acme", "a", 1, 1)).await));
    let again: i64 = sqlx::query_scalar(generation).fetch_one(&test.database.pool).await.unwrap();
    assert!(again > first, "nothing that it sent before can pass for what it sends now");
    test.assert_whole(3).await;
}

#[tokio::test]
async fn a_terminated_backend_loses_and_doubles_nothing() {
    let test = TestLog::new().await;
    let writers: Vec<_> = (0..8)
        .map(|n| {
            let log = test.log.clone();
            tokio::spawn(async move {
                let mut acknowledged = 0;
                for version in 0..200 {
                    match log.append(append("acme", &n.to_string(), version, 1)).await {
                        Ok(Appended::Committed(_)) => acknowledged += 1,
                        other => panic!("{other:?}"),
                    }
                }
                acknowledged
            })
        })
        .collect();
    let (mut kills, mut survived) = (0, 0);
    while !writers.iter().all(JoinHandle::is_finished) {
        eventually("some are committed", async || {
            tidemark_engine::log::head(&test.database.pool).await.unwrap() > survived + 50
                || writers.iter().all(JoinHandle::is_finished)
        })
        .await;
        survived = tidemark_engine::log::head(&test.database.pool).await.unwrap();
        let killed: i64 = sqlx::query_scalar("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'tidemark append' and datname = current_database()")
            .fetch_one(&test.database.pool)
            .await
            .unwrap();
        kills += killed;
    }
    let mut acknowledged = 0;
    for writer in writers {
        acknowledged += writer.await.unwrap();
    }
    assert!(kills > 3, "the appender was killed {kills} times");
    assert_eq!(acknowledged, 1600);
    test.assert_whole(1600).await;
}

#[tokio::test]
async fn a_database_of_another_version_is_taken_for_away_until_it_fits() {
    let test = TestLog::new().await;
    let pool = &test.database.pool;
    sqlx::query("alter type log.new_event rename to event_of_another_version").execute(pool).await.unwrap();
    let two = [append("acme", "a", 0, 1), append("acme", "b", 0, 1)].map(|append| test.log.submit(append).unwrap());
    for ticket in two {
        assert!(matches!(soon("the outcome", ticket).await, Err(AppendError::Unavailable(_))));
    }
    sqlx::query("alter type log.event_of_another_version rename to new_event").execute(pool).await.unwrap();
    eventually("appends go on", async || committed(&test.log.append(append("acme", "a", 0, 1)).await)).await;
    test.assert_whole(1).await;
}
