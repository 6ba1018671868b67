//! A request that changes something: who, under which name it can be repeated, which version was seen; and where.

use std::str::FromStr;
use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bailiwick_app::caller::Who;
use bailiwick_app::change::Acted;
use bailiwick_app::look::{Shown, Team};
use bailiwick_app::secret::sha256;
use bailiwick_app::{App, Caller};
use bailiwick_core::ids::{CommandId, InvitationId, MemberId, ResourceId, TemplateId, WorkspaceId};
use bailiwick_core::team::command::Command;
use bailiwick_core::team::refusal::Refusal;
use serde::Serialize;

use crate::credentials::Asker;
use crate::problem::Problem;

use super::body::{read, tree};
use super::preview::PreviewBody;

/// Of which revision the workspace is by a change: what a later question can ask for as `at_least`.
pub(super) const REVISION: &str = "bailiwick-revision";
/// The header of the idempotency key.
const KEY: &str = "idempotency-key";
/// The longest idempotency key.
const KEY_LIMIT: usize = 128;

/// What a changing request says besides its body.
pub(super) struct Acting {
    /// Who.
    pub caller: Caller,
    /// The command's id: the same for a repeat under the same idempotency key.
    pub command: CommandId,
    /// The version that the caller saw (`If-Match`).
    pub seen: Option<u64>,
    named: bool,
}

impl FromRequestParts<Arc<App>> for Acting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Asker(caller) = Asker::from_request_parts(parts, app).await?;
        let key = idempotency_key(&parts.headers)?;
        let said = parts.extensions.get::<Said>().copied().unwrap_or_default();
        let command = key.map(|key| command_of(&caller, parts.method.as_str(), parts.uri.path(), key, said));
        let seen = if_match(&parts.headers)?;
        Ok(Self { caller, command: command.unwrap_or_else(|| app.command_id()), seen, named: key.is_some() })
    }
}

/// What came of a changing request.
pub(super) enum Outcome {
    /// It was only looked at.
    Previewed(PreviewBody),
    /// It was done.
    Done(Acted, Team),
}

impl Outcome {
    /// The preview, or the answer for what was done.
    pub fn or(self, answer: impl FnOnce(&Acted, &Team) -> Result<Response, Problem>) -> Result<Response, Problem> {
        match self {
            Self::Previewed(preview) => Ok(JsonAnswer(preview).into_response()),
            Self::Done(acted, team) => Ok(at_revision(&acted, answer(&acted, &team)?)),
        }
    }

    /// The preview, or an answer without a body.
    pub fn or_nothing(self) -> Result<Response, Problem> {
        self.or(|_, _| Ok(StatusCode::NO_CONTENT.into_response()))
    }
}

impl Acting {
    /// Runs a command, or looks at what it would do.
    pub async fn run(
        &self,
        app: &App,
        workspace: WorkspaceId,
        command: Command,
        preview: bool,
    ) -> Result<Outcome, Problem> {
        if preview {
            let (state, preview) = app.previewed(&self.caller, workspace, command, self.seen).await?;
            return Ok(Outcome::Previewed(PreviewBody::of(&state, &preview)));
        }
        let shown = Shown::by(&command);
        let acted = app.act(&self.caller, workspace, command, self.seen, self.command).await?;
        self.done(app, acted, &shown).await
    }

    /// What was done, with names of whom the answer shows where the caller may see them.
    pub async fn done(&self, app: &App, acted: Acted, shown: &Shown) -> Result<Outcome, Problem> {
        let team = app.after(&self.caller, &acted, shown).await?;
        Ok(Outcome::Done(acted, team))
    }

    /// The id of one of several commands that are said together, counted from 1.
    pub fn row(&self, app: &App, row: usize) -> CommandId {
        match u16::try_from(row) {
            Ok(row) if self.named => self.command.row(row),
            _ => app.command_id(),
        }
    }

