//! A request to be sent and the answer that came, checked against the document.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;

use super::contract::{Seen, check};

/// A request under way.
pub(crate) struct Ask {
    request: reqwest::RequestBuilder,
    method: Method,
    path: String,
}

impl Ask {
    pub(super) fn new(client: &reqwest::Client, base: &str, method: Method, path: &str) -> Self {
        Self { request: client.request(method.clone(), format!("{base}{path}")), method, path: path.to_owned() }
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.request = self.request.header(name, reqwest::header::HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    pub(crate) fn tenant(self, tenant: &str) -> Self {
        self.header("x-tenant", tenant)
    }

    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.request = self.request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        self
    }

    pub(crate) fn raw(mut self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.header(CONTENT_TYPE, content_type).body(body);
        self
    }

    /// Sends it and checks the answer against the document.
    pub(crate) async fn send(self) -> Answer {
        let response = self.request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.unwrap();
        let content_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap());
        let read = if headers.get("content-encoding").is_some_and(|coding| coding == "gzip") {
            let mut read = Vec::new();
            GzDecoder::new(&*body).read_to_end(&mut read).unwrap();
            read
        } else {
            body.to_vec()
        };
        check(&Seen {
            method: self.method.as_str(),
            path: &self.path,
            status,
            content_type,
            headers: &headers,
            body: &read,
        });
        assert!(headers.contains_key("x-request-id"), "no request id on {} {}", self.method, self.path);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let json = serde_json::from_slice(&read).unwrap_or(Value::Null);
        Answer { status, headers, body: body.to_vec(), json }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) json: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!(
            (self.status, self.json["code"].as_str()),
            (status, Some(code)),
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self
    }

    /// The fields at fault as `path: code`, sorted.
    pub(crate) fn faults(&self) -> Vec<String> {
        let errors = self.json["errors"].as_array().cloned().unwrap_or_default();
        let mut faults: Vec<String> = errors
            .iter()
            .map(|error| format!("{}: {}", error["path"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect();
        faults.sort();
        faults
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn position(&self) -> String {
        self.header("tidemark-position").expect("a position").to_owned()
    }

    pub(crate) fn text(&self, field: &str) -> String {
        self.json[field].as_str().unwrap_or_else(|| panic!("no {field} in {}", self.json)).to_owned()
    }
}
