//! A database on its way into a data directory: made in a folder of its own there, put in its place at the end.

use std::fs;
use std::path::{Path, PathBuf};

use bailiwick_app::keys::Keys;
use bailiwick_store::ChainKey;

use super::Outcome;

pub const DATABASE: &str = "bailiwick.db";
pub const KEYS: &str = "keys.json";

/// The key of the log's chain, from a file of keys.
pub fn chain_key(file: &Path) -> Outcome<ChainKey> {
    let keys = Keys::read(file)?;
    Ok(ChainKey::new(keys.chain_id, &keys.chain.0))
}

/// Where a database is made before it has its place.
pub struct Site {
    directory: PathBuf,
    /// Where.
    pub folder: PathBuf,
    /// Whether the directory is there for this alone.
    is_new: bool,
}

impl Site {
    /// In a directory, which is made if it is not there.
    pub fn new(directory: &Path) -> Outcome<Self> {
        let is_new = !directory.exists();
        crate::server::directory(directory)?;
        let folder = directory.join("moving");
        let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
        // What was left by one that was killed; one that still runs holds its lock.
        if let Ok(lock) = fs::File::open(folder.join("lock")) {
            lock.try_lock().map_err(|_| format!("another database is on its way into {}", directory.display()))?;
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(failed)?;
        }
        fs::create_dir(&folder).map_err(failed)?;
        Ok(Self { directory: directory.to_owned(), folder, is_new })
    }

    /// Puts it there. The keys first, if there are new ones: without them the database is of no use.
    ///
    /// # Errors
    /// If it is still open, and so in more than one file.
    pub fn put_in_place(mut self) -> Outcome {
        let open = self.folder.join(format!("{DATABASE}-wal"));
        if open.metadata().is_ok_and(|file| file.len() > 0) {
            return Err(format!("{} is still open", self.folder.display()).into());
        }
        for name in [KEYS, DATABASE].into_iter().filter(|name| self.folder.join(name).exists()) {
            let (made, place) = (self.folder.join(name), self.directory.join(name));
            // Unlike a rename a link never replaces what a server has made there meanwhile.
            let put =
                fs::File::open(&made).and_then(|file| file.sync_all()).and_then(|()| fs::hard_link(&made, &place));
            put.map_err(|e| format!("{}: {e}", place.display()))?;
            self.is_new = false;
        }
        let synced = fs::File::open(&self.directory).and_then(|directory| directory.sync_all());
        Ok(synced.map_err(|e| format!("{}: {e}", self.directory.display()))?)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
        if self.is_new {
            // Only if nothing else is in it.
            let _ = fs::remove_dir(&self.directory);
        }
    }
}
