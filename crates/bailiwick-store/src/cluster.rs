//! What nodes that share one database tell each other through it: the feed, their rows, a wake-up.
//!
//! Every answer says on which history it was read or written ([`Place`]), so that a node notices a fail-over. An error
//! means that it is not known whether it was done; the protocol (`bailiwick_core::node`) never rests on a guess.

use bailiwick_core::node::{Incarnation, Page, Place, Row, Word};

use tokio::runtime::Handle;

use crate::Later;
use crate::rows::{LineId, LogEvent};

/// A change of one line, as other nodes follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which line.
    pub line: LineId,
    /// Its revision by it.
    pub revision: u64,
    /// The version of the model that it was decided under; empty for lines without one.
    pub model: String,
    /// What happened, as stored.
    pub events: Vec<LogEvent>,
}

/// Why a node is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// Something was committed by this registration, or by who is not known.
    Feed(Option<Incarnation>),
    /// A node says how far it is.
    Said(Word),
    /// The connection that listens is new: anything may have been missed.
    Anything,
}

/// The side of a database that nodes share.
pub trait Cluster: Send + Sync {
    /// The runtime that all of this happens on, and nothing else does. Whoever asks much had better be there, too.
    fn runtime(&self) -> Handle;

    /// What follows a position, and the command at it; everything of one moment of the primary.
    fn page(&self, after: u64) -> Later<'_, Page<Step>>;

    /// Writes the row of a new registration: a logged, synchronous commit.
    fn register(&self, incarnation: Incarnation, node: &str, applied: u64) -> Later<'_, Place>;

    /// Says in a row up to where its node has applied: a logged, synchronous commit, also when nothing changed. The
    /// position never falls. `false`: there is no such row.
    fn renew(&self, incarnation: Incarnation, applied: u64) -> Later<'_, (bool, Place)>;

    /// All rows, by a statement that begins now.
    fn rows(&self) -> Later<'_, (Vec<Row>, Place)>;

    /// Takes a row away whose node has not applied up to `below`. Whether it was there, and so far behind.
    fn strike(&self, incarnation: Incarnation, below: u64) -> Later<'_, bool>;

    /// A node takes its own row away, after its memory is dropped.
    fn leave(&self, incarnation: Incarnation) -> Later<'_, ()>;

    /// Writes down that leases of earlier timelines than this have been waited out.
    fn settle(&self, place: Place) -> Later<'_, ()>;

    /// Wakes the other nodes, or says something to them. It may be lost.
    fn wake(&self, why: Wake) -> Later<'_, ()>;

    /// Waits for the next wake-up from others; of several that have no words, one may stand for all. Only one caller at a
    /// time listens.
    fn woken(&self) -> Later<'_, Wake>;
}
