//! Logs and metrics of one process: `tracing` to standard error, Prometheus text on an internal address.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::Settings;
use crate::json::Json;
use crate::lines::Lines;

/// Of durations in seconds (every other histogram): 0.1 ms to 10 s.
const SECONDS: [f64; 16] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Of histograms whose names end like a count.
const COUNTS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
const COUNT_SUFFIXES: [&str; 5] = ["_size", "_commands", "_events", "_rows", "_messages"];

/// How often the samples of histograms are counted, which are kept until then, 20 bytes each. Often, so that neither they nor the time
/// that counting takes of a worker come to much.
const UPKEEP: Duration = Duration::from_secs(1);

static LINES: OnceLock<Lines> = OnceLock::new();
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
static SERVED: Mutex<Option<SocketAddr>> = Mutex::const_new(None);

/// Begins to log, as the settings say, each line before whoever logs it goes on: for a process of few lines. One that logs
/// already goes on as it does.
pub fn init_logs(settings: &Settings) {
    log_to(std::io::stderr, settings);
}

/// The same for a service, which has a line for each request: nobody waits for them but the end of the process.
pub fn init_service_logs(settings: &Settings) {
    match Lines::start(std::io::stderr()) {
        Ok(lines) => {
            log_to(lines.clone(), settings);
            let _is_first = LINES.set(lines);
            // Else each panic that is caught would be written past them, by whoever panics.
            std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "something panicked")));
        }
        Err(error) => {
            init_logs(settings);
            tracing::warn!(%error, "there is no thread to write the log: whoever logs waits for it");
        }
    }
}

/// Waits at its end, whichever that is, until what was logged has gone out.
pub(crate) struct LastLines;

impl Drop for LastLines {
    fn drop(&mut self) {
        finish_logs();
    }
}

/// Waits until what was logged has gone out.
pub(crate) fn finish_logs() {
    if let Some(lines) = LINES.get() {
        lines.finish();
    }
}

fn log_to<W>(writer: W, settings: &Settings)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // `load` has checked the filter; what a test made up falls back to the default.
    let filter = EnvFilter::try_new(&settings.log_filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let is_terminal = std::io::stderr().is_terminal();
    let is_json = settings.log_format.as_deref().map_or(!is_terminal, |format| format == "json");
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(is_terminal);
    // An error says that somebody else has set up logs before.
    let _ = if is_json { logs.fmt_fields(Json).event_format(Json).try_init() } else { logs.try_init() };
}

/// The metrics of this process; the first call begins to record. Only [`serve_metrics`] lets go of what is recorded.
///
/// # Panics
/// If the process has installed a recorder of another kind.
pub(crate) fn metrics_handle() -> &'static PrometheusHandle {
    RECORDER.get_or_init(|| recorder().install_recorder().expect("only this function installs a recorder, once"))
}

/// The address where metrics are served, until `shutdown`.
#[derive(Debug)]
pub struct MetricsServer {
    address: SocketAddr,
    task: Option<JoinHandle<anyhow::Result<()>>>,
}

/// Serves `/metrics` of this process on `address`.
///
/// One process has one set of metrics: a second call serves nothing and names the address of the first.
pub async fn serve_metrics(address: SocketAddr, shutdown: CancellationToken) -> anyhow::Result<MetricsServer> {
    let mut served = SERVED.lock().await;
    if let Some(address) = *served {
        return Ok(MetricsServer { address, task: None });
    }
    let handle = metrics_handle();
    metrics::counter!("tidemark_log_lines_lost_total").increment(0);
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot serve metrics on {address} (setting `metrics_listen`)"))?;
    let address = listener.local_addr()?;
    *served = Some(address);
    tracing::info!(%address, "serving metrics");
    let task = tokio::spawn(async move {
        let ended = serve(listener, handle, shutdown).await;
        *SERVED.lock().await = None;
        ended
    });
    Ok(MetricsServer { address, task: Some(task) })
}

impl MetricsServer {
    /// Where it listens (the port that was found, if 0 was asked for).
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for its end after shutdown.
    pub async fn finished(self) -> anyhow::Result<()> {
        match self.task {
            Some(task) => task.await.context("the metrics server panicked")?,
            None => Ok(()),
        }
    }
}

async fn serve(
    listener: TcpListener,
    handle: &'static PrometheusHandle,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let text = move || async move { ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()) };
    let app = Router::new().route("/metrics", get(text));
    let server = axum::serve(listener, app).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    // A scraper that keeps its connection open must not keep the process: shutdown ends the select at once.
    tokio::select! {
        ended = server.into_future() => ended.context("the metrics server ended"),
        () = upkeep(handle) => Ok(()),
        () = shutdown.cancelled() => Ok(()),
    }
}

async fn upkeep(handle: &PrometheusHandle) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

fn recorder() -> PrometheusBuilder {
    let mut builder = PrometheusBuilder::new().set_buckets(&SECONDS).expect("there are buckets");
    for suffix in COUNT_SUFFIXES {
        let matcher = Matcher::Suffix(suffix.to_owned());
        builder = builder.set_buckets_for_metric(matcher, &COUNTS).expect("there are buckets");
    }
    builder
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // One test, because recorder and server belong to the process.
    #[tokio::test]
    async fn metrics_are_served_once_a_process_until_shutdown() {
        let shutdown = CancellationToken::new();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let first = serve_metrics(any, shutdown.clone()).await.unwrap();
        let second = serve_metrics(any, shutdown.clone()).await.unwrap();
        assert_eq!(first.address(), second.address());

        metrics::histogram!("tidemark_append_seconds").record(0.0002);
        metrics::histogram!("tidemark_append_batch_size").record(3.0);
        let text = reqwest::get(format!("http://{}/metrics", first.address())).await.unwrap().text().await.unwrap();
        assert!(text.contains(r#"tidemark_append_seconds_bucket{le="0.00025"} 1"#), "{text}");
        assert!(text.contains(r#"tidemark_append_batch_size_bucket{le="4"} 1"#), "{text}");

        shutdown.cancel();
        first.finished().await.unwrap();
        second.finished().await.unwrap();
    }
}
