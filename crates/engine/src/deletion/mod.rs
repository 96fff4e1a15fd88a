//! Deleting a tenant with everything it has: its events become stones, its rows go, its key is never used again.
//!
//! - It begins within the append of the event that says so ([`begin`]). From that commit on nothing is ever recorded for the
//!   tenant, by whatever process, so nothing comes back behind the sweep.
//! - [`Deletion::step`] does a bounded piece in a transaction of its own, so that nobody waits for it, and can be done again: whoever is
//!   killed anywhere goes on with another [`Deletion`]. What is gone is counted in the transaction that removes it.
//! - Positions stay contiguous. A stone has the event's position, id, tenant, place and time, and says nothing else.
//!
//! - Where the read models have a database of their own, what is gone there is counted there, and added to the receipt at the end.
//!
//! What other machines hold is not reached from here: the stream is made anew from the log afterwards.

mod stones;
mod sweep;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

pub use stones::STONE;

use crate::database::Databases;
use crate::log::RowChange;
use stones::Stones;
use sweep::{Sweep, Swept};

/// Rows that one step removes at most.
const BATCH: i64 = 5_000;

/// What is left of a tenant, and how far its deletion is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The tenant's key, which is never used again.
    #[sqlx(rename = "tenant_id")]
    pub tenant: String,
    /// Where the log says that it was deleted.
    #[sqlx(rename = "kept_position")]
    pub position: i64,
    /// Who asked for it.
    pub asked_by: String,
    /// From when on nothing was recorded for it.
    pub begun_at: DateTime<Utc>,
    /// When the last row had gone.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the stream was made anew without it.
    pub stream_remade_at: Option<DateTime<Utc>>,
    /// What is gone: rows by table, and of `log.events` those that are stones now.
    #[sqlx(json)]
    pub counts: BTreeMap<String, i64>,
}

/// What [`begin`] is told.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// The type of the event that says that the tenant was deleted, and stays.
    pub kept: &'a str,
    /// The id of the last event that was exported. Where it is not the tenant's last, the append is refused, as
    /// [`REFUSED_BY_ROWS`](crate::log::REFUSED_BY_ROWS).
    pub through: Option<Uuid>,
    /// Who asked for it.
    pub asked_by: &'a str,
}

/// The change of rows that begins a deletion, to be made with the event that says so.
#[must_use]
pub fn begin(beginning: Beginning<'_>) -> RowChange {
    let Beginning { kept, through, asked_by } = beginning;
    let argument = json!({ "kept": kept, "through": through, "askedBy": asked_by }).to_string();
    RowChange { function: "log.begin_deletion", argument }
}

/// What is left of this tenant; `None` where its deletion has not begun.
///
/// # Errors
/// When the database is away.
pub async fn find(pool: &PgPool, tenant: &str) -> sqlx::Result<Option<Receipt>> {
    sqlx::query_as(
        "select tenant_id, kept_position, asked_by, begun_at, finished_at, stream_remade_at, counts from log.deletions where tenant_id = $1",
    )
    .bind(tenant)
    .fetch_optional(pool)
    .await
}

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Removed so many rows of this table, or made so many events stones.
    Removed {
        /// With its schema.
        table: String,
        /// How many.
        rows: i64,
    },
    /// Nothing yet: this has to come first, and does so by itself while the services run.
    Waits(Awaited),
    /// Went on to what comes next.
    WentOn,
    /// Nothing is left to do.
    Finished,
}

/// What a deletion waits for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Awaited {
    /// Transactions that began before the deletion and may still write rows of the tenant.
    #[error("a transaction that began before the deletion has not ended")]
    Transactions,
    /// Projections and policies that have not taken in the tenant's last event, and may be about to write rows of it.
    #[error("{} at position {position}", .names.join(", "))]
    Readers {
        /// Which.
        names: Vec<String>,
        /// Where the slowest of them is.
        position: i64,
    },
}

