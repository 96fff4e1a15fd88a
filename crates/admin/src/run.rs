//! `main`: from the command line to the exit code.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use indicatif::ProgressBar;
use tidemark_engine::{LOG_ROLE, PROJECTION_ROLE};
use tidemark_runtime::{Settings, init_logs};

use crate::cli::{Asked, Cli, Command, CreateTenant, CreateUser, Keys, Migrate, People, Projections, Tenants, Users};
use crate::effects;
use crate::output::{Output, table};
use crate::projections::Position;
use crate::tenants::{Creation, ListedTenant, NewTenant};
use crate::users::NewUser;
use crate::{
    Failure, Operator, connect, deletion, doctor, epoch, former, keys, manual, migrate, of_events, of_relay, operator,
    output, password, people, projections, rebuild, tenants, users,
};

/// Runs `admin` with the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output { json: cli.json };
    match start(cli, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.complain(&failure);
            ExitCode::from(failure.exit() as u8)
        }
    }
}

fn start(cli: Cli, output: Output) -> Result<(), Failure> {
    let command = match cli.asked {
        Asked::OfItself(manual) => return manual::tell(&manual),
        Asked::OfInstallation(command) => command,
    };
    let settings = Settings::load_for_operator(cli.config.as_deref())?;
    init_logs(&for_a_person(settings.clone()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(command, cli.config.as_deref(), &settings, output))
}

/// An operator is told by output and exit code; the log of what happens inside is for those who ask for it.
fn for_a_person(mut settings: Settings) -> Settings {
    if settings.log_filter == "info" {
        settings.log_filter = "off".to_owned();
    }
    settings
}

async fn run(command: Command, config: Option<&Path>, settings: &Settings, output: Output) -> Result<(), Failure> {
    match command {
        Command::Migrate(asked) => migrated(&asked, settings, output).await,
        Command::Tenants(command) => of_tenants(command, settings, output).await,
        Command::Users(command) => of_users(command, settings, output).await,
        Command::People(People::Erase { tenant, user, yes }) => erased(&tenant, &user, yes, settings, output).await,
        Command::Keys(Keys::Rotate(rotate)) => keys::run(&rotate, settings, output).await,
        Command::Projections(command) => of_projections(command, settings, output).await,
        Command::Policies(command) => effects::of_policies(command, settings, output).await,
        Command::DeadLetters(command) => effects::of_dead_letters(command, settings, output).await,
        Command::Events(command) => of_events::run(command, settings, output).await,
        Command::Relay(command) => of_relay::run(command, settings, output).await,
        Command::Epoch(command) => epoch::run(command, settings, output).await,
        Command::Doctor => examined(config, settings, output).await,
    }
}

async fn migrated(asked: &Migrate, settings: &Settings, output: Output) -> Result<(), Failure> {
    let progress = if output.json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    progress.enable_steady_tick(Duration::from_millis(100));
    let told = |step: &str| progress.set_message(step.to_owned());
    let done = match asked.read_models_here {
        true => migrate::migrate_with_read_models_here(settings, told).await,
        false => migrate::migrate_with(settings, told).await,
    };
    progress.finish_and_clear();
    output.print(&done?, |done| {
        if done.is_nothing() {
            return "nothing to do: roles, migrations, projections and policies are all there".to_owned();
        }
        let mut lines: Vec<String> = Vec::new();
        lines.extend(done.roles.iter().map(|role| format!("made role {role}")));
        lines.extend(done.password_set.then(|| "set the roles' password to that of the settings".to_owned()));
        lines.extend(done.migrations.iter().map(|migration| format!("ran migration {migration}")));
        let of_read_models = done.read_migrations.iter();
        lines.extend(of_read_models.map(|migration| format!("ran migration {migration} in the read models' database")));
        lines.extend(
            (done.hashed_claims > 0).then(|| format!("hashed {} claim(s) of personal values", done.hashed_claims)),
        );
        lines.extend(done.projections.iter().map(|projection| format!("installed projection {projection}")));
        lines.extend(done.policies.iter().map(|policy| format!("installed policy {policy}")));
        lines.join("\n")
    })
}

async fn of_tenants(command: Tenants, settings: &Settings, output: Output) -> Result<(), Failure> {
    if let Tenants::List = command {
        let pool = connect::as_role(settings, LOG_ROLE).await?;
        return output.print(&tenants::list(&pool).await?, |all| listed(all));
    }
    if let Tenants::Delete(asked) = &command {
        return deletion::run(asked, settings, output).await;
    }
    // Asked for before anything is opened: a person may take their time.
    let new = match &command {
        Tenants::Create(create) => Some(new_tenant(create)?),
        _ => None,
    };
    let operator = Operator::open(settings).await?;
    let done = change_tenant(command, new, &operator, output).await;
    operator.close().await;
    done
}

fn new_tenant(create: &CreateTenant) -> Result<NewTenant, Failure> {
    Ok(NewTenant {
        slug: create.slug.clone(),
        name: create.name.clone(),
        admin_email: create.admin_email.clone(),
        admin_name: create.admin_name.clone(),
        admin_password: password::obtain(
            create.admin_password.clone(),
            create.admin_password_stdin,
            "--admin-password",
        )?,
    })
}

async fn change_tenant(
    command: Tenants,
    new: Option<NewTenant>,
    operator: &Operator,
    output: Output,
) -> Result<(), Failure> {
    let commands = operator.commands();
    match command {
        Tenants::Suspend { slug, reason } => {
            let changed = tenants::suspend(commands, &slug, reason.as_deref()).await?;
            let answer = serde_json::json!({ "tenant": slug, "status": "suspended", "changed": changed });
            output.print(&answer, |_| {
                if changed { format!("suspended {slug}") } else { format!("{slug} was suspended already") }
            })
        }
        Tenants::Reinstate { slug } => {
            let changed = tenants::reinstate(commands, &slug).await?;
            let answer = serde_json::json!({ "tenant": slug, "status": "active", "changed": changed });
            output.print(&answer, |_| {
                if changed { format!("reinstated {slug}") } else { format!("{slug} was not suspended") }
            })
        }
        Tenants::Create(_) | Tenants::List | Tenants::Delete(_) => {
            let Some(new) = new else { return Ok(()) };
            let slug = new.slug.clone();
            match tenants::create(commands, new).await? {
                Creation::Created(tenant) => output.print(&tenant, |tenant| {
                    format!("created tenant {} with admin {} ({})", tenant.tenant, tenant.admin_email, tenant.admin_id)
                }),
                Creation::Exists => {
                    Err(Failure::Refused(format!("there is a tenant `{slug}` already; nothing was changed")))
                }
            }
        }
    }
}

async fn of_users(command: Users, settings: &Settings, output: Output) -> Result<(), Failure> {
    let new = match &command {
        Users::Create(create) => Some(new_user(create)?),
        Users::SetRole { .. } => None,
    };
    let operator = Operator::open(settings).await?;
    let done = match command {
        Users::Create(_) => create_user(new, &operator, output).await,
        Users::SetRole { tenant, user, role } => set_role(&operator, &tenant, &user, role.into(), output).await,
    };
    operator.close().await;
    done
}

fn new_user(create: &CreateUser) -> Result<NewUser, Failure> {
    Ok(NewUser {
        tenant: create.tenant.clone(),
        email: create.email.clone(),
        name: create.name.clone(),
        role: create.role.into(),
        password: password::obtain(create.password.clone(), create.password_stdin, "--password")?,
    })
}

async fn create_user(new: Option<NewUser>, operator: &Operator, output: Output) -> Result<(), Failure> {
    let Some(new) = new else { return Ok(()) };
    let (tenant, email) = (new.tenant.clone(), new.email.clone());
    match users::create(operator.commands(), new).await? {
        Creation::Created(user) => output.print(&user, |user| {
            format!("created {} {} in {} ({})", user.role.as_str(), user.email, user.tenant, user.user_id)
        }),
        Creation::Exists => Err(Failure::Refused(format!(
            "tenant `{tenant}` has a user with the email `{email}` already; nothing was changed"
        ))),
    }
}

async fn set_role(
    operator: &Operator,
    tenant: &str,
    user: &str,
    role: tidemark_kernel::Role,
    output: Output,
) -> Result<(), Failure> {
    let changed = users::set_role(operator.commands(), tenant, user, role).await?;
    output.print(&changed, |changed| {
        let is = if changed.changed { "is now" } else { "was already" };
        format!("{user} {is} {} in {}", changed.role.as_str(), changed.tenant)
    })
}

async fn erased(tenant: &str, user: &str, yes: bool, settings: &Settings, output: Output) -> Result<(), Failure> {
    if !yes {
        confirm(&format!("Nobody will ever read the data of {user} in {tenant} again. Type {user} to go on: "), user)?;
    }
    let operator = Operator::open(settings).await?;
    let done = people::erase(operator.commands(), tenant, user).await;
    operator.close().await;
    output.print(&done?, |erased| {
        let key = erased.key_fingerprint.as_deref().unwrap_or("none; nothing was ever sealed");
        format!(
            "erased {} of {} at {}, position {}\n  key      {key}\n  events   {} have fields that nobody can open any more\n  claims   {} given back\n  secrets  {} deleted",
            erased.subject, erased.tenant, erased.erased_at, erased.position, erased.events, erased.claims, erased.secrets
        )
    })
}

/// Goes on only when a person at a terminal types `word`.
pub(crate) fn confirm(question: &str, word: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage("this cannot be undone: give `--yes` where nobody can be asked".into()));
    }
    write!(io::stderr(), "{question}")?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|_| Failure::Usage("standard input holds no text".into()))?;
    if line.trim() == word { Ok(()) } else { Err(Failure::Usage("not confirmed; nothing was changed".into())) }
}

