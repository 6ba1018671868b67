//! A small world: a real service, a host, and people with sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

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
use bailiwick_app::mail::Templates;
use bailiwick_app::nodes::{Alone, Nodes, Shared};
use bailiwick_app::random::Random;
use bailiwick_app::rows::{By, Origin};
use bailiwick_core::ids::{CommandId, ProductId};
use bailiwick_core::node::Terms;
use bailiwick_core::team::command::Actor;
use bailiwick_core::time::Timestamp;
use bailiwick_store::chain::ChainKey;
use bailiwick_store::postgres::{Options, Postgres};
use bailiwick_store::rows::{LineId, ProductRow, Row};
use bailiwick_store::sqlite::Sqlite;
use bailiwick_store::{Store, StoreError, Tx};
use bailiwick_testkit::Database;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::post::Post;

pub const URL: &str = "https://team.example.com";

/// What a world runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// SQLite in memory.
    Sqlite,
    /// One node on PostgreSQL.
    OneNode,
    /// Three nodes on PostgreSQL; each request goes to the next of them.
    ThreeNodes,
}

/// Makes a test of a function that takes a world, for each backend: `name::on_sqlite`, `on_one_node`, `on_three_nodes`.
macro_rules! on_every_backend {
    ($name:ident) => {
        mod $name {
            use crate::api::tests::world::{Backend, World};

            async fn on(backend: Backend) {
                if let Some(world) = World::on(backend, stringify!($name)).await {
                    super::$name(world).await;
                }
            }

            #[tokio::test]
            async fn on_sqlite() {
                on(Backend::Sqlite).await;
            }

            #[tokio::test]
            async fn on_one_node() {
                on(Backend::OneNode).await;
            }

            #[tokio::test]
            async fn on_three_nodes() {
                on(Backend::ThreeNodes).await;
            }
        }
    };
}
pub(super) use on_every_backend;

/// The world.
pub struct World {
    /// One process, or several on one database.
    nodes: Vec<(Arc<App>, Router)>,
    turn: AtomicUsize,
    pub clock: Arc<Clock>,
    /// A host that may do everything.
    pub host: As,
    again: Box<dyn Fn() -> Parts>,
    /// Last: it goes when nobody uses it any more.
    _database: Option<Database>,
}

/// What processes of one installation have in common.
struct Common {
    clock: Arc<Clock>,
    keys: Keys,
}

impl Common {
    fn new() -> Self {
        let clock = Arc::new(Clock::by_hand(Timestamp(1_795_500_000_000_000)));
        Self { clock, keys: Keys::fresh(&Random::system()) }
    }

    fn chain(&self) -> ChainKey {
        ChainKey::new(self.keys.chain_id, &self.keys.chain.0)
    }

    fn parts(&self, store: Arc<dyn Store>) -> Parts {
        let config = Config {
            public_url: URL.into(),
            demo: false,
            support: "support@example.com".into(),
            proxies: Vec::new(),
            outbound: vec!["127.0.0.0/8".parse().unwrap()],
            limits: Limits::default(),
        };
        Parts {
            store,
            clock: Arc::clone(&self.clock),
            keys: self.keys.clone(),
            config,
            templates: Templates::with_overrides(None).unwrap(),
        }
    }
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
    /// One on SQLite.
    pub async fn start() -> Self {
        Self::start_among(Arc::new(Alone::default())).await
    }

    /// The same, as one of several processes.
    pub async fn start_among(nodes: Arc<dyn Nodes>) -> Self {
        let common = Common::new();
        let store: Arc<dyn Store> = Arc::new(Sqlite::in_memory(common.chain()).unwrap());
        another_product(&*store).await;
        let app = App::start_among(common.parts(Arc::clone(&store)), nodes).await.unwrap();
        Self::of(vec![app], common, store, None).await
    }

