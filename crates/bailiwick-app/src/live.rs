//! Workspaces in memory, compiled for checking. One node: publish, wait until no check on the old snapshot is
//! running, then acknowledge.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use bailiwick_core::access::check::Decision;
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::WorkspaceId;
use bailiwick_core::team::state::Workspace;

use crate::app::App;
use crate::error::AppError;

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

impl App {
    /// Runs a question on the current snapshot of a workspace, loading it first if it is cold. Once more if it was
    /// replaced meanwhile: an answer leaves only if it is still the current one's.
    ///
    /// # Errors
    /// The store's; `None` in the result: there is no such workspace.
    pub(crate) async fn on_snapshot<T>(
        &self,
        id: WorkspaceId,
        ask: impl Fn(&Snapshot, &Workspace) -> T,
    ) -> Result<Option<T>, AppError> {
        loop {
            if let Some(loaded) = self.lines.live().get(id) {
                let answer = ask(&loaded.snapshot, &loaded.state);
                let same = self.lines.live().get(id).is_some_and(|now| Arc::ptr_eq(&now, &loaded));
                if same {
                    return Ok(Some(answer));
                }
            } else {
                match self.lines.read(move |from| from.workspace(id)).await? {
                    Some(state) => drop(self.lines.live().swap(state)),
                    None => return Ok(None),
                }
            }
        }
    }

    /// The current state of a workspace, deleted ones included.
    pub(crate) async fn state(&self, id: WorkspaceId) -> Result<Option<Arc<Workspace>>, AppError> {
        loop {
            if let Some(loaded) = self.lines.live().get(id) {
                return Ok(Some(Arc::clone(&loaded.state)));
            }
            match self.lines.read(move |from| from.workspace(id)).await? {
                Some(state) => drop(self.lines.live().swap(state)),
                None => return Ok(None),
            }
        }
    }
}
