//! What every command has in common: its idempotency key, its precondition, and how it is answered.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use chrono::Utc;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{CONTENT_TYPE, ETAG, IF_MATCH, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tidemark_commands::{AnyRefusal, IdempotencyKey, Precondition, Scope, Transaction};
use tidemark_engine::commands::{Decided, Executed, Step};
use tidemark_engine::trace::{TRACEPARENT, TraceParent};
use tidemark_kernel::{Actor, Root, TenantId, Timestamp};

use crate::App;
use crate::caller::Admitted;
use crate::exchange::Exchange;
use crate::openapi::V1;
use crate::problem::Problem;

/// Where in the tenant's log a change was recorded, or how far a read model had come.
pub const POSITION: HeaderName = HeaderName::from_static("tidemark-position");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The `ETag` of a version, as commands answer it.
#[must_use]
pub fn version_tag(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("digits are visible ASCII")
}

/// The purpose that the key of [`Requests`] is derived for.
pub const REQUEST_PURPOSE: &str = "request";

/// Makes what is remembered of a request beside its idempotency key. A body may hold a password, of which a plain digest
/// would be a fast one without salt: so it is a MAC, which tells nothing to whoever has the table but not the key.
#[derive(Clone)]
pub struct Requests(Hmac<Sha256>);

impl Requests {
    /// `key` is derived for this purpose alone.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    fn hash(&self, target: &[u8; 32], body: &[u8; 32]) -> [u8; 32] {
        self.0.clone().chain_update(target).chain_update(body).finalize().into_bytes().into()
    }
}

/// The digest of a body that is read after the command's context was: the same for whoever holds a clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct BodyDigest(Arc<OnceLock<[u8; 32]>>);

impl BodyDigest {
    pub(crate) fn set(&self, body: &[u8]) {
        let _is_first = self.0.set(Sha256::digest(body).into());
    }

    fn get(&self) -> [u8; 32] {
        *self.0.get_or_init(|| Sha256::digest([]).into())
    }
}

/// A command on its way in: in which tenant, by whom, when, under which key and precondition. An extractor; it comes
/// before the body.
#[derive(Clone)]
pub struct CommandContext {
    app: App,
    tenant: TenantId,
    actor: Actor,
    request_id: Arc<str>,
    at: Timestamp,
    key: Option<Key>,
    precondition: Precondition,
    metadata: Option<(&'static str, String)>,
    trace: Option<TraceParent>,
}

/// An `Idempotency-Key` and the request that brings it.
#[derive(Clone)]
struct Key {
    text: String,
    target: [u8; 32],
    body: BodyDigest,
}

impl CommandContext {
    /// The tenant of the command.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The one moment at which the command happens.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The request that brings it.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// What the caller requires of the version of the resource (`If-Match`).
    #[must_use]
    pub fn precondition(&self) -> Precondition {
        self.precondition
    }

    /// Whether it may have been executed before, and its answer be remembered.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// The same command without its key: for answers that hold a secret.
    #[must_use]
    pub fn unremembered(mut self) -> Self {
        self.key = None;
        self
    }

    /// The same command in the name of somebody who is not signed in yet.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// The same command with one more word that rides along with its events.
    #[must_use]
    pub fn with_metadata(mut self, name: &'static str, value: &str) -> Self {
        self.metadata = Some((name, value.to_owned()));
        self
    }

    /// The engine's scope for the command `name`, as in `CreatePost`.
    #[must_use]
    pub fn scope(&self, name: &str) -> Scope {
        let mut scope = tidemark_commands::scope(&self.tenant, &self.actor, &self.request_id, name);
        scope.metadata.extend(self.metadata.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        scope.metadata.extend(self.trace.map(|trace| (TRACEPARENT.to_owned(), trace.to_string())));
        scope.key = self.key.as_ref().map(|key| {
            let request_hash = self.app.requests.hash(&key.target, &key.body.get());
            IdempotencyKey::new(self.tenant.as_str(), &self.actor.to_string(), &key.text, request_hash)
        });
        scope
    }

    /// Executes a command of one aggregate and answers with what `reply` makes of the state after it and its version.
    ///
    /// # Errors
    /// When it was refused, or could not be executed.
    pub fn execute<'a, A>(
        &'a self,
        name: &'a str,
        step: Step<A, AnyRefusal>,
        reply: impl Fn(&A, i64) -> Reply + Send + Sync + 'a,
    ) -> impl Future<Output = Result<Accepted, Problem>> + Send + 'a
    where
        A: Root,
        A::Command: Clone + Send + Sync,
    {
        self.transact(name, Transaction::default().with(step), move |decided| match decided.state::<A>(0) {
            Some((state, version)) => reply(state, version),
            None => Reply::no_content(),
        })
    }

