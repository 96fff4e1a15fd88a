//! Waits until an API says that it is ready, and tells what kept it when it never is.

use std::time::{Duration, Instant};

use anyhow::bail;
use reqwest::StatusCode;

use crate::files;
use crate::place::Place;

/// Polls `/health/ready` until it answers 200.
pub async fn wait(base_url: &str, patience: Duration, place: &Place) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
    let deadline = Instant::now() + patience;
    let mut last;
    loop {
        match client.get(format!("{base_url}/health/ready")).send().await {
            Ok(answer) if answer.status() == StatusCode::OK => return Ok(()),
            Ok(answer) => last = format!("{}: {}", answer.status(), answer.text().await.unwrap_or_default()),
            Err(error) => last = error.to_string(),
        }
        if Instant::now() > deadline {
            let log =
                ["api-0", "up"].map(|name| place.log(name)).into_iter().find(|log| log.exists()).unwrap_or_default();
            bail!(
                "{base_url} did not become ready in {} s; its last answer was {last}; {} ends with:\n{}",
                patience.as_secs(),
                log.display(),
                files::tail(&log, 12)
            );
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}
