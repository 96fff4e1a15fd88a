//! A private Postgres: on a free loopback port, with a password, durable, and without a Unix socket (whose path
//! may be at most 107 bytes long, which a checkout's often is not).

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sqlx::{Connection, PgConnection};

use super::compose::{self, Compose};
use super::programs::{is_executable, on_path, version_in, version_line};
use super::{Durability, Server, Setup, packages};
use crate::children::{self, Plan};
use crate::place::Place;

/// The oldest major version that the log is tested with.
const OLDEST: u32 = 15;

/// A Postgres that is set up but not started.
#[derive(Debug)]
pub struct Prepared {
    /// The server.
    pub server: Server,
    /// Its container, when it is one.
    pub compose: Option<Compose>,
}

/// Finds or installs Postgres and makes its data directory.
pub async fn prepare(setup: &mut Setup<'_>) -> anyhow::Result<Prepared> {
    setup.progress.say("postgres: looking for it");
    let data = setup.place.servers.join("postgres");
    if let Some(compose) = Compose::existing(setup.place) {
        return prepare_container(setup, Some(compose));
    }
    let directory = match find_programs(wanted_version(&data)?) {
        Some(directory) => directory,
        None if compose::engine_answers() => return prepare_container(setup, None),
        None => install(setup)?,
    };
    let port = setup.ports.pick("postgres", None)?;
    let version = version_in(&version_line(&directory.join("postgres"))?);
    if !data.join("PG_VERSION").exists() {
        setup.progress.say("postgres: making a database cluster");
        initialise(setup, &directory).await?;
    }
    let mut args: Vec<OsString> = vec!["-D".into(), data.into()];
    args.extend(["-c".into(), format!("port={port}").into()]);
    for (key, value) in server_settings(setup.durability) {
        args.extend(["-c".into(), format!("{key}={value}").into()]);
    }
    args.extend(["-c".into(), "listen_addresses=127.0.0.1".into(), "-c".into(), "unix_socket_directories=".into()]);
    let plan = Plan::server(setup.place, "postgres", directory.join("postgres"), args);
    let server = Server {
        name: "postgres",
        url: url(&setup.secrets.owner_password, port),
        origin: format!("PostgreSQL {} from {}", version.first().unwrap_or(&0), directory.display()),
        plan: Some(plan),
    };
    Ok(Prepared { server, compose: None })
}

