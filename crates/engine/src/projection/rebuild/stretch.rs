//! Folds a long stretch of the log stream by stream: a row is read and written once, however often its stream has changed it there.
//!
//! It is for projections whose rows are of one stream each ([`Projection::BY_STREAM`]): for them only the order within streams
//! matters, and the log's server can sort more events than fit in memory. All of a stretch is one transaction. Where an
//! event cannot be taken in, nothing of the stretch is, and pages go through it, which find out what that event is and go on.

use std::time::Duration;

use sqlx::{PgConnection, Postgres, Transaction};

use super::pages::{LARGEST, Source};
use super::reading::{Chunk, Reading};
use super::shadow;
use super::take::{Shadow, Stopped};
use super::{Pace, RebuildError, RebuildRequest};
use crate::database::{WORK, in_time};
use crate::projection::Projection;
use crate::projection::apply::{Rows, store, write_rows};
use crate::projection::failure::is_deterministic;

/// The most positions in a stretch. One that is lost with its process has taken seconds, and the row of the run is held for
/// no longer; and sorting it takes the log's server no more than some hundred megabytes on its disk.
const LONGEST: i64 = 1 << 19;
/// How long the log's server may take for the next chunk, the first one sorted. The row of the run is held meanwhile.
const PATIENCE: Duration = Duration::from_secs(300);

/// Whether so many positions are folded stream by stream. What is to go slowly goes by pages, and so does a single page.
pub(super) fn goes_by_stretches<P: Projection>(request: &RebuildRequest, positions: i64) -> bool {
    P::BY_STREAM && request.tenant.is_none() && request.pace == Pace::default() && positions > LARGEST
}

/// Whether one stretch goes from the beginning of the log to `target`, so that each row is written once.
pub(super) fn is_one_stretch<P: Projection>(request: &RebuildRequest, target: i64) -> bool {
    goes_by_stretches::<P>(request, target) && target <= LONGEST
}

/// The stretches of a rebuild: the one that is folded, and the next one, which is sorted meanwhile.
pub(super) struct Stretches<P: Projection> {
    present: Option<Stretch<P>>,
    next: Option<Reading<P>>,
    /// Unset once one could not be read or taken in: from then on each is sorted at its turn.
    sorts_ahead: bool,
}

/// A stretch under way. Dropping it leaves nothing of it.
struct Stretch<P: Projection> {
    shadow: Shadow<P>,
    transaction: Transaction<'static, Postgres>,
    reading: Reading<P>,
    /// How many events were folded so far.
    folded: usize,
}

/// What a step has come to.
pub(super) enum Stretched {
    /// The stretch goes on.
    On,
    /// It is taken in, up to this position.
    Taken(i64),
    /// Something up to this position cannot be taken in, and nothing was.
    Refused(i64),
}

impl<P: Projection> Stretches<P> {
    /// None, yet.
    pub(super) const fn new() -> Self {
        Self { present: None, next: None, sorts_ahead: true }
    }

    /// Whether one is under way: it goes to its end, whatever comes meanwhile.
    pub(super) const fn are_under_way(&self) -> bool {
        self.present.is_some()
    }

    /// How many events of the present one were folded.
    pub(super) fn folded(&self) -> usize {
        self.present.as_ref().map_or(0, |stretch| stretch.folded)
    }

    /// Begins the stretch behind a position, on the way to another, or folds the next chunk of the one that is under way.
    pub(super) async fn step(
        &mut self,
        shadow: &Shadow<P>,
        source: &Source<P>,
        (position, target): (i64, i64),
        stopped: &Stopped,
    ) -> Result<Stretched, RebuildError> {
        let read = |from: i64| Reading::begin(source.clone(), (from, target.min(from + LONGEST)));
        let Some(stretch) = self.present.take() else {
            let reading = match self.next.take().filter(|next| next.from == position) {
                Some(reading) => reading,
                None => read(position).await?,
            };
            let beginning = Stretch::begin(shadow.clone(), source.clone(), reading, stopped.clone());
            self.present = Some(tokio::spawn(beginning).await??);
            return Ok(Stretched::On);
        };
        let (stretched, stretch) = tokio::spawn(stretch.step()).await??;
        match (&stretched, &stretch) {
            (Stretched::On, Some(Stretch { reading, .. }))
                if self.sorts_ahead && self.next.is_none() && target - reading.to > LARGEST =>
            {
                // This one is sorted by now.
                match read(reading.to).await {
                    Ok(next) => self.next = Some(next),
                    Err(error) => {
                        tracing::info!(projection = P::NAME, %error, "nothing is sorted ahead");
                        self.sorts_ahead = false;
                    }
                }
            }
            // Nobody knows how long pages will take, and there may be no room for two.
            (Stretched::Refused(_), _) => (self.next, self.sorts_ahead) = (None, false),
            _ => {}
        }
        self.present = stretch;
        Ok(stretched)
    }
}

