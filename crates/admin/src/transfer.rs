//! A tenant into a file, and from a file into this database.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};
use secrecy::ExposeSecret;
use serde::Serialize;
use sqlx::PgPool;
use tidemark_content::{Post, PostEvent};
use tidemark_engine::transfer::{self, Exported, Imported, Incoming, People, Progress, Secrets, TransferError};
use tidemark_engine::{LOG_ROLE, WORK_ROLE, personal};
use tidemark_identity::{User, UserEvent};
use tidemark_kernel::cqrs_es::Aggregate;
use tidemark_kernel::{Event, Root, TenantId};
use tidemark_runtime::Settings;
use tidemark_tenancy::{ServiceToken, ServiceTokenEvent, Tenant, TenantEvent, TenantStatus};

use crate::operator::ensure_secret;
use crate::output::Output;
use crate::{Failure, connect, password, tenants};

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);
const BAR: &str = "{msg} [{bar:30}] {human_pos}/{human_len} {per_sec}, {eta} left";

/// `admin events export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The tenant
    #[arg(long)]
    pub(crate) tenant: String,
    /// The file to make, or `-` for standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Takes people's keys, passwords' hashes and remembered answers along, sealed by a passphrase (needs `secret`)
    #[arg(long)]
    pub(crate) with_secrets: bool,
    /// The file whose first line is the passphrase; without it, it is asked for
    #[arg(long, value_name = "FILE", requires = "with_secrets")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

impl Export {
    fn is_to_stdout(&self) -> bool {
        self.output == Path::new("-")
    }
}

/// `admin events import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file, or `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// The tenant that it must be of
    #[arg(long)]
    pub(crate) tenant: String,
    /// The file whose first line is the passphrase; without it, it is asked for where the file has secrets
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Takes a file without keys: nobody in it can be read any more, as if everybody had been erased
    #[arg(long, conflicts_with = "passphrase_file")]
    pub(crate) forget_people: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WrittenFile {
    tenant: String,
    file: String,
    with_secrets: bool,
    #[serde(flatten)]
    pub(crate) exported: Exported,
    /// Whether it takes no changes meanwhile; what changes now is not in the file.
    suspended: bool,
    /// Effects that are still to be carried out, and policies that have not come to its end: neither travels along.
    pending_effects: i64,
    policies_behind: i64,
}

pub(crate) async fn export(asked: &Export, settings: &Settings, output: Output) -> Result<(), Failure> {
    let written = write(asked, settings).await?;
    if asked.is_to_stdout() { output.print_aside(&written, told) } else { output.print(&written, told) }
}

/// Writes the file that was asked for.
pub(crate) async fn write(asked: &Export, settings: &Settings) -> Result<WrittenFile, Failure> {
    let passphrase = match asked.with_secrets {
        true => {
            ensure_secret(settings)?;
            Some(password::new_passphrase(asked.passphrase_file.as_deref())?)
        }
        false => None,
    };
    let pool = connect::as_role(settings, LOG_ROLE).await?;
    let tenant = tenants::existing(&pool, &asked.tenant).await?;
    let masters: Vec<[u8; 32]> =
        [Some(settings.derive_key(personal::PURPOSE)), settings.derive_previous_key(personal::PURPOSE)]
            .into_iter()
            .flatten()
            .collect();
    let request = transfer::Export {
        tenant: tenant.as_str(),
        personal_claims: User::PERSONAL_CLAIMS,
        secrets: passphrase
            .as_ref()
            .map(|passphrase| Secrets { passphrase: passphrase.expose_secret(), masters: &masters }),
    };
    let exported = if asked.is_to_stdout() {
        let out = BufWriter::new(io::stdout().lock());
        transfer::export(&pool, request, out, shown("exporting")).await?
    } else {
        into_file(&pool, request, &asked.output).await?
    };
    let (pending_effects, policies_behind) = left_behind(settings, &pool, &tenant).await?;
    Ok(WrittenFile {
        tenant: tenant.to_string(),
        file: asked.output.display().to_string(),
        with_secrets: asked.with_secrets,
        exported,
        suspended: is_suspended(&pool, &tenant).await?,
        pending_effects,
        policies_behind,
    })
}

