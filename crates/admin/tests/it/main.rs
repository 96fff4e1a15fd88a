//! The real binary against a real database of each test's own.
#![allow(clippy::unwrap_used)]

mod deletion;
mod docs;
mod doctor;
mod epoch;
mod events;
mod manual;
mod migrate;
mod people;
mod policies;
mod projections;
mod rebuild;
mod relay;
mod settings;
mod split;
mod support;
mod tenants;
mod transfer;
mod users;
mod watching;
