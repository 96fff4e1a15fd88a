//! Idempotency keys: remembered a day, emptied a slot at a time.

use super::*;

#[tokio::test]
async fn a_key_gives_the_first_answer_again_and_is_bound_to_its_request() {
    let test = TestLog::new().await;
    assert!(committed(&test.log.append(keyed(append("acme", "a", 0, 2), "k", 1, "the answer")).await));
    let Appended::Replayed { place, answer } =
        test.log.append(keyed(append("acme", "a", 2, 1), "k", 1, "another answer")).await.unwrap()
    else {
        panic!("not replayed")
    };
    assert_eq!((place.tenant_position, answer.as_slice()), (2, b"the answer".as_slice()));
    assert_eq!(test.log.append(keyed(append("acme", "a", 2, 1), "k", 2, "x")).await.unwrap(), Appended::KeyReused);
    assert!(
        committed(&test.log.append(keyed(append("other", "a", 0, 1), "k", 2, "x")).await),
        "another tenant has its own keys"
    );
    test.assert_whole(3).await;
}

#[tokio::test]
async fn a_key_twice_in_one_batch_is_executed_once() {
    let test = TestLog::new().await;
    let lock = test.hold_lock().await;
    let first = test.log.submit(append("acme", "z", 0, 1)).unwrap();
    eventually("the first batch waits", async || test.waiting_for_lock().await).await;
    let one = test.log.submit(keyed(append("acme", "a", 0, 1), "k", 1, "one")).unwrap();
    let two = test.log.submit(keyed(append("acme", "b", 0, 1), "k", 1, "two")).unwrap();
    let other = test.log.submit(keyed(append("acme", "c", 0, 1), "k", 9, "other")).unwrap();
    drop(lock);
    soon("first", first).await.unwrap();
    assert!(committed(&soon("one", one).await));
    assert!(matches!(soon("two", two).await, Ok(Appended::Replayed { answer, .. }) if answer == b"one"));
    assert_eq!(soon("other", other).await.unwrap(), Appended::KeyReused);
    test.assert_whole(2).await;
}

#[tokio::test]
async fn keys_of_one_batch_are_each_remembered_where_their_command_is() {
    let test = TestLog::new().await;
    let lock = test.hold_lock().await;
    let first = test.log.submit(append("other", "z", 0, 3)).unwrap();
    eventually("the first batch waits", async || test.waiting_for_lock().await).await;
    let commands = [("acme", 2), ("other", 3), ("acme", 1)];
    let asked: Vec<_> = commands
        .iter()
        .enumerate()
        .map(|(n, (tenant, count))| {
            let key = format!("k{n}");
            let answer = format!("answer {n}");
            test.log.submit(keyed(append(tenant, &n.to_string(), 0, *count), &key, 1, &answer)).unwrap()
        })
        .collect();
    drop(lock);
    soon("first", first).await.unwrap();
    for (n, ((tenant, _), ticket)) in commands.iter().zip(asked).enumerate() {
        let Appended::Committed(committed_at) = soon("each", ticket).await.unwrap() else { panic!("not committed") };
        let Appended::Replayed { place, answer } =
            test.log.append(keyed(append(tenant, "again", 0, 1), &format!("k{n}"), 1, "?")).await.unwrap()
        else {
            panic!("not replayed")
        };
        assert_eq!((place, answer), (committed_at, format!("answer {n}").into_bytes()));
    }
    let tenants: Vec<String> = sqlx::query_scalar("select tenant_id from log.idempotency_keys order by position")
        .fetch_all(&test.database.pool)
        .await
        .unwrap();
    assert_eq!(tenants, ["acme", "other", "acme"]);
    test.assert_whole(9).await;
}

#[tokio::test]
async fn a_key_is_remembered_for_a_day_and_no_hour_less() {
    let test = TestLog::new().await;
    test.log.append(keyed(nothing("acme"), "k", 1, "x")).await.unwrap();
    sqlx::query("update log.idempotency_keys set recorded_at = recorded_at - interval '23 hours'")
        .execute(&test.database.pool)
        .await
        .unwrap();
    let again = test.log.append(keyed(append("acme", "a", 0, 1), "k", 1, "y")).await;
    assert!(matches!(again, Ok(Appended::Replayed { answer, .. }) if answer == b"x"));
    test.assert_whole(0).await;
}

