//! Yardstick: one plain `INSERT` a transaction, prepared once a connection, nothing else done or checked.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cqrs_es::Aggregate;
use futures::future::try_join_all;
use sqlx::{Connection, Executor, PgConnection};

use super::work::{Note, Work};
use crate::database::Database;
use crate::load::{Caller, drive};

const TABLE: &str = "
create table events (
    position       bigint generated always as identity primary key,
    tenant_id      text   not null,
    aggregate_type text   not null,
    aggregate_id   text   not null,
    sequence       bigint not null,
    event_type     text   not null,
    event_version  text   not null,
    payload        json   not null,
    metadata       json   not null,
    unique (aggregate_type, aggregate_id, sequence)
)";

pub(super) struct Inserts {
    database: Database,
    callers: Vec<InsertCaller>,
}

impl Inserts {
    pub(super) async fn start(maintenance_url: &str, work: &Work, connections: usize) -> anyhow::Result<Self> {
        let database = Database::create(maintenance_url, &format!("inserts_{connections}")).await?;
        let mut owner = PgConnection::connect_with(&database.options()).await?;
        owner.execute(TABLE).await?;
        owner.close().await?;
        let payload: Arc<str> = format!(r#"{{"line":"{}"}}"#, work.line).into();
        let metadata: Arc<str> = serde_json::to_string(&*work.metadata)?.into();
        let versions: Arc<[AtomicI64]> = work.streams.iter().map(|_| AtomicI64::new(0)).collect();
        let callers = try_join_all((0..connections).map(|_| async {
            let connection = PgConnection::connect_with(&database.options()).await?;
            anyhow::Ok(InsertCaller {
                connection,
                work: work.clone(),
                versions: Arc::clone(&versions),
                payload: Arc::clone(&payload),
                metadata: Arc::clone(&metadata),
            })
        }))
        .await?;
        Ok(Self { database, callers })
    }

    pub(super) async fn measure(&mut self, length: Duration) -> anyhow::Result<f64> {
        drive(&mut self.callers, length).await
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        drop(self.callers);
        self.database.drop().await
    }
}

struct InsertCaller {
    connection: PgConnection,
    work: Work,
    versions: Arc<[AtomicI64]>,
    payload: Arc<str>,
    metadata: Arc<str>,
}

impl Caller for InsertCaller {
    async fn call(&mut self) -> anyhow::Result<()> {
        let n = self.work.any();
        let stream = &self.work.streams[n];
        let sequence = self.versions[n].fetch_add(1, Ordering::Relaxed) + 1;
        sqlx::query(
            "insert into events (tenant_id, aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
             values ($1, $2, $3, $4, $5, $6, $7::text::json, $8::text::json)",
        )
        .bind(&*stream.tenant)
        .bind(Note::TYPE)
        .bind(&*stream.aggregate_id)
        .bind(sequence)
        .bind("LineAdded")
        .bind("1")
        .bind(&*self.payload)
        .bind(&*self.metadata)
        .execute(&mut self.connection)
        .await?;
        Ok(())
    }
}
