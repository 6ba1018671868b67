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

#[test]
fn every_statement_is_one_that_the_migrated_database_understands() {
    let store = fresh();
    let conn = rusqlite::Connection::open(store.directory().join("bailiwick.db")).unwrap();
    let wrong: Vec<String> = crate::query::all()
        .filter_map(|(name, sql)| conn.prepare(sql).err().map(|error| format!("{name}: {error}")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
