//! A person's workspaces, and what they may do in one of them.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect};
use bailiwick_app::look::Team;
use bailiwick_core::access::model::Group;
use bailiwick_core::access::say::set_lines;
use bailiwick_core::access::set::PermissionSet;
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::{MemberId, PersonId, ResourceId};
use bailiwick_core::team::command::Command;
use bailiwick_core::team::state::{Member, Workspace};
use bailiwick_core::time::Timestamp;

use super::access::{actor_name, name_of};
use super::context::{Context, Shown, workspace_id};
use super::forms::{Form, problems};
use super::say::day;
use crate::ui::form::Problems;
use crate::ui::kit::{AccessLine, Link};
use crate::ui::pages::confirm::{self, ConfirmView};
use crate::ui::pages::home::{HomeView, page};
use crate::ui::pages::workspaces::{self, WorkspaceLine, WorkspacesView};

/// `GET /`: one workspace, straight in.
pub async fn workspaces(context: Context) -> Shown {
    let caller = context.caller()?;
    let mine = context.app().my_workspaces(caller).await?;
    if let [only] = mine.as_slice() {
        return Ok(Redirect::to(&format!("/w/{}", only.workspace)).into_response());
    }
    let mut lines = Vec::new();
    for one in mine {
        let (team, member) = context.app().home(caller, one.workspace).await?;
        let role = team.state.members.get(&member).map(|m| role_words(&team.state, m)).unwrap_or_default();
        lines.push(WorkspaceLine { name: one.name, href: format!("/w/{}", one.workspace), role, mark: String::new() });
    }
    let view = WorkspacesView { shell: context.inside("Workspaces").await?, workspaces: lines };
    Ok(context.html(workspaces::page(&view)))
}

/// `GET /w/{workspace}`
pub async fn home(context: Context, Path(workspace): Path<String>) -> Shown {
    let id = workspace_id(&workspace)?;
    let caller = context.caller()?;
    let (team, member) = context.app().home(caller, id).await?;
    context.app().enter(caller, id).await?;
    let Some(row) = team.state.members.get(&member) else { return Err(super::errors::PageError::not_found()) };
    let now = context.app().clock.now();
    let snapshot = Snapshot::compile(&team.state);
    let base = format!("/w/{id}");
    let owner_stays = team.state.model.ownership.single && row.access.role == team.state.model.ownership.role;
    let view = HomeView {
        shell: context.in_workspace("Your access", &team.state).await?,
        workspace: team.state.name.to_string(),
        about: format!("You are {}.", with_article(&role_words(&team.state, row))),
        groups: group_lines(&team.state, &snapshot, row.person, now),
        resources_title: team.state.model.kinds.first().map(|k| k.plural.clone()).unwrap_or_default(),
        resources: resource_lines(&team.state, &snapshot, row.person, now),
        resources_note: String::new(),
        ask: whom_to_ask(&team, row),
        since: format!("In the {} since {}.", team.state.model.words.workspace, day(row.joined_at)),
        leave: (!owner_stays)
            .then(|| Link::new(&format!("Leave the {}", team.state.model.words.workspace), &format!("{base}/leave"))),
        stays: if owner_stays { team.state.model.ownership.why.clone() } else { String::new() },
    };
    Ok(context.html(page(&view)))
}

/// "User, Standard agent".
pub fn role_words(state: &Workspace, member: &Member) -> String {
    let role = state.role_called(&member.access);
    match member.access.template.and_then(|id| state.templates.get(&id)).filter(|t| *t.name != *role) {
        Some(template) => format!("{role} with the {} {}", state.model.words.template.to_lowercase(), template.name),
        None => role,
    }
}

fn with_article(words: &str) -> String {
    let vowel = words.starts_with(|c: char| "AEIO".contains(c));
    format!("{} {words}", if vowel { "an" } else { "a" })
}

/// What a person can do on the workspace, group by group, as the check itself says.
pub fn group_lines(state: &Workspace, snapshot: &Snapshot, person: PersonId, now: Timestamp) -> Vec<AccessLine> {
    let can = snapshot.what_can(person, None, now);
    let on_workspace = state.model.groups.iter().enumerate().filter(|(_, g)| g.on.is_none());
    let mut lines: Vec<AccessLine> = on_workspace.map(|(ix, group)| group_line(state, ix, group, can)).collect();
    // What one can do stands first; what one cannot is still told.
    lines.sort_by_key(|line| line.can.is_none());
    lines
}

