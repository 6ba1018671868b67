//! The service itself: whether it runs, and the document of its routes.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};

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
        route("GET", "/readyz", alive, "isReady", "Whether it answers requests.").open().gives_text("It does."),
        route("GET", "/openapi.json", show, "getDocument", "This document.").open().gives_object("It."),
    ]
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")], openapi())
        .into_response()
}
