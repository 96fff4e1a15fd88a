//! Answers made smaller, where the client can read them and it is worth it.
//!
//! A tag stays strong: the compressed form of `"5.abc"` is `"5.abc-gzip"`, another sequence of bytes with a tag of its own.
//! `If-None-Match` and `If-Match` take both (see `query::etag` and `command`).

use std::convert::Infallible;

use axum::body::{Body, HttpBody};
use axum::response::Response;
use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request};
use tower::{ServiceExt, service_fn};
use tower_http::CompressionLevel;
use tower_http::compression::Compression;

/// Smaller answers fit into one packet anyway.
const WORTH_IT: u64 = 1024;
/// Quick rather than small: answers are made while somebody waits.
const LEVEL: CompressionLevel = CompressionLevel::Precise(4);

/// A content coding, the quickest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Zstd,
    Brotli,
    Gzip,
}

impl Coding {
    const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The one that a client likes best of those that it reads; nothing when it prefers the plain form.
    pub(crate) fn preferred(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(ACCEPT_ENCODING);
        let items = || lines.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).map(weighed);
        let named = |name: &str| items().find(|(item, _)| item.eq_ignore_ascii_case(name)).map(|(_, weight)| weight);
        let any = named("*").unwrap_or(0);
        let weight = |coding: Self| named(coding.name()).unwrap_or(any);
        // The first of the heaviest.
        let best = Self::ALL.into_iter().rev().max_by_key(|coding| weight(*coding))?;
        (weight(best) > 0 && weight(best) >= named("identity").unwrap_or(0)).then_some(best)
    }
}

/// `br;q=0.5` as its name and thousandths. What is no weight counts as none at all.
fn weighed(item: &str) -> (&str, u16) {
    let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
    let weight = match parameters.trim().split_once('=') {
        None => Some(1.0),
        Some((_, text)) => text.trim().parse::<f32>().ok().filter(|weight| (0.0..=1.0).contains(weight)),
    };
    (name.trim(), weight.map_or(0, |weight| (weight * 1000.0) as u16))
}

/// An entity tag without what [`compressed`] adds to it.
pub(crate) fn plain_tag(tag: &[u8]) -> Option<&[u8]> {
    let inner = tag.strip_suffix(b"\"")?;
    let coding = Coding::ALL.into_iter().find_map(|coding| inner.strip_suffix(coding.name().as_bytes()))?;
    coding.strip_suffix(b"-")
}

/// The answer in `coding`, if it is one that should be.
pub(crate) async fn compressed(method: &Method, coding: Option<Coding>, mut response: Response) -> Response {
    if !may_be_compressed(&response) {
        return response;
    }
    if !varies_by_coding(response.headers()) {
        response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    }
    let Some(coding) = coding else { return response };
    // The tag of a command names a version, which is the same in every coding.
    if matches!(*method, Method::GET | Method::HEAD)
        && let Some(tag) = response.headers().get(ETAG).and_then(|tag| tag_in(coding, tag))
    {
        response.headers_mut().insert(ETAG, tag);
    }
    if method == Method::HEAD {
        let headers = response.headers_mut();
        headers.remove(CONTENT_LENGTH);
        headers.remove(ACCEPT_RANGES);
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        return response;
    }
    let mut response = Some(response);
    let answer = service_fn(move |_: Request<()>| {
        let response = response.take().unwrap_or_default();
        async move { Ok::<_, Infallible>(response) }
    });
    let mut request = Request::new(());
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(coding.name()));
    let always = |_: http::StatusCode, _: http::Version, _: &HeaderMap, _: &http::Extensions| true;
    let compressing = Compression::new(answer).quality(LEVEL).compress_when(always).oneshot(request);
    let Ok(response) = Box::pin(compressing).await;
    response.map(Body::new)
}

fn may_be_compressed(response: &Response) -> bool {
    let headers = response.headers();
    if headers.contains_key(CONTENT_ENCODING) || headers.contains_key(CONTENT_RANGE) {
        return false;
    }
    let told = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let length = told.or_else(|| response.body().size_hint().exact());
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    length.is_none_or(|length: u64| length >= WORTH_IT)
        && is_text(media_type.split(';').next().unwrap_or_default().trim())
}

/// Pictures are compressed already, and the events of a stream must not wait for each other.
fn is_text(essence: &str) -> bool {
    let is_text = essence.starts_with("text/") && essence != "text/event-stream";
    is_text || ["json", "javascript", "xml", "/x-ndjson"].iter().any(|ending| essence.ends_with(ending))
}

