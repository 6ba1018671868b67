//! Many changes in one request, with a result for each of them. Each is done of its own, in order: what is refused is
//! refused alone.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bailiwick_app::bulk::{Foretold, Row};
use bailiwick_app::change::{Acted, Invitee};
use bailiwick_app::{App, AppError};
use bailiwick_core::ids::{InvitationId, MemberId, WorkspaceId};
use bailiwick_core::team::command::Command;
use bailiwick_core::team::event::Event;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_store::StoreError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemBody};

use super::Answer;
use super::acting::{Acting, Place, REVISION};
use super::body::{Json, Query};
use super::preview::{Dry, PreviewBody};
use super::route::{Route, route};
use super::wire::{Access, email};

/// The most changes of one request: each waits until it is in force.
const MOST: usize = 100;

/// The routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route(
            "POST",
            "/v1/workspaces/{workspace}/members/bulk",
            members,
            "changeMembers",
            "Changes up to 100 members, one after another; what is refused is refused alone.",
        )
        .query::<Dry>()
        .takes::<Changes>()
        .gives::<Results>(200, "What came of each, in the order of the request; of a preview, what would."),
        route(
            "POST",
            "/v1/workspaces/{workspace}/invitations/bulk",
            invitations,
            "inviteEach",
            "Invites up to 100 people by mail, one after another; what is refused is refused alone.",
        )
        .query::<Dry>()
        .takes::<Invitations>()
        .gives::<Results>(200, "What came of each, in the order of the request; of a preview, what would."),
    ]
}

/// Members to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberChanges, example = json!({"changes": [
    {"change": "suspend", "member": "mem_01hzy3v7w8e9k2m4n6p8q0r2s4"},
    {"change": "access", "member": "mem_01hzy3v7w8e9k2m4n6p8q0r2s5", "access": {"role": "member"}, "version": 7}
]}))]
struct Changes {
    /// Each of them, 1 to 100.
    changes: Vec<Change>,
}

/// A member to change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberChange)]
struct Change {
    /// What.
    change: Kind,
    /// Whom: the id of the row.
    member: String,
    /// What they shall hold, whole; for `access` alone.
    #[serde(default)]
    access: Option<Access>,
    /// The version of the row that was seen; another one is refused.
    #[serde(default)]
    version: Option<u64>,
}

/// What is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MemberChangeKind)]
enum Kind {
    /// What they hold.
    Access,
    /// They are suspended.
    Suspend,
    /// Their suspension ends.
    Reactivate,
    /// They are removed.
    Remove,
}

/// People to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EachInvitation)]
struct Invitations {
    /// Each of them, 1 to 100.
    invitations: Vec<One>,
}

/// A person to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OneInvitation)]
struct One {
    /// The address.
    email: String,
    /// What accepting gives.
    access: Access,
}

/// What came of each.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BulkResults)]
struct Results {
    /// In the order of the request.
    results: Vec<Outcome>,
}

/// What came of one.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = BulkResult)]
struct Outcome {
    /// Whether it is done; of a preview, whether it would be.
    ok: bool,
    /// The invitation that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    invitation: Option<InvitationId>,
    /// A revision of the workspace that it is in: the one that it made, or where it was done before, the newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// What it would do, after those before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<PreviewBody>,
    /// Why it is not done. `not-tried`: one before it failed for no fault of the request, so this one was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemBody>,
}

impl Outcome {
    fn refused(problem: &Problem) -> Self {
        Self { problem: Some(problem.body(None)), ..Self::default() }
    }

    fn foretold(foretold: Foretold) -> Self {
        match foretold {
            Ok((state, preview)) => {
                Self { ok: true, preview: Some(PreviewBody::of(&state, &preview)), ..Self::default() }
            }
            Err(refusal) => Self::refused(&refusal.into()),
        }
    }

    fn done(acted: &Acted) -> Self {
        let invitation = acted.events.iter().find_map(|recorded| match recorded.event {
            Event::InvitationSent { invitation, .. } => Some(invitation),
            _ => None,
        });
        Self { ok: true, invitation, revision: Some(acted.state.revision), ..Self::default() }
    }
}

impl Change {
    /// The command, or what is wrong with it.
    fn command(self) -> Result<Row, Problem> {
        let member: MemberId = self.member.parse().map_err(|_| Problem::from(Refusal::NoSuchMember))?;
        let command = match (self.change, self.access) {
            (Kind::Access, Some(access)) => Command::ChangeAccess { member, access: access.into() },
            (Kind::Suspend, None) => Command::Suspend(member),
            (Kind::Reactivate, None) => Command::Reactivate(member),
            (Kind::Remove, None) => Command::Remove(member),
            _ => return Err(Problem::invalid("access", "`access` stands in a change of `access`, and in no other.")),
        };
        Ok((command, self.version))
    }
}

