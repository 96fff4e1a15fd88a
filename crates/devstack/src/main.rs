//! `dev`, which `cargo dev` runs.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidemark_devstack::cli::main()
}
