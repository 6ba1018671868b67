//! Role templates: sets of permissions that members refer to, inherited live.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use bailiwick_app::App;
use bailiwick_app::look::Team;
use bailiwick_core::ids::TemplateId;
use bailiwick_core::team::command::Command;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::wire::{names, toggle_names};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::credentials::Asker;

use super::Answer;
use super::acting::{Acting, Place, PlaceOf, created, tagged};
use super::body::{Json, NoBody, Query};
use super::page::{Fresh, Paging, Window};
use super::preview::Dry;
use super::route::{Route, route};

/// The routes of templates.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v1/workspaces/{workspace}/templates", list, "listTemplates", "The role templates, by id.")
            .query::<Window>()
            .gives_page::<TemplateBody>("A page of them."),
        route("POST", "/v1/workspaces/{workspace}/templates", create, "createTemplate", "Makes a role template.")
            .query::<Dry>()
            .takes::<NewBody>()
            .gives::<TemplateBody>(201, "The template.")
            .previews(),
        route("GET", "/v1/workspaces/{workspace}/templates/{template}", read, "getTemplate", "A role template.")
            .query::<Fresh>()
            .gives::<TemplateBody>(200, "The template."),
        route(
            "PUT",
            "/v1/workspaces/{workspace}/templates/{template}",
            edit,
            "editTemplate",
            "Changes a role template, whole; everyone who refers to it has the new set at once.",
        )
        .query::<Dry>()
        .takes::<NewBody>()
        .gives::<TemplateBody>(200, "The template.")
        .previews()
        .versioned(),
        route(
            "DELETE",
            "/v1/workspaces/{workspace}/templates/{template}",
            delete,
            "deleteTemplate",
            "Deletes a role template; who refers to it moves to another one, or to none.",
        )
        .query::<Gone>()
        .gives_nothing("It is deleted.")
        .previews()
        .versioned(),
    ]
}

/// A role template.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Template)]
struct TemplateBody {
    /// Its id.
    #[schema(value_type = String, example = "tpl_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    id: TemplateId,
    /// Its name.
    name: String,
    /// What it grants.
    permissions: Vec<String>,
    /// Toggles that choosing it pre-ticks.
    suggests: Vec<String>,
    /// Members and open invitations that refer to it.
    used_by: usize,
    /// Its version: the `ETag`.
    version: u64,
}

impl TemplateBody {
    fn of(team: &Team, id: TemplateId) -> Result<Self, Refusal> {
        let (state, model) = (&team.state, &team.state.model);
        let template = state.templates.get(&id).ok_or(Refusal::NoSuchTemplate)?;
        let members = state.members.values().filter(|m| m.access.template == Some(id)).count();
        let open = state.invitations.values().filter(|i| i.stage.is_open() && i.access.template == Some(id)).count();
        Ok(Self {
            id,
            name: template.name.to_string(),
            permissions: names(model, template.set),
            suggests: toggle_names(model, template.suggests),
            used_by: members + open,
            version: template.version,
        })
    }
}

/// What a role template is made of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTemplate)]
struct NewBody {
    /// Its name.
    name: String,
    /// What it grants, by name.
    permissions: Vec<String>,
    /// Toggles that choosing it pre-ticks.
    #[serde(default)]
    suggests: Vec<String>,
}

async fn list(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    Place(workspace): Place,
    Query(window): Query<Window>,
) -> Answer {
    let of = ["templates", &workspace.to_string()];
    let paging = Paging::of(&of, &caller, window.limit, window.cursor.as_deref())?;
    app.reach(&caller, workspace, window.at_least).await?;
    let team = app.team(&caller, workspace).await?;
    let ids = team.state.templates.keys().filter(|id| paging.after().is_none_or(|after| id.0 > after));
    let items = ids.filter_map(|id| Some((id.0, TemplateBody::of(&team, *id).ok()?)));
    Ok(JsonAnswer(paging.page(items).of_revision(team.state.revision)).into_response())
}

async fn read(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    PlaceOf(workspace, template): PlaceOf<TemplateId>,
    Query(fresh): Query<Fresh>,
) -> Answer {
    app.reach(&caller, workspace, fresh.at_least).await?;
    let template = TemplateBody::of(&app.team(&caller, workspace).await?, template)?;
    Ok(tagged(StatusCode::OK, template.version, template))
}

async fn create(
    State(app): State<Arc<App>>,
    acting: Acting,
    Place(workspace): Place,
    Query(dry): Query<Dry>,
    Json(body): Json<NewBody>,
) -> Answer {
    let template = TemplateId(acting.new_id(&app));
    let command =
        Command::CreateTemplate { template, name: body.name, permissions: body.permissions, suggests: body.suggests };
    acting.run(&app, workspace, command, dry.preview).await?.or(|_, team| {
        let body = TemplateBody::of(team, template)?;
        Ok(created(&format!("/v1/workspaces/{workspace}/templates/{template}"), body.version, body))
    })
}

async fn edit(
    State(app): State<Arc<App>>,
    acting: Acting,
    PlaceOf(workspace, template): PlaceOf<TemplateId>,
    Query(dry): Query<Dry>,
    Json(body): Json<NewBody>,
) -> Answer {
    let command =
        Command::EditTemplate { template, name: body.name, permissions: body.permissions, suggests: body.suggests };
    acting.run(&app, workspace, command, dry.preview).await?.or(|_, team| {
        let body = TemplateBody::of(team, template)?;
        Ok(tagged(StatusCode::OK, body.version, body))
    })
}

/// How a role template goes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Gone {
    /// The template that takes over.
    #[param(value_type = Option<String>)]
    move_to: Option<TemplateId>,
    /// Only say what it would do: 200 with a preview, nothing changes.
    #[serde(default)]
    #[param(required = false)]
    preview: bool,
}

async fn delete(
    State(app): State<Arc<App>>,
    acting: Acting,
    PlaceOf(workspace, template): PlaceOf<TemplateId>,
    Query(gone): Query<Gone>,
    _: NoBody,
) -> Answer {
    let command = Command::DeleteTemplate { template, move_to: gone.move_to };
    acting.run(&app, workspace, command, gone.preview).await?.or_nothing()
}
