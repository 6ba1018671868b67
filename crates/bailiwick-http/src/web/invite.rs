//! Inviting people: judged address by address, said in a sentence, then sent.

use axum::extract::Path;
use axum::http::StatusCode;
use bailiwick_app::AppError;
use bailiwick_app::change::Invitee;
use bailiwick_app::look::Team;
use bailiwick_core::access::model::TakenAt;
use bailiwick_core::access::say::lines;
use bailiwick_core::email::Email;
use bailiwick_core::ids::{AddressId, PersonId};
use bailiwick_core::team::state::Stage;
use bailiwick_core::team::wire::AccessWire;

use super::access;
use super::context::{Context, Shown, workspace_id};
use super::errors::PageError;
use super::forms::{Form, one, problems};
use super::outcome;
use super::say::plural;
use crate::ui::form::Problems;
use crate::ui::kit::{Link, Seats};
use crate::ui::pages::invite::{InviteView, Judged, page};

/// What was typed, and what came of it.
#[derive(Default)]
struct Typed {
    emails: String,
    access: AccessWire,
    judged: Vec<Judged>,
    good: usize,
    outcome: Option<String>,
    cautions: Vec<String>,
    problems: Problems,
}

/// `GET /w/{workspace}/team/invite`
pub async fn form(context: Context, Path(workspace): Path<String>) -> Shown {
    let (team, person) = allowed(&context, &workspace).await?;
    let model = &team.state.model;
    let preselected = model.invitations.preselect.filter(|r| model.role(*r).on_plan(team.state.plan));
    let role = preselected.map(|r| model.role(r).name.to_string()).unwrap_or_default();
    let typed = Typed { access: AccessWire::of_role(&role), ..Typed::default() };
    show(&context, &team, person, typed, StatusCode::OK).await
}

async fn allowed(context: &Context, workspace: &str) -> Result<(Team, PersonId), PageError> {
    let id = workspace_id(workspace)?;
    let caller = context.caller()?;
    let team = context.app().team(caller, id).await?;
    if !context.app().may(caller, id, |a| a.invite).await? {
        return Err(PageError::not_found());
    }
    let person = caller.person().ok_or(AppError::NotSignedIn)?;
    Ok((team, person))
}

async fn show(context: &Context, team: &Team, person: PersonId, typed: Typed, status: StatusCode) -> Shown {
    let state = &team.state;
    let words = &state.model.words;
    let base = format!("/w/{}", state.id);
    let at_invitation = state.model.seats.taken_at == TakenAt::Invitation;
    let limit = outcome::limit(team, &base);
    let can_send = limit.is_none() || !at_invitation;
    let send = if typed.good > 1 { format!("{} to {} people", words.send, typed.good) } else { words.send.clone() };
    let view = InviteView {
        shell: context.in_workspace(&words.invite, state).await?,
        back: Link::new(&words.page, &format!("{base}/team")),
        title: format!("{} to {}", words.invite, state.name),
        form: context.form(&format!("{base}/team/invite")),
        access: access::form(state, person, &typed.access, false),
        seats: seats(team, typed.good, at_invitation),
        limit,
        send,
        can_send,
        emails: typed.emails,
        judged: typed.judged,
        outcome: typed.outcome,
        cautions: typed.cautions,
        problems: typed.problems,
    };
    let mut shown = context.html(page(&view));
    *shown.status_mut() = status;
    Ok(shown)
}

/// Seats before and after.
fn seats(team: &Team, more: usize, at_invitation: bool) -> Option<Seats> {
    let count = team.state.seats();
    let mut seats = outcome::seats(count)?;
    let more = u32::try_from(more).unwrap_or(0);
    if at_invitation && more > 0 {
        seats.words = format!("{} → {} of {} seats", count.taken, count.taken + more, seats.limit);
        seats.waiting += more;
    }
    if !at_invitation {
        seats.note = "an invitation takes its seat when it is accepted".into();
    }
    Some(seats)
}

