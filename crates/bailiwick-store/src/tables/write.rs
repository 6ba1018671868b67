//! From a workspace's state to the rows that a change touched.

use std::collections::BTreeSet;

use bailiwick_core::ids::{InvitationId, MemberId, ResourceId, TemplateId};
use bailiwick_core::team::event::{Event, Touched};
use bailiwick_core::team::state::{Access, Workspace};
use bailiwick_core::team::wire::{AccessWire, names, toggle_names};

use super::db::{Db, Out, int, to_json, write};
use crate::codec::{Derived, is_sole, scope, stage_columns};
use crate::error::StoreError;
use crate::query::workspace as q;
use crate::rows::WorkspaceChange;

/// Writes what the events touched, from the state after them.
pub(crate) fn rows(db: &dyn Db, change: &WorkspaceChange) -> Out<()> {
    let state = &*change.after;
    own_row(db, change)?;
    let mut members = BTreeSet::new();
    let mut invitations = BTreeSet::new();
    let mut templates = BTreeSet::new();
    let mut resources = BTreeSet::new();
    for touched in change.events.iter().flat_map(|recorded| recorded.event.touches()) {
        match touched {
            Touched::Workspace => {}
            Touched::Member(id) => _ = members.insert(id),
            Touched::Invitation(id) => _ = invitations.insert(id),
            Touched::Template(id) => _ = templates.insert(id),
            Touched::Resource(id) => _ = resources.insert(id),
            Touched::EveryRow => {
                let new = state.revision;
                members.extend(state.members.iter().filter(|(_, m)| m.version == new).map(|(id, _)| *id));
                invitations.extend(state.invitations.iter().filter(|(_, i)| i.version == new).map(|(id, _)| *id));
            }
        }
    }
    if let Some(before) = change.before.as_ref().filter(|before| before.model.version != state.model.version) {
        another_model(db, before, state, &mut members)?;
    }
    for id in templates {
        template(db, state, id)?;
    }
    for id in resources {
        resource(db, state, id)?;
    }
    // Who goes makes room for who comes, and a former owner for the new one: places are unique at every step.
    let order = |id: &MemberId| match state.members.get(id) {
        None => 0,
        Some(row) if !is_sole(&state.model, row.access.role) => 1,
        Some(_) => 2,
    };
    let mut members: Vec<_> = members.into_iter().collect();
    members.sort_by_key(order);
    for id in members {
        member(db, state, id)?;
    }
    let mut invitations: Vec<_> = invitations.into_iter().collect();
    invitations.sort_by_key(|id| state.invitations.get(id).is_some_and(|i| i.stage.is_open()));
    for id in invitations {
        invitation(db, state, id)?;
    }
    Ok(())
}

/// What the rows say otherwise under another model, though their names are the same: who is the single owner; and the
/// deleted resources that a model without their kind does not keep.
fn another_model(db: &dyn Db, before: &Workspace, after: &Workspace, members: &mut BTreeSet<MemberId>) -> Out<()> {
    let sole =
        |state: &Workspace, id: &MemberId| state.members.get(id).map(|row| is_sole(&state.model, row.access.role));
    members.extend(after.members.keys().filter(|&id| sole(before, id) != sole(after, id)));
    for id in before.resources.keys().filter(|&id| !after.resources.contains_key(id)) {
        write(db, q::DROP_RESOURCE, &[&after.id.bytes(), &id.bytes()])?;
    }
    Ok(())
}

fn own_row(db: &dyn Db, change: &WorkspaceChange) -> Out<()> {
    let state = &*change.after;
    let derived = Derived::of(state);
    // Only a change of plan from outside may leave more taken than held, and what is over may stay so; anything
    // else that takes too many seats is refused by the table itself.
    let was_over = change.before.as_ref().is_some_and(|before| before.seats().is_over());
    let moved = change.events.iter().any(|recorded| matches!(recorded.event, Event::PlanChanged { .. }));
    let over = derived.over && (was_over || moved);
    write(
        db,
        q::PUT_WORKSPACE,
        &[
            &state.id.bytes(),
            &&*state.name,
            &state.product.bytes(),
            &state.external_id.as_deref(),
            &&*state.model.version,
            &&*state.model.plan(state.plan).name,
            &state.extra_seats,
            &int(state.revision),
            &int(state.version),
            &state.created_at.0,
            &state.last_time.0,
            &state.deleted_at.map(|t| t.0),
            &derived.taken,
            &derived.held,
            &over,
            &derived.next_due.map(|t| t.0),
        ],
    )?;
    Ok(())
}

/// An access in the columns that members and invitations share.
struct Columns {
    wire: AccessWire,
    template: Option<[u8; 16]>,
    direct: String,
    toggles: String,
    until: Option<i64>,
}

