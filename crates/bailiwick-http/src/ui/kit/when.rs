//! A moment: relative for the eye, absolute on hover, exact for programs.

use maud::{Markup, Render, html};

/// A moment.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// "2 hours ago".
    pub relative: String,
    /// "19 Nov 2026, 08:02 UTC".
    pub absolute: String,
    /// "2026-11-19T08:02:00Z".
    pub iso: String,
}

impl Render for When {
    fn render(&self) -> Markup {
        html! { time datetime=(self.iso) title=(self.absolute) { (self.relative) } }
    }
}
