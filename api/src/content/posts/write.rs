//! Writing posts. Editors create; a post's author and admins change it, which the aggregate decides.

use axum::extract::State;
use tidemark_commands::{Precondition, step};
use tidemark_content::{
    Category, DEFAULT_CATEGORIES, NewPost, Post, PostChanges, PostCommand, PostContent, Publication, Slug, Tag, Tags,
    Title,
};
use tidemark_kernel::{FieldError, PostId, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use super::slugs::with_a_free_slug;
use super::view::{Author, PostView};
use super::{LIST, ONE, authors};
use crate::App;
use crate::body::{Body, NoBody, NoQuery, PathId, Query};
use crate::caller::{Editor, SignedIn};
use crate::command::{Accepted, CommandContext, Reply};
use crate::fields::{Fields, FromFields};
use crate::problem::Problem;

/// A post to be created.
#[derive(ToSchema)]
#[schema(as = NewPost, rename_all = "camelCase")]
pub(super) struct CreatePost {
    /// Its title; the slug is made from it.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    title: Title,
    /// Its text.
    #[schema(value_type = String, min_length = 1, max_length = 200_000)]
    content: PostContent,
    /// One of the tenant's categories.
    #[schema(value_type = String, example = "tech")]
    category: Category,
    /// The words it is found by.
    #[schema(value_type = Option<Vec<String>>, max_items = 10, required = false)]
    tags: Tags,
    /// Whether it is published at once.
    #[schema(value_type = Option<bool>, required = false, default = false)]
    published: bool,
    /// When it is published by itself; not together with `published`.
    #[schema(value_type = Option<String>, format = DateTime, required = false)]
    publish_at: Option<Timestamp>,
    /// The upload that is its cover.
    #[schema(required = false)]
    cover_image_id: Option<Uuid>,
}

impl FromFields for CreatePost {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let title = fields.required("title", Title::parse);
        let content = fields.required("content", PostContent::parse);
        let category = fields.required("category", choose_category);
        let tags = read_tags(fields);
        let published = fields.flag("published").unwrap_or(false);
        let publish_at = fields.optional("publishAt", Timestamp::parse);
        if published && publish_at.is_some() {
            fields
                .reject::<()>("publishAt", FieldError::not_allowed("must not be given for what is published at once"));
        }
        let cover_image_id = fields.optional("coverImageId", parse_cover);
        Some(Self {
            title: title?,
            content: content?,
            category: category?,
            tags: tags.unwrap_or_default(),
            published,
            publish_at,
            cover_image_id,
        })
    }
}

/// What changes of a post: an absent field stays as it is.
#[derive(ToSchema)]
#[schema(as = PostChanges, rename_all = "camelCase")]
pub(super) struct EditPost {
    /// A new title; the slug stays.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 200)]
    title: Option<Title>,
    /// A new text.
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 200_000)]
    content: Option<PostContent>,
    /// Another category.
    #[schema(value_type = Option<String>, nullable = false)]
    category: Option<Category>,
    /// Other tags; null for none.
    #[schema(value_type = Option<Vec<String>>, max_items = 10)]
    tags: Option<Tags>,
    /// Another cover; null for none.
    #[schema(value_type = Option<Uuid>)]
    cover_image_id: Option<Option<Uuid>>,
    /// When it is published by itself; null for never.
    #[schema(value_type = Option<String>, format = DateTime)]
    publish_at: Option<Option<Timestamp>>,
}

impl FromFields for EditPost {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self {
            title: fields.changed("title", Title::parse),
            content: fields.changed("content", PostContent::parse),
            category: fields.changed("category", choose_category),
            tags: if fields.is_cleared("tags") { Some(Tags::default()) } else { read_tags(fields) },
            cover_image_id: fields.clearable("coverImageId", parse_cover),
            publish_at: fields.clearable("publishAt", Timestamp::parse),
        })
    }
}

fn choose_category(text: &str) -> Result<Category, FieldError> {
    Category::choose(text, &DEFAULT_CATEGORIES)
}

fn read_tags(fields: &mut Fields) -> Option<Tags> {
    fields.list("tags", 1_000, Tag::parse, Tags::of)
}

/// There are no uploads yet, so no id names one; an event that refers to nothing would do so for ever.
fn parse_cover(text: &str) -> Result<Uuid, FieldError> {
    Uuid::try_parse(text).map_err(|_| FieldError::invalid("must be the id of an upload"))?;
    Err(FieldError::invalid("names no upload"))
}