impl<P: Projection> Stretch<P> {
    /// Begins the stretch that is read. To be run in a task that nobody drops.
    async fn begin(
        shadow: Shadow<P>,
        source: Source<P>,
        mut reading: Reading<P>,
        stopped: Stopped,
    ) -> Result<Self, RebuildError> {
        let Reading { from, to, end, .. } = reading;
        let mut transaction = shadow.begin().await?;
        // From now on whoever deletes a tenant waits for this. If that was done since the stretch was sorted, the fence has risen, and this
        // is refused, as it is with pages that were read ahead.
        shadow.claim.go(&mut transaction, from, (to, end), 0).await?;
        reading.go_on(stopped);
        if from == 0 {
            shadow::clear(&mut transaction, &shadow.claim.schema).await?;
        }
        let reached = in_time(WORK, source.reached(from, to)).await?;
        shadow.note_progress(&mut transaction, &reached).await?;
        Ok(Self { shadow, transaction, reading, folded: 0 })
    }

    /// Folds a chunk, or ends the stretch behind the last. To be run in a task that nobody drops.
    async fn step(mut self) -> Result<(Stretched, Option<Self>), RebuildError> {
        let Reading { from, to, .. } = self.reading;
        let Some(chunk) = in_time(PATIENCE, self.reading.next()).await? else {
            // Of what could not be read to its end nothing may stay.
            match self.reading.end().await {
                // There is no room to sort it: pages need none.
                Err(RebuildError::Database(error)) if is_for_want_of_room(&error) => {
                    tracing::warn!(projection = P::NAME, %error, "the log is read page by page");
                    return give_up(self.shadow, self.transaction, (from, to)).await;
                }
                read => read?,
            }
            // History may have been cut since it was begun.
            self.shadow.claim.go(&mut self.transaction, to, (to, None), self.folded).await?;
            self.transaction.commit().await?;
            return Ok((Stretched::Taken(to), None));
        };
        let is_refused = match self.take(&chunk).await {
            Ok(is_taken) => !is_taken,
            Err(error) if is_deterministic(&error) => true,
            // Pages take less at once, and nothing is sorted beside them.
            Err(error) if is_for_want_of_room(&error) => {
                tracing::warn!(projection = P::NAME, %error, "the log is taken in page by page");
                true
            }
            Err(error) => return Err(error.into()),
        };
        if is_refused {
            return give_up(self.shadow, self.transaction, (from, to)).await;
        }
        self.folded += chunk.count;
        Ok((Stretched::On, Some(self)))
    }

    /// Writes what a chunk comes to; false where something in it cannot be taken in.
    async fn take(&mut self, chunk: &Chunk<P>) -> sqlx::Result<bool> {
        if chunk.is_refused {
            return Ok(false);
        }
        let (projection, rows) = (&*self.shadow.projection, self.shadow.claim.rows);
        let connection: &mut PgConnection = &mut self.transaction;
        store(projection, connection, rows, &chunk.new).await?;
        let known: Vec<_> = chunk.known.iter().collect();
        Ok(known.is_empty() || write_rows(projection, connection, rows, &known).await?.is_empty())
    }
}

/// Leaves a stretch to pages, which write rows again and again: from the beginning, into tables that are made for that.
async fn give_up<P: Projection>(
    shadow: Shadow<P>,
    transaction: Transaction<'static, Postgres>,
    (from, to): (i64, i64),
) -> Result<(Stretched, Option<Stretch<P>>), RebuildError> {
    transaction.rollback().await?;
    if from == 0 {
        let mut transaction = shadow.begin().await?;
        shadow.claim.ensure(&mut transaction, from).await?;
        shadow.claim.start_over::<P>(&mut transaction, shadow.claim.rows == Rows::Own).await?;
        transaction.commit().await?;
    }
    Ok((Stretched::Refused(to), None))
}

/// Whether the server lacks disk or memory, or may use no more (class 53 of its codes).
fn is_for_want_of_room(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("53"))
}
