//! Bailiwick's tables, on either engine: what changes, reads, observations and verifications do with them. An engine
//! brings a [`db::Db`], and around it connections, transactions and threads.

pub(crate) mod change;
pub(crate) mod db;
pub(crate) mod load;
pub(crate) mod log;
pub(crate) mod observe;
pub(crate) mod put;
pub(crate) mod read;
pub(crate) mod states;
pub(crate) mod value;
pub(crate) mod verify;
pub(crate) mod webhooks;
pub(crate) mod write;

use ring::rand::{SecureRandom, SystemRandom};

use crate::error::StoreError;

/// Sixteen random bytes, for what gets its id here.
pub(crate) fn random() -> Result<[u8; 16], StoreError> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| StoreError::Database("the machine gives no randomness".into()))?;
    Ok(bytes)
}
