//! What a client is told whose request the HTTP library cannot read.
//!
//! hyper answers such a request itself, before any service is asked: an empty `400`, `414` or `431` that is fixed in its source
//! (1.12, `proto/h1/role.rs`, `on_error`). The contract is a problem document for every error, so what goes out on a connection is
//! looked at, and that answer is replaced ([`crate::connection`]). It is told from ours by its headers, which are those alone that hyper
//! adds to any, and from what somebody has made look like it by being the last on its connection. It is not always alone: where a client
//! asks ahead and does not read, it stands in one write behind answers that wait.

use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use uuid::Uuid;

use crate::edge::add_headers;
use crate::problem::{self, Problem};

/// What hyper may answer by itself.
const STATUSES: [StatusCode; 3] =
    [StatusCode::BAD_REQUEST, StatusCode::URI_TOO_LONG, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE];
const VERSION: &[u8] = b"HTTP/1.";
/// What hyper adds to any answer.
const ADDED: [&str; 3] = ["connection", "content-length", "date"];
/// The longest answer that hyper makes by itself.
const LONGEST: usize = 160;

/// Where an answer begins that hyper has made by itself, and its status, if `written` ends with one.
pub(crate) fn ending(written: &[u8]) -> Option<(usize, StatusCode)> {
    let searched = written.len().saturating_sub(LONGEST);
    let begin = searched + written[searched..].windows(VERSION.len()).rposition(|bytes| bytes == VERSION)?;
    // A head begins behind another or behind nothing, and not in the middle of a line.
    let (before, last) = written.split_at(begin);
    if !before.is_empty() && !before.ends_with(b"\r\n\r\n") {
        return None;
    }
    let mut lines = std::str::from_utf8(last).ok()?.strip_suffix("\r\n\r\n")?.split("\r\n");
    let code = lines.next()?.split(' ').nth(1)?;
    let status = STATUSES.into_iter().find(|status| status.as_str() == code)?;
    let is_bare = lines.all(|line| line.split_once(": ").is_some_and(|(name, _)| ADDED.contains(&name)));
    is_bare.then_some((begin, status))
}

/// The problem document that goes out in the place of `unreadable`, with `headers` and those of every answer.
pub(crate) fn answer(unreadable: StatusCode, problem: &Problem, mut headers: HeaderMap) -> Vec<u8> {
    let request_id = Uuid::now_v7().to_string();
    let status = problem.status();
    let (found, told) = (unreadable.as_u16(), status.as_u16());
    tracing::info!(requestId = request_id, status = told, found, "a request could not be read");
    let body = problem.clone().into_json(&request_id);
    headers.extend(problem.headers().iter().cloned());
    headers.insert(CONTENT_TYPE, problem::CONTENT);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    add_headers(&mut headers, &request_id, false);

    let mut answer = b"HTTP/1.1 ".to_vec();
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

    const BARE: &str = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    const OURS: &str =
        "HTTP/1.1 200 OK\r\nx-request-id: 1\r\ncontent-length: 0\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";

    #[test]
    fn what_hyper_made_by_itself_is_found_alone_and_behind_others() {
        assert_eq!(ending(BARE.as_bytes()), Some((0, StatusCode::BAD_REQUEST)));
        let old = BARE.replace("HTTP/1.1", "HTTP/1.0");
        assert_eq!(ending(old.as_bytes()), Some((0, StatusCode::BAD_REQUEST)));
        let long = "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\
                    date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";
        assert_eq!(ending(long.as_bytes()), Some((0, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)));
        for before in [OURS.to_owned(), OURS.repeat(10), OURS[20..].to_owned()] {
            let written = format!("{before}{BARE}");
            assert_eq!(ending(written.as_bytes()), Some((before.len(), StatusCode::BAD_REQUEST)));
        }
        let replaced = answer(StatusCode::BAD_REQUEST, &Problem::of_status(StatusCode::BAD_REQUEST), HeaderMap::new());
        let replaced = String::from_utf8(replaced).unwrap();
        assert!(replaced.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{replaced}");
        assert!(replaced.contains("\"code\":\"MALFORMED_REQUEST\""), "{replaced}");
    }

    #[test]
    fn nothing_else_is_taken_for_it() {
        for other in [
            OURS.to_owned(),
            "HTTP/1.1 400 Bad Request\r\nx-request-id: 1\r\ncontent-length: 0\r\n\r\n".to_owned(),
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
            // A text that quotes one, and a header that does.
            format!("{{\"text\":\"{BARE}"),
            format!("HTTP/1.1 200 OK\r\nx-request-id: 1\r\nwarning: {BARE}"),
            format!("{BARE}{OURS}"),
            format!("{BARE}."),
            "HTTP/1.1 40".to_owned(),
            "HTTP/1.".to_owned(),
            "\r\n\r\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(ending(other.as_bytes()), None, "{other}");
        }
    }
}