fn group_line(state: &Workspace, ix: usize, group: &Group, can: PermissionSet) -> AccessLine {
    let model = &state.model;
    let of_group: PermissionSet = model.everything().iter().filter(|p| model.permission_def(*p).group == ix).collect();
    let (yes, no) = (of_group & can, of_group.without(can));
    let actions =
        |set: PermissionSet| -> Vec<String> { set.iter().map(|p| model.permission_def(p).action.clone()).collect() };
    AccessLine {
        title: group.title.clone(),
        covers: group.covers.clone(),
        can: (!yes.is_empty()).then(|| set_lines(model, yes).join("; ")),
        note: if yes.is_empty() || no.is_empty() {
            String::new()
        } else {
            format!("Not {}", bailiwick_core::access::say::and(&actions(no)))
        },
        because: String::new(),
    }
}

/// What a person can do on each resource that they reach.
pub fn resource_lines(state: &Workspace, snapshot: &Snapshot, person: PersonId, now: Timestamp) -> Vec<AccessLine> {
    let mut live: Vec<(&ResourceId, _)> = state.resources.iter().filter(|(_, r)| r.deleted_at.is_none()).collect();
    live.sort_by_key(|(_, r)| r.name.to_lowercase());
    live.into_iter()
        .filter_map(|(id, resource)| {
            let can = snapshot.what_can(person, Some(*id), now);
            let kind = state.model.kind(resource.kind);
            let row = snapshot.row(person)?;
            let level = row.level_everywhere.or_else(|| row.grant_on(*id).map(|g| g.level)).map(|l| kind.level(l));
            let (title, note) = match level {
                Some(level) => (level.title.clone(), level.says.clone()),
                None => (set_lines(&state.model, can).join("; "), String::new()),
            };
            let line = AccessLine {
                title: resource.name.to_string(),
                covers: kind.title.clone(),
                can: Some(title),
                note,
                ..AccessLine::default()
            };
            (!can.is_empty()).then_some(line)
        })
        .collect()
}

fn whom_to_ask(team: &Team, own: &Member) -> Vec<(String, String)> {
    let inviter = own.invited_by.map(|actor| actor_name(team, actor));
    team.state
        .active_owners()
        .filter_map(|id| team.state.members.get(&id))
        .filter(|m| m.person != own.person)
        .map(|m| {
            let name = name_of(team, m.person);
            let role = &team.state.model.role(m.access.role).title;
            let line = if inviter.as_ref() == Some(&name) { format!("{role}, invited you") } else { role.clone() };
            (name, line)
        })
        .collect()
}

/// `GET /w/{workspace}/leave`
pub async fn leaving(context: Context, Path(workspace): Path<String>) -> Shown {
    let id = workspace_id(&workspace)?;
    let (team, member) = context.app().home(context.caller()?, id).await?;
    ask_to_leave(&context, &team, member, Problems::default()).await
}

async fn ask_to_leave(context: &Context, team: &Team, member: MemberId, problems: Problems) -> Shown {
    let (state, words) = (&team.state, &team.state.model.words);
    let version = state.members.get(&member).map_or(0, |m| m.version);
    let view = ConfirmView {
        shell: context.in_workspace("Leave", state).await?,
        back: Link::new("Back", &format!("/w/{}", state.id)),
        title: format!("Leave {}?", state.name),
        consequence: vec![
            "You lose access now, in every open session. What you made stays.".into(),
            format!("To come back, somebody of the {} has to invite you again.", words.workspace),
        ],
        form: context.form_on(&format!("/w/{}/leave", state.id), version),
        problems,
        verb: format!("Leave {}", state.name),
        keep: "Stay".into(),
        ..ConfirmView::default()
    };
    Ok(context.html(confirm::page(&view)))
}

/// `POST /w/{workspace}/leave`
pub async fn leave(Path(workspace): Path<String>, form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let id = workspace_id(&workspace)?;
    let caller = context.caller()?;
    let (team, member) = context.app().home(caller, id).await?;
    match context.app().act(caller, id, Command::Leave(member), form.version()?, form.command()?).await {
        Ok(_) => Ok(context.done("/", &format!("You left {}.", team.state.name))),
        Err(error) => ask_to_leave(context, &team, member, problems(error.into(), "")?).await,
    }
}