#[tokio::test]
async fn a_command_without_events_is_remembered_at_the_tenants_head() {
    let test = TestLog::new().await;
    test.log.append(append("acme", "a", 0, 3)).await.unwrap();
    let Appended::Committed(place) = test.log.append(keyed(nothing("acme"), "k", 1, "no-op")).await.unwrap() else {
        panic!("not committed")
    };
    assert_eq!(place.tenant_position, 3);
    assert!(
        matches!(test.log.append(keyed(nothing("acme"), "k", 1, "?")).await, Ok(Appended::Replayed { answer, .. }) if answer == b"no-op")
    );
}

#[tokio::test]
async fn keys_are_kept_a_day_and_emptied_a_slot_at_a_time() {
    let test = TestLog::new().await;
    test.log.append(keyed(nothing("acme"), "k", 1, "x")).await.unwrap();
    sqlx::query("update log.idempotency_keys set recorded_at = recorded_at - interval '25 hours'")
        .execute(&test.database.pool)
        .await
        .unwrap();
    assert!(
        committed(&test.log.append(keyed(nothing("acme"), "k", 2, "y")).await),
        "older than a day is forgotten, also in its own slot"
    );
    sqlx::query("update log.idempotency_keys set slot = log.idempotency_slot(clock_timestamp() + interval '6 hours')")
        .execute(&test.database.pool)
        .await
        .unwrap();
    sqlx::query("select log.rotate_idempotency_keys()").execute(&test.database.pool).await.unwrap();
    let left: i64 =
        sqlx::query_scalar("select count(*) from log.idempotency_keys").fetch_one(&test.database.pool).await.unwrap();
    assert_eq!(left, 0, "the slot whose turn comes next is empty");
}

/// Forgets all keys and puts one that was recorded `hours` from now into its slot; gives its id.
async fn remember_one(test: &TestLog, hours: f64) -> Uuid {
    let pool = &test.database.pool;
    sqlx::query("truncate log.idempotency_keys").execute(pool).await.unwrap();
    sqlx::query_scalar(
        "insert into log.idempotency_keys (slot, key_id, tenant_id, request_hash, answer, position, tenant_position, recorded_at) \
         select log.idempotency_slot(at), gen_random_uuid(), 'acme', '', '', 0, 0, at from (select clock_timestamp() + make_interval(secs => $1 * 3600)) as k(at) \
         returning key_id",
    )
    .bind(hours)
    .fetch_one(pool)
    .await
    .unwrap()
}

/// Puts a key recorded `hours` from now into its slot, and says whether it outlives a rotation.
async fn outlives_rotation(test: &TestLog, hours: f64) -> bool {
    let pool = &test.database.pool;
    remember_one(test, hours).await;
    let as_log_role = sqlx::PgPool::connect_with(log_role(&test.database)).await.unwrap();
    let emptied = rotate_idempotency_keys(&as_log_role).await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from log.idempotency_keys").fetch_one(pool).await.unwrap();
    assert_eq!(emptied, left == 0);
    as_log_role.close().await;
    left == 1
}

#[tokio::test]
async fn a_rotation_spares_what_is_younger_than_a_day() {
    let test = TestLog::new().await;
    for half_hours in 0..48 {
        assert!(outlives_rotation(&test, -f64::from(half_hours) / 2.0).await, "{half_hours} half hours ago");
    }
    assert!(!outlives_rotation(&test, -30.0).await, "the slot that comes next holds what is 24 to 36 hours old");
}

#[tokio::test]
async fn a_rotation_goes_by_the_clock_of_appends_when_the_servers_was_set_back() {
    let test = TestLog::new().await;
    for (id, hours) in [("a", 3), ("b", 9), ("c", 15), ("d", 21), ("e", 27), ("f", 33)] {
        test.log.append(append("acme", id, 0, 1)).await.unwrap();
        // As if the clock had been right then, and were so many hours behind now.
        sqlx::query("update log.events set recorded_at = clock_timestamp() + make_interval(hours => $1)")
            .bind(hours)
            .execute(&test.database.pool)
            .await
            .unwrap();
        assert!(outlives_rotation(&test, f64::from(hours)).await, "{hours} hours ahead, at the appends' present");
        assert!(!outlives_rotation(&test, f64::from(hours) - 30.0).await, "{hours} hours ahead, long ago");
    }
}

