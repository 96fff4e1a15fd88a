//! Posts as readers and editors list and read them. Tables `content_posts` (one row a post), `content_post_texts` (its
//! text, which lists never touch), `content_post_tags` (a post under each of its tags), `content_post_counts` and
//! `content_tags` (how many there are); rebuildable.

mod list;
mod store;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection};
use tidemark_content::{PostContent, PostEvent, PostStatus, Slug};
use tidemark_engine::event::RecordedEvent;
use tidemark_engine::projection::{Change, Check, Projection, ReducerError};
use tidemark_engine::reads::{Answer, Reads};
use tidemark_kernel::{PostId, TenantId};
use uuid::Uuid;

use crate::decode::{aggregate_uuid, decode, present};
use crate::identity::users::Users;

pub use list::{PostFilter, PostSort, list};

/// The longest excerpt, in characters.
pub const EXCERPT: usize = 200;

/// A post as the tables keep it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostRow {
    /// Its name in addresses.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// The beginning of its text.
    pub excerpt: String,
    /// What it is filed under.
    pub category: String,
    /// The words it is found by.
    pub tags: Vec<String>,
    /// Who gets to see it.
    pub status: PostStatus,
    /// Who wrote it.
    pub author_id: Uuid,
    /// The upload that is its cover.
    pub cover_image_id: Option<Uuid>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was published.
    pub published_at: Option<DateTime<Utc>>,
    /// When it is to be published by itself.
    pub publish_at: Option<DateTime<Utc>>,
    /// The aggregate's version.
    pub version: i64,
    /// The whole text, where this batch has changed it; `None` leaves it as it is.
    pub new_text: Option<Arc<str>>,
}

/// The projection `content.posts`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Posts;

/// What the queries of this file read: their answer is as old as the older of them.
pub const READS: &[&str] = &[Posts::NAME, Users::NAME];

