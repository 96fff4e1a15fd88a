//! Whether the process lives, and whether it could accept a command.

use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State as NatsState;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use sqlx::PgPool;
use tidemark_engine::feed::{Feed, Source};
use tidemark_engine::log;
use tidemark_engine::projection::{have_moved_away, standings};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use crate::App;
use crate::body::{NoQuery, Query};
use crate::limits::Limits;
use crate::problem::Problem;

/// How long Postgres may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(2);
/// A report is good for this long, however many ask.
const FRESH: Duration = Duration::from_millis(500);
/// Events by which a projection may be behind without anybody being told.
const LAG: i64 = 1_000;
/// What is told where `read_database_url` was forgotten, or is to be set with the next start.
pub(crate) const MOVED_AWAY: &str = "the read models have moved to a database of their own, which `read_database_url` does not name here: queries show what was there before, or nothing";

/// What the process is asked about itself. Clones share the last report.
#[derive(Clone)]
pub struct Health(Arc<Inner>);

/// Where this process asks for the read models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadModels {
    /// In the database of the log, where they may be outdated or gone.
    WithTheLog,
    /// In one of their own.
    Apart,
}

struct Inner {
    log: PgPool,
    reads: PgPool,
    read_models: ReadModels,
    feed: Feed,
    nats: Option<async_nats::Client>,
    limits: Limits,
    last: Mutex<Option<(Instant, Result<Report, Unready>)>>,
}

/// How the process does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct Report {
    /// `ready`, or `degraded` when something is wrong that stops no command.
    status: Status,
    /// What is wrong.
    reasons: Vec<String>,
}

/// Why no command could be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// The database of the log cannot be asked.
    #[error("the database of the log is away")]
    Away,
    /// The database is there, and the log takes no append.
    #[error("{0}")]
    Refuses(log::Refuses),
}

/// A report in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = HealthStatus)]
enum Status {
    /// The process lives.
    Live,
    /// All is well.
    Ready,
    /// Commands are accepted, but something is wrong.
    Degraded,
}

impl Health {
    /// Health of the process that uses these.
    #[must_use]
    pub fn new(
        log: PgPool,
        reads: PgPool,
        read_models: ReadModels,
        feed: Feed,
        nats: Option<async_nats::Client>,
        limits: Limits,
    ) -> Self {
        Self(Arc::new(Inner { log, reads, read_models, feed, nats, limits, last: Mutex::new(None) }))
    }

    /// The report.
    ///
    /// # Errors
    /// When no command could be accepted.
    pub async fn report(&self) -> Result<Report, Unready> {
        let mut last = self.0.last.lock().await;
        if let Some((at, report)) = &*last
            && at.elapsed() < FRESH
        {
            return report.clone();
        }
        let report = self.examine().await;
        *last = Some((Instant::now(), report.clone()));
        report
    }

    async fn examine(&self) -> Result<Report, Unready> {
        let (log, have_moved, standings) = tokio::join!(
            timeout(PATIENCE, log::condition(&self.0.log)),
            self.have_moved_away(),
            timeout(PATIENCE, standings(&self.0.reads)),
        );
        measure("log", matches!(log, Ok(Ok(_))));
        measure("read", matches!(standings, Ok(Ok(_))));
        let Ok(Ok(log)) = log else { return Err(Unready::Away) };
        if let Some(refuses) = log.refuses {
            return Err(Unready::Refuses(refuses));
        }
        let mut reasons = Vec::new();
        if let Some(nats) = &self.0.nats {
            if nats.connection_state() != NatsState::Connected {
                reasons.push("NATS is away".to_owned());
            } else if self.0.feed.source() == Source::Log {
                reasons.push("the feed follows the log and not NATS".to_owned());
            }
        }
        if self.0.limits.counts_alone() {
            reasons.push("Redis is away, so rate limits are counted by each process alone".to_owned());
        }
        if have_moved {
            reasons.push(MOVED_AWAY.to_owned());
        }
        match standings {
            Ok(Ok(standings)) => {
                for standing in standings {
                    let name = &standing.projection;
                    let lag = log.head - standing.position;
                    if standing.stalls > 0 {
                        reasons.push(format!("projection {name} has stopped for {} tenants", standing.stalls));
                    }
                    if lag > LAG {
                        reasons.push(format!("projection {name} is {lag} events behind"));
                    }
                    if !standing.held {
                        reasons.push(format!("nobody folds projection {name}"));
                    }
                }
            }
            Ok(Err(_)) | Err(_) => {
                reasons.push("the database of the read models cannot be asked, so queries are not answered".to_owned());
            }
        }
        let status = if reasons.is_empty() { Status::Ready } else { Status::Degraded };
        Ok(Report { status, reasons })
    }

    /// Whether the read models are known to be elsewhere than this process was told.
    async fn have_moved_away(&self) -> bool {
        self.0.read_models == ReadModels::WithTheLog
            && matches!(timeout(PATIENCE, have_moved_away(&self.0.log)).await, Ok(Ok(true)))
    }
}

/// Tells whether the database that holds this schema has answered.
fn measure(database: &'static str, answers: bool) {
    metrics::gauge!("tidemark_database_up", "database" => database).set(if answers { 1.0 } else { 0.0 });
}

/// Whether the process lives
#[utoipa::path(get, path = "/health/live", tag = "operations", security(()), responses((status = 200, description = "It does", body = Report)))]
pub(crate) async fn live(Query(NoQuery): Query<NoQuery>) -> Json<Report> {
    Json(Report { status: Status::Live, reasons: Vec::new() })
}

/// Whether a command could be accepted
#[utoipa::path(get, path = "/health/ready", tag = "operations", security(()),
    responses((status = 200, description = "It could; `reasons` say what else is wrong", body = Report), (status = 503, description = "`NOT_READY`: Postgres is away, or takes no appends; `detail` says which")))]
pub(crate) async fn ready(State(app): State<App>, Query(NoQuery): Query<NoQuery>) -> Response {
    match app.health.report().await {
        Ok(report) => Json(report).into_response(),
        Err(unready) => not_ready().detail(unready.to_string()).into_response(),
    }
}

/// The answer of a process that cannot accept commands yet.
pub(crate) fn unready() -> Response {
    not_ready().into_response()
}

/// The answer of a process that is about to end.
pub(crate) fn leaving() -> Response {
    not_ready().detail("the process is about to end").into_response()
}

fn not_ready() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "NOT_READY", "No command could be accepted now")
        .header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// The public keys that verify access tokens
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "identity", security(()), responses((status = 200, description = "A JSON Web Key Set", body = serde_json::Value)))]
pub(crate) async fn jwks(State(app): State<App>, Query(NoQuery): Query<NoQuery>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    (headers, Json(app.tokens.jwks())).into_response()
}
