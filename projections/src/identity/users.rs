//! People as admins list them and as authors appear. Table `identity_users`; rebuildable.
//!
//! No secret is here. A deleted or erased person keeps a row without anything personal, so that what they wrote has an author.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::projection::{Change, Check, Projection, ReducerError};
use tidemark_engine::reads::{Answer, Reads};
use tidemark_identity::{PersonName, UserEvent};
use tidemark_kernel::{Email, Personal, Role, TenantId, UserId};
use uuid::Uuid;

use crate::decode::{aggregate_uuid, decode, present};
use crate::page::{COUNTED, Listing, Order, Page, Place, SortKey, Total, push_after};

/// What a deleted or erased person is called.
pub const DELETED_NAME: &str = "Deleted user";

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct UserRow {
    /// The account's id.
    pub user_id: Uuid,
    /// Where to reach the person; `None` once deleted.
    pub email: Option<String>,
    /// Whether mail to it is read by whom it belongs to.
    pub email_verified: bool,
    /// Whether somebody was invited to the account and has not accepted yet.
    pub invited: bool,
    /// What the person is called.
    pub name: String,
    /// The person's picture.
    pub avatar_url: Option<String>,
    /// `admin`, `editor` or `member`.
    pub role: String,
    /// When the account was registered.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Whether it was closed.
    pub deleted: bool,
    /// The aggregate's version.
    pub version: i64,
}

/// What lists of people are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserSort {
    /// What they are called, without case.
    Name,
    /// Their address, without case.
    Email,
    /// When they were registered.
    CreatedAt,
}

/// Which people are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFilter {
    /// In the name or the address, without case.
    pub search: Option<String>,
    /// Only those with this role.
    pub role: Option<Role>,
}

/// The projection `identity.users`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Users;

const COLUMNS: &str =
    "user_id, email, name, avatar_url, role, created_at, updated_at, deleted, version, email_verified, invited";

