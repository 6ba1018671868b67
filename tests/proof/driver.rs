//! A client that changes things and asks at once whether every node answers by it. What it changes is nobody else's, so
//! it knows the one right answer to each of its questions: that is the checker.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bailiwick_app::mail::sink::Sink;
use bailiwick_testkit::Random;
use serde_json::Value;

use crate::http::{Answer, Connection, request};
use crate::tally::{SOON, Tally};

/// So many checks follow a change.
const CHECKS: usize = 50;
/// How long a node may take for a change before it is asked for at another node, and for a check before the connection
/// is given up: longer than any fault lasts, so that what a node answers after one is seen.
const CHANGE: Duration = Duration::from_secs(4);
const CHECK: Duration = Duration::from_secs(12);
/// After so long an unacknowledged change is given up.
const GIVE_UP: Duration = Duration::from_secs(90);
/// How long a mail may take.
const MAIL: Duration = Duration::from_secs(10);

/// How often a mail is looked for, and how soon what was not answered is asked for again.
const A_MOMENT: Duration = Duration::from_millis(3);
const A_WHILE: Duration = Duration::from_millis(20);

/// What all drivers share.
pub struct World {
    pub nodes: Vec<Place>,
    pub key: String,
    pub mailbox: Sink,
    pub tally: Tally,
    pub stop: AtomicBool,
}

/// Where a node is.
pub struct Place {
    pub address: SocketAddr,
    pub data: PathBuf,
    /// Whether its process runs.
    pub up: AtomicBool,
}

/// A question with one answer that is right.
pub struct Question {
    /// In words.
    pub about: String,
    pub bytes: Vec<u8>,
    /// Until when the right answer is right; what comes later is not judged.
    pub until: Option<Instant>,
}

/// How a question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Yes,
    No,
    Unsure,
}

/// A change that was acknowledged.
pub struct Done {
    pub answer: Answer,
    /// The node that acknowledged it.
    pub by: usize,
    pub at: Instant,
}

/// The client.
pub struct Driver {
    pub world: Arc<World>,
    pub name: String,
    pub random: Random,
    for_changes: Vec<Option<Connection>>,
    for_checks: Vec<Option<Connection>>,
    made: u64,
    /// What was answered last to something that is no check.
    pub last: String,
    /// Whether some commands go to two nodes at once.
    pub doubles: bool,
}

impl Driver {
    pub fn new(world: &Arc<World>, name: String, seed: u64) -> Self {
        let none = || world.nodes.iter().map(|_| None).collect();
        let (for_changes, for_checks) = (none(), none());
        Self {
            world: Arc::clone(world),
            name,
            random: Random::new(seed),
            for_changes,
            for_checks,
            made: 0,
            last: String::new(),
            doubles: world.nodes.len() > 1,
        }
    }

