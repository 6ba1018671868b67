//! One page a file: its view, its function, its samples.

pub mod demo;
pub mod edit;
pub mod invitation;
pub mod invite;
pub mod sign_in;
pub mod team;
