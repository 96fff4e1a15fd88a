//! How many requests are let through: GCRA, the arithmetic alone.
//!
//! A cell is one moment: when all that was let through so far will have been worked off at the rate of its quota. How far
//! that moment lies ahead is the *debt*, in microseconds. A request adds the spacing of the quota to it, and is let through
//! while the debt stays within the quota's window: so at most a burst goes through at once, and then one each spacing.

use std::fmt;

const MINUTE: u32 = 60;
const SECOND: u64 = 1_000_000;
/// A quota of a minute lets at least so many through at once, however low its rate.
const SMALLEST_BURST: u32 = 5;

/// So many requests a minute, a sixth of them at once; or so many in a longer time, all of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    /// Its name in the headers, and in the names of its cells.
    pub(crate) name: &'static str,
    /// How many.
    pub(crate) count: u32,
    /// In how many seconds.
    pub(crate) seconds: u32,
}

impl Quota {
    /// So many a minute.
    pub(crate) const fn new(name: &'static str, per_minute: u32) -> Self {
        Self { name, count: per_minute, seconds: MINUTE }
    }

    /// So many in a time of many minutes.
    pub(crate) const fn slow(name: &'static str, count: u32, seconds: u32) -> Self {
        Self { name, count, seconds }
    }

    /// Whether what is counted stays counted for longer than a minute.
    pub(crate) fn is_slow(self) -> bool {
        self.seconds > MINUTE
    }

    /// How many at once.
    pub(crate) fn burst(self) -> u32 {
        if self.is_slow() { self.count.max(1) } else { (self.count / 6).max(SMALLEST_BURST) }
    }

    /// Microseconds from one request to the next at the full rate.
    pub(crate) fn spacing(self) -> u64 {
        (u64::from(self.seconds) * SECOND / u64::from(self.count.max(1))).max(1)
    }

    /// The largest debt.
    pub(crate) fn window(self) -> u64 {
        self.spacing() * u64::from(self.burst())
    }

    /// The debt after one more request, or nothing where that is too much.
    pub(crate) fn charge(self, debt: u64) -> Option<u64> {
        let charged = debt + self.spacing();
        (charged <= self.window()).then_some(charged)
    }
}

/// As `RateLimit-Policy` has it: the rate over a minute; how many at once is a parameter of our own.
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\";q={};w={};tidemark-burst={}", self.name, self.count, self.seconds, self.burst())
    }
}

/// How a caller stands with one quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) quota: Quota,
    pub(crate) debt: u64,
}

impl Standing {
    /// How many more would be let through now.
    pub(crate) fn remaining(self) -> u64 {
        self.quota.window().saturating_sub(self.debt) / self.quota.spacing()
    }

    /// Seconds until the whole burst is there again.
    pub(crate) fn reset(self) -> u64 {
        seconds(self.debt)
    }

    /// Seconds until one more is let through.
    pub(crate) fn wait(self) -> u64 {
        seconds((self.debt + self.quota.spacing()).saturating_sub(self.quota.window()))
    }
}

/// As `RateLimit` has it.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\";r={};t={}", self.quota.name, self.remaining(), self.reset())
    }
}

fn seconds(micros: u64) -> u64 {
    micros.div_ceil(1_000_000)
}

/// What was decided about a request, and how its caller stands with every quota that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) is_admitted: bool,
    pub(crate) standings: Vec<Standing>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANONYMOUS: Quota = Quota::new("anonymous", 60);

    #[test]
    fn a_burst_is_a_sixth_of_the_minute_and_at_least_five() {
        let burst = |per_minute| Quota::new("x", per_minute).burst();
        assert_eq!([1, 10, 30, 36, 60, 600].map(burst), [5, 5, 5, 6, 10, 100]);
    }

    #[test]
    fn a_burst_goes_through_and_then_one_each_spacing() {
        let mut debt = 0;
        for _ in 0..10 {
            debt = ANONYMOUS.charge(debt).expect("within the burst");
        }
        assert_eq!(ANONYMOUS.charge(debt), None);
        let standing = Standing { quota: ANONYMOUS, debt };
        assert_eq!((standing.remaining(), standing.wait(), standing.reset()), (0, 1, 10));
        assert!(ANONYMOUS.charge(debt - ANONYMOUS.spacing()).is_some());
        assert!(ANONYMOUS.charge(debt - ANONYMOUS.spacing() + 1).is_none());
    }

    #[test]
    fn no_more_than_rate_and_burst_go_through_in_any_time() {
        for per_minute in [1, 7, 10, 60, 600, 1_000_000] {
            let quota = Quota::new("x", per_minute);
            let (mut let_through, mut debt, mut now) = (0_u64, 0_u64, 0_u64);
            let step = quota.spacing().div_ceil(3);
            for _ in 0..1_000 {
                if let Some(charged) = quota.charge(debt) {
                    debt = charged;
                    let_through += 1;
                }
                now += step;
                debt = debt.saturating_sub(step);
            }
            assert!(let_through <= u64::from(quota.burst()) + now / quota.spacing(), "{per_minute}");
            assert!(let_through >= now / quota.spacing(), "{per_minute}");
        }
    }

    #[test]
    fn a_slow_quota_lets_all_of_its_count_through_at_once_and_then_one_each_spacing() {
        let quota = Quota::slow("x", 20, 3_600);
        let mut debt = 0;
        for _ in 0..20 {
            debt = quota.charge(debt).expect("within the burst");
        }
        assert_eq!((quota.charge(debt), Standing { quota, debt }.wait()), (None, 180));
        assert!(quota.charge(debt - 180 * SECOND).is_some());
    }

    #[test]
    fn whoever_waits_as_told_is_let_through() {
        let quota = Quota::new("x", 10);
        let debt = quota.window() - 1;
        let standing = Standing { quota, debt };
        assert_eq!(standing.remaining(), 0);
        assert!(quota.charge(debt - standing.wait() * 1_000_000).is_some());
    }
}
