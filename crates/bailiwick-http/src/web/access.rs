//! The questions that give access: from the model to the form, and from the form to what it means.

use bailiwick_app::look::Team;
use bailiwick_core::access::model::{ALL_ACCESS, Kind, LevelIx, Model, RoleIx};
use bailiwick_core::access::say::capital;
use bailiwick_core::access::set::PermissionSet;
use bailiwick_core::ids::{PersonId, ResourceId, TemplateId};
use bailiwick_core::team::state::{Access, Workspace};
use bailiwick_core::team::wire::{AccessWire, GrantWire, permission_set};

use super::errors::PageError;
use super::forms::Form;
use crate::ui::kit::{
    AccessForm, BoxState, Choice, Grid, GridRow, LevelMeaning, LevelRow, Levels, PermissionBox, RoleCard, Scope,
    Select, Switch,
};

/// The names of the fields that [`read`] takes.
pub const FIELDS: [&str; 6] = ["role", "template", "toggle", "permission", "scope", "level-"];

/// What there is to ask, with this chosen. `grid`: whether permissions are asked one by one.
pub fn form(state: &Workspace, editor: PersonId, chosen: &AccessWire, grid: bool) -> AccessForm {
    let model = &state.model;
    let template = chosen.template.and_then(|id| state.templates.get(&id));
    let any = |has: fn(&bailiwick_core::access::model::Role) -> bool| model.roles.iter().any(has);
    let plan = usize::from(state.plan.0);
    AccessForm {
        role: model.words.role.clone(),
        roles: roles(state, editor, chosen),
        template: any(|r| r.templates).then(|| templates(state, chosen)),
        switches: switches(model, chosen),
        levels: model.roles.iter().find_map(|r| r.assigns[plan]).map(|kind| levels(state, kind, chosen)),
        levels_note: levels_note(state),
        grid: (grid && any(|r| r.direct)).then(|| {
            let direct = permission_set(model, &chosen.direct).unwrap_or_default();
            let from = template.map(|t| (t.name.to_string(), t.set));
            permission_grid(model, direct, from, "Permissions")
        }),
    }
}

fn roles(state: &Workspace, editor: PersonId, chosen: &AccessWire) -> Vec<RoleCard> {
    let model = &state.model;
    let manages = state.member_of(editor).map(|(_, m)| model.role(m.access.role));
    let offered = model.offered_roles().filter(|r| manages.is_none_or(|m| m.may_manage(*r)));
    offered.map(|role| role_card(state, role, chosen)).collect()
}

fn role_card(state: &Workspace, ix: RoleIx, chosen: &AccessWire) -> RoleCard {
    let model = &state.model;
    let role = model.role(ix);
    let off = (!role.on_plan(state.plan)).then(|| {
        let on: Vec<&str> = model
            .plans
            .iter()
            .enumerate()
            .filter(|(i, _)| role.plans >> i & 1 == 1)
            .map(|(_, p)| p.title.as_str())
            .collect();
        format!("On the {} plan", bailiwick_core::access::say::and(&on))
    });
    RoleCard {
        value: role.name.to_string(),
        title: role.title.clone(),
        meaning: role.describes.clone(),
        chosen: *role.name == *chosen.role,
        off,
        takes_template: role.templates,
        takes_toggles: role.toggles != Default::default(),
        takes_direct: role.direct,
        takes_levels: role.assigns[usize::from(state.plan.0)].is_some(),
        top_level: role.max_level.map(|l| l.0 + 1),
    }
}

fn templates(state: &Workspace, chosen: &AccessWire) -> Select {
    let mut named: Vec<_> = state.templates.iter().collect();
    named.sort_by_key(|(_, t)| t.name.to_lowercase());
    let needed = state.model.roles.iter().any(|r| r.needs_template);
    let none = Choice::new("", if needed { "Choose" } else { "None" }, chosen.template.is_none());
    let choices = named.into_iter().map(|(id, t)| Choice::new(&id.to_string(), &t.name, chosen.template == Some(*id)));
    Select::new("template", &state.model.words.template, std::iter::once(none).chain(choices).collect())
}

fn switches(model: &Model, chosen: &AccessWire) -> Vec<Switch> {
    let used = |name: &str| model.roles.iter().any(|r| r.toggles.iter().any(|t| *model.toggle(t).name == *name));
    model
        .toggles
        .iter()
        .filter(|t| used(&t.name))
        .map(|t| Switch {
            value: t.name.to_string(),
            title: t.title.clone(),
            says: t.says.clone(),
            on: chosen.toggles.iter().any(|n| **n == *t.name),
            fixed: None,
        })
        .collect()
}

