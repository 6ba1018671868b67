//! An invitation, as the person sees it who opens its link: a page for each state (X04, X05).

use maud::{Markup, html};

use crate::ui::{
    form::{FormMeta, Problems},
    icons::Icon,
    kit::{Link, Text, When, yes},
    shell::{self, Shell},
};

pub use samples::samples;

mod samples;

/// The page `/invitations/{secret}`.
#[derive(Debug, Clone)]
pub struct InvitationView {
    /// What surrounds it.
    pub shell: Shell,
    /// The state, for whoever looks.
    pub state: InvitationState,
}

/// What is offered.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// Who sent it.
    pub inviter: String,
    /// To which workspace.
    pub workspace: String,
    /// As what, as "User".
    pub role: String,
    /// Further, as "with the template Standard agent"; may be empty.
    pub with: String,
    /// What one will be able to do, a line each.
    pub gives: Vec<String>,
    /// The address invited.
    pub email: String,
    /// Until when it stands.
    pub until: When,
    /// Where to decline.
    pub decline: String,
}

/// The state of the invitation, for whoever looks.
#[derive(Debug, Clone)]
pub enum InvitationState {
    /// Pending, and the address has no account. Sends `name` and `password`, or `name` alone to `link.action`.
    SignUp {
        /// What is offered.
        offer: Offer,
        /// Makes the account and joins.
        form: FormMeta,
        /// Makes the account without a password and joins: the mailbox is proven.
        link: Option<FormMeta>,
        /// Where to sign in with an account that exists.
        sign_in: String,
        /// The name typed before.
        name: String,
        /// What was wrong.
        problems: Problems,
    },
    /// Pending, and the address has an account. Sends `password`, or nothing to `link.action`.
    SignIn {
        /// What is offered.
        offer: Offer,
        /// Signs in and joins.
        form: FormMeta,
        /// Mails a link that signs in and comes back here.
        link: FormMeta,
        /// What was wrong.
        problems: Problems,
    },
    /// Pending, and the right person is signed in.
    AtOnce {
        /// What is offered.
        offer: Offer,
        /// Joins.
        form: FormMeta,
        /// What was wrong.
        problems: Problems,
    },
    /// Pending, and someone else is signed in.
    OtherAccount {
        /// For whom it is, masked.
        masked: String,
        /// Who is signed in.
        me: String,
        /// Signs out and comes back here.
        switch: FormMeta,
    },
    /// Asks before declining.
    Declining {
        /// What is offered.
        offer: Offer,
        /// Declines.
        form: FormMeta,
        /// Back to the invitation.
        keep: String,
    },
    /// It was declined just now.
    Declined {
        /// To which workspace.
        workspace: String,
    },
    /// Its time is over.
    Expired {
        /// Who sent it.
        inviter: String,
        /// To which workspace.
        workspace: String,
    },
    /// Unknown, used or cancelled: one page for strangers.
    Closed {
        /// Where to sign in.
        sign_in: String,
    },
    /// The invited person, signed in, learns how it ended.
    ClosedForYou {
        /// How.
        how: Ending,
        /// To which workspace.
        workspace: String,
        /// Where to go on.
        on: Link,
    },
    /// It stands, but cannot be accepted now.
    NotNow {
        /// What is in the way.
        obstacle: Obstacle,
        /// Who sent it.
        inviter: String,
        /// To which workspace.
        workspace: String,
        /// As what.
        role: String,
        /// Tries again.
        retry: FormMeta,
    },
}

/// How an invitation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It was accepted.
    Accepted,
    /// The team took it back.
    Cancelled,
    /// The person declined it.
    Declined,
}

/// What is in the way of accepting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// All seats are taken.
    NoSeat,
    /// The plan no longer has the role.
    RoleNotInPlan,
    /// Who sent it may no longer give this.
    SenderLostRight,
}

/// The page.
pub fn page(view: &InvitationView) -> Markup {
    shell::gate(&view.shell, &state(&view.state))
}

fn state(state: &InvitationState) -> Markup {
    match state {
        InvitationState::SignUp { offer, form, link, sign_in, name, problems } => html! {
            (offered(offer)) (problems.summary()) (sign_up(offer, form, link.as_ref(), name, problems))
            p.muted.fs { "Have an account already? " a href=(sign_in) { "Sign in" } "." br; (declines(offer)) }
        },
        InvitationState::SignIn { offer, form, link, problems } => html! {
            (offered(offer)) (problems.summary()) (sign_in(offer, form, link, problems))
            p.muted.fs { (declines(offer)) }
        },
        InvitationState::AtOnce { offer, form, problems } => html! {
            (offered(offer)) (problems.summary())
            (form.around("stack", &html! { button.btn.primary { "Join " (offer.workspace) } }))
            p.muted.fs { "Signed in as " (offer.email) "." br; (declines(offer)) }
        },
        InvitationState::OtherAccount { masked, me, switch } => other_account(masked, me, switch),
        InvitationState::Declining { offer, form, keep } => declining(offer, form, keep),
        InvitationState::NotNow { obstacle, inviter, workspace, role, retry } => {
            not_now(*obstacle, inviter, workspace, role, retry)
        }
        over => ended(over),
    }
}

