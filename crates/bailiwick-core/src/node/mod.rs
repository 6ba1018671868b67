//! Nodes: how many processes answer checks from memory and none of them is ever stale.
//!
//! Every node holds a *lease*, and answers only while it lasts. Every change has a *position* in one feed, in the order
//! of commits. A node says in its *row* up to where it has applied the feed; whoever changes something tells nobody
//! that it was saved until every other row says so, is gone, or is so old that its lease has run out.
//!
//! [`machine::Node`] is all of it as a state machine: inputs and the node's own time in, actions out. The server and
//! the simulation drive the same one. [`holdings::Holdings`] is the book of what a node holds in memory, [`guard::Guard`]
//! the look at the lease that each check begins and ends with, [`wall::Wall`] the wall time that it judges by. How the
//! proofs show that they would find a mistake: [`plant`].

pub mod guard;
pub mod holdings;
pub mod machine;
pub mod plant;
mod waits;
pub mod wall;

use std::fmt;
use std::time::Duration;

use crate::time::Timestamp;

/// A moment of a node's own clock, in nanoseconds since its machine started, time in suspend included
/// (`CLOCK_BOOTTIME`). Moments of two machines have nothing to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Nanos(pub u64);

impl Nanos {
    /// This moment and some time.
    #[must_use]
    pub fn plus(self, length: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// The same in whole microseconds.
    pub fn micros(self) -> i64 {
        i64::try_from(self.0 / 1_000).unwrap_or(i64::MAX)
    }

    /// The time from an earlier moment to this one; nought if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// One registration of a node. Random, so that no two processes ever share a row, whatever they are called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation(pub u128);

impl fmt::Debug for Incarnation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "inc_{}", crate::ids::encode32(self.0))
    }
}

/// Which history of which database a connection saw. A promoted standby begins a new timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The database's system identifier.
    pub system: u64,
    /// Its timeline.
    pub timeline: u32,
}

/// One change, as the feed gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<E> {
    /// Its position: 1, 2, 3, without a gap, in the order of commits.
    pub position: u64,
    /// Its command. Two histories that have the same one at a position are the same up to there.
    pub mark: u128,
    /// What changed.
    pub what: E,
}

/// A piece of the feed, all of it read in one moment of the primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<E> {
    /// Where it was read.
    pub place: Place,
    /// Whether nodes have waited out every lease that an earlier timeline can have given.
    pub settled: bool,
    /// The position of the newest change in that moment.
    pub head: u64,
    /// The command at the position that was asked from; `None` if there is no such position.
    pub anchor: Option<u128>,
    /// What follows it, oldest first; not necessarily all up to the head.
    pub entries: Vec<Entry<E>>,
    /// The database's wall time in that moment. The machine does not look at it: see [`wall`].
    pub clock: Timestamp,
}

/// A node's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Whose.
    pub incarnation: Incarnation,
    /// All up to this position is published there, and no check on what was before is running.
    pub applied: u64,
}

/// What a node says of itself to all others at once, without a commit: it may be lost, late or heard twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// The registration that it was said under.
    pub incarnation: Incarnation,
    /// All up to this position is published there, and no check on what was before is running.
    pub applied: u64,
    /// The history that the position is of.
    pub place: Place,
}

/// The lengths that the promise rests on. They are the same on every node of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long a lease runs, D.
    pub lease: Duration,
    /// How often it is renewed.
    pub renewal: Duration,
    /// By how much two clocks may drift apart, in parts of a million.
    pub drift: u32,
    /// What is added for the resolution of clocks.
    pub margin: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self::of(Duration::from_secs(5))
    }
}

impl Terms {
    /// The usual terms with a lease of this length.
    pub fn of(lease: Duration) -> Self {
        Self { lease, renewal: lease / 4, drift: 1_000, margin: Duration::from_millis(20) }
    }

    /// D': after so long on any clock within the bound, a lease that began before has run out on every other.
    pub fn outlasts(&self) -> Duration {
        let drift = self.lease.as_nanos() * u128::from(self.drift) / 1_000_000;
        self.lease + Duration::from_nanos(u64::try_from(drift).unwrap_or(u64::MAX)) + self.margin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_outlasted_by_drift_and_margin() {
        let terms = Terms::default();
        assert_eq!(terms.outlasts(), Duration::from_millis(5_000 + 5 + 20));
        assert_eq!(terms.renewal, Duration::from_millis(1_250));
    }
}
