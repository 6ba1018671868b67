//! The searches of the standard: which subjects, which resources, which actions. What is found is what the evaluation
//! says yes to, of one revision from the first page to the last.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::IntoResponse;
use bailiwick_app::caller::Scope;
use bailiwick_app::look::ResourceName;
use bailiwick_app::search::{Found, Of, On};
use bailiwick_app::secret::sha256;
use bailiwick_app::{App, AppError, Caller};
use bailiwick_core::ids::{PersonId, WorkspaceId};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::credentials::Host;
use crate::problem::Problem;

use super::super::Answer;
use super::super::page::{Bound, cut};
use super::{ActionBody, Asked, Entity, EntityBody, Payload, bad, found, object, text, where_is, workspace};

/// The most results of one answer, and as many as it has where no limit is given.
const MOST: u16 = 1000;

/// Who may do this to this?
#[derive(ToSchema)]
#[schema(as = SubjectSearch, example = json!({
    "subject": {"type": "person"},
    "action": {"name": "property:chat"},
    "resource": {"type": "property", "id": "res_01hzy3v7w8e9k2m4n6p8q0r2s4"},
    "page": {"limit": 100}
}))]
#[allow(dead_code, reason = "the document's; requests are read by hand, so that every fault is told")]
pub(super) struct SubjectSearch {
    /// Of which type: `person`. An id is ignored.
    subject: TypeBody,
    action: ActionBody,
    resource: EntityBody,
    /// As in an evaluation.
    context: Option<Value>,
    page: Option<PageBody>,
}

/// What may they do this to?
#[derive(ToSchema)]
#[schema(as = ResourceSearch)]
#[allow(dead_code, reason = "the document's")]
pub(super) struct ResourceSearch {
    subject: EntityBody,
    action: ActionBody,
    /// Of which type: `workspace`, or a kind of resource of the access model. An id is ignored; where `workspace` is not
    /// said, in its properties or the context, every workspace of the subject is looked into.
    resource: TypeBody,
    /// As in an evaluation.
    context: Option<Value>,
    page: Option<PageBody>,
}

/// What may they do to this?
#[derive(ToSchema)]
#[schema(as = ActionSearch)]
#[allow(dead_code, reason = "the document's")]
pub(super) struct ActionSearch {
    subject: EntityBody,
    resource: EntityBody,
    /// As in an evaluation.
    context: Option<Value>,
    page: Option<PageBody>,
}

/// What is searched, by its type.
#[derive(ToSchema)]
#[schema(as = EntityType)]
#[allow(dead_code, reason = "the document's")]
pub(super) struct TypeBody {
    #[schema(rename = "type")]
    kind: String,
    /// Anything else.
    properties: Option<Value>,
}

/// Which page.
#[derive(ToSchema)]
#[schema(as = SearchPage)]
#[allow(dead_code, reason = "the document's")]
pub(super) struct PageBody {
    /// At most so many results, from 1; never more than 1000.
    limit: Option<u32>,
    /// The `next_token` of the page before; the rest of the request is as it was then.
    token: Option<String>,
}

/// A page of entities.
#[derive(Serialize, ToSchema)]
#[schema(as = EntitySearchResult)]
pub(super) struct Entities {
    page: Paged,
    context: Revisions,
    results: Vec<EntityFound>,
}

/// A page of actions.
#[derive(Serialize, ToSchema)]
#[schema(as = ActionSearchResult)]
pub(super) struct Actions {
    page: Paged,
    context: Revisions,
    results: Vec<ActionFound>,
}

/// Which page it is.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchPageResult)]
pub(super) struct Paged {
    /// Asks for the next page; empty: this is the last one.
    next_token: String,
    /// How many results are on it.
    count: usize,
    /// How many results there are on all pages together.
    total: usize,
}

/// Of what it is.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchContext)]
pub(super) struct Revisions {
    /// The workspaces that were looked into, each with the revision that all pages are of.
    #[schema(value_type = Value)]
    revisions: BTreeMap<String, u64>,
}

/// An entity that was found.
#[derive(Serialize, ToSchema)]
#[schema(as = EntityFound)]
pub(super) struct EntityFound {
    #[serde(rename = "type")]
    kind: String,
    /// Its id; evaluations take it.
    id: String,
    /// Of a resource: its `workspace`, and its `external_id`, if the host gave it one.
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Value>,
}

/// An action that was found.
#[derive(Serialize, ToSchema)]
#[schema(as = ActionFound)]
pub(super) struct ActionFound {
    /// The permission.
    name: String,
}

