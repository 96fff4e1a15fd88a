//! From `admin relay ...` to what is printed.

use std::io::{self, IsTerminal};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use tidemark_engine::LOG_ROLE;
use tidemark_engine::relay::STREAM;
use tidemark_runtime::Settings;

use crate::cli::Relay;
use crate::output::Output;
use crate::run::confirm;
use crate::{Failure, connect, relay};

const BAR: &str = "publishing [{bar:30}] {human_pos}/{human_len} {per_sec}, {eta} left";

pub(crate) async fn run(command: Relay, settings: &Settings, output: Output) -> Result<(), Failure> {
    match command {
        Relay::Check => checked(settings, output).await,
        Relay::Rebuild { yes } => remade(yes, settings, output).await,
    }
}

async fn remade(yes: bool, settings: &Settings, output: Output) -> Result<(), Failure> {
    if !yes {
        let consumers = relay::durable_consumers(settings).await?;
        let lost = if consumers.is_empty() { "no durable consumer".to_owned() } else { consumers.join(", ") };
        confirm(&format!("{STREAM} is deleted and made anew; with it go: {lost}. Type {STREAM} to go on: "), STREAM)?;
    }
    let pool = connect::as_role(settings, LOG_ROLE).await?;
    let bar = io::stderr().is_terminal().then(|| {
        ProgressBar::new(0)
            .with_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()))
    });
    let remade = relay::rebuild(settings, &pool, |last, head| {
        if let Some(bar) = &bar {
            bar.set_length(head.unsigned_abs());
            bar.set_position(last.unsigned_abs());
        }
    })
    .await?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    output.print(&remade, |remade| {
        let count = HumanCount((remade.last - remade.first + 1).unsigned_abs());
        let mut text = format!("made {} anew: {count} events, from {} to {}", remade.stream, remade.first, remade.last);
        if !remade.lost_consumers.is_empty() {
            text.push_str(&format!("\nto be made again: {}", remade.lost_consumers.join(", ")));
        }
        text
    })
}

async fn checked(settings: &Settings, output: Output) -> Result<(), Failure> {
    let pool = connect::as_role(settings, LOG_ROLE).await?;
    let checked = relay::check(settings, &pool).await?;
    output.print(&checked, compared)?;
    if checked.sound {
        return Ok(());
    }
    Err(Failure::Unhealthy(
        "the stream is not what the log says; running workers make anew what they find wrong, see their log, and `admin relay rebuild` does it in any case".into(),
    ))
}

fn compared(checked: &relay::Checked) -> String {
    let report = &checked.report;
    let verdict = if checked.sound { "sound" } else { "not what the log says" };
    let mut facts = vec![
        (
            "stream",
            if report.exists {
                format!("{}: {verdict}", report.stream)
            } else {
                format!("{} does not exist", report.stream)
            },
        ),
        ("epoch", report.epoch.to_string()),
        ("log", format!("ends at {}", report.head)),
    ];
    if report.exists {
        facts.push((
            "sequences",
            format!("{} to {}, {} messages, {} bytes", report.first, report.last, report.messages, report.bytes),
        ));
        facts.push(("behind", report.lag.to_string()));
        facts.push(("compared", report.compared.to_string()));
        facts.push(("missing", report.missing.to_string()));
        facts.push(("wrong", report.wrong.to_string()));
    }
    let mut lines: Vec<String> = facts.iter().map(|(name, value)| format!("{name:<10} {value}")).collect();
    lines.extend(report.wrong_messages.iter().map(|wrong| format!("  {}: {}", wrong.sequence, wrong.reason)));
    lines.join("\n")
}
