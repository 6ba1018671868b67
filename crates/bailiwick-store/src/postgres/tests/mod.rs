//! The suite on PostgreSQL, and what only PostgreSQL does.

mod failover;
mod lanes;
mod nodes;
mod outcome;
mod releases;
mod roles;
mod statements;
mod tls;
mod two;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use bailiwick_testkit::Server;

use super::{Options, Postgres};
use crate::chain::ChainKey;

fn key() -> ChainKey {
    ChainKey::new(1, &[1; 32])
}

/// A migrated database of one's own.
pub(crate) struct Database {
    server: &'static Server,
    name: String,
}

impl Database {
    /// `None`, said aloud, where no server is installed.
    pub(crate) async fn new(test: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        static TEMPLATE: OnceLock<()> = OnceLock::new();
        let server = bailiwick_testkit::shared(test)?;
        // Migrated once, then copied.
        TEMPLATE.get_or_init(|| {
            server.create_database("empty").unwrap();
            let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let migrate = || async {
                let owner = server.url("empty", "bailiwick_owner");
                Postgres::migrate(&owner, "bailiwick", &Options::default()).await.unwrap();
            };
            std::thread::scope(|scope| scope.spawn(|| runtime().block_on(migrate())).join().unwrap());
        });
        let name = format!("test_{}", COUNT.fetch_add(1, Relaxed));
        server.copy_database(&name, "empty").unwrap();
        Some(Self { server, name })
    }

    fn url(&self) -> String {
        self.server.url(&self.name, "bailiwick")
    }

    pub(crate) async fn open(&self) -> Postgres {
        self.open_by(&self.url(), &Options::default()).await
    }

    async fn open_by(&self, url: &str, options: &Options) -> Postgres {
        Postgres::open(url, key(), options).await.unwrap()
    }

    /// Does SQL as the role that may everything.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.server.psql(&self.name, &format!("set search_path = bailiwick; {sql}")).unwrap()
    }
}

async fn empty(test: &str) -> Option<Postgres> {
    Some(Database::new(test).await?.open().await)
}

crate::store_suite! { empty }

/// Figures on a server that waits for the disk: `cargo test --release -p bailiwick-store -- --ignored --nocapture figures`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures to be read; it checks nothing that the other tests leave out"]
async fn figures() {
    if !Server::is_installed() {
        return bailiwick_testkit::left_out("figures");
    }
    let server = Server::start(&bailiwick_testkit::Options { fsync: true, ..Default::default() }).unwrap();
    server.create_database("figures").unwrap();
    let options = Options::default();
    Postgres::migrate(&server.url("figures", "bailiwick_owner"), "bailiwick", &options).await.unwrap();
    let store = Postgres::open(&server.url("figures", "bailiwick"), key(), &options).await.unwrap();
    crate::suite::figures(&store).await;
}
