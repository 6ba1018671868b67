//! A schedule: three nodes, one database or, after a fail-over, two, and everything that can go wrong between them.
//!
//! True time is the simulation's; every node sees its own clock, that began anywhere and runs a little too fast or slow.
//! The database is reached by messages that are late, lost or answered and the answer lost.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use bailiwick_core::node::guard::{Guard, Pass};
use bailiwick_core::node::holdings::{Follow, Found, Holdings, Loaded, Ticket};
use bailiwick_core::node::machine::{Action, Failed, Input, Node, Op, Trouble};
use bailiwick_core::node::plant::{Plant, Planted};
use bailiwick_core::node::{Entry, Incarnation, Nanos, Page, Place, Row, Terms};

use crate::chance::Chance;
use crate::database::{Database, Done, Line, Step};

const MS: u64 = 1_000_000;
const NODES: usize = 3;
const LINES: u64 = 2;
/// A question to the database that was not answered by then is given up.
const PATIENCE: u64 = 900 * MS;
/// How long a schedule goes on. A lease is a second here, so that much happens in it.
const LENGTH: u64 = 9_000 * MS;
/// No new changes after this: what was begun shall be able to end.
const LAST_CHANGE: u64 = 6_500 * MS;

/// How much faster or slower than true time a clock may run, in parts of a million. Much more than real clocks, so that
/// the bound on it is needed.
const DRIFT: i64 = 50_000;

/// Two clocks that run 5 % off in opposite directions are a little more than 10 % apart.
fn terms() -> Terms {
    Terms { drift: 111_000, ..Terms::of(Duration::from_secs(1)) }
}

/// What a schedule found.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    pub checks: u64,
    pub sure: u64,
    /// Checks that began within 5 ms after an acknowledged change of their line, on another node than the writer.
    pub close: u64,
    pub unsure: u64,
    pub acknowledged: u64,
    pub struck: u64,
    pub faults: BTreeMap<&'static str, u64>,
    /// After a fail-over that lost changes: nodes that had applied some of them, and those that said so.
    pub must_tell: u64,
    pub told_loss: u64,
    /// The first thing that must not be.
    pub wrong: Option<String>,
}

#[derive(Debug, Clone)]
enum Ask {
    Page(Op, u64),
    Register(Op, Incarnation, u64),
    Renew(Op, Incarnation, u64),
    Rows(Op),
    Strike(Op, Incarnation, u64),
    Leave(Incarnation),
    Settle(Place),
    Load { line: Line, ticket: Ticket, of: Option<Op> },
    Change { command: u128, line: Line, allow: bool, position: u64 },
    Replay { command: u128 },
}

#[derive(Debug, Clone)]
enum Told {
    Page(Op, Result<Page<Step>, Failed>),
    Registered(Op, Result<(Incarnation, Place), Failed>),
    Renewed(Op, Result<(bool, Place), Failed>),
    Rows(Op, Result<(Vec<Row>, Place), Failed>),
    Struck(Op),
    Loaded { line: Line, ticket: Ticket, of: Option<Op>, found: Option<(u64, Step)> },
    Changed { command: u128, done: Option<(Done, Place)> },
    Nothing,
}

impl Ask {
    /// What the asker learns when nothing comes back.
    fn unanswered(&self) -> Told {
        match self {
            Self::Page(op, _) => Told::Page(*op, Err(Failed)),
            Self::Register(op, ..) => Told::Registered(*op, Err(Failed)),
            Self::Renew(op, ..) => Told::Renewed(*op, Err(Failed)),
            Self::Rows(op) => Told::Rows(*op, Err(Failed)),
            Self::Strike(op, ..) => Told::Struck(*op),
            Self::Leave(_) | Self::Settle(_) => Told::Nothing,
            Self::Load { line, ticket, of } => Told::Loaded { line: *line, ticket: *ticket, of: *of, found: None },
            Self::Change { command, .. } | Self::Replay { command } => Told::Changed { command: *command, done: None },
        }
    }

    /// Whether it ends in a commit, which an abandoned primary never reports.
    fn commits(&self) -> bool {
        !matches!(self, Self::Page(..) | Self::Rows(_) | Self::Load { .. })
    }
}

