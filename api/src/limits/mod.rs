//! Rate limits: who may ask how often, counted for every request there is.
//!
//! - A route says which [`Class`] it is of, beside its handlers ([`crate::terms::limited`]); one that says nothing is
//!   [`Class::Ordinary`]. `caller::admit` charges it once tenant and caller are known. What never gets there (an unknown
//!   tenant, a route that does not exist) is charged to its address by the edge.
//! - A request is counted in all its cells or in none: whom the limit of an address stops does not use up the account's.
//! - A sign-in that fails is counted for longer than a minute ([`attempts`]); where somebody has signed in from before is the
//!   owner's own ground, on which the tries of others elsewhere do not count ([`familiar`]).
//! - Counts are Redis' where there is one ([`shared`]), else this process' own ([`cells`]), which also know what Redis
//!   said last, so that a limit holds while Redis is away.

mod address;
mod attempts;
mod cells;
mod familiar;
mod gcra;
mod name;
mod quotas;
mod shared;
mod sign_in;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use axum::extract::FromRequestParts;
use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use tidemark_kernel::{SessionId, TenantId};
use tidemark_runtime::Settings;
use tidemark_tenancy::{RateLimit, RateLimits};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::exchange::Exchange;
use crate::problem::Problem;
pub(crate) use address::Proxies;
pub use address::Socket;
use cells::Cells;
pub use familiar::FamiliarNetworks;
pub(crate) use familiar::Network;
use gcra::{Quota, Standing};
pub(crate) use name::subject_of;
use name::{Cell, Names};
use quotas::{DAY, HOUR, Quotas};
use shared::Shared;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The purpose that the key of the names is derived for.
const PURPOSE: &str = "rate-limits";

/// How the requests to a route are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Class {
    /// By address when nobody is signed in, else by user.
    #[default]
    Ordinary,
    /// By account and address: whatever takes a password or sends a mail. The account is the `email` of the body, or
    /// whoever is signed in.
    SignIn,
    /// By session: the handler charges it ([`Meter::session`]) once it knows which. The address has ten times the anonymous
    /// limit, so that an office behind one address does not stop itself.
    Refresh,
    /// By address, ten times the anonymous limit, on its own.
    Media,
}

/// The limits of a process, with all that was counted. Clones share it.
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    quotas: Quotas,
    /// Of tenants that have limits of their own.
    of_tenants: RwLock<HashMap<TenantId, Quotas>>,
    names: Names,
    here: Cells,
    /// What is counted for longer has a table of its own, so that a flood of it pushes nothing out of the other.
    slow: Cells,
    shared: Option<Shared>,
    started: Instant,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Limits").field("quotas", &self.0.quotas).finish_non_exhaustive()
    }
}

impl Limits {
    /// Limits as the settings have them.
    ///
    /// # Errors
    /// When `redis_url` cannot be used.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self(Arc::new(Inner {
            quotas: Quotas::of(settings),
            of_tenants: RwLock::default(),
            names: Names::new(&settings.derive_key(PURPOSE)),
            here: Cells::new(),
            slow: Cells::new(),
            shared: settings.redis_url.as_deref().map(Shared::new).transpose()?,
            started: Instant::now(),
        })))
    }

    /// Keeps the way to Redis open until `shutdown`, where there is one.
    pub async fn keep_shared(&self, shutdown: &CancellationToken) {
        if let Some(shared) = &self.0.shared {
            shared.keep_connected(&self.0.names, shutdown).await;
        }
    }

    /// Whether there should be one count over all processes and is none now.
    #[must_use]
    pub fn counts_alone(&self) -> bool {
        self.0.shared.as_ref().is_some_and(|shared| !shared.is_connected())
    }

    /// Counts from now on as the tenant's own limits say, and where it has none as the installation's do.
    pub(crate) fn set_rates(&self, tenant: &TenantId, rates: &RateLimits) {
        let mut of_tenants = self.0.of_tenants.write().unwrap_or_else(PoisonError::into_inner);
        if rates.is_empty() {
            of_tenants.remove(tenant);
        } else {
            of_tenants.insert(tenant.clone(), self.0.quotas.with(rates));
        }
    }

    /// What counts for a tenant.
    fn quotas(&self, tenant: Option<&TenantId>) -> Quotas {
        let of_tenants = self.0.of_tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenant.and_then(|tenant| of_tenants.get(tenant)).copied().unwrap_or(self.0.quotas)
    }

    /// The most that a tenant's own limit may be here.
    pub(crate) fn most(&self, limit: RateLimit) -> u32 {
        self.0.quotas.most(limit)
    }

    /// Counts in all cells or in none. All of them are slow, or none is.
    async fn charge(&self, cells: &[Cell]) -> gcra::Verdict {
        let table = self.table(cells.first());
        if let Some(shared) = &self.0.shared
            && let Some(verdict) = Box::pin(shared.charge(cells)).await
        {
            for (cell, standing) in cells.iter().zip(&verdict.standings) {
                table.note(cell, standing.debt, self.now());
            }
            return verdict;
        }
        table.charge(cells, self.now())
    }

    /// Gives back so many microseconds of each cell.
    async fn release(&self, cells: &[(Cell, u64)]) {
        for (cell, amount) in cells {
            self.table(Some(cell)).release(cell, *amount, self.now());
        }
        if let Some(shared) = &self.0.shared {
            shared.release(cells).await;
        }
    }

    fn table(&self, cell: Option<&Cell>) -> &Cells {
        if cell.is_some_and(|cell| cell.quota.is_slow()) { &self.0.slow } else { &self.0.here }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_micros()).unwrap_or(u64::MAX / 2)
    }
}

