//! The log: what is acknowledged is in it once and in order, whatever breaks on the way.

mod announce;
mod faults;
mod keys;
mod rows;
mod tip;
mod turns;

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
        tries: 0,
        trace: None,
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
async fn a_secret_is_overwritten_and_removed_and_others_stay() {
    let test = TestLog::new().await;
    let change = async |tenant: &str, kind: &str, subject: &str, value: Option<&str>| {
        let mut with = append(tenant, &Uuid::new_v4().to_string(), 0, 1);
        with.secrets = vec![Secret { kind: kind.into(), subject: subject.into(), value: value.map(Into::into) }];
        assert!(committed(&test.log.append(with).await));
    };
    let others = [("other", "password", "u"), ("acme", "token", "u"), ("acme", "password", "v")];
    for (tenant, kind, subject) in others {
        change(tenant, kind, subject, Some("theirs")).await;
    }
    let pool = &test.database.pool;
    change("acme", "password", "u", Some("old")).await;
    change("acme", "password", "u", Some("new")).await;
    assert_eq!(tidemark_engine::log::secret(pool, "acme", "password", "u").await.unwrap().as_deref(), Some("new"));
    change("acme", "password", "u", None).await;
    assert_eq!(tidemark_engine::log::secret(pool, "acme", "password", "u").await.unwrap(), None);
    for (tenant, kind, subject) in others {
        let kept = tidemark_engine::log::secret(pool, tenant, kind, subject).await.unwrap();
        assert_eq!(kept.as_deref(), Some("theirs"), "{tenant} {kind} {subject}");
    }
}

#[tokio::test]
async fn an_event_is_in_the_log_as_it_was_appended() {
    let test = TestLog::new().await;
    let event = NewEvent {
        event_id: Uuid::now_v7(),
        aggregate_type: "note",
        aggregate_id: "acme/n".into(),
        sequence: 1,
        event_type: "NoteWritten".into(),
        event_version: "7".into(),
        payload: r#"{"b": 1,  "a":"Dvořák 🎼"}"#.into(),
        metadata: r#"{"request":"r"}"#.into(),
    };
    let asked = Append { events: vec![event.clone()], ..nothing("acme") };
    assert!(committed(&test.log.append(asked).await));
    let row: (i64, Uuid, String, i64, String, String, i64, String, String, String, String) = sqlx::query_as(
        "select position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
         payload::text, metadata::text from log.events",
    )
    .fetch_one(&test.database.pool)
    .await
    .unwrap();
    assert_eq!((row.0, row.1, row.2.as_str(), row.3), (1, event.event_id, "acme", 1));
    assert_eq!((row.4.as_str(), row.5.as_str(), row.6), ("note", "acme/n", 1));
    assert_eq!((row.7.as_str(), row.8.as_str()), ("NoteWritten", "7"));
    assert_eq!((row.9, row.10), (event.payload, event.metadata.to_string()));
}

#[tokio::test]
async fn a_claim_is_freed_by_its_holder_alone() {
    let test = TestLog::new().await;
    let holder = async || {
        sqlx::query_as::<_, (String, String)>("select aggregate_type, aggregate_id from log.claims")
            .fetch_all(&test.database.pool)
            .await
            .unwrap()
    };
    let claim = |id: &str, operation| claiming(append("acme", id, 0, 1), operation, "hello");
    assert!(committed(&test.log.append(claim("a", ClaimOperation::Take)).await));
    let held = holder().await;
    assert!(
        committed(&test.log.append(claim("b", ClaimOperation::Free)).await),
        "it holds nothing, so nothing happens"
    );
    assert_eq!(holder().await, held);

    let mut namesake = claim("c", ClaimOperation::Take);
    namesake.claims[0].aggregate_type = "user";
    namesake.claims[0].aggregate_id = "acme/a".into();
    assert_eq!(test.log.append(namesake).await.unwrap(), Appended::ClaimRefused { scope: "post.slug".into() });
    assert_eq!(holder().await, held);
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

#[tokio::test]
async fn more_than_two_batches_at_once_are_all_told_what_came_of_them() {
    let test = TestLog::new().await;
    let tickets: Vec<_> = (0..900).map(|n| test.log.submit(append("acme", &format!("{n}"), 0, 1)).unwrap()).collect();
    let mut places = Vec::new();
    for ticket in tickets {
        let Ok(Appended::Committed(place)) = ticket.await else { panic!("not committed") };
        places.push(place.position);
    }
    assert_eq!(places, (1..=900).collect::<Vec<i64>>());
    test.assert_whole(900).await;
}
