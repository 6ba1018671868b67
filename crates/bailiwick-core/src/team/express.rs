//! A workspace said in another model's numbers: what a move to another version of its model does to it (X14).
//!
//! Everything that counts is carried over by its name, and what a name means is the new model's to say. What the new
//! model has no name for, or does not allow where it stands, is listed instead, and then nothing is moved: no row is
//! ever made to fit. What counts for nothing is no obstacle: a level on a deleted resource is not carried, and a
//! closed invitation keeps its role alone where the rest cannot be said.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::access::model::{LevelIx, Model, RoleIx, ToggleIx, ToggleSet};
use crate::access::set::PermissionSet;
use crate::ids::ResourceId;

use imbl::OrdMap;

use super::invariant;
use super::state::{Access, Grant, Grants, Workspace};
use super::wire::{AccessWire, any_assigned_kind, names, toggle_names};

/// The workspace under another model, at its own revision; rows that do not hold the same any more carry it.
///
/// # Errors
/// What it holds that the model cannot express, a line each, for people.
pub fn express(state: &Workspace, model: &Arc<Model>) -> Result<Workspace, Vec<String>> {
    let mut to = Expression { state, from: &state.model, to: model, missing: Missing::default() };
    let mut next = state.clone();
    next.model = Arc::clone(model);
    next.version = state.revision;
    to.plan(&mut next);
    to.owners();
    to.resources(&mut next);
    to.templates(&mut next);
    to.members(&mut next);
    to.invitations(&mut next);
    if to.missing.is_empty() {
        to.seats(&next);
    }
    if to.missing.is_empty() {
        // What nobody thought of above is refused all the same.
        invariant::check(&next).map_err(|broken| vec![broken])?;
        return Ok(next);
    }
    Err(to.missing.lines())
}

/// Where something stands that cannot be expressed.
#[derive(Clone, Copy)]
enum Place {
    Member,
    Offer,
    Template,
    Resource,
}

/// What cannot be expressed, and how often it is in use at each place.
#[derive(Default)]
struct Missing(BTreeMap<String, [usize; 4]>);

impl Missing {
    fn note(&mut self, what: String, place: Place) {
        self.0.entry(what).or_default()[place as usize] += 1;
    }

    /// Something that is no row's.
    fn say(&mut self, what: String) {
        self.0.entry(what).or_default();
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn lines(self) -> Vec<String> {
        const WORDS: [[&str; 2]; 4] = [
            ["member", "members"],
            ["open invitation", "open invitations"],
            ["role template", "role templates"],
            ["resource", "resources"],
        ];
        let used = |counts: [usize; 4]| {
            let said = counts.iter().zip(WORDS).filter(|(count, _)| **count > 0);
            said.map(|(count, [one, many])| format!("{count} {}", if *count == 1 { one } else { many }))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let line = |(what, counts)| match used(counts) {
            used if used.is_empty() => what,
            used => format!("{what}: {used}"),
        };
        self.0.into_iter().map(line).collect()
    }
}

struct Expression<'a> {
    state: &'a Workspace,
    from: &'a Model,
    to: &'a Model,
    missing: Missing,
}

impl Expression<'_> {
    fn plan(&mut self, next: &mut Workspace) {
        let name = &self.from.plan(self.state.plan).name;
        let Some(plan) = self.to.plan_ix(name) else {
            return self.missing.say(format!("the plan `{name}`"));
        };
        next.plan = plan;
        if self.state.extra_seats > 0 && self.to.plan(plan).extra_seat.is_none() {
            self.missing.say(format!("{} extra seats on the plan `{name}`", self.state.extra_seats));
        }
    }

    /// Somebody must hold the role that the new model asks for, and nobody is made to.
    fn owners(&mut self) {
        let ownership = &self.to.ownership;
        let role = &self.to.role(ownership.role).name;
        let holders = || self.state.members.values().filter(|m| self.from.role(m.access.role).name == *role);
        match (holders().filter(|m| m.suspended_at.is_none()).count(), holders().count()) {
            (0, _) => self.missing.say(format!("no active member holds the role `{role}`, which needs one")),
            (_, all) if ownership.single && all > 1 => {
                self.missing.say(format!("{all} members hold the role `{role}`, of which there is one"));
            }
            _ => {}
        }
    }

