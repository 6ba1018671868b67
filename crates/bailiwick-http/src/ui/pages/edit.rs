//! Editing a member or an invitation: everything about them in one form, and what it changes before it is saved.

use maud::{Markup, html};

use crate::ui::{
    form::{FormMeta, Problems},
    kit::{AccessForm, Changes, Link, Panel, Select, Text, access_form, caution, changes, not_arrived},
    shell::{Shell, Width},
};

pub use samples::samples;

pub(super) mod samples;

/// The page `/w/{workspace}/team/{id}/edit`. `?preview` shows what would change and saves nothing.
#[derive(Debug, Clone, Default)]
pub struct EditView {
    /// What surrounds it.
    pub shell: Shell,
    /// Where it was opened from.
    pub back: Link,
    /// Whose it is: a name, or the address of an invitation.
    pub about: String,
    /// The title, as "Edit Jonas Lindqvist".
    pub title: String,
    /// A line below, as address and day of joining.
    pub line: String,
    /// Saves.
    pub form: FormMeta,
    /// What was wrong.
    pub problems: Problems,
    /// The address, where it can be changed; sent as `email`.
    pub email: Option<EmailField>,
    /// The status, where the model has suspension; sent as `status`.
    pub status: Option<Select>,
    /// Why nothing can be changed; the owner's page.
    pub fixed: Option<String>,
    /// What they have.
    pub access: AccessForm,
    /// What a change would do, after a preview.
    pub preview: Option<Changes>,
    /// The button that saves, as "Save".
    pub save: String,
    /// The way to removal or cancellation.
    pub remove: Option<Link>,
    /// For an invitation: resends it, with help if it did not arrive.
    pub resend: Option<FormMeta>,
}

/// An address that can be changed.
#[derive(Debug, Clone, Default)]
pub struct EmailField {
    /// The address.
    pub value: String,
    /// A line below, as "Change to w@example.com is pending".
    pub hint: String,
}

/// The page.
pub fn page(view: &EditView) -> Markup {
    let panel = Panel {
        shell: &view.shell,
        width: if view.access.grid.is_some() { Width::Full } else { Width::Slim },
        back: &view.back,
        about: Some(&view.about),
        title: &view.title,
        line: &view.line,
    };
    panel.around(&html! {
        @if let Some(why) = &view.fixed { (unchangeable(why)) } @else {
            (view.form.around("", &html! { (body(view)) (foot(view)) }))
        }
        @if let Some(resend) = &view.resend { div.dmore { (not_arrived(Some(resend))) } }
    })
}

fn unchangeable(why: &str) -> Markup {
    html! { div.dbody { (caution(&html! { (why) })) } }
}

fn body(view: &EditView) -> Markup {
    html! {
        div.dbody.split {
            div.stack {
                (view.problems.summary())
                (person(view))
                (access_form(&view.access, &view.problems))
            }
            (changes(view.preview.as_ref()))
        }
    }
}

fn person(view: &EditView) -> Markup {
    html! {
        @if view.email.is_some() || view.status.is_some() {
            div.two {
                @if let Some(email) = &view.email {
                    (Text { hint: &email.hint, autocomplete: "off", ..Text::email("Email", &email.value) }
                        .render(&view.problems))
                }
                @if let Some(status) = &view.status { (status.field(&view.problems)) }
            }
        }
    }
}

fn foot(view: &EditView) -> Markup {
    html! {
        div.dfoot {
            @if let Some(link) = &view.remove { (link.button("btn ghost danger left")) }
            (view.form.preview("changes"))
            button.btn.primary { (view.save) }
        }
    }
}
