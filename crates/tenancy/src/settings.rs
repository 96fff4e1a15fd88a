//! What the admins of a tenant set: how it presents itself, who may call, and how much of what there may be.
//!
//! A secret of the settings is a row beside the log; here is only that it is set.

mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use tidemark_kernel::{Email, absent_or_null};

pub use values::{CurrencyCode, Language, Origin, SiteUrl, TimeZone};

/// The settings of a tenant beside its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TenantSettings {
    /// What prices are in where nothing else is said.
    pub default_currency: Option<CurrencyCode>,
    /// Where its days begin.
    pub time_zone: TimeZone,
    /// What it speaks.
    pub language: Language,
    /// The address that its mail comes from; without one, the installation's.
    pub sender_address: Option<Email>,
    /// Its front end, to which links in mail lead.
    pub site_url: Option<SiteUrl>,
    /// Origins of browsers that may use the API from elsewhere, beside the installation's.
    pub cors_origins: Vec<Origin>,
    /// Its own rate limits, a minute; where there is none, the installation's holds.
    pub rate_limits: RateLimits,
    /// How much of what there may be; without one there is no end.
    pub quotas: Quotas,
    /// The secrets that are set.
    pub secrets: BTreeSet<SettingsSecret>,
}

/// A tenant's own rate limits, requests a minute.
pub type RateLimits = BTreeMap<RateLimit, u32>;

/// How much of what a tenant may have.
pub type Quotas = BTreeMap<Quota, u64>;

names!(
    /// A rate limit that a tenant may have of its own.
    RateLimit {
        /// An address that is not signed in.
        Anonymous = "anonymous",
        /// Somebody signed in, or a service token.
        SignedIn = "signedIn",
        /// Sign-ins of one account from one address.
        SignIn = "signIn",
        /// Sign-ins of one account.
        SignInAccount = "signInAccount",
        /// Sign-ins from one address.
        SignInAddress = "signInAddress",
        /// Refreshes of one session.
        Refresh = "refresh",
    }
);

names!(
    /// What there may be only so much of.
    Quota {
        /// Bytes of all uploads together.
        UploadBytes = "uploadBytes",
        /// People with an account.
        Users = "users",
    }
);

names!(
    /// A secret of the settings, written and never read back.
    SettingsSecret {
        /// The key that asks Stripe.
        StripeSecretKey = "stripeSecretKey",
        /// The secret that signs what Stripe sends.
        StripeWebhookSecret = "stripeWebhookSecret",
        /// The client's secret at the OpenID Connect provider.
        OidcClientSecret = "oidcClientSecret",
    }
);

impl SettingsSecret {
    /// The kind of secret that the log's row is; its subject is the name.
    pub const KIND: &'static str = "settings";
}

impl RateLimit {
    /// What a tenant may choose from: low enough that nobody's passwords can be tried in peace, and high enough that its
    /// admins do not lock themselves out.
    #[must_use]
    pub fn range(self) -> RangeInclusive<u32> {
        match self {
            Self::Anonymous => 10..=6_000,
            Self::SignedIn => 60..=60_000,
            Self::SignIn => 5..=60,
            Self::SignInAccount => 10..=600,
            Self::SignInAddress => 10..=600,
            Self::Refresh => 10..=600,
        }
    }
}

impl Quota {
    /// What a tenant may choose from. Numbers end where JSON's are still exact everywhere.
    #[must_use]
    pub fn range(self) -> RangeInclusive<u64> {
        match self {
            Self::UploadBytes => 0..=(1 << 53) - 1,
            Self::Users => 1..=1_000_000_000,
        }
    }
}

/// What is asked of the settings: what is absent stays, and `None` within takes away what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of the settings")]
pub struct SettingsEdit {
    pub default_currency: Option<Option<CurrencyCode>>,
    pub time_zone: Option<Option<TimeZone>>,
    pub language: Option<Option<Language>>,
    pub sender_address: Option<Option<Email>>,
    pub site_url: Option<Option<SiteUrl>>,
    pub cors_origins: Option<Vec<Origin>>,
    pub rate_limits: BTreeMap<RateLimit, Option<u32>>,
    pub quotas: BTreeMap<Quota, Option<u64>>,
    /// Whether each is written or taken away; what it is, is said to the log's rows alone.
    pub secrets: BTreeMap<SettingsSecret, bool>,
}

/// What has changed of the settings, as the event has it: each named field is all that it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the fields are those of the settings")]
pub struct SettingsChanges {
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "absent_or_null")]
    pub default_currency: Option<Option<CurrencyCode>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<TimeZone>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "absent_or_null")]
    pub sender_address: Option<Option<Email>>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "absent_or_null")]
    pub site_url: Option<Option<SiteUrl>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors_origins: Option<Vec<Origin>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<RateLimits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotas: Option<Quotas>,
    /// Which secrets were written (`true`) or taken away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<SettingsSecret, bool>,
}

impl SettingsChanges {
    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl TenantSettings {
    /// What an edit changes. A secret that is written always counts as changed: nobody knows what it was.
    #[must_use]
    pub fn changed_by(&self, edit: SettingsEdit) -> SettingsChanges {
        let rate_limits = merged(&self.rate_limits, &edit.rate_limits);
        let quotas = merged(&self.quotas, &edit.quotas);
        SettingsChanges {
            default_currency: edit.default_currency.filter(|currency| *currency != self.default_currency),
            time_zone: edit.time_zone.map(Option::unwrap_or_default).filter(|zone| *zone != self.time_zone),
            language: edit.language.map(Option::unwrap_or_default).filter(|language| *language != self.language),
            sender_address: edit.sender_address.filter(|address| *address != self.sender_address),
            site_url: edit.site_url.filter(|url| *url != self.site_url),
            cors_origins: edit.cors_origins.filter(|origins| *origins != self.cors_origins),
            rate_limits: (rate_limits != self.rate_limits).then_some(rate_limits),
            quotas: (quotas != self.quotas).then_some(quotas),
            secrets: edit.secrets.into_iter().filter(|(name, set)| *set || self.secrets.contains(name)).collect(),
        }
    }

    /// Takes in what has changed.
    pub fn apply(&mut self, changes: SettingsChanges) {
        let SettingsChanges {
            default_currency,
            time_zone,
            language,
            sender_address,
            site_url,
            cors_origins,
            rate_limits,
            quotas,
            secrets,
        } = changes;
        replace(&mut self.default_currency, default_currency);
        replace(&mut self.time_zone, time_zone);
        replace(&mut self.language, language);
        replace(&mut self.sender_address, sender_address);
        replace(&mut self.site_url, site_url);
        replace(&mut self.cors_origins, cors_origins);
        replace(&mut self.rate_limits, rate_limits);
        replace(&mut self.quotas, quotas);
        for (name, is_set) in secrets {
            if is_set {
                self.secrets.insert(name)
            } else {
                self.secrets.remove(&name)
            };
        }
    }
}

fn replace<T>(present: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *present = new;
    }
}

fn merged<K: Ord + Copy, V: Copy>(present: &BTreeMap<K, V>, edit: &BTreeMap<K, Option<V>>) -> BTreeMap<K, V> {
    let mut merged = present.clone();
    for (name, value) in edit {
        match value {
            Some(value) => merged.insert(*name, *value),
            None => merged.remove(name),
        };
    }
    merged
}
