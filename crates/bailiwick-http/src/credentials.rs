//! Who asks: a host by its key, or a person by the session cookie. Nothing else of a request says who (AB-111).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bailiwick_app::caller::Who;
use bailiwick_app::{App, AppError, Caller};
use bailiwick_core::ids::ProductId;
use bailiwick_store::rows::Origin;

use crate::problem::Problem;

/// The session cookie where the public address is `https`.
pub const COOKIE_HTTPS: &str = "__Host-bailiwick";
/// The session cookie where it is not.
pub const COOKIE_HTTP: &str = "bailiwick";

/// Whoever asks, a host or a person.
#[derive(Debug, Clone)]
pub struct Asker(pub Caller);

/// A host, by its key.
#[derive(Debug, Clone)]
pub struct Host {
    /// The caller.
    pub caller: Caller,
    /// Its product.
    pub product: ProductId,
}

/// A person, by a session.
#[derive(Debug, Clone)]
pub struct Person(pub Caller);

impl FromRequestParts<Arc<App>> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let origin = origin(&parts.headers, &parts.extensions, &app.config.proxies);
        let caller = if parts.headers.contains_key(header::AUTHORIZATION) {
            Caller { origin: Some(origin), ..app.host_caller(bearer(&parts.headers)?)? }
        } else {
            let cookie = session_cookie(&parts.headers, is_https(app)).ok_or(AppError::NotSignedIn)?;
            let caller = app.session_caller(cookie, Some(origin)).await?;
            from_our_own_pages(parts, &app.config.public_url)?;
            caller
        };
        let asker = Self(caller);
        parts.extensions.insert(asker.clone());
        Ok(asker)
    }
}

impl FromRequestParts<Arc<App>> for Host {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Asker(caller) = Asker::from_request_parts(parts, app).await?;
        match caller.who {
            Who::Host { product, .. } => Ok(Self { caller, product }),
            _ => Err(hosts_only()),
        }
    }
}

/// What only a host asks, with its key.
pub fn hosts_only() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "hosts-only", "This is asked by hosts, with a key.")
}

impl FromRequestParts<Arc<App>> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Asker(caller) = Asker::from_request_parts(parts, app).await?;
        match caller.who {
            Who::Person { .. } => Ok(Self(caller)),
            _ => Err(Problem::new(StatusCode::FORBIDDEN, "people-only", "This is asked by people who are signed in.")),
        }
    }
}

/// Whether the public address is `https`.
pub fn is_https(app: &App) -> bool {
    app.config.public_url.starts_with("https://")
}

/// The name of the session cookie.
pub fn cookie_name(https: bool) -> &'static str {
    if https { COOKIE_HTTPS } else { COOKIE_HTTP }
}

/// The value of the session cookie.
pub fn session_cookie(headers: &HeaderMap, https: bool) -> Option<&str> {
    cookie(headers, cookie_name(https))
}

/// The value of a cookie. Two cookies of one name are none: one of them may have been planted (AB-088).
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(of, _)| *of == name)
        .map(|(_, value)| value);
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

/// The key of an `Authorization` header; one header, one scheme.
fn bearer(headers: &HeaderMap) -> Result<&str, AppError> {
    let mut all = headers.get_all(header::AUTHORIZATION).into_iter();
    let (Some(only), None) = (all.next(), all.next()) else { return Err(AppError::NotSignedIn) };
    let (scheme, key) = only.to_str().ok().and_then(|line| line.split_once(' ')).ok_or(AppError::NotSignedIn)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(key) } else { Err(AppError::NotSignedIn) }
}

/// Refuses what a foreign page could make a browser send with the cookie: a changing request that is not from our
/// own origin, or is no JSON.
fn from_our_own_pages(parts: &Parts, public_url: &str) -> Result<(), Problem> {
    if matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    if !same_origin(&parts.headers, public_url) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "foreign-origin",
            "With a session cookie this is only taken from the pages of this service.",
        ));
    }
    if parts.method != Method::DELETE && !is_json(&parts.headers) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            "With a session cookie only `Content-Type: application/json` is taken.",
        ));
    }
    Ok(())
}

/// Whether a changing request comes from our own origin, as the browser says. Where it says nothing, it does not.
pub fn same_origin(headers: &HeaderMap, public_url: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return headers.get_all("sec-fetch-site").into_iter().count() == 1
            && matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() == public_url.trim_end_matches('/').as_bytes())
}

/// Whether a request says that its body is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let mut all = headers.get_all(header::CONTENT_TYPE).into_iter();
    let (Some(only), None) = (all.next(), all.next()) else { return false };
    let Ok(text) = only.to_str() else { return false };
    let (media, rest) = text.split_once(';').unwrap_or((text, ""));
    let charset = rest.trim();
    media.trim().eq_ignore_ascii_case("application/json")
        && (charset.is_empty() || charset.replace(['"', ' '], "").eq_ignore_ascii_case("charset=utf-8"))
}