async fn of_projections(command: Projections, settings: &Settings, output: Output) -> Result<(), Failure> {
    let command = match command {
        Projections::Rebuild(rebuild) => return rebuild::rebuild(rebuild, settings, output).await,
        Projections::Verify(verify) => return rebuild::verify(verify, settings, output).await,
        Projections::DropMoved => return former::drop_moved(settings, output).await,
        Projections::Remove { name, yes } => return former::remove(&name, yes, settings, output).await,
        other => other,
    };
    let databases = connect::roles(settings, PROJECTION_ROLE).await?;
    match command {
        Projections::List => output.print(&projections::all(&databases).await?, |all| positions(all)),
        Projections::Status { name } => {
            let shown = match name {
                Some(name) => vec![projections::one(&databases, &name).await?],
                None => projections::all(&databases).await?,
            };
            output.print(&shown, |shown| standing(shown))?;
            let unsound: Vec<&str> =
                shown.iter().filter(|position| !position.is_sound()).map(|position| position.name.as_str()).collect();
            if unsound.is_empty() {
                return Ok(());
            }
            Err(Failure::Unhealthy(format!(
                "not all is taken in by {}; mend the cause, then `admin projections retry NAME` for a stall, `admin migrate` for what is not installed",
                unsound.join(", ")
            )))
        }
        Projections::Skip { name, tenant, reason, by } => {
            let operator = by.unwrap_or_else(operator::who);
            let skipped = projections::skip(&databases, &name, &tenant, &reason, &operator).await?;
            output.print(&skipped, |skipped| {
                format!(
                    "let {} pass over {} {} at position {} of {}; its worker goes on behind it",
                    skipped.projection, skipped.event_type, skipped.event_id, skipped.position, skipped.tenant
                )
            })
        }
        Projections::Rebuild(_) | Projections::Verify(_) | Projections::DropMoved | Projections::Remove { .. } => {
            Ok(())
        }
        Projections::Retry { name, tenant } => {
            let name = projections::one(&databases, &name).await?.name;
            let stalls = projections::retry(&databases, &name, tenant.as_deref()).await?;
            let answer = serde_json::json!({ "projection": name, "tenant": tenant, "requested": stalls });
            output.print(&answer, |_| match stalls {
                0 => format!("nothing to retry: {name} has not stopped"),
                n => format!("asked for another try of {n} stalled tenant(s); `admin projections status {name}` shows what comes of it"),
            })
        }
    }
}

