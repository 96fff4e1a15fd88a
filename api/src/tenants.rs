//! Which tenants there are, which are served, and which of them a request means.
//!
//! The directory is in memory: loaded from the log at start, kept by the feed. A tenant it has never heard of is looked
//! for in the log once, for it may have been created a moment ago by another process.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::header::HOST;
use http::{HeaderMap, StatusCode, Uri};
use moka::future::Cache as Lookups;
use sqlx::PgPool;
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::log;
use tidemark_kernel::TenantId;
use tidemark_runtime::Settings;

use crate::problem::Problem;

/// How long it is remembered that there is no such tenant.
const UNKNOWN_FOR: Duration = Duration::from_secs(1);
/// More unknown names than this are not remembered at once.
const UNKNOWN_NAMES: u64 = 10_000;
const PAGE: i64 = 5_000;

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Served,
    Suspended,
}

/// All tenants, and how a request names one. Clones share it.
#[derive(Clone)]
pub struct TenantDirectory(Arc<Directory>);

struct Directory {
    pool: PgPool,
    /// Each standing with the sequence of the tenant's event that gave it.
    tenants: RwLock<HashMap<TenantId, (i64, Standing)>>,
    unknown: Lookups<TenantId, Option<Standing>>,
    base_domain: Option<String>,
    default_tenant: Option<TenantId>,
}

impl TenantDirectory {
    /// An empty directory over the log behind `pool`.
    #[must_use]
    pub fn new(pool: PgPool, settings: &Settings) -> Self {
        Self(Arc::new(Directory {
            pool,
            tenants: RwLock::default(),
            unknown: Lookups::builder().max_capacity(UNKNOWN_NAMES).time_to_live(UNKNOWN_FOR).build(),
            base_domain: settings.base_domain.as_ref().map(|domain| domain.to_ascii_lowercase()),
            default_tenant: settings.default_tenant.as_deref().and_then(|tenant| tenant.parse().ok()),
        }))
    }

    /// Takes in all tenants that the log knows.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn load(&self) -> sqlx::Result<()> {
        let mut after = String::new();
        loop {
            // The index over (aggregate_type, aggregate_id, sequence) serves this.
            let page: Vec<(String, String, i64, String)> = sqlx::query_as(
                "select aggregate_id, tenant_id, sequence, event_type from log.events where aggregate_type = 'tenant' and aggregate_id in \
                 (select distinct e.aggregate_id from log.events e where e.aggregate_type = 'tenant' and e.aggregate_id > $1 order by 1 limit $2) \
                 order by aggregate_id, sequence",
            )
            .bind(&after)
            .bind(PAGE)
            .fetch_all(&self.0.pool)
            .await?;
            let Some((last, ..)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            for (_, tenant, sequence, event_type) in &page {
                self.note(tenant, *sequence, event_type);
            }
        }
    }

    /// Takes in what the feed brings.
    pub fn take(&self, event: &RecordedEvent) {
        if &*event.aggregate_type == "tenant" {
            self.note(&event.tenant_id, event.sequence, &event.event_type);
        }
    }

    /// Whether this tenant has been heard of. One that has not may be there all the same.
    #[must_use]
    pub fn knows(&self, tenant: &TenantId) -> bool {
        self.known(tenant).is_some()
    }

    /// Looks whether a tenant is there and served.
    ///
    /// # Errors
    /// With the problem to answer.
    pub async fn ensure_served(&self, tenant: &TenantId) -> Result<(), Problem> {
        match self.standing(tenant).await? {
            Some(Standing::Served) => Ok(()),
            Some(Standing::Suspended) => {
                Err(Problem::new(StatusCode::FORBIDDEN, "TENANT_SUSPENDED", "This tenant is suspended"))
            }
            None => Err(unknown_tenant()),
        }
    }

