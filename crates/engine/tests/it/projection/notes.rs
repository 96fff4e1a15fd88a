//! A small read model to drive the runner with: notes of at most ten characters, and how many a tenant has.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use sqlx::postgres::PgListener;
use sqlx::{PgConnection, PgPool, Row};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::projection::{Change, Definition, Projection, ReducerError, Runner, Step, StepError, install};

use crate::database::Database;
use crate::support::soon;

/// A note that the database refuses to count.
pub(crate) const UNCOUNTABLE: &str = "uncountable";

#[derive(Default, Clone)]
pub(crate) struct Notes {
    /// While set, the reducer refuses notes that say `poison`, and panics at those that say `panic`.
    pub(crate) is_broken: Arc<AtomicBool>,
    /// A newer binary: it knows `NoteFramed` too.
    pub(crate) is_newer: bool,
}

#[derive(Deserialize)]
pub(crate) struct NoteWritten {
    body: String,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Note {
    pub(crate) body: String,
    pub(crate) version: i64,
}

#[async_trait]
impl Projection for Notes {
    const NAME: &'static str = "test.notes";
    const VERSION: i32 = 1;
    const TABLES: &'static [&'static str] = &["test_notes", "test_counts"];
    const DDL: &'static str = r#"
        create table test_notes (tenant_id text, note_id text, body varchar(10), version bigint, primary key (tenant_id, note_id));
        create table test_counts (tenant_id text primary key, notes bigint not null check (notes >= 0));
    "#;
    const FOLLOWS: &'static [&'static str] = &["note"];
    const DERIVES: bool = true;
    const BY_STREAM: bool = true;

    type Event = NoteWritten;
    type Key = (String, String);
    type Row = Note;

    fn decode(&self, event: &RecordedEvent) -> Result<NoteWritten, ReducerError> {
        match &*event.event_type {
            "NoteWritten" => Ok(event.decode()?),
            "NoteFramed" if self.is_newer => Ok(event.decode()?),
            _ => Err(ReducerError::unknown(event)),
        }
    }

    fn keys(&self, event: &RecordedEvent, _: &NoteWritten) -> Result<Vec<Self::Key>, ReducerError> {
        Ok(vec![(event.tenant_id.to_string(), event.aggregate_id.to_string())])
    }

    fn reduce(
        &self,
        _: &Self::Key,
        row: Option<Note>,
        event: &RecordedEvent,
        decoded: &NoteWritten,
    ) -> Result<Option<Note>, ReducerError> {
        if row.as_ref().is_some_and(|row| row.version >= event.sequence) {
            return Ok(row);
        }
        assert_eq!(row.map_or(0, |row| row.version) + 1, event.sequence, "an event was left out or came out of order");
        if self.is_broken.load(Ordering::SeqCst) {
            assert_ne!(decoded.body, "panic");
            if decoded.body == "poison" {
                return Err(ReducerError::new("poison"));
            }
        }
        Ok(Some(Note { body: decoded.body.clone(), version: event.sequence }))
    }

    async fn load(&self, connection: &mut PgConnection, keys: &[Self::Key]) -> sqlx::Result<HashMap<Self::Key, Note>> {
        let (tenants, ids): (Vec<&str>, Vec<&str>) =
            keys.iter().map(|(tenant, id)| (tenant.as_str(), id.as_str())).unzip();
        let rows = sqlx::query("select tenant_id, note_id, body, version from test_notes where (tenant_id, note_id) in (select * from unnest($1::text[], $2::text[]))")
            .bind(tenants)
            .bind(ids)
            .fetch_all(connection)
            .await?;
        rows.iter()
            .map(|row| Ok(((row.get(0), row.get(1)), Note { body: row.try_get(2)?, version: row.try_get(3)? })))
            .collect()
    }

    async fn store(&self, connection: &mut PgConnection, changes: &[Change<Self::Key, Note>]) -> sqlx::Result<()> {
        self.store_own(connection, changes).await?;
        self.store_derived(connection, changes).await
    }

    async fn store_own(&self, connection: &mut PgConnection, changes: &[Change<Self::Key, Note>]) -> sqlx::Result<()> {
        for change in changes {
            let after = change.after.as_ref().expect("notes are never deleted");
            sqlx::query("insert into test_notes values ($1, $2, $3, $4) on conflict (tenant_id, note_id) do update set body = $3, version = $4")
                .bind(&change.key.0)
                .bind(&change.key.1)
                .bind(&after.body)
                .bind(after.version)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    async fn store_derived(
        &self,
        connection: &mut PgConnection,
        changes: &[Change<Self::Key, Note>],
    ) -> sqlx::Result<()> {
        for change in changes {
            let new = match change.key.1.as_str() {
                UNCOUNTABLE => -1,
                _ => i64::from(change.before.is_none()),
            };
            sqlx::query("insert into test_counts as c values ($1, $2) on conflict (tenant_id) do update set notes = c.notes + $2")
                .bind(&change.key.0)
                .bind(new)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    async fn load_after(
        &self,
        connection: &mut PgConnection,
        after: Option<&Self::Key>,
        limit: i64,
    ) -> sqlx::Result<Vec<(Self::Key, Note)>> {
        let rows = sqlx::query("select tenant_id, note_id, body, version from test_notes where $1::text is null or (tenant_id, note_id) > ($1, $2) order by tenant_id, note_id limit $3")
            .bind(after.map(|key| &key.0))
            .bind(after.map(|key| &key.1))
            .bind(limit)
            .fetch_all(connection)
            .await?;
        rows.iter()
            .map(|row| Ok(((row.get(0), row.get(1)), Note { body: row.try_get(2)?, version: row.try_get(3)? })))
            .collect()
    }
}

/// A database with notes installed.
pub(crate) async fn database() -> Database {
    let database = Database::new().await;
    install(&database.owner, &[Definition::of::<Notes>()]).await.unwrap();
    database
}

pub(crate) fn runner(database: &Database, notes: &Notes) -> Runner<Notes> {
    runner_in(database, notes, 1)
}

/// A worker of a process that was started in `epoch`.
pub(crate) fn runner_in(database: &Database, notes: &Notes, epoch: i32) -> Runner<Notes> {
    let pool = |role: &str| -> PgPool { database.connect_as(role) };
    Runner::new(notes.clone(), pool("tidemark_projection"), pool("tidemark_log"), database.feed_in(epoch))
        .with_patience(Duration::from_millis(20))
}

pub(crate) async fn write(database: &Database, tenant: &str, note: &str, body: &str) -> i64 {
    database.append(tenant, "note", note, "NoteWritten", json!({ "body": body })).await
}

/// Steps until the checkpoint has reached `position` and nothing is left to retry; the events must have come by then.
pub(crate) async fn fold_to(database: &Database, runner: &mut Runner<Notes>, position: i64) -> Result<(), StepError> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let step = runner.step().await?;
        let reached = checkpoint(database).await;
        if reached >= position && matches!(step, Step::Idle) {
            return Ok(());
        }
        assert!(tokio::time::Instant::now() < deadline, "stuck at {reached} of {position} after {step:?}");
    }
}

/// Waits until a worker that runs by itself has come to `position`.
pub(crate) async fn come_to(database: &Database, position: i64) {
    let mut listener = PgListener::connect_with(&database.owner).await.unwrap();
    listener.listen("tidemark_read").await.unwrap();
    soon("the checkpoint", async {
        while checkpoint(database).await < position {
            listener.recv().await.unwrap();
        }
    })
    .await;
}

pub(crate) async fn checkpoint(database: &Database) -> i64 {
    database.count("select position from read.checkpoints where projection = 'test.notes'").await
}

/// All notes, as `tenant/note=body@version`.
pub(crate) async fn rows(database: &Database) -> Vec<String> {
    sqlx::query_scalar(
        "select tenant_id || '/' || note_id || '=' || body || '@' || version from read.test_notes order by 1",
    )
    .fetch_all(&database.owner)
    .await
    .unwrap()
}

/// All counters and the progress of each tenant, as `tenant:notes:progress`.
pub(crate) async fn counts(database: &Database) -> Vec<String> {
    sqlx::query_scalar("select tenant_id || ':' || notes || ':' || tenant_position from read.test_counts join read.progress using (tenant_id) order by 1")
        .fetch_all(&database.owner)
        .await
        .unwrap()
}