/// `POST /w/{workspace}/team/invite`
pub async fn send(Path(workspace): Path<String>, form: Form) -> Shown {
    let mut known = access::FIELDS.to_vec();
    known.push("emails");
    form.only(&known)?;
    let context = &form.context;
    let (team, person) = allowed(context, &workspace).await?;
    let mut typed =
        Typed { emails: form.get("emails")?.to_owned(), access: access::read(&form, &team.state)?, ..Typed::default() };
    let good = judge(&team, &mut typed);
    if typed.access.role.is_empty() {
        typed.problems = one("role", "Choose a role.");
        return show(context, &team, person, typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if good.is_empty() {
        let says =
            if typed.judged.is_empty() { "Write at least one address." } else { "None of these can be invited." };
        typed.problems = one("emails", says);
        return show(context, &team, person, typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if form.preview {
        suggest(&team, &mut typed);
        say_outcome(&team, &mut typed);
        return show(context, &team, person, typed, StatusCode::OK).await;
    }
    let bad: Vec<&str> = typed.judged.iter().filter(|j| j.why_not.is_some()).map(|j| j.email.as_str()).collect();
    if !bad.is_empty() {
        typed.problems = one("emails", &format!("Nothing was sent. Take out or mend: {}.", bad.join(", ")));
        return show(context, &team, person, typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let invitees = good.iter().map(|email| Invitee { email: email.clone(), access: typed.access.clone() }).collect();
    match context.app().invite(context.caller()?, team.state.id, invitees, form.command()?).await {
        Ok(_) => {
            let to = if let [only] = good.as_slice() {
                only.display().to_owned()
            } else {
                plural(count(good.len()), "person").replace("persons", "people")
            };
            Ok(context.done(&format!("/w/{}/team", team.state.id), &format!("Invitation sent to {to}.")))
        }
        Err(error) => {
            typed.problems = problems(error.into(), "emails")?;
            show(context, &team, person, typed, StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Line by line: whether each address can be invited, and why not.
fn judge(team: &Team, typed: &mut Typed) -> Vec<Email> {
    let mut good: Vec<Email> = Vec::new();
    let split = |c: char| c.is_whitespace() || matches!(c, ',' | ';');
    for text in typed.emails.split(split).filter(|t| !t.is_empty()) {
        let text = text.trim_matches(|c| matches!(c, '<' | '>'));
        let why_not = match Email::parse(text) {
            Err(bad) => Some((bad.sentence().to_owned(), None)),
            Ok(email) if good.iter().any(|g| g.comparable() == email.comparable()) => {
                Some(("Named twice.".into(), None))
            }
            Ok(email) => match in_the_way(team, &email) {
                Some(reason) => Some(reason),
                None => {
                    good.push(email);
                    None
                }
            },
        };
        let (why_not, instead) = why_not.map_or((None, None), |(why, instead)| (Some(why), instead));
        typed.judged.push(Judged { email: text.to_owned(), why_not, instead });
    }
    typed.good = good.len();
    good
}

fn in_the_way(team: &Team, email: &Email) -> Option<(String, Option<Link>)> {
    let known = |id: &AddressId| {
        team.addresses.get(id).and_then(|t| Email::parse(t).ok()).is_some_and(|e| e.comparable() == email.comparable())
    };
    let base = format!("/w/{}/team", team.state.id);
    if team.state.model.row_per_resource {
        // Whether there is room for another row depends on what it is on (A17): the decision says.
        return None;
    }
    if let Some((id, member)) = team.state.members.iter().find(|(_, m)| known(&m.address)) {
        let link = Link::new("Edit", &format!("{base}/{id}/edit"));
        let suspended = member.suspended_at.is_some();
        return Some((
            if suspended { "Suspended; reactivate them." } else { "Already in the team." }.into(),
            Some(link),
        ));
    }
    let open =
        team.state.invitations.iter().find(|(_, i)| known(&i.address) && matches!(i.stage, Stage::Pending { .. }));
    open.map(|(id, _)| ("Already invited.".into(), Some(Link::new("Edit", &format!("{base}/invitations/{id}/edit")))))
}

/// What a template pre-ticks (D25): shown by the preview, to be cleared by who does not want it.
fn suggest(team: &Team, typed: &mut Typed) {
    let model = &team.state.model;
    let Some(template) = typed.access.template.and_then(|id| team.state.templates.get(&id)) else { return };
    let Some(role) = model.role_ix(&typed.access.role).map(|r| model.role(r)) else { return };
    for toggle in template.suggests.iter().filter(|t| role.toggles.has(*t)) {
        let name = model.toggle(toggle).name.to_string();
        if !typed.access.toggles.contains(&name) {
            typed.cautions.push(format!(
                "{} usually goes with {}; switch it on if they need it.",
                model.toggle(toggle).title,
                template.name
            ));
        }
    }
}

/// "Invited people will be able to …".
fn say_outcome(team: &Team, typed: &mut Typed) {
    let Ok(access) = typed.access.read(&team.state.model) else { return };
    let can = lines(&team.state, &access);
    let who = if typed.good == 1 { "This person" } else { "These people" };
    typed.outcome = Some(if can.is_empty() {
        format!("{who} will not be able to do anything until you edit their access.")
    } else {
        format!("What {} will be able to do: {}.", who.to_lowercase(), can.join("; "))
    });
}
