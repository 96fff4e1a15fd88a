//! The OpenAPI document: what the routes say of themselves, and what holds for all of them.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Content, ContentBuilder, Info, ObjectBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, Type,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::problem::ProblemBody;
use crate::{App, caller, content, edge, health, identity};

const DOCUMENT: &str = "/api/v1/openapi.json";

/// All routes of the process.
pub fn router(app: App) -> Router {
    let (tenants, mut document) = of_a_tenant().split_for_parts();
    let (root, root_document) = of_the_root().split_for_parts();
    document.merge(root_document);
    complete(&mut document);
    let json = axum::body::Bytes::from(serde_json::to_vec(&document).unwrap_or_default());
    let headers: [(HeaderName, HeaderValue); 2] = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    let document = Router::new().route(DOCUMENT, axum::routing::get(move || std::future::ready((headers, json))));
    tenants
        .route_layer(from_fn_with_state(app.clone(), caller::admit))
        .merge(root)
        .merge(document)
        .merge(SwaggerUi::new("/docs").config(Config::from(DOCUMENT)))
        .route_layer(from_fn(edge::note_route))
        .with_state(app)
}

/// The document alone.
#[must_use]
pub fn document() -> OpenApi {
    let mut document = of_a_tenant().merge(of_the_root()).split_for_parts().1;
    complete(&mut document);
    document
}

fn of_a_tenant() -> OpenApiRouter<App> {
    OpenApiRouter::new().nest("/api/v1", identity::router().merge(content::router()))
}

fn of_the_root() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(health::live)).routes(routes!(health::ready)).routes(routes!(health::jwks))
}

/// Adds what holds for every route: who speaks, the headers, the problems.
fn complete(document: &mut OpenApi) {
    document.info = Info::new("Tidemark", env!("CARGO_PKG_VERSION"));
    document.info.description = Some("Content and commerce over one log of events.".to_owned());
    let components = document.components.get_or_insert_default();
    let mut schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    ProblemBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build());
    components.add_security_scheme("bearer", bearer);
    document.security =
        Some(vec![SecurityRequirement::default(), SecurityRequirement::new("bearer", Vec::<String>::new())]);
    for (path, item) in &mut document.paths.paths {
        let in_tenant = path.starts_with("/api/");
        for (method, operation) in operations(item) {
            complete_operation(operation, in_tenant, &method);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let all = [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn complete_operation(operation: &mut Operation, in_tenant: bool, method: &HttpMethod) {
    let is_query = *method == HttpMethod::Get;
    let mut parameters = Vec::new();
    let mut problems: Vec<(&str, &str)> =
        vec![("500", "A defect"), ("503", "Overloaded, or something needed is away; come back as `Retry-After` says")];
    if in_tenant {
        parameters.push(header_parameter("X-Tenant", "The tenant's key, where the host does not name it"));
        problems.extend([
            ("400", "Malformed, or `VALIDATION_FAILED` with all fields at fault"),
            ("401", "Not or wrongly signed in"),
            ("403", "Not allowed, or `TENANT_SUSPENDED`"),
            ("404", "No such thing, or `TENANT_NOT_FOUND`"),
            ("410", "`POSITION_LOST`"),
        ]);
    }
    if in_tenant && is_query {
        parameters.push(header_parameter("Tidemark-After", "Wait until the read model has come to this position"));
        parameters.push(header_parameter("Prefer", "`wait=<seconds>`: how long to wait at most"));
        parameters.push(header_parameter("If-None-Match", "An `ETag` that is known already"));
        problems.push(("304", "As known"));
    }
    if in_tenant && !is_query {
        parameters.push(header_parameter(
            "Idempotency-Key",
            "1-255 visible ASCII characters; the same request again has the first answer",
        ));
        parameters.push(header_parameter("If-Match", "The version that the resource must have"));
        problems.extend([
            ("408", "The body took too long to arrive"),
            ("409", "A rule or the present state forbids it"),
            ("412", "`VERSION_MISMATCH`"),
            ("413", "`BODY_TOO_LARGE` or `EVENT_TOO_LARGE`"),
            ("415", "The body is not JSON"),
            ("422", "`IDEMPOTENCY_KEY_REUSED`"),
            ("504", "`OUTCOME_UNKNOWN`; repeat it with the same key"),
        ]);
    }
    operation.parameters.get_or_insert_default().extend(parameters.into_iter().map(RefOr::T));
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            add_headers(response, in_tenant && status.starts_with('2'));
            if status.starts_with(['4', '5']) {
                response.content.entry("application/problem+json".to_owned()).or_insert_with(problem_content);
            }
        }
    }
    for (status, description) in problems {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| {
            let mut response = ResponseBuilder::new().description(description).build();
            add_headers(&mut response, false);
            if status != "304" {
                response.content.insert("application/problem+json".to_owned(), problem_content());
            }
            RefOr::T(response)
        });
    }
}

fn add_headers(response: &mut Response, has_position: bool) {
    let text = |description: &str| {
        let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String));
        header.description = Some(description.to_owned());
        header
    };
    response.headers.insert("X-Request-Id".to_owned(), text("The request's id").into());
    if has_position {
        response.headers.insert("Tidemark-Position".to_owned(), text("The place in the tenant's log").into());
        response.headers.insert("ETag".to_owned(), text("The version").into());
    }
}

fn problem_content() -> RefOr<Content> {
    RefOr::T(ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build())
}

fn header_parameter(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}
