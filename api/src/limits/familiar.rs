//! Networks that accounts were signed in from: the owner's own ground, from which nobody elsewhere can keep them.
//!
//! What is kept is a keyed hash of account and network, by the append that signs somebody in. It holds no address and no
//! email, and it is found by them alone: so asking takes the same time whether there is such an account or not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sqlx::PgPool;
use tidemark_engine::database::{ANSWER, in_time};
use tidemark_engine::log::RowChange;
use tidemark_kernel::{TenantId, UserId};

use super::name::Name;

/// What the names are of.
pub(super) const NAME: &str = "familiar";

/// An account on one network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network([u8; 16]);

impl Network {
    pub(super) fn of(name: Name) -> Self {
        Self(*name.bytes())
    }

    /// Keeps it, by the append that signs `user` in from there.
    pub(crate) fn kept(&self, user: UserId) -> RowChange {
        let argument = json!({ "subject": user, "network": STANDARD.encode(self.0) }).to_string();
        RowChange { function: "identity.keep_network", argument }
    }
}

/// Those that are known. Clones share the connections.
#[derive(Debug, Clone)]
pub struct FamiliarNetworks(PgPool);

impl FamiliarNetworks {
    /// As the database behind `pool` knows them.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Whether the account was signed in from that network. While nobody can be asked, it was not.
    pub(super) async fn is_known(&self, tenant: &TenantId, network: &Network) -> bool {
        let asked = sqlx::query_scalar(
            "select exists (select from identity.familiar_networks where tenant_id = $1 and network = $2)",
        )
        .bind(tenant.as_str())
        .bind(network.0);
        in_time(ANSWER, asked.fetch_one(&self.0)).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "it cannot be asked where accounts were signed in from");
            false
        })
    }
}
