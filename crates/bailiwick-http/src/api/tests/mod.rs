//! The API, asked over HTTP, on a real service, for each of its backends.

mod abuse;
mod authzen;
mod bulk;
mod document;
mod doubt;
mod fresh;
mod hooks;
mod post;
mod products;
mod questions;
mod roads;
mod scenarios;
mod search;
mod transfer;
mod world;
