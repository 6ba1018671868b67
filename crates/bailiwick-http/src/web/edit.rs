//! Editing a member or an invitation, and the ways out: suspend, remove, cancel.

use axum::extract::Path;
use axum::http::StatusCode;
use bailiwick_app::AppError;
use bailiwick_app::change::Offer;
use bailiwick_app::look::Team;
use bailiwick_core::access::model::Acts;
use bailiwick_core::access::set::Permission;
use bailiwick_core::email::Email;
use bailiwick_core::ids::{InvitationId, MemberId, PersonId};
use bailiwick_core::team::command::Command;
use bailiwick_core::team::state::{Invitation, Member};
use bailiwick_core::team::wire::AccessWire;

use super::access::{self, name_of};
use super::context::{Context, Shown, id, workspace_id};
use super::errors::PageError;
use super::forms::{Form, one, problems};
use super::outcome;
use super::say::day;
use crate::ui::form::{FormMeta, Problems};
use crate::ui::kit::{Changes, Choice, Link, Select};
use crate::ui::pages::confirm::{self, ConfirmView};
use crate::ui::pages::edit::{EditView, EmailField, page};

/// The team, for who may edit in it.
async fn editable(context: &Context, workspace: &str) -> Result<(Team, PersonId), PageError> {
    let caller = context.caller()?;
    let id = workspace_id(workspace)?;
    let team = context.app().team(caller, id).await?;
    let app = context.app();
    if !app.may(caller, id, |a| a.change_access).await? && !app.may(caller, id, |a| a.change_role).await? {
        return Err(PageError::not_found());
    }
    Ok((team, caller.person().ok_or(AppError::NotSignedIn)?))
}

/// A member's row.
pub fn member_of(team: &Team, id: MemberId) -> Result<&Member, PageError> {
    team.state.members.get(&id).ok_or_else(PageError::not_found)
}

fn invitation_of(team: &Team, id: InvitationId) -> Result<&Invitation, PageError> {
    team.state.invitations.get(&id).filter(|i| i.stage.is_open()).ok_or_else(PageError::not_found)
}

/// What is shown of an edit: as stored, or as typed.
struct Shows {
    access: AccessWire,
    email: Option<String>,
    suspended: Option<bool>,
    preview: Option<Changes>,
    problems: Problems,
    status: StatusCode,
}

impl Shows {
    fn stored(access: AccessWire) -> Self {
        Self {
            access,
            email: None,
            suspended: None,
            preview: None,
            problems: Problems::default(),
            status: StatusCode::OK,
        }
    }
}

/// `GET /w/{workspace}/team/{member}/edit`
pub async fn member_form(context: Context, Path((workspace, member)): Path<(String, String)>) -> Shown {
    let (team, person) = editable(&context, &workspace).await?;
    let member_id: MemberId = id(&member)?;
    let member = member_of(&team, member_id)?;
    let shows = Shows::stored(AccessWire::of(&team.state.model, &member.access));
    show_member(&context, &team, person, member_id, shows).await
}

async fn show_member(context: &Context, team: &Team, editor: PersonId, id: MemberId, shows: Shows) -> Shown {
    let member = member_of(team, id)?;
    let (state, words) = (&team.state, &team.state.model.words);
    let (base, name) = (format!("/w/{}/team", state.id), name_of(team, member.person));
    let ownership = &state.model.ownership;
    let fixed = (ownership.single && member.access.role == ownership.role).then(|| ownership.why.clone());
    let email = team.addresses.get(&member.address).cloned().unwrap_or_default();
    let suspended = shows.suspended.unwrap_or(member.suspended_at.is_some());
    let mut access = access::form(state, editor, &shows.access, true);
    if let Some(only) = member.access.only_resource().filter(|_| state.model.row_per_resource) {
        // What a row is on is fixed (A30).
        access.levels.iter_mut().for_each(|levels| levels.rows.retain(|row| row.id == only.to_string()));
    }
    let view = EditView {
        shell: context.in_workspace(&format!("Edit {name}"), state).await?,
        back: Link::new(&words.page, &base),
        title: format!("Edit {name}"),
        line: format!("{email} · joined {}", day(member.joined_at)),
        form: context.form_on(&format!("{base}/{id}/edit"), member.version),
        problems: shows.problems,
        email: None,
        status: state.model.suspension.then(|| status_select(suspended)),
        fixed,
        access,
        preview: shows.preview,
        save: words.save.clone(),
        remove: Some(Link::new(&words.remove, &format!("{base}/{id}/remove"))),
        resend: None,
        about: name,
    };
    let mut shown = context.html(page(&view));
    *shown.status_mut() = shows.status;
    Ok(shown)
}

