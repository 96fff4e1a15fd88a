//! Bench `lag`: from the acknowledged append to the visible row, also while it is rebuilt, and to the command of a policy that follows,
//! by way of NATS; and what a projection worker of many tenants needs.
//!
//! Relay and projections run as processes of their own, as in production; commands are executed here, at a steady rate.
//! A row is visible when the projection's transaction, which names how far it has come, has committed: Postgres tells
//! that to whoever listens, at the commit.

mod policy;
mod rebuilding;
mod tenants;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tidemark_commands::{Commands, Precondition, execute, scope, step};
use tidemark_content::{
    Category, DEFAULT_CATEGORIES, NewPost, Post, PostCommand, PostContent, Publication, Slug, Tags, Title,
};
use tidemark_engine::LOG_ROLE;
use tidemark_engine::log::Log;
use tidemark_engine::projection::Projection;
use tidemark_engine::relay::STREAM;
use tidemark_kernel::{Actor, PostId, TenantId, Timestamp, UserId};
use tidemark_projections::content::posts::Posts;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::BenchArgs;
use crate::database::{Database, as_role};
use crate::figure::Figure;
use crate::load::percentile;
use crate::service::{Kind, Target};

const BENCH: &str = "lag";
const TENANTS: usize = 10;
/// How long the last events may take to be visible.
const PATIENCE: Duration = Duration::from_secs(60);

/// A rate of events and what is to be reached at it, in milliseconds.
struct Reach {
    rate: u32,
    p50: Option<f64>,
    p99: f64,
}

const REACH: [Reach; 2] = [Reach { rate: 200, p50: Some(4.0), p99: 15.0 }, Reach { rate: 2_000, p50: None, p99: 30.0 }];

/// Measures at each rate. The stream of the broker has to be free, and is removed afterwards.
pub(crate) async fn run(args: &BenchArgs, maintenance_url: &str, nats_url: &str) -> anyhow::Result<Vec<Figure>> {
    let broker = async_nats::jetstream::new(async_nats::connect(nats_url).await.context("cannot connect to NATS")?);
    anyhow::ensure!(broker.get_stream(STREAM).await.is_err(), "NATS holds a stream {STREAM} already; it is left alone");
    let mut figures = Vec::new();
    if args.wants("rates") {
        let measured = rates(args, maintenance_url, nats_url).await;
        remove_stream(&broker).await?;
        figures.extend(measured?);
    }
    if args.wants("policy") {
        let measured = policy::run(args, maintenance_url, nats_url).await;
        remove_stream(&broker).await?;
        figures.extend(measured?);
    }
    if args.wants("rebuilding") {
        let measured = rebuilding::run(args, maintenance_url, nats_url).await;
        remove_stream(&broker).await?;
        figures.extend(measured?);
    }
    if args.wants("tenants") {
        let measured = tenants::run(args, maintenance_url, nats_url).await;
        remove_stream(&broker).await?;
        figures.extend(measured?);
    }
    Ok(figures)
}

async fn remove_stream(broker: &async_nats::jetstream::Context) -> anyhow::Result<()> {
    broker.delete_stream(STREAM).await.context("the stream cannot be removed").map(drop)
}

async fn rates(args: &BenchArgs, maintenance_url: &str, nats_url: &str) -> anyhow::Result<Vec<Figure>> {
    let database = Database::migrated(maintenance_url, "lag", &args.role_password).await?;
    let owner = PgPoolOptions::new().max_connections(1).connect_with(database.options()).await?;
    tidemark_projections::install(&owner).await?;
    owner.close().await;
    let target = Target::new(&database, &args.role_password).with_nats(nats_url);
    let (workers, projections) = (target.start(Kind::Workers).await?, target.start(Kind::Projections).await?);
    let measured = measure(args, &database).await;
    projections.stop().await?;
    workers.stop().await?;
    database.drop().await?;
    measured
}

async fn measure(args: &BenchArgs, database: &Database) -> anyhow::Result<Vec<Figure>> {
    let visible = Visible::listen(database).await?;
    let writing = Writing::start(database).await?;
    // The first events wait for leases, connections and the stream.
    visible.wait_for(&writing.write(1, Duration::from_secs(1)).await?).await?;
    let mut figures = Vec::new();
    for reach in &REACH {
        eprintln!("lag: {} events/s", reach.rate);
        let (mut p50, mut p99) = (f64::INFINITY, f64::INFINITY);
        for round in 1..=args.rounds() {
            let acknowledged = writing.write(reach.rate, args.length()).await?;
            let mut lags = visible.wait_for(&acknowledged).await?;
            lags.sort_by(f64::total_cmp);
            let (half, most) = (percentile(&lags, 50), percentile(&lags, 99));
            eprintln!("  round {round}: {} events, p50 {half:.2} ms, p99 {most:.2} ms", lags.len());
            (p50, p99) = (p50.min(half), p99.min(most));
        }
        let figure = |name: &str, value| Figure::plain(BENCH, format!("{} events/s, {name}", reach.rate), value, "ms");
        let p50 = figure("p50", p50);
        figures.push(match reach.p50 {
            Some(limit) => p50.at_most(limit),
            None => p50,
        });
        figures.push(figure("p99", p99).at_most(reach.p99));
    }
    writing.stop().await?;
    Ok(figures)
}

/// An event's tenant, its place there, and when its command was answered.
type Acknowledged = (String, i64, Instant);

/// The write side, at a steady rate.
struct Writing {
    commands: Commands,
    appending: JoinHandle<()>,
}

