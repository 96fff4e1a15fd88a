//! The stream on the broker: its configuration, whether it is what the log says, and how it is made anew.

use std::error::Error as _;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::context::{GetStreamErrorKind, RequestError};
use async_nats::jetstream::stream::{
    Config, DiscardPolicy, Info, RawMessageError, RawMessageErrorKind, RetentionPolicy, StorageType, Stream,
};
use async_nats::jetstream::{Context, ErrorCode};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use futures::future::join_all;
use sqlx::PgPool;

use super::{RelayError, STREAM, SUBJECTS};
use crate::database::{ANSWER, WORK, in_time};
use crate::deletion::STONE;
use crate::event::RecordedEvent;
use crate::log;
use crate::message;
use crate::signature::Signer;

/// Postgres' clock and the broker's may differ by this much before a message that was dropped for its age looks lost.
const CLOCK_SLACK: Duration = Duration::from_secs(300);

/// An event is at most 2 MiB; the rest is for headers.
const LARGEST_MESSAGE: u64 = 3 << 20;

/// Messages that the broker is asked for at once, each of which may be 2 MiB.
const AT_ONCE: i64 = 32;

/// The stream's name and limits.
#[derive(Debug, Clone)]
pub struct StreamSettings {
    /// The stream.
    pub name: String,
    /// What its subjects begin with.
    pub subjects: String,
    /// How long a message is kept.
    pub max_age: Duration,
    /// How large the stream grows.
    pub max_bytes: u64,
    /// How many servers of a cluster hold it.
    pub replicas: usize,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            name: STREAM.to_owned(),
            subjects: SUBJECTS.to_owned(),
            max_age: Duration::from_secs(7 * 24 * 3600),
            max_bytes: 10 << 30,
            replicas: 1,
        }
    }
}

impl StreamSettings {
    /// Holes cannot be made by others (`deny_delete`, `deny_purge`); only a whole stream can be deleted, and is then
    /// made anew. The expected sequence keeps repeats out, so the broker's own memory of ids is as short as it may be.
    fn config(&self, first: i64) -> Config {
        Config {
            name: self.name.clone(),
            description: Some("Every event of Tidemark's log; the sequence is the position.".to_owned()),
            subjects: vec![format!("{}.>", self.subjects)],
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            storage: StorageType::File,
            max_age: self.max_age,
            max_bytes: i64::try_from(self.max_bytes).unwrap_or(i64::MAX),
            max_messages: -1,
            max_messages_per_subject: -1,
            max_consumers: -1,
            num_replicas: self.replicas,
            duplicate_window: Duration::from_millis(100),
            deny_delete: true,
            deny_purge: true,
            allow_direct: true,
            first_sequence: u64::try_from(first).ok(),
            ..Config::default()
        }
    }
}

/// How the stream differs from the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// There is none.
    Missing,
    /// It keeps, takes or stores its messages in another way, which cannot be changed.
    Config,
    /// It ends after the log.
    Ahead {
        /// Its last sequence.
        last: i64,
        /// The log's head.
        head: i64,
    },
    /// Messages are missing between its first and its last.
    Holes {
        /// Its first sequence.
        first: i64,
        /// Its last sequence.
        last: i64,
        /// How many messages there are.
        messages: u64,
    },
    /// It begins after events that it should still have.
    Beheaded {
        /// Its first sequence.
        first: i64,
    },
    /// A message is not the event of that position, or not in this epoch, or not signed by us.
    Wrong {
        /// Its sequence.
        sequence: i64,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("there is no such stream"),
            Self::Config => formatter.write_str("it is configured in another way"),
            Self::Ahead { last, head } => write!(formatter, "it ends at {last}, and the log at {head}"),
            Self::Holes { first, last, messages } => {
                write!(formatter, "it has {messages} messages from {first} to {last}")
            }
            Self::Beheaded { first } => {
                write!(formatter, "it begins at {first}, after events that it should still have")
            }
            Self::Wrong { sequence, reason } => write!(formatter, "the message at {sequence} is wrong: {reason}"),
        }
    }
}

/// The stream's first and last sequence; `first` is `last + 1` when it is empty.
pub(super) fn bounds(info: &Info) -> (i64, i64) {
    let last = i64::try_from(info.state.last_sequence).unwrap_or(i64::MAX);
    let first = i64::try_from(info.state.first_sequence).unwrap_or(i64::MAX);
    if info.state.messages == 0 { (last.saturating_add(1), last) } else { (first, last) }
}

/// The stream, if there is one.
pub(super) async fn find(context: &Context, name: &str) -> Result<Option<Stream>, RelayError> {
    match context.get_stream(name).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(refusal) if refusal.error_code() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
            _ => Err(RelayError::broker(error)),
        },
    }
}

/// When a stream was made, in nanoseconds: another one of its name was made at another time.
pub(super) type Made = i128;

pub(super) fn made(info: &Info) -> Made {
    info.created.unix_timestamp_nanos()
}

