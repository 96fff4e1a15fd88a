//! Who may do what, on every route there is. A route that is not in the table fails the test.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use tidemark_kernel::Role;
use tidemark_tenancy::TokenScope;

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

const TABLE: [(&str, &str, Who); 39] = [
    ("post", "/auth/register", Who::Anyone),
    ("post", "/auth/login", Who::Anyone),
    ("post", "/auth/refresh", Who::Holder),
    ("get", "/auth/oidc/{provider}/start", Who::Anyone),
    ("get", "/auth/oidc/{provider}/callback", Who::Anyone),
    ("post", "/auth/logout", Who::SignedIn),
    ("get", "/auth/sessions", Who::SignedIn),
    ("delete", "/auth/sessions/{id}", Who::SignedIn),
    ("get", "/auth/me", Who::SignedIn),
    ("patch", "/auth/me", Who::SignedIn),
    ("put", "/auth/password", Who::SignedIn),
    ("post", "/auth/password/forgot", Who::Anyone),
    ("post", "/auth/password/reset", Who::Anyone),
    ("post", "/auth/email/verify", Who::Anyone),
    ("post", "/auth/email/change", Who::SignedIn),
    ("post", "/auth/invite/accept", Who::Anyone),
    ("post", "/users/invite", Who::Admin),
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
    ("get", "/service-tokens", Who::Admin),
    ("post", "/service-tokens", Who::Admin),
    ("delete", "/service-tokens/{id}", Who::Admin),
    ("get", "/settings", Who::Admin),
    ("patch", "/settings", Who::Admin),
    // Of no tenant.
    ("get", "/.well-known/jwks.json", Who::Anyone),
    ("get", "/health/", Who::Anyone),
];

/// What a service token needs, all of it; where nothing is said a route is closed to service tokens.
const SCOPES: [(&str, &str, &[&str]); 12] = [
    ("get", "/users", &["users:read", "personal:read"]),
    ("get", "/users/{id}", &["users:read", "personal:read"]),
    ("get", "/posts", &["content:read"]),
    ("post", "/posts", &["content:write"]),
    ("get", "/posts/{id}", &["content:read"]),
    ("patch", "/posts/{id}", &["content:write"]),
    ("delete", "/posts/{id}", &["content:write"]),
    ("post", "/posts/{id}/publish", &["content:write"]),
    ("post", "/posts/{id}/unpublish", &["content:write"]),
    ("get", "/tags", &["content:read"]),
    ("get", "/settings/categories", &["content:read"]),
    ("get", "/settings", &["settings:read"]),
];

/// What it names is nothing, in this tenant or another.
pub(crate) const NOTHING: &str = "01234567-89ab-7def-8123-456789abcdef";

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

#[tokio::test]
async fn a_service_token_is_let_in_by_all_its_scopes_and_by_nothing_less() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let make = async |scopes: &[&str]| {
        let body = json!({ "name": "Walker", "scopes": scopes });
        app.post("/service-tokens", &body).token(&admin.token).send().await.expect(201).text("token")
    };
    let all: Vec<&str> = TokenScope::ALL.iter().map(|scope| scope.as_str()).collect();
    let with_all = make(&all).await;
    let mut wrong = Vec::new();
    for (method, path) in routes().into_iter().filter(|(_, path)| path.starts_with("/api/")) {
        let ask = async |token: &str| {
            let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let asked = app.ask(verb, &path.replace("{id}", NOTHING)).token(token);
            let asked = if method == "get" { asked } else { asked.json(&json!({})) };
            asked.send().await.status
        };
        let route = path.strip_prefix("/api/v1").unwrap();
        let needed = SCOPES.iter().find(|(verb, of, _)| *verb == method && *of == route).map(|(.., scopes)| *scopes);
        let Some(needed) = needed else {
            if ask(&with_all).await != 403 {
                wrong.push(format!("{method} {path} is open to a service token: say which scopes open it"));
            }
            continue;
        };
        if matches!(ask(&make(needed).await).await, 401 | 403 | 500..) {
            wrong.push(format!("{method} {path} is closed to a service token with {needed:?}"));
        }
        for missing in needed {
            let rest: Vec<&str> = all.iter().copied().filter(|scope| scope != missing).collect();
            if ask(&make(&rest).await).await != 403 {
                wrong.push(format!("{method} {path} is open to a service token without {missing}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What belongs to another tenant is answered, to the byte, as what never was.
#[tokio::test]
async fn an_id_of_another_tenant_is_as_good_as_none() {
    let app = TestApp::start().await;
    app.create_tenant("other").await;
    let foreign = app.person("other", Role::Admin).await;
    let made = async |path: &str, body: Value| {
        app.post(path, &body).tenant("other").token(&foreign.token).send().await.expect(201).text("id")
    };
    let post = json!({ "title": "Theirs", "content": "x", "category": "tech", "tags": [], "published": true });
    let sessions = app.get("/auth/sessions").tenant("other").token(&foreign.token).send().await.expect(200);
    // By what the path begins with; what is made elsewhere is really there.
    let there: BTreeMap<&str, String> = BTreeMap::from([
        ("users", foreign.id.clone()),
        ("posts", made("/posts", post).await),
        ("service-tokens", made("/service-tokens", json!({ "name": "x", "scopes": ["content:read"] })).await),
        ("auth", sessions.json["data"][0]["id"].as_str().unwrap().to_owned()),
    ]);
    let admin = app.admin().await;
    let mut wrong = Vec::new();
    for (method, path) in routes().into_iter().filter(|(_, path)| path.contains("{id}")) {
        let kind = path.trim_start_matches("/api/v1/").split('/').next().unwrap();
        let Some(id) = there.get(kind) else {
            wrong.push(format!("{path}: say how to make one of these in another tenant"));
            continue;
        };
        for body in [json!({}), json!({ "title": "Mine", "name": "Mine", "role": "member" })] {
            let ask = async |id: &str| {
                let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let asked = app.ask(verb, &path.replace("{id}", id)).token(&admin.token);
                let asked = asked.header("x-request-id", "the-same");
                let asked = if method == "get" { asked } else { asked.json(&body) };
                let answer = asked.send().await;
                (answer.status, String::from_utf8_lossy(&answer.body).replace(id, "{id}"))
            };
            let (theirs, nobodys) = (ask(id).await, ask(NOTHING).await);
            if theirs != nobodys || theirs.0 < 400 {
                wrong.push(format!("{method} {path}: {theirs:?} for another tenant's, {nobodys:?} for nobody's"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // And it is there still.
    let seen = app.get(&format!("/posts/{}", there["posts"])).tenant("other").token(&foreign.token).send().await;
    assert_eq!(seen.expect(200).json["title"], "Theirs");
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
