//! The query side: one snapshot a query, in one tenant, with how far the read models had come in it.
//!
//! A query is one transaction in a task that nobody drops: a client that hangs up leaves no connection in a transaction.

mod presence;
mod shares;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use parking::Progress;
use presence::Presence;
pub use shares::Crowded;
use shares::Shares;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{Executor, PgConnection, PgPool, Postgres, Row};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::database::{ANSWER, connect_options, in_time, overdue, pool_options};
use crate::heads::{SILENCE, ensure_alive};
use crate::projection::Source;

/// A read that waits asks the database at least this often, whatever it was told.
const POLL: Duration = Duration::from_millis(100);

/// What a query found, and the state of the tenant that it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// What was found.
    pub value: T,
    /// The tenant position that all the projections asked for had reached.
    pub tenant_position: i64,
}

impl<T> Answer<T> {
    /// The same place, another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { value: change(self.value), tenant_position: self.tenant_position }
    }
}

/// Whether the read models have come to where a caller needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// They have.
    Reached,
    /// They had not at the deadline.
    Behind,
}

/// The read models of all tenants, one tenant at a time. Cheap to clone.
#[derive(Clone)]
pub struct Reads {
    pool: PgPool,
    shares: Arc<Shares>,
    presence: Arc<Presence>,
    progress: Arc<Progress>,
}

impl Reads {
    /// Connects as `url` says when it is first needed, with at most `connections`; the role is `tidemark_query`.
    ///
    /// # Errors
    /// When `url` is no database URL.
    pub fn open(url: &str, connections: u32) -> sqlx::Result<Self> {
        let options = connect_options(url, "tidemark query", ANSWER)?.options([("jit", "off")]);
        Ok(Self::new(pool_options(connections).connect_lazy_with(options)))
    }

    /// As [`Reads::open`], from a database of the read models' own. Each connection is asked first whether they are those of
    /// `source`; one where they are not counts as away.
    ///
    /// # Errors
    /// When `url` is no database URL.
    pub fn open_from(url: &str, connections: u32, source: Source) -> sqlx::Result<Self> {
        let options = connect_options(url, "tidemark query", ANSWER)?.options([("jit", "off")]);
        let pool = pool_options(connections).after_connect(move |connection, _| {
            let source = source.clone();
            Box::pin(async move {
                let ensured = in_time(ANSWER, source.ensure(connection)).await;
                ensured.map_err(|error| sqlx::Error::Configuration(error.into()))
            })
        });
        Ok(Self::new(pool.connect_lazy_with(options)))
    }

