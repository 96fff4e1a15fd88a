//! Tags of published posts with their counts. Table `content_tags`, kept by `content.posts`.

use sqlx::{FromRow, PgConnection, QueryBuilder};
use tidemark_content::Tag;
use tidemark_engine::projection::Projection;
use tidemark_engine::reads::{Answer, Reads};
use tidemark_kernel::TenantId;
use uuid::Uuid;

use super::posts::Posts;
use crate::page::{COUNTED, Listing, Page, Place, SortKey, Total};

/// A tag, whatever its case.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TagRow {
    /// The tag in lower case.
    pub tag: String,
    /// As it is spelled most often.
    pub name: String,
    /// How many published posts have it.
    pub count: i64,
}

/// A page of the tags that begin with `search`, by name.
///
/// # Errors
/// When the database is away.
pub async fn list(
    reads: &Reads,
    tenant: &TenantId,
    search: Option<String>,
    page: Page,
) -> sqlx::Result<Answer<Listing<TagRow>>> {
    let key = tenant.clone();
    reads
        .query(tenant.as_str(), &[Posts::NAME], move |connection| {
            Box::pin(async move {
                let prefix = Tag::key_of(&search.unwrap_or_default());
                let rows = page_of(connection, &key, &prefix, &page).await?;
                let total = if page.is_numbered() { Some(count(connection, &key, &prefix).await?) } else { None };
                Ok(Listing::of(rows, &page, total, |row| Place {
                    key: SortKey::Text(row.tag.clone()),
                    id: Uuid::nil(),
                }))
            })
        })
        .await
}

async fn page_of(
    connection: &mut PgConnection,
    tenant: &TenantId,
    prefix: &str,
    page: &Page,
) -> sqlx::Result<Vec<TagRow>> {
    let mut query = QueryBuilder::new(
        "select tag, (array_agg(spelling order by posts desc, spelling))[1] as name, sum(posts)::bigint as count from read.content_tags where tenant_id = ",
    );
    query
        .push_bind(tenant.as_str())
        .push(" and tag >= ")
        .push_bind(prefix)
        .push(" and starts_with(tag, ")
        .push_bind(prefix)
        .push(")");
    if let Some(Place { key: SortKey::Text(last), .. }) = page.place() {
        query.push(" and tag > ").push_bind(last);
    }
    query
        .push(" group by tag order by tag limit ")
        .push_bind(i64::from(page.limit()) + 1)
        .push(" offset ")
        .push_bind(page.offset());
    query.build_query_as().fetch_all(connection).await
}

async fn count(connection: &mut PgConnection, tenant: &TenantId, prefix: &str) -> sqlx::Result<Total> {
    sqlx::query_scalar(
        "select count(*) from (select distinct tag from read.content_tags where tenant_id = $1 and tag >= $2 and starts_with(tag, $2) limit $3) as counted",
    )
    .bind(tenant.as_str())
    .bind(prefix)
    .bind(COUNTED + 1)
    .fetch_one(connection)
    .await
    .map(Total::counted)
}
