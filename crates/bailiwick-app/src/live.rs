//! Workspaces in memory, compiled for checking. A change publishes, waits until no check on the old
//! snapshot is running, and is acknowledged after that; a check looks at guard and snapshot again before it answers.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use bailiwick_core::access::check::Decision;
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::WorkspaceId;
use bailiwick_core::team::state::Workspace;

use crate::app::App;
use crate::error::AppError;
use crate::nodes::Pass;

/// The workspaces that are loaded.
#[derive(Default)]
pub struct Live {
    entries: RwLock<HashMap<WorkspaceId, Arc<Loaded>>>,
}

/// One revision of a workspace, ready. It is only ever borrowed for the length of a closure: a copy that outlives
/// a check would delay every acknowledgement.
struct Loaded {
    state: Arc<Workspace>,
    snapshot: Snapshot,
}

/// A decision with the revision that it was made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Yes or no, with reasons.
    pub decision: Decision,
    /// The workspace's revision.
    pub revision: u64,
}

impl Live {
    fn get(&self, id: WorkspaceId) -> Option<Arc<Loaded>> {
        self.entries.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(&id).cloned()
    }

    /// Puts a state in unless a newer one is there; gives back what it replaced.
    fn swap(&self, state: Arc<Workspace>) -> Option<Arc<Loaded>> {
        let id = state.id;
        let fresh = Arc::new(Loaded { snapshot: Snapshot::compile(&state), state });
        let mut entries = self.entries.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        match entries.get(&id) {
            Some(there) if there.state.revision >= fresh.state.revision => None,
            _ => entries.insert(id, fresh),
        }
    }

    /// Publishes a committed state: from here on checks use it, and none that used the one before is running.
    pub(crate) async fn publish(&self, state: Arc<Workspace>) {
        let Some(old) = self.swap(state) else { return };
        // A check holds its copy for microseconds and never across an await; nobody can take a new one of `old`.
        while Arc::strong_count(&old) > 1 {
            tokio::task::yield_now().await;
        }
    }
}

/// How often a question is asked before it is said that nothing is sure.
const TRIES: usize = 2;

impl App {
    /// Runs a question on the current snapshot of a workspace, loading it first if it is cold.
    ///
    /// The frame of every check: first a look at the guard, then the snapshot, then the question; last, the same guard
    /// holds still and the same snapshot is still the current one. Else once again, else nothing is sure. No lock and
    /// no copy of a snapshot outlives the question.
    ///
    /// # Errors
    /// [`AppError::Unsure`]; the store's; `None` in the result: there is no such workspace.
    pub(crate) async fn on_snapshot<T>(
        &self,
        id: WorkspaceId,
        ask: impl Fn(&Snapshot, &Arc<Workspace>) -> T,
    ) -> Result<Option<T>, AppError> {
        let lines = &self.lines;
        for _ in 0..TRIES {
            let mut pass = lines.enter()?;
            let mut loaded = lines.live().get(id);
            if loaded.is_none() {
                let there = self.load(id).await?;
                if !there && lines.still(&pass) {
                    return Ok(None);
                }
                // Loading took its time, so the look from before it is worth nothing.
                pass = lines.enter()?;
                loaded = lines.live().get(id);
            }
            let Some(loaded) = loaded else { continue };
            let answer = ask(&loaded.snapshot, &loaded.state);
            let same = lines.live().get(id).is_some_and(|now| Arc::ptr_eq(&now, &loaded));
            if same && lines.still(&pass) {
                return Ok(Some(answer));
            }
        }
        Err(AppError::Unsure)
    }

    /// The current state of a workspace, deleted ones included, in the same frame.
    ///
    /// # Errors
    /// [`AppError::Unsure`]; the store's.
    pub(crate) async fn state(&self, id: WorkspaceId) -> Result<Option<Arc<Workspace>>, AppError> {
        self.on_snapshot(id, |_, state| Arc::clone(state)).await
    }

    /// Loads a workspace from the database; whether it is there.
    pub(crate) async fn load(&self, id: WorkspaceId) -> Result<bool, AppError> {
        let state = self.lines.read(move |from| from.workspace(id)).await?;
        Ok(state.map(|state| drop(self.lines.live().swap(state))).is_some())
    }

    /// A look at the guard, for an answer that is made of several reads: before the first of them.
    pub fn look(&self) -> Option<Pass> {
        self.lines.enter().ok()
    }

    /// Whether that look holds without a break until now: before the answer leaves.
    pub fn holds(&self, pass: &Pass) -> bool {
        self.lines.still(pass)
    }

    /// Whether this process is sure to be up to date.
    ///
    /// # Errors
    /// [`AppError::Unsure`].
    pub fn sure(&self) -> Result<(), AppError> {
        self.lines.enter().map(drop)
    }

    /// Whether requests are worth sending here: this process is sure, and its database answers.
    ///
    /// # Errors
    /// [`AppError::Unsure`]; the store's.
    pub async fn ready(&self) -> Result<(), AppError> {
        const PATIENCE: Duration = Duration::from_secs(2);
        self.sure()?;
        let head = self.lines.read(|from| from.head());
        tokio::time::timeout(PATIENCE, head).await.map_err(|_| AppError::Unsure)??;
        self.sure()
    }
}
