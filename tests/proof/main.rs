//! The long proofs with real processes: what was acknowledged is in force. `stale` is one node on SQLite, `nodes` are three
//! on PostgreSQL under every fault, `availability` measures.

#![expect(clippy::disallowed_methods, reason = "when a check was begun is a moment of real time")]

mod availability;
mod cluster;
mod driver;
mod http;
mod kinds;
mod network;
mod nodes;
mod process;
mod seats;
mod stale;
mod tally;
mod world;
