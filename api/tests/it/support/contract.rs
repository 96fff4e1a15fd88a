//! Holds an answer against the OpenAPI document: its path, status, media type and headers are named there, its body and the
//! headers' values are of the schemas.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::to_value(tidemark_api::openapi::document()).unwrap());
static VALIDATORS: LazyLock<Mutex<HashMap<String, &'static Validator>>> = LazyLock::new(Mutex::default);

/// What of an answer is checked.
pub(super) struct Seen<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) status: u16,
    pub(super) content_type: Option<&'a str>,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// What the document does not name: what HTTP itself needs, and what every answer of the server has alike.
const EVERYWHERE: [&str; 13] = [
    "accept-encoding",
    "content-type",
    "content-length",
    "transfer-encoding",
    "connection",
    "date",
    "x-content-type-options",
    "referrer-policy",
    "content-security-policy",
    "vary",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-expose-headers",
];

/// Panics where the answer is none that the document promises. Routes that the document does not name may only answer
/// with problems.
pub(super) fn check(seen: &Seen<'_>) {
    let Seen { method, path, status, content_type, headers, body } = seen;
    let told = || format!("{method} {path} -> {status} {content_type:?} {}", String::from_utf8_lossy(body));
    if *status >= 400 {
        assert_eq!(*content_type, Some("application/problem+json"), "{}", told());
        validate("Problem", &json!({ "$ref": "#/components/schemas/Problem" }), body, &told());
    }
    let Some((template, item)) = find(path) else {
        assert!(*status >= 400 || is_outside(path), "no such path in the document: {}", told());
        return;
    };
    let Some(operation) = item.get(method.to_ascii_lowercase()) else {
        assert_eq!(*status, 405, "no such method in the document: {}", told());
        return;
    };
    let responses = &operation["responses"];
    // What refuses a request before its route is known holds for all routes alike.
    let Some(response) = responses.get(status.to_string()) else {
        panic!("a status that {template} does not document: {}", told())
    };
    check_headers(headers, &response["headers"], &told());
    let content = response.get("content").and_then(Value::as_object);
    match (content, content_type) {
        (None, None) => assert!(body.is_empty(), "a body where the document has none: {}", told()),
        (Some(content), Some(content_type)) => {
            let media =
                content.get(*content_type).unwrap_or_else(|| panic!("a media type that is not documented: {}", told()));
            validate(&format!("{method} {template} {status}"), &media["schema"], body, &told());
        }
        _ => panic!("documented {content:?}: {}", told()),
    }
}

fn check_headers(headers: &HeaderMap, documented: &Value, told: &str) {
    let none = serde_json::Map::new();
    let documented = documented.as_object().unwrap_or(&none);
    for (name, value) in headers.iter().filter(|(name, _)| !EVERYWHERE.contains(&name.as_str())) {
        let header = documented.iter().find(|(documented, _)| documented.eq_ignore_ascii_case(name.as_str()));
        let (_, header) =
            header.unwrap_or_else(|| panic!("a header that is not documented, {name}: {value:?}: {told}"));
        let value = json!(value.to_str().unwrap());
        let validator = jsonschema::validator_for(&header["schema"]).unwrap();
        assert!(validator.is_valid(&value), "{name} is not as documented, {value}: {told}");
    }
}

fn is_outside(path: &str) -> bool {
    path.starts_with("/docs") || path == "/api/v1/openapi.json"
}

fn find(path: &str) -> Option<(&'static String, &'static Value)> {
    let path = path.split('?').next().unwrap();
    let path = if path.starts_with("/api/") && !path.starts_with("/api/v") {
        path.replacen("/api/", "/api/v1/", 1)
    } else {
        path.to_owned()
    };
    let segments: Vec<&str> = path.split('/').collect();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let fitting = paths.iter().filter(|(template, _)| {
        let parts: Vec<&str> = template.split('/').collect();
        parts.len() == segments.len()
            && parts
                .iter()
                .zip(&segments)
                .all(|(part, segment)| part == segment || (part.starts_with('{') && !segment.is_empty()))
    });
    fitting.min_by_key(|(template, _)| template.matches('{').count())
}

fn validate(name: &str, schema: &Value, body: &[u8], told: &str) {
    let value: Value = serde_json::from_slice(body).unwrap_or_else(|error| panic!("no JSON ({error}): {told}"));
    let mut validators = VALIDATORS.lock().unwrap();
    let validator = validators.entry(name.to_owned()).or_insert_with(|| {
        let whole = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
        Box::leak(Box::new(jsonschema::options().should_validate_formats(true).build(&whole).unwrap()))
    });
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    drop(validators);
    assert!(errors.is_empty(), "not as documented, {errors:?}: {told}");
}

mod tests {
    use super::*;

    fn seen(status: u16, content_type: &'static str, body: &'static [u8]) {
        seen_with(&HeaderMap::new(), status, content_type, body);
    }

    fn seen_with(headers: &HeaderMap, status: u16, content_type: &'static str, body: &'static [u8]) {
        let content_type = Some(content_type);
        check(&Seen { method: "GET", path: "/health/live", status, content_type, headers, body });
    }

    fn header(name: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), "1".parse().unwrap())])
    }

    #[test]
    fn what_the_document_promises_passes() {
        seen(200, "application/json", br#"{"status":"live","reasons":[]}"#);
    }

    #[test]
    #[should_panic(expected = "not as documented")]
    fn a_body_of_another_shape_is_noticed() {
        seen(200, "application/json", br#"{"status":"asleep","reasons":[]}"#);
    }

    #[test]
    #[should_panic(expected = "does not document")]
    fn a_status_that_is_not_documented_is_noticed() {
        seen(202, "application/json", b"{}");
    }

    #[test]
    fn a_header_that_is_documented_passes() {
        seen_with(&header("x-request-id"), 200, "application/json", br#"{"status":"live","reasons":[]}"#);
    }

    #[test]
    #[should_panic(expected = "a header that is not documented")]
    fn a_header_that_is_not_documented_is_noticed() {
        seen_with(&header("tidemark-news"), 200, "application/json", br#"{"status":"live","reasons":[]}"#);
    }

    #[test]
    #[should_panic(expected = "media type")]
    fn another_media_type_is_noticed() {
        seen(200, "text/plain", b"live");
    }
}