/// The durable consumers of the stream, by name: they go with it when it is made anew.
///
/// # Errors
/// When the broker is away.
pub async fn durable_consumers(context: &Context, name: &str) -> Result<Vec<String>, RelayError> {
    let Some(stream) = find(context, name).await? else { return Ok(Vec::new()) };
    let mut consumers = stream.consumers();
    let mut names = Vec::new();
    while let Some(consumer) = consumers.try_next().await.map_err(RelayError::broker)? {
        names.extend(consumer.config.durable_name);
    }
    names.sort_unstable();
    Ok(names)
}

/// The stream's last sequence; `None` where there is no stream.
///
/// # Errors
/// When the broker is away.
pub async fn last_sequence(context: &Context, name: &str) -> Result<Option<i64>, RelayError> {
    Ok(find(context, name).await?.map(|stream| bounds(stream.cached_info()).1))
}

/// The stream's last sequence if everything about it is what the log says; it may end before the log does. Of its messages the first
/// and the last `closely` are compared.
pub(super) async fn inspect(
    context: &Context,
    pool: &PgPool,
    settings: &StreamSettings,
    signer: &Signer,
    epoch: i32,
    closely: usize,
) -> Result<Result<i64, (Unfit, Option<Made>)>, RelayError> {
    let Some(stream) = find(context, &settings.name).await? else { return Ok(Err((Unfit::Missing, None))) };
    let made = made(stream.cached_info());
    let compared = inspect_stream(context, pool, settings, signer, epoch, closely, &stream).await?;
    Ok(compared.map_err(|unfit| (unfit, Some(made))))
}

async fn inspect_stream(
    context: &Context,
    pool: &PgPool,
    settings: &StreamSettings,
    signer: &Signer,
    epoch: i32,
    closely: usize,
    stream: &Stream,
) -> Result<Result<i64, Unfit>, RelayError> {
    let info = stream.cached_info();
    if !configure(context, settings, &info.config).await? {
        return Ok(Err(Unfit::Config));
    }
    let (first, last) = bounds(info);
    // Read after the stream, so that the log can only look longer than it was.
    let head = log::head(pool).await?;
    if last > head {
        return Ok(Err(Unfit::Ahead { last, head }));
    }
    if i64::try_from(info.state.messages) != Ok(last - first + 1) {
        return Ok(Err(Unfit::Holes { first, last, messages: info.state.messages }));
    }
    if !full(info) && should_begin_before(pool, settings, first).await? {
        return Ok(Err(Unfit::Beheaded { first }));
    }
    if first <= last {
        let from = last.saturating_sub(i64::try_from(closely).unwrap_or(i64::MAX)).saturating_add(1).max(first);
        for range in [from..=last, first..=first] {
            if let Some((sequence, reason)) = compare(stream, pool, signer, epoch, range).await? {
                return Ok(Err(Unfit::Wrong { sequence, reason }));
            }
        }
    }
    Ok(Ok(last))
}

/// Brings the limits to what the settings say. False when the broker does not let them be changed.
async fn configure(context: &Context, settings: &StreamSettings, present: &Config) -> Result<bool, RelayError> {
    let wanted = settings.config(0);
    // What others may not have changed; the rest (placement, metadata) is the operator's.
    let fixed = present.storage == wanted.storage
        && present.retention == wanted.retention
        && present.discard == wanted.discard
        && present.subjects == wanted.subjects
        && present.max_messages == wanted.max_messages
        && present.max_messages_per_subject == wanted.max_messages_per_subject
        && present.deny_delete
        && present.deny_purge
        && !present.sealed
        && !present.allow_rollup
        && !present.no_ack
        && present.mirror.is_none()
        && present.sources.is_none();
    if !fixed {
        return Ok(false);
    }
    if (present.max_age, present.max_bytes, present.num_replicas)
        == (wanted.max_age, wanted.max_bytes, wanted.num_replicas)
    {
        return Ok(true);
    }
    let changed = Config {
        max_age: wanted.max_age,
        max_bytes: wanted.max_bytes,
        num_replicas: wanted.num_replicas,
        ..present.clone()
    };
    context.update_stream(changed).await.map_err(RelayError::broker)?;
    Ok(true)
}

/// Whether the stream has reached its size and drops its oldest messages: then one more of the largest would not fit.
fn full(info: &Info) -> bool {
    let present = info.state.bytes.max(info.state.bytes / 9 * 10);
    u64::try_from(info.config.max_bytes)
        .is_ok_and(|limit| info.state.messages > 0 && present + LARGEST_MESSAGE >= limit)
}

/// Whether the log has an event before `first` that is too young to have been dropped.
async fn should_begin_before(pool: &PgPool, settings: &StreamSettings, first: i64) -> Result<bool, RelayError> {
    let asked = sqlx::query_scalar(
        "select recorded_at > clock_timestamp() - make_interval(secs => $2) from log.events where position = $1",
    )
    .bind(first - 1)
    .bind(settings.max_age.saturating_sub(CLOCK_SLACK.min(settings.max_age / 10)).as_secs_f64());
    let young: Option<bool> = in_time(ANSWER, asked.fetch_optional(pool)).await?;
    Ok(young == Some(true))
}

