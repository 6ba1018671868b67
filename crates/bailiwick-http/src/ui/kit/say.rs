//! What a page says aside: a notice, a caution, a yes, an empty state.

use maud::{Markup, html};

use super::Link;
use crate::ui::{icons::Icon, shell::Notice};

/// What was just done.
pub fn notice(notice: &Notice) -> Markup {
    html! {
        div.notice role="status" {
            (Icon::Check) span { (notice.text) }
            @if let Some(undo) = &notice.undo { (undo.button("btn ghost small", &html! { "Undo" })) }
        }
    }
}

/// Take care: a sentence beside a triangle.
pub fn caution(content: &Markup) -> Markup {
    html! { div.caution { (Icon::Caution) div { (content) } } }
}

/// A small count or mark.
pub fn badge(text: &str) -> Markup {
    html! { span.badge { (text) } }
}

/// What one may.
pub fn yes(text: &str) -> Markup {
    html! { span.yes { (Icon::Check) span { (text) } } }
}

/// Nothing here yet, and what to do first.
pub fn empty(title: &str, text: &str, first: Option<&Link>) -> Markup {
    html! {
        section.empty {
            h2 { (title) }
            p.muted { (text) }
            @if let Some(link) = first { (link.button("btn")) }
        }
    }
}
