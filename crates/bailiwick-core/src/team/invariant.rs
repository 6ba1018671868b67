//! What holds of every state, whatever was asked of it: checked after a fold and after a load from tables.

use std::collections::BTreeSet;

use crate::access::model::TakenAt;

use super::state::{Access, Member, Workspace};
use crate::ids::MemberId;

/// Says what is broken, if anything.
///
/// # Errors
/// A sentence for the operator that names the broken invariant.
pub fn check(state: &Workspace) -> Result<(), String> {
    if state.deleted_at.is_some() {
        return Ok(());
    }
    owners(state)?;
    people(state)?;
    let rows = state.members.values().map(|m| &m.access);
    let offers = state.invitations.values().filter(|i| i.stage.is_open()).map(|i| &i.access);
    rows.chain(offers).try_for_each(|access| within_model(state, access))?;
    templates(state)
}

/// At least one active owner; exactly one where the model has a single one (B03, D28).
fn owners(state: &Workspace) -> Result<(), String> {
    let active = state.active_owners().count();
    let all = state.members.values().filter(|m| m.access.role == state.model.ownership.role).count();
    match (active, all, state.model.ownership.single) {
        (0, _, _) => Err("no active owner".into()),
        (_, 1, true) | (_, _, false) => Ok(()),
        (_, n, true) => Err(format!("{n} owners where there is a single one")),
    }
}

/// One row for a person, one open row for an address (D07).
fn people(state: &Workspace) -> Result<(), String> {
    let mut people = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for (id, member) in &state.members {
        if state.model.row_per_resource {
            one_of_several(state, *id, member)?;
            continue;
        }
        if !people.insert(member.person) {
            return Err(format!("{id}: a second row of {}", member.person));
        }
        if !addresses.insert(member.address) {
            return Err(format!("{id}: a second row of {}", member.address));
        }
    }
    for (id, invitation) in state.invitations.iter().filter(|(_, i)| i.stage.is_open()) {
        // Where pending invitations are rows of the table, their addresses are unique among all of them.
        if state.model.seats.taken_at == TakenAt::Invitation && !addresses.insert(invitation.address) {
            return Err(format!("{id}: a second row of {}", invitation.address));
        }
    }
    Ok(())
}

/// A row is on one resource, where its person has no other, or on the whole workspace and the person's only one (A05).
fn one_of_several(state: &Workspace, id: MemberId, member: &Member) -> Result<(), String> {
    let on = member.access.only_resource();
    let others = || state.rows_of(member.person).filter(|(other, _)| *other != id);
    if others().any(|(_, other)| on.is_none() || other.access.only_resource() == on) {
        return Err(format!("{id}: a second row of {}", member.person));
    }
    let assigned = state.model.role(member.access.role).assigns[usize::from(state.plan.0)].is_some();
    if member.access.grants.each.len() != usize::from(assigned) || member.access.grants.all.is_some() {
        return Err(format!("{id}: not on exactly one resource"));
    }
    Ok(())
}

/// No row grants what its model lacks.
fn within_model(state: &Workspace, access: &Access) -> Result<(), String> {
    let model = &state.model;
    let role = model.role(access.role);
    if !role.on_plan(state.plan) {
        return Err(format!("role {} is not on plan {}", role.name, model.plan(state.plan).name));
    }
    if !access.direct.is_within(model.grantable) || (!role.direct && !access.direct.is_empty()) {
        return Err(format!("role {} with direct permissions that it cannot have", role.name));
    }
    if access.toggles.iter().any(|t| !role.toggles.has(t)) {
        return Err(format!("role {} with a toggle that it cannot have", role.name));
    }
    if access.template.is_some_and(|t| !role.templates || !state.templates.contains_key(&t)) {
        return Err(format!("role {} with a template that it cannot have", role.name));
    }
    if role.needs_template && access.template.is_none() {
        return Err(format!("role {} without the template that it needs", role.name));
    }
    let levels = access.grants.all.into_iter().chain(access.grants.each.values().map(|g| g.level));
    if role.max_level.is_some_and(|cap| levels.into_iter().any(|l| l > cap)) {
        return Err(format!("role {} with a level above it", role.name));
    }
    if access.grants.all.is_some() && !access.grants.each.is_empty() {
        return Err("one level on everything beside single ones".into());
    }
    if access.grants.each.keys().any(|r| !state.resources.contains_key(r)) {
        return Err("a level on a resource that never was".into());
    }
    Ok(())
}

/// Names of templates are unique in any letter case (D21).
fn templates(state: &Workspace) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for (id, template) in &state.templates {
        if !names.insert(template.name.to_lowercase()) {
            return Err(format!("{id}: a second template called {}", template.name));
        }
        if !template.set.is_within(state.model.grantable) {
            return Err(format!("{id}: holds what cannot be given"));
        }
    }
    Ok(())
}
