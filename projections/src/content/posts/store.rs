//! How changed posts are read and written: one statement a table, counters by the difference of before and after.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{FromRow, PgConnection};
use tidemark_content::{PostStatus, Tag};
use tidemark_engine::projection::Change;
use uuid::Uuid;

use super::PostRow;

type Key = (Arc<str>, Uuid);

#[derive(FromRow)]
struct Stored {
    tenant_id: String,
    post_id: Uuid,
    slug: String,
    title: String,
    excerpt: String,
    category: String,
    tags: Json<Vec<String>>,
    status: String,
    author_id: Uuid,
    cover_image_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    published_at: Option<DateTime<Utc>>,
    publish_at: Option<DateTime<Utc>>,
    version: i64,
}

impl Stored {
    fn into_entry(self) -> sqlx::Result<(Key, PostRow)> {
        let status = PostStatus::parse(&self.status)
            .ok_or_else(|| sqlx::Error::Decode(format!("{} is no status", self.status).into()))?;
        let row = PostRow {
            slug: self.slug,
            title: self.title,
            excerpt: self.excerpt,
            category: self.category,
            tags: self.tags.0,
            status,
            author_id: self.author_id,
            cover_image_id: self.cover_image_id,
            created_at: self.created_at,
            updated_at: self.updated_at,
            published_at: self.published_at,
            publish_at: self.publish_at,
            version: self.version,
            new_text: None,
        };
        Ok(((Arc::from(self.tenant_id), self.post_id), row))
    }
}

const COLUMNS: &str = "tenant_id, post_id, slug, title, excerpt, category, tags, status, author_id, cover_image_id, created_at, updated_at, published_at, publish_at, version";

pub(super) async fn load(connection: &mut PgConnection, keys: &[Key]) -> sqlx::Result<HashMap<Key, PostRow>> {
    let stored: Vec<Stored> = sqlx::query_as(&format!(
        "select {COLUMNS} from content_posts where (tenant_id, post_id) in (select * from unnest($1::text[], $2::uuid[]))"
    ))
    .bind(keys.iter().map(|(tenant, _)| &**tenant).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, id)| *id).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    stored.into_iter().map(Stored::into_entry).collect()
}

pub(super) async fn load_after(
    connection: &mut PgConnection,
    after: Option<&Key>,
    limit: i64,
) -> sqlx::Result<Vec<(Key, PostRow)>> {
    let stored: Vec<Stored> = sqlx::query_as(&format!(
        "select {COLUMNS} from content_posts where $1::text is null or (tenant_id, post_id) > ($1, $2) order by tenant_id, post_id limit $3"
    ))
    .bind(after.map(|(tenant, _)| &**tenant))
    .bind(after.map(|(_, id)| *id))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    stored.into_iter().map(Stored::into_entry).collect()
}

/// What follows from the posts: the rows under their tags, and what is counted.
pub(super) async fn store_derived(connection: &mut PgConnection, changes: &[Change<Key, PostRow>]) -> sqlx::Result<()> {
    store_tags(connection, changes).await?;
    store_counts(connection, changes).await?;
    store_spellings(connection, changes).await
}

/// Whether none of the rows was there, so that none can be in the way of its insertion.
fn are_new(changes: &[Change<Key, PostRow>]) -> bool {
    changes.iter().all(|change| change.before.is_none())
}

/// The rows as they must be. A post is never deleted: an archived one keeps its row.
fn written(changes: &[Change<Key, PostRow>]) -> Vec<(&Key, &PostRow)> {
    changes.iter().filter_map(|change| Some((&change.key, change.after.as_ref()?))).collect()
}

