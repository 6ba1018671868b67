//! A choice of one among several, as the browser's own control.

use maud::{Markup, html};

use super::field;
use crate::ui::form::Problems;

/// One choice.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read; a reason why not belongs in it.
    pub label: String,
    /// Whether it is chosen.
    pub chosen: bool,
    /// Whether it cannot be chosen.
    pub off: bool,
}

impl Choice {
    /// A choice.
    pub fn new(value: &str, label: &str, chosen: bool) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), chosen, off: false }
    }
}

/// A select with its label.
#[derive(Debug, Clone, Default)]
pub struct Select {
    /// The name it is sent by, and its id.
    pub name: String,
    /// Its label.
    pub label: String,
    /// A line below.
    pub hint: String,
    /// What there is to choose.
    pub choices: Vec<Choice>,
}

impl Select {
    /// A select.
    pub fn new(name: &str, label: &str, choices: Vec<Choice>) -> Self {
        Self { name: name.to_owned(), label: label.to_owned(), hint: String::new(), choices }
    }

    /// As a field of a form.
    pub fn field(&self, problems: &Problems) -> Markup {
        field::around(&self.name, &self.label, &self.hint, problems.of(&self.name), &self.control())
    }

    /// As a filter: the label inside the frame.
    pub fn inline(&self) -> Markup {
        html! { div.inline { label for=(self.name) { (self.label) } (self.control()) } }
    }

    fn control(&self) -> Markup {
        html! {
            span.select { select.input id=(self.name) name=(self.name) {
                @for choice in &self.choices {
                    option value=(choice.value) selected[choice.chosen] disabled[choice.off] { (choice.label) }
                }
            } }
        }
    }
}
