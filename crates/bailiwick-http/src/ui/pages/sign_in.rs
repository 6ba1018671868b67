//! Signing in: by password or by a mailed link. No state tells whether an address is known.

use maud::{Markup, html};

use crate::ui::{
    form::{FormMeta, Problems},
    icons::Icon,
    kit::Text,
    samples::{form, outside, refused, wrong},
    shell::{self, Shell},
};

/// The page `/sign-in` and what follows from it.
#[derive(Debug, Clone)]
pub struct SignInView {
    /// What surrounds it.
    pub shell: Shell,
    /// Where the person is on the way in.
    pub step: SignInStep,
}

/// Where the person is on the way in.
#[derive(Debug, Clone)]
pub enum SignInStep {
    /// Address and password. Sends `email` and `password`, or `email` alone to `link.action`.
    Ask {
        /// Signs in by password.
        form: FormMeta,
        /// Mails a link.
        link: FormMeta,
        /// The address typed before.
        email: String,
        /// What was wrong.
        problems: Problems,
    },
    /// A link was mailed, if the address has an account; said of every address.
    LinkSent {
        /// The address typed.
        email: String,
        /// How long it works, as "15 minutes".
        lasts: String,
        /// Back to the start.
        again: String,
    },
    /// The link was opened; a button signs in, so that a mail scanner does not.
    LinkOpened {
        /// Signs in.
        form: FormMeta,
        /// Who will be signed in, masked.
        masked: String,
    },
    /// The link is used, too old or unknown.
    LinkDead {
        /// Back to the start.
        again: String,
    },
    /// Too many attempts.
    Wait {
        /// How long, as "2 minutes".
        wait: String,
        /// Back to the start.
        again: String,
    },
}

/// The page.
pub fn page(view: &SignInView) -> Markup {
    shell::gate(&view.shell, &step(&view.step, &view.shell.brand.name))
}

fn step(step: &SignInStep, brand: &str) -> Markup {
    match step {
        SignInStep::Ask { form, link, email, problems } => ask(brand, form, link, email, problems),
        SignInStep::LinkSent { email, lasts, again } => link_sent(email, lasts, again),
        SignInStep::LinkOpened { form, masked } => link_opened(brand, form, masked),
        SignInStep::LinkDead { again } => {
            let text = "A link works once and not for long. Ask for a new one.";
            stop("This link no longer works", text, "Back to sign in", again)
        }
        SignInStep::Wait { wait, again } => {
            let text = format!("To keep accounts safe, sign-in rests for {wait}. A mailed link works after that too.");
            stop("Too many attempts", &text, "Try again", again)
        }
    }
}

fn ask(brand: &str, form: &FormMeta, link: &FormMeta, email: &str, problems: &Problems) -> Markup {
    html! {
        h1 { "Sign in to " (brand) }
        (problems.summary())
        (form.around("stack", &html! {
            (Text::email("Email", email).render(problems))
            (Text::password("Password", "current-password", "").render(problems))
            button.btn.primary { "Sign in" }
            p.or.muted.fs { span { "or" } }
            button.btn formaction=(link.action) { (Icon::Mail) "Email me a link" }
        }))
        p.muted.fs { "No account yet? You get one by accepting an invitation." }
    }
}

fn link_sent(email: &str, lasts: &str, again: &str) -> Markup {
    html! {
        div {
            h1 { "Look in your mail" }
            p.muted {
                "If " strong.ink { (email) } " has an account, a link to sign in is on its way. It works once, for "
                (lasts) "."
            }
        }
        p.muted.fs { "Nothing there? Look in the spam folder, or " a href=(again) { "try another address" } "." }
    }
}

fn link_opened(brand: &str, form: &FormMeta, masked: &str) -> Markup {
    html! {
        div {
            h1 { "Sign in to " (brand) }
            p.muted { "You are about to sign in as " strong.ink { (masked) } "." }
        }
        (form.around("stack", &html! { button.btn.primary { "Sign in" } }))
        p.muted.fs { "You did not ask for this? Close the page: nothing happens." }
    }
}

fn stop(title: &str, text: &str, label: &str, href: &str) -> Markup {
    html! {
        div { h1 { (title) } p.muted { (text) } }
        a.btn href=(href) { (label) }
    }
}

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, SignInView)> {
    let ask = |email: &str, problems| SignInStep::Ask {
        form: form("/sign-in"),
        link: form("/sign-in/link"),
        email: email.to_owned(),
        problems,
    };
    let again = || "/sign-in".to_owned();
    let view = |step| SignInView { shell: outside("Sign in"), step };
    let no_match = "Address and password do not match.";
    let remedy = "Try again, or have a link mailed to you.";
    vec![
        ("first", view(ask("", Problems::default()))),
        ("no-match", view(ask("priya.raman@example.com", refused(no_match, remedy)))),
        ("no-address", view(ask("priya", wrong("email", "This is not a complete address.")))),
        (
            "link-sent",
            view(SignInStep::LinkSent {
                email: "priya.raman@example.com".to_owned(),
                lasts: "15 minutes".to_owned(),
                again: again(),
            }),
        ),
        (
            "link-opened",
            view(SignInStep::LinkOpened { form: form("/sign-in/link/x"), masked: "p…n@example.com".to_owned() }),
        ),
        ("link-dead", view(SignInStep::LinkDead { again: again() })),
        ("wait", view(SignInStep::Wait { wait: "2 minutes".to_owned(), again: again() })),
    ]
}
