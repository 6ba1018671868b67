//! The rules of Bailiwick, pure: values in, values out. No I/O, no clock, no randomness.
//!
//! ```text
//! decide(state, command)  -> events | refusal      crate::team::decide
//! apply(state, event)     -> state                 crate::team::apply
//! compile(state)          -> snapshot              crate::access::snapshot
//! snapshot.check(...)     -> decision              crate::access::check
//! ```

pub mod access;
pub mod email;
pub mod ids;
pub mod node;
pub mod scenario;
pub mod team;
pub mod time;

/// The README's example is compiled and run with the other examples.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
