//! Carries effects out: takes what is due, a few at once, and writes down what came of each.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::take::{settle, take};
use super::{Effect, Failed, Handler, Outcome, backoff};
use crate::database::{ANSWER, in_time};
use crate::log;
use crate::policy::standings;
use crate::trace::{self, Span, SpanKind, TraceParent};

/// How often the gauges are read.
const MEASURE: Duration = Duration::from_secs(5);
/// How long an effect in hand may take to end at a shutdown; after it, it comes back by itself.
const GRACE: Duration = Duration::from_secs(10);
/// How long an effect waits to know its trace.
const LOOK: Duration = Duration::from_secs(1);
/// How long to wait before what came of an effect is written down again.
const RETRY: Duration = Duration::from_millis(500);

/// What the dispatcher needs.
#[derive(Clone)]
pub struct DispatcherSettings {
    /// Writes the ledger.
    pub pool: PgPool,
    /// Reads the log, for the traces of the events that effects follow from; without it effects are in no trace.
    pub log: Option<PgPool>,
    /// Who carries out what. Effects of other kinds are left to workers of another version.
    pub handlers: Vec<Arc<dyn Handler>>,
    /// Told when there are new effects.
    pub wake: Arc<Notify>,
    /// How many are carried out at once.
    pub at_once: usize,
    /// How long one may take. An effect whose worker died comes back after twice this time.
    pub time_for_one: Duration,
    /// After so many failures an effect is a dead letter.
    pub attempts: i32,
    /// The pause after the first failure; it doubles with each.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How often the ledger is asked for what is due.
    pub poll: Duration,
}

impl DispatcherSettings {
    /// The usual settings: an effect is tried for about a day.
    #[must_use]
    pub fn new(pool: PgPool, handlers: Vec<Arc<dyn Handler>>, wake: Arc<Notify>) -> Self {
        Self {
            pool,
            log: None,
            handlers,
            wake,
            at_once: 16,
            time_for_one: Duration::from_secs(60),
            attempts: 32,
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_secs(3600),
            poll: Duration::from_secs(1),
        }
    }
}

/// The dispatcher of this process. Any number of them may share a ledger.
pub struct Dispatcher {
    settings: Arc<DispatcherSettings>,
    kinds: Vec<&'static str>,
    in_hand: JoinSet<()>,
}

impl Dispatcher {
    /// A dispatcher that has nothing in hand.
    #[must_use]
    pub fn new(settings: DispatcherSettings) -> Self {
        let kinds = settings.handlers.iter().map(|handler| handler.kind()).collect();
        Self { settings: Arc::new(settings), kinds, in_hand: JoinSet::new() }
    }

    /// Takes what is due, as far as there is room, and begins to carry it out; says how much that is.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn step(&mut self) -> sqlx::Result<usize> {
        while self.in_hand.try_join_next().is_some() {}
        let room = self.settings.at_once.saturating_sub(self.in_hand.len());
        if room == 0 {
            return Ok(0);
        }
        // Counted from before the effects are hidden, so that our clock gives up no later than the database's.
        let taken_at = Instant::now();
        let hidden = self.settings.time_for_one * 2;
        let taking = take(&self.settings.pool, &self.kinds, room as i64, hidden, self.settings.attempts);
        let taken = in_time(ANSWER, taking).await?;
        let count = taken.len();
        for effect in taken {
            self.in_hand.spawn(carry_out(Arc::clone(&self.settings), effect, taken_at));
        }
        Ok(count)
    }

    /// Waits until nothing is in hand any more.
    pub async fn finish(&mut self) {
        while self.in_hand.join_next().await.is_some() {}
    }

    /// Works until `shutdown`, and waits a little for what is in hand then. Whatever fails is tried again for ever.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut measured: Option<Instant> = None;
        loop {
            let stepped = tokio::select! {
                () = shutdown.cancelled() => break,
                // One statement. Were it dropped after it was executed, what it took would come back by itself.
                stepped = self.step() => stepped,
            };
            match stepped {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "no effects could be taken; trying again"),
            }
            if measured.is_none_or(|at| at.elapsed() >= MEASURE) {
                measured = Some(Instant::now());
                tokio::select! {
                    () = shutdown.cancelled() => break,
                    () = self.measure() => {}
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                // What ends makes room, and lets the next of its key go.
                Some(_) = self.in_hand.join_next() => {}
                () = self.settings.wake.notified() => {}
                () = tokio::time::sleep(self.settings.poll) => {}
            }
        }
        if tokio::time::timeout(GRACE, self.finish()).await.is_err() {
            tracing::warn!(effects = self.in_hand.len(), "effects in hand were left; they come back by themselves");
        }
    }

    async fn measure(&self) {
        match in_time(ANSWER, standings(&self.settings.pool)).await {
            Ok(standings) => {
                for standing in standings {
                    let due_for =
                        standing.due_since.map_or(0, |since| (chrono::Utc::now() - since).num_seconds().max(0));
                    let policy = standing.policy;
                    metrics::gauge!("tidemark_effects_pending", "policy" => policy.clone())
                        .set(standing.pending as f64);
                    metrics::gauge!("tidemark_effects_due_seconds", "policy" => policy.clone()).set(due_for as f64);
                    metrics::gauge!("tidemark_effects_dead", "policy" => policy).set(standing.dead as f64);
                }
            }
            Err(error) => tracing::debug!(%error, "the ledger could not be measured"),
        }
    }
}

