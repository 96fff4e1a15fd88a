//! The lag of a read model that serves while it is rebuilt, without a pace, over and over.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use tidemark_engine::projection::Projection;
use tidemark_projections::content::posts::Posts;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{BENCH, PATIENCE, Visible, Writing};
use crate::BenchArgs;
use crate::database::Database;
use crate::figure::Figure;
use crate::load::percentile;
use crate::rebuild::{fill, rebuild};
use crate::service::{Kind, Target};

/// Events in the log before.
const EVENTS: u32 = 200_000;
/// Events a second that come meanwhile.
const RATE: u32 = 200;

pub(super) async fn run(args: &BenchArgs, maintenance_url: &str, nats_url: &str) -> anyhow::Result<Vec<Figure>> {
    let events = args.events(EVENTS, EVENTS / 50);
    eprintln!("lag: {RATE} events/s, while {events} others are folded anew");
    let database = Database::migrated(maintenance_url, "rebuilding", &args.role_password).await?;
    let owner = PgPoolOptions::new().max_connections(8).connect_with(database.options()).await?;
    tidemark_projections::install(&owner).await?;
    fill(&owner, events, 100).await?;
    let target = Target::new(&database, &args.role_password).with_nats(nats_url);
    let (workers, projections) = (target.start(Kind::Workers).await?, target.start(Kind::Projections).await?);
    let began = Instant::now();
    let folded = "select exists (select from read.checkpoints where projection = $1 and position >= $2)";
    while !sqlx::query_scalar::<_, bool>(folded).bind(Posts::NAME).bind(i64::from(events)).fetch_one(&owner).await? {
        anyhow::ensure!(began.elapsed() < PATIENCE * 5, "the log was not folded");
        sleep(Duration::from_millis(50)).await;
    }

    let visible = Visible::listen(&database).await?;
    let writing = Writing::start(&database).await?;
    let mut best = f64::INFINITY;
    for round in 1..=args.rounds() {
        let written = CancellationToken::new();
        let writes = async {
            let acknowledged = writing.write(RATE, args.length()).await;
            written.cancel();
            acknowledged
        };
        let rebuilds = async {
            let mut rebuilds = 0;
            while !written.is_cancelled() {
                rebuild(&owner).await?;
                rebuilds += 1;
            }
            anyhow::Ok(rebuilds)
        };
        let (acknowledged, rebuilds) = tokio::join!(writes, rebuilds);
        let mut lags = visible.wait_for(&acknowledged?).await?;
        lags.sort_by(f64::total_cmp);
        let most = percentile(&lags, 99);
        eprintln!("  round {round}: {} events, {} rebuilds, p99 {most:.2} ms", lags.len(), rebuilds?);
        best = best.min(most);
    }
    projections.stop().await?;
    workers.stop().await?;
    writing.stop().await?;
    owner.close().await;
    database.drop().await?;
    let case = format!("{RATE} events/s, p99, while {events} events are rebuilt without a pace");
    Ok(vec![Figure::plain(BENCH, case, best, "ms").at_most(250.0)])
}
