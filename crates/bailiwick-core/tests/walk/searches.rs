//! A search gives exactly those for whom the check says yes, at the moment and on the snapshot that it was asked on.

use bailiwick_core::access::model::KindIx;
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::{PersonId, ResourceId};
use bailiwick_core::team::state::Workspace;
use bailiwick_core::time::Timestamp;

/// An id that nothing ever has.
const NOTHING: ResourceId = ResourceId(999_999);

/// Asks everything question by question, and by searches. `people` are all who may have a row, and somebody without.
pub fn are_the_check(state: &Workspace, people: &[PersonId], now: Timestamp) -> Result<(), String> {
    let snapshot = Snapshot::compile(state);
    let may = |person, permission, place| snapshot.check(person, permission, place, now).is_ok();
    let permissions: Vec<_> = state.model.everything().iter().collect();
    for place in state.resources.keys().copied().map(Some).chain([None, Some(NOTHING)]) {
        for permission in permissions.iter().copied() {
            let all: Vec<_> = people.iter().copied().filter(|person| may(*person, permission, place)).collect();
            same(("who can", permission, place), &snapshot.who_can(permission, place, now), &all)?;
        }
        for person in people.iter().copied() {
            let all = permissions.iter().copied().filter(|permission| may(person, *permission, place)).collect();
            same(("which actions", person, place), &snapshot.what_can(person, place, now), &all)?;
        }
    }
    let kinds = || (0..state.model.kinds.len()).filter_map(|ix| u8::try_from(ix).ok()).map(KindIx);
    for person in people.iter().copied() {
        for (permission, kind) in permissions.iter().copied().flat_map(|p| kinds().map(move |kind| (p, kind))) {
            let of_kind = state.resources.iter().filter(|(_, resource)| resource.kind == kind).map(|(id, _)| *id);
            let all: Vec<_> = of_kind.filter(|id| may(person, permission, Some(*id))).collect();
            let got = snapshot.which_resources(person, permission, kind, now);
            same(("which resources", person, permission), &got, &all)?;
        }
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(asked: impl std::fmt::Debug, got: &T, all: &T) -> Result<(), String> {
    if got == all { Ok(()) } else { Err(format!("{asked:?}: a search says {got:?}, the checks {all:?}")) }
}
