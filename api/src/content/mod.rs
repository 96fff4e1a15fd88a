//! What a tenant publishes: posts, their tags, and the categories they are filed under.

mod categories;
pub mod posts;
mod tags;

use tidemark_engine::event::RecordedEvent;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::App;
use crate::cache::Tag;

/// The kinds of things that answers of this module are made of.
const POST: &str = "post";
const USER: &str = "user";
const TENANT: &str = "tenant";

/// All routes of this module, below `/api/v1`.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(posts::router()).merge(tags::router()).merge(categories::router())
}

/// What an event touches of the answers of this module: a post itself and all lists of posts; a person where they are
/// shown as an author; the tenant's settings.
pub fn touches(event: &RecordedEvent, tags: &mut Vec<Tag>) {
    let id = || Uuid::try_parse(&event.aggregate_id).unwrap_or_default();
    match &*event.aggregate_type {
        POST => tags.extend([Tag::one(POST, id()), Tag::all(POST)]),
        USER if !leaves_author_alone(&event.event_type) => tags.push(Tag::one(USER, id())),
        TENANT => tags.push(Tag::all(TENANT)),
        _ => {}
    }
}

/// Any event of a person may change how an author is shown, but for these, which are many.
fn leaves_author_alone(event_type: &str) -> bool {
    matches!(
        event_type,
        "UserSignedIn"
            | "UserRoleChanged"
            | "UserEmailChanged"
            | "UserEmailVerified"
            | "UserPasswordChanged"
            | "UserSessionsRevoked"
            | "UserTokenReused"
            | "UserSignInsFailed"
    )
}
