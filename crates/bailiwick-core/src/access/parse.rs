//! From the text of a model file to a [`Model`], or to all of its faults at once.
//!
//! Unknown keys, unknown names, wrong types are faults: a mistake never widens a grant (X13). Nothing is guessed;
//! a fault suggests the nearest right name instead.

mod build;
pub mod fault;
mod prove;
pub(crate) mod read;

pub use fault::{Fault, Faults};

use super::model::Model;

/// Compiles the text of a model file. `version` is the hash of that text, the name of this version for ever.
///
/// # Errors
/// All faults of the file, each with its place. A road of escalation that the file does not name is one.
pub fn parse(text: &str, version: &str) -> Result<Model, Faults> {
    build::build(text, version, true)
}

/// The same for a text that was taken in before, perhaps by a release that saw fewer roads: what workspaces live under is
/// not to be lost by a release that sees more.
///
/// # Errors
/// All faults but roads.
pub fn parse_stored(text: &str, version: &str) -> Result<Model, Faults> {
    build::build(text, version, false)
}

#[cfg(test)]
mod tests;
