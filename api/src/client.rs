//! What a client shows of itself: the address it calls from, and the name of its program. Both are personal data.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use serde::{Deserialize, Serialize};

use crate::exchange::Exchange;

/// Who calls, as far as it can be seen. An extractor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// With which program, as it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

impl Client {
    /// Longer names of programs are cut.
    const LONGEST_AGENT: usize = 300;

    fn of(parts: &Parts) -> Self {
        let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok());
        Self {
            address: parts.extensions.get::<Exchange>().map(|exchange| exchange.client.to_string()),
            agent: agent.map(|agent| agent.chars().take(Self::LONGEST_AGENT).collect()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}
