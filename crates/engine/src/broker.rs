//! The connection to NATS: made in the background, and made again for ever.

use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A client of the server at `url` that returns at once, whether the server is there or not. `name` shows up in the
/// server's list of connections.
///
/// # Errors
/// When the URL cannot be read.
pub async fn connect(url: &str, name: &str) -> Result<Client, async_nats::ConnectError> {
    ConnectOptions::new()
        .name(name)
        .retry_on_initial_connect()
        .connection_timeout(Duration::from_secs(3))
        .request_timeout(Some(Duration::from_secs(5)))
        .ping_interval(Duration::from_secs(10))
        .reconnect_delay_callback(|attempts| {
            let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(8);
            (FIRST_PAUSE * 2u32.pow(doublings)).min(LONGEST_PAUSE)
        })
        .event_callback(|event| async move {
            match event {
                Event::Connected => tracing::info!("NATS is there"),
                Event::Disconnected => tracing::warn!("NATS is away"),
                other => tracing::debug!(event = %other, "NATS"),
            }
        })
        .connect(url)
        .await
}
