//! Service tokens as admins list them. Table `tenancy_service_tokens`; rebuildable.
//!
//! Neither a token nor its hash is here. One that was revoked keeps its row, so that it can be told by name.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, QueryBuilder};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::projection::{Change, Check, Projection, ReducerError};
use tidemark_engine::reads::{Answer, Reads};
use tidemark_kernel::{TenantId, Timestamp};
use tidemark_tenancy::{ServiceTokenEvent, TokenScope};
use uuid::Uuid;

use crate::decode::{aggregate_uuid, decode, present};
use crate::page::{COUNTED, Listing, Order, Page, Place, SortKey, Total, push_after};

/// A service token.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ServiceTokenRow {
    /// Its id.
    pub token_id: Uuid,
    /// What it is for.
    pub name: String,
    /// What it opens, separated by blanks.
    pub scopes: String,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// The admin who made it.
    pub created_by: Uuid,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Whether it has ended.
    pub revoked: bool,
    /// The aggregate's version.
    pub version: i64,
}

/// The projection `tenancy.service_tokens`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServiceTokens;

const COLUMNS: &str = "token_id, name, scopes, expires_at, created_by, created_at, updated_at, revoked, version";

#[async_trait]
impl Projection for ServiceTokens {
    const NAME: &'static str = "tenancy.service_tokens";
    const VERSION: i32 = 1;
    const TABLES: &'static [&'static str] = &["tenancy_service_tokens"];
    const DDL: &'static str = r#"
        create table tenancy_service_tokens (
            tenant_id  text        collate "C" not null,
            token_id   uuid        not null,
            name       text        not null,
            scopes     text        not null,
            expires_at timestamptz,
            created_by uuid        not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            revoked    boolean     not null,
            version    bigint      not null,
            primary key (tenant_id, token_id)
        );
        create index tenancy_service_tokens_by_created on tenancy_service_tokens (tenant_id, created_at, token_id) where not revoked;
    "#;
    const FOLLOWS: &'static [&'static str] = &["serviceToken"];
    const BY_STREAM: bool = true;
    const CHECKS: &'static [Check] = &[Check {
        name: "service tokens that are not revoked",
        in_log: "select tenant_id, sum(case event_type when 'ServiceTokenCreated' then 1 else -1 end)::bigint as total from log.events \
                 where position <= $1 and aggregate_type = 'serviceToken' \
                 and event_type in ('ServiceTokenCreated', 'ServiceTokenRevoked') group by tenant_id",
        in_tables: "select tenant_id, count(*) as total from tenancy_service_tokens where not revoked group by tenant_id",
    }];

    type Event = ServiceTokenEvent;
    type Key = (Arc<str>, Uuid);
    type Row = ServiceTokenRow;

    fn decode(&self, event: &RecordedEvent) -> Result<ServiceTokenEvent, ReducerError> {
        decode(event)
    }

    fn keys(&self, event: &RecordedEvent, _: &ServiceTokenEvent) -> Result<Vec<Self::Key>, ReducerError> {
        Ok(vec![(Arc::clone(&event.tenant_id), aggregate_uuid(event)?)])
    }

    fn reduce(
        &self,
        key: &Self::Key,
        row: Option<ServiceTokenRow>,
        event: &RecordedEvent,
        decoded: &ServiceTokenEvent,
    ) -> Result<Option<ServiceTokenRow>, ReducerError> {
        if row.as_ref().is_some_and(|row| row.version >= event.sequence) {
            return Ok(row);
        }
        match decoded {
            ServiceTokenEvent::ServiceTokenCreated { id: _, name, scopes, expires_at, created_by, at } => {
                let scopes: Vec<&str> = scopes.iter().copied().map(TokenScope::as_str).collect();
                Ok(Some(ServiceTokenRow {
                    token_id: key.1,
                    name: name.as_str().to_owned(),
                    scopes: scopes.join(" "),
                    expires_at: expires_at.map(Timestamp::as_datetime),
                    created_by: created_by.as_uuid(),
                    created_at: at.as_datetime(),
                    updated_at: at.as_datetime(),
                    revoked: false,
                    version: event.sequence,
                }))
            }
            ServiceTokenEvent::ServiceTokenRevoked { at } => {
                let row = present(row, event)?;
                let updated_at = at.as_datetime();
                Ok(Some(ServiceTokenRow { revoked: true, updated_at, version: event.sequence, ..row }))
            }
        }
    }

    async fn load(
        &self,
        connection: &mut PgConnection,
        keys: &[Self::Key],
    ) -> sqlx::Result<HashMap<Self::Key, ServiceTokenRow>> {
        #[derive(FromRow)]
        struct Stored {
            tenant_id: String,
            #[sqlx(flatten)]
            row: ServiceTokenRow,
        }
        let stored: Vec<Stored> = sqlx::query_as(&format!(
            "select tenant_id, {COLUMNS} from tenancy_service_tokens \
             where (tenant_id, token_id) in (select * from unnest($1::text[], $2::uuid[]))"
        ))
        .bind(keys.iter().map(|(tenant, _)| &**tenant).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, id)| *id).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
        Ok(stored.into_iter().map(|stored| ((Arc::from(stored.tenant_id), stored.row.token_id), stored.row)).collect())
    }

    async fn store(
        &self,
        connection: &mut PgConnection,
        changes: &[Change<Self::Key, ServiceTokenRow>],
    ) -> sqlx::Result<()> {
        let rows: Vec<(&str, &ServiceTokenRow)> =
            changes.iter().filter_map(|change| Some((&*change.key.0, change.after.as_ref()?))).collect();
        sqlx::query(&format!(
            "insert into tenancy_service_tokens (tenant_id, {COLUMNS}) \
             select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::uuid[], $7::timestamptz[], \
                                  $8::timestamptz[], $9::boolean[], $10::bigint[]) \
             on conflict (tenant_id, token_id) do update set updated_at = excluded.updated_at, revoked = excluded.revoked, \
             version = excluded.version"
        ))
        .bind(rows.iter().map(|(tenant, _)| *tenant).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.token_id).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.name.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.scopes.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.expires_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.created_by).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.created_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.updated_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.revoked).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.version).collect::<Vec<_>>())
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// A page of the tokens that are not revoked, by when they were made.
///
/// # Errors
/// When the database is away.
pub async fn list(
    reads: &Reads,
    tenant: &TenantId,
    order: Order,
    page: Page,
) -> sqlx::Result<Answer<Listing<ServiceTokenRow>>> {
    let key = tenant.clone();
    reads
        .query(tenant.as_str(), &[ServiceTokens::NAME], move |connection| {
            Box::pin(async move {
                let rows = page_of(connection, &key, order, &page).await?;
                let total = if page.is_numbered() { Some(count(connection, &key).await?) } else { None };
                Ok(Listing::of(rows, &page, total, |row| Place {
                    key: SortKey::Time(row.created_at),
                    id: row.token_id,
                }))
            })
        })
        .await
}

async fn page_of(
    connection: &mut PgConnection,
    tenant: &TenantId,
    order: Order,
    page: &Page,
) -> sqlx::Result<Vec<ServiceTokenRow>> {
    let mut query = QueryBuilder::new(format!(
        "select {COLUMNS} from read.tenancy_service_tokens where not revoked and tenant_id = "
    ));
    query.push_bind(tenant.as_str());
    push_after(&mut query, "created_at", "token_id", page.place(), order);
    query
        .push(format!(" order by created_at {0}, token_id {0} limit ", order.sql()))
        .push_bind(i64::from(page.limit()) + 1)
        .push(" offset ")
        .push_bind(page.offset());
    query.build_query_as().fetch_all(connection).await
}

async fn count(connection: &mut PgConnection, tenant: &TenantId) -> sqlx::Result<Total> {
    sqlx::query_scalar(
        "select count(*) from (select from read.tenancy_service_tokens where not revoked and tenant_id = $1 limit $2) as counted",
    )
    .bind(tenant.as_str())
    .bind(COUNTED + 1)
    .fetch_one(connection)
    .await
    .map(Total::counted)
}
