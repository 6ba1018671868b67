//! Changes that are committed and not yet acknowledged: whom each still waits for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Incarnation, Nanos, Place, Row};

/// One change that waits.
#[derive(Debug)]
struct Wait {
    position: u64,
    place: Place,
    /// Only rows that were read by this reading or a later one were read after the commit.
    from_reading: u64,
    /// When every lease that began before has run out.
    over: Nanos,
    /// Whether rows were read since the commit.
    seen: bool,
    /// Whether all other nodes have it.
    elsewhere: bool,
}

/// All of them, by the name that the shell gave each.
#[derive(Debug, Default)]
pub(super) struct Waits(BTreeMap<u64, Wait>);

impl Waits {
    pub(super) fn add(&mut self, change: u64, position: u64, place: Place, from_reading: u64, over: Nanos) {
        self.0.insert(change, Wait { position, place, from_reading, over, seen: false, elsewhere: false });
    }

    /// When the first of those that wait for this node alone need not any more.
    pub(super) fn next_over(&self) -> Option<Nanos> {
        self.0.values().filter(|wait| wait.elsewhere).map(|wait| wait.over).min()
    }

    /// Rows were read at `place`, by the reading of this number. The node's own row is not asked: what it says itself
    /// is known better ([`Waits::done`]).
    pub(super) fn judge(
        &mut self,
        now: Nanos,
        reading: u64,
        rows: &[Row],
        own: Option<Incarnation>,
        place: Place,
        outlasts: Duration,
    ) -> BTreeMap<Incarnation, u64> {
        let mut silent: BTreeMap<Incarnation, u64> = BTreeMap::new();
        for wait in self.0.values_mut() {
            if wait.place != place || reading < wait.from_reading || wait.elsewhere {
                continue;
            }
            if !wait.seen {
                wait.seen = true;
                wait.over = now.plus(outlasts);
            }
            let behind = rows.iter().filter(|row| Some(row.incarnation) != own && row.applied < wait.position);
            wait.elsewhere = true;
            for row in behind {
                wait.elsewhere = false;
                if now >= wait.over {
                    let below = silent.entry(row.incarnation).or_insert(0);
                    *below = (*below).max(wait.position);
                }
            }
        }
        silent
    }

    /// Changes that are everywhere, this node included: `applied` is up to where it has applied, `None` if it holds
    /// nothing. A node that has not for as long as any lease can run has none.
    pub(super) fn done(&mut self, now: Nanos, applied: Option<u64>) -> Vec<u64> {
        let here = |wait: &Wait| applied.is_none_or(|applied| applied >= wait.position) || now >= wait.over;
        self.take(|wait| wait.elsewhere && here(wait))
    }

    /// Whether somebody waits for other nodes.
    pub(super) fn asks(&self) -> bool {
        self.0.values().any(|wait| !wait.elsewhere)
    }

    fn take(&mut self, which: impl Fn(&Wait) -> bool) -> Vec<u64> {
        let found: Vec<u64> = self.0.iter().filter(|(_, wait)| which(wait)).map(|(change, _)| *change).collect();
        for change in &found {
            self.0.remove(change);
        }
        found
    }

    /// The rows cannot be read. Whoever has waited since the commit for as long as any lease can run has waited enough.
    pub(super) fn unread(&mut self, now: Nanos) -> Vec<u64> {
        self.take(|wait| now >= wait.over)
    }

    /// Changes that were committed on another history than this one: what became of them there has to be looked up.
    pub(super) fn elsewhere(&mut self, place: Place) -> Vec<u64> {
        self.take(|wait| wait.place != place)
    }
}
