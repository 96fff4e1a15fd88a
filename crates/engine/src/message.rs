//! An event as a NATS message, and back: subject, headers (CloudEvents 1.0 in binary mode) and body.
//!
//! The message alone is enough to rebuild the event, and the signature covers all that is rebuilt. Header values are
//! printable ASCII: names are percent-encoded as CloudEvents asks, metadata is JSON with everything else escaped.

use std::fmt::Write as _;
use std::sync::Arc;

use async_nats::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::event::{Metadata, RecordedEvent, RecordedMetadata};
use crate::position::PositionCodec;
use crate::signature::Signer;
use crate::trace::TRACEPARENT;

/// The headers' names.
pub mod header {
    /// The event's id; the broker knows a repeated publish by it.
    pub const MESSAGE_ID: &str = "Nats-Msg-Id";
    /// The stream's last sequence that a publish builds on.
    pub const EXPECTED_LAST_SEQUENCE: &str = "Nats-Expected-Last-Sequence";
    /// Place in the log.
    pub const POSITION: &str = "Tidemark-Position";
    /// Place among the tenant's events.
    pub const TENANT_POSITION: &str = "Tidemark-Tenant-Position";
    /// The epoch the relay published in.
    pub const EPOCH: &str = "Tidemark-Epoch";
    /// The tenant position as HTTP takes it.
    pub const AFTER: &str = "Tidemark-After";
    /// The tenant.
    pub const TENANT: &str = "Tidemark-Tenant";
    /// Type of the aggregate.
    pub const AGGREGATE_TYPE: &str = "Tidemark-Aggregate-Type";
    /// Place in the aggregate's stream.
    pub const SEQUENCE: &str = "Tidemark-Sequence";
    /// Version of the event's shape.
    pub const EVENT_VERSION: &str = "Tidemark-Event-Version";
    /// The metadata as ASCII JSON.
    pub const METADATA: &str = "Tidemark-Metadata";
    /// HMAC over all of it.
    pub const SIGNATURE: &str = "Tidemark-Signature";
    /// W3C trace context.
    pub const TRACEPARENT: &str = crate::trace::TRACEPARENT;
    /// CloudEvents: `1.0`.
    pub const CE_SPECVERSION: &str = "ce-specversion";
    /// CloudEvents: the event's id.
    pub const CE_ID: &str = "ce-id";
    /// CloudEvents: `/tenants/<tenant>/<aggregate type>`.
    pub const CE_SOURCE: &str = "ce-source";
    /// CloudEvents: the event's type.
    pub const CE_TYPE: &str = "ce-type";
    /// CloudEvents: when the log took it, with microseconds.
    pub const CE_TIME: &str = "ce-time";
    /// CloudEvents: the aggregate's id.
    pub const CE_SUBJECT: &str = "ce-subject";
    /// CloudEvents' `datacontenttype`.
    pub const CONTENT_TYPE: &str = "content-type";
}

/// What a header may hold as it is; the rest is percent-encoded.
const HEADER_ESCAPES: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(0x7f);
/// What a token of a subject may hold as it is. Dots, wildcards and blanks mean something to NATS.
const TOKEN_ESCAPES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~').remove(b':');
/// NATS cuts the connection at 4 KiB of protocol line; a longer token is replaced by its digest.
const TOKEN_LIMIT: usize = 256;

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A header is missing or unreadable, or the body is not JSON.
    #[error("malformed")]
    Malformed,
    /// It was published in another epoch.
    #[error("epoch")]
    Epoch,
    /// The signature is missing or wrong.
    #[error("signature")]
    Signature,
}

impl Rejection {
    /// The reason as a metric's label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Epoch => "epoch",
            Self::Signature => "signature",
        }
    }
}

/// A message ready to be published.
#[derive(Debug, Clone)]
pub struct OutgoingMessage {
    /// `<prefix>.<tenant>.<aggregateType>.<eventType>.<aggregateId>`.
    pub subject: String,
    /// All headers but the expected last sequence.
    pub headers: HeaderMap,
    /// The event's JSON.
    pub body: Bytes,
}

