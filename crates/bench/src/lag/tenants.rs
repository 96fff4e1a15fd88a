//! Ten thousand tenants: how soon a projection worker works, and what it costs to wait.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use tidemark_engine::projection::Projection;
use tidemark_projections::content::posts::Posts;
use tokio::time::{Instant, sleep};

use super::{BENCH, PATIENCE, Visible, Writing};
use crate::BenchArgs;
use crate::database::Database;
use crate::figure::Figure;
use crate::memory;
use crate::rebuild::fill;
use crate::service::{Kind, Target};

/// Each of them has a post.
const TENANTS: u32 = 10_000;
/// How long the worker is watched while nothing happens.
const IDLE: Duration = Duration::from_secs(10);

/// A worker that is started where everything is folded already: when the first new event is visible, and what it costs to wait.
pub(super) async fn run(args: &BenchArgs, maintenance_url: &str, nats_url: &str) -> anyhow::Result<Vec<Figure>> {
    let tenants = if args.smoke { TENANTS / 50 } else { TENANTS };
    eprintln!("lag: a projection worker of {tenants} tenants");
    let database = Database::migrated(maintenance_url, "tenants", &args.role_password).await?;
    let owner = PgPoolOptions::new().max_connections(1).connect_with(database.options()).await?;
    tidemark_projections::install(&owner).await?;
    fill(&owner, tenants * 4, tenants).await?;
    let target = Target::new(&database, &args.role_password).with_nats(nats_url);
    let workers = target.start(Kind::Workers).await?;
    let began = Instant::now();
    let projections = target.start(Kind::Projections).await?;
    let folded = "select count(*) from read.progress where projection = $1 and tenant_position = 4";
    while sqlx::query_scalar::<_, i64>(folded).bind(Posts::NAME).fetch_one(&owner).await? < i64::from(tenants) {
        anyhow::ensure!(began.elapsed() < PATIENCE * 5, "the tenants were not folded");
        sleep(Duration::from_millis(50)).await;
    }
    let first = began.elapsed().as_secs_f64();
    projections.stop().await?;

    let visible = Visible::listen(&database).await?;
    let writing = Writing::start(&database).await?;
    let acknowledged = writing.write(1, Duration::from_secs(1)).await?;
    let began = Instant::now();
    let projections = target.start(Kind::Projections).await?;
    visible.wait_for(&acknowledged).await?;
    let start = began.elapsed().as_secs_f64();
    sleep(IDLE).await;
    let (process, before) = (projections.id()?, memory::processor_time(projections.id()?)?);
    sleep(IDLE).await;
    let busy = (memory::processor_time(process)? - before).as_secs_f64() / IDLE.as_secs_f64() * 100.0;
    let resident = memory::resident(process)?;
    projections.stop().await?;
    workers.stop().await?;
    writing.stop().await?;
    owner.close().await;
    database.drop().await?;
    let figure = |case: &str, value, unit| Figure::plain(BENCH, format!("{case}, {tenants} tenants"), value, unit);
    Ok(vec![
        figure("all of the log folded for the first time", first, "s"),
        figure("from the start of a projection worker to the first new row", start, "s").at_most(3.0),
        figure("memory of a projection worker", resident, "MiB").at_most(150.0),
        figure("an idle projection worker, of a core", busy, "%").at_most(2.0),
    ])
}