/// A file is there whole or not at all: it gets its name at the end.
async fn into_file(pool: &PgPool, request: transfer::Export<'_>, path: &Path) -> Result<Exported, Failure> {
    let failed = |error: io::Error| Failure::Failed(format!("cannot write {}: {error}", path.display()));
    if path.try_exists().map_err(failed)? {
        return Err(Failure::Refused(format!("{} is there already; nothing was exported", path.display())));
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part).map_err(failed)?;
    let written = transfer::export(pool, request, BufWriter::new(&file), shown("exporting")).await;
    let ended = match written {
        Ok(exported) => file.sync_all().and_then(|()| fs::rename(&part, path)).map(|()| exported).map_err(failed),
        Err(error) => Err(error.into()),
    };
    if ended.is_err() {
        // What is left of it is refused by every import; that it cannot be removed either matters less than why.
        drop(fs::remove_file(&part));
    }
    ended
}

async fn is_suspended(pool: &PgPool, tenant: &TenantId) -> Result<bool, Failure> {
    Ok(tenants::state_of(pool, tenant).await?.status == TenantStatus::Suspended)
}

async fn left_behind(settings: &Settings, pool: &PgPool, tenant: &TenantId) -> Result<(i64, i64), Failure> {
    let last: Option<i64> = sqlx::query_scalar("select max(position) from log.events where tenant_id = $1")
        .bind(tenant.as_str())
        .fetch_one(pool)
        .await?;
    let work = connect::as_role(settings, WORK_ROLE).await?;
    Ok(sqlx::query_as(
        "select (select count(*) from work.effects where tenant_id = $1 and state in ('pending', 'dead')), \
                (select count(*) from work.policies where position < $2)",
    )
    .bind(tenant.as_str())
    .bind(last)
    .fetch_one(&work)
    .await?)
}

pub(crate) fn told(written: &WrittenFile) -> String {
    let Exported { events, claims, people, erased, secrets, answers, sealed_events, bytes } = written.exported;
    let mut lines = vec![format!(
        "exported {}: {} events and {} claims, {} to {}",
        written.tenant,
        HumanCount(events.unsigned_abs()),
        HumanCount(claims.unsigned_abs()),
        HumanBytes(bytes),
        written.file
    )];
    if written.with_secrets {
        lines.push(format!(
            "  secrets  the keys of {people} people, {secrets} secrets and {answers} answers, for whoever has the passphrase"
        ));
    } else if sealed_events > 0 {
        lines.push(format!(
            "  people   the personal data in {sealed_events} events is sealed, and this file has no keys: nobody can read it, and an import needs --forget-people. Export --with-secrets to move the people too"
        ));
    }
    if erased > 0 {
        lines.push(format!("  erased   {erased} people, who stay unreadable"));
    }
    if !written.suspended {
        lines.push(format!(
            "  beware   {0} is not suspended: what happens there from now on is not in the file. To move it, run `admin tenants suspend {0}` first",
            written.tenant
        ));
    }
    if written.pending_effects > 0 || written.policies_behind > 0 {
        lines.push(format!(
            "  beware   {} effects are still to be carried out here, and {} policies have not seen all of it: neither travels along. Wait, then export again",
            written.pending_effects, written.policies_behind
        ));
    }
    lines.join("\n")
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Arrived<'a> {
    tenant: &'a str,
    #[serde(flatten)]
    imported: Imported,
    suspended: bool,
}

pub(crate) async fn import(asked: Import, settings: &Settings, output: Output) -> Result<(), Failure> {
    ensure_secret(settings)?;
    let tenant: TenantId = asked
        .tenant
        .parse()
        .map_err(|error| Failure::Usage(format!("`{}` cannot be a tenant's key: {error}", asked.tenant)))?;
    if asked.input == Path::new("-") {
        return arrive(&asked, &tenant, io::stdin().lock(), settings, output).await;
    }
    let file = File::open(&asked.input)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", asked.input.display())))?;
    arrive(&asked, &tenant, BufReader::with_capacity(1 << 18, file), settings, output).await
}

