//! OpenID AuthZEN Authorization API 1.0: evaluation, evaluations, searches, metadata.
//!
//! What the standard leaves open is read generously (unknown members are ignored), what it says strictly: a request
//! that cannot be read is 400, a question about what does not exist is answered, with no.

mod search;

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bailiwick_app::caller::Scope;
use bailiwick_app::look::{Question, ResourceName};
use bailiwick_app::{App, AppError, Caller};
use bailiwick_core::access::check::Denial;
use bailiwick_core::ids::{PersonId, WorkspaceId};
use bailiwick_core::team::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::credentials::{Host, is_json};
use crate::problem::Problem;

use super::Answer;
use super::body::{read, tree};
use super::decision::Judged;
use super::route::{Route, route};

/// The routes of the standard.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route("POST", "/access/v1/evaluation", evaluation, "evaluate", "May this subject do this to this resource?")
            .by_hosts()
            .takes::<EvaluationBody>()
            .gives::<Judged>(200, "The decision; a no is 200, too."),
        route("POST", "/access/v1/evaluations", evaluations, "evaluateAll", "Several such questions at once.")
            .by_hosts()
            .takes::<EvaluationsBody>()
            .gives::<Evaluations>(200, "The decisions, in order; without `evaluations` a single one."),
        route("POST", "/access/v1/search/subject", search::subjects, "searchSubjects", "Who may do this to this?")
            .by_hosts()
            .takes::<search::SubjectSearch>()
            .gives::<search::Entities>(200, "A page of them; whoever is not there is not found."),
        route("POST", "/access/v1/search/resource", search::resources, "searchResources", "What may they do this to?")
            .by_hosts()
            .takes::<search::ResourceSearch>()
            .gives::<search::Entities>(200, "A page of them."),
        route("POST", "/access/v1/search/action", search::actions, "searchActions", "What may they do to this?")
            .by_hosts()
            .takes::<search::ActionSearch>()
            .gives::<search::Actions>(200, "A page of them, in the order of the access model."),
        route("GET", "/.well-known/authzen-configuration", metadata, "getAuthzenConfiguration", "Where to ask what.")
            .open()
            .gives::<Metadata>(200, "The addresses."),
    ]
}

/// A question.
#[derive(Deserialize, ToSchema)]
#[schema(as = Evaluation, example = json!({
    "subject": {"type": "person", "id": "per_01hzy3v7w8e9k2m4n6p8q0r2s4"},
    "action": {"name": "conversations:view"},
    "resource": {"type": "workspace", "id": "wsp_01hzy3v7w8e9k2m4n6p8q0r2s4"}
}))]
#[allow(dead_code, reason = "the document's; requests are read by hand, so that every fault is told")]
struct EvaluationBody {
    /// Who: of type `person`, by id or the host's own id.
    subject: EntityBody,
    /// What: its `name` is a permission, `group:action`.
    action: ActionBody,
    /// To what: of type `workspace`, by id or the host's own id, or of a kind of resource of the access model.
    resource: EntityBody,
    /// Where a resource is, as `workspace`, if its own properties do not say it; and as `at_least` the revision of the
    /// workspace that decides, or a later one: where that is not there yet, the answer is no, with the reason `unsure`.
    context: Option<Value>,
}

/// A subject or resource.
#[derive(Deserialize, ToSchema)]
#[schema(as = Entity)]
#[allow(dead_code, reason = "the document's")]
struct EntityBody {
    /// Its type.
    #[serde(rename = "type")]
    kind: String,
    /// Its id within the type.
    id: String,
    /// Anything else; of a resource, `workspace` says where it is.
    properties: Option<Value>,
}

/// An action.
#[derive(Deserialize, ToSchema)]
#[schema(as = Action)]
#[allow(dead_code, reason = "the document's")]
struct ActionBody {
    /// The permission.
    name: String,
    /// Anything else.
    properties: Option<Value>,
}

/// Several questions; what an item leaves out stands beside them.
#[derive(Deserialize, ToSchema)]
#[schema(as = EvaluationsRequest)]
#[allow(dead_code, reason = "the document's")]
struct EvaluationsBody {
    subject: Option<EntityBody>,
    action: Option<ActionBody>,
    resource: Option<EntityBody>,
    context: Option<Value>,
    /// The questions; none: the one that stands beside them.
    evaluations: Option<Vec<Value>>,
    /// `evaluations_semantic`: `execute_all`, `deny_on_first_deny` or `permit_on_first_permit`.
    options: Option<Value>,
}

/// Several decisions.
#[derive(Debug, Serialize, ToSchema)]
struct Evaluations {
    evaluations: Vec<Judged>,
}

/// Where to ask what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuthzenConfiguration)]
struct Metadata {
    policy_decision_point: String,
    access_evaluation_endpoint: String,
    access_evaluations_endpoint: String,
    search_subject_endpoint: String,
    search_resource_endpoint: String,
    search_action_endpoint: String,
}

/// The object of a body; every fault of it is 400, as the standard wants it (a body without end is 413).
struct Payload(Map<String, Value>);

