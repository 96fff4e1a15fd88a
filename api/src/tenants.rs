//! Which tenants there are, which are served, how they have set themselves up, and which of them a request means.
//!
//! The directory is in memory: loaded from the log at start, kept by the feed. A tenant it has never heard of is looked
//! for in the log once, for it may have been created a moment ago by another process.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::header::{ACCESS_CONTROL_REQUEST_HEADERS, HOST};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use moka::future::Cache as Lookups;
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgPool;
use sqlx::types::Json;
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::log;
use tidemark_kernel::TenantId;
use tidemark_kernel::cqrs_es::Aggregate;
use tidemark_runtime::Settings;
use tidemark_tenancy::{Origin, Tenant, TenantEvent, TenantStatus};

use crate::limits::Limits;
use crate::problem::Problem;

/// How long it is remembered that there is no such tenant.
const UNKNOWN_FOR: Duration = Duration::from_secs(1);
/// More unknown names than this are not remembered at once.
const UNKNOWN_NAMES: u64 = 10_000;
const PAGE: i64 = 5_000;

/// A tenant as far as this process has heard of it.
#[derive(Debug, Default)]
struct Known {
    /// Of the last of its events that was taken in.
    sequence: i64,
    tenant: Tenant,
}

/// All tenants, and how a request names one. Clones share it.
#[derive(Clone)]
pub struct TenantDirectory(Arc<Directory>);

struct Directory {
    pool: PgPool,
    tenants: RwLock<HashMap<TenantId, Known>>,
    unknown: Lookups<TenantId, Option<TenantStatus>>,
    /// Hears of tenants' own limits.
    limits: Limits,
    base_domain: Option<String>,
    default_tenant: Option<TenantId>,
}