    /// Executes a command over several aggregates or with secrets.
    ///
    /// # Errors
    /// When it was refused, or could not be executed.
    #[expect(
        clippy::manual_async_fn,
        reason = "that the future is `Send` has to be said, since the compiler cannot find it out where `reply` borrows"
    )]
    pub fn transact<'a>(
        &'a self,
        name: &'a str,
        transaction: Transaction,
        reply: impl Fn(&Decided<'_, AnyRefusal>) -> Reply + Send + Sync + 'a,
    ) -> impl Future<Output = Result<Accepted, Problem>> + Send + 'a {
        async move {
            let scope = self.scope(name);
            let executed = tidemark_commands::transact(&self.app.commands, &scope, transaction, move |decided| {
                reply(decided).stored()
            })
            .await?;
            self.accepted(&executed)
        }
    }

    /// Executes a command whose answer holds a secret, so that nothing of it is remembered: gives what `view` makes of the
    /// state after it.
    ///
    /// # Errors
    /// When it was refused, or could not be executed.
    pub async fn transact_unremembered<T: Send>(
        &self,
        name: &str,
        transaction: Transaction,
        view: impl Fn(&Decided<'_, AnyRefusal>) -> Option<T> + Send + Sync,
    ) -> Result<(T, Accepted), Problem> {
        let seen = Mutex::new(None);
        let context = self.clone().unremembered();
        let reply = |decided: &Decided<'_, AnyRefusal>| {
            // The last try is the one that was committed.
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = view(decided);
            Reply::no_content()
        };
        let accepted = context.transact(name, transaction, reply).await?;
        let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        seen.map(|seen| (seen, accepted)).ok_or_else(|| Problem::internal("a command has no such step"))
    }

    fn accepted(&self, executed: &Executed) -> Result<Accepted, Problem> {
        let position = self.app.positions.encode(self.tenant.as_str(), executed.place.tenant_position);
        let reply =
            Reply::restored(&executed.answer).ok_or_else(|| Problem::internal("a remembered answer cannot be read"))?;
        Ok(Accepted { reply, position, replayed: executed.replayed })
    }
}

impl FromRequestParts<App> for CommandContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let admitted = Admitted::of(parts)?.clone();
        let exchange = Exchange::of(&parts.extensions)?.clone();
        // Answers there hold tokens.
        let ignores_keys = path_of(parts).starts_with("/auth/");
        let given = if ignores_keys { None } else { idempotency_key(&parts.headers)? };
        let key = match given {
            Some(text) => {
                let body = BodyDigest::default();
                parts.extensions.insert(body.clone());
                Some(Key { text, target: target_digest(parts), body })
            }
            None => None,
        };
        Ok(Self {
            app: app.clone(),
            actor: admitted.actor(),
            tenant: admitted.tenant,
            request_id: Arc::clone(&exchange.request_id),
            at: Timestamp::new(Utc::now()),
            key,
            precondition: precondition(&parts.headers)?,
            metadata: None,
            trace: exchange.place,
        })
    }
}

/// The path below `/api/v1`.
fn path_of(parts: &Parts) -> &str {
    let path = parts.uri.path();
    path.strip_prefix(V1).unwrap_or(path)
}

/// What was asked, apart from the body.
fn target_digest(parts: &Parts) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in [parts.method.as_str(), path_of(parts), parts.uri.query().unwrap_or_default()] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize().into()
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let fits = (1..=255).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
    if !fits || values.next().is_some() {
        return Err(Problem::malformed("Idempotency-Key must be 1 to 255 visible ASCII characters"));
    }
    Ok(value.to_str().ok().map(str::to_owned))
}

/// Reads `If-Match`: `*`, `"<version>"`, or a query's `"<version>.<hash>"`.
fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(Precondition::None) };
    let malformed = || Problem::malformed("If-Match must be \"<version>\", as an ETag has it, or *");
    let text = value.to_str().map_err(|_| malformed())?.trim();
    if values.next().is_some() {
        return Err(malformed());
    }
    if text == "*" {
        return Ok(Precondition::Exists);
    }
    let tag = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(malformed)?;
    let (version, hash) = tag.split_once('.').unwrap_or((tag, "0"));
    let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    let is_hash =
        !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !is_version || !is_hash {
        return Err(malformed());
    }
    version.parse().map(Precondition::Version).map_err(|_| malformed())
}