async fn members(
    State(app): State<Arc<App>>,
    acting: Acting,
    Place(workspace): Place,
    Query(dry): Query<Dry>,
    Json(body): Json<Changes>,
) -> Answer {
    app.enters(&acting.caller, workspace).await?;
    within_bounds(body.changes.len())?;
    let rows: Vec<Result<Row, Problem>> = body.changes.into_iter().map(Change::command).collect();
    if dry.preview {
        let good = rows.iter().filter_map(|row| row.as_ref().ok()).cloned().collect();
        let foretold = app.preview_rows(&acting.caller, workspace, good).await?;
        return Ok(previewed(rows, foretold));
    }
    each(&app, &acting, workspace, rows.into_iter().map(|row| row.map(Work::Change)).collect()).await
}

async fn invitations(
    State(app): State<Arc<App>>,
    acting: Acting,
    Place(workspace): Place,
    Query(dry): Query<Dry>,
    Json(body): Json<Invitations>,
) -> Answer {
    app.enters(&acting.caller, workspace).await?;
    within_bounds(body.invitations.len())?;
    let rows = body.invitations.into_iter();
    let rows = rows.map(|one| Ok(Invitee { email: email(&one.email, "email")?, access: one.access.into() }));
    let rows: Vec<Result<Invitee, Problem>> = rows.collect();
    if dry.preview {
        let good = rows.iter().filter_map(|row| row.as_ref().ok()).cloned().collect();
        let foretold = app.preview_invite_rows(&acting.caller, workspace, good).await?;
        return Ok(previewed(rows, foretold));
    }
    each(&app, &acting, workspace, rows.into_iter().map(|row| row.map(Work::Invite)).collect()).await
}

fn within_bounds(rows: usize) -> Result<(), Refusal> {
    match rows {
        0 => Err(Refusal::NothingNamed),
        1..=MOST => Ok(()),
        _ => Err(Refusal::TooMany(MOST)),
    }
}

/// What would come of each; what was foretold is of those that could be read, in order.
fn previewed<T>(rows: Vec<Result<T, Problem>>, foretold: Vec<Foretold>) -> Response {
    let mut foretold = foretold.into_iter();
    let results = rows.into_iter().filter_map(|row| match row {
        Ok(_) => foretold.next().map(Outcome::foretold),
        Err(problem) => Some(Outcome::refused(&problem)),
    });
    JsonAnswer(Results { results: results.collect() }).into_response()
}

/// One of several.
enum Work {
    Change(Row),
    Invite(Invitee),
}

/// Does one after another.
async fn each(app: &App, acting: &Acting, workspace: WorkspaceId, rows: Vec<Result<Work, Problem>>) -> Answer {
    let (mut results, mut revision, mut failed) = (Vec::with_capacity(rows.len()), None, false);
    for (n, row) in rows.into_iter().enumerate() {
        let row = if failed { Err(not_tried()) } else { row };
        let done = match row {
            Ok(work) => {
                let (caller, id) = (&acting.caller, acting.row(app, n + 1));
                match work {
                    Work::Change((command, seen)) => app.act(caller, workspace, command, seen, id).await,
                    Work::Invite(invitee) => app.invite(caller, workspace, vec![invitee], id).await,
                }
            }
            Err(problem) => {
                results.push(Outcome::refused(&problem));
                continue;
            }
        };
        match done {
            Ok(acted) => {
                revision = Some(acted.state.revision);
                results.push(Outcome::done(&acted));
            }
            // The whole request is another one than that of its name; what was done is told all the same.
            Err(error @ AppError::Store(StoreError::NameUsed)) if revision.is_none() => return Err(error.into()),
            Err(error) => {
                let problem = Problem::from(error);
                if problem.status.is_server_error() {
                    failed = true;
                    tracing::error!(
                        code = problem.code,
                        cause = problem.cause,
                        row = n,
                        "one of several changes failed"
                    );
                }
                results.push(Outcome::refused(&problem));
            }
        }
    }
    let mut answer = JsonAnswer(Results { results }).into_response();
    if let Some(revision) = revision {
        answer.headers_mut().insert(REVISION, HeaderValue::from(revision));
    }
    Ok(answer)
}

fn not_tried() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "not-tried",
        "One before it failed for no fault of the request, so this one was left.",
    )
    .with_remedy("Send the request again under the same idempotency key.")
}
