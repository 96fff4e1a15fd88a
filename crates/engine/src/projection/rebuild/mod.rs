//! Makes a read model anew from the log, beside the one that serves, and puts it in its place.
//!
//! The same reducer folds the log into a shadow: the same tables in a schema of their own. The shadow catches up with
//! the live rows, is compared with them at exactly one position, and is swapped in. Until then nothing that serves is
//! touched. Every step is one transaction that a row of `rebuild.runs` guards, so a rebuild that was killed anywhere
//! goes on where it was, and one that was taken over writes nothing more.

mod compare;
mod derive;
mod error;
mod exclusive;
mod live;
mod pages;
mod reading;
mod request;
mod run;
mod settle;
mod shadow;
mod stretch;
mod swap;
mod take;
mod totals;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::apply::Rows;
use super::{Projection, skip};
use crate::database::Databases;
use crate::log;
pub use compare::{Comparison, Difference};
pub use error::RebuildError;
use exclusive::Exclusive;
use live::Live;
use pages::{Ahead, LARGEST, Page, Source};
pub use request::{Outcome, Pace, Phase, Progress, Purpose, RebuildRequest, RebuildStep};
pub use run::{Run, runs};
use settle::Settling;
use stretch::{Stretched, Stretches, goes_by_stretches};
use swap::Swapped;
use take::{Shadow, Stopped, let_pass};
pub use totals::{Check, Failed};

/// So many positions are folded while the worker waits; more are caught up with before.
const CLOSE: i64 = 2000;
/// How long to wait when somebody is in the way.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a rebuild that gets nowhere tries again.
const STUBBORN_FOR: Duration = Duration::from_secs(60);
/// How long a rollback waits for those who hold on to the tables.
const ROLL_BACK_PATIENCE: Duration = Duration::from_secs(30);

/// A rebuild under way in this process. Dropping it leaves what was done, to be gone on with.
pub struct Rebuild<P: Projection> {
    request: RebuildRequest,
    exclusive: Exclusive,
    shadow: Shadow<P>,
    source: Source<P>,
    later_indexes: Vec<String>,
    position: i64,
    target: i64,
    stopped: Stopped,
    ahead: Option<Ahead<P>>,
    /// Long parts of the log that are folded stream by stream.
    stretches: Stretches<P>,
    /// What cannot be folded like that: pages go as far as here.
    by_pages_to: i64,
    phase: Phase,
    /// Set when ordinary pages have to bring the shadow to the target, however close it is.
    must_catch_up: bool,
    /// How often the tables were in use when they were to be swapped.
    swaps_in_vain: u32,
    comparison: Option<Comparison>,
    failed_checks: Vec<Failed>,
    began: Instant,
    paced: i64,
}

