//! Writes one batch: as a whole where it can be, else command by command.

use std::collections::{HashMap, HashSet};

use metrics::{counter, gauge};
use sqlx::{Connection, PgConnection};

use super::append::{Append, Appended, Place};
use super::batch::{Base, Batch, Pen};
use super::settle::{self, Settled, Verdict};
use super::tip::Tip;
use super::{erase, rows};

/// A connection with what it may append under.
pub(super) struct Writer {
    pub(super) connection: PgConnection,
    pub(super) pen: Pen,
    /// Whether its session holds the append lock, for a turn.
    pub(super) has_turn: bool,
}

/// What came of a batch.
pub(super) struct Written {
    /// One for each append, in their order.
    pub(super) outcomes: Vec<Appended>,
    /// Which of them are to be decided again because another process was faster.
    pub(super) outrun: HashSet<usize>,
}

/// Commits a batch as a whole where it can be, else command by command under one hold of the lock.
pub(super) async fn write(writer: &mut Writer, tip: &mut Tip, appends: &[&Append]) -> sqlx::Result<Written> {
    let batch = Batch::of(appends.iter().copied(), tip);
    if batch.is_clean() {
        match call_with_rows(writer, &batch, appends).await {
            Ok(Some(base)) => {
                advance(tip, &batch, &base, appends);
                let outcomes = (0..appends.len()).map(|n| Appended::Committed(batch.place(&base, n))).collect();
                return Ok(Written { outcomes, outrun: HashSet::new() });
            }
            Ok(None) => {}
            Err(error) if is_taken_place(&error) => {
                counter!("tidemark_append_batches_outrun_total").increment(1);
                tip.beware();
            }
            Err(error) => return Err(error),
        }
    }
    drop(batch);
    counter!("tidemark_append_batches_settled_total").increment(1);
    settle_batch(writer, tip, appends).await
}

/// A batch was committed on `base`.
fn advance(tip: &mut Tip, batch: &Batch<'_>, base: &Base, committed: &[&Append]) {
    gauge!("tidemark_log_head").set(base.head(batch.events()) as f64);
    if batch.events() > 0 {
        batch.advance(tip, base);
        tip.prove(committed.iter().copied());
    }
}

/// Whether the error says that somebody else's event has the place in a stream that one of the batch was to take.
fn is_taken_place(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.is_unique_violation() && error.constraint() == Some("events_stream"))
}

/// One call where the events are all there is, else a transaction around it.
async fn call_with_rows(writer: &mut Writer, batch: &Batch<'_>, appends: &[&Append]) -> sqlx::Result<Option<Base>> {
    if !rows::are_changed(appends) {
        return batch.call(&mut writer.connection, writer.pen).await;
    }
    let mut transaction = writer.connection.begin().await?;
    let Some(base) = batch.call(&mut transaction, writer.pen).await? else {
        transaction.rollback().await?;
        return Ok(None);
    };
    rows::change(&mut transaction, appends).await?;
    transaction.commit().await?;
    Ok(Some(base))
}

/// Decides a batch one by one under the lock and commits what is accepted.
async fn settle_batch(writer: &mut Writer, tip: &mut Tip, appends: &[&Append]) -> sqlx::Result<Written> {
    let pen = writer.pen;
    let mut transaction = writer.connection.begin().await?;
    sqlx::query("select log.enter($1, $2, $3)")
        .bind(pen.appender)
        .bind(pen.generation)
        .bind(pen.epoch)
        .execute(&mut *transaction)
        .await?;
    if !tip.is_in(&mut transaction).await? {
        tracing::warn!("the last event that this process appended is no longer in the log: its end was lost");
        tip.forget();
    }
    let facts = settle::examine(&mut transaction, appends).await?;
    let Settled { verdicts, moves, outrun } = settle::decide(facts, appends);
    let accepted: Vec<&Append> =
        appends.iter().zip(&verdicts).filter(|(_, v)| **v == Verdict::Accept).map(|(a, _)| *a).collect();
    if accepted.is_empty() {
        // Of no use to anybody, while others wait for the lock.
        transaction.rollback().await?;
        let outcomes = verdicts.into_iter().filter_map(Verdict::refusal).map(refused).collect();
        return Ok(Written { outcomes, outrun });
    }
    let batch = Batch::settled(accepted.iter().copied(), &moves);
    let Some(base) = batch.call(&mut transaction, pen).await? else {
        transaction.rollback().await?;
        return Err(sqlx::Error::Protocol("a batch that was decided under the lock does not fit the log".into()));
    };
    rows::change(&mut transaction, &accepted).await?;
    erase::erase_subjects(&mut transaction, &accepted).await?;
    transaction.commit().await?;
    advance(tip, &batch, &base, &accepted);

    let mut places: HashMap<usize, Place> = HashMap::new();
    let mut nth_accepted = 0;
    let mut outcomes = Vec::with_capacity(appends.len());
    for (n, verdict) in verdicts.into_iter().enumerate() {
        outcomes.push(match verdict {
            Verdict::Accept => {
                let place = batch.place(&base, nth_accepted);
                nth_accepted += 1;
                places.insert(n, place);
                Appended::Committed(place)
            }
            Verdict::Refuse(outcome) => refused(outcome),
            Verdict::SameAs(first) => {
                let answer = appends[first].key.as_ref().map(|(_, answer)| answer.clone()).unwrap_or_default();
                Appended::Replayed { place: places[&first], answer }
            }
        });
    }
    Ok(Written { outcomes, outrun })
}

fn refused(outcome: Appended) -> Appended {
    if outcome == Appended::Conflict {
        counter!("tidemark_append_conflicts_total").increment(1);
    }
    outcome
}
