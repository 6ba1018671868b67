//! The home of a member: what you may do here, and whom to ask for more.

use maud::{Markup, html};

use crate::ui::{
    kit::{AccessLine, Link, access_lines, head, person},
    samples::{properties, tenant},
    shell::{self, Shell, Width},
};

/// The page `/w/{workspace}`.
#[derive(Debug, Clone, Default)]
pub struct HomeView {
    /// What surrounds it.
    pub shell: Shell,
    /// The workspace.
    pub workspace: String,
    /// What you are, as "You are a User with the template Standard agent."
    pub about: String,
    /// Permissions, group by group.
    pub groups: Vec<AccessLine>,
    /// The head of the resources, as "Properties".
    pub resources_title: String,
    /// Resources, one by one: `can` is the level, `note` what it means.
    pub resources: Vec<AccessLine>,
    /// A sentence where there are no resources, or more than may be seen; may be empty.
    pub resources_note: String,
    /// Whom to ask: name and a line, as ("Priya Raman", "Admin, invited you").
    pub ask: Vec<(String, String)>,
    /// "In the team since 4 March 2026."
    pub since: String,
    /// The way to leave.
    pub leave: Option<Link>,
    /// Why there is none; may be empty.
    pub stays: String,
}

/// The page.
pub fn page(view: &HomeView) -> Markup {
    shell::page(
        &view.shell,
        Width::Slim,
        &html! {
            (head(&format!("What you can do in {}", view.workspace), &view.about, &html! {}))
            div.split.airy {
                div.stack { (access_lines(&view.groups)) (resources(view)) }
                (aside(view))
            }
        },
    )
}

fn resources(view: &HomeView) -> Markup {
    html! {
        @if !view.resources.is_empty() || !view.resources_note.is_empty() {
            section {
                h2 { (view.resources_title) }
                (access_lines(&view.resources))
                @if !view.resources_note.is_empty() { p.fs.muted { (view.resources_note) } }
            }
        }
    }
}

fn aside(view: &HomeView) -> Markup {
    html! {
        aside.stack aria-label="Further" {
            @if !view.ask.is_empty() {
                div { h2 { "Need more?" } p.muted.fs { "They can change what you may do." } }
                ul.rows { @for (name, line) in &view.ask { li { (person(name, line)) } } }
            }
            p.muted.fs {
                (view.since)
                @if let Some(leave) = &view.leave { " " (leave.inline()) }
                @if !view.stays.is_empty() { " " (view.stays) }
            }
        }
    }
}

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, HomeView)> {
    vec![("tenant", halden()), ("properties", solberg())]
}

/// A line for samples; `can` empty is no access.
pub(super) fn line(title: &str, covers: &str, can: &str, note: &str) -> AccessLine {
    AccessLine {
        title: title.to_owned(),
        covers: covers.to_owned(),
        can: (!can.is_empty()).then(|| can.to_owned()),
        note: note.to_owned(),
        because: String::new(),
    }
}

fn halden() -> HomeView {
    HomeView {
        shell: tenant("Your access", "Your access"),
        workspace: "Halden Outdoor".to_owned(),
        about: "You are a User with the template Standard agent, and one permission of your own.".to_owned(),
        groups: vec![
            line("Conversations", "Chat, voice and email", "View, create and edit", "Not delete or manage"),
            line("CRM records", "Contacts, companies and deals", "View and update", ""),
            line("Analytics", "Dashboards and reports", "View", "Not create, edit, delete, manage or export"),
            line("Integrations", "CRM connections and third parties", "", ""),
            line("Experiments", "What affects routing, playbooks or assistants", "", ""),
            line("Users", "Who is in the tenant and what they may do", "", ""),
            line("Settings", "Branding, channels and organization settings", "", ""),
        ],
        ask: vec![
            ("Priya Raman".to_owned(), "Admin, invited you".to_owned()),
            ("Tomas Okafor".to_owned(), "Admin".to_owned()),
        ],
        since: "In the tenant since 4 March 2026.".to_owned(),
        leave: Some(Link::new("Leave the tenant", "/w/halden/leave")),
        ..HomeView::default()
    }
}

fn solberg() -> HomeView {
    HomeView {
        shell: properties("Your access", "Your access"),
        workspace: "Solberg Studio".to_owned(),
        about: "You are a Member with access to 3 properties.".to_owned(),
        groups: vec![line("Report templates", "Templates that reports are run from", "", "")],
        resources_title: "Properties".to_owned(),
        resources: vec![
            line("Shop", "shop.example.com", "Write", "View data, run reports, annotate and use AI chat"),
            line("Help center", "help.example.com", "Read", "View data, reports, conversations and annotations"),
            line("Mobile app", "Web view in both stores", "Admin", "Everything, connections and deletion included"),
        ],
        ask: vec![("Ingrid Solberg".to_owned(), "Owner, invited you".to_owned())],
        since: "In the team since 4 March 2026.".to_owned(),
        stays: "The Owner cannot leave.".to_owned(),
        ..HomeView::default()
    }
}
