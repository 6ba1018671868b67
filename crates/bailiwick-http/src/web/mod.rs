//! The handlers of the pages: from a request to a use case, from its result to a view. No rules here.

mod access;
mod account;
mod audit;
mod context;
mod demo;
mod edit;
mod errors;
mod forms;
mod gates;
mod home;
mod invitation;
mod invite;
mod member;
mod outcome;
mod resources;
mod say;
mod team;
mod templates;

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bailiwick_app::App;
use bailiwick_app::mail::sink::Sink;

pub use context::Web;

use crate::ui;

/// The pages of a service.
pub fn pages(app: Arc<App>, mailbox: Option<Arc<Sink>>) -> Router {
    let web = Arc::new(Web { app, mailbox });
    let team = Router::new()
        .route("/", get(home::home))
        .route("/leave", get(home::leaving).post(home::leave))
        .route("/team", get(team::team))
        .route("/team/invite", get(invite::form).post(invite::send))
        .route("/team/invitations/{invitation}/edit", get(edit::invitation_form).post(edit::save_invitation))
        .route("/team/invitations/{invitation}/resend", post(edit::resend))
        .route("/team/invitations/{invitation}/cancel", get(edit::cancelling).post(edit::cancel))
        .route("/team/{member}", get(member::panel))
        .route("/team/{member}/edit", get(edit::member_form).post(edit::save_member))
        .route("/team/{member}/role", post(edit::save_role))
        .route("/team/{member}/remove", get(edit::removing).post(edit::remove))
        .route("/team/{member}/suspend", get(edit::suspending).post(edit::suspend))
        .route("/team/{member}/reactivate", post(edit::reactivate))
        .route("/templates", get(templates::list))
        .route("/templates/new", get(templates::new_form).post(templates::create))
        .route("/templates/{template}", get(templates::form).post(templates::save))
        .route("/templates/{template}/delete", get(templates::deleting).post(templates::delete))
        .route("/resources", get(resources::list))
        .route("/resources/new", get(resources::new_form).post(resources::create))
        .route("/resources/{resource}/rename", get(resources::form).post(resources::rename))
        .route("/resources/{resource}/delete", get(resources::deleting).post(resources::delete))
        .route("/resources/{resource}/levels", get(resources::reach))
        .route("/audit", get(audit::log));
    let mut router = Router::new()
        .route("/", get(home::workspaces))
        .route("/sign-in", get(gates::sign_in_form).post(gates::sign_in))
        .route("/sign-in/link", post(gates::ask_link))
        .route("/sign-in/link/{token}", get(gates::link_opened).post(gates::use_link))
        .route("/sign-out", post(gates::sign_out))
        .route("/enter/{code}", get(gates::vouched).post(gates::enter))
        .route("/invitations/{token}", get(invitation::arrive))
        .route("/invitation", get(invitation::show))
        .route("/invitation/sign-up", post(invitation::sign_up))
        .route("/invitation/sign-in", post(invitation::sign_in))
        .route("/invitation/link", post(invitation::ask_link))
        .route("/invitation/accept", post(invitation::accept))
        .route("/invitation/switch", post(invitation::switch))
        .route("/invitation/decline", get(invitation::declining).post(invitation::decline))
        .route("/account", get(account::account))
        .route("/account/name", post(account::rename))
        .route("/account/sessions/{session}/end", post(account::end_session))
        .route("/account/sessions/end-others", post(account::end_others))
        .nest("/w/{workspace}", team);
    if web.app.config.demo {
        router = router.route("/demo", get(demo::demo)).route("/demo/sign-in/{person}", post(demo::sign_in));
    }
    router
        .fallback(nothing)
        .with_state(Arc::clone(&web))
        .layer(middleware::from_fn_with_state(web, errors::show))
        .route("/assets/{file}", get(asset))
}

/// What nobody answers: a problem for programs, a page for people.
async fn nothing(uri: Uri) -> Response {
    let path = uri.path();
    if ["/v1/", "/access/", "/.well-known/"].iter().any(|api| path.starts_with(api)) {
        return crate::api::not_found().await.into_response();
    }
    errors::PageError::not_found().into_response()
}

/// A style sheet or picture of the pages.
async fn asset(Path(file): Path<String>) -> Response {
    let path = format!("/assets/{file}");
    match ui::assets().iter().find(|a| a.path == path) {
        Some(asset) => {
            let cache = (header::CACHE_CONTROL, "public, max-age=300");
            ([(header::CONTENT_TYPE, asset.content_type), cache], asset.bytes).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
