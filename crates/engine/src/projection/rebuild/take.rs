//! Takes a page of the log into the shadow: rows, progress, stalls and position in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlx::{Executor, PgConnection, Postgres, Transaction};

use super::RebuildError;
use super::pages::{Page, Source};
use super::run::Claim;
use crate::database::Databases;
use crate::log;
use crate::projection::apply::{Target, begin, find_culprits, is_before, write_rows};
use crate::projection::failure::is_deterministic;
use crate::projection::fold::{Culprit, Relevant};
use crate::projection::{Projection, stall};

/// Events of a tenant that are read at once when its stall is taken up again.
const RESUME_PAGE: i64 = 1000;

/// The tables that a run writes. Cheap to clone.
pub(super) struct Shadow<P: Projection> {
    pub(super) projection: Arc<P>,
    pub(super) owner: Databases,
    pub(super) claim: Claim,
    pub(super) tenant: Option<Arc<str>>,
}

impl<P: Projection> Clone for Shadow<P> {
    fn clone(&self) -> Self {
        Self {
            projection: Arc::clone(&self.projection),
            owner: self.owner.clone(),
            claim: self.claim.clone(),
            tenant: self.tenant.clone(),
        }
    }
}

/// The tenants that the shadow has stopped for, each with the position of the event.
pub(super) type Stopped = BTreeMap<Arc<str>, i64>;

impl<P: Projection> Shadow<P> {
    /// The stalls as they are written.
    pub(super) async fn stopped(&self) -> sqlx::Result<Stopped> {
        let sql = format!("select tenant_id, position from {}.stalls", self.claim.schema);
        let stopped: Vec<(String, i64)> = sqlx::query_as(&sql).fetch_all(&self.owner.read).await?;
        Ok(stopped.into_iter().map(|(tenant, position)| (Arc::from(tenant), position)).collect())
    }

    /// How far one tenant's events were read.
    pub(super) async fn tenant_position(&self, tenant: &str) -> sqlx::Result<i64> {
        let sql = format!(
            "select coalesce((select tenant_position from {}.progress where tenant_id = $1), 0)",
            self.claim.schema
        );
        sqlx::query_scalar(&sql).bind(tenant).fetch_one(&self.owner.read).await
    }

