//! What a request brings: its JSON body, its query parameters, the id in its path.

use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use axum::body::HttpBody;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Map, Value};

use crate::command::BodyDigest;
use crate::fields::{Fields, FromFields};
use crate::problem::Problem;

/// The largest JSON body.
pub const MAX_BODY: usize = 2 * 1024 * 1024;

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// A JSON object, read into `T` with all that is wrong in it at once.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: FromFields, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        ensure_json(request.headers())?;
        let digest = request.extensions().get::<BodyDigest>().cloned();
        let bytes = receive(request.into_body()).await?;
        if let Some(digest) = digest {
            digest.set(&bytes);
        }
        Fields::of(object(&bytes)?).read().map(Self)
    }
}

/// The query parameters, read into `T` with all that is wrong in them at once.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: FromFields, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Fields::of_query(parts.uri.query().unwrap_or_default())?.read().map(Self)
    }
}

/// A JSON object that may be left out, which is as good as an empty one.
#[derive(Debug)]
pub struct OptionalBody<T>(pub T);

impl<T: FromFields, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = ensure_json(request.headers());
        // Nobody has read it yet, and nobody will.
        if is_multipart(request.headers()) && !request.body().is_end_stream() {
            return Err(not_json());
        }
        let digest = request.extensions().get::<BodyDigest>().cloned();
        let bytes = receive(request.into_body()).await?;
        if let Some(digest) = digest {
            digest.set(&bytes);
        }
        if bytes.is_empty() {
            return Fields::of(Map::new()).read().map(Self);
        }
        is_json?;
        Fields::of(object(&bytes)?).read().map(Self)
    }
}

/// A command that is told nothing: its body is empty or `{}`.
#[derive(Debug)]
pub struct NoBody;

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        OptionalBody::from_request(request, state).await.map(|OptionalBody(nothing)| nothing)
    }
}

impl FromFields for NoBody {
    fn from_fields(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

/// A route that takes no query parameters: any is refused as unknown.
#[derive(Debug)]
pub struct NoQuery;

impl FromFields for NoQuery {
    fn from_fields(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

/// The `{id}` of the path. What is no id names nothing.
#[derive(Debug)]
pub struct PathId<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::malformed("the path is not properly percent-encoded"))?;
        let (_, text) = params.iter().next().ok_or_else(Problem::not_found)?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// The headers of a request that brings no body, taken and not copied; so it is the last that a route asks for.
#[derive(Debug)]
pub struct Headers(pub HeaderMap);

impl<S: Send + Sync> FromRequest<S> for Headers {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        Ok(Self(request.into_parts().0.headers))
    }
}

fn ensure_json(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(not_json())
}

fn not_json() -> Problem {
    Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE).detail("the body must be application/json")
}

/// Whether a body is made of parts, of which some may be files.
pub(crate) fn is_multipart(headers: &HeaderMap) -> bool {
    const PARTS: &[u8] = b"multipart/";
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    media_type.get(..PARTS.len()).is_some_and(|start| start.eq_ignore_ascii_case(PARTS))
}

/// All of a body, if it is not too large and does not take too long. What a request brings to a tenant's route was received
/// already ([`crate::arrival`]), and is only taken up.
pub(crate) async fn receive(body: axum::body::Body) -> Result<Bytes, Problem> {
    receive_within(body, |_| true).await
}

/// The same with a say over each piece: where there is no `room` for so many bytes more, it is 503.
pub(crate) async fn receive_within(body: axum::body::Body, room: impl FnMut(usize) -> bool) -> Result<Bytes, Problem> {
    let received = tokio::time::timeout(ARRIVAL, read(body, room)).await;
    received.unwrap_or_else(|_| Err(Problem::of_status(StatusCode::REQUEST_TIMEOUT)))
}

async fn read(mut body: axum::body::Body, mut room: impl FnMut(usize) -> bool) -> Result<Bytes, Problem> {
    let too_large = || Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE);
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(too_large());
    }
    // Most bodies come in one piece, which need not be copied.
    let mut only = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::malformed("the body did not arrive whole"))?;
        let Ok(piece) = frame.into_data() else { continue };
        if only.len() + all.len() + piece.len() > MAX_BODY {
            return Err(too_large());
        }
        if !room(piece.len()) {
            metrics::counter!("tidemark_turned_away_total").increment(1);
            return Err(Problem::overloaded());
        }
        if only.is_empty() && all.is_empty() {
            only = piece;
        } else {
            all.extend_from_slice(&std::mem::take(&mut only));
            all.extend_from_slice(&piece);
        }
    }
    Ok(if all.is_empty() { only } else { all.freeze() })
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    // The parser refuses what is nested deeper than 128.
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Problem::malformed("the body must be a JSON object")),
        Err(error) => Err(Problem::malformed(format!(
            "the body is not valid JSON, see line {} column {}",
            error.line(),
            error.column()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    /// Byte after byte, each in good time, and never the last.
    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_is_given_up_however_busy_it_is() {
        let dripping = stream::unfold((), async |()| {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        let started = tokio::time::Instant::now();
        let given_up = receive(axum::body::Body::from_stream(dripping)).await.expect_err("it never ends");
        assert_eq!((given_up.status(), given_up.code()), (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT"));
        assert_eq!(started.elapsed(), ARRIVAL);
    }
}
