//! The tags of published posts, with how many posts have each.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use tidemark_engine::projection::Projection;
use tidemark_kernel::single_line;
use tidemark_projections::content::posts::Posts;
use tidemark_projections::content::tags::{self, TagRow};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::POST;
use crate::App;
use crate::body::{Headers, Query};
use crate::cache::{Key, SeenBy, Tag};
use crate::caller::TenantScope;
use crate::fields::{Fields, FromFields};
use crate::openapi::v1;
use crate::problem::Problem;
use crate::query::{self, Bound, Found, Paged, Paging};

const ROUTE: &str = "/tags";

pub(super) fn router() -> OpenApiRouter<App> {
    query::listed::<()>(OpenApiRouter::new().routes(v1(routes!(list))), ROUTE, &[])
}

/// A tag.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tag)]
pub(crate) struct TagView {
    /// As it is spelled most often.
    name: String,
    /// How many published posts have it.
    count: i64,
}

impl From<TagRow> for TagView {
    fn from(row: TagRow) -> Self {
        Self { name: row.name, count: row.count }
    }
}

struct Asked {
    search: Option<String>,
    paging: Paging,
}

impl FromFields for Asked {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let search = fields
            .optional("search", |text| if text.trim().is_empty() { Ok(None) } else { single_line(text, 50).map(Some) });
        Some(Self {
            search: search.flatten().map(|text: String| tidemark_content::Tag::key_of(&text)),
            paging: Paging::read(fields)?,
        })
    }
}

/// Tags by name
#[utoipa::path(
    get, path = ROUTE, tag = "content", operation_id = "listTags",
    params(
        ("search" = Option<String>, Query, description = "The beginning of the tags wanted, without case"),
    ),
    responses((status = 200, description = "A page of tags", body = Paged<TagView>))
)]
async fn list(
    TenantScope(tenant): TenantScope,
    State(app): State<App>,
    Query(asked): Query<Asked>,
    Headers(headers): Headers,
) -> Result<Response, Problem> {
    let cursors = &app.cursors;
    let filters = asked.search.clone().unwrap_or_default();
    let bound = Bound { tenant: tenant.as_str(), list: ROUTE, filters: &filters };
    let page = asked.paging.page(cursors, bound)?;
    let params = format!("{}&{filters}", asked.paging.canonical()).into();
    let key = Key { tenant: tenant.clone(), route: ROUTE, params, seen_by: SeenBy::Public };
    query::answer(&app, &headers, &[Posts::NAME], key, || async {
        let answer = tags::list(&app.reads, &tenant, asked.search.clone(), page.clone()).await?;
        Ok(answer.map(|listing| {
            Some(Found::list(&Paged::of(listing, &page, cursors, bound, TagView::from), vec![Tag::all(POST)]))
        }))
    })
    .await
}