#[derive(Debug, Clone)]
enum Event {
    Arrive { node: usize, life: u32, number: u64, database: usize, ask: Ask },
    Commit { node: usize, life: u32, number: u64, database: usize, ask: Ask },
    Answer { node: usize, life: u32, number: u64, told: Told },
    GiveUp { node: usize, life: u32, number: u64, told: Told },
    Woken { node: usize, life: u32, input: Input<Step> },
    Timer { node: usize, life: u32 },
    CheckBegins { node: usize, line: Line },
    CheckGoesOn { node: usize, life: u32, check: u64 },
    ClientChanges { node: usize, line: Line, allow: bool },
    ClientRepeats { node: usize, command: u128 },
    Pause { node: usize, length: u64 },
    Partition { node: usize, length: u64 },
    Crash { node: usize },
    Start { node: usize },
    FailOver,
    Reconnect { node: usize },
}

/// A running check.
#[derive(Debug)]
struct Check {
    line: Line,
    begun: u64,
    stage: Stage,
    pauses: u32,
}

#[derive(Debug)]
enum Stage {
    /// The lease was looked at; next comes the snapshot.
    Look(Option<Pass>),
    /// The snapshot was taken; next comes the last look.
    Decide(Option<Pass>, Step),
    /// The last look said yes; the answer is on its way out of the process.
    HandOver(Step),
    /// Somebody reads the line.
    Loading(Option<Pass>),
}

/// A page that is being applied.
#[derive(Debug)]
struct Applying {
    op: Op,
    checks: Vec<u64>,
    reloads: usize,
}

struct Process {
    life: u32,
    up: bool,
    paused_until: u64,
    /// Nothing comes or goes between it and the database until then; its clients reach it.
    cut_off_until: u64,
    pauses: u32,
    database: usize,
    /// The clock: where it began, and how much faster than true time it runs, in parts of a million.
    offset: u64,
    drift: i64,
    machine: Node<Step>,
    book: Holdings<Line, Step>,
    guard: Guard,
    checks: BTreeMap<u64, Check>,
    applying: Vec<Applying>,
    asked: BTreeMap<u64, ()>,
}

/// A change as its client sees it.
#[derive(Debug)]
struct Change {
    node: usize,
    line: Line,
    revision: u64,
}

pub struct World {
    now: u64,
    number: u64,
    queue: BinaryHeap<Reverse<(u64, u64, usize)>>,
    events: Vec<Option<Event>>,
    chance: Chance,
    databases: Vec<Database>,
    nodes: Vec<Process>,
    plant: Option<Plant>,
    changes: BTreeMap<u128, Change>,
    /// By line: when which revision was first told to anybody as saved, and by which node.
    told: BTreeMap<Line, Vec<(u64, u64, usize)>>,
    /// So many changes does the standby lack when it is promoted.
    lost: u64,
    /// Nodes, by life, that had applied what was lost.
    witnesses: Vec<(usize, u32)>,
    /// By the name that a machine knows a wait by: the command.
    waiting: BTreeMap<u64, u128>,
    next_commit: u64,
    seen: Seen,
}

impl World {
    /// A schedule of its seed.
    pub fn new(seed: u64, plant: Option<Plant>) -> Self {
        let mut world = Self {
            now: 0,
            number: 0,
            queue: BinaryHeap::new(),
            events: Vec::new(),
            chance: Chance::new(seed),
            databases: vec![Database::new()],
            nodes: Vec::new(),
            plant,
            changes: BTreeMap::new(),
            told: BTreeMap::new(),
            lost: 0,
            witnesses: Vec::new(),
            waiting: BTreeMap::new(),
            next_commit: 0,
            seen: Seen::default(),
        };
        for node in 0..NODES {
            let offset = world.chance.below(1 << 40);
            let drift = i64::try_from(world.chance.below(2 * DRIFT as u64)).unwrap_or(0) - DRIFT;
            let process = world.process(offset, drift);
            world.nodes.push(process);
            let start = world.chance.below(200 * MS);
            world.at(start, Event::Start { node });
        }
        if world.chance.once_in(8) {
            // A clock that is slow beyond the bound: nothing is promised for checks on that node, all for the others.
            world.fault("clocks-out-of-bounds");
            world.nodes[0].drift = -300_000;
        }
        world.plan();
        world
    }

