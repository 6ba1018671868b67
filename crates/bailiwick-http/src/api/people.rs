//! People, as hosts speak of them: vouched for, let in, handed over, and whether their session lives.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use bailiwick_app::caller::Scope;
use bailiwick_app::host::Vouched;
use bailiwick_app::rows::{PersonCard, SessionRow};
use bailiwick_app::{App, AppError, Caller};
use bailiwick_core::ids::{PersonId, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::credentials::Host;
use crate::problem::Problem;

use super::Answer;
use super::acting::param;
use super::body::{Json, NoBody, Nothing, Query};
use super::route::{Route, route};
use super::wire::{Moment, email};

/// The routes of people.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route(
            "POST",
            "/v1/people",
            vouch,
            "putPerson",
            "Makes sure of a person whom the host vouches for: found by the host's own id or the address, or made.",
        )
        .by_hosts()
        .takes::<VouchedBody>()
        .gives::<PersonBody>(200, "The person."),
        route("GET", "/v1/people/{person}", read, "getPerson", "A person whom the host has a reason to know.")
            .by_hosts()
            .gives::<PersonBody>(200, "The person."),
        route(
            "POST",
            "/v1/people/{person}/entry",
            enter,
            "enterPerson",
            "A link that signs this person in, once, within a minute, in the browser that opens it.",
        )
        .by_hosts()
        .gives::<EntryBody>(201, "The link. It is shown this once."),
        route(
            "POST",
            "/v1/sessions/exchange",
            exchange,
            "exchangeCode",
            "What the code stands for that a person was sent back with. It works once, within a minute.",
        )
        .by_hosts()
        .takes::<CodeBody>()
        .gives::<Exchanged>(200, "The person and their session."),
        route("GET", "/v1/sessions/{session}", session, "getSession", "A session, if it lives.")
            .by_hosts()
            .gives::<SessionBody>(200, "It lives."),
    ]
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person)]
pub(super) struct PersonBody {
    /// Their id.
    #[schema(value_type = String, example = "per_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    id: PersonId,
    /// Their name.
    name: String,
    /// Their address.
    email: String,
}

impl From<PersonCard> for PersonBody {
    fn from(card: PersonCard) -> Self {
        Self { id: card.person, name: card.name, email: card.email }
    }
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionBody {
    /// Its id, which opens nothing.
    #[schema(value_type = String, example = "ses_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    id: SessionId,
    /// Whose.
    #[schema(value_type = String, example = "per_01hzy3v7w8e9k2m4n6p8q0r2s4")]
    person: PersonId,
    /// When it began.
    created_at: Moment,
    /// When it ends, whatever happens; unused it ends sooner.
    expires_at: Moment,
}

impl From<SessionRow> for SessionBody {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.session,
            person: row.person,
            created_at: Moment(row.created_at),
            expires_at: Moment(row.expires_at),
        }
    }
}

/// The person of a reference: an id, or `ext:` and the host's own id; `None`: nobody.
pub(super) async fn find(app: &App, caller: &Caller, reference: &str) -> Result<Option<PersonId>, AppError> {
    match plain(reference) {
        Some(reference) => app.person_of(caller, reference).await,
        None => Ok(None),
    }
}

/// What the use cases read: an id as it is, the host's own without `ext:`.
fn plain(reference: &str) -> Option<&str> {
    let is_id = |text: &str| text.parse::<PersonId>().is_ok();
    match reference.strip_prefix("ext:") {
        Some(external) => (!is_id(external)).then_some(external),
        None => is_id(reference).then_some(reference),
    }
}

fn nobody() -> Problem {
    Problem::not_found("no-such-person", "There is no such person.")
}

pub(super) fn no_session() -> Problem {
    Problem::not_found("no-such-session", "There is no such session, or it has ended.")
}

/// A part of the path as it stands there.
pub(super) struct Named(pub String);

impl FromRequestParts<Arc<App>> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        param(parts, app, 0).await.map(Self).ok_or_else(nobody)
    }
}

/// A person whom the host vouches for: it has proven the address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VouchedPerson)]
struct VouchedBody {
    /// The host's own id.
    #[serde(default)]
    external_id: Option<String>,
    /// The address.
    email: String,
    /// The name.
    name: String,
}

async fn vouch(
    State(app): State<Arc<App>>,
    host: Host,
    Query(Nothing {}): Query<Nothing>,
    Json(body): Json<VouchedBody>,
) -> Answer {
    let vouched = Vouched { external_id: body.external_id, email: email(&body.email, "email")?, name: body.name };
    let card = app.put_person(&host.caller, vouched).await?;
    Ok(JsonAnswer(PersonBody::from(card)).into_response())
}

async fn read(
    State(app): State<Arc<App>>,
    host: Host,
    Named(person): Named,
    Query(Nothing {}): Query<Nothing>,
) -> Answer {
    let card = app.known_person(&host.caller, plain(&person).ok_or_else(nobody)?).await?.ok_or_else(nobody)?;
    Ok(JsonAnswer(PersonBody::from(card)).into_response())
}

/// A link that signs somebody in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Entry)]
struct EntryBody {
    /// Where to send the person's browser.
    url: String,
}

async fn enter(
    State(app): State<Arc<App>>,
    host: Host,
    Named(person): Named,
    Query(Nothing {}): Query<Nothing>,
    _: NoBody,
) -> Answer {
    host.caller.needs(Scope::Vouch)?;
    let person = find(&app, &host.caller, &person).await?.ok_or_else(nobody)?;
    let code = app.vouch(&host.caller, person).await.map_err(|error| match error {
        // The key is one; it is the person who is not there.
        AppError::NotSignedIn => nobody(),
        other => other.into(),
    })?;
    let url = app.config.link(&format!("/enter/{}", code.reveal()));
    Ok((StatusCode::CREATED, JsonAnswer(EntryBody { url })).into_response())
}

/// A one-time code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Code)]
struct CodeBody {
    /// The code, `bwc_…`.
    code: String,
}

/// What a code stands for.
#[derive(Debug, Serialize, ToSchema)]
struct Exchanged {
    /// Who.
    person: PersonBody,
    /// Their session here, to ask later whether it lives.
    session: SessionBody,
}

async fn exchange(
    State(app): State<Arc<App>>,
    host: Host,
    Query(Nothing {}): Query<Nothing>,
    Json(body): Json<CodeBody>,
) -> Answer {
    let exchanged = app.exchange(&host.caller, &body.code).await?;
    let body = Exchanged { person: exchanged.card.into(), session: exchanged.session.into() };
    Ok(JsonAnswer(body).into_response())
}

async fn session(
    State(app): State<Arc<App>>,
    host: Host,
    Named(session): Named,
    Query(Nothing {}): Query<Nothing>,
) -> Answer {
    host.caller.needs(Scope::Vouch)?;
    let id = session.parse().map_err(|_| no_session())?;
    let row = app.session_lives(&host.caller, id).await?.ok_or_else(no_session)?;
    Ok(JsonAnswer(SessionBody::from(row)).into_response())
}
