//! What a change would do, before it is saved.

use maud::{Markup, html};

use super::caution;

/// What a change would do.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// What comes, a line each.
    pub adds: Vec<String>,
    /// What goes, a line each.
    pub cuts: Vec<String>,
    /// What stays, one sentence; may be empty.
    pub stays: String,
    /// What to take care of, a sentence each.
    pub cautions: Vec<String>,
    /// From when it holds.
    pub holds: String,
}

impl Changes {
    fn nothing(&self) -> bool {
        self.adds.is_empty() && self.cuts.is_empty()
    }
}

/// The block; without a preview it says how to get one.
pub fn changes(preview: Option<&Changes>) -> Markup {
    html! {
        section #changes .changes aria-labelledby="changes-title" {
            h2 #changes-title { "What changes" }
            @if let Some(preview) = preview { (shown(preview)) } @else {
                p.muted { "Preview lists what comes, what goes and what stays. Nothing is saved before you choose to." }
            }
        }
    }
}

fn shown(preview: &Changes) -> Markup {
    html! {
        p.muted { @if preview.nothing() { "Nothing: this is how it is now." } @else { "Nothing is saved yet." } }
        @if !preview.nothing() {
            ul {
                @for line in &preview.adds { li { span.vh { "Comes: " } span { (line) } } }
                @for line in &preview.cuts { li.cut { span.vh { "Goes: " } span { (line) } } }
            }
        }
        @if !preview.stays.is_empty() { p.muted { (preview.stays) } }
        @for sentence in &preview.cautions { (caution(&html! { (sentence) })) }
        @if !preview.holds.is_empty() { p.muted { (preview.holds) } }
    }
}
