//! How a tenant is set up: its settings, and how many people it may have.

pub mod people;
pub mod settings;

use utoipa_axum::router::OpenApiRouter;

use crate::App;

/// The kind of thing that answers of this module are made of; `content::touches` tells of its events.
const TENANT: &str = "tenant";

/// The routes of this module, below `/api/v1`.
pub fn router() -> OpenApiRouter<App> {
    settings::router()
}
