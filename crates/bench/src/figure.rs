//! A figure beside its yardstick, and how figures are shown: a table for people, JSON for scripts.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// One measured figure. With a yardstick the target is a ratio, without one it is a limit that the value keeps.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    bench: &'static str,
    case: String,
    value: f64,
    unit: &'static str,
    yardstick: Option<f64>,
    ratio: Option<f64>,
    target: Option<f64>,
    /// Which side of the target is the good one, for the table.
    #[serde(skip)]
    side: &'static str,
    met: Option<bool>,
}

impl Figure {
    /// A figure that only informs.
    pub(crate) fn plain(bench: &'static str, case: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { bench, case: case.into(), value, unit, yardstick: None, ratio: None, target: None, side: "", met: None }
    }

    /// Shows the figure as a multiple of `yardstick`.
    pub(crate) fn beside(mut self, yardstick: f64) -> Self {
        self.yardstick = Some(yardstick);
        self.ratio = Some(self.value / yardstick);
        self
    }

    /// The ratio is to reach this.
    pub(crate) fn at_least(mut self, ratio: f64) -> Self {
        (self.target, self.side) = (Some(ratio), "≥");
        self.met = self.ratio.map(|reached| reached >= ratio);
        self
    }

    /// The ratio is not to exceed this.
    pub(crate) fn at_most_times(mut self, ratio: f64) -> Self {
        (self.target, self.side) = (Some(ratio), "≤");
        self.met = self.ratio.map(|reached| reached <= ratio);
        self
    }

    /// The value is to stay within this.
    pub(crate) fn at_most(mut self, limit: f64) -> Self {
        (self.target, self.side) = (Some(limit), "≤");
        self.met = Some(self.value <= limit);
        self
    }
}

/// Prints the figures as a table.
pub(crate) fn print(figures: &[Figure]) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["bench", "case", "value", "unit", "yardstick", "ratio", "target", "met"]);
    for column in [2, 4, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for figure in figures {
        table.add_row([
            figure.bench.to_owned(),
            figure.case.clone(),
            number(figure.value),
            figure.unit.to_owned(),
            figure.yardstick.map(number).unwrap_or_default(),
            figure.ratio.map(|ratio| format!("{ratio:.2}x")).unwrap_or_default(),
            figure.target.map(|target| target_text(figure, target)).unwrap_or_default(),
            figure.met.map(|met| if met { "yes" } else { "no" }).unwrap_or_default().to_owned(),
        ]);
    }
    writeln!(std::io::stdout().lock(), "{table}").context("cannot print the figures")
}

/// Writes the figures as a JSON array.
pub(crate) fn write(figures: &[Figure], file: &Path) -> anyhow::Result<()> {
    let json = serde_json::to_vec_pretty(figures)?;
    std::fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))
}

fn target_text(figure: &Figure, target: f64) -> String {
    let unit = if figure.ratio.is_some() { "x" } else { "" };
    format!("{} {target}{unit}", figure.side)
}

fn number(value: f64) -> String {
    match value {
        value if value >= 1000.0 => thousands(value),
        value if value >= 100.0 => format!("{value:.0}"),
        value => format!("{value:.2}"),
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_met_from_its_target_on() {
        let figure = Figure::plain("append", "a", 80.0, "commands/s").beside(10.0).at_least(8.0);
        assert_eq!((figure.ratio, figure.met), (Some(8.0), Some(true)));
        assert_eq!(figure.at_least(8.1).met, Some(false));
    }

    #[test]
    fn a_ratio_that_is_a_cost_is_met_up_to_its_target() {
        let figure = Figure::plain("http", "a", 20.0, "ms").beside(10.0).at_most_times(2.0);
        assert_eq!((figure.met, target_text(&figure, 2.0)), (Some(true), "≤ 2x".to_owned()));
        assert_eq!(figure.at_most_times(1.9).met, Some(false));
    }

    #[test]
    fn a_limit_is_met_up_to_itself() {
        assert_eq!(Figure::plain("lag", "p50", 4.0, "ms").at_most(4.0).met, Some(true));
        assert_eq!(Figure::plain("lag", "p50", 4.1, "ms").at_most(4.0).met, Some(false));
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(number(1_234_567.8), "1,234,568");
        assert_eq!(number(999.4), "999");
        assert_eq!(number(0.5), "0.50");
    }
}