    /// The same with an asynchronous standby, which lacks the newest changes when it is promoted.
    pub fn losing(seed: u64) -> Self {
        let mut world = Self::new(seed, None);
        world.lost = 1 + world.chance.below(3);
        let at = 2_000 * MS + world.chance.below(3_000 * MS);
        world.at(at, Event::FailOver);
        world
    }

    fn process(&self, offset: u64, drift: i64) -> Process {
        let planted = Planted::one(self.plant);
        Process {
            life: 0,
            up: false,
            paused_until: 0,
            cut_off_until: 0,
            pauses: 0,
            database: 0,
            offset,
            drift,
            machine: Node::new(terms()).planted(planted),
            book: Holdings::default().planted(planted),
            guard: Guard::default(),
            checks: BTreeMap::new(),
            applying: Vec::new(),
            asked: BTreeMap::new(),
        }
    }

    /// What clients do and what goes wrong.
    fn plan(&mut self) {
        for _ in 0..(3 + self.chance.below(6)) {
            let at = 100 * MS + self.chance.below(LAST_CHANGE - 100 * MS);
            let event =
                Event::ClientChanges { node: self.any_node(), line: self.any_line(), allow: self.chance.once_in(2) };
            self.at(at, event);
        }
        if self.chance.once_in(2) {
            // Many at once, while a node is on its way in.
            let (begin, node) = (100 * MS + self.chance.below(3_000 * MS), self.any_node());
            for _ in 0..4 {
                let at = begin + self.chance.below(60 * MS);
                let event = Event::ClientChanges {
                    node: self.any_node(),
                    line: self.any_line(),
                    allow: self.chance.once_in(2),
                };
                self.at(at, event);
            }
            self.at(begin.saturating_sub(50 * MS), Event::Crash { node });
            for _ in 0..4 {
                let at = begin + self.chance.below(100 * MS);
                self.at(at, Event::Start { node });
            }
            for _ in 0..12 {
                let at = begin + 20 * MS + self.chance.below(300 * MS);
                let line = self.any_line();
                self.at(at, Event::CheckBegins { node, line });
            }
        }
        for _ in 0..60 {
            let at = 300 * MS + self.chance.below(LENGTH - 300 * MS);
            let event = Event::CheckBegins { node: self.any_node(), line: self.any_line() };
            self.at(at, event);
        }
        for _ in 0..self.chance.below(4) {
            let at = 300 * MS + self.chance.below(LAST_CHANGE);
            let node = self.any_node();
            let event = match self.chance.below(10) {
                0..=4 => {
                    let length = if self.chance.once_in(3) { 100 } else { 1_500 };
                    Event::Pause { node, length: (1 + self.chance.below(length)) * MS }
                }
                5 => Event::Crash { node },
                6..=7 => Event::Partition { node, length: (200 + self.chance.below(2_500)) * MS },
                _ => Event::FailOver,
            };
            self.at(at, event);
        }
    }

    fn any_node(&mut self) -> usize {
        self.chance.below(NODES as u64) as usize
    }

    fn any_line(&mut self) -> Line {
        self.chance.below(LINES) as Line
    }

    fn at(&mut self, at: u64, event: Event) {
        self.number += 1;
        self.events.push(Some(event));
        self.queue.push(Reverse((at.max(self.now), self.number, self.events.len() - 1)));
    }

