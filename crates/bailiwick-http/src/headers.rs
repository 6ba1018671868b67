//! What every answer carries, and what every request gets: an id.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use bailiwick_app::App;
use bailiwick_core::ids::encode32;
use tower_http::catch_panic::CatchPanicLayer;

use crate::problem::{MEDIA_TYPE, Problem};

/// The header of a request's id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What answers that are no pages allow a browser to do with them: nothing.
pub const CLOSED_CSP: &str = "default-src 'none'; frame-ancestors 'none'";

/// The id of the request that is being answered.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Puts the headers, the request's id, the reading of paths and the catching of panics around routes. What an
/// answer says itself stays as it is.
pub fn guarded(routes: Router, app: &Arc<App>) -> Router {
    routes
        .layer(from_fn(plain_path))
        .layer(CatchPanicLayer::custom(|_| Problem::internal("a handler panicked").into_response()))
        .layer(from_fn_with_state(Arc::clone(app), around))
}

async fn around(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers()).unwrap_or_else(|| encode32(app.new_id()));
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut answer = next.run(request).await;
    if let Some(problem) = answer.extensions_mut().remove::<Problem>() {
        answer = with_id(&problem, &id, answer);
    }
    let headers = answer.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(X_REQUEST_ID, id);
    }
    fill(headers, app.config.public_url.starts_with("https://"));
    answer
}

/// The problem again, with the request's id in it; a page that a problem was made into stays one.
fn with_id(problem: &Problem, id: &str, given: Response) -> Response {
    if let Some(cause) = &problem.cause {
        tracing::error!(request_id = id, code = problem.code, cause, "a request failed");
    }
    if given.headers().get(header::CONTENT_TYPE).is_none_or(|of| of != MEDIA_TYPE) {
        return given;
    }
    let (mut parts, body) = problem.answer(Some(id)).into_parts();
    for (name, value) in given.headers() {
        if !parts.headers.contains_key(name) && name != header::CONTENT_LENGTH {
            parts.headers.append(name, value.clone());
        }
    }
    Response::from_parts(parts, body)
}

fn fill(headers: &mut HeaderMap, https: bool) {
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "same-origin");
    default(header::CONTENT_SECURITY_POLICY, CLOSED_CSP);
    default(header::CACHE_CONTROL, "no-store");
    default(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    default(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    default(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    );
    if https {
        default(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
}

/// The id that a caller gave, if it is one that can be echoed and logged.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let given = headers.get(X_REQUEST_ID)?.to_str().ok()?;
    let safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    ((1..=64).contains(&given.len()) && given.bytes().all(safe)).then(|| given.to_owned())
}

/// Refuses paths that two readers could read differently (AB-142): empty and dot segments, encoded slashes,
/// backslashes, dots and controls, parameters in segments.
async fn plain_path(request: Request, next: Next) -> Response {
    if is_plain(request.uri().path()) {
        next.run(request).await
    } else {
        Problem::new(StatusCode::BAD_REQUEST, "bad-path", "This path can be read in more than one way.").into_response()
    }
}

fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let encoded = lower.match_indices('%').all(|(at, _)| {
        let code = lower.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        code.is_some_and(|byte| !byte.is_ascii_control() && !matches!(byte, b'/' | b'\\' | b'.' | b'%' | b';'))
    });
    encoded
        && !lower.contains("//")
        && !lower.contains([';', '\\'])
        && !lower.split('/').any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ab142_a_path_that_two_readers_read_differently_is_refused() {
        for good in [
            "/",
            "/v1/workspaces",
            "/v1/workspaces/org%3A7/members",
            "/.well-known/authzen-configuration",
            "/caf%C3%A9",
        ] {
            assert!(is_plain(good), "{good}");
        }
        for bad in [
            "//v1",
            "/v1//workspaces",
            "/v1/../demo",
            "/v1/./me",
            "/v1/%2e%2e/demo",
            "/v1/workspaces/a%2Fb",
            "/v1/a%5cb",
            "/v1/me;x=1",
            "/v1/%00",
            "/v1/%0a",
            "/v1/%252e",
            "/v1/%zz",
            "/v1/%",
            "/v1\\me",
            "/v1/%2",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
    }

    #[test]
    fn only_short_and_safe_request_ids_are_echoed() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, HeaderValue::from_str(text).unwrap());
            request_id(&headers)
        };
        assert_eq!(of("a-1_b.c").as_deref(), Some("a-1_b.c"));
        for bad in ["", "a b", "<script>", &"x".repeat(65)] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
