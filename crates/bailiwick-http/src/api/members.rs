//! Members: who is in a workspace, what they hold, and why.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bailiwick_app::App;
use bailiwick_app::look::{Question, ResourceName, Team};
use bailiwick_core::ids::{MemberId, PersonId, TemplateId, WorkspaceId};
use bailiwick_core::team::command::Command;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::wire::AccessWire;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::credentials::{Asker, Person};
use crate::problem::Problem;

use super::Answer;
use super::acting::{Acting, Place, PlaceOf, tagged};
use super::body::{Json, NoBody, Query};
use super::decision::Judged;
use super::page::{Fresh, Limit, Paging};
use super::preview::Dry;
use super::route::{Route, route};
use super::wire::{Access, Moment, Who};

/// The routes of members.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v1/workspaces/{workspace}/members", list, "listMembers", "The members, by id.")
            .query::<List>()
            .gives_page::<MemberBody>("A page of them."),
        route("GET", "/v1/workspaces/{workspace}/members/{member}", read, "getMember", "A member; oneself always.")
            .query::<Fresh>()
            .gives::<MemberBody>(200, "The member."),
        route("DELETE", "/v1/workspaces/{workspace}/members/{member}", remove, "removeMember", "Removes a member.")
            .query::<Dry>()
            .gives_nothing("They have no access.")
            .previews()
            .versioned(),
        route(
            "PUT",
            "/v1/workspaces/{workspace}/members/{member}/access",
            give,
            "changeAccess",
            "Gives a member this access, whole: nothing of the old stays beside it.",
        )
        .query::<Dry>()
        .takes::<Access>()
        .gives::<MemberBody>(200, "The member.")
        .previews()
        .versioned(),
        route(
            "PUT",
            "/v1/workspaces/{workspace}/members/{member}/suspension",
            suspend,
            "suspendMember",
            "Suspends a member.",
        )
        .query::<Dry>()
        .gives::<MemberBody>(200, "The member.")
        .previews()
        .versioned(),
        route(
            "DELETE",
            "/v1/workspaces/{workspace}/members/{member}/suspension",
            reactivate,
            "reactivateMember",
            "Ends a suspension.",
        )
        .query::<Dry>()
        .gives::<MemberBody>(200, "The member.")
        .previews()
        .versioned(),
        route(
            "GET",
            "/v1/workspaces/{workspace}/members/{member}/why",
            why,
            "explainAccess",
            "Whether a member may do something, and everything that grants it or why nothing does.",
        )
        .query::<Why>()
        .gives::<Judged>(200, "The answer."),
        route("POST", "/v1/workspaces/{workspace}/leave", leave, "leaveWorkspace", "Leaves, by oneself.")
            .by_people()
            .query::<Dry>()
            .gives_nothing("You are no member any more.")
            .previews(),
    ]
}

/// A member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberBody {
    /// The id of the row.
    #[schema(value_type = String, example = "mem_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    id: MemberId,
    /// Who.
    #[schema(value_type = String, example = "per_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    person: PersonId,
    /// Their name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The address that the workspace knows them by.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Whether they have access.
    status: Status,
    /// What they hold.
    access: Access,
    /// When they joined.
    joined_at: Moment,
    /// When they were suspended.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended_at: Option<Moment>,
    /// When they last entered.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<Moment>,
    /// Who invited them; absent for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    invited_by: Option<Who>,
    /// The version of the row: the `ETag`.
    version: u64,
}

/// Whether a member has access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MemberStatus)]
enum Status {
    /// They have what they hold.
    Active,
    /// They have nothing until they are reactivated.
    Suspended,
}

impl MemberBody {
    fn of(team: &Team, id: MemberId) -> Option<Self> {
        let member = team.state.members.get(&id)?;
        let card = team.cards.get(&member.person);
        Some(Self {
            id,
            person: member.person,
            name: card.map(|card| card.name.clone()).filter(|name| !name.is_empty()),
            email: team.addresses.get(&member.address).cloned(),
            status: if member.suspended_at.is_some() { Status::Suspended } else { Status::Active },
            access: AccessWire::of(&team.state.model, &member.access).into(),
            joined_at: Moment(member.joined_at),
            suspended_at: member.suspended_at.map(Moment),
            last_seen: team.entered.get(&member.person).copied().map(Moment),
            invited_by: member.invited_by.map(|actor| Who::of(actor, team)),
            version: member.version,
        })
    }

    fn says(&self, words: &str) -> bool {
        [&self.name, &self.email].into_iter().flatten().any(|text| text.to_lowercase().contains(words))
    }
}

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct List {
    /// Only those of this status.
    #[param(inline)]
    status: Option<Status>,
    /// Only those with this role, by name.
    role: Option<String>,
    /// Only those with this role template.
    #[param(value_type = Option<String>)]
    template: Option<TemplateId>,
    /// Only those whose name or address contains this, in any letter case.
    q: Option<String>,
    /// How many items a page has, 1 to 200; 50 if not given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where the page begins: the `next_cursor` of the page before.
    cursor: Option<String>,
    /// The revision of the workspace that the answer must be of, or a later one.
    at_least: Option<u64>,
}

impl List {
    /// The filters as one text, so that a cursor belongs to them.
    fn filters(&self) -> String {
        format!("{:?}", (self.status, &self.role, self.template, &self.q))
    }

