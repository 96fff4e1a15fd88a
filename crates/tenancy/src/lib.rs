//! Tenants: who is served by this installation, and whether they may be.
//!
//! Invariants: this crate performs no I/O and decides only from an aggregate's own events. A tenant's key
//! (`tidemark_kernel::TenantId`) never changes; its name may.

mod settings;
mod tenant;
mod text;

pub use settings::{
    CurrencyCode, Language, Origin, Quota, Quotas, RateLimit, RateLimits, SettingsChanges, SettingsEdit,
    SettingsSecret, SiteUrl, TenantSettings, TimeZone,
};
pub use tenant::{Tenant, TenantCommand, TenantEvent, TenantRefusal, TenantStatus};
pub use text::{SuspensionReason, TenantName};
