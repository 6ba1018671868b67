//! One member: what they may do, why, and what happened to them.

use maud::{Markup, html};

use super::home::line;
use crate::ui::{
    icons::Icon,
    kit::{
        AccessLine, Actor, Entry, Link, Mark, MenuItem, Select, Size, Status, access_lines, avatar, badge, caution,
        entries,
    },
    samples::{properties, tenant, to_team, to_users, when},
    shell::{self, Shell, Width},
};

/// The page `/w/{workspace}/team/{member}`.
#[derive(Debug, Clone, Default)]
pub struct MemberView {
    /// What surrounds it.
    pub shell: Shell,
    /// The way back to the team.
    pub back: Link,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// Small marks, as "You".
    pub badges: Vec<String>,
    /// The status.
    pub status: Status,
    /// Label and value, as ("Role", "User").
    pub facts: Vec<(String, String)>,
    /// What waits, a sentence each, as a changed address.
    pub waits: Vec<String>,
    /// What they may do, line by line.
    pub access: Vec<AccessLine>,
    /// What they cannot reach and the cause, a sentence each (E23).
    pub missing: Vec<String>,
    /// The question why.
    pub why: Option<Why>,
    /// What happened to them, newest first.
    pub history: Vec<Entry>,
    /// All of it, in the log.
    pub all_history: Option<Link>,
    /// What can be done: edit, suspend, remove.
    pub actions: Vec<MenuItem>,
}

/// The question why, sent by GET as `action` and `resource`.
#[derive(Debug, Clone, Default)]
pub struct Why {
    /// The address.
    pub href: String,
    /// Which action.
    pub action: Select,
    /// On which resource, where the model has them.
    pub resource: Option<Select>,
    /// The answer, once asked.
    pub answer: Option<WhyAnswer>,
}

/// The answer.
#[derive(Debug, Clone, Default)]
pub struct WhyAnswer {
    /// Whether it is allowed.
    pub allowed: bool,
    /// "Jonas can delete conversations."
    pub sentence: String,
    /// What gives it, or what stands in the way, a sentence each.
    pub reasons: Vec<String>,
}

/// The page.
pub fn page(view: &MemberView) -> Markup {
    shell::page(
        &view.shell,
        Width::Slim,
        &html! {
            (shell::back(&view.back))
            (top(view))
            @for sentence in &view.waits { (caution(&html! { (sentence) })) }
            dl.facts {
                div { dt { "Status" } dd { (view.status) } }
                @for (label, value) in &view.facts { div { dt { (label) } dd { (value) } } }
            }
            div.parts { (access(view)) @if let Some(each) = &view.why { (why(each)) } (history(view)) }
        },
    )
}

fn top(view: &MemberView) -> Markup {
    html! {
        div.head.person {
            div.row {
                (avatar(&view.name, Size::Large))
                div {
                    h1 { (view.name) @for text in &view.badges { " " (badge(text)) } }
                    p { (view.email) }
                }
            }
            div.row { @for item in &view.actions { (item.button()) } }
        }
    }
}

fn access(view: &MemberView) -> Markup {
    html! {
        section aria-labelledby="access" {
            h2 #access { "Access" }
            (access_lines(&view.access))
            @if !view.missing.is_empty() {
                ul.missing { @for sentence in &view.missing { li { (Icon::Info) span { (sentence) } } } }
            }
        }
    }
}

fn why(why: &Why) -> Markup {
    html! {
        section aria-labelledby="why" {
            h2 #why { "Why?" }
            p.muted.fs { "Choose an action to see what allows it, or what stands in the way." }
            form.tools method="get" action={ (why.href) "#why" } {
                (why.action.inline())
                @if let Some(resource) = &why.resource { (resource.inline()) }
                button.btn { "Explain" }
            }
            @if let Some(answer) = &why.answer { (answered(answer)) }
        }
    }
}

fn answered(answer: &WhyAnswer) -> Markup {
    html! {
        div.answer.no[!answer.allowed] role="status" {
            @if answer.allowed { (Icon::Check) } @else { (Icon::Cross) }
            div {
                p { strong { (answer.sentence) } }
                ul.dots { @for reason in &answer.reasons { li { (reason) } } }
            }
        }
    }
}

fn history(view: &MemberView) -> Markup {
    html! {
        @if !view.history.is_empty() {
            section aria-labelledby="history" {
                h2 #history { "History" }
                div.log { (entries(&view.history)) }
                @if let Some(link) = &view.all_history { p.fs { (link.inline()) } }
            }
        }
    }
}

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, MemberView)> {
    vec![("tenant", jonas()), ("tenant-denied", denied()), ("properties", lena())]
}