    fn within(&mut self, longest: u64, event: Event) {
        let delay = self.chance.below(longest.max(1));
        self.at(self.now + delay, event);
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Seen {
        while let Some(Reverse((at, _, index))) = self.queue.pop() {
            if at > LENGTH || self.seen.wrong.is_some() {
                break;
            }
            self.now = at;
            let Some(event) = self.events[index].take() else { continue };
            // What happens to a process that sleeps happens when it wakes.
            if let Some(until) = self.asleep(&event) {
                self.at(until, event);
                continue;
            }
            self.happen(event);
        }
        // Who was let look at the new primary for a second, that is.
        let looked = |p: &Process| p.paused_until.max(p.cut_off_until) + 1_000 * MS < LENGTH;
        let lives = |(node, life): &&(usize, u32)| {
            let process = &self.nodes[*node];
            process.up && process.life == *life && process.database + 1 == self.databases.len() && looked(process)
        };
        self.seen.must_tell = self.witnesses.iter().filter(lives).count() as u64;
        self.seen
    }

    fn asleep(&self, event: &Event) -> Option<u64> {
        let node = match event {
            Event::Answer { node, .. }
            | Event::GiveUp { node, .. }
            | Event::Woken { node, .. }
            | Event::Timer { node, .. }
            | Event::CheckBegins { node, .. }
            | Event::CheckGoesOn { node, .. }
            | Event::ClientChanges { node, .. }
            | Event::ClientRepeats { node, .. } => *node,
            _ => return None,
        };
        let process = &self.nodes[node];
        (process.up && self.now < process.paused_until).then_some(process.paused_until)
    }

    fn clock(&self, node: usize) -> Nanos {
        let process = &self.nodes[node];
        let gained = i128::from(self.now) * i128::from(process.drift) / 1_000_000;
        let passed = i128::from(self.now) + gained;
        Nanos(process.offset + u64::try_from(passed).unwrap_or(0))
    }

    fn alive(&self, node: usize, life: u32) -> bool {
        self.nodes[node].up && self.nodes[node].life == life
    }

    fn fault(&mut self, what: &'static str) {
        *self.seen.faults.entry(what).or_default() += 1;
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrive { node, life, number, database, ask } => self.arrive(node, life, number, database, ask),
            Event::Commit { node, life, number, database, ask } => self.execute(node, life, number, database, &ask),
            Event::Answer { node, life, number, told } | Event::GiveUp { node, life, number, told } => {
                // The first of answer and giving up counts.
                if self.alive(node, life) && self.nodes[node].asked.remove(&number).is_some() {
                    self.hear(node, told);
                }
            }
            Event::Woken { node, life, input } => {
                if self.alive(node, life) {
                    self.step(node, input);
                }
            }
            Event::Timer { node, life } => {
                if self.alive(node, life) {
                    self.step(node, Input::Tick);
                }
            }
            Event::CheckBegins { node, line } => self.check_begins(node, line),
            Event::CheckGoesOn { node, life, check } => {
                if self.alive(node, life) {
                    self.check_goes_on(node, check);
                }
            }
            Event::ClientChanges { node, line, allow } => self.client_changes(node, line, allow),
            Event::ClientRepeats { node, command } => {
                if self.nodes[node].up {
                    self.ask(node, Ask::Replay { command });
                }
            }
            Event::Pause { node, length } => {
                self.fault("pauses");
                self.nodes[node].paused_until = self.now + length;
                self.nodes[node].pauses += 1;
            }
            Event::Partition { node, length } => {
                self.fault("partitions");
                self.nodes[node].cut_off_until = self.now + length;
            }
            Event::Crash { node } => self.crash(node),
            Event::Start { node } => self.start(node),
            Event::FailOver => self.fail_over(),
            Event::Reconnect { node } => self.nodes[node].database = self.databases.len() - 1,
        }
    }

    fn start(&mut self, node: usize) {
        if self.nodes[node].up {
            return;
        }
        let (life, offset, drift) = (self.nodes[node].life, self.nodes[node].offset, self.nodes[node].drift);
        let fresh = self.process(offset, drift);
        self.nodes[node] = Process { life: life + 1, up: true, database: self.databases.len() - 1, ..fresh };
        let now = self.clock(node);
        let actions = self.nodes[node].machine.start(now);
        self.act(node, actions);
    }

    fn crash(&mut self, node: usize) {
        if self.nodes[node].up {
            self.fault("crashes");
            self.nodes[node].up = false;
            self.nodes[node].checks.clear();
            self.within(1_500 * MS, Event::Start { node });
        }
    }

    /// The synchronous standby is promoted; the old primary runs on behind a partition, where it can be read, but no
    /// commit ever returns.
    fn fail_over(&mut self) {
        if self.databases.len() > 1 {
            return;
        }
        self.fault("fail-overs");
        let promoted = self.databases[0].promoted_without(self.lost);
        for (node, process) in self.nodes.iter().enumerate() {
            let knows = process.machine.applied() > promoted.head() && process.machine.mark().is_some();
            if process.up && knows {
                self.witnesses.push((node, process.life));
            }
        }
        self.databases.push(promoted);
        for node in 0..NODES {
            self.within(1_200 * MS, Event::Reconnect { node });
        }
    }

