//! A database that lives as long as its bench.

use std::str::FromStr;

use anyhow::Context;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

/// A database of its own on the server under measurement.
pub(crate) struct Database {
    maintenance: PgConnectOptions,
    options: PgConnectOptions,
    name: String,
}

impl Database {
    /// Makes an empty database, named after its purpose.
    pub(crate) async fn create(maintenance_url: &str, purpose: &str) -> anyhow::Result<Self> {
        let maintenance = PgConnectOptions::from_str(maintenance_url)?;
        let name = format!("{}{purpose}", prefix());
        let mut connection =
            PgConnection::connect_with(&maintenance).await.context("cannot connect to the database server")?;
        connection.execute(format!("drop database if exists {name} with (force)").as_str()).await?;
        connection.execute(format!("create database {name} template template0").as_str()).await?;
        connection.close().await?;
        let options = maintenance.clone().database(&name);
        Ok(Self { maintenance, options, name })
    }

    /// Makes a database with the whole schema of Tidemark.
    pub(crate) async fn migrated(maintenance_url: &str, purpose: &str, role_password: &str) -> anyhow::Result<Self> {
        let database = Self::create(maintenance_url, purpose).await?;
        let owner = PgPoolOptions::new().max_connections(1).connect_with(database.options.clone()).await?;
        tidemark_engine::migrate(&owner, role_password).await?;
        owner.close().await;
        Ok(database)
    }

    /// Its owner.
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Its owner, as a URL.
    pub(crate) fn url(&self) -> String {
        self.options.to_url_lossy().to_string()
    }

    /// Drops the database with whoever is still connected to it.
    pub(crate) async fn drop(self) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect_with(&self.maintenance).await?;
        connection.execute(format!("drop database if exists {} with (force)", self.name).as_str()).await?;
        connection.close().await?;
        Ok(())
    }
}

/// Drops all databases that this process has made and not dropped, because something came between.
pub(crate) async fn drop_all(maintenance_url: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect_with(&PgConnectOptions::from_str(maintenance_url)?).await?;
    let names: Vec<String> = sqlx::query_scalar("select datname from pg_database where starts_with(datname, $1)")
        .bind(prefix())
        .fetch_all(&mut connection)
        .await?;
    for name in names {
        connection.execute(format!("drop database if exists {name} with (force)").as_str()).await?;
    }
    connection.close().await?;
    Ok(())
}

/// What the names of this process's databases begin with.
fn prefix() -> String {
    format!("tidemark_bench_{}_", std::process::id())
}

/// `options`, but with the rights of `role`: the owner steps into it, so no password is needed.
pub(crate) fn as_role(options: PgConnectOptions, role: &str) -> PgConnectOptions {
    options.options([("role", role)])
}
