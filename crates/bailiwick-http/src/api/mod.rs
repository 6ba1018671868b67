//! The API for programs: REST under `/v1`, decisions by OpenID AuthZEN, and the document of both.
//!
//! A handler reads a request, asks one use case, and writes its answer. Hosts and members take the same road.

mod acting;
mod authzen;
mod body;
mod bulk;
mod decision;
mod invitations;
mod log;
mod me;
mod members;
mod page;
mod people;
mod preview;
mod questions;
mod resources;
mod route;
mod service;
mod templates;
#[cfg(test)]
mod tests;
mod transfer;
mod webhooks;
mod wire;
mod workspaces;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bailiwick_app::{App, AppError};

use crate::credentials::no_secret_in_query;
use crate::problem::Problem;

pub use body::BODY_LIMIT;
pub use service::openapi;

/// What a handler comes to.
type Answer = Result<Response, Problem>;

/// Every route, in the order of the document.
fn table() -> Vec<route::Route> {
    [
        workspaces::routes(),
        members::routes(),
        invitations::routes(),
        bulk::routes(),
        transfer::routes(),
        templates::routes(),
        resources::routes(),
        questions::routes(),
        log::routes(),
        people::routes(),
        webhooks::routes(),
        me::routes(),
        authzen::routes(),
        service::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The routes, with neither headers nor an answer for what is none of them.
pub fn routes(app: &Arc<App>) -> Router {
    route::router(table())
        .method_not_allowed_fallback(not_allowed)
        .layer(from_fn(acting::remember_body))
        .layer(from_fn(no_secret_in_query))
        .layer(from_fn_with_state(Arc::clone(app), sure_to_the_end))
        .with_state(Arc::clone(app))
}

/// The answer where there is no route.
pub async fn not_found() -> Problem {
    Problem::not_found("no-such-route", "There is nothing at this path.")
}

/// The last look before an answer leaves: what is read in several steps is only given if the guard held from before the
/// first of them. Decisions look for themselves; what a change came to is said whatever happened since.
async fn sure_to_the_end(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let reads = (request.method() == Method::GET && path.starts_with("/v1/")) || path.starts_with("/access/v1/search/");
    let pass = app.look();
    let answer = next.run(request).await;
    match pass {
        Some(pass) if reads && answer.status().is_success() && !app.holds(&pass) => {
            Problem::from(AppError::Unsure).into_response()
        }
        _ => answer,
    }
}

async fn not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This path does not take this method.")
}