impl FromRequest<Arc<App>> for Payload {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<App>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(bad("Send a body as `Content-Type: application/json`."));
        }
        let bytes: Bytes = match read(&parts.headers, body).await {
            Ok(bytes) => bytes.into(),
            Err(problem) if problem.status == StatusCode::UNSUPPORTED_MEDIA_TYPE => return Err(bad(problem.detail)),
            Err(problem) => return Err(problem),
        };
        match tree(&bytes)? {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(bad("The body is not an object.")),
        }
    }
}

fn bad(detail: impl Into<String>) -> Problem {
    Problem::unreadable("bad-evaluation", detail)
}

/// Who asks; in doubt nobody's key is known for sure, so the decision is a no of its own kind.
type Asking = Result<Host, Problem>;

/// The caller, if it is known for sure and may ask; `None` in doubt.
fn known(host: Asking) -> Result<Option<Caller>, Problem> {
    match host {
        Ok(host) => {
            host.caller.needs(Scope::Check)?;
            Ok(Some(host.caller))
        }
        Err(problem) if problem.code == "unsure" => Ok(None),
        Err(problem) => Err(problem),
    }
}

async fn evaluation(State(app): State<Arc<App>>, host: Asking, Payload(body): Payload) -> Answer {
    let caller = known(host)?;
    let asked = Asked::of(&body).map_err(bad)?;
    Ok(JsonAnswer(judge(&app, caller.as_ref(), &asked).await?).into_response())
}

/// The most questions of one request: more would keep everybody else waiting.
const MOST: usize = 1000;

/// When a list of questions needs no more answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    AllAreAnswered,
    FirstDeny,
    FirstPermit,
}

async fn evaluations(State(app): State<Arc<App>>, host: Asking, Payload(mut body): Payload) -> Answer {
    let caller = known(host)?;
    let until = until(&body)?;
    let items = match body.remove("evaluations") {
        None => Vec::new(),
        Some(Value::Array(items)) if items.len() > MOST => return Err(bad(format!("At most {MOST} at once."))),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(bad("`evaluations` is not a list.")),
    };
    if items.is_empty() {
        let asked = Asked::of(&body).map_err(bad)?;
        return Ok(JsonAnswer(judge(&app, caller.as_ref(), &asked).await?).into_response());
    }
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        let answer = match Asked::of_item(&body, &item) {
            Ok(asked) => judge(&app, caller.as_ref(), &asked).await?,
            Err(message) => Judged::unreadable(message),
        };
        let last = match until {
            Until::AllAreAnswered => false,
            Until::FirstDeny => !answer.allowed(),
            Until::FirstPermit => answer.allowed(),
        };
        answers.push(answer);
        if last {
            break;
        }
    }
    Ok(JsonAnswer(Evaluations { evaluations: answers }).into_response())
}

fn until(body: &Map<String, Value>) -> Result<Until, Problem> {
    let options = match body.get("options") {
        None => return Ok(Until::AllAreAnswered),
        Some(Value::Object(options)) => options,
        Some(_) => return Err(bad("`options` is not an object.")),
    };
    match options.get("evaluations_semantic").map(Value::as_str) {
        None | Some(Some("execute_all")) => Ok(Until::AllAreAnswered),
        Some(Some("deny_on_first_deny")) => Ok(Until::FirstDeny),
        Some(Some("permit_on_first_permit")) => Ok(Until::FirstPermit),
        Some(_) => Err(bad("`evaluations_semantic` is none of the three.")),
    }
}

/// A question as it was asked.
struct Asked {
    subject: Entity,
    action: String,
    resource: Entity,
    workspace: Option<String>,
    at_least: u64,
}

struct Entity {
    kind: String,
    id: String,
    workspace: Option<String>,
}

impl Asked {
    /// The question of an object.
    fn of(body: &Map<String, Value>) -> Result<Self, String> {
        let (workspace, at_least) = Self::context(body)?;
        Ok(Self {
            subject: Entity::of(body, "subject")?,
            action: Self::action(body)?,
            resource: Entity::of(body, "resource")?,
            workspace,
            at_least,
        })
    }

    /// What the context says: in which workspace, and of which revision at least.
    fn context(body: &Map<String, Value>) -> Result<(Option<String>, u64), String> {
        let Some(context) = object(body, "context")? else { return Ok((None, 0)) };
        let at_least = match context.get("at_least") {
            None => 0,
            Some(number) => number.as_u64().ok_or("`context.at_least` is not a whole number.")?,
        };
        Ok((workspace(context, "context")?, at_least))
    }

    /// The question of an item of a list: what it leaves out stands beside the list, whole or not at all.
    fn of_item(beside: &Map<String, Value>, item: &Value) -> Result<Self, String> {
        let item = item.as_object().ok_or("This evaluation is not an object.")?;
        let mut whole = Map::new();
        for name in ["subject", "action", "resource", "context"] {
            if let Some(value) = item.get(name).or_else(|| beside.get(name)) {
                whole.insert(name.into(), value.clone());
            }
        }
        Self::of(&whole)
    }

