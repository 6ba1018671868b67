//! The one place that makes HTTP of errors: RFC 9457 problems with the stable codes of the core.
//!
//! An internal failure says its code and the request's id and nothing else; the cause goes to the log (AB-166).

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bailiwick_app::AppError;
use bailiwick_app::error::{SignInRefusal, WebhookRefusal};
use bailiwick_core::team::refusal::{Class, Refusal};
use bailiwick_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

/// What the answer of a problem is called.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// How long to wait when the server is busy, in seconds.
const BUSY_SECONDS: u32 = 2;
/// How long to wait when the server is not sure, in seconds.
pub(crate) const UNSURE_SECONDS: u32 = 1;

/// A problem, as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// The stable code, for programs.
    pub code: &'static str,
    /// What is wrong, in a sentence.
    pub detail: String,
    /// What to do about it; empty where nothing helps.
    pub remedy: &'static str,
    /// The field that it is about.
    pub field: Option<String>,
    /// The object's version now.
    pub version: Option<u64>,
    /// What it is about, a line each.
    pub details: Vec<String>,
    /// Seconds to wait.
    pub retry_after: Option<u32>,
    /// For the log, never for the answer.
    pub cause: Option<String>,
}

/// A problem as JSON.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, description = "Why not (RFC 9457): a stable code, a sentence, and what to do about it.",
    example = json!({
        "type": "/problems/no-seat-left", "title": "No seat left", "status": 409, "code": "no-seat-left",
        "detail": "No seat is free: 3 of 3 are taken, 1 more is needed.",
        "remedy": "Remove somebody, add seats where the plan has them, or choose a larger plan.",
        "request_id": "01hzy3v7w8e9k2m4n6p8q0r2s4"
    }))]
pub(crate) struct ProblemBody {
    /// `/problems/` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The code in words.
    title: String,
    /// The status of the answer.
    status: u16,
    /// The stable code, for programs.
    code: &'static str,
    /// What is wrong, in a sentence for people.
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(required = false)]
    remedy: &'static str,
    /// The field of the request that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The version of the object now, where the caller saw another.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// What it is about, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    details: Vec<String>,
    /// The id of the request, to find it in the log of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Problem {
    /// A problem of HTTP itself.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            remedy: "",
            field: None,
            version: None,
            details: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// A request that cannot be read.
    pub fn unreadable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// There is no such thing, or the caller may not know of it.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// A value that cannot be, in a field.
    pub fn invalid(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-value", detail) }
    }

    /// A failure inside; the cause goes to the log.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something failed inside. Whether anything was saved can be seen by looking again.",
            )
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn with_remedy(self, remedy: &'static str) -> Self {
        Self { remedy, ..self }
    }

    /// The problem as JSON.
    pub(crate) fn body(&self, request_id: Option<&str>) -> ProblemBody {
        ProblemBody {
            kind: format!("/problems/{}", self.code),
            title: title(self.code),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.clone(),
            remedy: self.remedy,
            field: self.field.clone(),
            version: self.version,
            details: self.details.clone(),
            request_id: request_id.map(str::to_owned),
        }
    }

    /// The answer, with the id of the request in it.
    pub fn answer(&self, request_id: Option<&str>) -> Response {
        let body = serde_json::to_vec(&self.body(request_id)).unwrap_or_default();
        let mut answer = Response::new(Body::from(body));
        *answer.status_mut() = self.status;
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"bailiwick\""));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

