//! A node as a state machine: inputs and the node's own time in, actions out. It does nothing itself.
//!
//! ```text
//!            wake, timer                  entries                 all of the page is published
//!   In ----------------------> Read --------------> Apply -----------------------------> Say, Renew
//!   ^                                                                                             |
//!   +------------------ one row: the lease runs for D from before the Read ----------------------+
//! ```
//!
//! One reading of the feed serves both ends: it brings what others have changed, and, because its time was taken before
//! it began, it is what the next lease is counted from. So writing "I have applied it" and renewing are one commit. It is
//! said before that, too, to whoever listens: a word that is heard spares who waits a commit and a reading of the rows.
//!
//! Each action that asks the database gets exactly one answer, a [`Failed`] included; an answer to what was asked before
//! the last fresh start is ignored.

use std::collections::VecDeque;
use std::time::Duration;

use super::plant::{Plant, Planted};
use super::waits::Waits;
use super::{Entry, Incarnation, Nanos, Page, Place, Row, Terms, Word};

/// The database did not answer, or it is not known whether it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed;

/// The number of a question, which its answer carries.
pub type Op = u64;

/// What a node is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input<E> {
    /// Time has passed: a moment of [`Node::due`] has come.
    Tick,
    /// Somebody else committed something.
    Woken,
    /// Another node says how far it is.
    Said(Word),
    /// What other nodes said may have been missed.
    RowsMoved,
    /// The feed was read.
    Page(Op, Result<Page<E>, Failed>),
    /// A page was applied to everything that is held, and no check on what was before is running.
    Applied(Op),
    /// The row of a registration was written.
    Registered(Op, Result<(Incarnation, Place), Failed>),
    /// The row was renewed; `false`: it is gone.
    Renewed(Op, Result<(bool, Place), Failed>),
    /// The rows were read.
    Rows(Op, Result<(Vec<Row>, Place), Failed>),
    /// A silent row was struck off, or was not so silent.
    Struck(Op),
    /// A change of this process was committed, or turned out to have been; `change` is the shell's own name for it.
    Committed {
        /// Its name.
        change: u64,
        /// Its position, or of what it was decided on.
        position: u64,
        /// Where it was committed.
        place: Place,
    },
}

/// What a node wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action<E> {
    /// Read the feed after a position.
    Read(Op, u64),
    /// Apply these to all that is held, in order; what cannot be applied is fenced.
    Apply(Op, Vec<Entry<E>>),
    /// Write a row under a fresh incarnation.
    Register(Op, u64),
    /// Say in the row up to where this node has applied.
    Renew(Op, Incarnation, u64),
    /// Read all rows, by a statement that begins after this.
    ReadRows(Op),
    /// Take a row away if its node has not applied up to there.
    Strike(Op, Incarnation, u64),
    /// Forget all that is held, before anything else is done; leases of this epoch follow.
    Drop(u64),
    /// Take the row of a registration away whose memory was dropped. Nobody waits for it.
    Leave(Incarnation),
    /// Checks may be answered until then.
    Lease(u64, Nanos),
    /// Say to all other nodes how far this one is. It may be lost.
    Say(Word),
    /// The change is everywhere: say "saved".
    Acknowledge(u64),
    /// The change was committed on a history that is no longer the one in force: look up what became of it.
    Doubt(u64),
    /// Write down that every lease of an earlier history has run out.
    Settle(Place),
    /// Something that the operator must know.
    Report(Trouble),
}

/// What the operator must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The database is on another history than before: a fail-over.
    Moved {
        /// Before.
        from: Place,
        /// Now.
        to: Place,
    },
    /// Changes that this node had applied are not in the database any more.
    Lost {
        /// What this node had applied.
        applied: u64,
        /// Where the database stands.
        head: u64,
    },
    /// Entries are missing in the feed after this position.
    Gap {
        /// The last one that is there.
        after: u64,
    },
    /// The row was gone: somebody struck it off, for this node was silent for too long.
    StruckOff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not begun, or left.
    Out,
    /// On its way in: the head was asked for, or the row is being written.
    Joining,
    In(Incarnation),
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    op: Op,
    begun: Nanos,
    after: u64,
}

#[derive(Debug, Clone, Copy)]
struct Applying {
    op: Op,
    begun: Nanos,
    to: u64,
    mark: u128,
    head: u64,
}

