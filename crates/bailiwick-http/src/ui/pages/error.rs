//! When there is nothing to show: not found, refused, broken.

use maud::{Markup, html};

use crate::ui::{
    form::Refused,
    kit::Link,
    samples::{outside, refusal, tenant},
    shell::{self, Shell, Width},
};

/// A page instead of the one asked for.
#[derive(Debug, Clone, Default)]
pub struct ErrorView {
    /// What surrounds it; without someone signed in, the plain page.
    pub shell: Shell,
    /// What happened.
    pub kind: ErrorKind,
    /// Where to go on.
    pub on: Link,
}

/// What happened.
#[derive(Debug, Clone, Default)]
pub enum ErrorKind {
    /// There is no such page, or this person may not know of it: the same words for both.
    #[default]
    NotFound,
    /// It was refused.
    Refused(Refused),
    /// The form is too old, or came from elsewhere.
    StaleForm,
    /// It broke; the id finds it in the log of the server.
    Broken {
        /// The id of the request.
        request: String,
    },
}

/// The page.
pub fn page(view: &ErrorView) -> Markup {
    let main = html! {
        div.stop { (said(&view.kind)) }
        @if !view.on.href.is_empty() { (view.on.button("btn")) }
    };
    if view.shell.me.is_some() {
        shell::page(&view.shell, Width::Narrow, &main)
    } else {
        shell::gate(&view.shell, &main)
    }
}

fn said(kind: &ErrorKind) -> Markup {
    match kind {
        ErrorKind::NotFound => html! {
            h1 { "There is nothing here" }
            p.muted { "The address may be wrong, or what it leads to is not for you. Whoever runs the team can tell." }
        },
        ErrorKind::Refused(refused) => html! {
            h1 { (refused.sentence) }
            @if !refused.remedy.is_empty() { p.muted { (refused.remedy) } }
            (Link::several(&refused.ways))
        },
        ErrorKind::StaleForm => html! {
            h1 { "This page was open too long" }
            p.muted { "Nothing was changed. Go back, load the page again and repeat the step." }
        },
        ErrorKind::Broken { request } => html! {
            h1 { "Something broke on our side" }
            p.muted { "Nothing was changed. Try again; if it happens again, tell us this id: " code { (request) } }
        },
    }
}

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, ErrorView)> {
    let on = || Link::new("Your workspaces", "/");
    let inside = |title: &str, kind| ErrorView { shell: tenant(title, ""), kind, on: on() };
    let mut last = refusal(
        "Priya Raman is the last active Admin",
        "A tenant always has one. Make another person an Admin first, then change this one.",
    );
    last.ways = vec![Link::new("Users", "/w/halden/team")];
    vec![
        ("not-found", inside("Not found", ErrorKind::NotFound)),
        (
            "not-found-outside",
            ErrorView { shell: outside("Not found"), kind: ErrorKind::NotFound, on: Link::new("Sign in", "/sign-in") },
        ),
        ("refused", inside("Not possible", ErrorKind::Refused(last))),
        ("stale-form", inside("Too old", ErrorKind::StaleForm)),
        ("broken", inside("Broken", ErrorKind::Broken { request: "01jd2k7xq4".to_owned() })),
    ]
}
