//! The cells of the permission matrix as things to be shown: each with a yes where the model says yes and with a no where it
//! says no; for each level, with and without each switch, given and not given.

use std::collections::BTreeSet;

use crate::access::matrix::{Cell, Table, tables};
use crate::access::model::{Kind, LevelIx, Model, PlanIx, Role, RoleIx, ToggleIx};
use crate::access::set::Permission;
use crate::access::snapshot::{Row, Snapshot};
use crate::ids::ResourceId;

/// What decides beside the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beside {
    /// Nothing: so it is however else the row is.
    Nothing,
    /// Their level on the resource that is asked about.
    Level(LevelIx),
    /// No level there.
    NoLevel,
    /// A switch, on or off.
    Toggle(ToggleIx, bool),
    /// Given by template or directly, or not.
    Given(bool),
}

/// One answer that somebody of a role has on the plans of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    /// The number of the table, as [`tables`] orders them.
    pub table: usize,
    /// The role.
    pub role: RoleIx,
    /// The permission.
    pub permission: Permission,
    /// What decides beside the role.
    pub beside: Beside,
    /// Yes or no.
    pub allowed: bool,
}

/// Every answer that the matrix of a model gives.
pub fn all(model: &Model) -> BTreeSet<Answer> {
    let mut found = BTreeSet::new();
    for (number, table) in tables(model).iter().enumerate() {
        for permission in model.everything().iter() {
            for (&role, &cell) in table.roles.iter().zip(&table.rows[usize::from(permission.0)]) {
                let answers = answers(model, table, model.role(role), permission, cell);
                found.extend(answers.into_iter().map(|(beside, allowed)| Answer {
                    table: number,
                    role,
                    permission,
                    beside,
                    allowed,
                }));
            }
        }
    }
    found
}

fn answers(model: &Model, table: &Table, role: &Role, permission: Permission, cell: Cell) -> Vec<(Beside, bool)> {
    match cell {
        Cell::Yes => vec![(Beside::Nothing, true)],
        Cell::Toggle(toggle) => vec![(Beside::Toggle(toggle, true), true), (Beside::Toggle(toggle, false), false)],
        Cell::Give => vec![(Beside::Given(true), true), (Beside::Given(false), false)],
        Cell::Level(..) | Cell::Never => {
            let assigned = table.plans.first().and_then(|plan| role.assigns[usize::from(plan.0)]);
            let on = model.permission_def(permission).on;
            match assigned.filter(|kind| matches!(cell, Cell::Level(..)) || on == Some(*kind)) {
                None => vec![(Beside::Nothing, false)],
                Some(kind) => {
                    let reaches = |l: LevelIx| cell != Cell::Never && model.kind(kind).level(l).set.has(permission);
                    let levels = shown(model.kind(kind), role.max_level);
                    let none = on.is_some().then_some((Beside::NoLevel, false));
                    levels.into_iter().map(|l| (Beside::Level(l), reaches(l))).chain(none).collect()
                }
            }
        }
    }
}

/// The levels that are to be shown: all that the role can have; of features each by itself, and all of them.
fn shown(kind: &Kind, cap: Option<LevelIx>) -> Vec<LevelIx> {
    let all = (0..kind.levels.len()).filter_map(|i| u8::try_from(i).ok()).map(LevelIx);
    let all = all.filter(|l| cap.is_none_or(|cap| *l <= cap));
    // Features are numbered by their bits, and all of them by the next bit.
    let single = |l: &LevelIx| kind.features.is_empty() || (u32::from(l.0) + 1).is_power_of_two();
    all.filter(single).collect()
}

/// Which answers of the matrix one answer to a question shows.
pub(super) fn shows(
    snapshot: &Snapshot,
    plan: PlanIx,
    row: &Row,
    permission: Permission,
    resource: Option<ResourceId>,
    allowed: bool,
) -> Vec<Answer> {
    let model = &*snapshot.model;
    let Some(table) = tables(model).iter().position(|t| t.plans.contains(&plan)) else { return Vec::new() };
    let level = match resource {
        Some(resource) => row.level_everywhere.or_else(|| row.grant_on(resource).map(|g| g.level)),
        // Which of several levels it was that opened the workspace cannot be told.
        None => row.level_everywhere.or_else(|| row.grants.first().filter(|_| row.grants.len() == 1).map(|g| g.level)),
    };
    let given = row.direct.has(permission) || snapshot.template(row).is_some_and(|t| t.set.has(permission));
    let level = level.map_or(Beside::NoLevel, Beside::Level);
    let toggles = model.role(row.role).toggles.iter().map(|t| Beside::Toggle(t, row.toggles.has(t)));
    let beside = toggles.chain([Beside::Nothing, level, Beside::Given(given)]);
    beside.map(|beside| Answer { table, role: row.role, permission, beside, allowed }).collect()
}

/// An answer in words: `Business: a member with level read cannot property:chat`.
pub fn say(model: &Model, answer: &Answer) -> String {
    let table = &tables(model)[answer.table];
    let plans: Vec<&str> = table.plans.iter().map(|&p| model.plan(p).title.as_str()).collect();
    let role = model.role(answer.role);
    let level = |ix: LevelIx| {
        let kind = table.plans.first().and_then(|plan| role.assigns[usize::from(plan.0)]);
        kind.map_or_else(String::new, |kind| model.kind(kind).level(ix).name.to_string())
    };
    let beside = match answer.beside {
        Beside::Nothing => String::new(),
        Beside::Level(ix) => format!(" with the level `{}` there", level(ix)),
        Beside::NoLevel => " without a level there".into(),
        Beside::Toggle(t, on) => format!(" with `{}` {}", model.toggle(t).name, if on { "on" } else { "off" }),
        Beside::Given(true) => " who was given it".into(),
        Beside::Given(false) => " who was not given it".into(),
    };
    let can = if answer.allowed { "can" } else { "cannot" };
    let permission = &model.permission_def(answer.permission).name;
    format!("{}: `{}`{beside} {can} {permission}", plans.join(", "), role.name)
}

/// What the matrix says and none of these answers shows.
pub fn missed(model: &Model, shown: &BTreeSet<Answer>) -> Vec<Answer> {
    all(model).into_iter().filter(|answer| !shown.contains(answer)).collect()
}
