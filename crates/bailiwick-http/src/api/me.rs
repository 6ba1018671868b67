//! Who asks, and what is theirs.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use bailiwick_app::caller::Who;
use bailiwick_app::{App, AppError};
use bailiwick_core::ids::{KeyId, MemberId, ProductId, WorkspaceId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::credentials::{Asker, Person};

use super::Answer;
use super::body::{NoBody, Nothing, Query};
use super::people::{Named, PersonBody, SessionBody, no_session};
use super::route::{Route, route};

/// The routes of who asks.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/v1/me", me, "getMe", "Who asks: a person, or a host's key.").gives::<Me>(200, "Who."),
        route("GET", "/v1/me/workspaces", workspaces, "listMyWorkspaces", "The workspaces that the person is in.")
            .by_people()
            .gives_list::<MyWorkspace>(200, "All of them."),
        route(
            "GET",
            "/v1/me/sessions",
            sessions,
            "listMySessions",
            "The person's own sessions that live, newest first.",
        )
        .by_people()
        .gives_list::<SessionBody>(200, "All of them."),
        route("DELETE", "/v1/me/sessions/{session}", end, "endMySession", "Ends a session of the person's own.")
            .by_people()
            .gives_nothing("It opens nothing any more."),
    ]
}

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Me {
    /// A person.
    Person(PersonBody),
    /// A host.
    Host(HostBody),
}

/// A host, by its key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Host)]
struct HostBody {
    /// The key's id.
    #[schema(value_type = String)]
    key: KeyId,
    /// Its product.
    #[schema(value_type = String)]
    product: ProductId,
    /// What it may do.
    scopes: Vec<&'static str>,
}

/// A workspace that a person is in.
#[derive(Debug, Serialize, ToSchema)]
struct MyWorkspace {
    /// The workspace.
    #[schema(value_type = String)]
    workspace: WorkspaceId,
    /// Its name.
    name: String,
    /// The person's row in it.
    #[schema(value_type = String)]
    member: MemberId,
}

#[derive(Serialize)]
struct All<T> {
    items: Vec<T>,
}

async fn me(State(app): State<Arc<App>>, Asker(caller): Asker, Query(Nothing {}): Query<Nothing>) -> Answer {
    let me = match &caller.who {
        Who::Host { key, product, scopes } => Me::Host(HostBody {
            key: *key,
            product: *product,
            scopes: scopes.iter().map(|scope| scope.name()).collect(),
        }),
        _ => Me::Person(app.me(&caller).await?.into()),
    };
    Ok(JsonAnswer(me).into_response())
}

async fn workspaces(State(app): State<Arc<App>>, Person(caller): Person, Query(Nothing {}): Query<Nothing>) -> Answer {
    let all = app.my_workspaces(&caller).await?;
    let items = all.into_iter().map(|m| MyWorkspace { workspace: m.workspace, name: m.name, member: m.member });
    Ok(JsonAnswer(All { items: items.collect() }).into_response())
}

async fn sessions(State(app): State<Arc<App>>, Person(caller): Person, Query(Nothing {}): Query<Nothing>) -> Answer {
    let items: Vec<SessionBody> = app.own_sessions(&caller).await?.into_iter().map(Into::into).collect();
    Ok(JsonAnswer(All { items }).into_response())
}

async fn end(
    State(app): State<Arc<App>>,
    Person(caller): Person,
    Named(session): Named,
    Query(Nothing {}): Query<Nothing>,
    _: NoBody,
) -> Answer {
    let id = session.parse().map_err(|_| no_session())?;
    app.end_session(&caller, id).await.map_err(|error| match error {
        // Somebody is signed in; it is the session that is not theirs.
        AppError::NotSignedIn => no_session(),
        other => other.into(),
    })?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