fn levels(state: &Workspace, kind: bailiwick_core::access::model::KindIx, chosen: &AccessWire) -> Levels {
    let of = state.model.kind(kind);
    let mut rows: Vec<_> = state.resources.iter().filter(|(_, r)| r.kind == kind && r.deleted_at.is_none()).collect();
    rows.sort_by_key(|(_, r)| r.name.to_lowercase());
    let level_of = |id: &ResourceId| chosen.grants.iter().find(|g| g.resource == *id).map(|g| g.level.clone());
    Levels {
        title: state.model.words.access.clone(),
        one: lower(&of.title),
        many: lower(&of.plural),
        any: !of.features.is_empty(),
        meanings: meanings(of),
        scope: if chosen.all.is_some() { Scope::All } else { Scope::Each },
        all: chosen.all.clone(),
        rows: rows
            .into_iter()
            .map(|(id, r)| LevelRow {
                id: id.to_string(),
                name: r.name.to_string(),
                below: String::new(),
                chosen: level_of(id),
            })
            .collect(),
    }
}

/// What the levels of a kind mean.
pub fn meanings(kind: &bailiwick_core::access::model::Kind) -> Vec<LevelMeaning> {
    let one = |l: &bailiwick_core::access::model::Level| LevelMeaning {
        value: l.name.to_string(),
        title: l.title.clone(),
        means: l.says.clone(),
    };
    if kind.features.is_empty() {
        return kind.levels.iter().map(one).collect();
    }
    // Of their combinations only the last has a name of its own: all of them (A07).
    kind.levels.last().into_iter().chain(&kind.features).map(one).collect()
}

/// A title within a sentence: "AI profile" keeps its capitals, "Property" does not.
fn lower(title: &str) -> String {
    let name = title.split(' ').next().unwrap_or_default();
    if name.len() > 1 && name == name.to_uppercase() { title.to_owned() } else { title.to_lowercase() }
}

/// On a plan without levels, what roles have instead (E25).
fn levels_note(state: &Workspace) -> Option<String> {
    let model = &state.model;
    let plan = usize::from(state.plan.0);
    let role = model
        .roles
        .iter()
        .find(|r| r.on_plan(state.plan) && r.assigns[plan].is_none() && r.assigns.iter().any(Option::is_some))?;
    let kind = role.assigns.iter().flatten().next().map(|k| model.kind(*k))?;
    Some(format!(
        "On {} every {} has all {}, later ones included.",
        model.plan(state.plan).title,
        role.title,
        kind.plural.to_lowercase()
    ))
}

/// The grid of what can be given one by one; `from` is the template that locks boxes.
pub fn permission_grid(
    model: &Model,
    direct: PermissionSet,
    from: Option<(String, PermissionSet)>,
    caption: &str,
) -> Grid {
    let groups: Vec<usize> = (0..model.groups.len()).filter(|g| model.groups[*g].grantable).collect();
    let mut columns: Vec<String> = Vec::new();
    for def in model.permissions.iter().filter(|d| groups.contains(&d.group)) {
        if !columns.contains(&def.action) {
            columns.push(def.action.clone());
        }
    }
    let template = from.as_ref().map_or(PermissionSet::EMPTY, |(_, set)| *set);
    let rows = groups.into_iter().map(|group| GridRow {
        title: model.groups[group].title.clone(),
        covers: model.groups[group].covers.clone(),
        boxes: columns.iter().map(|action| permission_box(model, group, action, direct, template)).collect(),
    });
    Grid {
        caption: caption.to_owned(),
        rows: rows.collect(),
        columns: columns.iter().map(|c| capital(c)).collect(),
        template: from.map(|(name, _)| name),
        note: "View is ticked with any other action.".into(),
        care: "What is marked reaches far: whoever has it can change what others may do.".into(),
    }
}

fn permission_box(
    model: &Model,
    group: usize,
    action: &str,
    direct: PermissionSet,
    template: PermissionSet,
) -> Option<PermissionBox> {
    let name = format!("{}:{action}", model.groups[group].name);
    let permission = model.permission(&name)?;
    let state = match (direct.has(permission), template.has(permission)) {
        (false, false) => BoxState::Off,
        (true, false) => BoxState::Direct,
        (false, true) => BoxState::Template,
        (true, true) => BoxState::Both,
    };
    Some(PermissionBox {
        value: name,
        action: capital(action),
        state,
        change: None,
        caution: model.caution.has(permission),
        locked: None,
    })
}