/// Who may do this to this?
pub(super) async fn subjects(State(app): State<Arc<App>>, host: Host, Payload(body): Payload) -> Answer {
    let search = Search::of(host.caller, &body, Some("subject"))?;
    let kind = text_of(&body, "subject")?;
    let action = Asked::action(&body).map_err(bad)?;
    let resource = Entity::of(&body, "resource").map_err(bad)?;
    let mut pages = search.pages()?;
    let mut all = Vec::new();
    if let Some(workspace) = search.place(&app, &resource).await?.filter(|_| kind == "person") {
        let name = ResourceName::parse(&resource.id);
        let found = app.search_people(&search.caller, workspace, &action, on(&resource, &name), pages.of()).await?;
        all.extend(pages.take(found).into_iter().flatten().map(|person| (person.0, person.to_string())));
    }
    let (page, context, ids) = pages.page(all)?;
    let results = ids.into_iter().map(|id| EntityFound { kind: kind.clone(), id, properties: None }).collect();
    Ok(JsonAnswer(Entities { page, context, results }).into_response())
}

/// What may they do to this?
pub(super) async fn actions(State(app): State<Arc<App>>, host: Host, Payload(body): Payload) -> Answer {
    let search = Search::of(host.caller, &body, None)?;
    let subject = Entity::of(&body, "subject").map_err(bad)?;
    let resource = Entity::of(&body, "resource").map_err(bad)?;
    let mut pages = search.pages()?;
    let mut all = Vec::new();
    if let (Some(person), Some(workspace)) =
        (subject.person(&app, &search.caller).await?, search.place(&app, &resource).await?)
    {
        let name = ResourceName::parse(&resource.id);
        let found = app.search_actions(&search.caller, workspace, person, on(&resource, &name), pages.of()).await?;
        all.extend(pages.take(found).into_iter().flatten().map(|(at, name)| (at.0.into(), name)));
    }
    let (page, context, names) = pages.page(all)?;
    let results = names.into_iter().map(|name| ActionFound { name: name.to_string() }).collect();
    Ok(JsonAnswer(Actions { page, context, results }).into_response())
}

/// What may they do this to?
pub(super) async fn resources(State(app): State<Arc<App>>, host: Host, Payload(body): Payload) -> Answer {
    let search = Search::of(host.caller, &body, Some("resource"))?;
    let kind = text_of(&body, "resource")?;
    let subject = Entity::of(&body, "subject").map_err(bad)?;
    let action = Asked::action(&body).map_err(bad)?;
    let mut pages = search.pages()?;
    let places = match subject.person(&app, &search.caller).await? {
        Some(person) => search.places(&app, person, &body).await?.into_iter().map(|at| (at, person)).collect(),
        None => Vec::new(),
    };
    let mut all = Vec::new();
    for (workspace, person) in places {
        let (caller, of) = (&search.caller, pages.of());
        if kind == "workspace" {
            let found = app.search_actions(caller, workspace, person, None, of).await?;
            let may = pages.take(found).into_iter().flatten().any(|(_, name)| *name == *action);
            all.extend(may.then(|| (workspace.0, (workspace.to_string(), None))));
        } else {
            let found = app.search_resources(caller, workspace, person, &action, &kind, of).await?;
            all.extend(pages.take(found).into_iter().flatten().map(|thing| {
                let properties = match thing.external_id {
                    Some(name) => json!({"workspace": workspace.to_string(), "external_id": &*name}),
                    None => json!({"workspace": workspace.to_string()}),
                };
                (thing.id.0, (thing.id.to_string(), Some(properties)))
            }));
        }
    }
    all.sort_unstable_by_key(|(at, _)| *at);
    let (page, context, found) = pages.page(all)?;
    let results =
        found.into_iter().map(|(id, properties)| EntityFound { kind: kind.clone(), id, properties }).collect();
    Ok(JsonAnswer(Entities { page, context, results }).into_response())
}

/// The type of what is searched.
fn text_of(body: &Map<String, Value>, name: &str) -> Result<String, Problem> {
    let entity = object(body, name).map_err(bad)?.ok_or_else(|| bad(format!("`{name}` is needed.")))?;
    object(entity, "properties").map_err(bad)?;
    text(entity, name, "type").map_err(bad)
}

/// Where in the workspace a question is asked.
fn on<'a>(resource: &'a Entity, name: &'a ResourceName) -> Option<On<'a>> {
    (resource.kind != "workspace").then_some(On { resource: name, kind: Some(&resource.kind) })
}

/// A search as it was asked, what is particular to its kind apart.
struct Search {
    caller: Caller,
    workspace: Option<String>,
    at_least: u64,
    limit: Option<u16>,
    token: Option<String>,
    bound: Bound,
}

