//! How an answer lies in Redis: under a name that tells nothing, and sealed.
//!
//! The names are keyed hashes, so Redis sees neither what was asked nor of which tenant. The answer is encrypted and
//! authenticated together with its question, so that one put in the place of another does not open.

use std::fmt;

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tidemark_kernel::TenantId;
use tidemark_runtime::Settings;

use super::super::{Key, SeenBy, Tag};

/// The purposes that the keys are derived for.
const PURPOSE: &str = "shared-answers";
const NAMES_PURPOSE: &str = "shared-answer-names";
/// Raised when an answer is written in another way, or is made of other tags though it looks the same.
const FORMAT: u8 = 1;
const NONCE: usize = 24;
/// Bytes of the hashes in names.
const SHOWN: usize = 16;

/// An answer with what can make it untrue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cache) struct Answer {
    pub(in crate::cache) built_at: i64,
    pub(in crate::cache) etag: HeaderValue,
    pub(in crate::cache) position: HeaderValue,
    pub(in crate::cache) tags: Vec<Tag>,
    pub(in crate::cache) body: Bytes,
}

/// What the answers of a tenant lie under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Names {
    /// What all its keys have in common. The braces keep them on one server of a cluster.
    prefix: String,
    /// Lists its answers.
    pub(super) listed: String,
    /// Says where somebody was erased last.
    pub(super) erased: String,
}

/// What an answer is bound to.
pub(super) struct Question {
    pub(super) names: Names,
    name: String,
    text: Vec<u8>,
}

impl Question {
    pub(super) fn answer_key(&self) -> String {
        format!("tidemark:answer:{}:{}", self.names.prefix, self.name)
    }
}

/// Seals and opens answers.
pub(super) struct Seals {
    cipher: XChaCha20Poly1305,
    mac: Hmac<Sha256>,
    /// What the API's answers look like.
    form: String,
}

impl fmt::Debug for Seals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Seals").field("form", &self.form).finish_non_exhaustive()
    }
}

impl Seals {
    pub(super) fn new(settings: &Settings, form: &[u8]) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(&settings.derive_key(PURPOSE).into()),
            mac: Hmac::new_from_slice(&settings.derive_key(NAMES_PURPOSE)).expect("HMAC takes a key of any length"),
            form: URL_SAFE_NO_PAD.encode(form),
        }
    }

    pub(super) fn names(&self, epoch: i32, tenant: &TenantId) -> Names {
        let prefix = format!("{{{}}}", self.hash(format!("{epoch}/{tenant}").as_bytes()));
        Names { listed: format!("tidemark:answers:{prefix}"), erased: format!("tidemark:erased:{prefix}"), prefix }
    }

    pub(super) fn question(&self, epoch: i32, key: &Key) -> Question {
        let Key { tenant, route, params, seen_by } = key;
        let seen_by = match seen_by {
            SeenBy::Public => ("public", None),
            SeenBy::Editors => ("editors", None),
            SeenBy::Person { user, as_editor: false } => ("person", Some(user.as_uuid())),
            SeenBy::Person { user, as_editor: true } => ("editor", Some(user.as_uuid())),
        };
        // JSON keeps the parts apart, whatever they hold.
        let text = serde_json::to_vec(&(FORMAT, &self.form, epoch, tenant.as_str(), route, params, seen_by));
        let text = text.expect("a question is made of texts and numbers");
        Question { names: self.names(epoch, tenant), name: self.hash(&text), text }
    }

    pub(super) fn seal(&self, question: &Question, answer: &Answer) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: &written(answer), aad: &question.text };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).expect("only 256 GiB would be too much");
        [&nonce[..], &sealed].concat()
    }

    /// The answer to `question`, if this is one.
    pub(super) fn open(&self, question: &Question, sealed: &[u8]) -> Option<Answer> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: &question.text };
        read(self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()?)
    }

    fn hash(&self, text: &[u8]) -> String {
        let mut mac = self.mac.clone();
        mac.update(text);
        URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..SHOWN])
    }
}

/// Place, entity tag, position, tags, body; what has no length of its own has it before it.
fn written(answer: &Answer) -> Vec<u8> {
    let Answer { built_at, etag, position, tags, body } = answer;
    let mut bytes = Vec::with_capacity(body.len() + tags.len() * Tag::WRITTEN + 256);
    bytes.extend_from_slice(&built_at.to_be_bytes());
    for header in [etag, position] {
        bytes.extend_from_slice(&length(header.len()));
        bytes.extend_from_slice(header.as_bytes());
    }
    bytes.extend_from_slice(&length(tags.len()));
    for tag in tags {
        bytes.extend_from_slice(&tag.written());
    }
    bytes.extend_from_slice(body);
    bytes
}

