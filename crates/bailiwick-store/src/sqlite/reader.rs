//! The readers: a few connections that only read, each reading in one transaction of its own.
//!
//! A read runs on a thread for blocking work, never on the calling task. A point read costs some 30 µs more so, but a
//! closure may as well walk the whole log, and nothing that is asked often (a check) comes here at all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::Shared;
use crate::ReadWork;
use crate::error::StoreError;
use crate::tables::db::Out;
use crate::tables::read::Moment;

/// The readers.
pub(super) struct Readers {
    free: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self { turns: Arc::new(Semaphore::new(connections.len())), free: Arc::new(Mutex::new(connections)) }
    }

    pub(super) async fn read(&self, shared: Arc<Shared>, work: ReadWork) -> Out<()> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let free = Arc::clone(&self.free);
        let reading = tokio::task::spawn_blocking(move || {
            // As many turns as connections: whoever has a turn finds one. The turn ends with the read, also if the
            // caller gives up waiting for it.
            let conn = free.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or(StoreError::Closed)?;
            let done = catch_unwind(AssertUnwindSafe(|| moment(&conn, &shared, work)));
            if !conn.is_autocommit() {
                let _ = conn.execute_batch("rollback");
            }
            free.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
            drop(turn);
            done.unwrap_or(Err(StoreError::Poisoned))
        });
        reading.await.unwrap_or(Err(StoreError::Closed))
    }
}

fn moment(conn: &Connection, shared: &Shared, work: ReadWork) -> Out<()> {
    conn.prepare_cached("begin")?.raw_execute()?;
    work(&mut Moment { db: conn, models: &shared.models, key: &shared.key })?;
    conn.prepare_cached("commit")?.raw_execute()?;
    Ok(())
}
