//! A field: label above, hint below, error next to it, value kept.

use maud::{Markup, html};

use crate::ui::{form::Problems, icons::Icon};

/// A one-line field.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// The name it is sent by, and its id.
    pub name: &'a str,
    /// Its label.
    pub label: &'a str,
    /// The type of the input.
    pub kind: &'a str,
    /// What stands in it.
    pub value: &'a str,
    /// A line below.
    pub hint: &'a str,
    /// What the browser may fill in.
    pub autocomplete: &'a str,
}

impl<'a> Text<'a> {
    /// A field of plain text.
    pub fn new(name: &'a str, label: &'a str, value: &'a str) -> Self {
        Self { name, label, kind: "text", value, hint: "", autocomplete: "off" }
    }

    /// A field for an address.
    pub fn email(label: &'a str, value: &'a str) -> Self {
        Self { kind: "email", autocomplete: "username", ..Self::new("email", label, value) }
    }

    /// A field for a password; what was typed never comes back.
    pub fn password(label: &'a str, autocomplete: &'a str, hint: &'a str) -> Self {
        Self { kind: "password", autocomplete, hint, ..Self::new("password", label, "") }
    }

    /// The field with what is wrong with it.
    pub fn render(&self, problems: &Problems) -> Markup {
        let error = problems.of(self.name);
        let input = html! {
            input.input id=(self.name) name=(self.name) type=(self.kind) value=[self.kept()] required
                autocomplete=(self.autocomplete) aria-invalid=[error.map(|_| "true")]
                aria-describedby=[described(self.name, self.hint, error)];
        };
        around(self.name, self.label, self.hint, error, &input)
    }

    fn kept(&self) -> Option<&str> {
        (!self.value.is_empty()).then_some(self.value)
    }
}

/// A field of several lines.
pub fn area(name: &str, label: &str, value: &str, hint: &str, problems: &Problems) -> Markup {
    let error = problems.of(name);
    let input = html! {
        textarea.input id=(name) name=(name) rows="3" spellcheck="false" required
            aria-invalid=[error.map(|_| "true")] aria-describedby=[described(name, hint, error)] { (value) }
    };
    around(name, label, hint, error, &input)
}

/// Label, control, hint and error, in this order.
pub fn around(name: &str, label: &str, hint: &str, error: Option<&str>, control: &Markup) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            (control)
            @if !hint.is_empty() { small id={ (name) "-hint" } { (hint) } }
            (fault(name, error))
        }
    }
}

/// What is wrong, next to the field.
pub fn fault(name: &str, error: Option<&str>) -> Markup {
    html! { @if let Some(sentence) = error { p.error id={ (name) "-error" } { (Icon::Caution) span { (sentence) } } } }
}

fn described(name: &str, hint: &str, error: Option<&str>) -> Option<String> {
    let hint = (!hint.is_empty()).then(|| format!("{name}-hint"));
    let error = error.map(|_| format!("{name}-error"));
    let ids: Vec<String> = hint.into_iter().chain(error).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}
