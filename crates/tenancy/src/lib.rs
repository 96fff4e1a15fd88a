//! Tenants: who is served by this installation, whether they may be, how they are set up, and which programs act for them.
//!
//! Invariants: this crate performs no I/O and decides only from an aggregate's own events. A tenant's key
//! (`tidemark_kernel::TenantId`) never changes; its name may.

#[macro_use]
mod names;
mod service_token;
mod settings;
mod tenant;
mod text;

pub use service_token::{
    ServiceToken, ServiceTokenCommand, ServiceTokenEvent, ServiceTokenName, ServiceTokenRefusal, TokenScope,
};
pub use settings::{
    CurrencyCode, Language, Origin, Quota, Quotas, RateLimit, RateLimits, SettingsChanges, SettingsEdit,
    SettingsSecret, SiteUrl, TenantSettings, TimeZone,
};
pub use tenant::{TENANT_DELETED, Tenant, TenantCommand, TenantEvent, TenantRefusal, TenantStatus};
pub use text::{SuspensionReason, TenantName};