/// What a command is answered with, apart from where it was recorded. This much is remembered with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    head: Head,
    body: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

impl Reply {
    /// 200 with the resource at its version.
    #[must_use]
    pub fn ok(version: i64, resource: &impl Serialize) -> Self {
        Self::of(StatusCode::OK, Some(version), None, resource)
    }

    /// 201 with the resource and where it is, as in `/api/v1/posts/<id>`.
    #[must_use]
    pub fn created(location: String, version: i64, resource: &impl Serialize) -> Self {
        Self::of(StatusCode::CREATED, Some(version), Some(location), resource)
    }

    /// 202 with the resource: what was asked for comes later.
    #[must_use]
    pub fn accepted(version: i64, resource: &impl Serialize) -> Self {
        Self::of(StatusCode::ACCEPTED, Some(version), None, resource)
    }

    /// 202 without a word.
    #[must_use]
    pub fn accepted_silently() -> Self {
        Self { head: Head { status: StatusCode::ACCEPTED.as_u16(), version: None, location: None }, body: Vec::new() }
    }

    /// 204.
    #[must_use]
    pub fn no_content() -> Self {
        Self { head: Head { status: StatusCode::NO_CONTENT.as_u16(), version: None, location: None }, body: Vec::new() }
    }

    fn of(status: StatusCode, version: Option<i64>, location: Option<String>, resource: &impl Serialize) -> Self {
        // Made before the append: should it fail, the request fails, and nothing has happened.
        let body = serde_json::to_vec(resource).expect("a view is made of texts, numbers and moments");
        Self { head: Head { status: status.as_u16(), version, location }, body }
    }

    /// A line of JSON, then the body byte for byte.
    fn stored(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(&self.head).expect("a head is made of texts and numbers");
        bytes.reserve(self.body.len() + 1);
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn restored(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let is_whole = StatusCode::from_u16(head.status).is_ok()
            && head.location.as_ref().is_none_or(|location| HeaderValue::try_from(location).is_ok());
        is_whole.then(|| Self { head, body: bytes[end + 1..].to_vec() })
    }
}

/// A command that was executed, now or before.
#[derive(Debug)]
pub struct Accepted {
    reply: Reply,
    position: String,
    replayed: bool,
}

impl Accepted {
    /// The position to send along with an answer of one's own.
    #[must_use]
    pub fn position(&self) -> HeaderValue {
        HeaderValue::try_from(self.position.as_str()).expect("a position is visible ASCII")
    }
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let position = self.position();
        let Reply { head, body } = self.reply;
        let is_empty = body.is_empty();
        let mut response = Response::new(axum::body::Body::from(body));
        *response.status_mut() = StatusCode::from_u16(head.status).expect("it was made from one, or looked at");
        let headers = response.headers_mut();
        if !is_empty {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.insert(POSITION, position);
        if let Some(version) = head.version {
            headers.insert(ETAG, version_tag(version));
        }
        if let Some(location) = head.location {
            headers.insert(LOCATION, HeaderValue::try_from(location).expect("it was looked at when it was restored"));
        }
        if self.replayed {
            headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use serde::Serializer;
    use serde::ser::Error;

    use super::*;

    /// A view that cannot be written.
    struct Unwritable;

    impl Serialize for Unwritable {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("cannot be written"))
        }
    }

    #[test]
    #[should_panic(expected = "cannot be written")]
    fn an_answer_that_cannot_be_written_is_no_empty_success() {
        let _never = Reply::ok(1, &Unwritable);
    }

    #[test]
    fn what_is_remembered_is_given_again_byte_for_byte() {
        let reply = Reply::created("/api/v1/posts/1".to_owned(), 7, &["a", "b\n"]);
        assert_eq!(Reply::restored(&reply.stored()), Some(reply));
        assert_eq!(Reply::restored(&Reply::no_content().stored()), Some(Reply::no_content()));
    }

    #[test]
    fn what_is_no_whole_answer_is_not_given() {
        for bytes in [&b""[..], b"{}", b"{}\n", b"{\"status\":20}\n", b"{\"status\":201,\"location\":\"/a\\nb\"}\n"] {
            assert_eq!(Reply::restored(bytes), None, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