#[derive(Debug, Clone, Copy)]
struct Renewing {
    op: Op,
    begun: Nanos,
    applied: u64,
}

/// How often a node looks at rows that somebody waits for when nothing wakes it.
const PAUSE: Duration = Duration::from_millis(10);
/// A row is written for news at most so often: who waits for them has heard of them by word.
const GATHER: Duration = Duration::from_millis(20);
/// How long a node waits before it asks anew after a failure.
const RETRY: Duration = Duration::from_millis(50);

/// A node.
#[derive(Debug)]
pub struct Node<E> {
    terms: Terms,
    phase: Phase,
    epoch: u64,
    ops: Op,
    place: Option<Place>,
    /// No change is acknowledged before this, unless earlier histories are known to be settled.
    settles: Nanos,
    settled: bool,
    settling: bool,
    /// All up to here is published here.
    applied: u64,
    /// The command at `applied`.
    mark: Option<u128>,
    /// What this node had applied before it forgot everything: whoever still has that has the same history.
    witness: Option<(u64, u128)>,
    /// What the row says at least.
    told: u64,
    reading: Option<Reading>,
    registering: Option<Renewing>,
    applying: Option<Applying>,
    renewing: Option<Renewing>,
    /// A reading is done and what it asks to renew with has to wait: for the renewal before it, or for more.
    to_renew: Option<(Nanos, u64)>,
    /// No row is written for news alone before this.
    next_news: Nanos,
    read_again: bool,
    next_read: Nanos,
    next_renewal: Nanos,
    waits: Waits,
    rows_read: Option<Op>,
    rows_again: bool,
    next_rows: Nanos,
    striking: usize,
    /// Done waiting for rows, and held back until earlier histories are settled.
    held_back: VecDeque<u64>,
    planted: Planted,
    out: Vec<Action<E>>,
}

impl<E> Node<E> {
    /// A node that has not begun.
    pub fn new(terms: Terms) -> Self {
        Self {
            terms,
            phase: Phase::Out,
            epoch: 0,
            ops: 0,
            place: None,
            settles: Nanos(0),
            settled: false,
            settling: false,
            applied: 0,
            mark: None,
            witness: None,
            told: 0,
            reading: None,
            registering: None,
            applying: None,
            renewing: None,
            to_renew: None,
            next_news: Nanos(0),
            read_again: false,
            next_read: Nanos(0),
            next_renewal: Nanos(0),
            waits: Waits::default(),
            rows_read: None,
            rows_again: false,
            next_rows: Nanos(0),
            striking: 0,
            held_back: VecDeque::new(),
            planted: Planted::default(),
            out: Vec::new(),
        }
    }

    /// The same, with the mistake that is planted, if one is.
    #[must_use]
    pub fn planted(mut self, planted: Planted) -> Self {
        self.planted = planted;
        self
    }

    /// The registration in force.
    pub fn incarnation(&self) -> Option<Incarnation> {
        match self.phase {
            Phase::In(incarnation) => Some(incarnation),
            Phase::Out | Phase::Joining => None,
        }
    }

    /// All up to this position is published here.
    pub fn applied(&self) -> u64 {
        self.applied
    }

    /// The history that it is on, once it saw one.
    pub fn place(&self) -> Option<Place> {
        self.place
    }

    /// The command at that position, once it was read; together they tell one history from another.
    pub fn mark(&self) -> Option<u128> {
        self.mark
    }

    /// Begins: asks for the head and registers.
    pub fn start(&mut self, now: Nanos) -> Vec<Action<E>> {
        self.join(now);
        std::mem::take(&mut self.out)
    }

    /// Ends: memory first, then the row.
    pub fn leave(&mut self) -> Vec<Action<E>> {
        self.forget();
        self.phase = Phase::Out;
        std::mem::take(&mut self.out)
    }

    /// When something is to be done if nothing happens before.
    pub fn due(&self) -> Option<Nanos> {
        let mut due: Option<Nanos> = None;
        let mut at = |moment: Nanos| due = Some(due.map_or(moment, |d| d.min(moment)));
        if self.phase != Phase::Out && self.is_idle() {
            at(self.next_read);
        }
        if self.waits.asks() && self.rows_read.is_none() && self.striking == 0 {
            at(self.next_rows);
        }
        if self.to_renew.is_some() && self.renewing.is_none() {
            at(self.next_news);
        }
        if let Some(over) = self.waits.next_over() {
            at(over);
        }
        if self.place.is_some() && !self.settled && !self.settling {
            at(self.settles);
        }
        due
    }

