//! What the admins of a tenant have set, as they see it. Table `tenancy_settings`; rebuildable.
//!
//! No secret is here, only which are set.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::projection::{Change, Check, Projection, ReducerError};
use tidemark_engine::reads::{Answer, Reads};
use tidemark_kernel::TenantId;
use tidemark_tenancy::{TenantEvent, TenantSettings};

use crate::decode::{decode, present};

/// The settings of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct SettingsRow {
    /// The tenant's permanent key.
    pub tenant_id: String,
    /// Its display name.
    pub name: String,
    /// All the rest.
    #[sqlx(json)]
    pub settings: TenantSettings,
    /// When the tenant was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// The aggregate's version.
    pub version: i64,
}

/// The projection `tenancy.settings`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings;

const COLUMNS: &str = "tenant_id, name, settings, created_at, updated_at, version";

#[async_trait]
impl Projection for Settings {
    const NAME: &'static str = "tenancy.settings";
    const VERSION: i32 = 1;
    const TABLES: &'static [&'static str] = &["tenancy_settings"];
    const DDL: &'static str = r#"
        create table tenancy_settings (
            tenant_id  text collate "C" primary key,
            name       text        not null,
            settings   jsonb       not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            version    bigint      not null
        );
    "#;
    const FOLLOWS: &'static [&'static str] = &["tenant"];
    const BY_STREAM: bool = true;
    const CHECKS: &'static [Check] = &[Check {
        name: "events of tenants",
        in_log: "select tenant_id, count(*) as total from log.events where position <= $1 and aggregate_type = 'tenant' \
                 and tenant_id not in (select d.tenant_id from log.events d where d.position <= $1 and d.aggregate_type = 'tenant' and d.event_type = 'TenantDeleted') \
                 group by tenant_id",
        in_tables: "select tenant_id, version as total from tenancy_settings",
    }];

    type Event = TenantEvent;
    type Key = Arc<str>;
    type Row = SettingsRow;

    fn decode(&self, event: &RecordedEvent) -> Result<TenantEvent, ReducerError> {
        decode(event)
    }

    fn keys(&self, event: &RecordedEvent, _: &TenantEvent) -> Result<Vec<Arc<str>>, ReducerError> {
        Ok(vec![Arc::clone(&event.tenant_id)])
    }

    fn reduce(
        &self,
        key: &Arc<str>,
        row: Option<SettingsRow>,
        event: &RecordedEvent,
        decoded: &TenantEvent,
    ) -> Result<Option<SettingsRow>, ReducerError> {
        if row.as_ref().is_some_and(|row| row.version >= event.sequence) {
            return Ok(row);
        }
        if let TenantEvent::TenantCreated { id: _, name, at } = decoded {
            return Ok(Some(SettingsRow {
                tenant_id: key.to_string(),
                name: name.as_str().to_owned(),
                settings: TenantSettings::default(),
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
            | TenantEvent::TenantSuspended { at, .. }
            | TenantEvent::TenantReinstated { at }
            | TenantEvent::TenantDeletionScheduled { at, .. }
            | TenantEvent::TenantDeletionCalledOff { at }
            | TenantEvent::TenantDeleted { at, .. } => at,
            TenantEvent::TenantRenamed { name, at } => {
                row.name = name.as_str().to_owned();
                at
            }
            TenantEvent::TenantSettingsChanged { changes, at } => {
                row.settings.apply((**changes).clone());
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
    ) -> sqlx::Result<HashMap<Arc<str>, SettingsRow>> {
        let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
        let rows: Vec<SettingsRow> =
            sqlx::query_as(&format!("select {COLUMNS} from tenancy_settings where tenant_id = any ($1)"))
                .bind(keys)
                .fetch_all(connection)
                .await?;
        Ok(rows.into_iter().map(|row| (Arc::from(row.tenant_id.as_str()), row)).collect())
    }

    async fn store(
        &self,
        connection: &mut PgConnection,
        changes: &[Change<Arc<str>, SettingsRow>],
    ) -> sqlx::Result<()> {
        let rows: Vec<&SettingsRow> = changes.iter().filter_map(|change| change.after.as_ref()).collect();
        sqlx::query(&format!(
            "insert into tenancy_settings ({COLUMNS}) \
             select * from unnest($1::text[], $2::text[], $3::jsonb[], $4::timestamptz[], $5::timestamptz[], $6::bigint[]) \
             on conflict (tenant_id) do update set name = excluded.name, settings = excluded.settings, \
             updated_at = excluded.updated_at, version = excluded.version"
        ))
        .bind(rows.iter().map(|row| row.tenant_id.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| Json(&row.settings)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.created_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.updated_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.version).collect::<Vec<_>>())
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// The settings of a tenant; `None` when nobody has created it, as far as the read model knows.
///
/// # Errors
/// When the database is away.
pub async fn find(reads: &Reads, tenant: &TenantId) -> sqlx::Result<Answer<Option<SettingsRow>>> {
    let key = tenant.clone();
    reads
        .query(tenant.as_str(), &[Settings::NAME], move |connection| {
            Box::pin(async move {
                sqlx::query_as(&format!("select {COLUMNS} from read.tenancy_settings where tenant_id = $1"))
                    .bind(key.as_str())
                    .fetch_optional(connection)
                    .await
            })
        })
        .await
}
