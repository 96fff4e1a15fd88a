//! What follows from what happens to people.

pub mod sessions;
pub mod welcome;
