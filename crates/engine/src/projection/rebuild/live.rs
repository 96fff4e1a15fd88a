//! Where the tables that serve are, seen from a rebuild.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::database::{ANSWER, Databases, in_time};
use crate::projection::Projection;

/// The live checkpoint beside the log. The log is asked later, so that it can only look longer than it was.
#[derive(Debug, Clone)]
pub(super) struct Live {
    pub(super) version: i32,
    pub(super) position: i64,
    pub(super) epoch: i32,
    /// The event at its position, where that is known.
    pub(super) event_id: Option<Uuid>,
    /// The tables that serve.
    pub(super) tables: Vec<String>,
    /// The event that the log has there.
    in_log: Option<Uuid>,
    /// The last position of the log.
    pub(super) head: i64,
    /// The log's epoch.
    pub(super) present: i32,
    /// The last position that the checkpoint's timeline shares with the present one, if that is another.
    cut: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Checkpoint {
    version: i32,
    position: i64,
    epoch: i32,
    event_id: Option<Uuid>,
    tables: Vec<String>,
}

const CHECKPOINT: &str = "select c.version, c.position, c.epoch, c.event_id, \
     coalesce(c.tables, array(select relname::text from pg_class where relnamespace = 'read'::regnamespace and relkind = 'r' and relname = any ($2))) as tables \
     from read.checkpoints c where c.projection = $1";

impl Live {
    /// `None` when the projection is not installed.
    pub(super) async fn read<P: Projection>(databases: &Databases) -> sqlx::Result<Option<Self>> {
        let asked = sqlx::query_as(CHECKPOINT).bind(P::NAME).bind(P::TABLES).fetch_optional(&databases.read);
        Self::beside(&databases.log, asked.await?).await
    }

    /// As [`Live::read`], within a transaction.
    pub(super) async fn read_within<P: Projection>(
        connection: &mut PgConnection,
        log: &PgPool,
    ) -> sqlx::Result<Option<Self>> {
        let asked = sqlx::query_as(CHECKPOINT).bind(P::NAME).bind(P::TABLES).fetch_optional(connection);
        Self::beside(log, asked.await?).await
    }

    async fn beside(log: &PgPool, checkpoint: Option<Checkpoint>) -> sqlx::Result<Option<Self>> {
        let Some(checkpoint) = checkpoint else { return Ok(None) };
        let Checkpoint { version, position, epoch, event_id, tables } = checkpoint;
        let asked = sqlx::query_as(
            "select coalesce((select max(position) from log.events), 0), max(epoch), min(from_position) filter (where epoch > $1), \
                    (select event_id from log.events where position = $2) \
             from log.epochs",
        );
        let asked = asked.bind(epoch).bind(position).fetch_one(log);
        let (head, present, cut, in_log): (i64, i32, Option<i64>, Option<Uuid>) = in_time(ANSWER, asked).await?;
        Ok(Some(Self { version, position, epoch, event_id, tables, in_log, head, present, cut }))
    }

    /// Whether its checkpoint lies on the present timeline; if not, its rows hold events that never were.
    pub(super) fn is_on_timeline(&self) -> bool {
        let is_the_same = self.event_id.is_none() || self.event_id == self.in_log;
        self.position <= self.head && self.cut.is_none_or(|cut| self.position <= cut) && is_the_same
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
