//! What is published.

pub mod posts;
pub mod tags;