impl<P: Projection> Rebuild<P> {
    /// Begins, or goes on with what an interrupted run of the same kind has left. `owner` owns the schemas.
    ///
    /// # Errors
    /// When another process is at it, or it could not end well: see [`RebuildError`].
    pub async fn open(
        projection: Arc<P>,
        owner: impl Into<Databases>,
        request: RebuildRequest,
    ) -> Result<Self, RebuildError> {
        let owner: Databases = owner.into();
        let exclusive = Exclusive::take(&owner.read, &request.purpose.exclusive(P::NAME)).await?;
        let exclusive = exclusive.ok_or(RebuildError::Busy(P::NAME))?;
        let live = Live::read::<P>(&owner).await?.ok_or(RebuildError::NotInstalled(P::NAME))?;
        let needs_the_same = request.purpose != Purpose::Rebuild || request.tenant.is_some();
        if live.version > P::VERSION || (needs_the_same && !live.is_comparable::<P>()) {
            return Err(RebuildError::other_version::<P>(&live));
        }
        let opening = {
            let (owner, request, target) = (owner.clone(), request.clone(), live.target::<P>());
            tokio::spawn(async move { run::open::<P>(&owner, &request, target).await })
        };
        let opened = opening.await??;
        if request.purpose == Purpose::Rebuild && request.tenant.is_none() {
            shadow::ensure_types::<P>(&owner.read, &opened.claim.schema).await?;
        }
        let skips = Arc::new(skip::positions(&owner.read, P::NAME, P::VERSION).await?);
        let source = Source {
            projection: Arc::clone(&projection),
            log: owner.log.clone(),
            skips,
            keyring: request.keyring.clone(),
        };
        let tenant = request.tenant.as_deref().map(Arc::from);
        let shadow = Shadow { projection, owner, claim: opened.claim, tenant };
        let stopped = shadow.stopped().await?;
        Ok(Self {
            request,
            exclusive,
            shadow,
            source,
            later_indexes: opened.later_indexes,
            position: opened.position,
            target: live.target::<P>(),
            stopped,
            ahead: None,
            stretches: Stretches::new(),
            by_pages_to: 0,
            phase: Phase::Folding,
            must_catch_up: false,
            swaps_in_vain: 0,
            comparison: None,
            failed_checks: Vec::new(),
            began: Instant::now(),
            paced: 0,
        })
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let position = self.position + self.stretches.folded() as i64;
        Progress { phase: self.phase, position, target: self.target.max(position) }
    }

    /// Does one thing: folds a page, settles the tables, compares, swaps. After an error it is to be opened again.
    ///
    /// # Errors
    /// When it could not be done.
    pub async fn step(&mut self) -> Result<RebuildStep, RebuildError> {
        match self.phase {
            Phase::Folding => {
                // A stretch goes to its end, whatever comes meanwhile.
                let target =
                    if self.stretches.are_under_way() { self.target } else { self.look().await?.target::<P>() };
                let is_there = target <= self.position && !self.stretches.are_under_way();
                let step = if is_there { RebuildStep::Folded } else { self.fold(target).await? };
                // What serves may go on for ever; what comes from now on is caught up with later.
                if self.position >= target {
                    self.phase = Phase::Indexing;
                }
                Ok(step)
            }
            Phase::Indexing => self.settle().await,
            Phase::Comparing => self.compare().await,
            Phase::Swapping => self.swap().await,
            Phase::Done => Ok(RebuildStep::Finished(self.outcome(false))),
        }
    }

    /// Steps until it has ended, tells `progress` about it, and takes the run up again after a failure that may be gone
    /// in a moment.
    ///
    /// # Errors
    /// When it was told to stop, when a failure stays, or when it could not be begun.
    pub async fn run(
        projection: P,
        owner: impl Into<Databases>,
        mut request: RebuildRequest,
        progress: &watch::Sender<Option<Progress>>,
        shutdown: CancellationToken,
    ) -> Result<Outcome, RebuildError> {
        let owner: Databases = owner.into();
        let projection = Arc::new(projection);
        let (mut last, mut since) = (-1, Instant::now());
        loop {
            let (begun, mut reached) = (Instant::now(), -1);
            let ended = Self::attempt(&projection, &owner, &request, progress, &shutdown, &mut reached).await;
            let Err(error) = ended else { return ended };
            // What it has left from here on is of this very run.
            request.anew &= reached < 0;
            // Behind what it was, too: it has begun again. And a stretch that has gone on for so long has come somewhere.
            if reached != last || begun.elapsed() > STUBBORN_FOR {
                (last, since) = (reached, Instant::now());
            }
            if !error.is_transient() || since.elapsed() > STUBBORN_FOR {
                return Err(error);
            }
            tracing::warn!(projection = P::NAME, %error, "the rebuild has failed; trying to go on with it");
            tokio::select! {
                () = shutdown.cancelled() => return Err(RebuildError::Interrupted(reached.max(0))),
                () = tokio::time::sleep(PAUSE * 4) => {}
            }
        }
    }

