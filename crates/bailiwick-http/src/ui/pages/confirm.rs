//! Before something is done that cannot be undone, or that concerns others: what it means, in words.

use maud::{Markup, html};

use crate::ui::{
    form::{FormMeta, Problems},
    kit::{Choice, Link, Panel, Select, Text, check, person},
    samples::{form, properties, tenant, to_team, to_users, wrong},
    shell::{Shell, Width},
};

/// The page that asks.
#[derive(Debug, Clone, Default)]
pub struct ConfirmView {
    /// What surrounds it.
    pub shell: Shell,
    /// Where it was opened from; also where its Keep button leads.
    pub back: Link,
    /// Whom it is about; shows an avatar.
    pub about: Option<String>,
    /// The question, as "Delete Oskar Nowak?"
    pub title: String,
    /// What it means, a paragraph each; the first is the weightiest.
    pub consequence: Vec<String>,
    /// What else there is, as "To keep the account but stop sign-in, suspend it."; may be empty.
    pub aside: String,
    /// Who is concerned: name and a line.
    pub concerned: Vec<(String, String)>,
    /// A choice that goes with it, as the template that takes over.
    pub choice: Option<Select>,
    /// Check boxes that go with it, as keeping the seat: name, label, line below, whether on.
    pub checks: Vec<(String, String, String, bool)>,
    /// What must be typed, sent as `name`.
    pub type_name: Option<TypeName>,
    /// Does it.
    pub form: FormMeta,
    /// What was wrong.
    pub problems: Problems,
    /// The verb with its object, as "Delete Oskar".
    pub verb: String,
    /// The button that does not, as "Keep Oskar".
    pub keep: String,
    /// Whether it can be undone later, as a suspension; then the button is not red.
    pub gentle: bool,
}

/// A name to type, so that nobody deletes by a slip.
#[derive(Debug, Clone, Default)]
pub struct TypeName {
    /// The name.
    pub name: String,
    /// What was typed.
    pub typed: String,
}

/// The page.
pub fn page(view: &ConfirmView) -> Markup {
    let panel = Panel {
        shell: &view.shell,
        width: Width::Narrow,
        back: &view.back,
        about: view.about.as_deref(),
        title: &view.title,
        line: "",
    };
    panel.around(&view.form.around("", &html! { (body(view)) (foot(view)) }))
}

fn body(view: &ConfirmView) -> Markup {
    html! {
        div.dbody.stack {
            (view.problems.summary())
            @for paragraph in &view.consequence { p { (paragraph) } }
            @if !view.concerned.is_empty() {
                ul.rows.boxed { @for (name, line) in &view.concerned { li { (person(name, line)) } } }
            }
            @if let Some(choice) = &view.choice { (choice.field(&view.problems)) }
            @for (name, label, below, on) in &view.checks { (check(name, "yes", label, below, *on)) }
            @if let Some(typed) = &view.type_name { (type_name(typed, &view.problems)) }
            @if !view.aside.is_empty() { p.muted { (view.aside) } }
        }
    }
}

fn type_name(typed: &TypeName, problems: &Problems) -> Markup {
    let label = format!("Type {} to confirm", typed.name);
    Text::new("name", &label, &typed.typed).render(problems)
}

fn foot(view: &ConfirmView) -> Markup {
    let class = if view.gentle { "btn primary" } else { "btn destroy" };
    html! {
        div.dfoot {
            a.btn href=(view.back.href) { (view.keep) }
            button class=(class) { (view.verb) }
        }
    }
}

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, ConfirmView)> {
    vec![
        ("delete-user", delete_user()),
        ("suspend", suspend()),
        ("remove-member", remove_member()),
        ("cancel-invitation", cancel_invitation()),
        ("delete-template", delete_template()),
        ("delete-resource", delete_resource()),
        ("leave", leave()),
        ("delete-workspace", delete_workspace()),
    ]
}

fn in_tenant(title: &str, verb: &str, keep: &str, consequence: &[&str]) -> ConfirmView {
    ConfirmView {
        shell: tenant(title, "Users"),
        back: to_users(),
        title: title.to_owned(),
        consequence: consequence.iter().map(|text| (*text).to_owned()).collect(),
        form: form("/w/halden/team/m/remove"),
        verb: verb.to_owned(),
        keep: keep.to_owned(),
        ..ConfirmView::default()
    }
}

