//! Makes a filled shadow ready: packed and logged, with what follows from its rows, with its indexes and statistics.
//!
//! All of that is the server's work, table by table, so several connections are at it at once, each on the next piece: one while
//! what follows is written, two more after that, so that an odd piece has not all others wait.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures::future::join_all;
use sqlx::{Connection, Executor, PgConnection, PgPool};

use super::RebuildError;
use super::derive;
use super::shadow::{self, Table};
use super::take::Shadow;
use crate::projection::Projection;
use crate::projection::apply::Rows;

/// Connections that are at the pieces when nothing is written beside them.
const AT_ONCE: usize = 2;
/// For the connections that work at them. What is sorted for an index is a third of its table or less, and faster by one process: several
/// would write what each has sorted to disk first.
const SETTINGS: &str = "set maintenance_work_mem = '128MB'; set max_parallel_maintenance_workers = 0";

/// A statement that may be given up and made again at any time.
enum Piece {
    /// Writes a table anew.
    Log(String),
    /// Makes an index that is not there yet.
    Index(String),
    /// Tells the planner what is there, and marks pages as visible to all, before queries meet the table.
    Vacuum(String),
}

/// A shadow that is filled up to a position.
pub(super) struct Settling<P: Projection> {
    pub(super) shadow: Shadow<P>,
    pub(super) position: i64,
    /// The indexes that it was filled without.
    pub(super) indexes: Vec<String>,
    /// Whether its tables are to be those that serve.
    pub(super) is_to_serve: bool,
}

impl<P: Projection> Settling<P> {
    /// Does what of it was not done before. To be run in a task that nobody drops.
    pub(super) async fn run(self) -> Result<(), RebuildError> {
        let (owner, shadow) = (&self.shadow.owner.read, &self.shadow);
        let mut transaction = shadow.begin().await?;
        // Nobody takes the shadow further until that transaction has ended.
        shadow.claim.ensure(&mut transaction, self.position).await?;
        let tables = shadow::tables(&mut transaction, &shadow.claim.schema).await?;
        let (bookkeeping, tables): (Vec<Table>, Vec<Table>) =
            tables.into_iter().partition(|table| table.is_bookkeeping);
        let is_to_log = |table: &&Table| self.is_to_serve && !table.is_logged;
        let pieces = tables.iter().filter(is_to_log).map(|table| Piece::Log(table.log())).collect();
        at_once(owner, &Mutex::new(pieces)).await?;

        // What is derived is written before there is an index, and while the others get theirs.
        let derives = shadow.claim.rows == Rows::Own;
        let mut now = Vec::new();
        for table in &tables {
            if !derives || table.has_rows(&mut transaction).await? {
                now.push(table);
            }
        }
        let is_for_now = |index: &&String| now.iter().any(|table| table.has(index));
        let (indexes_now, indexes_later): (Vec<&String>, Vec<&String>) = self.indexes.iter().partition(is_for_now);
        let index = |definition: &String| Piece::Index(definition.clone());
        let pieces: Mutex<VecDeque<Piece>> = Mutex::new(indexes_now.into_iter().map(index).collect());
        // The transaction ends before anything is waited for that waits for it.
        let deriving = async {
            if derives {
                derive::write(shadow, &mut transaction).await?;
            }
            // Last of all: as long as these are not logged, a crash that has emptied one of the others is noticed.
            for table in bookkeeping.iter().filter(is_to_log) {
                transaction.execute(table.log().as_str()).await?;
            }
            // What is not on the disk yet a vacuum does not mark as visible.
            transaction.execute("set local synchronous_commit = on").await?;
            transaction.commit().await?;
            Ok::<_, RebuildError>(())
        };
        let helping = async {
            let derived = deriving.await;
            {
                let mut waiting = pieces.lock().unwrap_or_else(PoisonError::into_inner);
                match &derived {
                    Ok(()) => waiting.extend(indexes_later.into_iter().map(index)),
                    // The tables may be made anew.
                    Err(_) => waiting.clear(),
                }
            }
            (derived, at_once(owner, &pieces).await)
        };
        let ((derived, helped), made) = tokio::join!(helping, one_by_one(owner, &pieces));
        derive::or_start_over(shadow, self.position, derived).await?;
        helped.and(made)?;
        // While any of those transactions lasts, a vacuum cannot know what they have written as visible to all.
        let vacuums = Mutex::new(tables.iter().map(|table| Piece::Vacuum(table.name.clone())).collect());
        Ok(at_once(owner, &vacuums).await?)
    }
}

/// Does all of the pieces, begun in order. None is dropped under way: what it has asked the server for would go on.
async fn at_once(owner: &PgPool, pieces: &Mutex<VecDeque<Piece>>) -> sqlx::Result<()> {
    join_all((0..AT_ONCE).map(|_| one_by_one(owner, pieces))).await.into_iter().collect()
}

async fn one_by_one(owner: &PgPool, pieces: &Mutex<VecDeque<Piece>>) -> sqlx::Result<()> {
    let next = || pieces.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let Some(mut piece) = next() else { return Ok(()) };
    let mut connection = PgConnection::connect_with(&owner.connect_options()).await?;
    connection.execute(SETTINGS).await?;
    loop {
        piece.make(&mut connection).await?;
        piece = match next() {
            Some(piece) => piece,
            None => return connection.close().await,
        };
    }
}

impl Piece {
    async fn make(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        match self {
            Self::Log(anew) => connection.execute(anew.as_str()).await.map(drop),
            Self::Index(definition) => make_index(connection, definition).await,
            Self::Vacuum(table) => connection.execute(format!("vacuum (analyze) {table}").as_str()).await.map(drop),
        }
    }
}

/// One after another, where a process that was killed has left the server at the same one.
async fn make_index(connection: &mut PgConnection, definition: &str) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('tidemark index ' || $1, 0))")
        .bind(definition)
        .execute(&mut *transaction)
        .await?;
    let is_there: bool =
        sqlx::query_scalar("select exists (select from pg_index where pg_get_indexdef(indexrelid) = $1)")
            .bind(definition)
            .fetch_one(&mut *transaction)
            .await?;
    if !is_there {
        transaction.execute(definition).await?;
    }
    transaction.commit().await
}