fn read(bytes: Vec<u8>) -> Option<Answer> {
    let mut rest = Bytes::from(bytes);
    let built_at = i64::from_be_bytes(*take(&mut rest, 8)?.first_chunk()?);
    let etag = header(&mut rest)?;
    let position = header(&mut rest)?;
    let count = read_length(&mut rest)?;
    let tags = (0..count).map(|_| Some(Tag::read(take(&mut rest, Tag::WRITTEN)?.first_chunk()?)));
    let tags = tags.collect::<Option<Vec<Tag>>>()?;
    Some(Answer { built_at, etag, position, tags, body: rest })
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).expect("an answer that is shared is small").to_be_bytes()
}

fn read_length(rest: &mut Bytes) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(*take(rest, 4)?.first_chunk()?)).ok()
}

fn header(rest: &mut Bytes) -> Option<HeaderValue> {
    let length = read_length(rest)?;
    HeaderValue::from_maybe_shared(take(rest, length)?).ok()
}

fn take(rest: &mut Bytes, count: usize) -> Option<Bytes> {
    (rest.len() >= count).then(|| rest.split_to(count))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tidemark_kernel::UserId;
    use uuid::Uuid;

    use super::*;

    fn seals(form: &str) -> Seals {
        Seals::new(&Settings::for_tests("postgres://nobody@localhost/nothing", None), form.as_bytes())
    }

    fn key(tenant: &str, seen_by: SeenBy) -> Key {
        Key { tenant: tenant.parse().unwrap(), route: "/posts", params: "page=1".into(), seen_by }
    }

    fn answer() -> Answer {
        Answer {
            built_at: 7,
            etag: HeaderValue::from_static("\"1.abc\""),
            position: HeaderValue::from_static("1.7.check"),
            tags: vec![Tag::all("post"), Tag::one("user", Uuid::from_u128(9))],
            body: Bytes::from_static(b"{\"title\":\"Tides\"}"),
        }
    }

    #[test]
    fn an_answer_comes_back_to_its_question() {
        let seals = seals("a");
        let question = seals.question(1, &key("demo", SeenBy::Public));
        let sealed = seals.seal(&question, &answer());
        assert_eq!(seals.open(&question, &sealed), Some(answer()));
        assert!(!String::from_utf8_lossy(&sealed).contains("Tides"));
        assert!(!question.answer_key().contains("demo") && !question.answer_key().contains("posts"));
    }

    #[test]
    fn no_other_question_is_answered_by_it() {
        let (seals, other_form) = (seals("a"), seals("b"));
        let question = seals.question(1, &key("demo", SeenBy::Public));
        let sealed = seals.seal(&question, &answer());
        let user = UserId::new(Uuid::from_u128(3));
        let others = [
            seals.question(2, &key("demo", SeenBy::Public)),
            seals.question(1, &key("acme", SeenBy::Public)),
            seals.question(1, &key("demo", SeenBy::Editors)),
            seals.question(1, &key("demo", SeenBy::Person { user, as_editor: false })),
            seals.question(1, &key("demo", SeenBy::Person { user, as_editor: true })),
            seals.question(1, &Key { route: "/tags", ..key("demo", SeenBy::Public) }),
            seals.question(1, &Key { params: "page=2".into(), ..key("demo", SeenBy::Public) }),
        ];
        for (index, other) in others.iter().enumerate() {
            assert_eq!(seals.open(other, &sealed), None, "{index}");
            assert_ne!(other.answer_key(), question.answer_key(), "{index}");
            assert!(others[index + 1..].iter().all(|next| next.answer_key() != other.answer_key()), "{index}");
        }
        assert_eq!(other_form.open(&other_form.question(1, &key("demo", SeenBy::Public)), &sealed), None);
    }

    #[test]
    fn what_was_changed_or_cut_does_not_open() {
        let seals = seals("a");
        let question = seals.question(1, &key("demo", SeenBy::Public));
        let sealed = seals.seal(&question, &answer());
        for end in 0..sealed.len() {
            assert_eq!(seals.open(&question, &sealed[..end]), None, "{end}");
        }
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(seals.open(&question, &changed), None, "{index}");
        }
        // Nor would a plain text that ends too early do harm.
        let plain = written(&answer());
        for end in 0..plain.len() - answer().body.len() {
            assert_eq!(read(plain[..end].to_vec()), None, "{end}");
        }
    }
}
