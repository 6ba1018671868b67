//! SQLite: one process owns the data directory, one thread writes, a few connections read.

mod db;
mod migrate;
mod reader;
mod writer;

#[cfg(test)]
mod tests;
pub(crate) use migrate::MIGRATIONS;
#[cfg(test)]
pub(crate) use tests::columns;

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use bailiwick_core::ids::CommandId;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};

use crate::chain::ChainKey;
use crate::error::StoreError;
use crate::models::Models;
use crate::moving::Raw;
use crate::readers::KNOWN;
use crate::rows::LineId;
use crate::tables::random;
use crate::{Ended, Later, ObserveWork, ReadWork, Store, Work};
use reader::Readers;
use writer::Job;

/// Connections that only read.
const READERS: usize = 3;
/// How long a statement waits for a lock. Nobody else writes; a backup may hold one for a moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// What writer and readers share.
struct Shared {
    models: Models,
    key: ChainKey,
    /// Set once a commit failed, which leaves open what is on disk. Nothing is written or read from then on.
    stopped: AtomicBool,
    /// Lets a test see what a failed commit does.
    #[cfg(test)]
    fail_commit: AtomicBool,
}

/// An embedded database in a directory of its own.
pub struct Sqlite {
    jobs: Option<mpsc::Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    readers: Option<Readers>,
    shared: Arc<Shared>,
    directory: PathBuf,
    /// Held as long as the store lives.
    lock: File,
    /// Whether the directory goes with the store.
    fleeting: bool,
}

impl Sqlite {
    /// Opens the database in a directory, which is made if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Owned`] while another store has it open; [`StoreError::Newer`] if a newer release wrote it.
    pub fn open(directory: &Path, key: ChainKey) -> Result<Self, StoreError> {
        Self::open_with(directory, key, "full", false)
    }

    /// A database for tests, empty, gone with the store: files of its own, in memory where the machine has a file
    /// system there, so that readers and writer work as they always do. It does not wait for any disk.
    ///
    /// # Errors
    /// If no directory can be made.
    pub fn in_memory(key: ChainKey) -> Result<Self, StoreError> {
        let memory = Path::new("/dev/shm");
        let root = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let name = format!("bailiwick-{:032x}", u128::from_be_bytes(random()?));
        Self::open_with(&root.join(name), key, "off", true)
    }

    /// The newest migration of the database in a directory, which may be in use, and the newest that this program
    /// knows. Nothing is changed.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it cannot be read.
    pub fn schema(directory: &Path) -> Result<(u32, u32), StoreError> {
        Ok((migrate::newest(&reader(&directory.join("bailiwick.db"))?)?, KNOWN))
    }

    /// Writes a copy of the database in a directory to a new file, all of it as it is at one moment; it may be in use.
    ///
    /// # Errors
    /// [`StoreError::Database`] if it cannot be read, or the file is there or cannot be written.
    pub fn copy(directory: &Path, to: &Path) -> Result<(), StoreError> {
        let broken = |e: std::io::Error| StoreError::Database(format!("{}: {e}", to.display()));
        // Private from its first byte on; the engine fills a file that is there and empty.
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(broken)?;
        let file = directory.join("bailiwick.db");
        let conn = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        conn.busy_timeout(PATIENCE)?;
        let name = to.to_str().ok_or_else(|| StoreError::Database("the file's name is no text".into()))?;
        conn.execute("vacuum into ?1", [name])?;
        File::open(to).and_then(|file| file.sync_all()).map_err(broken)
    }

    /// Where the database lies.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn open_with(directory: &Path, key: ChainKey, synchronous: &str, fleeting: bool) -> Result<Self, StoreError> {
        let broken = |e: std::io::Error| StoreError::Database(format!("{}: {e}", directory.display()));
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(broken)?;
        let private = |name: &str| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            options.open(directory.join(name)).map_err(broken)
        };
        let lock = private("lock")?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Owned(directory.display().to_string())),
            Err(TryLockError::Error(error)) => return Err(broken(error)),
        }
        // The engine gives its own files the mode of the first.
        private("bailiwick.db")?;
        let file = directory.join("bailiwick.db");
        let conn = Connection::open(&file)?;
        conn.busy_timeout(PATIENCE)?;
        conn.execute_batch(&format!(
            "pragma journal_mode = wal; pragma synchronous = {synchronous}; pragma foreign_keys = on;
             pragma trusted_schema = off; pragma recursive_triggers = on; pragma secure_delete = on;"
        ))?;
        conn.set_prepared_statement_cache_capacity(128);
        migrate::migrate(&conn, migrate::MIGRATIONS)?;
        let readers = (0..READERS).map(|_| reader(&file)).collect::<Result<Vec<_>, _>>()?;
        let shared = Arc::new(Shared {
            models: Models::default(),
            key,
            stopped: false.into(),
            #[cfg(test)]
            fail_commit: false.into(),
        });
        let (jobs, writer) = writer::start(conn, Arc::clone(&shared))?;
        Ok(Self {
            jobs: Some(jobs),
            writer: Some(writer),
            readers: Some(Readers::new(readers)),
            shared,
            directory: directory.to_owned(),
            lock,
            fleeting,
        })
    }

    /// Runs something on the tables themselves, which nobody changes meanwhile: the one who could is busy with it.
    pub(crate) fn give(&self, work: Raw) -> Later<'_, ()> {
        self.fill(work)
    }

    /// Runs something that writes the tables themselves, all of it or nothing.
    pub(crate) fn fill(&self, work: Raw) -> Later<'_, ()> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.ask(Job::Fill { work, reply }, answer).await
        })
    }

    async fn ask<T>(&self, job: Job, answer: oneshot::Receiver<Result<T, StoreError>>) -> Result<T, StoreError> {
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        // Without an answer the writer has died in the middle of it.
        answer.await.unwrap_or_else(|_| Err(StoreError::Unknown("the writer is gone".into())))
    }
}

fn reader(file: &Path) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(PATIENCE)?;
    conn.execute_batch("pragma query_only = on; pragma trusted_schema = off;")?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

impl Store for Sqlite {
    fn change(&self, lines: Vec<LineId>, command: CommandId, work: Work) -> Later<'_, Ended> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.ask(Job::Change { lines, command, work, reply }, answer).await
        })
    }

    fn read(&self, work: ReadWork) -> Later<'_, ()> {
        Box::pin(async move {
            let readers = self.readers.as_ref().ok_or(StoreError::Closed)?;
            if self.shared.stopped.load(Relaxed) {
                return Err(StoreError::Closed);
            }
            readers.read(Arc::clone(&self.shared), work).await
        })
    }

    fn observe(&self, work: ObserveWork) -> Later<'_, ()> {
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            self.ask(Job::Observe { work, reply }, answer).await
        })
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // Who closes last and can write makes one file of it again, so the readers go first.
        drop(self.readers.take());
        // What waits is still done; the directory is free only when nobody writes there any more.
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
        if self.fleeting {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
        let _ = self.lock.unlock();
    }
}