/// The first of these messages that is wrong, and what is. One that has just been dropped by a limit is not wrong.
async fn compare(
    stream: &Stream,
    pool: &PgPool,
    signer: &Signer,
    epoch: i32,
    range: RangeInclusive<i64>,
) -> Result<Option<(i64, &'static str)>, RelayError> {
    let mut next = *range.start();
    while next <= *range.end() {
        let last = range.end().min(&(next + AT_ONCE - 1)).to_owned();
        let events = log::read_after(pool, next - 1, AT_ONCE).await?;
        let asked = (next..=last)
            .map(|sequence| async move { (sequence, stream.get_raw_message(sequence.unsigned_abs()).await) });
        for (sequence, answer) in join_all(asked).await {
            let message = match answer {
                Ok(message) => message,
                Err(error) if matches!(error.kind(), RawMessageErrorKind::NoMessageFound) => continue,
                // The broker answered, but not with anything that we could have written.
                Err(error) if !failed_to_ask(&error) => return Ok(Some((sequence, "it is unreadable"))),
                Err(error) => return Err(RelayError::broker(error)),
            };
            let wrong = match events.iter().find(|event| event.position == sequence) {
                Some(event) => difference(signer, epoch, event, &message.headers, &message.payload),
                None => Some("the log does not have its position"),
            };
            if let Some(reason) = wrong {
                return Ok(Some((sequence, reason)));
            }
        }
        next = last + 1;
    }
    Ok(None)
}

fn failed_to_ask(error: &RawMessageError) -> bool {
    match error.kind() {
        RawMessageErrorKind::Other => error.source().is_some_and(<dyn std::error::Error>::is::<RequestError>),
        _ => true,
    }
}

/// How the message differs from the event it should carry.
pub(super) fn difference(
    signer: &Signer,
    epoch: i32,
    event: &RecordedEvent,
    headers: &HeaderMap,
    body: &[u8],
) -> Option<&'static str> {
    match message::read(signer, epoch, headers, body) {
        Ok(carried) if carried.position != event.position => Some("it carries another position"),
        // Of a tenant that was deleted the log has stones, and messages may say for a while what lay there.
        Ok(carried) if event.aggregate_type.as_ref() == STONE => {
            let is_same = carried.event_id == event.event_id && carried.tenant_id == event.tenant_id;
            (!is_same).then_some("it carries another event")
        }
        // Both signatures were made with the same key over all that counts.
        Ok(carried) if signer.sign(epoch, &carried) != signer.sign(epoch, event) => Some("it carries another event"),
        Ok(_) => None,
        Err(message::Rejection::Epoch) => Some("it is of another epoch"),
        Err(message::Rejection::Signature) => Some("its signature is not ours"),
        Err(message::Rejection::Malformed) => Some("it is malformed"),
    }
}

/// Deletes the stream and makes it anew, empty, so that the next publish is the first event within the age limit.
/// Returns the sequence that publish builds on. Only the stream that was made at `inspected` is deleted: one that has come
/// since is to be looked at first.
pub(super) async fn rebuild(
    context: &Context,
    pool: &PgPool,
    settings: &StreamSettings,
    inspected: Option<Made>,
) -> Result<i64, RelayError> {
    let begun: DateTime<Utc> = in_time(ANSWER, sqlx::query_scalar("select clock_timestamp()").fetch_one(pool)).await?;
    let first = in_time(WORK, first_within(pool, settings.max_age)).await?;
    if let Some(present) = find(context, &settings.name).await? {
        if inspected != Some(made(present.cached_info())) {
            return Err(RelayError::broker("the stream was made anew by somebody else"));
        }
        context.delete_stream(&settings.name).await.map_err(RelayError::broker)?;
    }
    let made = context.create_stream(settings.config(first)).await.map_err(RelayError::broker)?;
    let (_, last) = bounds(made.cached_info());
    if last != first - 1 {
        return Err(RelayError::broker(format!("the new stream ends at {last} instead of {}", first - 1)));
    }
    // The tenants that were deleted before have only stones to be published again.
    let noting = sqlx::query("select log.note_stream_remade($1)").bind(begun);
    in_time(ANSWER, noting.execute(pool)).await?;
    Ok(last)
}

/// The first position recorded within `age`, or the one after the head. `recorded_at` never falls, so a search by
/// halves over the primary key finds it without an index on time.
async fn first_within(pool: &PgPool, age: Duration) -> sqlx::Result<i64> {
    let mut too_old = 0;
    let mut young = log::head(pool).await? + 1;
    let since: DateTime<Utc> = sqlx::query_scalar("select clock_timestamp() - make_interval(secs => $1)")
        .bind(age.as_secs_f64())
        .fetch_one(pool)
        .await?;
    while young - too_old > 1 {
        let middle = too_old + (young - too_old) / 2;
        let recorded: DateTime<Utc> = sqlx::query_scalar("select recorded_at from log.events where position = $1")
            .bind(middle)
            .fetch_one(pool)
            .await?;
        if recorded < since {
            too_old = middle;
        } else {
            young = middle;
        }
    }
    Ok(young)
}
