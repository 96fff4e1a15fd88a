//! Passwords that are tried: the more of them are wrong, the longer until the next one.
//!
//! An attempt is counted as failed before its password is looked at, and given back when it has not failed: so a hundred
//! at once are not more than one after another. Counts are of the account whether there is one or not.

use tidemark_kernel::TenantId;

use super::gcra::Quota;
use super::name::Cell;
use super::quotas::DAY;
use super::{FamiliarNetworks, Meter};
use crate::problem::Problem;

/// After so many failed attempts within about a day its owner is told.
const TOLD: Quota = Quota::slow("failed-sign-ins-told", 10, DAY);

/// One that is under way. Whoever drops it has failed.
#[derive(Debug)]
pub(crate) struct Attempt {
    meter: Meter,
    /// Of the account from this address.
    own: Cell,
    /// What it was counted in.
    counted: Vec<Cell>,
    told: Cell,
}

impl Meter {
    /// Counts an attempt at the password of `account`.
    ///
    /// # Errors
    /// With `RATE_LIMITED`, when too many have failed.
    pub(crate) async fn attempt(
        &self,
        tenant: &TenantId,
        account: &str,
        familiar: Option<&FamiliarNetworks>,
    ) -> Result<Attempt, Problem> {
        let quotas = self.limits.quotas(Some(tenant));
        let own = self.cell(quotas.failed, Some(tenant), &self.pair(account));
        let wide = vec![
            self.cell(quotas.failed_account, Some(tenant), account.as_bytes()),
            self.by_address(quotas.failed_address, Some(tenant)),
        ];
        let counted = self.charge_account(tenant, account, (vec![own], wide), familiar).await?;
        let told = self.cell(TOLD, Some(tenant), account.as_bytes());
        Ok(Attempt { meter: self.clone(), own, counted, told })
    }

    /// Forgets what has failed of the account from here.
    pub(crate) async fn forget_failures(&self, tenant: &TenantId, account: &str) {
        let quota = self.limits.quotas(Some(tenant)).failed;
        let own = self.cell(quota, Some(tenant), &self.pair(account));
        self.limits.release(&[(own, quota.window())]).await;
    }
}

impl Attempt {
    /// The password was right: what has failed from here was its owner.
    pub(crate) async fn succeeded(self) {
        let released = self.counted.iter().map(|cell| {
            let is_own = cell == &self.own;
            (*cell, if is_own { cell.quota.window() } else { cell.quota.spacing() })
        });
        self.meter.limits.release(&released.collect::<Vec<_>>()).await;
    }

    /// It was never found out whether the password is right.
    pub(crate) async fn undecided(self) {
        let released: Vec<_> = self.counted.iter().map(|cell| (*cell, cell.quota.spacing())).collect();
        self.meter.limits.release(&released).await;
    }

    /// The password was wrong. Says whether the owner is to be told: at the tenth time, and later each time that another
    /// tenth of a day has passed. What is told more often than once a day is the account's affair.
    pub(crate) async fn failed(&self) -> bool {
        let verdict = self.meter.limits.charge(&[self.told]).await;
        verdict.is_admitted && verdict.standings.iter().all(|standing| standing.remaining() == 0)
    }

    /// The owner could not be told: the next failure tries again.
    pub(crate) async fn untold(&self) {
        self.meter.limits.release(&[(self.told, TOLD.spacing())]).await;
    }
}
