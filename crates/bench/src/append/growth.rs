//! Appending to a large log beside appending to a small one: what an append costs must not grow with what there is.

use futures::FutureExt;
use sqlx::{Connection, Executor, PgConnection};

use super::ours::{Extras, Ours};
use super::work::Work;
use super::{BENCH, UNIT, warm_up};
use crate::BenchArgs;
use crate::database::Database;
use crate::figure::Figure;
use crate::load::{Contender, best_of};

const CALLERS: usize = 64;
const SMALL: u32 = 10_000;
const LARGE: u32 = 10_000_000;

pub(super) async fn run(args: &BenchArgs, maintenance_url: &str) -> anyhow::Result<Vec<Figure>> {
    let events = args.events(LARGE, SMALL * 2);
    eprintln!("append: {CALLERS} callers, {events} events in the log and {SMALL}");
    let work = Work::on_many_streams();
    let large = grown(args, maintenance_url, &work, "grown_large", events).await?;
    let small = grown(args, maintenance_url, &work, "grown_small", SMALL).await?;
    let length = args.length();
    warm_up(&large, &work, CALLERS, length).await?;
    warm_up(&small, &work, CALLERS, length).await?;
    let best = best_of(
        args.rounds(),
        &mut [
            Contender::new("a large log", || {
                large.write_side.commands(&work, CALLERS, Extras::Nothing, length).boxed()
            }),
            Contender::new("a small log", || {
                small.write_side.commands(&work, CALLERS, Extras::Nothing, length).boxed()
            }),
        ],
    )
    .await?;
    large.stop().await?;
    small.stop().await?;
    let case = format!("{CALLERS} callers, {events} events in the log / {SMALL}");
    Ok(vec![Figure::plain(BENCH, case, best[0], UNIT).beside(best[1]).at_least(0.8)])
}

/// A log of so many events of others, and a write side on it.
async fn grown(args: &BenchArgs, maintenance_url: &str, work: &Work, name: &str, events: u32) -> anyhow::Result<Ours> {
    let database = Database::migrated(maintenance_url, name, &args.role_password).await?;
    let mut owner = PgConnection::connect_with(&database.options()).await?;
    owner.execute(fill(events).as_str()).await?;
    // A statement of its own: beside another one it would be in a transaction, where it must not be.
    owner.execute("vacuum analyze log.events").await?;
    owner.close().await?;
    Ours::on(database, work).await
}

/// Streams of ten events, of a hundred tenants in turns.
fn fill(events: u32) -> String {
    format!(
        "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at) \
         select n + 1, gen_random_uuid(), tenant, n / 100 + 1, 'grown', tenant || '/' || md5((n / 1000 * 100 + n % 100)::text)::uuid, n / 100 % 10 + 1, 'Grown', '1', \
                '{{\"type\":\"Grown\",\"line\":\"the tide comes in and leaves a mark\"}}', '{{\"actor\":\"user:bench\",\"command\":\"Grow\"}}', \
                timestamptz '2026-01-01' + n * interval '1 millisecond' \
         from generate_series(0, {events} - 1) as n, lateral (select 'grown-' || n % 100 as tenant) as named"
    )
}