#[async_trait]
impl Projection for Users {
    const NAME: &'static str = "identity.users";
    const VERSION: i32 = 2;
    const TABLES: &'static [&'static str] = &["identity_users"];
    const DDL: &'static str = r#"
        create table identity_users (
            tenant_id   text        collate "C" not null,
            user_id     uuid        not null,
            email       text,
            name        text        not null,
            avatar_url  text,
            role        text        collate "C" not null,
            created_at  timestamptz not null,
            updated_at  timestamptz not null,
            deleted     boolean     not null,
            version     bigint      not null,
            email_verified boolean  not null,
            invited     boolean     not null,
            -- What the list sorts by and searches in: lower case, bytes.
            email_order text        collate "C" not null,
            name_order  text        collate "C" not null,
            primary key (tenant_id, user_id)
        );
        create index identity_users_by_created on identity_users (tenant_id, created_at, user_id) where not deleted;
        create index identity_users_by_name on identity_users (tenant_id, name_order, user_id) where not deleted;
        create index identity_users_by_email on identity_users (tenant_id, email_order, user_id) where not deleted;
    "#;
    const FOLLOWS: &'static [&'static str] = &["user"];
    const BY_STREAM: bool = true;
    const CHECKS: &'static [Check] = &[Check {
        name: "people who are not deleted",
        in_log: "select tenant_id, sum(case event_type when 'UserDeleted' then -1 else 1 end)::bigint as total from log.events \
                 where position <= $1 and aggregate_type = 'user' and (event_type in ('UserRegistered', 'UserDeleted') \
                 or event_type = 'UserInvited' and sequence = 1) group by tenant_id",
        in_tables: "select tenant_id, count(*) as total from identity_users where not deleted group by tenant_id",
    }];

    type Event = UserEvent;
    type Key = (Arc<str>, Uuid);
    type Row = UserRow;

    fn decode(&self, event: &RecordedEvent) -> Result<UserEvent, ReducerError> {
        decode(event)
    }

    fn keys(&self, event: &RecordedEvent, _: &UserEvent) -> Result<Vec<Self::Key>, ReducerError> {
        Ok(vec![(Arc::clone(&event.tenant_id), aggregate_uuid(event)?)])
    }

    fn reduce(
        &self,
        key: &Self::Key,
        row: Option<UserRow>,
        event: &RecordedEvent,
        decoded: &UserEvent,
    ) -> Result<Option<UserRow>, ReducerError> {
        if row.as_ref().is_some_and(|row| row.version >= event.sequence) {
            return Ok(row);
        }
        if let UserEvent::UserRegistered { id: _, email, name, role, at }
        | UserEvent::UserInvited { id: _, email, name, role, invited_by: _, at } = decoded
        {
            let before = row.map(|row| (row.created_at, row.avatar_url));
            let (created_at, avatar_url) = before.unwrap_or_else(|| (at.as_datetime(), None));
            return Ok(Some(UserRow {
                user_id: key.1,
                email: email.known().map(|email| email.as_str().to_owned()),
                email_verified: false,
                invited: matches!(decoded, UserEvent::UserInvited { .. }),
                name: shown(name),
                avatar_url,
                role: role.as_str().to_owned(),
                created_at,
                updated_at: at.as_datetime(),
                deleted: false,
                version: event.sequence,
            }));
        }
        let mut row = present(row, event)?;
        row.version = event.sequence;
        let changed_at = match decoded {
            UserEvent::UserRegistered { at, .. }
            | UserEvent::UserInvited { at, .. }
            | UserEvent::UserPasswordChanged { at }
            | UserEvent::UserPasswordRemoved { at }
            | UserEvent::UserIdentityLinked { at, .. } => at,
            UserEvent::UserInvitationAccepted { at } => {
                row.invited = false;
                at
            }
            UserEvent::UserEmailVerified { at } => {
                row.email_verified = true;
                at
            }
            UserEvent::UserEmailChangeRequested { .. }
            | UserEvent::UserPasswordResetRequested { .. }
            | UserEvent::UserSignedIn { .. }
            | UserEvent::UserSessionsRevoked { .. }
            | UserEvent::UserTokenReused { .. }
            | UserEvent::UserSignInsFailed { .. } => return Ok(Some(row)),
            UserEvent::UserRenamed { name, at } => {
                row.name = shown(name);
                at
            }
            UserEvent::UserAvatarChanged { avatar_url, at } => {
                row.avatar_url = avatar_url.as_ref().and_then(Personal::known).map(|url| url.as_str().to_owned());
                at
            }
            UserEvent::UserEmailChanged { email, at } => {
                let before = row.email.as_deref().and_then(|email| email.parse::<Email>().ok());
                row.email_verified = row.email_verified && before.as_ref() == email.known();
                row.email = email.known().map(|email| email.as_str().to_owned());
                at
            }
            UserEvent::UserRoleChanged { role, at } => {
                row.role = role.as_str().to_owned();
                at
            }
            UserEvent::UserDeleted { at } | UserEvent::UserErased { at } => {
                row.deleted = true;
                row.name = DELETED_NAME.to_owned();
                row.email = None;
                row.email_verified = false;
                row.invited = false;
                row.avatar_url = None;
                at
            }
        };
        row.updated_at = changed_at.as_datetime();
        Ok(Some(row))
    }

    async fn load(
        &self,
        connection: &mut PgConnection,
        keys: &[Self::Key],
    ) -> sqlx::Result<HashMap<Self::Key, UserRow>> {
        #[derive(FromRow)]
        struct Stored {
            tenant_id: String,
            #[sqlx(flatten)]
            row: UserRow,
        }
        let stored: Vec<Stored> = sqlx::query_as(&format!(
            "select tenant_id, {COLUMNS} from identity_users where (tenant_id, user_id) in (select * from unnest($1::text[], $2::uuid[]))"
        ))
        .bind(keys.iter().map(|(tenant, _)| &**tenant).collect::<Vec<_>>())
        .bind(keys.iter().map(|(_, id)| *id).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
        Ok(stored.into_iter().map(|stored| ((Arc::from(stored.tenant_id), stored.row.user_id), stored.row)).collect())
    }

    async fn store(&self, connection: &mut PgConnection, changes: &[Change<Self::Key, UserRow>]) -> sqlx::Result<()> {
        let rows: Vec<(&str, &UserRow)> =
            changes.iter().filter_map(|change| Some((&*change.key.0, change.after.as_ref()?))).collect();
        let lower = |text: Option<&str>| text.unwrap_or_default().to_lowercase();
        sqlx::query(&format!(
            "insert into identity_users (tenant_id, {COLUMNS}, email_order, name_order) \
             select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], \
                                  $9::boolean[], $10::bigint[], $11::boolean[], $12::boolean[], $13::text[], $14::text[]) \
             on conflict (tenant_id, user_id) do update set email = excluded.email, name = excluded.name, avatar_url = excluded.avatar_url, \
             role = excluded.role, updated_at = excluded.updated_at, deleted = excluded.deleted, version = excluded.version, \
             email_verified = excluded.email_verified, invited = excluded.invited, \
             email_order = excluded.email_order, name_order = excluded.name_order"
        ))
        .bind(rows.iter().map(|(tenant, _)| *tenant).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.user_id).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.email.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.name.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.avatar_url.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.role.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.created_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.updated_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.deleted).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.version).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.email_verified).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.invited).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| lower(row.email.as_deref())).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| lower(Some(&row.name))).collect::<Vec<_>>())
        .execute(connection)
        .await?;
        Ok(())
    }
}