impl Writing {
    async fn start(database: &Database) -> anyhow::Result<Self> {
        let options = as_role(database.options(), LOG_ROLE);
        let (log, mut appender) = Log::new(options.clone(), 4096);
        let appending = tokio::spawn(async move { while appender.step().await {} });
        let pool = PgPoolOptions::new().max_connections(4).connect_with(options).await?;
        Ok(Self { commands: Commands::new(log, pool), appending })
    }

    /// Creates `rate` posts a second, of one event each, when its time has come and not when the one before is done.
    async fn write(&self, rate: u32, length: Duration) -> anyhow::Result<Vec<Acknowledged>> {
        let create = |n| create_post(self.commands.clone(), format!("tenant-{}", n % TENANTS), Publication::Later);
        steadily(rate, length, create).await
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.commands.pool().close().await;
        drop(self.commands);
        Ok(self.appending.await?)
    }
}

/// Does `work` so many times a second, each when its time has come and not when the one before is done.
async fn steadily<T, F>(rate: u32, length: Duration, work: impl Fn(usize) -> F) -> anyhow::Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = anyhow::Result<T>> + Send + 'static,
{
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let count = (f64::from(rate) * length.as_secs_f64()).ceil() as usize;
    let mut running = JoinSet::new();
    for n in 0..count {
        ticks.tick().await;
        running.spawn(work(n));
    }
    let mut finished = Vec::with_capacity(count);
    while let Some(done) = running.join_next().await {
        finished.push(done??);
    }
    Ok(finished)
}

async fn create_post(commands: Commands, tenant: String, publication: Publication) -> anyhow::Result<Acknowledged> {
    let id = PostId::new(Uuid::now_v7());
    let title = format!("The tide of {id}");
    let title = Title::parse(&title).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let new = NewPost {
        id,
        author: UserId::new(Uuid::nil()),
        slug: Slug::from_title(&title),
        title,
        content: PostContent::parse(&"The tide comes in and leaves a mark. ".repeat(6))
            .map_err(|error| anyhow::anyhow!("{error:?}"))?,
        category: Category::choose("tech", &DEFAULT_CATEGORIES).map_err(|error| anyhow::anyhow!("{error:?}"))?,
        tags: Tags::default(),
        cover_image_id: None,
        publication,
        at: Timestamp::new(chrono::Utc::now()),
    };
    let key: TenantId = tenant.parse()?;
    let scope = scope(&key, &Actor::System("bench"), &id.to_string(), "CreatePost");
    let step = step::<Post>(id, Precondition::New, PostCommand::Create(new));
    let executed =
        execute(&commands, &scope, step, |_, _| Vec::new()).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok((tenant, executed.place.tenant_position, Instant::now()))
}

/// When the read model of posts had come where.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<HashMap<String, Moves>>>);

/// How far it had come in one tenant, in order.
type Moves = Vec<(i64, Instant)>;

/// Listens to the projections.
struct Visible {
    seen: Seen,
    shutdown: CancellationToken,
}

impl Visible {
    async fn listen(database: &Database) -> anyhow::Result<Self> {
        let alone = PgPoolOptions::new().max_connections(1).connect_with(database.options()).await?;
        let mut listener = PgListener::connect_with(&alone).await?;
        listener.listen("tidemark_read").await?;
        let (seen, shutdown) = (Seen::default(), CancellationToken::new());
        let (into, ended) = (seen.clone(), shutdown.clone());
        tokio::spawn(async move {
            while let Some(Ok(notice)) = ended.run_until_cancelled(listener.recv()).await {
                into.take(notice.payload(), Instant::now());
            }
        });
        Ok(Self { seen, shutdown })
    }

    /// How long each took from its acknowledgement on, in milliseconds; 0 for those visible before.
    async fn wait_for(&self, acknowledged: &[Acknowledged]) -> anyhow::Result<Vec<f64>> {
        let all = async {
            loop {
                let lags: Option<Vec<f64>> = acknowledged.iter().map(|event| self.seen.lag(event)).collect();
                match lags {
                    Some(lags) => return lags,
                    None => sleep(Duration::from_millis(20)).await,
                }
            }
        };
        timeout(PATIENCE, all).await.context("events did not become visible")
    }
}

impl Drop for Visible {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Seen {
    /// Takes in `<projection> <tenant>=<position> ...`.
    fn take(&self, notice: &str, at: Instant) {
        let mut words = notice.split(' ');
        if words.next() != Some(Posts::NAME) {
            return;
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (tenant, position) in words.filter_map(|word| word.split_once('=')) {
            if let Ok(position) = position.parse() {
                seen.entry(tenant.to_owned()).or_default().push((position, at));
            }
        }
    }

    fn lag(&self, (tenant, position, at): &Acknowledged) -> Option<f64> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let moves = seen.get(tenant)?;
        let (_, visible) = moves.get(moves.partition_point(|(reached, _)| reached < position))?;
        Some(visible.saturating_duration_since(*at).as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_visible_from_the_first_notice_that_reaches_it() {
        let (seen, start) = (Seen::default(), Instant::now());
        seen.take("content.posts shop=3", start + Duration::from_millis(5));
        seen.take("content.posts shop=9 blog=1", start + Duration::from_millis(8));
        let lag = |tenant: &str, position| seen.lag(&(tenant.to_owned(), position, start));
        assert_eq!((lag("shop", 3), lag("shop", 4), lag("blog", 1)), (Some(5.0), Some(8.0), Some(8.0)));
        assert_eq!(lag("shop", 10), None);
    }
}
