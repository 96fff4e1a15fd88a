//! From `admin events ...` to what is printed.

use tidemark_engine::LOG_ROLE;
use tidemark_runtime::{Settings, signal_token};

use crate::cli::{Events, Tail};
use crate::events::{Filter, Shown};
use crate::output::Output;
use crate::run::printable;
use crate::{Failure, connect, events, transfer};

pub(crate) async fn run(command: Events, settings: &Settings, output: Output) -> Result<(), Failure> {
    match command {
        Events::Tail(tail) => tailed(tail, settings, output).await,
        Events::Show { which } => {
            let pool = connect::as_role(settings, LOG_ROLE).await?;
            let event = events::show(&pool, &which).await?;
            output.print(&event, whole)
        }
        Events::Export(asked) => transfer::export(&asked, settings, output).await,
        Events::Import(asked) => transfer::import(asked, settings, output).await,
    }
}

async fn tailed(tail: Tail, settings: &Settings, output: Output) -> Result<(), Failure> {
    let pool = connect::as_role(settings, LOG_ROLE).await?;
    let shutdown = signal_token().map_err(|error| Failure::Failed(error.to_string()))?;
    let filter = Filter { tenant: tail.tenant, event_type: tail.event_type };
    filter.ensure_known(&pool).await?;
    let print = |event| output.print_line(&Shown::from(event), in_short);
    let after = match tail.after {
        Some(after) => after,
        None => {
            // Read before the last events are, so that none falls between them and those to come.
            let head = tidemark_engine::log::head(&pool).await?;
            let last = events::last(&pool, &filter, head, tail.lines).await?;
            last.into_iter().try_for_each(print)?;
            head
        }
    };
    let mut reader = events::Tail::new(pool, filter, after);
    if tail.follow {
        return reader.follow(&shutdown, print).await;
    }
    while tail.after.is_some() && !shutdown.is_cancelled() {
        let page = reader.step().await?;
        if page.is_empty() {
            break;
        }
        page.into_iter().try_for_each(print)?;
    }
    Ok(())
}

fn in_short(event: &Shown) -> String {
    let actor = event.metadata.get("actor").map_or("-", String::as_str);
    printable(&format!(
        "{:>8}  {}  {}  {}  {}/{}  {actor}",
        event.position,
        event.recorded_at.format("%Y-%m-%dT%H:%M:%S%.3fZ"),
        event.tenant,
        event.event_type,
        event.aggregate_type,
        event.aggregate_id
    ))
}

fn whole(event: &Shown) -> String {
    let facts = [
        ("position", event.position.to_string()),
        ("event id", event.event_id.to_string()),
        ("type", format!("{} version {}", event.event_type, event.event_version)),
        ("tenant", format!("{}, its event {}", event.tenant, event.tenant_position)),
        ("aggregate", format!("{}/{}, sequence {}", event.aggregate_type, event.aggregate_id, event.sequence)),
        ("recorded at", event.recorded_at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()),
    ];
    let mut lines: Vec<String> = facts.iter().map(|(name, value)| printable(&format!("{name:<12} {value}"))).collect();
    lines.push("metadata".to_owned());
    lines.extend(event.metadata.iter().map(|(key, value)| printable(&format!("  {key:<14} {value}"))));
    lines.push("payload".to_owned());
    let payload: serde_json::Value = serde_json::from_str(event.payload.get()).unwrap_or_default();
    let pretty = serde_json::to_string_pretty(&payload).unwrap_or_else(|_| event.payload.get().to_owned());
    lines.extend(pretty.lines().map(|line| printable(&format!("  {line}"))));
    lines.join("\n")
}