/// Writes messages: what the relay needs.
#[derive(Debug, Clone)]
pub struct MessageWriter {
    prefix: String,
    signer: Signer,
    positions: PositionCodec,
}

impl MessageWriter {
    /// `prefix` is what all subjects begin with, `tidemark.events`; the epoch is the codec's.
    #[must_use]
    pub fn new(prefix: impl Into<String>, signer: Signer, positions: PositionCodec) -> Self {
        Self { prefix: prefix.into(), signer, positions }
    }

    /// The epoch that messages are written in.
    #[must_use]
    pub fn epoch(&self) -> i32 {
        self.positions.epoch()
    }

    /// The same writer in another epoch.
    #[must_use]
    pub fn in_epoch(&self, epoch: i32) -> Self {
        Self { positions: self.positions.in_epoch(epoch), ..self.clone() }
    }

    /// The subject of an event.
    #[must_use]
    pub fn subject(&self, event: &RecordedEvent) -> String {
        let mut subject = self.prefix.clone();
        for name in [&event.tenant_id, &event.aggregate_type, &event.event_type, &event.aggregate_id] {
            subject.push('.');
            subject.push_str(&token(name));
        }
        subject
    }

    /// The message of an event.
    #[must_use]
    pub fn write(&self, event: &RecordedEvent) -> OutgoingMessage {
        let id = event.event_id.to_string();
        let metadata = event.metadata.to_map();
        let mut headers = HeaderMap::new();
        headers.insert(header::MESSAGE_ID, id.as_str());
        headers.insert(header::POSITION, HeaderValue::from(event.position));
        headers.insert(header::TENANT_POSITION, HeaderValue::from(event.tenant_position));
        headers.insert(header::EPOCH, HeaderValue::from(self.epoch()));
        headers.insert(header::AFTER, self.positions.encode(&event.tenant_id, event.tenant_position));
        headers.insert(header::TENANT, escaped(&event.tenant_id));
        headers.insert(header::AGGREGATE_TYPE, escaped(&event.aggregate_type));
        headers.insert(header::SEQUENCE, HeaderValue::from(event.sequence));
        headers.insert(header::EVENT_VERSION, escaped(&event.event_version));
        headers.insert(header::METADATA, ascii_json(&metadata));
        if let Some(traceparent) = metadata.get(TRACEPARENT) {
            headers.insert(header::TRACEPARENT, escaped(traceparent));
        }
        headers.insert(header::CE_SPECVERSION, "1.0");
        headers.insert(header::CE_ID, id);
        headers.insert(
            header::CE_SOURCE,
            format!("/tenants/{}/{}", escaped(&event.tenant_id), escaped(&event.aggregate_type)),
        );
        headers.insert(header::CE_TYPE, escaped(&event.event_type));
        headers.insert(header::CE_TIME, event.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true));
        headers.insert(header::CE_SUBJECT, escaped(&event.aggregate_id));
        headers.insert(header::CONTENT_TYPE, "application/json");
        headers.insert(header::SIGNATURE, self.signer.sign(self.epoch(), event));
        OutgoingMessage {
            subject: self.subject(event),
            headers,
            body: Bytes::copy_from_slice(event.payload.get().as_bytes()),
        }
    }
}

