//! What a worker does for the tenants that its projection has stopped for: tries them again, and lets their rows forget
//! who was erased meanwhile.

use std::sync::Arc;
use std::time::Instant;

use super::{Leading, POLL, Runner, Step, StepError, Took, in_task};
use crate::database::{ANSWER, in_time};
use crate::log;
use crate::projection::apply::{AtUnknown, Batch, Replay};
use crate::projection::forget::{self, Before, Forgetting};
use crate::projection::{Projection, skip, stall};

/// Events in a page of a stalled tenant's replay.
const REPLAY_PAGE: i64 = 200;

impl<P: Projection> Runner<P> {
    /// The stalled tenant whose turn it is: a page of one of them alternates with a batch, so that none waits for another.
    pub(super) async fn next_retry(&self, leading: &mut Leading<P>) -> sqlx::Result<Option<Arc<str>>> {
        if !leading.stalled.is_empty() && leading.asked_for_retries.elapsed() >= self.patience.min(POLL) {
            leading.asked_for_retries = Instant::now();
            let requested = stall::requested(&self.read, P::NAME).await?;
            leading
                .retrying
                .extend(requested.iter().filter_map(|tenant| leading.stalled.get(tenant.as_str()).cloned()));
        }
        let turn = leading.replay_is_next || leading.waiting.is_empty();
        leading.replay_is_next = !turn;
        Ok(leading.retrying.first().filter(|_| turn).cloned())
    }

    /// Goes on with what lets the rows of stalled tenants forget whom an event behind the stall erases; `None` when
    /// there is nothing to be done for it just now.
    pub(super) async fn forget(&self, leading: &mut Leading<P>) -> Result<Option<Step>, StepError> {
        let Some(keyring) = &self.keyring else { return Ok(None) };
        let turn = leading.replay_is_next || leading.waiting.is_empty();
        if let Some(mut search) = leading.searches.pop_if(|_| turn) {
            leading.replay_is_next = false;
            leading.erasing.extend(search.next(&self.log).await?);
            leading.searches.extend((!search.is_over()).then_some(search));
            return Ok(Some(Step::Searched));
        }
        if let Some(forgetting) = leading.forgetting.take() {
            if forgetting.is_finished() {
                return self.forget_rows(leading, forgetting).await;
            }
            leading.forgetting = Some(forgetting);
            return Ok(None);
        }
        let Some(erasing) = leading.erasing.pop_front() else { return Ok(None) };
        keyring.take(&erasing);
        let tenant = Arc::clone(&erasing.tenant_id);
        if let Some(stalled_at) = in_time(ANSWER, stall::place(&self.read, P::NAME, &tenant)).await? {
            let (log, keyring, skips) = (self.log.clone(), keyring.clone(), Arc::clone(&leading.skips));
            let before = Before { log, keyring, skips, tenant, stalled_at };
            leading.forgetting = Some(Forgetting::begin(Arc::clone(&self.projection), before, erasing));
        }
        Ok(None)
    }

    async fn forget_rows(
        &self,
        leading: &mut Leading<P>,
        forgetting: Forgetting<P>,
    ) -> Result<Option<Step>, StepError> {
        let (erasing, stalled_at) = (Arc::clone(&forgetting.erasing), forgetting.stalled_at);
        let tenant = &*erasing.tenant_id;
        let anew = match forgetting.rows().await?? {
            Ok(anew) => anew,
            Err(error) => {
                tracing::error!(
                    projection = P::NAME,
                    tenant,
                    position = erasing.position,
                    error,
                    "somebody who was erased may still be shown, until this tenant is rebuilt"
                );
                return Ok(None);
            }
        };
        if in_time(ANSWER, stall::place(&self.read, P::NAME, tenant)).await? != Some(stalled_at) {
            // It has gone on meanwhile. Where it has stopped again, that is where the rows are.
            leading.erasing.push_back(erasing);
            return Ok(None);
        }
        let batch = Batch {
            lease: leading.lease,
            epoch: leading.epoch,
            from: leading.position,
            to: leading.position,
            event_id: None,
            events: Vec::new(),
            skips: Arc::clone(&leading.skips),
            replay: None,
            at_unknown: AtUnknown::Stop,
        };
        let written = in_task(forget::write(Arc::clone(&self.projection), self.read.clone(), batch, anew)).await?;
        Ok(Some(if written { Step::Forgot } else { Step::Superseded }))
    }

    pub(super) async fn replay(
        &self,
        mut leading: Leading<P>,
        tenant: Arc<str>,
    ) -> Result<(Step, Option<Leading<P>>), StepError> {
        let from = in_time(ANSWER, stall::place(&self.read, P::NAME, &tenant)).await?;
        let Some(from) = from else { return Err(StepError::Database(sqlx::Error::RowNotFound)) };
        leading.skips = Arc::new(in_time(ANSWER, skip::positions(&self.read, P::NAME, P::VERSION)).await?);
        let mut events: Vec<_> = log::read_tenant(&self.log, &tenant, from - 1, REPLAY_PAGE + 1)
            .await?
            .into_iter()
            .filter(|event| event.position <= leading.position)
            .map(Arc::new)
            .collect();
        let next = if events.len() > REPLAY_PAGE as usize { events.pop() } else { None };
        let events = self.opened(events).await?;
        let (count, is_last) = (events.len(), next.is_none());
        let replay = Some(Replay { tenant: Arc::clone(&tenant), next });
        let batch = Batch {
            lease: leading.lease,
            epoch: leading.epoch,
            from: leading.position,
            to: leading.position,
            event_id: None,
            events,
            skips: Arc::clone(&leading.skips),
            replay,
            // It has stopped there already.
            at_unknown: AtUnknown::Stop,
        };
        let culprits = match self.commit(batch, count).await? {
            Took::All(culprits) => culprits,
            Took::Nothing(why) => return Ok((why, None)),
        };
        if culprits.contains(&tenant) {
            leading.retrying.remove(&tenant);
        } else if is_last {
            leading.retrying.remove(&tenant);
            leading.stalled.remove(&tenant);
            tracing::info!(projection = P::NAME, %tenant, "the stalled tenant has caught up");
        }
        self.measure(&leading);
        Ok((Step::Replayed(count), Some(leading)))
    }
}
