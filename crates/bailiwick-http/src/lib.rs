//! How people and programs reach Bailiwick over HTTP; so far the pages.

pub mod ui;
