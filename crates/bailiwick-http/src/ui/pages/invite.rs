//! Inviting: to whom, as what, with what, and what will come of it before it is sent.

use maud::{Markup, html};

use super::edit::samples::{marketing_levels, roles_of_properties, tenant_access};
use crate::ui::{
    form::{FormMeta, Problems},
    icons::Icon,
    kit::{self, AccessForm, Limit, Link, Panel, Seats, access_form, area, caution},
    samples::{form, properties, tenant, to_team, to_users, wrong},
    shell::{Shell, Width},
};

/// The page `/w/{workspace}/team/invite`. Sends `emails` and what [`AccessForm`] asks; `?preview` judges, sends nothing.
#[derive(Debug, Clone, Default)]
pub struct InviteView {
    /// What surrounds it.
    pub shell: Shell,
    /// Where it was opened from.
    pub back: Link,
    /// The title, as "Invite users to Halden Outdoor".
    pub title: String,
    /// Sends.
    pub form: FormMeta,
    /// What was wrong.
    pub problems: Problems,
    /// What was typed.
    pub emails: String,
    /// What each address comes to, after a preview.
    pub judged: Vec<Judged>,
    /// What they get.
    pub access: AccessForm,
    /// What they will be able to do, in a sentence, after a preview.
    pub outcome: Option<String>,
    /// What to take care of.
    pub cautions: Vec<String>,
    /// Seats before and after.
    pub seats: Option<Seats>,
    /// No seat is free.
    pub limit: Option<Limit>,
    /// The button that sends, as "Send invite" or "Send 2 invites".
    pub send: String,
    /// Whether sending is possible.
    pub can_send: bool,
}

/// What one address comes to.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// The address.
    pub email: String,
    /// Why it is not invited, as "Already in the team."; none: it is.
    pub why_not: Option<String>,
    /// What to do instead.
    pub instead: Option<Link>,
}

/// The page.
pub fn page(view: &InviteView) -> Markup {
    let panel =
        Panel { shell: &view.shell, width: Width::Narrow, back: &view.back, about: None, title: &view.title, line: "" };
    panel.around(&view.form.around("", &html! { (body(view)) (foot(view)) }))
}

fn body(view: &InviteView) -> Markup {
    html! {
        div.dbody.stack {
            (view.problems.summary())
            @if let Some(limit) = &view.limit { (kit::limit(limit)) }
            div {
                (area("emails", "Email addresses", &view.emails, "One a line, or separated by commas.", &view.problems))
                @if !view.judged.is_empty() { ul.parsed { @for each in &view.judged { (judged(each)) } } }
            }
            (access_form(&view.access, &view.problems))
            @for sentence in &view.cautions { (caution(&html! { (sentence) })) }
            @if let Some(outcome) = &view.outcome { p #outcome .say role="status" { (outcome) } }
        }
    }
}

fn judged(judged: &Judged) -> Markup {
    html! {
        @if let Some(why_not) = &judged.why_not {
            li.out {
                (Icon::Caution) span { (judged.email) }
                span { (why_not) @if let Some(link) = &judged.instead { " " (link.inline()) } }
            }
        } @else { li { (Icon::Check) span { (judged.email) } } }
    }
}

fn foot(view: &InviteView) -> Markup {
    html! {
        div.dfoot {
            @if let Some(seats) = &view.seats { div.left { (kit::seats(seats)) } }
            (view.form.preview("outcome"))
            button.btn.primary disabled[!view.can_send] { (view.send) }
        }
    }
}

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, InviteView)> {
    vec![
        ("tenant", first()),
        ("tenant-preview", previewed()),
        ("tenant-errors", with_errors()),
        ("tenant-at-limit", at_limit()),
        ("properties", for_properties()),
        ("properties-pro", for_pro()),
    ]
}

