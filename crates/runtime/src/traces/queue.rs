//! Spans that have ended, on their way to the collector.

use std::time::Duration;

use metrics::counter;
use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Spans that may wait; a few MiB.
const ROOM: usize = 4096;
/// Spans in one request to the collector.
const MOST: usize = 512;
/// How long a span waits for company.
const LINGER: Duration = Duration::from_millis(500);

/// Takes spans as they end. It never waits.
#[derive(Debug)]
pub(super) struct Queue(mpsc::Sender<SpanData>);

/// Sends them on.
pub(super) struct Sender<E> {
    ended: mpsc::Receiver<SpanData>,
    exporter: E,
    has_complained: bool,
}

impl Queue {
    pub(super) fn new<E: SpanExporter>(exporter: E) -> (Self, Sender<E>) {
        // There from the beginning, or nobody would see their first time as a change.
        counter!("tidemark_trace_spans_sent_total").increment(0);
        counter!("tidemark_trace_spans_dropped_total", "reason" => "queue").increment(0);
        counter!("tidemark_trace_spans_dropped_total", "reason" => "collector").increment(0);
        let (queue, ended) = mpsc::channel(ROOM);
        (Self(queue), Sender { ended, exporter, has_complained: false })
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if self.0.try_send(span).is_err() {
            counter!("tidemark_trace_spans_dropped_total", "reason" => "queue").increment(1);
        }
    }

    /// Whoever sends is asked to end, and awaited, elsewhere.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl<E: SpanExporter> Sender<E> {
    /// Sends until `ending`, then what is still there.
    pub(super) async fn run(mut self, ending: CancellationToken) {
        let mut batch = Vec::with_capacity(MOST);
        loop {
            let goes_on = tokio::select! {
                () = ending.cancelled() => false,
                came = gather(&mut self.ended, &mut batch) => came,
            };
            self.send(&mut batch).await;
            if !goes_on {
                break;
            }
        }
        while let Ok(span) = self.ended.try_recv() {
            batch.push(span);
            if batch.len() == MOST {
                self.send(&mut batch).await;
            }
        }
        self.send(&mut batch).await;
    }

    async fn send(&mut self, batch: &mut Vec<SpanData>) {
        if batch.is_empty() {
            return;
        }
        let count = batch.len() as u64;
        match self.exporter.export(std::mem::take(batch)).await {
            Ok(()) => {
                counter!("tidemark_trace_spans_sent_total").increment(count);
                self.has_complained = false;
            }
            Err(error) => {
                counter!("tidemark_trace_spans_dropped_total", "reason" => "collector").increment(count);
                if std::mem::replace(&mut self.has_complained, true) {
                    tracing::debug!(%error, count, "the collector still takes no spans; they are dropped");
                } else {
                    tracing::warn!(%error, count, "the collector takes no spans; they are dropped");
                }
            }
        }
    }
}

/// Waits for a span and, for a while, for its company. False when there are none to come. It may be dropped anywhere: what has
/// come is in `batch`.
async fn gather(ended: &mut mpsc::Receiver<SpanData>, batch: &mut Vec<SpanData>) -> bool {
    if ended.recv_many(batch, MOST).await == 0 {
        return false;
    }
    let company = async { while batch.len() < MOST && ended.recv_many(batch, MOST - batch.len()).await > 0 {} };
    // What has come until then goes.
    let _lingered = tokio::time::timeout(LINGER, company).await;
    true
}
