//! How people and programs reach Bailiwick over HTTP: the pages for people, the APIs for hosts.

pub mod api;
pub mod credentials;
pub mod headers;
pub mod problem;
pub mod ui;
pub mod web;

use std::sync::Arc;

use axum::Router;
use bailiwick_app::App;
use bailiwick_app::mail::sink::Sink;

/// Everything that a server answers. `mailbox` is the demo's.
pub fn router(app: &Arc<App>, mailbox: Option<Arc<Sink>>) -> Router {
    let pages = web::pages(Arc::clone(app), mailbox);
    headers::guarded(api::routes(app).merge(pages), app)
}

/// The API alone: its routes, its headers, and problems for what it does not have.
pub fn api_router(app: &Arc<App>) -> Router {
    headers::guarded(api::routes(app).fallback(api::not_found), app)
}