/// Rebuilds the event, if the message is of `epoch` and the signature is ours.
///
/// # Errors
/// When it is anything else; the event is then to be read from the log.
pub fn read(signer: &Signer, epoch: i32, headers: &HeaderMap, body: &[u8]) -> Result<RecordedEvent, Rejection> {
    if number::<i32>(headers, header::EPOCH)? != epoch {
        return Err(Rejection::Epoch);
    }
    let event = RecordedEvent {
        position: number(headers, header::POSITION)?,
        event_id: text(headers, header::CE_ID)?.parse().map_err(|_| Rejection::Malformed)?,
        tenant_id: name(headers, header::TENANT)?,
        tenant_position: number(headers, header::TENANT_POSITION)?,
        aggregate_type: name(headers, header::AGGREGATE_TYPE)?,
        aggregate_id: name(headers, header::CE_SUBJECT)?,
        sequence: number(headers, header::SEQUENCE)?,
        event_type: name(headers, header::CE_TYPE)?,
        event_version: name(headers, header::EVENT_VERSION)?,
        payload: payload(body)?,
        metadata: RecordedMetadata::from_json(text(headers, header::METADATA)?).map_err(|_| Rejection::Malformed)?,
        recorded_at: time(text(headers, header::CE_TIME)?)?,
    };
    let signature = text(headers, header::SIGNATURE).map_err(|_| Rejection::Signature)?;
    if signer.verify(epoch, &event, signature) { Ok(event) } else { Err(Rejection::Signature) }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Rejection> {
    headers.get(name).map(HeaderValue::as_str).ok_or(Rejection::Malformed)
}

fn number<N: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Result<N, Rejection> {
    text(headers, name)?.parse().map_err(|_| Rejection::Malformed)
}

fn name(headers: &HeaderMap, name: &str) -> Result<Arc<str>, Rejection> {
    let decoded = percent_decode_str(text(headers, name)?).decode_utf8().map_err(|_| Rejection::Malformed)?;
    Ok(Arc::from(decoded.as_ref()))
}

fn payload(body: &[u8]) -> Result<Box<RawValue>, Rejection> {
    let body = std::str::from_utf8(body).map_err(|_| Rejection::Malformed)?;
    RawValue::from_string(body.to_owned()).map_err(|_| Rejection::Malformed)
}

fn time(text: &str) -> Result<DateTime<Utc>, Rejection> {
    DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc)).map_err(|_| Rejection::Malformed)
}

fn escaped(value: &str) -> String {
    utf8_percent_encode(value, HEADER_ESCAPES).to_string()
}

fn token(name: &str) -> String {
    let token = utf8_percent_encode(name, TOKEN_ESCAPES).to_string();
    match token.len() {
        0 => "_".to_owned(),
        1..=TOKEN_LIMIT => token,
        _ => format!("~{}", URL_SAFE_NO_PAD.encode(Sha256::digest(name.as_bytes()))),
    }
}

