//! A read model made anew under chaos: `admin projections rebuild posts`, killed wherever it is, most of all in its swap, and
//! taken up again. What serves in the end is what a rebuild makes.

use std::fmt;
use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rand::RngExt;
use rand::rngs::StdRng;
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::stack::BrokenStack;
use crate::children::{self, Plan, Running};
use crate::files;

/// How long a rebuild may take to come to its swap, and to end by itself when Postgres is gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// All tries of the last one.
const FINAL: Duration = Duration::from_secs(90);
/// Between two of them: with Postgres away they end at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Rebuilds of one read model, one after another, and what became of them.
pub(super) struct Rebuilds {
    plan: Plan,
    log: PgPool,
    read: PgPool,
    counts: Mutex<Counts>,
    violations: Mutex<Vec<String>>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    killed: u32,
    /// Of those.
    in_swap: u32,
    swapped: u32,
    /// Ended by themselves, because Postgres was away or the one before still held on.
    interrupted: u32,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { killed, in_swap, swapped, interrupted } = self;
        write!(
            f,
            "{killed} rebuilds killed, {in_swap} of them in the swap, {swapped} swapped, {interrupted} interrupted"
        )
    }
}

impl Rebuilds {
    pub(super) fn new(stack: &BrokenStack) -> anyhow::Result<Self> {
        let plan = stack.admin("rebuild-under-chaos")?;
        let (log, read) = (stack.owner.clone(), stack.read_owner.clone());
        Ok(Self { plan, log, read, counts: Mutex::default(), violations: Mutex::default() })
    }