/// A deletion that has begun. Only one process at a time needs to step; a second one does no harm.
#[derive(Debug)]
pub struct Deletion {
    owner: Databases,
    tenant: String,
    batch: i64,
    kept: i64,
    last: i64,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Keys,
    Horizon,
    Readers,
    Stones(Stones),
    Sweep(Sweep),
    Finished,
}

impl Deletion {
    /// Goes on with the deletion of `tenant`; `None` where it has not begun. `owner` connects as the schema's owner.
    ///
    /// A database of read models can be restored from before the end of a deletion. So there it is looked again for what the tenant had,
    /// also when the deletion is finished.
    ///
    /// # Errors
    /// When a database is away.
    pub async fn resume(owner: impl Into<Databases>, tenant: &str) -> sqlx::Result<Option<Self>> {
        let owner: Databases = owner.into();
        let begun: Option<(i64, i64, bool)> = sqlx::query_as(
            "select kept_position, last_position, finished_at is not null from log.deletions where tenant_id = $1",
        )
        .bind(tenant)
        .fetch_optional(&owner.log)
        .await?;
        let Some((kept, last, is_finished)) = begun else { return Ok(None) };
        let stage = match (is_finished, owner.are_two()) {
            (false, _) => Stage::Keys,
            (true, true) => Stage::Sweep(Sweep::of_read_models(&owner, tenant, last).await?),
            (true, false) => Stage::Finished,
        };
        Ok(Some(Self { owner, tenant: tenant.to_owned(), batch: BATCH, kept, last, stage }))
    }

    /// The same with another size of its pieces.
    #[must_use]
    pub fn in_batches_of(self, rows: i64) -> Self {
        Self { batch: rows.max(1), ..self }
    }

    /// Does the next piece. Whatever it fails at or is killed in, another try does the same.
    ///
    /// # Errors
    /// When the database is away, or refuses.
    pub async fn step(&mut self) -> sqlx::Result<Step> {
        match &mut self.stage {
            Stage::Keys => {
                let rows = self.destroy_keys().await?;
                self.stage = Stage::Horizon;
                Ok(Step::Removed { table: "log.tenant_keys".to_owned(), rows })
            }
            Stage::Horizon => self.wait_for_transactions().await,
            Stage::Readers => self.wait_for_readers().await,
            Stage::Stones(stones) => {
                let rows = stones.lay(&self.owner.log, &self.tenant, self.kept, self.batch).await?;
                if stones.are_all_laid() {
                    self.stage = Stage::Sweep(Sweep::begin(&self.owner, &self.tenant, self.last).await?);
                }
                Ok(Step::Removed { table: "log.events".to_owned(), rows })
            }
            Stage::Sweep(sweep) => {
                let swept = sweep.step(&self.tenant, self.batch).await?;
                if let Swept::Through = swept {
                    self.finish().await?;
                    self.stage = Stage::Finished;
                }
                Ok(match swept {
                    Swept::Removed { table, rows } => Step::Removed { table, rows },
                    Swept::Again | Swept::Through => Step::WentOn,
                })
            }
            Stage::Finished => Ok(Step::Finished),
        }
    }

    /// First of all: without the tenant's key nobody opens what is sealed in it, wherever a copy lies.
    async fn destroy_keys(&self) -> sqlx::Result<i64> {
        let mut transaction = self.owner.log.begin().await?;
        let gone = sqlx::query("delete from log.tenant_keys where tenant_id = $1")
            .bind(&self.tenant)
            .execute(&mut *transaction)
            .await?;
        let rows = gone.rows_affected().cast_signed();
        Ledger::Log.count(&mut transaction, &self.tenant, "log.tenant_keys", rows).await?;
        transaction.commit().await?;
        Ok(rows)
    }

