//! Log lines on their way out: into memory, and from there by a thread of its own, many in one write.
//!
//! Whoever logs waits for nobody, also where nobody reads what is written any more: what is beyond [`MOST`] then is lost, counted,
//! and told once lines go out again. A line goes out within [`PAUSE`], a warning or an error at once; a process that is killed loses
//! no more than that, and one that ends waits for its last line ([`Lines::finish`]).

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line may wait for others to go along.
const PAUSE: Duration = Duration::from_millis(5);
/// Bytes that wait at most.
const MOST: usize = 8 << 20;
/// How long the end of a process waits for its last line.
const LAST: Duration = Duration::from_secs(2);

/// Where lines are put. Clones are one and the same.
#[derive(Clone)]
pub(crate) struct Lines(Arc<Inner>);

struct Inner {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    /// Whether there is one among them that does not wait for others.
    is_urgent: bool,
    /// Whether there are lines that were taken and have not gone out yet.
    is_writing: bool,
    /// Lines for which there was no room, of all that were ever put.
    lost: u64,
}

impl Lines {
    /// Begins to write what comes to `out`.
    ///
    /// # Errors
    /// When there can be no thread for it.
    pub(crate) fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let lines = Self(Arc::new(Inner { waiting: Mutex::default(), changed: Condvar::new() }));
        let writing = lines.clone();
        // It goes on for as long as the process does, whose end waits for its lines and not for it.
        thread::Builder::new().name("log".to_owned()).spawn(move || writing.write_to(out))?;
        Ok(lines)
    }

    /// Waits until everything has gone out that was put in before, if that does not take too long.
    pub(crate) fn finish(&self) {
        let mut waiting = self.waiting();
        waiting.is_urgent = true;
        self.0.changed.notify_all();
        let is_unwritten = |waiting: &mut Waiting| waiting.is_writing || !waiting.lines.is_empty();
        let _in_time = self.0.changed.wait_timeout_while(waiting, LAST, is_unwritten);
    }

    fn put(&self, line: &[u8], is_urgent: bool) {
        let mut waiting = self.waiting();
        if waiting.lines.len() + line.len() > MOST {
            waiting.lost += 1;
            return;
        }
        let is_first = waiting.lines.is_empty();
        waiting.lines.extend_from_slice(line);
        waiting.is_urgent |= is_urgent;
        drop(waiting);
        if is_first || is_urgent {
            self.0.changed.notify_all();
        }
    }

    fn write_to(&self, mut out: impl Write) {
        let mut batch = Vec::new();
        let mut told = 0;
        loop {
            let lost = self.take(&mut batch);
            // Where it fails there is nobody to tell.
            let _ = out.write_all(&batch).and_then(|()| out.flush());
            batch.clear();
            if lost > told {
                metrics::counter!("tidemark_log_lines_lost_total").absolute(lost);
                // A line like any other, put in before this batch counts as written: who waits for the last line waits for it too.
                tracing::warn!(lines = lost - told, "lines of the log are lost: they were not taken in time");
                told = lost;
            }
            self.waiting().is_writing = false;
            self.0.changed.notify_all();
        }
    }

    /// Waits until lines should go out and takes them into `batch`, which is empty. Gives the number of all that were lost so far.
    fn take(&self, batch: &mut Vec<u8>) -> u64 {
        let changed = &self.0.changed;
        let waiting = changed.wait_while(self.waiting(), |waiting| waiting.lines.is_empty());
        let waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        let waiting = changed.wait_timeout_while(waiting, PAUSE, |waiting| !waiting.is_urgent);
        let (mut waiting, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut waiting.lines, batch);
        waiting.is_urgent = false;
        waiting.is_writing = true;
        waiting.lost
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes one line.
pub(crate) struct Line<'a> {
    lines: &'a Lines,
    is_urgent: bool,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, is_urgent: false }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line<'a> {
        Line { lines: self, is_urgent: *event.level() <= Level::WARN }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines.put(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

    use super::*;

    /// What was written, write by write.
    struct Written(Sender<Vec<u8>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_goes_out_in_order_and_many_in_one_write() {
        let (sender, written) = channel();
        let lines = Lines::start(Written(sender)).unwrap();
        let all: Vec<String> = (0..10_000).map(|n| format!("line {n}\n")).collect();
        for line in &all {
            lines.make_writer().write_all(line.as_bytes()).unwrap();
        }
        lines.finish();
        let written: Vec<Vec<u8>> = written.try_iter().collect();
        assert!(written.len() < all.len() / 10, "{}", written.len());
        assert_eq!(String::from_utf8(written.concat()).unwrap(), all.concat());
        lines.finish();
    }

    /// Takes what it is given once it is let.
    struct Stuck(Receiver<()>, Written);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn whoever_logs_waits_for_nobody_and_what_waits_has_an_end() {
        let (sender, written) = channel();
        let (let_go, stuck): (SyncSender<()>, _) = sync_channel(1_000_000);
        let lines = Lines::start(Stuck(stuck, Written(sender))).unwrap();
        let line = [b'x'; 1023].into_iter().chain([b'\n']).collect::<Vec<u8>>();
        let count = 3 * MOST / line.len();
        for _ in 0..count {
            lines.make_writer().write_all(&line).unwrap();
        }
        assert!(lines.waiting().lines.len() <= MOST);
        (0..100).for_each(|_| let_go.send(()).unwrap());
        lines.finish();
        let lost = lines.waiting().lost as usize;
        // One batch may have been on its way and another have waited, and lines may have been lost before either was taken.
        assert!((count / 3..count).contains(&lost), "{lost}");
        assert_eq!(written.try_iter().map(|bytes| bytes.len()).sum::<usize>(), (count - lost) * line.len());
    }
}
