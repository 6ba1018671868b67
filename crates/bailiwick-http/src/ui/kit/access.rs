//! What someone may: the questions that give it, and the lines that tell it.

use maud::{Markup, html};

use super::{Grid, Levels, Select, Switch, field::fault, grid, levels, switch, yes};
use crate::ui::form::Problems;

/// One role to choose, sent as `role`.
#[derive(Debug, Clone, Default)]
pub struct RoleCard {
    /// What is sent.
    pub value: String,
    /// Its title.
    pub title: String,
    /// What it means, in one line.
    pub meaning: String,
    /// Whether it is chosen.
    pub chosen: bool,
    /// Why it cannot be chosen, as "On the Business plan".
    pub off: Option<String>,
    /// Whether it takes a template; otherwise the question is hidden while this role is chosen.
    pub takes_template: bool,
    /// Whether it takes switches.
    pub takes_toggles: bool,
    /// Whether it takes permissions one by one.
    pub takes_direct: bool,
    /// Whether it takes levels.
    pub takes_levels: bool,
    /// The highest level it can have, counted from 1; higher ones are not offered. None: all.
    pub top_level: Option<u8>,
}

/// The questions that give access. What the chosen role does not take is hidden, but may still be sent: ignore it.
#[derive(Debug, Clone, Default)]
pub struct AccessForm {
    /// The question about the role, as "Role".
    pub role: String,
    /// The roles.
    pub roles: Vec<RoleCard>,
    /// The template, sent as `template`, empty for none.
    pub template: Option<Select>,
    /// The switches.
    pub switches: Vec<Switch>,
    /// Levels on resources.
    pub levels: Option<Levels>,
    /// A sentence instead of levels, as "On Pro every Member has all properties."
    pub levels_note: Option<String>,
    /// Permissions one by one.
    pub grid: Option<Grid>,
}

/// Roles as cards, then what the model asks next.
pub fn access_form(form: &AccessForm, problems: &Problems) -> Markup {
    html! {
        (roles(form, problems))
        @if form.template.is_some() || !form.switches.is_empty() {
            div.two.asks {
                @if let Some(select) = &form.template { div.part-template { (select.field(problems)) } }
                @for each in &form.switches { div.part-toggles { (switch(each)) } }
            }
        }
        @if let Some(note) = &form.levels_note { p.fs.muted.part-levels { (note) } }
        @if let Some(each) = &form.levels { (levels(each, problems)) }
        @if let Some(each) = &form.grid { div.part-direct { (grid(each)) } }
    }
}

fn roles(form: &AccessForm, problems: &Problems) -> Markup {
    html! {
        @if !form.roles.is_empty() {
            fieldset #role .field {
                legend.label { (form.role) }
                div.two.choices { @for role in &form.roles { (card(role)) } }
                (fault("role", problems.of("role")))
            }
        }
    }
}

fn card(role: &RoleCard) -> Markup {
    html! {
        label.check {
            input class=(takes(role)) type="radio" name="role" value=(role.value) checked[role.chosen] disabled[role.off.is_some()];
            span { (role.title) small { (role.meaning) } @if let Some(reason) = &role.off { small.why { (reason) } } }
        }
    }
}

/// The classes by which the style sheet hides what a role does not take.
fn takes(role: &RoleCard) -> String {
    let mut classes: Vec<String> = [
        (role.takes_template, "no-template"),
        (role.takes_toggles, "no-toggles"),
        (role.takes_direct, "no-direct"),
        (role.takes_levels, "no-levels"),
    ]
    .into_iter()
    .filter(|(takes, _)| !takes)
    .map(|(_, class)| class.to_owned())
    .collect();
    classes.extend(role.top_level.map(|top| format!("top{top}")));
    classes.join(" ")
}

/// What someone may in one group or on one resource.
#[derive(Debug, Clone, Default)]
pub struct AccessLine {
    /// The group or the resource.
    pub title: String,
    /// What it covers.
    pub covers: String,
    /// "View, create and edit", or "Write: run reports, annotate and use AI chat"; none: no access.
    pub can: Option<String>,
    /// A line below, as "Not delete or manage", or what a level means; may be empty.
    pub note: String,
    /// Where it comes from, as "Role template Standard agent"; may be empty.
    pub because: String,
}

/// Line by line what someone may.
pub fn access_lines(lines: &[AccessLine]) -> Markup {
    html! { ul.can { @for line in lines { (access_line(line)) } } }
}

fn access_line(line: &AccessLine) -> Markup {
    html! {
        li.two {
            div { strong.ink { (line.title) } small { (line.covers) } }
            div {
                @if let Some(can) = &line.can { (yes(can)) } @else { span.muted { "No access" } }
                @for more in [&line.note, &line.because] { @if !more.is_empty() { small { (more) } } }
            }
        }
    }
}