/// The posts and their texts, in one statement: a batch of one post is made of little else than the way to the server.
pub(super) async fn store_own(connection: &mut PgConnection, changes: &[Change<Key, PostRow>]) -> sqlx::Result<()> {
    const POSTS: &str = "insert into content_posts (tenant_id, post_id, slug, title, excerpt, category, tags, status, author_id, cover_image_id, \
                                    created_at, updated_at, published_at, publish_at, version, published_order, title_order) \
         select unnest($1::text[]), unnest($2::uuid[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]), \
                unnest($7::jsonb[]), unnest($8::text[]), unnest($9::uuid[]), unnest($10::uuid[]), unnest($11::timestamptz[]), \
                unnest($12::timestamptz[]), unnest($13::timestamptz[]), unnest($14::timestamptz[]), unnest($15::bigint[]), \
                unnest($16::timestamptz[]), unnest($17::text[])";
    const OVER_POSTS: &str = " on conflict (tenant_id, post_id) do update set title = excluded.title, excerpt = excluded.excerpt, category = excluded.category, \
         tags = excluded.tags, status = excluded.status, cover_image_id = excluded.cover_image_id, updated_at = excluded.updated_at, \
         published_at = excluded.published_at, publish_at = excluded.publish_at, version = excluded.version, published_order = excluded.published_order, \
         title_order = excluded.title_order";
    const TEXTS: &str = "insert into content_post_texts (tenant_id, post_id, content) \
         select unnest($18::text[]), unnest($19::uuid[]), unnest($20::text[])";
    const OVER_TEXTS: &str = " on conflict (tenant_id, post_id) do update set content = excluded.content";
    let (over_posts, over_texts) = if are_new(changes) { ("", "") } else { (OVER_POSTS, OVER_TEXTS) };
    let statement = format!("with posts as ({POSTS}{over_posts}) {TEXTS}{over_texts}");
    let rows = written(changes);
    let texts: Vec<(&Key, &str)> =
        rows.iter().filter_map(|(key, row)| Some((*key, row.new_text.as_deref()?))).collect();
    sqlx::query(&statement)
        .bind(rows.iter().map(|(key, _)| &*key.0).collect::<Vec<_>>())
        .bind(rows.iter().map(|(key, _)| key.1).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.slug.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.title.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.excerpt.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.category.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| Json(&row.tags)).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.status.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.author_id).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.cover_image_id).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.created_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.updated_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.published_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.publish_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.version).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.published_order()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, row)| row.title_order()).collect::<Vec<_>>())
        .bind(texts.iter().map(|(key, _)| &*key.0).collect::<Vec<_>>())
        .bind(texts.iter().map(|(key, _)| key.1).collect::<Vec<_>>())
        .bind(texts.iter().map(|(_, text)| *text).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// What of a post is repeated under each of its tags.
fn under_tags(row: &PostRow) -> (&[String], PostStatus, DateTime<Utc>, &str) {
    (&row.tags, row.status, row.published_order(), &row.title)
}

async fn store_tags(connection: &mut PgConnection, changes: &[Change<Key, PostRow>]) -> sqlx::Result<()> {
    let has_moved = |change: &&Change<Key, PostRow>| {
        change.before.as_ref().map(under_tags) != change.after.as_ref().map(under_tags)
    };
    let moved: Vec<&Change<Key, PostRow>> = changes.iter().filter(has_moved).collect();
    let had_tags: Vec<&Key> = moved
        .iter()
        .filter(|change| change.before.as_ref().is_some_and(|row| !row.tags.is_empty()))
        .map(|change| &change.key)
        .collect();
    if !had_tags.is_empty() {
        sqlx::query("delete from content_post_tags where (tenant_id, post_id) in (select * from unnest($1::text[], $2::uuid[]))")
            .bind(had_tags.iter().map(|key| &*key.0).collect::<Vec<_>>())
            .bind(had_tags.iter().map(|key| key.1).collect::<Vec<_>>())
            .execute(&mut *connection)
            .await?;
    }
    let rows: Vec<(&Key, &PostRow, String)> = moved
        .iter()
        .filter_map(|change| Some((&change.key, change.after.as_ref()?)))
        .flat_map(|(key, row)| row.tags.iter().map(move |tag| (key, row, Tag::key_of(tag))))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into content_post_tags (tenant_id, post_id, tag, status, created_at, published_order, title_order) \
         select unnest($1::text[]), unnest($2::uuid[]), unnest($3::text[]), unnest($4::text[]), unnest($5::timestamptz[]), \
                unnest($6::timestamptz[]), unnest($7::text[])",
    )
    .bind(rows.iter().map(|(key, ..)| &*key.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|(key, ..)| key.1).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, _, tag)| tag.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, row, _)| row.status.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, row, _)| row.created_at).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, row, _)| row.published_order()).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, row, _)| row.title_order()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// The counters that a post is counted in.
