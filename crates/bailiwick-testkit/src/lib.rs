//! Real servers for Bailiwick's tests and proofs: a PostgreSQL that is started from the machine's own programs, lives
//! in a temporary folder, and goes with the process that started it, however that ends.

mod database;
mod postgres;
mod programs;
mod proxy;
mod random;
mod receiver;
mod round_robin;
mod watcher;

pub use database::Database;
pub use postgres::{Options, Server};
pub use proxy::{Lose, Proxy};
pub use random::Random;
pub use receiver::{Answer, Received, Receiver};
pub use round_robin::RoundRobin;

use std::io::Write;
use std::sync::OnceLock;

/// Set to 1 where a test must not be left out because no PostgreSQL is installed.
pub const NEED: &str = "BAILIWICK_NEED_POSTGRES";

/// The server that all tests of this process share, without fsync; `None`, said aloud, where none is installed.
///
/// # Panics
/// If a server is installed and does not start, or none is and [`NEED`] asks for one.
pub fn shared(test: &str) -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        if !Server::is_installed() {
            return None;
        }
        Some(Server::start(&Options::default()).unwrap_or_else(|why| panic!("PostgreSQL does not start: {why}")))
    });
    if server.is_none() {
        left_out(test);
    }
    server.as_ref()
}

/// Says that a test was left out for want of a PostgreSQL, past the capture of the test's output.
///
/// # Panics
/// If [`NEED`] says that no test may be left out.
pub fn left_out(test: &str) {
    assert!(std::env::var(NEED).as_deref() != Ok("1"), "{test} needs a PostgreSQL server, and none is installed");
    let _ = writeln!(std::io::stderr(), "LEFT OUT, for want of a PostgreSQL server: {test}");
}
