//! Two versions of a model beside each other: what each thing that can be held grants more, and less (X14).

use std::sync::Arc;

use super::model::{Acts, Level, Model, PlanIx, RoleIx};
use super::set::{Permission, PermissionSet};

/// What one role, switch, level or plan is otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What: "role `user`", "level `read` on `property`".
    pub what: String,
    /// What else there is to say: "new", "gone", "6 seats; was 5 seats"; often nothing.
    pub note: String,
    /// Permissions that it grants and did not.
    pub gains: Vec<Arc<str>>,
    /// Permissions that it granted and does not.
    pub loses: Vec<Arc<str>>,
}

/// All that differs in who may do what; words for people, and prices, are left out.
pub fn difference(old: &Model, new: &Model) -> Vec<Difference> {
    let (before, after) = (things(old), things(new));
    let mut found = Vec::new();
    for (what, had, note) in &before {
        match after.iter().find(|(other, ..)| other == what) {
            None => found.push(Difference { what: what.clone(), note: "gone".into(), gains: vec![], loses: vec![] }),
            Some((_, has, now)) => {
                let (had, has) = (old.names(*had), new.names(*has));
                let without = |of: &[Arc<str>], other: &[Arc<str>]| -> Vec<Arc<str>> {
                    of.iter().filter(|name| !other.contains(name)).cloned().collect()
                };
                let (gains, loses) = (without(&has, &had), without(&had, &has));
                let note = if note == now { String::new() } else { format!("{now}; was {note}") };
                if !(gains.is_empty() && loses.is_empty() && note.is_empty()) {
                    found.push(Difference { what: what.clone(), note, gains, loses });
                }
            }
        }
    }
    let is_new = |what: &String| !before.iter().any(|(other, ..)| other == what);
    found.extend(after.into_iter().filter(|(what, ..)| is_new(what)).map(|(what, has, _)| Difference {
        what,
        note: "new".into(),
        gains: new.names(has),
        loses: vec![],
    }));
    found
}

/// Everything that can be held, with what it grants and what else is true of it.
fn things(model: &Model) -> Vec<(String, PermissionSet, String)> {
    let mut things = Vec::new();
    let nothing = PermissionSet::EMPTY;
    let word = |yes: bool| if yes { "yes" } else { "no" };
    things.push(("suspension".into(), nothing, word(model.suspension).into()));
    let owner = &model.role(model.ownership.role).name;
    let owner = if model.ownership.single { format!("one `{owner}`") } else { format!("at least one `{owner}`") };
    things.push(("owner".into(), nothing, owner));
    let asks = |permission| format!("asks for `{}`", model.permission_def(permission).name);
    things.extend(acts(&model.acts).map(|(act, permission)| (format!("act `{act}`"), nothing, asks(permission))));
    for kind in &model.kinds {
        let acts = [("create", kind.create), ("rename", kind.rename), ("delete", kind.delete)];
        things.extend(acts.map(|(act, of)| (format!("act `{act}` a `{}`", kind.name), nothing, asks(of))));
    }
    things.extend(model.permissions.iter().zip(0..).map(|(permission, ix)| {
        let given = if model.grantable.has(Permission(ix)) { "can be given" } else { "" };
        (format!("permission `{}`", permission.name), nothing, given.to_owned())
    }));
    for role in &model.roles {
        for (plan, ix) in model.plans.iter().zip(0..).filter(|(_, ix)| role.on_plan(PlanIx(*ix))) {
            let assigns =
                role.assigns[ix as usize].map(|kind| format!("assigned levels on `{}`", model.kind(kind).name));
            let what = format!("role `{}` on the plan `{}`", role.name, plan.name);
            things.push((what, role.grants[ix as usize].without(plan.lacks), assigns.unwrap_or_default()));
        }
        let manages = model.roles.iter().zip(0..).filter(|(_, ix)| role.may_manage(RoleIx(*ix)));
        let manages: Vec<&str> = manages.map(|(other, _)| &*other.name).collect();
        let (direct, templates, exceeds) = (word(role.direct), word(role.templates), word(role.exceeds));
        let more = format!(
            "manages {}; gives what it does not hold: {exceeds}; permissions one by one: {direct}; role templates: {templates}",
            said(&manages)
        );
        let switches: Vec<&str> = role.toggles.iter().map(|toggle| &*model.toggle(toggle).name).collect();
        things.push((
            format!("role `{}`", role.name),
            PermissionSet::EMPTY,
            format!("{more}; switches: {}", said(&switches)),
        ));
    }
    things.extend(model.toggles.iter().map(|t| (format!("switch `{}`", t.name), t.set, String::new())));
    for kind in &model.kinds {
        let level = |l: &Level| (format!("level `{}` on `{}`", l.name, kind.name), l.set, String::new());
        things.extend(kind.levels.iter().map(level));
    }
    things.extend(model.plans.iter().map(|plan| {
        let seats = plan.seats.map_or("no limit of seats".to_owned(), |seats| format!("{seats} seats"));
        (format!("plan `{}`", plan.name), nothing, seats)
    }));
    things
}

/// The acts of the engine itself, by the names that a model gives them.
fn acts(acts: &Acts) -> impl Iterator<Item = (&'static str, Permission)> {
    [
        ("view_team", acts.view_team),
        ("invite", acts.invite),
        ("resend", acts.resend),
        ("cancel", acts.cancel),
        ("change_role", acts.change_role),
        ("change_access", acts.change_access),
        ("suspend", acts.suspend),
        ("remove", acts.remove),
        ("manage_templates", acts.manage_templates),
        ("view_log", acts.view_log),
        ("rename_workspace", acts.rename_workspace),
        ("delete_workspace", acts.delete_workspace),
        ("manage_billing", acts.manage_billing),
    ]
    .into_iter()
}

fn said(names: &[&str]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::parse::{parse, parse_stored};

    #[test]
    fn x14_two_versions_of_a_model_are_compared_by_what_can_be_held() {
        let text = include_str!("../../../../models/tenant/model.toml");
        let old = parse(text, "old").expect("it compiles");
        assert_eq!(difference(&old, &old), []);
        let other = text
            .replace("grants = [\"crm:*\"]", "grants = [\"crm:view\", \"tenant:log\"]")
            .replace("seats = 5", "seats = 6")
            .replace("export = \"export analytics\"\n", "")
            .replace("remove = \"users:delete\"", "remove = \"users:edit\"");
        let new = parse_stored(&other, "new").expect("it compiles");
        let said: Vec<_> = difference(&old, &new)
            .into_iter()
            .map(|d| format!("{} [{}] +{} -{}", d.what, d.note, d.gains.join(","), d.loses.join(",")))
            .collect();
        assert_eq!(
            said,
            [
                "act `remove` [asks for `users:edit`; was asks for `users:delete`] + -",
                "permission `analytics:export` [gone] + -",
                "role `admin` on the plan `starter` [] + -analytics:export",
                "role `admin` on the plan `growth` [] + -analytics:export",
                "role `admin` on the plan `scale` [] + -analytics:export",
                "switch `crm` [] +tenant:log -crm:update",
                "plan `starter` [6 seats; was 5 seats] + -",
            ]
        );
    }
}
