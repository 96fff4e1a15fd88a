//! What follows from what happens to people.

mod by_claim;
pub mod failed_sign_ins;
mod letter;
pub mod links;
pub mod mailroom;
pub mod notices;
pub(crate) mod requests;
pub mod reset_requests;
pub mod sessions;
pub mod welcome;
