//! Writes what follows from the rows of a shadow and was put off while the log was folded: once a row, whatever had
//! happened to it, in place of once a change.

use sqlx::PgConnection;

use super::RebuildError;
use super::take::Shadow;
use crate::projection::failure::is_deterministic;
use crate::projection::{Change, Projection};

/// Rows that are taken at once.
const PAGE: i64 = 8192;

/// Where the database has refused what is derived, nothing tells whose event that was: the run begins again, and puts
/// nothing off.
pub(super) async fn or_start_over<P: Projection, T>(
    shadow: &Shadow<P>,
    position: i64,
    derived: Result<T, RebuildError>,
) -> Result<T, RebuildError> {
    match derived {
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

/// Derives within a transaction that has the run.
pub(super) async fn write<P: Projection>(
    shadow: &Shadow<P>,
    transaction: &mut PgConnection,
) -> Result<(), RebuildError> {
    // The rows are committed, and nobody changes them while that transaction has the run.
    let mut reading = shadow.begin().await?;
    let mut rows = shadow.projection.load_after(&mut reading, None, PAGE).await?;
    while let Some((last, _)) = rows.last() {
        let last = last.clone();
        let changes: Vec<_> =
            rows.into_iter().map(|(key, row)| Change { key, before: None, after: Some(row) }).collect();
        let writing = shadow.projection.store_derived(transaction, &changes);
        let read = shadow.projection.load_after(&mut reading, Some(&last), PAGE);
        ((), rows) = tokio::try_join!(writing, read)?;
    }
    shadow.claim.note_derived(transaction).await?;
    Ok(())
}
