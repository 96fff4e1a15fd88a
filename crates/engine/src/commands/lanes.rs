//! The lanes of a process, as many as its memory has room for.

use std::any::Any;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use cqrs_es::Aggregate;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::lane::{LEAST_BYTES, Lane};
use super::snapshots::Shape;

/// Bytes of aggregates that a process keeps at hand: 16,384 small ones.
const BYTES: usize = 32 << 20;
/// Parts with a lock of their own and an even share of the room. Few: what is larger than a share is not kept.
const SHARDS: usize = 4;

/// An aggregate's type, and its id in the log.
type Key = (&'static str, Arc<str>);

/// A lane of any aggregate, and what it is taken to weigh.
#[derive(Clone)]
struct Kept {
    lane: Arc<dyn Any + Send + Sync>,
    bytes: usize,
}

/// Weighs a lane by its bytes.
#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Kept> for ByBytes {
    fn weight(&self, _: &Key, kept: &Kept) -> u64 {
        kept.bytes as u64
    }
}

/// The lanes of a process, by aggregate type and id. The least used go when there is no more room.
pub(super) struct Lanes {
    kept: Cache<Key, Kept, ByBytes>,
    /// Held by whoever forgets or weighs: what is weighed anew is not forgotten and begun again meanwhile.
    changing: Mutex<()>,
}

impl Default for Lanes {
    fn default() -> Self {
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(BYTES / LEAST_BYTES)
            .weight_capacity(BYTES as u64)
            .build()
            .expect("both capacities are given");
        let hashing = DefaultHashBuilder::default();
        Self {
            kept: Cache::with_options(options, ByBytes, hashing, DefaultLifecycle::default()),
            changing: Mutex::default(),
        }
    }
}

impl Lanes {
    pub(super) fn lane<A>(&self, tenant: &str, id: &str, shape: Shape<A>) -> Arc<Lane<A>>
    where
        A: Aggregate + Clone + 'static,
    {
        let key = (A::TYPE, Arc::from(format!("{tenant}/{id}")));
        let new = || Arc::new(Lane::<A>::new(Arc::clone(&key.1), shape));
        let Ok(kept) =
            self.kept.get_or_insert_with(&key, || Ok::<_, Infallible>(Kept { lane: new(), bytes: LEAST_BYTES }));
        // One type name belongs to one aggregate; were it shared by two, each would simply have its own lane.
        Arc::downcast(kept.lane).unwrap_or_else(|_| new())
    }

    /// Takes note of what a lane weighs by now. One that was forgotten meanwhile stays so.
    pub(super) fn weigh<A: Aggregate + Clone + 'static>(&self, lane: &Arc<Lane<A>>) {
        let Some(bytes) = lane.outgrown() else { return };
        let key = (A::TYPE, Arc::clone(lane.aggregate_id()));
        let kept = Kept { lane: Arc::clone(lane) as _, bytes };
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.kept.peek(&key).is_some_and(|present| Arc::ptr_eq(&present.lane, &kept.lane)) {
            // What is too large to be kept is refused, and goes.
            drop(self.kept.replace(key, kept, true));
        }
    }

    /// Forgets all aggregates of a tenant. Commands under way end on what they have; the log tells whether that still holds.
    pub(super) fn forget(&self, tenant: &str) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.kept.retain(|key, _| !key.1.strip_prefix(tenant).is_some_and(|rest| rest.starts_with('/')));
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

    const SHAPE: Shape<Scroll> = Shape { version: 1, subject: |_| None };

    fn write(lanes: &Lanes, id: &str, bytes: usize) -> Arc<Lane<Scroll>> {
        let lane = lanes.lane::<Scroll>("acme", id, SHAPE);
        grow(lanes, &lane, bytes);
        lane
    }

    fn grow(lanes: &Lanes, lane: &Arc<Lane<Scroll>>, bytes: usize) {
        let version = i64::try_from(bytes).expect("not that large");
        lane.confirm(At { state: Arc::new(Scroll("x".repeat(bytes))), version, event_id: None }, bytes);
        lanes.weigh(lane);
    }

    #[test]
    fn large_aggregates_take_the_room_of_many() {
        let lanes = Lanes::default();
        for n in 0..100 {
            write(&lanes, &n.to_string(), 1 << 20);
        }
        assert!(lanes.kept.weight() <= BYTES as u64, "{} bytes", lanes.kept.weight());
        assert!((20..33).contains(&lanes.kept.len()), "{} lanes", lanes.kept.len());
    }

    #[test]
    fn what_grows_makes_others_go() {
        let lanes = Lanes::default();
        let all: Vec<_> = (0..100).map(|n| lanes.lane::<Scroll>("acme", &n.to_string(), SHAPE)).collect();
        for lane in &all {
            grow(&lanes, lane, 1 << 20);
        }
        assert!(lanes.kept.weight() <= BYTES as u64, "{} bytes", lanes.kept.weight());
        assert!((20..33).contains(&lanes.kept.len()), "{} lanes", lanes.kept.len());
    }

    #[test]
    fn what_is_too_large_is_not_kept_and_makes_no_room_for_itself() {
        let lanes = Lanes::default();
        let small: Vec<_> = (0..64).map(|n| write(&lanes, &n.to_string(), 10)).collect();
        let large = write(&lanes, "large", BYTES / SHARDS);
        assert!(!Arc::ptr_eq(&large, &lanes.lane("acme", "large", SHAPE)));
        for (n, lane) in small.iter().enumerate() {
            assert!(Arc::ptr_eq(lane, &lanes.lane("acme", &n.to_string(), SHAPE)), "{n}");
        }
    }

    #[test]
    fn an_aggregate_has_one_lane_and_another_one_has_another() {
        let lanes = Lanes::default();
        let lane = lanes.lane("acme", "a", SHAPE);
        assert_eq!(&**lane.aggregate_id(), "acme/a");
        assert!(Arc::ptr_eq(&lane, &lanes.lane("acme", "a", SHAPE)));
        for (tenant, id) in [("acme", "b"), ("acm", "a"), ("acme", "")] {
            assert!(!Arc::ptr_eq(&lane, &lanes.lane(tenant, id, SHAPE)), "{tenant:?} and {id:?}");
        }
    }

    #[test]
    fn of_one_tenant_all_are_forgotten_and_of_others_none() {
        let lanes = Lanes::default();
        let [a, b] = ["acme", "acme-2"].map(|tenant| lanes.lane(tenant, "a", SHAPE));
        lanes.forget("acme");
        assert!(!Arc::ptr_eq(&a, &lanes.lane("acme", "a", SHAPE)));
        assert!(Arc::ptr_eq(&b, &lanes.lane("acme-2", "a", SHAPE)));
    }

    #[test]
    fn a_lane_that_was_forgotten_does_not_come_back_by_its_weight() {
        let lanes = Lanes::default();
        let lane = write(&lanes, "a", 10);
        lanes.forget("acme");
        grow(&lanes, &lane, 10_000);
        assert!(lanes.kept.is_empty());
        let anew = lanes.lane("acme", "a", SHAPE);
        grow(&lanes, &lane, 100_000);
        assert!(Arc::ptr_eq(&anew, &lanes.lane("acme", "a", SHAPE)));
    }
}
