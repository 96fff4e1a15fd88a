//! The OpenAPI document: what the routes say of themselves, and what holds for all of them.
//!
//! `docs/openapi.json` is the same document, so that a change of the contract is seen where changes are looked at.

mod operation;

use axum::Router;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};
use utoipa::openapi::path::{HttpMethod, Operation, PathItem};
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, Info, ObjectBuilder, OpenApi, RefOr, Required, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::body::{NoQuery, Query};
use crate::problem::ProblemBody;
use crate::terms::Table;
use crate::{App, caller, content, health, identity, query, tenancy};

const DOCUMENT: &str = "/api/v1/openapi.json";
/// What no document has: itself, and the page that shows it.
const UNDOCUMENTED: [&str; 4] = [DOCUMENT, "/docs", "/docs/", "/docs/{*rest}"];
/// Where the routes of tenants are.
pub(crate) const V1: &str = "/api/v1";

/// All routes of the process, and what they say of themselves.
pub(crate) fn router(app: App) -> (Router, Table) {
    let (tenants, mut document) = of_a_tenant().split_for_parts();
    let (root, mut root_document) = of_the_root().split_for_parts();
    let table = Table::of(&mut document, &mut root_document, &UNDOCUMENTED);
    document.merge(root_document);
    complete(&mut document);
    let json = serde_json::to_vec(&document).expect("a document of maps with names for keys");
    let json = axum::body::Bytes::from(json);
    let tag = query::tag_of(&json);
    let document = async move |headers: HeaderMap, Query(NoQuery): Query<NoQuery>| {
        let mut response = query::unless_known(&headers, &tag, json);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    };
    let document = Router::new().route(DOCUMENT, axum::routing::get(document));
    let page = SwaggerUi::new("/docs").config(Config::from(DOCUMENT));
    (tenants.merge(root).merge(document).merge(page).with_state(app), table)
}

/// The document alone.
#[must_use]
pub fn document() -> OpenApi {
    let mut document = of_a_tenant().merge(of_the_root()).split_for_parts().1;
    complete(&mut document);
    document
}

/// Differs wherever the contract does, and the version.
pub(crate) fn digest() -> [u8; 32] {
    let document = serde_json::to_vec(&document()).expect("a document of maps with names for keys");
    Sha256::digest(document).into()
}

fn of_a_tenant() -> OpenApiRouter<App> {
    identity::router().merge(content::router()).merge(tenancy::router())
}

/// Routes below `/api/v1`, which are not nested there: that would cost each of their requests two boxes and a new address.
pub(crate) fn v1<S>((schemas, mut paths, methods): UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S> {
    paths.paths = paths.paths.into_iter().map(|(path, item)| (format!("{V1}{path}"), item)).collect();
    (schemas, paths, methods)
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
    let cookie = ApiKeyValue::with_description(
        "__Host-refresh-<tenant>",
        "The refresh token, and an `Origin` that is this server's or on its list",
    );
    components.add_security_scheme("refreshCookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let service = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A service token, where its scopes open the route"));
    components.add_security_scheme("serviceToken", SecurityScheme::Http(service.build()));
    document.security =
        Some(vec![SecurityRequirement::default(), SecurityRequirement::new("bearer", Vec::<String>::new())]);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            open_to_services(operation, path, &method);
            name_optional_body(operation);
            close_body(operation, components);
            operation::complete(operation, path, &method);
        }
    }
}

pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let all = [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The schema of a text that is one of `words`.
pub(crate) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

/// Says which scopes open a route to service tokens, where any do.
fn open_to_services(operation: &mut Operation, path: &str, method: &HttpMethod) {
    let Some(scopes) = caller::scopes::documented(method, path) else { return };
    let anybody = || vec![SecurityRequirement::default(), SecurityRequirement::new("bearer", Vec::<String>::new())];
    let names = scopes.iter().map(|scope| scope.as_str());
    operation.security.get_or_insert_with(anybody).push(SecurityRequirement::new("serviceToken", names));
}

/// A body that may be left out is told as that, and not as one that may be `null`.
fn name_optional_body(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else { continue };
        let Some(RefOr::T(Schema::OneOf(either))) = &content.schema else { continue };
        if let Some(named) = either.items.iter().find(|item| matches!(item, RefOr::Ref(_))).cloned() {
            content.schema = Some(named);
            body.required = Some(Required::False);
        }
    }
}