/// JSON with every character outside printable ASCII as `\uXXXX`.
fn ascii_json(metadata: &Metadata) -> String {
    let json = serde_json::to_string(metadata).expect("a map of strings is always JSON");
    if json.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return json;
    }
    let mut ascii = String::with_capacity(json.len() * 2);
    for character in json.chars() {
        if (' '..='~').contains(&character) {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(ascii, "\\u{unit:04x}").expect("a String takes everything");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn event(id: &str, metadata: &[(&str, &str)], payload: &str) -> RecordedEvent {
        RecordedEvent {
            position: 7,
            event_id: Uuid::from_u128(99),
            tenant_id: "acme".into(),
            tenant_position: 3,
            aggregate_type: "post".into(),
            aggregate_id: id.into(),
            sequence: 2,
            event_type: "PostCreated".into(),
            event_version: "1".into(),
            payload: RawValue::from_string(payload.to_owned()).expect("JSON"),
            metadata: RecordedMetadata::from(&of_strings(metadata)),
            recorded_at: DateTime::from_timestamp_micros(1_700_000_000_123_456).expect("a time"),
        }
    }

    fn of_strings(metadata: &[(&str, &str)]) -> Metadata {
        metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn signer() -> Signer {
        Signer::new(b"key")
    }

    fn writer() -> MessageWriter {
        MessageWriter::new("tidemark.events", signer(), PositionCodec::new(1, b"positions"))
    }

    fn assert_same(left: &RecordedEvent, right: &RecordedEvent) {
        assert_eq!(format!("{left:?}"), format!("{right:?}"));
    }

    #[test]
    fn an_event_survives_the_way_there_and_back() {
        let sent = event("0190-a", &[("requestId", "r1"), ("traceparent", "00-aa-bb-01")], r#"{"title": "Grüße"}"#);
        let message = writer().write(&sent);
        assert_eq!(message.subject, "tidemark.events.acme.post.PostCreated.0190-a");
        assert_eq!(message.headers.get("traceparent").map(HeaderValue::as_str), Some("00-aa-bb-01"));
        assert_eq!(message.headers.get("ce-time").map(HeaderValue::as_str), Some("2023-11-14T22:13:20.123456Z"));
        assert_eq!(
            message.headers.get("Nats-Msg-Id").map(HeaderValue::as_str),
            Some(sent.event_id.to_string().as_str())
        );
        assert_eq!(&message.body[..], r#"{"title": "Grüße"}"#.as_bytes());
        assert_same(&read(&signer(), 1, &message.headers, &message.body).expect("ours"), &sent);
    }

    #[test]
    fn a_message_of_another_epoch_is_rejected() {
        let message = writer().in_epoch(2).write(&event("a", &[], "{}"));
        assert_eq!(read(&signer(), 1, &message.headers, &message.body).err(), Some(Rejection::Epoch));
    }

    #[test]
    fn a_relabelled_epoch_breaks_the_signature() {
        let mut message = writer().in_epoch(2).write(&event("a", &[], "{}"));
        message.headers.insert(header::EPOCH, HeaderValue::from(1));
        assert_eq!(read(&signer(), 1, &message.headers, &message.body).err(), Some(Rejection::Signature));
    }

    #[test]
    fn whatever_is_changed_breaks_the_signature() {
        let message = writer().write(&event("a", &[("actor", "u1")], r#"{"n":1}"#));
        let changes = [
            (header::POSITION, "8"),
            (header::TENANT_POSITION, "4"),
            (header::TENANT, "other"),
            (header::AGGREGATE_TYPE, "user"),
            (header::CE_SUBJECT, "b"),
            (header::SEQUENCE, "3"),
            (header::CE_TYPE, "PostEdited"),
            (header::EVENT_VERSION, "2"),
            (header::METADATA, r#"{"actor":"u2"}"#),
            (header::CE_TIME, "2023-11-14T22:13:20.123457Z"),
            (header::CE_ID, "00000000-0000-0000-0000-000000000064"),
            (header::SIGNATURE, "AAAA"),
        ];
        for (name, value) in changes {
            let mut headers = message.headers.clone();
            headers.insert(name, value);
            assert_eq!(read(&signer(), 1, &headers, &message.body).err(), Some(Rejection::Signature), "{name}");
        }
        assert_eq!(read(&signer(), 1, &message.headers, br#"{"n":2}"#).err(), Some(Rejection::Signature));
        assert_eq!(
            read(&Signer::new(b"another"), 1, &message.headers, &message.body).err(),
            Some(Rejection::Signature)
        );
    }

    #[test]
    fn a_message_without_our_headers_is_malformed() {
        assert_eq!(read(&signer(), 1, &HeaderMap::new(), b"{}").err(), Some(Rejection::Malformed));
    }

    #[test]
    fn a_long_or_strange_id_makes_a_harmless_subject() {
        let subject = writer().subject(&event("a.b >*\r\n", &[], "{}"));
        assert_eq!(subject, "tidemark.events.acme.post.PostCreated.a%2Eb%20%3E%2A%0D%0A");
        assert!(writer().subject(&event(&"x".repeat(5000), &[], "{}")).len() < 200);
    }

    proptest! {
        #[test]
        fn any_text_in_id_and_metadata_comes_back_and_headers_stay_printable(id in "\\PC{1,40}|[\\x00-\\xff]{1,20}", value in ".{0,60}|[\\x00-\\xff😀]{0,20}") {
            let sent = event(&id, &[("actor", value.as_str()), ("traceparent", value.as_str())], "{}");
            let message = writer().write(&sent);
            for (_, values) in message.headers.iter() {
                for value in values {
                    prop_assert!(value.as_str().bytes().all(|byte| (0x20..0x7f).contains(&byte)));
                }
            }
            let back = read(&signer(), 1, &message.headers, &message.body);
            prop_assert!(back.is_ok());
            assert_same(&back.expect("ours"), &sent);
        }
    }
}
