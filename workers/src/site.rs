//! Where links in mails lead: to the address that the tenant's admins have set, else the operator, and never to one that a
//! request names.

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

    /// The address of a tenant's site, without a slash at its end; `None` when nobody has set one.
    #[must_use]
    pub fn of(&self, tenant: &Tenant) -> Option<String> {
        if let Some(own) = &tenant.settings.site_url {
            return Some(own.as_str().trim_end_matches('/').to_owned());
        }
        let (pattern, id) = self.pattern.as_ref().zip(tenant.id.as_ref())?;
        Some(pattern.replace("{tenant}", id.as_str()).trim_end_matches('/').to_owned())
    }
}
