//! A workspace that moves to another version of its model (X14): what is carried over, what is refused, who gains.

mod reordered;

use std::collections::BTreeMap;
use std::sync::Arc;

use bailiwick_core::access::model::Model;
use bailiwick_core::access::parse;
use bailiwick_core::ids::{
    AddressId, InvitationId, KeyId, MemberId, PersonId, ProductId, ResourceId, TemplateId, WorkspaceId,
};
use bailiwick_core::team::apply::{apply, apply_under, begin};
use bailiwick_core::team::command::{Actor, Command, Create, NewInvitation, Request};
use bailiwick_core::team::decide::decide;
use bailiwick_core::team::event::{Event, Recorded};
use bailiwick_core::team::invariant;
use bailiwick_core::team::preview::{compare, preview};
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::team::wire::{AccessWire, GrantWire};
use bailiwick_core::time::Timestamp;
use reordered::reordered;

const TENANT: &str = include_str!("../../../../models/tenant/model.toml");
const PROPERTIES: &str = include_str!("../../../../models/properties/model.toml");
const NOW: Timestamp = Timestamp(1_700_000_000_000_000);
const HOST: Actor = Actor::Host(KeyId(1));
const OWNER: PersonId = PersonId(1);
const MANAGER: TemplateId = TemplateId(2);
const PROPERTY: ResourceId = ResourceId(50);

/// How often each table stands in a text: what the opposite order must not change.
fn tables(text: &str) -> BTreeMap<&str, usize> {
    let mut count = BTreeMap::new();
    text.lines().filter(|line| line.starts_with('[')).for_each(|line| *count.entry(line).or_default() += 1);
    count
}

fn model(text: &str, version: &str) -> Arc<Model> {
    Arc::new(parse::parse(text, version).unwrap_or_else(|faults| panic!("{}", faults.report("test"))))
}

/// A model with one thing written otherwise.
fn with(text: &str, from: &str, to: &str) -> Arc<Model> {
    assert!(text.contains(from), "{from}");
    model(&text.replace(from, to), "after")
}

fn workspace(text: &str) -> Workspace {
    let model = model(text, "before");
    let create = Create {
        workspace: WorkspaceId(1),
        product: ProductId(1),
        external_id: None,
        name: "Acme".into(),
        plan: text.contains("\"business\"").then(|| "business".into()),
        owner: OWNER,
        address: AddressId(1),
        member: MemberId(1),
        templates: (1..=3).map(TemplateId).collect(),
    };
    let request = Request { actor: HOST, command: Command::Create(create), seen: None };
    let events = decide(None, &model, &request, NOW).expect("it is made");
    begin(&model, &events).expect("it begins")
}

fn asked(state: &Workspace, actor: Actor, command: Command) -> Result<Vec<Recorded>, Refusal> {
    decide(Some(state), &state.model, &Request { actor, command, seen: None }, NOW)
}

fn done(state: &Workspace, command: Command) -> Workspace {
    apply(state, &asked(state, HOST, command).expect("it is taken")).expect("it fits")
}

fn joined(state: &Workspace, number: u128, access: AccessWire) -> Workspace {
    let invited = invited(state, number, access);
    let accept = Command::Accept {
        invitation: InvitationId(number),
        person: PersonId(number),
        proven: AddressId(number),
        member: MemberId(number),
    };
    let events = asked(&invited, Actor::Person(PersonId(number)), accept).expect("it is accepted");
    apply(&invited, &events).expect("it fits")
}

fn invited(state: &Workspace, number: u128, access: AccessWire) -> Workspace {
    let invitation = InvitationId(number);
    done(state, Command::Invite(vec![NewInvitation { invitation, address: AddressId(number), access }]))
}

/// A tenant with an admin, a user with everything that a user can have, and an open invitation.
fn tenant() -> Workspace {
    let access = AccessWire {
        template: Some(MANAGER),
        direct: vec!["analytics:export".into(), "settings:view".into()],
        toggles: vec!["crm".into()],
        ..AccessWire::of_role("user")
    };
    let state = joined(&workspace(TENANT), 2, access);
    invited(&state, 3, AccessWire { direct: vec!["experiments:view".into()], ..AccessWire::of_role("user") })
}

