//! What a scenario file never mentions: a role that nobody holds, a permission that nobody is asked about both ways.

use std::collections::BTreeSet;

use bailiwick_core::access::model::Model;

use crate::file::{Access, Scenario};

/// Everything of the model that its scenarios leave out, a line each.
pub fn missed(model: &Model, scenarios: &[Scenario]) -> Vec<String> {
    let owner = model.role(model.ownership.role).name.to_string();
    let given = scenarios.iter().flat_map(|s| s.members.values().chain(s.step.iter().filter_map(|t| t.with.as_ref())));
    let roles: BTreeSet<String> = given.map(role).chain([owner]).collect();
    let steps = || scenarios.iter().flat_map(|s| &s.step);
    let yes = asked(model, steps().flat_map(|t| &t.can));
    let no = asked(model, steps().flat_map(|t| &t.cannot));
    let mut missed: Vec<String> =
        model.roles.iter().filter(|r| !roles.contains(&*r.name)).map(|r| format!("  role {}", r.name)).collect();
    for def in &model.permissions {
        for (answers, answer) in [(&yes, "yes"), (&no, "no")] {
            if !answers.contains(&*def.name) {
                missed.push(format!("  {} with the answer {answer}", def.name));
            }
        }
    }
    missed
}

fn role(access: &Access) -> String {
    match access {
        Access::Role(role) => role.clone(),
        Access::More(more) => more.role.clone(),
    }
}

/// The permissions that lines such as `uma conversations:* on Shop: no-level` ask for.
fn asked<'a>(model: &Model, lines: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in lines {
        let name = line.split(' ').nth(1).unwrap_or_default().trim_end_matches(':');
        let takes = |known: &str| name.strip_suffix('*').map_or(known == name, |group| known.starts_with(group));
        found.extend(model.permissions.iter().map(|p| p.name.to_string()).filter(|p| takes(p)));
    }
    found
}
