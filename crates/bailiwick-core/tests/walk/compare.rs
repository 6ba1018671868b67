//! Drives the core and the obvious model side by side and looks at everything that either says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use bailiwick_core::access::model::Model;
use bailiwick_core::access::parse;
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::{PersonId, ResourceId};
use bailiwick_core::team::command::{Command, Request};
use bailiwick_core::team::event::Recorded;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::{self, Workspace};
use bailiwick_core::team::wire::AccessWire;
use bailiwick_core::team::{apply, decide};
use bailiwick_core::time::Timestamp;

use crate::Preset;
use crate::generate::{EVERYBODY, NOTHING};
use crate::laws::{self, Log, Others};
use crate::reference::book::{Holding, Stage};
use crate::reference::properties::Team;
use crate::reference::tenant::Tenant;
use crate::reference::{ANY, Reference, Verdict};
use crate::searches;

/// A command at a moment.
#[derive(Debug, Clone)]
pub struct Step {
    pub now: Timestamp,
    pub request: Request,
}

/// What came of a command on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    Accepted,
    Refused(&'static str),
}

/// The two sides say different things.
#[derive(Debug, Clone)]
pub struct Disagreement {
    /// What it is about, without ids: the same mistake met twice reads the same.
    pub about: String,
    /// All of it.
    pub text: String,
}

/// The core and the obvious model of one workspace.
pub struct Pair {
    preset: Preset,
    model: Arc<Model>,
    core: Option<Workspace>,
    reference: Option<Box<dyn Reference>>,
    log: Log,
}

/// A preset's model, compiled for the core. The obvious side never sees it.
pub fn model(preset: Preset) -> Arc<Model> {
    Arc::new(parse::parse(text(preset), "walk").expect("the preset compiles"))
}

fn text(preset: Preset) -> &'static str {
    match preset {
        Preset::Tenant => include_str!("../../../../models/tenant/model.toml"),
        Preset::Properties => include_str!("../../../../models/properties/model.toml"),
    }
}

/// Other versions of it: one says the same, one gives less to some.
fn others(preset: Preset) -> &'static Others {
    static OTHERS: [OnceLock<Others>; 2] = [OnceLock::new(), OnceLock::new()];
    let (more, less) = match preset {
        Preset::Tenant => ("grants = [\"crm:*\"]", "grants = [\"crm:view\"]"),
        Preset::Properties => ("adds = [\"view\", \"conversations\", ", "adds = [\"view\", "),
    };
    OTHERS[preset as usize].get_or_init(|| {
        let text = text(preset);
        assert!(text.contains(more), "{more}");
        Others::of(text, &text.replace(more, less))
    })
}

impl Pair {
    pub fn new(preset: Preset, model: &Arc<Model>) -> Self {
        Self { preset, model: Arc::clone(model), core: None, reference: None, log: Log::new() }
    }

    pub fn reference(&self) -> Option<&dyn Reference> {
        self.reference.as_deref()
    }

    /// One command on both sides. `look`: compare all that there is to see afterwards, not only the outcome.
    pub fn step(&mut self, step: &Step, look: bool) -> Result<(Seen, Option<&'static str>), Disagreement> {
        let Step { now, request } = step;
        if let Some(reference) = &mut self.reference {
            reference.elapse(*now);
        }
        let verdict = match (request.seen, self.version_of(&request.command)) {
            (Some(seen), Some(version)) if seen != version => self.verdict(step).for_stale(),
            // Where nothing is edited, there is no version to have seen.
            _ => self.verdict(step),
        };
        let untouched = self.core.clone();
        let core = decide::decide(self.core.as_ref(), &self.model, request, *now);
        if look {
            laws::deciding_is_pure(self.core.as_ref(), untouched.as_ref(), &self.model, step, &core)?;
        }
        let outcome = match (&verdict, &core) {
            (Verdict::Accepted | Verdict::Open(_), Ok(_)) => Seen::Accepted,
            (Verdict::Refused(codes), Err(refusal)) if codes.contains(refusal.code()) || codes.contains(ANY) => {
                Seen::Refused(refusal.code())
            }
            (Verdict::Open(_), Err(refusal)) => Seen::Refused(refusal.code()),
            _ => {
                let said = match &core {
                    Ok(_) => "accepted".to_owned(),
                    Err(refusal) => refusal.code().to_owned(),
                };
                let about = format!("outcome of {}: expected {verdict:?}, got {said}", kind(&request.command));
                let core = core.map(|events| events.into_iter().map(|e| e.event).collect::<Vec<_>>());
                let text = format!("the core in full: {core:?}");
                return Err(Disagreement { about, text });
            }
        };
        if let Ok(events) = &core {
            self.take(step, events)?;
        }
        if look {
            self.look(*now).and_then(|()| self.laws(step, untouched.as_ref(), &core)).map_err(|found| {
                Disagreement { about: format!("{} after {}", found.about, kind(&request.command)), text: found.text }
            })?;
        }
        let open = if let Verdict::Open(why) = verdict { Some(why) } else { None };
        Ok((outcome, open))
    }