fn status_select(suspended: bool) -> Select {
    Select::new(
        "status",
        "Status",
        vec![Choice::new("active", "Active", !suspended), Choice::new("suspended", "Suspended", suspended)],
    )
}

/// `POST /w/{workspace}/team/{member}/edit`
pub async fn save_member(Path((workspace, member)): Path<(String, String)>, form: Form) -> Shown {
    let mut known = access::FIELDS.to_vec();
    known.push("status");
    form.only(&known)?;
    let context = &form.context;
    let (team, editor) = editable(context, &workspace).await?;
    let member_id: MemberId = id(&member)?;
    let member = member_of(&team, member_id)?;
    let mut wanted = access::read(&form, &team.state)?;
    keep_unseen(&team, member, &mut wanted);
    let suspend = match form.get("status")? {
        "suspended" => Some(true),
        "active" => Some(false),
        _ => None,
    };
    let caller = context.caller()?;
    let command = Command::ChangeAccess { member: member_id, access: wanted.clone() };
    let mut shows = Shows { suspended: suspend, ..Shows::stored(wanted) };
    if form.preview {
        match context.app().preview(caller, team.state.id, command, form.version()?).await {
            Ok(preview) => shows.preview = Some(outcome::for_person(&team, &preview, member.person)),
            Err(error) => refuse(&mut shows, error.into())?,
        }
        return show_member(context, &team, editor, member_id, shows).await;
    }
    let saved = async {
        let acted = context.app().act(caller, team.state.id, command, form.version()?, form.command()?).await?;
        // Status is a change of its own, decided after the other and by its own right.
        let change = suspend.filter(|s| *s != member.suspended_at.is_some());
        if let Some(suspended) = change {
            let command = if suspended { Command::Suspend(member_id) } else { Command::Reactivate(member_id) };
            let fresh = context.app().command_id();
            context.app().act(caller, team.state.id, command, None, fresh).await?;
        }
        Ok::<bool, PageError>(change.is_some() || !acted.events.is_empty())
    };
    match saved.await {
        Ok(changed) => {
            let name = name_of(&team, member.person);
            let says =
                if changed { format!("{name} was changed.") } else { format!("Nothing about {name} was different.") };
            Ok(context.done(&format!("/w/{}/team", team.state.id), &says))
        }
        Err(error) => {
            refuse(&mut shows, error)?;
            show_member(context, &team, editor, member_id, shows).await
        }
    }
}

fn refuse(shows: &mut Shows, error: PageError) -> Result<(), PageError> {
    shows.problems = problems(error, "role")?;
    shows.status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(())
}

/// What the form does not ask stays: an end of the whole, ends of single levels, levels that this plan hides.
fn keep_unseen(team: &Team, member: &Member, wanted: &mut AccessWire) {
    let held = AccessWire::of(&team.state.model, &member.access);
    if wanted.role != held.role {
        return;
    }
    wanted.until = held.until;
    let role = team.state.model.role(member.access.role);
    if role.assigns[usize::from(team.state.plan.0)].is_none() {
        wanted.all = held.all;
        wanted.grants = held.grants;
        return;
    }
    for grant in &mut wanted.grants {
        grant.until = held.grants.iter().find(|g| g.resource == grant.resource).and_then(|g| g.until);
    }
}

/// `POST /w/{workspace}/team/{member}/role`: a role as a control in the row (B06).
pub async fn save_role(Path((workspace, member)): Path<(String, String)>, form: Form) -> Shown {
    form.only(&["role"])?;
    let context = &form.context;
    let (team, _) = editable(context, &workspace).await?;
    let member_id: MemberId = id(&member)?;
    let row = member_of(&team, member_id)?;
    let access = AccessWire { role: form.get("role")?.to_owned(), ..AccessWire::of(&team.state.model, &row.access) };
    let command = Command::ChangeAccess { member: member_id, access };
    context.app().act(context.caller()?, team.state.id, command, form.version()?, form.command()?).await?;
    Ok(context
        .done(&format!("/w/{}/team", team.state.id), &format!("{} has another role now.", name_of(&team, row.person))))
}

