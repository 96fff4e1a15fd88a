//! Where links in mails lead: to the address that the operator has set, and never to one that a request names.

use tidemark_runtime::Settings;
use tidemark_tenancy::Tenant;

/// The sites of the tenants.
#[derive(Debug, Clone)]
pub struct Sites {
    /// As in `https://{tenant}.shop.example`.
    pattern: Option<String>,
}

impl Sites {
    /// As the settings have them.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { pattern: settings.site_url.clone() }
    }

    /// The address of a tenant's site, without a slash at its end; `None` when nobody has set one. A tenant's own setting is
    /// to be looked up here.
    #[must_use]
    pub fn of(&self, tenant: &Tenant) -> Option<String> {
        let (pattern, id) = self.pattern.as_ref().zip(tenant.id.as_ref())?;
        Some(pattern.replace("{tenant}", id.as_str()).trim_end_matches('/').to_owned())
    }
}