fn varies_by_coding(headers: &HeaderMap) -> bool {
    let mut names =
        headers.get_all(VARY).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    names.any(|name| name.trim().eq_ignore_ascii_case("accept-encoding"))
}

fn tag_in(coding: Coding, tag: &HeaderValue) -> Option<HeaderValue> {
    let inner = tag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?;
    HeaderValue::try_from(format!("\"{inner}-{}\"", coding.name())).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::response::IntoResponse;
    use http::StatusCode;
    use http_body_util::BodyExt;

    use super::*;

    fn preferred(text: &'static str) -> Option<&'static str> {
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(text))]);
        Coding::preferred(&headers).map(Coding::name)
    }

    #[test]
    fn the_client_chooses_and_among_equals_the_quickest_wins() {
        assert_eq!(preferred("gzip, deflate, br, zstd"), Some("zstd"));
        assert_eq!(preferred("gzip, deflate, br"), Some("br"));
        assert_eq!(preferred("gzip;q=1.0, br;q=0.5"), Some("gzip"));
        assert_eq!(preferred("GZIP"), Some("gzip"));
        assert_eq!(preferred("*"), Some("zstd"));
        assert_eq!(preferred("*, zstd;q=0"), Some("br"));
    }

    #[test]
    fn what_nobody_reads_is_not_sent() {
        for text in ["", "identity", "deflate", "gzip;q=0", "*;q=0", "identity, gzip;q=0.5", "identity;q=0", "gzip;q=x"]
        {
            assert_eq!(preferred(text), None, "{text}");
        }
    }

    fn answer(media_type: &'static str, length: usize) -> Response {
        let headers = [(CONTENT_TYPE, media_type), (ETAG, "\"5.abc\"")];
        (StatusCode::OK, headers, "a".repeat(length)).into_response()
    }

    #[tokio::test]
    async fn a_long_text_is_compressed_under_a_tag_of_its_own() {
        for coding in Coding::ALL {
            let answer = compressed(&Method::GET, Some(coding), answer("application/json", 5_000)).await;
            assert_eq!(answer.headers()[CONTENT_ENCODING], coding.name());
            assert_eq!(answer.headers()[ETAG], format!("\"5.abc-{}\"", coding.name()));
            assert_eq!(plain_tag(answer.headers()[ETAG].as_bytes()), Some(&b"\"5.abc"[..]));
            assert_eq!(answer.headers()[VARY], "accept-encoding");
            assert!(!answer.headers().contains_key(CONTENT_LENGTH));
            assert!(answer.into_body().collect().await.unwrap().to_bytes().len() < 200);
        }
    }

    #[tokio::test]
    async fn short_answers_pictures_and_streams_are_left_alone() {
        for (media_type, length) in [("application/json", 1_000), ("image/png", 5_000), ("text/event-stream", 5_000)] {
            let answer = compressed(&Method::GET, Some(Coding::Gzip), answer(media_type, length)).await;
            assert!(!answer.headers().contains_key(CONTENT_ENCODING) && !answer.headers().contains_key(VARY));
            assert_eq!(answer.headers()[ETAG], "\"5.abc\"");
            assert_eq!(answer.into_body().collect().await.unwrap().to_bytes().len(), length);
        }
    }

    #[tokio::test]
    async fn a_plain_answer_says_that_it_might_have_been_compressed() {
        let answer = compressed(&Method::GET, None, answer("application/json", 5_000)).await;
        assert_eq!(
            (&answer.headers()[VARY], &answer.headers()[ETAG]),
            (&"accept-encoding".parse().unwrap(), &"\"5.abc\"".parse().unwrap())
        );
    }

    #[tokio::test]
    async fn the_tag_of_a_command_is_its_version_in_any_coding() {
        let answer = compressed(&Method::PATCH, Some(Coding::Gzip), answer("application/json", 5_000)).await;
        assert_eq!(
            (&answer.headers()[ETAG], answer.headers().contains_key(VARY)),
            (&"\"5.abc\"".parse().unwrap(), true)
        );
    }

    #[test]
    fn only_what_was_added_is_taken_off_a_tag() {
        for tag in ["\"5.abc\"", "\"gzip\"", "\"5.abc-deflate\"", "5.abc-gzip", ""] {
            assert_eq!(plain_tag(tag.as_bytes()), None, "{tag}");
        }
    }
}
