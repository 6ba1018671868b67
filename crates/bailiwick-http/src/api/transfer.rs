//! Export and import: a whole workspace as one document, and a workspace made equal to one, with a result for each part.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use bailiwick_app::caller::Scope;
use bailiwick_app::host::Vouched;
use bailiwick_app::transfer::{Exported, Given, carried};
use bailiwick_app::{App, AppError};
use bailiwick_core::ids::{AddressId, ResourceId, TemplateId};
use bailiwick_core::team::command::{NewInvitation, PutMember};
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::transfer::{Part, PartResource, PartTemplate};
use bailiwick_store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::credentials::{Asker, hosts_only};
use crate::problem::{Problem, ProblemBody};

use super::Answer;
use super::acting::{Acting, Place, REVISION};
use super::body::{Json, Query};
use super::bulk::not_tried;
use super::page::Fresh;
use super::preview::PreviewBody;
use super::route::{Route, route};
use super::wire::{Access, email};

/// The format of the document. A reader that knows another one refuses it.
const FORMAT: &str = "bailiwick-workspace/1";
/// The most parts of one import: each waits until it is in force.
const MOST: usize = 500;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route(
            "GET",
            "/v1/workspaces/{workspace}/export",
            export,
            "exportWorkspace",
            "The whole workspace as one document, which an import takes as it is.",
        )
        .by_hosts()
        .query::<Fresh>()
        .gives::<Document>(200, "The workspace."),
        route(
            "POST",
            "/v1/workspaces/{workspace}/import",
            import,
            "importWorkspace",
            "Makes a workspace have up to 500 parts of a document, one after another; what is refused is refused alone. \
             The host vouches for the members' addresses: they are members at once, and no mail leaves.",
        )
        .by_hosts()
        .query::<How>()
        .takes::<Document>()
        .gives::<Results>(200, "What came of each part, in the order of the document; of a preview, what would."),
    ]
}

/// A workspace as a document. Templates and resources are referred to by the ids that they have in it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkspaceDocument, example = json!({
    "format": "bailiwick-workspace/1",
    "members": [{"email": "vic@acme.example", "name": "Vic Lund", "access": {"role": "user", "direct": ["analytics:view"]}}]
}))]
struct Document {
    /// `bailiwick-workspace/1`.
    format: String,
    /// Where it comes from; an import looks at the model's name, which must be that of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Origin>,
    /// Plan and seats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<PlanPart>,
    /// Role templates.
    #[serde(default)]
    templates: Vec<TemplatePart>,
    /// Resources.
    #[serde(default)]
    resources: Vec<ResourcePart>,
    /// Rows of people.
    #[serde(default)]
    members: Vec<MemberPart>,
    /// Open invitations; an import sends them if it is told to, and else leaves them.
    #[serde(default)]
    invitations: Vec<InvitationPart>,
}

/// Where a document comes from.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DocumentOrigin)]
struct Origin {
    /// The id of the workspace.
    workspace: String,
    /// Its name.
    name: String,
    /// The host's own id for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    /// The access model, by name.
    model: String,
    /// The version of the model.
    model_version: String,
    /// The revision of the workspace.
    revision: u64,
}

/// Plan and seats.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DocumentPlan)]
struct PlanPart {
    /// The plan, by name.
    plan: String,
    /// Seats beyond those that come with it.
    #[serde(default)]
    extra_seats: u32,
}

/// A role template.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DocumentTemplate)]
struct TemplatePart {
    /// What the document calls it.
    #[schema(value_type = String)]
    id: TemplateId,
    /// Its name; a template of this name is taken for it.
    name: String,
    /// What it grants.
    permissions: Vec<String>,
    /// Toggles that choosing it pre-ticks.
    #[serde(default)]
    suggests: Vec<String>,
}

/// A resource.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DocumentResource)]
struct ResourcePart {
    /// What the document calls it.
    #[schema(value_type = String)]
    id: ResourceId,
    /// Its kind, by name.
    kind: String,
    /// Its name.
    name: String,
    /// The host's own id; a resource of this id is taken for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
}

/// A row of a person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DocumentMember)]
struct MemberPart {
    /// The host's own id for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    /// Their address, which the host has proven.
    email: String,
    /// Their name.
    name: String,
    /// What they hold, whole.
    access: Access,
    /// Whether they are suspended.
    #[serde(default)]
    suspended: bool,
}

/// An open invitation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DocumentInvitation)]
struct InvitationPart {
    /// Where it goes.
    email: String,
    /// What accepting gives.
    access: Access,
}

/// How to import.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct How {
    /// Only say what it would do: nothing changes.
    #[serde(default)]
    #[param(required = false)]
    preview: bool,
    /// Send the invitations of the document, by mail.
    #[serde(default)]
    #[param(required = false)]
    send_mail: bool,
}

