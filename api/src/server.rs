//! The accept loop: connections in, requests to the router, and an end in good order.
//!
//! It is our own because a server on the open net needs what `axum::serve` does not set: a time limit for headers, a cap
//! on connections, writes that end, and a shutdown that does.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tidemark_engine::trace;
use tidemark_runtime::Settings;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::connection::Connection;
use crate::edge::{self, Edge, Routes};
use crate::limits::{Limits, Socket};
use crate::problem::Problem;
use crate::shares::{Share, Shares};
use crate::{startup, tls, unreadable};

/// How long the headers of a request may take, and how long a connection may idle.
const HEADERS: Duration = Duration::from_secs(10);
/// More connections than this wait in the listener's backlog.
const CONNECTIONS: usize = 10_000;
/// How long requests in hand may take to finish at shutdown, from its beginning.
const GRACE: Duration = Duration::from_secs(15);
/// How long the log may take to be written after that.
const LAST_WRITES: Duration = Duration::from_secs(5);
/// A connection is closed after this long, in good order: nobody keeps a place for ever, and clients spread over the
/// processes that were started meanwhile.
const AGE: Duration = Duration::from_secs(15 * 60);
/// Headers of a request: so many, and so many bytes.
const MOST_HEADERS: usize = 100;
const LARGEST_HEADERS: u32 = 64 * 1024;
/// Streams of one HTTP/2 connection at once, and how many it may reset before we have looked at them, or make us reset.
const STREAMS: u32 = 256;
const RESETS: usize = 20;
const OWN_RESETS: usize = 1024;
/// What an HTTP/2 connection begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0";

/// Where it is asked whether the process is ready.
const READY: &str = "/health/ready";

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
/// It is boxed, as are the others by which all of this begins: the body of an async function is compiled once more in each crate that
/// awaits it, and what this one awaits with it.
///
/// # Errors
/// When the settings cannot be used, the address is taken, or the log is broken.
pub fn run(settings: Settings, shutdown: CancellationToken) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("cannot listen on {} (setting `listen`)", settings.listen))?;
        start(listener, settings, shutdown).await?.finished().await
    })
}

/// Begins to serve on `listener`, until `shutdown`. It answers at once, with 503 while Postgres is not there.
///
/// # Errors
/// When the settings cannot be used.
pub fn start(
    listener: TcpListener,
    settings: Settings,
    shutdown: CancellationToken,
) -> BoxFuture<'static, anyhow::Result<Running>> {
    start_on_stream(listener, settings, tidemark_engine::relay::STREAM, shutdown)
}

/// The same with a JetStream stream of another name: tests share a broker.
///
/// # Errors
/// When the settings cannot be used.
pub fn start_on_stream(
    listener: TcpListener,
    settings: Settings,
    stream: &'static str,
    shutdown: CancellationToken,
) -> BoxFuture<'static, anyhow::Result<Running>> {
    Box::pin(begin(listener, settings, stream, shutdown))
}