/// What a form means. What the chosen role does not take is hidden from the eye but may be sent: it is left out.
///
/// # Errors
/// A role, template or level that is not a name of anything.
pub fn read(form: &Form, state: &Workspace) -> Result<AccessWire, PageError> {
    let model = &state.model;
    let name = form.get("role")?;
    let Some(ix) = model.role_ix(name) else { return Ok(AccessWire::of_role(name)) };
    let role = model.role(ix);
    let mut access = AccessWire::of_role(name);
    if role.templates && !form.get("template")?.is_empty() {
        access.template = Some(form.get("template")?.parse::<TemplateId>().map_err(|_| PageError::BadForm)?);
    }
    if role.toggles != Default::default() {
        access.toggles = owned(&form.all("toggle"));
    }
    if role.direct {
        access.direct = with_view(model, owned(&form.all("permission")));
    }
    if role.assigns[usize::from(state.plan.0)].is_some() {
        match form.get("scope")? {
            "all" => access.all = Some(form.get("level-all")?.to_owned()),
            _ => access.grants = grants(form, role.assigns[usize::from(state.plan.0)].map(|k| model.kind(k)))?,
        }
    }
    Ok(access)
}

fn grants(form: &Form, kind: Option<&Kind>) -> Result<Vec<GrantWire>, PageError> {
    let mut all: Vec<GrantWire> = Vec::new();
    let combine = kind.is_some_and(|k| !k.features.is_empty());
    for (id, level) in form.beginning("level-").filter(|(id, level)| *id != "all" && !level.is_empty()) {
        let resource = id.parse().map_err(|_| PageError::BadForm)?;
        match all.iter_mut().find(|g| combine && g.resource == resource) {
            // All access is all of them, whatever else is ticked.
            Some(grant) if grant.level == ALL_ACCESS || level == ALL_ACCESS => grant.level = ALL_ACCESS.to_owned(),
            Some(grant) => grant.level = format!("{}+{level}", grant.level),
            None => all.push(GrantWire { resource, level: level.to_owned(), until: None }),
        }
    }
    Ok(all)
}

/// The dialog ticks *view* with any other action of a group (D34); decisions imply nothing.
pub fn with_view(model: &Model, mut names: Vec<String>) -> Vec<String> {
    for name in names.clone() {
        let Some((group, _)) = name.split_once(':') else { continue };
        let view = format!("{group}:view");
        if model.permission(&view).is_some() && !names.contains(&view) {
            names.push(view);
        }
    }
    names
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|t| (*t).to_owned()).collect()
}

/// What someone holds, in a few words for a cell of the table: "All properties (Write)", "Shop (Read), 2 more".
pub fn in_words(state: &Workspace, access: &Access) -> String {
    let model = &state.model;
    let role = model.role(access.role);
    let Some(kind) = role.assigns[usize::from(state.plan.0)].map(|k| model.kind(k)) else {
        let reaches = model.kinds.first().map(|k| format!("All {}", lower(&k.plural)));
        return model.words.everything.clone().or(reaches).unwrap_or_else(|| "Whole workspace".into());
    };
    if let Some(level) = access.grants.all {
        return format!("All {} ({})", kind.plural.to_lowercase(), kind.level(level).title);
    }
    let mut named: Vec<String> = access
        .grants
        .each
        .iter()
        .filter_map(|(id, g)| Some(level_on(kind, &state.live_resource(*id)?.name, g.level)))
        .collect();
    named.sort();
    match named.len() {
        0 => String::new(),
        1 | 2 => named.join(", "),
        n => format!("{}, {} more", named[..2].join(", "), n - 2),
    }
}

fn level_on(kind: &Kind, resource: &str, level: LevelIx) -> String {
    let title = &kind.level(level).title;
    if kind.features.is_empty() { format!("{resource} ({title})") } else { format!("{resource}: {title}") }
}

/// The name that a person is shown by: their own, or what their address says.
pub fn name_of(team: &Team, person: PersonId) -> String {
    match team.cards.get(&person) {
        Some(card) if !card.name.is_empty() => card.name.clone(),
        _ => "Someone who was erased".into(),
    }
}

/// The name of whoever acted.
pub fn actor_name(team: &Team, actor: bailiwick_core::team::command::Actor) -> String {
    use bailiwick_core::team::command::Actor;
    match actor {
        Actor::Person(person) => name_of(team, person),
        Actor::Host(_) => "The product".into(),
        Actor::Operator => "The operator".into(),
        Actor::Time => "Time".into(),
    }
}
