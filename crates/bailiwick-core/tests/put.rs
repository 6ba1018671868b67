//! A member whom a host puts in, where the model has a row for each resource: the walks have no such model.

use std::sync::Arc;

use bailiwick_core::access::parse;
use bailiwick_core::ids::{AddressId, InvitationId, KeyId, MemberId, PersonId, ProductId, ResourceId, WorkspaceId};
use bailiwick_core::team::apply::{apply, begin};
use bailiwick_core::team::command::{Actor, Command, Create, NewInvitation, PutMember, Request};
use bailiwick_core::team::decide::decide;
use bailiwick_core::team::event::Event;
use bailiwick_core::team::invariant;
use bailiwick_core::team::state::{Stage, Workspace};
use bailiwick_core::team::wire::{AccessWire, GrantWire};
use bailiwick_core::time::Timestamp;

const NOW: Timestamp = Timestamp(1_700_000_000_000_000);
const HOST: Actor = Actor::Host(KeyId(1));
const OWNER: PersonId = PersonId(1);
const SHOP: ResourceId = ResourceId(51);
const BLOG: ResourceId = ResourceId(52);

/// A workspace of profiles with two of them.
fn begun() -> Workspace {
    let text = include_str!("../../../models/profiles/model.toml");
    let model = Arc::new(parse::parse(text, "test").expect("it compiles"));
    let create = Create {
        workspace: WorkspaceId(1),
        product: ProductId(1),
        external_id: None,
        name: "Acme".into(),
        plan: None,
        owner: OWNER,
        address: AddressId(1),
        member: MemberId(1),
        templates: Vec::new(),
    };
    let request = Request { actor: HOST, command: Command::Create(create), seen: None };
    let events = decide(None, &model, &request, NOW).expect("it is made");
    let mut state = begin(&model, &events).expect("it begins");
    for (resource, name) in [(SHOP, "Shop"), (BLOG, "Blog")] {
        let add = Command::AddResource { resource, kind: "profile".into(), name: name.into(), external_id: None };
        state = told(&state, HOST, add).expect("it is added").0;
    }
    state
}

/// The state after, and the kinds of the events; or the code of the refusal.
fn told(state: &Workspace, actor: Actor, command: Command) -> Result<(Workspace, Vec<&'static str>), &'static str> {
    let request = Request { actor, command, seen: None };
    let events = decide(Some(state), &state.model, &request, NOW).map_err(|refusal| refusal.code())?;
    let kinds = events.iter().map(|recorded| Event::kind(&recorded.event)).collect();
    let after = if events.is_empty() { state.clone() } else { apply(state, &events).expect("they fit") };
    invariant::check(&after).expect("it is as a workspace must be");
    Ok((after, kinds))
}

fn on(resources: &[ResourceId], level: &str) -> AccessWire {
    let grant = |resource: &ResourceId| GrantWire { resource: *resource, level: level.into(), until: None };
    AccessWire { grants: resources.iter().map(grant).collect(), ..AccessWire::of_role("member") }
}

/// Mel's row by this name, of this access.
fn mel(row: u128, access: AccessWire) -> Command {
    let (person, address, member) = (PersonId(2), AddressId(2), MemberId(row));
    Command::PutMember(PutMember { person, address, member, access, suspended: false })
}

#[test]
fn a05_a20_a_row_is_put_on_one_resource_and_one_on_the_whole_takes_it_in() {
    let state = begun();
    let (state, kinds) = told(&state, HOST, mel(11, on(&[SHOP], "analytics"))).expect("she joins");
    assert_eq!(kinds, ["member_joined"]);
    let (state, kinds) = told(&state, HOST, mel(12, on(&[BLOG], "all"))).expect("a second row");
    assert_eq!((kinds, state.rows_of(PersonId(2)).count()), (vec!["member_joined"], 2));
    // The row on this resource, not another one of hers.
    let (state, kinds) = told(&state, HOST, mel(13, on(&[SHOP], "settings"))).expect("it is changed");
    assert_eq!((kinds, state.rows_of(PersonId(2)).count()), (vec!["access_changed"], 2));
    let (same, kinds) = told(&state, HOST, mel(14, on(&[SHOP], "settings"))).expect("it is so");
    assert!(kinds.is_empty() && same == state);

    assert_eq!(told(&state, HOST, mel(15, on(&[SHOP, BLOG], "all"))).err(), Some("one-resource"));
    let (state, kinds) = told(&state, HOST, mel(16, AccessWire::of_role("admin"))).expect("an admin of the whole");
    assert_eq!(kinds, ["member_removed", "member_removed", "member_joined"]);
    assert_eq!(told(&state, HOST, mel(17, on(&[SHOP], "all"))).err(), Some("already-member"));
}

#[test]
fn ab015_what_was_offered_in_the_place_of_a_row_is_void_and_the_rest_stands() {
    let state = begun();
    let offer = |invitation, resource| NewInvitation {
        invitation: InvitationId(invitation),
        address: AddressId(2),
        access: on(&[resource], "all"),
    };
    let (state, _) = told(&state, HOST, Command::Invite(vec![offer(31, SHOP)])).expect("it is sent");
    let (state, _) = told(&state, HOST, Command::Invite(vec![offer(32, BLOG)])).expect("it is sent");
    let (state, kinds) = told(&state, HOST, mel(11, on(&[SHOP], "analytics"))).expect("she joins");
    assert_eq!(kinds, ["invitation_cancelled", "member_joined"]);
    let stage = |id| state.invitations[&InvitationId(id)].stage;
    assert!(matches!(stage(31), Stage::Cancelled { .. }) && matches!(stage(32), Stage::Pending { .. }));
}

#[test]
fn x06_nobody_but_a_host_puts_a_member_in() {
    let state = begun();
    for (actor, code) in [
        (Actor::Person(OWNER), "not-allowed"),
        (Actor::Operator, "not-allowed"),
        (Actor::Time, "not-allowed"),
        (Actor::Person(PersonId(2)), "no-such-workspace"),
    ] {
        assert_eq!(told(&state, actor, mel(11, on(&[SHOP], "all"))).err(), Some(code), "{actor:?}");
    }
}