    async fn attempt(
        projection: &Arc<P>,
        owner: &Databases,
        request: &RebuildRequest,
        progress: &watch::Sender<Option<Progress>>,
        shutdown: &CancellationToken,
        reached: &mut i64,
    ) -> Result<Outcome, RebuildError> {
        let mut rebuild = Self::open(Arc::clone(projection), owner.clone(), request.clone()).await?;
        loop {
            *reached = rebuild.position;
            progress.send_replace(Some(rebuild.progress()));
            if shutdown.is_cancelled() {
                return Err(RebuildError::Interrupted(rebuild.position));
            }
            let is_to_settle = rebuild.phase == Phase::Indexing;
            let step = tokio::select! {
                step = rebuild.step() => step?,
                // That may take minutes, and whoever goes on does again what was not done.
                () = shutdown.cancelled(), if is_to_settle => return Err(RebuildError::Interrupted(*reached)),
            };
            match step {
                RebuildStep::Finished(outcome) => {
                    progress.send_replace(Some(rebuild.progress()));
                    rebuild.exclusive.release().await?;
                    return Ok(outcome);
                }
                RebuildStep::Waiting(pause) => {
                    tokio::select! {
                        () = shutdown.cancelled() => {}
                        () = tokio::time::sleep(pause) => {}
                    }
                }
                _ => {}
            }
        }
    }

    async fn look(&mut self) -> Result<Live, RebuildError> {
        let live = Live::read::<P>(&self.shadow.owner).await?.ok_or(RebuildError::NotInstalled(P::NAME))?;
        self.target = live.target::<P>();
        Ok(live)
    }

    /// Folds the next page on the way to `target`.
    async fn fold(&mut self, target: i64) -> Result<RebuildStep, RebuildError> {
        if let Some(wait) = self.rest().await? {
            return Ok(RebuildStep::Waiting(wait));
        }
        if self.stretches.are_under_way() || self.is_for_a_stretch(target) {
            return self.fold_stretch(target).await;
        }
        let Some(page) = self.next_page(target).await? else { return Ok(RebuildStep::Waiting(PAUSE)) };
        let to = page.to;
        // Of one tenant only its own events are read.
        let paced = if self.shadow.tenant.is_some() { page.count as i64 } else { to - self.position };
        let taking = self.shadow.clone().take(self.position, page, self.stopped.clone());
        self.stopped = tokio::spawn(taking).await??;
        self.paced += paced;
        self.position = to;
        Ok(RebuildStep::Folded)
    }

    fn is_for_a_stretch(&self, target: i64) -> bool {
        self.position >= self.by_pages_to && goes_by_stretches::<P>(&self.request, target - self.position)
    }

    async fn fold_stretch(&mut self, target: i64) -> Result<RebuildStep, RebuildError> {
        self.ahead = None;
        let way = (self.position, target);
        let stretched = self.stretches.step(&self.shadow, &self.source, way, &self.stopped).await?;
        if self.position == 0 {
            // If the tables were settled, they were so with nothing in them; and one that is refused has them made anew.
            self.phase = Phase::Folding;
        }
        match stretched {
            Stretched::On => {}
            Stretched::Taken(to) => self.position = to,
            Stretched::Refused(to) => self.by_pages_to = to,
        }
        Ok(RebuildStep::Folded)
    }

    async fn next_page(&mut self, target: i64) -> Result<Option<Page<P>>, RebuildError> {
        if let Some(tenant) = &self.shadow.tenant {
            let after = self.shadow.tenant_position(tenant).await?;
            return self.source.read_tenant(tenant, after, target).await.map(Some);
        }
        let (position, source) = (self.position, self.source.clone());
        let size = self.request.pace.per_second.map_or(LARGEST, |rate| i64::from(rate.get()) / 4);
        self.ahead.get_or_insert_with(|| Ahead::new(source, position, size)).next(target).await
    }

