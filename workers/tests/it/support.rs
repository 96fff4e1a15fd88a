//! A migrated database of a test's own.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo dev test`"))
}

pub(crate) struct Database {
    name: String,
    pub(crate) url: String,
    owner: PgConnection,
    pub(crate) pool: PgPool,
}

impl Database {
    pub(crate) async fn create(test: &str) -> Self {
        let maintenance: PgConnectOptions = required("TIDEMARK_TEST_DATABASE_URL").parse().unwrap();
        let name = format!("tidemark_{test}_{}", std::process::id());
        let mut owner = PgConnection::connect_with(&maintenance).await.unwrap();
        owner.execute(format!("create database {name}").as_str()).await.unwrap();
        let mut url = url::Url::parse(&required("TIDEMARK_TEST_DATABASE_URL")).unwrap();
        url.set_path(&name);
        let pool = PgPoolOptions::new().connect(url.as_str()).await.unwrap();
        tidemark_engine::migrate(&pool, "tidemark-tests").await.unwrap();
        Self { name, url: url.into(), owner, pool }
    }

    pub(crate) async fn drop(mut self) {
        self.pool.close().await;
        self.owner.execute(format!("drop database {} with (force)", self.name).as_str()).await.unwrap();
    }
}