impl TenantDirectory {
    /// An empty directory over the log behind `pool`.
    #[must_use]
    pub fn new(pool: PgPool, settings: &Settings, limits: Limits) -> Self {
        Self(Arc::new(Directory {
            pool,
            tenants: RwLock::default(),
            unknown: Lookups::builder().max_capacity(UNKNOWN_NAMES).time_to_live(UNKNOWN_FOR).build(),
            limits,
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
            let page: Vec<(String, String, i64, Json<Value>)> = sqlx::query_as(
                "select aggregate_id, tenant_id, sequence, payload from log.events where aggregate_type = 'tenant' and aggregate_id in \
                 (select distinct e.aggregate_id from log.events e where e.aggregate_type = 'tenant' and e.aggregate_id > $1 order by 1 limit $2) \
                 order by aggregate_id, sequence",
            )
            .bind(&after)
            .bind(PAGE)
            .fetch_all(&self.0.pool)
            .await?;
            let Some((last, ..)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            for events in page.chunk_by(|one, next| one.0 == next.0) {
                let Some((_, tenant, ..)) = events.first() else { continue };
                self.note(tenant, events.iter().filter_map(|(.., sequence, event)| Some((*sequence, read(&event.0)?))));
            }
        }
    }

    /// Takes in what the feed brings.
    pub fn take(&self, event: &RecordedEvent) {
        if &*event.aggregate_type == "tenant" {
            self.note(&event.tenant_id, decoded(event));
        }
    }

    /// The limits that hear of tenants' own.
    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Whether this tenant has been heard of. One that has not may be there all the same.
    #[must_use]
    pub fn knows(&self, tenant: &TenantId) -> bool {
        self.known(tenant).is_some_and(|status| status != TenantStatus::Deleted)
    }

    /// Looks whether a tenant is there and served.
    ///
    /// # Errors
    /// With the problem to answer.
    pub async fn ensure_served(&self, tenant: &TenantId) -> Result<(), Problem> {
        match self.standing(tenant).await? {
            Some(TenantStatus::Active) => Ok(()),
            Some(TenantStatus::Suspended) => {
                Err(Problem::new(StatusCode::FORBIDDEN, "TENANT_SUSPENDED", "This tenant is suspended"))
            }
            // Nobody is told that there was one.
            Some(TenantStatus::Deleted) | None => Err(unknown_tenant()),
        }
    }

    /// Whether the tenant lists this origin; `None` where it lists none at all.
    pub(crate) fn lists(&self, tenant: &TenantId, origin: Option<&HeaderValue>) -> Option<bool> {
        let listing = self.look(tenant, |tenant| {
            let listed = &tenant.settings.cors_origins;
            (!listed.is_empty()).then(|| origin.is_some_and(|origin| is_among(listed, origin)))
        });
        listing.flatten()
    }

    /// Whether a browser on this origin may send what it asks about: the tenant lists it that the host or the default names. A
    /// tenant that a header will name is not known yet, so there any tenant's list will do; what is sent then is held
    /// against the list of its own.
    pub(crate) fn lets_ask(&self, origin: &HeaderValue, headers: &HeaderMap, uri: &Uri) -> bool {
        let names_tenant = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter().any(|names| {
            names.to_str().is_ok_and(|names| names.split(',').any(|name| name.trim().eq_ignore_ascii_case("x-tenant")))
        });
        if names_tenant && self.subdomain(headers, uri).is_none() {
            let tenants = self.0.tenants.read().unwrap_or_else(PoisonError::into_inner);
            return tenants.values().any(|known| is_among(&known.tenant.settings.cors_origins, origin));
        }
        self.named(headers, uri).is_ok_and(|tenant| self.lists(&tenant, Some(origin)) == Some(true))
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

    async fn standing(&self, tenant: &TenantId) -> Result<Option<TenantStatus>, Problem> {
        if let Some(standing) = self.known(tenant) {
            return Ok(Some(standing));
        }
        let lookup = Box::pin(self.0.unknown.try_get_with(tenant.clone(), self.look_up(tenant)));
        lookup.await.map_err(|error| {
            tracing::warn!(%error, "a tenant cannot be looked up");
            Problem::unavailable()
        })
    }

    async fn look_up(&self, tenant: &TenantId) -> sqlx::Result<Option<TenantStatus>> {
        let stream = log::read_stream(&self.0.pool, "tenant", &format!("{tenant}/{tenant}"), 0).await?;
        self.note(tenant.as_str(), stream.iter().flat_map(decoded));
        Ok(self.known(tenant))
    }

    fn known(&self, tenant: &TenantId) -> Option<TenantStatus> {
        self.look(tenant, |tenant| tenant.status)
    }

    fn look<T>(&self, tenant: &TenantId, look: impl FnOnce(&Tenant) -> T) -> Option<T> {
        let tenants = self.0.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(tenant).map(|known| look(&known.tenant))
    }

    /// Takes in events of one tenant, all at once, so that nobody sees it as it was in between; but for those that were
    /// taken in before, since the feed and a look-up in the log may overtake each other.
    fn note(&self, tenant: &str, events: impl IntoIterator<Item = (i64, TenantEvent)>) {
        let Ok(tenant) = tenant.parse::<TenantId>() else { return };
        let mut events = events.into_iter().peekable();
        if events.peek().is_none() {
            return;
        }
        let mut tenants = self.0.tenants.write().unwrap_or_else(PoisonError::into_inner);
        let known = tenants.entry(tenant.clone()).or_default();
        for (sequence, event) in events {
            if known.sequence < sequence {
                known.sequence = sequence;
                known.tenant.apply(event);
            }
        }
        self.0.limits.set_rates(&tenant, &known.tenant.settings.rate_limits);
    }
}

fn decoded(event: &RecordedEvent) -> Option<(i64, TenantEvent)> {
    let decoded = event.decode::<TenantEvent>();
    let decoded = decoded.inspect_err(|error| tracing::warn!(%error, "an event of a tenant is not understood"));
    Some((event.sequence, decoded.ok()?))
}

fn read(event: &Value) -> Option<TenantEvent> {
    let read = TenantEvent::deserialize(event);
    read.inspect_err(|error| tracing::warn!(%error, "an event of a tenant is not understood")).ok()
}

fn is_among(listed: &[Origin], origin: &HeaderValue) -> bool {
    listed.iter().any(|listed| listed.as_str().as_bytes() == origin.as_bytes())
}

pub(crate) fn unknown_tenant() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "TENANT_NOT_FOUND", "There is no such tenant")
}

#[cfg(test)]
mod tests {
    use tidemark_kernel::Timestamp;
    use tidemark_tenancy::{SettingsChanges, TenantName};

    use super::*;

    fn directory() -> TenantDirectory {
        let settings = Settings::for_tests("postgres://nobody@localhost/nothing", None);
        let pool = PgPool::connect_lazy("postgres://nobody@localhost/nothing").expect("an address");
        TenantDirectory::new(pool, &settings, Limits::new(&settings).expect("limits"))
    }

    fn demo() -> TenantId {
        "demo".parse().expect("a tenant")
    }

    fn created() -> TenantEvent {
        TenantEvent::TenantCreated { id: demo(), name: TenantName::default(), at: Timestamp::default() }
    }

    fn suspended() -> TenantEvent {
        TenantEvent::TenantSuspended { reason: None, at: Timestamp::default() }
    }

    #[tokio::test]
    async fn a_later_standing_is_never_taken_back() {
        let directory = directory();
        directory.note("demo", [(1, created()), (2, suspended())]);
        directory.note("demo", [(1, created())]);
        assert_eq!(directory.known(&demo()), Some(TenantStatus::Suspended));
        directory.note("demo", [(3, TenantEvent::TenantReinstated { at: Timestamp::default() })]);
        directory.note("demo", [(2, suspended())]);
        assert_eq!(directory.known(&demo()), Some(TenantStatus::Active));
    }

    #[tokio::test]
    async fn an_origin_is_listed_for_its_own_tenant_alone() {
        let directory = directory();
        let origin = HeaderValue::from_static("https://shop.example");
        let changes = SettingsChanges {
            cors_origins: Some(vec![Origin::parse("https://shop.example").expect("an origin")]),
            ..SettingsChanges::default()
        };
        let changed = TenantEvent::TenantSettingsChanged { changes: Box::new(changes), at: Timestamp::default() };
        directory.note("demo", [(1, created()), (2, changed)]);
        directory.note("acme", [(1, created())]);
        assert_eq!(directory.lists(&demo(), Some(&origin)), Some(true));
        for other in ["null", "http://shop.example", "https://shop.example/", "https://SHOP.example"] {
            assert_eq!(directory.lists(&demo(), Some(&HeaderValue::from_static(other))), Some(false), "{other}");
        }
        assert_eq!(directory.lists(&"acme".parse().expect("a tenant"), Some(&origin)), None);
    }

    #[test]
    fn an_event_of_another_version_is_left_out() {
        assert!(read(&serde_json::json!({ "type": "TenantMerged" })).is_none());
        let created = serde_json::to_value(created()).expect("JSON");
        assert!(read(&created).is_some());
    }
}
