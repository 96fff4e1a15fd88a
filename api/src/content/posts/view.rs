//! What is shown of a post, whether it comes from the read model or from the write side.

use std::borrow::Cow;

use serde::Serialize;
use tidemark_content::{Post, PostStatus};
use tidemark_kernel::Timestamp;
use tidemark_projections::content::posts::{PostPage, PostSummary};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::openapi::words;

/// Who wrote something.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Author {
    /// The account's id.
    pub id: Uuid,
    /// What the person is called; null in a query for the moment that a new account needs to be known everywhere.
    #[schema(required)]
    pub name: Option<String>,
    /// The person's picture.
    #[schema(required)]
    pub avatar_url: Option<String>,
}

/// A post as lists show it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PostSummary)]
pub(crate) struct SummaryView {
    #[serde(flatten)]
    common: Common,
    /// The beginning of its text.
    excerpt: String,
}

/// A whole post.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Post)]
pub(crate) struct PostView {
    #[serde(flatten)]
    common: Common,
    /// Its text.
    content: String,
    /// Whether the caller likes it; only when signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    liked_by_me: Option<bool>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PostCommon)]
struct Common {
    /// Its id.
    id: Uuid,
    /// Its name in addresses, for ever.
    #[schema(example = "hello-world")]
    slug: String,
    /// Its title.
    title: String,
    /// What it is filed under.
    category: String,
    /// The words it is found by.
    tags: Vec<String>,
    /// Who gets to see it.
    #[schema(value_type = StatusView)]
    status: String,
    /// The upload that is its cover.
    #[schema(required)]
    cover_image_id: Option<Uuid>,
    /// Who wrote it.
    author: Author,
    /// How many like it.
    like_count: i64,
    /// How many comments it has, replies too.
    comment_count: i64,
    /// Its version, as `If-Match` takes it.
    version: i64,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When it was published; null for a draft.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    published_at: Option<Timestamp>,
    /// When it is to be published by itself; null when it is not.
    #[schema(value_type = Option<String>, format = DateTime, required)]
    publish_at: Option<Timestamp>,
}

/// Who gets to see a post, for the document.
pub(crate) struct StatusView;

impl PartialSchema for StatusView {
    fn schema() -> RefOr<Schema> {
        words(PostStatus::ALL.map(PostStatus::as_str))
    }
}

impl ToSchema for StatusView {
    fn name() -> Cow<'static, str> {
        "PostStatus".into()
    }
}

impl From<PostSummary> for Common {
    fn from(row: PostSummary) -> Self {
        Self {
            id: row.post_id,
            slug: row.slug,
            title: row.title,
            category: row.category,
            tags: row.tags,
            status: row.status,
            cover_image_id: row.cover_image_id,
            author: Author { id: row.author_id, name: row.author_name, avatar_url: row.author_avatar_url },
            like_count: 0,
            comment_count: 0,
            version: row.version,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            published_at: row.published_at.map(Timestamp::new),
            publish_at: row.publish_at.map(Timestamp::new),
        }
    }
}

impl From<PostSummary> for SummaryView {
    fn from(mut row: PostSummary) -> Self {
        let excerpt = std::mem::take(&mut row.excerpt);
        Self { common: row.into(), excerpt }
    }
}

impl PostView {
    /// A post as the read model has it, for somebody who is signed in or not.
    pub(super) fn read(page: PostPage, is_signed_in: bool) -> Self {
        Self { common: page.summary.into(), content: page.content, liked_by_me: is_signed_in.then_some(false) }
    }

    /// A post as a command has left it, for the one who gave the command.
    pub(super) fn written(post: &Post, version: i64, author: Author) -> Self {
        let common = Common {
            id: post.id.as_uuid(),
            slug: post.slug.to_string(),
            title: post.title.as_str().to_owned(),
            category: post.category.as_str().to_owned(),
            tags: post.tags.to_strings(),
            status: post.status.as_str().to_owned(),
            cover_image_id: post.cover_image_id,
            author,
            like_count: 0,
            comment_count: 0,
            version,
            created_at: post.created_at,
            updated_at: post.updated_at,
            published_at: post.published_at,
            publish_at: post.publish_at,
        };
        Self { common, content: post.content.as_str().to_owned(), liked_by_me: Some(false) }
    }
}