/// `GET /w/{workspace}/team/{member}/remove`
pub async fn removing(context: Context, Path((workspace, member)): Path<(String, String)>) -> Shown {
    let (team, member_id) = target(&context, &workspace, &member, |a| a.remove).await?;
    ask_removal(&context, &team, member_id, Problems::default()).await
}

/// The row that an act is about, for who has the right to that act.
async fn target(
    context: &Context,
    workspace: &str,
    member: &str,
    act: fn(&Acts) -> Permission,
) -> Result<(Team, MemberId), PageError> {
    let caller = context.caller()?;
    let team = context.app().team(caller, workspace_id(workspace)?).await?;
    if !context.app().may(caller, team.state.id, act).await? {
        return Err(PageError::not_found());
    }
    let member_id: MemberId = id(member)?;
    member_of(&team, member_id)?;
    Ok((team, member_id))
}

async fn ask_removal(context: &Context, team: &Team, id: MemberId, problems: Problems) -> Shown {
    let member = member_of(team, id)?;
    let (state, words) = (&team.state, &team.state.model.words);
    let (base, name) = (format!("/w/{}/team", state.id), name_of(team, member.person));
    let mut consequence = vec![format!("{name} {}", words.removed)];
    if state.seats().held.is_some() {
        consequence.push("One seat becomes free.".into());
    }
    let view = ConfirmView {
        shell: context.in_workspace(&words.remove, state).await?,
        back: Link::new(&words.page, &base),
        about: Some(name.clone()),
        title: format!("{}: {name}?", words.remove),
        consequence,
        aside: if state.model.suspension {
            "This cannot be undone. To keep the account but stop sign-in, suspend it.".into()
        } else {
            "This cannot be undone.".into()
        },
        form: context.form_on(&format!("{base}/{id}/remove"), member.version),
        problems,
        verb: format!("{} {}", words.remove.split(' ').next().unwrap_or("Remove"), first_name(&name)),
        keep: format!("Keep {}", first_name(&name)),
        ..ConfirmView::default()
    };
    Ok(context.html(confirm::page(&view)))
}

fn first_name(name: &str) -> &str {
    name.split(' ').next().unwrap_or(name)
}

/// `POST /w/{workspace}/team/{member}/remove`
pub async fn remove(Path((workspace, member)): Path<(String, String)>, form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let (team, member_id) = target(context, &workspace, &member, |a| a.remove).await?;
    let row = member_of(&team, member_id)?;
    let command = Command::Remove(member_id);
    match context.app().act(context.caller()?, team.state.id, command, form.version()?, form.command()?).await {
        Ok(_) => {
            // Who removed themself has no team page any more.
            let own = context.caller()?.person() == Some(row.person);
            let to = if own { "/".to_owned() } else { format!("/w/{}/team", team.state.id) };
            Ok(context.done(&to, &format!("{} has no access any more.", name_of(&team, row.person))))
        }
        Err(error) => ask_removal(context, &team, member_id, problems(error.into(), "")?).await,
    }
}

/// `GET /w/{workspace}/team/{member}/suspend`
pub async fn suspending(context: Context, Path((workspace, member)): Path<(String, String)>) -> Shown {
    let (team, member_id) = target(&context, &workspace, &member, |a| a.suspend).await?;
    ask_suspension(&context, &team, member_id, Problems::default()).await
}

async fn ask_suspension(context: &Context, team: &Team, id: MemberId, problems: Problems) -> Shown {
    let member = member_of(team, id)?;
    let (state, words) = (&team.state, &team.state.model.words);
    let (base, name) = (format!("/w/{}/team", state.id), name_of(team, member.person));
    let view = ConfirmView {
        shell: context.in_workspace("Suspend", state).await?,
        back: Link::new(&words.page, &base),
        about: Some(name.clone()),
        title: format!("Suspend {name}?"),
        consequence: vec![
            format!(
                "{name} cannot sign in to this {} or act in it from now on, and stays in the records.",
                words.workspace
            ),
            "The seat stays taken.".into(),
        ],
        aside: "It can be ended at any time.".into(),
        form: context.form_on(&format!("{base}/{id}/suspend"), member.version),
        problems,
        verb: format!("Suspend {}", first_name(&name)),
        keep: "Keep active".into(),
        gentle: true,
        ..ConfirmView::default()
    };
    Ok(context.html(confirm::page(&view)))
}