    /// The version of the object that a command edits, as its caller would have seen it before the command.
    pub fn version_of(&self, command: &Command) -> Option<u64> {
        let core = self.core.as_ref()?;
        match command {
            Command::Rename { .. } | Command::Delete | Command::ChangePlan { .. } => Some(core.version),
            Command::ChangeAccess { member, .. } => core.members.get(member).map(|m| m.version),
            Command::Suspend(member)
            | Command::Reactivate(member)
            | Command::Remove(member)
            | Command::Leave(member) => core.members.get(member).map(|m| m.version),
            Command::Resend(id) | Command::Cancel(id) | Command::EditInvitation { invitation: id, .. } => {
                core.invitations.get(id).map(|i| i.version)
            }
            Command::EditTemplate { template, .. } | Command::DeleteTemplate { template, .. } => {
                core.templates.get(template).map(|t| t.version)
            }
            Command::RenameResource { resource, .. } | Command::DeleteResource(resource) => {
                core.resources.get(resource).map(|r| r.version)
            }
            _ => None,
        }
    }

    fn verdict(&self, step: &Step) -> Verdict {
        match (&self.reference, &step.request.command) {
            (Some(reference), command) => reference.judge(step.request.actor, command, step.now),
            (None, Command::Create(create)) => match self.preset {
                Preset::Tenant => Tenant::judge_creation(step.request.actor, create),
                Preset::Properties => Team::judge_creation(step.request.actor, create),
            },
            (None, _) => Verdict::Refused(BTreeSet::from(["no-such-workspace", "not-allowed"])),
        }
    }

    /// Both sides do what was accepted; they must agree on whether that changes anything.
    fn take(&mut self, step: &Step, events: &[Recorded]) -> Result<(), Disagreement> {
        let Step { now, request } = step;
        let misfit = |e: apply::Misfit| differ("the core's own events do not fit", format!("{e}\n  {events:#?}"));
        let Some(core) = &self.core else {
            let Command::Create(create) = &request.command else {
                return Err(differ("events without a workspace", format!("{events:?}")));
            };
            self.core = Some(apply::begin(&self.model, events).map_err(misfit)?);
            self.log.push(events.to_vec());
            self.reference = Some(match self.preset {
                Preset::Tenant => Box::new(Tenant::new(create)),
                Preset::Properties => Box::new(Team::new(create)),
            });
            return Ok(());
        };
        let due = decide::due(core, *now);
        if !events.starts_with(&due) {
            let text = format!("due: {due:#?}\n  events: {events:#?}");
            return Err(differ("what fell due does not come first", text));
        }
        let core_changes = events.len() > due.len();
        if !events.is_empty() {
            self.core = Some(apply::apply(core, events).map_err(misfit)?);
            self.log.push(events.to_vec());
        }
        let Some(reference) = &mut self.reference else { return Ok(()) };
        let before = reference.book().clone();
        reference.perform(request.actor, &request.command, *now);
        if core_changes != (before != *reference.book()) {
            let about = format!("{} changes something: expected {}", kind(&request.command), !core_changes);
            return Err(differ(&about, format!("events: {events:#?}")));
        }
        Ok(())
    }

