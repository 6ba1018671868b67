//! Turns at a line: changes of one line wait for each other here, in the order in which they came, before they take a
//! connection. Else a busy workspace would hold every connection, each waiting in the server for the one before it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Line, OwnedMutexGuard};

use crate::rows::LineId;

/// When so many lines are in the book, those that nobody waits at are taken out.
const LIMIT: usize = 1_000;

/// Who is at which line, in this process; other processes are met at the line's row.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<LineId, Weak<Line<()>>>>);

impl Turns {
    /// Waits for a turn at all of these lines, which are in order.
    pub(super) async fn take(&self, lines: &[LineId]) -> Vec<OwnedMutexGuard<()>> {
        let mut turns = Vec::with_capacity(lines.len());
        for line in lines {
            turns.push(self.line(*line).lock_owned().await);
        }
        turns
    }

    fn line(&self, line: LineId) -> Arc<Line<()>> {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = book.get(&line).and_then(Weak::upgrade) {
            return known;
        }
        if book.len() >= LIMIT {
            book.retain(|_, line| line.strong_count() > 0);
        }
        let new = Arc::default();
        book.insert(line, Arc::downgrade(&new));
        new
    }
}
