//! The readers: a few connections that only read, each reading in one transaction of its own.
//!
//! A read runs on a thread for blocking work, never on the calling task. A point read costs some 30 µs more so, but a
//! closure may as well walk the whole log, and nothing that is asked often (a check) comes here at all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Shared;
use super::read::Moment;
use super::sql::Out;
use crate::ReadWork;
use crate::error::StoreError;

/// The readers that are free.
pub(super) struct Readers {
    free: Arc<Mutex<Vec<Connection>>>,
    turns: Semaphore,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self { turns: Semaphore::new(connections.len()), free: Arc::new(Mutex::new(connections)) }
    }

    pub(super) async fn read(&self, shared: Arc<Shared>, work: ReadWork) -> Out<()> {
        let turn: SemaphorePermit<'_> = self.turns.acquire().await.map_err(|_| StoreError::Closed)?;
        let free = Arc::clone(&self.free);
        let reading = tokio::task::spawn_blocking(move || {
            // Whoever has a turn finds a connection, unless a caller before gave up waiting and its read still runs.
            let conn = loop {
                if let Some(conn) = free.lock().unwrap_or_else(PoisonError::into_inner).pop() {
                    break conn;
                }
                std::thread::yield_now();
            };
            let done =
                catch_unwind(AssertUnwindSafe(|| moment(&conn, &shared, work))).unwrap_or(Err(StoreError::Poisoned));
            if !conn.is_autocommit() {
                let _ = conn.execute_batch("rollback");
            }
            free.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
            done
        });
        let done = reading.await.unwrap_or(Err(StoreError::Closed));
        drop(turn);
        done
    }
}

fn moment(conn: &Connection, shared: &Shared, work: ReadWork) -> Out<()> {
    conn.prepare_cached("begin")?.raw_execute()?;
    work(&mut Moment { conn, models: &shared.models, key: &shared.key })?;
    conn.prepare_cached("commit")?.raw_execute()?;
    Ok(())
}
