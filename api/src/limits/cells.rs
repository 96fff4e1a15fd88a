//! The counts of this process: a table of a fixed size, whatever comes.
//!
//! A key has its place in one set of a few slots. A key that finds its set full takes the slot with the least debt, so that
//! a flood of new keys pushes out those that owe next to nothing and never one that is at its limit. What is pushed out is
//! as if it had never asked. Nobody can choose whom to push out: names are keyed hashes.

use std::sync::{Mutex, PoisonError};

use super::gcra::{Standing, Verdict};
use super::name::Cell;

/// Keys that are counted at once: four megabytes.
pub(super) const CAPACITY: usize = 1 << 18;
/// Locks of their own.
const SHARDS: usize = 64;
/// Slots of one set.
const WAYS: usize = 8;

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    tag: u64,
    /// The moment at which nothing is owed any more, in microseconds of the table's own clock.
    free_at: u64,
}

/// The counts. What they need of memory is taken once.
pub(super) struct Cells {
    shards: Box<[Mutex<Box<[Slot]>>]>,
}

impl Cells {
    pub(super) fn new() -> Self {
        let shard = || Mutex::new(vec![Slot::default(); CAPACITY / SHARDS].into_boxed_slice());
        Self { shards: (0..SHARDS).map(|_| shard()).collect() }
    }

    /// Counts a request in all cells, or in none when one of them is full.
    pub(super) fn charge(&self, cells: &[Cell], now: u64) -> Verdict {
        let mut standings: Vec<Standing> = Vec::with_capacity(cells.len());
        let mut is_admitted = true;
        for (index, cell) in cells.iter().enumerate() {
            if !is_admitted {
                standings.push(Standing { quota: cell.quota, debt: self.debt(cell, now) });
                continue;
            }
            let (debt, fits) = self.charge_one(cell, now);
            standings.push(Standing { quota: cell.quota, debt });
            if fits {
                continue;
            }
            is_admitted = false;
            for (paid, standing) in cells[..index].iter().zip(&mut standings) {
                self.give_back(paid, now);
                standing.debt = standing.debt.saturating_sub(paid.quota.spacing());
            }
        }
        Verdict { is_admitted, standings }
    }

    /// Takes over what another counter knows of a cell.
    pub(super) fn note(&self, cell: &Cell, debt: u64, now: u64) {
        self.with(cell, now, |slot| slot.free_at = slot.free_at.max(now + debt));
    }

    /// Gives back what was counted too much.
    pub(super) fn release(&self, cell: &Cell, amount: u64, now: u64) {
        self.with(cell, now, |slot| slot.free_at = slot.free_at.saturating_sub(amount));
    }

    fn charge_one(&self, cell: &Cell, now: u64) -> (u64, bool) {
        self.with(cell, now, |slot| {
            let debt = slot.free_at.saturating_sub(now);
            match cell.quota.charge(debt) {
                Some(charged) => {
                    slot.free_at = now + charged;
                    (charged, true)
                }
                None => (debt, false),
            }
        })
    }

    fn debt(&self, cell: &Cell, now: u64) -> u64 {
        self.with(cell, now, |slot| slot.free_at.saturating_sub(now))
    }

    fn give_back(&self, cell: &Cell, now: u64) {
        self.release(cell, cell.quota.spacing(), now);
    }

    /// The slot of a cell, which may have been another's until now.
    fn with<T>(&self, cell: &Cell, now: u64, change: impl FnOnce(&mut Slot) -> T) -> T {
        let (place, tag) = cell.name.halves();
        let shard = &self.shards[place as usize % SHARDS];
        let mut slots = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let sets = slots.len() / WAYS;
        let first = (place as usize / SHARDS) % sets * WAYS;
        let set = &mut slots[first..first + WAYS];
        let index = set.iter().position(|slot| slot.tag == tag).unwrap_or_else(|| {
            let least = set.iter().enumerate().min_by_key(|(_, slot)| slot.free_at).map_or(0, |(index, _)| index);
            set[least] = Slot { tag, free_at: now };
            least
        });
        change(&mut set[index])
    }
}

#[cfg(test)]
mod tests {
    use super::super::gcra::Quota;
    use super::super::name::Names;
    use super::*;

    const LOW: Quota = Quota::new("low", 10);
    const HIGH: Quota = Quota::new("high", 60);

    fn names() -> Names {
        Names::new(&[7; 32])
    }

    fn cell(names: &Names, quota: Quota, subject: u64) -> Cell {
        Cell { quota, name: names.name(quota.name, None, &subject.to_be_bytes()) }
    }

    #[test]
    fn keys_count_on_their_own() {
        let (cells, names) = (Cells::new(), names());
        let ask = |subject| cells.charge(&[cell(&names, LOW, subject)], 1_000).is_admitted;
        assert_eq!([ask(1), ask(1), ask(1), ask(1), ask(1), ask(1)], [true, true, true, true, true, false]);
        assert!(ask(2));
    }

    #[test]
    fn what_one_cell_refuses_no_other_counts() {
        let (cells, names) = (Cells::new(), names());
        let all = [cell(&names, HIGH, 1), cell(&names, LOW, 2), cell(&names, HIGH, 3)];
        for _ in 0..5 {
            assert!(cells.charge(&all, 0).is_admitted);
        }
        for _ in 0..100 {
            let refused = cells.charge(&all, 0);
            assert!(!refused.is_admitted);
            assert_eq!(refused.standings.iter().map(|standing| standing.remaining()).collect::<Vec<_>>(), [5, 0, 5]);
        }
        assert!(cells.charge(&all[..1], 0).is_admitted);
    }

    #[test]
    fn a_million_keys_take_no_more_memory_and_free_nobody_from_a_limit() {
        let (cells, names) = (Cells::new(), names());
        let slots = |cells: &Cells| cells.shards.iter().map(|shard| shard.lock().expect("sound").len()).sum::<usize>();
        let full = cell(&names, HIGH, u64::MAX);
        while cells.charge(&[full], 0).is_admitted {}
        for subject in 0..1_000_000 {
            assert!(cells.charge(&[cell(&names, HIGH, subject)], 0).is_admitted, "{subject}");
        }
        assert!(!cells.charge(&[full], 0).is_admitted);
        assert_eq!(slots(&cells) * size_of::<Slot>(), 4 << 20);
        // Time heals as ever.
        assert!(cells.charge(&[full], HIGH.spacing()).is_admitted);
    }

    #[test]
    fn what_is_given_back_may_be_taken_again_and_no_more_than_that() {
        let (cells, names) = (Cells::new(), names());
        let cell = cell(&names, LOW, 1);
        while cells.charge(&[cell], 0).is_admitted {}
        cells.release(&cell, LOW.spacing(), 0);
        assert!(cells.charge(&[cell], 0).is_admitted);
        assert!(!cells.charge(&[cell], 0).is_admitted);
        // More than was ever counted leaves nothing owed, and nothing in hand.
        cells.release(&cell, 10 * LOW.window(), 0);
        let admitted = (0..20).filter(|_| cells.charge(&[cell], 0).is_admitted).count();
        assert_eq!(admitted, 5);
    }

    #[test]
    fn what_another_counter_knew_goes_on_counting() {
        let (cells, names) = (Cells::new(), names());
        let cell = cell(&names, LOW, 1);
        cells.note(&cell, LOW.window(), 50);
        assert!(!cells.charge(&[cell], 60).is_admitted);
        cells.note(&cell, 0, 60);
        assert!(!cells.charge(&[cell], 60).is_admitted, "nothing is forgiven");
    }
}
