//! The pages, as plain functions from a view to HTML: no handlers, no store, no scripts.
//!
//! A page is a struct of strings, flags and enums in [`pages`] and one function that renders it. Everything
//! that repeats is in [`kit`]; what surrounds a page is [`shell`]; what every form carries is [`form`].

mod assets;
pub mod form;
pub mod icons;
pub mod kit;
pub mod pages;
pub mod samples;
pub mod shell;

#[cfg(test)]
mod tests;

pub use assets::{Asset, assets};
