//! The audit log: every change, who made it, from where, before and after.

use maud::{Markup, html};

use crate::ui::{
    icons::Icon,
    kit::{
        self, Actor, Choice, Delta, DeltaTable, Entry, Filters, Link, Mark, Pager, Select, Status, empty, entries, head,
    },
    samples::{tenant, when},
    shell::{self, Shell, Width},
};

/// The page `/w/{workspace}/audit`.
#[derive(Debug, Clone, Default)]
pub struct AuditView {
    /// What surrounds it.
    pub shell: Shell,
    /// Ways to take the log along, as "Export CSV".
    pub exports: Vec<Link>,
    /// What the check of the chain said, as "482 entries, chain intact".
    pub chain: Option<Status>,
    /// By person, kind and day.
    pub filters: Filters,
    /// The entries, newest day first.
    pub days: Vec<Day>,
    /// Older and newer entries.
    pub pager: Pager,
}

/// One day.
#[derive(Debug, Clone, Default)]
pub struct Day {
    /// "Today, 19 November".
    pub title: String,
    /// Its entries, newest first.
    pub entries: Vec<Entry>,
}

/// The page.
pub fn page(view: &AuditView) -> Markup {
    let about = "Every change and who made it. Nothing here can be altered.";
    let exports = html! { @for link in &view.exports { (link.button("btn")) } };
    shell::page(
        &view.shell,
        Width::Slim,
        &html! {
            (head("Audit log", about, &exports))
            @if let Some(chain) = &view.chain { p.chain.fs.muted { (chain) } }
            (kit::filters(&view.filters))
            @if view.days.is_empty() {
                (empty("No entries", "Nothing happened that fits these filters.", None))
            }
            div.log { @for day in &view.days { h2.cap { (day.title) } (entries(&day.entries)) } }
            (kit::pager(&view.pager))
        },
    )
}

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, AuditView)> {
    let view = AuditView {
        shell: tenant("Audit log", "Audit log"),
        exports: vec![Link::new("Export CSV", "?format=csv"), Link::new("Export JSON", "?format=json")],
        chain: Some(Status::new(Mark::Active, "482 entries, chain intact")),
        filters: log_filters(),
        days: days(),
        pager: Pager { says: String::new(), back: None, on: Some(Link::new("Older", "?before=470")) },
    };
    vec![("full", view.clone()), ("empty", AuditView { days: Vec::new(), pager: Pager::default(), ..view })]
}

fn log_filters() -> Filters {
    Filters {
        action: "/w/halden/audit".to_owned(),
        selects: vec![
            Select::new(
                "person",
                "Person",
                vec![Choice::new("", "Anyone", true), Choice::new("m1", "Priya Raman", false)],
            ),
            Select::new("kind", "Kind", vec![Choice::new("", "Any", true), Choice::new("invited", "Invited", false)]),
        ],
        days: vec![
            ("from".to_owned(), "From".to_owned(), "2026-11-01".to_owned()),
            ("to".to_owned(), "To".to_owned(), String::new()),
        ],
        ..Filters::default()
    }
}

fn days() -> Vec<Day> {
    let person = |name: &str| Actor::Person(name.to_owned());
    let mut changed = entry("09:42", person("Priya Raman"), "Changed the permissions of Jonas Lindqvist");
    changed.open = true;
    changed.delta = Some(before_and_after());
    changed.links = vec![Link::new("All of Jonas’s entries", "?person=m3")];
    vec![
        Day {
            title: "Today, 19 November".to_owned(),
            entries: vec![
                entry("09:58", person("Priya Raman"), "Invited mira.jovanovic@example.com as User, Standard agent"),
                changed,
                entry("09:15", person("Tomas Okafor"), "Edited the template Night shift, which 2 users have"),
            ],
        },
        Day {
            title: "Yesterday, 18 November".to_owned(),
            entries: vec![
                entry("16:03", person("Tomas Okafor"), "Suspended Oskar Nowak"),
                entry(
                    "14:20",
                    Actor::System("Time".to_owned(), Icon::Clock),
                    "Invitation of paul.iversen@example.com expired",
                ),
                entry("11:37", Actor::System("Billing".to_owned(), Icon::Card), "Plan changed from Team 15 to Team 20"),
            ],
        },
    ]
}

fn before_and_after() -> DeltaTable {
    let delta = |what: &str, before: &str, after: &str| Delta {
        what: what.to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
    };
    DeltaTable {
        about: "Jonas Lindqvist".to_owned(),
        rows: vec![
            delta("Analytics", "", "view, export"),
            delta("Conversations", "view, create, edit, delete", "view, create, edit"),
        ],
    }
}

fn entry(time: &str, actor: Actor, sentence: &str) -> Entry {
    Entry {
        when: when(time),
        actor,
        sentence: sentence.to_owned(),
        delta: None,
        facts: vec![
            ("From".to_owned(), "203.0.113.24, Firefox on Linux".to_owned()),
            ("Revision".to_owned(), "481".to_owned()),
        ],
        links: Vec::new(),
        open: false,
    }
}
