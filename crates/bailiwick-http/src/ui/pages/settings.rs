//! The workspace itself: its name, why its owner stays, its end.

use maud::{Markup, html};

use crate::ui::{
    form::{FormMeta, Problems},
    kit::{Link, Text, head},
    samples::{form, properties, tenant, wrong},
    shell::{self, Shell, Width},
};

/// The page `/w/{workspace}/settings`.
#[derive(Debug, Clone, Default)]
pub struct SettingsView {
    /// What surrounds it.
    pub shell: Shell,
    /// The workspace, lower case: "tenant", "team".
    pub workspace: String,
    /// Its name, or what was typed; sent as `name`.
    pub name: String,
    /// Renames it; none for those who may not.
    pub form: Option<FormMeta>,
    /// What was wrong.
    pub problems: Problems,
    /// Who owns it and why that stays, or how it is handed over.
    pub ownership: String,
    /// The way to its deletion.
    pub delete: Option<Link>,
}

/// The page.
pub fn page(view: &SettingsView) -> Markup {
    shell::page(
        &view.shell,
        Width::Slim,
        &html! {
            (head("Settings", "", &html! {}))
            div.parts { (name(view)) (ownership(view)) (end(view)) }
        },
    )
}

fn name(view: &SettingsView) -> Markup {
    html! {
        section {
            h2 { "Name" }
            p.muted.fs { "Shown in the menu, in invitations and in mails." }
            (view.problems.summary())
            @if let Some(form) = &view.form {
                (form.around("short", &html! {
                    (Text::new("name", &format!("Name of the {}", view.workspace), &view.name).render(&view.problems))
                    button.btn.primary { "Save" }
                }))
            } @else { p { (view.name) } }
        }
    }
}

fn ownership(view: &SettingsView) -> Markup {
    html! { @if !view.ownership.is_empty() { section { h2 { "Ownership" } p.muted.fs { (view.ownership) } } } }
}

fn end(view: &SettingsView) -> Markup {
    html! {
        @if let Some(delete) = &view.delete {
            section {
                h2 { "Delete the " (view.workspace) }
                p.muted.fs { "Everybody loses access, and nothing in it can be brought back." }
                div.row { (delete.button("btn danger")) }
            }
        }
    }
}

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, SettingsView)> {
    let halden = SettingsView {
        shell: tenant("Settings", "Settings"),
        workspace: "tenant".to_owned(),
        name: "Halden Outdoor".to_owned(),
        form: Some(form("/w/halden/settings")),
        problems: Problems::default(),
        ownership: "Every admin has full control. To hand the tenant over, make another person an admin.".to_owned(),
        delete: Some(Link::new("Delete tenant", "/w/halden/delete")),
    };
    let solberg = SettingsView {
        shell: properties("Settings", "Settings"),
        workspace: "team".to_owned(),
        name: String::new(),
        problems: wrong("name", "Write a name."),
        ownership: "Ingrid Solberg is the Owner. Ownership of a team is never transferred.".to_owned(),
        ..halden.clone()
    };
    vec![("tenant", halden), ("properties-no-name", solberg)]
}