    /// A name that nothing else has.
    pub fn fresh(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what}-{}-{}", self.name, self.made)
    }

    /// A node whose process runs.
    pub fn any_node(&mut self) -> usize {
        loop {
            let at = self.random.one_of(self.world.nodes.len());
            if self.world.nodes[at].up.load(Relaxed) {
                return at;
            }
        }
    }

    /// A change by the host, repeated under one idempotency key until a node acknowledges or refuses it.
    pub fn change(&mut self, method: &str, path: &str, body: &str) -> Option<Done> {
        let (auth, key) = (format!("Bearer {}", self.world.key), self.fresh("command"));
        let headers =
            [("authorization", auth.as_str()), ("content-type", "application/json"), ("idempotency-key", key.as_str())];
        let bytes = request(method, path, &headers, body);
        let begun = Instant::now();
        if self.doubles && self.random.below(16) == 0 {
            return self.at_two_nodes(&bytes, begun);
        }
        let mut wait = Duration::ZERO;
        while begun.elapsed() < GIVE_UP && !self.world.stop.load(Relaxed) {
            let by = self.any_node();
            if !wait.is_zero() {
                self.world.tally.repeats.fetch_add(1, Relaxed);
                std::thread::park_timeout(wait);
            }
            wait = A_WHILE;
            if let Some(answer) = self.once(by, &bytes).filter(|answer| answer.status < 500) {
                let done = Done { answer, by, at: Instant::now() };
                self.world.tally.acknowledged(done.at - begun);
                return Some(done);
            }
        }
        None
    }

    /// The same command at two nodes at once: whichever answers first, what it says holds everywhere.
    fn at_two_nodes(&mut self, bytes: &[u8], begun: Instant) -> Option<Done> {
        self.world.tally.repeats.fetch_add(1, Relaxed);
        let one = self.any_node();
        let other = (one + 1) % self.world.nodes.len();
        let connections = [one, other].map(|node| {
            let mut to =
                self.for_changes[node].take().or_else(|| Connection::to(self.world.nodes[node].address).ok())?;
            to.patience(CHANGE).and_then(|()| to.send(bytes)).ok().map(|()| (node, to))
        });
        let (tell, told) = std::sync::mpsc::channel();
        for (node, mut to) in connections.into_iter().flatten() {
            let tell = tell.clone();
            std::thread::spawn(move || {
                let answer = to.answer().ok();
                let _ = tell.send((node, answer, Instant::now(), to));
            });
        }
        drop(tell);
        let mut done = None;
        for (node, answer, at, to) in told {
            let Some(answer) = answer else { continue };
            self.for_changes[node] = Some(to);
            if answer.status < 500 && done.is_none() {
                self.world.tally.acknowledged(at - begun);
                done = Some(Done { answer, by: node, at });
                // What it says holds now, also while the other node is still at it.
                break;
            }
        }
        done
    }

    /// One try of something at one node; `None`: no answer, so nobody knows.
    pub fn once(&mut self, node: usize, bytes: &[u8]) -> Option<Answer> {
        let address = self.world.nodes[node].address;
        let mut to = match self.for_changes[node].take() {
            Some(to) => to,
            None => Connection::to(address).ok()?,
        };
        to.patience(CHANGE).ok()?;
        to.send(bytes).ok()?;
        let answer = to.answer().ok()?;
        self.for_changes[node] = Some(to);
        self.last = format!("{} {} {}", String::from_utf8_lossy(bytes), answer.status, answer.body);
        Some(answer)
    }

    /// Reads as the host.
    pub fn get(&mut self, path: &str) -> Option<Value> {
        let auth = format!("Bearer {}", self.world.key);
        let bytes = request("GET", path, &[("authorization", &auth)], "");
        let begun = Instant::now();
        while begun.elapsed() < GIVE_UP {
            let node = self.any_node();
            if let Some(answer) = self.once(node, &bytes).filter(|answer| answer.status == 200) {
                return serde_json::from_str(&answer.body).ok();
            }
        }
        None
    }

    /// A question whether a person may do something, to a workspace or a resource in it.
    pub fn may(&self, person: &str, action: &str, workspace: &str, resource: Option<&str>) -> Question {
        let on = match resource {
            None => format!(r#"{{"type":"workspace","id":"{workspace}"}}"#),
            Some(id) => format!(r#"{{"type":"property","id":"{id}","properties":{{"workspace":"{workspace}"}}}}"#),
        };
        let body = format!(
            r#"{{"subject":{{"type":"person","id":"{person}"}},"action":{{"name":"{action}"}},"resource":{on}}}"#
        );
        let auth = format!("Bearer {}", self.world.key);
        let headers = [("authorization", auth.as_str()), ("content-type", "application/json")];
        let about = format!("{person} {action} {workspace} {}", resource.unwrap_or_default());
        Question { about, bytes: request("POST", "/access/v1/evaluation", &headers, &body), until: None }
    }

    /// Whether a credential opens the door.
    pub fn opens(&self, header: &str, value: &str) -> Question {
        let about = format!("{header} of {}", self.name);
        Question { about, bytes: request("GET", "/v1/me", &[(header, value)], ""), until: None }
    }

    /// Asks every node, after something was acknowledged, and looks whether each answers by it.
    pub fn asked(&mut self, kind: &'static str, question: &Question, right: bool, by: usize, at: Instant) {
        self.world.tally.changed(kind);
        let nodes = self.world.nodes.len();
        let others: Vec<usize> = (0..nodes).filter(|node| nodes == 1 || *node != by).collect();
        let each = CHECKS / others.len();
        let mut asked: Vec<(usize, usize)> = others.into_iter().map(|node| (node, each)).collect();
        if nodes > 1 {
            asked.push((by, 2));
        }
        asked.retain(|(node, count)| {
            self.world.nodes[*node].up.load(Relaxed) && self.ask(*node, question, *count).is_some()
        });
        for (node, count) in asked {
            for _ in 0..count {
                self.hear(kind, question, right, (node, node != by || nodes == 1), at);
            }
        }
    }

    /// Asks every node once, long after it was acknowledged: it is not lost.
    pub fn remembered(&mut self, kind: &'static str, question: &Question, right: bool) {
        for node in 0..self.world.nodes.len() {
            if self.world.nodes[node].up.load(Relaxed) && self.ask(node, question, 1).is_some() {
                self.hear(kind, question, right, (node, false), Instant::now());
            }
        }
    }

    fn ask(&mut self, node: usize, question: &Question, count: usize) -> Option<()> {
        let mut to = match self.for_checks[node].take() {
            Some(to) => to,
            None => Connection::to(self.world.nodes[node].address).ok()?,
        };
        to.patience(CHECK).ok()?;
        to.send(&question.bytes.repeat(count)).ok()?;
        self.for_checks[node] = Some(to);
        Some(())
    }

    /// Reads the next answer of a node, and judges it.
    fn hear(&mut self, kind: &'static str, question: &Question, right: bool, node: (usize, bool), at: Instant) {
        let Some(to) = &mut self.for_checks[node.0] else { return };
        match to.answer() {
            Ok(answer) => self.judge(kind, question, right, node, at, &answer),
            Err(_) => self.for_checks[node.0] = None,
        }
    }

    fn judge(
        &self,
        kind: &'static str,
        question: &Question,
        right: bool,
        (node, is_other): (usize, bool),
        at: Instant,
        answer: &Answer,
    ) {
        let tally = &self.world.tally;
        let is_case = is_other && at.elapsed() <= SOON;
        (if is_case { &tally.cases } else { &tally.extra }).fetch_add(1, Relaxed);
        match verdict(answer) {
            Some(_) if question.until.is_some_and(|until| Instant::now() >= until) => {}
            Some(Verdict::Unsure) => _ = tally.doubts[usize::from(tally.faulty.load(Relaxed))].fetch_add(1, Relaxed),
            Some(verdict) if (verdict == Verdict::Yes) == right => {
                if is_case && right {
                    tally.permits.fetch_add(1, Relaxed);
                }
            }
            verdict => tally.wrong(format!(
                "{kind}: node {node} answered {verdict:?} ({} {}) {:?} after it was acknowledged that {right} is right: {}",
                answer.status,
                answer.body,
                at.elapsed(),
                question.about
            )),
        }
    }

    /// The newest link to an address, once its mail has arrived.
    pub fn link_to(&self, address: &str) -> Option<String> {
        let until = Instant::now() + MAIL;
        while Instant::now() < until && !self.world.stop.load(Relaxed) {
            let all = self.world.mailbox.received();
            let mail = all.iter().rev().find(|mail| mail.to.iter().any(|to| to == address));
            if let Some(text) = mail.and_then(|mail| mail.read()).map(|mail| mail.text) {
                let link = text.split_once("/invitations/").map(|(_, rest)| rest);
                return link.and_then(|rest| rest.split_whitespace().next()).map(str::to_owned);
            }
            std::thread::park_timeout(A_MOMENT);
        }
        None
    }
}

fn verdict(answer: &Answer) -> Option<Verdict> {
    match answer.status {
        200 if answer.body.contains("\"decision\":true") => Some(Verdict::Yes),
        200 if answer.body.contains("\"decision\":") => {
            Some(if answer.body.contains("unsure") { Verdict::Unsure } else { Verdict::No })
        }
        // What opens the door is asked at a route that shows who one is.
        200 => Some(Verdict::Yes),
        401 => Some(Verdict::No),
        503 => Some(Verdict::Unsure),
        _ => None,
    }
}