fn counted_in<'r>(tenant: &'r str, row: &'r PostRow) -> Vec<[Cow<'r, str>; 4]> {
    let counter = |facet: &'static str, value: Cow<'r, str>| {
        [Cow::Borrowed(tenant), Cow::Borrowed(facet), value, Cow::Borrowed(row.status.as_str())]
    };
    let own = [
        counter("all", Cow::Borrowed("")),
        counter("category", Cow::Borrowed(row.category.as_str())),
        counter("author", Cow::Owned(row.author_id.to_string())),
    ];
    own.into_iter().chain(row.tags.iter().map(|tag| counter("tag", Cow::Owned(Tag::key_of(tag))))).collect()
}

/// The spellings of tags that a post is counted in: those of a published one.
fn spelled_in<'r>(tenant: &'r str, row: &'r PostRow) -> Vec<[Cow<'r, str>; 3]> {
    if row.status != PostStatus::Published {
        return Vec::new();
    }
    let spelled = |tag: &'r String| [Cow::Borrowed(tenant), Cow::Owned(Tag::key_of(tag)), Cow::Borrowed(tag.as_str())];
    row.tags.iter().map(spelled).collect()
}

/// By how much each counter differs: what a row is counted in afterwards less what it was counted in before.
fn differences<'r, C: Ord>(
    changes: &'r [Change<Key, PostRow>],
    counters: impl Fn(&'r str, &'r PostRow) -> Vec<C>,
) -> Vec<(C, i64)> {
    let mut differences: BTreeMap<C, i64> = BTreeMap::new();
    for change in changes {
        for (row, by) in [(&change.before, -1), (&change.after, 1)] {
            for counter in row.iter().flat_map(|row| counters(&change.key.0, row)) {
                *differences.entry(counter).or_default() += by;
            }
        }
    }
    differences.into_iter().filter(|(_, by)| *by != 0).collect()
}

async fn store_counts(connection: &mut PgConnection, changes: &[Change<Key, PostRow>]) -> sqlx::Result<()> {
    let differences = differences(changes, counted_in);
    if differences.is_empty() {
        return Ok(());
    }
    let part = |n: usize| differences.iter().map(|(counter, _)| &*counter[n]).collect::<Vec<_>>();
    sqlx::query(
        "insert into content_post_counts as c (tenant_id, facet, value, status, posts) \
         select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) \
         on conflict (tenant_id, facet, value, status) do update set posts = c.posts + excluded.posts",
    )
    .bind(part(0))
    .bind(part(1))
    .bind(part(2))
    .bind(part(3))
    .bind(differences.iter().map(|(_, by)| *by).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    if differences.iter().any(|(_, by)| *by < 0) {
        sqlx::query(
            "delete from content_post_counts where posts = 0 and (tenant_id, facet, value, status) in (select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]))",
        )
        .bind(part(0))
        .bind(part(1))
        .bind(part(2))
        .bind(part(3))
        .execute(connection)
        .await?;
    }
    Ok(())
}

async fn store_spellings(connection: &mut PgConnection, changes: &[Change<Key, PostRow>]) -> sqlx::Result<()> {
    let differences = differences(changes, spelled_in);
    if differences.is_empty() {
        return Ok(());
    }
    let part = |n: usize| differences.iter().map(|(counter, _)| &*counter[n]).collect::<Vec<_>>();
    sqlx::query(
        "insert into content_tags as t (tenant_id, tag, spelling, posts) select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) \
         on conflict (tenant_id, tag, spelling) do update set posts = t.posts + excluded.posts",
    )
    .bind(part(0))
    .bind(part(1))
    .bind(part(2))
    .bind(differences.iter().map(|(_, by)| *by).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    if differences.iter().any(|(_, by)| *by < 0) {
        sqlx::query("delete from content_tags where posts = 0 and (tenant_id, tag, spelling) in (select * from unnest($1::text[], $2::text[], $3::text[]))")
            .bind(part(0))
            .bind(part(1))
            .bind(part(2))
            .execute(connection)
            .await?;
    }
    Ok(())
}
