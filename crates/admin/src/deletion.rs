//! The end of a tenant: asked for, called off, and done once its time has come and all of it was exported.

use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use clap::Args;
use indicatif::{HumanCount, ProgressBar};
use serde::Serialize;
use sqlx::PgPool;
use tidemark_commands::{Precondition, Transaction, step, transact};
use tidemark_engine::LOG_ROLE;
use tidemark_engine::database::Databases;
use tidemark_engine::deletion::{self, Awaited, Beginning, Deletion, Receipt, Step};
use tidemark_engine::transfer::Incoming;
use tidemark_kernel::{TenantId, Timestamp};
use tidemark_runtime::Settings;
use tidemark_tenancy::{TENANT_DELETED, Tenant, TenantCommand, TenantRefusal};
use uuid::Uuid;

use crate::operator::{now, scope_of};
use crate::output::Output;
use crate::run::confirm;
use crate::tenants::{change, existing, key, none, state_of};
use crate::transfer::{self, WrittenFile};
use crate::{Failure, Operator, connect, operator, policies, relay};

/// For so long, what nobody runs may be about to be run: a lease ends, and its next holder starts.
const HANDOVER: Duration = Duration::from_secs(10);
/// How long those may stand still that have to come to the tenant's end by themselves.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often they are looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);

/// `admin tenants delete`.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The tenant's key
    pub(crate) slug: String,
    /// How long it can still be called off: a number of d, h, m or s
    #[arg(long, value_name = "DELAY", default_value = "30d", value_parser = delay, conflicts_with_all = ["now", "cancel"])]
    pub(crate) after: TimeDelta,
    /// Calls the deletion off; the tenant stays suspended
    #[arg(long, conflicts_with_all = ["now", "export", "yes"])]
    pub(crate) cancel: bool,
    /// Deletes it, once its time has come; safe to run again after an interruption
    #[arg(long)]
    pub(crate) now: bool,
    /// Writes all of the tenant into this file; with --now, one that is there already must hold all of it
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
    /// Takes people's keys, passwords' hashes and remembered answers along, sealed by a passphrase
    #[arg(long, requires = "export")]
    pub(crate) with_secrets: bool,
    /// The file whose first line is the passphrase; without it, it is asked for
    #[arg(long, value_name = "FILE", requires = "with_secrets")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Deletes it though the export holds no keys, so that nobody can ever read what it says of people
    #[arg(long, requires_all = ["now", "export"])]
    pub(crate) forget_people: bool,
    /// Deletes it though nothing is kept
    #[arg(long, requires = "now", conflicts_with = "export")]
    pub(crate) without_export: bool,
    /// Leaves its messages in the stream until they are too old, instead of making the stream anew
    #[arg(long, requires = "now")]
    pub(crate) leave_stream: bool,
    /// Who asks for it, instead of the user of this process
    #[arg(long, value_name = "WHO", requires = "now")]
    pub(crate) by: Option<String>,
    /// Does not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

impl Delete {
    fn export_to(&self, output: &Path) -> transfer::Export {
        transfer::Export {
            tenant: self.slug.clone(),
            output: output.to_owned(),
            with_secrets: self.with_secrets,
            passphrase_file: self.passphrase_file.clone(),
        }
    }
}

/// A time to wait, as `30d`.
fn delay(text: &str) -> Result<TimeDelta, String> {
    let wrong = || "expected a number of d, h, m or s, as in 30d, and at most 3650d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        's' => 1,
        _ => return Err(wrong()),
    };
    let number: u32 = text.strip_suffix(unit).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    let delay = TimeDelta::seconds(i64::from(number) * seconds);
    if delay > TimeDelta::days(3_650) { Err(wrong()) } else { Ok(delay) }
}