    fn check(&self, team: &Team) -> Result<(), Refusal> {
        if let Some(role) = self.role.as_ref().filter(|role| team.state.model.role_ix(role).is_none()) {
            return Err(Refusal::UnknownRole(role.clone()));
        }
        let unknown = self.template.is_some_and(|id| !team.state.templates.contains_key(&id));
        if unknown { Err(Refusal::NoSuchTemplate) } else { Ok(()) }
    }

    fn takes(&self, member: &MemberBody, words: Option<&str>) -> bool {
        self.status.is_none_or(|status| status == member.status)
            && self.role.as_ref().is_none_or(|role| *role == member.access.role)
            && self.template.is_none_or(|id| member.access.template == Some(id))
            && words.is_none_or(|words| member.says(words))
    }
}

async fn list(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    Place(workspace): Place,
    Query(query): Query<List>,
) -> Answer {
    let of = ["members", &workspace.to_string(), &query.filters()];
    let paging = Paging::of(&of, &caller, query.limit, query.cursor.as_deref())?;
    app.reach(&caller, workspace, query.at_least).await?;
    let team = app.team(&caller, workspace).await?;
    query.check(&team)?;
    let words = query.q.as_ref().map(|q| q.to_lowercase());
    let ids = team.state.members.keys().filter(|id| paging.after().is_none_or(|after| id.0 > after));
    let items = ids
        .filter_map(|id| MemberBody::of(&team, *id))
        .filter(|member| query.takes(member, words.as_deref()))
        .map(|member| (member.id.0, member));
    Ok(JsonAnswer(paging.page(items).of_revision(team.state.revision)).into_response())
}

async fn read(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    PlaceOf(workspace, member): PlaceOf<MemberId>,
    Query(fresh): Query<Fresh>,
) -> Answer {
    app.reach(&caller, workspace, fresh.at_least).await?;
    shown(&app.team_of_row(&caller, workspace, member).await?, member)
}

fn shown(team: &Team, id: MemberId) -> Result<Response, Problem> {
    let member = MemberBody::of(team, id).ok_or(Refusal::NoSuchMember)?;
    Ok(tagged(StatusCode::OK, member.version, member))
}

async fn remove(
    State(app): State<Arc<App>>,
    acting: Acting,
    PlaceOf(workspace, member): PlaceOf<MemberId>,
    Query(dry): Query<Dry>,
    _: NoBody,
) -> Answer {
    acting.run(&app, workspace, Command::Remove(member), dry.preview).await?.or_nothing()
}

async fn give(
    State(app): State<Arc<App>>,
    acting: Acting,
    PlaceOf(workspace, member): PlaceOf<MemberId>,
    Query(dry): Query<Dry>,
    Json(access): Json<Access>,
) -> Answer {
    let command = Command::ChangeAccess { member, access: access.into() };
    changed(&app, &acting, workspace, member, command, dry).await
}

async fn suspend(
    State(app): State<Arc<App>>,
    acting: Acting,
    PlaceOf(workspace, member): PlaceOf<MemberId>,
    Query(dry): Query<Dry>,
    _: NoBody,
) -> Answer {
    changed(&app, &acting, workspace, member, Command::Suspend(member), dry).await
}

async fn reactivate(
    State(app): State<Arc<App>>,
    acting: Acting,
    PlaceOf(workspace, member): PlaceOf<MemberId>,
    Query(dry): Query<Dry>,
    _: NoBody,
) -> Answer {
    changed(&app, &acting, workspace, member, Command::Reactivate(member), dry).await
}

async fn changed(
    app: &App,
    acting: &Acting,
    workspace: WorkspaceId,
    member: MemberId,
    command: Command,
    dry: Dry,
) -> Answer {
    acting.run(app, workspace, command, dry.preview).await?.or(|_, team| shown(team, member))
}

async fn leave(
    State(app): State<Arc<App>>,
    Person(caller): Person,
    acting: Acting,
    Place(workspace): Place,
    Query(dry): Query<Dry>,
    _: NoBody,
) -> Answer {
    let state = app.workspace(&caller, workspace).await?;
    let own = caller.person().and_then(|person| state.member_of(person)).map(|(id, _)| id);
    let own = own.ok_or(Refusal::NoSuchWorkspace)?;
    acting.run(&app, workspace, Command::Leave(own), dry.preview).await?.or_nothing()
}

/// What is asked about a member.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Why {
    /// The permission, `group:action`.
    permission: String,
    /// The resource: its id, or the host's own id for it; absent: the workspace.
    resource: Option<String>,
    /// The revision of the workspace that the answer must be of, or a later one.
    at_least: Option<u64>,
}

async fn why(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    PlaceOf(workspace, member): PlaceOf<MemberId>,
    Query(query): Query<Why>,
) -> Answer {
    app.reach(&caller, workspace, query.at_least).await?;
    let at_least = query.at_least.unwrap_or_default();
    let team = app.team_of_row(&caller, workspace, member).await?;
    let person = team.state.members.get(&member).ok_or(Refusal::NoSuchMember)?.person;
    let resource = query.resource.as_deref().map(ResourceName::parse);
    let question = Question { workspace, person, permission: query.permission, resource, at_least };
    Ok(JsonAnswer(Judged::explained(&app.why(&caller, &question, None).await?)).into_response())
}
