//! How many requests the log has a line of. For a test whose server runs on its own thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts lines of requests. Clones share the count.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<AtomicUsize>);

impl Lines {
    /// What counts them, to be made the subscriber of the test's thread.
    pub(crate) fn subscriber(&self) -> impl tracing::Subscriber + use<> {
        let lines = self.clone();
        tracing_subscriber::fmt()
            .with_env_filter("off,tidemark_api::access=info")
            .with_writer(move || lines.clone())
            .finish()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.iter().filter(|byte| **byte == b'\n').count(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