    async fn wait_for_transactions(&mut self) -> sqlx::Result<Step> {
        sqlx::query(
            "update log.deletions set horizon = pg_snapshot_xmax(pg_current_snapshot()) where tenant_id = $1 and horizon is null",
        )
        .bind(&self.tenant)
        .execute(&self.owner.log)
        .await?;
        let has_passed: bool = sqlx::query_scalar(
            "select pg_snapshot_xmin(pg_current_snapshot()) >= horizon from log.deletions where tenant_id = $1",
        )
        .bind(&self.tenant)
        .fetch_one(&self.owner.log)
        .await?;
        if !has_passed {
            return Ok(Step::Waits(Awaited::Transactions));
        }
        self.stage = Stage::Readers;
        Ok(Step::WentOn)
    }

    /// Whoever folds or reacts holds events in memory that are not stones: rows of those may come until its checkpoint is
    /// behind the tenant's last event, and none after that.
    async fn wait_for_readers(&mut self) -> sqlx::Result<Step> {
        let projections = "select projection, position from read.checkpoints where position < $1";
        let policies = "select policy, position from work.policies where position < $1";
        let mut behind: Vec<(String, i64)> = Vec::new();
        for (pool, asked) in [(&self.owner.read, projections), (&self.owner.log, policies)] {
            behind.extend(sqlx::query_as::<_, (String, i64)>(asked).bind(self.last).fetch_all(pool).await?);
        }
        behind.sort();
        let Some(position) = behind.iter().map(|(_, position)| *position).min() else {
            self.stage = Stage::Stones(Stones::default());
            return Ok(Step::WentOn);
        };
        let names = behind.into_iter().map(|(name, _)| name).collect();
        Ok(Step::Waits(Awaited::Readers { names, position }))
    }

    async fn finish(&self) -> sqlx::Result<()> {
        // The statement that ends it adds what was counted elsewhere, and so does that once.
        sqlx::query(
            "update log.deletions d set finished_at = clock_timestamp(), counts = ( \
                 select coalesce(jsonb_object_agg(s.key, s.rows), '{}') from ( \
                     select c.key, sum(c.value::bigint)::bigint as rows \
                     from (select * from jsonb_each_text(d.counts) union all select * from jsonb_each_text($2)) as c group by c.key) as s) \
             where d.tenant_id = $1 and d.finished_at is null",
        )
        .bind(&self.tenant)
        .bind(self.counted_beside().await?)
        .execute(&self.owner.log)
        .await
        .map(drop)
    }

    /// What is gone from a database of the read models' own.
    async fn counted_beside(&self) -> sqlx::Result<Value> {
        let nothing = || json!({});
        if !self.owner.are_two() {
            return Ok(nothing());
        }
        let counted = sqlx::query_scalar("select counts from read.deletions where tenant_id = $1").bind(&self.tenant);
        Ok(counted.fetch_optional(&self.owner.read).await?.unwrap_or_else(nothing))
    }
}

/// Where it is counted what is gone: beside it, so that it can be done in the transaction in which it goes.
#[derive(Debug, Clone, Copy)]
enum Ledger {
    /// In the receipt itself.
    Log,
    /// In a database of the read models' own.
    Read,
}

impl Ledger {
    async fn count(self, connection: &mut PgConnection, tenant: &str, table: &str, rows: i64) -> sqlx::Result<()> {
        if rows == 0 {
            return Ok(());
        }
        let statement = match self {
            Self::Log => {
                "update log.deletions set counts = counts || jsonb_build_object($2::text, coalesce((counts ->> $2)::bigint, 0) + $3) where tenant_id = $1"
            }
            Self::Read => {
                "insert into read.deletions as d (tenant_id, counts) values ($1, jsonb_build_object($2::text, $3::bigint)) \
                 on conflict (tenant_id) do update \
                 set counts = d.counts || jsonb_build_object($2::text, coalesce((d.counts ->> $2)::bigint, 0) + $3)"
            }
        };
        sqlx::query(statement).bind(tenant).bind(table).bind(rows).execute(connection).await.map(drop)
    }
}
