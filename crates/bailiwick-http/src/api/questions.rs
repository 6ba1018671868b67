//! Questions about a workspace, for hosts and for who may see its team: who can, what can, and why.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::IntoResponse;
use bailiwick_app::look::{Question, ResourceName, Team};
use bailiwick_app::search::When;
use bailiwick_app::{App, AppError, Caller};
use bailiwick_core::ids::{MemberId, PersonId, ResourceId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::credentials::Asker;

use super::Answer;
use super::acting::Place;
use super::body::Query;
use super::decision::Judged;
use super::page::{Limit, Pinned};
use super::people::find;
use super::route::{Route, route};
use super::wire::Moment;

/// The routes of questions.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v1/workspaces/{workspace}/who-can", who_can, "whoCan", "Everybody who may do something, by id.")
            .query::<WhoCan>()
            .gives_page::<Somebody>("A page of them, all pages of one revision."),
        route(
            "GET",
            "/v1/workspaces/{workspace}/what-can",
            what_can,
            "whatCan",
            "What a person may do: on the workspace, and on each resource by its id; oneself always.",
        )
        .query::<WhatCan>()
        .gives_page::<SpotBody>("A page of places, all pages of one revision; where they may do nothing is none."),
        route(
            "GET",
            "/v1/workspaces/{workspace}/why",
            why,
            "why",
            "Whether a person may do something, and everything that grants it or why nothing does; oneself always.",
        )
        .query::<Why>()
        .gives::<Judged>(200, "The answer."),
    ]
}

/// Who may do what?
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhoCan {
    /// The permission, `group:action`.
    permission: String,
    /// The resource: its id, or the host's own id for it; absent: the workspace.
    resource: Option<String>,
    /// How many items a page has, 1 to 200; 50 if not given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where the page begins: the `next_cursor` of the page before; refused if the workspace was changed since.
    cursor: Option<String>,
    /// The revision of the workspace that the answer must be of, or a later one.
    at_least: Option<u64>,
    /// A moment of the past that it is asked about, since the workspace was made; absent: now.
    #[param(value_type = Option<String>, format = DateTime)]
    as_of: Option<Moment>,
}

/// Somebody who may.
#[derive(Debug, Serialize, ToSchema)]
struct Somebody {
    /// Who.
    #[schema(value_type = String, example = "per_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    person: PersonId,
    /// Their row, the first of several.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<MemberId>,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The address that the workspace knows them by.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

impl Somebody {
    fn of(team: &Team, person: PersonId) -> Self {
        let row = team.state.member_of(person);
        let name = team.cards.get(&person).map(|card| card.name.clone());
        Self {
            person,
            member: row.map(|(id, _)| id),
            name: name.filter(|name| !name.is_empty()),
            email: row.and_then(|(_, member)| team.addresses.get(&member.address).cloned()),
        }
    }
}

async fn who_can(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    Place(workspace): Place,
    Query(query): Query<WhoCan>,
) -> Answer {
    let resource = query.resource.as_deref();
    let of = ["who-can", &workspace.to_string(), &query.permission, &format!("{:?}", (resource, query.as_of))];
    let paging = Pinned::of(&of, &caller, query.limit, query.cursor.as_deref())?;
    let resource = resource.map(ResourceName::parse);
    let when = When { of: paging.revision(query.at_least), at: query.as_of.map(|moment| moment.0) };
    let found = app.who_can(&caller, workspace, &query.permission, resource.as_ref(), when).await?;
    let page = paging.page(found.revision(), found.all.iter().map(|person| (person.0, *person)));
    let team = app.names_of_found(&found, &page.items).await?;
    Ok(JsonAnswer(page.map(|person| Somebody::of(&team, person))).into_response())
}

/// What may somebody do?
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WhatCan {
    /// The person: their id, or `ext:` and the host's own id for them.
    person: String,
    /// Only where they may do this, and only this.
    permission: Option<String>,
    /// Only on this resource: its id, or the host's own id for it.
    resource: Option<String>,
    /// How many items a page has, 1 to 200; 50 if not given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where the page begins: the `next_cursor` of the page before; refused if the workspace was changed since.
    cursor: Option<String>,
    /// The revision of the workspace that the answer must be of, or a later one.
    at_least: Option<u64>,
    /// A moment of the past that it is asked about, since the workspace was made; absent: now.
    #[param(value_type = Option<String>, format = DateTime)]
    as_of: Option<Moment>,
}

/// A place where somebody may do something.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Spot)]
struct SpotBody {
    /// The resource; absent: the workspace.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<ResourceId>,
    /// What they may do there, in the order of the access model.
    permissions: Vec<String>,
}

async fn what_can(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    Place(workspace): Place,
    Query(query): Query<WhatCan>,
) -> Answer {
    let (permission, resource) = (query.permission.as_deref(), query.resource.as_deref());
    let of = ["what-can", &workspace.to_string(), &query.person, &format!("{:?}", (permission, resource, query.as_of))];
    let paging = Pinned::of(&of, &caller, query.limit, query.cursor.as_deref())?;
    let person = named(&app, &caller, &query.person).await?;
    let resource = resource.map(ResourceName::parse);
    let when = When { of: paging.revision(query.at_least), at: query.as_of.map(|moment| moment.0) };
    let found = app.what_can(&caller, workspace, person, permission, resource.as_ref(), when).await?;
    let at = found.revision();
    let spots = found.all.into_iter().map(|spot| {
        let at = spot.resource.map_or(0, |id| id.0);
        (at, SpotBody { resource: spot.resource, permissions: spot.permissions })
    });
    Ok(JsonAnswer(paging.page(at, spots)).into_response())
}

/// Why may somebody do something, or not?
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Why {
    /// The person: their id, or `ext:` and the host's own id for them.
    person: String,
    /// The permission, `group:action`.
    permission: String,
    /// The resource: its id, or the host's own id for it; absent: the workspace.
    resource: Option<String>,
    /// The revision of the workspace that the answer must be of, or a later one.
    at_least: Option<u64>,
    /// A moment of the past that it is asked about, since the workspace was made; absent: now.
    #[param(value_type = Option<String>, format = DateTime)]
    as_of: Option<Moment>,
}

async fn why(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    Place(workspace): Place,
    Query(query): Query<Why>,
) -> Answer {
    let person = named(&app, &caller, &query.person).await?;
    let resource = query.resource.as_deref().map(ResourceName::parse);
    let at_least = query.at_least.unwrap_or_default();
    let question = Question { workspace, person, permission: query.permission, resource, at_least };
    Ok(JsonAnswer(Judged::explained(&app.why(&caller, &question, query.as_of.map(|moment| moment.0)).await?))
        .into_response())
}

/// The person of a reference. Whoever is nobody is no member: the answer is that of a person who is not here.
async fn named(app: &App, caller: &Caller, reference: &str) -> Result<PersonId, AppError> {
    Ok(find(app, caller, reference).await?.unwrap_or(PersonId(0)))
}
