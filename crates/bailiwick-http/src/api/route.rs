//! One table of routes makes the router and the document, so that neither can have a route that the other lacks.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use bailiwick_app::App;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use crate::problem::{MEDIA_TYPE, ProblemBody};

use super::preview::PreviewBody;

/// Named schemas, as they are met.
pub(super) type Schemas = BTreeMap<String, Value>;

const JSON: &str = "application/json";

/// Makes a schema, and puts what it refers to beside it.
type Make = fn(&mut Schemas) -> Value;

/// A media type, and the schema of what is in it.
type Content = (&'static str, Make);

/// One method of one path: who answers it, and what the document says about it.
pub(super) struct Route {
    /// The method, in capitals.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// The handler.
    router: MethodRouter<Arc<App>>,
    name: &'static str,
    says: &'static str,
    credential: Credential,
    query: Option<Value>,
    body: Option<Make>,
    answers: Vec<(u16, &'static str, Option<Content>)>,
    previews: bool,
    versioned: bool,
}

/// With what a route can be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Credential {
    None,
    Either,
    Key,
    Session,
}

/// A route; its name and a line about it go into the document.
pub(super) fn route<H, T>(
    method: &'static str,
    path: &'static str,
    handler: H,
    name: &'static str,
    says: &'static str,
) -> Route
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    let filter = match method {
        "GET" => MethodFilter::GET,
        "PUT" => MethodFilter::PUT,
        "PATCH" => MethodFilter::PATCH,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::POST,
    };
    Route {
        method,
        path,
        router: on(filter, handler),
        name,
        says,
        credential: Credential::Either,
        query: None,
        body: None,
        answers: Vec::new(),
        previews: false,
        versioned: false,
    }
}

impl Route {
    /// Anybody can ask it.
    pub fn open(self) -> Self {
        Self { credential: Credential::None, ..self }
    }

    /// Only hosts, with a key.
    pub fn by_hosts(self) -> Self {
        Self { credential: Credential::Key, ..self }
    }

    /// Only people, with a session.
    pub fn by_people(self) -> Self {
        Self { credential: Credential::Session, ..self }
    }

    /// It takes these parameters in the query.
    pub fn query<Q: IntoParams>(self) -> Self {
        let all = serde_json::to_value(Q::into_params(|| None)).unwrap_or_default();
        Self { query: Some(all), ..self }
    }

    /// It takes this body.
    pub fn takes<B: ToSchema>(self) -> Self {
        Self { body: Some(reference::<B>), ..self }
    }

    /// It answers this.
    pub fn gives<B: ToSchema>(mut self, status: u16, says: &'static str) -> Self {
        self.answers.push((status, says, Some((JSON, reference::<B>))));
        self
    }

    /// It answers a page of these.
    pub fn gives_page<B: ToSchema>(mut self, says: &'static str) -> Self {
        self.answers.push((200, says, Some((JSON, page_of::<B>))));
        self
    }

    /// It answers a list of these.
    pub fn gives_list<B: ToSchema>(mut self, status: u16, says: &'static str) -> Self {
        self.answers.push((status, says, Some((JSON, list_of::<B>))));
        self
    }

    /// It answers a text.
    pub fn gives_text(mut self, says: &'static str) -> Self {
        self.answers.push((200, says, Some(("text/plain", |_| json!({"type": "string"})))));
        self
    }

    /// It answers an object that is described elsewhere.
    pub fn gives_object(mut self, says: &'static str) -> Self {
        self.answers.push((200, says, Some((JSON, |_| json!({"type": "object"})))));
        self
    }

    /// It answers this problem, beside those of every route.
    pub fn gives_problem(mut self, status: u16, says: &'static str) -> Self {
        self.answers.push((status, says, Some((MEDIA_TYPE, reference::<ProblemBody>))));
        self
    }

    /// It answers without a body.
    pub fn gives_nothing(mut self, says: &'static str) -> Self {
        self.answers.push((204, says, None));
        self
    }

