//! Resources: the list with who reaches each, create, rename, delete.

use axum::extract::Path;
use axum::http::StatusCode;
use bailiwick_app::look::Team;
use bailiwick_core::access::model::{Kind, KindIx};
use bailiwick_core::access::set::Permission;
use bailiwick_core::ids::ResourceId;
use bailiwick_core::team::command::Command;
use bailiwick_core::team::state::Resource;

use super::access::{meanings, name_of};
use super::context::{Context, Shown, id, workspace_id};
use super::errors::PageError;
use super::forms::{Form, problems};
use crate::ui::form::Problems;
use crate::ui::kit::{Action, LevelRow, Link};
use crate::ui::pages::confirm::{self, ConfirmView};
use crate::ui::pages::resources::{
    ReachView, ResourceFormView, ResourceLine, ResourcesView, form_page, page, reach_page,
};

async fn seen(context: &Context, workspace: &str) -> Result<(Team, KindIx), PageError> {
    let team = context.app().team(context.caller()?, workspace_id(workspace)?).await?;
    if team.state.model.kinds.is_empty() { Err(PageError::not_found()) } else { Ok((team, KindIx(0))) }
}

/// Whether the reader has a permission, on the workspace or one resource: the check that hosts ask.
async fn has(
    context: &Context,
    team: &Team,
    permission: Permission,
    on: Option<ResourceId>,
) -> Result<bool, PageError> {
    let Some(person) = context.caller()?.person() else { return Ok(false) };
    let now = context.app().clock.now();
    let snapshot = bailiwick_core::access::snapshot::Snapshot::compile(&team.state);
    Ok(snapshot.check(person, permission, on, now).is_ok())
}

/// `GET /w/{workspace}/resources`
pub async fn list(context: Context, Path(workspace): Path<String>) -> Shown {
    let (team, kind_ix) = seen(&context, &workspace).await?;
    let kind = team.state.model.kind(kind_ix);
    let base = format!("/w/{}/resources", team.state.id);
    let mut live: Vec<_> = team.state.resources.iter().filter(|(_, r)| r.deleted_at.is_none()).collect();
    live.sort_by_key(|(_, r)| r.name.to_lowercase());
    let mut lines = Vec::new();
    for (id, resource) in live {
        lines.push(ResourceLine {
            name: resource.name.to_string(),
            reach: reach_words(&team, kind, *id),
            levels: kind.features.is_empty().then(|| format!("{base}/{id}/levels")),
            rename: has(&context, &team, kind.rename, Some(*id)).await?.then(|| format!("{base}/{id}/rename")),
            delete: has(&context, &team, kind.delete, Some(*id)).await?.then(|| format!("{base}/{id}/delete")),
        });
    }
    let may_create = has(&context, &team, kind.create, None).await?;
    let view = ResourcesView {
        shell: context.in_workspace(&kind.plural, &team.state).await?,
        title: kind.plural.clone(),
        one: kind.title.clone(),
        new: may_create.then(|| Action {
            label: format!("New {}", kind.title.to_lowercase()),
            href: format!("{base}/new"),
            off: None,
        }),
        resources: lines,
    };
    Ok(context.html(page(&view)))
}

fn reach_words(team: &Team, kind: &Kind, id: ResourceId) -> String {
    const SHOWN: usize = 3;
    let assigned = team.state.members.values().filter_map(|m| {
        let level = m.access.grants.all.or_else(|| m.access.grants.each.get(&id).map(|g| g.level))?;
        Some(format!("{} ({})", name_of(team, m.person), kind.level(level).title))
    });
    let mut all: Vec<String> = assigned.collect();
    all.sort();
    match all.len() {
        0 => "By role only".into(),
        n if n > SHOWN => format!("{}, {} more", all[..SHOWN].join(", "), n - SHOWN),
        _ => all.join(", "),
    }
}

