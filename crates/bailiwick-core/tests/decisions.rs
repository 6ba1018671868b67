//! Single decisions that were once wrong, on the shipped models: found by the walk, kept here as the shortest case.

use std::sync::Arc;

use bailiwick_core::access::check::Denial;
use bailiwick_core::access::parse;
use bailiwick_core::access::snapshot::Snapshot;
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

/// A workspace with two profiles, under the model as it ships or with a row for each person.
fn profiles(rows: bool) -> (Workspace, ResourceId, ResourceId) {
    let text = include_str!("../../../models/profiles/model.toml");
    let text = if rows { text.to_owned() } else { text.replace("row_per_resource = true", "") };
    let model = Arc::new(parse::parse(&text, "test").expect("it compiles"));
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
    let mut team = begin(&model, &decide(None, &model, &request, NOW).expect("a team is made")).expect("it begins");
    let (shop, blog) = (PROPERTY, ResourceId(51));
    for resource in [shop, blog] {
        let (kind, name) = ("profile".into(), "A".into());
        team = done(&team, Command::AddResource { resource, kind, name, external_id: None });
    }
    (team, shop, blog)
}

fn on(resource: ResourceId, level: &str, until: Option<Timestamp>) -> AccessWire {
    let mut access = AccessWire::of_role("member");
    access.grants.push(GrantWire { resource, level: level.into(), until });
    access
}

/// An invitation of this person, by a number of its own; their address has their number.
fn invite_to(person: u128, number: u128, access: AccessWire) -> Command {
    Command::Invite(vec![NewInvitation { invitation: InvitationId(number), address: AddressId(person), access }])
}

fn accept(person: u128, number: u128) -> Command {
    Command::Accept {
        invitation: InvitationId(number),
        person: PersonId(person),
        proven: AddressId(person),
        member: MemberId(number),
    }
}

/// What a level opens on the workspace ends with the level and with the resource, also where rows are one a person.
#[test]
fn a23_billing_is_open_while_the_profile_and_the_level_are_there() {
    let (team, forever, ending) = profiles(false);
    let team = done(&team, invite_to(20, 20, on(forever, "billing", None)));
    let team = done(&team, invite_to(21, 21, on(ending, "billing", Some(NOW.plus_days(1)))));
    let team = done(&done(&team, accept(20, 20)), accept(21, 21));
    let asked = |team: &Workspace, person, at| Snapshot::compile(team).check_named(person, "billing:manage", None, at);
    for person in [PersonId(20), PersonId(21)] {
        assert_eq!(asked(&team, person, NOW), Ok(()));
    }
    assert_eq!(asked(&team, PersonId(20), NOW.plus_days(1)), Ok(()));
    assert_eq!(asked(&team, PersonId(21), NOW.plus_days(1)), Err(Denial::NothingGrants));
    let team = done(&team, Command::DeleteResource(forever));
    assert_eq!(asked(&team, PersonId(20), NOW), Err(Denial::NothingGrants));
    assert_eq!(asked(&team, PersonId(21), NOW), Ok(()));
}

#[test]
fn a20_an_admins_row_absorbs_the_rows_that_were_there_when_it_was_accepted() {
    let (team, shop, blog) = profiles(true);
    let team = done(&team, invite_to(20, 30, AccessWire::of_role("admin")));
    let team = done(&team, invite_to(20, 31, on(shop, "social", None)));
    let team = done(&team, invite_to(20, 32, on(blog, "social", None)));
    let team = done(&done(&team, accept(20, 31)), accept(20, 32));
    assert_eq!(team.rows_of(PersonId(20)).count(), 2);
    let team = done(&team, accept(20, 30));
    assert_eq!(team.rows_of(PersonId(20)).map(|(id, _)| id).collect::<Vec<_>>(), [MemberId(30)]);
}

#[test]
fn a29_ab039_a_removed_row_does_not_come_back_by_an_older_invitation() {
    let (team, shop, blog) = profiles(true);
    let team = done(&team, invite_to(20, 30, AccessWire::of_role("admin")));
    let team = done(&team, invite_to(20, 31, on(shop, "all", None)));
    let team = done(&team, accept(20, 30));
    let team = done(&team, Command::ChangeAccess { member: MemberId(30), access: on(shop, "social", None) });
    let team = done(&done(&team, invite_to(20, 32, on(blog, "social", None))), accept(20, 32));
    let team = done(&team, Command::Remove(MemberId(30)));
    assert_eq!(ask(&team, HOST, accept(20, 31)), Err(Refusal::InvitationClosed));
    assert_eq!(team.rows_of(PersonId(20)).map(|(id, _)| id).collect::<Vec<_>>(), [MemberId(32)]);
}
