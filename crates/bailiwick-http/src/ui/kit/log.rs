//! The audit log: one line an entry, which opens to show before and after.

use maud::{Markup, html};

use super::{Link, Size, When, avatar, open_avatar};
use crate::ui::icons::Icon;

/// Who did it.
#[derive(Debug, Clone)]
pub enum Actor {
    /// A person, by name.
    Person(String),
    /// Something else, as "Time" or "Billing".
    System(String, Icon),
}

/// One changed thing.
#[derive(Debug, Clone, Default)]
pub struct Delta {
    /// What, as "Role".
    pub what: String,
    /// Before; empty for nothing.
    pub before: String,
    /// After; empty for nothing.
    pub after: String,
}

/// Before and after.
#[derive(Debug, Clone, Default)]
pub struct DeltaTable {
    /// Whom or what it is about.
    pub about: String,
    /// The changed things.
    pub rows: Vec<Delta>,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When; relative is what the line shows, as "09:42" or "2 days ago".
    pub when: When,
    /// Who.
    pub actor: Actor,
    /// What, as "Changed the permissions of Jonas Lindqvist".
    pub sentence: String,
    /// Before and after.
    pub delta: Option<DeltaTable>,
    /// Where from and how: label and value, as ("From", "203.0.113.24").
    pub facts: Vec<(String, String)>,
    /// Further links.
    pub links: Vec<Link>,
    /// Whether it stands open.
    pub open: bool,
}

/// Entries, newest first.
pub fn entries(entries: &[Entry]) -> Markup {
    html! { ol { @for entry in entries { li { details open[entry.open] { (line(entry)) (more(entry)) } } } } }
}

fn line(entry: &Entry) -> Markup {
    html! {
        summary {
            (entry.when)
            span.actor { (actor(&entry.actor)) }
            span { (entry.sentence) }
            (Icon::Right)
        }
    }
}

fn actor(actor: &Actor) -> Markup {
    match actor {
        Actor::Person(name) => html! { (avatar(name, Size::Small)) (name) },
        Actor::System(name, icon) => html! { (open_avatar(*icon, Size::Small)) (name) },
    }
}

fn more(entry: &Entry) -> Markup {
    html! {
        div.entry {
            @if let Some(table) = &entry.delta { (delta(table)) }
            dl.key.cap {
                div { dt { "When" } dd { (entry.when.absolute) } }
                @for (label, value) in &entry.facts { div { dt { (label) } dd { (value) } } }
            }
            @if !entry.links.is_empty() { p.row { @for link in &entry.links { (link.button("btn small")) } } }
        }
    }
}

fn delta(table: &DeltaTable) -> Markup {
    html! {
        table.diff {
            caption.vh { "Before and after" }
            thead.cap { tr { th scope="col" { (table.about) } th scope="col" { "Before" } th scope="col" { "After" } } }
            tbody { @for row in &table.rows { tr { th scope="row" { (row.what) } (old(&row.before)) (new(&row.after)) } } }
        }
    }
}

fn old(value: &str) -> Markup {
    html! { @if value.is_empty() { td.muted { "None" } } @else { td { del { (value) } } } }
}

fn new(value: &str) -> Markup {
    html! { @if value.is_empty() { td.muted { "None" } } @else { td { ins { (value) } } } }
}
