//! The projections binary: see the library.

fn main() -> std::process::ExitCode {
    tidemark_runtime::main_with("projections", "Folds the log into read models", tidemark_projections::run)
}