#[async_trait]
impl Projection for Posts {
    const NAME: &'static str = "content.posts";
    const VERSION: i32 = 2;
    const TABLES: &'static [&'static str] =
        &["content_posts", "content_post_texts", "content_post_tags", "content_post_counts", "content_tags"];
    const DDL: &'static str = r#"
        create table content_posts (
            tenant_id       text        collate "C" not null,
            post_id         uuid        not null,
            slug            text        collate "C" not null,
            title           text        not null,
            excerpt         text        not null,
            category        text        collate "C" not null,
            tags            jsonb       not null,
            status          text        collate "C" not null,
            author_id       uuid        not null,
            cover_image_id  uuid,
            created_at      timestamptz not null,
            updated_at      timestamptz not null,
            published_at    timestamptz,
            publish_at      timestamptz,
            version         bigint      not null,
            -- What lists sort by: an unpublished post as the oldest, a title without case, byte by byte.
            published_order timestamptz not null,
            title_order     text        collate "C" not null,
            primary key (tenant_id, post_id)
        );
        create unique index content_posts_by_slug on content_posts (tenant_id, slug);
        create index content_posts_by_created on content_posts (tenant_id, status, created_at, post_id);
        create index content_posts_by_published on content_posts (tenant_id, status, published_order, post_id);
        create index content_posts_by_title on content_posts (tenant_id, status, title_order, post_id);
        create index content_posts_by_category on content_posts (tenant_id, status, category, created_at, post_id);
        create index content_posts_by_author on content_posts (tenant_id, status, author_id, created_at, post_id);

        create table content_post_texts (
            tenant_id text collate "C" not null,
            post_id   uuid not null,
            content   text not null,
            primary key (tenant_id, post_id)
        );

        create table content_post_tags (
            tenant_id       text        collate "C" not null,
            tag             text        collate "C" not null,
            post_id         uuid        not null,
            status          text        collate "C" not null,
            created_at      timestamptz not null,
            published_order timestamptz not null,
            title_order     text        collate "C" not null,
            primary key (tenant_id, post_id, tag)
        );
        create index content_post_tags_by_created on content_post_tags (tenant_id, tag, status, created_at, post_id);
        create index content_post_tags_by_published on content_post_tags (tenant_id, tag, status, published_order, post_id);
        create index content_post_tags_by_title on content_post_tags (tenant_id, tag, status, title_order, post_id);

        -- Facet is 'all', 'category', 'author' or 'tag' (in lower case).
        create table content_post_counts (
            tenant_id text   collate "C" not null,
            facet     text   collate "C" not null,
            value     text   collate "C" not null,
            status    text   collate "C" not null,
            posts     bigint not null,
            primary key (tenant_id, facet, value, status)
        );

        -- How many published posts have a tag in this spelling; `tag` is it in lower case.
        create table content_tags (
            tenant_id text   collate "C" not null,
            tag       text   collate "C" not null,
            spelling  text   collate "C" not null,
            posts     bigint not null,
            primary key (tenant_id, tag, spelling)
        );
    "#;
    const FOLLOWS: &'static [&'static str] = &["post"];
    const DERIVES: bool = true;
    const BY_STREAM: bool = true;
    const CHECKS: &'static [Check] = &[
        Check {
            name: "posts",
            in_log: "select tenant_id, count(*) as total from log.events where position <= $1 and aggregate_type = 'post' and event_type = 'PostCreated' group by tenant_id",
            in_tables: "select tenant_id, count(*) as total from content_posts group by tenant_id",
        },
        Check {
            name: "published posts",
            in_log: "select tenant_id, count(*) as total from ( \
                         select tenant_id, max(sequence) filter (where event_type = 'PostPublished') as published, \
                                max(sequence) filter (where event_type <> 'PostPublished') as taken_back from log.events \
                         where position <= $1 and aggregate_type = 'post' and event_type in ('PostPublished', 'PostUnpublished', 'PostArchived') \
                         group by tenant_id, aggregate_id) as last \
                     where published > coalesce(taken_back, 0) group by tenant_id",
            in_tables: "select tenant_id, sum(posts)::bigint as total from content_post_counts where facet = 'all' and status = 'published' group by tenant_id",
        },
        Check {
            name: "counted posts",
            in_log: "select tenant_id, count(*) as total from log.events where position <= $1 and aggregate_type = 'post' and event_type = 'PostCreated' group by tenant_id",
            in_tables: "select tenant_id, sum(posts)::bigint as total from content_post_counts where facet = 'category' group by tenant_id",
        },
    ];

    type Event = PostEvent;
    type Key = (Arc<str>, Uuid);
    type Row = PostRow;

    fn decode(&self, event: &RecordedEvent) -> Result<PostEvent, ReducerError> {
        decode(event)
    }

    fn keys(&self, event: &RecordedEvent, _: &PostEvent) -> Result<Vec<Self::Key>, ReducerError> {
        Ok(vec![(Arc::clone(&event.tenant_id), aggregate_uuid(event)?)])
    }

    fn reduce(
        &self,
        _: &Self::Key,
        row: Option<PostRow>,
        event: &RecordedEvent,
        decoded: &PostEvent,
    ) -> Result<Option<PostRow>, ReducerError> {
        if row.as_ref().is_some_and(|row| row.version >= event.sequence) {
            return Ok(row);
        }
        if let Some(created) = created(event, decoded) {
            return Ok(Some(created));
        }
        let mut row = present(row, event)?;
        row.version = event.sequence;
        let at = match decoded {
            PostEvent::PostCreated { at, .. } => at,
            PostEvent::PostEdited { title, content, category, tags, cover_image_id, at } => {
                if let Some(title) = title {
                    row.title = title.as_str().to_owned();
                }
                if let Some(content) = content {
                    row.set_text(content);
                }
                if let Some(category) = category {
                    row.category = category.as_str().to_owned();
                }
                if let Some(tags) = tags {
                    row.tags = tags.to_strings();
                }
                if let Some(cover_image_id) = cover_image_id {
                    row.cover_image_id = *cover_image_id;
                }
                at
            }
            PostEvent::PostPublished { at } => {
                row.status = PostStatus::Published;
                row.published_at = Some(at.as_datetime());
                row.publish_at = None;
                at
            }
            PostEvent::PostUnpublished { at } => {
                row.status = PostStatus::Draft;
                row.published_at = None;
                at
            }
            PostEvent::PostScheduled { publish_at, at } => {
                row.publish_at = Some(publish_at.as_datetime());
                at
            }
            PostEvent::PostUnscheduled { at } => {
                row.publish_at = None;
                at
            }
            PostEvent::PostArchived { at } => {
                row.status = PostStatus::Archived;
                row.publish_at = None;
                at
            }
        };
        row.updated_at = at.as_datetime();
        Ok(Some(row))
    }

    async fn load(
        &self,
        connection: &mut PgConnection,
        keys: &[Self::Key],
    ) -> sqlx::Result<HashMap<Self::Key, PostRow>> {
        store::load(connection, keys).await
    }

    async fn store(&self, connection: &mut PgConnection, changes: &[Change<Self::Key, PostRow>]) -> sqlx::Result<()> {
        store::store_own(connection, changes).await?;
        store::store_derived(connection, changes).await
    }

    async fn store_own(
        &self,
        connection: &mut PgConnection,
        changes: &[Change<Self::Key, PostRow>],
    ) -> sqlx::Result<()> {
        store::store_own(connection, changes).await
    }

    async fn store_derived(
        &self,
        connection: &mut PgConnection,
        changes: &[Change<Self::Key, PostRow>],
    ) -> sqlx::Result<()> {
        store::store_derived(connection, changes).await
    }

    async fn load_after(
        &self,
        connection: &mut PgConnection,
        after: Option<&Self::Key>,
        limit: i64,
    ) -> sqlx::Result<Vec<(Self::Key, PostRow)>> {
        store::load_after(connection, after, limit).await
    }
}

