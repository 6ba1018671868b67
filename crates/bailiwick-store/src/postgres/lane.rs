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
            .map_err(|_| StoreError::Unavailable("no connection became free in time".into()))?
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

/// How work on a connection went.
pub(super) enum Tried<T, W> {
    Done(T),
    /// The connection had died while it lay idle; the work was not begun.
    NotBegun(W, StoreError),
}

impl Lane {
    /// Does work on a thread that may wait, on a connection that is not found dead.
    pub(super) async fn on_thread<T, W, F>(&self, mut work: W, run: F) -> Out<T>
    where
        T: Send + 'static,
        W: Send + 'static,
        F: Fn(Loan, W) -> Tried<T, W> + Clone + Send + 'static,
    {
        let mut again = false;
        loop {
            let (conn, run) = (self.take().await?, run.clone());
            let trying = tokio::task::spawn_blocking(move || run(conn, work));
            match trying.await.map_err(|_| StoreError::Closed)? {
                Tried::Done(done) => return Ok(done),
                Tried::NotBegun(_, error) if again => return Err(error),
                Tried::NotBegun(not_begun, _) => {
                    // What killed one has killed its neighbours: the second try is on a new one.
                    self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    (work, again) = (not_begun, true);
                }
            }
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
