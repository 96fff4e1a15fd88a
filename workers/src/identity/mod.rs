//! What follows from what happens to people.

pub mod welcome;
