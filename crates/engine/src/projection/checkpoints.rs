//! The checkpoints of a process's projections: those that only pass events by are moved together, and whoever waits for
//! any of them is told in the same statement.
//!
//! An event concerns one projection as a rule, and every other has no more to write down than that it has passed. A commit
//! for each of them costs more than folding the event does, above all because each one notifies: Postgres lets commits that
//! notify through one at a time, an append that waits for its disk included, and wakes every listener for each. So all that
//! is to be written or told while a statement is under way goes into the next one, and checkpoints wait until [`BETWEEN`] has gone
//! since they were moved last.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::apply::Batch;
use super::lease::Lease;
use crate::database::{ANSWER, in_time};

/// The channel on which projections tell how far they have come.
pub(super) const CHANNEL: &str = "tidemark_read";
/// More than this is not told at once. Beyond it notices are left out: whoever waits asks by himself, only later.
const MOST: usize = 256;
/// How seldom checkpoints are moved over what they pass. Moving them for every batch of a busy log took an eighth of all that the
/// database did, for places that nobody waits at as a rule; who does, waits so long at most.
const BETWEEN: Duration = Duration::from_millis(5);

/// Moves checkpoints for all projections of a process. Clones share it; its task ends with the last of them.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    asked: mpsc::Sender<Asked>,
}

#[derive(Debug)]
enum Asked {
    Pass(Box<Pass>, oneshot::Sender<()>),
    Tell(String),
}

/// A batch in which nothing concerns the projection.
#[derive(Debug)]
struct Pass {
    version: i32,
    lease: Lease,
    epoch: i32,
    from: i64,
    to: i64,
    event_id: Option<Uuid>,
    /// How far each tenant has come with it.
    reached: Vec<(String, i64)>,
}

impl Checkpoints {
    /// Writes through a connection of its own, as those of `pool` are made: as `tidemark_projection`.
    #[must_use]
    pub fn start(pool: PgPool) -> Self {
        let (asked, asking) = mpsc::channel(MOST);
        tokio::spawn(run(pool, asking));
        Self { asked }
    }

    /// Moves the checkpoint over a batch in which nothing concerns the projection. False when that was not done, for whatever
    /// reason: then the caller does it in a transaction of its own, and finds out.
    pub(super) async fn pass(&self, version: i32, batch: &Batch) -> bool {
        let Batch { lease, epoch, from, to, event_id, .. } = *batch;
        let reached = batch.reached().into_iter().map(|(tenant, position)| (tenant.to_owned(), position)).collect();
        let pass = Pass { version, lease, epoch, from, to, event_id, reached };
        let (done, moved) = oneshot::channel();
        if self.asked.send(Asked::Pass(Box::new(pass), done)).await.is_err() {
            tracing::error!("the task that moves checkpoints together has died; each projection moves its own");
            return false;
        }
        moved.await.is_ok()
    }

    /// Tells whoever waits how far a projection has come, after that was committed.
    pub(super) fn tell<'a>(&self, projection: &str, reached: impl IntoIterator<Item = (&'a str, i64)>) {
        let mut reached = reached.into_iter().peekable();
        if reached.peek().is_some() {
            // A notice that finds no room is one of many, and whoever waits asks by himself.
            let _ = self.asked.try_send(Asked::Tell(notice(projection, reached)));
        }
    }
}

async fn run(pool: PgPool, mut asking: mpsc::Receiver<Asked>) {
    // One of its own: taking one from the pool and giving it back would ask the server twice for each statement.
    let mut own: Option<PgConnection> = None;
    let mut asked = Vec::new();
    let mut passes = BTreeMap::new();
    let mut due = Instant::now();
    loop {
        let came = tokio::select! {
            came = asking.recv_many(&mut asked, MOST) => came > 0,
            () = sleep_until(due), if !passes.is_empty() => true,
        };
        if !came {
            return;
        }
        // Whoever was woken by the same event is about to ask.
        tokio::task::yield_now().await;
        while asked.len() < MOST
            && let Ok(more) = asking.try_recv()
        {
            asked.push(more);
        }
        let mut notices = Vec::new();
        for one in asked.drain(..) {
            match one {
                // One that was given up by its worker is not done beside what that worker wants now.
                Asked::Pass(pass, done) => drop(passes.insert(pass.lease.projection, (pass, done))),
                Asked::Tell(notice) => notices.push(notice),
            }
        }
        let now = Instant::now();
        let mut moving = BTreeMap::new();
        if now >= due {
            due = now + BETWEEN;
            moving = std::mem::take(&mut passes);
        }
        let moves: Vec<&Pass> = moving.values().map(|(pass, _)| &**pass).collect();
        if moves.is_empty() && notices.is_empty() {
            continue;
        }
        let writing = async {
            let connection = match &mut own {
                Some(connection) => connection,
                None => own.insert(PgConnection::connect_with(&pool.connect_options()).await?),
            };
            match moves.is_empty() {
                true => tell(connection, &notices).await.map(|()| Vec::new()),
                false => write(connection, &moves, &notices).await,
            }
        };
        match in_time(ANSWER, writing).await {
            Ok(moved) => {
                for projection in moved.iter().flatten() {
                    if let Some((_, done)) = moving.remove(projection.as_str()) {
                        let _ = done.send(());
                    }
                }
            }
            // Each worker that has asked finds out by itself what is wrong.
            Err(error) => {
                tracing::debug!(%error, "checkpoints were not moved together");
                own = None;
            }
        }
    }
}

