//! A read model is made anew beside the one that serves, and takes its place.

mod bulk;
mod deploys;
mod faults;
mod kinds;
mod readers;
mod stretches;
mod swaps;
mod tenants;

use std::sync::Arc;
use std::time::Duration;

use tidemark_engine::projection::{
    Outcome, Pace, Projection, Purpose, Rebuild, RebuildError, RebuildRequest, RebuildStep,
};
use tokio::time::Instant;

use super::notes::{Notes, fold_to, runner, write};
use crate::database::Database;

pub(crate) fn request(purpose: Purpose) -> RebuildRequest {
    RebuildRequest {
        purpose,
        tenant: None,
        accept_differences: false,
        anew: false,
        pace: Pace::default(),
        operator: "a test".to_owned(),
        keyring: None,
    }
}

pub(crate) fn rebuilding() -> RebuildRequest {
    request(Purpose::Rebuild)
}

pub(crate) fn verifying() -> RebuildRequest {
    request(Purpose::Verify)
}

pub(crate) async fn open<P: Projection>(
    database: &Database,
    projection: P,
    request: RebuildRequest,
) -> Result<Rebuild<P>, RebuildError> {
    Rebuild::open(Arc::new(projection), database.owner.clone(), request).await
}

/// Steps to the end.
pub(crate) async fn finish<P: Projection>(rebuild: &mut Rebuild<P>) -> Result<Outcome, RebuildError> {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        match rebuild.step().await? {
            RebuildStep::Finished(outcome) => return Ok(outcome),
            // Each step asks the database again, and is held up there by whoever is in the way.
            RebuildStep::Waiting(_) => tokio::task::yield_now().await,
            _ => {}
        }
        assert!(Instant::now() < deadline, "stuck at {:?}", rebuild.progress());
    }
}

pub(crate) async fn run<P: Projection>(
    database: &Database,
    projection: P,
    request: RebuildRequest,
) -> Result<Outcome, RebuildError> {
    finish(&mut open(database, projection, request).await?).await
}

/// Forty notes of two tenants, folded.
pub(crate) async fn filled() -> Database {
    let database = super::notes::database().await;
    for n in 0..40 {
        write(&database, ["acme", "beta"][n % 2], &format!("n{}", n % 14), &format!("{n}")).await;
    }
    let mut worker = runner(&database, &Notes::default());
    fold_to(&database, &mut worker, 40).await.unwrap();
    worker.release().await.unwrap();
    database
}

/// The schemas of shadows and former tables.
pub(crate) async fn schemas(database: &Database) -> Vec<String> {
    sqlx::query_scalar("select nspname::text from pg_namespace where nspname ~ '^(rebuild|former)_' order by 1")
        .fetch_all(&database.owner)
        .await
        .unwrap()
}