async fn examined(config: Option<&Path>, settings: &Settings, output: Output) -> Result<(), Failure> {
    let report = doctor::examine(config, settings).await;
    let colours = output::takes_colours();
    output.print(&report, |report| report.lines(colours))?;
    if report.healthy {
        return Ok(());
    }
    Err(Failure::Unhealthy("at least one check failed".into()))
}

fn listed(tenants: &[ListedTenant]) -> String {
    if tenants.is_empty() {
        return "there are no tenants yet; `admin tenants create` makes one".to_owned();
    }
    let row = |tenant: &ListedTenant| {
        let reason = tenant.suspension_reason.clone().unwrap_or_default();
        vec![tenant.tenant.clone(), tenant.name.clone(), tenant.status.clone(), tenant.created_at.to_string(), reason]
    };
    table(&["TENANT", "NAME", "STATUS", "CREATED", "REASON"], tenants.iter().map(row))
}

fn positions(all: &[Position]) -> String {
    let row = |position: &Position| {
        let version = position.version.map_or_else(|| "-".to_owned(), |version| version.to_string());
        vec![
            position.name.clone(),
            version,
            position.state().to_owned(),
            position.lag.to_string(),
            position.stalls.len().to_string(),
        ]
    };
    table(&["PROJECTION", "VERSION", "STATE", "LAG", "STALLS"], all.iter().map(row))
}

