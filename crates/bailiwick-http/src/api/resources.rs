//! Resources: the things that levels are given on.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use bailiwick_app::App;
use bailiwick_app::look::Team;
use bailiwick_core::ids::ResourceId;
use bailiwick_core::team::command::Command;
use bailiwick_core::team::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::credentials::Asker;
use crate::problem::Problem;

use super::Answer;
use super::acting::{Acting, Place, PlaceOf, created, tagged};
use super::body::{Json, NoBody, Query};
use super::page::{Fresh, Paging, Window};
use super::preview::Dry;
use super::route::{Route, route};

/// The routes of resources.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v1/workspaces/{workspace}/resources", list, "listResources", "The resources, by id.")
            .query::<Window>()
            .gives_page::<ResourceBody>("A page of them."),
        route("POST", "/v1/workspaces/{workspace}/resources", create, "addResource", "Adds a resource.")
            .query::<Dry>()
            .takes::<NewBody>()
            .gives::<ResourceBody>(201, "The resource.")
            .previews(),
        route("GET", "/v1/workspaces/{workspace}/resources/{resource}", read, "getResource", "A resource.")
            .query::<Fresh>()
            .gives::<ResourceBody>(200, "The resource."),
        route(
            "PATCH",
            "/v1/workspaces/{workspace}/resources/{resource}",
            rename,
            "renameResource",
            "Gives a resource another name.",
        )
        .query::<Dry>()
        .takes::<RenameBody>()
        .gives::<ResourceBody>(200, "The resource.")
        .previews()
        .versioned(),
        route(
            "DELETE",
            "/v1/workspaces/{workspace}/resources/{resource}",
            delete,
            "deleteResource",
            "Deletes a resource; every level on it is void.",
        )
        .query::<Dry>()
        .gives_nothing("It is deleted.")
        .previews()
        .versioned(),
    ]
}

/// A resource.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Resource)]
struct ResourceBody {
    /// Its id.
    #[schema(value_type = String, example = "res_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    id: ResourceId,
    /// Its kind, by name.
    kind: String,
    /// Its name.
    name: String,
    /// The host's own id for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    /// Its version: the `ETag`.
    version: u64,
}

impl ResourceBody {
    fn of(team: &Team, id: ResourceId) -> Result<Self, Refusal> {
        let resource = team.state.live_resource(id).ok_or(Refusal::NoSuchResource)?;
        Ok(Self {
            id,
            kind: team.state.model.kind(resource.kind).name.to_string(),
            name: resource.name.to_string(),
            external_id: resource.external_id.as_ref().map(ToString::to_string),
            version: resource.version,
        })
    }
}

async fn list(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    Place(workspace): Place,
    Query(window): Query<Window>,
) -> Answer {
    let of = ["resources", &workspace.to_string()];
    let paging = Paging::of(&of, &caller, window.limit, window.cursor.as_deref())?;
    app.reach(&caller, workspace, window.at_least).await?;
    let team = app.team(&caller, workspace).await?;
    let ids = team.state.resources.keys().filter(|id| paging.after().is_none_or(|after| id.0 > after));
    let items = ids.filter_map(|id| Some((id.0, ResourceBody::of(&team, *id).ok()?)));
    Ok(JsonAnswer(paging.page(items).of_revision(team.state.revision)).into_response())
}

async fn read(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    PlaceOf(workspace, resource): PlaceOf<ResourceId>,
    Query(fresh): Query<Fresh>,
) -> Answer {
    app.reach(&caller, workspace, fresh.at_least).await?;
    let resource = ResourceBody::of(&app.team(&caller, workspace).await?, resource)?;
    Ok(tagged(StatusCode::OK, resource.version, resource))
}

/// A resource to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewResource)]
struct NewBody {
    /// Its kind, by name.
    kind: String,
    /// Its name.
    name: String,
    /// The host's own id for it, unique within the workspace; given by hosts only.
    #[serde(default)]
    external_id: Option<String>,
}

async fn create(
    State(app): State<Arc<App>>,
    acting: Acting,
    Place(workspace): Place,
    Query(dry): Query<Dry>,
    Json(body): Json<NewBody>,
) -> Answer {
    if body.external_id.is_some() && !acting.caller.is_trusted() {
        // It is what the host asks by: nobody else says what it means.
        return Err(Problem::invalid("external_id", "Only a host gives its own ids."));
    }
    let resource = ResourceId(acting.new_id(&app));
    let command = Command::AddResource { resource, kind: body.kind, name: body.name, external_id: body.external_id };
    acting.run(&app, workspace, command, dry.preview).await?.or(|_, team| {
        let body = ResourceBody::of(team, resource)?;
        Ok(created(&format!("/v1/workspaces/{workspace}/resources/{resource}"), body.version, body))
    })
}

/// Another name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResourceName)]
struct RenameBody {
    /// The name.
    name: String,
}

async fn rename(
    State(app): State<Arc<App>>,
    acting: Acting,
    PlaceOf(workspace, resource): PlaceOf<ResourceId>,
    Query(dry): Query<Dry>,
    Json(body): Json<RenameBody>,
) -> Answer {
    let command = Command::RenameResource { resource, name: body.name };
    acting.run(&app, workspace, command, dry.preview).await?.or(|_, team| {
        let body = ResourceBody::of(team, resource)?;
        Ok(tagged(StatusCode::OK, body.version, body))
    })
}

async fn delete(
    State(app): State<Arc<App>>,
    acting: Acting,
    PlaceOf(workspace, resource): PlaceOf<ResourceId>,
    Query(dry): Query<Dry>,
    _: NoBody,
) -> Answer {
    acting.run(&app, workspace, Command::DeleteResource(resource), dry.preview).await?.or_nothing()
}
