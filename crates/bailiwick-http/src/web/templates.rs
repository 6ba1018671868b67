//! Role templates: the list, the editor, deletion with reassignment.

use axum::extract::Path;
use axum::http::StatusCode;
use bailiwick_app::look::Team;
use bailiwick_core::access::say::{and, set_lines};
use bailiwick_core::access::set::PermissionSet;
use bailiwick_core::ids::{TemplateId, WorkspaceId};
use bailiwick_core::team::command::Command;
use bailiwick_core::team::state::Template;
use bailiwick_core::team::wire::{permission_set, toggle_names};

use super::access::{name_of, permission_grid, with_view};
use super::context::{Context, Shown, id, workspace_id};
use super::errors::PageError;
use super::forms::{Form, problems};
use super::outcome;
use super::say::plural;
use crate::ui::form::{FormMeta, Problems};
use crate::ui::kit::{Action, Changes, Choice, Link, Select};
use crate::ui::pages::confirm::{self, ConfirmView};
use crate::ui::pages::templates::{TemplateLine, TemplateView, TemplatesView, editor, page};

async fn allowed(context: &Context, workspace: &str) -> Result<Team, PageError> {
    let id = workspace_id(workspace)?;
    let caller = context.caller()?;
    let team = context.app().team(caller, id).await?;
    let may = team.state.model.templates.is_some() && context.app().may(caller, id, |a| a.manage_templates).await?;
    if may { Ok(team) } else { Err(PageError::not_found()) }
}

/// `GET /w/{workspace}/templates`
pub async fn list(context: Context, Path(workspace): Path<String>) -> Shown {
    let team = allowed(&context, &workspace).await?;
    let words = &team.state.model.words;
    let base = format!("/w/{}/templates", team.state.id);
    let mut named: Vec<_> = team.state.templates.iter().collect();
    named.sort_by_key(|(_, t)| t.name.to_lowercase());
    let templates = named.into_iter().map(|(id, t)| TemplateLine {
        name: t.name.to_string(),
        gives: if t.set.is_empty() { "Nothing".into() } else { set_lines(&team.state.model, t.set).join("; ") },
        used_by: used_by(&team, *id),
        edit: Some(format!("{base}/{id}")),
        delete: Some(format!("{base}/{id}/delete")),
    });
    let view = TemplatesView {
        shell: context.in_workspace(&words.templates, &team.state).await?,
        title: words.templates.clone(),
        one: words.template.to_lowercase(),
        new: Some(Action {
            label: format!("New {}", words.template.to_lowercase()),
            href: format!("{base}/new"),
            off: None,
        }),
        templates: templates.collect(),
    };
    Ok(context.html(page(&view)))
}

fn users(team: &Team, id: TemplateId) -> (usize, usize) {
    let members = team.state.members.values().filter(|m| m.access.template == Some(id)).count();
    let invited =
        team.state.invitations.values().filter(|i| i.stage.is_open() && i.access.template == Some(id)).count();
    (members, invited)
}

fn used_by(team: &Team, id: TemplateId) -> String {
    let (members, invited) = users(team, id);
    let n = |count: usize| i64::try_from(count).unwrap_or(0);
    let people = plural(n(members), &team.state.model.words.person);
    match (members, invited) {
        (0, 0) => "Nobody".into(),
        (_, 0) => people,
        (0, i) => format!("{i} invited"),
        (_, i) => format!("{people}, {i} invited"),
    }
}

/// What the editor shows.
#[derive(Default)]
struct Shows {
    name: String,
    set: PermissionSet,
    preview: Option<Changes>,
    problems: Problems,
    status: StatusCode,
}

/// `GET /w/{workspace}/templates/new`
pub async fn new_form(context: Context, Path(workspace): Path<String>) -> Shown {
    let team = allowed(&context, &workspace).await?;
    show(&context, &team, None, Shows::default()).await
}

