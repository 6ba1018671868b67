//! Workspaces that are kept in mind, so that a change need not load one. Each is compared with the line's revision
//! before it is used, and thrown away when it is in doubt whether it was committed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bailiwick_core::ids::WorkspaceId;
use bailiwick_core::team::state::Workspace;

/// So many are kept; then the book is begun anew.
const LIMIT: usize = 10_000;

/// The book.
#[derive(Default)]
pub(crate) struct States(Mutex<HashMap<WorkspaceId, Arc<Workspace>>>);

impl States {
    /// The state of a workspace, if it is the one of this revision.
    pub(crate) fn get(&self, id: WorkspaceId, revision: u64) -> Option<Arc<Workspace>> {
        self.book().get(&id).filter(|state| state.revision == revision).map(Arc::clone)
    }

    /// Keeps a state in mind.
    pub(crate) fn keep(&self, state: &Arc<Workspace>) {
        let mut book = self.book();
        if book.len() >= LIMIT && !book.contains_key(&state.id) {
            book.clear();
        }
        book.insert(state.id, Arc::clone(state));
    }

    /// Forgets one.
    pub(crate) fn forget(&self, id: WorkspaceId) {
        self.book().remove(&id);
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.book().clear();
    }

    fn book(&self) -> MutexGuard<'_, HashMap<WorkspaceId, Arc<Workspace>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
