//! The signature of a message: an HMAC over everything that our own consumers take from it.
//!
//! It is computed from the event itself and not from the message's text, so relay and consumer agree as soon as they
//! mean the same event, however headers were ordered or spelt.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::event::RecordedEvent;

/// The purpose that the key is derived for.
pub const PURPOSE: &str = "message";

/// Signs events for the way over the broker, and checks them on the other side.
#[derive(Clone)]
pub struct Signer {
    mac: Hmac<Sha256>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Signer(..)")
    }
}

impl Signer {
    /// A signer with a key derived for messages alone.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        let mut mac: Hmac<Sha256> = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
        mac.update(b"tidemark message 1\0");
        Self { mac }
    }

    /// The signature of `event` in `epoch`, base64url.
    #[must_use]
    pub fn sign(&self, epoch: i32, event: &RecordedEvent) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(epoch, event).finalize().into_bytes())
    }

    /// Whether `signature` is ours for this event in this epoch. Takes the same time wherever it differs.
    #[must_use]
    pub fn verify(&self, epoch: i32, event: &RecordedEvent, signature: &str) -> bool {
        URL_SAFE_NO_PAD.decode(signature).is_ok_and(|bytes| self.mac(epoch, event).verify_slice(&bytes).is_ok())
    }

    fn mac(&self, epoch: i32, event: &RecordedEvent) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(&epoch.to_be_bytes());
        for number in [event.position, event.tenant_position, event.sequence, event.recorded_at.timestamp_micros()] {
            mac.update(&number.to_be_bytes());
        }
        mac.update(event.event_id.as_bytes());
        let names =
            [&event.tenant_id, &event.aggregate_type, &event.aggregate_id, &event.event_type, &event.event_version];
        for name in names {
            text(&mut mac, name);
        }
        // By name, however its JSON orders them.
        let metadata = event.metadata.to_map();
        mac.update(&(metadata.len() as u64).to_be_bytes());
        for (key, value) in &metadata {
            text(&mut mac, key);
            text(&mut mac, value);
        }
        text(&mut mac, event.payload.get());
        mac
    }
}

/// Each text goes in behind its length, so that nothing can move from one field into the next.
fn text(mac: &mut Hmac<Sha256>, text: &str) {
    mac.update(&(text.len() as u64).to_be_bytes());
    mac.update(text.as_bytes());
}