    /// Begins rebuilds and kills them, until told to stop.
    pub(super) async fn run(&self, mut random: StdRng, stop: &CancellationToken) -> anyhow::Result<()> {
        while !stop.is_cancelled() {
            let mut rebuild = self.begin(&[]).await?;
            let is_for_swap = random.random_bool(0.6);
            let in_swap = Duration::from_micros(random.random_range(0..6_000));
            let life = Duration::from_millis(random.random_range(20..1_500));
            let moment = async {
                if is_for_swap && matches!(timeout(PATIENCE, self.reaches_swap()).await, Ok(Ok(()))) {
                    sleep(in_swap).await;
                    return true;
                }
                sleep(life).await;
                false
            };
            let was_in_swap = tokio::select! {
                _ = rebuild.wait() => false,
                was_in_swap = moment => was_in_swap,
            };
            self.note(rebuild, was_in_swap).await;
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Kills Postgres while a rebuild is in the midst of the log, and what it has folded is lost with the crash. It fails; or where it
    /// asked for nothing meanwhile, it begins again and swaps, which this says: then what serves has to be looked at before another swap.
    pub(super) async fn survive_a_restart(&self, stack: &BrokenStack) -> anyhow::Result<bool> {
        let head: i64 =
            sqlx::query_scalar("select coalesce(max(position), 0) from log.events").fetch_one(&self.log).await?;
        let a_second = (head / 4).max(50).to_string();
        let Ok(rebuild) = timeout(PATIENCE, self.begin_midway(&a_second)).await else {
            self.violate("no rebuild came into the midst of the log".to_owned());
            return Ok(false);
        };
        let mut rebuild = rebuild?;
        stack.signal("postgres", Signal::SIGKILL)?;
        if timeout(PATIENCE, rebuild.wait()).await.is_err() {
            self.violate(format!(
                "a rebuild has come to no end within {} s after Postgres was gone",
                PATIENCE.as_secs()
            ));
        }
        let has_swapped = rebuild.ended().is_some_and(|status| status.success());
        self.note(rebuild, false).await;
        Ok(has_swapped)
    }

    /// Takes the last one up to its end, while clients go on.
    pub(super) async fn finish(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + FINAL;
        loop {
            let mut rebuild = self.begin(&[]).await?;
            let ended = timeout(FINAL, rebuild.wait()).await;
            self.note(rebuild, false).await;
            match ended.as_ref().ok().and_then(ExitStatus::code) {
                Some(0) => return Ok(()),
                Some(1 | 5) if Instant::now() < deadline => sleep(PAUSE).await,
                _ => {
                    self.violate("the last rebuild did not come to its end".to_owned());
                    return Ok(());
                }
            }
        }
    }

    /// Whether all that serves is what a rebuild makes.
    pub(super) async fn verify(&self) -> anyhow::Result<()> {
        let mut plan = self.plan.clone();
        plan.args = ["projections", "verify", "--all", "--json"].map(Into::into).to_vec();
        let mut verify = children::spawn(plan).await?;
        let status = verify.wait().await;
        if !status.success() {
            self.violate(format!(
                "what serves is not what a rebuild makes ({status}): {}",
                files::tail(&verify.log, 12)
            ));
        }
        verify.stop(Signal::SIGKILL, PATIENCE).await;
        Ok(())
    }

    /// What became of them so far.
    pub(super) fn counts(&self) -> Counts {
        *lock(&self.counts)
    }

    /// What should not have become of any.
    pub(super) fn violations(&self) -> Vec<String> {
        lock(&self.violations).clone()
    }

    async fn begin(&self, more: &[&str]) -> anyhow::Result<Running> {
        let mut plan = self.plan.clone();
        plan.args = ["projections", "rebuild", "posts", "--json"].iter().chain(more).map(Into::into).collect();
        children::spawn(plan).await
    }

    /// Comes back as soon as a rebuild waits, in its swap, for a reader, who lets go then.
    async fn reaches_swap(&self) -> sqlx::Result<()> {
        let mut reader = PgConnection::connect_with(&self.read.connect_options()).await?;
        reader.execute("begin; lock table read.content_posts in access share mode").await?;
        let asked = "select exists (select from pg_locks where relation = 'read.content_posts'::regclass and mode = 'AccessExclusiveLock' and not granted)";
        while !sqlx::query_scalar::<_, bool>(asked).fetch_one(&mut reader).await? {
            sleep(Duration::from_millis(5)).await;
        }
        reader.execute("rollback").await?;
        reader.close().await
    }

    /// A rebuild that has folded a part of the log, and no more: others, which found that the one before still held on, are over.
    async fn begin_midway(&self, a_second: &str) -> anyhow::Result<Running> {
        loop {
            let before: i64 =
                sqlx::query_scalar("select coalesce(max(run), 0) from rebuild.runs").fetch_one(&self.read).await?;
            let rebuild = self.begin(&["--anew", "--throttle", a_second]).await?;
            self.is_midway(&rebuild, before).await;
            if rebuild.ended().is_none() {
                return Ok(rebuild);
            }
            self.note(rebuild, false).await;
            sleep(PAUSE).await;
        }
    }

    /// Comes back when a run that was begun after `before` has folded a part of the log, or the rebuild has ended.
    async fn is_midway(&self, rebuild: &Running, before: i64) {
        let asked = "select exists (select from rebuild.runs where projection = 'content.posts' and purpose = 'rebuild' and state = 'open' and position > 0 and run > $1)";
        while rebuild.ended().is_none() {
            if matches!(sqlx::query_scalar(asked).bind(before).fetch_one(&self.read).await, Ok(true)) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends it where it has not by itself, and counts it.
    async fn note(&self, rebuild: Running, was_in_swap: bool) {
        let (ended, log) = (rebuild.ended(), rebuild.log.clone());
        rebuild.stop(Signal::SIGKILL, PATIENCE).await;
        let mut counts = lock(&self.counts);
        match ended.map(|status| status.code()) {
            None => {
                counts.killed += 1;
                counts.in_swap += u32::from(was_in_swap);
            }
            Some(Some(0)) => counts.swapped += 1,
            Some(Some(1 | 5)) => counts.interrupted += 1,
            Some(code) => self.violate(format!("a rebuild ended with {code:?}: {}", files::tail(&log, 12))),
        }
    }

    fn violate(&self, violation: String) {
        lock(&self.violations).push(violation);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
