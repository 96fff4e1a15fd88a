//! The API as its users meet it: over HTTP, on a database and with projections of each test's own.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

mod accounts;
mod attacks;
mod bodies;
mod cache;
mod commands;
mod deletion;
mod edge;
mod erasure;
mod failed_sign_ins;
mod faults;
mod limits;
mod mail_flows;
mod measure;
mod oidc;
mod origins;
mod paging;
mod permissions;
mod position_cookie;
mod posts;
mod service_tokens;
mod sessions;
mod settings;
mod shared_answers;
mod signing_keys;
mod snapshots;
mod split;
mod tenants;
mod tokens;
mod users;
