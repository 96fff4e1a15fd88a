//! A room at work: takes what is due for it, has it carried out, and writes down what came of it, all that has ended at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::attempt::{Ended, carry_out};
use super::take::{settle, take};
use super::{DispatcherSettings, Handler, Room};
use crate::database::{ANSWER, in_time};

/// How long an effect in hand may take to end at a shutdown; after it, it comes back by itself.
const GRACE: Duration = Duration::from_secs(10);
/// How long to wait before the ledger is asked again that has not answered.
const RETRY: Duration = Duration::from_millis(500);
/// The time between the beginnings of two steps, at least. Whatever ends meanwhile is one statement, and one that ends alone
/// does not wait.
const BREATH: Duration = Duration::from_millis(3);

/// What one step has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stepped {
    /// How many effects it has begun to carry out.
    pub(super) begun: usize,
    /// How many it has given up, whose places are free for others.
    given_up: usize,
}

/// One room of the dispatcher.
pub(super) struct Desk {
    settings: Arc<DispatcherSettings>,
    room: Room,
    handlers: Vec<Arc<dyn Handler>>,
    kinds: Vec<&'static str>,
    in_hand: JoinSet<Option<Ended>>,
    /// What has ended and is not written down. It keeps its place until then.
    ended: Vec<Ended>,
    wake: Arc<Notify>,
}

impl Desk {
    pub(super) fn new(settings: Arc<DispatcherSettings>, room: Room, handlers: Vec<Arc<dyn Handler>>) -> Self {
        let kinds = handlers.iter().map(|handler| handler.kind()).collect();
        Self { settings, room, handlers, kinds, in_hand: JoinSet::new(), ended: Vec::new(), wake: Arc::default() }
    }

    /// To be told when there may be something for it.
    pub(super) fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Writes down what has ended, which lets the next of its key go, and takes what is due as far as there are places.
    pub(super) async fn step(&mut self) -> sqlx::Result<Stepped> {
        self.collect();
        self.settle().await?;
        let stepped = self.take().await?;
        metrics::gauge!("tidemark_effects_in_hand", "room" => self.room.name()).set(self.in_hand.len() as f64);
        Ok(stepped)
    }

    /// Waits until nothing is in hand any more, and all of it is written down.
    pub(super) async fn finish(&mut self) {
        loop {
            if self.ended.is_empty() {
                let Some(ended) = self.in_hand.join_next().await else { return };
                self.note(ended);
            }
            self.collect();
            if let Err(error) = self.settle().await {
                tracing::warn!(room = self.room.name(), %error, "what came of effects was not written down; trying again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    /// Works until `shutdown`, and waits a little for what is in hand then.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        let overdue = async {
            shutdown.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::pin!(overdue);
        while !shutdown.is_cancelled() {
            let began = Instant::now();
            // A step is not cut short: what a statement had taken by then would be hidden from everybody until it comes back by
            // itself.
            let stepped = tokio::select! {
                () = &mut overdue => break,
                stepped = self.step() => stepped,
            };
            let rest = match stepped {
                Ok(Stepped { given_up: 0, .. }) => BREATH.saturating_sub(began.elapsed()),
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(room = self.room.name(), %error, "the ledger could not be asked; trying again");
                    RETRY
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.rest(rest) => {}
            }
        }
        if tokio::time::timeout(GRACE, self.finish()).await.is_err() {
            let left = self.in_hand.len() + self.ended.len();
            tracing::warn!(room = self.room.name(), left, "effects in hand were left; they come back by themselves");
        }
    }

    /// Waits for something to do, and at least for so long.
    async fn rest(&mut self, least: Duration) {
        let rested = tokio::time::sleep(least);
        if self.ended.is_empty() {
            tokio::select! {
                // What ends makes room, and lets the next of its key go.
                Some(ended) = self.in_hand.join_next() => self.note(ended),
                () = self.wake.notified() => {}
                () = tokio::time::sleep(self.settings.poll) => {}
            }
        }
        rested.await;
    }

    fn collect(&mut self) {
        while let Some(ended) = self.in_hand.try_join_next() {
            self.note(ended);
        }
    }

    fn note(&mut self, ended: Result<Option<Ended>, JoinError>) {
        match ended {
            Ok(ended) => self.ended.extend(ended),
            Err(error) => tracing::error!(room = self.room.name(), %error, "an effect's task died; it comes again"),
        }
    }

    /// As long as nobody else can have taken it, each is tried again: its outcome stays in hand until the ledger has it.
    async fn settle(&mut self) -> sqlx::Result<()> {
        let patience = self.settings.time_for_one * 2;
        self.ended.retain(|ended| {
            let is_in_time = ended.taken_at.elapsed() < patience;
            if !is_in_time {
                let effect = ended.settlement.effect;
                tracing::error!(%effect, "what came of an effect was not written down; it comes again");
            }
            is_in_time
        });
        if self.ended.is_empty() {
            return Ok(());
        }
        let settlements = self.ended.iter().map(|ended| &ended.settlement);
        let settled = in_time(ANSWER, settle(&self.settings.pool, self.room, settlements)).await?;
        let settled: HashSet<_> = settled.into_iter().collect();
        for ended in self.ended.drain(..) {
            let effect = ended.settlement.effect;
            if !settled.contains(&effect) {
                tracing::warn!(%effect, "this effect was settled before, or another worker has taken it since");
            }
        }
        Ok(())
    }

    async fn take(&mut self) -> sqlx::Result<Stepped> {
        let free = self.room.places().saturating_sub(self.in_hand.len());
        if free == 0 {
            return Ok(Stepped { begun: 0, given_up: 0 });
        }
        // Counted from before the effects are hidden, so that our clock gives up no later than the database's.
        let taken_at = Instant::now();
        let settings = &self.settings;
        let hidden = settings.time_for_one * 2;
        let taking = take(&settings.pool, self.room, &self.kinds, free, hidden, settings.attempts);
        let taken = in_time(ANSWER, taking).await?;
        let begun = taken.effects.len();
        for effect in taken.effects {
            // Only effects of these kinds were asked for.
            let Some(handler) = self.handlers.iter().find(|handler| handler.kind() == effect.kind) else { continue };
            let carried_out = carry_out(Arc::clone(settings), Arc::clone(handler), effect, taken_at);
            self.in_hand.spawn(carried_out);
        }
        Ok(Stepped { begun, given_up: taken.given_up })
    }
}