    fn step(&mut self, node: usize, input: Input<Step>) {
        let now = self.clock(node);
        let actions = self.nodes[node].machine.step(now, input);
        self.act(node, actions);
    }

    fn act(&mut self, node: usize, actions: Vec<Action<Step>>) {
        for action in actions {
            match action {
                Action::Read(op, after) => self.ask(node, Ask::Page(op, after)),
                Action::Apply(op, entries) => self.apply(node, op, entries),
                Action::Register(op, applied) => {
                    let incarnation = match self.plant {
                        Some(Plant::RowByName) => Incarnation(node as u128),
                        _ => Incarnation(u128::from(self.chance.next())),
                    };
                    self.ask(node, Ask::Register(op, incarnation, applied));
                }
                Action::Renew(op, incarnation, applied) => self.ask(node, Ask::Renew(op, incarnation, applied)),
                Action::ReadRows(op) => self.ask(node, Ask::Rows(op)),
                Action::Strike(op, incarnation, below) => {
                    self.seen.struck += 1;
                    self.ask(node, Ask::Strike(op, incarnation, below));
                }
                Action::Drop(epoch) => {
                    self.nodes[node].guard.drop_lease(epoch);
                    self.nodes[node].book.drop_all(epoch);
                    self.nodes[node].applying.clear();
                }
                Action::Leave(incarnation) => self.ask(node, Ask::Leave(incarnation)),
                Action::Lease(epoch, until) => self.nodes[node].guard.lease(epoch, until),
                Action::Say(word) => self.wake_others(node, &Input::Said(word)),
                Action::Acknowledge(change) => self.acknowledged(node, change),
                // Its client is not told; it would look the change up by its command.
                Action::Doubt(_) => {}
                Action::Settle(place) => self.ask(node, Ask::Settle(place)),
                Action::Report(Trouble::Lost { .. }) if self.lost > 0 => {
                    let life = self.nodes[node].life;
                    self.seen.told_loss += u64::from(self.witnesses.contains(&(node, life)));
                    self.witnesses.retain(|known| *known != (node, life));
                }
                Action::Report(Trouble::Lost { applied, head }) => {
                    self.seen
                        .wrong
                        .get_or_insert(format!("lost with a synchronous standby: {applied} applied, head {head}"));
                }
                Action::Report(_) => {}
            }
        }
        // One timer is enough: those that come too early find nothing to do.
        if let Some(due) = self.nodes[node].machine.due() {
            let wait = due.since(self.clock(node)).as_nanos() as u64;
            let life = self.nodes[node].life;
            self.at(self.now + wait + wait / 500 + 1, Event::Timer { node, life });
        }
    }

    /// What is said to all others may be lost, late, or heard twice and in any order.
    fn wake_others(&mut self, node: usize, input: &Input<Step>) {
        for other in (0..NODES).filter(|other| *other != node) {
            let times = match self.chance.below(12) {
                0 | 1 => 0,
                2 => 2,
                _ => 1,
            };
            for _ in 0..times {
                let (life, late) = (self.nodes[other].life, self.chance.once_in(25));
                let longest = if late { 1_500 * MS } else { 5 * MS };
                self.within(longest, Event::Woken { node: other, life, input: input.clone() });
            }
        }
    }

    fn ask(&mut self, node: usize, ask: Ask) {
        let (life, database) = (self.nodes[node].life, self.nodes[node].database);
        self.number += 1;
        let number = self.number;
        self.nodes[node].asked.insert(number, ());
        self.at(self.now + PATIENCE, Event::GiveUp { node, life, number, told: ask.unanswered() });
        if self.now < self.nodes[node].cut_off_until {
            return;
        }
        if self.chance.once_in(60) {
            self.fault("questions-lost");
            return;
        }
        if self.chance.once_in(40) {
            self.fault("questions-twice");
            self.within(1_500 * MS, Event::Arrive { node, life, number, database, ask: ask.clone() });
        }
        let slow = if self.chance.once_in(25) { 700 * MS } else { 4 * MS };
        self.within(slow, Event::Arrive { node, life, number, database, ask });
    }

