//! One batch, one transaction: rows, progress, stalls and checkpoint together, or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::checkpoints::Checkpoints;
use super::failure::is_deterministic;
use super::fold::{Culprit, Fold, Relevant, decode, touched};
use super::lease::Lease;
use super::{Change, Projection, ReducerError, stall};
use crate::event::RecordedEvent;

/// The schema of the tables that serve.
pub(super) const READ: &str = "read";

/// Which rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// All that follow from the events.
    All,
    /// Only those that are folded; what follows from them is put off.
    Own,
}

/// Where rows are written, and which.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) schema: &'a str,
    pub(super) rows: Rows,
}

/// The tables that serve, which are always whole.
const LIVE: Target<'_> = Target { schema: READ, rows: Rows::All };

/// What a projection has to take in next, and where the checkpoint goes with it.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) lease: Lease,
    pub(super) epoch: i32,
    /// The checkpoint as it must be now.
    pub(super) from: i64,
    /// The checkpoint afterwards.
    pub(super) to: i64,
    /// The event there, where the checkpoint moves.
    pub(super) event_id: Option<Uuid>,
    /// In order; none of a tenant that the projection has stopped for, unless this is its replay.
    pub(super) events: Vec<Arc<RecordedEvent>>,
    /// Positions that an operator has let pass: they count as taken in and change nothing.
    pub(super) skips: Arc<BTreeSet<i64>>,
    /// Set when this is another try for a stalled tenant: its events up to the checkpoint.
    pub(super) replay: Option<Replay>,
    /// What becomes of it when it holds an event that this binary does not know.
    pub(super) at_unknown: AtUnknown,
}

impl Batch {
    /// How far each tenant has come once all of it is taken in.
    pub(super) fn reached(&self) -> BTreeMap<&str, i64> {
        self.reached_before(&BTreeMap::new())
    }

    /// The same, where for some tenants it has stopped.
    fn reached_before(&self, stopped: &BTreeMap<Arc<str>, Culprit>) -> BTreeMap<&str, i64> {
        let taken_in = self.events.iter().filter(|event| is_before(event, stopped));
        taken_in.map(|event| (&*event.tenant_id, event.tenant_position)).collect()
    }
}

/// What a worker does that meets an event of a type or version it does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtUnknown {
    /// Nothing is written, so that a newer worker may take the batch in.
    HandOver,
    /// The projection stops there for the tenant.
    Stop,
}

/// A page of the events of a stalled tenant.
#[derive(Debug, Clone)]
pub(super) struct Replay {
    pub(super) tenant: Arc<str>,
    /// The event after the page; none when the page reaches the checkpoint, and so ends the stall.
    pub(super) next: Option<Arc<RecordedEvent>>,
}

/// What became of a batch.
#[derive(Debug)]
pub(super) enum Applied {
    /// It is committed. For the tenants named, the projection has stopped at the event named.
    Committed(BTreeMap<Arc<str>, Culprit>),
    /// Another worker holds the lease or has moved the checkpoint: nothing was written.
    Superseded,
    /// This event is unknown here: nothing was written.
    Unknown(Arc<RecordedEvent>),
}

/// What became of one try.
enum Attempt {
    Committed,
    Superseded,
    /// The reducer cannot take these in; nothing was written.
    Stopped(BTreeMap<Arc<str>, Culprit>),
}

