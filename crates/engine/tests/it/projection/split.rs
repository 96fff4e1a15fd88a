//! Read models in a database of their own: what spans both goes on to hold.

use std::time::Duration;

use sqlx::Executor;
use tidemark_engine::database::Databases;
use tidemark_engine::epoch;
use tidemark_engine::projection::{
    Definition, Outcome, Rebuild, RebuildError, RebuildRequest, RebuildStep, Runner, Skipping, SourceError, Step,
    StepError, drop_former, drop_left_behind, ensure_source, have_moved_away, install, left_behind, roll_back, runs,
    skip, skips, stalls,
};

use super::notes::{Notes, checkpoint, counts, database, fold_to, rows, runner, write};
use super::rebuild::{finish, rebuilding, schemas, verifying};
use crate::database::Database;

/// An installation of two databases, with notes installed.
struct Split {
    log: Database,
    read: Database,
}

impl Split {
    async fn new() -> Self {
        let split = Self { log: Database::new().await, read: Database::new().await };
        install(split.owner(), &[Definition::of::<Notes>()]).await.unwrap();
        split
    }

    /// Forty notes of two tenants, folded.
    async fn filled() -> Self {
        let split = Self::new().await;
        for n in 0..40 {
            write(&split.log, ["acme", "beta"][n % 2], &format!("n{}", n % 14), &format!("{n}")).await;
        }
        split.fold().await;
        split
    }

    fn owner(&self) -> Databases {
        Databases::two(self.log.owner.clone(), self.read.owner.clone())
    }

    fn worker(&self, notes: &Notes, epoch: i32) -> Runner<Notes> {
        let (read, log) = (self.read.connect_as("tidemark_projection"), self.log.connect_as("tidemark_log"));
        Runner::new(notes.clone(), read, log, self.log.feed_in(epoch)).with_patience(Duration::from_millis(20))
    }

    /// Folds all there is.
    async fn fold(&self) {
        let head = self.log.count("select max(position) from log.events").await;
        let mut worker = self.worker(&Notes::default(), 1);
        fold_to(&self.read, &mut worker, head).await.unwrap();
        worker.release().await.unwrap();
    }

    async fn state(&self) -> (Vec<String>, Vec<String>) {
        (rows(&self.read).await, counts(&self.read).await)
    }

    async fn open(&self, request: RebuildRequest) -> Result<Rebuild<Notes>, RebuildError> {
        Rebuild::open(Notes::default().into(), self.owner(), request).await
    }

