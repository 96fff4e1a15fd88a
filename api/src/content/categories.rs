//! The categories of a tenant: what its posts can be filed under.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use tidemark_content::DEFAULT_CATEGORIES;
use tidemark_engine::projection::Projection;
use tidemark_projections::tenancy::tenants::{self, Tenants};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::TENANT;
use crate::App;
use crate::body::{Headers, NoQuery, Query};
use crate::cache::{Key, SeenBy, Tag};
use crate::caller::TenantScope;
use crate::openapi::v1;
use crate::problem::Problem;
use crate::query::{self, Found};

const ROUTE: &str = "/settings/categories";

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(v1(routes!(show)))
}

/// The categories of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Categories {
    /// Their names.
    #[schema(example = json!(["tech", "lifestyle", "business"]))]
    categories: [&'static str; 3],
}

/// The tenant's categories
#[utoipa::path(get, path = ROUTE, tag = "content", operation_id = "getCategories", responses((status = 200, description = "The categories", body = Categories)))]
async fn show(
    TenantScope(tenant): TenantScope,
    State(app): State<App>,
    Query(NoQuery): Query<NoQuery>,
    Headers(headers): Headers,
) -> Result<Response, Problem> {
    let key = Key { tenant: tenant.clone(), route: ROUTE, params: "".into(), seen_by: SeenBy::Public };
    query::answer(&app, &headers, &[Tenants::NAME], key, || async {
        let answer = tenants::find(&app.reads, &tenant).await?;
        Ok(answer.map(|_| Some(Found::list(&Categories { categories: DEFAULT_CATEGORIES }, vec![Tag::all(TENANT)]))))
    })
    .await
}
