//! Who is served, and how they have set themselves up.

pub mod service_tokens;
pub mod settings;
pub mod tenants;