/// `GET /w/{workspace}/templates/{template}`
pub async fn form(context: Context, Path((workspace, template)): Path<(String, String)>) -> Shown {
    let team = allowed(&context, &workspace).await?;
    let (id, template) = template_of(&team, &template)?;
    let shows = Shows { name: template.name.to_string(), set: template.set, ..Shows::default() };
    show(&context, &team, Some(id), shows).await
}

fn template_of<'a>(team: &'a Team, text: &str) -> Result<(TemplateId, &'a Template), PageError> {
    let id: TemplateId = id(text)?;
    Ok((id, team.state.templates.get(&id).ok_or_else(PageError::not_found)?))
}

async fn show(context: &Context, team: &Team, id: Option<TemplateId>, shows: Shows) -> Shown {
    let words = &team.state.model.words;
    let one = words.template.to_lowercase();
    let base = format!("/w/{}/templates", team.state.id);
    let known = id.and_then(|id| team.state.templates.get(&id));
    let title = known.map_or_else(|| format!("New {one}"), |t| format!("Edit {}", t.name));
    let form: FormMeta = match (id, known) {
        (Some(id), Some(template)) => context.form_on(&format!("{base}/{id}"), template.version),
        _ => context.form(&format!("{base}/new")),
    };
    let concerns = id.map(|id| used_by(team, id)).filter(|who| who != "Nobody");
    let view = TemplateView {
        shell: context.in_workspace(&title, &team.state).await?,
        back: Link::new(&words.templates, &base),
        grid: permission_grid(&team.state.model, shows.set, None, &format!("What the {one} gives")),
        concerns: concerns
            .map(|who| format!("{who} use it; they change with it, at their next action."))
            .unwrap_or_default(),
        preview: shows.preview,
        form,
        problems: shows.problems,
        delete: id.map(|id| Link::new(&format!("Delete {one}"), &format!("{base}/{id}/delete"))),
        name: shows.name,
        title,
    };
    let mut shown = context.html(editor(&view));
    *shown.status_mut() = shows.status;
    Ok(shown)
}

/// `POST /w/{workspace}/templates/new`
pub async fn create(Path(workspace): Path<String>, form: Form) -> Shown {
    let team = allowed(&form.context, &workspace).await?;
    save_as(&form, &team, None).await
}

/// `POST /w/{workspace}/templates/{template}`
pub async fn save(Path((workspace, template)): Path<(String, String)>, form: Form) -> Shown {
    let team = allowed(&form.context, &workspace).await?;
    let (id, _) = template_of(&team, &template)?;
    save_as(&form, &team, Some(id)).await
}

async fn save_as(form: &Form, team: &Team, id: Option<TemplateId>) -> Shown {
    form.only(&["name", "permission"])?;
    let context = &form.context;
    let model = &team.state.model;
    let name = form.get("name")?.to_owned();
    let permissions = with_view(model, form.all("permission").iter().map(|p| (*p).to_owned()).collect());
    let mut shows =
        Shows { name: name.clone(), set: permission_set(model, &permissions).unwrap_or_default(), ..Shows::default() };
    let command = match id {
        Some(template) => {
            let suggests =
                team.state.templates.get(&template).map(|t| toggle_names(model, t.suggests)).unwrap_or_default();
            Command::EditTemplate { template, name: name.clone(), permissions, suggests }
        }
        None => Command::CreateTemplate {
            template: TemplateId(context.app().new_id()),
            name: name.clone(),
            permissions,
            suggests: Vec::new(),
        },
    };
    let caller = context.caller()?;
    if form.preview {
        match context.app().preview(caller, team.state.id, command, form.version()?).await {
            Ok(preview) => shows.preview = Some(outcome::for_many(team, &preview)),
            Err(error) => shows.problems = problems(error.into(), "name")?,
        }
        return show(context, team, id, shows).await;
    }
    match context.app().act(caller, team.state.id, command, form.version()?, form.command()?).await {
        Ok(_) => Ok(context.done(&format!("/w/{}/templates", team.state.id), &format!("{} is saved.", name.trim()))),
        Err(error) => {
            shows.problems = problems(error.into(), "name")?;
            shows.status = StatusCode::UNPROCESSABLE_ENTITY;
            show(context, team, id, shows).await
        }
    }
}

