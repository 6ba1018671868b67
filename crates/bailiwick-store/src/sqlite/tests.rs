//! The suite on SQLite, and what only SQLite does.

use super::Sqlite;
use crate::chain::ChainKey;

fn key() -> ChainKey {
    ChainKey::new(1, &[1; 32])
}

fn fresh() -> Sqlite {
    Sqlite::in_memory(key()).unwrap()
}

crate::store_suite! { fresh }
