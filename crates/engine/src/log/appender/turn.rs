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
use crate::log::pending::{Answer, Gathered, Pending, tell_all};

/// A command that was decided so often in vain asks for a turn when another process is faster again.
const TRIES: u32 = 4;
/// How long a turn waits for those that it is taken for. Nobody can append meanwhile.
const TURN: Duration = Duration::from_millis(10);
/// How often that begins again within a turn, for what was decided on its way between lock and telling.
const PASSES: usize = 3;
/// How long taking the lock or giving it back may take.
const CALL: Duration = Duration::from_secs(1);
/// After a turn that was of no use to anybody there is none for this long, and each time twice as long. After any other there
/// is none for as long as it took.
const PAUSE: Duration = Duration::from_millis(20);
const MOST_DOUBLINGS: u32 = 8;
/// Somebody else has the lock for long.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Who is to have a turn, and when the next one may be.
#[derive(Default)]
pub(super) struct Turns {
    /// The streams of the last batch whose commands ask for one.
    wanted: HashSet<Stream>,
    in_vain: u32,
    not_before: Option<Instant>,
}

impl Turns {
    fn are_due(&self) -> bool {
        !self.wanted.is_empty() && self.not_before.is_none_or(|until| until <= Instant::now())
    }

    /// A turn is over, or could not be had.
    fn end(&mut self, began: Instant, is_used: bool) {
        let now = Instant::now();
        let in_vain = PAUSE * (1 << self.in_vain);
        self.not_before = Some(now + if is_used { now - began } else { in_vain });
        self.in_vain = if is_used { 0 } else { (self.in_vain + 1).min(MOST_DOUBLINGS) };
    }
}

impl Appender {
    /// A batch begins. Within a turn it adds to who asks for another one.
    pub(super) fn begin_wanting(&mut self) {
        if !self.has_turn() {
            self.turns.wanted.clear();
        }
    }

    /// Takes note of an append that is to be decided again because another process was faster.
    pub(super) fn note_outrun(&mut self, pending: &Pending) {
        if !pending.reply.is_closed() && (self.has_turn() || pending.append.tries >= TRIES) {
            self.turns.wanted.extend(streams(&pending.append));
        }
    }

    /// If somebody was outrun too often: tells them so while nobody can append, and commits what they decide on what is
    /// there now.
    pub(super) async fn take_turn(&mut self) {
        if !self.turns.are_due() {
            return;
        }
        let began = Instant::now();
        let mut is_used = false;
        if self.begin_turn().await {
            for _ in 0..PASSES {
                let mut awaited = mem::take(&mut self.turns.wanted);
                let streams = awaited.len();
                self.tell_now();
                let gathered = self.gather_awaited(&mut awaited).await;
                is_used = awaited.len() < streams;
                let batch = self.gather(gathered).await;
                if !batch.is_empty() {
                    self.append(batch).await;
                }
                if self.turns.wanted.is_empty() || !is_used || !self.has_turn() {
                    break;
                }
            }
            if !is_used {
                counter!("tidemark_append_turns_unused_total").increment(1);
            }
            self.end_turn().await;
        }
        self.turns.end(began, is_used);
    }

    /// Gathers until a command of each awaited stream has come, a batch is full, or a turn has lasted long enough.
    async fn gather_awaited(&mut self, awaited: &mut HashSet<Stream>) -> Gathered {
        let over = Instant::now() + TURN;
        let mut gathered = Gathered::default();
        // The clock is asked here, too: who always finds something in the queue never waits for it.
        while !awaited.is_empty() && gathered.has_room() && Instant::now() < over {
            let Ok(Some(next)) = timeout_at(over, self.queue.recv()).await else { break };
            if next.append.is_felled() {
                // It was on its way already, and is to be decided again within the turn, too. What came before it may be
                // decided below it.
                let before = mem::take(&mut gathered).batch;
                if !before.is_empty() {
                    self.append(before).await;
                }
                self.decide(next, Ok(Appended::Conflict));
                self.tell_now();
                continue;
            }
            for stream in streams(&next.append) {
                awaited.remove(&stream);
            }
            gathered.push(next);
        }
        gathered
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
                writer.has_turn = true;
                return true;
            }
            Ok(Err(error)) if has_code(&error, LOCK_NOT_AVAILABLE) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "the log was not to be had for a turn");
                self.connection = None;
            }
            Err(error) => {
                tracing::warn!(%error, "the log was not to be had for a turn");
                self.connection = None;
            }
        }
        false
    }

    /// Gives the lock back, if this is a turn. What has come of it so far is told meanwhile.
    pub(super) async fn end_turn(&mut self) {
        let answers = mem::take(&mut self.answers);
        let telling = async { tell_all(answers) };
        let Some(writer) = self.connection.as_mut().filter(|writer| writer.has_turn) else { return telling.await };
        writer.has_turn = false;
        let (left, ()) = tokio::join!(biased; timeout(CALL, leave(&mut writer.connection)), telling);
        if !matches!(left, Ok(Ok(()))) {
            // The lock goes with the session.
            tracing::warn!(outcome = ?left, "the lock of a turn was not given back in time");
            self.connection = None;
        }
    }

    /// Tells them one by one: nobody else can append until they have asked again.
    fn tell_now(&mut self) {
        self.answers.drain(..).for_each(Answer::tell);
    }

    fn has_turn(&self) -> bool {
        self.connection.as_ref().is_some_and(|writer| writer.has_turn)
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn wait(milliseconds: u64) {
        tokio::time::advance(Duration::from_millis(milliseconds)).await;
    }

    fn wanted() -> Turns {
        Turns { wanted: HashSet::from([("post", Arc::from("acme/a"))]), ..Turns::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_has_the_log_for_more_than_half_of_the_time() {
        let mut turns = wanted();
        assert!(turns.are_due());
        let began = Instant::now();
        wait(7).await;
        turns.end(began, true);
        wait(6).await;
        assert!(!turns.are_due());
        wait(1).await;
        assert!(turns.are_due());
    }

    #[tokio::test(start_paused = true)]
    async fn turns_in_vain_become_rare_until_one_is_used() {
        let mut turns = wanted();
        for pause in [20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 5120] {
            turns.end(Instant::now(), false);
            wait(pause - 1).await;
            assert!(!turns.are_due(), "{pause}");
            wait(1).await;
            assert!(turns.are_due(), "{pause}");
        }
        turns.end(Instant::now(), true);
        assert!(turns.are_due());
        turns.end(Instant::now(), false);
        wait(20).await;
        assert!(turns.are_due());
    }
}
