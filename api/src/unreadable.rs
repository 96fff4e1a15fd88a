//! What a client is told whose request the HTTP library cannot read.
//!
//! hyper answers such a request itself, before any service is asked: an empty `400`, `414` or `431` that is fixed in its source
//! (1.12, `proto/h1/role.rs`, `on_error`). The contract is a problem document for every error, so what goes out on a connection is
//! looked at, and that answer is replaced. Ours are told from it by the request id that all of them carry.

use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use uuid::Uuid;

use crate::edge::add_headers;
use crate::problem::{self, Problem};

/// What hyper may answer by itself.
const STATUSES: [StatusCode; 3] =
    [StatusCode::BAD_REQUEST, StatusCode::URI_TOO_LONG, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE];
const VERSION: &[u8] = b"HTTP/1.1 ";
/// The longest answer that hyper makes by itself.
const LONGEST: usize = 256;

/// The answer that goes out in the place of `written`, where that is one which hyper has made by itself.
pub(crate) fn instead_of(written: &[u8]) -> Option<Vec<u8>> {
    let code = written.strip_prefix(VERSION)?.get(..3)?;
    let status = STATUSES.into_iter().find(|status| status.as_str().as_bytes() == code)?;
    let is_whole = written.len() <= LONGEST && written.ends_with(b"\r\n\r\n");
    let text = std::str::from_utf8(written).ok().filter(|_| is_whole)?;
    let is_empty = text.contains("content-length: 0\r\n");
    (is_empty && !text.contains("x-request-id: ")).then(|| answer(status))
}

fn answer(status: StatusCode) -> Vec<u8> {
    let request_id = Uuid::now_v7().to_string();
    tracing::info!(requestId = request_id, status = status.as_u16(), "a request could not be read");
    let body = Problem::of_status(status).into_json(&request_id);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, problem::CONTENT);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    add_headers(&mut headers, &request_id, false);

    let mut answer = VERSION.to_vec();
    answer.extend_from_slice(status.as_str().as_bytes());
    answer.push(b' ');
    answer.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    answer.extend_from_slice(b"\r\n");
    for (name, value) in &headers {
        answer.extend_from_slice(name.as_str().as_bytes());
        answer.extend_from_slice(b": ");
        answer.extend_from_slice(value.as_bytes());
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"\r\n");
    answer.extend_from_slice(&body);
    answer
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_what_hyper_made_by_itself_is_replaced() {
        let bare = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let replaced = String::from_utf8(instead_of(bare.as_bytes()).unwrap()).unwrap();
        assert!(replaced.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{replaced}");
        assert!(replaced.contains("\"code\":\"MALFORMED_REQUEST\""), "{replaced}");
        for ours in [
            "HTTP/1.1 400 Bad Request\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 10\r\n\r\n",
            "HTTP/1.1 40",
            "",
        ] {
            assert_eq!(instead_of(ours.as_bytes()), None, "{ours}");
        }
    }
}
