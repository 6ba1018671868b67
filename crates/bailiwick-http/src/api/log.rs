//! The log of a workspace, newest first.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::response::IntoResponse;
use bailiwick_app::App;
use bailiwick_app::look::Team;
use bailiwick_app::rows::{LogEntry, LogFilter};
use bailiwick_app::webhooks::written_out;
use bailiwick_core::ids::{InvitationId, MemberId, PersonId, ResourceId, TemplateId};
use bailiwick_core::team::command::Actor;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::credentials::Asker;

use super::Answer;
use super::acting::Place;
use super::body::Query;
use super::page::{Limit, Paging};
use super::route::{Route, route};
use super::wire::{Moment, Who};

/// The routes of the log.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v1/workspaces/{workspace}/log", list, "readLog", "What happened, newest first.")
            .query::<Filter>()
            .gives_page::<ChangeBody>("A page of changes."),
    ]
}

/// One change of the workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
struct ChangeBody {
    /// The revision of the workspace by it.
    revision: u64,
    /// When.
    at: Moment,
    /// Who did it.
    actor: Who,
    /// From which address.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    /// What happened.
    events: Vec<EventBody>,
}

/// One event of a change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
struct EventBody {
    /// When.
    at: Moment,
    /// Its kind, such as `member_joined`.
    kind: String,
    /// Its data, as that kind has it; people and addresses by reference.
    #[schema(value_type = Object)]
    data: Value,
}

impl ChangeBody {
    fn of(team: &Team, entry: LogEntry) -> Self {
        Self {
            revision: entry.revision,
            at: Moment(entry.at),
            actor: Who::of(entry.actor, team),
            ip: entry.origin.map(|origin| origin.ip).filter(|ip| !ip.is_empty()),
            events: entry
                .events
                .into_iter()
                .map(|event| EventBody {
                    at: Moment(event.at),
                    kind: event.kind,
                    data: written_out(serde_json::from_str(&event.payload).unwrap_or_default()),
                })
                .collect(),
        }
    }
}

/// The id of something in the workspace: texts of events are not searched, they may hold what a reader may not see.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct About(String);

impl TryFrom<String> for About {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_id = text.parse::<MemberId>().is_ok()
            || text.parse::<InvitationId>().is_ok()
            || text.parse::<TemplateId>().is_ok()
            || text.parse::<ResourceId>().is_ok()
            || text.parse::<PersonId>().is_ok();
        if is_id { Ok(Self(text)) } else { Err("not an id") }
    }
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those by this person.
    #[param(value_type = Option<String>)]
    person: Option<PersonId>,
    /// Only those with an event of this kind.
    kind: Option<String>,
    /// Only those that name this member, person, invitation, template or resource, by id.
    #[param(value_type = Option<String>)]
    about: Option<About>,
    /// Only those from this moment on.
    #[param(value_type = Option<String>)]
    from: Option<Moment>,
    /// Only those before this moment.
    #[param(value_type = Option<String>)]
    until: Option<Moment>,
    /// How many items a page has, 1 to 200; 50 if not given.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Where the page begins: the `next_cursor` of the page before.
    cursor: Option<String>,
    /// The revision of the workspace that the answer must be of, or a later one.
    at_least: Option<u64>,
}

async fn list(
    State(app): State<Arc<App>>,
    Asker(caller): Asker,
    Place(workspace): Place,
    Query(query): Query<Filter>,
) -> Answer {
    let filters = format!("{:?}", (query.person, &query.kind, &query.about, query.from, query.until));
    let of = ["log", &workspace.to_string(), &filters];
    let paging = Paging::of(&of, &caller, query.limit, query.cursor.as_deref())?;
    let filter = LogFilter {
        actor: query.person.map(Actor::Person),
        kinds: query.kind.into_iter().collect(),
        mentions: query.about.map(|About(id)| id).into_iter().collect(),
        before_revision: paging.after().and_then(|at| u64::try_from(at).ok()),
        from: query.from.map(|moment| moment.0),
        until: query.until.map(|moment| moment.0),
        limit: paging.one_more(),
    };
    app.reach(&caller, workspace, query.at_least).await?;
    let (team, entries) = app.log(&caller, workspace, filter).await?;
    let changes = entries.into_iter().map(|entry| (u128::from(entry.revision), ChangeBody::of(&team, entry)));
    Ok(JsonAnswer(paging.page(changes).of_revision(team.state.revision)).into_response())
}