    /// One for a test; `None`, said aloud, where what it is to run on is not installed.
    pub async fn on(backend: Backend, test: &str) -> Option<Self> {
        let count = match backend {
            Backend::Sqlite => return Some(Self::start().await),
            Backend::OneNode => 1,
            Backend::ThreeNodes => 3,
        };
        let database = Database::prepared(test, migrate)?;
        let common = Common::new();
        let url = database.url();
        let open = async || Arc::new(Postgres::open(&url, common.chain(), &Options::default()).await.unwrap());
        another_product(&*open().await).await;
        let mut apps = Vec::new();
        for n in 0..count {
            let node = Shared::new(format!("node {n}"), Terms::of(LEASE));
            let app = App::start_shared(common.parts(open().await), node).await.unwrap();
            let sure = async {
                while app.ready().await.is_err() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(LEASE * 4, sure).await.expect("a node becomes ready");
            apps.push(app);
        }
        let store = open().await;
        Some(Self::of(apps, common, store, Some(database)).await)
    }

    async fn of(apps: Vec<Arc<App>>, common: Common, store: Arc<dyn Store>, database: Option<Database>) -> Self {
        let models = [
            ("tenant", include_str!("../../../../../models/tenant/model.toml")),
            ("properties", include_str!("../../../../../models/properties/model.toml")),
            ("chatbots", include_str!("../../../../../models/chatbots/model.toml")),
            ("profiles", include_str!("../../../../../models/profiles/model.toml")),
            ("agents", include_str!("../../../../../models/agents/model.toml")),
        ];
        apps[0].ensure(&operator(), "Tidewell", &models).await.unwrap();
        let clock = Arc::clone(&common.clock);
        let nodes = apps.into_iter().map(|app| (Arc::clone(&app), crate::api_router(&app))).collect();
        let again = Box::new(move || common.parts(Arc::clone(&store)));
        let (turn, host) = (AtomicUsize::new(0), As::Nobody);
        let mut world = Self { nodes, turn, clock, host, again, _database: database };
        world.host = world.key(&Scope::ALL).await;
        world
    }

    /// The next process.
    fn node(&self) -> &(Arc<App>, Router) {
        &self.nodes[self.turn.fetch_add(1, Relaxed) % self.nodes.len()]
    }

    /// The service, in the next process.
    pub fn app(&self) -> &Arc<App> {
        &self.node().0
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
        self.key_of(DEFAULT_PRODUCT, scopes).await
    }

    /// A host of another product that may do everything there.
    pub async fn stranger(&self) -> As {
        self.key_of(ANOTHER_PRODUCT, &Scope::ALL).await
    }

    async fn key_of(&self, product: ProductId, scopes: &[Scope]) -> As {
        let key = self.app().create_key(&operator(), product, "host", scopes, 30).await.unwrap();
        As::Key(key.token.reveal().to_owned())
    }

    /// A person, vouched for and signed in.
    pub async fn person(&self, name: &str) -> Someone {
        let email = format!("{}@example.com", name.to_lowercase());
        let body = json!({"name": name, "email": email, "external_id": format!("u:{name}")});
        let id = self.ask(&self.host, "POST", "/v1/people", body).await.id();
        let by = self.session(&id).await;
        Someone { id, email, by }
    }

    /// A session for a person, whom the host vouches for.
    pub async fn session(&self, id: &str) -> As {
        let url = self.ask(&self.host, "POST", &format!("/v1/people/{id}/entry"), Value::Null).await.ok();
        let code = url["url"].as_str().unwrap().strip_prefix(&format!("{URL}/enter/")).unwrap().to_owned();
        let origin = Origin { ip: "192.0.2.1".into(), agent: "tests".into() };
        let signed_in = self.app().enter_vouched(&code, &origin).await.unwrap();
        As::Cookie(signed_in.token.reveal().to_owned())
    }

    /// A workspace of a model, and its owner's id for paths.
    pub async fn workspace(&self, model: &str, plan: &str, owner: &Someone) -> String {
        let body = json!({"model": model, "name": format!("The {model}"), "plan": plan, "owner": owner.id});
        self.ask(&self.host, "POST", "/v1/workspaces", body).await.id()
    }

    /// Makes somebody a member by invitation and acceptance; the id of their row.
    pub async fn join(&self, workspace: &str, someone: &Someone, access: Value) -> String {
        let post = Post::start().await;
        let body = json!({"invitations": [{"email": someone.email, "access": access}]});
        let path = format!("/v1/workspaces/{workspace}/invitations");
        self.ask(&self.host, "POST", &path, body).await.ok();
        post.deliver(self).await;
        let token = post.newest(&someone.email, "bwi_");
        let As::Cookie(cookie) = &someone.by else { panic!("nobody") };
        let caller = self.app().session_caller(cookie, None).await.unwrap();
        let acted = self.app().accept(&caller, &token).await.unwrap();
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
        Self::request(&self.node().1, by, method, path, body, headers).await
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
        Self::sent(&self.node().1, request).await
    }

    async fn sent(to: &Router, request: Request<Body>) -> Got {
        let answer = to.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Got { status: parts.status, headers: parts.headers, body, text }
    }
}

/// The length of a lease of the nodes. Nobody dies here, so it is longer than any busy machine keeps a node from its turn.
const LEASE: Duration = Duration::from_secs(20);

/// A product besides the one that every installation begins with.
const ANOTHER_PRODUCT: ProductId = ProductId(77);

async fn another_product(store: &dyn Store) {
    let row =
        ProductRow { product: ANOTHER_PRODUCT, name: "another".into(), brand: "Another".into(), return_to: vec![] };
    let write = move |tx: &mut dyn Tx| {
        tx.put(LineId::Installation, &operator(), Timestamp(1_795_000_000_000_000), vec![Row::Product(row)])
    };
    bailiwick_store::change::<(), StoreError, _>(store, vec![LineId::Installation], CommandId(77), write)
        .await
        .unwrap();
}

/// On a runtime of its own: the one of the test is busy with the test.
fn migrate(owner: &str) {
    let migrate = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Postgres::migrate(owner, "bailiwick", &Options::default())).unwrap();
    };
    std::thread::scope(|scope| scope.spawn(migrate).join().unwrap());
}

pub fn operator() -> By {
    By { actor: Actor::Operator, origin: None }
}
