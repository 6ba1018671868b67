//! The level picker: one level on everything, or a level on each resource.

use maud::{Markup, html};

use super::field::fault;
use crate::ui::form::Problems;

/// What a level means.
#[derive(Debug, Clone, Default)]
pub struct LevelMeaning {
    /// What is sent, as "write".
    pub value: String,
    /// Its name.
    pub title: String,
    /// What one may with it.
    pub means: String,
}

/// One resource.
#[derive(Debug, Clone, Default)]
pub struct LevelRow {
    /// The id of the resource, or of the member: the level is sent as `level-{id}`, empty for none.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A line below, as its address, or "was Read".
    pub below: String,
    /// The level chosen, by its value.
    pub chosen: Option<String>,
}

/// How far the levels reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// One level on all resources, later ones too.
    All,
    /// A level on each.
    #[default]
    Each,
}

/// The whole question: sent as `scope` (`all` or `each`), `level-all`, and a level for each resource.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    /// "Property access".
    pub title: String,
    /// One resource, lower case: "property".
    pub one: String,
    /// Several, lower case: "properties".
    pub many: String,
    /// Whether they are features, of which any number is ticked on each resource; then there is no question of scope.
    pub any: bool,
    /// The levels, lowest first, or the features.
    pub meanings: Vec<LevelMeaning>,
    /// How far they reach.
    pub scope: Scope,
    /// The level on all, if that is chosen.
    pub all: Option<String>,
    /// The resources.
    pub rows: Vec<LevelRow>,
}

/// The question of levels.
pub fn levels(levels: &Levels, problems: &Problems) -> Markup {
    html! {
        fieldset #scope .field.part-levels {
            legend.label { (levels.title) }
            @if !levels.any { div.two.choices { (scope(levels, Scope::All)) (scope(levels, Scope::Each)) } }
            (fault("scope", problems.of("scope")))
            @if levels.any { @for each in &levels.rows { (features(&levels.meanings, each)) } } @else {
                (meanings(levels))
                ul.rows.pickers.of-all { (row(&levels.meanings, &everything(levels), false)) }
                div.of-each { (level_rows(&levels.meanings, &levels.rows)) }
            }
            @if levels.rows.is_empty() { p.fs.muted.of-each { "There are no " (levels.many) " yet." } }
        }
    }
}

fn scope(levels: &Levels, scope: Scope) -> Markup {
    let (value, title, below) = match scope {
        Scope::All => ("all", format!("All {}", levels.many), "One level, later ones included"),
        Scope::Each => ("each", format!("Specific {}", levels.many), "A level for each"),
    };
    html! {
        label.check {
            input type="radio" name="scope" value=(value) checked[levels.scope == scope];
            span { (title) small { (below) } }
        }
    }
}

fn meanings(levels: &Levels) -> Markup {
    html! {
        dl.meanings.fs {
            @for (rank, level) in levels.meanings.iter().enumerate() {
                div class={ "l" (rank + 1) } { dt.ink { (level.title) } dd.muted { (level.means) } }
            }
        }
    }
}

fn everything(levels: &Levels) -> LevelRow {
    LevelRow {
        id: "all".to_owned(),
        name: format!("All {}", levels.many),
        below: format!("A new {} is included at once", levels.one),
        chosen: levels.all.clone().or_else(|| levels.meanings.first().map(|level| level.value.clone())),
    }
}

/// A level, or none, on each of several.
pub fn level_rows(meanings: &[LevelMeaning], rows: &[LevelRow]) -> Markup {
    html! { ul.rows.pickers { @for each in rows { (row(meanings, each, true)) } } }
}

fn row(meanings: &[LevelMeaning], row: &LevelRow, none: bool) -> Markup {
    html! {
        li {
            span { strong.ink { (row.name) } @if !row.below.is_empty() { small { (row.below) } } }
            fieldset.levels {
                legend.vh { "Level: " (row.name) }
                @if none { (pick(row, "", "None", 0)) }
                @for (rank, level) in meanings.iter().enumerate() {
                    (pick(row, &level.value, &level.title, rank + 1))
                }
            }
        }
    }
}

/// Features of one resource, each a box with what it covers; what is ticked is sent under one name.
fn features(meanings: &[LevelMeaning], row: &LevelRow) -> Markup {
    let chosen: Vec<&str> = row.chosen.as_deref().unwrap_or_default().split('+').collect();
    html! {
        fieldset.field {
            legend.label { span.vh { "Features: " } (row.name) }
            div.two.choices {
                @for feature in meanings {
                    label.check {
                        input type="checkbox" name={ "level-" (row.id) } value=(feature.value)
                            checked[chosen.contains(&feature.value.as_str())];
                        span { (feature.title) small { (feature.means) } }
                    }
                }
            }
        }
    }
}

fn pick(row: &LevelRow, value: &str, title: &str, rank: usize) -> Markup {
    let chosen = row.chosen.as_deref().unwrap_or_default() == value;
    html! {
        label class={ "l" (rank) } {
            input type="radio" name={ "level-" (row.id) } value=(value) checked[chosen];
            (title)
        }
    }
}
