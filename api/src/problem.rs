//! What a caller is told when something went wrong: `application/problem+json`, and nothing internal.
//!
//! A [`Problem`] has no bytes of its own; the edge renders it, because the request id is known there.

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use tidemark_commands::Refused;
use tidemark_engine::log::AppendError;
use tidemark_engine::personal::KeyError;
use tidemark_engine::reads::Crowded;
use tidemark_kernel::{FieldError, Kind, Refusal};

use crate::tenants::unknown_tenant;

/// The media type of every error.
pub const CONTENT: HeaderValue = HeaderValue::from_static("application/problem+json");

/// When to come back, where nobody knows better.
const SOON: HeaderValue = HeaderValue::from_static("1");

/// One answer that says no.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Option<String>,
    errors: Vec<FieldProblem>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// Where it is, as in `tags[3]` or `shippingAddress.city`.
    pub path: String,
    /// `required`, `unknown_field`, `invalid`, `too_short`, `too_long`, `out_of_range`, `not_allowed` or, of a password, `too_weak`.
    pub code: &'static str,
    /// A sentence for the person who filled it in.
    pub message: String,
}

impl FieldProblem {
    /// `error` at `path`.
    pub fn new(path: impl Into<String>, error: FieldError) -> Self {
        Self { path: path.into(), code: error.code, message: error.message }
    }
}

/// A problem as it is sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// `urn:tidemark:problem:` and the code in lower case.
    #[serde(rename = "type")]
    #[schema(example = "urn:tidemark:problem:email-conflict")]
    kind: String,
    /// What this code means.
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// What was wrong this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The stable code.
    #[schema(example = "EMAIL_CONFLICT")]
    code: &'static str,
    /// The request, as every log line names it.
    request_id: String,
    /// The fields at fault, all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldProblem>,
}

impl Problem {
    /// A problem with its stable code and what that code means.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, detail: None, errors: Vec::new(), headers: Vec::new() }
    }

    /// Says what was wrong this time.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// 400: the request itself cannot be read.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "MALFORMED_REQUEST", "The request is malformed").detail(detail)
    }

    /// 400: these fields are at fault.
    #[must_use]
    pub fn validation(errors: Vec<FieldProblem>) -> Self {
        Self { errors, ..Self::new(StatusCode::BAD_REQUEST, "VALIDATION_FAILED", "Some fields are not valid") }
    }

    /// 401: nobody is signed in.
    #[must_use]
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "NOT_SIGNED_IN", "This needs a sign-in")
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tidemark\""))
    }

    /// 401: the token cannot be used.
    #[must_use]
    pub fn bad_token(code: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, title)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"tidemark\", error=\"invalid_token\""))
    }

    /// 403: the caller may not.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", "You may not do this")
    }

    /// 404: there is no such thing for this caller.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "There is no such thing here")
    }

    /// 412: the resource has moved on to `present`.
    #[must_use]
    pub fn version_mismatch(present: i64) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "VERSION_MISMATCH", "The resource has changed meanwhile")
            .header(http::header::ETAG, crate::command::version_tag(present))
    }

    /// 503: too much at once. Nothing was done.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED", "Too much is going on, come back soon")
            .header(RETRY_AFTER, SOON)
    }

    /// 503: something that is needed is away. Nothing was done.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "Something this needs is away, come back soon")
            .header(RETRY_AFTER, SOON)
    }

    /// 500: we broke. `cause` goes to the log and to nobody else.
    #[must_use]
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Something went wrong on our side")
    }

    /// What a bare status, made by the router or a library, means.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found().detail("there is no such route"),
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(status, "METHOD_NOT_ALLOWED", "This route does not take this method")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(status, "UNSUPPORTED_MEDIA_TYPE", "This media type is not taken here")
            }
            StatusCode::PAYLOAD_TOO_LARGE => Self::new(status, "BODY_TOO_LARGE", "The body is too large"),
            StatusCode::URI_TOO_LONG => Self::new(status, "URI_TOO_LONG", "The address is too long"),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                Self::new(status, "HEADERS_TOO_LARGE", "The headers are too many or too large")
            }
            StatusCode::REQUEST_TIMEOUT => Self::new(status, "REQUEST_TIMEOUT", "The request took too long to arrive"),
            status if status.is_server_error() => Self::new(status, "INTERNAL", "Something went wrong on our side"),
            status => Self::new(status, "MALFORMED_REQUEST", "The request is malformed"),
        }
    }

    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What it says beside its body.
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    /// The whole answer.
    #[must_use]
    pub fn render(self, request_id: &str) -> Response {
        let (status, added) = (self.status, self.headers.clone());
        let mut response = (status, self.into_json(request_id)).into_response();
        let headers = response.headers_mut();
        headers.extend(added);
        headers.insert(CONTENT_TYPE, CONTENT);
        response
    }

    /// The body of the answer.
    #[must_use]
    pub fn into_json(self, request_id: &str) -> Vec<u8> {
        let body = ProblemBody {
            kind: format!("urn:tidemark:problem:{}", self.code.to_ascii_lowercase().replace('_', "-")),
            title: self.title,
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code,
            request_id: request_id.to_owned(),
            errors: self.errors,
        };
        serde_json::to_vec(&body).expect("a problem is made of texts and numbers")
    }
}