/// The answer keeps the problem beside it, so that a layer can write the request's id into it, or a page around it.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut answer = self.answer(None);
        answer.extensions_mut().insert(self);
        answer
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refusal) => refusal.into(),
            AppError::SignIn(refusal) => refusal.into(),
            AppError::NotSignedIn => Self::new(
                StatusCode::UNAUTHORIZED,
                "not-signed-in",
                "Nobody is signed in, or the credential is not one.",
            )
            .with_remedy("Sign in, or send a key as `Authorization: Bearer`."),
            AppError::Scope(scope) => Self {
                details: vec![scope.to_owned()],
                ..Self::new(
                    StatusCode::FORBIDDEN,
                    "scope-missing",
                    format!("This key does not have the scope `{scope}`."),
                )
                .with_remedy("Use a key that has it.")
            },
            AppError::Vouched => Self::new(
                StatusCode::FORBIDDEN,
                "session-of-a-product",
                "A product signed this person in, for itself alone.",
            )
            .with_remedy("Sign in here to change an account."),
            AppError::Webhook(refusal) => refusal.into(),
            AppError::Invalid { field, sentence } => Self::invalid(field, sentence),
            AppError::TooOften(seconds) => Self {
                retry_after: Some(seconds),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too-often", format!("Too often; wait {seconds} seconds."))
            },
            AppError::Busy => Self {
                retry_after: Some(BUSY_SECONDS),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much at once; nothing was changed.")
                    .with_remedy("Try again soon.")
            },
            AppError::Unsure => Self {
                retry_after: Some(UNSURE_SECONDS),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unsure",
                    "This node is not sure to be up to date. What was to be changed may have been.",
                )
                .with_remedy("Ask again, under the same idempotency key if it was a change.")
            },
            AppError::NotYet(revision) => Self {
                retry_after: Some(UNSURE_SECONDS),
                ..Self::new(
                    StatusCode::CONFLICT,
                    "not-yet",
                    format!("The workspace is at revision {revision}; `at_least` asks for a later one."),
                )
                .with_remedy("Ask again, or for a revision that was given by an answer.")
            },
            AppError::Passed => Self::new(
                StatusCode::CONFLICT,
                "revision-passed",
                "The workspace was changed since the page before this one.",
            )
            .with_remedy("Ask again from the first page; a larger page needs fewer of them."),
            AppError::Repeated => {
                Self::new(StatusCode::CONFLICT, "repeated", "This was done before, by the same idempotency key.")
            }
            AppError::Store(error @ StoreError::Unavailable(_)) => Self {
                retry_after: Some(UNSURE_SECONDS),
                cause: Some(error.to_string()),
                ..Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "The database cannot be reached; nothing was changed.",
                )
                .with_remedy("Try again soon.")
            },
            AppError::Store(StoreError::NameUsed) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "This idempotency key was used here before, for a request with another body. Nothing was changed.",
            )
            .with_remedy("Send the request as it was, or under another key."),
            // Another node, of a newer release, may understand what this one does not.
            AppError::Store(error @ (StoreError::Unknown(_) | StoreError::Fenced { .. })) => {
                Self { cause: Some(error.to_string()), ..AppError::Unsure.into() }
            }
            AppError::Store(error) => Self::internal(error.to_string()),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.class() {
            Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Class::Forbidden => StatusCode::FORBIDDEN,
            Class::NotFound => StatusCode::NOT_FOUND,
            Class::Conflict => StatusCode::CONFLICT,
            Class::Stale => StatusCode::PRECONDITION_FAILED,
        };
        let mut problem = Self::new(status, refusal.code(), refusal.sentence()).with_remedy(refusal.remedy());
        match refusal {
            Refusal::EditedMeanwhile(version) => problem.version = Some(version),
            Refusal::ExceedsOwnAccess(lines)
            | Refusal::InTheWay(lines)
            | Refusal::ConfirmGains(lines)
            | Refusal::CannotExpress(lines) => {
                problem.details = lines;
            }
            _ => {}
        }
        problem
    }
}

impl From<WebhookRefusal> for Problem {
    fn from(refusal: WebhookRefusal) -> Self {
        let (status, remedy) = match refusal {
            WebhookRefusal::NoSuchWebhook => (StatusCode::NOT_FOUND, ""),
            WebhookRefusal::NoSuchDelivery => (StatusCode::NOT_FOUND, "Read the log from the webhook's deliveries."),
            WebhookRefusal::TooMany => (StatusCode::CONFLICT, "Delete one that is not needed any more."),
            WebhookRefusal::Disabled => (StatusCode::CONFLICT, "Enable it first."),
        };
        Self::new(status, refusal.code(), refusal.to_string()).with_remedy(remedy)
    }
}

impl From<SignInRefusal> for Problem {
    fn from(refusal: SignInRefusal) -> Self {
        let (status, field) = match refusal {
            SignInRefusal::WrongPassword => (StatusCode::UNAUTHORIZED, None),
            SignInRefusal::DeadLink | SignInRefusal::OtherBrowser => (StatusCode::GONE, None),
            SignInRefusal::PasswordTooShort | SignInRefusal::PasswordTooLong | SignInRefusal::PasswordCommon => {
                (StatusCode::UNPROCESSABLE_ENTITY, Some("password"))
            }
            SignInRefusal::AccountExists => (StatusCode::CONFLICT, None),
            SignInRefusal::NameNeeded => (StatusCode::UNPROCESSABLE_ENTITY, Some("name")),
        };
        Self { field: field.map(str::to_owned), ..Self::new(status, refusal.code(), refusal.to_string()) }
    }
}

