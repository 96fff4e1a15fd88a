//! Yardstick: cqrs-es with postgres-es as they ship. Table, pool and framework are those of their own documentation
//! (`init.sql`, `default_postgress_pool`, `postgres_cqrs`).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cqrs_es::AggregateError;
use postgres_es::{PostgresCqrs, default_postgress_pool, postgres_cqrs};
use sqlx::{Connection, Executor, PgConnection};

use super::work::{AddLine, Note, Work};
use crate::database::Database;
use crate::load::{Caller, drive};

/// The table of `db/init.sql` of postgres-es 0.5.0.
const TABLE: &str = "
create table events
(
    aggregate_type text                         not null,
    aggregate_id   text                         not null,
    sequence       bigint check (sequence >= 0) not null,
    event_type     text                         not null,
    event_version  text                         not null,
    payload        json                         not null,
    metadata       json                         not null,
    primary key (aggregate_type, aggregate_id, sequence)
)";

pub(super) struct Shipped {
    database: Database,
    framework: Arc<PostgresCqrs<Note>>,
    work: Work,
}

impl Shipped {
    pub(super) async fn start(maintenance_url: &str, work: Work) -> anyhow::Result<Self> {
        let database = Database::create(maintenance_url, "shipped").await?;
        let mut owner = PgConnection::connect_with(&database.options()).await?;
        owner.execute(TABLE).await?;
        owner.close().await?;
        let pool = default_postgress_pool(&database.url()).await;
        Ok(Self { database, framework: Arc::new(postgres_cqrs(pool, vec![], ())), work })
    }

    pub(super) async fn measure(&self, callers: usize, length: Duration) -> anyhow::Result<f64> {
        let caller = || ShippedCaller { framework: Arc::clone(&self.framework), work: self.work.clone() };
        drive(&mut std::iter::repeat_with(caller).take(callers).collect(), length).await
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        drop(self.framework);
        self.database.drop().await
    }
}

struct ShippedCaller {
    framework: Arc<PostgresCqrs<Note>>,
    work: Work,
}

impl Caller for ShippedCaller {
    async fn call(&mut self) -> anyhow::Result<()> {
        let stream = &self.work.streams[self.work.any()];
        loop {
            let command = AddLine { line: self.work.line.to_string(), unique: None };
            let metadata: HashMap<String, String> =
                self.work.metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            match self.framework.execute_with_metadata(&stream.aggregate_id, command, metadata).await {
                Ok(()) => return Ok(()),
                Err(AggregateError::AggregateConflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