/// A team with a property and a member with a level on it.
fn team() -> Workspace {
    let add = Command::AddResource {
        resource: PROPERTY,
        kind: "property".into(),
        name: "acme.example".into(),
        external_id: None,
    };
    joined(&done(&workspace(PROPERTIES), add), 2, on_property("read"))
}

fn on_property(level: &str) -> AccessWire {
    let grant = GrantWire { resource: PROPERTY, level: level.into(), until: None };
    AccessWire { grants: vec![grant], ..AccessWire::of_role("member") }
}

fn moved(state: &Workspace, to: &Arc<Model>) -> Result<Workspace, Refusal> {
    let events = asked(state, Actor::Operator, Command::MoveModel(Arc::clone(to)))?;
    let only = |version: &str| (*to.version == *version).then(|| Arc::clone(to));
    let after = apply_under(state, &events, &only).expect("the events fit");
    invariant::check(&after).expect("the invariants hold");
    assert_eq!((&*after.model.version, after.revision), (&*to.version, state.revision + 1));
    Ok(after)
}

fn refused(state: &Workspace, to: &Arc<Model>) -> Vec<String> {
    match moved(state, to) {
        Err(Refusal::CannotExpress(lines)) => lines,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn x14_the_same_model_in_other_numbers_changes_nobodys_access() {
    for (text, state) in [(TENANT, tenant()), (PROPERTIES, team())] {
        let other = reordered(text);
        assert_eq!(tables(&other), tables(text));
        let other = model(&other, "after");
        let role = |model: &Model| model.role_ix(&state.model.roles[0].name);
        assert_ne!(role(&other), role(&state.model), "the numbers are others");
        let after = moved(&state, &other).expect("it says the same");
        assert_eq!(compare(&state, &after, NOW), []);
        assert_eq!(after.seats(), state.seats());
        // No row holds anything else, so a dialog that is open over one stays good.
        let versions = |s: &Workspace| s.members.iter().map(|(id, m)| (*id, m.version)).collect::<Vec<_>>();
        assert_eq!(versions(&after), versions(&state));
        let back = moved(&after, &state.model).expect("and back");
        assert_eq!((&back.members, &back.invitations), (&state.members, &state.invitations));
        assert_eq!((&back.templates, &back.resources), (&state.templates, &state.resources));
    }
}

#[test]
fn x14_a_preview_lists_who_gains_and_loses_what() {
    let state = tenant();
    let (gone, new) = ("grants = [\"crm:*\"]", "grants = [\"crm:view\", \"experiments:view\"]");
    let to = with(&reordered(TENANT), gone, new);
    let request = Request { actor: Actor::Operator, command: Command::MoveModel(Arc::clone(&to)), seen: None };
    let foretold = preview(&state, &request, NOW).expect("it can be made");
    let said: Vec<_> = foretold
        .changes
        .iter()
        .map(|c| (c.person, to.names(c.gains).join(","), state.model.names(c.loses).join(",")))
        .collect();
    assert_eq!(said, [(PersonId(2), "experiments:view".to_owned(), "crm:update".to_owned())]);
    assert_eq!(compare(&state, &moved(&state, &to).expect("it can be made"), NOW), foretold.changes);
}

#[test]
fn x14_what_the_new_model_cannot_express_is_listed() {
    let suspended = done(&tenant(), Command::Suspend(MemberId(2)));
    let no_crm = TENANT.replace("toggles = [\"crm\"]\n", "");
    let renamed = TENANT.replace("\"user\"", "\"person\"");
    let cases: [(Workspace, Arc<Model>, &[&str]); 6] = [
        (
            tenant(),
            with(&no_crm, "export = \"export analytics\"\n", ""),
            &["the permission `analytics:export`: 1 member", "the switch `crm` for the role `user`: 1 member"],
        ),
        (suspended, with(TENANT, "suspension = true", "suspension = false"), &["suspension: 1 member"]),
        (
            tenant(),
            with(TENANT, "direct = true\ntemplates = true", "templates = true"),
            &["permissions one by one beside the role `user`: 1 member, 1 open invitation"],
        ),
        (tenant(), with(&renamed, "[roles.user]", "[roles.person]"), &["the role `user`: 1 member, 1 open invitation"]),
        (tenant(), with(TENANT, "seats = 5", "seats = 2"), &["3 seats are taken, it would have 2"]),
        (team(), with(PROPERTIES, "\"read\"", "\"look\""), &["the level `read` on `property`: 1 member"]),
    ];
    for (state, to, expected) in cases {
        assert_eq!(refused(&state, &to), expected);
    }
}

#[test]
fn x14_a_model_that_asks_for_a_single_owner_is_refused_where_there_are_two() {
    let alone = TENANT.replace("manages = [\"admin\", \"user\"]", "manages = [\"user\"]");
    let to = with(&alone, "role = \"admin\"", "role = \"admin\"\nsingle = true");
    assert!(moved(&tenant(), &to).is_ok());
    let state = joined(&workspace(TENANT), 2, AccessWire::of_role("admin"));
    assert_eq!(refused(&state, &to), ["2 members hold the role `admin`, of which there is one"]);
}

#[test]
fn x14_what_counts_for_nothing_is_no_obstacle() {
    // A deleted property, a level on it, and a cancelled invitation with a level on it.
    let state = invited(&team(), 3, on_property("read"));
    let state = done(&done(&state, Command::Cancel(InvitationId(3))), Command::DeleteResource(PROPERTY));
    let to = with(PROPERTIES, "\"read\"", "\"look\"");
    let after = moved(&state, &to).expect("nothing is in the way");
    assert!(after.members[&MemberId(2)].access.grants.is_empty());
    assert_eq!(after.members[&MemberId(2)].version, after.revision, "a row that holds less is another one");
    assert_eq!(AccessWire::of(&to, &after.invitations[&InvitationId(3)].access), AccessWire::of_role("member"));
    assert_eq!(compare(&state, &after, NOW), []);

    // The kind of what was deleted is no more: it is forgotten. While it is there, it is in the way.
    let to = with(&PROPERTIES.replace("resources.property", "resources.site"), "\"property", "\"site");
    assert!(moved(&state, &to).expect("nothing is in the way").resources.is_empty());
    let there = ["levels on `property` for the role `member`: 1 member", "the kind of resource `property`: 1 resource"];
    assert_eq!(refused(&team(), &to), there);

    // A cancelled invitation to a role that there is no more.
    let state = invited(&workspace(TENANT), 3, AccessWire::of_role("user"));
    let state = done(&state, Command::Cancel(InvitationId(3)));
    let to = with(&TENANT.replace("\"user\"", "\"person\""), "[roles.user]", "[roles.person]");
    let after = moved(&state, &to).expect("nothing is in the way");
    assert_eq!(AccessWire::of(&to, &after.invitations[&InvitationId(3)].access), AccessWire::of_role("person"));
}

#[test]
fn x14_only_the_operator_moves_a_workspace_and_the_same_version_is_no_move() {
    let (state, to) = (tenant(), with(TENANT, "days = 7", "days = 8"));
    let command = || Command::MoveModel(Arc::clone(&to));
    for actor in [HOST, Actor::Person(OWNER), Actor::Time] {
        assert_eq!(asked(&state, actor, command()), Err(Refusal::NotAllowed("apply another access model")));
    }
    assert_eq!(asked(&state, Actor::Person(PersonId(9)), command()), Err(Refusal::NoSuchWorkspace));
    let same = Command::MoveModel(Arc::clone(&state.model));
    assert_eq!(asked(&state, Actor::Operator, same), Ok(Vec::new()));
}

#[test]
fn x14_a_log_over_a_move_is_folded_with_both_models_and_not_with_one() {
    let (state, to) = (tenant(), model(&reordered(TENANT), "after"));
    let events = asked(&state, Actor::Operator, Command::MoveModel(Arc::clone(&to))).expect("it can be made");
    assert_eq!(events.iter().map(|e| e.event.kind()).collect::<Vec<_>>(), ["model_changed"]);
    assert!(apply(&state, &events).is_err(), "a fold that does not know the model stops");
    let after = moved(&state, &to).expect("it can be made");
    assert!(apply_under(&after, &events, &|_| Some(Arc::clone(&to))).is_err(), "a move is from one version");
    let later = done(&after, Command::Suspend(MemberId(2)));
    assert!(later.members[&MemberId(2)].suspended_at.is_some());
    let Event::ModelChanged { from, to } = &events[0].event else { panic!("{events:?}") };
    assert_eq!((from.as_str(), to.as_str()), ("before", "after"));
}
