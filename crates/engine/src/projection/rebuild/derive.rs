//! Writes what follows from the rows of a shadow and was put off while the log was folded: once a row, whatever had
//! happened to it, in place of once a change.

use super::RebuildError;
use super::take::Shadow;
use crate::projection::failure::is_deterministic;
use crate::projection::{Change, Projection};

/// Rows that are taken at once.
const PAGE: i64 = 8192;

/// Does it in one transaction, for the shadow at `position`. Where the database refuses it, nothing tells whose event that
/// was: the run begins again, and puts nothing off. To be run in a task that nobody drops.
pub(super) async fn run<P: Projection>(shadow: Shadow<P>, position: i64) -> Result<(), RebuildError> {
    match derive(&shadow, position).await {
        Err(RebuildError::Database(error)) if is_deterministic(&error) => {
            let mut transaction = shadow.begin().await?;
            shadow.claim.ensure(&mut transaction, position).await?;
            shadow.claim.start_over::<P>(&mut transaction, false).await?;
            transaction.commit().await?;
            Err(RebuildError::StartedOver(error))
        }
        derived => derived,
    }
}

async fn derive<P: Projection>(shadow: &Shadow<P>, position: i64) -> Result<(), RebuildError> {
    let mut transaction = shadow.begin().await?;
    shadow.claim.ensure(&mut transaction, position).await?;
    // The rows are committed, and nobody changes them while the first transaction has the run.
    let mut reading = shadow.begin().await?;
    let mut rows = shadow.projection.load_after(&mut reading, None, PAGE).await?;
    while let Some((last, _)) = rows.last() {
        let last = last.clone();
        let changes: Vec<_> =
            rows.into_iter().map(|(key, row)| Change { key, before: None, after: Some(row) }).collect();
        let writing = shadow.projection.store_derived(&mut transaction, &changes);
        let read = shadow.projection.load_after(&mut reading, Some(&last), PAGE);
        ((), rows) = tokio::try_join!(writing, read)?;
    }
    shadow.claim.note_derived(&mut transaction).await?;
    transaction.commit().await?;
    Ok(())
}
