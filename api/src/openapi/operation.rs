//! What the document says of every operation, beside what the route says itself: the headers it takes and answers with, and
//! how it may fail. A route's own words are left as they are.

use http::StatusCode;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{
    Content, ContentBuilder, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema, Type,
};

use crate::terms::Terms;

/// A header or a status, and what it is for.
type Told = (&'static str, &'static str);

/// Headers of every answer.
const ALWAYS: [Told; 6] = [
    ("X-Request-Id", "The request's id"),
    ("Cache-Control", "Whether the answer may be kept"),
    ("RateLimit-Policy", "What is counted: how many a minute, and in `tidemark-burst` how many at once"),
    ("RateLimit", "Of the policy that will refuse first: how many are left, and seconds until all are there again"),
    ("Vary", "What the answer depends on besides its address"),
    ("Content-Encoding", "How the answer is compressed, as `Accept-Encoding` allows"),
];
/// Headers of a route that will go away.
const OF_THE_END: [Told; 2] =
    [("Deprecation", "Since when nobody should begin to use it"), ("Sunset", "When it may be gone")];

/// Headers of the answer of a query.
const OF_A_QUERY: [Told; 3] = [
    ("ETag", "What this caller sees; of a resource, its version comes first"),
    ("Tidemark-Position", "The place in the tenant's log at which the answer is true"),
    ("Tidemark-Cache", "Whether the answer was remembered"),
];

/// What kind of route an operation is.
struct Kind {
    is_query: bool,
    takes_key: bool,
    takes_version: bool,
    /// Whether a 201 says where the new resource is.
    tells_location: bool,
    hands_over_token: bool,
    /// Whether browsers are sent through it: no query though it is read, and every answer may end what is under way.
    is_passed_through: bool,
}

/// Where a refresh token is handed over or taken away.
const HANDS_OVER_TOKEN: [&str; 5] = [
    "/api/v1/auth/register",
    "/api/v1/auth/login",
    "/api/v1/auth/refresh",
    "/api/v1/auth/logout",
    "/api/v1/auth/invite/accept",
];
/// Where an answer shows a secret, and is not remembered.
const TELLS_A_SECRET: [&str; 1] = ["/api/v1/service-tokens"];
/// What leads to a provider and back.
const PASSED_THROUGH: &str = "/api/v1/auth/oidc/";
/// Sessions are rows and not aggregates.
const HAS_NO_VERSION: &str = "/api/v1/auth/sessions/";

/// Adds all of it.
pub(super) fn complete(operation: &mut Operation, path: &str, method: &HttpMethod) {
    let terms = Terms::of_operation(operation);
    let mut problems = vec![
        ("400", "Malformed, or `VALIDATION_FAILED` with all fields at fault"),
        ("414", "`URI_TOO_LONG`"),
        ("415", "The body is not JSON, or has a `Content-Encoding`"),
        ("429", "`RATE_LIMITED`; come back as `Retry-After` says"),
        ("500", "A defect"),
        ("503", "Overloaded, or something needed is away; come back as `Retry-After` says"),
    ];
    let kind = path.starts_with("/api/").then(|| Kind {
        is_query: *method == HttpMethod::Get && !path.starts_with(PASSED_THROUGH),
        // Answers there hold tokens, and are not remembered.
        takes_key: !path.starts_with("/api/v1/auth/") && !TELLS_A_SECRET.contains(&path),
        // What is only made by the request has no version yet.
        takes_version: (*method != HttpMethod::Post || path.contains('{'))
            && !path.starts_with(HAS_NO_VERSION)
            && !path.starts_with(PASSED_THROUGH),
        tells_location: !path.starts_with("/api/v1/auth/"),
        hands_over_token: HANDS_OVER_TOKEN.contains(&path),
        is_passed_through: path.starts_with(PASSED_THROUGH),
    });
    if let Some(kind) = &kind {
        operation.parameters.get_or_insert_default().extend(parameters(kind).into_iter().map(RefOr::T));
        problems.extend(problems_of(kind));
    }
    for (status, description) in problems {
        let absent = || RefOr::T(ResponseBuilder::new().description(description).build());
        operation.responses.responses.entry(status.to_owned()).or_insert_with(absent);
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        add_headers(response, headers_of(status, kind.as_ref()));
        if terms.end.is_some() {
            add_headers(response, OF_THE_END.to_vec());
        }
        if status.starts_with(['4', '5']) {
            response.content.entry("application/problem+json".to_owned()).or_insert_with(problem);
        }
    }
}

