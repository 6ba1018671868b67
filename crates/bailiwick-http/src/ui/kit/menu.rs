//! A menu of actions that opens without a script.

use maud::{Markup, html};

use super::Link;
use crate::ui::{form::FormMeta, icons::Icon};

/// One action of a menu.
#[derive(Debug, Clone)]
pub enum MenuItem {
    /// Leads to a page.
    Link {
        /// The words.
        label: String,
        /// The address.
        href: String,
        /// Whether what it leads to destroys.
        danger: bool,
    },
    /// Does it at once; only for what can be repeated or undone.
    Post {
        /// The words.
        label: String,
        /// The form.
        form: FormMeta,
    },
    /// A rule between groups.
    Rule,
}

impl MenuItem {
    /// Leads to a page.
    pub fn link(label: &str, href: &str) -> Self {
        Self::Link { label: label.to_owned(), href: href.to_owned(), danger: false }
    }

    /// Leads to the page that confirms a destruction.
    pub fn danger(label: &str, href: &str) -> Self {
        Self::Link { label: label.to_owned(), href: href.to_owned(), danger: true }
    }

    /// Does it at once.
    pub fn post(label: &str, form: FormMeta) -> Self {
        Self::Post { label: label.to_owned(), form }
    }

    /// As a button in a row of buttons.
    pub fn button(&self) -> Markup {
        match self {
            Self::Link { label, href, danger } => html! { a.btn.danger[*danger] href=(href) { (label) } },
            Self::Post { label, form } => form.button("btn", &html! { (label) }),
            Self::Rule => html! {},
        }
    }
}

/// The last cell of a row: the link that edits, and a menu. On a narrow card the link moves into the menu.
pub fn row_actions(about: &str, edit: Option<&Link>, items: &[MenuItem]) -> Markup {
    html! {
        td.acts { span {
            @if let Some(link) = edit {
                a.btn.ghost.small href=(link.href) { (link.label) span.vh { " " (about) } }
            }
            @if edit.is_some() || !items.is_empty() { (menu(about, edit, items)) }
        } }
    }
}

fn menu(about: &str, edit: Option<&Link>, items: &[MenuItem]) -> Markup {
    html! {
        details.menu.only-narrow[items.is_empty()] name="menu" {
            summary.btn.ghost.icon.small aria-label={ "Actions for " (about) } { (Icon::More) }
            ul {
                @if let Some(link) = edit { li.only-narrow { (link.inline()) } }
                @for item in items { li { (entry(item)) } }
            }
        }
    }
}

fn entry(item: &MenuItem) -> Markup {
    match item {
        MenuItem::Link { label, href, danger } => html! { a.danger[*danger] href=(href) { (label) } },
        MenuItem::Post { label, form } => form.button("", &html! { (label) }),
        MenuItem::Rule => html! { hr; },
    }
}
