//! The row that records a rebuild: what it is for, who may write its shadow, and how far that has come.

use chrono::{DateTime, Utc};
use sqlx::{Executor, PgConnection, PgPool};
use uuid::Uuid;

use super::pages::{Page, event_at};
use super::shadow::{self, Size};
use super::stretch::is_one_stretch;
use super::{Purpose, RebuildError, RebuildRequest};
use crate::database::Databases;
use crate::log;
use crate::projection::Projection;
use crate::projection::apply::Rows;

/// A rebuild or verification, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Run {
    /// Its number; the shadow lies in the schema `rebuild_<run>`, former tables in `former_<run>`.
    pub run: i64,
    /// The projection.
    pub projection: String,
    /// `rebuild`, `verify` or `sample`.
    pub purpose: String,
    /// The one tenant that it was about; `None` for all.
    pub tenant: Option<String>,
    /// The version that was folded.
    pub version: i32,
    /// `open`, `swapped`, `rolled back`, `verified` or `abandoned`.
    pub state: String,
    /// The last position that was folded.
    pub position: i64,
    /// Whether the former tables are kept for a rollback.
    pub has_former: bool,
    /// How many rows differed from the live ones; `None` where they were not compared.
    pub differences: Option<i64>,
    /// Who began it.
    pub started_by: String,
    /// When.
    pub started_at: DateTime<Utc>,
    /// When something last came of it.
    pub updated_at: DateTime<Utc>,
}

/// The last `most` runs, the latest first.
///
/// # Errors
/// When the database is away.
pub async fn runs(pool: &PgPool, projection: Option<&str>, most: i64) -> sqlx::Result<Vec<Run>> {
    sqlx::query_as(
        "select run, projection, purpose, tenant, version, state, position, has_former, differences, started_by, started_at, updated_at \
         from rebuild.runs where $1 is null or projection = $1 order by run desc limit $2",
    )
    .bind(projection)
    .bind(most)
    .fetch_all(pool)
    .await
}

/// The right to write the shadow of a run, until another process takes the run up.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) run: i64,
    fence: i64,
    /// The schema of the shadow.
    pub(super) schema: String,
    /// Which rows a page writes there.
    pub(super) rows: Rows,
    /// Knows the present epoch.
    log: PgPool,
}

/// An open run.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) claim: Claim,
    pub(super) position: i64,
    pub(super) later_indexes: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    run: i64,
    tenant: Option<String>,
    version: i32,
    position: i64,
    fence: i64,
    later_indexes: Vec<String>,
    puts_off: bool,
    epoch: i32,
    event_id: Option<Uuid>,
}

impl Row {
    /// Whether what it has folded is of the log as it is. Of one that an earlier version has folded, only the epoch is known.
    async fn is_of(&self, log: &PgPool, epoch: i32) -> sqlx::Result<bool> {
        Ok(self.epoch == epoch && (self.event_id.is_none() || event_at(log, self.position).await? == self.event_id))
    }
}