/// An effect of a policy may be tried again later than a day after the first time.
#[tokio::test]
async fn a_rotation_keeps_the_key_of_an_effect_that_is_not_settled() {
    for (state, fence, is_kept) in
        [("pending", 1, true), ("dead", 3, true), ("done", 1, false), ("dropped", 1, false), ("pending", 0, false)]
    {
        let test = TestLog::new().await;
        let key = remember_one(&test, -30.0).await;
        sqlx::query(
            "insert into work.effects (id, policy, tenant_id, ordering_key, position, number, event_id, correlation_id, kind, payload, state, due_at, fence, dropped_by) \
             values ($1, 'test', 'acme', 'k', 1, 0, gen_random_uuid(), 'c', 'k', '{}', $2, now(), $3, case when $2 = 'dropped' then 'ada' end)",
        )
        .bind(key)
        .bind(state)
        .bind(fence)
        .execute(&test.database.pool)
        .await
        .unwrap();
        assert!(rotate_idempotency_keys(&test.database.pool).await.unwrap());
        let kept: Vec<(Uuid, bool)> = sqlx::query_as(
            "select key_id, recorded_at > now() - interval '1 minute' and slot = log.idempotency_slot(recorded_at) from log.idempotency_keys",
        )
        .fetch_all(&test.database.pool)
        .await
        .unwrap();
        assert_eq!(kept, if is_kept { vec![(key, true)] } else { vec![] }, "{state} {fence}");
    }
}

#[tokio::test]
async fn a_key_that_is_renewed_is_remembered_for_a_day_from_then() {
    let test = TestLog::new().await;
    let first = keyed(append("acme", "a", 0, 1), "k", 1, "the answer");
    let id = first.key.as_ref().unwrap().0.id;
    assert!(committed(&test.log.append(first).await));
    for _ in 0..2 {
        sqlx::query("update log.idempotency_keys set recorded_at = recorded_at - interval '25 hours'")
            .execute(&test.database.pool)
            .await
            .unwrap();
        let as_log_role = sqlx::PgPool::connect_with(log_role(&test.database)).await.unwrap();
        renew_idempotency_key(&as_log_role, id).await.unwrap();
        renew_idempotency_key(&as_log_role, Uuid::now_v7()).await.unwrap();
        let again = test.log.append(keyed(append("acme", "a", 1, 1), "k", 1, "another answer")).await.unwrap();
        assert!(matches!(again, Appended::Replayed { answer, .. } if answer == b"the answer"));
    }
}

#[tokio::test]
async fn a_rotation_waits_for_appends_but_not_for_long() {
    let test = TestLog::new().await;
    remember_one(&test, -30.0).await;
    let lock = test.hold_lock().await;
    let asked = Instant::now();
    assert!(rotate_idempotency_keys(&test.database.pool).await.is_err());
    assert!(asked.elapsed() < Duration::from_secs(3));
    drop(lock);
}

#[tokio::test]
async fn a_moment_has_the_same_slot_in_every_time_zone() {
    let test = TestLog::new().await;
    let mut connection = test.database.pool.acquire().await.unwrap();
    // Half an hour off the hour, and over a change of clocks; of fractions of a second the cast makes whole ones.
    for zone in ["Asia/Kolkata", "Europe/Berlin"] {
        sqlx::query("select set_config('timezone', $1, false)").bind(zone).execute(&mut *connection).await.unwrap();
        let misplaced: i64 = sqlx::query_scalar(
            "select count(*) from generate_series(timestamptz '2026-03-28 00:00:00.4Z', '2026-03-31Z', '89 s') as t(at) \
             where log.idempotency_slot(at) <> (extract(epoch from at)::bigint / 21600) % 6",
        )
        .fetch_one(&mut *connection)
        .await
        .unwrap();
        assert_eq!(misplaced, 0, "{zone}");
    }
}

/// What stays a call is parsed and planned anew in each append that has a key.
#[tokio::test]
async fn the_slot_of_a_moment_is_worked_out_where_it_is_asked_for() {
    let test = TestLog::new().await;
    let plan: Vec<String> =
        sqlx::query_scalar("explain (verbose, costs off) select log.idempotency_slot(e.recorded_at) from log.events e")
            .fetch_all(&test.database.pool)
            .await
            .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("21600") && !plan.contains("idempotency_slot"), "{plan}");
}