async fn carry_out(settings: Arc<DispatcherSettings>, mut effect: Effect, taken_at: Instant) {
    let Some(handler) = settings.handlers.iter().find(|handler| handler.kind() == effect.kind) else { return };
    // A process that was frozen meanwhile may have lost it to another, so it leaves it alone.
    if taken_at.elapsed() > settings.time_for_one {
        return count(handler.kind(), "late");
    }
    let began = Instant::now();
    let parent = trace_of(&settings, &effect).await;
    let mut span = Span::child(parent, SpanKind::Consumer, "effect", handler.kind());
    span.set_text("tidemark.tenant", &effect.tenant_id);
    span.set_text("tidemark.policy", &effect.policy);
    span.set("tidemark.attempt", i64::from(effect.attempts));
    effect.trace = span.place();
    let handled = AssertUnwindSafe(handler.carry_out(&effect)).catch_unwind();
    let came_of_it = match tokio::time::timeout(settings.time_for_one, handled).await {
        Ok(Ok(came_of_it)) => came_of_it,
        Ok(Err(_)) => Err(Failed::Later("its handler panicked".to_owned())),
        Err(_) => Err(Failed::Later(format!("not done within {} s", settings.time_for_one.as_secs_f32()))),
    };
    metrics::histogram!("tidemark_effect_seconds", "kind" => handler.kind()).record(began.elapsed().as_secs_f64());
    let pause = match &came_of_it {
        Err(Failed::Later(_)) if effect.attempts < settings.attempts => {
            let failures = u32::try_from(effect.attempts).unwrap_or(1);
            Some(backoff(failures, settings.first_pause, settings.longest_pause))
        }
        _ => None,
    };
    let outcome = match (&came_of_it, pause) {
        (Ok(Outcome::Done), _) => "done",
        (Ok(Outcome::Moot(_)), _) => "moot",
        (Ok(Outcome::Refused(code)), _) => {
            tracing::info!(effect = %effect.id, policy = effect.policy, tenant = effect.tenant_id, code, "a rule refuses what a policy wants");
            "refused"
        }
        (Err(error), Some(_)) => {
            tracing::warn!(effect = %effect.id, policy = effect.policy, attempts = effect.attempts, %error, "an effect failed; trying again");
            "failed"
        }
        (Err(error), None) => {
            tracing::error!(effect = %effect.id, policy = effect.policy, tenant = effect.tenant_id, attempts = effect.attempts, %error, "an effect is a dead letter");
            "dead"
        }
    };
    count(handler.kind(), outcome);
    span.set("tidemark.outcome", outcome);
    if came_of_it.is_err() {
        span.fail(outcome);
    }
    write_down(&settings, &effect, &came_of_it, pause, taken_at).await;
}

/// Where the effect's event happened. One that cannot be asked for now is in no trace, and nobody waits for it.
async fn trace_of(settings: &DispatcherSettings, effect: &Effect) -> Option<TraceParent> {
    let pool = settings.log.as_ref().filter(|_| trace::is_on())?;
    match tokio::time::timeout(LOOK, log::read_after(pool, effect.position - 1, 1)).await {
        Ok(Ok(found)) => found.iter().find(|event| event.event_id == effect.event_id).and_then(TraceParent::of_event),
        Ok(Err(error)) => {
            tracing::debug!(effect = %effect.id, %error, "the trace of an effect is not known");
            None
        }
        Err(_) => None,
    }
}

/// As long as nobody else can have taken it: an effect that was carried out and is not marked is carried out again.
async fn write_down(
    settings: &DispatcherSettings,
    effect: &Effect,
    came_of_it: &Result<Outcome, Failed>,
    pause: Option<Duration>,
    taken_at: Instant,
) {
    loop {
        match in_time(ANSWER, settle(&settings.pool, effect, came_of_it, pause)).await {
            Ok(true) => return,
            Ok(false) => {
                tracing::warn!(effect = %effect.id, "another worker has taken this effect since");
                return;
            }
            Err(error) if taken_at.elapsed() < settings.time_for_one * 2 => {
                tracing::warn!(effect = %effect.id, %error, "what came of an effect was not written down; trying again");
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => {
                tracing::error!(effect = %effect.id, %error, "what came of an effect was not written down; it comes again");
                return;
            }
        }
    }
}

fn count(kind: &'static str, outcome: &'static str) {
    metrics::counter!("tidemark_effect_attempts_total", "kind" => kind, "outcome" => outcome).increment(1);
}
