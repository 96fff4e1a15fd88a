//! A client that costs little: one connection a caller, kept alive, one request at a time.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::TENANT;
use crate::load::Caller;

/// What to ask for.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) key: Option<String>,
    pub(super) body: String,
}

impl Ask {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), key: None, body: String::new() }
    }

    pub(super) fn post(path: impl Into<String>, body: &Value) -> Self {
        Self { method: Method::POST, path: path.into(), key: None, body: body.to_string() }
    }
}

/// One connection.
pub(super) struct Client {
    sender: SendRequest<Full<Bytes>>,
    address: String,
    token: Option<Arc<str>>,
}

impl Client {
    pub(super) async fn connect(address: &str, token: Option<Arc<str>>) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect to the api")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the sender, or with the server; a request then fails by itself.
        tokio::spawn(connection);
        Ok(Self { sender, address: address.to_owned(), token })
    }

    pub(super) async fn send(&mut self, ask: Ask) -> anyhow::Result<(StatusCode, Bytes)> {
        let mut request =
            Request::builder().method(ask.method).uri(ask.path).header(HOST, &self.address).header("x-tenant", TENANT);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(key) = ask.key {
            request = request.header("idempotency-key", key);
        }
        if !ask.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(Bytes::from(ask.body)))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// Sends and expects success.
    pub(super) async fn expect(&mut self, ask: Ask) -> anyhow::Result<Bytes> {
        let asked = ask.path.clone();
        let (status, body) = self.send(ask).await?;
        anyhow::ensure!(status.is_success(), "{asked} was answered with {status}: {}", String::from_utf8_lossy(&body));
        Ok(body)
    }
}

/// Asks what `ask` makes, again and again.
pub(super) struct Asking<F> {
    client: Client,
    ask: F,
}

impl<F: Fn() -> Ask + Send + Sync + 'static> Caller for Asking<F> {
    async fn call(&mut self) -> anyhow::Result<()> {
        self.client.expect((self.ask)()).await?;
        Ok(())
    }
}

/// As many connections as asked for, each asking what `ask` makes.
pub(super) async fn askers<F>(
    address: &str,
    token: Option<&Arc<str>>,
    count: usize,
    ask: F,
) -> anyhow::Result<Vec<Asking<F>>>
where
    F: Fn() -> Ask + Clone,
{
    let mut askers = Vec::with_capacity(count);
    for _ in 0..count {
        askers.push(Asking { client: Client::connect(address, token.cloned()).await?, ask: ask.clone() });
    }
    Ok(askers)
}
