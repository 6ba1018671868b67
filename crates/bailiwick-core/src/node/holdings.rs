//! What a node holds in memory: a book of lines, each at a revision, loaded cold and followed by the feed.
//!
//! The danger is a load that is overtaken: it reads revision 4, the feed brings 5 while nobody holds the line, and the
//! load is published when 5 has already been confirmed. So a line that is loading counts as held.

use std::collections::HashMap;
use std::hash::Hash;

use super::plant::{Plant, Planted};

/// The book. `K` names a line, `S` is what is held of it.
#[derive(Debug)]
pub struct Holdings<K, S> {
    lines: HashMap<K, Slot<S>>,
    applied: u64,
    epoch: u64,
    planted: Planted,
}

#[derive(Debug)]
enum Slot<S> {
    /// Somebody reads it; what they read must be at least of this revision.
    Loading { least: u64 },
    /// It answers.
    Held { revision: u64, state: S },
    /// Something of it could not be applied: it answers nothing until it is loaded anew.
    Fenced { least: u64 },
}

/// What the book says of a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<S> {
    /// This.
    Held(S),
    /// Nothing yet: load it.
    Cold,
    /// It cannot be trusted: no answer. Loading it anew may help.
    Fenced,
}

/// That a load was begun, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    epoch: u64,
    /// All up to this was applied before the load began, so what is loaded must contain it.
    applied: u64,
}

/// What became of a load.
#[derive(Debug, PartialEq, Eq)]
pub enum Loaded<S> {
    /// It answers from now on; what answered before, if anything did.
    Published(Option<S>),
    /// The same or newer is there already.
    There,
    /// It was overtaken: load again.
    Again,
}

/// What an entry of the feed asks of a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Follow<S> {
    /// Nothing: nobody holds it here, or it is at that revision already.
    Nothing,
    /// Apply the entry to this.
    Apply(S),
    /// It does not follow: load the line anew.
    Reload,
}

impl<K, S> Default for Holdings<K, S> {
    fn default() -> Self {
        Self { lines: HashMap::new(), applied: 0, epoch: 0, planted: Planted::default() }
    }
}

impl<K: Copy + Eq + Hash, S: Clone> Holdings<K, S> {
    /// The same, with a mistake in it.
    #[cfg(feature = "plant")]
    #[must_use]
    pub fn planted(mut self, planted: Planted) -> Self {
        self.planted = planted;
        self
    }

    /// What there is of a line.
    pub fn look(&self, line: K) -> Found<S> {
        match self.lines.get(&line) {
            Some(Slot::Held { state, .. }) => Found::Held(state.clone()),
            Some(Slot::Fenced { .. }) => Found::Fenced,
            Some(Slot::Loading { .. }) | None => Found::Cold,
        }
    }

    /// A load begins. It must be told of entries from now on, and end in [`Holdings::loaded`] or [`Holdings::absent`].
    pub fn begin(&mut self, line: K) -> Ticket {
        self.lines.entry(line).or_insert(Slot::Loading { least: 0 });
        Ticket { epoch: self.epoch, applied: self.applied }
    }

    /// A load ended: it read this revision in a moment in which the feed stood at `head`.
    pub fn loaded(&mut self, line: K, ticket: Ticket, head: u64, revision: u64, state: S) -> Loaded<S> {
        let behind = head < ticket.applied;
        if ticket.epoch != self.epoch || (behind && !self.planted.is(Plant::LoadBehind)) {
            return Loaded::Again;
        }
        let least = match self.lines.get(&line) {
            Some(Slot::Held { revision: held, .. }) if *held >= revision => return Loaded::There,
            Some(Slot::Held { .. }) | None => 0,
            Some(Slot::Loading { least } | Slot::Fenced { least }) => *least,
        };
        if revision < least && !self.planted.is(Plant::LoadBehind) {
            return Loaded::Again;
        }
        Loaded::Published(self.put(line, revision, state))
    }

    /// A load ended: there is no such line. That is remembered nowhere.
    pub fn absent(&mut self, line: K) {
        if matches!(self.lines.get(&line), Some(Slot::Loading { .. })) {
            self.lines.remove(&line);
        }
    }

    /// The feed brings a revision of a line.
    pub fn entry(&mut self, line: K, revision: u64) -> Follow<S> {
        match self.lines.get_mut(&line) {
            None => Follow::Nothing,
            Some(Slot::Loading { least }) => {
                *least = (*least).max(revision);
                Follow::Nothing
            }
            Some(Slot::Fenced { least }) => {
                *least = (*least).max(revision);
                Follow::Reload
            }
            Some(Slot::Held { revision: held, .. }) if *held >= revision => Follow::Nothing,
            Some(Slot::Held { revision: held, state }) if *held + 1 == revision => Follow::Apply(state.clone()),
            Some(Slot::Held { .. }) if self.planted.is(Plant::GapIgnored) => Follow::Nothing,
            Some(Slot::Held { .. }) => Follow::Reload,
        }
    }