fn first() -> InviteView {
    InviteView {
        shell: tenant("Invite users", "Users"),
        back: to_users(),
        title: "Invite users to Halden Outdoor".to_owned(),
        form: form("/w/halden/team/invite"),
        access: AccessForm { grid: None, ..tenant_access() },
        seats: Some(Seats {
            used: 15,
            waiting: 3,
            limit: 20,
            words: "18 of 20 seats".to_owned(),
            note: "each invitation takes one".to_owned(),
            link: None,
        }),
        send: "Send invite".to_owned(),
        can_send: true,
        ..InviteView::default()
    }
}

fn previewed() -> InviteView {
    let good = |email: &str| Judged { email: email.to_owned(), ..Judged::default() };
    let bad = |email: &str, why_not: &str, instead| Judged {
        email: email.to_owned(),
        why_not: Some(why_not.to_owned()),
        instead,
    };
    InviteView {
        emails: "keira.boateng@example.com, luis.ferrer@example.com,\nhana.sato@example.com\nnils.holm@example"
            .to_owned(),
        judged: vec![
            good("keira.boateng@example.com"),
            good("luis.ferrer@example.com"),
            bad("hana.sato@example.com", "Already in the team.", Some(Link::new("Edit", "/w/halden/team/m/edit"))),
            bad("nils.holm@example", "Not a complete address", None),
        ],
        outcome: Some(
            "Keira and Luis will be able to view, create and edit conversations and view and update CRM records. \
             Nothing else until you allow it."
                .to_owned(),
        ),
        seats: Some(Seats {
            used: 18,
            waiting: 2,
            limit: 20,
            words: "18 → 20 of 20 seats".to_owned(),
            note: "none left".to_owned(),
            link: None,
        }),
        send: "Send 2 invites".to_owned(),
        ..first()
    }
}

fn with_errors() -> InviteView {
    InviteView { problems: wrong("emails", "Write at least one address."), ..first() }
}

fn at_limit() -> InviteView {
    InviteView {
        limit: Some(Limit {
            sentence: "All 20 seats are in use.".to_owned(),
            remedy: "To invite someone, delete users you no longer need, or move to a larger plan.".to_owned(),
            ways: vec![Link::new("Users", "/w/halden/team"), Link::new("Upgrade in Billing", "/w/halden/billing")],
        }),
        seats: Some(Seats { used: 17, waiting: 3, limit: 20, words: "20 of 20 seats".to_owned(), ..Seats::default() }),
        can_send: false,
        ..first()
    }
}

fn for_properties() -> InviteView {
    InviteView {
        shell: properties("Invite Member", "Team"),
        back: to_team(),
        title: "Invite members to Solberg Studio".to_owned(),
        form: form("/w/solberg/team/invite"),
        emails: "amir@example.com".to_owned(),
        access: AccessForm {
            role: "Role".to_owned(),
            roles: roles_of_properties("member", None),
            levels: Some(marketing_levels()),
            ..AccessForm::default()
        },
        problems: wrong("scope", "Choose a level on at least one property."),
        seats: Some(Seats {
            used: 5,
            waiting: 0,
            limit: 20,
            words: "5 of 20 seats".to_owned(),
            note: "an invitation takes one when accepted".to_owned(),
            link: None,
        }),
        send: "Send Invitation".to_owned(),
        can_send: true,
        ..InviteView::default()
    }
}

fn for_pro() -> InviteView {
    InviteView {
        problems: Problems::default(),
        access: AccessForm {
            role: "Role".to_owned(),
            roles: roles_of_properties("member", Some("On the Business plan")),
            levels_note: Some("On Pro every Member works on all properties, later ones included.".to_owned()),
            ..AccessForm::default()
        },
        limit: Some(Limit {
            sentence: "Seat limit reached.".to_owned(),
            remedy: "You can invite now; the invitation can be accepted once a seat is free.".to_owned(),
            ways: vec![
                Link::new("Remove a member", "/w/solberg/team"),
                Link::new("Add seats", "/w/solberg/billing"),
                Link::new("Upgrade to Business", "/w/solberg/billing"),
            ],
        }),
        seats: Some(Seats { used: 5, waiting: 0, limit: 5, words: "5 of 5 seats".to_owned(), ..Seats::default() }),
        ..for_properties()
    }
}