fn jonas() -> MemberView {
    use crate::ui::kit::Choice;
    let mut conversations =
        line("Conversations", "Chat, voice and email", "View, create, edit and delete", "Not manage");
    "Role template Standard agent; delete given directly".clone_into(&mut conversations.because);
    let mut crm = line("CRM records", "Contacts, companies and deals", "View and update", "");
    "CRM access is on".clone_into(&mut crm.because);
    MemberView {
        shell: tenant("Jonas Lindqvist", "Users"),
        back: to_users(),
        name: "Jonas Lindqvist".to_owned(),
        email: "jonas.lindqvist@example.com".to_owned(),
        status: Status::new(Mark::Active, "Active"),
        facts: facts(&[("Role", "User"), ("Role template", "Standard agent"), ("Last login", "2 hours ago")]),
        waits: vec!["Change of address to jonas@example.com is pending until Jonas confirms it.".to_owned()],
        access: vec![conversations, crm, line("Analytics", "Dashboards and reports", "", "")],
        why: Some(Why {
            href: "/w/halden/team/m".to_owned(),
            action: Select::new("action", "Action", vec![Choice::new("d", "Delete conversations", true)]),
            resource: None,
            answer: Some(WhyAnswer {
                allowed: true,
                sentence: "Jonas can delete conversations.".to_owned(),
                reasons: vec!["Given directly by Priya Raman on 12 November 2026.".to_owned()],
            }),
        }),
        history: vec![
            event("2 hours ago", "Priya Raman", "Changed the permissions: 1 added"),
            event("12 days ago", "Tomas Okafor", "Assigned the template Standard agent"),
        ],
        all_history: Some(Link::new("All entries in the audit log", "/w/halden/audit?person=m")),
        actions: vec![
            MenuItem::link("Edit", "/w/halden/team/m/edit"),
            MenuItem::link("Suspend", "/w/halden/team/m/suspend"),
            MenuItem::danger("Delete user", "/w/halden/team/m/remove"),
        ],
        ..MemberView::default()
    }
}

fn facts(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect()
}

fn event(age: &str, by: &str, sentence: &str) -> Entry {
    Entry {
        when: when(age),
        actor: Actor::Person(by.to_owned()),
        sentence: sentence.to_owned(),
        delta: None,
        facts: Vec::new(),
        links: Vec::new(),
        open: false,
    }
}

fn denied() -> MemberView {
    let mut view = jonas();
    view.status = Status::new(Mark::Suspended, "Suspended");
    view.waits.clear();
    if let Some(why) = &mut view.why {
        why.answer = Some(WhyAnswer {
            allowed: false,
            sentence: "Jonas cannot delete conversations.".to_owned(),
            reasons: vec!["Jonas is suspended. Without that, it would be allowed: given directly.".to_owned()],
        });
    }
    view
}

fn lena() -> MemberView {
    use crate::ui::kit::Choice;
    MemberView {
        shell: properties("Lena Vogt", "Team"),
        back: to_team(),
        name: "Lena Vogt".to_owned(),
        email: "lena@example.com".to_owned(),
        status: Status::new(Mark::Active, "Active"),
        facts: facts(&[("Role", "Member"), ("Property access", "4 properties"), ("Last active", "3 hours ago")]),
        access: vec![
            line("Shop", "Property", "Write: run reports, annotate and use AI chat", ""),
            line("Help center", "Property", "Read: view data, reports and conversations", ""),
        ],
        missing: vec![
            "Careers: no level is assigned.".to_owned(),
            "Old blog: the property was deleted on 2 November 2026.".to_owned(),
        ],
        why: Some(Why {
            href: "/w/solberg/team/m".to_owned(),
            action: Select::new("action", "Action", vec![Choice::new("run", "Run reports", true)]),
            resource: Some(Select::new("resource", "Property", vec![Choice::new("p4", "Careers", true)])),
            answer: Some(WhyAnswer {
                allowed: false,
                sentence: "Lena cannot run reports on Careers.".to_owned(),
                reasons: vec!["Lena has no level on Careers; Write or higher would allow it.".to_owned()],
            }),
        }),
        actions: vec![
            MenuItem::link("Edit Permissions", "/w/solberg/team/m/edit"),
            MenuItem::danger("Remove from Team", "/w/solberg/team/m/remove"),
        ],
        waits: Vec::new(),
        history: Vec::new(),
        all_history: None,
        ..jonas()
    }
}