    /// It can be looked at first, by `?preview=true`.
    pub fn previews(self) -> Self {
        Self { previews: true, ..self }
    }

    /// It compares the version that the caller saw.
    pub fn versioned(self) -> Self {
        Self { versioned: true, ..self }
    }

    fn operation(&self, schemas: &mut Schemas) -> Value {
        let mut operation = json!({
            "operationId": self.name,
            "summary": self.says,
            "tags": [self.tag()],
            "parameters": self.parameters(),
            "responses": self.responses(schemas),
            "security": match self.credential {
                Credential::None => json!([]),
                Credential::Either => json!([{"key": []}, {"session": []}]),
                Credential::Key => json!([{"key": []}]),
                Credential::Session => json!([{"session": []}]),
            },
        });
        if let Some(make) = self.body {
            let content = json!({"application/json": {"schema": make(schemas)}});
            operation["requestBody"] = json!({"required": true, "content": content});
        }
        operation
    }

    fn tag(&self) -> &'static str {
        let parts: Vec<&str> = self.path.split('/').collect();
        match parts.as_slice() {
            [_, "v1", "workspaces"] | [_, "v1", "workspaces", "{workspace}"] => "workspaces",
            [_, "v1", "workspaces", _, part, ..] | [_, "v1", part, ..] => part,
            [_, "access", ..] | [_, ".well-known", ..] => "decisions",
            _ => "service",
        }
    }

    fn parameters(&self) -> Vec<Value> {
        let in_path = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut all: Vec<Value> = in_path.map(path_parameter).collect();
        all.extend(self.query.iter().filter_map(Value::as_array).flatten().cloned());
        if self.method != "GET" && self.path.starts_with("/v1/workspaces") {
            all.push(header(
                "Idempotency-Key",
                "A name for this request, 1 to 128 characters: a repeat under it changes nothing again, another body is refused.",
            ));
        }
        if self.versioned {
            all.push(header("If-Match", "The version that was seen, as its `ETag` gave it; another one is refused."));
        }
        all
    }

    fn responses(&self, schemas: &mut Schemas) -> Value {
        let mut all = Map::new();
        let preview = "What it would do, with `?preview=true`.";
        for (status, says, make) in &self.answers {
            let answer = match make {
                Some((_, make)) if self.previews && *status == 200 => {
                    let both = json!({"oneOf": [make(schemas), reference::<PreviewBody>(schemas)]});
                    content(&format!("{says} {preview}"), JSON, &both)
                }
                Some((media, make)) => content(says, media, &make(schemas)),
                None => json!({"description": says}),
            };
            all.insert(status.to_string(), answer);
        }
        if self.previews && !all.contains_key("200") {
            all.insert("200".into(), content(preview, JSON, &reference::<PreviewBody>(schemas)));
        }
        for (status, name, _) in PROBLEMS.iter().filter(|(status, ..)| self.refuses_with(*status)) {
            all.insert(status.to_string(), json!({"$ref": format!("#/components/responses/{name}")}));
        }
        if self.credential != Credential::None {
            all.insert("default".into(), json!({"$ref": "#/components/responses/Failure"}));
        }
        all.into()
    }

    /// Whether the document lists a status of a problem; those of a failure are under `default`.
    fn refuses_with(&self, status: u16) -> bool {
        let decides = self.path.starts_with("/access/");
        let changes = self.method != "GET" && !decides;
        self.credential != Credential::None
            && match status {
                404 => self.path.contains('{'),
                409 => changes || self.asks_for_revision(),
                415 | 429 => changes,
                410 => self.path.ends_with("/exchange"),
                412 => self.versioned,
                413 => self.method != "GET",
                422 => changes || (self.query.is_some() && !decides),
                _ => true,
            }
    }
}

impl Route {
    /// Whether it takes `at_least`.
    fn asks_for_revision(&self) -> bool {
        self.query.iter().filter_map(Value::as_array).flatten().any(|parameter| parameter["name"] == "at_least")
    }
}

