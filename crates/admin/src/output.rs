//! What is printed: tables for people, JSON for scripts.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::Failure;

/// Where answers go, and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// For scripts.
    pub(crate) json: bool,
}

impl Output {
    /// Prints `value` as JSON, or what `human` makes of it.
    pub(crate) fn print<T: Serialize + ?Sized>(
        self,
        value: &T,
        human: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        let text = if self.json { pretty(value)? } else { human(value) };
        line(&text)
    }

    /// As [`Output::print`], on standard error, where standard output is taken by something else.
    pub(crate) fn print_aside<T: Serialize>(self, value: &T, human: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        let text = if self.json { pretty(value)? } else { human(value) };
        Ok(writeln!(io::stderr(), "{text}")?)
    }

    /// Prints one value a line: what a reader of a stream can take in piece by piece.
    pub(crate) fn print_line<T: Serialize>(self, value: &T, human: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        let text = if self.json { serde_json::to_string(value).map_err(io::Error::from)? } else { human(value) };
        line(&text)
    }

    /// Says what went wrong, on standard error.
    pub(crate) fn complain(self, failure: &Failure) {
        let text = if self.json {
            serde_json::json!({ "error": { "message": failure.to_string(), "exitCode": failure.exit() as u8 } })
                .to_string()
        } else {
            format!("admin: {failure}")
        };
        // Nobody is left to be told when this fails.
        drop(writeln!(io::stderr(), "{text}"));
    }
}

/// A table without lines. On a terminal it keeps to its width; elsewhere a row is one line.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().copied());
    if io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Whether standard output is a terminal that takes colours.
pub(crate) fn takes_colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(value).map_err(io::Error::from)?)
}

/// A reader that has seen enough (`| head`) is no failure.
fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}