    /// The laws, the dear ones for some steps only: which, the moment of the step says, so that it is the same again.
    fn laws(
        &self,
        step: &Step,
        before: Option<&Workspace>,
        decided: &Result<Vec<Recorded>, Refusal>,
    ) -> Result<(), Disagreement> {
        let Some(after) = &self.core else { return Ok(()) };
        laws::state_is_sound(after, &self.log, step.now)?;
        let lot = step.now.0 / 7;
        if lot % 8 == 0 || after.deleted_at.is_some() {
            laws::log_gives_the_state(after, &self.log)?;
        }
        if lot % 8 == 3 && after.deleted_at.is_none() {
            laws::moves_are_honest(after, others(self.preset), step.now)?;
        }
        if lot % 8 == 6 || after.deleted_at.is_some() {
            let everybody: Vec<PersonId> = EVERYBODY.map(PersonId).collect();
            searches::are_the_check(after, &everybody, step.now).map_err(|wrong| differ("a search", wrong))?;
        }
        match before {
            Some(before) if lot % 4 == 1 => laws::preview_comes_true(before, after, step, decided),
            _ => Ok(()),
        }
    }

    /// Everything that can be seen: rows, invitations, seats, and each answer to each question.
    fn look(&self, now: Timestamp) -> Result<(), Disagreement> {
        let (Some(core), Some(reference)) = (&self.core, &self.reference) else { return Ok(()) };
        let mut reference = reference.boxed();
        reference.elapse(now);
        // What the command left behind can make something due at once.
        let due = decide::due(core, now);
        let elapsed = if due.is_empty() {
            core.clone()
        } else {
            let misfit = |e: apply::Misfit| differ("what fell due does not fit", format!("{e}\n  {due:#?}"));
            apply::apply(core, &due).map_err(misfit)?
        };
        self.compare_rows(&elapsed, &*reference)?;
        self.compare_access(&elapsed, &*reference, now, "")?;
        if !due.is_empty() {
            self.compare_access(core, &*reference, now, " before its expiry is written")?;
        }
        if now.0 / 7 % 4 == 2 { self.look_ahead(&elapsed, &*reference) } else { Ok(()) }
    }

    /// To the very moment when something ends next, and to the one before it, with nothing written in between.
    fn look_ahead(&self, core: &Workspace, reference: &dyn Reference) -> Result<(), Disagreement> {
        let kept = match self.preset {
            Preset::Tenant => "admin",
            Preset::Properties => "owner",
        };
        let Some((at, _)) = reference.book().next_due(kept).filter(|_| core.deleted_at.is_none()) else {
            return Ok(());
        };
        self.compare_access(core, reference, Timestamp(at.0 - 1), " just before something ends")?;
        let mut then = reference.boxed();
        then.elapse(at);
        self.compare_access(core, &*then, at, " the moment something ends")
    }

    fn compare_rows(&self, core: &Workspace, reference: &dyn Reference) -> Result<(), Disagreement> {
        let book = reference.book();
        let holding = |access: &state::Access| Holding::of(&AccessWire::of(&self.model, access));
        same("the workspace", &(&*core.name, core.deleted_at.is_some()), &(book.name.as_str(), book.deleted))?;
        let plan = &*self.model.plan(core.plan).name;
        same("plan and seats", &(plan, core.extra_seats), &(book.plan.as_str(), book.extra_seats))?;
        let members: BTreeMap<_, _> = core
            .members
            .iter()
            .map(|(id, m)| (*id, (m.person, m.address, m.suspended_at.is_some(), holding(&m.access))))
            .collect();
        let expected: BTreeMap<_, _> =
            book.members.iter().map(|(id, m)| (*id, (m.person, m.address, m.suspended, m.holds.clone()))).collect();
        same_each("a member's row", &members, &expected)?;
        let stage = |stage: state::Stage| match stage {
            state::Stage::Pending { expires_at } => Stage::Pending(expires_at),
            state::Stage::Expired { .. } => Stage::Expired,
            state::Stage::Accepted { .. } => Stage::Accepted,
            state::Stage::Cancelled { .. } => Stage::Cancelled,
            state::Stage::Declined { .. } => Stage::Declined,
        };
        // What a closed invitation once offered is history, and nobody's access.
        let offer = |open: bool, offer: Holding| open.then_some(offer);
        let invitations: BTreeMap<_, _> = core
            .invitations
            .iter()
            .map(|(id, i)| (*id, (i.address, stage(i.stage), i.sending, offer(i.stage.is_open(), holding(&i.access)))))
            .collect();
        let expected: BTreeMap<_, _> = book
            .invitations
            .iter()
            .map(|(id, i)| (*id, (i.address, i.stage, i.sending, offer(i.stage.is_open(), i.offer.clone()))))
            .collect();
        same_each("an invitation", &invitations, &expected)?;
        let seats = core.seats();
        same("seats taken", &seats.taken, &reference.seats_taken())
    }

