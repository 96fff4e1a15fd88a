//! `Tidemark-After`: a query that has to show what the caller has done.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tidemark_engine::position::{PositionCodec, PositionError};
use tidemark_engine::reads::{Reads, Waited};
use tidemark_kernel::TenantId;
use tokio::time::Instant;

use crate::problem::Problem;

const AFTER: HeaderName = HeaderName::from_static("tidemark-after");
const PREFER: HeaderName = HeaderName::from_static("prefer");
const DEFAULT_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// A place in the tenant's log that an answer has to show, and how long it may take until it can.
#[derive(Debug, Clone)]
pub(super) struct After {
    pub(super) tenant_position: i64,
    /// The place as it was given, to be named in an answer that is true there.
    pub(super) text: HeaderValue,
    wait: Duration,
}

impl After {
    pub(super) fn of(
        headers: &HeaderMap,
        positions: &PositionCodec,
        tenant: &TenantId,
    ) -> Result<Option<Self>, Problem> {
        let Some(text) = headers.get(AFTER) else { return Ok(None) };
        let decoded = text
            .to_str()
            .map_err(|_| PositionError::Malformed)
            .and_then(|text| positions.decode(tenant.as_str(), text));
        let tenant_position = decoded.map_err(problem)?;
        Ok(Some(Self { tenant_position, text: text.clone(), wait: preferred_wait(headers) }))
    }

    pub(super) async fn wait(&self, reads: &Reads, tenant: &TenantId, projections: &[&str]) -> Result<(), Problem> {
        let deadline = Instant::now() + self.wait;
        match reads.wait_until(tenant.as_str(), projections, self.tenant_position, deadline).await? {
            Waited::Reached => Ok(()),
            Waited::Behind => {
                Err(behind("the read model has not come to Tidemark-After in time; the command itself is safe"))
            }
        }
    }
}

/// 503: the read model does not show yet what is recorded.
pub(crate) fn behind(detail: &str) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "READ_MODEL_BEHIND", "What was asked for cannot be shown yet")
        .detail(detail)
        .header(RETRY_AFTER, HeaderValue::from_static("1"))
}

fn problem(error: PositionError) -> Problem {
    match error {
        PositionError::Malformed | PositionError::Foreign => {
            Problem::new(StatusCode::BAD_REQUEST, "INVALID_POSITION", "This is no position of this tenant")
                .detail(error.to_string())
        }
        PositionError::LostEpoch => {
            Problem::new(StatusCode::GONE, "POSITION_LOST", "The history that this position belongs to was cut")
                .detail(error.to_string())
        }
    }
}

/// The `wait` of `Prefer` (RFC 7240), which is ignored where it is not understood.
fn preferred_wait(headers: &HeaderMap) -> Duration {
    let preferences =
        headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut waits = preferences.filter_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        let value = value.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("wait").then(|| value.parse::<u64>().ok()).flatten()
    });
    waits.next().map_or(DEFAULT_WAIT, |seconds| Duration::from_secs(seconds).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(text: &'static str) -> Duration {
        preferred_wait(&HeaderMap::from_iter([(PREFER, HeaderValue::from_static(text))]))
    }

    #[test]
    fn a_preferred_wait_ends_at_ten_seconds() {
        assert_eq!(wait("wait=5"), Duration::from_secs(5));
        assert_eq!(wait("return=minimal, Wait = \"7\"; foo"), Duration::from_secs(7));
        assert_eq!(wait("wait=3600"), LONGEST_WAIT);
        assert_eq!(wait("wait=0"), Duration::ZERO);
    }

    #[test]
    fn a_preference_that_is_not_understood_is_ignored() {
        for text in ["wait", "wait=", "wait=soon", "wait=-1", "await=5"] {
            assert_eq!(wait(text), DEFAULT_WAIT, "{text}");
        }
    }
}
