//! What time causes in workspaces that nobody touches: the same decision, asked by time itself.

use bailiwick_core::ids::WorkspaceId;
use bailiwick_core::team::command::{Actor, Command};
use bailiwick_core::team::refusal::Refusal;
use bailiwick_store::rows::{By, LineId};

use crate::app::App;
use crate::error::AppError;

/// How many workspaces one pass looks after.
const BATCH: usize = 100;

impl App {
    /// Writes down what fell due by now; gives how many workspaces it touched. A process that is not sure of itself may
    /// not be sure of the time either, and writes nothing.
    ///
    /// # Errors
    /// The store's.
    pub async fn let_time_pass(&self) -> Result<usize, AppError> {
        if self.sure().is_err() {
            return Ok(0);
        }
        let now = self.clock.now();
        let due = self.lines.read(move |from| from.workspaces_due(now, BATCH)).await?;
        for workspace in &due {
            self.elapse(*workspace).await?;
        }
        Ok(due.len())
    }

    async fn elapse(&self, workspace: WorkspaceId) -> Result<(), AppError> {
        let (tools, now) = (self.tools(), self.clock.now());
        let by = By { actor: Actor::Time, origin: None };
        let changed = self
            .lines
            .change(vec![LineId::Workspace(workspace)], self.command_id(), move |tx| {
                let state = tx.workspace(workspace)?.ok_or(Refusal::NoSuchWorkspace)?;
                tools.decide(tx, &by, &state, Command::Elapse, None, now)
            })
            .await?;
        self.acted(changed).await.map(|_| ())
    }
}