/// What came of each part.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportResults)]
struct Results {
    /// In the order of the document.
    results: Vec<Outcome>,
}

/// What came of one part.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportResult)]
struct Outcome {
    /// Which: `plan`, `templates[0]`, `members[2]`.
    part: String,
    /// What came of it.
    outcome: Kind,
    /// A revision of the workspace that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// What it would do, after those before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<PreviewBody>,
    /// Why it is refused. `not-tried`: one before it failed for no fault of the document, so this one was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemBody>,
}

/// What came of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportOutcome)]
enum Kind {
    /// It was made, or made so; of a preview, it would be.
    Done,
    /// It was so already.
    Same,
    /// An invitation that was not to be sent.
    Left,
    /// It is not done.
    Refused,
}

impl Outcome {
    fn of(part: String, outcome: Kind) -> Self {
        Self { part, outcome, revision: None, preview: None, problem: None }
    }

    fn refused(part: String, problem: &Problem) -> Self {
        Self { problem: Some(problem.body(None)), ..Self::of(part, Kind::Refused) }
    }
}

async fn export(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    Place(workspace): Place,
    Query(fresh): Query<Fresh>,
) -> Answer {
    app.reach(&caller, workspace, fresh.at_least).await?;
    // Who has no access is told that there is nothing here, before anything else.
    app.workspace(&caller, workspace).await?;
    if !caller.is_trusted() {
        return Err(hosts_only());
    }
    let exported = app.export(&caller, workspace).await?;
    let document = Document::of(&app, exported);
    Ok(JsonAnswer(document).into_response())
}

impl Document {
    fn of(app: &App, exported: Exported) -> Self {
        let Exported { team, parts, external_ids } = exported;
        let state = &team.state;
        let version = state.model.version.to_string();
        let from = Origin {
            workspace: state.id.to_string(),
            name: state.name.to_string(),
            external_id: state.external_id.as_ref().map(ToString::to_string),
            model: app.installation().name_of(&version).unwrap_or_default(),
            model_version: version,
            revision: state.revision,
        };
        let mut this = Self {
            format: FORMAT.to_owned(),
            from: Some(from),
            plan: None,
            templates: Vec::new(),
            resources: Vec::new(),
            members: Vec::new(),
            invitations: Vec::new(),
        };
        let address = |id: AddressId| team.addresses.get(&id).cloned().unwrap_or_default();
        for part in parts {
            match part {
                Part::Plan { plan, extra_seats } => this.plan = Some(PlanPart { plan, extra_seats }),
                Part::Template(id, PartTemplate { name, permissions, suggests }) => {
                    this.templates.push(TemplatePart { id, name, permissions, suggests });
                }
                Part::Resource(id, PartResource { kind, name, external_id }) => {
                    this.resources.push(ResourcePart { id, kind, name, external_id });
                }
                Part::Member(PutMember { person, address: at, access, suspended, .. }) => {
                    this.members.push(MemberPart {
                        external_id: external_ids.get(&person).cloned(),
                        email: address(at),
                        name: team.cards.get(&person).map(|card| card.name.clone()).unwrap_or_default(),
                        access: access.into(),
                        suspended,
                    });
                }
                Part::Invitation(NewInvitation { address: at, access, .. }) => {
                    this.invitations.push(InvitationPart { email: address(at), access: access.into() });
                }
            }
        }
        this
    }

    fn len(&self) -> usize {
        let plan = usize::from(self.plan.is_some());
        plan + self.templates.len() + self.resources.len() + self.members.len() + self.invitations.len()
    }

    /// Each part with what it is called, or what is wrong with it; `None`: an invitation that stays.
    fn given(self, send_mail: bool) -> Vec<(String, Result<Option<Given>, Problem>)> {
        let thing = |part| Ok(Some(Given::Thing(part)));
        let mut all = Vec::with_capacity(self.len());
        all.extend(
            self.plan
                .map(|PlanPart { plan, extra_seats }| ("plan".to_owned(), thing(Part::Plan { plan, extra_seats }))),
        );
        all.extend(self.templates.into_iter().enumerate().map(|(at, t)| {
            let template = PartTemplate { name: t.name, permissions: t.permissions, suggests: t.suggests };
            (format!("templates[{at}]"), thing(Part::Template(t.id, template)))
        }));
        all.extend(self.resources.into_iter().enumerate().map(|(at, r)| {
            let resource = PartResource { kind: r.kind, name: r.name, external_id: r.external_id };
            (format!("resources[{at}]"), thing(Part::Resource(r.id, resource)))
        }));
        all.extend(self.members.into_iter().enumerate().map(|(at, m)| {
            let part = format!("members[{at}]");
            let given = email(&m.email, &format!("{part}.email")).map(|email| {
                let who = Vouched { external_id: m.external_id, email, name: m.name };
                Some(Given::Member { who, access: m.access.into(), suspended: m.suspended })
            });
            (part, given)
        }));
        all.extend(self.invitations.into_iter().enumerate().map(|(at, i)| {
            let part = format!("invitations[{at}]");
            let given = email(&i.email, &format!("{part}.email"))
                .map(|email| send_mail.then(|| Given::Invitation { email, access: i.access.into() }));
            (part, given)
        }));
        all
    }
}

