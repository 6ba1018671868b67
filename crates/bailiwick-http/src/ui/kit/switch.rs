//! Switches and check boxes.

use maud::{Markup, html};

/// A switch that a role may have.
#[derive(Debug, Clone, Default)]
pub struct Switch {
    /// What is sent as `toggle`.
    pub value: String,
    /// Its title.
    pub title: String,
    /// What it gives.
    pub says: String,
    /// Whether it is on.
    pub on: bool,
    /// Why it cannot be switched; then no switch is shown.
    pub fixed: Option<String>,
}

/// A switch below its title; where it is fixed, the reason instead.
pub fn switch(switch: &Switch) -> Markup {
    html! {
        div.field {
            span.label { (switch.title) }
            @if let Some(reason) = &switch.fixed { p.fs.muted.fixed { (reason) } } @else {
                label.check.mid {
                    input type="checkbox" role="switch" name="toggle" value=(switch.value) checked[switch.on];
                    span { span.vh { (switch.title) ": " } small { (switch.says) } }
                }
            }
        }
    }
}

/// One check box with a line below.
pub fn check(name: &str, value: &str, label: &str, below: &str, on: bool) -> Markup {
    html! {
        label.check {
            input type="checkbox" name=(name) value=(value) checked[on];
            span { (label) @if !below.is_empty() { small { (below) } } }
        }
    }
}
