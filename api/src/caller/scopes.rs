//! What a service token may do: for each route that is open to one, the scopes that it takes. A route that is not here is closed
//! to service tokens, whatever it is to people.

use http::Method;
use tidemark_tenancy::TokenScope;
use utoipa::openapi::path::HttpMethod;

use crate::problem::Problem;
use crate::terms::method_of;

use TokenScope::{ContentRead, ContentWrite, PersonalRead, SettingsRead, UsersRead};

/// Method and path, and what a token needs for it, all of it.
const OPEN: [(Method, &str, &[TokenScope]); 12] = [
    (Method::GET, "/posts", &[ContentRead]),
    (Method::GET, "/posts/{id}", &[ContentRead]),
    (Method::GET, "/tags", &[ContentRead]),
    (Method::GET, "/settings/categories", &[ContentRead]),
    (Method::POST, "/posts", &[ContentWrite]),
    (Method::PATCH, "/posts/{id}", &[ContentWrite]),
    (Method::DELETE, "/posts/{id}", &[ContentWrite]),
    (Method::POST, "/posts/{id}/publish", &[ContentWrite]),
    (Method::POST, "/posts/{id}/unpublish", &[ContentWrite]),
    (Method::GET, "/users", &[UsersRead, PersonalRead]),
    (Method::GET, "/users/{id}", &[UsersRead, PersonalRead]),
    (Method::GET, "/settings", &[SettingsRead]),
];

/// The scopes that a route takes; none where it is closed to service tokens.
fn needed(method: &Method, route: &str) -> Option<&'static [TokenScope]> {
    let route = route.strip_prefix("/api/v1")?;
    let method = if method == Method::HEAD { &Method::GET } else { method };
    OPEN.iter().find(|(of, path, _)| of == method && *path == route).map(|(.., scopes)| *scopes)
}

/// The same, for the document.
pub(crate) fn documented(method: &HttpMethod, route: &str) -> Option<&'static [TokenScope]> {
    needed(&method_of(method), route)
}

/// Refuses what the scopes of a token do not open.
pub(super) fn ensure_opened<'a>(
    method: &Method,
    route: &str,
    mut has: impl FnMut(TokenScope) -> bool + 'a,
) -> Result<(), Problem> {
    let Some(needed) = needed(method, route) else {
        return Err(Problem::forbidden().detail("this route is closed to service tokens"));
    };
    if needed.iter().all(|scope| has(*scope)) {
        return Ok(());
    }
    let names: Vec<&str> = needed.iter().map(|scope| scope.as_str()).collect();
    Err(Problem::forbidden().detail(format!("a service token needs for this: {}", names.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_of_a_route_that_there_is() {
        let document = serde_json::to_value(crate::openapi::document()).expect("JSON");
        for (method, path, scopes) in OPEN {
            let operation = &document["paths"][format!("/api/v1{path}")][method.as_str().to_lowercase()];
            assert!(operation.is_object() && !scopes.is_empty(), "{method} {path}");
        }
    }

    #[test]
    fn a_route_without_a_line_is_closed_and_each_scope_is_needed() {
        let may = |method: Method, route: &str, scopes: &[TokenScope]| {
            ensure_opened(&method, route, |scope| scopes.contains(&scope)).is_ok()
        };
        for route in [
            "/api/v1/users/{id}/role",
            "/api/v1/auth/sessions",
            "/api/v1/service-tokens",
            "/posts",
            "",
            "/api/v2/posts",
        ] {
            assert!(!may(Method::GET, route, TokenScope::ALL) && !may(Method::PUT, route, TokenScope::ALL), "{route}");
        }
        assert!(!may(Method::PATCH, "/api/v1/settings", TokenScope::ALL));
        assert!(
            may(Method::HEAD, "/api/v1/posts", &[ContentRead]) && !may(Method::POST, "/api/v1/posts", &[ContentRead])
        );
        assert!(
            !may(Method::GET, "/api/v1/users", &[UsersRead])
                && may(Method::GET, "/api/v1/users", &[UsersRead, PersonalRead])
        );
    }
}
