//! The slow, obviously right model: two products written down from their requirements, a sentence at a time.
//!
//! Nothing here knows the compiled access model, the snapshot or the decisions of the core; only ids and the shape of a
//! command are shared. Where the core finds one reason to refuse, this side collects *every* reason that holds, so the
//! order of the core's questions is its own affair: its code must be one of those collected.

pub mod book;
pub mod properties;
pub mod tenant;

use std::collections::BTreeSet;

use bailiwick_core::ids::{PersonId, ResourceId};
use bailiwick_core::team::command::{Actor, Command, Create};
use bailiwick_core::time::Timestamp;

use book::Book;

/// Any code is right: the requirement says no, and not which no.
pub const ANY: &str = "?";

/// What must come of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is taken.
    Accepted,
    /// It is refused, for one of these reasons.
    Refused(BTreeSet<&'static str>),
    /// The requirements leave it open, for the reason given; whichever it is, the rest must follow from it.
    Open(&'static str),
}

impl Verdict {
    /// The same for a caller who saw another version of the object that the command edits.
    pub fn for_stale(self) -> Self {
        let mut codes = if let Self::Refused(codes) = self { codes } else { BTreeSet::new() };
        codes.insert("edited-meanwhile");
        Self::Refused(codes)
    }
}

/// Reasons against a command, as they are found.
#[derive(Debug, Default)]
pub struct Faults {
    codes: BTreeSet<&'static str>,
    open: Option<&'static str>,
}

impl Faults {
    /// It is refused for this reason if the condition holds.
    pub fn when(&mut self, holds: bool, code: &'static str) {
        if holds {
            self.codes.insert(code);
        }
    }
    /// It is refused, and each of these codes is a fair name for why.
    pub fn when_any(&mut self, holds: bool, codes: &[&'static str]) {
        if holds {
            self.codes.extend(codes);
        }
    }
    /// The requirements do not say, if the condition holds.
    pub fn open_when(&mut self, holds: bool, why: &'static str) {
        if holds {
            self.open.get_or_insert(why);
        }
    }
    /// These reasons too.
    pub fn add(&mut self, other: Self) {
        self.codes.extend(other.codes);
        self.open = self.open.or(other.open);
    }
    /// The sum of it. A certain refusal outweighs an open question, whose code nobody knows.
    pub fn verdict(mut self) -> Verdict {
        match (self.codes.is_empty(), self.open) {
            (true, None) => Verdict::Accepted,
            (true, Some(why)) => Verdict::Open(why),
            (false, open) => {
                if open.is_some() {
                    self.codes.insert(ANY);
                }
                Verdict::Refused(self.codes)
            }
        }
    }
}

/// One product, from its requirements.
pub trait Reference {
    /// The rows.
    fn book(&self) -> &Book;
    /// Everything that fell due happens.
    fn elapse(&mut self, now: Timestamp);
    /// What must come of a command; everything due has happened.
    fn judge(&self, actor: Actor, command: &Command, now: Timestamp) -> Verdict;
    /// What the command does, given that it was taken.
    fn perform(&mut self, actor: Actor, command: &Command, now: Timestamp);
    /// Everything that the person may do, on the workspace (`None`) and on each resource; all else they may not.
    fn reach(&self, person: PersonId) -> BTreeSet<(&'static str, Option<ResourceId>)>;
    /// Seats taken.
    fn seats_taken(&self) -> u32;
    /// Every permission of the product.
    fn permissions(&self) -> &'static [&'static str];
    /// A copy.
    fn boxed(&self) -> Box<dyn Reference>;
}

/// Names: trimmed, 1 to 64 characters, no control characters.
pub fn bad_name(name: &str) -> bool {
    let name = name.trim();
    name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control)
}

/// A host's own id: one line of 1 to 200 characters.
pub fn bad_external_id(id: Option<&String>) -> bool {
    id.is_some_and(|id| id.is_empty() || id.chars().count() > 200 || id.chars().any(char::is_control))
}

/// Permission names of the product among those given: what a text means, as one of our own names.
pub fn known(all: &'static [&'static str], name: &str) -> Option<&'static str> {
    all.iter().copied().find(|p| *p == name)
}

/// Who may ask for what at all, before any right is looked at. `active`: the person is an active member here.
pub fn at_the_door(book: &Book, actor: Actor, command: &Command, active: bool) -> Option<Verdict> {
    let refused = |codes: &[&'static str]| Some(Verdict::Refused(codes.iter().copied().collect()));
    if book.deleted {
        return match command {
            Command::Create(_) => refused(&["no-such-workspace", "id-taken"]),
            _ => refused(&["no-such-workspace"]),
        };
    }
    match (actor, command) {
        // The workspace is there already, whoever asks.
        (_, Command::Create(_)) => refused(&[ANY]),
        (Actor::Time | Actor::Operator | Actor::Host(_), Command::Elapse) => Some(Verdict::Accepted),
        (Actor::Time, _) => refused(&[ANY]),
        // Both products refuse every transfer, with their reason (E24, EC-33, EC-34).
        (_, Command::TransferOwnership { .. }) => refused(&["no-transfer", "not-allowed", "no-such-workspace"]),
        (Actor::Operator, Command::ChangePlan { .. } | Command::Delete | Command::Rename { .. }) => None,
        (Actor::Operator, _) => refused(&[ANY]),
        (Actor::Host(_), Command::Leave(_)) => refused(&["not-yours", "not-allowed", "no-such-member"]),
        (Actor::Host(_), _) => None,
        (Actor::Person(actor), Command::Accept { person, .. }) if actor != *person => {
            refused(&["not-yours", "not-allowed", "wrong-address"])
        }
        (Actor::Person(_), Command::Accept { .. } | Command::Decline { .. }) => None,
        // It is the host that vouches.
        (Actor::Person(_), Command::PutMember(_)) => refused(&["not-allowed", "no-such-workspace"]),
        (Actor::Person(_), Command::Leave(_)) if !active => refused(&["not-yours", "not-allowed", "no-such-workspace"]),
        (Actor::Person(_), _) if !active => refused(&["not-allowed", "no-such-workspace"]),
        (Actor::Person(_), Command::Elapse) => Some(Verdict::Open("a member asks for nothing but time")),
        (Actor::Person(_), _) => None,
    }
}

/// The creation of a workspace, by host or operator or the person who shall hold it (E39, E40): with a good name, a plan
/// that there is, and an id for each template that ships. Nobody makes somebody else the holder of one.
pub fn judge_creation(actor: Actor, create: &Create, plans: &[&str], ships: usize) -> Verdict {
    let mut faults = Faults::default();
    let for_another = matches!(actor, Actor::Person(person) if person != create.owner);
    faults.when(actor == Actor::Time || for_another, "not-allowed");
    faults.when(bad_name(&create.name), "bad-name");
    faults.when(create.plan.as_ref().is_some_and(|p| !plans.contains(&p.as_str())), "unknown-plan");
    faults.when(create.templates.len() < ships, "id-taken");
    faults.when(bad_external_id(create.external_id.as_ref()), "bad-name");
    faults.verdict()
}