    /// The tenant that a request means, whether it is there or not.
    ///
    /// # Errors
    /// With the problem to answer, where it names none or several.
    pub fn named(&self, headers: &HeaderMap, uri: &Uri) -> Result<TenantId, Problem> {
        let mut given = headers.get_all("x-tenant").iter();
        let header = match (given.next(), given.next()) {
            (None, _) => None,
            (Some(value), None) => {
                Some(value.to_str().ok().and_then(|text| text.parse::<TenantId>().ok()).ok_or_else(unknown_tenant)?)
            }
            (Some(_), Some(_)) => return Err(Problem::malformed("X-Tenant must be given once")),
        };
        let subdomain =
            self.subdomain(headers, uri).map(|label| label.parse::<TenantId>().map_err(|_| unknown_tenant()));
        match (header, subdomain) {
            (Some(header), Some(subdomain)) if subdomain.as_ref().ok() != Some(&header) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "TENANT_CONFLICT",
                "X-Tenant and the host name different tenants",
            )),
            (Some(header), _) => Ok(header),
            (None, Some(subdomain)) => subdomain,
            (None, None) => self.0.default_tenant.clone().ok_or_else(unknown_tenant),
        }
    }

    /// What stands before the base domain in the host; `www` and the domain itself name no tenant.
    fn subdomain(&self, headers: &HeaderMap, uri: &Uri) -> Option<String> {
        let base = self.0.base_domain.as_deref()?;
        let host = uri.authority().map(http::uri::Authority::as_str).or_else(|| headers.get(HOST)?.to_str().ok())?;
        let host = host.rsplit_once(':').map_or(host, |(name, _port)| name).trim_end_matches('.').to_ascii_lowercase();
        let label = host.strip_suffix(base)?.strip_suffix('.')?;
        (!matches!(label, "" | "www")).then(|| label.to_owned())
    }

    async fn standing(&self, tenant: &TenantId) -> Result<Option<Standing>, Problem> {
        if let Some(standing) = self.known(tenant) {
            return Ok(Some(standing));
        }
        let lookup = self.0.unknown.try_get_with(tenant.clone(), self.look_up(tenant));
        lookup.await.map_err(|error| {
            tracing::warn!(%error, "a tenant cannot be looked up");
            Problem::unavailable()
        })
    }

    async fn look_up(&self, tenant: &TenantId) -> sqlx::Result<Option<Standing>> {
        let stream = log::read_stream(&self.0.pool, "tenant", &format!("{tenant}/{tenant}"), 0).await?;
        // The newest alone: nobody may see a tenant as it was in between.
        if let Some(event) = stream.iter().rfind(|event| standing_after(&event.event_type).is_some()) {
            self.note(&event.tenant_id, event.sequence, &event.event_type);
        }
        Ok(self.known(tenant))
    }

    fn known(&self, tenant: &TenantId) -> Option<Standing> {
        self.0.tenants.read().unwrap_or_else(PoisonError::into_inner).get(tenant).map(|(_, standing)| *standing)
    }

    /// Takes in an event, unless a later one of its tenant was taken in: the feed and a look-up in the log may overtake each
    /// other.
    fn note(&self, tenant: &str, sequence: i64, event_type: &str) {
        let Some(standing) = standing_after(event_type) else { return };
        let Ok(tenant) = tenant.parse::<TenantId>() else { return };
        let mut tenants = self.0.tenants.write().unwrap_or_else(PoisonError::into_inner);
        let known = tenants.entry(tenant).or_insert((sequence, standing));
        if known.0 < sequence {
            *known = (sequence, standing);
        }
    }
}

/// The events that decide whether a tenant is served.
const STANDINGS: [(&str, Standing); 3] = [
    ("TenantCreated", Standing::Served),
    ("TenantSuspended", Standing::Suspended),
    ("TenantReinstated", Standing::Served),
];

fn standing_after(event_type: &str) -> Option<Standing> {
    STANDINGS.iter().find(|(name, _)| *name == event_type).map(|(_, standing)| *standing)
}

fn unknown_tenant() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "TENANT_NOT_FOUND", "There is no such tenant")
}

#[cfg(test)]
mod tests {
    use tidemark_tenancy::TenantEvent;

    use super::*;

    #[test]
    fn the_noted_events_are_events_of_a_tenant() {
        assert!(STANDINGS.iter().all(|(name, _)| TenantEvent::TYPES.contains(name)));
    }

    #[tokio::test]
    async fn a_later_standing_is_never_taken_back() {
        let pool = PgPool::connect_lazy("postgres://nobody@localhost/nothing").expect("an address");
        let directory = TenantDirectory::new(pool, &Settings::for_tests("postgres://nobody@localhost/nothing", None));
        let demo: TenantId = "demo".parse().expect("a tenant");
        directory.note("demo", 2, "TenantSuspended");
        directory.note("demo", 1, "TenantCreated");
        assert_eq!(directory.known(&demo), Some(Standing::Suspended));
        directory.note("demo", 3, "TenantReinstated");
        directory.note("demo", 2, "TenantSuspended");
        assert_eq!(directory.known(&demo), Some(Standing::Served));
    }
}