    fn resources(&mut self, next: &mut Workspace) {
        for (id, resource) in &self.state.resources {
            let name = &self.from.kind(resource.kind).name;
            match (self.to.kind_ix(name), resource.deleted_at) {
                (Some(kind), _) => {
                    if let Some(row) = next.resources.get_mut(id) {
                        row.kind = kind;
                    }
                }
                // No level on it counts, and none is carried over.
                (None, Some(_)) => _ = next.resources.remove(id),
                (None, None) => self.missing.note(format!("the kind of resource `{name}`"), Place::Resource),
            }
        }
    }

    fn templates(&mut self, next: &mut Workspace) {
        for (id, template) in &self.state.templates {
            if self.to.templates.is_none() {
                self.missing.note("role templates".into(), Place::Template);
            }
            let set = self.grantable(template.set, Place::Template);
            let suggests = self.toggles(template.suggests, Place::Template);
            if let Some(row) = next.templates.get_mut(id) {
                (row.set, row.suggests) = (set, suggests);
            }
        }
    }

    fn members(&mut self, next: &mut Workspace) {
        for (id, member) in &self.state.members {
            if member.suspended_at.is_some() && !self.to.suspension {
                self.missing.note("suspension".into(), Place::Member);
            }
            let access = self.access(&member.access, Place::Member);
            // How toggles once stood is remembered as far as there still are such toggles.
            let before = toggle_names(self.from, member.toggles_before);
            let known: Vec<ToggleIx> = before.iter().filter_map(|name| self.to.toggle_ix(name)).collect();
            let (Some(access), Some(row)) = (access, next.members.get_mut(id)) else { continue };
            if known.len() < before.len() || access.grants.each.len() < row.access.grants.each.len() {
                row.version = self.state.revision;
            }
            row.access = access;
            row.toggles_before = known.into_iter().fold(ToggleSet::default(), |set, toggle| set.with(toggle, true));
        }
    }

    fn invitations(&mut self, next: &mut Workspace) {
        for (id, invitation) in &self.state.invitations {
            let access = if invitation.stage.is_open() {
                self.access(&invitation.access, Place::Offer)
            } else {
                Some(self.closed(&invitation.access))
            };
            let (Some(access), Some(row)) = (access, next.invitations.get_mut(id)) else { continue };
            if !same(self.from, &row.access, self.to, &access) {
                row.version = self.state.revision;
            }
            row.access = access;
        }
    }

    /// What a closed invitation offered: nobody can have it any more, so it is no obstacle. The log has it in full.
    fn closed(&self, offered: &Access) -> Access {
        let mut alone = Expression { missing: Missing::default(), ..*self };
        if let Some(access) = alone.access(offered, Place::Offer).filter(|_| alone.missing.is_empty()) {
            return access;
        }
        let role = self.to.role_ix(&self.from.role(offered.role).name);
        Access::of_role(role.or_else(|| self.to.offered_roles().last()).unwrap_or(self.to.ownership.role))
    }

    fn access(&mut self, access: &Access, place: Place) -> Option<Access> {
        let direct = self.grantable(access.direct, place);
        let toggles = self.toggles(access.toggles, place);
        let name = &self.from.role(access.role).name;
        let Some(ix) = self.to.role_ix(name) else {
            self.missing.note(format!("the role `{name}`"), place);
            return None;
        };
        let role = self.to.role(ix);
        if let Some(plan) = self.to.plan_ix(&self.from.plan(self.state.plan).name).filter(|&plan| !role.on_plan(plan)) {
            self.missing.note(format!("the role `{name}` on the plan `{}`", self.to.plan(plan).name), place);
        }
        if !access.direct.is_empty() && !role.direct {
            self.missing.note(format!("permissions one by one beside the role `{name}`"), place);
        }
        if access.template.is_some() && !role.templates {
            self.missing.note(format!("a role template beside the role `{name}`"), place);
        }
        for toggle in toggles.iter().filter(|&toggle| !role.toggles.has(toggle)) {
            self.missing.note(format!("the switch `{}` for the role `{name}`", self.to.toggle(toggle).name), place);
        }
        let grants = self.grants(access, ix, place)?;
        Some(Access { role: ix, template: access.template, direct, toggles, grants, until: access.until })
    }

