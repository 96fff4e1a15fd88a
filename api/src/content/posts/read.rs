//! Reading posts. Readers see what is published and nothing else, whichever way they ask.

use axum::extract::State;
use axum::response::Response;
use tidemark_content::PostStatus;
use tidemark_kernel::{FieldError, UserId};
use tidemark_projections::content::posts::{self, PostFilter, PostPage, PostRef, PostSort, READS};
use tidemark_projections::page::Order;
use uuid::Uuid;

use super::super::{POST, USER};
use super::view::{PostView, StatusView, SummaryView};
use super::{LIST, ONE};
use crate::App;
use crate::body::{Headers, NoQuery, PathId, Query};
use crate::cache::{Key, SeenBy, Tag};
use crate::caller::Anyone;
use crate::fields::{Fields, FromFields};
use crate::problem::Problem;
use crate::query::{self, Bound, Found, Paged, Paging, one_of, read_sort};

pub(super) const SORTS: [(&str, PostSort); 3] =
    [("createdAt", PostSort::CreatedAt), ("publishedAt", PostSort::PublishedAt), ("title", PostSort::Title)];

pub(super) struct Asked {
    filter: PostFilter,
    sort: PostSort,
    order: Order,
    paging: Paging,
}

impl FromFields for Asked {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let plain = |text: &str| Ok::<_, FieldError>(text.to_owned());
        let status = fields.optional("status", |text| {
            PostStatus::parse(text).ok_or_else(|| one_of(PostStatus::ALL.map(PostStatus::as_str)))
        });
        let category = fields.optional("category", plain);
        let tag = fields.optional("tag", plain).map(|tag| tidemark_content::Tag::key_of(&tag));
        let author = fields.optional("author", |text| {
            text.parse::<UserId>().map_err(|_| FieldError::invalid("must be the id of a person"))
        });
        let sorting = read_sort(fields, &SORTS, PostSort::CreatedAt);
        let paging = Paging::read(fields);
        let ((sort, order), paging) = (sorting?, paging?);
        Some(Self { filter: PostFilter { status, category, tag, author }, sort, order, paging })
    }
}

impl Asked {
    /// The same question as this caller may ask it: a reader's is about published posts, and no other may be named.
    fn within_sight_of(mut self, who: &Anyone) -> Result<Self, Problem> {
        if who.may_edit() {
            return Ok(self);
        }
        match self.filter.status.replace(PostStatus::Published) {
            None | Some(PostStatus::Published) => Ok(self),
            Some(_) => Err(Problem::forbidden().detail("only editors see posts that are not published")),
        }
    }

    /// Filters, sort and order in one form.
    fn canonical(&self) -> String {
        let PostFilter { status, category, tag, author } = &self.filter;
        let sort = SORTS.iter().find(|(_, sort)| *sort == self.sort).map(|(name, _)| name);
        // JSON keeps them apart whatever they hold.
        serde_json::to_string(&(status, category, tag, author, sort, self.order)).expect("they are texts")
    }
}

/// Posts
///
/// Readers see published posts; editors see all.
#[utoipa::path(
    get, path = LIST, tag = "content", operation_id = "listPosts",
    params(
        ("category" = Option<String>, Query, description = "Only those filed under this"),
        ("tag" = Option<String>, Query, description = "Only those with this tag, whatever its case"),
        ("author" = Option<Uuid>, Query, description = "Only those of this person"),
        ("status" = Option<StatusView>, Query, description = "Only those in this status; readers may name `published` alone"),
    ),
    responses(
        (status = 200, description = "A page of posts", body = Paged<SummaryView>),
        (status = 403, description = "`FORBIDDEN`: only editors see other than published posts", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    who: Anyone,
    State(app): State<App>,
    Query(asked): Query<Asked>,
    Headers(headers): Headers,
) -> Result<Response, Problem> {
    let asked = asked.within_sight_of(&who)?;
    let cursors = &app.cursors;
    let filters = asked.canonical();
    let bound = Bound { tenant: who.tenant.as_str(), list: LIST, filters: &filters };
    let page = asked.paging.page(cursors, bound)?;
    let seen_by = if who.may_edit() { SeenBy::Editors } else { SeenBy::Public };
    let key = Key {
        tenant: who.tenant.clone(),
        route: LIST,
        params: format!("{}&{filters}", asked.paging.canonical()).into(),
        seen_by,
    };
    query::answer(&app, &headers, READS, key, || async {
        let answer =
            posts::list(&app.reads, &who.tenant, asked.filter.clone(), asked.sort, asked.order, page.clone()).await?;
        Ok(answer.map(|listing| {
            let mut authors: Vec<Uuid> = listing.rows.iter().map(|row| row.author_id).collect();
            authors.sort_unstable();
            authors.dedup();
            let tags = authors.into_iter().map(|author| Tag::one(USER, author)).chain([Tag::all(POST)]).collect();
            Some(Found::list(&Paged::of(listing, &page, cursors, bound, SummaryView::from), tags))
        }))
    })
    .await
}

/// One post by its id or slug
#[utoipa::path(
    get, path = ONE, tag = "content", operation_id = "getPost",
    params(("id" = String, Path, description = "The post's id or slug")),
    responses(
        (status = 200, description = "The post", body = PostView),
        (status = 404, description = "`NOT_FOUND`, also for what this caller may not see", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn show(
    who: Anyone,
    State(app): State<App>,
    PathId(name): PathId<String>,
    Query(NoQuery): Query<NoQuery>,
    Headers(headers): Headers,
) -> Result<Response, Problem> {
    let post = PostRef::parse(&name).ok_or_else(Problem::not_found)?;
    let params = match &post {
        PostRef::Id(id) => id.to_string(),
        PostRef::Slug(slug) => slug.to_string(),
    };
    let as_editor = who.may_edit();
    let seen_by = match &who.caller {
        Some(caller) => SeenBy::Person { user: caller.user, as_editor },
        None => SeenBy::Public,
    };
    let key = Key { tenant: who.tenant.clone(), route: ONE, params: params.into(), seen_by };
    query::answer(&app, &headers, READS, key, || async {
        let answer = posts::find(&app.reads, &who.tenant, post.clone()).await?;
        Ok(answer.map(|found| {
            found.filter(|page| as_editor || is_public(page)).map(|page| show_page(page, who.caller.is_some()))
        }))
    })
    .await
}

fn is_public(page: &PostPage) -> bool {
    page.summary.status == PostStatus::Published.as_str()
}

fn show_page(page: PostPage, is_signed_in: bool) -> Found {
    let tags = vec![Tag::one(POST, page.summary.post_id), Tag::one(USER, page.summary.author_id)];
    Found::resource(page.summary.version, &PostView::read(page, is_signed_in), tags)
}
