//! Workspaces: made and listed by hosts, read and changed by hosts and members.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bailiwick_app::caller::Scope;
use bailiwick_app::change::NewWorkspace;
use bailiwick_app::{App, AppError, Caller};
use bailiwick_core::ids::WorkspaceId;
use bailiwick_core::team::command::Command;
use bailiwick_core::team::state::Workspace;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::credentials::{Asker, Host};
use crate::problem::Problem;

use super::Answer;
use super::acting::{Acting, Outcome, Place, at_revision, created, tagged};
use super::body::{Json, NoBody, Nothing, Query};
use super::page::{Fresh, Limit, Paging};
use super::people;
use super::preview::Dry;
use super::route::{Route, route};
use super::wire::{Moment, Seats};

/// The routes of workspaces.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v1/workspaces", list, "listWorkspaces", "The workspaces of the key's product, by id.")
            .by_hosts()
            .query::<List>()
            .gives_page::<WorkspaceBody>("A page of them."),
        route("POST", "/v1/workspaces", create, "createWorkspace", "Makes a workspace and its owner's row.")
            .by_hosts()
            .takes::<NewBody>()
            .gives::<WorkspaceBody>(201, "The workspace."),
        route("GET", "/v1/workspaces/{workspace}", read, "getWorkspace", "A workspace, as far as who asks may see it.")
            .query::<Fresh>()
            .gives::<WorkspaceBody>(200, "The workspace."),
        route("PATCH", "/v1/workspaces/{workspace}", rename, "renameWorkspace", "Gives a workspace another name.")
            .query::<Dry>()
            .takes::<RenameBody>()
            .gives::<WorkspaceBody>(200, "The workspace.")
            .previews()
            .versioned(),
        route(
            "DELETE",
            "/v1/workspaces/{workspace}",
            delete,
            "deleteWorkspace",
            "Deletes a workspace: nobody has access.",
        )
        .query::<Dry>()
        .gives_nothing("It is deleted.")
        .previews()
        .versioned(),
        route("PUT", "/v1/workspaces/{workspace}/plan", change_plan, "changePlan", "Sets plan and extra seats.")
            .query::<Dry>()
            .takes::<PlanBody>()
            .gives::<WorkspaceBody>(200, "The workspace.")
            .previews()
            .versioned(),
    ]
}

/// A workspace. What somebody may not know of it is absent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workspace)]
struct WorkspaceBody {
    /// Its id.
    #[schema(value_type = String, example = "wsp_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    id: WorkspaceId,
    /// The host's own id for it; for hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    /// Its name.
    name: String,
    /// The version of the access model that it is pinned to; for hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_version: Option<String>,
    /// When it was made.
    created_at: Moment,
    /// Its plan; for who manages billing.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    /// Seats bought beyond those of the plan; for who manages billing.
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_seats: Option<u32>,
    /// Its seats; for who may see the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    seats: Option<Seats>,
    /// The version of its settings: the `ETag`.
    version: u64,
    /// Its revision: how many changes it has seen; for who may see the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
}

impl WorkspaceBody {
    async fn of(app: &App, caller: &Caller, state: &Workspace) -> Result<Self, AppError> {
        let bills = app.may(caller, state.id, |acts| acts.manage_billing).await?;
        let sees = app.may(caller, state.id, |acts| acts.view_team).await?;
        let external_id = state.external_id.as_ref().filter(|_| caller.is_trusted());
        Ok(Self {
            id: state.id,
            external_id: external_id.map(ToString::to_string),
            name: state.name.to_string(),
            model_version: caller.is_trusted().then(|| state.model.version.to_string()),
            created_at: Moment(state.created_at),
            plan: bills.then(|| state.model.plan(state.plan).name.to_string()),
            extra_seats: bills.then_some(state.extra_seats),
            seats: sees.then(|| state.seats().into()),
            version: state.version,
            revision: sees.then_some(state.revision),
        })
    }
}

/// Which page of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct List {
    /// How many items a page has, 1 to 200; 50 if not given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where the page begins: the `next_cursor` of the page before.
    cursor: Option<String>,
}

