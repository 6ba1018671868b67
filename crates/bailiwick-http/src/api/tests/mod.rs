//! The API, asked over HTTP, on a real service, for each of its backends.

mod abuse;
mod authzen;
mod document;
mod doubt;
mod fresh;
mod hooks;
mod post;
mod roads;
mod scenarios;
mod world;
