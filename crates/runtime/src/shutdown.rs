//! Asks a process to end: the first SIGINT or SIGTERM cancels the token, a second one ends it at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that the first SIGINT or SIGTERM cancels. Call it once, within a runtime, before the first await.
pub fn signal_token() -> anyhow::Result<CancellationToken> {
    let mut signals =
        Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? };
    let token = CancellationToken::new();
    let cancelled = token.clone();
    // It lives as long as the process and holds nothing, so there is nothing to join.
    tokio::spawn(async move {
        let name = signals.next().await.name();
        tracing::info!(signal = name, "shutting down; a second signal ends the process at once");
        cancelled.cancel();
        let second = signals.next().await;
        tracing::warn!(signal = second.name(), "second signal, ending without finishing");
        crate::telemetry::finish_logs();
        std::process::exit(second.exit_code());
    });
    Ok(token)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

#[derive(Clone, Copy)]
enum Received {
    Interrupt,
    Terminate,
}

impl Signals {
    async fn next(&mut self) -> Received {
        tokio::select! {
            _ = self.interrupt.recv() => Received::Interrupt,
            _ = self.terminate.recv() => Received::Terminate,
        }
    }
}

impl Received {
    fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }

    /// As a shell reports a process that a signal ended.
    fn exit_code(self) -> i32 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}