fn parameters(kind: &Kind) -> Vec<Parameter> {
    let mut told = vec![("X-Tenant", "The tenant's key, where the host does not name it")];
    if kind.is_query {
        told.extend([
            ("Tidemark-After", "Wait until the read model has come to this position"),
            ("Prefer", "`wait=<seconds>`: how long to wait at most"),
            ("If-None-Match", "An `ETag` that is known already"),
        ]);
    }
    if !kind.is_query && kind.takes_key {
        told.push(("Idempotency-Key", "1-255 visible ASCII characters; the same request again has the first answer"));
    }
    if !kind.is_query && kind.takes_version {
        told.push(("If-Match", "The version that the resource must have"));
    }
    told.into_iter().map(parameter).collect()
}

fn problems_of(kind: &Kind) -> Vec<Told> {
    let mut problems = vec![
        ("401", "Not or wrongly signed in"),
        ("403", "Not allowed, or `TENANT_SUSPENDED`"),
        ("404", "No such thing, or `TENANT_NOT_FOUND`"),
    ];
    if kind.is_query {
        problems.extend([
            ("304", "The caller has it already"),
            ("410", "`POSITION_LOST`: the history that `Tidemark-After` belongs to was cut"),
        ]);
        return problems;
    }
    problems.extend([
        ("408", "The body took too long to arrive"),
        ("409", "A rule or the present state forbids it"),
        ("413", "`BODY_TOO_LARGE` or `EVENT_TOO_LARGE`"),
        ("504", "`OUTCOME_UNKNOWN`; repeat it with the same key"),
    ]);
    if kind.takes_version {
        problems.push(("412", "`VERSION_MISMATCH`"));
    }
    if kind.takes_key {
        problems.push(("422", "`IDEMPOTENCY_KEY_REUSED`"));
    }
    problems
}

fn headers_of(status: &str, kind: Option<&Kind>) -> Vec<Told> {
    let mut headers = ALWAYS.to_vec();
    match status.parse().map(StatusCode::from_u16) {
        Ok(Ok(StatusCode::UNAUTHORIZED)) => headers.push(("WWW-Authenticate", "How to sign in")),
        Ok(Ok(StatusCode::PRECONDITION_FAILED)) => headers.push(("ETag", "The present version")),
        Ok(Ok(StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)) => {
            headers.push(("Retry-After", "Seconds after which to come back"));
        }
        _ => {}
    }
    if kind.is_some_and(|kind| kind.is_passed_through) {
        headers.push(("Set-Cookie", "The sign-in that is under way, or its end; at the end, the refresh token"));
    }
    let Some(kind) = kind.filter(|_| status.starts_with(['2', '3'])) else { return headers };
    if kind.is_query {
        headers.extend(OF_A_QUERY);
        return headers;
    }
    headers.push(("Tidemark-Position", "The place in the tenant's log where the change is recorded"));
    // A browser that is sent through is told of its sign-in above.
    if !kind.is_passed_through {
        let token_too = "The refresh token, or its end; and for browsers, where the change is recorded";
        let told = if kind.hands_over_token { token_too } else { "For browsers: where the change is recorded" };
        headers.push(("Set-Cookie", told));
    }
    if status != "204" {
        headers.push(("ETag", "The version"));
    }
    if kind.takes_key {
        headers.push(("Idempotency-Replayed", "This is the first answer to the same request"));
    }
    if kind.tells_location && status == "201" {
        headers.push(("Location", "Where the new resource is"));
    }
    headers
}

fn add_headers(response: &mut Response, headers: Vec<Told>) {
    for (name, description) in headers {
        let header = || HeaderBuilder::new().schema(Some(text(name))).description(Some(description)).build();
        response.headers.entry(name.to_owned()).or_insert_with(|| RefOr::T(header()));
    }
}

/// The values of a header.
fn text(header: &str) -> Schema {
    let values: Option<&[&str]> = match header {
        "Tidemark-Cache" => Some(&["hit", "miss"]),
        "Idempotency-Replayed" => Some(&["true"]),
        _ => None,
    };
    Schema::Object(ObjectBuilder::new().schema_type(Type::String).enum_values(values.map(<[_]>::to_vec)).build())
}

fn problem() -> RefOr<Content> {
    RefOr::T(ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build())
}

fn parameter((name, description): Told) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(text(name)))
        .build()
}
