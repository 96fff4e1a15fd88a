//! Connections to the databases: as the owner, or as one of the service roles.

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tidemark_engine::database::Databases;
use tidemark_engine::projection::{SourceError, are_elsewhere, ensure_source};
use tidemark_runtime::Settings;

use crate::Failure;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The setting that names a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setting {
    /// That of the log, and of all where there is one.
    DatabaseUrl,
    /// That of the read models.
    ReadDatabaseUrl,
}

impl Setting {
    fn name(self) -> &'static str {
        match self {
            Self::DatabaseUrl => "database_url",
            Self::ReadDatabaseUrl => "read_database_url",
        }
    }

    fn url_as(self, settings: &Settings, role: &str) -> SecretString {
        match self {
            Self::DatabaseUrl => settings.database_url_as(role),
            Self::ReadDatabaseUrl => settings.read_database_url_as(role),
        }
    }

    fn owner_url(self, settings: &Settings) -> SecretString {
        match self {
            Self::DatabaseUrl => settings.owner_database_url(),
            Self::ReadDatabaseUrl => settings.owner_read_database_url(),
        }
    }
}

/// The options of a service role in the database of the log.
pub(crate) fn options_as(settings: &Settings, role: &str) -> Result<PgConnectOptions, Failure> {
    options_in(settings, Setting::DatabaseUrl, role)
}

/// The options of a service role.
pub(crate) fn options_in(settings: &Settings, place: Setting, role: &str) -> Result<PgConnectOptions, Failure> {
    options(place, &place.url_as(settings, role))
}

fn options(place: Setting, url: &SecretString) -> Result<PgConnectOptions, Failure> {
    // The parser's own message may quote the URL, and with it the password.
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| {
        let name = place.name();
        Failure::Usage(format!("`{name}` is no database URL: expected `postgres://user:password@host:port/name`"))
    })?;
    Ok(options.application_name("tidemark admin"))
}

/// A few connections as a service role, to the database of the log.
pub(crate) async fn as_role(settings: &Settings, role: &'static str) -> Result<PgPool, Failure> {
    as_role_in(settings, Setting::DatabaseUrl, role).await
}

/// A few connections as a service role.
pub(crate) async fn as_role_in(settings: &Settings, place: Setting, role: &'static str) -> Result<PgPool, Failure> {
    open(options_in(settings, place, role)?).await.map_err(|error| away(place, role, &error))
}

/// A few connections as the owner, whom `database_url` names, to the database of the log.
pub(crate) async fn as_owner(settings: &Settings) -> Result<PgPool, Failure> {
    as_owner_in(settings, Setting::DatabaseUrl).await
}

/// A few connections as the owner.
pub(crate) async fn as_owner_in(settings: &Settings, place: Setting) -> Result<PgPool, Failure> {
    let options = options(place, &place.owner_url(settings))?;
    open(options).await.map_err(|error| away(place, "the owner", &error))
}

/// The databases as their owner, of one log.
pub(crate) async fn owners(settings: &Settings) -> Result<Databases, Failure> {
    let log = as_owner(settings).await?;
    if !settings.has_read_database() {
        return in_one(log).await;
    }
    of_one_log(log, as_owner_in(settings, Setting::ReadDatabaseUrl).await?).await
}

/// The databases as a service role, of one log.
pub(crate) async fn roles(settings: &Settings, role: &'static str) -> Result<Databases, Failure> {
    let log = as_role(settings, role).await?;
    if !settings.has_read_database() {
        return in_one(log).await;
    }
    of_one_log(log, as_role_in(settings, Setting::ReadDatabaseUrl, role).await?).await
}

async fn in_one(log: PgPool) -> Result<Databases, Failure> {
    ensure_here(&log).await?;
    Ok(Databases::one(log))
}

/// Whoever forgot `read_database_url` is told so: a deletion would find no rows, and leave them all where they are.
pub(crate) async fn ensure_here(log: &PgPool) -> Result<(), Failure> {
    if are_elsewhere(log).await? {
        return Err(Failure::Refused(
            "the read models of this log are not in its database: set `read_database_url` to where they are, or run `admin migrate --read-models-here` to have them here"
                .to_owned(),
        ));
    }
    Ok(())
}

async fn of_one_log(log: PgPool, read: PgPool) -> Result<Databases, Failure> {
    let databases = Databases::two(log, read);
    ensure_source(&databases).await?;
    Ok(databases)
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Database(error) => error.into(),
            SourceError::NotInstalled | SourceError::Unasked => Self::Failed(error.to_string()),
            SourceError::Foreign | SourceError::Elsewhere => Self::Refused(error.to_string()),
        }
    }
}

/// Connects once, so that what is wrong shows here and at once: a pool alone would keep trying, and then say less.
async fn open(options: PgConnectOptions) -> sqlx::Result<PgPool> {
    let first = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
    first.unwrap_or(Err(sqlx::Error::PoolTimedOut))?.close().await?;
    Ok(PgPoolOptions::new().max_connections(4).acquire_timeout(PATIENCE).connect_lazy_with(options))
}

fn away(place: Setting, who: &str, error: &sqlx::Error) -> Failure {
    let name = place.name();
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned);
    let advice = match code.as_deref() {
        Some("28P01") if who == "the owner" => format!("the password in `{name}` is wrong"),
        Some("28P01") => "`role_password` is not the roles' password; `admin migrate` sets it".to_owned(),
        Some("28000") => "there is no such role, or it may not connect; run `admin migrate`".to_owned(),
        Some("3D000") => "create the database first".to_owned(),
        _ => format!("is the server up, and is `{name}` right?"),
    };
    let database = match place {
        Setting::DatabaseUrl => "the database",
        Setting::ReadDatabaseUrl => "the database of the read models",
    };
    Failure::Failed(format!("cannot connect to {database} as {who}: {error}; {advice}"))
}
