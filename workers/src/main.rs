//! The workers binary: see the library.

fn main() -> std::process::ExitCode {
    tidemark_runtime::main_with(
        "workers",
        "Relays the log to NATS, and carries out what follows from events",
        tidemark_workers::run,
    )
}
