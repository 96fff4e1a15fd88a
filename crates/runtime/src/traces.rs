//! Where the spans of this process go: by OTLP over HTTP to a collector, if the settings name one.
//!
//! Nobody waits for the collector. Spans wait in a bounded queue; what finds no room there, or is not taken by the collector
//! in time, is dropped and counted.

mod queue;
mod sampler;
mod wire;

use std::time::Duration;

use anyhow::Context;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanExporter as _};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Settings;
use queue::Queue;
use sampler::Sampling;

/// How long the collector may take for one batch, connecting included.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the last spans may take at a shutdown.
const FAREWELL: Duration = Duration::from_secs(2);

/// The traces of this process, as long as they are sent.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    ending: CancellationToken,
    sending: JoinHandle<()>,
}

/// Begins to send the traces of this process, which is called `service`; nothing without a collector in the settings.
///
/// It becomes the provider of the whole process, in the place of one that was there before.
///
/// # Errors
/// When the settings, or the standard `OTEL_*` variables, say something that cannot be done.
pub fn start_traces(settings: &Settings, service: &str) -> anyhow::Result<Option<Traces>> {
    let Some(traces) = Traces::start(settings, service)? else { return Ok(None) };
    global::set_tracer_provider(traces.provider.clone());
    tracing::info!(service, "sending traces");
    Ok(Some(traces))
}

impl Traces {
    fn start(settings: &Settings, service: &str) -> anyhow::Result<Option<Self>> {
        let Some(endpoint) = &settings.otlp_endpoint else { return Ok(None) };
        let resource = resource(service);
        let mut exporter = exporter(settings, endpoint).context("traces cannot be sent (setting `otlp_endpoint`)")?;
        exporter.set_resource(&resource);
        let ending = CancellationToken::new();
        let (queue, sender) = Queue::new(exporter);
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampling::new(settings.trace_ratio))
            .with_resource(resource)
            .with_span_processor(queue)
            .build();
        let sending = tokio::spawn(sender.run(ending.clone()));
        Ok(Some(Self { provider, ending, sending }))
    }

    /// Sends what is still there, if the collector takes it in time.
    pub async fn finish(mut self) {
        self.ending.cancel();
        match tokio::time::timeout(FAREWELL, &mut self.sending).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the sender of traces panicked"),
            Err(_) => {
                self.sending.abort();
                tracing::warn!("the last traces were not taken in time");
            }
        }
        // From here on spans are nothing, and whoever still works is not told.
        if let Err(error) = self.provider.shutdown() {
            tracing::debug!(%error, "the provider of traces was ended before");
        }
    }
}

fn exporter(settings: &Settings, endpoint: &str) -> anyhow::Result<SpanExporter> {
    let headers = settings.otlp_header_list().unwrap_or_default();
    let headers = headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(wire::client(PATIENCE)?)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_protocol(Protocol::HttpBinary)
        .with_headers(headers.collect())
        .with_timeout(PATIENCE)
        // Spans are worth one try: the next ones wait behind it.
        .with_retry_policy(RetryPolicy::disabled())
        .build()?;
    Ok(exporter)
}

/// What all spans of the process have in common. `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` go before what is said here.
fn resource(service: &str) -> Resource {
    let given = Resource::builder().build();
    let ours = [
        KeyValue::new("service.name", format!("tidemark-{service}")),
        KeyValue::new("service.namespace", "tidemark"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", Uuid::new_v4().to_string()),
    ];
    // Without a name of anybody's the library calls the service unknown.
    let is_given = |attribute: &KeyValue| {
        given.get(&attribute.key).is_some_and(|value| !value.as_str().starts_with("unknown_service"))
    };
    let ours = ours.into_iter().filter(|attribute| !is_given(attribute));
    Resource::builder().with_attributes(ours).build()
}

#[cfg(test)]
mod tests;