fn standing(shown: &[Position]) -> String {
    let row = |position: &Position| {
        let version = position.version.map_or_else(|| "-".to_owned(), |version| version.to_string());
        let (holder, until) = match &position.lease {
            Some(lease) => (lease.holder.to_string(), lease.until.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            None => ("-".to_owned(), "-".to_owned()),
        };
        let numbers = [position.checkpoint, position.head, position.lag].map(|number| number.to_string());
        [vec![position.name.clone(), version, position.state().to_owned()], numbers.to_vec(), vec![holder, until]]
            .concat()
    };
    let mut text = table(
        &["PROJECTION", "VERSION", "STATE", "CHECKPOINT", "HEAD", "LAG", "LEASE", "UNTIL"],
        shown.iter().map(row),
    );
    for position in shown {
        for stall in &position.stalls {
            text.push_str(&format!(
                "\n\n{} has stopped for {} at position {}: {} {}\n  error     {}\n  attempts  {}\n  since     {}",
                position.name,
                stall.tenant,
                stall.position,
                stall.event_type,
                stall.event_id,
                printable(&stall.error),
                stall.attempts,
                stall.since.format("%Y-%m-%dT%H:%M:%SZ")
            ));
            if let Some(at) = stall.retry_requested_at {
                text.push_str(&format!("\n  retry     asked for at {}", at.format("%Y-%m-%dT%H:%M:%SZ")));
            }
        }
        for skip in &position.skips {
            text.push_str(&format!(
                "\n\n{} passes over position {} of {}: {} {}\n  error     {}\n  reason    {}\n  by        {} at {}",
                position.name,
                skip.position,
                skip.tenant,
                skip.event_type,
                skip.event_id,
                printable(&skip.error),
                printable(&skip.reason),
                printable(&skip.skipped_by),
                skip.skipped_at.format("%Y-%m-%dT%H:%M:%SZ")
            ));
        }
        if let Some(run) = &position.last_run {
            text.push_str(&format!(
                "\n\n{}: {} {} by {}, {} at position {} since {}",
                position.name,
                run.purpose,
                run.run,
                printable(&run.started_by),
                run.state,
                run.position,
                run.updated_at.format("%Y-%m-%dT%H:%M:%SZ")
            ));
        }
    }
    text
}

/// What came from outside must not steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