fn delete_user() -> ConfirmView {
    let what = "Oskar loses access now and cannot sign back in to this tenant. Conversations and CRM records they \
                created stay. One seat becomes free.";
    ConfirmView {
        about: Some("Oskar Nowak".to_owned()),
        aside: "This cannot be undone. To keep the account but stop sign-in, suspend it.".to_owned(),
        ..in_tenant("Delete Oskar Nowak?", "Delete Oskar", "Keep Oskar", &[what])
    }
}

fn suspend() -> ConfirmView {
    let what = "Oskar cannot sign in or act from now on. Role, template and permissions stay as they are, and so does \
                the seat.";
    ConfirmView {
        about: Some("Oskar Nowak".to_owned()),
        gentle: true,
        aside: "You can reactivate Oskar at any time.".to_owned(),
        ..in_tenant("Suspend Oskar Nowak?", "Suspend Oskar", "Back", &[what])
    }
}

fn remove_member() -> ConfirmView {
    let what = "Lena loses access now. What they created stays, and they can be invited again later.";
    ConfirmView {
        shell: properties("Remove Lena Vogt?", "Team"),
        back: to_team(),
        about: Some("Lena Vogt".to_owned()),
        checks: vec![(
            "keep_seat".to_owned(),
            "Keep the extra seat".to_owned(),
            "Otherwise it ends now, and 2.17 USD are credited to the next bill.".to_owned(),
            false,
        )],
        ..in_tenant("Remove Lena Vogt from the team?", "Remove Lena", "Keep Lena", &[what])
    }
}

fn cancel_invitation() -> ConfirmView {
    let what = "The link sent to amir@example.com stops working. They are not told, and can be invited again.";
    ConfirmView {
        shell: properties("Cancel the invitation?", "Team"),
        back: to_team(),
        ..in_tenant("Cancel the invitation of amir@example.com?", "Cancel invitation", "Keep it", &[what])
    }
}

fn delete_template() -> ConfirmView {
    let what = "Three people and one invitation use it. They keep exactly what was given to them directly, and what \
                the template that takes over gives.";
    ConfirmView {
        concerned: vec![
            ("Ines Duarte".to_owned(), "Loses view analytics, view, invite and edit users".to_owned()),
            ("Amara Nwosu".to_owned(), "Loses view analytics".to_owned()),
            ("elif.aydin@example.com".to_owned(), "Invited".to_owned()),
        ],
        choice: Some(Select::new(
            "reassign",
            "Template that takes over",
            vec![Choice::new("", "None", true), Choice::new("t1", "Standard agent", false)],
        )),
        ..in_tenant("Delete the template Manager?", "Delete Manager", "Keep Manager", &[what])
    }
}

fn delete_resource() -> ConfirmView {
    let what = "Nobody can open Careers any more, and every level on it goes. Its data is deleted with it.";
    ConfirmView {
        shell: properties("Delete Careers?", "Properties"),
        back: Link::new("Properties", "/w/solberg/resources"),
        concerned: vec![("Lena Vogt".to_owned(), "Read".to_owned()), ("Ravi Menon".to_owned(), "Write".to_owned())],
        aside: "This cannot be undone.".to_owned(),
        ..in_tenant("Delete Careers?", "Delete Careers", "Keep Careers", &[what])
    }
}

fn leave() -> ConfirmView {
    let what = "You lose access now. What you created stays. To come back, somebody has to invite you again.";
    in_tenant("Leave Halden Outdoor?", "Leave", "Stay", &[what])
}

fn delete_workspace() -> ConfirmView {
    let what = "Everybody loses access now: 18 people and 3 invitations. Nothing in it can be brought back.";
    ConfirmView {
        type_name: Some(TypeName { name: "Halden Outdoor".to_owned(), typed: "Halden".to_owned() }),
        problems: wrong("name", "This is not the name. Type Halden Outdoor."),
        ..in_tenant("Delete Halden Outdoor?", "Delete Halden Outdoor", "Keep it", &[what])
    }
}
