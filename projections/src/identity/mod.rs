//! Who signs in.

pub mod users;
