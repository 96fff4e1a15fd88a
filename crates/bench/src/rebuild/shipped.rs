//! Yardstick: `QueryReplay` of cqrs-es over `GenericQuery` and `PostgresViewRepository` of postgres-es, as they ship: the
//! tables of their `init.sql`, the pool of `default_postgress_pool`. Its view keeps what our row of a post does.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use cqrs_es::persist::{GenericQuery, QueryErrorHandler, QueryReplay};
use cqrs_es::{EventEnvelope, View};
use postgres_es::{PostgresEventRepository, PostgresViewRepository, default_postgress_pool};
use serde::{Deserialize, Serialize};
use sqlx::{Executor, PgPool};
use tidemark_content::{Post, PostEvent};

use super::{EACH, history};
use crate::database::Database;

const TABLES: &str = "
create table events
(
    aggregate_type text                         not null,
    aggregate_id   text                         not null,
    sequence       bigint check (sequence >= 0) not null,
    event_type     text                         not null,
    event_version  text                         not null,
    payload        json                         not null,
    metadata       json                         not null,
    primary key (aggregate_type, aggregate_id, sequence)
);
create table post_view
(
    view_id text                        not null,
    version bigint check (version >= 0) not null,
    payload json                        not null,
    primary key (view_id)
)";

/// A post as a list shows it, and its text.
#[derive(Debug, Default, Serialize, Deserialize)]
struct PostView {
    slug: String,
    title: String,
    excerpt: String,
    content: String,
    category: String,
    tags: Vec<String>,
    status: String,
    updated_at: Option<DateTime<Utc>>,
}

impl View<Post> for PostView {
    fn update(&mut self, event: &EventEnvelope<Post>) {
        match &event.payload {
            PostEvent::PostCreated { slug, title, content, category, tags, at, .. } => {
                self.slug = slug.as_str().to_owned();
                self.title = title.as_str().to_owned();
                self.write(content.as_str());
                self.category = category.as_str().to_owned();
                self.tags = tags.to_strings();
                self.status = "draft".to_owned();
                self.updated_at = Some(at.as_datetime());
            }
            PostEvent::PostEdited { title, content, at, .. } => {
                if let Some(title) = title {
                    self.title = title.as_str().to_owned();
                }
                if let Some(content) = content {
                    self.write(content.as_str());
                }
                self.updated_at = Some(at.as_datetime());
            }
            PostEvent::PostPublished { at } => {
                self.status = "published".to_owned();
                self.updated_at = Some(at.as_datetime());
            }
            PostEvent::PostUnpublished { .. }
            | PostEvent::PostScheduled { .. }
            | PostEvent::PostUnscheduled { .. }
            | PostEvent::PostArchived { .. } => {}
        }
    }
}

impl PostView {
    fn write(&mut self, content: &str) {
        self.excerpt = content.chars().take(200).collect();
        self.content = content.to_owned();
    }
}

/// Events a second, the best of some rounds.
pub(super) async fn measure(maintenance_url: &str, events: u32, rounds: u32) -> anyhow::Result<f64> {
    let database = Database::create(maintenance_url, "replay").await?;
    let pool = default_postgress_pool(&database.url()).await;
    let measured = replay(&pool, events, rounds).await;
    pool.close().await;
    database.drop().await?;
    measured
}

async fn replay(pool: &PgPool, events: u32, rounds: u32) -> anyhow::Result<f64> {
    pool.execute(TABLES).await?;
    pool.execute(history(events / EACH, 100).as_str()).await?;
    pool.execute(
        "insert into events select 'post', tenant || '/' || post, sequence, event_type, '1', payload, metadata from history order by sequence, n; \
         drop table history",
    )
    .await?;
    let mut best = 0.0_f64;
    for round in 1..=rounds {
        pool.execute("truncate post_view").await?;
        let views = Arc::new(PostgresViewRepository::<PostView, Post>::new("post_view", pool.clone()));
        let mut query = GenericQuery::new(views);
        query.use_error_handler(told());
        let mut replay = QueryReplay::new(PostgresEventRepository::new(pool.clone()), query);
        replay.use_error_handler(told());
        let began = Instant::now();
        replay.replay_all().await?;
        let rate = f64::from(events) / began.elapsed().as_secs_f64();
        eprintln!("  round {round}: {:<40} {rate:>10.0}/s", "cqrs-es + postgres-es");
        best = best.max(rate);
    }
    let views: i64 = sqlx::query_scalar("select count(*) from post_view where version = 4").fetch_one(pool).await?;
    anyhow::ensure!(views == i64::from(events / EACH), "the yardstick has made {views} views");
    Ok(best)
}

/// It only reports; that views are missing is found afterwards.
fn told() -> Box<QueryErrorHandler> {
    Box::new(|error| eprintln!("  the yardstick fails: {error}"))
}
