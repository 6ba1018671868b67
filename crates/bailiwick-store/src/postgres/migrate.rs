//! Migrations: numbered files, applied in order, each once, by the role that owns the tables.

use tokio_postgres::error::SqlState;

use super::connect::Conn;
use crate::error::StoreError;
use crate::models::hash;
use crate::query::postgres as q;
use crate::readers::{KNOWN, may_work};
use crate::tables::db::{Cells, Out};

/// A migration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Migration {
    pub(super) number: u32,
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    /// Programs that know this migration, or a later one, can be at work beside those that know this one.
    pub(super) beside: u32,
}

macro_rules! files {
    ($($number:literal $name:literal beside $beside:literal)*) => {
        &[$(Migration {
            number: $number,
            name: $name,
            text: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
            beside: $beside,
        },)*]
    };
}

/// All of them, with the numbers and names that SQLite's have. A file that was released never changes again. One that
/// only adds what older programs need not know names the oldest of them; any other one names itself
/// (docs/decisions/0009-releases-side-by-side.md).
pub(super) const MIGRATIONS: &[Migration] = files! {
    1 "0001_log" beside 1
    2 "0002_installation" beside 2
    3 "0003_workspaces" beside 3
    4 "0004_people" beside 4
    5 "0005_observed" beside 5
    6 "0006_nodes" beside 6
    7 "0007_readers" beside 7
    8 "0008_scopes" beside 8
    9 "0009_vouched" beside 9
    10 "0010_webhooks" beside 10
};
/// The first that says which programs can be at work.
const READERS: u32 = 7;

/// Whoever migrates holds this.
const LOCK: &str = "select pg_advisory_lock(6267216011)";
const TABLE: &str = "create schema if not exists bailiwick;
    create table if not exists bailiwick.migrations (
        number bigint primary key, name text not null, hash text not null, applied_at bigint not null)";
/// Nobody has a lease on a database that was just made.
const SETTLE: &str = "update feed set settled_system = $1, settled_timeline = $2
    where id = 1 and position = 0 and settled_system is null";
/// Programs that know less than this must not be at work any more.
const RAISE: &str = "update feed set oldest_reader = greatest(oldest_reader, $1) where id = 1";
const IS_OWNER: &str = "select current_user = cast($1 as text)";

/// Brings a database to the newest of `known`, and lets a role use it.
pub(super) async fn migrate(conn: &Conn, known: &[Migration], role: &str) -> Out<()> {
    conn.client.batch_execute(LOCK).await?;
    conn.client.batch_execute(TABLE).await?;
    let applied = applied(conn).await?;
    let newest = known.last().map_or(0, |m| m.number);
    if let Some((found, _)) = applied.last().filter(|(number, _)| *number > newest) {
        return Err(StoreError::Newer { found: *found, known: newest });
    }
    for migration in known {
        let hash = hash(migration.text);
        match applied.iter().find(|(number, _)| *number == migration.number) {
            Some((_, was)) if *was == hash => {}
            Some(_) => return Err(other_text(migration)),
            None => apply(conn, migration, &hash).await?,
        }
    }
    // The sixth migration has brought the columns.
    if newest >= 6 {
        let (system, timeline) = (conn.place.system.cast_signed(), i64::from(conn.place.timeline));
        conn.client.execute(SETTLE, &[&system, &timeline]).await?;
    }
    // Where one role does both it has to keep what its tables give it, or it could not migrate again.
    if !conn.client.query_one(IS_OWNER, &[&role]).await?.try_get::<_, bool>(0)? {
        conn.client.batch_execute(&grants(role)).await?;
    }
    Ok(())
}

async fn apply(conn: &Conn, migration: &Migration, hash: &str) -> Out<()> {
    let Migration { number, name, text, beside } = migration;
    conn.client.batch_execute("begin").await?;
    let done = async {
        conn.client.batch_execute(text).await?;
        conn.client.execute(q::NOTE, &[&i64::from(*number), name, &hash]).await?;
        if *number >= READERS {
            conn.client.execute(RAISE, &[&i64::from(*beside)]).await?;
        }
        conn.client.batch_execute("commit").await
    };
    if let Err(error) = done.await {
        let _ = conn.client.batch_execute("rollback").await;
        let error = StoreError::from(error);
        return Err(StoreError::Database(format!("migration {name}: {error}")));
    }
    Ok(())
}

fn other_text(migration: &Migration) -> StoreError {
    StoreError::Database(format!("migration {} was applied with another text", migration.name))
}

async fn applied(conn: &Conn) -> Result<Vec<(u32, String)>, tokio_postgres::Error> {
    let rows = conn.client.query(q::APPLIED, &[]).await?;
    rows.iter().map(|row| Ok((u32::try_from(row.try_get::<_, i64>(0)?).unwrap_or(u32::MAX), row.try_get(1)?))).collect()
}

/// What the application may do: read and write, but only add to the log, and no more to the tables than use them.
fn grants(role: &str) -> String {
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    format!(
        "grant usage on schema bailiwick to {role};
         revoke all on all tables in schema bailiwick from {role};
         grant select, insert, update, delete on all tables in schema bailiwick to {role};
         revoke update, delete on changes, events from {role};
         revoke insert, update, delete on migrations from {role};
         revoke insert, delete on feed from {role};"
    )
}

/// Whether a database is as this program needs it; its newest migration, which may be one of a newer release.
pub(super) async fn look(conn: &Conn) -> Out<u32> {
    let applied = match applied(conn).await {
        Ok(applied) => applied,
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let found = applied.last().map_or(0, |(number, _)| *number);
    if found < KNOWN {
        return Err(StoreError::Older { found, known: KNOWN });
    }
    may_work(Cells::of(&conn.client.query_one(q::OLDEST_READER, &[]).await?).number()?)?;
    let changed = |known: &&Migration| !applied.iter().any(|(n, was)| *n == known.number && *was == hash(known.text));
    if let Some(migration) = MIGRATIONS.iter().find(changed) {
        return Err(other_text(migration));
    }
    Ok(found)
}