async fn begin(
    listener: TcpListener,
    settings: Settings,
    stream: &'static str,
    shutdown: CancellationToken,
) -> anyhow::Result<Running> {
    if settings.otlp_endpoint.is_some() {
        trace::turn_on();
    }
    let addr = listener.local_addr()?;
    let tls = tls::acceptor(&settings)?;
    let limits = Limits::new(&settings).context("redis_url")?;
    let commands = TaskTracker::new();
    let edge = Edge::new(&settings, limits.clone(), commands.clone());
    let shares = Shares::new(CONNECTIONS, settings.connections_per_address);
    let drain = Duration::from_secs(settings.drain_seconds);
    let (foundation, appending) = startup::found(settings, limits.clone()).await?;
    tracing::info!(%addr, "serving");
    let task = tokio::spawn(async move {
        let (serving_routes, routes) = watch::channel(None);
        // What answers requests outlives the requests: first no new ones, then the rest, then the feed and the log.
        let ending = CancellationToken::new();
        let serving = tokio::spawn({
            let ending = ending.clone();
            async move { foundation.serve_epochs(stream, &serving_routes, &ending).await }
        });
        let counting = tokio::spawn({
            let ending = ending.clone();
            async move { limits.keep_shared(&ending).await }
        });
        // A process without its feed or its writer has nothing to serve from: it ends, to be started anew.
        let is_over = || serving.is_finished() || appending.is_finished();
        let served = Served {
            tls,
            routes,
            edge: Some(edge),
            leaving: shutdown.clone(),
            closing: CancellationToken::new(),
            cut: CancellationToken::new(),
        };
        let deadline = accept(listener, served, shares, drain, is_over).await;
        commands.close();
        if timeout_at(deadline, commands.wait()).await.is_err() {
            tracing::warn!(commands = commands.len(), "commands were still running at the end");
        }
        ending.cancel();
        counting.await.context("counting panicked")?;
        let served = serving.await.context("serving panicked")?;
        // The last handle to the log is gone with the last router, so the appender ends when its queue is empty.
        match timeout(LAST_WRITES, appending).await {
            Ok(appended) => appended.context("the writer of the log panicked")?,
            Err(_) => tracing::warn!("the log was still being written at the end"),
        }
        served
    });
    Ok(Running { addr, task })
}

/// Serves `router` until `shutdown` on connections like all others, with nothing of the edge around it: the yardstick of what
/// that costs.
pub async fn serve_bare(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let (_routes, routes) = watch::channel(Some(Routes::from(router)));
    let served = Served {
        tls: None,
        routes,
        edge: None,
        leaving: shutdown,
        closing: CancellationToken::new(),
        cut: CancellationToken::new(),
    };
    accept(listener, served, Shares::new(CONNECTIONS, CONNECTIONS), Duration::ZERO, || false).await;
}

