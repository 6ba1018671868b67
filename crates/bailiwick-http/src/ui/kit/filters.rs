//! What a list is filtered by, kept in the address; and its other pages.

use maud::{Markup, html};

use super::Select;
use crate::ui::icons::Icon;

/// What a list is filtered by; sent by GET.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// The address.
    pub action: String,
    /// What was searched for, where there is a search; sent as `q`.
    pub search: Option<String>,
    /// The choices.
    pub selects: Vec<Select>,
    /// Days: name, label and value as "2026-11-19".
    pub days: Vec<(String, String, String)>,
    /// What else stays in the address, as the order.
    pub keep: Vec<(String, String)>,
    /// Without any filter, if one is set.
    pub clear: Option<String>,
}

/// Other pages of a list.
#[derive(Debug, Clone, Default)]
pub struct Pager {
    /// What is shown, as "1 to 50 of 212"; may be empty.
    pub says: String,
    /// The page before: label and address.
    pub back: Option<super::Link>,
    /// The page after.
    pub on: Option<super::Link>,
}

/// The filters, in one row.
pub fn filters(filters: &Filters) -> Markup {
    html! {
        form.tools method="get" action=(filters.action) role="search" {
            @for (name, value) in &filters.keep { input type="hidden" name=(name) value=(value); }
            @if let Some(search) = &filters.search {
                div.inline.grow {
                    (Icon::Search)
                    label for="q" { "Search" }
                    input.input #q name="q" type="search" value=(search) autocomplete="off" spellcheck="false";
                }
            }
            @for select in &filters.selects { (select.inline()) }
            @for (name, label, value) in &filters.days {
                div.inline { label for=(name) { (label) } input.input id=(name) name=(name) type="date" value=(value); }
            }
            button.btn { "Filter" }
            @if let Some(clear) = &filters.clear { a.btn.ghost href=(clear) { "Clear" } }
        }
    }
}

/// Links to other pages of a list; nothing if there are none.
pub fn pager(pager: &Pager) -> Markup {
    html! {
        @if pager.back.is_some() || pager.on.is_some() {
            nav.pager aria-label="Pages" {
                span.muted { (pager.says) }
                @for link in pager.back.iter().chain(&pager.on) { (link.button("btn small")) }
            }
        }
    }
}
