//! How much of what goes through: the installation's limits, and a tenant's own within them.

use tidemark_runtime::Settings;
use tidemark_tenancy::{RateLimit, RateLimits};

use super::gcra::Quota;

pub(super) const HOUR: u32 = 3_600;
pub(super) const DAY: u32 = 24 * HOUR;

/// From how many addresses at least somebody must try, before an account's owner is held up.
const ADDRESSES_TO_LOCK_OUT: u32 = 6;

/// The quotas that count for a tenant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotas {
    pub(super) anonymous: Quota,
    pub(super) signed_in: Quota,
    /// An account from one address.
    pub(super) sign_in: Quota,
    pub(super) sign_in_account: Quota,
    pub(super) sign_in_address: Quota,
    /// Bodies of sign-ins from one address, before anybody has looked at whom they name: ten times the limit of the address, so that it
    /// is that one which refuses whoever sends them whole.
    pub(super) sign_in_bodies: Quota,
    pub(super) refresh: Quota,
    pub(super) refresh_address: Quota,
    pub(super) media: Quota,
    /// Sign-ins that have failed: of an account from one address, of an account, and from one address.
    pub(super) failed: Quota,
    pub(super) failed_account: Quota,
    pub(super) failed_address: Quota,
    /// How many times over a tenant's own limits may exceed those of the installation.
    factor: u32,
}

impl Quotas {
    /// With a tenant's own limits in place of the installation's.
    pub(super) fn with(mut self, rates: &RateLimits) -> Self {
        for (limit, per_minute) in rates {
            // Whatever the log holds, nobody is shut out for good, and nobody has more than the operator gives.
            let most = self.most(*limit);
            self.of_limit(*limit).count = (*per_minute).clamp(*limit.range().start(), most);
        }
        if rates.contains_key(&RateLimit::SignIn) || rates.contains_key(&RateLimit::SignInAccount) {
            // One address alone must not use up what an account has: its owner comes from another.
            let sixfold = self.sign_in.count.saturating_mul(ADDRESSES_TO_LOCK_OUT);
            self.sign_in_account.count = self.sign_in_account.count.max(sixfold);
        }
        self.sign_in_bodies.count = self.sign_in_address.count.saturating_mul(10);
        let tenfold = self.anonymous.count.saturating_mul(10);
        self.refresh_address.count = tenfold;
        self.media.count = tenfold;
        self
    }

    /// The most that a tenant's own limit may be; called on the installation's quotas.
    pub(super) fn most(&self, limit: RateLimit) -> u32 {
        let mut installation = *self;
        let given = installation.of_limit(limit).count.saturating_mul(self.factor);
        given.clamp(*limit.range().start(), *limit.range().end())
    }

    fn of_limit(&mut self, limit: RateLimit) -> &mut Quota {
        match limit {
            RateLimit::Anonymous => &mut self.anonymous,
            RateLimit::SignedIn => &mut self.signed_in,
            RateLimit::SignIn => &mut self.sign_in,
            RateLimit::SignInAccount => &mut self.sign_in_account,
            RateLimit::SignInAddress => &mut self.sign_in_address,
            RateLimit::Refresh => &mut self.refresh,
        }
    }

    pub(super) fn of(settings: &Settings) -> Self {
        let tenfold = settings.rate_anonymous.saturating_mul(10);
        Self {
            anonymous: Quota::new("anonymous", settings.rate_anonymous),
            signed_in: Quota::new("signed-in", settings.rate_signed_in),
            sign_in: Quota::new("sign-in", settings.rate_sign_in),
            sign_in_account: Quota::new("sign-in-account", settings.rate_sign_in_account),
            sign_in_address: Quota::new("sign-in-address", settings.rate_sign_in_address),
            sign_in_bodies: Quota::new("sign-in-bodies", settings.rate_sign_in_address.saturating_mul(10)),
            refresh: Quota::new("refresh", settings.rate_refresh),
            refresh_address: Quota::new("refresh-address", tenfold),
            media: Quota::new("media", tenfold),
            failed: Quota::slow("failed-sign-in", settings.rate_failed_sign_in, HOUR),
            failed_account: Quota::slow("failed-sign-in-account", settings.rate_failed_sign_in_account, DAY),
            failed_address: Quota::slow("failed-sign-in-address", settings.rate_failed_sign_in_address, HOUR),
            factor: settings.rate_tenant_factor,
        }
    }
}
