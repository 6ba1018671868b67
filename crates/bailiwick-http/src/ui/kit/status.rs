//! A status: a shape, a colour and a word, so that none of them stands alone.

use maud::{Markup, Render, html};

/// The shape of a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    /// A full dot.
    #[default]
    Active,
    /// A ring.
    Waiting,
    /// A triangle: expired or undelivered.
    Warned,
    /// Two bars.
    Suspended,
}

/// A status.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Its shape.
    pub mark: Mark,
    /// Its words, as "Invited, link expired".
    pub words: String,
}

impl Status {
    /// A status.
    pub fn new(mark: Mark, words: &str) -> Self {
        Self { mark, words: words.to_owned() }
    }
}

impl Render for Status {
    fn render(&self) -> Markup {
        let class = match self.mark {
            Mark::Active => "status",
            Mark::Waiting => "status invited",
            Mark::Warned => "status expired",
            Mark::Suspended => "status suspended",
        };
        html! { span class=(class) { (self.words) } }
    }
}
