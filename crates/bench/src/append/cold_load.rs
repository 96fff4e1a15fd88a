//! Aggregates that no lane has at hand, read with a snapshot and without: what a process pays that has just begun.

use std::time::Duration;

use futures::FutureExt;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, Executor, PgConnection};
use tidemark_engine::LOG_ROLE;
use tidemark_engine::commands::{Commands, Snapshots};
use tidemark_engine::log::Log;

use super::BENCH;
use super::ours::{LOADING, SHAPE};
use super::work::{Empty, Note, Work};
use crate::BenchArgs;
use crate::database::{Database, as_role};
use crate::figure::Figure;
use crate::load::{Caller, Contender, best_of, drive};

const UNIT: &str = "loads/s";
const STREAMS: u32 = 16;
const EVENTS: u32 = 1_000;
/// Half as many events have come since as lie between two snapshots by default.
const SNAPSHOT_AT: u32 = 950;
const EPOCH: i32 = 1;

pub(super) async fn run(args: &BenchArgs, maintenance_url: &str) -> anyhow::Result<Vec<Figure>> {
    eprintln!("append: cold loads of {EVENTS} events, with and without a snapshot");
    let database = Database::migrated(maintenance_url, "cold_load", &args.role_password).await?;
    let mut owner = PgConnection::connect_with(&database.options()).await?;
    let options = as_role(database.options(), LOG_ROLE);
    let pool = PgPoolOptions::new().max_connections(LOADING).connect_with(options.clone()).await?;
    // Nothing is appended, so nobody runs the appender.
    let (log, _appender) = Log::new(options, 1);
    let without = Commands::new(log, pool.clone());
    let work = Work::on_many_streams();

    fill(&mut owner, &work, "long", 1, SNAPSHOT_AT).await?;
    let (snapshots, mut writer) = Snapshots::new(pool.clone(), SNAPSHOT_AT);
    let writing = without.clone().with_snapshots(snapshots).in_epoch(EPOCH);
    for n in 1..=STREAMS {
        writing.known::<Note, Empty>("long", &n.to_string(), SHAPE).await?;
        anyhow::ensure!(writer.step().await, "no snapshot was offered");
    }
    fill(&mut owner, &work, "long", SNAPSHOT_AT + 1, EVENTS).await?;
    fill(&mut owner, &work, "short", 1, 1).await?;
    owner.execute("vacuum analyze log.events").await?;
    owner.close().await?;

    // None is ever due, so that loading is all there is.
    let (snapshots, _writer) = Snapshots::new(pool.clone(), u32::MAX);
    let with = without.clone().with_snapshots(snapshots);
    let length = args.length();
    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("1,000 events, a snapshot", || measure(&with, "long", EVENTS, length).boxed()),
            Contender::new("1,000 events", || measure(&without, "long", EVENTS, length).boxed()),
            Contender::new("1 event, no snapshot", || measure(&with, "short", 1, length).boxed()),
            Contender::new("1 event", || measure(&without, "short", 1, length).boxed()),
        ],
    )
    .await?;
    pool.close().await;
    database.drop().await?;
    let figure = |case: &str, value| Figure::plain(BENCH, format!("cold loads, {case}"), value, UNIT);
    Ok(vec![
        figure("1,000 events, 50 since the snapshot / without one", best[0]).beside(best[1]).at_least(4.0),
        figure("1 event, none found / none looked for", best[2]).beside(best[3]),
    ])
}

async fn measure(commands: &Commands, tenant: &'static str, events: u32, length: Duration) -> anyhow::Result<f64> {
    let caller = || ColdLoads { commands: commands.clone(), tenant, events, calls: 0 };
    drive(&mut std::iter::repeat_with(caller).take(LOADING as usize).collect(), length).await
}

struct ColdLoads {
    commands: Commands,
    tenant: &'static str,
    events: u32,
    calls: u32,
}

impl Caller for ColdLoads {
    async fn call(&mut self) -> anyhow::Result<()> {
        self.calls += 1;
        let id = (self.calls % STREAMS + 1).to_string();
        // In an epoch anew there is nothing at hand.
        let (_, version) = self.commands.in_epoch(EPOCH).known::<Note, Empty>(self.tenant, &id, SHAPE).await?;
        anyhow::ensure!(version == i64::from(self.events), "a load has come to version {version}");
        Ok(())
    }
}

/// Puts events of all streams of a tenant at the end of the log, those from `first` to `last` of each.
async fn fill(owner: &mut PgConnection, work: &Work, tenant: &str, first: u32, last: u32) -> anyhow::Result<()> {
    sqlx::query(
        "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at) \
         select head + row_number() over (order by n, s), gen_random_uuid(), $1, of_tenant + row_number() over (order by n, s), 'note', $1 || '/' || s, n, 'LineAdded', '1', $4::json, $5::json, now() \
         from generate_series($2::int, $3::int) as n, generate_series(1, $6::int) as s, \
              (select coalesce(max(position), 0) as head, coalesce(max(tenant_position) filter (where tenant_id = $1), 0) as of_tenant from log.events) as present",
    )
    .bind(tenant)
    .bind(first.cast_signed())
    .bind(last.cast_signed())
    .bind(format!(r#"{{"line":"{}"}}"#, work.line))
    .bind(serde_json::to_string(&*work.metadata)?)
    .bind(STREAMS.cast_signed())
    .execute(owner)
    .await?;
    Ok(())
}