/// Takes a batch in. To be run in a task that nobody drops.
pub(super) async fn apply<P: Projection>(
    projection: Arc<P>,
    pool: PgPool,
    checkpoints: Checkpoints,
    batch: Batch,
) -> sqlx::Result<Applied> {
    let (decoded, mut stopped) = decode(&*projection, &batch.events, &batch.skips);
    if batch.at_unknown == AtUnknown::HandOver
        && let Some(unknown) = stopped.values().find(|culprit| culprit.error.is_unknown)
    {
        return Ok(Applied::Unknown(Arc::clone(&unknown.event)));
    }
    loop {
        let relevant: Vec<&Relevant<P>> = decoded.iter().filter(|one| is_before(&one.event, &stopped)).collect();
        let concerned = !relevant.is_empty() || !stopped.is_empty() || batch.replay.is_some();
        if !concerned && checkpoints.pass(P::VERSION, &batch).await {
            return Ok(Applied::Committed(stopped));
        }
        match attempt(&*projection, &pool, &batch, &relevant, &stopped).await {
            Ok(Attempt::Committed) => {
                checkpoints.tell(P::NAME, batch.reached_before(&stopped));
                return Ok(Applied::Committed(stopped));
            }
            Ok(Attempt::Superseded) => return Ok(Applied::Superseded),
            // What is found is earlier than what was known, for it is among the events before that.
            Ok(Attempt::Stopped(found)) => stopped.extend(found),
            Err(error) if is_deterministic(&error) => {
                let found = find_culprits(&*projection, &pool, LIVE, &relevant).await?;
                if found.is_empty() {
                    return Err(error);
                }
                stopped.extend(found);
            }
            Err(error) => return Err(error),
        }
    }
}

async fn attempt<P: Projection>(
    projection: &P,
    pool: &PgPool,
    batch: &Batch,
    relevant: &[&Relevant<P>],
    stopped: &BTreeMap<Arc<str>, Culprit>,
) -> sqlx::Result<Attempt> {
    let mut transaction = begin(pool, READ).await?;
    if !advance::<P>(&mut transaction, batch, stopped).await? {
        transaction.rollback().await?;
        return Ok(Attempt::Superseded);
    }
    let found = write_rows(projection, &mut transaction, Rows::All, relevant).await?;
    if !found.is_empty() {
        transaction.rollback().await?;
        return Ok(Attempt::Stopped(found));
    }
    stall::record(&mut transaction, READ, P::NAME, stopped).await?;
    if let Some(replay) = batch.replay.as_ref().filter(|replay| !stopped.contains_key(&replay.tenant)) {
        stall::advance(&mut transaction, READ, P::NAME, &replay.tenant, replay.next.as_deref()).await?;
    }
    transaction.commit().await?;
    Ok(Attempt::Committed)
}

/// Begins a transaction in which the tables are those of `schema`, a name from our own code.
pub(super) async fn begin(pool: &PgPool, schema: &str) -> sqlx::Result<Transaction<'static, Postgres>> {
    pool.begin_with(format!("begin; set local search_path = {schema}")).await
}

/// Moves the checkpoint and says how far each tenant has come, in one statement. False, and nothing is written, unless this
/// is the holder of the lease and the checkpoint is where it knows it to be. Whoever takes the lease over waits for the end
/// of the transaction.
///
/// Rows and checkpoint fall together when the server does, so the commit does not wait for the disk.
pub(super) async fn advance<P: Projection>(
    connection: &mut PgConnection,
    batch: &Batch,
    stopped: &BTreeMap<Arc<str>, Culprit>,
) -> sqlx::Result<bool> {
    let (tenants, positions): (Vec<&str>, Vec<i64>) = batch.reached_before(stopped).into_iter().unzip();
    let moved = sqlx::query(
        "with held as (select from read.leases where projection = $1 and holder = $2 and fence = $3 for share), \
         moved as (update read.checkpoints set position = $5, epoch = $6, event_id = coalesce($10, event_id) \
                   where projection = $1 and position = $4 and version = $7 and exists (select from held) returning 1), \
         come as (insert into read.progress (tenant_id, projection, tenant_position) \
                  select t.tenant_id, $1, t.tenant_position from moved, unnest($8::text[], $9::bigint[]) as t(tenant_id, tenant_position) \
                  on conflict (tenant_id, projection) do update set tenant_position = excluded.tenant_position) \
         select set_config('synchronous_commit', 'off', true) from moved",
    )
    .bind(P::NAME)
    .bind(batch.lease.holder)
    .bind(batch.lease.fence)
    .bind(batch.from)
    .bind(batch.to)
    .bind(batch.epoch)
    .bind(P::VERSION)
    .bind(&tenants)
    .bind(&positions)
    .bind(batch.event_id)
    .fetch_optional(connection)
    .await?;
    Ok(moved.is_some())
}