    fn grants(&mut self, access: &Access, role: RoleIx, place: Place) -> Option<Grants> {
        let counts = |id: ResourceId| self.state.live_resource(id).is_some();
        let live: Vec<(ResourceId, Grant)> =
            access.grants.each.iter().filter(|(id, _)| counts(**id)).map(|(id, grant)| (*id, *grant)).collect();
        if access.grants.all.is_none() && live.is_empty() {
            return Some(Grants::default());
        }
        let before = any_assigned_kind(self.from, access.role).map(|kind| self.from.kind(kind));
        let after = any_assigned_kind(self.to, role).map(|kind| self.to.kind(kind));
        let (name, cap) = (&self.to.role(role).name, self.to.role(role).max_level);
        let (Some(before), Some(after)) = (before, after.filter(|kind| before.is_some_and(|b| b.name == kind.name)))
        else {
            let kind = before.map_or("a resource", |kind| &kind.name);
            self.missing.note(format!("levels on `{kind}` for the role `{name}`"), place);
            return None;
        };
        let mut level = |ix: LevelIx| {
            let level = &before.level(ix).name;
            match after.level_ix(level) {
                None => self.missing.note(format!("the level `{level}` on `{}`", after.name), place),
                Some(ix) if cap.is_some_and(|cap| ix > cap) => {
                    self.missing.note(format!("the level `{level}` for the role `{name}`"), place);
                }
                Some(ix) => return Some(ix),
            }
            None
        };
        let all = access.grants.all.map(&mut level);
        let each: Vec<_> = live.into_iter().map(|(id, g)| Some((id, Grant { level: level(g.level)?, ..g }))).collect();
        let each: Option<OrdMap<_, _>> = each.into_iter().collect();
        (all != Some(None)).then_some(Grants { all: all.flatten(), each: each? })
    }

    /// Permissions that were given, one by one or by a template.
    fn grantable(&mut self, set: PermissionSet, place: Place) -> PermissionSet {
        let mut carried = Vec::new();
        for name in names(self.from, set) {
            match self.to.permission(&name) {
                None => self.missing.note(format!("the permission `{name}`"), place),
                Some(permission) if self.to.grantable.has(permission) => carried.push(permission),
                Some(_) => {
                    self.missing.note(format!("the permission `{name}`, given by template or one by one"), place);
                }
            }
        }
        carried.into_iter().collect()
    }

    fn toggles(&mut self, set: ToggleSet, place: Place) -> ToggleSet {
        let mut carried = ToggleSet::default();
        for name in toggle_names(self.from, set) {
            match self.to.toggle_ix(&name) {
                Some(toggle) => carried = carried.with(toggle, true),
                None => self.missing.note(format!("the switch `{name}`"), place),
            }
        }
        carried
    }

    /// A move takes no seat beyond those held; what was over the limit before may stay as far over it.
    fn seats(&mut self, next: &Workspace) {
        let over = |state: &Workspace| {
            let seats = state.seats();
            seats.held.map_or(0, |held| seats.taken.saturating_sub(held))
        };
        if over(next) > over(self.state) {
            let seats = next.seats();
            self.missing.say(format!("{} seats are taken, it would have {}", seats.taken, seats.held.unwrap_or(0)));
        }
    }
}

/// Whether two accesses under two models say the same.
fn same(from: &Model, before: &Access, to: &Model, after: &Access) -> bool {
    let sorted = |model: &Model, access: &Access| {
        let mut wire = AccessWire::of(model, access);
        wire.direct.sort_unstable();
        wire.toggles.sort_unstable();
        wire
    };
    sorted(from, before) == sorted(to, after)
}
