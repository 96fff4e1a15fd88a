//! Connections to the database: as the owner, or as one of the service roles.

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tidemark_runtime::Settings;

use crate::Failure;

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The options of a service role.
pub(crate) fn options_as(settings: &Settings, role: &str) -> Result<PgConnectOptions, Failure> {
    options(&settings.database_url_as(role))
}

pub(crate) fn options(url: &SecretString) -> Result<PgConnectOptions, Failure> {
    // The parser's own message may quote the URL, and with it the password.
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| {
        Failure::Usage("`database_url` is no database URL: expected `postgres://user:password@host:port/name`".into())
    })?;
    Ok(options.application_name("tidemark admin"))
}

/// A few connections as a service role.
pub(crate) async fn as_role(settings: &Settings, role: &'static str) -> Result<PgPool, Failure> {
    open(options_as(settings, role)?).await.map_err(|error| away(role, &error))
}

/// A few connections as the owner, whom `database_url` names.
pub(crate) async fn as_owner(settings: &Settings) -> Result<PgPool, Failure> {
    open(options(&settings.owner_database_url())?).await.map_err(|error| away("the owner", &error))
}

/// Connects once, so that what is wrong shows here and at once: a pool alone would keep trying, and then say less.
async fn open(options: PgConnectOptions) -> sqlx::Result<PgPool> {
    let first = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
    first.unwrap_or(Err(sqlx::Error::PoolTimedOut))?.close().await?;
    Ok(PgPoolOptions::new().max_connections(4).acquire_timeout(PATIENCE).connect_lazy_with(options))
}

fn away(who: &str, error: &sqlx::Error) -> Failure {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned);
    let advice = match code.as_deref() {
        Some("28P01") if who == "the owner" => "the password in `database_url` is wrong",
        Some("28P01") => "`role_password` is not the roles' password; `admin migrate` sets it",
        Some("28000") => "there is no such role, or it may not connect; run `admin migrate`",
        Some("3D000") => "create the database first",
        _ => "is the server up, and is `database_url` right?",
    };
    Failure::Failed(format!("cannot connect to the database as {who}: {error}; {advice}"))
}
