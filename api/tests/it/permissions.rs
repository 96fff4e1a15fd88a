//! Who may do what, on every route there is. A route that is not in the table fails the test.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use tidemark_kernel::Role;

use crate::support::TestApp;

/// Who a route is for. What the aggregate decides (a post is changed by its author or an admin) is its tests' affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Anyone,
    /// Anyone who brings a refresh token. Here nobody does.
    Holder,
    SignedIn,
    Editor,
    Admin,
    /// An admin, or the person that the path names. Here it names nobody, which others cannot find out.
    Oneself,
}

const TABLE: [(&str, &str, Who); 28] = [
    ("post", "/auth/register", Who::Anyone),
    ("post", "/auth/login", Who::Anyone),
    ("post", "/auth/refresh", Who::Holder),
    ("post", "/auth/logout", Who::SignedIn),
    ("get", "/auth/sessions", Who::SignedIn),
    ("delete", "/auth/sessions/{id}", Who::SignedIn),
    ("get", "/auth/me", Who::SignedIn),
    ("patch", "/auth/me", Who::SignedIn),
    ("put", "/auth/password", Who::SignedIn),
    ("get", "/users", Who::Admin),
    ("post", "/users", Who::Admin),
    ("get", "/users/{id}", Who::Oneself),
    ("patch", "/users/{id}", Who::Oneself),
    ("delete", "/users/{id}", Who::Oneself),
    ("put", "/users/{id}/role", Who::Admin),
    ("get", "/posts", Who::Anyone),
    ("post", "/posts", Who::Editor),
    ("get", "/posts/{id}", Who::Anyone),
    ("patch", "/posts/{id}", Who::SignedIn),
    ("delete", "/posts/{id}", Who::SignedIn),
    ("post", "/posts/{id}/publish", Who::SignedIn),
    ("post", "/posts/{id}/unpublish", Who::SignedIn),
    ("get", "/tags", Who::Anyone),
    ("get", "/settings/categories", Who::Anyone),
    ("get", "/settings", Who::Admin),
    ("patch", "/settings", Who::Admin),
    // Of no tenant.
    ("get", "/.well-known/jwks.json", Who::Anyone),
    ("get", "/health/", Who::Anyone),
];

/// What it names is nothing, in this tenant or another.
const NOTHING: &str = "01234567-89ab-7def-8123-456789abcdef";

#[tokio::test]
async fn every_route_is_for_those_that_the_table_names() {
    let app = TestApp::start().await;
    app.create_tenant("other").await;
    let foreign = app.person("other", Role::Admin).await;
    let members =
        [(Role::Member, app.member().await), (Role::Editor, app.editor().await), (Role::Admin, app.admin().await)];
    let mut wrong = Vec::new();
    for (method, path) in routes() {
        let Some(who) = who(&method, &path) else {
            wrong.push(format!("{method} {path} is not in the table: say who may"));
            continue;
        };
        let ask = |token: Option<&str>| {
            let path = path.replace("{id}", NOTHING);
            let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let body = matches!(method.as_str(), "post" | "put" | "patch") && !path.ends_with("publish");
            let asked = app.ask(verb, &path);
            // Nobody is to leave before the end.
            let told = if path.ends_with("/logout") { json!({ "everywhere": "?" }) } else { json!({}) };
            let asked = if body { asked.json(&told) } else { asked };
            match token {
                Some(token) => asked.token(token),
                None => asked,
            }
        };
        let mut told = BTreeMap::from([("nobody".to_owned(), ask(None).send().await)]);
        for (role, person) in &members {
            told.insert(format!("{role:?}"), ask(Some(&person.token)).send().await);
        }
        for (name, answer) in &told {
            let expected = refusal(who, name);
            let right = match expected {
                Some(status) => answer.status == status,
                None => !matches!(answer.status, 401 | 403 | 500..),
            };
            if !right {
                wrong.push(format!("{method} {path}: {name} is answered {} and not {expected:?}", answer.status));
            }
        }
        let strange = ask(Some(&foreign.token)).send().await;
        let expected = if path.starts_with("/api/") { "TOKEN_TENANT_MISMATCH" } else { "" };
        if strange.json["code"].as_str().unwrap_or_default() != expected {
            wrong.push(format!(
                "{method} {path}: another tenant's admin is answered {} {}",
                strange.status, strange.json
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_names_only_routes_that_there_are() {
    let routes = routes();
    for (method, path, _) in TABLE {
        assert!(
            routes.iter().any(|(verb, at)| {
                let at = at.strip_prefix("/api/v1").unwrap_or(at);
                verb == method && (at == path || (path.ends_with('/') && at.starts_with(path)))
            }),
            "{method} {path}"
        );
    }
}

#[test]
fn the_document_asks_for_a_token_where_the_table_does() {
    let document: Value = serde_json::to_value(tidemark_api::openapi::document()).unwrap();
    let wrong: Vec<String> = routes()
        .into_iter()
        .filter(|(method, path)| {
            let security = document["paths"][path][method].get("security").unwrap_or(&document["security"]);
            let may_be_without = security.as_array().unwrap().iter().any(|one| *one == json!({}));
            may_be_without != matches!(who(method, path), Some(Who::Anyone | Who::Holder))
        })
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// The status with which somebody is refused; `None` for those who may.
fn refusal(who: Who, name: &str) -> Option<u16> {
    match (who, name) {
        (Who::Holder, _) => Some(401),
        (Who::Anyone, _) | (_, "Admin") | (Who::SignedIn, "Member" | "Editor") | (Who::Editor, "Editor") => None,
        (_, "nobody") => Some(401),
        _ => Some(403),
    }
}

fn who(method: &str, path: &str) -> Option<Who> {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let row = TABLE.iter().find(|(verb, route, _)| {
        *verb == method && (*route == path || (route.ends_with('/') && path.starts_with(route)))
    });
    row.map(|(_, _, who)| *who)
}

/// Every method of every path of the document.
fn routes() -> Vec<(String, String)> {
    let document: Value = serde_json::to_value(tidemark_api::openapi::document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &Value| item.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    paths
        .iter()
        .flat_map(|(path, item)| methods(item).into_iter().map(|method| (method, path.clone())))
        .filter(|(method, _)| matches!(method.as_str(), "get" | "post" | "put" | "patch" | "delete"))
        .collect()
}
