//! The commands `policies` and `dead-letters`: from the command line to what is printed.

use chrono::{DateTime, Utc};
use tidemark_engine::effects::Which;
use tidemark_engine::policy::{Removal, remove};
use tidemark_engine::{LOG_ROLE, WORK_ROLE};
use tidemark_runtime::Settings;

use crate::cli::{DeadLetters, Of, Policies};
use crate::output::{Output, table};
use crate::policies::{Letter, Position};
use crate::run::{confirm, printable};
use crate::{Failure, connect, operator, policies};

pub(crate) async fn of_policies(command: Policies, settings: &Settings, output: Output) -> Result<(), Failure> {
    let name = match command {
        Policies::Status { name } => name,
        Policies::Remove { name, by, yes } => return removed(&name, by, yes, settings, output).await,
    };
    let work = connect::as_role(settings, WORK_ROLE).await?;
    let log = connect::as_role(settings, LOG_ROLE).await?;
    let shown = match name {
        Some(name) => vec![policies::one(&work, &log, &name).await?],
        None => policies::all(&work, &log).await?,
    };
    output.print(&shown, |shown| standing(shown))?;
    let unsound: Vec<&str> =
        shown.iter().filter(|position| !position.is_sound()).map(|position| position.name.as_str()).collect();
    if unsound.is_empty() {
        return Ok(());
    }
    Err(Failure::Unhealthy(format!(
        "something of {} waits for you; see `admin dead-letters list`, and run `admin migrate` for what is not installed",
        unsound.join(", ")
    )))
}

async fn removed(
    name: &str,
    by: Option<String>,
    yes: bool,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let owner = connect::as_owner(settings).await?;
    if policies::one(&owner, &owner, name).await?.known {
        return Err(Failure::Refused(format!("this version runs {name}, so it stays; nothing was removed")));
    }
    if !yes {
        confirm(&format!("What {name} had still wanted is never done. Type {name} to go on: "), name)?;
    }
    match remove(&owner, name, &by.unwrap_or_else(operator::who)).await? {
        Removal::Done { dropped } => output.print(&serde_json::json!({ "policy": name, "dropped": dropped }), |_| {
            format!("removed {name}, and dropped {dropped} effect(s) that it had still wanted")
        }),
        Removal::Held => Err(Failure::Refused(format!(
            "somebody runs {name}: stop the version that knows it first; nothing was removed"
        ))),
        Removal::Absent => Err(Failure::NotFound(format!("{name} is not installed; nothing was removed"))),
    }
}

pub(crate) async fn of_dead_letters(command: DeadLetters, settings: &Settings, output: Output) -> Result<(), Failure> {
    let work = connect::as_role(settings, WORK_ROLE).await?;
    match command {
        DeadLetters::List { of, lines } => {
            output.print(&policies::dead_letters(&work, &which(of), lines).await?, |letters| listed(letters))
        }
        DeadLetters::Show { id } => output.print(&policies::letter(&work, id).await?, whole),
        DeadLetters::Retry { id, all: _, of } => {
            let retried = policies::retry(&work, &Which { id, ..which(of) }).await?;
            output.print(&serde_json::json!({ "retried": retried }), |_| match retried {
                0 => "nothing to retry: there are no such dead letters".to_owned(),
                n => format!("{n} dead letter(s) will be tried again"),
            })
        }
        DeadLetters::Drop { id, reason, by } => {
            let by = by.unwrap_or_else(operator::who);
            policies::drop(&work, id, &by, &reason).await?;
            let answer = serde_json::json!({ "dropped": id, "by": by, "reason": reason });
            output.print(&answer, |_| format!("dropped {id}; what waited behind it goes on"))
        }
    }
}

fn which(of: Of) -> Which {
    Which { id: None, policy: of.policy, tenant: of.tenant }
}

fn standing(shown: &[Position]) -> String {
    let row = |position: &Position| {
        let numbers = [position.checkpoint, position.head, position.lag, position.pending, position.dead];
        let holder = position.holder.map_or_else(|| "-".to_owned(), |holder| holder.to_string());
        let numbers = numbers.map(|number| number.to_string());
        [vec![position.name.clone(), position.state().to_owned()], numbers.to_vec(), vec![holder]].concat()
    };
    table(&["POLICY", "STATE", "CHECKPOINT", "HEAD", "LAG", "PENDING", "DEAD", "LEASE"], shown.iter().map(row))
}

fn listed(letters: &[Letter]) -> String {
    if letters.is_empty() {
        return "there are no dead letters".to_owned();
    }
    let row = |letter: &Letter| {
        vec![
            letter.id.to_string(),
            letter.tenant.clone(),
            letter.kind.clone(),
            printable(&letter.key),
            letter.waiting.to_string(),
            letter.attempts.to_string(),
            printable(letter.error.as_deref().unwrap_or("-")),
        ]
    };
    table(&["ID", "TENANT", "KIND", "KEY", "WAITING", "ATTEMPTS", "ERROR"], letters.iter().map(row))
}

fn whole(letter: &Letter) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let settled = letter.settled_at.map_or_else(|| "-".to_owned(), at);
    let facts = [
        ("id", letter.id.to_string()),
        ("state", letter.state.clone()),
        ("policy", letter.policy.clone()),
        ("tenant", letter.tenant.clone()),
        ("kind", letter.kind.clone()),
        ("key", format!("{}, {} waiting behind it", letter.key, letter.waiting)),
        ("payload", letter.payload.get().to_owned()),
        ("event", format!("{} at position {}", letter.event_id, letter.position)),
        ("attempts", letter.attempts.to_string()),
        ("error", or_none(&letter.error)),
        ("note", or_none(&letter.note)),
        ("dropped by", or_none(&letter.dropped_by)),
        ("created", at(letter.created_at)),
        ("due", at(letter.due_at)),
        ("settled", settled),
    ];
    let lines = facts.iter().map(|(name, value)| printable(&format!("{name:<12} {value}")));
    lines.collect::<Vec<_>>().join("\n")
}

fn at(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
