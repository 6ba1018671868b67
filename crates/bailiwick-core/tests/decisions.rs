//! Single decisions that were once wrong, on the shipped models: found by the walk, kept here as the shortest case.

use std::sync::Arc;

use bailiwick_core::access::parse;
use bailiwick_core::ids::{AddressId, InvitationId, KeyId, MemberId, PersonId, ProductId, ResourceId, WorkspaceId};
use bailiwick_core::team::apply::{apply, begin};
use bailiwick_core::team::command::{Actor, Command, Create, NewInvitation, Request};
use bailiwick_core::team::decide::decide;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::team::wire::{AccessWire, GrantWire};
use bailiwick_core::time::Timestamp;

const NOW: Timestamp = Timestamp(1_700_000_000_000_000);
const HOST: Actor = Actor::Host(KeyId(1));
const OWNER: PersonId = PersonId(1);
const STRANGER: Actor = Actor::Person(PersonId(9));
const PROPERTY: ResourceId = ResourceId(50);

fn team() -> Workspace {
    let model = parse::parse(include_str!("../../../models/properties/model.toml"), "test").expect("it compiles");
    let model = Arc::new(model);
    let create = Create {
        workspace: WorkspaceId(1),
        product: ProductId(1),
        external_id: None,
        name: "Acme".into(),
        plan: Some("business".into()),
        owner: OWNER,
        address: AddressId(1),
        member: MemberId(1),
        templates: Vec::new(),
    };
    let request = Request { actor: HOST, command: Command::Create(create), seen: None };
    let events = decide(None, &model, &request, NOW).expect("a team is made");
    let team = begin(&model, &events).expect("it begins");
    let add = Command::AddResource {
        resource: PROPERTY,
        kind: "property".into(),
        name: "acme.example".into(),
        external_id: None,
    };
    done(&team, add)
}

fn ask(team: &Workspace, actor: Actor, command: Command) -> Result<Workspace, Refusal> {
    let request = Request { actor, command, seen: None };
    let events = decide(Some(team), &team.model, &request, NOW)?;
    Ok(if events.is_empty() { team.clone() } else { apply(team, &events).expect("the events fit") })
}

fn done(team: &Workspace, command: Command) -> Workspace {
    ask(team, HOST, command).expect("it is taken")
}

fn plan(name: &str) -> Command {
    Command::ChangePlan { plan: name.into(), extra_seats: 0, confirmed: true }
}

fn invite(number: u128, access: AccessWire) -> Command {
    let invitation = InvitationId(number);
    Command::Invite(vec![NewInvitation { invitation, address: AddressId(number), access }])
}

fn offer(team: &Workspace, number: u128) -> AccessWire {
    AccessWire::of(&team.model, &team.invitations[&InvitationId(number)].access)
}

fn reading_one() -> AccessWire {
    let mut access = AccessWire::of_role("member");
    access.grants.push(GrantWire { resource: PROPERTY, level: "read".into(), until: None });
    access
}

#[test]
fn e26_an_offer_with_levels_keeps_them_over_pro() {
    let team = done(&team(), invite(20, reading_one()));
    let team = done(&done(&team, plan("pro")), plan("business"));
    assert_eq!(offer(&team, 20), reading_one());
}

#[test]
fn e26_an_offer_made_on_pro_becomes_all_properties_at_level_admin() {
    let team = done(&done(&team(), plan("pro")), invite(20, AccessWire::of_role("member")));
    let team = done(&team, plan("business"));
    assert_eq!(offer(&team, 20), AccessWire { all: Some("admin".into()), ..AccessWire::of_role("member") });
}

#[test]
fn x07_a_stranger_does_not_learn_which_resources_there_are() {
    let team = team();
    for resource in [PROPERTY, ResourceId(51)] {
        let rename = Command::RenameResource { resource, name: "b.example".into() };
        assert_eq!(ask(&team, STRANGER, rename), Err(Refusal::NoSuchWorkspace));
        assert_eq!(ask(&team, STRANGER, Command::DeleteResource(resource)), Err(Refusal::NoSuchWorkspace));
    }
}

#[test]
fn x07_a_stranger_does_not_make_time_pass() {
    let team = team();
    assert_eq!(ask(&team, STRANGER, Command::Elapse), Err(Refusal::NoSuchWorkspace));
    assert_eq!(ask(&team, Actor::Person(OWNER), Command::Elapse), Ok(team.clone()));
    assert_eq!(ask(&team, Actor::Time, Command::Elapse), Ok(team));
}
