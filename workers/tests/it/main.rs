//! The workers process over real servers, in one binary.
#![allow(clippy::unwrap_used)]

mod mail;
mod publish;
mod relay;
mod requests;
mod smtp;
mod support;
