//! Workspaces that the writer keeps in mind, so that a change need not load one. Each is compared with the line's
//! revision before it is used, and all are thrown away when a commit fails.

use std::collections::HashMap;
use std::sync::Arc;

use bailiwick_core::ids::WorkspaceId;
use bailiwick_core::team::state::Workspace;

/// So many are kept; then the book is begun anew.
const LIMIT: usize = 10_000;

#[derive(Default)]
pub(super) struct States(HashMap<WorkspaceId, Arc<Workspace>>);

impl States {
    /// The state of a workspace, if it is the one of this revision.
    pub(super) fn get(&self, id: WorkspaceId, revision: u64) -> Option<Arc<Workspace>> {
        self.0.get(&id).filter(|state| state.revision == revision).map(Arc::clone)
    }

    /// Keeps a state in mind.
    pub(super) fn keep(&mut self, state: &Arc<Workspace>) {
        if self.0.len() >= LIMIT && !self.0.contains_key(&state.id) {
            self.0.clear();
        }
        self.0.insert(state.id, Arc::clone(state));
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