impl Columns {
    fn of(state: &Workspace, access: &Access) -> Out<Self> {
        let wire = AccessWire::of(&state.model, access);
        Ok(Self {
            template: wire.template.map(TemplateId::bytes),
            direct: to_json(&wire.direct)?,
            toggles: to_json(&wire.toggles)?,
            until: wire.until.map(|t| t.0),
            wire,
        })
    }

    fn levels(&self, db: &dyn Db, state: &Workspace, drop: &str, add: &str, holder: [u8; 16]) -> Out<()> {
        write(db, drop, &[&state.id.bytes(), &holder])?;
        for grant in &self.wire.grants {
            let (resource, until) = (grant.resource.bytes(), grant.until.map(|t| t.0));
            write(db, add, &[&state.id.bytes(), &holder, &resource, &state.product.bytes(), &grant.level, &until])?;
        }
        Ok(())
    }
}

fn member(db: &dyn Db, state: &Workspace, id: MemberId) -> Out<()> {
    let Some(row) = state.members.get(&id) else {
        write(db, q::DROP_GRANTS, &[&state.id.bytes(), &id.bytes()])?;
        write(db, q::DROP_MEMBER, &[&state.id.bytes(), &id.bytes()])?;
        return Ok(());
    };
    let columns = Columns::of(state, &row.access)?;
    write(
        db,
        q::PUT_MEMBER,
        &[
            &state.id.bytes(),
            &id.bytes(),
            &state.product.bytes(),
            &columns.wire.role,
            &columns.template,
            &columns.direct,
            &columns.toggles,
            &columns.wire.all,
            &columns.until,
            &row.person.bytes(),
            &row.address.bytes(),
            &row.suspended_at.map(|t| t.0),
            &row.joined_at.0,
            &row.invited_by.as_ref().map(to_json).transpose()?,
            &to_json(&toggle_names(&state.model, row.toggles_before))?,
            &row.role_since.0,
            &int(row.version),
            &is_sole(&state.model, row.access.role),
            &scope(&state.model, &row.access),
        ],
    )?;
    columns.levels(db, state, q::DROP_GRANTS, q::ADD_GRANT, id.bytes())
}

fn invitation(db: &dyn Db, state: &Workspace, id: InvitationId) -> Out<()> {
    let row = state.invitations.get(&id).ok_or_else(|| gone(state, &id))?;
    let columns = Columns::of(state, &row.access)?;
    let (stage, stage_at, by) = stage_columns(row.stage);
    write(
        db,
        q::PUT_INVITATION,
        &[
            &state.id.bytes(),
            &id.bytes(),
            &state.product.bytes(),
            &columns.wire.role,
            &columns.template,
            &columns.direct,
            &columns.toggles,
            &columns.wire.all,
            &columns.until,
            &row.address.bytes(),
            &to_json(&row.sender)?,
            &row.sent_at.0,
            &row.sending,
            &stage,
            &stage_at.0,
            &by.map(MemberId::bytes),
            &int(row.version),
            &scope(&state.model, &row.access),
        ],
    )?;
    columns.levels(db, state, q::DROP_INVITATION_GRANTS, q::ADD_INVITATION_GRANT, id.bytes())
}

fn template(db: &dyn Db, state: &Workspace, id: TemplateId) -> Out<()> {
    let Some(row) = state.templates.get(&id) else {
        write(db, q::DROP_TEMPLATE, &[&state.id.bytes(), &id.bytes()])?;
        return Ok(());
    };
    write(
        db,
        q::PUT_TEMPLATE,
        &[
            &state.id.bytes(),
            &id.bytes(),
            &state.product.bytes(),
            &&*row.name,
            &to_json(&names(&state.model, row.set))?,
            &to_json(&toggle_names(&state.model, row.suggests))?,
            &int(row.version),
        ],
    )?;
    Ok(())
}

fn resource(db: &dyn Db, state: &Workspace, id: ResourceId) -> Out<()> {
    let row = state.resources.get(&id).ok_or_else(|| gone(state, &id))?;
    write(
        db,
        q::PUT_RESOURCE,
        &[
            &state.id.bytes(),
            &id.bytes(),
            &state.product.bytes(),
            &&*state.model.kind(row.kind).name,
            &&*row.name,
            &row.external_id.as_deref(),
            &row.deleted_at.map(|t| t.0),
            &int(row.version),
        ],
    )?;
    Ok(())
}

/// A row that is only ever closed, and is not there.
fn gone(state: &Workspace, what: &dyn std::fmt::Display) -> StoreError {
    StoreError::Fenced { line: state.id.to_string(), why: format!("{what} is in an event and not in the state") }
}
