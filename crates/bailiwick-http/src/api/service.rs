//! The service itself: whether it runs, and the document of its routes.

use std::sync::{Arc, LazyLock};

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use bailiwick_app::{App, AppError};

use crate::problem::Problem;

use super::route::{Route, document, route};

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let text = serde_json::to_string_pretty(&document(&super::table())).unwrap_or_default();
    text + "\n"
});

/// The OpenAPI document, as it is checked in.
pub fn openapi() -> &'static str {
    &DOCUMENT
}

/// The routes of the service itself.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route("GET", "/livez", alive, "isAlive", "Whether the process runs.").open().gives_text("It runs."),
        route("GET", "/readyz", ready, "isReady", "Whether requests are worth sending here.")
            .open()
            .gives_text("They are.")
            .gives_problem(503, "This node is in doubt, or its database does not answer."),
        route("GET", "/openapi.json", show, "getDocument", "This document.").open().gives_object("It."),
    ]
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    match app.ready().await {
        Ok(()) => Ok("ok\n"),
        Err(AppError::Unsure) => Err(AppError::Unsure.into()),
        Err(error) => Err(Problem { cause: Some(error.to_string()), ..AppError::Unsure.into() }),
    }
}

async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")], openapi())
        .into_response()
}