pub(crate) async fn run(asked: &Delete, settings: &Settings, output: Output) -> Result<(), Failure> {
    if asked.now {
        return delete(asked, settings, output).await;
    }
    let operator = Operator::open(settings).await?;
    let done = if asked.cancel {
        call_off(asked, &operator, output).await
    } else {
        schedule(asked, settings, &operator, output).await
    };
    operator.close().await;
    done
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Scheduled<'a> {
    tenant: &'a str,
    status: &'static str,
    /// From when on it may be deleted.
    due_at: Timestamp,
    /// What was exported, with the deletion that is to come as its last event.
    export: Option<WrittenFile>,
}

async fn schedule(asked: &Delete, settings: &Settings, operator: &Operator, output: Output) -> Result<(), Failure> {
    let slug = &asked.slug;
    existing(operator.commands().pool(), slug).await?;
    if !asked.yes {
        confirm(&format!("{slug} is suspended now, and may be deleted for ever later. Type {slug} to go on: "), slug)?;
    }
    let at = now();
    let due_at = at.as_datetime().checked_add_signed(asked.after).map_or(at, Timestamp::new);
    change(operator.commands(), slug, "ScheduleTenantDeletion", TenantCommand::ScheduleDeletion { due_at, at }).await?;
    let export = match &asked.export {
        Some(file) => Some(transfer::write(&asked.export_to(file), settings).await?),
        None => None,
    };
    output.print(&Scheduled { tenant: slug, status: "suspended", due_at, export }, |scheduled| {
        let mut text = format!(
            "suspended {slug}; from {due_at} on `admin tenants delete {slug} --now` deletes it, and until that is run `--cancel` calls it off"
        );
        if let Some(export) = &scheduled.export {
            text.push_str(&format!("\n{}", transfer::told(export)));
        }
        text
    })
}

async fn call_off(asked: &Delete, operator: &Operator, output: Output) -> Result<(), Failure> {
    let slug = &asked.slug;
    let command = TenantCommand::CallOffDeletion { at: now() };
    let changed = change(operator.commands(), slug, "CallOffTenantDeletion", command).await?;
    output.print(&serde_json::json!({ "tenant": slug, "changed": changed }), |_| {
        if changed {
            format!("{slug} is not deleted, and still suspended: `admin tenants reinstate {slug}` serves it again")
        } else {
            format!("{slug} was not to be deleted")
        }
    })
}

async fn delete(asked: &Delete, settings: &Settings, output: Output) -> Result<(), Failure> {
    let slug = asked.slug.as_str();
    let tenant = key(slug).map_err(|_| none(slug))?;
    let databases = connect::owners(settings).await?;
    let owner = &databases.log;
    if deletion::find(owner, slug).await?.is_none() {
        begin(asked, &tenant, owner, settings).await?;
    }
    carry_through(&databases, slug).await?;
    let receipt = deletion::find(owner, slug).await?.ok_or_else(|| none(slug))?;
    if settings.nats_url.is_some() && !asked.leave_stream && receipt.stream_remade_at.is_none() {
        let pool = connect::as_role(settings, LOG_ROLE).await?;
        relay::rebuild(settings, &pool, |_, _| {}).await?;
    }
    let receipt = deletion::find(owner, slug).await?.ok_or_else(|| none(slug))?;
    output.print(&receipt, told)
}

