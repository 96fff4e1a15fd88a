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
    let mut after = None;
    loop {
        let rows = shadow.projection.load_after(&mut transaction, after.as_ref(), PAGE).await?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(last.clone());
        let changes: Vec<_> =
            rows.into_iter().map(|(key, row)| Change { key, before: None, after: Some(row) }).collect();
        shadow.projection.store_derived(&mut transaction, &changes).await?;
    }
    shadow.claim.note_derived(&mut transaction).await?;
    transaction.commit().await?;
    Ok(())
}
