//! The command line of `admin`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use tidemark_kernel::Role;
use uuid::Uuid;

use crate::{deletion, transfer};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: something is away or broke; trying again may help
  2  the command line or the settings are wrong; nothing was tried
  3  there is nothing of the name that was given
  4  a check has found something wrong (projections status, verify and rebuild, policies status, relay check, doctor)
  5  refused by a rule: it exists already, or it is the last of its kind

Settings come from the file and from TIDEMARK_* variables, as for the services. `migrate`, `projections
rebuild`, `verify`, `drop-moved` and `remove`, `policies remove`, `keys rotate`, `events import`, `epoch raise` and one check of `doctor` need the owner's database_url; all others connect as a
service role with role_password.";

/// Runs a Tidemark installation: schema, tenants, people, projections, log, stream.
#[derive(Debug, Parser)]
#[command(name = "admin", version, after_help = EXIT_CODES, max_term_width = 110)]
pub(crate) struct Cli {
    /// The settings file (TOML), instead of the one that TIDEMARK_CONFIG names
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Prints JSON for scripts; errors too, on standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) asked: Asked,
}

/// Whom a command is about.
#[derive(Debug, Subcommand)]
pub(crate) enum Asked {
    #[command(flatten)]
    OfInstallation(Command),
    #[command(flatten)]
    OfItself(Manual),
}

