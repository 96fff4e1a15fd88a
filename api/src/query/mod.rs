//! What every query has in common: how far it must have come, the cache, the headers, 304.
//!
//! A handler says what is asked, who sees the same answer, and how the answer is built from the read models; [`answer`]
//! does the rest.

mod after;
mod cursor;
mod etag;
mod listed;
mod paging;
mod position_cookie;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use tidemark_engine::log;
use tidemark_engine::reads::Answer;
use tidemark_kernel::TenantId;

use crate::App;
use crate::cache::{Entry, Key, SeenBy, Tag};
use crate::command::POSITION;
use crate::problem::Problem;
use after::After;
pub(crate) use after::behind;

pub use cursor::{Bound, Cursors, PURPOSE as CURSOR_PURPOSE};
pub use listed::listed;
pub use paging::{Paged, Pagination, Paging, one_of, read_sort};
pub use position_cookie::PositionCookies;

const CACHE: HeaderName = HeaderName::from_static("tidemark-cache");
const HIT: HeaderValue = HeaderValue::from_static("hit");
const MISS: HeaderValue = HeaderValue::from_static("miss");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// What an answer depends on besides its address.
const VARIES: HeaderValue = HeaderValue::from_static("x-tenant, authorization, accept-encoding");

/// What a query has found: the JSON of its answer, and what that is made of.
#[derive(Debug)]
pub struct Found {
    version: Option<i64>,
    body: Vec<u8>,
    tags: Vec<Tag>,
}

impl Found {
    /// A resource at its version.
    #[must_use]
    pub fn resource(version: i64, view: &impl Serialize, tags: Vec<Tag>) -> Self {
        Self { version: Some(version), ..Self::list(view, tags) }
    }

    /// A list, or anything else without a version.
    #[must_use]
    pub fn list(view: &impl Serialize, tags: Vec<Tag>) -> Self {
        let body = serde_json::to_vec(view).expect("a view is made of texts, numbers and moments");
        Self { version: None, body, tags }
    }
}

/// Answers a query from the cache, or with what `build` finds, which is called once `projections` have come to where the caller needs
/// them; with 304 when the caller has that already, and with 404 when there is nothing for it to see.
///
/// # Errors
/// When `Tidemark-After` is none of this tenant's positions or is not reached in time, or `build` fails.
pub async fn answer<B>(
    app: &App,
    headers: &HeaderMap,
    projections: &[&str],
    key: Key,
    build: impl FnOnce() -> B + Send,
) -> Result<Response, Problem>
where
    B: Future<Output = Result<Answer<Option<Found>>, Problem>> + Send,
{
    let after = After::of(headers, app, &key.tenant)?;
    if let Some(entry) = app.cache.find(&key, after.as_ref().map(|after| after.tenant_position)) {
        return Ok(hit(headers, &key, &entry, after));
    }
    // Apart, since most answers are remembered, and those would carry the room along that all of this needs.
    Box::pin(answer_anew(app, headers, projections, key, after, build)).await
}

async fn answer_anew<B>(
    app: &App,
    headers: &HeaderMap,
    projections: &[&str],
    key: Key,
    mut after: Option<After>,
    build: impl FnOnce() -> B + Send,
) -> Result<Response, Problem>
where
    B: Future<Output = Result<Answer<Option<Found>>, Problem>> + Send,
{
    if let Some(named) = &after
        && !named.is_shown(app, &key.tenant, projections).await?
    {
        // A cookie has waited in vain: now whatever there is will do.
        after = None;
        if let Some(entry) = app.cache.find(&key, None) {
            return Ok(hit(headers, &key, &entry, None));
        }
    }
    let needed = after.as_ref().map(|after| after.tenant_position);
    let must_show = needed.filter(|_| after.as_ref().is_some_and(After::is_strict));
    let built = async {
        if let Some(entry) = app.cache.fetch(&key, needed).await {
            return Ok(entry);
        }
        let Answer { value, tenant_position } = build().await?;
        // A Postgres that crashed may come back with less than its listeners were told of.
        if must_show.is_some_and(|needed| tenant_position < needed) {
            return Err(after::behind("The read model has fallen back behind the position that was named."));
        }
        let Found { version, body, tags } = value.ok_or_else(Problem::not_found)?;
        let position = app.positions.encode(key.tenant.as_str(), tenant_position);
        let position = HeaderValue::try_from(position).map_err(Problem::internal)?;
        let etag = etag::of(version, &body);
        Ok(app.cache.keep(&key, tenant_position, &tags, Bytes::from(body), etag, position).await)
    };
    let entry = app.cache.build(&key, needed, built).await?;
    let (counted, told) = if entry.is_shared() { ("shared", HIT) } else { ("miss", MISS) };
    metrics::counter!("tidemark_query_answers_total", "cache" => counted).increment(1);
    // It may show less than a cookie named, and then says so.
    Ok(respond(headers, &key, &entry, after.filter(After::is_strict), told))
}

