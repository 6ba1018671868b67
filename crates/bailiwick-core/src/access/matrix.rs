//! The whole table of a model as text, for review: which role has which permission on which plan.

use std::fmt::Write as _;

use super::model::{Model, PlanIx, RoleIx, ShippedTemplate};
use super::set::Permission;

/// Writes the table. Each plan that differs from the one before it has a table of its own.
pub fn matrix(model: &Model) -> String {
    let mut out = String::new();
    let mut shown: Vec<(Vec<String>, Vec<usize>)> = Vec::new();
    for plan in 0..model.plans.len() {
        let rows = rows(model, plan);
        match shown.iter_mut().find(|(same, _)| *same == rows) {
            Some((_, plans)) => plans.push(plan),
            None => shown.push((rows, vec![plan])),
        }
    }
    for (rows, plans) in shown {
        let titles: Vec<&str> = plans.iter().map(|&p| model.plans[p].title.as_str()).collect();
        let _ = writeln!(out, "plan: {}", titles.join(", "));
        rows.iter().for_each(|row| {
            let _ = writeln!(out, "{row}");
        });
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

fn rows(model: &Model, plan: usize) -> Vec<String> {
    let Ok(ix) = u8::try_from(plan) else { return Vec::new() };
    let roles: Vec<RoleIx> = (0..model.roles.len())
        .filter_map(|i| u8::try_from(i).ok())
        .map(RoleIx)
        .filter(|&r| model.role(r).on_plan(PlanIx(ix)))
        .collect();
    let width = width(model);
    let head: String = roles.iter().map(|&r| format!(" {:<12}", model.role(r).name)).collect();
    let mut all = vec![format!("{:width$}{head}", "").trim_end().to_owned()];
    for (i, def) in model.permissions.iter().enumerate() {
        let Ok(number) = u8::try_from(i) else { break };
        let cells: String =
            roles.iter().map(|&r| format!(" {:<12}", cell(model, plan, r, Permission(number)))).collect();
        all.push(format!("{:width$}{cells}", def.name).trim_end().to_owned());
    }
    all
}

fn cell(model: &Model, plan: usize, role: RoleIx, permission: Permission) -> String {
    let role = model.role(role);
    if model.plans[plan].lacks.has(permission) {
        return "-".into();
    }
    if role.grants[plan].has(permission) {
        return "yes".into();
    }
    if let Some(kind) = role.assigns[plan] {
        let levels = &model.kind(kind).levels;
        let reach = role.max_level.map_or(levels.len(), |cap| usize::from(cap.0) + 1);
        if let Some(level) = levels[..reach].iter().find(|l| l.set.has(permission)) {
            return level.name.to_string();
        }
    }
    if let Some(toggle) = role.toggles.iter().map(|t| model.toggle(t)).find(|t| t.set.has(permission)) {
        return toggle.name.to_string();
    }
    if (role.direct || role.templates) && model.grantable.has(permission) {
        return "give".into();
    }
    "-".into()
}
