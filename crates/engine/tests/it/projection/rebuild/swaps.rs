//! What serves afterwards, and what is refused.

use serde_json::json;
use sqlx::Executor;
use tidemark_engine::projection::{
    Definition, Projection, RebuildError, StepError, drop_former, install, roll_back, runs,
};

use super::kinds::{Changed, Forgetful, Louder, Shouting};
use super::{filled, open, rebuilding, run, schemas, verifying};
use crate::database::Database;
use crate::projection::notes::{Notes, checkpoint, counts, database, fold_to, rows, runner, write};

/// Definitions of indexes, policies and grants of the tables that serve.
async fn outfit(database: &Database) -> Vec<String> {
    sqlx::query_scalar(
        "select indexdef from pg_indexes where schemaname = 'read' and tablename like 'test%' \
         union all select tablename || policyname || roles::text || cmd || coalesce(qual, '') || coalesce(with_check, '') from pg_policies where schemaname = 'read' and tablename like 'test%' \
         union all select relname || relacl::text || relrowsecurity || relforcerowsecurity from pg_class where relnamespace = 'read'::regnamespace and relkind = 'r' and relname like 'test%' order by 1",
    )
    .fetch_all(&database.owner)
    .await
    .unwrap()
}

async fn identity(database: &Database) -> i64 {
    database.count("select 'read.test_notes'::regclass::oid::bigint").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_equals_what_serves_and_takes_its_place() {
    let database = filled().await;
    let (rows_before, counts_before) = (rows(&database).await, counts(&database).await);
    let (outfit_before, identity_before) = (outfit(&database).await, identity(&database).await);
    let outcome = run(&database, Notes::default(), rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound() && outcome.position == 40, "{outcome:?}");
    assert_eq!(outcome.comparison.unwrap().position, 40);
    assert_eq!((rows(&database).await, counts(&database).await), (rows_before, counts_before));
    assert_eq!(checkpoint(&database).await, 40);
    assert_eq!(outfit(&database).await, outfit_before);
    assert_ne!(identity(&database).await, identity_before);
    assert_eq!(schemas(&database).await, ["former_1"]);
    let history = runs(&database.owner, None, 10).await.unwrap();
    assert_eq!(
        (history[0].state.as_str(), history[0].differences, history[0].started_by.as_str()),
        ("swapped", Some(0), "a test")
    );
    // The former tables of an earlier swap go with the next.
    run(&database, Notes::default(), rebuilding()).await.unwrap();
    assert_eq!(schemas(&database).await, ["former_2"]);
    assert!(drop_former::<Notes>(&database.owner).await.unwrap());
    assert!(!drop_former::<Notes>(&database.owner).await.unwrap());
    assert_eq!(schemas(&database).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_goes_on_after_a_swap_and_after_a_rollback() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    for n in 0..10 {
        write(&database, "acme", &format!("n{n}"), "one").await;
    }
    fold_to(&database, &mut worker, 10).await.unwrap();
    run(&database, Notes::default(), rebuilding()).await.unwrap();
    for n in 10..20 {
        write(&database, "acme", &format!("n{n}"), "two").await;
    }
    fold_to(&database, &mut worker, 20).await.unwrap();
    assert_eq!(counts(&database).await, ["acme:20:20"]);

    assert_eq!(roll_back::<Notes>(&database.owner).await.unwrap(), 10);
    assert_eq!((counts(&database).await, checkpoint(&database).await), (vec!["acme:10:10".to_owned()], 10));
    assert_eq!(schemas(&database).await, [""; 0]);
    fold_to(&database, &mut worker, 20).await.unwrap();
    assert_eq!(counts(&database).await, ["acme:20:20"]);
    assert!(matches!(roll_back::<Notes>(&database.owner).await, Err(RebuildError::NothingToRollBack(_))));
    assert!(run(&database, Notes::default(), verifying()).await.unwrap().is_sound());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn former_tables_that_show_an_erased_person_do_not_serve_again() {
    let database = database().await;
    let mut worker = runner(&database, &Notes::default());
    write(&database, "acme", "ada", "one").await;
    fold_to(&database, &mut worker, 1).await.unwrap();
    run(&database, Notes::default(), rebuilding()).await.unwrap();
    write(&database, "acme", "ada", "two").await;
    let erasing = "update log.events set metadata = '{\"erases\":\"ada\"}' where position = 2";
    database.owner.execute(erasing).await.unwrap();
    let refused = roll_back::<Notes>(&database.owner).await;
    assert!(matches!(refused, Err(RebuildError::FormerShowsErased(_))), "{refused:?}");
    fold_to(&database, &mut worker, 2).await.unwrap();
    assert_eq!(counts(&database).await, ["acme:1:2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reducer_that_has_changed_without_its_version_is_refused() {
    let database = filled().await;
    let (rows_before, identity_before) = (rows(&database).await, identity(&database).await);
    let outcome = run(&database, Shouting(Notes::default()), rebuilding()).await.unwrap();
    assert!(!outcome.is_swapped && !outcome.is_sound());
    let comparison = outcome.comparison.unwrap();
    assert_eq!((comparison.differing, comparison.first.len()), (7, 7));
    let first = &comparison.first[0];
    assert_eq!(
        (first.table.as_str(), first.tenant.as_str(), &first.key),
        ("test_notes", "beta", &json!({ "note_id": "n1" }))
    );
    assert_eq!(first.columns(), [("body".to_owned(), json!("29"), json!("29!"))]);
    assert_eq!((rows(&database).await, identity(&database).await), (rows_before, identity_before));

    // What was folded is still there for whoever accepts it.
    let accepting = tidemark_engine::projection::RebuildRequest { accept_differences: true, ..rebuilding() };
    let accepted = run(&database, Shouting(Notes::default()), accepting).await.unwrap();
    assert!(accepted.is_swapped && accepted.run == outcome.run, "{accepted:?}");
    assert!(rows(&database).await.contains(&"beta/n13=27!@2".to_owned()));
    assert_eq!(runs(&database.owner, None, 1).await.unwrap()[0].differences, Some(7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_serves_only_once_it_is_swapped_in() {
    let database = filled().await;
    // The deploy: the new version is known, the old tables serve.
    install(&database.owner, &[Definition::of::<Louder>()]).await.unwrap();
    assert_eq!(rows(&database).await.len(), 14);
    let mut old = runner(&database, &Notes::default());
    let mut new = tidemark_engine::projection::Runner::new(
        Louder(Notes::default()),
        database.connect_as("tidemark_projection"),
        database.connect_as("tidemark_log"),
        database.feed_in(1),
    )
    .with_patience(std::time::Duration::from_millis(20));
    assert!(matches!(new.step().await, Err(StepError::OtherVersion { installed: 1, code: 2, .. })));
    write(&database, "acme", "n0", "old").await;
    fold_to(&database, &mut old, 41).await.unwrap();
    // It is behind the log when the new version comes to the head.
    old.release().await.unwrap();
    write(&database, "gamma", "g", "new").await;

    let outcome = run(&database, Louder(Notes::default()), rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.comparison.is_none() && outcome.position == 42, "{outcome:?}");
    assert_eq!(counts(&database).await, ["acme:7:21", "beta:7:20", "gamma:1:1"]);
    assert!(rows(&database).await.contains(&"gamma/g=NEW!@1".to_owned()));
    assert_eq!(
        database
            .count("select count(*) from pg_indexes where indexname = 'test_notes_by_body' and schemaname = 'read'")
            .await,
        1
    );
    assert!(matches!(old.step().await, Err(StepError::OtherVersion { installed: 2, code: 1, .. })));
    let refused = run(&database, Notes::default(), rebuilding()).await;
    assert!(matches!(refused, Err(RebuildError::OtherVersion { installed: 2, code: 1, .. })));
    write(&database, "gamma", "g", "more").await;
    loop {
        new.step().await.unwrap();
        if checkpoint(&database).await == 43 {
            break;
        }
    }
    assert!(rows(&database).await.contains(&"gamma/g=MORE!@2".to_owned()));
    new.release().await.unwrap();

    // Back to the old version, whose table list is another one.
    assert_eq!(roll_back::<Louder>(&database.owner).await.unwrap(), 41);
    assert_eq!(counts(&database).await, ["acme:7:21", "beta:7:20"]);
    assert_eq!(database.count("select count(*) from pg_tables where tablename = 'test_marks'").await, 0);
    fold_to(&database, &mut old, 43).await.unwrap();
    assert!(rows(&database).await.contains(&"gamma/g=more@2".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_column_keeps_its_type_under_its_name() {
    let database = filled().await;
    let refused = open(&database, Changed(Notes::default()), rebuilding()).await.map(drop);
    assert_eq!(
        refused.unwrap_err().to_string(),
        "column version of test_notes would change its type from bigint to numeric: give the new one another name"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification_finds_drift_and_leaves_nothing_behind() {
    let database = filled().await;
    assert!(run(&database, Notes::default(), verifying()).await.unwrap().is_sound());
    database
        .owner
        .execute(
            "update read.test_notes set body = 'drift' where tenant_id = 'acme' and note_id = 'n2'; \
             delete from read.test_notes where tenant_id = 'beta' and note_id = 'n5'; \
             update read.progress set tenant_position = 3 where tenant_id = 'beta'",
        )
        .await
        .unwrap();
    let outcome = run(&database, Notes::default(), verifying()).await.unwrap();
    let comparison = outcome.comparison.as_ref().unwrap();
    let found: Vec<_> =
        comparison.first.iter().map(|one| (one.table.as_str(), one.tenant.as_str(), one.live.is_some())).collect();
    assert_eq!(found, [("progress", "beta", true), ("test_notes", "acme", true), ("test_notes", "beta", false)]);
    assert!(!outcome.is_sound() && !outcome.is_swapped && comparison.differing == 3);
    assert_eq!(schemas(&database).await, [""; 0]);
    let of_one = tidemark_engine::projection::RebuildRequest { tenant: Some("acme".to_owned()), ..verifying() };
    assert_eq!(run(&database, Notes::default(), of_one).await.unwrap().comparison.unwrap().differing, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistake_that_is_made_on_both_sides_is_found_by_counting() {
    let database = database().await;
    for note in ["a", "lost", "b"] {
        write(&database, "acme", note, "one").await;
    }
    write(&database, "beta", "a", "one").await;
    let mut worker = tidemark_engine::projection::Runner::new(
        Forgetful(Notes::default()),
        database.connect_as("tidemark_projection"),
        database.connect_as("tidemark_log"),
        database.feed_in(1),
    )
    .with_patience(std::time::Duration::from_millis(20));
    while checkpoint(&database).await < 4 {
        worker.step().await.unwrap();
    }
    let outcome = run(&database, Forgetful(Notes::default()), verifying()).await.unwrap();
    assert_eq!(outcome.comparison.as_ref().unwrap().differing, 0);
    let failed: Vec<_> =
        outcome.failed_checks.iter().map(|one| (one.check, one.tenant.as_str(), one.in_log, one.in_tables)).collect();
    assert_eq!(failed, [("notes", "acme", 3, 2)]);
    assert!(!outcome.is_sound());
    assert!(!run(&database, Forgetful(Notes::default()), rebuilding()).await.unwrap().is_swapped);
    assert_eq!(Forgetful::VERSION, Notes::VERSION);
}
