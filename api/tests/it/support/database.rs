//! A database of a test's own, migrated and with all read models, gone afterwards.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tidemark_engine::database::Databases;
use uuid::Uuid;

use super::required;

pub(crate) struct TestDatabase {
    pub(crate) owner: PgPool,
    pub(crate) url: String,
    /// That of the read models, where they have one of their own.
    pub(crate) read: Option<Box<TestDatabase>>,
    name: String,
    maintenance: PgConnectOptions,
}

impl TestDatabase {
    pub(crate) async fn new() -> Self {
        let database = Self::unmigrated().await;
        database.migrate().await;
        database
    }

    pub(crate) async fn unmigrated() -> Self {
        let maintenance_url = required("TIDEMARK_TEST_DATABASE_URL");
        let maintenance: PgConnectOptions = maintenance_url.parse().unwrap();
        let name = format!("tidemark_test_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect_with(&maintenance).await.unwrap();
        connection.execute(format!("create database {name}").as_str()).await.unwrap();
        connection.close().await.unwrap();
        let owner = PgPoolOptions::new().max_connections(2).connect_lazy_with(maintenance.clone().database(&name));
        let (address, options) = maintenance_url
            .split_once('?')
            .map_or((&*maintenance_url, String::new()), |(address, options)| (address, format!("?{options}")));
        let server = address.rsplit_once('/').unwrap().0;
        Self { owner, url: format!("{server}/{name}{options}"), read: None, name, maintenance }
    }

    /// With the read models in one of their own.
    pub(crate) async fn split() -> Self {
        let mut database = Self::unmigrated().await;
        database.read = Some(Box::new(Self::unmigrated().await));
        database.migrate().await;
        database
    }

    /// That of the read models.
    pub(crate) fn read(&self) -> &Self {
        self.read.as_deref().unwrap_or(self)
    }

    /// Both, as their owner.
    pub(crate) fn owners(&self) -> Databases {
        match &self.read {
            Some(read) => Databases::two(self.owner.clone(), read.owner.clone()),
            None => Databases::one(self.owner.clone()),
        }
    }

    /// Sends everybody away and lets nobody in, as a server does that is gone.
    pub(crate) async fn shut(&self) {
        let Self { name, maintenance, .. } = self;
        let mut connection = PgConnection::connect_with(maintenance).await.unwrap();
        connection.execute(format!("alter database {name} with allow_connections false").as_str()).await.unwrap();
        let ending = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
        connection.execute(ending.as_str()).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Lets everybody in again.
    pub(crate) async fn open(&self) {
        let Self { name, maintenance, .. } = self;
        let mut connection = PgConnection::connect_with(maintenance).await.unwrap();
        connection.execute(format!("alter database {name} with allow_connections true").as_str()).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) async fn migrate(&self) {
        tidemark_engine::migrate(&self.owner, "tidemark-tests").await.unwrap();
        if let Some(read) = &self.read {
            tidemark_engine::migrate(&read.owner, "tidemark-tests").await.unwrap();
        }
        tidemark_projections::install(self.owners()).await.unwrap();
    }

    pub(crate) async fn count(&self, query: &str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.owner).await.unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (name, maintenance) = (std::mem::take(&mut self.name), self.maintenance.clone());
        // A thread of its own, for a test's runtime may be going down. What fails here is left to the stack's end.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                if let Ok(mut connection) = PgConnection::connect_with(&maintenance).await {
                    let _left =
                        connection.execute(format!("drop database if exists {name} with (force)").as_str()).await;
                }
            });
        });
        let _joined = dropping.join();
    }
}
