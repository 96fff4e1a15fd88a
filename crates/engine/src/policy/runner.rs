//! The worker of one policy: holds its lease, follows the feed, writes down what is to happen.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::reaction::{self, Held, REACTION, Rows};
use super::{Policy, Step, StepError};
use crate::database::{ANSWER, in_time};
use crate::event::RecordedEvent;
use crate::feed::{Feed, Listener};
use crate::lease::Leases;
use crate::trace::{Span, SpanKind, TraceParent};
use crate::{effects, log};

/// The most events that are reacted to at once.
const MOST_EVENTS: usize = 500;
/// Dead letters that are tried again in one step.
const MOST_LETTERS: i64 = 50;
/// How often a standby asks whether the lease is free, and a holder whether an operator wants another try.
const POLL: Duration = Duration::from_secs(1);
/// How far a checkpoint may be behind that has only events without effects after it. A policy that passes over what others do
/// would else write once for everything that happens.
const CHECKPOINT: Duration = Duration::from_millis(100);
/// How long giving the lease back may take.
const FAREWELL: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The worker of a policy in this process. It is one of many that stand by for each other.
pub struct PolicyRunner {
    policy: Arc<dyn Policy>,
    work: PgPool,
    log: PgPool,
    feed: Feed,
    wake: Arc<Notify>,
    leases: Leases,
    holder: Uuid,
    time_to_live: Duration,
    patience: Duration,
    leading: Option<Leading>,
    /// Whether the lease was ours and may still be.
    held: bool,
}

/// What the holder of the lease knows. Nobody else writes, so it stays true until the database says otherwise.
struct Leading {
    fence: i64,
    renewed: Instant,
    epoch: i32,
    /// The last position that was looked at.
    position: i64,
    /// The checkpoint as the database has it. What lies between had no effects, and may be looked at again.
    written: i64,
    /// Since when it is behind.
    behind_since: Option<Instant>,
    listener: Listener,
    asked_for_retries: Instant,
}

impl Leading {
    /// Whether what has no effects may be left to a later write.
    fn may_wait(&self) -> bool {
        self.behind_since.is_none_or(|since| since.elapsed() < CHECKPOINT)
    }
}

impl PolicyRunner {
    /// A worker that writes through `work`, follows `feed`, reads single events from `log`, and wakes whoever carries
    /// effects out in this process.
    #[must_use]
    pub fn new(policy: Arc<dyn Policy>, work: PgPool, log: PgPool, feed: Feed, wake: Arc<Notify>) -> Self {
        Self {
            policy,
            leases: Leases::new(work.clone(), "work"),
            work,
            log,
            feed,
            wake,
            holder: Uuid::new_v4(),
            time_to_live: Duration::from_secs(5),
            patience: POLL,
            leading: None,
            held: false,
        }
    }

    /// How long a lease lasts that is not kept; another worker takes over after it.
    #[must_use]
    pub fn with_lease(mut self, time_to_live: Duration) -> Self {
        self.time_to_live = time_to_live;
        self
    }

    /// How long a step waits for an event before it is [`Step::Idle`].
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Works until `shutdown`, then gives the lease back. Whatever fails is tried again for ever.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut failures = 0;
        while !shutdown.is_cancelled() {
            let stepped = tokio::select! {
                () = shutdown.cancelled() => break,
                // Everything it writes is one statement, so it may be dropped anywhere.
                stepped = self.step() => stepped,
            };
            let pause = match stepped {
                Ok(Step::Standby | Step::Superseded) => POLL,
                Ok(_) => {
                    failures = 0;
                    continue;
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(policy = self.policy.name(), %error, failures, "policy step failed; trying again");
                    effects::backoff(failures, Duration::from_millis(50), LONGEST_PAUSE)
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        match tokio::time::timeout(FAREWELL, self.release()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(policy = self.policy.name(), %error, "the lease was not given back; it runs out by itself");
            }
            Err(_) => tracing::debug!(
                policy = self.policy.name(),
                "the lease was not given back in time; it runs out by itself"
            ),
        }
    }

    /// Does one thing: takes the lease, reacts to what has come, or tries dead letters again. It may be dropped anywhere.
    ///
    /// # Errors
    /// When it could not be done now; the next step starts from what the database says.
    pub async fn step(&mut self) -> Result<Step, StepError> {
        let Some(mut leading) = self.leading.take() else {
            self.leading = in_time(ANSWER, self.lead()).await?;
            let Some(leading) = &self.leading else {
                // A process that has lost its lease would else tell for ever how far behind it was.
                metrics::gauge!("tidemark_policy_lag", "policy" => self.policy.name()).set(0.0);
                return Ok(Step::Standby);
            };
            self.held = true;
            self.measure(leading, 0, 0);
            return Ok(Step::Leading);
        };
        // After a failure the state is not put back: the next step reads it anew.
        let step = self.advance(&mut leading).await?;
        if step != Step::Superseded {
            self.leading = Some(leading);
        }
        Ok(step)
    }

    /// Gives the lease back, so that another worker need not wait for its end.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn release(&mut self) -> sqlx::Result<()> {
        self.leading = None;
        if std::mem::take(&mut self.held) {
            self.leases.release(self.policy.name(), self.holder).await?;
        }
        Ok(())
    }

