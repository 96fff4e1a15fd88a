//! Accounts and sign-ins over HTTP.

mod attempts;
pub mod auth;
pub mod emails;
pub mod invitations;
mod mail_tokens;
pub mod oidc;
pub mod password_reset;
pub mod passwords;
pub mod refresh_token;
mod session_rows;
pub mod sessions;
pub mod users;

use tidemark_engine::event::RecordedEvent;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::App;
use crate::cache::Tag;

/// The routes of identity, below `/api/v1`.
#[must_use]
pub fn router() -> OpenApiRouter<App> {
    let personal = auth::router()
        .merge(oidc::router())
        .merge(sessions::router())
        .merge(password_reset::router())
        .merge(emails::router())
        .merge(invitations::router())
        .merge(users::router());
    personal.route_layer(axum::middleware::from_fn(crate::edge::no_store))
}

/// What an event of a user touches: that person, and every list of people.
pub fn touches(event: &RecordedEvent, tags: &mut Vec<Tag>) {
    if &*event.aggregate_type != "user" {
        return;
    }
    tags.push(Tag::all("user"));
    if let Ok(id) = Uuid::try_parse(&event.aggregate_id) {
        tags.push(Tag::one("user", id));
    }
}
