//! The local stack: `cargo dev up` finds, fetches or starts Postgres, NATS and Redis and serves Tidemark on them;
//! `cargo dev test` runs the whole suite on a stack of its own.
//!
//! - It never touches a server that it did not start.
//! - No process outlives it: the kernel ends them when it dies, and what escapes even that is found at the next start
//!   by number and start time.
//! - It holds no business rule: tenants, people and posts are made as an operator or a client would make them.

#![allow(clippy::print_stdout, reason = "a command line program answers on standard output")]

pub mod admin;
pub mod bench;
pub mod bootstrap;
pub mod cargo;
pub mod chaos;
pub mod children;
pub mod cli;
pub mod control;
pub mod detach;
pub mod dev_json;
pub mod exec;
pub mod files;
pub mod greeting;
pub mod helpers;
pub mod in_process;
pub mod leftovers;
pub mod logs;
pub mod place;
pub mod ports;
pub mod private;
pub mod progress;
pub mod read_database;
pub mod ready;
pub mod secrets;
pub mod seed;
pub mod servers;
pub mod settings;
pub mod split;
pub mod stack;
pub mod supervise;
pub mod test_run;
pub mod up;