    async fn lead(&self) -> Result<Option<Leading>, StepError> {
        let renewed = Instant::now();
        let name = self.policy.name();
        let Some(fence) = self.leases.acquire(name, self.holder, self.time_to_live).await? else { return Ok(None) };
        let (position, epoch) = match in_time(ANSWER, self.begin()).await {
            Ok(begun) => begun,
            Err(error) => {
                self.leases.release(name, self.holder).await?;
                return Err(error);
            }
        };
        // The last holder may have been of an older version and not have known what this one does.
        effects::retry_reactions(&self.work, name).await?;
        tracing::info!(policy = name, position, fence, "reacting");
        let listener = self.feed.listen(position);
        let asked_for_retries = renewed.checked_sub(self.patience).unwrap_or(renewed);
        Ok(Some(Leading {
            fence,
            renewed,
            epoch,
            position,
            written: position,
            behind_since: None,
            listener,
            asked_for_retries,
        }))
    }

    /// The checkpoint and the present epoch. Events of a timeline that was cut off are no longer there; what has come in
    /// their place has not been reacted to, so it goes on from the cut.
    async fn begin(&self) -> Result<(i64, i32), StepError> {
        let policy = self.policy.name();
        let checkpoint: Option<(i64, i32)> =
            sqlx::query_as("select position, epoch from work.policies where policy = $1")
                .bind(policy)
                .fetch_optional(&self.work)
                .await?;
        let (position, epoch) = checkpoint.ok_or(StepError::NotInstalled(policy))?;
        // The log is asked later than the checkpoint, so that it can only look longer than it was.
        let (present, cut, head): (i32, Option<i64>, i64) = sqlx::query_as(
            "select max(epoch), min(from_position) filter (where epoch > $1), \
                    coalesce((select max(position) from log.events), 0) \
             from log.epochs",
        )
        .bind(epoch)
        .fetch_one(&self.log)
        .await?;
        if present != self.feed.epoch() {
            return Err(StepError::Feed(format!("it is of epoch {}, and the log of {present}", self.feed.epoch())));
        }
        let begin = cut.map_or(position, |cut| position.min(cut));
        if begin > head {
            return Err(StepError::LostTimeline { policy, position, head });
        }
        if begin < position {
            tracing::warn!(
                policy,
                position,
                begin,
                "the policy has reacted to events that were lost; going on from the cut"
            );
            sqlx::query("update work.policies set position = $3 where policy = $1 and position = $2")
                .bind(policy)
                .bind(position)
                .bind(begin)
                .execute(&self.work)
                .await?;
        }
        Ok((begin, present))
    }

    async fn advance(&self, leading: &mut Leading) -> Result<Step, StepError> {
        if !self.keep(leading).await? {
            return Ok(Step::Superseded);
        }
        if leading.asked_for_retries.elapsed() >= self.patience.min(POLL) {
            leading.asked_for_retries = Instant::now();
            let retried = in_time(ANSWER, self.retry(leading)).await?;
            if retried > 0 {
                return Ok(Step::Retried(retried));
            }
        }
        // Nothing is waited for less where a page of the log is being read: it would be read once more.
        let has_caught_up = self.feed.head().is_none_or(|head| head <= leading.position);
        let patience = leading
            .behind_since
            .filter(|_| has_caught_up)
            .map_or(self.patience, |since| self.patience.min(CHECKPOINT.saturating_sub(since.elapsed())));
        let Ok(came) = tokio::time::timeout(patience, leading.listener.next(MOST_EVENTS)).await else {
            return self.rest(leading).await;
        };
        let events = came.map_err(|error| StepError::Feed(error.to_string()))?;
        let Some(last) = events.last() else { return Ok(Step::Idle) };
        let followed = events.iter().filter(|event| self.policy.follows().contains(&&*event.aggregate_type));
        let traces = followed.filter_map(|event| TraceParent::of_event(event));
        let mut span = Span::of_many(traces, SpanKind::Consumer, "react", self.policy.name());
        let rows = Rows::of(&*self.policy, &events);
        span.count("tidemark.effects", rows.len());
        if rows.len() == 0 && leading.may_wait() {
            leading.behind_since.get_or_insert_with(Instant::now);
        } else {
            let written = self.write(leading, &rows, last.position).await;
            if !matches!(written, Ok(true)) {
                span.fail("not written");
            }
            if !written? {
                return Ok(Step::Superseded);
            }
        }
        drop(span);
        leading.position = last.position;
        self.measure(leading, events.len(), rows.len());
        Ok(Step::Took { events: events.len(), effects: rows.len() })
    }

