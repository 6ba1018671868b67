//! A small world: a real service on SQLite in memory, a host, and people with sessions.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use bailiwick_app::App;
use bailiwick_app::app::Parts;
use bailiwick_app::caller::Scope;
use bailiwick_app::clock::Clock;
use bailiwick_app::config::{Config, Limits};
use bailiwick_app::installation::DEFAULT_PRODUCT;
use bailiwick_app::keys::Keys;
use bailiwick_app::mail::sink::Sink;
use bailiwick_app::mail::{Security, Smtp, SmtpConfig, Templates};
use bailiwick_app::nodes::{Alone, Nodes};
use bailiwick_app::random::Random;
use bailiwick_app::rows::{By, Origin};
use bailiwick_core::team::command::Actor;
use bailiwick_core::time::Timestamp;
use bailiwick_store::chain::ChainKey;
use bailiwick_store::sqlite::Sqlite;
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub const URL: &str = "https://team.example.com";

/// The world.
pub struct World {
    pub app: Arc<App>,
    router: Router,
    pub clock: Arc<Clock>,
    /// A host that may do everything.
    pub host: As,
    again: Box<dyn Fn() -> Parts>,
}

/// With what somebody asks.
#[derive(Clone)]
pub enum As {
    Nobody,
    Key(String),
    Cookie(String),
}

/// A person with a session.
#[derive(Clone)]
pub struct Someone {
    pub id: String,
    pub email: String,
    pub by: As,
}

/// An answer, read.
#[derive(Debug)]
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Got {
    /// The status and the problem's code.
    pub fn problem(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or(""))
    }

    pub fn etag(&self) -> String {
        self.headers["etag"].to_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text);
        self.body
    }

    pub fn id(&self) -> String {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text);
        self.body["id"].as_str().unwrap().to_owned()
    }
}

impl World {
    pub async fn start() -> Self {
        Self::start_among(Arc::new(Alone::default())).await
    }

    /// The same, as one of several processes.
    pub async fn start_among(nodes: Arc<dyn Nodes>) -> Self {
        let clock = Arc::new(Clock::by_hand(Timestamp(1_795_500_000_000_000)));
        let keys = Keys::fresh(&Random::system());
        let store = Sqlite::in_memory(ChainKey::new(keys.chain_id, &keys.chain.0)).unwrap();
        let config = Config {
            public_url: URL.into(),
            demo: false,
            support: "support@example.com".into(),
            proxies: Vec::new(),
            limits: Limits::default(),
        };
        let (store, time) = (Arc::new(store), Arc::clone(&clock));
        let again = Box::new(move || Parts {
            store: Arc::<Sqlite>::clone(&store),
            clock: Arc::clone(&time),
            keys: keys.clone(),
            config: config.clone(),
            templates: Templates::with_overrides(None).unwrap(),
        });
        let app = App::start_among(again(), nodes).await.unwrap();
        let models = [
            ("tenant", include_str!("../../../../../models/tenant/model.toml")),
            ("properties", include_str!("../../../../../models/properties/model.toml")),
        ];
        app.ensure(&operator(), "Tidewell", &models).await.unwrap();
        let router = crate::api_router(&app);
        let mut world = Self { app, router, clock, host: As::Nobody, again };
        world.host = world.key(&Scope::ALL).await;
        world
    }

    /// Another process on the same database, which hears nothing of what this one changes.
    pub async fn deaf(&self) -> Router {
        crate::api_router(&App::start((self.again)()).await.unwrap())
    }

    /// One request to another process.
    pub async fn ask_there(&self, there: &Router, by: &As, method: &str, path: &str, body: Value) -> Got {
        Self::request(there, by, method, path, body, &[]).await
    }

    pub async fn key(&self, scopes: &[Scope]) -> As {
        let key = self.app.create_key(&operator(), DEFAULT_PRODUCT, "host", scopes, 30).await.unwrap();
        As::Key(key.token.reveal().to_owned())
    }