/// The statuses of problems, each with the name of its response in the document.
const PROBLEMS: [(u16, &str, &str); 12] = [
    (400, "BadRequest", "The request cannot be read, or has a second reading."),
    (401, "NotSignedIn", "No credential, or one that opens nothing."),
    (403, "Forbidden", "The credential is one, and it may not."),
    (404, "NotFound", "There is no such thing, or who asks may not know of it."),
    (409, "Conflict", "What is there does not allow it, or is older than `at_least` asks for."),
    (410, "Gone", "The code does not work, or does not work any more."),
    (412, "Stale", "It was changed since `If-Match` was seen; `version` is the one now."),
    (413, "TooLarge", "The body is larger than 256 KiB."),
    (415, "NotJson", "The body is not `application/json`."),
    (422, "Invalid", "The request says something that cannot be."),
    (429, "TooOften", "Too often; `Retry-After` says how long to wait."),
    (503, "Unsure", "This node is not sure to be up to date, or too busy; `Retry-After` says how long to wait."),
];

fn responses(schemas: &mut Schemas) -> Value {
    let problem = reference::<ProblemBody>(schemas);
    let named = |name: &str, says: &str| (name.to_owned(), content(says, MEDIA_TYPE, &problem));
    let mut all: Map<String, Value> = PROBLEMS.iter().map(|(_, name, says)| named(name, says)).collect();
    all.extend([named("Failure", "It failed, for no fault of the request; nothing is known to be changed.")]);
    all.into()
}

/// The router of a table.
pub(super) fn router(routes: Vec<Route>) -> Router<Arc<App>> {
    routes.into_iter().fold(Router::new(), |router, route| router.route(route.path, route.router))
}

/// The document of a table.
pub(super) fn document(routes: &[Route]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes {
        let operation = route.operation(&mut schemas);
        paths.entry(route.path).or_default().insert(route.method.to_ascii_lowercase(), operation);
    }
    let responses = responses(&mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bailiwick",
            "description": include_str!("openapi.md"),
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A host's key, `bwk_…`."},
                "session": {
                    "type": "apiKey", "in": "cookie", "name": crate::credentials::COOKIE_HTTPS,
                    "description": "A person's session; `bailiwick` where the public address is not https.",
                },
            },
        },
    })
}

fn content(says: &str, media: &str, schema: &Value) -> Value {
    json!({"description": says, "content": {media: {"schema": schema}}})
}

fn header(name: &str, says: &str) -> Value {
    json!({"name": name, "in": "header", "required": false, "description": says, "schema": {"type": "string"}})
}

fn path_parameter(name: &str) -> Value {
    let says = match name {
        "workspace" => "The workspace: its id, or `ext:` and the host's own id for it.".to_owned(),
        "person" => "The person: their id, or `ext:` and the host's own id for them.".to_owned(),
        other => format!("The id of the {other}."),
    };
    json!({"name": name, "in": "path", "required": true, "description": says, "schema": {"type": "string"}})
}

fn reference<T: ToSchema>(schemas: &mut Schemas) -> Value {
    let name = T::name().into_owned();
    let mut met: Vec<(String, RefOr<Schema>)> = vec![(name.clone(), T::schema())];
    T::schemas(&mut met);
    for (name, schema) in met {
        schemas.entry(name).or_insert_with(|| serde_json::to_value(schema).unwrap_or_default());
    }
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn list_of<T: ToSchema>(schemas: &mut Schemas) -> Value {
    let items = json!({"type": "array", "items": reference::<T>(schemas)});
    json!({"type": "object", "required": ["items"], "properties": {"items": items}})
}

fn page_of<T: ToSchema>(schemas: &mut Schemas) -> Value {
    let mut page = list_of::<T>(schemas);
    page["properties"]["next_cursor"] =
        json!({"type": "string", "description": "Where the next page begins; absent on the last one."});
    page["properties"]["revision"] = json!({
        "type": "integer", "format": "int64", "minimum": 0,
        "description": "The revision of the workspace that all of it is of; absent where there are several workspaces.",
    });
    page
}