fn hit(headers: &HeaderMap, key: &Key, entry: &Entry, after: Option<After>) -> Response {
    metrics::counter!("tidemark_query_answers_total", "cache" => "hit").increment(1);
    respond(headers, key, entry, after, HIT)
}

/// Answers with what `build` reads from rows beside the log, which are never behind it. Nothing of it is kept, for it belongs
/// to one person.
///
/// # Errors
/// When `Tidemark-After` is none of this tenant's positions, or `build` fails.
pub async fn answer_from_log<T: Serialize>(
    app: &App,
    headers: &HeaderMap,
    tenant: &TenantId,
    build: impl Future<Output = Result<T, Problem>>,
) -> Result<Response, Problem> {
    let _reached = After::named(headers, &app.positions, tenant)?;
    // Before it is read, so that the answer is as of this place or later.
    let position = log::tenant_head(app.commands.pool(), tenant.as_str()).await?;
    let body = serde_json::to_vec(&build.await?).map_err(Problem::internal)?;
    let etag = etag::of(None, &body);
    let mut response = unless_known(headers, &etag, body);
    let answered = response.headers_mut();
    let position = app.positions.encode(tenant.as_str(), position);
    answered.insert(POSITION, HeaderValue::try_from(position).map_err(Problem::internal)?);
    answered.insert(CACHE, MISS);
    answered.insert(VARY, VARIES);
    answered.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn respond(headers: &HeaderMap, key: &Key, entry: &Entry, after: Option<After>, cache: HeaderValue) -> Response {
    let mut response = unless_known(headers, &entry.etag, entry.body.clone());
    let answered = response.headers_mut();
    // An answer that nothing has touched since it was built is as true at any later place that the feed has passed.
    let position = after
        .filter(|after| after.tenant_position > entry.built_at())
        .map_or_else(|| entry.position.clone(), |after| after.text);
    answered.insert(POSITION, position);
    answered.insert(CACHE, cache);
    answered.insert(VARY, VARIES);
    answered.insert(CACHE_CONTROL, cache_control(key.seen_by));
    response
}

/// The entity tag of what is the same for everybody.
pub(crate) fn tag_of(body: &[u8]) -> HeaderValue {
    etag::of(None, body)
}

/// JSON under its tag, or 304 where the caller has it.
pub(crate) fn unless_known(headers: &HeaderMap, etag: &HeaderValue, body: impl Into<Body>) -> Response {
    let known = etag::known(headers, etag);
    let mut response = Response::new(if known.is_some() { Body::empty() } else { body.into() });
    // Those of a query, and those that the edge adds.
    response.headers_mut().reserve(13);
    if known.is_some() {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        response.headers_mut().insert(CONTENT_TYPE, JSON);
    }
    response.headers_mut().insert(ETAG, known.unwrap_or_else(|| etag.clone()));
    response
}

/// Others may keep an answer only if they ask again each time whether it is true still; a personal one not at all.
fn cache_control(seen_by: SeenBy) -> HeaderValue {
    HeaderValue::from_static(match seen_by {
        SeenBy::Public => "no-cache",
        SeenBy::Editors => "private, no-cache",
        SeenBy::Person { .. } => "no-store",
    })
}