/// Where a request came from, for the log: the peer, or who a proxy of ours says it speaks for.
pub fn origin(headers: &HeaderMap, extensions: &Extensions, proxies: &[IpAddr]) -> Origin {
    const AGENT: usize = 200;
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip().to_canonical());
    let ip = peer.map(|peer| forwarded(headers, peer, proxies));
    let agent = headers.get(header::USER_AGENT).map(|a| String::from_utf8_lossy(a.as_bytes()).into_owned());
    Origin {
        ip: ip.map(|ip| ip.to_string()).unwrap_or_default(),
        agent: agent.unwrap_or_default().chars().filter(|c| !c.is_control()).take(AGENT).collect(),
    }
}

/// The rightmost address that is not a proxy of ours; what stands left of it anyone can write (AB-167).
fn forwarded(headers: &HeaderMap, peer: IpAddr, proxies: &[IpAddr]) -> IpAddr {
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").into_iter().map(|line| line.to_str().unwrap_or("?")).collect();
    let mut seen = peer;
    for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
        if !proxies.contains(&seen) {
            break;
        }
        let Ok(before) = hop.trim().parse::<IpAddr>() else { break };
        seen = before.to_canonical();
    }
    seen
}

/// Refuses secrets in query strings, without repeating them (AB-108).
pub(crate) async fn no_secret_in_query(request: Request, next: Next) -> Response {
    if has_secret(request.uri()) {
        return Problem::unreadable("secret-in-query", "A key or token is not taken from an address.")
            .with_remedy("Send it as `Authorization: Bearer`, and replace it: addresses are logged on their way.")
            .into_response();
    }
    next.run(request).await
}

fn has_secret(uri: &Uri) -> bool {
    const PREFIXES: [&str; 5] = ["bwk_", "bws_", "bwi_", "bwl_", "bwc_"];
    const NAMES: [&str; 5] = ["access_token", "api_key", "apikey", "authorization", "token"];
    let secret = |text: &str| PREFIXES.iter().any(|prefix| text.contains(prefix));
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .any(|(name, value)| secret(&name) || secret(&value) || NAMES.iter().any(|n| name.eq_ignore_ascii_case(n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in of {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let of = |lines: &[(&'static str, &str)]| session_cookie(&headers(lines), true).map(str::to_owned);
        assert_eq!(of(&[("cookie", "a=b; __Host-bailiwick=x")]).as_deref(), Some("x"));
        assert_eq!(of(&[("cookie", "__Host-bailiwick=x; __Host-bailiwick=y")]), None);
        assert_eq!(of(&[("cookie", "__Host-bailiwick=x"), ("cookie", "__Host-bailiwick=x")]), None);
        assert_eq!(of(&[("cookie", "bailiwick=x")]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn only_our_own_pages_change_anything_with_a_cookie() {
        let ours = "https://team.example.com";
        for (given, taken) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "none")], true),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "cross-site"), ("origin", ours)], false),
            (vec![("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
            (vec![("origin", ours)], true),
            (vec![("origin", "null")], false),
            (vec![("origin", "https://team.example.com.evil.io")], false),
            (vec![("origin", "http://team.example.com")], false),
            (vec![], false),
        ] {
            assert_eq!(same_origin(&headers(&given), ours), taken, "{given:?}");
        }
    }

    #[test]
    fn ab111_forwarded_addresses_are_believed_from_our_proxies_and_from_the_right() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let client: IpAddr = "192.0.2.7".parse().unwrap();
        let chain = headers(&[("x-forwarded-for", "1.1.1.1, 192.0.2.7")]);
        assert_eq!(forwarded(&chain, proxy, &[proxy]), client);
        assert_eq!(forwarded(&chain, client, &[proxy]), client);
        assert_eq!(forwarded(&headers(&[("x-forwarded-for", "nonsense")]), proxy, &[proxy]), proxy);
        assert_eq!(forwarded(&headers(&[("x_forwarded_for", "1.1.1.1")]), proxy, &[proxy]), proxy);
    }

    #[test]
    fn ab108_secrets_in_queries_are_seen_in_any_spelling() {
        for bad in ["/v1/me?key=bwk_x", "/v1/me?x=%62wk_1", "/v1/me?bwk_1", "/v1/me?access_token=1", "/v1/me?Token="] {
            assert!(has_secret(&bad.parse().unwrap()), "{bad}");
        }
        assert!(!has_secret(&"/v1/me?q=ann&limit=3".parse().unwrap()));
    }

    #[test]
    fn one_header_of_one_scheme_is_a_key() {
        assert_eq!(bearer(&headers(&[("authorization", "Bearer bwk_x")])).unwrap(), "bwk_x");
        for bad in [
            vec![("authorization", "Basic x")],
            vec![("authorization", "bwk_x")],
            vec![("authorization", "Bearer a"), ("authorization", "Bearer b")],
        ] {
            assert!(bearer(&headers(&bad)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn json_is_json_in_utf8() {
        for (text, is) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("Application/JSON;charset=\"UTF-8\"", true),
            ("text/plain", false),
            ("application/json; charset=utf-16", false),
            ("application/jsonp", false),
        ] {
            assert_eq!(is_json(&headers(&[("content-type", text)])), is, "{text}");
        }
    }
}
