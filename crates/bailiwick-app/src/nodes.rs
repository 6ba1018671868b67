//! Other processes on the same database: what this one must ask or wait for because of them.

use std::pin::Pin;

use bailiwick_core::node::Place;

use crate::error::AppError;

/// What this process and the others on its database owe each other.
pub trait Nodes: Send + Sync + 'static {
    /// Waits until no process answers a check from before a position in the feed, on the history that it was
    /// committed on. An error: nobody may be told that it was saved, though it may be.
    fn everywhere(
        &self,
        position: u64,
        place: Option<Place>,
    ) -> Pin<Box<dyn Future<Output = Result<(), AppError>> + Send + '_>>;
}

/// One process that is alone with its database: it is always sure, and nobody else has to be waited for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Nodes for Alone {
    fn everywhere(&self, _: u64, _: Option<Place>) -> Pin<Box<dyn Future<Output = Result<(), AppError>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
