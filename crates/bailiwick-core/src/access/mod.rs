//! What a model allows: the model itself, a workspace compiled for checking, and the check.

pub mod check;
pub mod difference;
pub mod matrix;
pub mod model;
pub mod parse;
pub mod roads;
pub mod say;
pub mod search;
pub mod set;
pub mod snapshot;
pub mod words;