/// `GET /w/{workspace}/resources/{resource}/levels`: who reaches it, at which level.
pub async fn reach(context: Context, Path((workspace, resource)): Path<(String, String)>) -> Shown {
    let (team, kind_ix) = seen(&context, &workspace).await?;
    let (id, found) = resource_of(&team, &resource)?;
    let kind = team.state.model.kind(kind_ix);
    if !kind.features.is_empty() {
        // Features are given row by row, on the team's page.
        return Err(PageError::not_found());
    }
    let plan = usize::from(team.state.plan.0);
    let by_role: Vec<String> = team
        .state
        .members
        .values()
        .filter(|m| team.state.model.role(m.access.role).assigns[plan].is_none())
        .map(|m| name_of(&team, m.person))
        .collect();
    let rows =
        team.state.members.iter().filter(|(_, m)| team.state.model.role(m.access.role).assigns[plan].is_some()).map(
            |(mid, m)| {
                let level = m.access.grants.all.or_else(|| m.access.grants.each.get(&id).map(|g| g.level));
                LevelRow {
                    id: mid.to_string(),
                    name: name_of(&team, m.person),
                    below: if m.access.grants.all.is_some() {
                        format!("All {}", kind.plural.to_lowercase())
                    } else {
                        String::new()
                    },
                    chosen: level.map(|l| kind.level(l).name.to_string()),
                }
            },
        );
    let view = ReachView {
        shell: context.in_workspace(&found.name, &team.state).await?,
        back: Link::new(&kind.plural, &format!("/w/{}/resources", team.state.id)),
        name: found.name.to_string(),
        by_role: if by_role.is_empty() {
            String::new()
        } else {
            format!("By role: {}.", bailiwick_core::access::say::and(&by_role))
        },
        meanings: meanings(kind),
        rows: rows.collect(),
        form: None,
        problems: Problems::default(),
    };
    Ok(context.html(reach_page(&view)))
}

fn resource_of<'a>(team: &'a Team, text: &str) -> Result<(ResourceId, &'a Resource), PageError> {
    let id: ResourceId = id(text)?;
    Ok((id, team.state.live_resource(id).ok_or_else(PageError::not_found)?))
}

/// `GET /w/{workspace}/resources/new`
pub async fn new_form(context: Context, Path(workspace): Path<String>) -> Shown {
    let (team, kind) = seen(&context, &workspace).await?;
    if !has(&context, &team, team.state.model.kind(kind).create, None).await? {
        return Err(PageError::not_found());
    }
    show(&context, &team, kind, None, "", Problems::default()).await
}

/// `GET /w/{workspace}/resources/{resource}/rename`
pub async fn form(context: Context, Path((workspace, resource)): Path<(String, String)>) -> Shown {
    let (team, kind) = seen(&context, &workspace).await?;
    let (id, found) = resource_of(&team, &resource)?;
    show(&context, &team, kind, Some(id), &found.name, Problems::default()).await
}

