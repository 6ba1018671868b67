//! Forms as they arrive: closed input, and from this site alone.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, header};
use bailiwick_app::AppError;
use bailiwick_core::ids::CommandId;
use bailiwick_core::team::refusal::{Class, Refusal};

use super::context::{Context, Web};
use super::errors::PageError;
use crate::ui::form::{FieldError, Problems};

/// A form that was posted by a page of this site.
pub struct Form {
    /// The request around it.
    pub context: Context,
    /// Whether it asks what would happen, and nothing else.
    pub preview: bool,
    fields: Vec<(String, String)>,
}

/// What every form carries beside its own fields.
const COMMON: [&str; 3] = ["csrf", "version", "command"];

impl FromRequest<Arc<Web>> for Form {
    type Rejection = PageError;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let context = Context::from_request_parts(&mut parts, web).await?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(PageError::BadForm);
        }
        let bytes =
            Bytes::from_request(Request::from_parts(parts.clone(), body), web).await.map_err(|_| PageError::BadForm)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| PageError::BadForm)?;
        let fields: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        if fields.iter().any(|(_, v)| v.contains('\0')) {
            return Err(PageError::BadForm);
        }
        let preview = parts.uri.query() == Some("preview");
        let form = Self { context, preview, fields };
        form.check_sender(&parts.headers)?;
        Ok(form)
    }
}

impl Form {
    /// Fetch metadata first, then Origin, then the token (DEFAULTS).
    fn check_sender(&self, headers: &HeaderMap) -> Result<(), PageError> {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        let ours = match (text("sec-fetch-site"), text("origin")) {
            (Some("same-origin" | "none"), _) => true,
            (Some(_), origin) => self.context.app().config.demo && origin.is_some_and(|o| self.is_demo_origin(o)),
            (None, Some(origin)) => self.is_own_origin(origin),
            (None, None) => self.get("csrf").is_ok_and(|token| self.context.token_fits(token)),
        };
        if ours { Ok(()) } else { Err(PageError::StaleForm) }
    }

    fn is_own_origin(&self, origin: &str) -> bool {
        origin == self.context.app().config.public_url
            || (self.context.app().config.demo && self.is_demo_origin(origin))
    }

    /// In the demo each person has a host name of their own below `localhost`; the list of people is on `localhost`.
    fn is_demo_origin(&self, origin: &str) -> bool {
        let host = |of: &str| of.strip_prefix("http://").map(str::to_owned);
        let (Some(from), Some(port)) = (host(origin), self.context.host.rsplit(':').next()) else { return false };
        from.split(':').nth(1) == Some(port)
            && from.split(':').next().is_some_and(|name| name == "localhost" || name.ends_with(".localhost"))
    }

    /// Refuses a field that this form does not have; a name that ends in `-` allows all that begin with it.
    pub fn only(&self, names: &[&str]) -> Result<(), PageError> {
        let known = |field: &str| {
            COMMON.contains(&field) || names.iter().any(|n| *n == field || (n.ends_with('-') && field.starts_with(n)))
        };
        if self.fields.iter().all(|(name, _)| known(name)) { Ok(()) } else { Err(PageError::BadForm) }
    }

    /// A field that is there at most once; empty if it is not.
    pub fn get(&self, name: &str) -> Result<&str, PageError> {
        let mut found = self.fields.iter().filter(|(n, _)| n == name);
        let value = found.next().map_or("", |(_, v)| v.as_str());
        if found.next().is_some() { Err(PageError::BadForm) } else { Ok(value) }
    }

    /// A field that may be there several times.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }

    /// Fields whose names begin so: what follows, and the value.
    pub fn beginning<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.fields.iter().filter_map(move |(n, v)| Some((n.strip_prefix(prefix)?, v.as_str())))
    }

    /// The version of the object that the page showed.
    pub fn version(&self) -> Result<Option<u64>, PageError> {
        match self.get("version")? {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| PageError::BadForm),
        }
    }

    /// The id that makes a repeated post one change.
    pub fn command(&self) -> Result<CommandId, PageError> {
        match self.get("command")? {
            "" => Ok(self.context.app().command_id()),
            text => text.parse().map_err(|_| PageError::BadForm),
        }
    }
}

/// What was wrong, for the form to say; what is not the person's to mend goes on as it is.
pub fn problems(error: PageError, field: &str) -> Result<Problems, PageError> {
    let PageError::App(app) = &error else { return Err(error) };
    match app {
        AppError::Refused(Refusal::NotAllowed(_)) => Err(error),
        AppError::Refused(refusal) if refusal.class() == Class::NotFound => Err(error),
        AppError::SignIn(refusal) => Ok(one(field, &refusal.to_string())),
        AppError::Invalid { field, sentence } => Ok(one(field, sentence)),
        AppError::Refused(_)
        | AppError::TooOften(_)
        | AppError::Busy
        | AppError::Repeated
        | AppError::Passed
        | AppError::Vouched => Ok(Problems { errors: Vec::new(), refusal: Some(super::errors::refused(app)) }),
        AppError::NotSignedIn
        | AppError::Unsure
        | AppError::NotYet(_)
        | AppError::Scope(_)
        | AppError::Webhook(_)
        | AppError::Store(_) => Err(error),
    }
}

/// One field that is wrong.
pub fn one(field: &str, sentence: &str) -> Problems {
    Problems { errors: vec![FieldError { field: field.to_owned(), sentence: sentence.to_owned() }], refusal: None }
}