    /// One input; what is to be done now, in order.
    pub fn step(&mut self, now: Nanos, input: Input<E>) -> Vec<Action<E>> {
        match input {
            Input::Tick => {}
            Input::Woken => self.read_again = true,
            Input::Said(word) => self.waits.said(word),
            Input::RowsMoved => self.next_rows = now,
            Input::Page(op, page) => self.page(now, op, page),
            Input::Applied(op) => self.page_applied(now, op),
            Input::Registered(op, answer) => self.registered(now, op, answer),
            Input::Renewed(op, answer) => self.renewed(now, op, answer),
            Input::Rows(op, answer) => self.rows(now, op, answer),
            Input::Struck(_) => {
                self.striking = self.striking.saturating_sub(1);
                self.next_rows = now;
            }
            Input::Committed { change, position, place } => self.committed(now, change, position, place),
        }
        self.go_on(now);
        std::mem::take(&mut self.out)
    }

    fn op(&mut self) -> Op {
        self.ops += 1;
        self.ops
    }

    fn is_idle(&self) -> bool {
        self.reading.is_none() && self.applying.is_none() && self.registering.is_none()
    }

    /// Does what time asks for.
    fn go_on(&mut self, now: Nanos) {
        let here = match self.phase {
            Phase::In(_) if !self.planted.is(Plant::AcknowledgedUnpublished) => Some(self.applied),
            _ => None,
        };
        let done = self.waits.done(now, here);
        self.held_back.extend(done);
        self.settle(now);
        if self.renewing.is_none()
            && now >= self.next_news
            && let Some((begun, applied)) = self.to_renew.take()
        {
            self.confirm(now, begun, applied);
        }
        if self.phase != Phase::Out && self.is_idle() {
            let woken = self.read_again && matches!(self.phase, Phase::In(_));
            if woken || now >= self.next_read {
                self.read(now);
            }
        }
        let due = self.rows_again || now >= self.next_rows;
        if due && self.waits.asks() && self.rows_read.is_none() && self.striking == 0 {
            self.read_rows(now);
        }
    }

    fn read(&mut self, now: Nanos) {
        let op = self.op();
        // Whoever joins needs the head alone, for nothing is held yet; and whether what was applied before is still there.
        let joins = self.witness.map_or(u64::MAX, |(applied, _)| applied);
        let after = if self.phase == Phase::Joining { joins } else { self.applied };
        self.read_again = false;
        self.next_read = now.plus(self.terms.renewal);
        self.reading = Some(Reading { op, begun: now, after });
        self.out.push(Action::Read(op, after));
    }

    fn read_rows(&mut self, now: Nanos) {
        let op = self.op();
        self.rows_read = Some(op);
        self.rows_again = false;
        self.next_rows = now.plus(PAUSE);
        self.out.push(Action::ReadRows(op));
    }

    /// Drops memory and takes back every claim on it. The row goes too: nobody shall wait for a memory that is empty.
    fn forget(&mut self) {
        self.epoch += 1;
        self.out.push(Action::Drop(self.epoch));
        if let Phase::In(incarnation) = self.phase {
            self.out.push(Action::Leave(incarnation));
        }
        self.reading = None;
        self.registering = None;
        self.applying = None;
        self.renewing = None;
        self.to_renew = None;
        self.read_again = false;
        self.witness = self.mark.map(|mark| (self.applied, mark)).or(self.witness);
        self.applied = 0;
        self.told = 0;
        self.mark = None;
    }

    fn join(&mut self, now: Nanos) {
        self.forget();
        self.phase = Phase::Joining;
        self.next_read = now;
        self.go_on(now);
    }

