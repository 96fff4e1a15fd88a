//! Tells whoever listens that the log has grown: the relay, the feeds, `admin events tail`.
//!
//! Not in the append's own transaction: Postgres lets commits that notify through one at a time, from before they are written
//! until they are on the disk (`PreCommit_Notify` in its `async.c`), so an append would make whatever else notifies wait for
//! its disk, first of all the projections that tell how far they have come. What is announced here is on the disk already, and
//! until two milliseconds after one announcement all further ones come down to the last.
//!
//! An announcement that is lost, as by a process that dies right after its append, costs time alone: whoever listens polls, too.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use super::idle::when_idle;
use crate::database::{ANSWER, in_time};
use crate::heads::CHANNEL;

/// How seldom something is announced: each time costs the server a transaction, and wakes everybody who listens.
const BETWEEN: Duration = Duration::from_millis(2);
/// How long a server that could not be told is left alone.
const PAUSE: Duration = Duration::from_millis(100);

/// The task that announces, and the way to tell it.
pub(super) struct Announcer {
    head: Arc<watch::Sender<i64>>,
    announcing: JoinHandle<()>,
}

impl Announcer {
    /// Announces over a connection of its own.
    pub(super) fn start(options: PgConnectOptions) -> Self {
        let (head, heads) = watch::channel(0);
        let announcing = tokio::spawn(run(options.application_name("tidemark announce"), heads));
        Self { head: Arc::new(head), announcing }
    }

    /// The log ends at `position` now, durably.
    pub(super) fn announce(&self, position: i64) {
        self.head.send_if_modified(|head| {
            *head = position;
            false
        });
        // A lone caller goes first: telling takes this worker as long as deciding what comes next.
        let head = Arc::clone(&self.head);
        when_idle(move || head.send_modify(|_| ()));
    }

    /// Waits until what was to be announced is, or could not be.
    pub(super) async fn finish(self) {
        drop(self.head);
        if let Err(error) = self.announcing.await {
            tracing::error!(%error, "the task that announces appends has died");
        }
    }
}

async fn run(options: PgConnectOptions, mut heads: watch::Receiver<i64>) {
    let mut own: Option<PgConnection> = None;
    while heads.changed().await.is_ok() {
        let head = *heads.borrow_and_update();
        let next = Instant::now() + BETWEEN;
        let was_open = own.is_some();
        let mut announced = announce(&options, &mut own, head).await;
        if announced.as_ref().is_err_and(|error| was_open && !is_overdue(error)) {
            // It may have been broken for long.
            announced = announce(&options, &mut own, head).await;
        }
        match announced {
            Ok(()) => sleep_until(next).await,
            Err(error) => {
                tracing::debug!(%error, "an append was not announced; whoever listens polls");
                sleep(PAUSE).await;
            }
        }
    }
    if let Some(connection) = own {
        // The server forgets the connection by itself when this fails.
        drop(connection.close().await);
    }
}

/// Whether the server was waited for in vain.
fn is_overdue(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut)
}

/// Notifies over the connection, or a new one where there is none; there is none afterwards if that failed.
async fn announce(options: &PgConnectOptions, own: &mut Option<PgConnection>, head: i64) -> sqlx::Result<()> {
    let announcing = async {
        let mut connection = match own.take() {
            Some(connection) => connection,
            None => PgConnection::connect_with(options).await?,
        };
        // Nobody waits for the disk: what is announced is on it.
        sqlx::query("select pg_notify($1, $2::bigint::text), set_config('synchronous_commit', 'off', true)")
            .bind(CHANNEL)
            .bind(head)
            .execute(&mut connection)
            .await?;
        Ok::<_, sqlx::Error>(connection)
    };
    *own = Some(in_time(ANSWER, announcing).await?);
    Ok(())
}