    fn compare_access(
        &self,
        core: &Workspace,
        reference: &dyn Reference,
        now: Timestamp,
        when: &str,
    ) -> Result<(), Disagreement> {
        let snapshot = Snapshot::compile(core);
        let known = reference.book().resources.keys().copied();
        let resources: Vec<Option<ResourceId>> =
            [None, Some(ResourceId(NOTHING))].into_iter().chain(known.map(Some)).collect();
        let permissions: Vec<_> =
            reference.permissions().iter().map(|name| (*name, self.model.permission(name))).collect();
        for person in EVERYBODY.map(PersonId) {
            let reach = reference.reach(person);
            for (name, number) in &permissions {
                let number = number.ok_or_else(|| differ("a permission that the model lacks", (*name).to_owned()))?;
                for resource in &resources {
                    let got = snapshot.check(person, number, *resource, now);
                    let expected = reach.contains(&(*name, *resource));
                    if got.is_ok() != expected {
                        let role = reference.book().row_of(person).map_or("no", |(_, row)| &row.holds.role);
                        let about = format!("access of {role} member{when}: {name}: expected {expected}, got {got:?}");
                        return Err(differ(&about, format!("{person:?} on {resource:?}")));
                    }
                }
            }
            for nonsense in ["", "*", "users:*", "Users:View", "property"] {
                if snapshot.check_named(person, nonsense, None, now).is_ok() {
                    return Err(differ("a permission that there is not", nonsense.to_owned()));
                }
            }
        }
        Ok(())
    }
}

pub fn differ(about: &str, text: String) -> Disagreement {
    Disagreement { about: about.to_owned(), text }
}

pub fn same<T: PartialEq + std::fmt::Debug>(about: &str, got: &T, expected: &T) -> Result<(), Disagreement> {
    if got == expected {
        return Ok(());
    }
    Err(differ(about, format!("expected {expected:?}\n  got      {got:?}")))
}

fn same_each<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    about: &str,
    got: &BTreeMap<K, V>,
    expected: &BTreeMap<K, V>,
) -> Result<(), Disagreement> {
    got.keys().chain(expected.keys()).try_for_each(|key| same(about, &got.get(key), &expected.get(key)))
}

/// The kind of a command, for messages and figures.
pub fn kind(command: &Command) -> String {
    let text = format!("{command:?}");
    text.chars().take_while(|c| c.is_alphanumeric()).collect()
}

/// Runs steps from the beginning; the place and nature of the first disagreement.
fn replay(preset: Preset, model: &Arc<Model>, steps: &[Step]) -> Option<(usize, Disagreement)> {
    let mut pair = Pair::new(preset, model);
    for (i, step) in steps.iter().enumerate() {
        let last = i + 1 == steps.len();
        if let Err(found) = pair.step(step, last) {
            return Some((i, found));
        }
    }
    None
}

/// The same disagreement by fewer steps: each one is left out in turn, and stays out if it was not needed.
pub fn shorten(preset: Preset, model: &Arc<Model>, steps: &[Step]) -> String {
    let Some((at, mut found)) = replay(preset, model, steps) else {
        return "it does not happen again from the beginning".to_owned();
    };
    let mut steps = steps[..=at].to_vec();
    let mut tries = 2_000;
    let mut shrunk = true;
    while shrunk && tries > 0 {
        shrunk = false;
        for i in (0..steps.len().saturating_sub(1)).rev() {
            let mut fewer = steps.clone();
            fewer.remove(i);
            tries -= 1;
            if let Some((at, same)) = replay(preset, model, &fewer).filter(|(_, same)| same.about == found.about) {
                fewer.truncate(at + 1);
                (steps, found, shrunk) = (fewer, same, true);
                break;
            }
        }
    }
    let mut out = format!("{}\n  {}\n", found.about, found.text);
    for Step { now, request } in &steps {
        let seen = request.seen.map(|v| format!(", having seen version {v}")).unwrap_or_default();
        let _ = writeln!(out, "  at {}: {:?} asks {:?}{seen}", now.0, request.actor, request.command);
    }
    out
}