fn offered(offer: &Offer) -> Markup {
    html! {
        div {
            h1 { (offer.inviter) " invites you to " (offer.workspace) }
            p.muted {
                "Your role there: " strong.ink { (offer.role) } @if !offer.with.is_empty() { ", " (offer.with) }
                ". Sent to " (offer.email) ", open until " (offer.until) "."
            }
        }
        @if !offer.gives.is_empty() {
            ul.ruled aria-label="What you will be able to do" { @for line in &offer.gives { li { (yes(line)) } } }
        }
    }
}

fn sign_up(offer: &Offer, form: &FormMeta, link: Option<&FormMeta>, name: &str, problems: &Problems) -> Markup {
    let hint = "15 characters or more. Spaces are welcome.";
    form.around(
        "stack",
        &html! {
            input type="hidden" name="email" value=(offer.email) autocomplete="username";
            (Text { autocomplete: "name", ..Text::new("name", "Your name", name) }.render(problems))
            (Text::password("Password", "new-password", hint).render(problems))
            button.btn.primary { "Create account and join" }
            @if let Some(link) = link {
                p.or.muted.fs { span { "or" } }
                button.btn formaction=(link.action) { (Icon::Mail) "Join without a password" }
            }
        },
    )
}

fn sign_in(offer: &Offer, form: &FormMeta, link: &FormMeta, problems: &Problems) -> Markup {
    form.around(
        "stack",
        &html! {
            input type="hidden" name="email" value=(offer.email) autocomplete="username";
            (Text::password("Password", "current-password", "This address has an account already.").render(problems))
            button.btn.primary { "Sign in and join" }
            p.or.muted.fs { span { "or" } }
            button.btn formaction=(link.action) { (Icon::Mail) "Email me a link" }
        },
    )
}

fn declines(offer: &Offer) -> Markup {
    html! {
        "Do not know " (offer.inviter) "? "
        @if offer.decline.is_empty() { "Leave" } @else { a href=(offer.decline) { "Decline" } ", or leave" }
        " this page: nothing happens."
    }
}

fn other_account(masked: &str, me: &str, switch: &FormMeta) -> Markup {
    html! {
        div {
            h1 { "This invitation is for someone else" }
            p.muted {
                "It was sent to " strong.ink { (masked) } ". You are signed in as " strong.ink { (me) }
                ". If both are you, switch accounts and accept it there."
            }
        }
        (switch.around("stack", &html! { button.btn.primary { "Switch account" } }))
        a.btn href="/" { "Stay signed in" }
        p.muted.fs { "The invitation stays open until it is accepted or expires." }
    }
}

fn declining(offer: &Offer, form: &FormMeta, keep: &str) -> Markup {
    html! {
        div {
            h1 { "Decline the invitation to " (offer.workspace) "?" }
            p.muted { "Its link stops working, and " (offer.inviter) " sees that you declined. You can be invited again." }
        }
        (form.around("stack", &html! { button.btn.destroy { "Decline" } a.btn href=(keep) { "Back" } }))
    }
}

fn ended(state: &InvitationState) -> Markup {
    let (title, text, on) = match state {
        InvitationState::Declined { workspace } => (
            format!("You declined the invitation to {workspace}"),
            "Nothing else is needed. You may close this page.".to_owned(),
            None,
        ),
        InvitationState::Expired { inviter, workspace } => (
            "This invitation has expired".to_owned(),
            format!("Ask {inviter} of {workspace} to resend it. The new link comes to the same address."),
            None,
        ),
        InvitationState::ClosedForYou { how, workspace, on } => {
            let (title, text) = ending(*how, workspace);
            (title, text, Some(on.clone()))
        }
        InvitationState::Closed { sign_in } => (
            "This link does not work".to_owned(),
            "It may have been used, taken back or copied in part. If you expected an invitation, ask whoever sent it."
                .to_owned(),
            Some(Link::new("Sign in", sign_in)),
        ),
        _ => return html! {},
    };
    html! {
        div { h1 { (title) } p.muted { (text) } }
        @if let Some(on) = &on { (on.button("btn")) }
    }
}

fn ending(how: Ending, workspace: &str) -> (String, String) {
    match how {
        Ending::Accepted => (format!("You are in {workspace}"), "You accepted this invitation already.".to_owned()),
        Ending::Cancelled => (
            "This invitation was cancelled".to_owned(),
            format!("{workspace} took it back. If that surprises you, ask them."),
        ),
        Ending::Declined => (
            "You declined this invitation".to_owned(),
            format!("To join {workspace} after all, ask them to invite you again."),
        ),
    }
}

fn not_now(obstacle: Obstacle, inviter: &str, workspace: &str, role: &str, retry: &FormMeta) -> Markup {
    let (title, text) = match obstacle {
        Obstacle::NoSeat => (
            format!("{workspace} has no seat left"),
            format!(
                "{inviter} was told. As soon as a seat is free, this same link works; your invitation stays open until it expires."
            ),
        ),
        Obstacle::RoleNotInPlan => (
            format!("The role {role} is not available in {workspace} now"),
            format!(
                "The plan no longer has that role. Ask {inviter} to change the plan, or to invite you in another role."
            ),
        ),
        Obstacle::SenderLostRight => (
            "This invitation cannot be accepted".to_owned(),
            format!(
                "{inviter} may no longer give the role {role} in {workspace}. Ask someone else there to invite you."
            ),
        ),
    };
    html! {
        div { h1 { (title) } p.muted { (text) } }
        @if obstacle != Obstacle::SenderLostRight {
            (retry.around("stack", &html! { button.btn { "Try again" } }))
        }
    }
}