    fn arrive(&mut self, node: usize, life: u32, number: u64, database: usize, mut ask: Ask) {
        let abandoned = database + 1 < self.databases.len();
        if !ask.commits() {
            self.execute(node, life, number, database, &ask);
            return;
        }
        if abandoned {
            // The standby that has to confirm it is gone.
            self.fault("commits-on-an-abandoned-primary");
            return;
        }
        let longest = if self.chance.once_in(8) { 300 * MS } else { 6 * MS };
        let mut at = self.now + self.chance.below(longest);
        if let Ask::Change { position, .. } = &mut ask {
            if self.plant == Some(Plant::FeedBySequence) {
                *position = self.databases[database].take_position();
            } else {
                // Whoever holds the counter holds it to the end of the commit.
                at = at.max(self.next_commit + 1);
                self.next_commit = at;
            }
        }
        self.at(at, Event::Commit { node, life, number, database, ask });
    }

    fn execute(&mut self, node: usize, life: u32, number: u64, database: usize, ask: &Ask) {
        if ask.commits() && database + 1 < self.databases.len() {
            return;
        }
        let may_fall = self.plant == Some(Plant::AppliedMayFall);
        let db = &mut self.databases[database];
        let place = db.place;
        let told = match ask {
            Ask::Page(op, after) => {
                let mut page = db.page(*after);
                // A row that an index does not give back, once in a while.
                if page.entries.len() > 1 && self.chance.once_in(40) {
                    page.entries.remove(0);
                    self.fault("entries-missing");
                }
                Told::Page(*op, Ok(page))
            }
            Ask::Register(op, incarnation, applied) => {
                db.register(*incarnation, *applied, self.plant == Some(Plant::RowByName));
                Told::Registered(*op, Ok((*incarnation, place)))
            }
            Ask::Renew(op, incarnation, applied) => {
                Told::Renewed(*op, Ok((db.renew(*incarnation, *applied, may_fall), place)))
            }
            Ask::Rows(op) => Told::Rows(*op, Ok((db.rows(), place))),
            Ask::Strike(op, incarnation, below) => {
                if db.strike(*incarnation, *below) {
                    self.seen.wrong = Some("a row was struck off although its node had applied that far".to_owned());
                }
                Told::Struck(*op)
            }
            Ask::Leave(incarnation) => {
                db.leave(*incarnation);
                Told::Nothing
            }
            Ask::Settle(of) => {
                db.settled |= *of == place;
                Told::Nothing
            }
            Ask::Load { line, ticket, of } => {
                Told::Loaded { line: *line, ticket: *ticket, of: *of, found: Some(db.line(*line)) }
            }
            Ask::Change { command, line, allow, position } => {
                let position = if *position == 0 { db.take_position() } else { *position };
                let done = db.change(*command, *line, *allow, position);
                self.wake_others(node, &Input::Woken);
                Told::Changed { command: *command, done: Some((done, place)) }
            }
            Ask::Replay { command } => {
                Told::Changed { command: *command, done: db.done(*command).map(|done| (done, place)) }
            }
        };
        if self.now < self.nodes[node].cut_off_until {
            return;
        }
        if self.chance.once_in(60) {
            self.fault("answers-lost");
            return;
        }
        let slow = if self.chance.once_in(25) { 700 * MS } else { 4 * MS };
        self.within(slow, Event::Answer { node, life, number, told });
    }

    fn hear(&mut self, node: usize, told: Told) {
        match told {
            Told::Page(op, page) => self.step(node, Input::Page(op, page)),
            Told::Registered(op, answer) => self.step(node, Input::Registered(op, answer)),
            Told::Renewed(op, answer) => self.step(node, Input::Renewed(op, answer)),
            Told::Rows(op, answer) => self.step(node, Input::Rows(op, answer)),
            Told::Struck(op) => self.step(node, Input::Struck(op)),
            Told::Nothing => {}
            Told::Loaded { line, ticket, of, found } => self.loaded(node, line, ticket, of, found),
            Told::Changed { command, done } => self.changed(node, command, done),
        }
    }

    fn client_changes(&mut self, node: usize, line: Line, allow: bool) {
        if !self.nodes[node].up {
            return;
        }
        let command = u128::from(self.chance.next()) | 1 << 100;
        self.changes.insert(command, Change { node, line, revision: 0 });
        self.ask(node, Ask::Change { command, line, allow, position: 0 });
        // Somebody who did not wait for the answer sends it again, elsewhere.
        if self.chance.once_in(2) {
            let other = self.any_node();
            self.within(40 * MS, Event::ClientRepeats { node: other, command });
        }
    }

