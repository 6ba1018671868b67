//! A random workspace, taken out in parts and put into a new one, gives everybody what they had.

use std::collections::{BTreeMap, BTreeSet};

use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::{KeyId, MemberId, PersonId, ProductId, ResourceId, TemplateId, WorkspaceId};
use bailiwick_core::team::command::{Actor, Command, Create, Request};
use bailiwick_core::team::state::Workspace;
use bailiwick_core::team::transfer::{Carried, Part, parts};
use bailiwick_core::team::{apply, decide};
use bailiwick_core::time::Timestamp;

use crate::Preset;
use crate::compare::{self, Pair, Step};
use crate::generate::{EVERYBODY, Maker, Random};

const WORLDS: u32 = 60;
/// What a row may be refused for: it holds what today's plan would not give, or more seats are taken than are held.
const FAIR: [&str; 4] = ["role-not-in-plan", "role-takes-no-levels", "levels-needed", "no-seat-left"];

fn told(state: &Workspace, command: Command, now: Timestamp) -> Result<Workspace, &'static str> {
    let request = Request { actor: Actor::Host(KeyId(1)), command, seen: None };
    let events = decide::decide(Some(state), &state.model, &request, now).map_err(|refusal| refusal.code())?;
    if events.is_empty() {
        return Ok(state.clone());
    }
    Ok(apply::apply(state, &events).expect("the core's own events fit"))
}

/// A workspace after a random walk, and the moment that it is.
fn walked(preset: Preset, seed: u64) -> Option<(Workspace, Timestamp)> {
    let mut maker = Maker::new(preset, seed);
    let mut pair = Pair::new(preset, &compare::model(preset));
    let mut now = Timestamp(1_700_000_000_000_000);
    for _ in 0..160 {
        now = maker.later(now, pair.reference().map(|r| r.book()));
        let request = match pair.reference() {
            Some(reference) => maker.request(reference, now),
            None => maker.creation(),
        };
        if !matches!(request.command, Command::Delete) {
            let _ = pair.step(&Step { now, request }, false);
        }
    }
    let state = told(pair.core()?, Command::Elapse, now).ok()?;
    Some((state, now))
}

/// A new workspace of the same model, held by who holds the old one.
fn fresh(old: &Workspace, now: Timestamp) -> Workspace {
    let owner = old.active_owners().next().and_then(|id| old.members.get(&id)).expect("there is an owner");
    let create = Create {
        workspace: WorkspaceId(u128::MAX),
        product: ProductId(1),
        external_id: None,
        name: "New".into(),
        plan: None,
        owner: owner.person,
        address: owner.address,
        member: MemberId(u128::MAX),
        templates: (1..=8).map(|n| TemplateId(u128::MAX - n)).collect(),
    };
    let request = Request { actor: Actor::Operator, command: Command::Create(create), seen: None };
    let events = decide::decide(None, &old.model, &request, now).expect("it can be made");
    apply::begin(&old.model, &events).expect("its events fold")
}

/// Puts each part in; who was refused, and why.
fn put_in(state: &mut Workspace, all: &[Part], carried: &Carried, now: Timestamp) -> BTreeMap<PersonId, &'static str> {
    let mut refused = BTreeMap::new();
    for part in all {
        let person = if let Part::Member(put) = part { Some(put.person) } else { None };
        let command = carried.command(state, part.clone()).unwrap_or(Command::Elapse);
        match (told(state, command, now), person) {
            (Ok(after), _) => *state = after,
            (Err(code), Some(person)) => drop(refused.insert(person, code)),
            (Err(code), None) => panic!("{part:?} is refused: {code}"),
        }
    }
    refused
}

fn carry(preset: Preset) {
    let (mut seeds, mut rows, mut left_out, mut yes) = (Random::new(17), 0, BTreeMap::new(), 0_u64);
    for _ in 0..WORLDS {
        let seed = seeds.next();
        let Some((old, now)) = walked(preset, seed) else { continue };
        let mut new = fresh(&old, now);
        let mut all = parts(&old);
        all.retain(|part| !matches!(part, Part::Invitation(_)));
        let carried = Carried::of(&all, |workspace, id| workspace.0 ^ id ^ (1 << 100));
        let refused = put_in(&mut new, &all, &carried, now);
        assert!(refused.values().all(|code| FAIR.contains(code)), "{preset:?}, seed {seed}: {refused:?}");
        rows += old.members.len();
        refused.values().for_each(|code| *left_out.entry(*code).or_insert(0) += 1);

        let (before, after) = (Snapshot::compile(&old), Snapshot::compile(&new));
        let live: BTreeSet<ResourceId> =
            old.resources.iter().filter(|(_, r)| r.deleted_at.is_none()).map(|(id, _)| *id).collect();
        for person in EVERYBODY.map(PersonId).filter(|person| !refused.contains_key(person)) {
            for permission in old.model.permissions.iter().map(|p| p.name.to_string()) {
                for on in std::iter::once(None).chain(live.iter().copied().map(Some)) {
                    let here = on.map(|id| carried.resource(&new, id));
                    let had = before.check_named(person, &permission, on, now).map_err(|no| no.code());
                    let has = after.check_named(person, &permission, here, now).map_err(|no| no.code());
                    yes += u64::from(had.is_ok());
                    assert_eq!(had.is_ok(), has.is_ok(), "{preset:?}, seed {seed}: {person} {permission} {on:?}");
                    assert_eq!(had.err(), has.err(), "{preset:?}, seed {seed}: {person} {permission} {on:?}");
                }
            }
        }
        // Once more: nothing changes.
        let revision = new.revision;
        assert_eq!(put_in(&mut new, &all, &carried, now), refused);
        assert_eq!(new.revision, revision, "{preset:?}, seed {seed}");
    }
    println!("{preset:?}: {rows} rows, {yes} times yes; refused: {left_out:?}");
    let out: usize = left_out.values().sum();
    assert!(
        rows > 100 && yes > 1_000 && out * 2 < rows,
        "{rows} rows, {yes} times yes, {out} left out: it shows little"
    );
}

#[test]
fn tenant_carried_over_gives_everybody_what_they_had() {
    carry(Preset::Tenant);
}

#[test]
fn properties_carried_over_gives_everybody_what_they_had() {
    carry(Preset::Properties);
}
