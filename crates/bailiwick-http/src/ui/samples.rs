//! What the samples of the pages share: two invented teams and the people in them.

use maud::Markup;

use super::{
    form::{FieldError, FormMeta, Problems, Refused},
    icons::Icon,
    kit::{Link, When},
    pages,
    shell::{Brand, Me, MenuEntry, MenuGroup, Shell, WorkspaceEntry},
};

/// One page in one state, rendered.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The page, as "team".
    pub page: &'static str,
    /// The state, as "at-limit".
    pub state: &'static str,
    /// The document.
    pub html: String,
}

fn each<V>(page: &'static str, views: Vec<(&'static str, V)>, render: fn(&V) -> Markup) -> Vec<Sample> {
    views.into_iter().map(|(state, view)| Sample { page, state, html: render(&view).into_string() }).collect()
}

/// Every page in every state worth seeing.
pub fn every() -> Vec<Sample> {
    [
        each("sign-in", pages::sign_in::samples(), pages::sign_in::page),
        each("invitation", pages::invitation::samples(), pages::invitation::page),
        each("workspaces", pages::workspaces::samples(), pages::workspaces::page),
        each("home", pages::home::samples(), pages::home::page),
        each("team", pages::team::samples(), pages::team::page),
        each("invite", pages::invite::samples(), pages::invite::page),
        each("edit", pages::edit::samples(), pages::edit::page),
        each("member", pages::member::samples(), pages::member::page),
        each("confirm", pages::confirm::samples(), pages::confirm::page),
        each("templates", pages::templates::samples(), pages::templates::page),
        each("template", pages::templates::editor_samples(), pages::templates::editor),
        each("resources", pages::resources::samples(), pages::resources::page),
        each("resource", pages::resources::form_samples(), pages::resources::form_page),
        each("reach", pages::resources::reach_samples(), pages::resources::reach_page),
        each("audit", pages::audit::samples(), pages::audit::page),
        each("settings", pages::settings::samples(), pages::settings::page),
        each("account", pages::account::samples(), pages::account::page),
        each("demo", pages::demo::samples(), pages::demo::page),
        each("error", pages::error::samples(), pages::error::page),
    ]
    .concat()
}

/// A form that posts to this address.
pub fn form(action: &str) -> FormMeta {
    FormMeta { action: action.to_owned(), csrf: "5f0c1e".to_owned(), version: Some(42), command: "01jd2k7x".to_owned() }
}

/// A moment, by what the eye reads.
pub fn when(relative: &str) -> When {
    When {
        relative: relative.to_owned(),
        absolute: "19 Nov 2026, 08:02 UTC".to_owned(),
        iso: "2026-11-19T08:02:00Z".to_owned(),
    }
}

/// One field is wrong.
pub fn wrong(field: &str, sentence: &str) -> Problems {
    Problems { errors: vec![FieldError { field: field.to_owned(), sentence: sentence.to_owned() }], refusal: None }
}

/// The whole was refused.
pub fn refused(sentence: &str, remedy: &str) -> Problems {
    Problems { errors: Vec::new(), refusal: Some(refusal(sentence, remedy)) }
}

/// A refusal without a way out.
pub fn refusal(sentence: &str, remedy: &str) -> Refused {
    Refused { sentence: sentence.to_owned(), remedy: remedy.to_owned(), ways: Vec::new() }
}

/// Before sign-in.
pub fn outside(title: &str) -> Shell {
    Shell {
        lang: "en".to_owned(),
        title: title.to_owned(),
        brand: Brand { name: "Bailiwick".to_owned(), theme: None, logo: None },
        ..Shell::default()
    }
}

/// Signed in, in no workspace.
pub fn signed_in(title: &str) -> Shell {
    Shell {
        menu: vec![
            entry(MenuGroup::You, "Workspaces", "/", Icon::Squares, title),
            entry(MenuGroup::You, "Account", "/account", Icon::Person, title),
        ],
        me: Some(me("Priya Raman", "priya.raman@example.com")),
        ..outside(title)
    }
}

/// In a workspace of the tenant preset; `current` is the entry of the menu that is marked.
pub fn tenant(title: &str, current: &str) -> Shell {
    Shell {
        workspace: Some("Halden Outdoor".to_owned()),
        workspaces: vec![
            WorkspaceEntry { name: "Halden Outdoor".to_owned(), href: "/w/halden".to_owned(), current: true },
            WorkspaceEntry { name: "Solberg Studio".to_owned(), href: "/w/solberg".to_owned(), current: false },
        ],
        menu: vec![
            entry(MenuGroup::Workspace, "Users", "/w/halden/team", Icon::People, current),
            entry(MenuGroup::Workspace, "Role templates", "/w/halden/templates", Icon::Template, current),
            entry(MenuGroup::Workspace, "Billing", "/w/halden/billing", Icon::Card, current),
            entry(MenuGroup::Workspace, "Audit log", "/w/halden/audit", Icon::List, current),
            entry(MenuGroup::Workspace, "Settings", "/w/halden/settings", Icon::Sliders, current),
            entry(MenuGroup::You, "Your access", "/w/halden", Icon::Key, current),
            entry(MenuGroup::You, "Account", "/account", Icon::Person, current),
        ],
        me: Some(me("Priya Raman", "priya.raman@example.com")),
        ..outside(title)
    }
}

/// In a workspace of the properties preset.
pub fn properties(title: &str, current: &str) -> Shell {
    Shell {
        workspace: Some("Solberg Studio".to_owned()),
        menu: vec![
            entry(MenuGroup::Workspace, "Team", "/w/solberg/team", Icon::People, current),
            entry(MenuGroup::Workspace, "Properties", "/w/solberg/resources", Icon::Cube, current),
            entry(MenuGroup::Workspace, "Billing", "/w/solberg/billing", Icon::Card, current),
            entry(MenuGroup::Workspace, "Audit log", "/w/solberg/audit", Icon::List, current),
            entry(MenuGroup::Workspace, "Settings", "/w/solberg/settings", Icon::Sliders, current),
            entry(MenuGroup::You, "Your access", "/w/solberg", Icon::Key, current),
            entry(MenuGroup::You, "Account", "/account", Icon::Person, current),
        ],
        me: Some(me("Ingrid Solberg", "ingrid@example.com")),
        ..outside(title)
    }
}

/// Back to the table of users.
pub fn to_users() -> Link {
    Link::new("Users", "/w/halden/team")
}

/// Back to the team.
pub fn to_team() -> Link {
    Link::new("Team", "/w/solberg/team")
}

fn entry(group: MenuGroup, label: &str, href: &str, icon: Icon, current: &str) -> MenuEntry {
    MenuEntry { group, label: label.to_owned(), href: href.to_owned(), icon, current: label == current }
}

fn me(name: &str, email: &str) -> Me {
    Me { name: name.to_owned(), email: email.to_owned(), sign_out: form("/sign-out") }
}
