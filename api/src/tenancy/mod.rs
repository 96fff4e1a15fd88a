//! How a tenant is set up: its settings, how many people it may have, and the tokens of its programs.

pub mod people;
pub mod service_tokens;
pub mod settings;

use tidemark_engine::event::RecordedEvent;
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::cache::Tag;

/// The kind of thing that answers of this module are made of; `content::touches` tells of its events.
const TENANT: &str = "tenant";

/// The routes of this module, below `/api/v1`.
pub fn router() -> OpenApiRouter<App> {
    settings::router().merge(service_tokens::router())
}

/// What an event touches of the answers of this module.
pub fn touches(event: &RecordedEvent, tags: &mut Vec<Tag>) {
    service_tokens::touches(event, tags);
}
