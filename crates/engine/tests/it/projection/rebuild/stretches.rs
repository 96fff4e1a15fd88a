//! A log that is longer than a page is folded stream by stream, in one transaction a stretch.

use std::num::NonZeroU32;

use sqlx::Executor;
use tidemark_engine::deletion::{Deletion, Step};
use tidemark_engine::projection::{Pace, RebuildError, RebuildRequest, RebuildStep, runs};

use super::{finish, open, rebuilding, run};
use crate::database::Database;
use crate::projection::notes::{Notes, counts, fold_to, rows, runner};
use crate::support::{eventually, soon};

/// Events of a long log, and notes that they are of, which have their turns one after another.
const EVENTS: i64 = 12_000;
const NOTES: i64 = 60;

/// A long log of three tenants, folded. The events for which `body`, over their position `n`, says so are longer than a note may be.
async fn long(body: &str) -> Database {
    let database = crate::projection::notes::database().await;
    let fill = format!(
        "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, \
                                 event_version, payload, metadata, recorded_at) \
         select n, gen_random_uuid(), 'tenant' || n % 3, (n + 2) / 3, 'note', 'tenant' || n % 3 || '/' || n % {NOTES}, \
                (n - 1) / {NOTES} + 1, 'NoteWritten', '1', json_build_object('body', {body}), '{{}}', now() \
         from generate_series(1, {EVENTS}) as n"
    );
    database.owner.execute(fill.as_str()).await.unwrap();
    let mut worker = runner(&database, &Notes::default());
    fold_to(&database, &mut worker, EVENTS).await.unwrap();
    worker.release().await.unwrap();
    database
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_is_written_once_for_all_that_has_happened_to_it() {
    let database = long("n::text").await;
    let (rows_before, counts_before) = (rows(&database).await, counts(&database).await);
    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    database
        .owner
        .execute(
            "create sequence writes; \
             create function counted() returns trigger language plpgsql as $$ begin perform nextval('public.writes'); return new; end $$; \
             create trigger counts before insert on rebuild_1.test_notes for each row execute function counted()",
        )
        .await
        .unwrap();
    let outcome = finish(&mut rebuild).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound() && outcome.comparison.is_some(), "{outcome:?}");
    assert_eq!((rows(&database).await, counts(&database).await), (rows_before, counts_before));
    assert_eq!(database.count("select last_value from writes").await, NOTES);
    let folded = database.count("select events from rebuild.runs").await;
    assert_eq!(folded, EVENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stretch_that_is_killed_leaves_nothing_and_is_begun_again() {
    let database = long("n::text").await;
    let (rows_before, counts_before) = (rows(&database).await, counts(&database).await);
    for steps in 1..5 {
        let mut killed = open(&database, Notes::default(), rebuilding()).await.unwrap();
        let mut reached = vec![killed.progress().position];
        for _ in 0..steps {
            assert_eq!(killed.step().await.unwrap(), RebuildStep::Folded);
            reached.push(killed.progress().position);
        }
        // It tells how far it is, and has left nothing.
        assert!(reached.is_sorted() && (steps == 1 || reached[steps] > 0), "{reached:?}");
        assert!(reached[steps] < EVENTS || steps == 4, "{reached:?}");
        drop(killed);
        let left = runs(&database.owner, None, 10).await.unwrap();
        assert_eq!((left.len(), left[0].position), (1, 0));
        assert_eq!(database.count("select count(*) from rebuild_1.test_notes").await, 0);
    }
    let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound() && outcome.run == 1, "{outcome:?}");
    assert_eq!((rows(&database).await, counts(&database).await), (rows_before, counts_before));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stretch_of_a_history_that_is_cut_meanwhile_leaves_nothing() {
    let database = long("n::text").await;
    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    // It is begun, and its first chunk folded.
    for _ in 0..2 {
        assert_eq!(rebuild.step().await.unwrap(), RebuildStep::Folded);
    }
    let cut = "insert into log.epochs (epoch, from_position, system_identifier, timeline) \
               select 2, 6000, system_identifier, timeline from log.epochs";
    database.owner.execute(cut).await.unwrap();
    let refused = loop {
        match rebuild.step().await {
            Ok(RebuildStep::Folded) => {}
            ended => break ended,
        }
    };
    assert!(refused.is_err(), "{refused:?}");
    drop(rebuild);
    assert_eq!(runs(&database.owner, None, 10).await.unwrap()[0].position, 0);
    assert_eq!(database.count("select count(*) from rebuild_1.test_notes").await, 0);
}

/// Positions of a log of more than one stretch, and where the first one ends.
const LONG: i64 = 560_000;
const FIRST: i64 = 1 << 19;

/// A log of two stretches, of which one position in 40 has an event: of a note, and the last stretch has some of each note. Nothing serves
/// that a rebuild could be compared with.
async fn very_long() -> Database {
    let database = crate::projection::notes::database().await;
    let fill = format!(
        "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, \
                                 event_version, payload, metadata, recorded_at) \
         select n * 40, gen_random_uuid(), tenant, n, 'note', tenant || '/' || note, (n - 1) / 100 + 1, 'NoteWritten', '1', \
                json_build_object('body', n::text), '{{}}'::json, now() \
         from generate_series(1, {LONG} / 40) as n, lateral (select case n % 2 when 0 then 'acme' else 'beta' end as tenant, n % 100 as note) as whose \
         union all \
         select {FIRST}, gen_random_uuid(), 'acme', 0, 'buoy', 'acme/b', 1, 'BuoyMoved', '1', '{{}}'::json, '{{}}'::json, now()"
    );
    // While it is analysed, nothing that a vacuum meets is visible to all.
    database.owner.execute("alter table log.events set (autovacuum_enabled = off)").await.unwrap();
    database.owner.execute(fill.as_str()).await.unwrap();
    database
        .owner
        .execute(format!("update read.checkpoints set version = 0, position = {LONG}").as_str())
        .await
        .unwrap();
    database
}

/// The notes as the log has them in the end.
async fn last(database: &Database) -> Vec<String> {
    let mut last: Vec<String> = sqlx::query_scalar(
        "select aggregate_id || '=' || (payload->>'body') || '@' || sequence from log.events \
         where aggregate_type = 'note' and (aggregate_id, sequence) in \
               (select aggregate_id, max(sequence) from log.events where aggregate_type = 'note' group by 1)",
    )
    .fetch_all(&database.owner)
    .await
    .unwrap();
    last.sort();
    last
}

async fn made(database: &Database) -> Vec<String> {
    let mut made = rows(database).await;
    made.sort();
    made
}

async fn position(database: &Database) -> i64 {
    runs(&database.owner, None, 10).await.unwrap()[0].position
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_of_many_events_that_is_killed_goes_on_behind_its_last_stretch() {
    let database = very_long().await;
    let mut killed = open(&database, Notes::default(), rebuilding()).await.unwrap();
    while position(&database).await == 0 {
        assert_eq!(killed.step().await.unwrap(), RebuildStep::Folded);
    }
    // In the midst of the second one.
    assert_eq!(killed.step().await.unwrap(), RebuildStep::Folded);
    drop(killed);
    assert_eq!(position(&database).await, FIRST);
    // Nor while the server has not heard of its death.
    let held = "select count(*) from pg_stat_activity where datname = current_database() and backend_xmin is not null \
                and pid <> pg_backend_pid()";
    eventually("the killed one's transactions end", async || database.count(held).await == 0).await;

    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    assert_eq!(rebuild.progress().position, FIRST);
    let outcome = finish(&mut rebuild).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound() && outcome.run == 1 && outcome.position == LONG, "{outcome:?}");
    assert_eq!(database.count("select events from rebuild.runs").await, LONG / 40);
    assert_eq!((made(&database).await.len(), made(&database).await), (100, last(&database).await));
    assert_eq!(counts(&database).await, [format!("acme:50:{}", LONG / 40), format!("beta:50:{}", LONG / 40 - 1)]);
    // The tables were unlogged while they were filled.
    let settled = "select count(*) from pg_class where oid = 'read.test_notes'::regclass and relpersistence = 'p' \
                   and reloptions is null and relallvisible = relpages";
    assert_eq!(database.count(settled).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_sorted_by_the_same_number_keep_their_order() {
    let database = crate::projection::notes::database().await;
    let (one, other): (String, String) = sqlx::query_as(
        "select min(id), max(id) from (select 'acme/' || n as id from generate_series(1, 500000) as n) as ids \
         group by hashtext(id) having count(*) = 2 limit 1",
    )
    .fetch_one(&database.owner)
    .await
    .unwrap();
    let fill = format!(
        "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, \
                                 event_version, payload, metadata, recorded_at) \
         select n, gen_random_uuid(), 'acme', n, 'note', case n % 2 when 0 then '{one}' else '{other}' end, (n + 1) / 2, 'NoteWritten', '1', \
                json_build_object('body', n::text), '{{}}', now() from generate_series(1, {EVENTS}) as n"
    );
    database.owner.execute(fill.as_str()).await.unwrap();
    database.owner.execute("update read.checkpoints set version = 0").await.unwrap();
    let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound(), "{outcome:?}");
    assert_eq!((made(&database).await.len(), made(&database).await), (2, last(&database).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sorted_before_its_tenant_was_deleted_is_not_folded() {
    let database = very_long().await;
    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    while position(&database).await == 0 {
        assert_eq!(rebuild.step().await.unwrap(), RebuildStep::Folded);
    }
    let sorted = "select count(*) from pg_stat_activity where datname = current_database() and query like '%hashtext(tenant_id)%' \
                  and (state = 'idle' or wait_event_type = 'Client') and pid <> pg_backend_pid()";
    eventually("the second stretch is sorted", async || database.count(sorted).await == 2).await;

    let deleted = format!(
        "insert into log.deletions (tenant_id, kept_position, last_position, last_tenant_position, asked_by) \
         values ('acme', {FIRST}, {LONG}, {LONG} / 40, 'a test')"
    );
    database.owner.execute(deleted.as_str()).await.unwrap();
    let mut deletion = Deletion::resume(&database.owner, "acme").await.unwrap().unwrap();
    soon("the deletion", async { while deletion.step().await.unwrap() != Step::Finished {} }).await;
    let refused = rebuild.step().await.unwrap_err();
    assert!(matches!(refused, RebuildError::Superseded), "{refused}");
    drop(rebuild);

    let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound() && outcome.run == 1, "{outcome:?}");
    assert_eq!((made(&database).await.len(), made(&database).await), (50, last(&database).await));
}

/// A log of wide events of 50 notes. Nothing serves that a rebuild could be compared with.
async fn wide(events: i64) -> Database {
    let database = crate::projection::notes::database().await;
    let fill = format!(
        "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, \
                                 event_version, payload, metadata, recorded_at) \
         select n, gen_random_uuid(), 'acme', n, 'note', 'acme/' || n % 50, (n - 1) / 50 + 1, 'NoteWritten', '1', \
                json_build_object('body', n::text, 'more', repeat('x', 1500)), '{{}}', now() from generate_series(1, {events}) as n"
    );
    database.owner.execute(fill.as_str()).await.unwrap();
    database.owner.execute("update read.checkpoints set version = 0").await.unwrap();
    database
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stretch_whose_reader_is_cut_off_leaves_nothing_and_is_begun_again() {
    // More than fits between two processes.
    let database = wide(30_000).await;
    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    // It is begun, and its first chunk folded.
    for _ in 0..2 {
        assert_eq!(rebuild.step().await.unwrap(), RebuildStep::Folded);
    }
    let cut_off = "select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity \
                   where datname = current_database() and query like '%hashtext(tenant_id)%' and pid <> pg_backend_pid()) as cut";
    assert_eq!(database.count(cut_off).await, 2);
    let failed = loop {
        match rebuild.step().await {
            Ok(RebuildStep::Folded) => {}
            Ok(step) => panic!("{step:?}"),
            Err(failed) => break failed,
        }
    };
    assert!(failed.is_transient(), "{failed}");
    drop(rebuild);
    assert_eq!(database.count("select count(*) from rebuild_1.test_notes").await, 0);
    assert_eq!(position(&database).await, 0);

    let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound() && outcome.run == 1, "{outcome:?}");
    assert_eq!((made(&database).await.len(), made(&database).await), (50, last(&database).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_no_room_to_sort_the_log_goes_by_pages() {
    // More than is sorted in memory, and pages of which each fits.
    let database = wide(100_000).await;
    let no_room =
        "do $$ begin execute format('alter database %I set temp_file_limit = ''16MB''', current_database()); end $$";
    database.owner.execute(no_room).await.unwrap();
    let mut rebuild = open(&database, Notes::default(), rebuilding()).await.unwrap();
    // It is tried, and given up.
    for _ in 0..2 {
        assert_eq!(rebuild.step().await.unwrap(), RebuildStep::Folded);
    }
    assert_eq!(rebuild.progress().position, 0);
    assert_eq!(rebuild.step().await.unwrap(), RebuildStep::Folded);
    let first = position(&database).await;
    assert!((1..=8192).contains(&first), "a page, and not {first}");
    let outcome = finish(&mut rebuild).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound(), "{outcome:?}");
    assert_eq!((made(&database).await.len(), made(&database).await), (50, last(&database).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_cannot_be_taken_in_stops_its_tenant_there() {
    // Of tenant 1, the last of its note: what another event of the same batch replaces is never written.
    let database = long("case n when 11950 then 'much too long' else n::text end").await;
    assert_eq!(database.count("select count(*) from read.stalls").await, 1);
    let (rows_before, counts_before) = (rows(&database).await, counts(&database).await);
    let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound() && outcome.comparison.is_some(), "{outcome:?}");
    assert_eq!(outcome.stalled, ["tenant1"]);
    assert_eq!((rows(&database).await, counts(&database).await), (rows_before, counts_before));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_to_go_slowly_goes_by_pages() {
    let database = long("n::text").await;
    let pace = Pace { per_second: NonZeroU32::new(1_000_000), max_lag: None };
    let mut rebuild = open(&database, Notes::default(), RebuildRequest { pace, ..rebuilding() }).await.unwrap();
    assert_eq!(rebuild.step().await.unwrap(), RebuildStep::Folded);
    assert_eq!(runs(&database.owner, None, 10).await.unwrap()[0].position, 8192);
    assert!(finish(&mut rebuild).await.unwrap().is_sound());
}