/// `POST /w/{workspace}/team/{member}/suspend`
pub async fn suspend(Path((workspace, member)): Path<(String, String)>, form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let (team, member_id) = target(context, &workspace, &member, |a| a.suspend).await?;
    let command = Command::Suspend(member_id);
    match context.app().act(context.caller()?, team.state.id, command, form.version()?, form.command()?).await {
        Ok(_) => {
            let name = name_of(&team, member_of(&team, member_id)?.person);
            Ok(context.done(&format!("/w/{}/team", team.state.id), &format!("{name} is suspended.")))
        }
        Err(error) => ask_suspension(context, &team, member_id, problems(error.into(), "")?).await,
    }
}

/// `POST /w/{workspace}/team/{member}/reactivate`
pub async fn reactivate(Path((workspace, member)): Path<(String, String)>, form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let (team, member_id) = target(context, &workspace, &member, |a| a.suspend).await?;
    let command = Command::Reactivate(member_id);
    context.app().act(context.caller()?, team.state.id, command, form.version()?, form.command()?).await?;
    let name = name_of(&team, member_of(&team, member_id)?.person);
    Ok(context.done(&format!("/w/{}/team", team.state.id), &format!("{name} is active again.")))
}

/// `GET /w/{workspace}/team/invitations/{invitation}/edit`
pub async fn invitation_form(context: Context, Path((workspace, invitation)): Path<(String, String)>) -> Shown {
    let (team, person) = editable(&context, &workspace).await?;
    let invitation_id: InvitationId = id(&invitation)?;
    let row = invitation_of(&team, invitation_id)?;
    let shows = Shows::stored(AccessWire::of(&team.state.model, &row.access));
    show_invitation(&context, &team, person, invitation_id, shows).await
}

async fn show_invitation(context: &Context, team: &Team, editor: PersonId, id: InvitationId, shows: Shows) -> Shown {
    let invitation = invitation_of(team, id)?;
    let (state, words) = (&team.state, &team.state.model.words);
    let (base, now) = (format!("/w/{}/team", state.id), context.app().clock.now());
    let stored = team.addresses.get(&invitation.address).cloned().unwrap_or_default();
    let status = super::team::invitation_status(team, id, invitation, now).words;
    let remove = if state.model.invitations.as_rows { words.remove.clone() } else { "Cancel invitation".into() };
    let view = EditView {
        shell: context.in_workspace("Edit invitation", state).await?,
        back: Link::new(&words.page, &base),
        about: stored.clone(),
        title: "Edit invitation".into(),
        line: format!(
            "{stored} · {status}, sent {} by {}",
            super::say::when(invitation.sent_at, now).relative,
            access::actor_name(team, invitation.sender)
        ),
        form: context.form_on(&format!("{base}/invitations/{id}/edit"), invitation.version),
        problems: shows.problems,
        email: Some(EmailField {
            value: shows.email.unwrap_or(stored),
            hint: "Another address gets a fresh mail; the link sent before stops working.".into(),
        }),
        status: None,
        fixed: None,
        access: access::form(state, editor, &shows.access, true),
        preview: shows.preview,
        save: words.save.clone(),
        remove: Some(Link::new(&remove, &format!("{base}/invitations/{id}/cancel"))),
        resend: Some(context.form_on(&format!("{base}/invitations/{id}/resend"), invitation.version)),
    };
    let mut shown = context.html(page(&view));
    *shown.status_mut() = shows.status;
    Ok(shown)
}