    fn changed(&mut self, node: usize, command: u128, done: Option<(Done, Place)>) {
        let Some((done, place)) = done else {
            // Not known, or not there yet: it is looked up until it is known.
            if self.now < LAST_CHANGE {
                self.within(50 * MS, Event::ClientRepeats { node, command });
            }
            return;
        };
        let Some(change) = self.changes.get_mut(&command) else { return };
        change.revision = done.step.revision;
        let first = change.node == node;
        let at_once = match self.plant {
            Some(Plant::ReplayWithoutWait) => !first,
            Some(Plant::WebhookBeforeWait) => first,
            _ => false,
        };
        if at_once {
            self.tell(node, command);
        }
        self.number += 1;
        let name = self.number;
        self.waiting.insert(name, command);
        self.step(node, Input::Committed { change: name, position: done.position, place });
    }

    fn acknowledged(&mut self, node: usize, name: u64) {
        if let Some(command) = self.waiting.remove(&name) {
            self.seen.acknowledged += 1;
            self.tell(node, command);
        }
    }

    /// Somebody learns that it is saved, and asks.
    fn tell(&mut self, node: usize, command: u128) {
        let (line, revision) = (self.changes[&command].line, self.changes[&command].revision);
        self.told.entry(line).or_default().push((self.now, revision, node));
        for _ in 0..4 {
            let other = self.any_node();
            self.within(5 * MS, Event::CheckBegins { node: other, line });
        }
    }

    fn apply(&mut self, node: usize, op: Op, entries: Vec<Entry<Step>>) {
        let mut applying = Applying { op, checks: Vec::new(), reloads: 0 };
        let mut reloads = Vec::new();
        for entry in entries {
            let step = entry.what;
            match self.nodes[node].book.entry(step.line, step.revision) {
                Follow::Nothing => {}
                Follow::Apply(_) => _ = self.nodes[node].book.publish(step.line, step.revision, step),
                Follow::Reload => {
                    self.nodes[node].book.fence(step.line, step.revision);
                    reloads.push(step.line);
                }
            }
        }
        // Checks that took what was there before, and have not handed their answer out.
        if self.plant != Some(Plant::NoGraceWait) {
            let running = |check: &Check| matches!(check.stage, Stage::Decide(..) | Stage::HandOver(_));
            applying.checks = self.nodes[node].checks.iter().filter(|(_, c)| running(c)).map(|(id, _)| *id).collect();
        }
        applying.reloads = reloads.len();
        self.nodes[node].applying.push(applying);
        for line in reloads {
            let ticket = self.nodes[node].book.begin(line);
            self.ask(node, Ask::Load { line, ticket, of: Some(op) });
        }
        self.applied_if_done(node);
    }

    fn applied_if_done(&mut self, node: usize) {
        let process = &mut self.nodes[node];
        let done = process.applying.iter().position(|a| a.checks.is_empty() && a.reloads == 0);
        if let Some(index) = done {
            let op = process.applying.remove(index).op;
            self.step(node, Input::Applied(op));
            let applied = self.nodes[node].machine.applied();
            self.nodes[node].book.applied(applied);
        }
    }

    fn loaded(&mut self, node: usize, line: Line, ticket: Ticket, of: Option<Op>, found: Option<(u64, Step)>) {
        let outcome = found.map(|(head, step)| self.nodes[node].book.loaded(line, ticket, head, step.revision, step));
        if outcome == Some(Loaded::Again) {
            let ticket = self.nodes[node].book.begin(line);
            self.ask(node, Ask::Load { line, ticket, of });
            return;
        }
        // A line that could not be read stays fenced, and that counts as applied.
        for applying in self.nodes[node].applying.iter_mut().filter(|a| Some(a.op) == of) {
            applying.reloads = applying.reloads.saturating_sub(1);
        }
        self.applied_if_done(node);
        let waiting: Vec<u64> = self.nodes[node]
            .checks
            .iter()
            .filter(|(_, check)| check.line == line && matches!(check.stage, Stage::Loading(_)))
            .map(|(id, _)| *id)
            .collect();
        for id in waiting {
            let Some(check) = self.nodes[node].checks.get_mut(&id) else { continue };
            let Stage::Loading(pass) = check.stage else { continue };
            check.stage = Stage::Look(pass);
            self.go_on_soon(node, id);
        }
    }