/// Records that the tenant is deleted, and with that ends all that could still be recorded for it.
async fn begin(asked: &Delete, tenant: &TenantId, owner: &PgPool, settings: &Settings) -> Result<(), Failure> {
    let slug = tenant.as_str();
    existing(owner, slug).await?;
    ensure_due(owner, tenant).await?;
    let (through, holds_keys) = exported(asked, settings).await?;
    if let Some(through) = through {
        if last_event(owner, slug).await? != Some(through) {
            return Err(Failure::Refused(format!(
                "the export does not end with the last event of {slug}: either more has happened since, or it is from elsewhere; export it anew; nothing was deleted"
            )));
        }
        if !holds_keys && !asked.forget_people && has_keys(owner, slug).await? {
            return Err(Failure::Refused(
                "the export holds no keys, and without them nobody can read what it says of people: export anew --with-secrets, or give \
                 --forget-people; nothing was deleted"
                    .to_owned(),
            ));
        }
    }
    if !asked.yes {
        confirm(&format!("All of {slug} is deleted for ever. Type {slug} to go on: "), slug)?;
    }
    let asked_by = asked.by.clone().unwrap_or_else(operator::who);
    let change = deletion::begin(Beginning { kept: TENANT_DELETED, through, asked_by: &asked_by });
    let delete = step::<Tenant>(tenant, Precondition::Exists, TenantCommand::Delete { at: now() });
    let transaction =
        Transaction::default().with(delete).with_guard(change, || Box::new(TenantRefusal::ChangedSinceExport));
    let operator = Operator::open(settings).await?;
    let begun = transact(operator.commands(), &scope_of(tenant, "DeleteTenant"), transaction, |_| Vec::new()).await;
    operator.close().await;
    begun?;
    Ok(())
}

/// Told before an export is begun; the command itself decides.
async fn ensure_due(owner: &PgPool, tenant: &TenantId) -> Result<(), Failure> {
    match state_of(owner, tenant).await?.deletion_due_at {
        None => Err(Failure::Refused(format!("nobody has asked for the deletion of {tenant}: leave --now out first"))),
        Some(due_at) if now() < due_at => Err(Failure::Refused(format!(
            "{tenant} is not to be deleted before {due_at}; `admin tenants delete {tenant} --after 0s` brings that forward"
        ))),
        Some(_) => Ok(()),
    }
}

async fn last_event(owner: &PgPool, slug: &str) -> Result<Option<Uuid>, Failure> {
    let asked = "select event_id from log.events where tenant_id = $1 order by tenant_position desc limit 1";
    Ok(sqlx::query_scalar(asked).bind(slug).fetch_optional(owner).await?)
}

/// Whether anything of the tenant was ever sealed.
async fn has_keys(owner: &PgPool, slug: &str) -> Result<bool, Failure> {
    let asked = sqlx::query_scalar("select exists (select from log.tenant_keys where tenant_id = $1)").bind(slug);
    Ok(asked.fetch_one(owner).await?)
}

/// The last event of the export that was asked for, as it is read back from the disk, `None` when none was wanted; and whether
/// it holds the tenant's keys.
async fn exported(asked: &Delete, settings: &Settings) -> Result<(Option<Uuid>, bool), Failure> {
    let Some(path) = &asked.export else {
        return if asked.without_export {
            Ok((None, false))
        } else {
            Err(Failure::Usage("give `--export FILE`, or `--without-export` where nothing is to be kept".into()))
        };
    };
    if path == Path::new("-") {
        return Err(Failure::Usage("an export that is to be relied on goes into a file".into()));
    }
    let unreadable = |error: io::Error| Failure::Usage(format!("cannot read {}: {error}", path.display()));
    if !path.try_exists().map_err(unreadable)? {
        transfer::write(&asked.export_to(path), settings).await?;
    }
    let file = File::open(path).map_err(unreadable)?;
    let incoming = Incoming::open(BufReader::with_capacity(1 << 18, file))?;
    if incoming.tenant() != asked.slug {
        let found = incoming.tenant();
        return Err(Failure::Refused(format!("{} holds the tenant `{found}`; nothing was deleted", path.display())));
    }
    let holds_keys = incoming.has_secrets();
    let through = incoming.check().map_err(|error| {
        Failure::Unhealthy(format!("{}: {error}; export anew; nothing was deleted", path.display()))
    })?;
    Ok((Some(through), holds_keys))
}

