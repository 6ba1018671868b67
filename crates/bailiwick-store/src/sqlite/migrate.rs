//! Migrations: numbered files, applied in order, each once, each in a transaction of its own.

use rusqlite::Connection;

use crate::error::StoreError;
use crate::models::hash;
use crate::tables::db::{Out, all, run};

/// A migration: its number, its name, its text.
pub(crate) type Migration = (u32, &'static str, &'static str);

macro_rules! files {
    ($($number:literal $name:literal)*) => {
        &[$(($number, $name, include_str!(concat!("../../migrations/sqlite/", $name, ".sql"))),)*]
    };
}

/// All of them. A file that was released never changes again.
pub(crate) const MIGRATIONS: &[Migration] = files! {
    1 "0001_log"
    2 "0002_installation"
    3 "0003_workspaces"
    4 "0004_people"
    5 "0005_observed"
    6 "0006_nodes"
    7 "0007_readers"
    8 "0008_scopes"
    9 "0009_vouched"
    10 "0010_webhooks"
};

// Engine-only statements.
const TABLE: &str = "create table if not exists migrations (
    number INTEGER primary key, name TEXT not null, hash TEXT not null, applied_at INTEGER not null) strict";
pub(super) const APPLIED: &str = "select number, hash from migrations order by number";
pub(super) const NOTE: &str = "insert into migrations (number, name, hash, applied_at)
    values ($1, $2, $3, cast(unixepoch('subsec') * 1000000 as integer))";

/// The newest migration that a database has; nothing of it is changed.
pub(super) fn newest(conn: &Connection) -> Out<u32> {
    Ok(all(conn, APPLIED, &[], |c| c.number::<u32>())?.pop().unwrap_or(0))
}

/// Brings a database to the newest of `known`.
///
/// # Errors
/// [`StoreError::Newer`] if the database is ahead; [`StoreError::Database`] if a file changed after it was applied.
pub(super) fn migrate(conn: &Connection, known: &[Migration]) -> Out<()> {
    conn.execute_batch(TABLE)?;
    let applied = all(conn, APPLIED, &[], |c| Ok((c.number::<u32>()?, c.text()?)))?;
    let newest = known.last().map_or(0, |m| m.0);
    if let Some((found, _)) = applied.last().filter(|(number, _)| *number > newest) {
        return Err(StoreError::Newer { found: *found, known: newest });
    }
    for (number, name, text) in known {
        let hash = hash(text);
        match applied.iter().find(|(n, _)| n == number) {
            Some((_, was)) if *was == hash => {}
            Some(_) => return Err(StoreError::Database(format!("migration {name} was applied with another text"))),
            None => {
                conn.execute_batch("begin immediate")?;
                let done = conn
                    .execute_batch(text)
                    .map_err(StoreError::from)
                    .and_then(|()| run(conn, NOTE, &[number, name, &hash]))
                    .and_then(|_| Ok(conn.execute_batch("commit")?));
                if let Err(error) = done {
                    let _ = conn.execute_batch("rollback");
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}
