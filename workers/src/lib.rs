//! The workers process: the relay, which fans the log out over NATS, the policies with the effects that follow from
//! events, and the rotation of remembered commands.
//!
//! Invariants:
//! - Any number of workers may run. One leads the relay and one each policy, by lease; all carry out effects.
//! - Nothing calls the outside, and nothing gives a command, but the handler of an effect that stands in the ledger.
//! - A policy knows no person's name or address; who needs them reads them when the effect is carried out.
//! - Nothing here writes a read model.

pub mod content;
pub mod identity;
pub mod keys;
pub mod mail;
pub mod policies;
mod relay;
pub mod site;

use anyhow::Context;
use futures::future::BoxFuture;
use sqlx::PgPool;
use tidemark_engine::trace;
use tidemark_runtime::Settings;
use tokio_util::sync::CancellationToken;

/// Runs everything that a worker does until `shutdown`, whether Postgres and NATS are there or not.
///
/// # Errors
/// When the settings cannot be used, or the log itself is broken.
pub fn run(settings: Settings, shutdown: CancellationToken) -> BoxFuture<'static, anyhow::Result<()>> {
    // Boxed, or it would be compiled once more in each crate that awaits it.
    Box::pin(work(settings, shutdown))
}

async fn work(settings: Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    if settings.otlp_endpoint.is_some() {
        trace::turn_on();
    }
    let relaying = async { relay::run(&settings, shutdown.clone()).await.context("the relay") };
    let reacting = async { policies::run(&settings, shutdown.clone()).await.context("the policies") };
    let rotating =
        async { keys::run(&settings, shutdown.clone()).await.context("the rotation of remembered commands") };
    tokio::try_join!(relaying, reacting, rotating)?;
    Ok(())
}

/// Gives each policy that is new here its place in the log. To be run as the owner, after the migrations.
///
/// # Errors
/// When the database is away or was not migrated.
pub async fn install(owner: &PgPool) -> sqlx::Result<()> {
    let policies = policies::all();
    tidemark_engine::policy::install(owner, policies.iter().map(|policy| &**policy)).await
}