    /// Reads through a pool of connections as `tidemark_query`.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        let shares = Arc::new(Shares::of(pool.options().get_max_connections()));
        Self { pool, shares, presence: Arc::default(), progress: Arc::default() }
    }

    /// The pool, for what belongs to no tenant (health).
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Runs `read` in one snapshot in which only `tenant` is visible, and says how far `projections` are in it.
    ///
    /// # Errors
    /// When the database is away, at once where that is known, or `read` fails; [`Crowded`] when the tenant uses its share of connections for too long.
    pub async fn query<T, F>(&self, tenant: &str, projections: &[&str], read: F) -> sqlx::Result<Answer<T>>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, sqlx::Result<T>> + Send + 'static,
    {
        let enter = enter_statement(tenant, projections)?;
        let question = self.presence.ask()?;
        let (answer, asked) = oneshot::channel();
        let (pool, shares, tenant) = (self.pool.clone(), Arc::clone(&self.shares), Arc::from(tenant));
        let task = tokio::spawn(async move {
            let _place = shares.enter(tenant).await?;
            let acquired = pool.acquire().await;
            question.take(&acquired);
            let mut snapshot = Snapshot { connection: Some(acquired?) };
            // A connection that owes an answer is closed with its snapshot.
            let Ok(outcome) = tokio::time::timeout(ANSWER, snapshot.read(&enter, read)).await else {
                return Err(overdue());
            };
            // The transaction has changed nothing, so the caller need not wait for its end.
            match outcome {
                Ok(found) => {
                    let _ = answer.send(found);
                    snapshot.leave().await;
                    Ok(())
                }
                Err(error) => {
                    snapshot.leave().await;
                    Err(error)
                }
            }
        });
        match asked.await {
            Ok(found) => Ok(found),
            Err(_) => match task.await {
                Ok(Err(error)) => Err(error),
                Ok(Ok(())) => Err(sqlx::Error::WorkerCrashed),
                Err(panic) => Err(sqlx::Error::Protocol(format!("the query panicked: {panic}"))),
            },
        }
    }

    /// Waits until all of `projections` have come to `tenant_position` in the log of `tenant`, at most until `deadline`.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn wait_until(
        &self,
        tenant: &str,
        projections: &[&str],
        tenant_position: i64,
        deadline: Instant,
    ) -> sqlx::Result<Waited> {
        ensure_tenant(tenant)?;
        // Who has been told of all of them is told again; everybody else has to ask.
        let is_told = self.progress.reached(tenant, projections) >= 0;
        let mut ask_at = if is_told { (Instant::now() + POLL).min(deadline) } else { Instant::now() };
        let mut vague_notices = self.progress.vague_notices();
        loop {
            let woken = self.progress.moved();
            tokio::pin!(woken);
            woken.as_mut().enable();
            if self.progress.reached(tenant, projections) >= tenant_position {
                return Ok(Waited::Reached);
            }
            let now = Instant::now();
            if now >= ask_at || vague_notices != self.progress.vague_notices() {
                vague_notices = self.progress.vague_notices();
                if self.reached(tenant, projections).await? >= tenant_position {
                    return Ok(Waited::Reached);
                }
                if now >= deadline {
                    return Ok(Waited::Behind);
                }
                ask_at = (now + POLL).min(deadline);
            }
            // Whether it was woken or has waited long enough, it looks again.
            let _ = tokio::time::timeout_at(ask_at, woken).await;
        }
    }

    /// How far all of `projections` have come in the log of `tenant`: the lowest of them.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn reached(&self, tenant: &str, projections: &[&str]) -> sqlx::Result<i64> {
        ensure_tenant(tenant)?;
        let question = self.presence.ask()?;
        let asked = sqlx::query_scalar("select read.enter($1, $2)").bind(tenant).bind(projections);
        let reached = in_time(ANSWER, asked.fetch_one(&self.pool)).await;
        question.take(&reached);
        reached
    }

    /// Listens to the projections until `shutdown`, so that waiting reads wake at once. Without it they poll.
    pub async fn follow(&self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            tokio::select! {
                () = shutdown.cancelled() => {}
                outcome = self.listen() => if let Err(error) = outcome {
                    tracing::debug!(%error, "reads poll for progress until they can listen again");
                    self.progress.forget();
                    tokio::time::sleep(Duration::from_millis(500)).await;
                },
            }
        }
    }

    async fn listen(&self) -> sqlx::Result<()> {
        let options = self.pool.connect_options().as_ref().clone().application_name("tidemark query notices");
        let alone =
            PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(5)).connect_lazy_with(options);
        let mut listener = PgListener::connect_with(&alone).await?;
        // What was told is forgotten at once when the server goes, and not only when it is back.
        listener.eager_reconnect(false);
        listener.listen("tidemark_read").await?;
        loop {
            let Ok(heard) = tokio::time::timeout(SILENCE, listener.try_recv()).await else {
                ensure_alive(&mut listener).await?;
                continue;
            };
            match heard? {
                Some(notice) => self.progress.take(notice.payload()),
                // The server was away: what it told before may not have survived.
                None => self.progress.forget(),
            }
        }
    }
}

/// A connection inside a transaction that `sqlx` does not know of. It goes back to the pool only when it has left it.
struct Snapshot {
    connection: Option<PoolConnection<Postgres>>,
}

