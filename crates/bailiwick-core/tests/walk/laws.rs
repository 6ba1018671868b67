//! What holds of every step whatever the requirements say: laws of the core alone, looked at beside the obvious model.

use std::collections::BTreeSet;
use std::sync::Arc;

use bailiwick_core::access::model::Model;
use bailiwick_core::access::parse::parse;
use bailiwick_core::access::set::PermissionSet;
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::{PersonId, ResourceId};
use bailiwick_core::team::command::{Actor, Command, Request};
use bailiwick_core::team::event::{Event, Recorded};
use bailiwick_core::team::preview::{compare, preview};
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::team::{apply, decide, invariant};
use bailiwick_core::time::Timestamp;

use crate::compare::{Disagreement, Step, differ, same};
use crate::generate::EVERYBODY;
use crate::reordered::reordered;

/// Every change of a workspace, in order.
pub type Log = Vec<Vec<Recorded>>;

type Decided = Result<Vec<Recorded>, Refusal>;

/// The invariants, and the time of the last event.
pub fn state_is_sound(state: &Workspace, log: &Log, now: Timestamp) -> Result<(), Disagreement> {
    invariant::check(state).map_err(|broken| differ("an invariant does not hold", broken))?;
    let times: Vec<_> = log.iter().flatten().map(|recorded| recorded.at).collect();
    if !times.is_sorted() {
        return Err(differ("the time of an event is before that of another before it", format!("{times:?}")));
    }
    same("the time of the last event", &Some(&state.last_time), &times.last())?;
    same("the number of changes", &state.revision, &(log.len() as u64))?;
    match times.last() {
        Some(last) if *last > now => Err(differ("an event of the future", format!("{last:?} at {now:?}"))),
        _ => Ok(()),
    }
}

/// The whole log, as it is written and read again, folded from the beginning.
pub fn log_gives_the_state(state: &Workspace, log: &Log) -> Result<(), Disagreement> {
    let written =
        |event: &Event| -> Result<Event, serde_json::Error> { serde_json::from_str(&serde_json::to_string(event)?) };
    let read = |change: &Vec<Recorded>| -> Result<Vec<Recorded>, serde_json::Error> {
        change.iter().map(|r| Ok(Recorded { at: r.at, event: written(&r.event)? })).collect()
    };
    let unreadable = |e| differ("an event is not read as it was written", format!("{e}"));
    let misfit = |e| differ("the log does not fit", format!("{e}"));
    let log: Log = log.iter().map(read).collect::<Result<_, _>>().map_err(unreadable)?;
    let Some((first, rest)) = log.split_first() else { return Err(differ("there is no log", String::new())) };
    let begun = apply::begin(&state.model, first).map_err(misfit)?;
    let folded = rest.iter().try_fold(begun, |state, change| apply::apply(&state, change)).map_err(misfit)?;
    same("the state from the log", &folded, state)
}

/// Deciding looks and touches nothing: the same again gives the same, and the state is as it was.
pub fn deciding_is_pure(
    before: Option<&Workspace>,
    untouched: Option<&Workspace>,
    model: &Arc<Model>,
    step: &Step,
    decided: &Decided,
) -> Result<(), Disagreement> {
    same("a state after a decision", &before, &untouched)?;
    same("the same decision again", &decide::decide(before, model, &step.request, step.now), decided)
}

/// A preview foretells the events, the seats, and exactly the access that the command gives and takes.
pub fn preview_comes_true(
    before: &Workspace,
    after: &Workspace,
    step: &Step,
    decided: &Decided,
) -> Result<(), Disagreement> {
    let foretold = preview(before, &step.request, step.now);
    let events = foretold.as_ref().map(|p| p.events.clone()).map_err(Clone::clone);
    same("the outcome that a preview foretells", &events, decided)?;
    let Ok(foretold) = foretold else { return Ok(()) };
    same("seats in a preview", &(foretold.seats_before, foretold.seats_after), &(before.seats(), after.seats()))?;
    let names = |set: PermissionSet| set.iter().map(|p| &*before.model.permission_def(p).name);
    let changes: BTreeSet<_> = foretold
        .changes
        .iter()
        .flat_map(|c| {
            let gains = names(c.gains).map(|p| (c.person, c.resource, p, true));
            gains.chain(names(c.loses).map(|p| (c.person, c.resource, p, false))).collect::<Vec<_>>()
        })
        .collect();
    same("access that a preview foretells", &changes, &differences(before, after, step.now))
}

/// The same model in other numbers is no change for anybody, there and back; a model that gives less gives nobody more.
pub fn moves_are_honest(state: &Workspace, others: &Others, now: Timestamp) -> Result<(), Disagreement> {
    let elapsed = |due: Vec<Recorded>| if due.is_empty() { Ok(state.clone()) } else { apply::apply(state, &due) };
    let state = elapsed(decide::due(state, now)).map_err(|e| differ("what fell due does not fit", format!("{e}")))?;
    let same_again = moved(&state, &others.reordered, now)?;
    same("access under the same model in other numbers", &compare(&state, &same_again, now), &Vec::new())?;
    same("access after a move and back", &compare(&state, &moved(&same_again, &state.model, now)?, now), &Vec::new())?;
    let less = moved(&state, &others.narrower, now)?;
    let gains = compare(&state, &less, now).into_iter().find(|change| !change.gains.is_empty());
    same("what somebody gains by a model that gives less", &gains, &None)
}

fn moved(state: &Workspace, to: &Arc<Model>, now: Timestamp) -> Result<Workspace, Disagreement> {
    let command = Command::MoveModel(Arc::clone(to));
    let request = Request { actor: Actor::Operator, command, seen: None };
    let events = decide::decide(Some(state), &state.model, &request, now)
        .map_err(|refusal| differ("a move that is refused", format!("{refusal}")))?;
    let after = apply::apply_under(state, &events, &|version| request.command.brings(version))
        .map_err(|misfit| differ("a move that does not fit", format!("{misfit}")))?;
    invariant::check(&after).map_err(|broken| differ("an invariant does not hold after a move", broken))?;
    same("seats after a move", &after.seats(), &state.seats())?;
    Ok(after)
}

/// Other versions of a preset's model.
pub struct Others {
    reordered: Arc<Model>,
    narrower: Arc<Model>,
}

impl Others {
    pub fn of(text: &str, narrower: &str) -> Self {
        let model = |text: &str, version| Arc::new(parse(text, version).expect("it compiles"));
        Self { reordered: model(&reordered(text), "reordered"), narrower: model(narrower, "narrower") }
    }
}

type Difference<'a> = (PersonId, Option<ResourceId>, &'a str, bool);

/// Question by question, what is answered otherwise than before, and whether by yes.
fn differences<'a>(before: &'a Workspace, after: &Workspace, now: Timestamp) -> BTreeSet<Difference<'a>> {
    let (old, new) = (Snapshot::compile(before), Snapshot::compile(after));
    let places: BTreeSet<_> = before.resources.keys().chain(after.resources.keys()).copied().map(Some).collect();
    let mut found = BTreeSet::new();
    for person in EVERYBODY.map(PersonId) {
        for place in places.iter().copied().chain([None]) {
            for permission in before.model.everything().iter() {
                let had = old.check(person, permission, place, now).is_ok();
                let has = new.check(person, permission, place, now).is_ok();
                if had != has {
                    found.insert((person, place, &*before.model.permission_def(permission).name, has));
                }
            }
        }
    }
    found
}
