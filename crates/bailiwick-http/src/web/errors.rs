//! When there is nothing to show: the one place that makes a page of an error.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use bailiwick_app::AppError;
use bailiwick_core::team::refusal::{Class, Refusal};
use bailiwick_store::StoreError;

use super::context::{Context, Web};
use crate::problem::UNSURE_SECONDS;
use crate::ui::form::Refused;
use crate::ui::kit::Link;
use crate::ui::pages::error::{ErrorKind, ErrorView, page};

/// An error on its way to its page.
#[derive(Debug, Clone)]
pub enum PageError {
    /// A use case said no.
    App(AppError),
    /// The form is too old, or came from elsewhere.
    StaleForm,
    /// The form holds what no form of ours sends.
    BadForm,
}

impl PageError {
    /// There is no such page, or this person may not know of it.
    pub fn not_found() -> Self {
        Self::App(Refusal::NoSuchWorkspace.into())
    }
}

impl<E: Into<AppError>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self::App(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        // The words are put in by the layer below, which knows who asks.
        let mut answer = status(&self).into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}

fn status(error: &PageError) -> StatusCode {
    match error {
        PageError::StaleForm => StatusCode::FORBIDDEN,
        PageError::BadForm => StatusCode::BAD_REQUEST,
        PageError::App(AppError::Refused(refusal)) => match refusal.class() {
            Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            // Who may not do it does not learn that it is there (A31).
            Class::Forbidden | Class::NotFound => StatusCode::NOT_FOUND,
            Class::Conflict => StatusCode::CONFLICT,
            Class::Stale => StatusCode::PRECONDITION_FAILED,
        },
        PageError::App(AppError::SignIn(_) | AppError::Invalid { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
        PageError::App(AppError::NotSignedIn) => StatusCode::UNAUTHORIZED,
        PageError::App(AppError::Scope(_) | AppError::Vouched) => StatusCode::FORBIDDEN,
        PageError::App(AppError::Webhook(_)) => StatusCode::NOT_FOUND,
        PageError::App(AppError::TooOften(_)) => StatusCode::TOO_MANY_REQUESTS,
        PageError::App(AppError::Store(StoreError::Unavailable(_) | StoreError::Unknown(_))) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        PageError::App(AppError::Busy | AppError::Unsure) => StatusCode::SERVICE_UNAVAILABLE,
        PageError::App(AppError::Repeated | AppError::NotYet(_) | AppError::Passed) => StatusCode::CONFLICT,
        PageError::App(AppError::Store(StoreError::Fenced { .. })) => StatusCode::SERVICE_UNAVAILABLE,
        PageError::App(AppError::Store(_)) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Puts the page of an error in the place of its bare status. A page is made of several reads: if the guard did not hold
/// from before the first of them, nothing of it is shown.
pub async fn show(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let (headers, uri, get) = (request.headers().clone(), request.uri().clone(), request.method() == "GET");
    let extensions = request.extensions().clone();
    let pass = web.app.look();
    let answer = next.run(request).await;
    if get && answer.status().is_success() && pass.is_some_and(|pass| !web.app.holds(&pass)) {
        return unsure();
    }
    let unknown = answer.status() == StatusCode::NOT_FOUND && answer.extensions().get::<PageError>().is_none();
    let error = match answer.extensions().get::<PageError>() {
        Some(error) => error.clone(),
        None if unknown && !answer.headers().contains_key(header::CONTENT_TYPE) => PageError::not_found(),
        None => return answer,
    };
    if let PageError::App(AppError::NotSignedIn) = error {
        let next = if get { form_urlencoded::byte_serialize(uri.path().as_bytes()).collect() } else { String::new() };
        return Redirect::to(&format!("/sign-in?next={next}")).into_response();
    }
    if let PageError::App(AppError::Unsure) = error {
        // Who asks is not sure either, so there is no shell around it.
        return unsure();
    }
    if let PageError::App(AppError::Store(fenced @ StoreError::Fenced { .. })) = &error {
        tracing::error!(error = %fenced, "a page cannot be shown");
        return unsure();
    }
    let Ok(context) = Context::of(&web, &headers, &uri, &extensions).await else {
        return status(&error).into_response();
    };
    let shell = match context.inside(title(&error)).await {
        Ok(shell) => shell,
        Err(_) => context.outside(title(&error)),
    };
    let view = ErrorView { shell, kind: kind(&context, &error), on: Link::new("Go to your workspaces", "/") };
    let mut shown = (status(&error), context.html(page(&view))).into_response();
    if let PageError::App(AppError::TooOften(seconds)) = error
        && let Ok(value) = seconds.to_string().parse()
    {
        shown.headers_mut().insert(header::RETRY_AFTER, value);
    }
    shown
}

/// The answer while nothing is sure: a sentence, and nothing that anybody may or may not see.
fn unsure() -> Response {
    let wait = [(header::RETRY_AFTER, UNSURE_SECONDS.to_string())];
    (StatusCode::SERVICE_UNAVAILABLE, wait, "This page is not sure to be up to date. Reload it in a moment.\n")
        .into_response()
}

fn title(error: &PageError) -> &'static str {
    match status(error) {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::INTERNAL_SERVER_ERROR => "Something broke",
        _ => "Not done",
    }
}

fn kind(context: &Context, error: &PageError) -> ErrorKind {
    match error {
        PageError::StaleForm => ErrorKind::StaleForm,
        PageError::BadForm => ErrorKind::Refused(said(
            "This form holds something that it should not.",
            "Go back, reload the page and try again.",
        )),
        _ if status(error) == StatusCode::NOT_FOUND => ErrorKind::NotFound,
        PageError::App(error @ AppError::Store(StoreError::Unavailable(_) | StoreError::Unknown(_))) => {
            tracing::warn!(%error, "a page was not made");
            ErrorKind::Refused(refused(error))
        }
        PageError::App(AppError::Store(store)) => {
            let request = context.app().command_id().to_string();
            tracing::error!(%request, error = %store, "a page broke");
            ErrorKind::Broken { request }
        }
        PageError::App(error) => ErrorKind::Refused(refused(error)),
    }
}

/// An error as a block in a form.
pub fn refused(error: &AppError) -> Refused {
    match error {
        AppError::Refused(refusal) => said(&refusal.sentence(), refusal.remedy()),
        AppError::TooOften(seconds) => {
            said("That was too often.", &format!("Wait {} and try again.", super::say::length(i64::from(*seconds))))
        }
        AppError::Store(StoreError::Unavailable(_)) => {
            said("The database cannot be reached; nothing was changed.", "Try again in a moment.")
        }
        AppError::Unsure | AppError::NotYet(_) | AppError::Store(StoreError::Unknown(_)) => {
            said("This page is not sure to be up to date.", "Reload it in a moment.")
        }
        AppError::Busy => said("The server is busy.", "Try again in a moment."),
        AppError::Passed => said("This was changed meanwhile.", "Read it from its beginning."),
        AppError::Repeated => said("This was sent already.", "Reload the page to see what came of it."),
        AppError::Invalid { sentence, .. } => said(sentence, ""),
        AppError::SignIn(refusal) => said(&refusal.to_string(), ""),
        AppError::Vouched => {
            said("A product signed you in, for itself alone.", "Sign out and sign in here to change your account.")
        }
        AppError::NotSignedIn | AppError::Scope(_) | AppError::Webhook(_) | AppError::Store(_) => {
            said("That did not work.", "Reload the page and try again.")
        }
    }
}

fn said(sentence: &str, remedy: &str) -> Refused {
    Refused { sentence: sentence.to_owned(), remedy: remedy.to_owned(), ways: Vec::new() }
}
