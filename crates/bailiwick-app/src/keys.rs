//! The installation's own keys: one file beside the database, never in it.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::random::Random;

/// Thirty-two secret bytes that print as a fixed word.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyBytes(pub [u8; 32]);

impl fmt::Debug for KeyBytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[secret]")
    }
}

/// The keys of an installation.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The number of the chain's key, written beside each event.
    pub chain_id: u32,
    /// What the chain of events is made with.
    pub chain: KeyBytes,
    /// What the secrets of mailed links and the tokens of forms are made with.
    pub link: KeyBytes,
}

/// Why the key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read or written.
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
    /// It is not what `init` writes.
    #[error("{0} is not a key file: {1}. Restore it from its backup; links and the log cannot be read without it.")]
    Bad(PathBuf, String),
    /// Others can read it.
    #[error("{0} can be read by others. Run: chmod 600 {0}")]
    Open(PathBuf),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    chain_id: u32,
    chain: String,
    link: String,
}

impl Keys {
    /// New keys.
    pub fn fresh(random: &Random) -> Self {
        Self { chain_id: 1, chain: KeyBytes(random.secret()), link: KeyBytes(random.secret()) }
    }

    /// The keys of a data directory; made and written on first use, for the owner's eyes only.
    ///
    /// # Errors
    /// A file that is missing parts, too short, or readable by others: the server does not start (AB-163).
    pub fn of_directory(directory: &Path, random: &Random) -> Result<Self, KeyError> {
        let path = directory.join("keys.json");
        if path.exists() { Self::read(&path) } else { Self::write(&path, random) }
    }

    fn write(path: &Path, random: &Random) -> Result<Self, KeyError> {
        let keys = Self::fresh(random);
        let written = Written { chain_id: keys.chain_id, chain: hex(&keys.chain.0), link: hex(&keys.link.0) };
        let text = serde_json::to_string_pretty(&written).map_err(|e| KeyError::Bad(path.into(), e.to_string()))?;
        let io = |e| KeyError::Io(path.into(), e);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        Ok(keys)
    }

    /// The keys in a file.
    ///
    /// # Errors
    /// As [`Keys::of_directory`], and if there is none.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let io = |e| KeyError::Io(path.into(), e);
        let mut file = File::open(path).map_err(io)?;
        if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
            return Err(KeyError::Open(path.into()));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(io)?;
        let bad = |why: &str| KeyError::Bad(path.into(), why.to_owned());
        let written: Written = serde_json::from_str(&text).map_err(|e| bad(&e.to_string()))?;
        let key = |of: &str, name: &str| unhex(of).filter(|k| *k != [0; 32]).ok_or_else(|| bad(name));
        Ok(Self {
            chain_id: written.chain_id,
            chain: KeyBytes(key(&written.chain, "`chain` is not 32 bytes in hex")?),
            link: KeyBytes(key(&written.link, "`link` is not 32 bytes in hex")?),
        })
    }
}

/// Bytes in hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use bailiwick_core::ids::encode32;

    use super::*;

    #[test]
    fn ab163_a_missing_short_or_open_key_is_refused() {
        let directory = std::env::temp_dir().join(format!("bailiwick-keys-{}", encode32(Random::system().bits())));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("keys.json");
        let made = Keys::of_directory(&directory, &Random::system()).unwrap();
        let read = Keys::of_directory(&directory, &Random::system()).unwrap();
        assert_eq!((made.chain, made.link), (read.chain.clone(), read.link));
        let good = std::fs::read_to_string(&path).unwrap();
        for bad in
            [good.replace(&hex(&read.chain.0), ""), good.replace(&hex(&read.chain.0), &"0".repeat(64)), "{}".into()]
        {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(Keys::read(&path), Err(KeyError::Bad(..))));
        }
        std::fs::write(&path, good).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Keys::read(&path), Err(KeyError::Open(_))));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