async fn list(State(app): State<Arc<App>>, host: Host, Query(query): Query<List>) -> Answer {
    let product = host.product.to_string();
    let paging = Paging::of(&["workspaces", &product], &host.caller, query.limit, query.cursor.as_deref())?;
    let states = app.workspaces(&host.caller, paging.after().map(WorkspaceId), paging.one_more()).await?;
    let mut items = Vec::with_capacity(states.len());
    for state in states {
        items.push((state.id.0, WorkspaceBody::of(&app, &host.caller, &state).await?));
    }
    Ok(JsonAnswer(paging.page(items.into_iter())).into_response())
}

/// A workspace to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWorkspace)]
struct NewBody {
    /// The access model, by name.
    model: String,
    /// Its name.
    name: String,
    /// The person who holds it: their id, or `ext:` and the host's own id for them.
    owner: String,
    /// Its plan; the model's first if not given.
    #[serde(default)]
    plan: Option<String>,
    /// The host's own id for it, unique within the product.
    #[serde(default)]
    external_id: Option<String>,
}

async fn create(
    State(app): State<Arc<App>>,
    host: Host,
    acting: Acting,
    Query(Nothing {}): Query<Nothing>,
    Json(body): Json<NewBody>,
) -> Answer {
    host.caller.needs(Scope::Manage)?;
    let owner = people::find(&app, &host.caller, &body.owner).await?;
    let new = NewWorkspace {
        product: host.product,
        model: body.model,
        name: body.name,
        external_id: body.external_id,
        plan: body.plan,
        owner: owner.ok_or_else(|| Problem::invalid("owner", "There is no such person."))?,
    };
    let acted = app.create_workspace(&host.caller, new, acting.command).await?;
    let body = WorkspaceBody::of(&app, &host.caller, &acted.state).await?;
    Ok(at_revision(&acted, created(&format!("/v1/workspaces/{}", body.id), body.version, body)))
}

async fn read(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    Place(workspace): Place,
    Query(fresh): Query<Fresh>,
) -> Answer {
    app.reach(&caller, workspace, fresh.at_least).await?;
    let state = app.workspace(&caller, workspace).await?;
    Ok(tagged(StatusCode::OK, state.version, WorkspaceBody::of(&app, &caller, &state).await?))
}

/// Another name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkspaceName)]
struct RenameBody {
    /// The name.
    name: String,
}

async fn rename(
    State(app): State<Arc<App>>,
    acting: Acting,
    Place(workspace): Place,
    Query(dry): Query<Dry>,
    Json(body): Json<RenameBody>,
) -> Answer {
    let outcome = acting.run(&app, workspace, Command::Rename { name: body.name }, dry.preview).await?;
    changed(&app, &acting.caller, outcome).await
}

async fn delete(
    State(app): State<Arc<App>>,
    acting: Acting,
    Place(workspace): Place,
    Query(dry): Query<Dry>,
    _: NoBody,
) -> Answer {
    acting.run(&app, workspace, Command::Delete, dry.preview).await?.or_nothing()
}

/// Plan and seats, whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Plan)]
struct PlanBody {
    /// The plan, by name.
    plan: String,
    /// Seats beyond those that come with it.
    #[serde(default)]
    extra_seats: u32,
    /// That who gains something by it was seen; see the problem `confirm-gains`.
    #[serde(default)]
    confirmed: bool,
}

async fn change_plan(
    State(app): State<Arc<App>>,
    acting: Acting,
    Place(workspace): Place,
    Query(dry): Query<Dry>,
    Json(body): Json<PlanBody>,
) -> Answer {
    let command = Command::ChangePlan { plan: body.plan, extra_seats: body.extra_seats, confirmed: body.confirmed };
    let outcome = acting.run(&app, workspace, command, dry.preview).await?;
    changed(&app, &acting.caller, outcome).await
}

async fn changed(app: &App, caller: &Caller, outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Previewed(preview) => Ok(JsonAnswer(preview).into_response()),
        Outcome::Done(acted, _) => {
            let body = WorkspaceBody::of(app, caller, &acted.state).await?;
            Ok::<Response, Problem>(at_revision(&acted, tagged(StatusCode::OK, body.version, body)))
        }
    }
}
