//! The admin binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidemark_admin::main()
}
