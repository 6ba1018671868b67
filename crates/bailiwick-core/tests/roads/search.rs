//! An exhaustive search: everything that two holders of a role, and whom they bring in, can do by `decide`.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use bailiwick_core::access::model::{LevelIx, Model, RoleIx, ToggleSet};
use bailiwick_core::access::set::PermissionSet;
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::{
    AddressId, InvitationId, KeyId, MemberId, PersonId, ProductId, ResourceId, TemplateId, WorkspaceId,
};
use bailiwick_core::team::apply::{apply, begin};
use bailiwick_core::team::command::{Actor, Command, Create, NewInvitation, Request};
use bailiwick_core::team::decide::decide;
use bailiwick_core::team::state::{Access, Grants, Workspace};
use bailiwick_core::team::wire::{AccessWire, names};
use bailiwick_core::time::Timestamp;

use crate::chance::Chance;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);
const HOST: Actor = Actor::Host(KeyId(1));
const OWNER: u128 = 1;
/// Two who work together.
const TOGETHER: [u128; 2] = [2, 3];
/// Somebody who does nothing.
const BYSTANDER: u128 = 4;
/// Somebody who is not there yet, and comes to help.
const NEW: u128 = 5;
const THING: ResourceId = ResourceId(1);
const TEMPLATE: TemplateId = TemplateId(1);

/// What came of it.
pub struct Found {
    /// What somebody held in the end, and nobody of them on any plan at the beginning.
    pub gained: PermissionSet,
    /// How many different states were looked at.
    pub states: usize,
    /// Whether that was all of them.
    pub whole: bool,
}

/// Searches from one state: two holders of the role with something beside it, a bystander in some role.
pub fn search(model: &Arc<Model>, role: RoleIx, chance: &mut Chance, most: usize) -> Option<Found> {
    let all = accesses(model);
    let own: Vec<&Access> = all.iter().filter(|access| access.role == role).collect();
    let held = own[chance.below(own.len() as u64) as usize];
    let bystander = &all[chance.below(all.len() as u64) as usize];
    let first = begun(model, held, bystander)?;
    let everyone: Vec<u128> = [OWNER, TOGETHER[0], TOGETHER[1], BYSTANDER, NEW].into_iter().skip(1).collect();
    let before = |state: &Workspace, person| {
        plans(model).iter().fold(PermissionSet::EMPTY, |set, plan| set | can(&on_plan(state, plan), person))
    };
    let (together, beside) = (before(&first, TOGETHER[0]), before(&first, BYSTANDER));
    let mut found = Found { gained: PermissionSet::EMPTY, states: 1, whole: true };
    let (mut seen, mut queue) = (HashSet::from([mark(&first)]), VecDeque::from([first]));
    while let Some(state) = queue.pop_front() {
        for request in requests(&state, &all) {
            let Some(next) = done(&state, &request) else { continue };
            if !seen.insert(mark(&next)) {
                continue;
            }
            found.states += 1;
            for person in &everyone {
                let of_old = if *person == BYSTANDER { together | beside } else { together };
                found.gained |= can(&next, *person).without(of_old);
            }
            if seen.len() < most {
                queue.push_back(next);
            } else {
                found.whole = false;
            }
        }
    }
    Some(found)
}

fn plans(model: &Model) -> Vec<String> {
    model.plans.iter().map(|plan| plan.name.to_string()).collect()
}

/// What a person can do, on the workspace and on the one thing in it.
fn can(state: &Workspace, person: u128) -> PermissionSet {
    let snapshot = Snapshot::compile(state);
    let thing = Some(THING).filter(|_| !state.model.kinds.is_empty());
    snapshot.what_can(PersonId(person), None, NOW)
        | thing.map_or(PermissionSet::EMPTY, |thing| snapshot.what_can(PersonId(person), Some(thing), NOW))
}

/// Every access that the rules know, coarsely: nothing, one or all of each thing beside a role.
fn accesses(model: &Model) -> Vec<Access> {
    let mut all = Vec::new();
    for role in model.offered_roles() {
        let def = model.role(role);
        let direct = if def.direct { sets(model.grantable) } else { vec![PermissionSet::EMPTY] };
        let toggles = [ToggleSet::default(), def.toggles];
        let templates = if def.templates { vec![None, Some(TEMPLATE)] } else { vec![None] };
        let levels = match def.assigns.iter().flatten().next() {
            Some(_) => vec![Some(LevelIx(0)), Some(LevelIx(1))],
            None => vec![None],
        };
        for direct in &direct {
            for toggles in &toggles[..if def.toggles == ToggleSet::default() { 1 } else { 2 }] {
                for template in &templates {
                    for level in &levels {
                        let grants = Grants { all: *level, ..Grants::default() };
                        let (direct, toggles, template) = (*direct, *toggles, *template);
                        all.push(Access { direct, toggles, template, grants, ..Access::of_role(role) });
                    }
                }
            }
        }
    }
    all
}