/// Folds the events over the present rows and writes what has changed; where the reducer cannot take one in, nothing.
pub(super) async fn write_rows<P: Projection>(
    projection: &P,
    connection: &mut PgConnection,
    rows: Rows,
    relevant: &[&Relevant<P>],
) -> sqlx::Result<BTreeMap<Arc<str>, Culprit>> {
    let keys = touched(relevant);
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let present = projection.load(connection, &keys).await?;
    let mut fold = Fold::new(projection, present);
    let culprits = fold.take_all(relevant);
    if culprits.is_empty() {
        store(projection, connection, rows, &fold.changes()).await?;
    }
    Ok(culprits)
}

/// Writes changes, or those parts of them.
pub(super) async fn store<P: Projection>(
    projection: &P,
    connection: &mut PgConnection,
    rows: Rows,
    changes: &[Change<P::Key, P::Row>],
) -> sqlx::Result<()> {
    match rows {
        _ if changes.is_empty() => Ok(()),
        Rows::All => projection.store(connection, changes).await,
        Rows::Own => projection.store_own(connection, changes).await,
    }
}

/// Whether the event comes before the culprit of its tenant, if there is one.
pub(super) fn is_before(event: &RecordedEvent, culprits: &BTreeMap<Arc<str>, Culprit>) -> bool {
    culprits.get(&event.tenant_id).is_none_or(|culprit| event.position < culprit.event.position)
}

/// Finds what the database refuses: the tenants by halving the batch, then in each its first event that cannot be
/// written after those before it. Every try is rolled back.
pub(super) async fn find_culprits<P: Projection>(
    projection: &P,
    pool: &PgPool,
    target: Target<'_>,
    relevant: &[&Relevant<P>],
) -> sqlx::Result<BTreeMap<Arc<str>, Culprit>> {
    let mut by_tenant: BTreeMap<&Arc<str>, Vec<&Relevant<P>>> = BTreeMap::new();
    for one in relevant {
        by_tenant.entry(&one.event.tenant_id).or_default().push(one);
    }
    let mut culprits = BTreeMap::new();
    let mut suspects = vec![by_tenant.into_iter().collect::<Vec<_>>()];
    while let Some(mut group) = suspects.pop() {
        let together: Vec<_> = group.iter().flat_map(|(_, events)| events.iter().copied()).collect();
        let Some(error) = refused(projection, pool, target, &together).await? else { continue };
        if group.len() > 1 {
            let rest = group.split_off(group.len() / 2);
            suspects.push(group);
            suspects.push(rest);
        } else if let Some((tenant, events)) = group.pop() {
            culprits.insert(Arc::clone(tenant), first_refused(projection, pool, target, &events, error).await?);
        }
    }
    Ok(culprits)
}

async fn first_refused<P: Projection>(
    projection: &P,
    pool: &PgPool,
    target: Target<'_>,
    events: &[&Relevant<P>],
    mut error: String,
) -> sqlx::Result<Culprit> {
    let (mut good, mut bad) = (0, events.len());
    while bad - good > 1 {
        let middle = usize::midpoint(good, bad);
        match refused(projection, pool, target, &events[..middle]).await? {
            Some(refusal) => (bad, error) = (middle, refusal),
            None => good = middle,
        }
    }
    Ok(Culprit { event: Arc::clone(&events[bad - 1].event), error: ReducerError::new(error) })
}

/// What the database says against these events, if it does.
async fn refused<P: Projection>(
    projection: &P,
    pool: &PgPool,
    target: Target<'_>,
    relevant: &[&Relevant<P>],
) -> sqlx::Result<Option<String>> {
    let mut transaction = begin(pool, target.schema).await?;
    let written = write_rows(projection, &mut transaction, target.rows, relevant).await;
    transaction.rollback().await?;
    match written {
        Ok(_) => Ok(None),
        Err(error) if is_deterministic(&error) => Ok(Some(error.to_string())),
        Err(error) => Err(error),
    }
}
