//! What follows from what a tenant publishes.

pub mod publish;
