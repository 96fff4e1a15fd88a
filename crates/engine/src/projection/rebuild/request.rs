//! What is asked of a rebuild, how far it is, and what comes of it.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{Comparison, Failed};
use crate::personal::Keyring;

/// What a rebuild is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To serve.
    Rebuild,
    /// To be compared with what serves, and dropped.
    Verify,
    /// As [`Self::Verify`], by the auditor: beside whatever else is under way, and without a trace when all is well.
    Sample,
}

impl Purpose {
    /// What is forbidden to be done twice at a time. A sample hinders nobody: it is the only one that writes its shadow.
    pub(super) fn exclusive(self, projection: &str) -> String {
        match self {
            Self::Rebuild | Self::Verify => projection.to_owned(),
            Self::Sample => format!("{projection} sample"),
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Verify => "verify",
            Self::Sample => "sample",
        }
    }
}

/// How fast a rebuild may go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// At most so many positions a second.
    pub per_second: Option<NonZeroU32>,
    /// Rests while a live projection is behind the log by more than so many events.
    pub max_lag: Option<i64>,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct RebuildRequest {
    /// What for.
    pub purpose: Purpose,
    /// Only this tenant: its rows are replaced within the live tables.
    pub tenant: Option<String>,
    /// Swaps though rows differ or a check fails.
    pub accept_differences: bool,
    /// Throws away what an interrupted run has left.
    pub anew: bool,
    /// How fast.
    pub pace: Pace,
    /// Who asks, for the record.
    pub operator: String,
    /// Opens personal data in what the projection follows.
    pub keyring: Option<Keyring>,
}

/// What a rebuild is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Folding the log.
    Folding,
    /// Settling the tables: logging them, deriving what follows from their rows, making indexes, telling the planner.
    Indexing,
    /// Comparing with the live rows.
    Comparing,
    /// Catching up again, and swapping.
    Swapping,
    /// It has ended.
    Done,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What it is at.
    pub phase: Phase,
    /// The last position that was folded.
    pub position: i64,
    /// The position to come to.
    pub target: i64,
}

/// What came of a rebuild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its number in `rebuild.runs`.
    pub run: i64,
    /// The projection.
    pub projection: &'static str,
    /// The position that the rebuilt rows are at.
    pub position: i64,
    /// What the comparison found; `None` where the live rows were of another version or timeline.
    pub comparison: Option<Comparison>,
    /// Totals that the log does not agree with.
    pub failed_checks: Vec<Failed>,
    /// Tenants that the rebuild has stopped for.
    pub stalled: Vec<String>,
    /// Whether the rebuilt rows serve now.
    pub is_swapped: bool,
}

impl Outcome {
    /// Whether the live rows are what the log says, as far as can be told.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.failed_checks.is_empty() && self.comparison.as_ref().is_none_or(|comparison| comparison.differing == 0)
    }
}

/// What one step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RebuildStep {
    /// A page of the log was folded.
    Folded,
    /// The tables were settled: logged, with what follows from their rows, with indexes and statistics.
    Indexed,
    /// Shadow and live rows were compared, or are known not to be comparable.
    Compared,
    /// Somebody is in the way (a query, the worker), or the pace asks for a rest. It is to be tried again after so long.
    Waiting(Duration),
    /// It has ended.
    Finished(Outcome),
}