/// Counts one request; an extractor. Clones share what was counted.
#[derive(Debug, Clone)]
pub struct Meter {
    limits: Limits,
    address: std::net::IpAddr,
    standings: Arc<Mutex<Vec<Standing>>>,
}

impl Meter {
    pub(crate) fn new(limits: &Limits, address: std::net::IpAddr) -> Self {
        Self { limits: limits.clone(), address, standings: Arc::default() }
    }

    /// Whether nothing was counted yet.
    pub(crate) fn is_unused(&self) -> bool {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Counts a request whose tenant is not known, if it has one at all.
    pub(crate) async fn stranger(&self) -> Result<(), Problem> {
        let quota = self.limits.quotas(None).anonymous;
        self.charge(&[self.by_address(quota, None)]).await
    }

    /// Counts a request of nobody.
    pub(crate) async fn anonymous(&self, tenant: &TenantId) -> Result<(), Problem> {
        let quota = self.limits.quotas(Some(tenant)).anonymous;
        self.charge(&[self.by_address(quota, Some(tenant))]).await
    }

    /// Counts a refresh of `session`.
    ///
    /// # Errors
    /// With `RATE_LIMITED`.
    pub async fn session(&self, tenant: &TenantId, session: SessionId) -> Result<(), Problem> {
        let quota = self.limits.quotas(Some(tenant)).refresh;
        self.charge(&[self.cell(quota, Some(tenant), session.as_uuid().as_bytes())]).await
    }

    /// Counts a request of a class, by somebody signed in or by a service token, or by nobody: all that can be counted before its
    /// body has come.
    pub(crate) async fn admit(&self, class: Class, tenant: &TenantId, caller: Option<Uuid>) -> Result<(), Problem> {
        let quotas = self.limits.quotas(Some(tenant));
        let here = |quota| self.by_address(quota, Some(tenant));
        match (class, caller) {
            (Class::Ordinary, None) => self.charge(&[here(quotas.anonymous)]).await,
            (Class::Ordinary, Some(caller)) => {
                self.charge(&[self.cell(quotas.signed_in, Some(tenant), caller.as_bytes())]).await
            }
            (Class::Refresh, _) => self.charge(&[here(quotas.refresh_address)]).await,
            (Class::Media, _) => self.charge(&[here(quotas.media)]).await,
            (Class::SignIn, _) => self.charge(&[here(quotas.sign_in_bodies)]).await,
        }
    }

    /// Counts a sign-in, which is about the accounts that its body names and whoever is signed in already. Without `familiar`
    /// no network is.
    pub(crate) async fn sign_in(
        &self,
        tenant: &TenantId,
        caller: Option<Uuid>,
        body: &[u8],
        familiar: Option<&FamiliarNetworks>,
    ) -> Result<(), Problem> {
        let quotas = self.limits.quotas(Some(tenant));
        let accounts = sign_in::accounts(body, caller);
        let of_account = |account: &String| {
            let own = self.cell(quotas.sign_in, Some(tenant), &self.pair(account));
            (own, self.cell(quotas.sign_in_account, Some(tenant), account.as_bytes()))
        };
        let (own, mut wide): (Vec<Cell>, Vec<Cell>) = accounts.iter().map(of_account).unzip();
        wide.push(self.by_address(quotas.sign_in_address, Some(tenant)));
        match accounts.first() {
            Some(account) => self.charge_account(tenant, account, (own, wide), familiar).await.map(drop),
            None => self.charge(&wide).await,
        }
    }

    /// Counts what concerns an account: in its `own` cells, of this address, and in `wide` ones, that others count in too.
    /// Who is refused for what others do, on a network that the account was signed in from before, is counted in the own ones
    /// alone. Gives the cells that it was counted in.
    async fn charge_account(
        &self,
        tenant: &TenantId,
        account: &str,
        (own, wide): (Vec<Cell>, Vec<Cell>),
        familiar: Option<&FamiliarNetworks>,
    ) -> Result<Vec<Cell>, Problem> {
        let all = [own.as_slice(), &wide].concat();
        let verdict = self.limits.charge(&all).await;
        let owes_itself = verdict.standings.iter().take(own.len()).any(|standing| standing.wait() > 0);
        let Some(familiar) = familiar.filter(|_| !verdict.is_admitted && !owes_itself) else {
            return self.judged(verdict).map(|()| all);
        };
        // A look-up costs what an ordinary request does, so there are as many of them.
        let look_up = self.by_address(self.limits.quotas(Some(tenant)).anonymous, Some(tenant));
        let may_ask = self.limits.charge(&[look_up]).await.is_admitted;
        if !may_ask || !familiar.is_known(tenant, &self.network(tenant, account)).await {
            return self.judged(verdict).map(|()| all);
        }
        self.charge(&own).await.map(|()| own)
    }

    /// How it is kept that an account was signed in from this address.
    pub(crate) fn network(&self, tenant: &TenantId, account: &str) -> Network {
        Network::of(self.limits.0.names.name(familiar::NAME, Some(tenant), &self.pair(account)))
    }

    /// An account, from this address.
    fn pair(&self, account: &str) -> Vec<u8> {
        [&*subject_of(self.address), &[0], account.as_bytes()].concat()
    }

    fn by_address(&self, quota: Quota, tenant: Option<&TenantId>) -> Cell {
        self.cell(quota, tenant, &subject_of(self.address))
    }

    fn cell(&self, quota: Quota, tenant: Option<&TenantId>, subject: &[u8]) -> Cell {
        Cell { quota, name: self.limits.0.names.name(quota.name, tenant, subject) }
    }

    async fn charge(&self, cells: &[Cell]) -> Result<(), Problem> {
        self.judged(self.limits.charge(cells).await)
    }

    fn judged(&self, verdict: gcra::Verdict) -> Result<(), Problem> {
        let refusing = verdict.standings.iter().max_by_key(|standing| standing.wait()).copied();
        let mut standings = self.standings.lock().unwrap_or_else(PoisonError::into_inner);
        if standings.is_empty() {
            *standings = verdict.standings;
        } else {
            standings.extend(verdict.standings);
        }
        drop(standings);
        match refusing {
            Some(standing) if !verdict.is_admitted => {
                metrics::counter!("tidemark_rate_limited_total", "policy" => standing.quota.name).increment(1);
                Err(refusal(standing))
            }
            _ => Ok(()),
        }
    }

    /// Says which quotas counted, and how much is left of the one that will refuse first.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let standings = self.standings.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tightest) = standings.iter().min_by_key(|standing| standing.remaining()) else { return };
        let value = |text: &str| HeaderValue::from_str(text).expect("our names and digits are visible ASCII");
        // One text for both: every answer has them.
        let mut text = String::with_capacity(128);
        // A tenant that nobody had heard of is counted to the address twice: alone, and with the tenant.
        for counted in standings.chunk_by(|one, next| one.quota == next.quota) {
            let comma = if text.is_empty() { "" } else { ", " };
            let _infallible = write!(text, "{comma}{}", counted[0].quota);
        }
        headers.insert(POLICY, value(&text));
        text.clear();
        let _infallible = write!(text, "{tightest}");
        headers.insert(LIMIT, value(&text));
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Meter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Exchange::of(&parts.extensions).map(|exchange| exchange.meter.clone())
    }
}

fn refusal(standing: Standing) -> Problem {
    let Standing { quota, .. } = standing;
    let time = match quota.seconds {
        HOUR => "an hour",
        DAY => "a day",
        _ => "a minute",
    };
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", "Too many requests, come back later")
        .detail(format!("{}: at most {} {time}, {} of them at once", quota.name, quota.count, quota.burst()))
        .header(RETRY_AFTER, HeaderValue::from(standing.wait().max(1)))
}

#[cfg(test)]
mod tests;
