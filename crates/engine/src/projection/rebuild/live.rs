//! Where the tables that serve are, seen from a rebuild.

use sqlx::{PgConnection, PgPool};

use crate::projection::Projection;

/// The live checkpoint beside the log, in one snapshot.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Live {
    pub(super) version: i32,
    pub(super) position: i64,
    pub(super) epoch: i32,
    /// The tables that serve.
    pub(super) tables: Vec<String>,
    /// The last position of the log.
    pub(super) head: i64,
    /// The last position that the checkpoint's timeline shares with the present one, if that is another.
    cut: Option<i64>,
}

const QUERY: &str = "select c.version, c.position, c.epoch, \
     coalesce(c.tables, array(select relname::text from pg_class where relnamespace = 'read'::regnamespace and relkind = 'r' and relname = any ($2))) as tables, \
     coalesce((select max(position) from log.events), 0) as head, \
     (select min(e.from_position) from log.epochs e where e.epoch > c.epoch) as cut \
     from read.checkpoints c where c.projection = $1";

impl Live {
    /// `None` when the projection is not installed.
    pub(super) async fn read<P: Projection>(pool: &PgPool) -> sqlx::Result<Option<Self>> {
        sqlx::query_as(QUERY).bind(P::NAME).bind(P::TABLES).fetch_optional(pool).await
    }

    /// As [`Live::read`], within a transaction.
    pub(super) async fn read_within<P: Projection>(connection: &mut PgConnection) -> sqlx::Result<Option<Self>> {
        sqlx::query_as(QUERY).bind(P::NAME).bind(P::TABLES).fetch_optional(connection).await
    }

    /// Whether its checkpoint lies on the present timeline; if not, its rows hold events that never were.
    pub(super) fn is_on_timeline(&self) -> bool {
        self.position <= self.head && self.cut.is_none_or(|cut| self.position <= cut)
    }

    /// Whether its rows must be what this code makes of the same events.
    pub(super) fn is_comparable<P: Projection>(&self) -> bool {
        self.version == P::VERSION && self.is_on_timeline()
    }

    /// How far the shadow has to come: exactly to where the live rows are if they can be compared, else to the head.
    pub(super) fn target<P: Projection>(&self) -> i64 {
        if self.is_comparable::<P>() { self.position } else { self.head }
    }
}
