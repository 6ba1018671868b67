//! The only code of Bailiwick that speaks SQL: a store with few verbs, two databases behind it.
//!
//! Every write goes through one door, [`Store::change`]: it locks the lines that the change concerns, in order,
//! hands the newest state to a closure, and writes events, current-state tables and outbox in one transaction.
//! What is only looked at goes through [`Store::read`], what is counted and not a change through [`Store::observe`].

pub mod chain;
pub mod cluster;
pub mod error;
pub mod models;
pub mod moving;
pub mod postgres;
pub mod rows;
pub mod sqlite;
pub mod tx;
pub mod webhooks;

mod codec;
mod query;
mod readers;
mod tables;

#[cfg(any(test, feature = "suite"))]
pub mod suite;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bailiwick_core::ids::CommandId;

pub use chain::ChainKey;
pub use cluster::Cluster;
pub use error::StoreError;
pub use postgres::Postgres;
pub use sqlite::Sqlite;
pub use tx::{Observe, Read, Tx};

use rows::{Committed, LineId};

/// An answer that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What a closure says at its end: whether what it wrote shall stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Commit.
    Keep,
    /// Roll back: a refusal writes nothing.
    Drop,
}

/// The work of one change. It runs once, on the newest state, with its lines locked.
pub type Work = Box<dyn FnOnce(&mut dyn Tx) -> Result<Verdict, StoreError> + Send>;
/// Reads of one moment.
pub type ReadWork = Box<dyn FnOnce(&mut dyn Read) -> Result<(), StoreError> + Send>;
/// Observations: counted, aggregated, outside chain and revision.
pub type ObserveWork = Box<dyn FnOnce(&mut dyn Observe) -> Result<(), StoreError> + Send>;

/// How a change ended.
#[derive(Debug, Clone)]
pub enum Ended {
    /// It was committed, and is durable.
    Committed(Committed),
    /// A command of this id was committed before; the closure did not run. The revisions are those of then.
    Repeated(Committed),
    /// The closure said [`Verdict::Drop`].
    Dropped,
}

/// A database with Bailiwick's tables in it.
pub trait Store: Send + Sync + 'static {
    /// One change of one or several lines, decided on the newest state. Lines are locked in the order of
    /// [`LineId`]: persons first, then workspaces, the installation last.
    fn change(&self, lines: Vec<LineId>, command: CommandId, work: Work) -> Later<'_, Ended>;

    /// Reads, all of one moment.
    fn read(&self, work: ReadWork) -> Later<'_, ()>;

    /// Observations.
    fn observe(&self, work: ObserveWork) -> Later<'_, ()>;

    /// What nodes share, where several processes can use the same database; `None`: this process is alone with it.
    fn cluster(&self) -> Option<&dyn Cluster> {
        None
    }
}

/// What [`change`] gives back.
#[derive(Debug, Clone)]
pub enum Changed<T> {
    /// Committed, with what the closure made.
    Done(T, Committed),
    /// Committed before, under the same command id.
    Repeated(Committed),
}

/// [`Store::change`] with a closure that gives a value, or an error that rolls everything back.
///
/// # Errors
/// The closure's error, or that of the store.
pub async fn change<T, E, F>(
    store: &dyn Store,
    lines: Vec<LineId>,
    command: CommandId,
    work: F,
) -> Result<Changed<T>, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
{
    let slot: Arc<Mutex<Option<Result<T, E>>>> = Arc::default();
    let filled = Arc::clone(&slot);
    let work: Work = Box::new(move |tx| {
        let result = work(tx);
        let verdict = if result.is_ok() { Verdict::Keep } else { Verdict::Drop };
        *filled.lock().map_err(|_| StoreError::Poisoned)? = Some(result);
        Ok(verdict)
    });
    let ended = store.change(lines, command, work).await?;
    let result = slot.lock().map_err(|_| StoreError::Poisoned)?.take();
    match (ended, result) {
        (Ended::Repeated(committed), _) => Ok(Changed::Repeated(committed)),
        (Ended::Committed(committed), Some(Ok(value))) => Ok(Changed::Done(value, committed)),
        (_, Some(Err(error))) => Err(error),
        _ => Err(StoreError::Poisoned.into()),
    }
}

/// [`Store::read`] with a closure that gives a value.
///
/// # Errors
/// That of the closure or the store.
pub async fn read<T, F>(store: &dyn Store, work: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnOnce(&mut dyn Read) -> Result<T, StoreError> + Send + 'static,
{
    let slot: Arc<Mutex<Option<T>>> = Arc::default();
    let filled = Arc::clone(&slot);
    let work: ReadWork = Box::new(move |from| {
        *filled.lock().map_err(|_| StoreError::Poisoned)? = Some(work(from)?);
        Ok(())
    });
    store.read(work).await?;
    let value = slot.lock().map_err(|_| StoreError::Poisoned)?.take();
    value.ok_or(StoreError::Poisoned)
}

/// [`Store::observe`] with a closure that gives a value.
///
/// # Errors
/// That of the closure or the store.
pub async fn observe<T, F>(store: &dyn Store, work: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnOnce(&mut dyn Observe) -> Result<T, StoreError> + Send + 'static,
{
    let slot: Arc<Mutex<Option<T>>> = Arc::default();
    let filled = Arc::clone(&slot);
    let work: ObserveWork = Box::new(move |to| {
        *filled.lock().map_err(|_| StoreError::Poisoned)? = Some(work(to)?);
        Ok(())
    });
    store.observe(work).await?;
    let value = slot.lock().map_err(|_| StoreError::Poisoned)?.take();
    value.ok_or(StoreError::Poisoned)
}