impl Search {
    fn of(caller: Caller, body: &Map<String, Value>, searched: Option<&str>) -> Result<Self, Problem> {
        caller.needs(Scope::Check)?;
        let (workspace, at_least) = Asked::context(body).map_err(bad)?;
        let page = object(body, "page").map_err(bad)?;
        let limit = match page.and_then(|page| page.get("limit")) {
            None => None,
            Some(limit) => {
                Some(limit.as_u64().filter(|n| *n > 0).ok_or_else(|| bad("`page.limit` is a whole number from 1."))?)
            }
        };
        let token = match page.and_then(|page| page.get("token")) {
            None => None,
            Some(Value::String(token)) => Some(token.clone()),
            Some(_) => return Err(bad("`page.token` is not a string.")),
        };
        // A token belongs to all that decides what is found; members that nobody reads, and `id` of what is searched, do not.
        let mut asked: Map<String, Value> = ["subject", "action", "resource", "context"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), body.get(name)?.clone())))
            .collect();
        match searched {
            Some(name) => drop(asked.get_mut(name).and_then(Value::as_object_mut).and_then(|of| of.remove("id"))),
            None => drop(asked.remove("action")),
        }
        let bound = Bound::to(&["search", searched.unwrap_or("action"), &Value::Object(asked).to_string()], &caller);
        let limit = limit.map(|limit| u16::try_from(limit).unwrap_or(MOST).min(MOST));
        Ok(Self { caller, workspace, at_least, limit, token, bound })
    }

    /// Which page it asks for.
    fn pages(&self) -> Result<Pages<'_>, Problem> {
        let bad_token = || {
            Problem::unreadable("bad-token", "This token is not one of this search.")
                .with_remedy("Repeat the request of the first page with it, or search from the first page.")
        };
        let mut pages = Pages {
            search: self,
            asked: self.limit,
            after: None,
            began: None,
            floor: self.at_least,
            met: BTreeMap::new(),
        };
        if let Some(token) = &self.token {
            let [revisions, numbers, after] = self.bound.read(token).ok_or_else(bad_token)?;
            let limit = Some((numbers & 0xffff) as u16).filter(|limit| *limit > 0);
            if self.limit.is_some() && self.limit != limit {
                return Err(bad_token());
            }
            let floor = u64::try_from(numbers >> 16).map_err(|_| bad_token())?;
            (pages.asked, pages.after, pages.began) = (limit, Some(after), Some(revisions));
            pages.floor = pages.floor.max(floor);
        }
        Ok(pages)
    }

    /// The workspace that a resource is in.
    async fn place(&self, app: &App, resource: &Entity) -> Result<Option<WorkspaceId>, Problem> {
        Ok(where_is(app, &self.caller, resource, self.workspace.as_deref()).await?.ok())
    }

    /// The workspaces that are looked into for resources of a person.
    async fn places(
        &self,
        app: &App,
        person: PersonId,
        body: &Map<String, Value>,
    ) -> Result<Vec<WorkspaceId>, Problem> {
        let properties = object(body, "resource").map_err(bad)?.and_then(|r| r.get("properties")?.as_object());
        let its = properties.map(|p| workspace(p, "resource.properties")).transpose().map_err(bad)?.flatten();
        if let Some(reference) = its.as_ref().or(self.workspace.as_ref()) {
            return Ok(found(app.workspace_id(&self.caller, reference).await)?.into_iter().collect());
        }
        if self.at_least > 0 {
            return Err(bad("`context.at_least` is a revision of one workspace; say which."));
        }
        app.workspaces_of(person).await.map_err(|error| match error {
            AppError::Invalid { sentence, .. } => bad(sentence),
            other => other.into(),
        })
    }
}

/// The page that is asked for, and what it is made of.
struct Pages<'a> {
    search: &'a Search,
    asked: Option<u16>,
    after: Option<u128>,
    /// Stands for the revisions that the first page was of.
    began: Option<u128>,
    floor: u64,
    met: BTreeMap<WorkspaceId, u64>,
}

impl Pages<'_> {
    fn of(&self) -> Of {
        Of::AtLeast(self.floor)
    }

    /// What was found, its revision noted.
    fn take<T>(&mut self, found: Option<Found<T>>) -> Option<T> {
        let found = found?;
        self.met.insert(found.state.id, found.revision());
        Some(found.all)
    }

    /// The page, of all in order; refused if the first page was of other revisions.
    fn page<T>(self, all: Vec<(u128, T)>) -> Result<(Paged, Revisions, Vec<T>), Problem> {
        let revisions = self.met.iter().flat_map(|(id, revision)| id.bytes().into_iter().chain(revision.to_be_bytes()));
        let digest = sha256(&revisions.collect::<Vec<u8>>());
        let digest = u128::from_be_bytes(digest[..16].try_into().unwrap_or_default());
        if self.began.is_some_and(|began| began != digest) {
            return Err(AppError::Passed.into());
        }
        // Of several workspaces no one revision is a floor.
        let floor = if self.met.len() == 1 { self.met.values().copied().sum() } else { 0 };
        let total = all.len();
        let rest = all.into_iter().filter(|(at, _)| self.after.is_none_or(|after| *at > after));
        let (items, more) = cut(rest, self.asked.unwrap_or(MOST).into());
        let last = items.last().filter(|_| more).map(|(at, _)| *at);
        let numbers = u128::from(floor) << 16 | u128::from(self.asked.unwrap_or_default());
        let next_token = last.map(|at| self.search.bound.write([digest, numbers, at])).unwrap_or_default();
        let revisions = self.met.iter().map(|(id, revision)| (id.to_string(), *revision)).collect();
        let page = Paged { next_token, count: items.len(), total };
        Ok((page, Revisions { revisions }, items.into_iter().map(|(_, item)| item).collect()))
    }
}
