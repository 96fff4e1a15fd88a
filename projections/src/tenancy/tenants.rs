//! Tenants, each as itself and as operators see them. Table `tenancy_tenants`; rebuildable.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgPool};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::projection::{Change, Check, Projection, ReducerError};
use tidemark_engine::reads::{Answer, Reads};
use tidemark_kernel::TenantId;
use tidemark_tenancy::{TenantEvent, TenantStatus};

use crate::decode::{decode, present};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TenantRow {
    /// Its permanent key.
    pub tenant_id: String,
    /// Its display name.
    pub name: String,
    /// `active` or `suspended`.
    pub status: String,
    /// Why it is suspended.
    pub suspension_reason: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// The aggregate's version.
    pub version: i64,
}

impl TenantRow {
    /// Whether its requests are refused.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.status == TenantStatus::Suspended.as_str()
    }
}

/// The projection `tenancy.tenants`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tenants;

const COLUMNS: &str = "tenant_id, name, status, suspension_reason, created_at, updated_at, version";

#[async_trait]
impl Projection for Tenants {
    const NAME: &'static str = "tenancy.tenants";
    const VERSION: i32 = 1;
    const TABLES: &'static [&'static str] = &["tenancy_tenants"];
    const DDL: &'static str = r#"
        create table tenancy_tenants (
            tenant_id         text collate "C" primary key,
            name              text        not null,
            status            text        not null,
            suspension_reason text,
            created_at        timestamptz not null,
            updated_at        timestamptz not null,
            version           bigint      not null
        );
    "#;
    const FOLLOWS: &'static [&'static str] = &["tenant"];
    const BY_STREAM: bool = true;
    const CHECKS: &'static [Check] = &[Check {
        name: "tenants",
        in_log: "select tenant_id, count(*) as total from log.events where position <= $1 and aggregate_type = 'tenant' and event_type = 'TenantCreated' \
                 and tenant_id not in (select d.tenant_id from log.events d where d.position <= $1 and d.aggregate_type = 'tenant' and d.event_type = 'TenantDeleted') \
                 group by tenant_id",
        in_tables: "select tenant_id, count(*) as total from tenancy_tenants group by tenant_id",
    }];

    type Event = TenantEvent;
    type Key = Arc<str>;
    type Row = TenantRow;

    fn decode(&self, event: &RecordedEvent) -> Result<TenantEvent, ReducerError> {
        decode(event)
    }

    fn keys(&self, event: &RecordedEvent, _: &TenantEvent) -> Result<Vec<Arc<str>>, ReducerError> {
        Ok(vec![Arc::clone(&event.tenant_id)])
    }

    fn reduce(
        &self,
        key: &Arc<str>,
        row: Option<TenantRow>,
        event: &RecordedEvent,
        decoded: &TenantEvent,
    ) -> Result<Option<TenantRow>, ReducerError> {
        if row.as_ref().is_some_and(|row| row.version >= event.sequence) {
            return Ok(row);
        }
        if let TenantEvent::TenantCreated { id: _, name, at } = decoded {
            return Ok(Some(TenantRow {
                tenant_id: key.to_string(),
                name: name.as_str().to_owned(),
                status: TenantStatus::Active.as_str().to_owned(),
                suspension_reason: None,
                created_at: at.as_datetime(),
                updated_at: at.as_datetime(),
                version: event.sequence,
            }));
        }
        if let TenantEvent::TenantDeleted { .. } = decoded {
            return Ok(None);
        }
        let mut row = present(row, event)?;
        row.version = event.sequence;
        let at = match decoded {
            TenantEvent::TenantCreated { at, .. }
            | TenantEvent::TenantSettingsChanged { at, .. }
            | TenantEvent::TenantDeletionCalledOff { at }
            | TenantEvent::TenantDeleted { at, .. } => at,
            TenantEvent::TenantDeletionScheduled { at, .. } => {
                row.status = TenantStatus::Suspended.as_str().to_owned();
                at
            }
            TenantEvent::TenantRenamed { name, at } => {
                row.name = name.as_str().to_owned();
                at
            }
            TenantEvent::TenantSuspended { reason, at } => {
                row.status = TenantStatus::Suspended.as_str().to_owned();
                row.suspension_reason = reason.as_ref().map(|reason| reason.as_str().to_owned());
                at
            }
            TenantEvent::TenantReinstated { at } => {
                row.status = TenantStatus::Active.as_str().to_owned();
                row.suspension_reason = None;
                at
            }
        };
        row.updated_at = at.as_datetime();
        Ok(Some(row))
    }

    async fn load(
        &self,
        connection: &mut PgConnection,
        keys: &[Arc<str>],
    ) -> sqlx::Result<HashMap<Arc<str>, TenantRow>> {
        let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
        let rows: Vec<TenantRow> =
            sqlx::query_as(&format!("select {COLUMNS} from tenancy_tenants where tenant_id = any ($1)"))
                .bind(keys)
                .fetch_all(connection)
                .await?;
        Ok(rows.into_iter().map(|row| (Arc::from(row.tenant_id.as_str()), row)).collect())
    }

    async fn store(&self, connection: &mut PgConnection, changes: &[Change<Arc<str>, TenantRow>]) -> sqlx::Result<()> {
        let rows: Vec<&TenantRow> = changes.iter().filter_map(|change| change.after.as_ref()).collect();
        sqlx::query(&format!(
            "insert into tenancy_tenants ({COLUMNS}) \
             select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::bigint[]) \
             on conflict (tenant_id) do update set name = excluded.name, status = excluded.status, \
             suspension_reason = excluded.suspension_reason, updated_at = excluded.updated_at, version = excluded.version"
        ))
        .bind(rows.iter().map(|row| row.tenant_id.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.status.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.suspension_reason.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.created_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.updated_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.version).collect::<Vec<_>>())
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// The tenant itself; `None` when nobody has created it, as far as the read model knows.
///
/// # Errors
/// When the database is away.
pub async fn find(reads: &Reads, tenant: &TenantId) -> sqlx::Result<Answer<Option<TenantRow>>> {
    let key = tenant.clone();
    reads
        .query(tenant.as_str(), &[Tenants::NAME], move |connection| {
            Box::pin(async move {
                sqlx::query_as(&format!("select {COLUMNS} from read.tenancy_tenants where tenant_id = $1"))
                    .bind(key.as_str())
                    .fetch_optional(connection)
                    .await
            })
        })
        .await
}

/// Every tenant, by key. For operators only: `owner` sees all rows, a query's role none of them.
///
/// # Errors
/// When the database is away.
pub async fn list_all(owner: &PgPool) -> sqlx::Result<Vec<TenantRow>> {
    sqlx::query_as(&format!("select {COLUMNS} from read.tenancy_tenants order by tenant_id")).fetch_all(owner).await
}