    /// Brings the checkpoint to where the policy is, since nothing comes.
    async fn rest(&self, leading: &mut Leading) -> Result<Step, StepError> {
        let position = leading.position;
        if position > leading.written && !self.write(leading, &Rows::default(), position).await? {
            return Ok(Step::Superseded);
        }
        Ok(Step::Idle)
    }

    /// Writes effects and checkpoint, and wakes whoever carries effects out. False when another has taken over.
    async fn write(&self, leading: &mut Leading, rows: &Rows, to: i64) -> sqlx::Result<bool> {
        let held = self.held(leading);
        let advancing = reaction::advance(&self.work, held, leading.written, to, leading.epoch, rows);
        if !in_time(ANSWER, advancing).await? {
            tracing::warn!(
                policy = held.policy,
                "another worker has taken this policy over, or its checkpoint was lost; beginning anew"
            );
            return Ok(false);
        }
        leading.written = to;
        leading.behind_since = None;
        if rows.len() > 0 {
            self.wake.notify_one();
        }
        Ok(true)
    }

    /// Puts the lease's end off once a third of the time has passed. False when another has had it meanwhile, or when the
    /// checkpoint is not where it was put: a crash of the database may have lost what nobody had waited for, and if nothing
    /// more happened nobody would notice.
    async fn keep(&self, leading: &mut Leading) -> sqlx::Result<bool> {
        if leading.renewed.elapsed() < self.time_to_live / 3 {
            return Ok(true);
        }
        leading.renewed = Instant::now();
        let fence = self.leases.acquire(self.policy.name(), self.holder, self.time_to_live).await?;
        if fence != Some(leading.fence) {
            return Ok(false);
        }
        let asked = sqlx::query_scalar("select position from work.policies where policy = $1").bind(self.policy.name());
        let checkpoint: Option<i64> = in_time(ANSWER, asked.fetch_optional(&self.work)).await?;
        Ok(checkpoint == Some(leading.written))
    }

    /// Reacts again to the events for which somebody wants another try.
    async fn retry(&self, leading: &Leading) -> Result<usize, StepError> {
        let letters: Vec<(Uuid, i64, Uuid)> = sqlx::query_as(
            "select id, position, event_id from work.effects where policy = $1 and kind = $2 and state = 'pending' order by position limit $3",
        )
        .bind(self.policy.name())
        .bind(REACTION)
        .bind(MOST_LETTERS)
        .fetch_all(&self.work)
        .await?;
        for (id, position, event_id) in &letters {
            let event = log::read_after(&self.log, position - 1, 1).await?.pop();
            self.react_again(leading, *id, event.filter(|event| event.event_id == *event_id)).await?;
        }
        if !letters.is_empty() {
            self.wake.notify_one();
        }
        Ok(letters.len())
    }

    async fn react_again(&self, leading: &Leading, letter: Uuid, event: Option<RecordedEvent>) -> sqlx::Result<()> {
        let Some(event) = event else {
            return effects::reaction_failed(&self.work, letter, "the log has no such event any more").await;
        };
        match reaction::react(&*self.policy, &event) {
            Ok(reactions) => {
                let rows = Rows::of_one(&*self.policy, &event, &reactions);
                reaction::replace(&self.work, self.held(leading), letter, &rows).await.map(drop)
            }
            Err(error) => effects::reaction_failed(&self.work, letter, &error.to_string()).await,
        }
    }

    fn held(&self, leading: &Leading) -> Held {
        Held { policy: self.policy.name(), holder: self.holder, fence: leading.fence }
    }

    fn measure(&self, leading: &Leading, events: usize, effects: usize) {
        let policy = self.policy.name();
        metrics::counter!("tidemark_policy_events_total", "policy" => policy).increment(events as u64);
        metrics::counter!("tidemark_policy_effects_total", "policy" => policy).increment(effects as u64);
        if let Some(head) = self.feed.head() {
            metrics::gauge!("tidemark_policy_lag", "policy" => policy).set((head - leading.position).max(0) as f64);
        }
    }
}