impl Snapshot {
    async fn read<T, F>(&mut self, enter: &str, read: F) -> sqlx::Result<Answer<T>>
    where
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, sqlx::Result<T>>,
    {
        let connection = self.connection.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        let entered = connection.fetch_one(sqlx::raw_sql(enter)).await?;
        let tenant_position = entered.try_get(0)?;
        let value = read(connection).await?;
        Ok(Answer { value, tenant_position })
    }

    async fn leave(mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if in_time(ANSWER, connection.execute(sqlx::raw_sql("rollback"))).await.is_err() {
            drop(connection.detach());
        }
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

/// Opens the snapshot, enters the tenant and asks for its progress, in one round trip. The simple protocol takes no
/// parameters; what is put into the text is checked to need no quoting.
///
/// The gate is taken before the snapshot is: no read model is swapped between the snapshot and the end of the query, so
/// the tables that its names find are those whose rows it sees.
fn enter_statement(tenant: &str, projections: &[&str]) -> sqlx::Result<String> {
    ensure_tenant(tenant)?;
    if let Some(name) =
        projections.iter().find(|name| !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_')))
    {
        return Err(sqlx::Error::Configuration(format!("{name:?} is no projection").into()));
    }
    Ok(format!(
        "begin isolation level repeatable read read only; lock table read.gate in access share mode; select read.enter('{tenant}', '{{{}}}')",
        projections.join(",")
    ))
}

fn ensure_tenant(tenant: &str) -> sqlx::Result<()> {
    let begins_well = tenant.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    let goes_on_well = tenant.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if begins_well && goes_on_well && (2..=39).contains(&tenant.len()) {
        Ok(())
    } else {
        Err(sqlx::Error::Configuration("this is no tenant's key".into()))
    }
}

mod parking {
    //! What the projections have told of their progress, and who waits for it.

    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Mutex, PoisonError};

    use tokio::sync::Notify;
    use tokio::sync::futures::Notified;

    use super::HashMap;

    /// More tenants than this are not remembered: then reads ask.
    const MOST: usize = 100_000;

    #[derive(Default)]
    pub(super) struct Progress {
        told: Mutex<HashMap<String, HashMap<String, i64>>>,
        /// Notices that named no tenants, because there were too many.
        vague: AtomicU64,
        moved: Notify,
    }

    impl Progress {
        pub(super) fn vague_notices(&self) -> u64 {
            self.vague.load(Ordering::Relaxed)
        }

        /// What is known of the lowest of `projections`; -1 when nothing is.
        pub(super) fn reached(&self, tenant: &str, projections: &[&str]) -> i64 {
            let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let of_tenant = told.get(tenant);
            let reached = |projection: &&str| of_tenant.and_then(|known| known.get(*projection)).copied().unwrap_or(-1);
            projections.iter().map(reached).min().unwrap_or(-1)
        }

        pub(super) fn moved(&self) -> Notified<'_> {
            self.moved.notified()
        }

        /// Takes in `<projection> <tenant>=<position> ...`.
        pub(super) fn take(&self, notice: &str) {
            if !notice.contains(' ') {
                self.vague.fetch_add(1, Ordering::Relaxed);
            }
            let mut words = notice.split(' ');
            let projection = words.next().unwrap_or_default();
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            for (tenant, position) in words.filter_map(|word| word.split_once('=')) {
                let Ok(position) = position.parse() else { continue };
                if told.len() >= MOST && !told.contains_key(tenant) {
                    told.clear();
                }
                match told.get_mut(tenant) {
                    Some(known) => known.insert(projection.to_owned(), position),
                    None => told.entry(tenant.to_owned()).or_default().insert(projection.to_owned(), position),
                };
            }
            drop(told);
            self.moved.notify_waiters();
        }

        pub(super) fn forget(&self) {
            self.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
            self.moved.notify_waiters();
        }
    }
}
