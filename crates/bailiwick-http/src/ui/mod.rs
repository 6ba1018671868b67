//! The pages, as plain functions from a view to HTML: no handlers, no store, no scripts.
//!
//! A page is a struct of strings, flags and enums in [`pages`] and one function that renders it. Everything
//! that repeats is in [`kit`]; what surrounds a page is [`shell`]; what every form carries is [`form`].
//!
//! A new page is a file in `pages` with a view, `page` and `samples`, and a line in [`samples::every`]: the tests
//! then hold it to the rules (one title, labels, escaping, a strict content policy) and the example `gallery` shows it.
//!
//! No page needs a script. Dialogs are pages of their own, menus are `details`, the menu of a phone is a popover. What
//! depends on a choice, as the questions that only some roles take, is shown and hidden by the style sheet; the
//! handler ignores what the chosen role does not take.

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
