//! The database of the simulation: one history, and after a fail-over another one that goes on from it.

use std::collections::BTreeMap;

use bailiwick_core::node::{Entry, Incarnation, Page, Place, Row};
use bailiwick_core::time::Timestamp;

/// A line of the simulation; what is held of it is whether somebody may.
pub type Line = u8;

/// What the feed says of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub line: Line,
    pub revision: u64,
    pub allow: bool,
}

/// What a command came to.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    pub position: u64,
    pub step: Step,
}

/// A node's row, and the most that it ever said.
#[derive(Debug, Clone, Copy)]
struct Registered {
    applied: u64,
    most: u64,
}

/// How many entries a page has at most.
const PAGE: usize = 3;

/// A primary.
#[derive(Debug, Clone)]
pub struct Database {
    pub place: Place,
    pub settled: bool,
    /// By position. With positions in the order of commits there is never a hole.
    feed: BTreeMap<u64, Entry<Step>>,
    sequence: u64,
    lines: BTreeMap<Line, Step>,
    rows: BTreeMap<Incarnation, Registered>,
    by_command: BTreeMap<u128, Done>,
}

impl Database {
    pub fn new() -> Self {
        Self {
            place: Place { system: 1, timeline: 1 },
            settled: true,
            feed: BTreeMap::new(),
            sequence: 0,
            lines: BTreeMap::new(),
            rows: BTreeMap::new(),
            by_command: BTreeMap::new(),
        }
    }

    /// The standby that had everything, promoted.
    pub fn promoted(&self) -> Self {
        let place = Place { timeline: self.place.timeline + 1, ..self.place };
        Self { place, settled: false, ..self.clone() }
    }

    /// A standby that lacks the newest changes, promoted.
    pub fn promoted_without(&self, lost: u64) -> Self {
        let mut behind = self.promoted();
        let cut = behind.head().saturating_sub(lost);
        behind.feed.retain(|position, _| *position <= cut);
        behind.sequence = cut;
        behind.by_command.retain(|_, done| done.position <= cut);
        behind.lines = behind.feed.values().map(|entry| (entry.what.line, entry.what)).collect();
        behind
    }

    pub fn head(&self) -> u64 {
        self.feed.last_key_value().map_or(0, |(position, _)| *position)
    }

    pub fn page(&self, after: u64) -> Page<Step> {
        Page {
            place: self.place,
            settled: self.settled,
            head: self.head(),
            anchor: self.feed.get(&after).map(|entry| entry.mark),
            entries: self.feed.range(after.saturating_add(1)..).take(PAGE).map(|(_, entry)| entry.clone()).collect(),
            // Wall time plays no part in leases.
            clock: Timestamp(0),
        }
    }

    pub fn line(&self, line: Line) -> (u64, Step) {
        (self.head(), self.lines.get(&line).copied().unwrap_or(Step { line, revision: 0, allow: true }))
    }

    /// Takes the next position, as a sequence would: whatever becomes of the change.
    pub fn take_position(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// A change commits.
    pub fn change(&mut self, command: u128, line: Line, allow: bool, position: u64) -> Done {
        if let Some(done) = self.by_command.get(&command) {
            return *done;
        }
        let step = Step { line, revision: self.line(line).1.revision + 1, allow };
        self.lines.insert(line, step);
        self.feed.insert(position, Entry { position, mark: command, what: step });
        let done = Done { position, step };
        self.by_command.insert(command, done);
        done
    }

    pub fn done(&self, command: u128) -> Option<Done> {
        self.by_command.get(&command).copied()
    }

    /// A second arrival of the same question finds the row that the first one wrote.
    pub fn register(&mut self, incarnation: Incarnation, applied: u64, anew: bool) {
        let row = Registered { applied, most: applied };
        if anew {
            self.rows.insert(incarnation, row);
        } else {
            self.rows.entry(incarnation).or_insert(row);
        }
    }

    pub fn renew(&mut self, incarnation: Incarnation, applied: u64, may_fall: bool) -> bool {
        let Some(row) = self.rows.get_mut(&incarnation) else { return false };
        row.most = row.most.max(applied);
        row.applied = if may_fall { applied } else { row.most };
        true
    }

    pub fn rows(&self) -> Vec<Row> {
        self.rows.iter().map(|(incarnation, row)| Row { incarnation: *incarnation, applied: row.applied }).collect()
    }

    /// Whether a row was taken away although its node had said that it was that far.
    pub fn strike(&mut self, incarnation: Incarnation, below: u64) -> bool {
        let silent = self.rows.get(&incarnation).is_some_and(|row| row.applied < below);
        let struck = if silent { self.rows.remove(&incarnation) } else { None };
        struck.is_some_and(|row| row.most >= below && below < u64::MAX)
    }

    pub fn leave(&mut self, incarnation: Incarnation) {
        self.rows.remove(&incarnation);
    }
}
