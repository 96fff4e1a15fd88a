//! Comparing the whole stream with the log, message by message, for an operator. Changes nothing.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use futures::StreamExt;
use serde::Serialize;
use sqlx::PgPool;

use super::stream::{bounds, difference, find};
use super::{RelayError, StreamSettings};
use crate::heads::Pages;
use crate::log;
use crate::signature::Signer;

/// How many wrong messages a report names.
const NAMED: usize = 20;
const SILENCE: Duration = Duration::from_secs(10);

/// What the stream has and what the log has.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RelayReport {
    /// The stream's name.
    pub stream: String,
    /// Whether there is one.
    pub exists: bool,
    /// The log's epoch.
    pub epoch: i32,
    /// The log's head.
    pub head: i64,
    /// The stream's first sequence.
    pub first: i64,
    /// The stream's last sequence.
    pub last: i64,
    /// How many messages it has.
    pub messages: u64,
    /// Bytes it takes.
    pub bytes: u64,
    /// Events that are not published yet.
    pub lag: i64,
    /// Messages that were compared with the log.
    pub compared: u64,
    /// Sequences between first and last that have no message.
    pub missing: u64,
    /// Messages that are not what the log says.
    pub wrong: u64,
    /// The first of them.
    pub wrong_messages: Vec<Wrong>,
}

/// A message that is not what the log says.
#[derive(Debug, Clone, Serialize)]
pub struct Wrong {
    /// Its sequence.
    pub sequence: i64,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl RelayReport {
    /// Whether the stream says nothing but what the log says, and nothing is missing in it. Being behind is no fault.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.exists && self.wrong == 0 && self.missing == 0 && self.last <= self.head
    }

    fn wrong(&mut self, sequence: i64, reason: &'static str) {
        self.wrong += 1;
        if self.wrong_messages.len() < NAMED {
            self.wrong_messages.push(Wrong { sequence, reason });
        }
    }
}

/// Compares every message of the stream with the log.
///
/// # Errors
/// When database or broker is away.
pub async fn check(
    context: &Context,
    pool: &PgPool,
    settings: &StreamSettings,
    signer: &Signer,
) -> Result<RelayReport, RelayError> {
    let epoch = log::epoch(pool).await?;
    let mut report = RelayReport { stream: settings.name.clone(), epoch, ..RelayReport::default() };
    let Some(stream) = find(context, &settings.name).await? else {
        report.head = log::head(pool).await?;
        report.lag = report.head;
        return Ok(report);
    };
    let info = stream.cached_info();
    report.exists = true;
    (report.first, report.last) = bounds(info);
    report.messages = info.state.messages;
    report.bytes = info.state.bytes;
    report.head = log::head(pool).await?;
    report.lag = (report.head - report.last).max(0);
    if info.state.messages == 0 {
        return Ok(report);
    }

    let start_sequence = u64::try_from(report.first).map_err(RelayError::broker)?;
    let config =
        OrderedConfig { deliver_policy: DeliverPolicy::ByStartSequence { start_sequence }, ..OrderedConfig::default() };
    let consumer = stream.create_consumer(config).await.map_err(RelayError::broker)?;
    let mut messages = consumer.messages().await.map_err(RelayError::broker)?;
    let mut pages = Pages::new();
    let mut page = Vec::new().into_iter().peekable();
    let mut expected = report.first;
    while expected <= report.last {
        let next = tokio::time::timeout(SILENCE, messages.next()).await.map_err(RelayError::broker)?;
        let message = next.ok_or_else(|| RelayError::broker("the stream ended early"))?.map_err(RelayError::broker)?;
        let sequence =
            i64::try_from(message.info().map_err(RelayError::broker)?.stream_sequence).map_err(RelayError::broker)?;
        // Holes at the end show as a message that came after the check began.
        report.missing += u64::try_from(sequence.min(report.last + 1) - expected).unwrap_or(0);
        expected = sequence + 1;
        if sequence > report.last {
            break;
        }
        report.compared += 1;
        let event = loop {
            if page.peek().is_none() {
                page = pages.read(pool, sequence - 1).await?.into_iter().peekable();
            }
            match page.next() {
                Some(event) if event.position < sequence => {}
                other => break other.filter(|event| event.position == sequence),
            }
        };
        let Some(event) = event else {
            report.wrong(sequence, "the log does not have its position");
            continue;
        };
        if let Some(reason) =
            difference(signer, epoch, &event, message.headers.as_ref().unwrap_or(&HeaderMap::new()), &message.payload)
        {
            report.wrong(sequence, reason);
        }
    }
    Ok(report)
}