    /// Takes a page in that follows `from`, and says for whom that has stopped. To be run in a task that nobody drops.
    pub(super) async fn take(self, from: i64, page: Page<P>, stopped: Stopped) -> Result<Stopped, RebuildError> {
        let (relevant, mut found) = go_on(&page, &stopped);
        loop {
            match self.attempt(from, &page, &relevant, &mut found).await {
                Ok(()) => return Ok(with(stopped, &found)),
                Err(RebuildError::Database(error)) if is_deterministic(&error) => {
                    let before = before(&relevant, &found);
                    let culprits = find_culprits(&*self.projection, &self.owner.read, self.target(), &before).await?;
                    if culprits.is_empty() {
                        return Err(error.into());
                    }
                    found.extend(culprits);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn attempt(
        &self,
        from: i64,
        page: &Page<P>,
        relevant: &[&Relevant<P>],
        found: &mut BTreeMap<Arc<str>, Culprit>,
    ) -> Result<(), RebuildError> {
        let mut transaction = self.begin().await?;
        self.claim.advance(&mut transaction, from, page).await?;
        self.note_progress(&mut transaction, &page.reached).await?;
        self.write(&mut transaction, relevant, found).await?;
        transaction.commit().await?;
        Ok(())
    }

    fn target(&self) -> Target<'_> {
        Target { schema: &self.claim.schema, rows: self.claim.rows }
    }

    /// A transaction over the shadow. Its rows and its position fall together when the server does.
    pub(super) async fn begin(&self) -> sqlx::Result<Transaction<'static, Postgres>> {
        let mut transaction = begin(&self.owner.read, &self.claim.schema).await?;
        transaction.execute(SETTINGS).await?;
        transaction.execute("set local synchronous_commit = off").await?;
        Ok(transaction)
    }

    /// Takes a page in within a transaction that has more to do. An error of the database leaves that one useless.
    pub(super) async fn take_within(
        &self,
        connection: &mut PgConnection,
        from: i64,
        page: &Page<P>,
        stopped: &Stopped,
    ) -> Result<Stopped, RebuildError> {
        connection.execute(format!("set local search_path = {}", self.claim.schema).as_str()).await?;
        connection.execute(SETTINGS).await?;
        let (relevant, mut found) = go_on(page, stopped);
        self.claim.advance(connection, from, page).await?;
        self.note_progress(connection, &page.reached).await?;
        self.write(connection, &relevant, &mut found).await?;
        Ok(with(stopped.clone(), &found))
    }

    /// Folds what the reducer can take in; for whom it cannot, it has stopped at that event.
    async fn write(
        &self,
        connection: &mut PgConnection,
        relevant: &[&Relevant<P>],
        found: &mut BTreeMap<Arc<str>, Culprit>,
    ) -> sqlx::Result<()> {
        loop {
            // Nothing was written when something was found.
            let more = write_rows(&*self.projection, connection, self.claim.rows, &before(relevant, found)).await?;
            if more.is_empty() {
                break;
            }
            found.extend(more);
        }
        stall::record(connection, &self.claim.schema, P::NAME, found).await
    }

    /// Notes the last of each tenant's events.
    pub(super) async fn note_progress(
        &self,
        connection: &mut PgConnection,
        reached: &[(String, i64)],
    ) -> sqlx::Result<()> {
        let (tenants, positions): (Vec<&str>, Vec<i64>) =
            reached.iter().map(|(tenant, position)| (tenant.as_str(), *position)).unzip();
        let sql = format!(
            "insert into {}.progress (tenant_id, projection, tenant_position) \
             select t.tenant_id, $1, t.tenant_position from unnest($2::text[], $3::bigint[]) as t(tenant_id, tenant_position) \
             on conflict (tenant_id, projection) do update set tenant_position = excluded.tenant_position",
            self.claim.schema
        );
        sqlx::query(&sql).bind(P::NAME).bind(tenants).bind(positions).execute(connection).await?;
        Ok(())
    }

    /// Goes on behind a stall whose event has been let pass since: replays the tenant from there up to `position`.
    pub(super) async fn resume(self, tenant: Arc<str>, source: Source<P>, position: i64) -> Result<(), RebuildError> {
        let mut transaction = self.begin().await?;
        self.claim.ensure(&mut transaction, position).await?;
        let sql = format!("delete from {}.stalls where tenant_id = $1 returning tenant_position", self.claim.schema);
        let stalled: i64 = sqlx::query_scalar(&sql).bind(&*tenant).fetch_one(&mut *transaction).await?;
        let mut after = stalled - 1;
        loop {
            let events = log::read_tenant(&self.owner.log, &tenant, after, RESUME_PAGE).await?;
            let mut events: Vec<_> =
                events.into_iter().filter(|event| event.position <= position).map(Arc::new).collect();
            source.open(&mut events).await?;
            let Some(last) = events.last() else { break };
            after = last.tenant_position;
            let (relevant, mut found) = crate::projection::fold::decode(&*self.projection, &events, &source.skips);
            self.write(&mut transaction, &relevant.iter().collect::<Vec<_>>(), &mut found).await?;
            if !found.is_empty() {
                break;
            }
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// Batches are large and alike: they are planned for the tables as they have become, and need not wait for the disk. Between two of
/// them the log is asked, which may take longer than the server lets a transaction idle.
const SETTINGS: &str = "set local synchronous_commit = off; set local plan_cache_mode = force_custom_plan; set local jit = off; \
     set local idle_in_transaction_session_timeout = 0";

/// What of a page concerns tenants that have not stopped.
fn go_on<'a, P: Projection>(
    page: &'a Page<P>,
    stopped: &Stopped,
) -> (Vec<&'a Relevant<P>>, BTreeMap<Arc<str>, Culprit>) {
    let relevant = page.relevant.iter().filter(|one| !stopped.contains_key(&one.event.tenant_id)).collect();
    let mut found = page.culprits.clone();
    found.retain(|tenant, _| !stopped.contains_key(tenant));
    (relevant, found)
}

fn before<'a, P: Projection>(
    relevant: &[&'a Relevant<P>],
    found: &BTreeMap<Arc<str>, Culprit>,
) -> Vec<&'a Relevant<P>> {
    relevant.iter().copied().filter(|one| is_before(&one.event, found)).collect()
}

fn with(mut stopped: Stopped, found: &BTreeMap<Arc<str>, Culprit>) -> Stopped {
    stopped.extend(found.iter().map(|(tenant, culprit)| (Arc::clone(tenant), culprit.event.position)));
    stopped
}

/// Those of the stalls whose event an operator has let pass.
pub(super) fn let_pass(stopped: &Stopped, skips: &BTreeSet<i64>) -> Vec<Arc<str>> {
    let is_skipped = |(_, position): &(&Arc<str>, &i64)| skips.contains(position);
    stopped.iter().filter(is_skipped).map(|(tenant, _)| Arc::clone(tenant)).collect()
}
