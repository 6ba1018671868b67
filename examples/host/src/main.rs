//! A small product: customers with reports. Who is on a customer's team and what each may do is Bailiwick's to say;
//! what this product does for that stands in `bailiwick.rs`.

mod bailiwick;

use std::collections::HashMap;
use std::env::var;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::{Markup, html};
use ring::rand::{SecureRandom, SystemRandom};

use bailiwick::{Away, Bailiwick};

struct Product {
    bailiwick: Bailiwick,
    /// Where browsers find this product.
    url: String,
    /// Who is signed in, by the secret in their browser's cookie.
    sessions: Mutex<HashMap<String, Visitor>>,
}

#[derive(Clone)]
struct Visitor {
    name: String,
    person: String,
    session: String,
}

type Shared = State<Arc<Product>>;

/// What is shown instead of a page.
enum Instead {
    SignIn,
    Refused(StatusCode, &'static str),
}

impl From<Away> for Instead {
    fn from(_: Away) -> Self {
        Self::Refused(StatusCode::SERVICE_UNAVAILABLE, "We cannot look up just now what you may see. Try again soon.")
    }
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn => Redirect::to("/sign-in").into_response(),
            Self::Refused(status, why) => (status, page(&html! { p { (why) } })).into_response(),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind(var("LISTEN").unwrap_or("127.0.0.1:3000".into())).await?;
    let port = listener.local_addr()?.port();
    let url = var("URL").unwrap_or(format!("http://localhost:{port}"));
    let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(2)));
    let bailiwick = Bailiwick { url: var("BAILIWICK_URL")?, key: var("BAILIWICK_KEY")?, agent: config.build().into() };
    println!("serves {url} on 127.0.0.1:{port}");
    let product = Product { bailiwick, url, sessions: Mutex::default() };
    let routes = Router::new()
        .route("/", get(home))
        .route("/customers", post(new_customer))
        .route("/sign-in", get(sign_in))
        .route("/signed-in", get(signed_in))
        .route("/c/{customer}/reports", get(reports))
        .route("/c/{customer}/team", get(team));
    Ok(axum::serve(listener, routes.with_state(Arc::new(product))).await?)
}

async fn home() -> Html<String> {
    page(&html! {
        p { a href="/sign-in" { "Sign in" } }
        form method="post" action="/customers" {
            label { "Company " input name="customer" pattern="[a-z0-9]+" required; }
            label { "Your name " input name="name" required; }
            label { "Your address " input name="email" type="email" required; }
            button { "Begin" }
        }
    })
}

/// Who begins here proves the address by signing in; until then nobody is shown anything.
async fn new_customer(State(product): Shared, body: String) -> Result<Redirect, Instead> {
    let form: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let of = |name: &str| form.get(name).map(|value| value.trim()).unwrap_or_default();
    let customer = slug(of("customer"))?;
    match wait(|| product.bailiwick.new_customer(customer, of("name"), of("email")))? {
        true => Ok(Redirect::to("/sign-in")),
        false => Err(Instead::Refused(StatusCode::CONFLICT, "Take another name, or look at your address.")),
    }
}

/// The state that goes along ties the way back to this browser: nobody is signed in by a link of somebody else's.
async fn sign_in(State(product): Shared) -> Response {
    let state = secret();
    let back = format!("{}/signed-in?state={state}", product.url);
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", &back).finish();
    (cookie("state", &state), Redirect::to(&format!("{}/sign-in?{query}", product.bailiwick.url))).into_response()
}

async fn signed_in(
    State(product): Shared,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, Instead> {
    let (state, code) = (query.get("state"), query.get("code").ok_or(Instead::SignIn)?);
    if state.is_none() || state != cookie_of(&headers, "state").as_ref() {
        return Err(Instead::SignIn);
    }
    let [name, person, session] = wait(|| product.bailiwick.signed_in(code))?.ok_or(Instead::SignIn)?;
    let secret = secret();
    let mut sessions = product.sessions.lock().unwrap_or_else(PoisonError::into_inner);
    sessions.insert(secret.clone(), Visitor { name, person, session });
    Ok((cookie("session", &secret), Redirect::to("/")).into_response())
}

async fn reports(
    State(product): Shared,
    headers: HeaderMap,
    Path(customer): Path<String>,
) -> Result<Html<String>, Instead> {
    let (visitor, customer) = (visitor(&product, &headers)?, slug(&customer)?);
    if !wait(|| product.bailiwick.may(&visitor.person, "analytics:view", customer))? {
        return Err(Instead::Refused(
            StatusCode::FORBIDDEN,
            "You may not see the reports. Ask whoever runs your team.",
        ));
    }
    Ok(page(&html! {
        h1 { "The reports of " (customer) }
        p { "For " (visitor.name) ". " a href={ "/c/" (customer) "/team" } { "Team" } }
    }))
}

/// What they see there is Bailiwick's to say.
async fn team(State(product): Shared, headers: HeaderMap, Path(customer): Path<String>) -> Result<Redirect, Instead> {
    visitor(&product, &headers)?;
    let customer = slug(&customer)?;
    let page = wait(|| product.bailiwick.team_page(customer))?;
    page.map(|page| Redirect::to(&page)).ok_or(Instead::Refused(StatusCode::NOT_FOUND, "There is nothing here."))
}

/// Who is signed in, here and at Bailiwick.
fn visitor(product: &Product, headers: &HeaderMap) -> Result<Visitor, Instead> {
    let secret = cookie_of(headers, "session").ok_or(Instead::SignIn)?;
    let found = product.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(&secret).cloned();
    let visitor = found.ok_or(Instead::SignIn)?;
    if wait(|| product.bailiwick.lives(&visitor.session))? { Ok(visitor) } else { Err(Instead::SignIn) }
}

/// Waits for an answer without holding up others.
fn wait<T>(ask: impl FnOnce() -> Result<T, Away>) -> Result<T, Instead> {
    Ok(tokio::task::block_in_place(ask)?)
}

/// A customer's name in addresses.
fn slug(text: &str) -> Result<&str, Instead> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if plain { Ok(text) } else { Err(Instead::Refused(StatusCode::NOT_FOUND, "There is nothing here.")) }
}

/// 256 bits that nobody guesses.
fn secret() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).expect("the system has randomness");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn cookie(name: &str, value: &str) -> AppendHeaders<[(header::HeaderName, String); 1]> {
    AppendHeaders([(header::SET_COOKIE, format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"))])
}

fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get(header::COOKIE)?.to_str().ok()?;
    all.split("; ").find_map(|cookie| Some(cookie.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}

fn page(body: &Markup) -> Html<String> {
    Html(html! { (maud::DOCTYPE) title { "Reports" } (body) }.into_string())
}