/// A body with a field that nobody knows is refused: every body is read by [`crate::body::Body`].
fn close_body(operation: &Operation, components: &mut Components) {
    let Some(RefOr::T(body)) = &operation.request_body else { return };
    let contents = body.content.values().filter_map(|content| match content {
        RefOr::T(content) => content.schema.as_ref(),
        RefOr::Ref(_) => None,
    });
    for schema in contents {
        let RefOr::Ref(named) = schema else { continue };
        let name = named.ref_location.rsplit('/').next().unwrap_or_default();
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name) {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

    /// With `TIDEMARK_REFRESH_OPENAPI` set it writes the document instead.
    #[test]
    fn the_document_in_the_repository_is_the_one_that_is_served() {
        let served = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
        if std::env::var_os("TIDEMARK_REFRESH_OPENAPI").is_some() {
            std::fs::write(FILE, &served).unwrap();
        }
        let kept = std::fs::read_to_string(FILE).unwrap_or_default();
        let different = served.lines().zip(kept.lines()).position(|(served, kept)| served != kept);
        assert!(
            served == kept,
            "the HTTP contract has changed, first in line {}: if that is meant, refresh docs/openapi.json with\n\n    \
             TIDEMARK_REFRESH_OPENAPI=1 cargo test -p tidemark-api --lib openapi\n\nand commit it with the change",
            different.unwrap_or_else(|| served.lines().count().min(kept.lines().count())) + 1
        );
    }

    #[test]
    fn what_is_a_tenants_is_below_the_version() {
        let (_, document) = of_a_tenant().split_for_parts();
        let outside = document.paths.paths.keys().find(|path| !path.starts_with("/api/v1/"));
        assert_eq!(outside, None, "its routes are not wrapped in v1()");
    }

    #[test]
    fn the_edge_finds_every_route_of_the_document_and_takes_it_for_no_other() {
        let [mut tenants, mut root] = [of_a_tenant(), of_the_root()].map(|routes| routes.split_for_parts().1);
        let table = Table::of(&mut tenants, &mut root, &UNDOCUMENTED);
        for path in document().paths.paths.keys() {
            let filled: Vec<&str> =
                path.split('/').map(|segment| if segment.starts_with('{') { "x" } else { segment }).collect();
            let found = table.find(&filled.join("/")).map(|route| (&route.path, route.is_of_tenant));
            assert_eq!(found, Some((path, path.starts_with(V1))));
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = serde_json::to_value(document()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.values().flat_map(|path| path.as_object().unwrap().values());
        let mut names: Vec<&str> = operations.filter_map(|operation| operation["operationId"].as_str()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{names:?}");
    }

    #[test]
    fn what_a_route_says_of_itself_is_left_as_it_is() {
        let document = serde_json::to_value(document()).unwrap();
        let answers = |path: &str, method: &str| document["paths"][path][method]["responses"].clone();
        let list = answers("/api/v1/posts", "get");
        assert_eq!(
            list["200"]["headers"]["ETag"]["description"],
            "What this caller sees; of a resource, its version comes first"
        );
        assert_eq!(list["403"]["description"], "`FORBIDDEN`: only editors see other than published posts");
        let archive = answers("/api/v1/posts/{id}", "delete");
        assert!(
            archive["204"]["headers"]["Tidemark-Position"].is_object() && archive["204"]["headers"]["ETag"].is_null()
        );
    }

    #[test]
    fn sign_in_takes_no_idempotency_key_and_a_new_resource_no_version() {
        let document = serde_json::to_value(document()).unwrap();
        let takes = |path: &str, method: &str, header: &str| {
            let parameters = document["paths"][path][method]["parameters"].as_array().cloned().unwrap_or_default();
            parameters.iter().any(|parameter| parameter["name"] == header)
        };
        assert!(
            !takes("/api/v1/auth/login", "post", "Idempotency-Key")
                && !takes("/api/v1/auth/me", "patch", "Idempotency-Key")
        );
        assert!(takes("/api/v1/posts", "post", "Idempotency-Key") && !takes("/api/v1/posts", "post", "If-Match"));
        assert!(
            takes("/api/v1/auth/me", "patch", "If-Match") && takes("/api/v1/posts/{id}/publish", "post", "If-Match")
        );
    }

    #[test]
    fn a_body_that_may_be_left_out_is_no_null() {
        let document = serde_json::to_value(document()).unwrap();
        for (path, name) in [("/api/v1/auth/refresh", "Refresh"), ("/api/v1/auth/logout", "Logout")] {
            let body = &document["paths"][path]["post"]["requestBody"];
            assert!(!body["required"].as_bool().unwrap_or(false), "{path}");
            let schema = &body["content"]["application/json"]["schema"];
            assert_eq!(schema["$ref"], format!("#/components/schemas/{name}"), "{path}");
        }
    }

    #[test]
    fn every_body_is_closed_and_every_list_has_bounds() {
        let document = serde_json::to_value(document()).unwrap();
        for name in [
            "NewPost",
            "PostChanges",
            "Register",
            "Login",
            "Refresh",
            "Logout",
            "EditMe",
            "ChangePassword",
            "CreateUser",
            "EditUser",
            "ChangeRole",
            "EditSettings",
            "CreateServiceToken",
        ] {
            assert_eq!(document["components"]["schemas"][name]["additionalProperties"], false, "{name}");
        }
        let schema = |path: &str, name: &str| {
            let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
            parameters.iter().find(|parameter| parameter["name"] == name).map(|parameter| parameter["schema"].clone())
        };
        for path in ["/api/v1/posts", "/api/v1/users", "/api/v1/tags"] {
            let limit = schema(path, "limit").unwrap();
            assert_eq!((&limit["minimum"], &limit["maximum"]), (&1.into(), &100.into()), "{path}");
        }
        assert_eq!(
            schema("/api/v1/posts", "sortBy").unwrap()["enum"],
            serde_json::json!(["createdAt", "publishedAt", "title"])
        );
        assert_eq!(schema("/api/v1/users", "order").unwrap()["enum"], serde_json::json!(["asc", "desc"]));
        assert_eq!(schema("/api/v1/tags", "sortBy"), None);
    }
}