/// Takes up what an interrupted run has left, where it is about the same; throws it away where it is not, and begins, on the way
/// to `target`.
pub(super) async fn open<P: Projection>(
    owner: &Databases,
    request: &RebuildRequest,
    target: i64,
) -> Result<Opened, RebuildError> {
    let epoch = log::epoch(&owner.log).await?;
    let mut transaction = owner.read.begin().await?;
    if request.purpose == Purpose::Sample {
        // Whoever waits for this lock holds up all who come after: a sample would rather come back.
        transaction.execute("set local lock_timeout = '500ms'").await?;
    }
    // What a process that was killed a moment ago had under way may still be committing.
    transaction.execute("lock table rebuild.runs in share row exclusive mode").await?;
    let left: Option<Row> = sqlx::query_as(
        "update rebuild.runs set fence = fence + 1, updated_at = clock_timestamp() where projection = $1 and purpose = $2 and state = 'open' \
         returning run, tenant, version, position, fence, later_indexes, puts_off, epoch, event_id",
    )
    .bind(P::NAME)
    .bind(request.purpose.as_str())
    .fetch_optional(&mut *transaction)
    .await?;
    let is_of_the_log = match &left {
        Some(row) => row.is_of(&owner.log, epoch).await?,
        None => false,
    };
    let opened = match left {
        Some(row) if !request.anew && is_of_the_log && row.version == P::VERSION && row.tenant == request.tenant => {
            let rows = if row.puts_off { Rows::Own } else { Rows::All };
            let schema = shadow::schema_of(row.run);
            let claim = Claim { run: row.run, fence: row.fence, schema, rows, log: owner.log.clone() };
            let looking =
                format!("select {} from rebuild.runs where run = $1", has_its_rows("position", &claim.schema));
            let is_whole: bool = sqlx::query_scalar(&looking).bind(row.run).fetch_one(&mut *transaction).await?;
            if is_whole {
                Opened { claim, position: row.position, later_indexes: row.later_indexes }
            } else {
                tracing::warn!(
                    run = row.run,
                    "the server has crashed and lost the rows of this rebuild; it begins again"
                );
                claim.start_over::<P>(&mut transaction, row.puts_off).await?;
                Opened { claim, position: 0, later_indexes: row.later_indexes }
            }
        }
        left => {
            if let Some(row) = left {
                close(&mut transaction, row.run, "abandoned").await?;
            }
            begin::<P>(&mut transaction, request, target, &owner.log, epoch).await?
        }
    };
    transaction.commit().await?;
    Ok(opened)
}

async fn begin<P: Projection>(
    connection: &mut PgConnection,
    request: &RebuildRequest,
    target: i64,
    log: &PgPool,
    epoch: i32,
) -> sqlx::Result<Opened> {
    let run: i64 = sqlx::query_scalar(
        "insert into rebuild.runs (projection, purpose, tenant, version, state, position, epoch, events, fence, later_indexes, started_by, started_at, updated_at) \
         values ($1, $2, $3, $4, 'open', 0, $6, 0, 1, '{}', $5, clock_timestamp(), clock_timestamp()) returning run",
    )
    .bind(P::NAME)
    .bind(request.purpose.as_str())
    .bind(&request.tenant)
    .bind(P::VERSION)
    .bind(&request.operator)
    .bind(epoch)
    .fetch_one(&mut *connection)
    .await?;
    // A tenant's rows are few, and are replaced with all that follows from them.
    let puts_off = P::DERIVES && request.tenant.is_none();
    let rows = if puts_off { Rows::Own } else { Rows::All };
    let claim = Claim { run, fence: 1, schema: shadow::schema_of(run), rows, log: log.clone() };
    // Only tables that are to serve need indexes for queries.
    let is_to_serve = request.purpose == Purpose::Rebuild && request.tenant.is_none();
    // Written once, a row need not be written anew to be packed and logged.
    let is_small = request.tenant.is_some() || (is_to_serve && is_one_stretch::<P>(request, target));
    let size = if is_small { Size::Small } else { Size::Large };
    let dropped = shadow::create::<P>(connection, &claim.schema, size).await?;
    let later_indexes = if is_to_serve { dropped } else { Vec::new() };
    sqlx::query("update rebuild.runs set later_indexes = $2, puts_off = $3 where run = $1")
        .bind(run)
        .bind(&later_indexes)
        .bind(puts_off)
        .execute(connection)
        .await?;
    Ok(Opened { claim, position: 0, later_indexes })
}

/// Ends a run with its shadow.
pub(super) async fn close(connection: &mut PgConnection, run: i64, state: &str) -> sqlx::Result<()> {
    connection.execute(format!("drop schema if exists {} cascade", shadow::schema_of(run)).as_str()).await?;
    sqlx::query("update rebuild.runs set state = $2, updated_at = clock_timestamp() where run = $1")
        .bind(run)
        .bind(state)
        .execute(connection)
        .await?;
    Ok(())
}