    /// A newer state of a line, by the entry that the feed brought or the change that was made here; gives back what
    /// answered before. Only a line that is held moves: for any other this state may have been overtaken by entries that
    /// nobody noted, so a load that is on its way must bring at least this revision, and a cold line stays cold.
    pub fn publish(&mut self, line: K, revision: u64, state: S) -> Option<S> {
        match self.lines.get_mut(&line) {
            None => None,
            Some(Slot::Loading { least } | Slot::Fenced { least }) => {
                *least = (*least).max(revision);
                None
            }
            Some(Slot::Held { revision: held, .. }) if *held >= revision => None,
            Some(Slot::Held { .. }) => self.put(line, revision, state),
        }
    }

    fn put(&mut self, line: K, revision: u64, state: S) -> Option<S> {
        match self.lines.insert(line, Slot::Held { revision, state }) {
            Some(Slot::Held { state, .. }) => Some(state),
            _ => None,
        }
    }

    /// Something of a line could not be applied; gives back what answered before.
    pub fn fence(&mut self, line: K, revision: u64) -> Option<S> {
        match self.lines.insert(line, Slot::Fenced { least: revision }) {
            Some(Slot::Held { state, .. }) => Some(state),
            _ => None,
        }
    }

    /// All up to this position is published.
    pub fn applied(&mut self, position: u64) {
        self.applied = self.applied.max(position);
    }

    /// Everything goes, and loads that are on their way come to nothing.
    pub fn drop_all(&mut self, epoch: u64) -> Vec<S> {
        self.epoch = epoch;
        self.applied = 0;
        let held = self.lines.drain().filter_map(|(_, slot)| match slot {
            Slot::Held { state, .. } => Some(state),
            Slot::Loading { .. } | Slot::Fenced { .. } => None,
        });
        held.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Book = Holdings<char, &'static str>;

    #[test]
    fn a_load_that_the_feed_overtook_is_not_published() {
        let mut book = Book::default();
        book.applied(7);
        let ticket = book.begin('a');
        assert_eq!(book.look('a'), Found::Cold);
        assert_eq!(book.entry('a', 5), Follow::Nothing);
        book.applied(8);
        assert_eq!(book.loaded('a', ticket, 7, 4, "old"), Loaded::Again);
        let ticket = book.begin('a');
        assert_eq!(book.loaded('a', ticket, 7, 5, "from a database that is behind"), Loaded::Again);
        assert_eq!(book.loaded('a', ticket, 8, 5, "new"), Loaded::Published(None));
        assert_eq!(book.look('a'), Found::Held("new"));
        assert_eq!(book.loaded('a', ticket, 8, 5, "twice"), Loaded::There);
    }

    #[test]
    fn a_held_line_follows_step_by_step_and_reloads_over_a_gap() {
        let mut book = Book::default();
        assert_eq!(book.entry('a', 1), Follow::Nothing);
        assert_eq!(book.publish('a', 1, "a cold line stays cold"), None);
        assert_eq!(book.look('a'), Found::Cold);
        let ticket = book.begin('a');
        book.loaded('a', ticket, 1, 1, "one");
        assert_eq!(book.entry('a', 1), Follow::Nothing);
        assert_eq!(book.entry('a', 2), Follow::Apply("one"));
        assert_eq!(book.publish('a', 2, "two"), Some("one"));
        assert_eq!(book.publish('a', 1, "late"), None);
        assert_eq!(book.entry('a', 4), Follow::Reload);
        assert_eq!(book.fence('a', 4), Some("two"));
        assert_eq!(book.look('a'), Found::Fenced);
        assert_eq!(book.publish('a', 3, "too old for a fenced line"), None);
        let ticket = book.begin('a');
        assert_eq!(book.loaded('a', ticket, 9, 4, "four"), Loaded::Published(None));
    }

    #[test]
    fn a_load_that_a_change_of_ones_own_overtook_is_not_published() {
        let mut book = Book::default();
        let ticket = book.begin('a');
        assert_eq!(book.publish('a', 5, "five"), None);
        assert_eq!(book.loaded('a', ticket, 4, 4, "four"), Loaded::Again);
    }

    #[test]
    fn what_was_loaded_before_a_drop_comes_to_nothing() {
        let mut book = Book::default();
        let ticket = book.begin('b');
        book.loaded('b', ticket, 1, 1, "held");
        let ticket = book.begin('a');
        assert_eq!(book.drop_all(1), ["held"]);
        assert_eq!(book.loaded('a', ticket, 9, 9, "late"), Loaded::Again);
        let ticket = book.begin('a');
        book.absent('a');
        assert_eq!(book.loaded('a', ticket, 9, 9, "there after all"), Loaded::Published(None));
    }
}