    fn action(body: &Map<String, Value>) -> Result<String, String> {
        let action = object(body, "action")?.ok_or("`action` is needed.")?;
        object(action, "properties")?;
        text(action, "action", "name")
    }
}

impl Entity {
    fn of(body: &Map<String, Value>, name: &str) -> Result<Self, String> {
        let entity = object(body, name)?.ok_or_else(|| format!("`{name}` is needed."))?;
        let properties = object(entity, "properties")?;
        let workspace = properties.filter(|_| name == "resource").map(|p| workspace(p, "resource.properties"));
        Ok(Self {
            kind: text(entity, name, "type")?,
            id: text(entity, name, "id")?,
            workspace: workspace.transpose()?.flatten(),
        })
    }

    /// The person, if it is one whom the caller can name.
    async fn person(&self, app: &App, caller: &Caller) -> Result<Option<PersonId>, AppError> {
        if self.kind == "person" { app.person_of(caller, &self.id).await } else { Ok(None) }
    }
}

fn object<'a>(of: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Map<String, Value>>, String> {
    match of.get(name) {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(format!("`{name}` is not an object.")),
    }
}

fn text(of: &Map<String, Value>, whole: &str, name: &str) -> Result<String, String> {
    match of.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::String(_)) => Err(format!("`{whole}.{name}` is empty.")),
        Some(_) => Err(format!("`{whole}.{name}` is not a string.")),
        None => Err(format!("`{whole}.{name}` is needed.")),
    }
}

fn workspace(of: &Map<String, Value>, whole: &str) -> Result<Option<String>, String> {
    if of.contains_key("workspace") { text(of, whole, "workspace").map(Some) } else { Ok(None) }
}

/// The answer. What is not there is a no with its reason, and so is doubt; only failures of ours are errors.
async fn judge(app: &App, caller: Option<&Caller>, asked: &Asked) -> Result<Judged, Problem> {
    let Some(caller) = caller else { return Ok(Judged::denied(Denial::Unsure)) };
    match decided(app, caller, asked).await {
        Err(error) if error.is_doubt() => Ok(Judged::denied(Denial::Unsure)),
        other => Ok(other?),
    }
}

async fn decided(app: &App, caller: &Caller, asked: &Asked) -> Result<Judged, AppError> {
    let Some(person) = asked.subject.person(app, caller).await? else { return Ok(Judged::denied(Denial::NotAMember)) };
    let on_workspace = asked.resource.kind == "workspace";
    let resource = ResourceName::parse(&asked.resource.id);
    let workspace = match where_is(app, caller, &asked.resource, asked.workspace.as_deref()).await? {
        Ok(workspace) => workspace,
        Err(denial) => return Ok(Judged::denied(denial)),
    };
    let (permission, at_least) = (asked.action.clone(), asked.at_least);
    let answer = if on_workspace {
        app.check(caller, &Question { workspace, person, permission, resource: None, at_least }).await?
    } else {
        let question = Question { workspace, person, permission, resource: Some(resource), at_least };
        app.check_of_kind(caller, &question, &asked.resource.kind).await?
    };
    Ok(Judged::of(&answer))
}

/// The workspace that a question about this resource goes to: the one that it is, the one that is named, or the one that
/// it is in.
async fn where_is(
    app: &App,
    caller: &Caller,
    resource: &Entity,
    beside: Option<&str>,
) -> Result<Result<WorkspaceId, Denial>, AppError> {
    let named = match resource.kind.as_str() {
        "workspace" => Some(resource.id.as_str()),
        _ => resource.workspace.as_deref().or(beside),
    };
    match (named, ResourceName::parse(&resource.id)) {
        (Some(reference), _) => Ok(found(app.workspace_id(caller, reference).await)?.ok_or(Denial::NoSuchWorkspace)),
        (None, ResourceName::Id(id)) => Ok(app.workspace_of_resource(id).await?.ok_or(Denial::UnknownResource)),
        (None, ResourceName::External(_)) => Ok(Err(Denial::UnknownResource)),
    }
}

fn found(looked: Result<WorkspaceId, AppError>) -> Result<Option<WorkspaceId>, AppError> {
    match looked {
        Ok(id) => Ok(Some(id)),
        Err(AppError::Refused(Refusal::NoSuchWorkspace)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn metadata(State(app): State<Arc<App>>) -> Response {
    let body = Metadata {
        policy_decision_point: app.config.public_url.clone(),
        access_evaluation_endpoint: app.config.link("/access/v1/evaluation"),
        access_evaluations_endpoint: app.config.link("/access/v1/evaluations"),
        search_subject_endpoint: app.config.link("/access/v1/search/subject"),
        search_resource_endpoint: app.config.link("/access/v1/search/resource"),
        search_action_endpoint: app.config.link("/access/v1/search/action"),
    };
    ([(header::CACHE_CONTROL, "public, max-age=3600")], JsonAnswer(body)).into_response()
}