/// A condition on a run: its shadow is as it was left at this position. A crash of the server empties what is not logged, as
/// that of all tenants is while it is filled; and of all tenants, one has events wherever the log has.
fn has_its_rows(position: &str, schema: &str) -> String {
    format!("(tenant is not null or {position} = 0 or exists (select from {schema}.progress))")
}

/// Forgets a run that has ended.
pub(super) async fn forget(connection: &mut PgConnection, run: i64) -> sqlx::Result<()> {
    sqlx::query("delete from rebuild.runs where run = $1").bind(run).execute(connection).await?;
    Ok(())
}

impl Claim {
    /// Moves the run from one position to the end of the page that follows: nobody else writes the shadow until the
    /// transaction has ended.
    pub(super) async fn advance<P: Projection>(
        &self,
        connection: &mut PgConnection,
        from: i64,
        page: &Page<P>,
    ) -> Result<(), RebuildError> {
        self.go(connection, from, (page.to, page.event_id), page.count).await
    }

    /// Makes sure in the same way that the run is where it was.
    pub(super) async fn ensure(&self, connection: &mut PgConnection, position: i64) -> Result<(), RebuildError> {
        self.go(connection, position, (position, None), 0).await
    }

    /// Moves the run from one position to another, which this event is at. The log is asked here, after a page was read: one of a history
    /// that was cut since is refused, now or with the next one, and so is what would follow rows of such a history. A stretch asks at both
    /// of its ends.
    pub(super) async fn go(
        &self,
        connection: &mut PgConnection,
        from: i64,
        (to, event_id): (i64, Option<Uuid>),
        events: usize,
    ) -> Result<(), RebuildError> {
        let epoch = log::epoch(&self.log).await?;
        let in_log = event_at(&self.log, from).await?;
        let moved = sqlx::query(&format!(
            "update rebuild.runs set position = $4, events = events + $5, updated_at = clock_timestamp(), \
                                     event_id = case when $3 = $4 then event_id else $7 end \
             where run = $1 and fence = $2 and position = $3 and state = 'open' and epoch = $6 and (event_id is null or event_id = $8) \
               and {}",
            has_its_rows("$3", &self.schema)
        ))
        .bind(self.run)
        .bind(self.fence)
        .bind(from)
        .bind(to)
        .bind(events as i64)
        .bind(epoch)
        .bind(event_id)
        .bind(in_log)
        .execute(connection)
        .await?;
        if moved.rows_affected() == 1 { Ok(()) } else { Err(RebuildError::Superseded) }
    }

    /// Notes that what follows from the rows is written, and is from now on with every page.
    pub(super) async fn note_derived(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query("update rebuild.runs set puts_off = false where run = $1")
            .bind(self.run)
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Empties the shadow of all tenants, to fold the log once more, and to put off then what follows from the rows, or
    /// not.
    pub(super) async fn start_over<P: Projection>(
        &self,
        connection: &mut PgConnection,
        puts_off: bool,
    ) -> sqlx::Result<()> {
        connection.execute(format!("drop schema {} cascade", self.schema).as_str()).await?;
        shadow::create::<P>(connection, &self.schema, Size::Large).await?;
        sqlx::query(
            "update rebuild.runs set position = 0, event_id = null, events = 0, puts_off = $2, updated_at = clock_timestamp() where run = $1",
        )
        .bind(self.run)
        .bind(puts_off)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Notes how many rows differ, if they could be compared.
    pub(super) async fn note_differences(&self, connection: &mut PgConnection, rows: Option<i64>) -> sqlx::Result<()> {
        sqlx::query("update rebuild.runs set differences = $2, updated_at = clock_timestamp() where run = $1")
            .bind(self.run)
            .bind(rows)
            .execute(connection)
            .await?;
        Ok(())
    }
}
