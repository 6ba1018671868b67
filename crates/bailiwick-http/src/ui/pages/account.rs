//! The account: name, sessions, sign-out.

use maud::{Markup, html};

use crate::ui::{
    form::{FormMeta, Problems},
    kit::{Text, When, badge, head},
    samples::{form, signed_in, when, wrong},
    shell::{self, Shell, Width},
};

/// The page `/account`.
#[derive(Debug, Clone, Default)]
pub struct AccountView {
    /// What surrounds it.
    pub shell: Shell,
    /// The address one signs in with.
    pub email: String,
    /// The name, or what was typed; sent as `name`.
    pub name: String,
    /// Saves the name.
    pub form: FormMeta,
    /// What was wrong.
    pub problems: Problems,
    /// Where one is signed in, the present session first.
    pub sessions: Vec<Session>,
    /// Ends every session but this.
    pub end_others: Option<FormMeta>,
    /// Signs out.
    pub sign_out: FormMeta,
}

/// One session.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// "Firefox on Linux".
    pub device: String,
    /// Where from, as "203.0.113.24".
    pub from: String,
    /// When it was last used.
    pub used: When,
    /// Whether it is the present one.
    pub current: bool,
    /// Ends it.
    pub end: Option<FormMeta>,
}

/// The page.
pub fn page(view: &AccountView) -> Markup {
    shell::page(
        &view.shell,
        Width::Slim,
        &html! {
            (head("Account", &format!("You sign in as {}.", view.email), &html! {}))
            div.parts { (name(view)) (sessions(view)) (leave(view)) }
        },
    )
}

fn name(view: &AccountView) -> Markup {
    html! {
        section {
            h2 { "Name" }
            p.muted.fs { "Shown to the people in your workspaces." }
            (view.problems.summary())
            (view.form.around("short", &html! {
                (Text { autocomplete: "name", ..Text::new("name", "Your name", &view.name) }.render(&view.problems))
                button.btn.primary { "Save" }
            }))
        }
    }
}

fn sessions(view: &AccountView) -> Markup {
    html! {
        section {
            div.row.between {
                h2 { "Sessions" }
                @if let Some(form) = &view.end_others { (form.button("btn small", &html! { "End all others" })) }
            }
            ul.rows { @for each in &view.sessions { li { (session(each)) } } }
        }
    }
}

fn session(session: &Session) -> Markup {
    html! {
        span {
            span { strong.ink { (session.device) } @if session.current { " " (badge("This one")) } }
            small { (session.from) ", used " (session.used) }
        }
        @if let Some(form) = &session.end {
            (form.button("btn small", &html! { "End" span.vh { " the session on " (session.device) } }))
        }
    }
}

fn leave(view: &AccountView) -> Markup {
    html! {
        section {
            h2 { "Sign out" }
            p.muted.fs { "Ends this session. You can sign in again at any time." }
            div.row { (view.sign_out.button("btn", &html! { "Sign out" })) }
        }
    }
}

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, AccountView)> {
    let session = |device: &str, used: &str, current: bool| Session {
        device: device.to_owned(),
        from: "203.0.113.24".to_owned(),
        used: when(used),
        current,
        end: (!current).then(|| form("/account/sessions/s/end")),
    };
    let view = AccountView {
        shell: signed_in("Account"),
        email: "priya.raman@example.com".to_owned(),
        name: "Priya Raman".to_owned(),
        form: form("/account"),
        problems: Problems::default(),
        sessions: vec![
            session("Firefox on Linux", "now", true),
            session("Safari on iPhone", "3 hours ago", false),
            session("Chrome on Windows", "6 days ago", false),
        ],
        end_others: Some(form("/account/sessions/end")),
        sign_out: form("/sign-out"),
    };
    let nameless = AccountView { name: String::new(), problems: wrong("name", "Write a name."), ..view.clone() };
    vec![("full", view), ("no-name", nameless)]
}
