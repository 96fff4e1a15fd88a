//! Bench `rebuild`: a read model made anew from the log, per event, beside cqrs-es' `QueryReplay` over postgres-es'
//! `GenericQuery`.
//!
//! Ours is the whole of what `admin projections rebuild` does: folding, indexes, statistics, totals held against the
//! log, and the swap; the second time also the comparison of every row with the one that serves.

mod scan;
mod shipped;

use std::time::Instant;

use anyhow::Context;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgPool};
use tidemark_engine::projection::{Outcome, Pace, Projection, Purpose, Rebuild, RebuildRequest};
use tidemark_projections::content::posts::Posts;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::BenchArgs;
use crate::database::Database;
use crate::figure::Figure;
use crate::memory;

const BENCH: &str = "rebuild";
/// Events of one post: created, published, edited twice.
const EACH: u32 = 4;
/// Events a second that ours is to fold.
const REACH: f64 = 60_000.0;

/// Measures both on the same posts; the yardstick on fewer of them.
pub(crate) async fn run(args: &BenchArgs, maintenance_url: &str) -> anyhow::Result<Vec<Figure>> {
    let ours = args.events(500_000, 2_000);
    let yardstick = (ours / 5).min(10_000);
    eprintln!("rebuild: {ours} events, and {yardstick} for the yardstick");
    let replayed = shipped::measure(maintenance_url, yardstick, args.rounds()).await?;
    let database = Database::migrated(maintenance_url, BENCH, &args.role_password).await?;
    let owner = PgPoolOptions::new().max_connections(4).connect_with(database.options()).await?;
    tidemark_projections::install(&owner).await?;
    fill(&owner, ours, 100).await?;
    let measured = measure(args, &owner, f64::from(ours)).await;
    let scanned = scan::measure(args, &database, ours).await;
    owner.close().await;
    database.drop().await?;
    let Measured { alone, compared, memory } = measured?;
    let figure = |case: &str, value, unit| Figure::plain(BENCH, case, value, unit);
    let scanned = scanned?;
    Ok(vec![
        figure("the log through the feed, decoded / copied to nowhere", scanned.feed, "events/s")
            .beside(scanned.copied)
            .at_least(0.8),
        figure("a new version / cqrs-es + postgres-es", alone, "events/s").beside(replayed).at_least(50.0),
        figure("compared row by row / cqrs-es + postgres-es", compared, "events/s").beside(replayed),
        figure("a new version, every 60,000 events", REACH / alone, "s").at_most(1.0),
        figure("memory of the process, at most", memory, "MiB").at_most(200.0),
    ])
}

struct Measured {
    alone: f64,
    compared: f64,
    memory: f64,
}

async fn measure(args: &BenchArgs, owner: &PgPool, events: f64) -> anyhow::Result<Measured> {
    let process = std::process::id();
    // The peak counts from here.
    std::fs::write("/proc/self/clear_refs", "5").context("the memory of this process cannot be measured")?;
    let (mut alone, mut compared) = (0.0_f64, 0.0_f64);
    for round in 1..=args.rounds() {
        // Tables of another version cannot be compared.
        owner.execute("update read.checkpoints set version = 0 where projection = 'content.posts'").await?;
        let began = Instant::now();
        anyhow::ensure!(rebuild(owner).await?.comparison.is_none(), "it was compared");
        alone = alone.max(events / began.elapsed().as_secs_f64());
        let began = Instant::now();
        let outcome = rebuild(owner).await?;
        anyhow::ensure!(outcome.is_sound() && outcome.comparison.is_some(), "it was not compared: {outcome:?}");
        compared = compared.max(events / began.elapsed().as_secs_f64());
        eprintln!("  round {round}: {alone:>10.0}/s, compared {compared:>10.0}/s");
    }
    Ok(Measured { alone, compared, memory: memory::peak(process)? })
}

/// Rebuilds posts as fast as it goes.
pub(crate) async fn rebuild(owner: &PgPool) -> anyhow::Result<Outcome> {
    let request = RebuildRequest {
        purpose: Purpose::Rebuild,
        tenant: None,
        accept_differences: false,
        anew: true,
        pace: Pace::default(),
        operator: "bench".to_owned(),
        keyring: None,
    };
    let (progress, _seen) = watch::channel(None);
    let outcome = Rebuild::run(Posts, owner.clone(), request, &progress, CancellationToken::new()).await?;
    anyhow::ensure!(outcome.is_swapped, "{} was not swapped: {outcome:?}", Posts::NAME);
    Ok(outcome)
}

/// Writes the life of `events / 4` posts of so many tenants, each step of all before the next.
pub(crate) async fn fill(owner: &PgPool, events: u32, tenants: u32) -> anyhow::Result<()> {
    owner.execute(history(events / EACH, tenants).as_str()).await?;
    owner
        .execute(
            "insert into log.events (position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, recorded_at) \
             select row_number() over (order by sequence, n), gen_random_uuid(), tenant, row_number() over (partition by tenant order by sequence, n), \
                    'post', tenant || '/' || post, sequence, event_type, '1', payload, metadata, timestamptz '2026-01-01' + row_number() over (order by sequence, n) * interval '1 millisecond' \
             from history",
        )
        .await?;
    owner.execute("drop table history").await?;
    // A statement of its own: beside another one it would be in a transaction, where it must not be.
    owner.execute("vacuum analyze log.events").await?;
    Ok(())
}

/// SQL that makes the table `history` of what happens to `posts` posts.
fn history(posts: u32, tenants: u32) -> String {
    format!(
        "create table history as \
         select n, sequence, tenant, post, event_type, metadata, (payload || jsonb_build_object('type', event_type, 'at', '2026-01-01T00:00:00.000Z'))::json as payload \
         from (select n, 'tenant-' || n % {tenants} as tenant, md5(n::text)::uuid as post from generate_series(1, {posts}) as n) as posts \
         cross join lateral (values \
             (1, 'PostCreated', jsonb_build_object('id', post, 'authorId', md5('author' || n % 1000)::uuid, 'slug', 'post-' || n, 'title', 'The tide number ' || n, \
                 'content', repeat('the tide comes in and leaves a mark ', 8), 'category', 'tech', 'tags', jsonb_build_array('sea', 'tag-' || n % 50))), \
             (2, 'PostPublished', '{{}}'::jsonb), \
             (3, 'PostEdited', jsonb_build_object('title', 'The tide that was number ' || n)), \
             (4, 'PostEdited', jsonb_build_object('content', repeat('the tide goes out and leaves a mark ', 8))) \
         ) as steps(sequence, event_type, payload), \
         lateral (select json_build_object('actor', 'user:' || post, 'command', 'Edit', 'requestId', md5(n::text || sequence)) as metadata) as beside"
    )
}