/// The status of each kind of refusal, for the whole system.
fn status_of(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
    }
}

impl From<&dyn Refusal> for Problem {
    fn from(refusal: &dyn Refusal) -> Self {
        if let Some((path, code)) = refusal.field() {
            return Self::validation(vec![FieldProblem { path: path.to_owned(), code, message: refusal.to_string() }]);
        }
        match refusal.kind() {
            Kind::NotFound => Self::not_found(),
            Kind::Forbidden => Self::forbidden().detail(refusal.to_string()),
            kind => Self::new(status_of(kind), refusal.code(), "A rule forbids this").detail(refusal.to_string()),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Refused(refusal) => Self::from(&*refusal),
            // What never was has no version to differ from.
            Refused::VersionMismatch { present: 0 } => Self::not_found(),
            Refused::VersionMismatch { present } => Self::version_mismatch(present),
            Refused::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "IDEMPOTENCY_KEY_REUSED",
                "This Idempotency-Key was used for another request",
            ),
            // What was answered the first time is gone with the person.
            Refused::AnswerErased => Self::not_found(),
            Refused::Contended => Self::overloaded(),
            Refused::Append(error) => Self::from(error),
            Refused::Broken(cause) => Self::internal(cause),
        }
    }
}

impl From<AppendError> for Problem {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Overloaded => Self::overloaded(),
            AppendError::Unavailable(_) => Self::unavailable(),
            AppendError::OutcomeUnknown => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "OUTCOME_UNKNOWN",
                "Whether this happened is not known; repeat it with the same Idempotency-Key",
            ),
            AppendError::EventTooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "EVENT_TOO_LARGE", "This is too large to be recorded")
            }
            AppendError::TenantDeleted => unknown_tenant(),
            AppendError::Refused(cause) => Self::internal(cause),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Database(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        if matches!(&error, sqlx::Error::AnyDriverError(inner) if inner.is::<Crowded>()) {
            return Self::overloaded();
        }
        if is_away(&error) {
            tracing::warn!(%error, "the database is away");
            return Self::unavailable();
        }
        Self::internal(error)
    }
}

/// Whether the database could not be asked, as opposed to having said no.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Connection failures, resources that ran out, an operator's intervention (shutdown, recovery); a database that is not
        // there, lets nobody in, or not us.
        sqlx::Error::Database(raised) => raised.code().is_some_and(|code| {
            code == "55000" || ["08", "28", "3D", "53", "57"].iter().any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Every failed response as a problem, whoever made it.
pub(crate) fn rendered(mut response: Response, request_id: &str) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return problem.render(request_id);
    }
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error {
        return response;
    }
    let mut problem = Problem::of_status(status);
    if let Some(allow) = response.headers().get(ALLOW) {
        problem = problem.header(ALLOW, allow.clone());
    }
    problem.render(request_id)
}
