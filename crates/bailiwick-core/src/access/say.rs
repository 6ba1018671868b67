//! Access in words: what somebody can do, and why or why not, in sentences that a person understands (X10).

use super::check::{Decision, Denial, Reason};
use super::model::{KindIx, Model};
use super::set::{Permission, PermissionSet};
use crate::team::state::{Access, Workspace};

/// Lines that say what an access allows: "View, create and edit conversations". Empty: nothing at all.
pub fn lines(state: &Workspace, access: &Access) -> Vec<String> {
    let model = &state.model;
    let reach = super::snapshot::Reach::of(state, access);
    let lacks = model.plan(state.plan).lacks;
    if reach.everywhere == model.everything() && lacks.is_empty() {
        return vec!["Everything".to_owned()];
    }
    let mut lines = set_lines(model, on_workspace(model, reach.everywhere.without(lacks)));
    for (ix, kind) in model.kinds.iter().enumerate() {
        let all = of_kind(model, ix, reach.everywhere.without(lacks));
        if !all.is_empty() {
            lines.extend(
                set_lines(model, all).into_iter().map(|line| format!("{line}, on all {}", kind.plural.to_lowercase())),
            );
        }
        for (id, set) in &reach.each {
            let more = of_kind(model, ix, *set).without(lacks).without(all);
            if let Some(resource) = state.live_resource(*id).filter(|_| !more.is_empty()) {
                let level = access.grants.each.get(id).map(|g| kind.level(g.level));
                lines.push(match level {
                    Some(level) => format!("{} ({}): {}", resource.name, level.title, level.says),
                    None => format!("{}: {}", resource.name, set_lines(model, more).join("; ")),
                });
            }
        }
    }
    lines
}

/// What a set of permissions allows, a line for each group: verbs of one thing share a line.
pub fn set_lines(model: &Model, set: PermissionSet) -> Vec<String> {
    let mut lines = Vec::new();
    for group in 0..model.groups.len() {
        let says: Vec<&str> = set
            .iter()
            .map(|p| model.permission_def(p))
            .filter(|def| def.group == group)
            .map(|def| def.says.as_str())
            .collect();
        if !says.is_empty() {
            lines.push(capital(&together(&says)));
        }
    }
    lines
}

/// "view x", "create x", "edit y" become "view and create x, edit y".
fn together(says: &[&str]) -> String {
    let mut by_thing: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in says {
        let (verb, thing) = line.split_once(' ').unwrap_or((line, ""));
        match by_thing.iter_mut().find(|(known, _)| *known == thing) {
            Some((_, verbs)) => verbs.push(verb),
            None => by_thing.push((thing, vec![verb])),
        }
    }
    let parts: Vec<String> =
        by_thing.into_iter().map(|(thing, verbs)| format!("{} {thing}", and(&verbs)).trim_end().to_owned()).collect();
    parts.join(", ")
}

/// "a", "a and b", "a, b and c".
pub fn and<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [most @ .., last] => {
            let most: Vec<&str> = most.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", most.join(", "), last.as_ref())
        }
    }
}

/// The first letter large.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Why a decision is as it is, about `name`, in a sentence.
pub fn sentence(
    model: &Model,
    name: &str,
    permission: Permission,
    resource: Option<&str>,
    decision: &Decision,
) -> String {
    let says = &model.permission_def(permission).says;
    let place = resource.map(|r| format!(" on {r}")).unwrap_or_default();
    let can = if decision.allowed() { "can" } else { "cannot" };
    format!("{name} {can} {says}{place}: {}.", because(decision))
}

/// Why a decision is as it is, as a clause.
pub fn because(decision: &Decision) -> String {
    match decision {
        Decision::Allow(reasons) => and(&reasons.iter().map(reason).collect::<Vec<_>>()),
        Decision::Deny(denial) => why_not(*denial).to_owned(),
    }
}

fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Role(role) => format!("the role {role} grants it"),
        Reason::Template(template) => format!("the role template {template} grants it"),
        Reason::Direct => "it was granted directly".into(),
        Reason::Toggle(toggle) => format!("{toggle} is on"),
        Reason::LevelOnAll(level) => format!("the level {level} on everything grants it"),
        Reason::Level(level) => format!("the level {level} there grants it"),
    }
}

/// Why not, as a clause.
pub fn why_not(denial: Denial) -> &'static str {
    match denial {
        Denial::NoSuchWorkspace => "the workspace is not there any more",
        Denial::UnknownPermission => "there is no such permission",
        Denial::NotAMember => "they are not a member; an invitation may not have been accepted",
        Denial::Suspended => "they are suspended",
        Denial::Ended => "their time here is over",
        Denial::ResourceNeeded => "it is asked about one resource, and none was named",
        Denial::NoResourceWanted => "it is not asked about a resource",
        Denial::UnknownResource => "there is no such resource",
        Denial::WrongKind => "it is not asked about this kind of resource",
        Denial::ResourceDeleted => "the resource was deleted",
        Denial::NothingGrants => "nothing grants it, neither the role nor anything given beside it",
        Denial::NoLevel => "they have no level there",
        Denial::LevelTooLow => "their level there does not reach so far",
        Denial::LevelEnded => "their level there has ended",
        Denial::NotInPlan => "the plan does not have it",
        Denial::Unsure => "the service cannot be sure just now",
    }
}

fn on_workspace(model: &Model, set: PermissionSet) -> PermissionSet {
    set.iter().filter(|p| model.permission_def(*p).on.is_none()).collect()
}

fn of_kind(model: &Model, kind: usize, set: PermissionSet) -> PermissionSet {
    let kind = u8::try_from(kind).ok().map(KindIx);
    set.iter().filter(|p| model.permission_def(*p).on == kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_of_one_thing_share_a_line() {
        assert_eq!(
            together(&["view conversations", "create conversations", "export analytics"]),
            "view and create conversations, export analytics"
        );
        assert_eq!(and(&["a", "b", "c"]), "a, b and c");
        assert_eq!(capital("élan"), "Élan");
    }
}
