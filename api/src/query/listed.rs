//! What the OpenAPI document says of the parameters that all lists have: which part is asked for, and in which order.

use serde_json::json;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Object, ObjectBuilder, RefOr, Required, Type};
use utoipa_axum::router::OpenApiRouter;

use super::paging::{DEEPEST, DEFAULT_LIMIT, LARGEST_LIMIT};
use crate::App;
use crate::openapi::V1;

/// Describes the GET of `path`, below `/api/v1`, as a list that is read by [`super::Paging`], and sorted by one of `sorts` through
/// [`super::read_sort`], of which the first is the default.
#[must_use]
pub fn listed<S>(mut router: OpenApiRouter<App>, path: &str, sorts: &[(&'static str, S)]) -> OpenApiRouter<App> {
    let mut parameters = Vec::new();
    if let Some((default, _)) = sorts.first() {
        let names = sorts.iter().map(|(name, _)| *name);
        parameters.push(parameter("sortBy", "What to sort by", one_of(names, default)));
        parameters.push(parameter("order", "In which order", one_of(["asc", "desc"], "desc")));
    }
    parameters.extend([
        parameter("page", "From 1; not beside `cursor`. `page` times `limit` ends at 10,000", number(DEEPEST, 1)),
        parameter("limit", "Items in a page", number(LARGEST_LIMIT, i64::from(DEFAULT_LIMIT))),
        parameter(
            "cursor",
            "Empty to start, then the `nextCursor` of the page before",
            ObjectBuilder::new().schema_type(Type::String).build(),
        ),
    ]);
    let item = router.get_openapi_mut().paths.paths.get_mut(&format!("{V1}{path}"));
    if let Some(list) = item.and_then(|item| item.get.as_mut()) {
        list.parameters.get_or_insert_default().extend(parameters.into_iter().map(RefOr::T));
    }
    router
}

fn one_of<'a>(names: impl IntoIterator<Item = &'a str>, default: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).default(Some(json!(default))).build()
}

fn number(largest: i64, default: i64) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(largest as isize))
        .default(Some(json!(default)))
        .build()
}

fn parameter(name: &str, description: &str, schema: Object) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}