    /// A person, vouched for and signed in.
    pub async fn person(&self, name: &str) -> Someone {
        let email = format!("{}@example.com", name.to_lowercase());
        let body = json!({"name": name, "email": email, "external_id": format!("u:{name}")});
        let id = self.ask(&self.host, "POST", "/v1/people", body).await.id();
        let url = self.ask(&self.host, "POST", &format!("/v1/people/{id}/entry"), Value::Null).await.ok();
        let code = url["url"].as_str().unwrap().strip_prefix(&format!("{URL}/enter/")).unwrap().to_owned();
        let origin = Origin { ip: "192.0.2.1".into(), agent: "tests".into() };
        let signed_in = self.app.enter_vouched(&code, &origin).await.unwrap();
        Someone { id, email, by: As::Cookie(signed_in.token.reveal().to_owned()) }
    }

    /// A workspace of a model, and its owner's id for paths.
    pub async fn workspace(&self, model: &str, plan: &str, owner: &Someone) -> String {
        let body = json!({"model": model, "name": format!("The {model}"), "plan": plan, "owner": owner.id});
        self.ask(&self.host, "POST", "/v1/workspaces", body).await.id()
    }

    /// Makes somebody a member by invitation and acceptance; the id of their row.
    pub async fn join(&self, workspace: &str, someone: &Someone, access: Value) -> String {
        let sink = Sink::start(0).await.unwrap();
        let smtp = Smtp::new(&SmtpConfig {
            host: sink.address().ip().to_string(),
            port: sink.address().port(),
            security: Security::None,
            login: None,
            from_name: "Tidewell".into(),
            from_address: "team@tidewell.example".into(),
            hello_name: "localhost".into(),
            extra_root: None,
        })
        .unwrap();
        let body = json!({"invitations": [{"email": someone.email, "access": access}]});
        let path = format!("/v1/workspaces/{workspace}/invitations");
        self.ask(&self.host, "POST", &path, body).await.ok();
        self.app.deliver_due(&smtp).await.unwrap();
        let mail = sink.received().into_iter().rfind(|mail| mail.to.contains(&someone.email)).unwrap();
        let text = String::from_utf8_lossy(&mail.data).replace("=\r\n", "");
        let at = text.find("bwi_").unwrap();
        let token: String = text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let As::Cookie(cookie) = &someone.by else { panic!("nobody") };
        let caller = self.app.session_caller(cookie, None).await.unwrap();
        let acted = self.app.accept(&caller, &token).await.unwrap();
        acted.state.member_of(caller.person().unwrap()).unwrap().0.to_string()
    }

    /// One request; a body that is null is none.
    pub async fn ask(&self, by: &As, method: &str, path: &str, body: Value) -> Got {
        self.ask_with(by, method, path, body, &[]).await
    }

    pub async fn get(&self, by: &As, path: &str) -> Got {
        self.ask(by, "GET", path, Value::Null).await
    }

    /// One request with further headers.
    pub async fn ask_with(&self, by: &As, method: &str, path: &str, body: Value, headers: &[(&str, &str)]) -> Got {
        Self::request(&self.router, by, method, path, body, headers).await
    }

    async fn request(of: &Router, by: &As, method: &str, path: &str, body: Value, headers: &[(&str, &str)]) -> Got {
        let mut request = Request::builder().method(method).uri(path);
        request = match by {
            As::Nobody => request,
            As::Key(key) => request.header("authorization", format!("Bearer {key}")),
            As::Cookie(cookie) => {
                request.header("cookie", format!("__Host-bailiwick={cookie}")).header("sec-fetch-site", "same-origin")
            }
        };
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let typed = headers.iter().any(|(name, _)| *name == "content-type");
        if !typed && (!body.is_null() || method != "GET") {
            request = request.header("content-type", "application/json");
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        Self::sent(of, request.body(body).unwrap()).await
    }

    pub async fn send(&self, request: Request<Body>) -> Got {
        Self::sent(&self.router, request).await
    }

    async fn sent(to: &Router, request: Request<Body>) -> Got {
        let answer = to.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Got { status: parts.status, headers: parts.headers, body, text }
    }
}

pub fn operator() -> By {
    By { actor: Actor::Operator, origin: None }
}