    /// Whether an answer is of the history in force. Of a newer one: everything begins anew there.
    fn is_here(&mut self, now: Nanos, place: Place) -> bool {
        match self.place {
            Some(here) if here == place => true,
            // An answer of an abandoned history says nothing.
            Some(here) if here.system == place.system && place.timeline < here.timeline => false,
            known => {
                self.place = Some(place);
                self.settled = false;
                self.settling = false;
                // Leases of the history before may run for so long, whoever holds them.
                self.settles = now.plus(self.terms.outlasts());
                let Some(from) = known else { return true };
                self.out.push(Action::Report(Trouble::Moved { from, to: place }));
                let lost = self.waits.elsewhere(place);
                let held_back = std::mem::take(&mut self.held_back);
                self.out.extend(lost.into_iter().chain(held_back).map(Action::Doubt));
                self.join(now);
                false
            }
        }
    }

    fn page(&mut self, now: Nanos, op: Op, page: Result<Page<E>, Failed>) {
        let Some(reading) = self.reading.take_if(|reading| reading.op == op) else { return };
        let Ok(page) = page else {
            self.next_read = now.plus(RETRY);
            return;
        };
        // Joining is the only time at which the first place is seen.
        if !self.is_here(now, page.place) {
            self.next_read = self.next_read.min(now.plus(RETRY));
            return;
        }
        self.settled |= page.settled;
        if self.phase == Phase::Joining {
            if let Some((applied, mark)) = self.witness.take()
                && page.anchor != Some(mark)
            {
                self.out.push(Action::Report(Trouble::Lost { applied, head: page.head }));
            }
            self.applied = page.head;
            let op = self.op();
            self.registering = Some(Renewing { op, begun: reading.begun, applied: page.head });
            self.out.push(Action::Register(op, page.head));
            return;
        }
        let same =
            self.applied == 0 || (page.anchor.is_some() && self.mark.is_none_or(|mark| page.anchor == Some(mark)));
        if page.head < reading.after || !same {
            // Told when it joins, by the same comparison.
            self.join(now);
            return;
        }
        self.mark = page.anchor;
        self.take_entries(now, reading, page);
    }

    fn take_entries(&mut self, now: Nanos, reading: Reading, mut page: Page<E>) {
        let follows =
            (reading.after + 1..).zip(&page.entries).take_while(|(due, entry)| *due == entry.position).count();
        let missing = follows < page.entries.len() || (page.entries.is_empty() && page.head > reading.after);
        if missing && !self.planted.is(Plant::GapIgnored) {
            // What follows without a gap is applied; the row says no more than that.
            page.entries.truncate(follows);
            let after = reading.after + follows as u64;
            self.out.push(Action::Report(Trouble::Gap { after }));
            self.next_read = now.plus(RETRY);
        }
        if missing && page.entries.is_empty() && self.planted.is(Plant::GapIgnored) {
            self.applied = page.head;
        }
        if self.planted.is(Plant::RenewWithoutApply) {
            self.confirm(now, reading.begun, page.head);
        }
        let Some(last) = page.entries.last() else {
            if !missing || self.planted.is(Plant::GapIgnored) {
                self.confirm(now, reading.begun, self.applied);
            }
            return;
        };
        let op = self.op();
        let head = if missing { u64::MAX } else { page.head };
        let to = if self.planted.is(Plant::GapIgnored) { page.head } else { last.position };
        self.applying = Some(Applying { op, begun: reading.begun, to, mark: last.mark, head });
        if self.planted.is(Plant::WordTooEarly) {
            self.say(to);
        }
        self.out.push(Action::Apply(op, page.entries));
    }

    fn page_applied(&mut self, now: Nanos, op: Op) {
        let Some(applying) = self.applying.take_if(|applying| applying.op == op) else { return };
        self.applied = self.applied.max(applying.to);
        self.mark = Some(applying.mark);
        self.say(self.applied);
        if self.applied >= applying.head || self.planted.is(Plant::GapIgnored) {
            self.confirm(now, applying.begun, self.applied);
        } else if applying.head != u64::MAX {
            // The page was not all: the rest is read at once.
            self.next_read = now;
        }
    }

    /// Gives its word to all others: all up to `applied` is published.
    fn say(&mut self, applied: u64) {
        if let (Phase::In(incarnation), Some(place)) = (self.phase, self.place) {
            self.out.push(Action::Say(Word { incarnation, applied, place }));
        }
    }

