//! `Tidemark-After`, or the cookie of a browser: a query that has to show what the caller has done.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tidemark_engine::log;
use tidemark_engine::position::{PositionCodec, PositionError};
use tidemark_engine::reads::{Reads, Waited};
use tidemark_kernel::TenantId;
use tokio::time::Instant;

use crate::App;
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
    by: By,
}

/// Who names the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// The caller, who is told when it cannot be shown.
    Header,
    /// A browser that knows of nothing: it is answered in any case.
    Cookie,
}

impl After {
    /// What a request names; a header goes before a cookie, since somebody has written it for this very query.
    pub(super) fn of(headers: &HeaderMap, app: &App, tenant: &TenantId) -> Result<Option<Self>, Problem> {
        if let Some(named) = Self::named(headers, &app.positions, tenant)? {
            return Ok(Some(named));
        }
        let found = app.position_cookies.find(headers, &app.positions, tenant);
        Ok(found.map(|(tenant_position, text)| {
            let wait = preferred_wait(headers).min(DEFAULT_WAIT);
            Self { tenant_position, text, wait, by: By::Cookie }
        }))
    }

    /// What the caller names in `Tidemark-After`.
    pub(super) fn named(
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
        Ok(Some(Self { tenant_position, text: text.clone(), wait: preferred_wait(headers), by: By::Header }))
    }

    /// Whether nothing may be answered that does not show the place.
    pub(super) fn is_strict(&self) -> bool {
        self.by == By::Header
    }

    /// Waits until `projections` show the place, and says whether they do; it is an error where nothing less will do.
    pub(super) async fn is_shown(&self, app: &App, tenant: &TenantId, projections: &[&str]) -> Result<bool, Problem> {
        let waiting = self.wait(&app.reads, tenant, projections);
        match self.by {
            By::Header => match waiting.await? {
                Waited::Reached => Ok(true),
                Waited::Behind => {
                    Err(behind("the read model has not come to Tidemark-After in time; the command itself is safe"))
                }
            },
            // Whatever fails meanwhile, the query itself will tell.
            By::Cookie => tokio::select! {
                biased;
                waited = waiting => Ok(matches!(waited, Ok(Waited::Reached))),
                () = self.is_beyond(app, tenant) => Ok(false),
            },
        }
    }

    async fn wait(&self, reads: &Reads, tenant: &TenantId, projections: &[&str]) -> sqlx::Result<Waited> {
        let deadline = Instant::now() + self.wait;
        reads.wait_until(tenant.as_str(), projections, self.tenant_position, deadline).await
    }

    /// Comes back only if the place lies beyond the log: it was restored from an earlier state, and the place will be another's.
    async fn is_beyond(&self, app: &App, tenant: &TenantId) {
        match log::tenant_head(app.commands.pool(), tenant.as_str()).await {
            Ok(head) if head < self.tenant_position => {}
            _ => std::future::pending().await,
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
