//! The workspaces of a person.

use maud::{Markup, html};

use crate::ui::{
    kit::{badge, empty, head},
    samples::signed_in,
    shell::{self, Shell, Width},
};

/// The page `/`.
#[derive(Debug, Clone, Default)]
pub struct WorkspacesView {
    /// What surrounds it.
    pub shell: Shell,
    /// The workspaces; none: a page that says so, as after a removal.
    pub workspaces: Vec<WorkspaceLine>,
}

/// One workspace.
#[derive(Debug, Clone, Default)]
pub struct WorkspaceLine {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub href: String,
    /// What the person is there, as "User, Standard agent".
    pub role: String,
    /// A mark, as "New"; may be empty.
    pub mark: String,
}

/// The page.
pub fn page(view: &WorkspacesView) -> Markup {
    let main = if view.workspaces.is_empty() { none(view) } else { some(&view.workspaces) };
    shell::page(&view.shell, Width::Slim, &main)
}

fn some(lines: &[WorkspaceLine]) -> Markup {
    html! {
        (head("Workspaces", "", &html! {}))
        ul.places { @for line in lines { li { (place(line)) } } }
    }
}

fn place(line: &WorkspaceLine) -> Markup {
    html! {
        a href=(line.href) {
            span.tile aria-hidden="true" { (line.name.chars().next().map(String::from).unwrap_or_default()) }
            span { strong { (line.name) @if !line.mark.is_empty() { " " (badge(&line.mark)) } } small { (line.role) } }
            (crate::ui::icons::Icon::Right)
        }
    }
}

fn none(view: &WorkspacesView) -> Markup {
    let email = view.shell.me.as_ref().map_or("this address", |me| me.email.as_str());
    let text = format!(
        "Nobody has added {email} to a workspace, or the one you were in has removed you. Ask whoever runs it for an \
         invitation."
    );
    html! {
        (head("Workspaces", "", &html! {}))
        (empty("You are in no workspace", &text, None))
    }
}

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, WorkspacesView)> {
    let line = |name: &str, role: &str, mark: &str| WorkspaceLine {
        name: name.to_owned(),
        href: "/w/x".to_owned(),
        role: role.to_owned(),
        mark: mark.to_owned(),
    };
    vec![
        (
            "several",
            WorkspacesView {
                shell: signed_in("Workspaces"),
                workspaces: vec![
                    line("Halden Outdoor", "Admin", "New"),
                    line("Solberg Studio", "Member, 4 properties", ""),
                    line("Priya’s team", "Owner", ""),
                ],
            },
        ),
        ("none", WorkspacesView { shell: signed_in("Workspaces"), workspaces: Vec::new() }),
    ]
}
