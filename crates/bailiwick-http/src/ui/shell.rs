//! What surrounds a page: the head, the menu, the notice; or, before sign-in, nothing but the brand.

use maud::{DOCTYPE, Markup, html};

use super::{
    assets,
    form::FormMeta,
    icons::{self, Icon},
    kit::{self, Link},
};

/// What surrounds a page.
#[derive(Debug, Clone, Default)]
pub struct Shell {
    /// The language of the page.
    pub lang: String,
    /// The title of the browser tab, without workspace and brand.
    pub title: String,
    /// Whose pages these are.
    pub brand: Brand,
    /// The name of the workspace, if the page is in one.
    pub workspace: Option<String>,
    /// The workspaces to switch to, the present one included; none or one: no switcher.
    pub workspaces: Vec<WorkspaceEntry>,
    /// The menu, in order.
    pub menu: Vec<MenuEntry>,
    /// Who is signed in.
    pub me: Option<Me>,
    /// What was just done.
    pub notice: Option<Notice>,
    /// Whether this is a demo: a slim banner links to `/demo`.
    pub demo_banner: bool,
}

/// Whose pages these are; a host sets it.
#[derive(Debug, Clone, Default)]
pub struct Brand {
    /// The name beside the mark.
    pub name: String,
    /// The address of a served style sheet that sets `--accent`.
    pub theme: Option<String>,
    /// The address of a logo to show instead of the mark.
    pub logo: Option<String>,
}

/// One workspace in the switcher.
#[derive(Debug, Clone)]
pub struct WorkspaceEntry {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub href: String,
    /// Whether it is the present one.
    pub current: bool,
}

/// The part of the menu that an entry stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MenuGroup {
    /// Of the workspace.
    Workspace,
    /// Of the person.
    You,
}

/// One entry of the menu. Only what the person may open is in the menu.
#[derive(Debug, Clone)]
pub struct MenuEntry {
    /// The part it stands in.
    pub group: MenuGroup,
    /// Its words.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// The icon before it.
    pub icon: Icon,
    /// Whether it is the present page, or holds it.
    pub current: bool,
}

/// Who is signed in.
#[derive(Debug, Clone, Default)]
pub struct Me {
    /// The name; initials and hue follow from it.
    pub name: String,
    /// The address.
    pub email: String,
    /// The form that signs out.
    pub sign_out: FormMeta,
}

/// What was just done, once.
#[derive(Debug, Clone)]
pub struct Notice {
    /// A sentence.
    pub text: String,
    /// The form that undoes it, where undo is possible.
    pub undo: Option<FormMeta>,
}

/// How wide a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// For tables.
    Full,
    /// For reading and forms.
    Slim,
    /// For one decision.
    Narrow,
}

/// A page beside the menu.
pub fn page(shell: &Shell, width: Width, main: &Markup) -> Markup {
    document(
        shell,
        "shell",
        &html! {
            (side(shell))
            div.column { (demo_banner(shell)) (main_part(shell, width, main)) }
        },
    )
}

/// A page below the brand alone, where nobody is signed in.
pub fn bare(shell: &Shell, width: Width, main: &Markup) -> Markup {
    document(
        shell,
        "bare",
        &html! { (demo_banner(shell)) (main_part(shell, width, &html! { (brand(&shell.brand)) (main) })) },
    )
}

fn main_part(shell: &Shell, width: Width, main: &Markup) -> Markup {
    let class = match width {
        Width::Full => "main",
        Width::Slim => "main slim",
        Width::Narrow => "main narrow",
    };
    html! {
        main #main class=(class) {
            @if let Some(notice) = &shell.notice { (kit::notice(notice)) }
            (main)
        }
    }
}

/// A page with nothing but the brand: before sign-in, or where one thing is to be decided.
pub fn gate(shell: &Shell, main: &Markup) -> Markup {
    document(
        shell,
        "gated",
        &html! {
            (demo_banner(shell))
            main #main .gate {
                (brand(&shell.brand))
                @if let Some(notice) = &shell.notice { (kit::notice(notice)) }
                (main)
            }
        },
    )
}

fn document(shell: &Shell, class: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(shell.lang) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (full_title(shell)) }
                link rel="icon" href=(assets::MARK) type="image/svg+xml";
                link rel="stylesheet" href=(assets::TOKENS);
                link rel="stylesheet" href=(assets::COMPONENTS);
                @if let Some(theme) = &shell.brand.theme { link rel="stylesheet" href=(theme); }
            }
            body class=(class) {
                a.vh.skip href="#main" { "Skip to content" }
                (body)
            }
        }
    }
}

fn full_title(shell: &Shell) -> String {
    let place = shell.workspace.as_ref().unwrap_or(&shell.brand.name);
    if shell.title == *place { place.clone() } else { format!("{} · {place}", shell.title) }
}

fn demo_banner(shell: &Shell) -> Markup {
    html! {
        @if shell.demo_banner {
            aside.demo aria-label="Demo" { "This is a demo. People and mails are made up. " a href="/demo" { "People and mailbox" } }
        }
    }
}

fn brand(brand: &Brand) -> Markup {
    html! {
        a.brand href="/" {
            @if let Some(logo) = &brand.logo { img src=(logo) alt="" width="20" height="20"; } @else { (icons::mark()) }
            (brand.name)
        }
    }
}

fn side(shell: &Shell) -> Markup {
    html! {
        header.side {
            (brand(&shell.brand))
            button.btn.ghost.nav-open type="button" popovertarget="nav" { (Icon::Lines) "Menu" }
            nav #nav .nav popover aria-label="Main" {
                (switcher(shell))
                (entries(shell, MenuGroup::Workspace))
                @if shell.workspace.is_some() { p.cap { "You" } }
                (entries(shell, MenuGroup::You))
                @if let Some(me) = &shell.me { (who_is_in(me)) }
            }
        }
    }
}

fn switcher(shell: &Shell) -> Markup {
    html! {
        @if let Some(name) = &shell.workspace {
            @if shell.workspaces.len() > 1 {
                details.menu.switch {
                    summary aria-label={ "Switch workspace, now " (name) } { span { (name) } (Icon::UpDown) }
                    ul {
                        @for entry in &shell.workspaces {
                            li { a href=(entry.href) aria-current=[entry.current.then_some("true")] {
                                span { (entry.name) } @if entry.current { (Icon::Check) }
                            } }
                        }
                        li { hr; }
                        li { a href="/" { "All workspaces" } }
                    }
                }
            } @else { p.cap { (name) } }
        }
    }
}

fn entries(shell: &Shell, group: MenuGroup) -> Markup {
    html! {
        @for entry in shell.menu.iter().filter(|entry| entry.group == group) {
            a href=(entry.href) aria-current=[entry.current.then_some("page")] { (entry.icon) (entry.label) }
        }
    }
}

fn who_is_in(me: &Me) -> Markup {
    html! {
        div.me {
            (kit::avatar(&me.name, kit::Size::Small))
            span title=(me.email) { (me.name) }
            (me.sign_out.button("btn ghost icon small", &html! { (Icon::Exit) span.vh { "Sign out" } }))
        }
    }
}

/// The way back from a page that stands in for a dialog.
pub fn back(link: &Link) -> Markup {
    html! { a.back href=(link.href) { (Icon::Left) (link.label) } }
}