    async fn run(&self, request: RebuildRequest) -> Result<Outcome, RebuildError> {
        finish(&mut self.open(request).await?).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_model_is_verified_rebuilt_rolled_back_and_mended() {
    let split = Split::filled().await;
    let before = split.state().await;
    assert!(split.run(verifying()).await.unwrap().is_sound());
    let outcome = split.run(rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.is_sound() && outcome.comparison.is_some(), "{outcome:?}");
    assert_eq!(split.state().await, before);

    write(&split.log, "acme", "late", "late").await;
    split.fold().await;
    assert_eq!(roll_back::<Notes>(split.owner()).await.unwrap(), 40);
    assert_eq!(split.state().await, before);
    split.fold().await;
    assert_eq!(split.state().await.1, ["acme:8:21", "beta:7:20"]);

    split
        .read
        .owner
        .execute("update read.test_notes set body = 'drift' where tenant_id = 'beta' and note_id = 'n1'")
        .await
        .unwrap();
    let outcome = split.run(verifying()).await.unwrap();
    assert_eq!(outcome.comparison.unwrap().differing, 1);
    let only = RebuildRequest { tenant: Some("beta".to_owned()), ..rebuilding() };
    assert!(split.run(only).await.unwrap().is_swapped);
    assert!(split.run(verifying()).await.unwrap().is_sound());

    assert!(split.run(rebuilding()).await.unwrap().is_swapped);
    assert!(drop_former::<Notes>(split.owner()).await.unwrap());
    // Nothing of all this lies where the log is, and nothing of the log where the read models are.
    assert_eq!(schemas(&split.log).await, [""; 0]);
    assert!(runs(&split.log.owner, None, 1).await.unwrap().is_empty());
    assert_eq!(checkpoints(&split.log).await, 0);
    assert_eq!(split.read.count("select count(*) from log.events").await, 0);
}

async fn checkpoints(database: &Database) -> i64 {
    database.count("select count(*) from read.checkpoints").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_was_killed_after_any_step_is_gone_on_with() {
    let split = Split::filled().await;
    let before = split.state().await;
    let mut has_ended = false;
    for steps in 1.. {
        let mut killed = split.open(rebuilding()).await.unwrap();
        for _ in 0..steps {
            has_ended = matches!(killed.step().await.unwrap(), RebuildStep::Finished(_));
            if has_ended {
                break;
            }
        }
        drop(killed);
        let outcome = split.run(rebuilding()).await.unwrap();
        assert!(outcome.is_swapped && outcome.is_sound(), "after {steps} steps: {outcome:?}");
        assert_eq!((split.state().await, checkpoint(&split.read).await), (before.clone(), 40));
        if has_ended {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_takes_over_and_the_former_one_writes_nothing_more() {
    let split = Split::new().await;
    let (mut first, mut second) = (split.worker(&Notes::default(), 1), split.worker(&Notes::default(), 1));
    assert_eq!((first.step().await.unwrap(), second.step().await.unwrap()), (Step::Leading, Step::Standby));
    split.read.owner.execute("update read.leases set until = '-infinity'").await.unwrap();
    assert_eq!(second.step().await.unwrap(), Step::Leading);
    write(&split.log, "acme", "a", "one").await;
    let refused = loop {
        match first.step().await.unwrap() {
            Step::Idle => {}
            step => break step,
        }
    };
    assert_eq!((refused, checkpoint(&split.read).await), (Step::Superseded, 0));
    fold_to(&split.read, &mut second, 1).await.unwrap();
    assert_eq!(rows(&split.read).await, ["acme/a=one@1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_erased_is_neither_skipped_nor_rolled_back() {
    let split = Split::new().await;
    let mut worker = split.worker(&Notes::default(), 1);
    write(&split.log, "acme", "ada", "one").await;
    fold_to(&split.read, &mut worker, 1).await.unwrap();
    assert!(split.run(rebuilding()).await.unwrap().is_swapped);
    write(&split.log, "acme", "ada", "far too long for this").await;
    write(&split.log, "beta", "bo", "this too is too long").await;
    split
        .log
        .owner
        .execute("update log.events set metadata = '{\"erases\":\"ada\"}' where position = 2")
        .await
        .unwrap();
    fold_to(&split.read, &mut worker, 3).await.unwrap();
    assert_eq!(stalls(&split.read.owner, None).await.unwrap().len(), 2);
    let asked = async |tenant: &str| skip(split.owner(), "test.notes", tenant, "a reason", "me").await.unwrap();
    assert_eq!((asked("acme").await, asked("nobody").await), (Skipping::Erases, Skipping::NotStopped));
    assert!(matches!(asked("beta").await, Skipping::Done(skipped) if skipped.position == 3));
    let refused = roll_back::<Notes>(split.owner()).await;
    assert!(matches!(refused, Err(RebuildError::FormerShowsErased(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_that_are_ahead_of_a_restored_log_are_made_anew() {
    let split = Split::filled().await;
    split.log.owner.execute("delete from log.events where position > 30").await.unwrap();
    // Before anybody has noticed: nothing is folded onto what never was.
    write(&split.log, "acme", "n0", "another").await;
    let early = split.worker(&Notes::default(), 1).step().await;
    assert!(matches!(early, Err(StepError::LostTimeline { cut: 31, .. })), "{early:?}");

    let raised = epoch::raise(&split.log.owner, Some(30), "an operator").await.unwrap();
    assert_eq!(epoch::ahead(&split.owner(), &raised).await.unwrap(), ["test.notes"]);
    assert!(matches!(split.run(verifying()).await, Err(RebuildError::LostTimeline(_))));
    let outcome = split.run(rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.comparison.is_none(), "{outcome:?}");
    assert_eq!(epoch::ahead(&split.owner(), &raised).await.unwrap(), [""; 0]);
    write(&split.log, "acme", "n0", "new").await;
    let mut worker = split.worker(&Notes::default(), raised.epoch);
    fold_to(&split.read, &mut worker, 32).await.unwrap();
    assert_eq!(split.state().await.1, ["acme:7:17", "beta:7:15"]);
    let refused = roll_back::<Notes>(split.owner()).await;
    assert!(matches!(refused, Err(RebuildError::FormerOfAnotherEpoch(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_whose_log_was_restored_and_has_outgrown_them_are_made_anew() {
    let split = Split::filled().await;
    split.log.owner.execute("delete from log.events where position > 30").await.unwrap();
    for n in 0..20 {
        write(&split.log, "acme", &format!("other{n}"), "other").await;
    }
    // Nobody has raised the epoch, and the log is longer than it was.
    let refused = split.worker(&Notes::default(), 1).step().await;
    assert!(matches!(refused, Err(StepError::OtherEvent { position: 40, .. })), "{refused:?}");
    assert_eq!(checkpoint(&split.read).await, 40);
    assert!(matches!(split.run(verifying()).await, Err(RebuildError::LostTimeline(_))));
    let outcome = split.run(rebuilding()).await.unwrap();
    assert!(outcome.is_swapped && outcome.comparison.is_none() && outcome.position == 50, "{outcome:?}");
    assert_eq!(split.state().await.1, ["acme:27:35", "beta:7:15"]);
    assert!(split.run(verifying()).await.unwrap().is_sound());
    // What served before shows what was lost.
    let refused = roll_back::<Notes>(split.owner()).await;
    assert!(matches!(refused, Err(RebuildError::FormerOfAnotherEpoch(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_epoch_that_is_raised_late_names_what_the_log_has_outgrown() {
    let split = Split::filled().await;
    let raised = epoch::raise(&split.log.owner, Some(40), "an operator").await.unwrap();
    assert_eq!(epoch::ahead(&split.owner(), &raised).await.unwrap(), [""; 0]);
    split.log.owner.execute("delete from log.events where position > 30").await.unwrap();
    for n in 0..20 {
        write(&split.log, "acme", &format!("other{n}"), "other").await;
    }
    let raised = epoch::raise(&split.log.owner, Some(50), "an operator").await.unwrap();
    assert_eq!(epoch::ahead(&split.owner(), &raised).await.unwrap(), ["test.notes"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_of_a_log_that_was_restored_meanwhile_is_not_gone_on_with() {
    let split = Split::filled().await;
    let mut left = split.open(rebuilding()).await.unwrap();
    assert_eq!(left.step().await.unwrap(), RebuildStep::Folded);
    split.log.owner.execute("delete from log.events where position > 30").await.unwrap();
    for n in 0..20 {
        write(&split.log, "acme", &format!("other{n}"), "other").await;
    }
    let refused = finish(&mut left).await;
    assert!(matches!(refused, Err(RebuildError::Superseded)), "{refused:?}");
    drop(left);
    assert!(split.run(rebuilding()).await.unwrap().is_swapped);
    assert_eq!(split.state().await.1, ["acme:27:35", "beta:7:15"]);
    assert_eq!(runs(&split.read.owner, None, 2).await.unwrap()[1].state, "abandoned");
}

/// The event that a checkpoint is bound to, if it is.
async fn bound_to(split: &Split) -> Option<i64> {
    let event: Option<uuid::Uuid> =
        sqlx::query_scalar("select event_id from read.checkpoints").fetch_one(&split.read.owner).await.unwrap();
    let position = sqlx::query_scalar("select position from log.events where event_id = $1");
    position.bind(event).fetch_optional(&split.log.owner).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_names_its_event_whoever_has_moved_it() {
    let split = Split::filled().await;
    assert_eq!(bound_to(&split).await, Some(40));
    split.run(rebuilding()).await.unwrap();
    assert_eq!(bound_to(&split).await, Some(40));
    write(&split.log, "acme", "late", "late").await;
    split.fold().await;
    assert_eq!(bound_to(&split).await, Some(41));
    assert_eq!(roll_back::<Notes>(split.owner()).await.unwrap(), 40);
    assert_eq!(bound_to(&split).await, Some(40));
    // A worker of a version that knows of no events moves it: then it is of none, until one that does leads.
    split.read.owner.execute("update read.checkpoints set position = 39").await.unwrap();
    assert_eq!(bound_to(&split).await, None);
    assert_eq!(split.worker(&Notes::default(), 1).step().await.unwrap(), Step::Leading);
    assert_eq!(bound_to(&split).await, Some(39));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_of_another_epoch_is_not_gone_on_with() {
    let split = Split::filled().await;
    let mut left = split.open(rebuilding()).await.unwrap();
    left.step().await.unwrap();
    epoch::raise(&split.log.owner, None, "an operator").await.unwrap();
    let refused = finish(&mut left).await;
    assert!(matches!(refused, Err(RebuildError::Superseded)), "{refused:?}");
    drop(left);
    assert!(split.run(rebuilding()).await.unwrap().is_swapped);
    assert_eq!(runs(&split.read.owner, None, 2).await.unwrap()[1].state, "abandoned");
}

const KEPT: [&str; 4] = ["checkpoints", "progress", "test_notes", "test_counts"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_that_were_restored_from_earlier_catch_up() {
    let split = Split::filled().await;
    split.read.owner.execute("create schema earlier").await.unwrap();
    for table in KEPT {
        split.read.owner.execute(format!("create table earlier.{table} as table read.{table}").as_str()).await.unwrap();
    }
    for n in 0..20 {
        write(&split.log, "acme", &format!("n{n}"), "later").await;
    }
    split.fold().await;
    let before = split.state().await;
    for table in KEPT {
        let restore = format!("truncate read.{table}; insert into read.{table} select * from earlier.{table}");
        sqlx::raw_sql(&restore).execute(&split.read.owner).await.unwrap();
    }
    assert_ne!(split.state().await, before);
    split.fold().await;
    assert_eq!(split.state().await, before);
    assert!(split.run(verifying()).await.unwrap().is_sound());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_of_another_log_are_refused() {
    let (split, stranger) = (Split::filled().await, Database::new().await);
    let mixed = Databases::two(stranger.owner.clone(), split.read.owner.clone());
    let refused = install(&mixed, &[Definition::of::<Notes>()]).await.unwrap_err().to_string();
    assert!(refused.contains("another log"), "{refused}");
    assert!(matches!(ensure_source(&mixed).await, Err(SourceError::Foreign)));
    ensure_source(&split.owner()).await.unwrap();

    // One that nobody has said anything about, but which has a log of its own.
    write(&stranger, "acme", "a", "theirs").await;
    let mixed = Databases::two(split.log.owner.clone(), stranger.owner.clone());
    assert!(matches!(ensure_source(&mixed).await, Err(SourceError::NotInstalled)));
    assert!(install(&mixed, &[Definition::of::<Notes>()]).await.is_err());
    assert_eq!(checkpoints(&stranger).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_move_and_leave_nothing_behind() {
    let former = database().await;
    let mut worker = runner(&former, &Notes::default());
    write(&former, "acme", "a", "one").await;
    write(&former, "acme", "b", "far too long for this").await;
    fold_to(&former, &mut worker, 2).await.unwrap();
    assert!(matches!(skip(&former.owner, "test.notes", "acme", "a cat", "me").await.unwrap(), Skipping::Done(_)));
    super::rebuild::run(&former, Notes::default(), rebuilding()).await.unwrap();
    let served = rows(&former).await;
    // Two names of one database are no move.
    let aliases = Databases::two(former.owner.clone(), former.owner.clone());
    assert_eq!(drop_left_behind(&aliases).await.unwrap(), [""; 0]);
    assert_eq!(rows(&former).await, served);

    let split = Split { log: former, read: Database::new().await };
    install(split.owner(), &[Definition::of::<Notes>()]).await.unwrap();
    split.fold().await;
    assert_eq!(rows(&split.read).await, served);
    assert!(stalls(&split.read.owner, None).await.unwrap().is_empty());
    assert_eq!(skips(&split.read.owner, None).await.unwrap(), skips(&split.log.owner, None).await.unwrap());

    // Whoever does not know that they have moved is told so, though the former ones are still there.
    assert!(have_moved_away(&split.log.connect_as("tidemark_log")).await.unwrap());
    let forgotten = Databases::one(split.log.connect_as("tidemark_log"));
    assert!(matches!(ensure_source(&forgotten).await, Err(SourceError::Elsewhere)));

    assert_eq!(left_behind(&split.owner()).await.unwrap(), ["test.notes"]);
    assert_eq!(drop_left_behind(&split.owner()).await.unwrap(), ["test.notes"]);
    assert_eq!(drop_left_behind(&split.owner()).await.unwrap(), [""; 0]);
    let left = "select count(*) from pg_tables where tablename like 'test_%' or schemaname like 'former%'";
    assert_eq!((split.log.count(left).await, checkpoints(&split.log).await), (0, 0));
    assert_eq!(rows(&split.read).await, served);
    // And back again.
    install(&split.log.owner, &[Definition::of::<Notes>()]).await.unwrap();
    ensure_source(&forgotten).await.unwrap();
    let mut worker = runner(&split.log, &Notes::default());
    fold_to(&split.log, &mut worker, 2).await.unwrap();
    assert_eq!(rows(&split.log).await, served);
}
