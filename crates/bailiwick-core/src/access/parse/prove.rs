//! What a file says of roads, held against the roads that there are.

use std::ops::Range;

use super::fault::Fault;
use crate::access::model::{Model, RoleIx};
use crate::access::roads::{Road, gains, granted, levels, may_hold, roads};
use crate::access::set::{Permission, PermissionSet};

/// Where things stand in the file.
#[derive(Default)]
pub(super) struct Places {
    /// Each role's name, and each name in its `reaches`.
    pub roles: Vec<(Range<usize>, Vec<Range<usize>>)>,
    /// Each entry of `reserved`.
    pub reserved: Vec<Range<usize>>,
}

/// Roads that are not named, names of roads that are not there, and reserved permissions that somebody else comes to.
pub(super) fn faults(model: &Model, places: &Places) -> Vec<Fault> {
    let roles = || (0..model.roles.len()).filter_map(|ix| u8::try_from(ix).ok()).map(RoleIx);
    let all: Vec<(RoleIx, Vec<Road>)> = roles().map(|role| (role, roads(model, role))).collect();
    let mut faults = Vec::new();
    for ((role, roads), (at, names)) in all.iter().zip(&places.roles) {
        let reaches = model.role(*role).reaches;
        for road in roads {
            let unnamed = road.gains.without(reaches);
            if !unnamed.is_empty() {
                faults.push(unintended(model, *role, road, unnamed, at));
            }
        }
        if !reaches.is_within(gains(roads)) {
            let never = listed(model, reaches.without(gains(roads)));
            let at = names.first().map_or(at.clone(), |first| first.start..names.last().unwrap_or(first).end);
            let title = &model.role(*role).title;
            faults.push(Fault {
                at,
                wrong: format!("no {title} ever comes to {never}, which `reaches` names"),
                right: "take it out, so that the file says what is so".to_owned(),
            });
        }
    }
    for (reserved, at) in model.reserved.iter().zip(&places.reserved) {
        for (role, roads) in all.iter().filter(|(role, _)| reserved.to >> role.0 & 1 == 0) {
            faults.extend(taken(model, *role, roads, reserved.set, at));
        }
    }
    faults
}

fn unintended(model: &Model, role: RoleIx, road: &Road, unnamed: PermissionSet, at: &Range<usize>) -> Fault {
    let names: Vec<String> = model.names(unnamed).iter().map(|name| format!("\"{name}\"")).collect();
    Fault {
        at: at.clone(),
        wrong: format!(
            "{} can come to hold, or give away, {}, which the role does not grant: {}",
            model.role(role).title,
            listed(model, unnamed),
            road.say(model)
        ),
        right: format!("close it, or name it as intended: reaches = [{}]", names.join(", ")),
    }
}

/// How a role comes to what is reserved for others.
fn taken(model: &Model, role: RoleIx, roads: &[Road], set: PermissionSet, at: &Range<usize>) -> Option<Fault> {
    let held = (may_hold(model, role) | gains(roads)) & set;
    let first = held.iter().next()?;
    let how = how(model, role, first)
        .or_else(|| roads.iter().find(|road| road.gains.has(first)).map(|road| road.say(model)))
        .unwrap_or_default();
    let (verb, it) = if held.iter().nth(1).is_some() { ("are", "them") } else { ("is", "it") };
    Some(Fault {
        at: at.clone(),
        wrong: format!("{} {verb} reserved, and {} can hold {it}: {how}", listed(model, held), model.role(role).title),
        right: "take it out there, or name that role in `to`".to_owned(),
    })
}

fn how(model: &Model, role: RoleIx, permission: Permission) -> Option<String> {
    let role = model.role(role);
    if granted(role).has(permission) {
        return Some("the role grants it".to_owned());
    }
    if model.grantable.has(permission) && (role.direct || role.templates) {
        let group = &model.groups[model.permission_def(permission).group];
        let by = if role.direct { "one by one" } else { "by a template" };
        return Some(format!("`{}` is grantable, and given {by} beside the role", group.name));
    }
    let toggle = role.toggles.iter().map(|ix| model.toggle(ix)).find(|toggle| toggle.set.has(permission));
    if let Some(toggle) = toggle {
        return Some(format!("the switch `{}` gives it", toggle.name));
    }
    let kind = (0..model.plans.len()).find(|plan| levels(model, role, *plan).has(permission));
    let kind = kind.and_then(|plan| role.assigns[plan]).map(|kind| model.kind(kind))?;
    Some(format!("a level on {} that it can be assigned gives it", kind.title))
}

fn listed(model: &Model, set: PermissionSet) -> String {
    let names: Vec<String> = model.names(set).iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
