//! How far a rebuild is: a bar on a terminal, a line now and then elsewhere. On standard error, for the answer is on the other.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use tidemark_engine::projection::{Phase, Progress};
use tokio::sync::watch;

/// How often a line is written.
const EVERY: Duration = Duration::from_secs(5);
const BAR: &str = "{msg} [{bar:30}] {human_pos}/{human_len} {per_sec}, {eta} left";

/// Shows what is seen until nothing more comes.
pub(crate) async fn show(name: &'static str, mut seen: watch::Receiver<Option<Progress>>) {
    let shown = if io::stderr().is_terminal() { Shown::bar(name) } else { Shown::Lines(Lines::new(name)) };
    let mut shown = shown;
    while seen.changed().await.is_ok() {
        if let Some(progress) = *seen.borrow_and_update() {
            shown.take(progress);
        }
    }
    shown.end();
}

enum Shown {
    Bar { name: &'static str, bar: ProgressBar, has_begun: bool },
    Lines(Lines),
}

impl Shown {
    fn bar(name: &'static str) -> Self {
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::Bar { name, bar, has_begun: false }
    }

    fn take(&mut self, progress: Progress) {
        match self {
            Self::Bar { name, bar, has_begun } => {
                bar.set_message(format!("{name} {}", doing(progress.phase)));
                bar.set_length(progress.target.unsigned_abs());
                bar.set_position(progress.position.unsigned_abs());
                if !std::mem::replace(has_begun, true) {
                    // What an earlier process has done says nothing about the rate.
                    bar.reset_eta();
                }
            }
            Self::Lines(lines) => lines.take(progress),
        }
    }

    fn end(self) {
        if let Self::Bar { bar, .. } = self {
            bar.finish_and_clear();
        }
    }
}

struct Lines {
    name: &'static str,
    began: Option<(Instant, i64)>,
    last: Option<(Instant, Phase)>,
}

impl Lines {
    fn new(name: &'static str) -> Self {
        Self { name, began: None, last: None }
    }

    fn take(&mut self, progress: Progress) {
        let now = Instant::now();
        let is_due = self.last.is_none_or(|(at, phase)| phase != progress.phase || now - at >= EVERY);
        let began = *self.began.get_or_insert((now, progress.position));
        if is_due {
            self.last = Some((now, progress.phase));
            // Nobody is left to be told when this fails.
            drop(writeln!(io::stderr(), "{}", line(self.name, progress, began, now)));
        }
    }
}

fn line(name: &str, progress: Progress, (began, from): (Instant, i64), now: Instant) -> String {
    let Progress { phase, position, target } = progress;
    let count = |n: i64| HumanCount(n.unsigned_abs());
    let mut text = format!("{name}: {}, {} of {}", doing(phase), count(position), count(target));
    let rate = (position - from) as f64 / (now - began).as_secs_f64();
    if phase == Phase::Folding && rate > 0.0 && rate.is_finite() {
        let left = Duration::from_secs_f64((target - position).max(0) as f64 / rate);
        text.push_str(&format!(", {}/s, {} left", count(rate as i64), HumanDuration(left)));
    }
    text
}

fn doing(phase: Phase) -> &'static str {
    match phase {
        Phase::Folding => "folding",
        Phase::Indexing => "making indexes",
        Phase::Comparing => "comparing",
        Phase::Swapping => "swapping",
        Phase::Done => "done",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_rate_and_time_left() {
        let began = Instant::now();
        let progress = Progress { phase: Phase::Folding, position: 300_000, target: 500_000 };
        let text = line("content.posts", progress, (began, 100_000), began + Duration::from_secs(4));
        assert_eq!(text, "content.posts: folding, 300,000 of 500,000, 50,000/s, 4 seconds left");
        let progress = Progress { phase: Phase::Comparing, ..progress };
        assert_eq!(line("content.posts", progress, (began, 0), began), "content.posts: comparing, 300,000 of 500,000");
    }
}
