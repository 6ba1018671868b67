//! Lanes: each kind of work has connections of its own, so that none waits behind another.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connect::{Conn, Dialer, Purpose};
use crate::error::StoreError;
use crate::tables::db::Out;

/// How long work waits for its turn. Who waited so long has been given up by whoever asked.
const PATIENCE: Duration = Duration::from_secs(30);

/// A few connections for one kind of work, made when they are needed.
#[derive(Clone)]
pub(super) struct Lane {
    dialer: Arc<Dialer>,
    purpose: Purpose,
    turns: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Conn>>>,
}

/// A connection on loan. Only what is given back is used again: whoever breaks off leaves it in an unknown state, and
/// it ends.
pub(super) struct Loan {
    conn: Conn,
    lane: Lane,
    _turn: OwnedSemaphorePermit,
}

impl Lane {
    pub(super) fn new(dialer: &Arc<Dialer>, purpose: Purpose, size: usize) -> Self {
        let turns = Arc::new(Semaphore::new(size.max(1)));
        Self { dialer: Arc::clone(dialer), purpose, turns, idle: Arc::default() }
    }

    /// The next connection that is free.
    pub(super) async fn take(&self) -> Out<Loan> {
        let waited = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = waited
            .map_err(|_| StoreError::Database("no connection became free in time".into()))?
            .map_err(|_| StoreError::Closed)?;
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let conn = match idle {
                Some(conn) if conn.is_alive() => conn,
                Some(_) => continue,
                None => self.dialer.connect(self.purpose).await?,
            };
            return Ok(Loan { conn, lane: self.clone(), _turn: turn });
        }
    }
}

impl Loan {
    /// Gives it back, outside any transaction and with nothing under way.
    pub(super) fn give_back(self) {
        let Self { conn, lane, _turn } = self;
        if conn.is_alive() {
            lane.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        }
    }
}

impl Deref for Loan {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}
