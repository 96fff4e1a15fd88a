//! The api binary: see the library.

fn main() -> std::process::ExitCode {
    tidemark_runtime::main_with("api", "Answers commands and queries over HTTP", tidemark_api::run)
}
