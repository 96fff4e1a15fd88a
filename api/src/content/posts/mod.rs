//! Posts over HTTP: anyone reads what is published, editors read everything, authors and admins write.

mod authors;
mod read;
mod slugs;
mod view;
mod write;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::openapi::v1;
use crate::query;

const LIST: &str = "/posts";
const ONE: &str = "/posts/{id}";

pub(super) fn router() -> OpenApiRouter<App> {
    let router = OpenApiRouter::new()
        .routes(v1(routes!(read::list, write::create)))
        .routes(v1(routes!(read::show, write::edit, write::archive)))
        .routes(v1(routes!(write::publish)))
        .routes(v1(routes!(write::unpublish)));
    query::listed(router, LIST, &read::SORTS)
}
