//! Other processes on the same database: what this one must ask or wait for because of them.

use std::pin::Pin;

use bailiwick_core::node::guard::Guard;
pub use bailiwick_core::node::guard::Pass;
use bailiwick_core::node::{Nanos, Place};

use crate::error::AppError;

mod shared;

pub use shared::Shared;

/// What this process and the others on its database owe each other.
pub trait Nodes: Send + Sync + 'static {
    /// The guard: whether what is in memory may be answered from now. Looked at *before* memory is; `None`: in doubt.
    fn open(&self) -> Option<Pass>;

    /// Whether a look from before holds without a break until now. The last step before an answer leaves.
    fn still(&self, pass: &Pass) -> bool;

    /// Waits until no process, this one included, answers a check from before a position in the feed, on the history
    /// that it was committed on. An error: nobody may be told that it was saved, though it may be.
    fn everywhere(
        &self,
        position: u64,
        place: Option<Place>,
    ) -> Pin<Box<dyn Future<Output = Result<(), AppError>> + Send + '_>>;
}

/// One process that is alone with its database: it is always sure, and nobody else has to be waited for.
#[derive(Debug)]
pub struct Alone(Guard);

impl Default for Alone {
    fn default() -> Self {
        Self(Guard::alone())
    }
}

impl Nodes for Alone {
    fn open(&self) -> Option<Pass> {
        self.0.open(Nanos(0))
    }

    fn still(&self, pass: &Pass) -> bool {
        self.0.still(*pass, Nanos(0))
    }

    fn everywhere(&self, _: u64, _: Option<Place>) -> Pin<Box<dyn Future<Output = Result<(), AppError>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