    fn go_on_soon(&mut self, node: usize, check: u64) {
        let life = self.nodes[node].life;
        let longest = if self.chance.once_in(10) { 30 * MS } else { MS };
        self.within(longest, Event::CheckGoesOn { node, life, check });
    }

    fn check_begins(&mut self, node: usize, line: Line) {
        if !self.nodes[node].up {
            return;
        }
        self.seen.checks += 1;
        let blind = self.plant == Some(Plant::WakeWithoutLook);
        let pass = self.nodes[node].guard.open(self.clock(node));
        if pass.is_none() && !blind {
            self.seen.unsure += 1;
            return;
        }
        self.number += 1;
        let id = self.number;
        let pauses = self.nodes[node].pauses;
        self.nodes[node].checks.insert(id, Check { line, begun: self.now, stage: Stage::Look(pass), pauses });
        self.go_on_soon(node, id);
    }

    fn check_goes_on(&mut self, node: usize, id: u64) {
        let clock = self.clock(node);
        let blind = self.plant == Some(Plant::WakeWithoutLook);
        let Some(check) = self.nodes[node].checks.get(&id) else { return };
        let line = check.line;
        let next = match check.stage {
            Stage::Loading(_) => return,
            Stage::Look(pass) => match self.nodes[node].book.look(line) {
                Found::Held(step) => Some(Stage::Decide(pass, step)),
                Found::Fenced => None,
                Found::Cold => {
                    let ticket = self.nodes[node].book.begin(line);
                    self.ask(node, Ask::Load { line, ticket, of: None });
                    Some(Stage::Loading(pass))
                }
            },
            Stage::Decide(pass, step) => {
                let lease = blind || pass.is_some_and(|pass| self.nodes[node].guard.still(pass, clock));
                let current = self.nodes[node].book.look(line) == Found::Held(step);
                (lease && (current || self.plant == Some(Plant::NoGraceWait))).then_some(Stage::HandOver(step))
            }
            Stage::HandOver(step) => {
                self.answered(node, id, step);
                None
            }
        };
        match next {
            Some(Stage::Loading(pass)) => self.set_stage(node, id, Stage::Loading(pass)),
            Some(stage) => {
                self.set_stage(node, id, stage);
                self.go_on_soon(node, id);
            }
            None => self.check_ends(node, id),
        }
    }

    fn set_stage(&mut self, node: usize, id: u64, stage: Stage) {
        if let Some(check) = self.nodes[node].checks.get_mut(&id) {
            check.stage = stage;
        }
    }

    fn check_ends(&mut self, node: usize, id: u64) {
        self.nodes[node].checks.remove(&id);
        for applying in &mut self.nodes[node].applying {
            applying.checks.retain(|check| *check != id);
        }
        self.applied_if_done(node);
    }

    /// An answer left the process. It must be of a revision that is no older than any that was told to be saved before
    /// the check began; and while its process was not asleep, before it ended.
    fn answered(&mut self, node: usize, id: u64, step: Step) {
        let check = &self.nodes[node].checks[&id];
        if self.nodes[node].drift < -DRIFT {
            return;
        }
        self.seen.sure += 1;
        if self.lost > 0 {
            // Nothing is promised of what an asynchronous standby did not have; that it is told is another test's.
            return;
        }
        let awake = check.pauses == self.nodes[node].pauses;
        for (at, revision, writer) in self.told.get(&check.line).into_iter().flatten() {
            if *at <= check.begun && check.begun <= at + 5 * MS && *writer != node {
                self.seen.close += 1;
            }
            let late = step.revision < *revision;
            if late && *at <= check.begun {
                self.seen.wrong = Some(format!(
                    "a check on node {node} begun {} µs after revision {revision} was saved answered from {}",
                    (check.begun - at) / 1_000,
                    step.revision
                ));
            } else if late && awake && *at < self.now {
                self.seen.wrong = Some(format!(
                    "a check on node {node} ended {} µs after revision {revision} was saved and answered from {}",
                    (self.now - at) / 1_000,
                    step.revision
                ));
            }
        }
    }
}