    /// All up to `applied` is published, and the feed's head was no further than that some time after `begun`.
    fn confirm(&mut self, now: Nanos, begun: Nanos, applied: u64) {
        let news = applied > self.told;
        if !news && now < self.next_renewal {
            return;
        }
        if self.renewing.is_some() || (now < self.next_news && now < self.next_renewal) {
            self.to_renew = Some((begun, applied));
        } else if let Phase::In(incarnation) = self.phase {
            let op = self.op();
            self.renewing = Some(Renewing { op, begun, applied });
            self.next_news = now.plus(GATHER);
            if self.planted.is(Plant::RenewByRead) && !news {
                self.out.push(Action::Lease(self.epoch, begun.plus(self.terms.lease)));
                self.renewing = None;
                self.next_renewal = begun.plus(self.terms.renewal);
                return;
            }
            self.out.push(Action::Renew(op, incarnation, applied));
        }
    }

    fn registered(&mut self, now: Nanos, op: Op, answer: Result<(Incarnation, Place), Failed>) {
        let Some(asked) = self.registering.take_if(|asked| asked.op == op) else { return };
        match answer {
            Ok((incarnation, place)) if self.is_here(now, place) => {
                self.phase = Phase::In(incarnation);
                // Nothing that was read before the row stood is served.
                self.epoch += 1;
                self.out.push(Action::Drop(self.epoch));
                self.told = asked.applied;
                self.lease(now, asked.begun);
                self.next_read = asked.begun.plus(self.terms.renewal);
                self.rows_again = true;
            }
            // Whether a row was written is not known. It is nobody's: whoever waits for it strikes it off.
            _ => self.next_read = self.next_read.min(now.plus(RETRY)),
        }
    }

    fn renewed(&mut self, now: Nanos, op: Op, answer: Result<(bool, Place), Failed>) {
        let Some(asked) = self.renewing.take_if(|asked| asked.op == op) else { return };
        match answer {
            Ok((there, place)) => {
                if !self.is_here(now, place) {
                    return;
                }
                if !there {
                    self.out.push(Action::Report(Trouble::StruckOff));
                    self.join(now);
                    return;
                }
                self.told = self.told.max(asked.applied);
                self.lease(now, asked.begun);
            }
            Err(Failed) => self.next_read = self.next_read.min(now.plus(RETRY)),
        }
    }

    fn lease(&mut self, now: Nanos, begun: Nanos) {
        let from = if self.planted.is(Plant::LeaseFromAnswer) { now } else { begun };
        self.next_renewal = begun.plus(self.terms.renewal);
        self.next_read = self.next_read.min(self.next_renewal);
        let until = from.plus(self.terms.lease);
        if now < until {
            self.out.push(Action::Lease(self.epoch, until));
        }
    }

    fn committed(&mut self, now: Nanos, change: u64, position: u64, place: Place) {
        // Our own wake-up: what was committed here is to be confirmed in our row as well, for it renews the lease.
        self.read_again = true;
        if !self.is_here(now, place) && self.place != Some(place) {
            self.out.push(Action::Doubt(change));
            return;
        }
        let from_reading = self.ops + 1;
        self.waits.add(change, position, place, from_reading, now.plus(self.outlasts()));
        self.rows_again = true;
    }

    fn outlasts(&self) -> Duration {
        if self.planted.is(Plant::DriftDropped) { self.terms.lease } else { self.terms.outlasts() }
    }

    fn rows(&mut self, now: Nanos, op: Op, answer: Result<(Vec<Row>, Place), Failed>) {
        if self.rows_read != Some(op) {
            return;
        }
        self.rows_read = None;
        let Ok((rows, place)) = answer else {
            let done = self.waits.unread(now);
            self.held_back.extend(done);
            return;
        };
        if !self.is_here(now, place) {
            return;
        }
        let own = self.incarnation();
        for (incarnation, below) in self.waits.judge(now, op, &rows, own, place, self.outlasts()) {
            let op = self.op();
            self.striking += 1;
            let below = if self.planted.is(Plant::StrikeUnconditional) { u64::MAX } else { below };
            self.out.push(Action::Strike(op, incarnation, below));
        }
    }

    /// Lets go what is everywhere, once no lease of an earlier history can be left.
    fn settle(&mut self, now: Nanos) {
        let Some(place) = self.place else { return };
        if !self.settled && now >= self.settles {
            if !self.settling {
                self.settling = true;
                self.out.push(Action::Settle(place));
            }
            self.settled = true;
        }
        if self.settled {
            self.out.extend(self.held_back.drain(..).map(Action::Acknowledge));
        }
    }
}
