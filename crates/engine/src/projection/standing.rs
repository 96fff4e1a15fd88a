//! Where all projections are, for operators, health and metrics.

use sqlx::PgPool;
use uuid::Uuid;

use crate::database::{ANSWER, in_time};

/// Where one projection is.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Standing {
    /// The projection.
    pub projection: String,
    /// The version of the tables that serve.
    pub version: i32,
    /// Its checkpoint: the last position that it has taken in.
    pub position: i64,
    /// The log's epoch when the checkpoint was written.
    pub epoch: i32,
    /// Who folds it, or did last.
    pub holder: Option<Uuid>,
    /// Whether the holder's lease has not run out.
    pub held: bool,
    /// For how many tenants it has stopped.
    pub stalls: i64,
}

/// Where each installed projection is, by name. Every service role may ask; no tenant is named.
///
/// # Errors
/// When the database is away.
pub async fn standings(pool: &PgPool) -> sqlx::Result<Vec<Standing>> {
    let asked = sqlx::query_as(
        "select projection, version, position, epoch, holder, held, stalls from read.standing order by projection",
    );
    in_time(ANSWER, asked.fetch_all(pool)).await
}
