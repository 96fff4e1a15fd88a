//! Which place in a tenant's log last touched what: the memory by which a cached answer is known to be true still.
//!
//! A tag that nothing held an answer for has no mark. A mark that is made, or made again after it was swept away, begins
//! at everything the feed had seen of the tenant by then: a floor that can only cost a rebuild, never show an old answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// Something within a tenant that answers are made of: one post, the list of posts, one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag {
    kind: &'static str,
    id: Uuid,
}

impl Tag {
    /// One thing of a kind.
    #[must_use]
    pub const fn one(kind: &'static str, id: Uuid) -> Self {
        Self { kind, id }
    }

    /// All of a kind: what lists are made of.
    #[must_use]
    pub const fn all(kind: &'static str) -> Self {
        Self { kind, id: Uuid::nil() }
    }
}

/// The tenant position that last touched a tag. Answers hold it, so that looking whether they are true takes no lookup.
pub(super) type Mark = Arc<AtomicI64>;

/// Marks that nothing holds are swept when there are this many.
const SWEEP_AT: usize = 1024;

/// What the feed has shown of one tenant.
#[derive(Debug)]
pub(super) struct Marks {
    /// Its last event that the feed has shown. Raised *before* marks are, so that one made meanwhile begins beyond it.
    seen: AtomicI64,
    /// Up to here every touched mark was raised. Raised *after* them.
    passed: AtomicI64,
    /// Whether the floor below `seen` is known.
    ready: AtomicBool,
    tags: Mutex<Tags>,
}

#[derive(Debug)]
struct Tags {
    marks: HashMap<Tag, Mark>,
    sweep_at: usize,
}

impl Default for Marks {
    fn default() -> Self {
        let tags = Tags { marks: HashMap::new(), sweep_at: SWEEP_AT };
        Self {
            seen: AtomicI64::new(0),
            passed: AtomicI64::new(0),
            ready: AtomicBool::new(false),
            tags: Mutex::new(tags),
        }
    }
}

impl Marks {
    /// `head` is the tenant's last position, read from the log after the feed began to raise these marks: whatever the
    /// feed has not shown them lies at or below it. It counts once: a later head may be ahead of what the feed has shown
    /// to marks that are in use by then.
    pub(super) fn begin(&self, head: i64) {
        let _alone = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_ready() {
            self.seen.fetch_max(head, Ordering::SeqCst);
            self.passed.fetch_max(head, Ordering::SeqCst);
            self.ready.store(true, Ordering::SeqCst);
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    /// Takes in that the event at `tenant_position` touched `tags`.
    pub(super) fn touch(&self, tenant_position: i64, tags: &[Tag]) {
        self.seen.fetch_max(tenant_position, Ordering::SeqCst);
        if !tags.is_empty() {
            let known = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
            for mark in tags.iter().filter_map(|tag| known.marks.get(tag)) {
                mark.fetch_max(tenant_position, Ordering::SeqCst);
            }
        }
        self.passed.fetch_max(tenant_position, Ordering::SeqCst);
    }

    /// The tenant position up to which every touch shows in the marks.
    pub(super) fn passed(&self) -> i64 {
        self.passed.load(Ordering::SeqCst)
    }

    /// The marks of `tags`, made where there are none.
    pub(super) fn hold(&self, tags: &[Tag]) -> Box<[Mark]> {
        let mut known = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
        if known.marks.len() >= known.sweep_at {
            known.marks.retain(|_, mark| Arc::strong_count(mark) > 1);
            known.sweep_at = SWEEP_AT.max(known.marks.len() * 2);
        }
        let floor = self.seen.load(Ordering::SeqCst);
        tags.iter()
            .map(|tag| Arc::clone(known.marks.entry(*tag).or_insert_with(|| Arc::new(AtomicI64::new(floor)))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSTS: Tag = Tag { kind: "post", id: Uuid::nil() };
    const USERS: Tag = Tag { kind: "user", id: Uuid::nil() };

    fn place(marks: &[Mark]) -> i64 {
        marks[0].load(Ordering::SeqCst)
    }

    #[test]
    fn a_new_mark_begins_at_all_that_was_seen() {
        let marks = Marks::default();
        marks.begin(7);
        marks.touch(9, &[]);
        assert_eq!(place(&marks.hold(&[POSTS])), 9);
    }

    #[test]
    fn the_head_that_came_first_is_the_floor() {
        let marks = Marks::default();
        marks.begin(7);
        marks.begin(9);
        assert_eq!((place(&marks.hold(&[POSTS])), marks.passed()), (7, 7), "8 and 9 are still to be shown");
    }

    #[test]
    fn a_touch_raises_the_mark_and_no_other() {
        let marks = Marks::default();
        let (posts, users) = (marks.hold(&[POSTS]), marks.hold(&[USERS]));
        marks.touch(4, &[POSTS]);
        assert_eq!((place(&posts), place(&users), marks.passed()), (4, 0, 4));
    }

    #[test]
    fn a_mark_that_was_swept_away_leaves_a_floor() {
        let marks = Marks::default();
        drop(marks.hold(&[POSTS]));
        let kept = marks.hold(&[USERS]);
        let others: Vec<_> = (0..SWEEP_AT as u128).map(|n| Tag::one("post", Uuid::from_u128(n + 1))).collect();
        drop(marks.hold(&others));
        marks.touch(5, &[POSTS, USERS]);
        assert_eq!(place(&marks.hold(&[POSTS])), 5);
        assert_eq!(place(&kept), 5, "a mark that an answer holds is never swept");
    }
}