/// Steps to the end.
async fn carry_through(databases: &Databases, slug: &str) -> Result<(), Failure> {
    let mut deletion = Deletion::resume(databases, slug).await?.ok_or_else(|| none(slug))?;
    let mut shown = Shown::new();
    let mut stands: Option<(Awaited, Instant)> = None;
    loop {
        let awaited = match deletion.step().await? {
            Step::Finished => return Ok(()),
            Step::WentOn => continue,
            Step::Removed { table, rows } => {
                shown.take(&table, rows);
                continue;
            }
            Step::Waits(awaited) => awaited,
        };
        let since = match &stands {
            Some((before, since)) if *before == awaited => *since,
            _ => Instant::now(),
        };
        if since.elapsed() > PATIENCE {
            return Err(Failure::Failed(format!(
                "{slug} is deleted, but its rows are not yet gone: it waits for {awaited}. Let the services run (`admin projections status`, `admin policies status`), then run this again"
            )));
        }
        if since.elapsed() > HANDOVER {
            ensure_known(databases, slug, &awaited).await?;
        }
        stands = Some((awaited, since));
        tokio::time::sleep(LOOK).await;
    }
}

/// What has no code any more would be waited for in vain. Only an operator knows whether another version still runs it.
async fn ensure_known(databases: &Databases, slug: &str, awaited: &Awaited) -> Result<(), Failure> {
    let Awaited::Readers { names, .. } = awaited else { return Ok(()) };
    let projections = tidemark_projections::status(databases).await?.into_iter();
    let projections = projections.filter(|one| one.code_version.is_none() && one.holder.is_none());
    let policies = policies::all(&databases.log, &databases.log).await?.into_iter();
    let policies = policies.filter(|one| !one.known && one.holder.is_none());
    let mut retired =
        projections.map(|one| ("projections", one.name)).chain(policies.map(|one| ("policies", one.name)));
    let Some((kind, name)) = retired.find(|(_, name)| names.contains(name)) else { return Ok(()) };
    Err(Failure::Refused(format!(
        "{slug} is deleted, but its rows are not yet gone: it waits for {name}, which this version does not know and nobody runs. \
         `admin {kind} remove {name}` where it is retired, or start the version that knows it; then run this again"
    )))
}

/// Progress on standard error: a spinner at a terminal, a line now and then elsewhere.
struct Shown {
    spinner: Option<ProgressBar>,
    last: Instant,
    rows: i64,
}

impl Shown {
    fn new() -> Self {
        Self { spinner: io::stderr().is_terminal().then(ProgressBar::new_spinner), last: Instant::now(), rows: 0 }
    }

    fn take(&mut self, table: &str, rows: i64) {
        self.rows += rows;
        let gone = HumanCount(self.rows.unsigned_abs());
        match &self.spinner {
            Some(spinner) => spinner.set_message(format!("deleting from {table}: {gone} rows are gone")),
            None if self.last.elapsed() >= EVERY => {
                self.last = Instant::now();
                // Nobody is left to be told when this fails.
                drop(writeln!(io::stderr(), "deleting from {table}: {gone} rows are gone"));
            }
            None => {}
        }
    }
}

fn told(receipt: &Receipt) -> String {
    let mut lines = vec![format!(
        "deleted {} at position {}, asked for by {}, at {}",
        receipt.tenant,
        receipt.position,
        crate::run::printable(&receipt.asked_by),
        Timestamp::new(receipt.begun_at)
    )];
    lines.extend(receipt.counts.iter().map(|(table, rows)| format!("  {table}  {}", HumanCount(rows.unsigned_abs()))));
    lines.push(match receipt.stream_remade_at {
        Some(at) => format!(
            "  the stream was made anew at {}; durable consumers on it have to be made again",
            Timestamp::new(at)
        ),
        None => {
            "  the stream was left as it is: `admin relay rebuild` takes the tenant's messages out of it".to_owned()
        }
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_a_number_with_its_unit() {
        assert_eq!(delay("30d"), Ok(TimeDelta::days(30)));
        assert_eq!(delay("0s"), Ok(TimeDelta::zero()));
        for wrong in ["", "30", "d", "-1d", "1.5h", "3651d", "99999999999d", "1w", "1ü"] {
            assert!(delay(wrong).is_err(), "{wrong}");
        }
    }
}