/// `GET /w/{workspace}/templates/{template}/delete`
pub async fn deleting(context: Context, Path((workspace, template)): Path<(String, String)>) -> Shown {
    let team = allowed(&context, &workspace).await?;
    let (id, _) = template_of(&team, &template)?;
    ask(&context, &team, id, Problems::default()).await
}

async fn ask(context: &Context, team: &Team, id: TemplateId, problems: Problems) -> Shown {
    let Some(template) = team.state.templates.get(&id) else { return Err(PageError::not_found()) };
    let base = format!("/w/{}/templates", team.state.id);
    let (members, invited) = users(team, id);
    let others = team.state.templates.iter().filter(|(other, _)| **other != id);
    let one = team.state.model.words.template.to_lowercase();
    let needed = team.state.model.roles.iter().any(|r| r.needs_template);
    let none = if needed { "Choose".to_owned() } else { format!("No {one}: they keep their direct permissions") };
    let choices = std::iter::once(Choice::new("", &none, true))
        .chain(others.map(|(id, t)| Choice::new(&id.to_string(), &t.name, false)));
    let consequence = match members + invited {
        0 => vec!["Nobody uses it.".to_owned()],
        _ if needed => vec![format!("{} move to another {one} in the same step.", used_by(team, id))],
        _ => vec![
            format!("{} lose what it grants, now.", used_by(team, id)),
            format!("Their direct permissions stay. Or move them to another {one} in the same step."),
        ],
    };
    let view = ConfirmView {
        shell: context.in_workspace(&format!("Delete {one}"), &team.state).await?,
        back: Link::new(&team.state.model.words.templates, &base),
        title: format!("Delete the {one} {}?", template.name),
        consequence,
        concerned: concerned(team, id),
        choice: (members + invited > 0).then(|| Select::new("move_to", "Move them to", choices.collect())),
        form: context.form_on(&format!("{base}/{id}/delete"), template.version),
        problems,
        verb: format!("Delete {one}"),
        keep: "Keep it".into(),
        ..ConfirmView::default()
    };
    Ok(context.html(confirm::page(&view)))
}

fn concerned(team: &Team, id: TemplateId) -> Vec<(String, String)> {
    const SHOWN: usize = 30;
    let model = &team.state.model;
    let direct = |set: PermissionSet| match set_lines(model, set) {
        lines if lines.is_empty() => "keeps no permission".to_owned(),
        lines => format!("keeps: {}", and(&lines).to_lowercase()),
    };
    let members = team.state.members.values().filter(|m| m.access.template == Some(id));
    let invited = team.state.invitations.values().filter(|i| i.stage.is_open() && i.access.template == Some(id));
    let people = members.map(|m| (name_of(team, m.person), direct(m.access.direct)));
    let open = invited.map(|i| {
        (team.addresses.get(&i.address).cloned().unwrap_or_default(), format!("invited, {}", direct(i.access.direct)))
    });
    people.chain(open).take(SHOWN).collect()
}

/// `POST /w/{workspace}/templates/{template}/delete`
pub async fn delete(Path((workspace, template)): Path<(String, String)>, form: Form) -> Shown {
    form.only(&["move_to"])?;
    let context = &form.context;
    let team = allowed(context, &workspace).await?;
    let (id, known) = template_of(&team, &template)?;
    let move_to = match form.get("move_to")? {
        "" => None,
        text => Some(text.parse::<TemplateId>().map_err(|_| PageError::BadForm)?),
    };
    let command = Command::DeleteTemplate { template: id, move_to };
    let workspace: WorkspaceId = team.state.id;
    match context.app().act(context.caller()?, workspace, command, form.version()?, form.command()?).await {
        Ok(_) => Ok(context.done(&format!("/w/{workspace}/templates"), &format!("{} is deleted.", known.name))),
        Err(error) => ask(context, &team, id, problems(error.into(), "")?).await,
    }
}
