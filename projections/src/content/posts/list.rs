//! Lists of posts: filtered, sorted, by page number or from a place on.

use sqlx::{PgConnection, Postgres, QueryBuilder};
use tidemark_content::{PostStatus, Tag};
use tidemark_engine::reads::{Answer, Reads};
use tidemark_kernel::{TenantId, UserId};

use super::{PostSummary, READS, SUMMARY};
use crate::page::{COUNTED, Listing, Order, Page, Place, SortKey, Total, push_after};

/// What lists of posts are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostSort {
    /// When they were created.
    CreatedAt,
    /// When they were published; unpublished ones count as oldest.
    PublishedAt,
    /// The title, without case.
    Title,
}

/// Which posts are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostFilter {
    /// Only those in this status; in every one when there is none.
    pub status: Option<PostStatus>,
    /// Only those filed under this.
    pub category: Option<String>,
    /// Only those with this tag, whatever its case.
    pub tag: Option<String>,
    /// Only those of this person.
    pub author: Option<UserId>,
}

/// A page of posts. Who gets to see which status is for the caller to say.
///
/// # Errors
/// When the database is away.
pub async fn list(
    reads: &Reads,
    tenant: &TenantId,
    filter: PostFilter,
    sort: PostSort,
    order: Order,
    page: Page,
) -> sqlx::Result<Answer<Listing<PostSummary>>> {
    let key = tenant.clone();
    reads
        .query(tenant.as_str(), READS, move |connection| {
            Box::pin(async move {
                let mut query = page_query(&key, &filter, sort, order, &page);
                let rows = query.build_query_as().fetch_all(&mut *connection).await?;
                let total = if page.is_numbered() { Some(total(connection, &key, &filter).await?) } else { None };
                Ok(Listing::of(rows, &page, total, |row| place_of(row, sort)))
            })
        })
        .await
}

/// The page's keys come from one index range for each status, merged; only then are whole rows and authors fetched.
///
/// Statuses and limits are written out, so that Postgres keeps one plan instead of planning anew for each page, which
/// takes longer than reading it.
fn page_query(
    tenant: &TenantId,
    filter: &PostFilter,
    sort: PostSort,
    order: Order,
    page: &Page,
) -> QueryBuilder<'static, Postgres> {
    let column = match sort {
        PostSort::CreatedAt => "created_at",
        PostSort::PublishedAt => "published_order",
        PostSort::Title => "title_order",
    };
    let direction = order.sql();
    let limit = i64::from(page.limit()) + 1;
    let statuses: Vec<String> = statuses(filter).iter().map(|status| format!("('{status}')")).collect();
    let mut query = QueryBuilder::new(format!(
        "with page as (select k.post_id, k.place from (values {}) as s(status) cross join lateral (select m.post_id, m.{column} as place",
        statuses.join(", ")
    ));
    push_matching(&mut query, tenant, filter, "s.status");
    push_after(&mut query, &format!("m.{column}"), "m.post_id", page.place(), order);
    query.push(format!(" order by m.{column} {direction}, m.post_id {direction} limit "));
    match page.offset() {
        0 => query.push(limit),
        offset => query.push_bind(offset + limit),
    };
    query.push(format!(") as k order by k.place {direction}, k.post_id {direction} limit {limit}"));
    if page.offset() > 0 {
        query.push(" offset ").push_bind(page.offset());
    }
    query
        .push(format!(
            ") select {SUMMARY} from page join read.content_posts p on p.post_id = page.post_id and p.tenant_id = "
        ))
        .push_bind(tenant.to_string());
    query.push(" left join read.identity_users u on u.tenant_id = p.tenant_id and u.user_id = p.author_id");
    query.push(format!(" order by page.place {direction}, page.post_id {direction}"));
    query
}

fn statuses(filter: &PostFilter) -> Vec<&'static str> {
    match filter.status {
        Some(status) => vec![status.as_str()],
        None => [PostStatus::Draft, PostStatus::Published, PostStatus::Archived].map(PostStatus::as_str).to_vec(),
    }
}

/// ` from … as m where …`: the posts in one status that the filter lets through, from the table that is closest to it.
fn push_matching(query: &mut QueryBuilder<'_, Postgres>, tenant: &TenantId, filter: &PostFilter, status: &str) {
    let on_post = match &filter.tag {
        Some(tag) => {
            query.push(" from read.content_post_tags m");
            if filter.category.is_some() || filter.author.is_some() {
                query.push(" join read.content_posts o on o.tenant_id = m.tenant_id and o.post_id = m.post_id");
            }
            query.push(" where m.tenant_id = ").push_bind(tenant.to_string());
            query.push(" and m.tag = ").push_bind(Tag::key_of(tag));
            "o"
        }
        None => {
            query.push(" from read.content_posts m where m.tenant_id = ").push_bind(tenant.to_string());
            "m"
        }
    };
    query.push(format!(" and m.status = {status}"));
    if let Some(category) = &filter.category {
        query.push(format!(" and {on_post}.category = ")).push_bind(category.clone());
    }
    if let Some(author) = filter.author {
        query.push(format!(" and {on_post}.author_id = ")).push_bind(author.as_uuid());
    }
}

/// By a counter where one filter at most is set besides the status; else counted, up to a bound.
async fn total(connection: &mut PgConnection, tenant: &TenantId, filter: &PostFilter) -> sqlx::Result<Total> {
    let (facet, value) = match (&filter.category, &filter.tag, filter.author) {
        (None, None, None) => ("all", String::new()),
        (Some(category), None, None) => ("category", category.clone()),
        (None, Some(tag), None) => ("tag", Tag::key_of(tag)),
        (None, None, Some(author)) => ("author", author.to_string()),
        _ => return count(connection, tenant, filter).await,
    };
    sqlx::query_scalar(
        "select coalesce(sum(posts), 0)::bigint from read.content_post_counts where tenant_id = $1 and facet = $2 and value = $3 and status = any ($4)",
    )
    .bind(tenant.as_str())
    .bind(facet)
    .bind(value)
    .bind(statuses(filter))
    .fetch_one(connection)
    .await
    .map(Total::exact)
}

async fn count(connection: &mut PgConnection, tenant: &TenantId, filter: &PostFilter) -> sqlx::Result<Total> {
    let mut query = QueryBuilder::new("select count(*) from (select");
    push_matching(&mut query, tenant, filter, "any (array['draft', 'published', 'archived'])");
    if let Some(status) = filter.status {
        query.push(" and m.status = ").push_bind(status.as_str());
    }
    query.push(" limit ").push_bind(COUNTED + 1).push(") as counted");
    query.build_query_scalar().fetch_one(connection).await.map(Total::counted)
}

fn place_of(row: &PostSummary, sort: PostSort) -> Place {
    let key = match sort {
        PostSort::CreatedAt => SortKey::Time(row.created_at),
        PostSort::PublishedAt => SortKey::Time(row.published_at.unwrap_or_default()),
        PostSort::Title => SortKey::Text(row.title.to_lowercase()),
    };
    Place { key, id: row.post_id }
}
