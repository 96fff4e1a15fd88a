//! The whole log through a feed, every event decoded, beside Postgres copying the same rows to a client that drops them.

use std::time::Instant;

use anyhow::Context;
use futures::TryStreamExt;
use sqlx::PgPool;
use sqlx::postgres::{PgPoolCopyExt, PgPoolOptions};
use tidemark_content::PostEvent;
use tidemark_engine::feed::{Feed, FeedSettings};
use tidemark_engine::log;
use tidemark_engine::signature::Signer;
use tokio_util::sync::CancellationToken;

use crate::BenchArgs;
use crate::database::Database;

/// Events that a listener asks for at once.
const AT_ONCE: usize = 1024;
const COPY: &str = "copy (select position, event_id, tenant_id, tenant_position, aggregate_type, aggregate_id, sequence, event_type, event_version, \
                    payload, metadata, recorded_at from log.events order by position) to stdout";

/// Events a second.
pub(super) struct Scanned {
    pub(super) feed: f64,
    pub(super) copied: f64,
}

pub(super) async fn measure(args: &BenchArgs, database: &Database, events: u32) -> anyhow::Result<Scanned> {
    let pool = PgPoolOptions::new().max_connections(4).connect_with(database.options()).await?;
    let mut best = Scanned { feed: 0.0, copied: 0.0 };
    for round in 1..=args.rounds() {
        let began = Instant::now();
        copy(&pool).await?;
        best.copied = best.copied.max(f64::from(events) / began.elapsed().as_secs_f64());
        let began = Instant::now();
        listen(&pool, i64::from(events)).await?;
        best.feed = best.feed.max(f64::from(events) / began.elapsed().as_secs_f64());
        eprintln!("  scan {round}: {:>10.0}/s, copied {:>10.0}/s", best.feed, best.copied);
    }
    pool.close().await;
    Ok(best)
}

async fn copy(pool: &PgPool) -> anyhow::Result<()> {
    let mut rows = pool.copy_out_raw(COPY).await?;
    while rows.try_next().await?.is_some() {}
    Ok(())
}

async fn listen(pool: &PgPool, last: i64) -> anyhow::Result<()> {
    let epoch = log::epoch(pool).await?;
    let shutdown = CancellationToken::new();
    let feed = Feed::start(FeedSettings::new(pool.clone(), None, Signer::new(b"bench"), epoch), shutdown.clone());
    let mut listener = feed.listen(0);
    while listener.position() < last {
        for event in listener.next(AT_ONCE).await? {
            event.decode::<PostEvent>().with_context(|| format!("position {}", event.position))?;
        }
    }
    shutdown.cancel();
    Ok(feed.join().await?)
}
