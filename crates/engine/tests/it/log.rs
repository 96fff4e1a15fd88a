//! The log: what is acknowledged is in it once and in order, whatever breaks on the way.

mod tip;

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Executor, PgConnection};
use tidemark_engine::log::{
    Append, AppendError, Appended, Claim, ClaimOperation, Expectation, IdempotencyKey, Log, MAX_EVENT_BYTES, NewEvent,
    RowChange, Secret, read_after, renew_idempotency_key, rotate_idempotency_keys,
};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::support::{Proxy, TestDatabase, eventually, soon};

/// A log with its appender running, on a database of its own.
struct TestLog {
    database: TestDatabase,
    log: Log,
    _appender: JoinHandle<()>,
}

impl TestLog {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let options = log_role(&database);
        Self::on(database, options, 1024)
    }

    fn on(database: TestDatabase, options: PgConnectOptions, waiting: usize) -> Self {
        let (log, appender) = start(options, waiting);
        Self { database, log, _appender: appender }
    }

    /// Positions and tenant positions have no gap, and no event is there twice.
    async fn assert_whole(&self, events: i64) {
        let (count, head, distinct): (i64, i64, i64) =
            sqlx::query_as("select count(*), coalesce(max(position), 0), count(distinct event_id) from log.events")
                .fetch_one(&self.database.pool)
                .await
                .unwrap();
        assert_eq!((count, head, distinct), (events, events, events));
        let broken: Vec<String> = sqlx::query_scalar(
            "select tenant_id from log.events group by tenant_id having max(tenant_position) <> count(*)",
        )
        .fetch_all(&self.database.pool)
        .await
        .unwrap();
        assert_eq!(broken, Vec::<String>::new());
        let falls: i64 = sqlx::query_scalar(
            "select count(*) from (select recorded_at < lag(recorded_at) over (order by position) as falls from log.events) as e where falls",
        )
        .fetch_one(&self.database.pool)
        .await
        .unwrap();
        assert_eq!(falls, 0, "recorded_at never falls");
    }

    /// Holds the append lock until the returned connection is closed.
    async fn hold_lock(&self) -> PgConnection {
        let mut connection = self.database.pool.acquire().await.unwrap().detach();
        sqlx::query("select pg_advisory_lock(7953749933313450591)").execute(&mut connection).await.unwrap();
        connection
    }

    async fn waiting_for_lock(&self) -> bool {
        self.lock_waiters().await > 0
    }

    async fn lock_waiters(&self) -> i64 {
        sqlx::query_scalar("select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())")
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }
}

fn start(options: PgConnectOptions, waiting: usize) -> (Log, JoinHandle<()>) {
    let (log, mut appender) = Log::new(options, waiting);
    (log, tokio::spawn(async move { while appender.step().await {} }))
}

fn log_role(database: &TestDatabase) -> PgConnectOptions {
    let options = PgConnectOptions::clone(&database.pool.connect_options());
    options.username(tidemark_engine::LOG_ROLE).password("tidemark-tests")
}

fn nothing(tenant: &str) -> Append {
    Append {
        tenant: tenant.into(),
        expectations: vec![],
        events: vec![],
        claims: vec![],
        secrets: vec![],
        row_changes: vec![],
        erasures: vec![],
        key: None,
    }
}

