//! The head of a page, and the card that stands in for a dialog.

use maud::{Markup, html};

use super::{Link, Size, avatar};
use crate::ui::shell::{self, Shell, Width};

/// The head of a page: its title, a sentence, its actions.
pub fn head(title: &str, about: &str, actions: &Markup) -> Markup {
    html! {
        div.head {
            div { h1 { (title) } @if !about.is_empty() { p { (about) } } }
            @if !actions.0.is_empty() { div.row { (actions) } }
        }
    }
}

/// A dialog that is a page of its own.
#[derive(Debug, Clone, Copy)]
pub struct Panel<'a> {
    /// What surrounds it.
    pub shell: &'a Shell,
    /// How wide it is.
    pub width: Width,
    /// Where it was opened from.
    pub back: &'a Link,
    /// Whom it is about; shows an avatar.
    pub about: Option<&'a str>,
    /// Its title.
    pub title: &'a str,
    /// A line below.
    pub line: &'a str,
}

impl Panel<'_> {
    /// The page around what the dialog holds: usually a form of `.dbody` and `.dfoot`.
    pub fn around(&self, content: &Markup) -> Markup {
        shell::page(self.shell, self.width, &html! { (shell::back(self.back)) div.panel { (self.head()) (content) } })
    }

    fn head(&self) -> Markup {
        html! {
            div.dhead {
                @if let Some(name) = self.about { (avatar(name, Size::Large)) }
                div { h1 { (self.title) } @if !self.line.is_empty() { p.fs.muted { (self.line) } } }
            }
        }
    }
}
