//! Nodes on a real PostgreSQL, each on a machine whose wall clock a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bailiwick_app::app::Parts;
use bailiwick_app::clock::{Clock, wall};
use bailiwick_app::config::{Config, Limits};
use bailiwick_app::keys::Keys;
use bailiwick_app::mail::Templates;
use bailiwick_app::nodes::Shared;
use bailiwick_app::random::Random;
use bailiwick_app::rows::By;
use bailiwick_app::{App, AppError};
use bailiwick_core::node::Terms;
use bailiwick_core::node::wall::BOUND;
use bailiwick_core::team::command::Actor;
use bailiwick_core::time::Timestamp;
use bailiwick_store::ChainKey;
use bailiwick_store::postgres::{Options, Postgres};
use bailiwick_testkit::Server;

/// How long a test waits for something that a node does on its own.
const PATIENCE: Duration = Duration::from_secs(60);
const HOUR: i64 = 3_600_000;

/// A node, and by how many milliseconds its machine's wall clock is fast.
struct Node {
    app: Arc<App>,
    node: Arc<Shared>,
    fast: Arc<AtomicI64>,
}

impl Node {
    async fn start(url: &str, keys: &Keys, fast: i64) -> Self {
        let store = Postgres::open(url, ChainKey::new(keys.chain_id, &keys.chain.0), &Options::default()).await;
        let config = Config {
            public_url: "https://team.example.com".into(),
            demo: false,
            support: String::new(),
            proxies: Vec::new(),
            outbound: Vec::new(),
            limits: Limits::default(),
        };
        let fast = Arc::new(AtomicI64::new(fast));
        let shift = Arc::clone(&fast);
        let clock = Clock::of(move || Timestamp(wall().0 + shift.load(Ordering::SeqCst) * 1_000));
        let parts = Parts {
            store: Arc::new(store.unwrap()),
            clock: Arc::new(clock),
            keys: keys.clone(),
            config,
            templates: Templates::with_overrides(None).unwrap(),
        };
        let node = Shared::new("node", Terms::of(Duration::from_secs(1)));
        let app = App::start_shared(parts, Arc::clone(&node)).await.unwrap();
        Self { app, node, fast }
    }

    async fn until(&self, sure: bool) {
        let turns = async {
            while self.app.sure().is_ok() != sure {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, turns).await.expect("it does not come to that");
    }

    /// Milliseconds by which its time is beyond that of this test's machine, which the server has too.
    fn beyond(&self) -> i64 {
        (self.app.clock.now().0 - wall().0) / 1_000
    }

    async fn register_a_model(&self, text: &str) -> Result<(), AppError> {
        self.app.ensure(&By { actor: Actor::Operator, origin: None }, "Acme", &[("tenant", text)]).await
    }
}

async fn database(server: &Server, name: &str) -> String {
    server.create_database(name).unwrap();
    let owner = server.url(name, "bailiwick_owner");
    Postgres::migrate(&owner, "bailiwick", &Options::default()).await.unwrap();
    server.url(name, "bailiwick")
}

fn near(beyond: i64) -> bool {
    // The server is on this machine, so what is measured is the round trip alone.
    beyond.unsigned_abs() <= BOUND.as_millis() as u64 / 2
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_clock_is_far_off_takes_no_lease_until_it_is_right() {
    let Some(server) = bailiwick_testkit::shared("a_node_whose_clock_is_far_off") else { return };
    let (url, keys) = (database(server, "far_off").await, Keys::fresh(&Random::system()));
    let far = Node::start(&url, &keys, 2 * HOUR).await;
    let right = Node::start(&url, &keys, 0).await;
    right.until(true).await;
    // Others go on, and do not wait for it.
    right.register_a_model(include_str!("../../../models/tenant/model.toml")).await.unwrap();
    assert!(far.app.sure().is_err());
    assert!(far.app.ready().await.is_err());
    assert_eq!(far.app.let_time_pass().await.unwrap(), 0);
    let nodes = || server.psql("far_off", "select count(*) from bailiwick.nodes").unwrap();
    assert_eq!(nodes(), "1");
    assert!(near(far.beyond()), "it knows what time it is, by {} ms", far.beyond());
    // Its machine is set right.
    far.fast.store(0, Ordering::SeqCst);
    far.until(true).await;
    far.app.ready().await.unwrap();
    // And wrong again, the other way.
    for wrong in [-2 * HOUR, 2 * HOUR] {
        right.fast.store(wrong, Ordering::SeqCst);
        right.until(false).await;
        assert!(near(right.beyond()), "what it answered by goes on, by {} ms", right.beyond());
        right.fast.store(0, Ordering::SeqCst);
        right.until(true).await;
    }
    far.node.leave().await;
    right.node.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_whose_machines_disagree_within_the_bound_agree_on_the_database_s_time() {
    let Some(server) = bailiwick_testkit::shared("nodes_whose_machines_disagree_within_the_bound") else { return };
    let (url, keys) = (database(server, "near").await, Keys::fresh(&Random::system()));
    let [fast, slow] = [Node::start(&url, &keys, 800).await, Node::start(&url, &keys, -800).await];
    for node in [&fast, &slow] {
        node.until(true).await;
        assert!(near(node.beyond()), "{} ms", node.beyond());
    }
    fast.node.leave().await;
    slow.node.leave().await;
}
