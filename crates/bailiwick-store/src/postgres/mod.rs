//! PostgreSQL: several processes share a database.
//!
//! A change locks the rows of its lines in order, so that changes of one line are decided one after another and those
//! of different lines at once; only the counter of the feed, taken last, is shared by all. Closures run on threads that
//! may wait, at most as many as there are connections.

mod apart;
mod change;
mod connect;
mod error;
pub mod facts;
mod lane;
mod lock;
mod look;
mod migrate;
mod newest;
mod nodes;
mod session;
mod tls;
mod turns;
mod woken;

#[cfg(test)]
pub(crate) mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bailiwick_core::ids::CommandId;

use crate::chain::ChainKey;
use crate::cluster::Cluster;
use crate::error::StoreError;
use crate::models::Models;
use crate::moving::Raw;
use crate::rows::LineId;
use crate::tables::db::Out;
use crate::tables::states::States;
use crate::{Ended, Later, ObserveWork, ReadWork, Store, Work};
use apart::Apart;
use change::Outcome;
use connect::{Dialer, Purpose};
use lane::Lane;
use turns::Turns;
use woken::Ears;

/// Connections for what nodes tell each other.
const NODES: usize = 4;

/// How a store uses its server.
#[derive(Debug, Clone)]
pub struct Options {
    /// A file with root certificates of one's own, in PEM; the public ones are known.
    pub roots: Option<PathBuf>,
    /// So many changes and observations at once.
    pub changes: usize,
    /// So many reads at once.
    pub reads: usize,
    /// How long a commit may take to answer before its connection is let go and the outcome is looked up. It is never
    /// cancelled.
    pub commit: Duration,
    /// How long an outcome is looked for while the database does not answer; then it is [`StoreError::Unknown`].
    pub look_up: Duration,
    /// How long what nodes tell each other may stay unanswered: as long as a lease, after which it is of no use.
    pub lease: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let (commit, look_up) = (Duration::from_secs(30), Duration::from_secs(60));
        Self { roots: None, changes: 8, reads: 8, commit, look_up, lease: Duration::from_secs(5) }
    }
}

/// Lengths that no caller waits beyond.
struct Bounds {
    commit: Duration,
    look_up: Duration,
    /// Between two looks.
    pause: Duration,
    /// For what nodes tell each other.
    lease: Duration,
}

/// What all connections share.
struct Shared {
    models: Models,
    key: ChainKey,
    states: States,
    dialer: Arc<Dialer>,
    bounds: Bounds,
    turns: Turns,
}

/// A database on a PostgreSQL server.
pub struct Postgres {
    shared: Arc<Shared>,
    changes: Lane,
    reads: Lane,
    nodes: Lane,
    ears: Ears,
    apart: Apart,
}

impl Postgres {
    /// Opens a database that was migrated, as the role that the application has. Its connections live on the runtime
    /// that this is called on. The URL may name several hosts; the one that takes writes is used.
    ///
    /// # Errors
    /// [`StoreError::Older`] if it was not migrated, [`StoreError::Newer`] if a newer release wrote it,
    /// [`StoreError::Database`] if it cannot be reached.
    pub async fn open(url: &str, key: ChainKey, options: &Options) -> Result<Self, StoreError> {
        let dialer = Arc::new(Dialer::new(url, options)?);
        let reads = Lane::new(&dialer, Purpose::Read, options.reads);
        let conn = reads.take().await?;
        migrate::look(&conn).await?;
        if facts::role(&conn).await?.may_change_log {
            tracing::warn!("this role may change the log; `bailiwick migrate` makes one that may not");
        }
        conn.give_back();
        let Options { commit, look_up, lease, .. } = *options;
        let bounds = Bounds { commit, look_up, pause: Duration::from_millis(100), lease };
        let shared = Shared {
            models: Models::default(),
            key,
            states: States::default(),
            dialer: Arc::clone(&dialer),
            bounds,
            turns: Turns::default(),
        };
        let apart = Apart::begin()?;
        let to_nodes = Arc::new(dialer.on(apart.handle()));
        Ok(Self {
            shared: Arc::new(shared),
            changes: Lane::new(&dialer, Purpose::Change, options.changes),
            reads,
            nodes: Lane::new(&to_nodes, Purpose::Node, NODES),
            ears: Ears::new(to_nodes),
            apart,
        })
    }

    /// Brings a database to the newest tables, as the role that owns them, and lets another role use them: it can
    /// neither change tables nor the log.
    ///
    /// # Errors
    /// [`StoreError::Newer`] if the database is ahead; [`StoreError::Database`] if a file changed after it was
    /// applied, or the server refuses.
    pub async fn migrate(url: &str, role: &str, options: &Options) -> Result<(), StoreError> {
        let conn = Dialer::new(url, options)?.connect(Purpose::Migrate).await?;
        migrate::migrate(&conn, migrate::MIGRATIONS, role).await
    }

    /// Runs something on one snapshot of the tables themselves.
    pub(crate) fn give(&self, work: Raw) -> Later<'_, ()> {
        self.raw(work, look::give)
    }

    /// Runs something that writes the tables themselves, all of it or nothing.
    pub(crate) fn fill(&self, work: Raw) -> Later<'_, ()> {
        self.raw(work, look::fill)
    }

    /// The same on a connection of its own, which may take its time.
    fn raw(&self, work: Raw, run: fn(&Shared, &connect::Conn, Raw) -> Out<()>) -> Later<'_, ()> {
        let shared = Arc::clone(&self.shared);
        Box::pin(self.off(async move {
            let conn = shared.dialer.connect(Purpose::Migrate).await?;
            let ran = tokio::task::spawn_blocking(move || run(&shared, &conn, work)).await;
            ran.unwrap_or(Err(StoreError::Poisoned))
        }))
    }

    /// Does something on the runtime of the connections, to its end even if the caller gives up waiting for it.
    async fn off<T: Send + 'static>(&self, work: impl Future<Output = Out<T>> + Send + 'static) -> Out<T> {
        self.shared.dialer.handle().spawn(work).await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Store for Postgres {
    fn change(&self, mut lines: Vec<LineId>, command: CommandId, work: Work) -> Later<'_, Ended> {
        lines.sort_unstable();
        lines.dedup();
        let (shared, lane) = (Arc::clone(&self.shared), self.changes.clone());
        Box::pin(self.off(async move {
            let (on, held) = (Arc::clone(&shared), lines.clone());
            let _turns = shared.turns.take(&lines).await;
            let run = move |conn, work| change::run(&on, conn, &held, command, work);
            match lane.on_thread(work, run).await? {
                Outcome::Known(ended) => ended,
                Outcome::Unknown(would, why) => change::look_up(&shared, lines, command, would, why).await,
            }
        }))
    }

    fn read(&self, work: ReadWork) -> Later<'_, ()> {
        let (shared, lane) = (Arc::clone(&self.shared), self.reads.clone());
        let read = move |conn, work| look::read(&shared, conn, work);
        Box::pin(self.off(async move { lane.on_thread(work, read).await? }))
    }

    fn observe(&self, work: ObserveWork) -> Later<'_, ()> {
        let (shared, lane) = (Arc::clone(&self.shared), self.changes.clone());
        let observe = move |conn, work| look::observe(&shared, conn, work);
        Box::pin(self.off(async move { lane.on_thread(work, observe).await? }))
    }

    fn cluster(&self) -> Option<&dyn Cluster> {
        Some(self)
    }
}
