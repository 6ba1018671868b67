//! Links, and the one action of a page.

use maud::{Markup, html};

use crate::ui::icons::Icon;

/// Words and where they lead.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// The words.
    pub label: String,
    /// The address.
    pub href: String,
}

impl Link {
    /// A link.
    pub fn new(label: &str, href: &str) -> Self {
        Self { label: label.to_owned(), href: href.to_owned() }
    }

    /// In running text.
    pub fn inline(&self) -> Markup {
        html! { a href=(self.href) { (self.label) } }
    }

    /// As a button.
    pub fn button(&self, class: &str) -> Markup {
        html! { a class=(class) href=(self.href) { (self.label) } }
    }

    /// Several ways out, in one row; nothing if there are none.
    pub fn several(links: &[Self]) -> Markup {
        html! { @if !links.is_empty() { p.ways { @for link in links { (link.inline()) } } } }
    }
}

/// The action of a page: there, or there and off with its reason.
#[derive(Debug, Clone, Default)]
pub struct Action {
    /// The words.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Why it cannot be used now.
    pub off: Option<String>,
}

/// The primary button of a page.
pub fn action(action: &Action) -> Markup {
    html! {
        @if let Some(reason) = &action.off {
            span.offered { button.btn type="button" disabled { (Icon::Plus) (action.label) } small { (reason) } }
        } @else { a.btn.primary href=(action.href) { (Icon::Plus) (action.label) } }
    }
}
