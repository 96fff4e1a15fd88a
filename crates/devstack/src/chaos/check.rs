//! What must be true afterwards: log, read model and stream against what clients were told.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use async_nats::jetstream;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use futures::StreamExt;
use sqlx::PgPool;
use tidemark_engine::relay::STREAM;
use uuid::Uuid;

use super::load::Load;
use super::mails;
use super::stack::BrokenStack;

/// How long the read models and the stream may take to reach the head once everything runs.
const CATCH_UP: Duration = Duration::from_secs(60);

/// Everything that is not as it should be.
pub(super) async fn all(stack: &BrokenStack, load: &Load) -> anyhow::Result<Vec<String>> {
    let mut violations = log_has_no_gaps(&stack.owner).await?;
    violations.extend(commands_are_there_once(&stack.owner, load).await?);
    violations.extend(read_model_is_right(stack, load).await?);
    violations.extend(snapshots_are_of_the_log(&stack.owner).await?);
    violations.extend(stream_is_the_log(stack).await?);
    violations.extend(mails::all_are_welcomed_once(stack).await?);
    violations.extend(no_transaction_is_left_open(&stack.owner).await?);
    Ok(violations)
}

async fn log_has_no_gaps(owner: &PgPool) -> anyhow::Result<Vec<String>> {
    let checks = [
        (
            "positions",
            "select count(*) from (select position, row_number() over (order by position) as n from log.events) e where position <> n",
        ),
        (
            "tenant positions",
            "select count(*) from (select tenant_position, row_number() over (partition by tenant_id order by position) as n from log.events) e where tenant_position <> n",
        ),
        (
            "sequences",
            "select count(*) from (select sequence, row_number() over (partition by aggregate_type, aggregate_id order by position) as n from log.events) e where sequence <> n",
        ),
        (
            "times",
            "select count(*) from (select recorded_at, lag(recorded_at) over (order by position) as before from log.events) e where recorded_at < before",
        ),
        ("event ids", "select count(*) - count(distinct event_id) from log.events"),
    ];
    let mut violations = Vec::new();
    for (what, query) in checks {
        let wrong: i64 = sqlx::query_scalar(query).fetch_one(owner).await?;
        if wrong != 0 {
            violations.push(format!("log: {wrong} {what} are not what they must be"));
        }
    }
    Ok(violations)
}

/// Each command that was told has its events exactly once, and there are no others.
async fn commands_are_there_once(owner: &PgPool, load: &Load) -> anyhow::Result<Vec<String>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select metadata->>'requestId', count(*) from log.events where metadata->>'requestId' like 'chaos-%' group by 1",
    )
    .fetch_all(owner)
    .await?;
    let mut found: HashMap<String, i64> = rows.into_iter().collect();
    let mut violations = Vec::new();
    for told in load.told() {
        let events = found.remove(&told.request_id).unwrap_or(0);
        if events != told.events {
            violations.push(format!("command {} has {events} events, and was told {}", told.request_id, told.events));
        }
    }
    violations
        .extend(found.into_iter().map(|(id, events)| format!("command {id} has {events} events, and nobody was told")));
    Ok(violations)
}

