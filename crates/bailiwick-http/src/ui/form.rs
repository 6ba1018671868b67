//! What every form carries, and what came back when it was refused.

use maud::{Markup, html};

use super::{icons::Icon, kit::Link};

/// Where a form posts, and the proofs that go with it.
#[derive(Debug, Clone, Default)]
pub struct FormMeta {
    /// The address it posts to.
    pub action: String,
    /// The token against forged requests; sent as `csrf`.
    pub csrf: String,
    /// The version of the object that the page shows; sent as `version`, compared as If-Match is.
    pub version: Option<u64>,
    /// The id that makes a repeated post one change; sent as `command`.
    pub command: String,
}

impl FormMeta {
    /// The hidden inputs.
    pub fn hidden(&self) -> Markup {
        html! {
            input type="hidden" name="csrf" value=(self.csrf);
            @if let Some(version) = self.version { input type="hidden" name="version" value=(version); }
            input type="hidden" name="command" value=(self.command);
        }
    }

    /// A form around what it asks for.
    pub fn around(&self, class: &str, content: &Markup) -> Markup {
        html! { form method="post" action=(self.action) class=[given(class)] novalidate { (self.hidden()) (content) } }
    }

    /// The button that shows what would come of it, at this part of the page, and saves nothing.
    pub fn preview(&self, part: &str) -> Markup {
        html! { button.btn formaction={ (self.action) "?preview#" (part) } { "Preview" } }
    }

    /// A form that is one button.
    pub fn button(&self, class: &str, content: &Markup) -> Markup {
        self.around("one", &html! { button class=[given(class)] { (content) } })
    }
}

/// What is wrong with one field, said next to it.
#[derive(Debug, Clone)]
pub struct FieldError {
    /// The name of the field.
    pub field: String,
    /// What is wrong and what would be right.
    pub sentence: String,
}

/// Why the whole was refused.
#[derive(Debug, Clone, Default)]
pub struct Refused {
    /// What is wrong.
    pub sentence: String,
    /// What to do about it; may be empty.
    pub remedy: String,
    /// Where to do it.
    pub ways: Vec<Link>,
}

/// What came back when a form was sent and not taken. Empty on the first visit.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    /// What is wrong with single fields.
    pub errors: Vec<FieldError>,
    /// Why the whole was refused.
    pub refusal: Option<Refused>,
}

impl Problems {
    /// What is wrong with this field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.sentence.as_str())
    }

    /// The summary on top of the form; nothing if nothing is wrong.
    pub fn summary(&self) -> Markup {
        html! {
            @if let Some(refused) = &self.refusal { (refused.block()) }
            @if !self.errors.is_empty() { (alert(&self.list())) }
        }
    }

    fn list(&self) -> Markup {
        html! {
            p { strong { (attention(self.errors.len())) } }
            ul { @for error in &self.errors { li { a href={ "#" (error.field) } { (error.sentence) } } } }
        }
    }
}

impl Refused {
    fn block(&self) -> Markup {
        alert(&html! { p { strong { (self.sentence) } " " (self.remedy) } (Link::several(&self.ways)) })
    }
}

/// What is wrong, on top; focus goes to it when the page opens.
fn alert(content: &Markup) -> Markup {
    html! { div.refused role="alert" tabindex="-1" autofocus { (Icon::Caution) div { (content) } } }
}

fn attention(count: usize) -> String {
    if count == 1 { "One field needs attention.".to_owned() } else { format!("{count} fields need attention.") }
}

fn given(class: &str) -> Option<&str> {
    (!class.is_empty()).then_some(class)
}
