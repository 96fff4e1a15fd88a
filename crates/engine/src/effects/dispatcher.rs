//! Carries effects out: each room takes what is due for it, and writes down what came of it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::desk::Desk;
use super::{Handler, Room};
use crate::database::{ANSWER, in_time};
use crate::policy::standings;

/// How often the gauges are read.
const MEASURE: Duration = Duration::from_secs(5);

/// What the dispatcher needs.
#[derive(Clone)]
pub struct DispatcherSettings {
    /// Writes the ledger.
    pub pool: PgPool,
    /// Who carries out what, and in which [room](Handler::room). Effects of other kinds are left to workers of another version.
    pub handlers: Vec<Arc<dyn Handler>>,
    /// Told when there are new effects.
    pub wake: Arc<Notify>,
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
            handlers,
            wake,
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
    desks: Vec<Desk>,
}

impl Dispatcher {
    /// A dispatcher that has nothing in hand.
    #[must_use]
    pub fn new(settings: DispatcherSettings) -> Self {
        let settings = Arc::new(settings);
        let mut rooms: Vec<(Room, Vec<Arc<dyn Handler>>)> = Vec::new();
        for handler in &settings.handlers {
            let handler = Arc::clone(handler);
            match rooms.iter_mut().find(|(room, _)| *room == handler.room()) {
                Some((_, handlers)) => handlers.push(handler),
                None => rooms.push((handler.room(), vec![handler])),
            }
        }
        let desks =
            rooms.into_iter().map(|(room, handlers)| Desk::new(Arc::clone(&settings), room, handlers)).collect();
        Self { settings, desks }
    }

    /// Writes down what has ended, takes what is due, as far as there are places, and begins to carry it out; says how much
    /// that is.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn step(&mut self) -> sqlx::Result<usize> {
        let stepped = join_all(self.desks.iter_mut().map(Desk::step)).await;
        stepped.into_iter().map(|stepped| stepped.map(|stepped| stepped.begun)).sum()
    }

    /// Waits until nothing is in hand any more, and all of it is written down.
    pub async fn finish(&mut self) {
        join_all(self.desks.iter_mut().map(Desk::finish)).await;
    }

    /// Works until `shutdown`, and waits a little for what is in hand then. Whatever fails is tried again for ever.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self { settings, desks } = self;
        let wakes: Vec<Arc<Notify>> = desks.iter().map(Desk::wake).collect();
        let waking = async {
            loop {
                settings.wake.notified().await;
                wakes.iter().for_each(|wake| wake.notify_one());
            }
        };
        let measuring = async {
            loop {
                measure(&settings.pool).await;
                tokio::time::sleep(MEASURE).await;
            }
        };
        let working = async {
            join_all(desks.into_iter().map(|desk| desk.run(shutdown.clone()))).await;
            shutdown.cancelled().await;
        };
        tokio::select! {
            () = working => {}
            () = waking => {}
            () = measuring => {}
        }
    }
}

async fn measure(pool: &PgPool) {
    match in_time(ANSWER, standings(pool)).await {
        Ok(standings) => {
            for standing in standings {
                let due_for = standing.due_since.map_or(0, |since| (chrono::Utc::now() - since).num_seconds().max(0));
                let policy = standing.policy;
                metrics::gauge!("tidemark_effects_pending", "policy" => policy.clone()).set(standing.pending as f64);
                metrics::gauge!("tidemark_effects_due_seconds", "policy" => policy.clone()).set(due_for as f64);
                metrics::gauge!("tidemark_effects_dead", "policy" => policy).set(standing.dead as f64);
            }
        }
        Err(error) => tracing::debug!(%error, "the ledger could not be measured"),
    }
}