async fn read_model_is_right(stack: &BrokenStack, load: &Load) -> anyhow::Result<Vec<String>> {
    let read = &stack.read_owner;
    let head: i64 =
        sqlx::query_scalar("select coalesce(max(position), 0) from log.events").fetch_one(&stack.owner).await?;
    let deadline = Instant::now() + CATCH_UP;
    loop {
        let behind: i64 = sqlx::query_scalar("select count(*) from read.checkpoints where position < $1")
            .bind(head)
            .fetch_one(read)
            .await?;
        if behind == 0 {
            break;
        }
        if Instant::now() > deadline {
            return Ok(vec![format!("{behind} projections did not reach the head within {} s", CATCH_UP.as_secs())]);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut violations = Vec::new();
    let stalls: i64 = sqlx::query_scalar("select count(*) from read.stalls").fetch_one(read).await?;
    if stalls != 0 {
        violations.push(format!("projections have stopped for {stalls} tenants"));
    }
    let rows: Vec<(Uuid, i64, String)> =
        sqlx::query_as("select post_id, version, title from read.content_posts where tenant_id = 'demo'")
            .fetch_all(read)
            .await?;
    let rows: HashMap<Uuid, (i64, String)> =
        rows.into_iter().map(|(id, version, title)| (id, (version, title))).collect();
    let known = load.known();
    if rows.len() != known.len() {
        violations.push(format!("the read model has {} posts, and {} were made", rows.len(), known.len()));
    }
    for post in known {
        let row = rows.get(&post.id);
        let right = match row {
            None => false,
            Some(_) if post.id == load.hot() => true,
            Some((version, title)) => {
                *version == post.version && post.title.as_ref().is_none_or(|known| known == title)
            }
        };
        if !right {
            violations.push(format!("post {} is {row:?} in the read model, and was left as {post:?}", post.id));
        }
    }
    Ok(violations)
}

/// What they have said is in what commands were answered with; here it is that they were there, and each of an event that is.
async fn snapshots_are_of_the_log(owner: &PgPool) -> anyhow::Result<Vec<String>> {
    let (written, lost): (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where e.event_id is null) \
         from log.snapshots s left join log.events e on e.event_id = s.event_id and e.aggregate_type = s.aggregate_type \
              and e.aggregate_id = s.aggregate_id and e.sequence = s.last_sequence",
    )
    .fetch_one(owner)
    .await?;
    let mut violations = Vec::new();
    if written == 0 {
        violations.push("not one snapshot was written".to_owned());
    }
    if lost != 0 {
        violations.push(format!("{lost} snapshots are of events that are not in the log"));
    }
    Ok(violations)
}

/// A consumer that knows nothing of us sees every event once, in order.
async fn stream_is_the_log(stack: &BrokenStack) -> anyhow::Result<Vec<String>> {
    let log: Vec<(i64, Uuid)> =
        sqlx::query_as("select position, event_id from log.events order by position").fetch_all(&stack.owner).await?;
    let head = log.last().map_or(0, |(position, _)| *position);
    let context = jetstream::new(async_nats::connect(&stack.json.nats_url).await.context("NATS is away")?);
    let deadline = Instant::now() + CATCH_UP;
    loop {
        let last = match context.get_stream(STREAM).await {
            Ok(stream) => i64::try_from(stream.cached_info().state.last_sequence)?,
            Err(_) => 0,
        };
        if last == head {
            break;
        }
        if Instant::now() > deadline {
            return Ok(vec![format!("the stream ends at {last} and the log at {head}")]);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let config = OrderedConfig { deliver_policy: DeliverPolicy::All, ..OrderedConfig::default() };
    let mut messages = context.create_consumer_on_stream(config, STREAM).await?.messages().await?;
    let mut violations = Vec::new();
    for (position, event_id) in &log {
        let message = match tokio::time::timeout(Duration::from_secs(10), messages.next()).await {
            Ok(Some(message)) => message?,
            Ok(None) | Err(_) => bail!("the stream gave nothing for position {position}"),
        };
        let sequence = message.info().map_err(|error| anyhow::anyhow!("no stream sequence: {error}"))?.stream_sequence;
        let id =
            message.headers.as_ref().and_then(|headers| headers.get("Nats-Msg-Id")).map(|id| id.as_str().to_owned());
        if i64::try_from(sequence)? != *position || id != Some(event_id.to_string()) {
            violations.push(format!("the stream has {id:?} at {sequence} where the log has {event_id} at {position}"));
            break;
        }
    }
    Ok(violations)
}

async fn no_transaction_is_left_open(owner: &PgPool) -> anyhow::Result<Vec<String>> {
    let open: i64 = sqlx::query_scalar(
        "select count(*) from pg_stat_activity where state like 'idle in transaction%' and state_change < now() - interval '10 seconds'",
    )
    .fetch_one(owner)
    .await?;
    Ok(if open == 0 { Vec::new() } else { vec![format!("{open} connections are idle in a transaction")] })
}
