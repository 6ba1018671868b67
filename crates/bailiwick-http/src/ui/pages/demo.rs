//! The demo: who can be signed in as, and the mail that was sent.

use maud::{Markup, html};

use crate::ui::{
    form::FormMeta,
    icons::Icon,
    kit::{When, empty, head, person},
    samples::{form, outside, when},
    shell::{self, Shell, Width},
};

/// The page `/demo`.
#[derive(Debug, Clone, Default)]
pub struct DemoView {
    /// What surrounds it.
    pub shell: Shell,
    /// The teams.
    pub teams: Vec<DemoTeam>,
    /// The mails sent, newest first.
    pub mails: Vec<Mail>,
    /// Puts everything back to the start.
    pub reset: Option<FormMeta>,
}

/// One team.
#[derive(Debug, Clone, Default)]
pub struct DemoTeam {
    /// Its name.
    pub name: String,
    /// The product it uses, as "Tidewell, a CRM".
    pub product: String,
    /// What there is to try, in a sentence.
    pub about: String,
    /// The people in it.
    pub people: Vec<DemoPerson>,
}

/// One person.
#[derive(Debug, Clone, Default)]
pub struct DemoPerson {
    /// The name.
    pub name: String,
    /// Role and further, as "User, Standard agent".
    pub role: String,
    /// Signs in as this person, at an address of their own.
    pub sign_in: FormMeta,
}

/// One mail.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// What about.
    pub subject: String,
    /// When it was sent.
    pub sent: When,
    /// The text; addresses that begin with http become links.
    pub text: String,
    /// Whether it stands open.
    pub open: bool,
}

/// The page.
pub fn page(view: &DemoView) -> Markup {
    let about = "Teams of made-up products. Sign in as anybody; each person has an address of their own, so several \
                 can be signed in side by side.";
    shell::bare(
        &view.shell,
        Width::Full,
        &html! {
            (head("Demo", about, &reset(view)))
            div.teams { @for each in &view.teams { (team(each)) } }
            section.mailbox {
                h2 { "Mailbox" }
                p.muted.fs { "Every mail that would have been sent. Links in them work." }
                @if view.mails.is_empty() {
                    (empty("No mail yet", "Invite someone, and the invitation arrives here.", None))
                } @else { ol.mails { @for each in &view.mails { (mail(each)) } } }
            }
        },
    )
}

fn reset(view: &DemoView) -> Markup {
    html! { @if let Some(form) = &view.reset { (form.button("btn", &html! { "Start over" })) } }
}

fn team(team: &DemoTeam) -> Markup {
    html! {
        section.card {
            div { h2 { (team.name) } p.fs.muted { (team.product) } p.fs { (team.about) } }
            ul.rows {
                @for each in &team.people {
                    li {
                        (person(&each.name, &each.role))
                        (each.sign_in.button("btn small", &html! { "Sign in as" span.vh { " " (each.name) } }))
                    }
                }
            }
        }
    }
}

fn mail(mail: &Mail) -> Markup {
    html! {
        li { details open[mail.open] {
            summary {
                span { strong { (mail.subject) } small { "To " (mail.to) } }
                (mail.sent)
                (Icon::Right)
            }
            div.letter { (with_links(&mail.text)) }
        } }
    }
}

/// The text, its http addresses as links; everything else is escaped.
fn with_links(text: &str) -> Markup {
    html! {
        @for part in text.split_inclusive(char::is_whitespace) {
            @let word = part.trim_end();
            @if word.starts_with("http://") || word.starts_with("https://") {
                a href=(word) { (word) } (part[word.len()..])
            } @else { (part) }
        }
    }
}

/// Every state worth seeing.
pub fn samples() -> Vec<(&'static str, DemoView)> {
    let view = DemoView {
        shell: Shell { demo_banner: false, ..outside("Demo") },
        teams: vec![halden(), solberg()],
        mails: vec![
            mail_sample("mira.jovanovic@example.com", "Priya Raman invites you to Halden Outdoor", "2 minutes ago"),
            mail_sample("paul.iversen@example.com", "Priya Raman invites you to Halden Outdoor", "9 days ago"),
        ],
        reset: Some(form("/demo/reset")),
    };
    vec![("full", view.clone()), ("no-mail", DemoView { mails: Vec::new(), ..view })]
}

fn halden() -> DemoTeam {
    DemoTeam {
        name: "Halden Outdoor".to_owned(),
        product: "Tidewell, a CRM".to_owned(),
        about: "Two roles, fine-grained permissions, templates, a switch. Seats are held from the invitation on."
            .to_owned(),
        people: vec![
            demo_person("Priya Raman", "Admin"),
            demo_person("Tomas Okafor", "Admin"),
            demo_person("Jonas Lindqvist", "User, Standard agent"),
            demo_person("Maya Castellanos", "User, Manager"),
        ],
    }
}

fn solberg() -> DemoTeam {
    DemoTeam {
        name: "Solberg Studio".to_owned(),
        product: "Plotline, web analytics".to_owned(),
        about: "Four roles, levels on each property, plans that decide which roles there are.".to_owned(),
        people: vec![
            demo_person("Ingrid Solberg", "Owner"),
            demo_person("Kofi Mensah", "Admin"),
            demo_person("Lena Vogt", "Member, 4 properties"),
            demo_person("Chloe Martin", "Viewer, 1 property"),
        ],
    }
}

fn demo_person(name: &str, role: &str) -> DemoPerson {
    DemoPerson {
        name: name.to_owned(),
        role: role.to_owned(),
        sign_in: form("http://priya.localhost:8080/demo/sign-in"),
    }
}

fn mail_sample(to: &str, subject: &str, age: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: subject.to_owned(),
        sent: when(age),
        text: "Hello,\n\nPriya Raman invites you to Halden Outdoor as a User.\n\nAccept the invitation:\n\
               http://localhost:8080/invitations/8f2kq0d7w1\n\nThe link works once, until Thursday 26 November.\n\
               If you do not know Priya, ignore this mail.\n"
            .to_owned(),
        open: age == "2 minutes ago",
    }
}

#[cfg(test)]
mod tests {
    use super::with_links;

    #[test]
    fn only_http_addresses_become_links() {
        let html = with_links("Go:\nhttps://a.example/x\njavascript:alert(1) <b>").into_string();
        assert_eq!(html, "Go:\n<a href=\"https://a.example/x\">https://a.example/x</a>\njavascript:alert(1) &lt;b&gt;");
    }
}
