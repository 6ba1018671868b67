//! The API, asked over HTTP, on a real service.

mod abuse;
mod authzen;
mod document;
mod doubt;
mod fresh;
mod roads;
mod world;
