//! Who is served, and how they have set themselves up.

pub mod settings;
pub mod tenants;