async fn import(
    State(app): State<Arc<App>>,
    acting: Acting,
    Place(workspace): Place,
    Query(how): Query<How>,
    Json(document): Json<Document>,
) -> Answer {
    let caller = &acting.caller;
    let state = app.enters(caller, workspace).await?;
    if !caller.is_trusted() {
        return Err(hosts_only());
    }
    if document.format != FORMAT {
        return Err(Problem::invalid("format", "The format of this document is not `bailiwick-workspace/1`."));
    }
    let model = app.installation().name_of(&state.model.version).unwrap_or_default();
    if document.from.as_ref().is_some_and(|from| from.model != model) {
        return Err(Problem::invalid("from.model", "The workspace has another access model."));
    }
    match document.len() {
        0 => return Err(Refusal::NothingNamed.into()),
        1..=MOST => {}
        _ => return Err(Refusal::TooMany(MOST).into()),
    }
    if !how.preview && !document.members.is_empty() {
        // Before any part is done, not at the first member.
        caller.needs(Scope::Vouch)?;
    }
    let given = document.given(how.send_mail);
    let readable: Vec<Given> = given.iter().filter_map(|(_, given)| given.as_ref().ok()?.clone()).collect();
    let carried = carried(&readable);
    if how.preview {
        let foretold = app.preview_import(caller, workspace, readable, &carried).await?;
        return Ok(previewed(given, foretold.into_iter()));
    }
    let (mut results, mut revision, mut failed) = (Vec::with_capacity(given.len()), None, false);
    for (n, (part, given)) in given.into_iter().enumerate() {
        let given = match given {
            Ok(None) => {
                results.push(Outcome::of(part, Kind::Left));
                continue;
            }
            Ok(Some(_)) if failed => Err(not_tried()),
            Ok(Some(given)) => Ok(given),
            Err(problem) => Err(problem),
        };
        let done = match given {
            Ok(given) => app.import(caller, workspace, given, carried.clone(), acting.row(&app, n + 1)).await,
            Err(problem) => {
                results.push(Outcome::refused(part, &problem));
                continue;
            }
        };
        match done {
            Ok(acted) => {
                revision = Some(acted.state.revision);
                let kind = if acted.events.is_empty() { Kind::Same } else { Kind::Done };
                results.push(Outcome { revision, ..Outcome::of(part, kind) });
            }
            Err(error @ AppError::Store(StoreError::NameUsed)) if revision.is_none() => return Err(error.into()),
            Err(error) => {
                let problem = Problem::from(error);
                if problem.status.is_server_error() {
                    failed = true;
                    tracing::error!(code = problem.code, cause = problem.cause, row = n, "a part of an import failed");
                }
                results.push(Outcome::refused(part, &problem));
            }
        }
    }
    let mut answer = JsonAnswer(Results { results }).into_response();
    if let Some(revision) = revision {
        answer.headers_mut().insert(REVISION, HeaderValue::from(revision));
    }
    Ok(answer)
}

/// What would come of each; what was foretold is of those that are to be done, in order.
fn previewed(
    given: Vec<(String, Result<Option<Given>, Problem>)>,
    mut foretold: impl Iterator<Item = Result<bailiwick_app::bulk::Foretold, AppError>>,
) -> Response {
    let results = given.into_iter().filter_map(|(part, given)| match given {
        Ok(None) => Some(Outcome::of(part, Kind::Left)),
        Err(problem) => Some(Outcome::refused(part, &problem)),
        Ok(Some(_)) => Some(match foretold.next()? {
            Ok(Ok((state, preview))) => {
                let kind = if preview.events.is_empty() { Kind::Same } else { Kind::Done };
                Outcome { preview: Some(PreviewBody::of(&state, &preview)), ..Outcome::of(part, kind) }
            }
            Ok(Err(refusal)) => Outcome::refused(part, &refusal.into()),
            Err(error) => Outcome::refused(part, &error.into()),
        }),
    });
    JsonAnswer(Results { results: results.collect() }).into_response()
}
