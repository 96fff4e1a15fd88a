//! A database of a test's own, migrated and with all read models, gone afterwards.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

use super::required;

pub(crate) struct TestDatabase {
    pub(crate) owner: PgPool,
    pub(crate) url: String,
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
        Self { owner, url: format!("{server}/{name}{options}"), name, maintenance }
    }

    pub(crate) async fn migrate(&self) {
        tidemark_engine::migrate(&self.owner, "tidemark-tests").await.unwrap();
        tidemark_projections::install(&self.owner).await.unwrap();
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