/// `POST /w/{workspace}/team/invitations/{invitation}/edit`
pub async fn save_invitation(Path((workspace, invitation)): Path<(String, String)>, form: Form) -> Shown {
    let mut known = access::FIELDS.to_vec();
    known.push("email");
    form.only(&known)?;
    let context = &form.context;
    let (team, editor) = editable(context, &workspace).await?;
    let invitation_id: InvitationId = id(&invitation)?;
    let row = invitation_of(&team, invitation_id)?;
    let wanted = access::read(&form, &team.state)?;
    let typed = form.get("email")?.to_owned();
    let mut shows = Shows { email: Some(typed.clone()), ..Shows::stored(wanted.clone()) };
    let stored = team.addresses.get(&row.address).cloned().unwrap_or_default();
    let email = if typed.trim() == stored {
        None
    } else {
        match Email::parse(&typed) {
            Ok(email) => Some(email),
            Err(bad) => {
                shows.problems = one("email", bad.sentence());
                shows.status = StatusCode::UNPROCESSABLE_ENTITY;
                return show_invitation(context, &team, editor, invitation_id, shows).await;
            }
        }
    };
    if form.preview {
        shows.preview = Some(offered(&team, &row.access, &wanted));
        return show_invitation(context, &team, editor, invitation_id, shows).await;
    }
    let app = context.app();
    let edited = app.edit_invitation(
        context.caller()?,
        team.state.id,
        invitation_id,
        Offer { access: wanted, email },
        form.version()?,
        form.command()?,
    );
    match edited.await {
        Ok(_) => Ok(context.done(&format!("/w/{}/team", team.state.id), "The invitation was changed.")),
        Err(error) => {
            refuse(&mut shows, error.into())?;
            show_invitation(context, &team, editor, invitation_id, shows).await
        }
    }
}

/// What an edited invitation offers more and less.
fn offered(team: &Team, before: &bailiwick_core::team::state::Access, after: &AccessWire) -> Changes {
    let say = |access| bailiwick_core::access::say::lines(&team.state, access);
    let Ok(after) = after.read(&team.state.model) else { return Changes::default() };
    let (old, new) = (say(before), say(&after));
    let not_in = |a: &[String], b: &[String]| a.iter().filter(|l| !b.contains(l)).cloned().collect();
    Changes {
        adds: not_in(&new, &old),
        cuts: not_in(&old, &new),
        holds: "Holds when the invitation is accepted.".into(),
        ..Changes::default()
    }
}

/// `POST /w/{workspace}/team/invitations/{invitation}/resend`
pub async fn resend(Path((workspace, invitation)): Path<(String, String)>, form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let workspace = workspace_id(&workspace)?;
    let command = Command::Resend(id(&invitation)?);
    context.app().act(context.caller()?, workspace, command, form.version()?, form.command()?).await?;
    Ok(context
        .done(&format!("/w/{workspace}/team"), "The invitation was sent again; the link sent before stops working."))
}

/// `GET /w/{workspace}/team/invitations/{invitation}/cancel`
pub async fn cancelling(context: Context, Path((workspace, invitation)): Path<(String, String)>) -> Shown {
    let team = context.app().team(context.caller()?, workspace_id(&workspace)?).await?;
    let invitation_id: InvitationId = id(&invitation)?;
    let row = invitation_of(&team, invitation_id)?;
    let (state, words) = (&team.state, &team.state.model.words);
    let base = format!("/w/{}/team", state.id);
    let address = team.addresses.get(&row.address).cloned().unwrap_or_default();
    let mut consequence = vec![format!("The link that was mailed to {address} stops working now.")];
    if state.model.seats.taken_at == bailiwick_core::access::model::TakenAt::Invitation {
        consequence.push("One seat becomes free.".into());
    }
    let view = ConfirmView {
        shell: context.in_workspace("Cancel invitation", state).await?,
        back: Link::new(&words.page, &base),
        title: "Cancel this invitation?".into(),
        consequence,
        form: FormMeta { ..context.form_on(&format!("{base}/invitations/{invitation_id}/cancel"), row.version) },
        verb: "Cancel invitation".into(),
        keep: "Keep it".into(),
        ..ConfirmView::default()
    };
    Ok(context.html(confirm::page(&view)))
}

/// `POST /w/{workspace}/team/invitations/{invitation}/cancel`
pub async fn cancel(Path((workspace, invitation)): Path<(String, String)>, form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let workspace = workspace_id(&workspace)?;
    let command = Command::Cancel(id(&invitation)?);
    context.app().act(context.caller()?, workspace, command, form.version()?, form.command()?).await?;
    Ok(context.done(&format!("/w/{workspace}/team"), "The invitation was cancelled."))
}
