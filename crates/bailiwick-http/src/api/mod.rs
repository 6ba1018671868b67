//! The API for programs: REST under `/v1`, decisions by OpenID AuthZEN, and the document of both.
//!
//! A handler reads a request, asks one use case, and writes its answer. Hosts and members take the same road.

mod acting;
mod authzen;
mod body;
mod decision;
mod invitations;
mod log;
mod me;
mod members;
mod page;
mod people;
mod preview;
mod resources;
mod route;
mod service;
mod templates;
#[cfg(test)]
mod tests;
mod wire;
mod workspaces;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::Response;
use bailiwick_app::App;

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
        templates::routes(),
        resources::routes(),
        log::routes(),
        people::routes(),
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
        .layer(from_fn(no_secret_in_query))
        .with_state(Arc::clone(app))
}

/// The answer where there is no route.
pub async fn not_found() -> Problem {
    Problem::not_found("no-such-route", "There is nothing at this path.")
}

async fn not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This path does not take this method.")
}
