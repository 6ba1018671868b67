//! Workspaces: what is unique among them, what the tables refuse, how they are found.

use std::sync::Arc;

use bailiwick_core::access::model::Model;
use bailiwick_core::ids::{AddressId, CommandId, InvitationId, MemberId, PersonId, ResourceId};
use bailiwick_core::team::apply::apply;
use bailiwick_core::team::command::{Actor, Command, NewInvitation};
use bailiwick_core::team::event::{Event, Recorded};
use bailiwick_core::team::wire::AccessWire;

use super::{BEGIN, HOST, No, PROPERTIES, TENANT, Team, by, fresh, install, verify};
use crate::rows::{LineId, WorkspaceChange};
use crate::{Ended, Store, StoreError, Verdict, read};

/// A host's id names one living workspace of its product.
pub async fn of_external_ids_are_unique_until_the_workspace_is_deleted(store: &dyn Store) {
    let first = Team::known_as(store, TENANT, None, Some("acme")).await;
    let (product, model) = (first.product, Arc::clone(&first.model));
    let again = Team::within(store, product, Arc::clone(&model), None, Some("acme")).await;
    assert!(matches!(again, Err(No::Store(StoreError::Taken("the workspace's external id")))));
    // Another product has its own names.
    let other = Team::known_as(store, TENANT, None, Some("acme")).await;
    let find = async |product| read(store, move |from| from.workspace_by_external_id(product, "acme")).await.unwrap();
    assert_eq!((find(product).await, find(other.product).await), (Some(first.id), Some(other.id)));
    first.act(store, HOST, Command::Delete, BEGIN).await.unwrap();
    assert_eq!(find(product).await, None);
    let second = Team::within(store, product, model, None, Some("acme")).await.unwrap();
    assert_eq!(find(product).await, Some(second.id));
    assert!(first.state(store).await.deleted_at.is_some());
    assert_eq!(verify(store, None).await.broken, None);
}

/// Appends what no decision would give.
async fn force(store: &dyn Store, team: &Team, events: Vec<Event>) -> Result<Ended, StoreError> {
    let before = team.state(store).await;
    let events: Vec<_> = events.into_iter().map(|event| Recorded { at: before.last_time, event }).collect();
    let after = Arc::new(apply(&before, &events).expect("it folds"));
    let change = WorkspaceChange { before: Some(before), events, after };
    let work = move |tx: &mut dyn crate::Tx| tx.append(&by(HOST), change).map(|()| Verdict::Keep);
    store.change(vec![LineId::Workspace(team.id)], CommandId(fresh()), Box::new(work)).await
}

fn joined(model: &Model, role: &str, n: u32) -> Vec<Event> {
    assert!(model.role_ix(role).is_some());
    let join = |_| Event::MemberJoined {
        member: MemberId(fresh()),
        person: PersonId(fresh()),
        address: AddressId(fresh()),
        access: AccessWire::of_role(role),
        invited_by: None,
    };
    (0..n).map(join).collect()
}

/// Where a model has a single owner, no second one is written, even if the rules above are broken.
pub async fn of_a_second_single_owner_is_refused_whatever_was_decided(store: &dyn Store) {
    let team = Team::new(store, PROPERTIES, Some("business")).await;
    let ended = force(store, &team, joined(&team.model, "owner", 1)).await;
    assert!(matches!(ended, Err(StoreError::Fenced { .. } | StoreError::Taken(_))), "{ended:?}");
    assert_eq!(team.state(store).await.members.len(), 1);
    assert_eq!(verify(store, None).await.broken, None);
}

/// No more seats are taken than held, even if the rules above are broken.
pub async fn of_more_seats_than_held_are_refused_whatever_was_decided(store: &dyn Store) {
    let team = Team::new(store, TENANT, None).await;
    let free = team.state(store).await.seats().free().expect("a plan with seats");
    let ended = force(store, &team, joined(&team.model, "user", free + 1)).await;
    assert!(matches!(ended, Err(StoreError::Database(_))), "{ended:?}");
    force(store, &team, joined(&team.model, "user", free)).await.unwrap();
    assert_eq!(team.state(store).await.seats().free(), Some(0));
    assert_eq!(verify(store, None).await.broken, None);
}