    /// How long to rest so as to keep to the pace, if at all.
    async fn rest(&self) -> sqlx::Result<Option<Duration>> {
        if let Some(rate) = self.request.pace.per_second {
            let due = self.began + Duration::from_secs_f64(self.paced as f64 / f64::from(rate.get()));
            if due > Instant::now() {
                return Ok(Some((due - Instant::now()).min(PAUSE)));
            }
        }
        let Some(max_lag) = self.request.pace.max_lag else { return Ok(None) };
        // A projection that nobody folds, or of another version, would hold everything up for ever.
        let slowest: Option<i64> = sqlx::query_scalar("select min(position) from read.standing where held")
            .fetch_one(&self.shadow.owner.read)
            .await?;
        let Some(slowest) = slowest else { return Ok(None) };
        let lag = log::head(&self.shadow.owner.log).await? - slowest;
        Ok((lag > max_lag).then_some(PAUSE))
    }

    async fn settle(&mut self) -> Result<RebuildStep, RebuildError> {
        let settling = Settling {
            shadow: self.shadow.clone(),
            position: self.position,
            indexes: self.later_indexes.clone(),
            is_to_serve: self.is_to_serve(),
        };
        tokio::spawn(settling.run()).await??;
        self.shadow.claim.rows = Rows::All;
        self.phase = Phase::Comparing;
        Ok(RebuildStep::Indexed)
    }

    /// Whether its tables are to be those that serve.
    fn is_to_serve(&self) -> bool {
        self.request.purpose == Purpose::Rebuild && self.shadow.tenant.is_none()
    }

    /// Folds a page if the shadow is not close to where it has to be.
    async fn catch_up(&mut self, live: &Live) -> Result<Option<RebuildStep>, RebuildError> {
        let target = live.target::<P>();
        let gap = target - self.position;
        if !self.stretches.are_under_way() && gap <= CLOSE && !(gap > 0 && self.must_catch_up) {
            return Ok(None);
        }
        let step = self.fold(target).await?;
        self.must_catch_up = self.position < target;
        Ok(Some(step))
    }

    /// Goes on behind the stalls whose events were let pass since the shadow came to them.
    async fn resume_what_was_let_pass(&mut self) -> Result<(), RebuildError> {
        let skips: BTreeSet<i64> = skip::positions(&self.shadow.owner.read, P::NAME, P::VERSION).await?;
        self.source.skips = Arc::new(skips);
        for tenant in let_pass(&self.stopped, &self.source.skips) {
            let resuming = self.shadow.clone().resume(tenant, self.source.clone(), self.position);
            tokio::spawn(resuming).await??;
        }
        self.stopped = self.shadow.stopped().await?;
        Ok(())
    }

    async fn compare(&mut self) -> Result<RebuildStep, RebuildError> {
        let live = self.look().await?;
        if live.version > P::VERSION {
            return Err(RebuildError::other_version::<P>(&live));
        }
        if let Some(step) = self.catch_up(&live).await? {
            return Ok(step);
        }
        self.ahead = None;
        self.resume_what_was_let_pass().await?;
        let comparing = compare::run(self.shadow.clone(), self.source.clone(), self.position, self.stopped.clone());
        let Some(compared) = tokio::spawn(comparing).await?? else {
            self.must_catch_up = true;
            return Ok(RebuildStep::Waiting(PAUSE));
        };
        self.position = compared.position;
        self.stopped = compared.stopped;
        self.comparison = compared.comparison;
        self.failed_checks = compared.failed_checks;
        if self.must_end_here() {
            return self.end().await;
        }
        self.phase = Phase::Swapping;
        Ok(RebuildStep::Compared)
    }

    /// Whether nothing is to be swapped. A tenant is rebuilt to mend its rows, so that they differ is no surprise.
    fn must_end_here(&self) -> bool {
        let differs = self.comparison.as_ref().is_some_and(|comparison| comparison.differing > 0);
        let is_wrong = !self.failed_checks.is_empty() || (differs && self.request.tenant.is_none());
        self.request.purpose != Purpose::Rebuild || (is_wrong && !self.request.accept_differences)
    }

