//! Changes that are committed and not yet acknowledged: whom each still waits for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Incarnation, Nanos, Place, Row, Word};

/// One change that waits.
#[derive(Debug)]
struct Wait {
    position: u64,
    place: Place,
    /// Only rows that were read by this reading or a later one were read after the commit.
    from_reading: u64,
    /// When every lease that began before has run out.
    over: Nanos,
    /// The other nodes that do not have it, as far as is known; `None`: no rows were read since the commit.
    behind: Option<Vec<Incarnation>>,
}

impl Wait {
    /// Whether all other nodes have it.
    fn elsewhere(&self) -> bool {
        self.behind.as_ref().is_some_and(Vec::is_empty)
    }
}

/// All of them, by the name that the shell gave each; and the last word of each node.
#[derive(Debug, Default)]
pub(super) struct Waits {
    waits: BTreeMap<u64, Wait>,
    words: BTreeMap<Incarnation, Word>,
}

impl Waits {
    pub(super) fn add(&mut self, change: u64, position: u64, place: Place, from_reading: u64, over: Nanos) {
        self.waits.insert(change, Wait { position, place, from_reading, over, behind: None });
    }

    /// When the first of those that wait for this node alone need not any more.
    pub(super) fn next_over(&self) -> Option<Nanos> {
        self.waits.values().filter(|wait| wait.elsewhere()).map(|wait| wait.over).min()
    }

    /// A node says how far it is. What it says holds for as long as its registration, for that never falls back; but only
    /// of its own history, whose positions are no others'. Whom a change waits for is known by rows alone.
    pub(super) fn said(&mut self, word: Word) {
        let Word { incarnation, applied, place } = word;
        let last = self.words.entry(incarnation).or_insert(word);
        if last.place == place && last.applied > applied {
            return;
        }
        *last = word;
        for wait in self.waits.values_mut().filter(|wait| wait.place == place && wait.position <= applied) {
            wait.behind.iter_mut().for_each(|behind| behind.retain(|node| *node != incarnation));
        }
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
        // A word is heard for as long as its node has a row.
        self.words.retain(|incarnation, _| rows.iter().any(|row| row.incarnation == *incarnation));
        let word = |of| self.words.get(&of).filter(|word| word.place == place).map_or(0, |word| word.applied);
        let applied: Vec<(Incarnation, u64)> = rows
            .iter()
            .filter(|row| Some(row.incarnation) != own)
            .map(|row| (row.incarnation, row.applied.max(word(row.incarnation))))
            .collect();
        let mut silent: BTreeMap<Incarnation, u64> = BTreeMap::new();
        for wait in self.waits.values_mut() {
            if wait.place != place || reading < wait.from_reading || wait.elsewhere() {
                continue;
            }
            if wait.behind.is_none() {
                wait.over = now.plus(outlasts);
            }
            let behind = applied.iter().filter(|(_, applied)| *applied < wait.position);
            let behind: Vec<Incarnation> = behind.map(|(incarnation, _)| *incarnation).collect();
            if now >= wait.over {
                for incarnation in &behind {
                    let below = silent.entry(*incarnation).or_insert(0);
                    *below = (*below).max(wait.position);
                }
            }
            wait.behind = Some(behind);
        }
        silent
    }

    /// Changes that are everywhere, this node included: `applied` is up to where it has applied, `None` if it holds
    /// nothing. A node that has not for as long as any lease can run has none.
    pub(super) fn done(&mut self, now: Nanos, applied: Option<u64>) -> Vec<u64> {
        let here = |wait: &Wait| applied.is_none_or(|applied| applied >= wait.position) || now >= wait.over;
        self.take(|wait| wait.elsewhere() && here(wait))
    }

    /// Whether somebody waits for other nodes.
    pub(super) fn asks(&self) -> bool {
        self.waits.values().any(|wait| !wait.elsewhere())
    }

    fn take(&mut self, which: impl Fn(&Wait) -> bool) -> Vec<u64> {
        let found: Vec<u64> = self.waits.iter().filter(|(_, wait)| which(wait)).map(|(change, _)| *change).collect();
        for change in &found {
            self.waits.remove(change);
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

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place = Place { system: 1, timeline: 2 };
    const OTHER: Incarnation = Incarnation(2);
    const NOW: Nanos = Nanos(1);
    const LEASE: Duration = Duration::from_secs(5);

    /// Change 7 at position 10 waits for a node whose row says 9.
    fn waits() -> Waits {
        let mut waits = Waits::default();
        waits.add(7, 10, HERE, 1, NOW.plus(LEASE));
        waits
    }

    fn read_rows(waits: &mut Waits) -> Vec<u64> {
        let rows = [Row { incarnation: Incarnation(1), applied: 9 }, Row { incarnation: OTHER, applied: 9 }];
        assert!(waits.judge(NOW, 1, &rows, Some(Incarnation(1)), HERE, LEASE).is_empty());
        waits.done(NOW, Some(10))
    }

    #[test]
    fn a_word_counts_before_and_after_the_rows_and_not_without_them() {
        let word = Word { incarnation: OTHER, applied: 10, place: HERE };
        let mut waits = waits();
        waits.said(word);
        assert!(waits.done(NOW, Some(10)).is_empty(), "for whom it waits was not read yet");
        assert_eq!(read_rows(&mut waits), [7]);
        let mut waits = self::waits();
        assert!(read_rows(&mut waits).is_empty());
        waits.said(word);
        assert_eq!(waits.done(NOW, Some(10)), [7]);
    }

    #[test]
    fn a_word_counts_for_its_node_its_history_and_its_position_alone() {
        let before = Place { timeline: 1, ..HERE };
        for word in [
            Word { incarnation: Incarnation(3), applied: 10, place: HERE },
            Word { incarnation: OTHER, applied: 10, place: before },
            Word { incarnation: OTHER, applied: 9, place: HERE },
        ] {
            let mut waits = waits();
            waits.said(word);
            assert!(read_rows(&mut waits).is_empty(), "{word:?}");
            waits.said(word);
            assert!(waits.done(NOW, Some(10)).is_empty(), "{word:?}");
        }
    }

    #[test]
    fn an_older_word_takes_nothing_back() {
        let mut waits = waits();
        waits.said(Word { incarnation: OTHER, applied: 10, place: HERE });
        waits.said(Word { incarnation: OTHER, applied: 8, place: HERE });
        assert_eq!(read_rows(&mut waits), [7]);
    }
}