/// Takes connections until the process is to end, and for `drain` after that, or until there is nothing to serve from
/// (`is_over`), then lets those finish that are there; those that have not by the deadline, which it gives back, are cut off.
async fn accept(
    listener: TcpListener,
    served: Served,
    shares: Shares,
    drain: Duration,
    is_over: impl Fn() -> bool,
) -> Instant {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    let leaving = served.leaving.clone();
    let mut drained = pin!(async {
        leaving.cancelled().await;
        tokio::time::sleep(drain).await;
    });
    while !is_over() {
        let accepted = tokio::select! {
            () = &mut drained => break,
            () = tokio::time::sleep(Duration::from_secs(1)) => continue,
            accepted = accept_one(&listener, &places) => accepted,
        };
        let (stream, address, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles, most likely: those who hold them have to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Ok(share) = served.share(&shares, address.ip()) else {
            metrics::counter!("tidemark_connections_refused_total").increment(1);
            tracing::debug!(address = %address.ip(), "an address has too many connections");
            continue;
        };
        let served = served.clone();
        connections.spawn(async move {
            let _held = (place, share);
            let cut = served.cut.clone();
            tokio::select! {
                () = cut.cancelled() => {}
                () = served.serve(stream, address.ip()) => {}
            }
        });
    }
    let deadline = Instant::now() + GRACE;
    drop(listener);
    served.closing.cancel();
    connections.close();
    if timeout_at(deadline, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections were still open at the end");
        served.cut.cancel();
        connections.wait().await;
    }
    deadline
}

/// What a connection is served with. Clones are one and the same.
#[derive(Clone)]
struct Served {
    tls: Option<TlsAcceptor>,
    routes: watch::Receiver<Option<Routes>>,
    /// What every request comes past; none in a bare server.
    edge: Option<Edge>,
    /// The process is to end, and says so to whoever asks whether it is ready.
    leaving: CancellationToken,
    /// No new requests.
    closing: CancellationToken,
    /// Nothing at all any more.
    cut: CancellationToken,
}

/// An address has as many connections as it may.
struct TooMany;

impl Served {
    /// The share of an address in the connections. A trusted proxy has none, for it speaks for many.
    fn share(&self, shares: &Shares, address: IpAddr) -> Result<Option<Share>, TooMany> {
        if self.edge.as_ref().is_none_or(|edge| edge.trusts(address)) {
            return Ok(None);
        }
        shares.one(address).map(Some).ok_or(TooMany)
    }

    async fn serve(self, stream: TcpStream, address: IpAddr) {
        if let Some(tls) = self.tls.clone() {
            let Some(stream) = self.begun(tls.accept(stream)).await else { return };
            let is_http2 = tls::is_http2(stream.get_ref().1.alpn_protocol());
            self.speak(is_http2, stream, Socket { address, is_tls: true }).await;
        } else {
            let Some(is_http2) = self.begun(is_http2(&stream)).await else { return };
            self.speak(is_http2, stream, Socket { address, is_tls: false }).await;
        }
    }

    /// What a connection begins with, if it comes in time.
    async fn begun<T>(&self, beginning: impl Future<Output = std::io::Result<T>>) -> Option<T> {
        let begun = tokio::select! {
            () = self.closing.cancelled() => return None,
            begun = timeout(HEADERS, beginning) => begun,
        };
        let begun = begun.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
        begun.inspect_err(|error| tracing::debug!(%error, "a connection did not begin")).ok()
    }

    /// Speaks HTTP until the client is done, the connection has aged, or no new requests are taken.
    async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self,
        is_http2: bool,
        stream: S,
        socket: Socket,
    ) {
        let closing = self.closing.clone();
        let served = Arc::new(self);
        let tell = {
            let served = Arc::clone(&served);
            move |status| Arc::clone(&served).answer_unreadable(socket, status).boxed()
        };
        let connection = Connection::new(stream, Box::new(tell));
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let served = Arc::clone(&served);
            async move { served.answer(socket, request.map(Body::new)).await }
        });
        let builder = builder(is_http2);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(connection), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = async { timeout(AGE, closing.cancelled()).await.unwrap_or_default() } => {
                connection.as_mut().graceful_shutdown();
                // Whoever still reads by drops then has had twice the time.
                timeout(AGE, connection).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke");
        }
    }

    /// What a client is told whose request cannot be read.
    async fn answer_unreadable(self: Arc<Self>, socket: Socket, status: StatusCode) -> Vec<u8> {
        match &self.edge {
            Some(edge) => edge.answer_unreadable(socket, status).await,
            None => unreadable::answer(status, &Problem::of_status(status), HeaderMap::new()),
        }
    }

    async fn answer(
        &self,
        socket: Socket,
        request: axum::extract::Request,
    ) -> Result<axum::response::Response, Infallible> {
        let routes = if request.uri().path() == READY && self.leaving.is_cancelled() {
            Routes::from(leaving())
        } else {
            self.routes.borrow().clone().unwrap_or_else(|| Routes::from(not_yet()))
        };
        match &self.edge {
            Some(edge) => Ok(edge.serve(routes, socket, request).await),
            None => routes.bare().oneshot(request).await,
        }
    }
}

async fn accept_one(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, address, place))
}

fn builder(is_http2: bool) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_headers(MOST_HEADERS)
        .max_buf_size(LARGEST_HEADERS as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(HEADERS)
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(OWN_RESETS)
        .max_header_list_size(LARGEST_HEADERS);
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

/// What a process that is about to end answers differently.
fn leaving() -> Router {
    Router::new().route(READY, axum::routing::get(async || crate::health::leaving()))
}

/// The routes of a process that cannot serve yet.
fn not_yet() -> Router {
    Router::new()
        .route("/health/live", axum::routing::get(crate::health::live))
        .route(READY, axum::routing::get(async || crate::health::unready()))
        .fallback(async || edge::not_yet())
}
