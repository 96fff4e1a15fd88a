//! The lanes of a process, as many as its memory has room for.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use cqrs_es::Aggregate;
use moka::ops::compute::Op;
use moka::sync::Cache;

use super::lane::{LEAST_BYTES, Lane};
use super::snapshots::Shape;

/// Bytes of aggregates that a process keeps at hand: 16,384 small ones.
const BYTES: u64 = 32 << 20;
/// A lane that nobody uses is forgotten after this.
const IDLE: Duration = Duration::from_secs(600);

/// An aggregate's type, and its id in the log.
type Key = (&'static str, Arc<str>);

/// A lane of any aggregate, and what it is taken to weigh.
#[derive(Clone)]
struct Kept {
    lane: Arc<dyn Any + Send + Sync>,
    bytes: usize,
}

/// The lanes of a process, by aggregate type and id. The least used go when there is no more room.
pub(super) struct Lanes(Cache<Key, Kept>);

impl Default for Lanes {
    fn default() -> Self {
        let weigher = |_: &Key, kept: &Kept| u32::try_from(kept.bytes).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(BYTES).weigher(weigher).time_to_idle(IDLE).build())
    }
}

impl Lanes {
    pub(super) fn lane<A>(&self, tenant: &str, id: &str, shape: Shape<A>) -> Arc<Lane<A>>
    where
        A: Aggregate + Clone + 'static,
    {
        let aggregate_id: Arc<str> = format!("{tenant}/{id}").into();
        let key = (A::TYPE, Arc::clone(&aggregate_id));
        let new = || Kept { lane: Arc::new(Lane::<A>::new(Arc::clone(&aggregate_id), shape)), bytes: LEAST_BYTES };
        // One type name belongs to one aggregate; were it shared by two, each would simply have its own lane.
        Arc::downcast(self.0.get_with(key, new).lane).unwrap_or_else(|_| Arc::new(Lane::new(aggregate_id, shape)))
    }

    /// Takes note of what a lane weighs by now. One that was forgotten meanwhile stays so.
    pub(super) fn weigh<A: Aggregate + Clone + 'static>(&self, lane: &Arc<Lane<A>>) {
        let Some(bytes) = lane.outgrown() else { return };
        let key = (A::TYPE, Arc::clone(lane.aggregate_id()));
        let lane: Arc<dyn Any + Send + Sync> = Arc::clone(lane) as _;
        self.0.entry(key).and_compute_with(|kept| match kept {
            Some(kept) if Arc::ptr_eq(&kept.value().lane, &lane) => Op::Put(Kept { lane: Arc::clone(&lane), bytes }),
            _ => Op::Nop,
        });
    }

    /// Forgets all aggregates of a tenant. Commands under way end on what they have; the log tells whether that still holds.
    pub(super) fn forget(&self, tenant: &str) {
        for (key, _) in &self.0 {
            if key.1.strip_prefix(tenant).is_some_and(|rest| rest.starts_with('/')) {
                self.0.invalidate(&*key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cqrs_es::event_sink::EventSink;
    use serde::{Deserialize, Serialize};

    use super::super::lane::At;
    use super::*;

    #[derive(Clone, Default, Serialize, Deserialize)]
    struct Scroll(String);

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Written;

    impl cqrs_es::DomainEvent for Written {
        fn event_type(&self) -> String {
            "ScrollWritten".into()
        }
        fn event_version(&self) -> String {
            "1".into()
        }
    }

    impl Aggregate for Scroll {
        const TYPE: &'static str = "scroll";
        type Command = ();
        type Event = Written;
        type Error = std::convert::Infallible;
        type Services = ();

        async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), Self::Error> {
            Ok(())
        }

        fn apply(&mut self, _: Written) {}
    }

    fn write(lanes: &Lanes, id: &str, bytes: usize) -> Arc<Lane<Scroll>> {
        let lane = lanes.lane::<Scroll>("acme", id, Shape { version: 1, subject: |_| None });
        lane.confirm(At { state: Arc::new(Scroll("x".repeat(bytes))), version: 1, event_id: None }, bytes);
        lanes.weigh(&lane);
        lane
    }

    #[test]
    fn large_aggregates_take_the_room_of_many() {
        let lanes = Lanes::default();
        for n in 0..100 {
            write(&lanes, &n.to_string(), 1 << 20);
        }
        lanes.0.run_pending_tasks();
        assert!(lanes.0.weighted_size() <= BYTES, "{} bytes", lanes.0.weighted_size());
        assert!(lanes.0.entry_count() < 33, "{} lanes", lanes.0.entry_count());
    }

    #[test]
    fn a_lane_that_was_forgotten_does_not_come_back_by_its_weight() {
        let lanes = Lanes::default();
        let lane = write(&lanes, "a", 10);
        lanes.forget("acme");
        lane.confirm(At { state: Arc::new(Scroll("x".repeat(10_000))), version: 2, event_id: None }, 10_000);
        lanes.weigh(&lane);
        assert!(lanes.0.get(&(Scroll::TYPE, Arc::clone(lane.aggregate_id()))).is_none());
    }
}
