//! From the text of a model file to a [`Model`], or to all of its faults at once.
//!
//! Unknown keys, unknown names, wrong types are faults: a mistake never widens a grant (X13). Nothing is guessed;
//! a fault suggests the nearest right name instead.

mod build;
pub mod fault;
pub(crate) mod read;

pub use fault::{Fault, Faults};

use super::model::Model;

/// Compiles the text of a model file. `version` is the hash of that text, the name of this version for ever.
///
/// # Errors
/// All faults of the file, each with its place.
pub fn parse(text: &str, version: &str) -> Result<Model, Faults> {
    build::build(text, version)
}

#[cfg(test)]
mod tests;
