//! Projections of one process that pass events by.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgListener;
use sqlx::{Executor, PgConnection};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::projection::{
    Change, Checkpoints, Definition, Projection, ReducerError, Runner, Step, StepError, install,
};
use tokio::time::timeout;

use super::notes::{Notes, rows, write};
use crate::database::Database;

const LONG: Duration = Duration::from_secs(20);

/// A projection that no event of these tests concerns.
macro_rules! bystander {
    ($name:ident, $text:literal, $table:literal) => {
        struct $name;

        #[async_trait]
        impl Projection for $name {
            const NAME: &'static str = $text;
            const VERSION: i32 = 1;
            const TABLES: &'static [&'static str] = &[$table];
            const DDL: &'static str = concat!("create table ", $table, " (tenant_id text primary key)");
            const FOLLOWS: &'static [&'static str] = &["nothing"];
            type Event = ();
            type Key = ();
            type Row = ();

            fn decode(&self, event: &RecordedEvent) -> Result<(), ReducerError> {
                Err(ReducerError::unknown(event))
            }
            fn keys(&self, _: &RecordedEvent, (): &()) -> Result<Vec<()>, ReducerError> {
                Ok(Vec::new())
            }
            fn reduce(&self, (): &(), row: Option<()>, _: &RecordedEvent, (): &()) -> Result<Option<()>, ReducerError> {
                Ok(row)
            }
            async fn load(&self, _: &mut PgConnection, _: &[()]) -> sqlx::Result<HashMap<(), ()>> {
                Ok(HashMap::new())
            }
            async fn store(&self, _: &mut PgConnection, _: &[Change<(), ()>]) -> sqlx::Result<()> {
                Ok(())
            }
        }
    };
}

bystander!(Left, "test.left", "test_left");
bystander!(Right, "test.right", "test_right");

/// A process of one that is concerned and two that are not; all of them lead.
struct Process {
    database: Database,
    notes: Runner<Notes>,
    left: Runner<Left>,
    right: Runner<Right>,
}

impl Process {
    async fn start() -> Self {
        let database = Database::new().await;
        let definitions = [Definition::of::<Notes>(), Definition::of::<Left>(), Definition::of::<Right>()];
        install(&database.owner, &definitions).await.unwrap();
        let checkpoints = Checkpoints::start(database.connect_as("tidemark_projection"));
        let (notes, left, right) = (
            runner(&database, Notes::default(), &checkpoints),
            runner(&database, Left, &checkpoints),
            runner(&database, Right, &checkpoints),
        );
        let mut process = Self { database, notes, left, right };
        let leads = (process.notes.step().await, process.left.step().await, process.right.step().await);
        assert!(matches!(leads, (Ok(Step::Leading), Ok(Step::Leading), Ok(Step::Leading))));
        process
    }

    /// One step of each, at once.
    async fn step(&mut self) -> [Result<Step, StepError>; 3] {
        let stepping = async { tokio::join!(self.notes.step(), self.left.step(), self.right.step()).into() };
        timeout(LONG, stepping).await.expect("the steps end")
    }

    /// Every checkpoint with the progress of tenant `acme`.
    async fn places(&self) -> Vec<String> {
        sqlx::query_scalar(
            "select projection || ' ' || position || ' ' || coalesce(tenant_position, 0) \
             from read.checkpoints left join (select projection, tenant_position from read.progress where tenant_id = 'acme') p using (projection) order by 1",
        )
        .fetch_all(&self.database.owner)
        .await
        .unwrap()
    }
}

fn runner<P: Projection>(database: &Database, projection: P, checkpoints: &Checkpoints) -> Runner<P> {
    let (read, log) = (database.connect_as("tidemark_projection"), database.connect_as("tidemark_log"));
    Runner::new(projection, read, log, database.feed_in(1)).with_patience(LONG).with_checkpoints(checkpoints.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_an_event_does_not_concern_passes_it_and_everybody_is_told() {
    let mut process = Process::start().await;
    let mut heard = PgListener::connect_with(&process.database.owner).await.unwrap();
    heard.listen("tidemark_read").await.unwrap();
    write(&process.database, "acme", "a", "one").await;
    let steps = process.step().await;
    assert!(steps.iter().all(|step| matches!(step, Ok(Step::Took(1)))), "{steps:?}");
    assert_eq!(process.places().await, ["test.left 1 1", "test.notes 1 1", "test.right 1 1"]);
    assert_eq!(rows(&process.database).await, ["acme/a=one@1"]);
    let mut told = Vec::new();
    while told.len() < 3 {
        told.push(timeout(LONG, heard.recv()).await.expect("a notice").unwrap().payload().to_owned());
    }
    told.sort();
    assert_eq!(told, ["test.left acme=1", "test.notes acme=1", "test.right acme=1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_lost_the_lease_moves_nothing_beside_those_that_have_theirs() {
    let mut process = Process::start().await;
    process.database.owner.execute("update read.leases set holder = gen_random_uuid(), fence = fence + 1, until = 'infinity' where projection = 'test.left'").await.unwrap();
    write(&process.database, "acme", "a", "one").await;
    let [notes, left, right] = process.step().await;
    assert!(matches!((notes, right), (Ok(Step::Took(1)), Ok(Step::Took(1)))));
    assert!(matches!(left, Ok(Step::Superseded)), "{left:?}");
    assert_eq!(process.places().await, ["test.left 0 0", "test.notes 1 1", "test.right 1 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_somebody_is_about_to_take_holds_up_nobody_else() {
    let mut process = Process::start().await;
    let mut taking = process.database.owner.begin().await.unwrap();
    taking.execute("select from read.leases where projection = 'test.left' for update").await.unwrap();
    write(&process.database, "acme", "a", "one").await;
    let Process { database, notes, left, right } = &mut process;
    let mut waiting = Box::pin(left.step());
    let others = async { tokio::join!(notes.step(), right.step()) };
    let stepped = tokio::select! {
        stepped = timeout(LONG, others) => stepped.expect("the others go on"),
        early = &mut waiting => panic!("it did not wait: {early:?}"),
    };
    assert!(matches!(stepped, (Ok(Step::Took(1)), Ok(Step::Took(1)))), "{stepped:?}");
    taking.rollback().await.unwrap();
    let waited = timeout(LONG, waiting).await.expect("it goes on");
    assert!(matches!(waited, Ok(Step::Took(1))), "{waited:?}");
    let behind = "select count(*) from read.checkpoints where position < 1";
    assert_eq!(database.count(behind).await, 0);
}
