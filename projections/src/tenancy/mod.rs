//! Who is served.

pub mod tenants;