    /// Ends without a swap. What a refused rebuild has folded stays, for one that accepts the differences.
    async fn end(&mut self) -> Result<RebuildStep, RebuildError> {
        if self.request.purpose != Purpose::Rebuild {
            let (owner, run) = (self.shadow.owner.read.clone(), self.shadow.claim.run);
            let leaves_no_trace = self.request.purpose == Purpose::Sample && self.outcome(false).is_sound();
            let closing = tokio::spawn(async move {
                let mut transaction = owner.begin().await?;
                run::close(&mut transaction, run, "verified").await?;
                if leaves_no_trace {
                    run::forget(&mut transaction, run).await?;
                }
                transaction.commit().await
            });
            closing.await??;
        }
        self.phase = Phase::Done;
        Ok(RebuildStep::Finished(self.outcome(false)))
    }

    async fn swap(&mut self) -> Result<RebuildStep, RebuildError> {
        let live = self.look().await?;
        if let Some(step) = self.catch_up(&live).await? {
            return Ok(step);
        }
        self.ahead = None;
        let patience = swap::table_patience(self.swaps_in_vain);
        let swapping =
            swap::swap(self.shadow.clone(), self.source.clone(), self.position, self.stopped.clone(), patience);
        match tokio::spawn(swapping).await?? {
            Swapped::Done { position } => {
                self.position = position;
                self.phase = Phase::Done;
                let (owner, keep) = (self.shadow.owner.read.clone(), 1);
                // It is done, and what is left over goes with the next swap.
                if let Err(error) = tokio::spawn(swap::drop_formers(owner, P::NAME, keep)).await? {
                    tracing::warn!(projection = P::NAME, %error, "earlier former tables are still there");
                }
                Ok(RebuildStep::Finished(self.outcome(true)))
            }
            Swapped::Behind => {
                self.must_catch_up = true;
                Ok(RebuildStep::Waiting(PAUSE))
            }
            Swapped::InUse => {
                self.swaps_in_vain += 1;
                Ok(RebuildStep::Waiting(PAUSE))
            }
        }
    }

    fn outcome(&self, is_swapped: bool) -> Outcome {
        Outcome {
            run: self.shadow.claim.run,
            projection: P::NAME,
            position: self.position,
            comparison: self.comparison.clone(),
            failed_checks: self.failed_checks.clone(),
            stalled: self.stopped.keys().map(ToString::to_string).collect(),
            is_swapped,
        }
    }
}

/// Lets the tables serve again that did before the last swap of `P`, at the position where they were then; the worker
/// takes in what has come since. Says that position.
///
/// # Errors
/// When no former tables are kept, another rebuild is under way, or the tables stay in use.
pub async fn roll_back<P: Projection>(owner: impl Into<Databases>) -> Result<i64, RebuildError> {
    let owner: Databases = owner.into();
    let exclusive = Exclusive::take(&owner.read, P::NAME).await?.ok_or(RebuildError::Busy(P::NAME))?;
    let deadline = Instant::now() + ROLL_BACK_PATIENCE;
    for tries in 0.. {
        match tokio::spawn(swap::roll_back::<P>(owner.clone(), swap::table_patience(tries))).await?? {
            Swapped::Done { position } => {
                exclusive.release().await?;
                return Ok(position);
            }
            _ if Instant::now() > deadline => break,
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
    Err(RebuildError::InUse(P::NAME))
}

/// Drops the former tables of `P` that are kept for a rollback; says whether there were any.
///
/// # Errors
/// When the database is away or another rebuild is under way.
pub async fn drop_former<P: Projection>(owner: impl Into<Databases>) -> Result<bool, RebuildError> {
    let owner: Databases = owner.into();
    let exclusive = Exclusive::take(&owner.read, P::NAME).await?.ok_or(RebuildError::Busy(P::NAME))?;
    let dropped = tokio::spawn(swap::drop_formers(owner.read.clone(), P::NAME, 0)).await??;
    exclusive.release().await?;
    Ok(dropped > 0)
}
