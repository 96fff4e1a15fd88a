//! The feed's memory: the latest events in order, bounded in bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::event::RecordedEvent;

/// A run of positions without gaps. Empty at first: then it says nothing about any position.
#[derive(Debug)]
pub(super) struct Ring {
    events: VecDeque<Arc<RecordedEvent>>,
    bytes: usize,
    limit: usize,
    /// The last position that went in; `None` before the feed has begun.
    last: Option<i64>,
}

/// What a listener finds behind its position.
#[derive(Debug)]
pub(super) enum Found {
    /// Events, contiguous.
    Run(Vec<Arc<RecordedEvent>>),
    /// Nothing yet; wait.
    Nothing,
    /// It is older than the ring; the log has it.
    Fallen,
}

impl Ring {
    pub(super) fn new(limit: usize) -> Self {
        Self { events: VecDeque::new(), bytes: 0, limit, last: None }
    }

    /// From here on the ring knows every position after `last`.
    pub(super) fn begin(&mut self, last: i64) {
        self.last = Some(last);
    }

    /// Takes the next event in. The newest one always stays, however large it is.
    pub(super) fn push(&mut self, event: Arc<RecordedEvent>) {
        debug_assert_eq!(self.last.map(|last| last + 1), Some(event.position), "the ring has no gaps");
        self.last = Some(event.position);
        self.bytes += event.weight();
        self.events.push_back(event);
        while self.bytes > self.limit && self.events.len() > 1 {
            if let Some(oldest) = self.events.pop_front() {
                self.bytes -= oldest.weight();
            }
        }
    }

    /// The events after `after`, at most `max`.
    pub(super) fn after(&self, after: i64, max: usize) -> Found {
        let Some(last) = self.last else { return Found::Fallen };
        if after >= last {
            return Found::Nothing;
        }
        let before_first = last - self.events.len() as i64;
        let Ok(skip) = usize::try_from(after - before_first) else { return Found::Fallen };
        Found::Run(self.events.iter().skip(skip).take(max).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::value::RawValue;
    use uuid::Uuid;

    use super::*;

    fn event(position: i64) -> Arc<RecordedEvent> {
        Arc::new(RecordedEvent {
            position,
            event_id: Uuid::nil(),
            tenant_id: "acme".into(),
            tenant_position: position,
            aggregate_type: "post".into(),
            aggregate_id: "p".into(),
            sequence: position,
            event_type: "PostCreated".into(),
            event_version: "1".into(),
            payload: RawValue::from_string("{}".to_owned()).expect("JSON"),
            metadata: crate::event::RecordedMetadata::default(),
            recorded_at: DateTime::UNIX_EPOCH,
        })
    }

    fn positions(found: Found) -> Vec<i64> {
        match found {
            Found::Run(events) => events.iter().map(|event| event.position).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_ring_that_has_not_begun_sends_to_the_log() {
        assert!(matches!(Ring::new(1000).after(0, 10), Found::Fallen));
    }

    #[test]
    fn a_listener_gets_what_follows_its_position() {
        let mut ring = Ring::new(1 << 20);
        ring.begin(10);
        (11..=15).for_each(|position| ring.push(event(position)));
        assert_eq!(positions(ring.after(10, 100)), [11, 12, 13, 14, 15]);
        assert_eq!(positions(ring.after(12, 2)), [13, 14]);
        assert!(matches!(ring.after(15, 10), Found::Nothing));
        assert!(matches!(ring.after(99, 10), Found::Nothing));
        assert!(matches!(ring.after(9, 10), Found::Fallen));
    }

    #[test]
    fn the_oldest_events_fall_out_by_weight_and_the_newest_stays() {
        let mut ring = Ring::new(event(1).weight() * 3);
        ring.begin(0);
        (1..=10).for_each(|position| ring.push(event(position)));
        assert!(matches!(ring.after(6, 10), Found::Fallen));
        assert_eq!(positions(ring.after(7, 10)), [8, 9, 10]);
        let mut tiny = Ring::new(1);
        tiny.begin(0);
        (1..=3).for_each(|position| tiny.push(event(position)));
        assert_eq!(positions(tiny.after(2, 10)), [3]);
    }
}
