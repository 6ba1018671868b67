//! Migrations: numbered files, applied in order, each once, by the role that owns the tables.

use tokio_postgres::error::SqlState;

use super::connect::Conn;
use crate::error::StoreError;
use crate::models::hash;
use crate::query::postgres as q;
use crate::tables::db::Out;

/// A migration: its number, its name, its text.
pub(super) type Migration = (u32, &'static str, &'static str);

macro_rules! files {
    ($($number:literal $name:literal)*) => {
        &[$(($number, $name, include_str!(concat!("../../migrations/postgres/", $name, ".sql"))),)*]
    };
}

/// All of them, with the numbers and names that SQLite's have. A file that was released never changes again.
pub(super) const MIGRATIONS: &[Migration] = files! {
    1 "0001_log"
    2 "0002_installation"
    3 "0003_workspaces"
    4 "0004_people"
    5 "0005_observed"
    6 "0006_nodes"
};

/// Whoever migrates holds this.
const LOCK: &str = "select pg_advisory_lock(6267216011)";
const TABLE: &str = "create schema if not exists bailiwick;
    create table if not exists bailiwick.migrations (
        number bigint primary key, name text not null, hash text not null, applied_at bigint not null)";
/// Nobody has a lease on a database that was just made.
const SETTLE: &str = "update feed set settled_system = $1, settled_timeline = $2
    where id = 1 and position = 0 and settled_system is null";
const IS_OWNER: &str = "select current_user = cast($1 as text)";

/// Brings a database to the newest of `known`, and lets a role use it.
pub(super) async fn migrate(conn: &Conn, known: &[Migration], role: &str) -> Out<()> {
    conn.client.batch_execute(LOCK).await?;
    conn.client.batch_execute(TABLE).await?;
    let applied = applied(conn).await?;
    let newest = known.last().map_or(0, |m| m.0);
    if let Some((found, _)) = applied.last().filter(|(number, _)| *number > newest) {
        return Err(StoreError::Newer { found: *found, known: newest });
    }
    for (number, name, text) in known {
        let hash = hash(text);
        match applied.iter().find(|(n, _)| n == number) {
            Some((_, was)) if *was == hash => {}
            Some(_) => return Err(StoreError::Database(format!("migration {name} was applied with another text"))),
            None => apply(conn, *number, name, text, &hash).await?,
        }
    }
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

async fn apply(conn: &Conn, number: u32, name: &str, text: &str, hash: &str) -> Out<()> {
    conn.client.batch_execute("begin").await?;
    let done = async {
        conn.client.batch_execute(text).await?;
        conn.client.execute(q::NOTE, &[&i64::from(number), &name, &hash]).await?;
        conn.client.batch_execute("commit").await
    };
    if let Err(error) = done.await {
        let _ = conn.client.batch_execute("rollback").await;
        let error = StoreError::from(error);
        return Err(StoreError::Database(format!("migration {name}: {error}")));
    }
    Ok(())
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

/// Whether a database is as this program needs it; its newest migration.
pub(super) async fn look(conn: &Conn) -> Out<u32> {
    let known = MIGRATIONS.last().map_or(0, |m| m.0);
    let applied = match applied(conn).await {
        Ok(applied) => applied,
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    match applied.last().map_or(0, |(number, _)| *number) {
        found if found > known => return Err(StoreError::Newer { found, known }),
        found if found < known => return Err(StoreError::Older { found, known }),
        _ => {}
    }
    for (number, name, text) in MIGRATIONS {
        if !applied.iter().any(|(n, was)| n == number && *was == hash(text)) {
            return Err(StoreError::Database(format!("migration {name} was applied with another text")));
        }
    }
    Ok(known)
}