/// A single owner's place goes over in one change, whichever row is written first.
pub async fn of_a_single_owners_place_goes_from_one_to_the_next(store: &dyn Store) {
    let text = PROPERTIES.replace("single = true", "single = true\nformer_owner_becomes = \"admin\"");
    let team = Team::new(store, &text, Some("business")).await;
    let (other, _) = team.join(store, AccessWire::of_role("admin")).await;
    for to in [other, team.member, other] {
        team.act(store, Actor::Operator, Command::TransferOwnership { to }, BEGIN).await.unwrap();
        assert_eq!(team.state(store).await.active_owners().collect::<Vec<_>>(), [to]);
    }
    assert_eq!(verify(store, None).await.broken, None);
}

/// Who overlooks that a step failed keeps nothing of its half.
pub async fn of_a_step_that_broke_off_nothing_can_be_kept(store: &dyn Store) {
    let team = Team::new(store, PROPERTIES, Some("business")).await;
    let before = team.state(store).await;
    let (line, resource) = (LineId::Workspace(team.id), ResourceId(fresh()));
    let other = Team::new(store, PROPERTIES, Some("business")).await;
    let add =
        |resource| Command::AddResource { resource, kind: "property".into(), name: "A".into(), external_id: None };
    other.act(store, HOST, add(resource), BEGIN).await.unwrap();
    // The workspace's row can be written, the resource's cannot: its id is taken.
    let resource_kind = "property".to_owned();
    let added = Event::ResourceAdded { resource, resource_kind, name: "A".into(), external_id: None };
    let events = vec![Recorded { at: BEGIN, event: added }];
    let after = Arc::new(apply(&before, &events).unwrap());
    let change = WorkspaceChange { before: Some(before), events, after };
    let work = move |tx: &mut dyn crate::Tx| {
        assert!(tx.append(&by(HOST), change).is_err());
        Ok(Verdict::Keep)
    };
    let ended = store.change(vec![line], CommandId(fresh()), Box::new(work)).await;
    assert!(ended.is_err(), "{ended:?}");
    assert_eq!(team.state(store).await.revision, 1);
    team.act(store, HOST, add(ResourceId(fresh())), BEGIN).await.unwrap();
    assert_eq!(verify(store, None).await.broken, None);
}

/// By product, due time, resource, person, address.
pub async fn of_workspaces_are_found_by_what_is_in_them(store: &dyn Store) {
    let (product, model) = install(store, PROPERTIES).await;
    let mut teams = Vec::new();
    for _ in 0..3 {
        teams.push(Team::within(store, product, Arc::clone(&model), Some("business"), None).await.unwrap());
    }
    teams.sort_by_key(|team| team.id);
    let ids: Vec<_> = teams.iter().map(|team| team.id).collect();
    let pages = read(store, move |from| {
        let first = from.workspaces(product, None, 2)?;
        let rest = from.workspaces(product, first.last().copied(), 2)?;
        Ok((first, rest))
    })
    .await
    .unwrap();
    assert_eq!(pages, (ids[..2].to_vec(), ids[2..].to_vec()));

    let team = &teams[0];
    let (resource, invitation, address) = (ResourceId(fresh()), InvitationId(fresh()), AddressId(fresh()));
    let add = Command::AddResource { resource, kind: "property".into(), name: "A".into(), external_id: None };
    team.act(store, HOST, add, BEGIN).await.unwrap();
    let new = NewInvitation { invitation, address, access: AccessWire::of_role("admin") };
    team.act(store, HOST, Command::Invite(vec![new]), BEGIN).await.unwrap();
    let (id, owner, member) = (team.id, team.owner, team.member);
    let found = async || {
        read(store, move |from| {
            assert_eq!(from.resource_workspace(resource)?, Some(id));
            assert_eq!(from.workspaces_due(BEGIN, 9)?, []);
            let due = from.workspaces_due(BEGIN.plus_days(7), 9)?;
            Ok((from.memberships(owner)?, from.invitations_to(address)?, due))
        })
        .await
        .unwrap()
    };
    let (memberships, invitations, due) = found().await;
    assert_eq!(memberships.iter().map(|m| (m.workspace, m.member)).collect::<Vec<_>>(), [(id, member)]);
    assert_eq!((&*memberships[0].name, memberships[0].suspended), ("Acme", false));
    assert_eq!((invitations, due), (vec![(id, invitation)], vec![id]));
    team.act(store, HOST, Command::Delete, BEGIN).await.unwrap();
    assert_eq!(found().await, (vec![], vec![], vec![]));
    let left = read(store, move |from| from.workspaces(product, None, 9)).await.unwrap();
    assert_eq!(left, ids[1..]);
}