fn shown(name: &Personal<PersonName>) -> String {
    name.known().map_or(DELETED_NAME, PersonName::as_str).to_owned()
}

/// One person; `None` when there is none or the account was deleted.
///
/// # Errors
/// When the database is away.
pub async fn find(reads: &Reads, tenant: &TenantId, user: UserId) -> sqlx::Result<Answer<Option<UserRow>>> {
    let key = tenant.clone();
    reads
        .query(tenant.as_str(), &[Users::NAME], move |connection| {
            Box::pin(async move {
                sqlx::query_as(&format!(
                    "select {COLUMNS} from read.identity_users where tenant_id = $1 and user_id = $2 and not deleted"
                ))
                .bind(key.as_str())
                .bind(user.as_uuid())
                .fetch_optional(connection)
                .await
            })
        })
        .await
}

/// A page of the people that are not deleted.
///
/// # Errors
/// When the database is away.
pub async fn list(
    reads: &Reads,
    tenant: &TenantId,
    filter: UserFilter,
    sort: UserSort,
    order: Order,
    page: Page,
) -> sqlx::Result<Answer<Listing<UserRow>>> {
    let key = tenant.clone();
    reads
        .query(tenant.as_str(), &[Users::NAME], move |connection| {
            Box::pin(async move {
                let rows = page_of(connection, &key, &filter, sort, order, &page).await?;
                let total = if page.is_numbered() { Some(count(connection, &key, &filter).await?) } else { None };
                Ok(Listing::of(rows, &page, total, |row| place_of(row, sort)))
            })
        })
        .await
}

async fn page_of(
    connection: &mut PgConnection,
    tenant: &TenantId,
    filter: &UserFilter,
    sort: UserSort,
    order: Order,
    page: &Page,
) -> sqlx::Result<Vec<UserRow>> {
    let column = match sort {
        UserSort::Name => "name_order",
        UserSort::Email => "email_order",
        UserSort::CreatedAt => "created_at",
    };
    let mut query = QueryBuilder::new(format!("select {COLUMNS} from read.identity_users"));
    push_filter(&mut query, tenant, filter);
    push_after(&mut query, column, "user_id", page.place(), order);
    query
        .push(format!(" order by {column} {0}, user_id {0} limit ", order.sql()))
        .push_bind(i64::from(page.limit()) + 1);
    query.push(" offset ").push_bind(page.offset());
    query.build_query_as().fetch_all(connection).await
}

async fn count(connection: &mut PgConnection, tenant: &TenantId, filter: &UserFilter) -> sqlx::Result<Total> {
    let mut query = QueryBuilder::new("select count(*) from (select from read.identity_users");
    push_filter(&mut query, tenant, filter);
    query.push(" limit ").push_bind(COUNTED + 1).push(") as counted");
    query.build_query_scalar().fetch_one(connection).await.map(Total::counted)
}

fn push_filter(query: &mut QueryBuilder<'_, Postgres>, tenant: &TenantId, filter: &UserFilter) {
    query.push(" where not deleted and tenant_id = ").push_bind(tenant.as_str().to_owned());
    if let Some(role) = filter.role {
        query.push(" and role = ").push_bind(role.as_str());
    }
    if let Some(search) = &filter.search {
        let wanted = search.to_lowercase();
        query
            .push(" and (strpos(name_order, ")
            .push_bind(wanted.clone())
            .push(") > 0 or strpos(email_order, ")
            .push_bind(wanted)
            .push(") > 0)");
    }
}

fn place_of(row: &UserRow, sort: UserSort) -> Place {
    let key = match sort {
        UserSort::Name => SortKey::Text(row.name.to_lowercase()),
        UserSort::Email => SortKey::Text(row.email.as_deref().unwrap_or_default().to_lowercase()),
        UserSort::CreatedAt => SortKey::Time(row.created_at),
    };
    Place { key, id: row.user_id }
}
