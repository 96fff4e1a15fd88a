//! Publishing a page: many at once, each expecting the one before it.

use std::collections::VecDeque;

use async_nats::HeaderValue;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;

use super::RelayError;
use crate::event::RecordedEvent;
use crate::message::{MessageWriter, header};

/// Publishes the events that follow `last`, in order and without a gap. Returns when the broker has taken all of them.
pub(super) async fn publish(
    context: &Context,
    writer: &MessageWriter,
    page: &[RecordedEvent],
    mut last: i64,
    in_flight: usize,
) -> Result<(), RelayError> {
    let mut waiting: VecDeque<(i64, PublishAckFuture)> = VecDeque::with_capacity(in_flight);
    for event in page {
        if event.position != last + 1 {
            return Err(RelayError::broker(format!("the log has no event at position {}", last + 1)));
        }
        if waiting.len() == in_flight {
            confirm(waiting.pop_front()).await?;
        }
        let mut message = writer.write(event);
        message.headers.insert(header::EXPECTED_LAST_SEQUENCE, HeaderValue::from(last));
        let publish = PublishMessage::build().headers(message.headers).payload(message.body);
        let acknowledgement =
            context.send_publish(message.subject, publish).await.map_err(|error| match error.kind() {
                PublishErrorKind::MaxPayloadExceeded => RelayError::TooLarge { position: event.position },
                _ => RelayError::broker(error),
            })?;
        waiting.push_back((event.position, acknowledgement));
        last = event.position;
    }
    while !waiting.is_empty() {
        confirm(waiting.pop_front()).await?;
    }
    Ok(())
}

async fn confirm(waiting: Option<(i64, PublishAckFuture)>) -> Result<(), RelayError> {
    let Some((position, acknowledgement)) = waiting else { return Ok(()) };
    match acknowledgement.await {
        Ok(taken) if i64::try_from(taken.sequence) == Ok(position) => Ok(()),
        // A repeat that the broker remembers from another sequence: the stream is not what it was.
        Ok(_) => Err(RelayError::Refused { expected: position - 1 }),
        Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => {
            Err(RelayError::Refused { expected: position - 1 })
        }
        Err(error) => Err(RelayError::broker(error)),
    }
}