/// Create a post
#[utoipa::path(
    post, path = LIST, tag = "content", operation_id = "createPost", request_body = CreatePost,
    responses((status = 201, description = "The post", body = PostView)), security(("bearer" = []))
)]
pub(super) async fn create(
    Editor(caller): Editor,
    context: CommandContext,
    State(app): State<App>,
    Query(NoQuery): Query<NoQuery>,
    Body(new): Body<CreatePost>,
) -> Result<Accepted, Problem> {
    let id = PostId::new(Uuid::now_v7());
    let CreatePost { title, content, category, tags, published, publish_at, cover_image_id } = new;
    let publication = match publish_at {
        Some(publish_at) => Publication::At(publish_at),
        None if published => Publication::Now,
        None => Publication::Later,
    };
    let wanted = Slug::from_title(&title);
    let context = &context;
    with_a_free_slug(app.commands.pool(), context.tenant(), &wanted, |slug| {
        let new = NewPost {
            id,
            author: caller.user,
            slug,
            title: title.clone(),
            content: content.clone(),
            category: category.clone(),
            tags: tags.clone(),
            cover_image_id,
            publication,
            at: context.at(),
        };
        let step = step::<Post>(id, Precondition::New, PostCommand::Create(new));
        authors::execute(context, "CreatePost", step, caller.user, |post, version, author| {
            Reply::created(location(post), version, &PostView::written(post, version, author))
        })
    })
    .await
}

fn replied(post: &Post, version: i64, author: Author) -> Reply {
    Reply::ok(version, &PostView::written(post, version, author))
}

fn location(post: &Post) -> String {
    format!("/api/v1/posts/{}", post.id)
}

/// Change a post
#[utoipa::path(
    patch, path = ONE, tag = "content", operation_id = "editPost", request_body = EditPost,
    params(("id" = Uuid, Path, description = "The post's id")),
    responses((status = 200, description = "The post", body = PostView)), security(("bearer" = []))
)]
pub(super) async fn edit(
    SignedIn { caller, .. }: SignedIn,
    context: CommandContext,
    State(app): State<App>,
    PathId(id): PathId<PostId>,
    Query(NoQuery): Query<NoQuery>,
    Body(edit): Body<EditPost>,
) -> Result<Accepted, Problem> {
    let EditPost { title, content, category, tags, cover_image_id, publish_at } = edit;
    let changes = PostChanges { title, content, category, tags, cover_image_id, publish_at };
    let author = authors::of_post(&app, &caller, id).await?;
    let command = PostCommand::Edit { by: caller, changes, at: context.at() };
    let step = step::<Post>(id, context.precondition(), command);
    authors::execute(&context, "EditPost", step, author, replied).await
}

/// Publish a post
#[utoipa::path(
    post, path = "/posts/{id}/publish", tag = "content", operation_id = "publishPost",
    params(("id" = Uuid, Path, description = "The post's id")),
    responses((status = 200, description = "The post", body = PostView)), security(("bearer" = []))
)]
pub(super) async fn publish(
    SignedIn { caller, .. }: SignedIn,
    context: CommandContext,
    State(app): State<App>,
    PathId(id): PathId<PostId>,
    Query(NoQuery): Query<NoQuery>,
    NoBody: NoBody,
) -> Result<Accepted, Problem> {
    let author = authors::of_post(&app, &caller, id).await?;
    let step = step::<Post>(id, context.precondition(), PostCommand::Publish { by: caller, at: context.at() });
    authors::execute(&context, "PublishPost", step, author, replied).await
}

/// Make a post a draft again
#[utoipa::path(
    post, path = "/posts/{id}/unpublish", tag = "content", operation_id = "unpublishPost",
    params(("id" = Uuid, Path, description = "The post's id")),
    responses((status = 200, description = "The post", body = PostView)), security(("bearer" = []))
)]
pub(super) async fn unpublish(
    SignedIn { caller, .. }: SignedIn,
    context: CommandContext,
    State(app): State<App>,
    PathId(id): PathId<PostId>,
    Query(NoQuery): Query<NoQuery>,
    NoBody: NoBody,
) -> Result<Accepted, Problem> {
    let author = authors::of_post(&app, &caller, id).await?;
    let step = step::<Post>(id, context.precondition(), PostCommand::Unpublish { by: caller, at: context.at() });
    authors::execute(&context, "UnpublishPost", step, author, replied).await
}

/// Archive a post
///
/// Archiving an archived post changes nothing.
#[utoipa::path(
    delete, path = ONE, tag = "content", operation_id = "archivePost",
    params(("id" = Uuid, Path, description = "The post's id")),
    responses((status = 204, description = "It is archived")), security(("bearer" = []))
)]
pub(super) async fn archive(
    SignedIn { caller, .. }: SignedIn,
    context: CommandContext,
    PathId(id): PathId<PostId>,
    Query(NoQuery): Query<NoQuery>,
    NoBody: NoBody,
) -> Result<Accepted, Problem> {
    let step = step::<Post>(id, context.precondition(), PostCommand::Archive { by: caller, at: context.at() });
    context.execute("ArchivePost", step, |_, _| Reply::no_content()).await
}
