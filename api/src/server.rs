//! The accept loop: connections in, requests to the router, and an end in good order.
//!
//! It is our own because a server on the open net needs what `axum::serve` does not set: a time limit for headers, a cap
//! on connections, writes that end, and a shutdown that does.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tidemark_runtime::Settings;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection::Connection;
use crate::{edge, startup};

/// How long the headers of a request may take, and how long a connection may idle.
const HEADERS: Duration = Duration::from_secs(10);
/// More connections than this wait in the listener's backlog.
const CONNECTIONS: usize = 10_000;
/// How long requests in hand may take to finish at shutdown.
const GRACE: Duration = Duration::from_secs(15);
/// What an HTTP/2 connection begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// A server that runs.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Running {
    /// Waits for its end.
    ///
    /// # Errors
    /// When it did not end as asked.
    pub async fn finished(self) -> anyhow::Result<()> {
        self.task.await.context("the server panicked")?
    }
}

/// Serves on the address of the settings until `shutdown`.
///
/// # Errors
/// When the settings cannot be used, the address is taken, or the log is broken.
pub async fn run(settings: Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {} (setting `listen`)", settings.listen))?;
    start(listener, settings, shutdown).await?.finished().await
}

/// Begins to serve on `listener`, until `shutdown`. It answers at once, with 503 while Postgres is not there.
///
/// # Errors
/// When the settings cannot be used.
pub async fn start(listener: TcpListener, settings: Settings, shutdown: CancellationToken) -> anyhow::Result<Running> {
    start_on_stream(listener, settings, tidemark_engine::relay::STREAM, shutdown).await
}

/// The same with a JetStream stream of another name: tests share a broker.
///
/// # Errors
/// When the settings cannot be used.
pub async fn start_on_stream(
    listener: TcpListener,
    settings: Settings,
    stream: &str,
    shutdown: CancellationToken,
) -> anyhow::Result<Running> {
    let addr = listener.local_addr()?;
    let (foundation, appending) = startup::found(settings).await?;
    let stream = stream.to_owned();
    tracing::info!(%addr, "serving");
    let task = tokio::spawn(async move {
        let (routers, router) = watch::channel(None);
        // What answers requests outlives the requests: first no new ones, then the rest, then the feed and the log.
        let ending = CancellationToken::new();
        let serving = tokio::spawn({
            let ending = ending.clone();
            async move { foundation.serve_epochs(&stream, &routers, &ending).await }
        });
        let commands = TaskTracker::new();
        // A process without its feed or its writer has nothing to serve from: it ends, to be started anew.
        let is_over = || serving.is_finished() || appending.is_finished();
        accept(&listener, router, &commands, &shutdown, is_over).await;
        drop(listener);
        commands.close();
        if tokio::time::timeout(GRACE, commands.wait()).await.is_err() {
            tracing::warn!(commands = commands.len(), "commands were still running at the end");
        }
        ending.cancel();
        let served = serving.await.context("serving panicked")?;
        // The last handle to the log is gone with the last router, so the appender ends when its queue is empty.
        match tokio::time::timeout(GRACE, appending).await {
            Ok(appended) => appended.context("the writer of the log panicked")?,
            Err(_) => tracing::warn!("the log was still being written at the end"),
        }
        served
    });
    Ok(Running { addr, task })
}

/// Takes connections until `shutdown`, or until there is nothing to serve from (`is_over`), then lets those finish that are there.
async fn accept(
    listener: &TcpListener,
    router: watch::Receiver<Option<Router>>,
    commands: &TaskTracker,
    shutdown: &CancellationToken,
    is_over: impl Fn() -> bool,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    while !is_over() {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            () = tokio::time::sleep(Duration::from_secs(1)) => continue,
            accepted = accept_one(listener, &places) => accepted,
        };
        let (stream, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles, most likely: those who hold them have to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (router, commands, watcher, shutdown) =
            (router.clone(), commands.clone(), graceful.watcher(), shutdown.clone());
        connections.spawn(async move {
            let _place = place;
            let sniffed = tokio::select! {
                () = shutdown.cancelled() => return,
                sniffed = tokio::time::timeout(HEADERS, is_http2(&stream)) => sniffed,
            };
            let Ok(Ok(is_http2)) = sniffed else { return };
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                answer(router.clone(), commands.clone(), request.map(Body::new))
            });
            let connection =
                builder(is_http2).serve_connection(TokioIo::new(Connection::new(stream)), service).into_owned();
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
    connections.close();
    let finished = async {
        graceful.shutdown().await;
        connections.wait().await;
    };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tracing::warn!("connections were still open at the end");
    }
}

async fn accept_one(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

fn builder(is_http2: bool) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(HEADERS)
        .max_concurrent_streams(256)
        .max_header_list_size(64 * 1024);
    if is_http2 { builder.http2_only() } else { builder.http1_only() }
}

/// Looks at the first bytes without taking them. The library would wait for them without a time limit.
async fn is_http2(stream: &TcpStream) -> std::io::Result<bool> {
    let mut seen = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut seen).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if seen[..count] != PREFACE[..count] {
            return Ok(false);
        }
        if count == PREFACE.len() {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn answer(
    router: watch::Receiver<Option<Router>>,
    commands: TaskTracker,
    request: axum::extract::Request,
) -> Result<axum::response::Response, Infallible> {
    let router = router.borrow().clone();
    let router = router.unwrap_or_else(not_yet);
    Ok(edge::serve(router, &commands, request).await)
}

/// The routes of a process that cannot serve yet.
fn not_yet() -> Router {
    Router::new()
        .route("/health/live", axum::routing::get(crate::health::live))
        .route("/health/ready", axum::routing::get(async || crate::health::unready()))
        .fallback(async || edge::not_yet())
}