async fn arrive(
    asked: &Import,
    tenant: &TenantId,
    input: impl BufRead,
    settings: &Settings,
    output: Output,
) -> Result<(), Failure> {
    let incoming = Incoming::open(input)?;
    let passphrase = match incoming.has_secrets() && incoming.tenant() == tenant.as_str() {
        true if asked.forget_people => {
            return Err(Failure::Usage("the file has people's keys, so nobody need be forgotten".into()));
        }
        true => Some(password::passphrase(asked.passphrase_file.as_deref())?),
        false => None,
    };
    let owner = connect::as_owner(settings).await?;
    let request = transfer::Import {
        tenant: tenant.as_str(),
        passphrase: passphrase.as_ref().map(ExposeSecret::expose_secret),
        master: settings.derive_key(personal::PURPOSE),
        people: if asked.forget_people { People::Forgotten } else { People::Kept },
        is_known: &is_known,
    };
    let imported = incoming.import(&owner, request, shown("importing")).await?;
    let suspended = is_suspended(&owner, tenant).await?;
    output.print(&Arrived { tenant: tenant.as_str(), imported, suspended }, |arrived| {
        let Imported { events, after, claims, people, erased, secrets, answers } = arrived.imported;
        let mut text = format!(
            "imported {tenant}: {events} events at positions {} to {}, {claims} claims\n  people   {people} can be read, {erased} cannot\n  secrets  {secrets}, and {answers} answers that may be asked for again",
            after + 1,
            after + events
        );
        if arrived.suspended {
            text.push_str(&format!("\n{tenant} is suspended: `admin tenants reinstate {tenant}` serves it here, once `admin projections status` shows no lag"));
        }
        text
    })
}

/// Whether this build has the event, in that version of its shape.
pub(crate) fn is_known(aggregate_type: &str, event_type: &str, event_version: &str) -> bool {
    match aggregate_type {
        Tenant::TYPE => TenantEvent::is_known(event_type, event_version),
        User::TYPE => UserEvent::is_known(event_type, event_version),
        ServiceToken::TYPE => ServiceTokenEvent::is_known(event_type, event_version),
        Post::TYPE => PostEvent::is_known(event_type, event_version),
        _ => false,
    }
}

impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::Database(error) => error.into(),
            TransferError::Keys(error) => error.into(),
            TransferError::File(_) => Self::Failed(error.to_string()),
            TransferError::NoTenant(_) => Self::NotFound(error.to_string()),
            TransferError::NoPassphrase | TransferError::WrongPassphrase => Self::Usage(error.to_string()),
            TransferError::Foreign
            | TransferError::OtherFormat(_)
            | TransferError::Truncated { .. }
            | TransferError::Damaged { .. }
            | TransferError::Contradiction(_) => Self::Unhealthy(format!("{error}; nothing was imported")),
            TransferError::NoKeys(_) => Self::Refused(format!(
                "{error}; export it --with-secrets, or import it with --forget-people; nothing was imported"
            )),
            TransferError::OtherTenant { .. }
            | TransferError::Present { .. }
            | TransferError::KeysPresent(_)
            | TransferError::UnknownEvent { .. } => Self::Refused(format!("{error}; nothing was imported")),
        }
    }
}

/// Shows progress on standard error: a bar at a terminal, a line now and then elsewhere.
fn shown(doing: &'static str) -> impl FnMut(Progress) {
    let bar = io::stderr().is_terminal().then(|| {
        let bar = ProgressBar::new(0);
        bar.set_style(ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(doing);
        bar
    });
    let mut last = Instant::now();
    move |progress| match (&bar, progress) {
        (Some(bar), Progress::Events { done, total }) => {
            bar.set_length(total.unsigned_abs());
            bar.set_position(done.unsigned_abs());
        }
        (Some(bar), Progress::Appending) => bar.set_message("appending"),
        (None, Progress::Events { done, total }) if done < total && last.elapsed() >= EVERY => {
            last = Instant::now();
            let (done, total) = (HumanCount(done.unsigned_abs()), HumanCount(total.unsigned_abs()));
            // Nobody is left to be told when this fails.
            drop(writeln!(io::stderr(), "{doing}: {done} of {total}"));
        }
        (None, _) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A type that was published once can be in any log and in any file.
    #[test]
    fn every_event_that_was_ever_published_is_known() {
        let mut seen = 0;
        for module in ["content", "identity", "tenancy"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(module).join("golden");
            for entry in fs::read_dir(folder).expect("golden files") {
                let name = entry.expect("an entry").file_name().into_string().expect("a name");
                let mut words = name.split('.');
                let (event_type, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                let version = version.strip_prefix('v').unwrap_or_default();
                let is_known = [Tenant::TYPE, ServiceToken::TYPE, User::TYPE, Post::TYPE]
                    .iter()
                    .any(|of| is_known(of, event_type, version));
                assert!(is_known, "{module}/{name} is of an event that the code has lost");
                seen += 1;
            }
        }
        assert!(seen > 20);
        assert!(!is_known("post", "UserErased", "1") && !is_known("post", "PostCreated", "99"));
    }
}
