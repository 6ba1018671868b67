//! The whole table of a model for review: which role has which permission on which plan.

use std::fmt::Write as _;

use super::model::{KindIx, LevelIx, Model, PlanIx, RoleIx, ShippedTemplate, ToggleIx};
use super::set::Permission;

/// How a role comes to a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// By itself.
    Yes,
    /// From that level on, where it is assigned; of features, with that one.
    Level(KindIx, LevelIx),
    /// While that toggle is on.
    Toggle(ToggleIx),
    /// It may be given by template or directly.
    Give,
    /// Never.
    Never,
}

/// The table of the plans that have it in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The plans.
    pub plans: Vec<PlanIx>,
    /// The roles that these plans have: the columns.
    pub roles: Vec<RoleIx>,
    /// For each permission of the model, by its number: a cell for each of the roles.
    pub rows: Vec<Vec<Cell>>,
}

/// All tables of a model; each plan is in one.
pub fn tables(model: &Model) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for plan in (0..model.plans.len()).filter_map(|i| u8::try_from(i).ok()).map(PlanIx) {
        let all = (0..model.roles.len()).filter_map(|i| u8::try_from(i).ok()).map(RoleIx);
        let roles: Vec<RoleIx> = all.filter(|&r| model.role(r).on_plan(plan)).collect();
        let row = |permission| roles.iter().map(|&role| cell(model, plan, role, permission)).collect();
        let rows: Vec<Vec<Cell>> = model.everything().iter().map(row).collect();
        match tables.iter_mut().find(|same| same.roles == roles && same.rows == rows) {
            Some(same) => same.plans.push(plan),
            None => tables.push(Table { plans: vec![plan], roles, rows }),
        }
    }
    tables
}

fn cell(model: &Model, plan: PlanIx, role: RoleIx, permission: Permission) -> Cell {
    let (role, ix) = (model.role(role), usize::from(plan.0));
    if model.plan(plan).lacks.has(permission) {
        return Cell::Never;
    }
    if role.grants[ix].has(permission) {
        return Cell::Yes;
    }
    if let Some(kind) = role.assigns[ix] {
        let levels = &model.kind(kind).levels;
        let reach = role.max_level.map_or(levels.len(), |cap| usize::from(cap.0) + 1);
        let found = levels[..reach].iter().position(|l| l.set.has(permission)).and_then(|i| u8::try_from(i).ok());
        if let Some(level) = found {
            return Cell::Level(kind, LevelIx(level));
        }
    }
    if let Some(toggle) = role.toggles.iter().find(|t| model.toggle(*t).set.has(permission)) {
        return Cell::Toggle(toggle);
    }
    if (role.direct || role.templates) && model.grantable.has(permission) { Cell::Give } else { Cell::Never }
}

/// A cell in a word.
pub fn word(model: &Model, cell: Cell) -> &str {
    match cell {
        Cell::Yes => "yes",
        Cell::Level(kind, level) => &model.kind(kind).level(level).name,
        Cell::Toggle(toggle) => &model.toggle(toggle).name,
        Cell::Give => "give",
        Cell::Never => "-",
    }
}

/// The tables as text.
pub fn matrix(model: &Model) -> String {
    let mut out = String::new();
    for table in tables(model) {
        let titles: Vec<&str> = table.plans.iter().map(|&p| model.plan(p).title.as_str()).collect();
        let _ = writeln!(out, "plan: {}", titles.join(", "));
        let mut line = |name: &str, cells: &mut dyn Iterator<Item = &str>| {
            let cells: String = cells.map(|cell| format!(" {cell:<12}")).collect();
            let _ = writeln!(out, "{}", format!("{name:width$}{cells}", width = width(model)).trim_end());
        };
        line("", &mut table.roles.iter().map(|&r| &*model.role(r).name));
        for (def, row) in model.permissions.iter().zip(&table.rows) {
            line(&def.name, &mut row.iter().map(|&cell| word(model, cell)));
        }
        out.push('\n');
    }
    if let Some(shipped) = model.templates.as_deref().filter(|shipped| !shipped.is_empty()) {
        templates(model, shipped).iter().for_each(|row| {
            let _ = writeln!(out, "{row}");
        });
        out.push('\n');
    }
    out.push_str(
        "yes: by role or template. LEVEL: from that level on, where assigned. give: may be given by template or directly.\n",
    );
    out.push_str("TOGGLE: while that toggle is on. -: never.\n");
    out
}

/// What each shipped template gives, of all that templates can.
fn templates(model: &Model, shipped: &[ShippedTemplate]) -> Vec<String> {
    let line = |name: &str, cells: &mut dyn Iterator<Item = &str>| {
        let cells: String = cells.map(|cell| format!(" {cell:<14}")).collect();
        format!("{name:width$}{cells}", width = width(model)).trim_end().to_owned()
    };
    let mut all = vec!["templates:".to_owned(), line("", &mut shipped.iter().map(|t| t.name.as_str()))];
    for permission in model.grantable.iter() {
        let cells = &mut shipped.iter().map(|t| if t.set.has(permission) { "yes" } else { "-" });
        all.push(line(&model.permission_def(permission).name, cells));
    }
    all
}

fn width(model: &Model) -> usize {
    model.permissions.iter().map(|p| p.name.len()).max().unwrap_or(0)
}
