//! What all requests of a process share.

use std::ops::Deref;
use std::sync::Arc;

use tidemark_commands::Commands;
use tidemark_engine::position::PositionCodec;
use tidemark_engine::reads::Reads;

use crate::admission::Admission;
use crate::arrival::Arrivals;
use crate::cache::Cache;
use crate::command::Requests;
use crate::health::Health;
use crate::identity::oidc::Oidc;
use crate::identity::passwords::Passwords;
use crate::identity::refresh_token::RefreshTokens;
use crate::limits::FamiliarNetworks;
use crate::origins::Origins;
use crate::query::{Cursors, PositionCookies};
use crate::service_tokens::ServiceTokens;
use crate::tenants::TenantDirectory;
use crate::tokens::Tokens;

/// The shared state; clones are one and the same.
#[derive(Clone)]
pub struct App(Arc<AppState>);

/// Its parts.
pub struct AppState {
    /// The write side.
    pub commands: Commands,
    /// The read models.
    pub reads: Reads,
    /// Writes and reads positions of the present epoch.
    pub positions: PositionCodec,
    /// Writes and reads the cookies by which a browser sees its own writes.
    pub position_cookies: PositionCookies,
    /// Which tenants there are and which are served.
    pub tenants: TenantDirectory,
    /// Signs and verifies access tokens.
    pub tokens: Tokens,
    /// Makes and verifies service tokens.
    pub service_tokens: ServiceTokens,
    /// Makes and reads refresh tokens.
    pub refresh_tokens: RefreshTokens,
    /// Which other origins a browser may call from.
    pub origins: Origins,
    /// Signs people in by OpenID providers.
    pub oidc: Oidc,
    /// Where accounts were signed in from before.
    pub familiar: FamiliarNetworks,
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// Answers of queries.
    pub cache: Cache,
    /// Seals and opens the cursors of lists.
    pub cursors: Cursors,
    /// Makes what is remembered of a request beside its idempotency key.
    pub requests: Requests,
    /// The room for bodies that arrive.
    pub arrivals: Arrivals,
    /// How much may be in hand at once.
    pub admission: Admission,
    /// What the process can be asked about itself.
    pub health: Health,
}

impl App {
    /// Shares `state`.
    #[must_use]
    pub fn new(state: AppState) -> Self {
        Self(Arc::new(state))
    }
}

impl Deref for App {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0
    }
}