/// None of them, each alone, all.
fn sets(of: PermissionSet) -> Vec<PermissionSet> {
    let alone = of.iter().map(|one| [one].into_iter().collect());
    let mut sets: Vec<PermissionSet> = [PermissionSet::EMPTY].into_iter().chain(alone).chain([of]).collect();
    sets.dedup();
    sets
}

fn begun(model: &Arc<Model>, held: &Access, bystander: &Access) -> Option<Workspace> {
    let create = Create {
        workspace: WorkspaceId(1),
        product: ProductId(1),
        external_id: None,
        name: "Small".into(),
        plan: None,
        owner: PersonId(OWNER),
        address: AddressId(OWNER),
        member: MemberId(OWNER),
        templates: Vec::new(),
    };
    let request = Request { actor: HOST, command: Command::Create(create), seen: None };
    let mut state = begin(model, &decide(None, model, &request, NOW).ok()?).ok()?;
    let host = |command| Request { actor: HOST, command, seen: None };
    if let Some(kind) = model.kinds.first() {
        let (resource, kind) = (THING, kind.name.to_string());
        let add = Command::AddResource { resource, kind, name: "Thing".into(), external_id: None };
        state = done(&state, &host(add))?;
    }
    if model.templates.is_some() {
        let permissions = names(model, PermissionSet::EMPTY);
        let (template, name) = (TEMPLATE, "Template".to_owned());
        let create = Command::CreateTemplate { template, name, permissions, suggests: Vec::new() };
        state = done(&state, &host(create))?;
    }
    for (person, access) in [(TOGETHER[0], held), (TOGETHER[1], held), (BYSTANDER, bystander)] {
        state = joined(&done(&state, &invites(HOST, &state, access, person))?, person)?;
    }
    Some(state)
}

fn invites(actor: Actor, state: &Workspace, access: &Access, person: u128) -> Request {
    let access = AccessWire::of(&state.model, access);
    let new = NewInvitation { invitation: InvitationId(person), address: AddressId(person), access };
    Request { actor, command: Command::Invite(vec![new]), seen: None }
}

/// The person accepts at once.
fn joined(state: &Workspace, person: u128) -> Option<Workspace> {
    let command = Command::Accept {
        invitation: InvitationId(person),
        person: PersonId(person),
        proven: AddressId(person),
        member: MemberId(person),
    };
    done(state, &Request { actor: Actor::Person(PersonId(person)), command, seen: None })
}

fn on_plan(state: &Workspace, plan: &str) -> Workspace {
    done(state, &to_plan(plan)).unwrap_or_else(|| state.clone())
}

fn to_plan(plan: &str) -> Request {
    let command = Command::ChangePlan { plan: plan.to_owned(), extra_seats: 0, confirmed: true };
    Request { actor: Actor::Operator, command, seen: None }
}

/// Whatever they can try; and the plan may change under them.
fn requests(state: &Workspace, all: &[Access]) -> Vec<Request> {
    let model = &state.model;
    let mut requests: Vec<Request> = plans(model).iter().map(|plan| to_plan(plan)).collect();
    for actor in [TOGETHER[0], NEW].map(|person| Actor::Person(PersonId(person))) {
        for access in all {
            for person in [TOGETHER[0], TOGETHER[1], BYSTANDER, NEW] {
                let access = AccessWire::of(model, access);
                let command = Command::ChangeAccess { member: MemberId(person), access };
                requests.push(Request { actor, command, seen: None });
            }
            requests.push(invites(actor, state, access, NEW));
        }
        for set in sets(model.grantable) {
            let (template, name) = (TEMPLATE, "Template".to_owned());
            let command =
                Command::EditTemplate { template, name, permissions: names(model, set), suggests: Vec::new() };
            requests.push(Request { actor, command, seen: None });
        }
    }
    requests
}

/// The state after it, if it is not refused; who is invited has accepted.
fn done(state: &Workspace, request: &Request) -> Option<Workspace> {
    let events = decide(Some(state), &state.model, request, NOW).ok()?;
    let after = apply(state, &events).ok()?;
    match &request.command {
        Command::Invite(new) if matches!(request.actor, Actor::Person(_)) => joined(&after, new[0].address.0),
        _ => Some(after),
    }
}

/// What tells two states apart.
fn mark(state: &Workspace) -> String {
    let members: Vec<_> = state.members.iter().map(|(id, m)| (id.0, format!("{:?}", m.access))).collect();
    let templates: Vec<_> = state.templates.values().map(|t| t.set).collect();
    format!("{:?} {members:?} {templates:?}", state.plan)
}