/// `no-seat-left` is "No seat left".
fn title(code: &str) -> String {
    bailiwick_core::access::say::capital(&code.replace('-', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Vec<Refusal> {
        use bailiwick_core::ids::ResourceId;
        let s = || "x".to_owned();
        vec![
            Refusal::NotAllowed("x"),
            Refusal::RoleOutOfReach(s()),
            Refusal::ExceedsOwnAccess(vec![s()]),
            Refusal::NotYours,
            Refusal::NoSuchWorkspace,
            Refusal::NoSuchMember,
            Refusal::NoSuchInvitation,
            Refusal::NoSuchTemplate,
            Refusal::NoSuchResource,
            Refusal::UnknownRole(s()),
            Refusal::UnknownPermission(s()),
            Refusal::UnknownLevel(s()),
            Refusal::UnknownToggle(s()),
            Refusal::UnknownPlan(s()),
            Refusal::UnknownKind(s()),
            Refusal::ResourceNamedTwice(ResourceId(1)),
            Refusal::RoleTakesNoTemplate(s()),
            Refusal::RoleTakesNoDirect(s()),
            Refusal::ToggleNotSwitchable(s(), s()),
            Refusal::RoleTakesNoLevels(s()),
            Refusal::LevelAboveRole(s(), s()),
            Refusal::LevelsNeeded(s()),
            Refusal::TemplateNeeded(s()),
            Refusal::TemplateInUse(s()),
            Refusal::OneResource(s()),
            Refusal::ResourceFixed,
            Refusal::AllAndEach,
            Refusal::NotGrantable(s()),
            Refusal::OwnerNotOffered(s()),
            Refusal::BadName("x"),
            Refusal::BadTime,
            Refusal::NothingNamed,
            Refusal::TooMany(1),
            Refusal::NameTaken(s()),
            Refusal::AlreadyMember,
            Refusal::MemberSuspended,
            Refusal::AlreadyInvited,
            Refusal::AddressNamedTwice,
            Refusal::AddressTaken,
            Refusal::RoleNotInPlan(s(), s()),
            Refusal::NoSeatLeft(1, 1, 1),
            Refusal::LastOwner(s()),
            Refusal::OwnerFixed(s()),
            Refusal::NoTransfer(s()),
            Refusal::TargetNotActive,
            Refusal::NoSuspension,
            Refusal::InvitationExpired,
            Refusal::InvitationClosed,
            Refusal::WrongAddress,
            Refusal::SenderLostRight,
            Refusal::NoExtraSeats(s()),
            Refusal::InTheWay(vec![s()]),
            Refusal::CannotExpress(vec![s()]),
            Refusal::ConfirmGains(vec![s()]),
            Refusal::EditedMeanwhile(3),
            Refusal::IdTaken,
        ]
    }

    #[test]
    fn every_refusal_is_a_problem_under_its_own_code() {
        let problems: Vec<Problem> = samples().into_iter().map(Problem::from).collect();
        for code in Refusal::CODES {
            let problem = problems.iter().find(|p| p.code == *code).unwrap_or_else(|| panic!("{code} has no sample"));
            assert!(problem.status.is_client_error(), "{code}");
            assert_ne!(problem.status, StatusCode::BAD_REQUEST, "{code}: the request could be read");
            let body = serde_json::to_value(problem.body(Some("r1"))).unwrap();
            assert_eq!(body["type"], format!("/problems/{code}"));
            assert_eq!(body["request_id"], "r1");
            assert!(!body["title"].as_str().unwrap().is_empty() && !body["detail"].as_str().unwrap().is_empty());
        }
        assert_eq!(Problem::from(Refusal::EditedMeanwhile(3)).version, Some(3));
    }

    #[test]
    fn ab166_a_failure_inside_says_its_code_and_nothing_of_the_cause() {
        let error = AppError::Store(StoreError::Database("disk at /var/lib/x of user postgres".into()));
        let problem = Problem::from(error);
        let body = serde_json::to_string(&problem.body(Some("r1"))).unwrap();
        assert_eq!((problem.status.as_u16(), problem.code), (500, "internal"));
        assert!(!body.contains("disk") && !body.contains("postgres"), "{body}");
        assert!(problem.cause.unwrap().contains("disk"));
        for (error, code) in [
            (StoreError::Unavailable("host db-7 does not answer".into()), "unavailable"),
            (StoreError::Unknown("host db-7 went away".into()), "unsure"),
        ] {
            let problem = Problem::from(AppError::Store(error));
            assert_eq!((problem.status.as_u16(), problem.code), (503, code));
            assert!(problem.cause.as_ref().unwrap().contains("db-7"));
            assert!(!serde_json::to_string(&problem.body(Some("r1"))).unwrap().contains("db-7"));
        }
    }

    #[test]
    fn waits_and_credentials_have_their_headers() {
        let answer = Problem::from(AppError::TooOften(7)).into_response();
        assert_eq!(answer.headers()[header::RETRY_AFTER], "7");
        let unsure = Problem::from(AppError::Unsure);
        assert_eq!((unsure.status.as_u16(), unsure.code), (503, "unsure"));
        assert_eq!(unsure.into_response().headers()[header::RETRY_AFTER], "1");
        let fenced = StoreError::Fenced { line: "a workspace".into(), why: "an unknown kind".into() };
        let fenced = Problem::from(AppError::Store(fenced));
        assert_eq!((fenced.status.as_u16(), fenced.code), (503, "unsure"));
        let answer = Problem::from(AppError::NotSignedIn).into_response();
        assert!(answer.headers().contains_key(header::WWW_AUTHENTICATE));
        assert_eq!(Problem::from(AppError::Scope("read")).status, StatusCode::FORBIDDEN);
    }
}
