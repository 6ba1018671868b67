//! A database of a test's own.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::{Server, shared};

/// A database on the shared server, under a name that no other has. It goes when this is dropped.
#[derive(Debug)]
pub struct Database {
    server: &'static Server,
    name: String,
}

impl Database {
    /// An empty one; `None`, said aloud, where no server is installed.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn empty(test: &str) -> Option<Self> {
        let database = Self { server: shared(test)?, name: fresh() };
        database.server.create_database(&database.name).unwrap_or_else(|why| panic!("{test}: no database: {why}"));
        Some(database)
    }

    /// One that is as `prepare` makes it: it is called once in this process, with the owner's URL, and then copied.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn prepared(test: &str, prepare: impl FnOnce(&str)) -> Option<Self> {
        static TEMPLATE: OnceLock<String> = OnceLock::new();
        let server = shared(test)?;
        let template = TEMPLATE.get_or_init(|| {
            let name = fresh();
            server.create_database(&name).unwrap_or_else(|why| panic!("{test}: no database: {why}"));
            prepare(&server.url(&name, "bailiwick_owner"));
            name
        });
        let database = Self { server, name: fresh() };
        database.server.copy_database(&database.name, template).unwrap_or_else(|why| panic!("{test}: no copy: {why}"));
        Some(database)
    }

    /// Its URL, for the role of the application.
    pub fn url(&self) -> String {
        self.server.url(&self.name, "bailiwick")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // It goes with the server anyway.
        let _ = self.server.drop_database(&self.name);
    }
}

fn fresh() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("own_{}", COUNT.fetch_add(1, Relaxed))
}