/// Notifies of batches that are committed already.
async fn tell(connection: &mut PgConnection, notices: &[String]) -> sqlx::Result<()> {
    let telling =
        "select pg_notify($1, notice), set_config('synchronous_commit', 'off', true) from unnest($2::text[]) as notice";
    sqlx::query(telling).bind(CHANNEL).bind(notices).execute(connection).await.map(drop)
}

/// Moves the checkpoints of all that still hold their lease and are where they think, and notifies; names them. What somebody
/// else has locked is left to a transaction that waits for it.
///
/// Rows and checkpoints fall together when the server does, so the commit does not wait for the disk.
async fn write(
    connection: &mut PgConnection,
    passes: &[&Pass],
    notices: &[String],
) -> sqlx::Result<Vec<Option<String>>> {
    const SQL: &str = "with asked as materialized (select * from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::int[], $7::int[], $8::text[], $14::uuid[]) \
             as a(projection, holder, fence, old, new, epoch, version, notice, event_id)), \
         held as materialized (select l.projection from read.leases l join asked a using (projection) \
             where l.holder = a.holder and l.fence = a.fence for share of l skip locked), \
         still as materialized (select c.projection from read.checkpoints c join asked a using (projection) \
             where c.position = a.old and c.version = a.version and c.projection in (select projection from held) for no key update of c skip locked), \
         moved as (update read.checkpoints c set position = a.new, epoch = a.epoch, event_id = coalesce(a.event_id, c.event_id) from asked a join still using (projection) \
             where c.projection = a.projection returning c.projection), \
         come as (insert into read.progress (tenant_id, projection, tenant_position) \
             select t.tenant_id, t.projection, t.tenant_position from unnest($9::text[], $10::text[], $11::bigint[]) as t(projection, tenant_id, tenant_position) \
             where t.projection in (select projection from moved) \
             on conflict (tenant_id, projection) do update set tenant_position = excluded.tenant_position) \
         select told.projection, pg_notify($13, told.notice), set_config('synchronous_commit', 'off', true) \
         from (select projection, notice from asked join moved using (projection) union all select null, notice from unnest($12::text[]) as notice) as told";
    let of = |pass: &Pass| {
        notice(pass.lease.projection, pass.reached.iter().map(|(tenant, position)| (&**tenant, *position)))
    };
    let reached = || {
        passes.iter().flat_map(|pass| pass.reached.iter().map(|(tenant, at)| (pass.lease.projection, &**tenant, *at)))
    };
    sqlx::query_scalar(SQL)
        .bind(passes.iter().map(|pass| pass.lease.projection).collect::<Vec<_>>())
        .bind(passes.iter().map(|pass| pass.lease.holder).collect::<Vec<_>>())
        .bind(passes.iter().map(|pass| pass.lease.fence).collect::<Vec<_>>())
        .bind(passes.iter().map(|pass| pass.from).collect::<Vec<_>>())
        .bind(passes.iter().map(|pass| pass.to).collect::<Vec<_>>())
        .bind(passes.iter().map(|pass| pass.epoch).collect::<Vec<_>>())
        .bind(passes.iter().map(|pass| pass.version).collect::<Vec<_>>())
        .bind(passes.iter().map(|pass| of(pass)).collect::<Vec<_>>())
        .bind(reached().map(|(projection, ..)| projection).collect::<Vec<_>>())
        .bind(reached().map(|(_, tenant, _)| tenant).collect::<Vec<&str>>())
        .bind(reached().map(|(.., position)| position).collect::<Vec<_>>())
        .bind(notices)
        .bind(CHANNEL)
        .bind(passes.iter().map(|pass| pass.event_id).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
}

/// `<projection>` and, where they fit, `<tenant>=<position>` of each tenant that has moved; without them the listener asks.
fn notice<'a>(projection: &str, reached: impl IntoIterator<Item = (&'a str, i64)>) -> String {
    const LONGEST: usize = 7000;
    let mut text = projection.to_owned();
    for (tenant, position) in reached {
        text.push_str(&format!(" {tenant}={position}"));
        if text.len() > LONGEST {
            return projection.to_owned();
        }
    }
    text
}