async fn show(
    context: &Context,
    team: &Team,
    kind: KindIx,
    id: Option<ResourceId>,
    typed: &str,
    problems: Problems,
) -> Shown {
    let kind = team.state.model.kind(kind);
    let one = kind.title.to_lowercase();
    let base = format!("/w/{}/resources", team.state.id);
    let known = id.and_then(|id| team.state.resources.get(&id));
    let (title, save, form) = match (id, known) {
        (Some(id), Some(r)) => (
            format!("Rename {}", r.name),
            "Save".to_owned(),
            context.form_on(&format!("{base}/{id}/rename"), r.version),
        ),
        _ => (format!("New {one}"), format!("Create {one}"), context.form(&format!("{base}/new"))),
    };
    let wrong = problems.refusal.is_some() || !problems.errors.is_empty();
    let view = ResourceFormView {
        shell: context.in_workspace(&title, &team.state).await?,
        back: Link::new(&kind.plural, &base),
        title,
        name: typed.to_owned(),
        hint: if id.is_none() {
            format!("Whoever has all {} reaches it at once.", kind.plural.to_lowercase())
        } else {
            String::new()
        },
        form,
        problems,
        save,
    };
    let mut shown = context.html(form_page(&view));
    if wrong {
        *shown.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(shown)
}

/// `POST /w/{workspace}/resources/new`
pub async fn create(Path(workspace): Path<String>, form: Form) -> Shown {
    form.only(&["name"])?;
    let context = &form.context;
    let (team, kind) = seen(context, &workspace).await?;
    let name = form.get("name")?.to_owned();
    let command = Command::AddResource {
        resource: ResourceId(context.app().new_id()),
        kind: team.state.model.kind(kind).name.to_string(),
        name: name.clone(),
        external_id: None,
    };
    match context.app().act(context.caller()?, team.state.id, command, None, form.command()?).await {
        Ok(_) => Ok(context.done(&format!("/w/{}/resources", team.state.id), &format!("{} is there.", name.trim()))),
        Err(error) => show(context, &team, kind, None, &name, problems(error.into(), "name")?).await,
    }
}

/// `POST /w/{workspace}/resources/{resource}/rename`
pub async fn rename(Path((workspace, resource)): Path<(String, String)>, form: Form) -> Shown {
    form.only(&["name"])?;
    let context = &form.context;
    let (team, kind) = seen(context, &workspace).await?;
    let (id, _) = resource_of(&team, &resource)?;
    let name = form.get("name")?.to_owned();
    let command = Command::RenameResource { resource: id, name: name.clone() };
    match context.app().act(context.caller()?, team.state.id, command, form.version()?, form.command()?).await {
        Ok(_) => {
            Ok(context.done(&format!("/w/{}/resources", team.state.id), &format!("It is called {} now.", name.trim())))
        }
        Err(error) => show(context, &team, kind, Some(id), &name, problems(error.into(), "name")?).await,
    }
}

/// `GET /w/{workspace}/resources/{resource}/delete`
pub async fn deleting(context: Context, Path((workspace, resource)): Path<(String, String)>) -> Shown {
    let (team, kind) = seen(&context, &workspace).await?;
    let (id, found) = resource_of(&team, &resource)?;
    let kind = team.state.model.kind(kind);
    if !has(&context, &team, kind.delete, Some(id)).await? {
        return Err(PageError::not_found());
    }
    let base = format!("/w/{}/resources", team.state.id);
    let assigned = team.state.members.values().filter_map(|m| {
        let grant = m.access.grants.each.get(&id)?;
        Some((name_of(&team, m.person), format!("{} there", kind.level(grant.level).title)))
    });
    let view = ConfirmView {
        shell: context.in_workspace(&format!("Delete {}", found.name), &team.state).await?,
        back: Link::new(&kind.plural, &base),
        title: format!("Delete {}?", found.name),
        consequence: vec![
            "Nobody can reach it from now on; every level on it is void.".into(),
            "This cannot be undone.".into(),
        ],
        concerned: assigned.collect(),
        form: context.form_on(&format!("{base}/{id}/delete"), found.version),
        verb: format!("Delete {}", found.name),
        keep: "Keep it".into(),
        ..ConfirmView::default()
    };
    Ok(context.html(confirm::page(&view)))
}

/// `POST /w/{workspace}/resources/{resource}/delete`
pub async fn delete(Path((workspace, resource)): Path<(String, String)>, form: Form) -> Shown {
    form.only(&[])?;
    let context = &form.context;
    let (team, _) = seen(context, &workspace).await?;
    let (id, found) = resource_of(&team, &resource)?;
    context
        .app()
        .act(context.caller()?, team.state.id, Command::DeleteResource(id), form.version()?, form.command()?)
        .await?;
    Ok(context.done(&format!("/w/{}/resources", team.state.id), &format!("{} is deleted.", found.name)))
}
