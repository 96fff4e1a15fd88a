//! How many requests the log has a line of. For a test whose server runs on its own thread.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};

/// Counts lines of requests. Clones share the count.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<AtomicUsize>);

impl Lines {
    /// Makes sure that every line has somebody who wants it, before there are lines. Were a line's first time on one thread that of the
    /// first subscriber on another, `tracing` could note for good that nobody wants it.
    pub(crate) fn are_wanted() {
        static FIRST: Once = Once::new();
        FIRST.call_once(|| {
            tracing::subscriber::set_global_default(Self::default().subscriber()).expect("this one is the first");
        });
    }

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