/// `count` events on a stream that is at `version`.
fn append(tenant: &str, id: &str, version: i64, count: i64) -> Append {
    let aggregate_id: Arc<str> = format!("{tenant}/{id}").into();
    let events = (1..=count)
        .map(|n| NewEvent {
            event_id: Uuid::now_v7(),
            aggregate_type: "post",
            aggregate_id: Arc::clone(&aggregate_id),
            sequence: version + n,
            event_type: "PostEdited".into(),
            event_version: "1".into(),
            payload: format!(r#"{{"n":{n}}}"#),
            metadata: r#"{"requestId":"r"}"#.into(),
        })
        .collect();
    Append {
        expectations: vec![Expectation { aggregate_type: "post", aggregate_id, version, round: None }],
        events,
        ..nothing(tenant)
    }
}

fn claiming(mut append: Append, operation: ClaimOperation, value: &str) -> Append {
    let aggregate_id = Arc::clone(&append.expectations[0].aggregate_id);
    append.claims.push(Claim {
        operation,
        scope: "post.slug".into(),
        value: value.into(),
        aggregate_type: "post",
        aggregate_id,
    });
    append
}

fn keyed(mut append: Append, key: &str, request: u8, answer: &str) -> Append {
    append.key = Some((IdempotencyKey::new(&append.tenant, "someone", key, [request; 32]), answer.into()));
    append
}

fn committed(outcome: &Result<Appended, AppendError>) -> bool {
    matches!(outcome, Ok(Appended::Committed(_)))
}

#[tokio::test]
async fn concurrent_appends_are_contiguous_and_each_is_there_once() {
    let test = TestLog::new().await;
    let mut tasks = Vec::new();
    for n in 0..40 {
        let log = test.log.clone();
        tasks.push(tokio::spawn(async move {
            for version in 0..10 {
                let outcome = log.append(append(&format!("tenant-{}", n % 7), &n.to_string(), version * 2, 2)).await;
                assert!(committed(&outcome), "{outcome:?}");
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    test.assert_whole(800).await;
}

#[tokio::test]
async fn an_append_is_told_where_it_was_recorded() {
    let test = TestLog::new().await;
    test.log.append(append("acme", "a", 0, 3)).await.unwrap();
    test.log.append(append("other", "a", 0, 1)).await.unwrap();
    let Appended::Committed(place) = test.log.append(append("acme", "b", 0, 2)).await.unwrap() else {
        panic!("not committed")
    };
    assert_eq!((place.position, place.tenant_position), (6, 5));
    let last = read_after(&test.database.pool, 5, 10).await.unwrap();
    assert_eq!((last[0].position, last[0].tenant_position, &*last[0].aggregate_id, last[0].sequence), (6, 5, "b", 2));
}

#[tokio::test]
async fn of_two_on_the_same_version_one_wins_and_their_neighbours_go_through() {
    let test = TestLog::new().await;
    let lock = test.hold_lock().await;
    let tickets: Vec<_> = [("a", 0), ("b", 0), ("b", 0), ("c", 0), ("b", 1), ("c", 7)]
        .into_iter()
        .map(|(id, version)| test.log.submit(append("acme", id, version, 1)).unwrap())
        .collect();
    drop(lock);
    let mut outcomes = Vec::new();
    for ticket in tickets {
        outcomes.push(soon("the outcome", ticket).await);
    }
    assert_eq!(outcomes.iter().map(committed).collect::<Vec<_>>(), [true, true, false, true, true, false]);
    assert!(matches!(outcomes[2], Ok(Appended::Conflict)) && matches!(outcomes[5], Ok(Appended::Conflict)));
    test.assert_whole(4).await;
}

#[tokio::test]
async fn one_append_that_the_database_refuses_does_not_fell_its_batch() {
    let test = TestLog::new().await;
    let lock = test.hold_lock().await;
    let tickets: Vec<_> = (0..9)
        .map(|n| {
            let mut append = append("acme", &n.to_string(), 0, 1);
            if n == 5 {
                append.events[0].payload = "{ not json".into();
            }
            test.log.submit(append).unwrap()
        })
        .collect();
    drop(lock);
    for (n, ticket) in tickets.into_iter().enumerate() {
        let outcome = soon("the outcome", ticket).await;
        assert_eq!(committed(&outcome), n != 5, "{n}: {outcome:?}");
    }
    test.assert_whole(8).await;
}

#[tokio::test]
async fn a_claim_has_one_holder_and_moves_when_it_is_freed() {
    let test = TestLog::new().await;
    let take = |id: &str, version| claiming(append("acme", id, version, 1), ClaimOperation::Take, "hello");
    assert!(committed(&test.log.append(take("a", 0)).await));
    assert!(committed(&test.log.append(take("a", 1)).await), "taking again what one holds changes nothing");
    assert_eq!(test.log.append(take("b", 0)).await.unwrap(), Appended::ClaimRefused { scope: "post.slug".into() });
    assert!(
        committed(&test.log.append(claiming(append("other", "b", 0, 1), ClaimOperation::Take, "hello")).await),
        "another tenant has its own"
    );

    let lock = test.hold_lock().await;
    let first = test.log.submit(append("acme", "z", 0, 1)).unwrap();
    eventually("the first batch waits", async || test.waiting_for_lock().await).await;
    let freed = test.log.submit(claiming(append("acme", "a", 2, 1), ClaimOperation::Free, "hello")).unwrap();
    let taken = test.log.submit(take("b", 0)).unwrap();
    let refused = test.log.submit(take("c", 0)).unwrap();
    drop(lock);
    assert!(committed(&soon("first", first).await));
    assert!(committed(&soon("freed", freed).await) && committed(&soon("taken", taken).await));
    assert!(matches!(soon("refused", refused).await, Ok(Appended::ClaimRefused { .. })));
    let holder: String = sqlx::query_scalar("select aggregate_id from log.claims where tenant_id = 'acme'")
        .fetch_one(&test.database.pool)
        .await
        .unwrap();
    assert_eq!(holder, "acme/b");
}

#[tokio::test]
async fn the_last_of_a_scope_stays_even_when_two_let_go_at_once() {
    let test = TestLog::new().await;
    for id in ["a", "b"] {
        assert!(committed(&test.log.append(claiming(append("acme", id, 0, 1), ClaimOperation::Take, id)).await));
    }
    let lock = test.hold_lock().await;
    let first = test.log.submit(append("acme", "z", 0, 1)).unwrap();
    eventually("the first batch waits", async || test.waiting_for_lock().await).await;
    let a = test.log.submit(claiming(append("acme", "a", 1, 1), ClaimOperation::FreeUnlessLast, "a")).unwrap();
    let b = test.log.submit(claiming(append("acme", "b", 1, 1), ClaimOperation::FreeUnlessLast, "b")).unwrap();
    drop(lock);
    soon("first", first).await.unwrap();
    assert!(committed(&soon("a", a).await));
    assert_eq!(soon("b", b).await.unwrap(), Appended::ClaimRefused { scope: "post.slug".into() });
}

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
async fn a_secret_comes_with_its_events_and_never_in_them() {
    let test = TestLog::new().await;
    let secret =
        |value: Option<&str>| Secret { kind: "password".into(), subject: "u".into(), value: value.map(Into::into) };
    let mut with = append("acme", "a", 0, 1);
    with.secrets = vec![secret(Some("old")), secret(Some("new"))];
    test.log.append(with).await.unwrap();
    let stored = tidemark_engine::log::secret(&test.database.pool, "acme", "password", "u").await.unwrap();
    assert_eq!(stored.as_deref(), Some("new"));
    let mut refused = append("acme", "a", 0, 1);
    refused.secrets = vec![secret(None)];
    assert_eq!(test.log.append(refused).await.unwrap(), Appended::Conflict);
    assert!(tidemark_engine::log::secret(&test.database.pool, "acme", "password", "u").await.unwrap().is_some());
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let database = TestDatabase::new().await;
    let options = log_role(&database);
    let test = TestLog::on(database, options, 4);
    let lock = test.hold_lock().await;
    let first = test.log.submit(append("acme", "first", 0, 1)).unwrap();
    eventually("the first batch waits", async || test.waiting_for_lock().await).await;
    let queued: Vec<_> = (0..4).map(|n| test.log.submit(append("acme", &n.to_string(), 0, 1)).unwrap()).collect();
    let asked = Instant::now();
    assert!(matches!(test.log.append(append("acme", "more", 0, 1)).await, Err(AppendError::Overloaded)));
    assert!(asked.elapsed() < Duration::from_millis(50));
    drop(lock);
    for ticket in std::iter::once(first).chain(queued) {
        assert!(committed(&soon("the outcome", ticket).await));
    }
}

#[tokio::test]
async fn an_over_large_event_is_refused_before_it_is_sent() {
    let test = TestLog::new().await;
    let mut large = append("acme", "a", 0, 1);
    large.events[0].payload = format!("\"{}\"", "x".repeat(MAX_EVENT_BYTES));
    assert!(
        matches!(test.log.append(large).await, Err(AppendError::EventTooLarge { size }) if size == MAX_EVENT_BYTES + 2)
    );
}

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
async fn the_log_role_can_append_by_the_function_alone() {
    let test = TestLog::new().await;
    let pool = sqlx::PgPool::connect_with(log_role(&test.database)).await.unwrap();
    for forbidden in [
        "insert into log.claims values ('a','b','c','d','e')",
        "update log.events set payload = '{}'",
        "delete from log.events",
        "truncate log.events",
    ] {
        let error = sqlx::query(forbidden).execute(&pool).await.unwrap_err();
        assert_eq!(
            error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(),
            Some("42501"),
            "{forbidden}"
        );
    }
}

#[tokio::test]
async fn what_runs_with_the_owners_rights_looks_names_up_in_the_catalog_alone() {
    let test = TestLog::new().await;
    let open: Vec<String> = sqlx::query_scalar(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace \
         where n.nspname = 'log' and p.prosecdef and not coalesce('search_path=pg_catalog' = any(p.proconfig), false)",
    )
    .fetch_all(&test.database.pool)
    .await
    .unwrap();
    assert_eq!(open, Vec::<String>::new());
}

#[tokio::test]
async fn append_refuses_on_another_server_until_the_epoch_is_raised() {
    let test = TestLog::new().await;
    sqlx::query("update log.epochs set system_identifier = '1'").execute(&test.database.pool).await.unwrap();
    assert!(matches!(test.log.append(append("acme", "a", 0, 1)).await, Err(AppendError::Unavailable(_))));
    sqlx::query(
        "insert into log.epochs (epoch, from_position, system_identifier, timeline) \
         select 2, 0, system_identifier::text, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) from pg_control_system()",
    )
    .execute(&test.database.pool)
    .await
    .unwrap();
    eventually("it appends again", async || {
        committed(&test.log.in_epoch(2).append(append("acme", &Uuid::now_v7().to_string(), 0, 1)).await)
    })
    .await;
}

#[tokio::test]
async fn append_refuses_on_another_timeline_until_the_epoch_is_raised() {
    let test = TestLog::new().await;
    sqlx::query("update log.epochs set timeline = '000000FF'").execute(&test.database.pool).await.unwrap();
    assert!(matches!(test.log.append(append("acme", "a", 0, 1)).await, Err(AppendError::Unavailable(_))));
    sqlx::query(
        "insert into log.epochs (epoch, from_position, system_identifier, timeline) \
         select 2, 0, system_identifier::text, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) from pg_control_system()",
    )
    .execute(&test.database.pool)
    .await
    .unwrap();
    let stale = test.log.append(append("acme", "a", 0, 1)).await;
    assert!(matches!(stale, Err(AppendError::Unavailable(_))), "what was decided before it was raised: {stale:?}");
    assert!(committed(&test.log.in_epoch(2).append(append("acme", "a", 0, 1)).await));
    let stale = test.log.in_epoch(1).append(append("acme", "b", 0, 1)).await;
    assert!(matches!(stale, Err(AppendError::Unavailable(_))), "{stale:?}");
}

/// An append that notes `text` beside the log.
fn noting(mut append: Append, text: &str) -> Append {
    append.row_changes.push(RowChange { function: "public.note", argument: text.to_owned() });
    append
}

impl TestLog {
    async fn with_notes() -> Self {
        let test = Self::new().await;
        test.database
            .pool
            .execute(
                "create table public.notes (n bigint generated always as identity, tenant text, text text check (text <> 'bad'));
                 create function public.note(tenant text, text text) returns void language sql security definer
                 as $$ insert into public.notes (tenant, text) values ($1, $2) $$",
            )
            .await
            .unwrap();
        test
    }

    async fn notes(&self) -> Vec<String> {
        sqlx::query_scalar("select tenant || ': ' || text from public.notes order by n")
            .fetch_all(&self.database.pool)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn rows_beside_the_log_change_with_the_events_or_not_at_all() {
    let test = TestLog::with_notes().await;
    let lock = test.hold_lock().await;
    // The first batch is on its way when the others come, which are one batch then.
    let first = test.log.submit(noting(append("acme", "a", 0, 1), "a")).unwrap();
    eventually("the first batch waits", async || test.waiting_for_lock().await).await;
    let second = test.log.submit(noting(append("acme", "b", 0, 1), "b")).unwrap();
    let outdated = test.log.submit(noting(append("acme", "a", 0, 1), "outdated")).unwrap();
    let other = test.log.submit(noting(append("other", "a", 0, 1), "c")).unwrap();
    let broken = test.log.submit(noting(append("acme", "c", 0, 1), "bad")).unwrap();
    drop(lock);
    assert!(committed(&soon("first", first).await) && committed(&soon("second", second).await));
    assert_eq!(soon("outdated", outdated).await.unwrap(), Appended::Conflict);
    assert!(committed(&soon("other", other).await));
    assert!(matches!(soon("broken", broken).await, Err(AppendError::Refused(_))));
    let mut notes = test.notes().await;
    notes.sort();
    assert_eq!(notes, ["acme: a", "acme: b", "other: c"]);
    test.assert_whole(3).await;
}

#[tokio::test]
async fn rows_beside_the_log_change_in_the_order_of_the_appends() {
    let test = TestLog::with_notes().await;
    for n in 0..3 {
        let two = noting(noting(append("acme", &format!("p{n}"), 0, 1), &format!("{n} one")), &format!("{n} two"));
        assert!(committed(&test.log.append(two).await));
    }
    assert_eq!(
        test.notes().await,
        ["acme: 0 one", "acme: 0 two", "acme: 1 one", "acme: 1 two", "acme: 2 one", "acme: 2 two"]
    );
}
