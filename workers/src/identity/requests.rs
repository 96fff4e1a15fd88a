//! Works off what the API has written down about accounts that it does not know, until the process ends.

use std::time::Duration;

use tidemark_commands::Commands;
use tokio_util::sync::CancellationToken;

use super::{failed_sign_ins, reset_requests};

/// How often to look; somebody waits for the mail.
const PAUSE: Duration = Duration::from_millis(500);

/// Works until `shutdown`, whether Postgres is there or not.
pub(crate) async fn run(commands: &Commands, shutdown: &CancellationToken) {
    let mut ticks = tokio::time::interval(PAUSE);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        for worked in [reset_requests::step(commands).await, failed_sign_ins::step(commands).await] {
            if let Err(error) = worked {
                tracing::debug!(%error, "requests about accounts wait for Postgres");
            }
        }
    }
}
