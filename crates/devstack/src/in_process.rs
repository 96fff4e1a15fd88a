//! All three services in this process, as tasks: the quickest way to have the whole of Tidemark.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use tidemark_runtime::{Settings, serve_metrics, start_traces};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Starts the services; each ends when `shutdown` is cancelled.
pub async fn start(
    mut settings: Settings,
    api_port: u16,
    shutdown: &CancellationToken,
    services: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    settings.listen = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), api_port);
    if let Some(address) = settings.metrics_listen {
        let metrics = serve_metrics(address, shutdown.clone()).await?;
        services.spawn(async move { metrics.finished().await });
    }
    if let Some(traces) = start_traces(&settings, "all")? {
        let shutdown = shutdown.clone();
        services.spawn(async move {
            shutdown.cancelled().await;
            traces.finish().await;
            Ok(())
        });
    }
    let api = tidemark_api::run(settings.clone(), shutdown.clone());
    services.spawn(async move { api.await.context("the API failed") });
    let projections = tidemark_projections::run(settings.clone(), shutdown.clone());
    services.spawn(async move { projections.await.context("the projections failed") });
    let workers = tidemark_workers::run(settings, shutdown.clone());
    services.spawn(async move { workers.await.context("the workers failed") });
    Ok(())
}
