//! One rebuild of a projection at a time, over all processes.

use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection, PgPool};
use tokio::time::Instant;

/// The server needs a moment to see that the connection of a process that died is gone.
const PATIENCE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(50);

/// Held for as long as its connection lives, and so never longer than its process. Where the connection breaks unseen,
/// the fence of the run still refuses the former holder.
pub(super) struct Exclusive {
    connection: PgConnection,
}

impl Exclusive {
    /// Takes it, or finds that somebody else has it.
    pub(super) async fn take(owner: &PgPool, projection: &str) -> sqlx::Result<Option<Self>> {
        let deadline = Instant::now() + PATIENCE;
        let mut connection = PgConnection::connect_with(&owner.connect_options()).await?;
        // A machine that vanished is noticed within half a minute, and not after hours.
        connection
            .execute("set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3")
            .await?;
        loop {
            let taken: bool =
                sqlx::query_scalar("select pg_try_advisory_lock(hashtextextended('tidemark rebuild ' || $1, 0))")
                    .bind(projection)
                    .fetch_one(&mut connection)
                    .await?;
            if taken {
                return Ok(Some(Self { connection }));
            }
            if Instant::now() >= deadline {
                connection.close().await?;
                return Ok(None);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Gives it to whoever wants it next.
    pub(super) async fn release(self) -> sqlx::Result<()> {
        self.connection.close().await
    }
}
