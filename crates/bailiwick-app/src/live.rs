//! Workspaces in memory, compiled for checking. A change publishes, waits until no check on the old
//! snapshot is running, and is acknowledged after that; a check looks at guard and snapshot again before it answers.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bailiwick_core::access::check::Decision;
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::WorkspaceId;
use bailiwick_core::node::holdings::{Follow, Found, Holdings, Loaded};
use bailiwick_core::team::state::Workspace;

use crate::app::App;
use crate::error::AppError;
use crate::lines::Lines;
use crate::nodes::Pass;

/// The workspaces that are loaded.
#[derive(Default)]
pub struct Live {
    book: RwLock<Holdings<WorkspaceId, Arc<Ready>>>,
}

/// One revision of a workspace, ready. It is only ever borrowed for the length of a closure: a copy that outlives
/// a check would delay every acknowledgement.
struct Ready {
    state: Arc<Workspace>,
    snapshot: Snapshot,
}

impl Ready {
    fn of(state: Arc<Workspace>) -> Arc<Self> {
        Arc::new(Self { snapshot: Snapshot::compile(&state), state })
    }
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
    fn get(&self, id: WorkspaceId) -> Option<Arc<Ready>> {
        match self.read().look(id) {
            Found::Held(ready) => Some(ready),
            Found::Cold | Found::Fenced => None,
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Holdings<WorkspaceId, Arc<Ready>>> {
        self.book.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Holdings<WorkspaceId, Arc<Ready>>> {
        self.book.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes a committed state of what is in memory: from here on checks use it, and none that used the one before
    /// is running. What is not in memory stays out of it.
    pub(crate) async fn publish(&self, state: Arc<Workspace>) {
        if self.get(state.id).is_none_or(|there| there.state.revision < state.revision) {
            let ready = Ready::of(state);
            let old = self.write().publish(ready.state.id, ready.state.revision, ready);
            unused(old).await;
        }
    }

    /// What an entry of the feed does to a workspace that is in memory.
    pub(crate) fn entry(&self, id: WorkspaceId, revision: u64) -> Follow<Arc<Workspace>> {
        match self.write().entry(id, revision) {
            Follow::Nothing => Follow::Nothing,
            Follow::Apply(ready) => Follow::Apply(Arc::clone(&ready.state)),
            Follow::Reload => Follow::Reload,
        }
    }

    /// Takes a workspace out of service that cannot be followed.
    pub(crate) async fn fence(&self, id: WorkspaceId, revision: u64) {
        let old = self.write().fence(id, revision);
        unused(old).await;
    }

    /// All up to this position is published.
    pub(crate) fn applied(&self, position: u64) {
        self.write().applied(position);
    }

    /// Everything goes.
    pub(crate) fn drop_all(&self, epoch: u64) {
        self.write().drop_all(epoch);
    }

    /// Loads a workspace from the database; whether it is there.
    ///
    /// # Errors
    /// The store's; [`AppError::Unsure`] if it changes faster than it can be read.
    pub(crate) async fn load(&self, lines: &Lines, id: WorkspaceId) -> Result<bool, AppError> {
        const TRIES: usize = 20;
        for _ in 0..TRIES {
            let ticket = self.write().begin(id);
            let (head, state) = lines.read(move |from| Ok((from.head()?, from.workspace(id)?))).await?;
            let Some(state) = state else {
                self.write().absent(id);
                return Ok(false);
            };
            let ready = Ready::of(state);
            let outcome = self.write().loaded(id, ticket, head, ready.state.revision, ready);
            match outcome {
                Loaded::Published(old) => {
                    unused(old).await;
                    return Ok(true);
                }
                Loaded::There => return Ok(true),
                Loaded::Again => {}
            }
        }
        Err(AppError::Unsure)
    }
}

/// Waits until no check uses what was replaced. A check holds its copy for microseconds and never across an await, and
/// nobody can take a new one.
async fn unused(old: Option<Arc<Ready>>) {
    let Some(old) = old else { return };
    while Arc::strong_count(&old) > 1 {
        tokio::task::yield_now().await;
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
                let there = lines.while_sure(lines.live().load(lines, id)).await?;
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
        self.sure()?;
        self.lines.read_soon(|from| from.head()).await?;
        self.sure()
    }
}
