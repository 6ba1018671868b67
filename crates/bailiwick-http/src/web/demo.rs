//! The demo's own page: sign in as anybody, read the mail that was sent.

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect};
use bailiwick_app::demo::{DemoPerson as Person, DemoTeam as Team};

use super::context::{Context, Shown, id};
use super::forms::Form;
use super::say::when;
use crate::ui::form::FormMeta;
use crate::ui::pages::demo::{DemoPerson, DemoTeam, DemoView, Mail, page};

/// `GET /demo`
pub async fn demo(context: Context) -> Shown {
    let teams = context.app().demo_teams().await?;
    let view = DemoView {
        shell: context.outside("Demo"),
        teams: teams.iter().map(|t| team(&context, t)).collect(),
        mails: mails(&context),
        reset: None,
    };
    let mark = context.mark();
    let mut shown = context.with_browser(context.html(page(&view)), &mark);
    // Its buttons post to each person's own host name, which takes them by their Origin: this page may tell it.
    shown.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    Ok(shown)
}

fn team(context: &Context, team: &Team) -> DemoTeam {
    DemoTeam {
        name: team.name.clone(),
        product: team.model.clone(),
        about: team.about.clone(),
        people: team.people.iter().map(|p| person(context, p)).collect(),
    }
}

fn person(context: &Context, person: &Person) -> DemoPerson {
    let status = if person.suspended { ", suspended" } else { "" };
    DemoPerson {
        name: person.name.clone(),
        role: format!("{}{status}", person.role),
        sign_in: FormMeta {
            action: format!("http://{}/demo/sign-in/{}", host_of(context, &person.email), person.person),
            csrf: String::new(),
            version: None,
            command: String::new(),
        },
    }
}

/// `ann.lee@x.example` is `ann-lee.localhost:PORT`.
fn host_of(context: &Context, email: &str) -> String {
    let name: String = email
        .split('@')
        .next()
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let port = context.host.rsplit_once(':').map(|(_, port)| format!(":{port}")).unwrap_or_default();
    format!("{}.localhost{port}", name.to_lowercase())
}

/// The mailbox; links lead to the host name of who got the mail, so that two people can be tried side by side.
fn mails(context: &Context) -> Vec<Mail> {
    let Some(sink) = &context.web.mailbox else { return Vec::new() };
    let now = context.app().clock.now();
    let read = sink.received().into_iter().rev().filter_map(|received| received.read());
    read.enumerate()
        .map(|(n, mail)| {
            let to = mail.to.join(", ");
            let own = format!("http://{}", host_of(context, &to));
            Mail {
                text: mail.text.replace(&context.app().config.public_url, &own),
                subject: mail.subject,
                sent: when(now, now),
                open: n == 0,
                to,
            }
        })
        .collect()
}

/// `POST /demo/sign-in/{person}`
pub async fn sign_in(Path(person): Path<String>, form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let signed_in = context.app().demo_sign_in(id(&person)?, &context.origin).await?;
    let on = Redirect::to("/").into_response();
    let mut shown = context.with_session(on, signed_in.token.reveal());
    shown.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(shown)
}
