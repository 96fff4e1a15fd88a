//! What follows from what happens to people.

mod letter;
pub mod links;
pub mod mailroom;
pub mod notices;
pub mod reset_requests;
pub mod sessions;
pub mod welcome;
