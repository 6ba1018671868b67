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
    /// Before, as "view, edit"; empty for nothing. Items that the other side lacks are marked.
    pub before: String,
    /// After, likewise.
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
            tbody { @for row in &table.rows {
                tr {
                    th scope="row" { (row.what) }
                    (side(&row.before, &row.after, |gone| html! { del { (gone) } }))
                    (side(&row.after, &row.before, |come| html! { ins { (come) } }))
                }
            } }
        }
    }
}

/// One side of the comparison: what the other side lacks is marked, item by item.
fn side(this: &str, other: &str, mark: fn(&str) -> Markup) -> Markup {
    let others: Vec<&str> = items(other).collect();
    html! {
        @if this.is_empty() { td.muted { "None" } } @else {
            td { @for (at, item) in items(this).enumerate() {
                @if at > 0 { ", " }
                @if others.contains(&item) { (item) } @else { (mark(item)) }
            } }
        }
    }
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(", ").filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::side;

    #[test]
    fn only_what_the_other_side_lacks_is_marked() {
        let marked = |this, other| side(this, other, |item| html! { b { (item) } }).into_string();
        let cases = [
            ("view, edit", "view", "<td>view, <b>edit</b></td>"),
            ("view", "view, edit", "<td>view</td>"),
            ("", "view", "<td class=\"muted\">None</td>"),
            ("User", "Admin", "<td><b>User</b></td>"),
        ];
        for (this, other, expected) in cases {
            assert_eq!(marked(this, other), expected, "{this} beside {other}");
        }
    }
}
