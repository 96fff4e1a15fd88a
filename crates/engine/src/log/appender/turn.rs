//! A turn at the log: the append lock, held from before commands are decided until they are committed.
//!
//! Of two processes at one stream, the one that has just appended decides what comes next on what it has at hand. The other
//! one is refused, reads the stream and decides, and by then it is too late again: it got a hundredth of the stream here, for
//! seconds. Whoever was outrun too often therefore decides while nobody can append. That holds everybody up for as long as it
//! takes to read one tail and to decide, and is rare: from then on it is the other one who comes too late.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use sqlx::{Executor, PgConnection};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Appender, has_code};
use crate::log::append::{Append, Appended};
use crate::log::batch::Stream;
use crate::log::pending::{Answer, Gathered, Pending};

/// A command that other processes were faster than so often, and each time it has been so often again, asks for a turn.
const OUTRUN: u32 = 4;
/// How long a turn waits for it. Nobody can append meanwhile.
const TURN: Duration = Duration::from_millis(10);
/// How often a turn begins again, for what was decided on its way between lock and telling.
const PASSES: usize = 3;
/// How long taking the lock or giving it back may take.
const CALL: Duration = Duration::from_secs(1);
/// After a turn that nobody has used there is none for this long, and each time twice as long.
const PAUSE: Duration = Duration::from_millis(20);
const MOST_DOUBLINGS: u32 = 8;
/// Somebody else has the lock for long.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Who is to have a turn, and whether it is on.
#[derive(Default)]
pub(super) struct Turns {
    /// The streams of the last batch that others were faster at once too often.
    outrun: HashSet<Stream>,
    is_on: bool,
    unused: u32,
    not_before: Option<Instant>,
}

impl Turns {
    /// A batch begins. Within a turn it adds to what came before.
    pub(super) fn begin_batch(&mut self) {
        if !self.is_on {
            self.outrun.clear();
        }
    }

    /// Another process has moved a stream of the batch on; this is what came of one append of it.
    pub(super) fn note(&mut self, pending: &Pending, outcome: &Appended) {
        let is_outrun = *outcome == Appended::Conflict && !pending.reply.is_closed();
        if is_outrun && (self.is_on || (pending.append.outrun + 1).is_multiple_of(OUTRUN)) {
            self.outrun.extend(streams(&pending.append));
        }
    }

    fn is_due(&self) -> bool {
        !self.outrun.is_empty() && self.not_before.is_none_or(|until| until <= Instant::now())
    }

    fn was_used(&mut self, is_used: bool) {
        if is_used {
            (self.unused, self.not_before) = (0, None);
            return;
        }
        counter!("tidemark_append_turns_unused_total").increment(1);
        self.not_before = Some(Instant::now() + PAUSE * (1 << self.unused));
        self.unused = (self.unused + 1).min(MOST_DOUBLINGS);
    }
}

impl Appender {
    /// If somebody was outrun too often: tells them so while nobody can append, and commits what they decide on what is
    /// there now.
    pub(super) async fn take_turn(&mut self) {
        if !self.turns.is_due() || !self.begin_turn().await {
            return;
        }
        for _ in 0..PASSES {
            let mut awaited = mem::take(&mut self.turns.outrun);
            self.tell();
            let over = Instant::now() + TURN;
            let mut gathered = Gathered::default();
            while !awaited.is_empty() {
                let Ok(Some(next)) = timeout_at(over, self.queue.recv()).await else { break };
                if next.append.is_felled() {
                    // It was on its way already, and is to be decided again within the turn, too.
                    self.decide(next, Ok(Appended::Conflict));
                    self.tell();
                    continue;
                }
                streams(&next.append).for_each(|stream| drop(awaited.remove(&stream)));
                gathered.push(next);
                if !gathered.has_room() {
                    self.append(mem::take(&mut gathered).batch).await;
                }
            }
            self.turns.was_used(awaited.is_empty());
            let batch = self.gather(gathered).await;
            if !batch.is_empty() {
                self.append(batch).await;
            }
            if self.turns.outrun.is_empty() {
                break;
            }
        }
        self.end_turn().await;
    }

    /// Takes the lock, unless others have it for long. Who has not to decide again is told before.
    async fn begin_turn(&mut self) -> bool {
        let (outrun, certain) = mem::take(&mut self.answers).into_iter().partition(Answer::is_conflict);
        self.answers = certain;
        self.tell();
        self.answers = outrun;
        let Some(writer) = &mut self.connection else { return false };
        match timeout(CALL, take(&mut writer.connection)).await {
            Ok(Ok(())) => {
                counter!("tidemark_append_turns_total").increment(1);
                self.turns.is_on = true;
            }
            Ok(Err(error)) if has_code(&error, LOCK_NOT_AVAILABLE) => {}
            _ => self.connection = None,
        }
        self.turns.is_on
    }

    /// Gives the lock back, if this is a turn. What has come of it so far is told meanwhile.
    pub(super) async fn end_turn(&mut self) {
        if !mem::take(&mut self.turns.is_on) {
            return;
        }
        let answers = mem::take(&mut self.answers);
        let telling = async { answers.into_iter().for_each(Answer::tell) };
        let Some(writer) = &mut self.connection else { return telling.await };
        let (left, ()) = tokio::join!(biased; timeout(CALL, leave(&mut writer.connection)), telling);
        if !matches!(left, Ok(Ok(()))) {
            // The lock goes with the session.
            self.connection = None;
        }
    }
}

/// The streams that an append was decided on top of.
fn streams(append: &Append) -> impl Iterator<Item = Stream> {
    let decided_on = append.expectations.iter().filter(|expectation| expectation.round.is_some());
    decided_on.map(|expectation| (expectation.aggregate_type, Arc::clone(&expectation.aggregate_id)))
}

/// Takes the lock that `log.enter` takes, until [`leave`] or the end of the session. Who holds it and says nothing for a
/// second has its session ended: nobody is to wait for somebody who was cut off.
async fn take(connection: &mut PgConnection) -> sqlx::Result<()> {
    let taking = "set local lock_timeout = '400ms'; set idle_session_timeout = '1s'; select pg_advisory_lock(7953749933313450591)";
    connection.execute(taking).await.map(drop)
}

/// Gives the lock back.
async fn leave(connection: &mut PgConnection) -> sqlx::Result<()> {
    connection.execute("select pg_advisory_unlock(7953749933313450591); reset idle_session_timeout").await.map(drop)
}