fn created(event: &RecordedEvent, decoded: &PostEvent) -> Option<PostRow> {
    let PostEvent::PostCreated { id: _, author_id, slug, title, content, category, tags, cover_image_id, at } = decoded
    else {
        return None;
    };
    let mut row = PostRow {
        slug: slug.as_str().to_owned(),
        title: title.as_str().to_owned(),
        excerpt: String::new(),
        category: category.as_str().to_owned(),
        tags: tags.to_strings(),
        status: PostStatus::Draft,
        author_id: author_id.as_uuid(),
        cover_image_id: *cover_image_id,
        created_at: at.as_datetime(),
        updated_at: at.as_datetime(),
        published_at: None,
        publish_at: None,
        version: event.sequence,
        new_text: None,
    };
    row.set_text(content);
    Some(row)
}

impl PostRow {
    fn set_text(&mut self, content: &PostContent) {
        self.excerpt = excerpt(content.as_str());
        self.new_text = Some(Arc::from(content.as_str()));
    }

    fn published_order(&self) -> DateTime<Utc> {
        self.published_at.unwrap_or(DateTime::UNIX_EPOCH)
    }

    fn title_order(&self) -> String {
        self.title.to_lowercase()
    }
}

/// The beginning of a text on one line, cut between words where there are any, with an ellipsis.
fn excerpt(text: &str) -> String {
    // White space never counts more than one character, so this much of the text is always enough.
    let mut line = String::new();
    let mut characters = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        let gap = usize::from(!line.is_empty());
        if characters + gap + length > EXCERPT {
            if line.is_empty() {
                line.extend(word.chars().take(EXCERPT - 1));
            }
            line.push('…');
            return line;
        }
        if gap == 1 {
            line.push(' ');
        }
        line.push_str(word);
        characters += gap + length;
    }
    line
}

/// A post as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PostSummary {
    /// The post's id.
    pub post_id: Uuid,
    /// Its name in addresses.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// The beginning of its text.
    pub excerpt: String,
    /// What it is filed under.
    pub category: String,
    /// The words it is found by.
    #[sqlx(json)]
    pub tags: Vec<String>,
    /// `draft`, `published` or `archived`.
    pub status: String,
    /// The upload that is its cover.
    pub cover_image_id: Option<Uuid>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was published.
    pub published_at: Option<DateTime<Utc>>,
    /// When it is to be published by itself.
    pub publish_at: Option<DateTime<Utc>>,
    /// The aggregate's version.
    pub version: i64,
    /// Who wrote it.
    pub author_id: Uuid,
    /// What the author is called; `None` when the people's read model has not come to them yet.
    pub author_name: Option<String>,
    /// The author's picture.
    pub author_avatar_url: Option<String>,
}

/// A whole post.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PostPage {
    /// What lists show of it.
    #[sqlx(flatten)]
    pub summary: PostSummary,
    /// Its text.
    pub content: String,
}

/// How a post is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostRef {
    /// By its id.
    Id(PostId),
    /// By its name in addresses.
    Slug(Slug),
}

impl PostRef {
    /// An id where the text is one, else a slug where it can be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().map(Self::Id).or_else(|_| text.parse().map(Self::Slug)).ok()
    }
}

const SUMMARY: &str = "p.post_id, p.slug, p.title, p.excerpt, p.category, p.tags, p.status, p.cover_image_id, p.created_at, p.updated_at, \
                       p.published_at, p.publish_at, p.version, p.author_id, u.name as author_name, u.avatar_url as author_avatar_url";

/// One post in whatever status; who gets to see it is for the caller to say.
///
/// # Errors
/// When the database is away.
pub async fn find(reads: &Reads, tenant: &TenantId, post: PostRef) -> sqlx::Result<Answer<Option<PostPage>>> {
    let key = tenant.clone();
    reads
        .query(tenant.as_str(), READS, move |connection| {
            Box::pin(async move {
                let wanted = match &post {
                    PostRef::Id(_) => "p.post_id = $2",
                    PostRef::Slug(_) => "p.slug = $2",
                };
                let statement = format!(
                    "select {SUMMARY}, t.content from read.content_posts p \
                     join read.content_post_texts t on t.tenant_id = p.tenant_id and t.post_id = p.post_id \
                     left join read.identity_users u on u.tenant_id = p.tenant_id and u.user_id = p.author_id \
                     where p.tenant_id = $1 and {wanted}"
                );
                let query = sqlx::query_as(&statement).bind(key.as_str());
                let query = match &post {
                    PostRef::Id(id) => query.bind(id.as_uuid()),
                    PostRef::Slug(slug) => query.bind(slug.as_str()),
                };
                query.fetch_optional(connection).await
            })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::{EXCERPT, excerpt};

    #[test]
    fn a_short_text_is_its_own_excerpt_on_one_line() {
        assert_eq!(excerpt("  Hello,\n\n world "), "Hello, world");
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        let text = "word ".repeat(100);
        let cut = excerpt(&text);
        assert!(cut.ends_with("word…") && cut.chars().count() <= EXCERPT + 1, "{cut}");
    }

    #[test]
    fn a_text_without_words_is_cut_anywhere() {
        assert_eq!(excerpt(&"ü".repeat(1000)).chars().count(), EXCERPT);
    }
}
