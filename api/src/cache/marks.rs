//! Which place in a tenant's log last touched what: the memory by which a cached answer is known to be true still.
//!
//! Every touch leaves a mark, for what was touched may be asked for next, and another process may have an answer to it. Marks
//! that no answer holds are swept when there are many, the oldest first. They leave a floor, at which a mark that is made later
//! begins: that can only cost a rebuild, never show an old answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// Bytes of the longest name of a kind.
const LONGEST_KIND: usize = 16;

/// Something within a tenant that answers are made of: one post, the list of posts, one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag {
    /// Its name, and zeros.
    kind: [u8; LONGEST_KIND],
    id: Uuid,
}

impl Tag {
    /// Bytes of a tag that is written down.
    pub(super) const WRITTEN: usize = LONGEST_KIND + 16;

    /// One thing of a kind, whose name has 16 bytes at most.
    #[must_use]
    pub const fn one(kind: &'static str, id: Uuid) -> Self {
        let name = kind.as_bytes();
        assert!(name.len() <= LONGEST_KIND, "a kind is the short name of an aggregate");
        let mut kind = [0; LONGEST_KIND];
        let mut index = 0;
        while index < name.len() {
            kind[index] = name[index];
            index += 1;
        }
        Self { kind, id }
    }

    /// All of a kind: what lists are made of.
    #[must_use]
    pub const fn all(kind: &'static str) -> Self {
        Self::one(kind, Uuid::nil())
    }

    pub(super) fn written(&self) -> [u8; Self::WRITTEN] {
        let mut bytes = [0; Self::WRITTEN];
        bytes[..LONGEST_KIND].copy_from_slice(&self.kind);
        bytes[LONGEST_KIND..].copy_from_slice(self.id.as_bytes());
        bytes
    }

    pub(super) fn read(bytes: &[u8; Self::WRITTEN]) -> Self {
        let (mut kind, mut id) = ([0; LONGEST_KIND], [0; 16]);
        kind.copy_from_slice(&bytes[..LONGEST_KIND]);
        id.copy_from_slice(&bytes[LONGEST_KIND..]);
        Self { kind, id: Uuid::from_bytes(id) }
    }
}

/// The tenant position that last touched a tag. Answers hold it, so that looking whether they are true takes no lookup.
pub(super) type Mark = Arc<AtomicI64>;

/// Marks that nothing holds are swept when there are this many of a tenant.
const SWEEP_AT: usize = 256;

/// What the feed has shown of one tenant.
#[derive(Debug)]
pub(super) struct Marks {
    /// Up to here every touch shows in the marks. Raised *after* them.
    passed: AtomicI64,
    /// Whether the floor is known.
    ready: AtomicBool,
    tags: Mutex<Tags>,
}

#[derive(Debug)]
struct Tags {
    marks: HashMap<Tag, Mark>,
    /// What has no mark was touched here at the latest, or before.
    floor: i64,
    sweep_at: usize,
}

impl Default for Marks {
    fn default() -> Self {
        let tags = Tags { marks: HashMap::new(), floor: 0, sweep_at: SWEEP_AT };
        Self { passed: AtomicI64::new(0), ready: AtomicBool::new(false), tags: Mutex::new(tags) }
    }
}

impl Marks {
    /// `head` is the tenant's last position, read from the log after the feed began to raise these marks: whatever the
    /// feed has not shown them lies at or below it. It counts once: a later head may be ahead of what the feed has shown
    /// to marks that are in use by then.
    pub(super) fn begin(&self, head: i64) {
        let mut tags = self.tags();
        if !self.is_ready() {
            tags.floor = tags.floor.max(head);
            self.passed.fetch_max(head, Ordering::SeqCst);
            self.ready.store(true, Ordering::SeqCst);
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }

    /// Takes in that the event at `tenant_position` touched `touched`.
    pub(super) fn touch(&self, tenant_position: i64, touched: &[Tag]) {
        if !touched.is_empty() {
            let mut tags = self.tags();
            for tag in touched {
                tags.mark(*tag).fetch_max(tenant_position, Ordering::SeqCst);
            }
        }
        self.passed.fetch_max(tenant_position, Ordering::SeqCst);
    }

    /// The tenant position up to which every touch shows in the marks.
    pub(super) fn passed(&self) -> i64 {
        self.passed.load(Ordering::SeqCst)
    }

    /// The marks of `held`, made where there are none.
    pub(super) fn hold(&self, held: &[Tag]) -> Box<[Mark]> {
        let mut tags = self.tags();
        held.iter().map(|tag| Arc::clone(tags.mark(*tag))).collect()
    }

    fn tags(&self) -> MutexGuard<'_, Tags> {
        self.tags.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tags {
    fn mark(&mut self, tag: Tag) -> &Mark {
        if self.marks.len() >= self.sweep_at && !self.marks.contains_key(&tag) {
            self.sweep();
        }
        let floor = self.floor;
        self.marks.entry(tag).or_insert_with(|| Arc::new(AtomicI64::new(floor)))
    }

    /// Takes away the older half of the marks that nothing holds.
    fn sweep(&mut self) {
        let is_held = |mark: &Mark| Arc::strong_count(mark) > 1;
        let place = |mark: &Mark| mark.load(Ordering::SeqCst);
        let mut free: Vec<i64> = self.marks.values().filter(|mark| !is_held(mark)).map(place).collect();
        if !free.is_empty() {
            let middle = free.len() / 2;
            let (_, swept, _) = free.select_nth_unstable(middle);
            self.floor = self.floor.max(*swept);
            let floor = self.floor;
            self.marks.retain(|_, mark| is_held(mark) || place(mark) > floor);
        }
        self.sweep_at = SWEEP_AT.max(self.marks.len() * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSTS: Tag = Tag::all("post");
    const USERS: Tag = Tag::all("user");

    fn place(marks: &[Mark]) -> i64 {
        marks[0].load(Ordering::SeqCst)
    }

    #[test]
    fn what_was_not_touched_since_the_beginning_begins_there() {
        let marks = Marks::default();
        marks.begin(7);
        marks.touch(9, &[USERS]);
        assert_eq!((place(&marks.hold(&[POSTS])), place(&marks.hold(&[USERS]))), (7, 9));
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
        let kept = marks.hold(&[USERS]);
        marks.touch(1, &[POSTS]);
        for n in 0..10 * SWEEP_AT {
            let touched = Tag::one("post", Uuid::from_u128(n as u128 + 1));
            marks.touch(i64::try_from(n).expect("small") + 2, &[touched]);
        }
        assert!(marks.tags().marks.len() <= 2 * SWEEP_AT, "memory is bounded");
        assert!(place(&marks.hold(&[POSTS])) > 1, "nobody knows any more when it was touched");
        let last = Tag::one("post", Uuid::from_u128(10 * SWEEP_AT as u128));
        assert_eq!(place(&marks.hold(&[last])), marks.passed());
        marks.touch(5_000_000, &[USERS]);
        assert_eq!(place(&kept), 5_000_000, "a mark that an answer holds is never swept");
    }

    #[test]
    fn a_tag_that_was_written_down_is_the_same_tag() {
        for tag in [POSTS, Tag::one("productCategory", Uuid::from_u128(7))] {
            assert_eq!(Tag::read(&tag.written()), tag);
        }
    }
}
