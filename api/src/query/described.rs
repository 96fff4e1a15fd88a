//! What the OpenAPI document says of every query: the headers it answers with, 304, and how it fails. What every route
//! takes and how any may fail is added where the document is made.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Type};
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::problem::CONTENT;

const ANSWERED: [(&str, &str); 5] = [
    ("ETag", "What this caller sees; of a resource, its version comes first"),
    ("Tidemark-Position", "The place in the tenant's log at which the answer is true"),
    ("Tidemark-Cache", "`hit` or `miss`: whether the answer was remembered"),
    ("Vary", "What the answer depends on besides its address"),
    ("Cache-Control", "Whether others may keep the answer"),
];

const FAILED: [(&str, &str); 3] = [
    ("400", "`VALIDATION_FAILED` with the parameters at fault, or `INVALID_POSITION`"),
    ("410", "`POSITION_LOST`: the history that Tidemark-After belongs to was cut"),
    (
        "503",
        "`READ_MODEL_BEHIND` when Tidemark-After is not reached in time, `UNAVAILABLE`; come back after Retry-After",
    ),
];

/// Describes every GET of `router` as a query that is answered by [`super::answer`].
#[must_use]
pub fn described(mut router: OpenApiRouter<App>) -> OpenApiRouter<App> {
    let paths = router.get_openapi_mut().paths.paths.values_mut();
    paths.filter_map(|item| item.get.as_mut()).for_each(describe);
    router
}

fn describe(query: &mut Operation) {
    let responses = &mut query.responses.responses;
    responses
        .entry("304".to_owned())
        .or_insert_with(|| RefOr::T(ResponseBuilder::new().description("The caller has it already").build()));
    for status in ["200", "304"] {
        if let Some(RefOr::T(response)) = responses.get_mut(status) {
            response
                .headers
                .extend(ANSWERED.map(|(name, description)| (name.to_owned(), RefOr::T(answered(description)))));
        }
    }
    for (status, description) in FAILED {
        responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(failed(description)));
    }
}

fn answered(description: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some(description))
        .build()
}

fn failed(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content(CONTENT.to_str().unwrap_or_default(), content).build()
}
