//! From an acknowledged event to the command that a policy gives because of it: posts that are due at once when they are scheduled,
//! by the workers process with all its policies.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgPoolOptions;
use tidemark_content::Publication;
use tidemark_kernel::Timestamp;
use tokio::time::{Instant, sleep};

use super::{BENCH, PATIENCE, TENANTS, Writing, create_post, steadily};
use crate::BenchArgs;
use crate::database::Database;
use crate::figure::Figure;
use crate::load::percentile;
use crate::service::{Kind, Target};

/// Posts a second. Each is two events, and a third by the policy.
const RATE: u32 = 500;
/// What is to be reached at it, in milliseconds.
const REACH: f64 = 50.0;
/// Tried one after the other, to find how far it reaches.
const RATES: [u32; 9] = [50, 100, 200, 350, 500, 700, 1_000, 1_400, 2_000];

/// Measures at the rate, then looks for the highest one that is still well; what is recorded by the policy's command has the
/// time of its append.
pub(super) async fn run(args: &BenchArgs, maintenance_url: &str, nats_url: &str) -> anyhow::Result<Vec<Figure>> {
    eprintln!("lag: {RATE} scheduled posts a second and the policy that publishes them");
    let database = Database::migrated(maintenance_url, "policy", &args.role_password).await?;
    let owner = PgPoolOptions::new().max_connections(1).connect_with(database.options()).await?;
    tidemark_workers::install(&owner).await?;
    let workers = Target::new(&database, &args.role_password).with_nats(nats_url).start(Kind::Workers).await?;
    let writing = Writing::start(&database).await?;
    // The first waits for leases, connections and the stream.
    measure(&writing, &owner, 1, Duration::from_secs(1)).await?;
    let mut p99 = f64::INFINITY;
    for round in 1..=args.rounds() {
        let waits = measure(&writing, &owner, RATE, args.length()).await?;
        let (half, most) = (percentile(&waits, 50), percentile(&waits, 99));
        eprintln!("  round {round}: {} events, p50 {half:.2} ms, p99 {most:.2} ms", waits.len());
        p99 = p99.min(most);
    }
    let mut highest = 0;
    for rate in RATES {
        let most = percentile(&measure(&writing, &owner, rate, args.length()).await?, 99);
        eprintln!("  {} events/s: p99 {most:.2} ms", rate * 2);
        if most > REACH {
            break;
        }
        highest = rate;
    }
    workers.stop().await?;
    writing.stop().await?;
    owner.close().await;
    database.drop().await?;
    let case = format!("{} events/s, from an event to the command of a policy, p99", RATE * 2);
    let highest = f64::from(highest * 2);
    Ok(vec![
        Figure::plain(BENCH, case, p99, "ms").at_most(REACH),
        Figure::plain(BENCH, format!("highest rate tried at which that p99 is within {REACH} ms"), highest, "events/s"),
    ])
}

/// The waits at so many posts a second, shortest first.
async fn measure(writing: &Writing, owner: &sqlx::PgPool, rate: u32, length: Duration) -> anyhow::Result<Vec<f64>> {
    let schedule = |n: usize| {
        let (commands, tenant) = (writing.commands.clone(), format!("tenant-{}", n % TENANTS));
        async move {
            let due = Publication::At(Timestamp::new(Utc::now()));
            let (tenant, position, _) = create_post(commands, tenant, due).await?;
            Ok((tenant, position, Utc::now()))
        }
    };
    let acknowledged = steadily(rate, length, schedule).await?;
    let mut waits = wait_for(owner, &acknowledged).await?;
    waits.sort_by(f64::total_cmp);
    Ok(waits)
}

/// How long each took from its acknowledgement on, in milliseconds.
async fn wait_for(owner: &sqlx::PgPool, acknowledged: &[(String, i64, DateTime<Utc>)]) -> anyhow::Result<Vec<f64>> {
    let begun = Instant::now();
    loop {
        let published: HashMap<(String, i64), DateTime<Utc>> = sqlx::query_as(
            "select s.tenant_id, s.tenant_position, p.recorded_at from log.events p \
             join log.events s on s.aggregate_type = 'post' and s.aggregate_id = p.aggregate_id and s.event_type = 'PostScheduled' \
             where p.event_type = 'PostPublished'",
        )
        .fetch_all(owner)
        .await?
        .into_iter()
        .map(|(tenant, position, at): (String, i64, DateTime<Utc>)| ((tenant, position), at))
        .collect();
        let waits: Option<Vec<f64>> = acknowledged
            .iter()
            .map(|(tenant, position, at)| {
                let published = published.get(&(tenant.clone(), *position))?;
                Some((*published - *at).as_seconds_f64().max(0.0) * 1000.0)
            })
            .collect();
        if let Some(waits) = waits {
            return Ok(waits);
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "posts were not published");
        sleep(Duration::from_millis(500)).await;
    }
}