/// Waits until the database answers, and makes it when the cluster is new.
pub async fn wait_until_ready(url: &str, patience: Duration) -> anyhow::Result<()> {
    let deadline = Instant::now() + patience;
    loop {
        match connect(url).await {
            Ok(connection) => return Ok(connection.close().await?),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("3D000") => {
                create_database(url).await?;
            }
            Err(sqlx::Error::Database(error)) if error.code().as_deref() != Some("57P03") => {
                return Err(sqlx::Error::Database(error)).context("Postgres refuses us");
            }
            Err(error) if Instant::now() > deadline => return Err(error).context("Postgres does not answer"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Whether Postgres answered, but not to this password.
pub fn is_wrong_password(error: &anyhow::Error) -> bool {
    let cause = error.chain().find_map(|cause| cause.downcast_ref::<sqlx::Error>());
    cause.and_then(sqlx::Error::as_database_error).is_some_and(|error| error.code().as_deref() == Some("28P01"))
}

async fn connect(url: &str) -> Result<PgConnection, sqlx::Error> {
    match tokio::time::timeout(Duration::from_secs(5), PgConnection::connect(url)).await {
        Ok(answer) => answer,
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

/// Makes the database that a URL names, by way of the maintenance database beside it.
async fn create_database(url: &str) -> anyhow::Result<()> {
    let options: sqlx::postgres::PgConnectOptions = url.parse()?;
    let name = options.get_database().context("the database URL names no database")?.replace('"', "\"\"");
    let mut maintenance = PgConnection::connect_with(&options.database("postgres")).await?;
    sqlx::query(&format!("create database \"{name}\""))
        .execute(&mut maintenance)
        .await
        .context("cannot make the database")?;
    Ok(maintenance.close().await?)
}

fn url(password: &str, port: u16) -> String {
    format!("postgres://tidemark:{password}@127.0.0.1:{port}/tidemark")
}

/// What differs from Postgres' own defaults. Syncing stays on, except for a test run's throw-away cluster.
fn server_settings(durability: Durability) -> Vec<(&'static str, &'static str)> {
    let (durable, signing_in) = match durability {
        Durability::Durable => ("on", "1min"),
        // Dropping a database waits for whoever is signing in to any, and a test that ends then does not get on with it.
        Durability::Disposable => ("off", "15s"),
    };
    vec![
        ("fsync", durable),
        ("synchronous_commit", durable),
        ("full_page_writes", durable),
        ("authentication_timeout", signing_in),
        ("shared_buffers", "256MB"),
        ("max_connections", "400"),
        ("max_wal_size", "2GB"),
        ("timezone", "UTC"),
        ("log_line_prefix", "%m [%p] %q%u "),
    ]
}

/// The directory with `postgres` and `initdb`: of the wanted version, else on `PATH`, else the newest of Debian's places.
fn find_programs(wanted: Option<u32>) -> Option<PathBuf> {
    let on_path = on_path("postgres").and_then(|program| Some(program.canonicalize().ok()?.parent()?.to_path_buf()));
    let mut candidates: Vec<(u32, PathBuf)> = on_path
        .into_iter()
        .chain(installed_versions())
        .filter(|directory| is_executable(&directory.join("postgres")) && is_executable(&directory.join("initdb")))
        .filter_map(|directory| {
            Some((*version_in(&version_line(&directory.join("postgres")).ok()?).first()?, directory))
        })
        .filter(|(version, _)| *version >= OLDEST)
        .collect();
    if let Some(wanted) = wanted {
        candidates.retain(|(version, _)| *version == wanted);
    }
    candidates.into_iter().next().map(|(_, directory)| directory)
}

fn installed_versions() -> Vec<PathBuf> {
    let places = ["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
    let mut found: Vec<(u32, PathBuf)> = places
        .iter()
        .filter_map(|place| fs::read_dir(place).ok())
        .flat_map(|entries| entries.filter_map(Result::ok))
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix("postgresql@").unwrap_or(&name).parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .chain([(0, PathBuf::from("/usr/pgsql/bin"))])
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, directory)| directory).collect()
}

/// A data directory can only be read by the major version that made it.
fn wanted_version(data: &Path) -> anyhow::Result<Option<u32>> {
    let Ok(text) = fs::read_to_string(data.join("PG_VERSION")) else { return Ok(None) };
    let version: u32 = text.trim().parse().context("a broken PG_VERSION")?;
    if find_programs(Some(version)).is_none() {
        bail!(
            "{} was made by PostgreSQL {version}, which is not here any more; install it, or start with --fresh",
            data.display()
        );
    }
    Ok(Some(version))
}

fn install(setup: &Setup<'_>) -> anyhow::Result<PathBuf> {
    let hint = packages::hint("postgresql", "postgresql-server", "postgresql@17");
    let Some(installer) = packages::installer() else {
        bail!(
            "PostgreSQL is not on this machine, no Docker engine answers, and we may not install it. Run:\n\n    {hint}\n\nor name a server of yours with TIDEMARK_DATABASE_URL."
        );
    };
    setup.progress.say("postgres: installing the distribution's package");
    packages::install(installer, &["postgresql"], &setup.place.log("install"))?;
    find_programs(None).with_context(|| {
        format!(
            "the distribution's PostgreSQL is older than {OLDEST}; name a server of yours with TIDEMARK_DATABASE_URL"
        )
    })
}

fn prepare_container(setup: &mut Setup<'_>, existing: Option<Compose>) -> anyhow::Result<Prepared> {
    setup.progress.say("postgres: by Docker Compose");
    // The container of an earlier start may still hold its own port.
    if let Some(existing) = existing {
        existing.stop()?;
    }
    let port = setup.ports.pick("postgres", None)?;
    let password_file = setup.place.data.join("secrets/owner-password");
    let compose = Compose::describe(setup.place, port, &password_file, &server_settings(setup.durability))?;
    let server = Server {
        name: "postgres",
        url: url(&setup.secrets.owner_password, port),
        origin: "PostgreSQL by Docker Compose".to_owned(),
        plan: None,
    };
    Ok(Prepared { server, compose: Some(compose) })
}

async fn initialise(setup: &Setup<'_>, programs: &Path) -> anyhow::Result<()> {
    let place = setup.place;
    let password_dir = place.server_dir("postgres-setup")?;
    let password_file = password_dir.join("password");
    crate::files::write_private(&password_file, setup.secrets.owner_password.as_bytes())?;
    place.give(&password_file)?;
    // Not every system has this locale, and the plain one does not know that Ä is a capital ä.
    let mut outcome = Ok(());
    for locale in ["C.UTF-8", "C"] {
        // A cluster that was only half made is no cluster.
        crate::files::remove_tree(&place.servers.join("postgres"))?;
        let data = place.server_dir("postgres")?;
        outcome = children::run(initdb(place, programs, &data, &password_file, locale)).await;
        if outcome.is_ok() {
            break;
        }
    }
    crate::files::remove_tree(&password_dir)?;
    outcome
}

fn initdb(place: &Place, programs: &Path, data: &Path, password_file: &Path, locale: &str) -> Plan {
    let mut args: Vec<OsString> = vec!["-D".into(), data.into(), "-U".into(), "tidemark".into()];
    args.extend(
        ["-A", "scram-sha-256", "-E", "UTF8", "--locale", locale, "--no-sync", "--no-instructions"].map(OsString::from),
    );
    args.push(format!("--pwfile={}", password_file.display()).into());
    Plan::server(place, "initdb", programs.join("initdb"), args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_throw_away_cluster_goes_without_syncing() {
        assert!(server_settings(Durability::Durable).contains(&("fsync", "on")));
        assert!(server_settings(Durability::Durable).contains(&("synchronous_commit", "on")));
        assert!(server_settings(Durability::Disposable).contains(&("fsync", "off")));
    }
}