    /// The id of a thing to be made: the same for a repeat, so that its answer can show the same thing.
    pub fn new_id(&self, app: &App) -> u128 {
        if self.named { id_of(&[b"made by", &self.command.bytes()]) } else { app.new_id() }
    }
}

/// 128 bits that stand for the parts in this order.
fn id_of(parts: &[&[u8]]) -> u128 {
    // Lengths in front, so that no text can pass for another split of it (AB-008).
    let bytes: Vec<u8> = parts
        .iter()
        .flat_map(|part| (part.len() as u64).to_be_bytes().into_iter().chain(part.iter().copied()))
        .collect();
    u128::from_be_bytes(sha256(&bytes)[..16].try_into().unwrap_or_default())
}

/// What stands for the body of a request that can be repeated.
#[derive(Debug, Clone, Copy, Default)]
struct Said(u128);

impl Said {
    /// The same for the same JSON, in whatever order and with whatever spaces; no body says as much as an empty object.
    fn by(body: &[u8]) -> Self {
        let written =
            if body.is_empty() { Some("{}".to_owned()) } else { tree(body).ok().map(|tree| tree.to_string()) };
        Self(id_of(&[written.as_ref().map_or(body, String::as_bytes)]))
    }
}

/// Looks at the body of a request that can be repeated, before anything is done: under a name that was used, only the
/// same one is a repeat.
pub(super) async fn remember_body(request: Request, next: Next) -> Response {
    if !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match read(&parts.headers, body).await {
        Ok(bytes) => {
            parts.extensions.insert(Said::by(&bytes));
            next.run(Request::from_parts(parts, bytes.into())).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn command_of(caller: &Caller, method: &str, path: &str, key: &str, said: Said) -> CommandId {
    let credential = match &caller.who {
        Who::Person { session, .. } => session.to_string(),
        Who::Host { key, .. } => key.to_string(),
        Who::Operator => String::new(),
    };
    let name = id_of(&[credential.as_bytes(), method.as_bytes(), path.as_bytes(), key.as_bytes()]);
    CommandId::named(name, said.0)
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut all = headers.get_all(KEY).into_iter();
    let Some(first) = all.next() else { return Ok(None) };
    let key = first.to_str().ok().filter(|key| (1..=KEY_LIMIT).contains(&key.len()) && all.next().is_none());
    key.map(Some).ok_or_else(|| {
        Problem::unreadable("bad-idempotency-key", "An idempotency key has 1 to 128 visible ASCII characters.")
    })
}

fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let mut all = headers.get_all(header::IF_MATCH).into_iter();
    let Some(first) = all.next() else { return Ok(None) };
    if first.as_bytes() == b"*" && all.next().is_none() {
        return Ok(None);
    }
    let digits = first.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"'));
    let plain = digits.filter(|d| !d.starts_with('0') && d.bytes().all(|b| b.is_ascii_digit()));
    plain.and_then(|d| d.parse().ok()).filter(|_| all.next().is_none()).map(Some).ok_or_else(|| {
        Problem::unreadable("bad-if-match", "`If-Match` holds one version as it was given, such as `\"7\"`.")
    })
}

/// The answer to a change, with the revision that the workspace is at by it.
pub(super) fn at_revision(acted: &Acted, mut answer: Response) -> Response {
    answer.headers_mut().insert(REVISION, HeaderValue::from(acted.state.revision));
    answer
}

/// An object with its version as `ETag`.
pub(super) fn tagged<T: Serialize>(status: StatusCode, version: u64, body: T) -> Response {
    let mut answer = (status, JsonAnswer(body)).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

/// An object that was made, with where it is.
pub(super) fn created<T: Serialize>(location: &str, version: u64, body: T) -> Response {
    let mut answer = tagged(StatusCode::CREATED, version, body);
    if let Ok(location) = HeaderValue::from_str(location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    answer
}

/// The workspace of a path: an id, or `ext:` and the host's own id for it.
pub(super) struct Place(pub WorkspaceId);

/// An object of a workspace, of a path.
pub(super) struct PlaceOf<T>(pub WorkspaceId, pub T);

/// An id in a path: what is no id answers like one that nothing has.
pub(super) trait InPath: FromStr {
    /// There is no such object.
    const MISSING: Refusal;
}

impl InPath for MemberId {
    const MISSING: Refusal = Refusal::NoSuchMember;
}
impl InPath for InvitationId {
    const MISSING: Refusal = Refusal::NoSuchInvitation;
}
impl InPath for TemplateId {
    const MISSING: Refusal = Refusal::NoSuchTemplate;
}
impl InPath for ResourceId {
    const MISSING: Refusal = Refusal::NoSuchResource;
}

impl FromRequestParts<Arc<App>> for Place {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Asker(caller) = Asker::from_request_parts(parts, app).await?;
        let reference = param(parts, app, 0).await.ok_or(Refusal::NoSuchWorkspace)?;
        let is_id = |text: &str| text.parse::<WorkspaceId>().is_ok();
        let plain = match reference.strip_prefix("ext:") {
            Some(external) => (!is_id(external)).then_some(external),
            None => is_id(&reference).then_some(reference.as_str()),
        };
        Ok(Self(app.workspace_id(&caller, plain.ok_or(Refusal::NoSuchWorkspace)?).await?))
    }
}

impl<T: InPath> FromRequestParts<Arc<App>> for PlaceOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Place(workspace) = Place::from_request_parts(parts, app).await?;
        let object = param(parts, app, 1).await.and_then(|text| text.parse().ok()).ok_or(T::MISSING)?;
        Ok(Self(workspace, object))
    }
}

/// A parameter of the path, decoded; `None` if it is not UTF-8.
pub(super) async fn param(parts: &mut Parts, app: &Arc<App>, at: usize) -> Option<String> {
    let all = RawPathParams::from_request_parts(parts, app).await.ok()?;
    all.iter().nth(at).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn if_match_is_one_version_or_any() {
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
        assert_eq!(if_match(&with("if-match", &["*"])).unwrap(), None);
        assert_eq!(if_match(&with("if-match", &["\"7\""])).unwrap(), Some(7));
        for bad in [
            vec!["7"],
            vec!["W/\"7\""],
            vec!["\"7\", \"8\""],
            vec!["\"\""],
            vec!["\"-1\""],
            vec!["\"07\""],
            vec!["\"18446744073709551616\""],
            vec!["\"7\"", "\"7\""],
            vec!["\"x\""],
        ] {
            assert!(if_match(&with("if-match", &bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_idempotency_key_names_one_command_of_one_credential_at_one_place() {
        let says = |method, path, key, body: &str| {
            command_of(&Caller::operator(), method, path, key, Said::by(body.as_bytes()))
        };
        let of = |method, path, key| says(method, path, key, "").namesakes();
        assert_eq!(of("POST", "/a", "k"), of("POST", "/a", "k"));
        assert_ne!(of("POST", "/a", "k"), of("PUT", "/a", "k"));
        assert_ne!(of("POST", "/a", "k"), of("POST", "/b", "k"));
        assert_ne!(of("POST", "/a", "k"), of("POST", "/ak", ""));
        // The same said is the same command, another is a namesake.
        let body = |text| says("POST", "/a", "k", text);
        assert_eq!(body(r#"{"a":1,"b":{"c":2,"d":3}}"#), body(r#" { "b" : {"d":3, "c":2}, "a" : 1 } "#));
        assert_eq!(body(""), body("{}"));
        assert_ne!(body(r#"{"a":1}"#), body(r#"{"a":2}"#));
        assert_eq!(body(r#"{"a":1}"#).namesakes(), body("{").namesakes());
        assert!(idempotency_key(&with("idempotency-key", &["k"])).unwrap().is_some());
        let long = "k".repeat(129);
        for bad in [vec![""], vec![long.as_str()], vec!["a", "b"]] {
            assert!(idempotency_key(&with("idempotency-key", &bad)).is_err(), "{bad:?}");
        }
    }
}
