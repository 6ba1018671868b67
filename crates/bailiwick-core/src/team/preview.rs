//! What a command would do, before it is done: who gains what, who loses what, and the seats (X11).
//!
//! The same `decide` and `apply` run on a copy, and the two snapshots are compared; there is no second rule that
//! could say something else.

use std::collections::BTreeSet;

use crate::access::model::Model;
use crate::access::set::{Permission, PermissionSet};
use crate::access::snapshot::Snapshot;
use crate::ids::{PersonId, ResourceId};
use crate::time::Timestamp;

use super::apply::apply_under;
use super::command::Request;
use super::decide::decide;
use super::event::Recorded;
use super::refusal::Refusal;
use super::seats::Seats;
use super::state::Workspace;

/// The difference that a command would make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The events that it would become.
    pub events: Vec<Recorded>,
    /// What changes for whom, where; only what does change.
    pub changes: Vec<Change>,
    /// Seats before.
    pub seats_before: Seats,
    /// Seats after.
    pub seats_after: Seats,
}

/// What one person gains and loses at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub person: PersonId,
    /// On which resource; `None`: the workspace.
    pub resource: Option<ResourceId>,
    /// Gained, in the numbers of the model after.
    pub gains: PermissionSet,
    /// Lost, in the numbers of the model before.
    pub loses: PermissionSet,
}

/// Decides on a copy and compares.
///
/// # Errors
/// The refusal that the command would meet.
pub fn preview(state: &Workspace, request: &Request, now: Timestamp) -> Result<Preview, Refusal> {
    let events = decide(Some(state), &state.model, request, now)?;
    let after = if events.is_empty() {
        state.clone()
    } else {
        apply_under(state, &events, &|version| request.command.brings(version))
            .expect("events that were made from a state fit it")
    };
    Ok(Preview {
        changes: compare(state, &after, now),
        seats_before: state.seats(),
        seats_after: after.seats(),
        events,
    })
}

/// Everything that differs between two states of a workspace for its people at a moment; permissions are the same
/// under two models if their names are.
pub fn compare(before: &Workspace, after: &Workspace, now: Timestamp) -> Vec<Change> {
    let (old, new) = (Snapshot::compile(before), Snapshot::compile(after));
    let people: BTreeSet<PersonId> = old.people().chain(new.people()).collect();
    let resources: BTreeSet<ResourceId> = before.resources.keys().chain(after.resources.keys()).copied().collect();
    let places = std::iter::once(None).chain(resources.into_iter().map(Some));
    let (forth, back) = (Numbers::new(&before.model, &after.model), Numbers::new(&after.model, &before.model));
    let mut changes = Vec::new();
    for resource in places {
        for &person in &people {
            let (had, has) = (old.what_can(person, resource, now), new.what_can(person, resource, now));
            let (gains, loses) = (has.without(forth.of(had)), had.without(back.of(has)));
            if !gains.is_empty() || !loses.is_empty() {
                changes.push(Change { person, resource, gains, loses });
            }
        }
    }
    changes
}

/// One model's permissions in the numbers of another; those that it does not have are left out.
struct Numbers(Option<Vec<Option<Permission>>>);

impl Numbers {
    fn new(from: &Model, to: &Model) -> Self {
        let numbers = || from.permissions.iter().map(|p| to.permission(&p.name)).collect();
        Self((from.version != to.version).then(numbers))
    }

    fn of(&self, set: PermissionSet) -> PermissionSet {
        match &self.0 {
            Some(numbers) => set.iter().filter_map(|p| numbers[usize::from(p.0)]).collect(),
            None => set,
        }
    }
}