/// What `admin` tells of itself, wherever it lies.
#[derive(Debug, Subcommand)]
pub(crate) enum Manual {
    /// Prints the script that completes this command line in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Writes the manual pages, one for each command
    Man {
        /// The directory for them; made if it is missing
        #[arg(long, value_name = "DIR")]
        output: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes roles and tables that are missing; safe to run again (needs the owner's database_url)
    Migrate(Migrate),
    /// Tenants: makes, lists, suspends, reinstates and deletes them
    #[command(subcommand)]
    Tenants(Tenants),
    /// People of a tenant: makes them, gives them roles
    #[command(subcommand)]
    Users(Users),
    /// People as subjects of their data: erases it
    #[command(subcommand)]
    People(People),
    /// Keys: replaces those that wrap personal data, and the one that signs access tokens
    #[command(subcommand)]
    Keys(Keys),
    /// Read models: where they are, and why one has stopped
    #[command(subcommand)]
    Projections(Projections),
    /// Policies: where they are, and whether anything waits for an operator
    #[command(subcommand)]
    Policies(Policies),
    /// Effects that could not be carried out, and hold up those behind them
    #[command(subcommand)]
    DeadLetters(DeadLetters),
    /// The log itself
    #[command(subcommand)]
    Events(Events),
    /// The stream in NATS JetStream
    #[command(subcommand)]
    Relay(Relay),
    /// The log's epoch
    #[command(subcommand)]
    Epoch(Epoch),
    /// Checks everything that an installation needs, and says what to do; exit code 4 when something fails
    Doctor,
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Brings the read models back into the database of the log, where `read_database_url` had named another one
    #[arg(long)]
    pub(crate) read_models_here: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Tenants {
    /// Makes a tenant and its first admin: both or neither
    Create(CreateTenant),
    /// Lists all tenants, from the log itself
    List,
    /// Stops serving a tenant; nothing of it is lost
    Suspend {
        /// The tenant's key
        slug: String,
        /// Why, for the operators who come after
        #[arg(long)]
        reason: Option<String>,
    },
    /// Serves a suspended tenant again
    Reinstate {
        /// The tenant's key
        slug: String,
    },
    /// Suspends a tenant and lets all of it be deleted after a delay; with --now does that (needs the owner's database_url)
    Delete(deletion::Delete),
}

#[derive(Debug, Args)]
pub(crate) struct CreateTenant {
    /// The permanent key: a lower-case letter, then 1 to 38 of a-z, 0-9 and -
    #[arg(long)]
    pub(crate) slug: String,
    /// The display name
    #[arg(long)]
    pub(crate) name: String,
    /// The first admin's email
    #[arg(long, value_name = "EMAIL")]
    pub(crate) admin_email: String,
    /// What the first admin is called
    #[arg(long, value_name = "NAME", default_value = "Administrator")]
    pub(crate) admin_name: String,
    /// The first admin's password; others on this machine can see it in the list of processes
    #[arg(long, value_name = "PASSWORD", conflicts_with = "admin_password_stdin")]
    pub(crate) admin_password: Option<String>,
    /// Reads the password from the first line of standard input
    #[arg(long)]
    pub(crate) admin_password_stdin: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    /// Makes a person in a tenant
    Create(CreateUser),
    /// Gives a person another role; the last admin of a tenant stays one
    SetRole {
        /// The tenant's key
        #[arg(long)]
        tenant: String,
        /// The person's email or id
        #[arg(long, visible_alias = "email", value_name = "EMAIL|ID")]
        user: String,
        /// What the person may do from now on
        #[arg(long)]
        role: RoleName,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum People {
    /// Makes a person's data unreadable everywhere, for ever; an open account is deleted first
    Erase {
        /// The tenant's key
        #[arg(long)]
        tenant: String,
        /// The person's email or id; only the id finds somebody who was deleted
        #[arg(long, value_name = "EMAIL|ID")]
        user: String,
        /// Does not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Replaces keys; safe to run again after an interruption (needs the owner's database_url and the secret)
    Rotate(Rotate),
}

#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// Those that wrap the keys of personal data: a new one for every tenant, under the present secret
    #[arg(long, required_unless_present = "signing", conflicts_with = "signing")]
    pub(crate) data: bool,
    /// The key that signs access tokens: the next one is published now, signs after the lead, and ends nobody's token
    #[arg(long)]
    pub(crate) signing: bool,
    /// How long the next signing key is published before it signs; verifiers elsewhere may keep the keys for 300 s
    #[arg(long, value_name = "SECONDS", default_value_t = 600, requires = "signing", value_parser = clap::value_parser!(u64).range(10..=86_400))]
    pub(crate) lead: u64,
    /// Drops the keys of before at once, for one that was seen: every access token ends, and sessions go on by a refresh
    #[arg(long, requires = "signing", conflicts_with = "lead")]
    pub(crate) compromised: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CreateUser {
    /// The tenant's key
    #[arg(long)]
    pub(crate) tenant: String,
    /// The email
    #[arg(long)]
    pub(crate) email: String,
    /// What the person is called
    #[arg(long)]
    pub(crate) name: String,
    /// What the person may do
    #[arg(long, default_value = "member")]
    pub(crate) role: RoleName,
    /// The password; others on this machine can see it in the list of processes
    #[arg(long, conflicts_with = "password_stdin")]
    pub(crate) password: Option<String>,
    /// Reads the password from the first line of standard input
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    Admin,
    Editor,
    Member,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Admin => Self::Admin,
            RoleName::Editor => Self::Editor,
            RoleName::Member => Self::Member,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Projections {
    /// Lists all projections in short
    List,
    /// Shows checkpoint, lag, lease and stalls; exit code 4 when one is stalled, not installed or of another version
    Status {
        /// Only this one, as `content.posts`
        name: Option<String>,
    },
    /// Asks the worker to try the events again that a projection has stopped at
    Retry {
        /// The projection, as `content.posts`
        name: String,
        /// Only for this tenant
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Makes a read model anew from the log, beside the one that serves, and puts it in its place (needs the owner's database_url)
    Rebuild(Rebuild),
    /// Makes read models anew beside those that serve, and compares them; exit code 4 when they differ (needs the owner's database_url)
    Verify(Verify),
    /// Drops the read models that a move to `read_database_url` has left in the database of the log (needs the owner's database_url)
    DropMoved,
    /// Removes one whose code is gone, with its tables, so that no deletion waits for it (needs the owner's database_url)
    Remove {
        /// The projection, as `content.posts`
        name: String,
        /// Does not ask
        #[arg(long)]
        yes: bool,
    },
    /// Lets a projection pass over the event that it has stopped at for a tenant; recorded with who and why
    Skip {
        /// The projection, as `content.posts` or `posts`
        name: String,
        /// The tenant
        #[arg(long)]
        tenant: String,
        /// Why, for the operators who come after
        #[arg(long)]
        reason: String,
        /// Who does it, instead of the user of this process
        #[arg(long, value_name = "WHO")]
        by: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// The projection, as `content.posts` or `posts`
    pub(crate) name: String,
    /// Replaces only this tenant's rows, whether they differ or not
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// Swaps though rows differ from those that serve, or totals from the log; recorded
    #[arg(long)]
    pub(crate) accept_differences: bool,
    /// Throws away what an interrupted rebuild has left, instead of going on with it
    #[arg(long)]
    pub(crate) anew: bool,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    /// Lets the tables serve again that did before the last swap; the worker takes in what has come since
    #[arg(long, conflicts_with_all = ["tenant", "accept_differences", "anew", "throttle", "max_lag"])]
    pub(crate) rollback: bool,
    /// Drops the tables that are kept for a rollback
    #[arg(long, conflicts_with_all = ["tenant", "accept_differences", "anew", "throttle", "max_lag", "rollback"])]
    pub(crate) drop_former: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The projection, as `content.posts` or `posts`; without it, all
    pub(crate) name: Option<String>,
    /// All projections
    #[arg(long, conflicts_with = "name")]
    pub(crate) all: bool,
    /// Only this tenant's rows
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// Goes on for ever in the background: one tenant after the other, slowly; serves metrics at `metrics_listen`
    #[arg(long, conflicts_with = "tenant")]
    pub(crate) sample: bool,
    /// With --sample: ends when every tenant was looked at once
    #[arg(long, requires = "sample")]
    pub(crate) once: bool,
    /// With --sample: rests so many seconds between two tenants
    #[arg(long, requires = "sample", value_name = "SECONDS", default_value_t = 10)]
    pub(crate) every: u32,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct PaceArgs {
    /// Folds at most so many events a second
    #[arg(long, value_name = "EVENTS")]
    pub(crate) throttle: Option<NonZeroU32>,
    /// Rests while a projection that is being folded is behind the log by more than so many events
    #[arg(long, value_name = "EVENTS", value_parser = clap::value_parser!(i64).range(0..))]
    pub(crate) max_lag: Option<i64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policies {
    /// Shows checkpoint, lag, lease, pending effects and dead letters; exit code 4 when one has dead letters or is not installed
    Status {
        /// Only this one, as `identity.welcome`
        name: Option<String>,
    },
    /// Removes one whose code is gone, and drops what it had still wanted, so that no deletion waits for it (needs the owner's database_url)
    Remove {
        /// The policy, as `identity.welcome`
        name: String,
        /// Who does it, instead of the user of this process
        #[arg(long, value_name = "WHO")]
        by: Option<String>,
        /// Does not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetters {
    /// Lists them in the order of their events
    List {
        #[command(flatten)]
        of: Of,
        /// How many at most
        #[arg(short = 'n', long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=100_000))]
        lines: i64,
    },
    /// Shows one whole; also an effect that is not dead
    Show {
        /// Its id
        id: Uuid,
    },
    /// Has one tried again, or all; what waits behind it goes on when it is done
    Retry {
        /// Its id
        #[arg(required_unless_present = "all", conflicts_with_all = ["all", "policy", "tenant"])]
        id: Option<Uuid>,
        /// All of them, or all of a policy or a tenant
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        of: Of,
    },
    /// Gives one up, so that what waits behind it goes on; who and why is kept
    Drop {
        /// Its id
        id: Uuid,
        /// Why, for the operators who come after
        #[arg(long)]
        reason: String,
        /// Who decides it; by default whoever is signed in here
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// A part of the dead letters.
#[derive(Debug, Args)]
pub(crate) struct Of {
    /// Only those of this policy
    #[arg(long)]
    pub(crate) policy: Option<String>,
    /// Only those of this tenant
    #[arg(long)]
    pub(crate) tenant: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// Prints the last events, one a line; with --follow also those to come, until Ctrl-C
    Tail(Tail),
    /// Prints one event whole
    Show {
        /// Its position in the log, or its id
        #[arg(value_name = "POSITION|EVENT-ID")]
        which: String,
    },
    /// Writes all of a tenant into a file, with which it can move to another database
    Export(transfer::Export),
    /// Reads such a file to its end, and appends all of it or nothing (needs the owner's database_url)
    Import(transfer::Import),
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// Only events of this tenant
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// Only events of this type, as `PostPublished`
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
    /// All events after this position, instead of the last few
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..), conflicts_with = "lines")]
    pub(crate) after: Option<i64>,
    /// How many of the last events
    #[arg(short = 'n', long, default_value_t = 10, value_parser = clap::value_parser!(i64).range(0..=100_000))]
    pub(crate) lines: i64,
    /// Goes on with the events to come
    #[arg(short, long)]
    pub(crate) follow: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Relay {
    /// Compares the whole stream with the log; exit code 4 when they differ (needs nats_url and secret)
    Check,
    /// Makes the stream anew from the log, with the same sequences; durable consumers on it are lost (needs nats_url and secret)
    Rebuild {
        /// Does not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Epoch {
    /// Goes on after history was cut: refuses what is of the lost part, and rebuilds read models that show it (needs the owner's database_url)
    Raise {
        /// The last position that both histories have, where commands were accepted since the cut; without it, the end of the log
        #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
        fork: Option<i64>,
        /// Leaves the read models to `admin projections rebuild`; exit code 4 when there are any
        #[arg(long)]
        no_rebuild: bool,
        /// Does not ask
        #[arg(long)]
        yes: bool,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    /// What has no explanation, or one that is no single line.
    fn unexplained(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        let is_told = |text: Option<&clap::builder::StyledStr>| {
            text.is_some_and(|text| {
                let text = text.to_string();
                !text.contains('\n') && text.starts_with(char::is_uppercase) && !text.ends_with('.')
            })
        };
        if !is_told(command.get_about()) && path != "admin" {
            found.push(path.to_owned());
        }
        let arguments = command.get_arguments().filter(|argument| !is_told(argument.get_help()));
        found.extend(arguments.map(|argument| format!("{path} {}", argument.get_id())));
        for below in command.get_subcommands() {
            unexplained(below, &format!("{path} {}", below.get_name()), found);
        }
    }

    #[test]
    fn every_command_and_argument_is_explained_in_one_line() {
        let mut found = Vec::new();
        unexplained(&Cli::command(), "admin", &mut found);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn the_help_explains_every_exit_code() {
        for code in 0..=5 {
            assert!(EXIT_CODES.contains(&format!("\n  {code}  ")));
        }
    }
}
