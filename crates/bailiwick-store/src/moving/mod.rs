//! From one database to another: every table, byte for byte, read in one snapshot, written in one transaction, and
//! verified before that is committed. What does not verify was never there. The source is held still until then.

mod tables;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use bailiwick_core::team::state::Workspace;

use crate::Later;
use crate::chain::{ChainKey, Seal};
use crate::error::StoreError;
use crate::models::Models;
use crate::postgres::Postgres;
use crate::query::Dialect;
use crate::query::log as q;
use crate::query::postgres::NODE_NAMES;
use crate::rows::{LineId, Verified};
use crate::sqlite::Sqlite;
use crate::tables::db::{Db, Out, all, int, misread, one, write};
use crate::tables::value::{Arg, Value};
use crate::tables::{load, log, verify};
use tables::{TABLES, Table, YES_OR_NO};

/// So many rows go over together.
const BATCH: usize = 500;
/// So many batches may be on their way.
const AHEAD: usize = 4;

/// Work on the tables themselves, in a transaction.
pub(crate) type Raw = Box<dyn FnOnce(&dyn Db, &ChainKey) -> Out<()> + Send>;

/// One end of a move.
#[derive(Clone, Copy)]
pub enum End<'a> {
    /// An embedded database.
    Sqlite(&'a Sqlite),
    /// A database on a server.
    Postgres(&'a Postgres),
}

impl<'a> From<&'a Sqlite> for End<'a> {
    fn from(store: &'a Sqlite) -> Self {
        Self::Sqlite(store)
    }
}

impl<'a> From<&'a Postgres> for End<'a> {
    fn from(store: &'a Postgres) -> Self {
        Self::Postgres(store)
    }
}

impl<'a> End<'a> {
    fn give(self, work: Raw) -> Later<'a, ()> {
        match self {
            Self::Sqlite(store) => store.give(work),
            Self::Postgres(store) => store.give(work),
        }
    }

    fn fill(self, work: Raw) -> Later<'a, ()> {
        match self {
            Self::Sqlite(store) => store.fill(work),
            Self::Postgres(store) => store.fill(work),
        }
    }
}

/// How far a move has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many rows of a table have gone over.
    Rows(&'static str, u64),
    /// All rows are there; the target is being verified.
    Verifying,
}

/// What was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Workspaces, deleted ones too: their log is kept.
    pub workspaces: u64,
    /// Persons, erased ones too.
    pub persons: u64,
    /// What was verified in the target.
    pub verified: Verified,
}

/// Moves everything of one database into another, which must be migrated and empty. From the first row that is read to
/// the commit of the target nothing can change in the source: changes there wait, and fail if the move takes longer
/// than they have patience.
///
/// # Errors
/// [`StoreError::Nodes`] if nodes are registered on one of the two, [`StoreError::NotEmpty`] if the target has rows,
/// [`StoreError::Database`] if a row does not fit, [`StoreError::Fenced`] if the copy does not verify under the target's
/// key: nothing was moved.
pub async fn move_all(
    from: End<'_>,
    to: End<'_>,
    progress: impl FnMut(Progress) + Send + 'static,
) -> Result<Moved, StoreError> {
    let (sender, receiver) = sync_channel(AHEAD);
    let (told, moved) = sync_channel(1);
    let (still, released) = sync_channel(0);
    let giving = from.give(Box::new(move |db, _| give(db, &sender, &released)));
    let filling = to.fill(Box::new(move |db, key| {
        let moved = fill(db, key, &receiver, progress)?;
        told.send(moved).map_err(|_| StoreError::Closed)
    }));
    let filling = async move {
        let filled = filling.await;
        // The target is committed, or never will be: the source may go on.
        drop(still);
        filled
    };
    match tokio::join!(giving, filling) {
        // The target has everything, verified and committed; what became of the source after its last word is its own.
        (_, Ok(())) => moved.recv().map_err(|_| StoreError::Closed),
        // Whoever is left alone by the other says so; the other knows why.
        (Err(why), Err(StoreError::Closed)) | (_, Err(why)) => Err(why),
    }
}

/// What goes over.
enum Piece {
    Rows(&'static Table, Vec<Vec<Cell>>),
    Feed(u64),
    Heads(Vec<Head>),
    State(Arc<Workspace>),
    End,
}

/// Where a line stands, with the last seal of its chain.
type Head = (LineId, u64, Seal);

/// A value that goes over.
enum Cell {
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    fn of(value: Value<'_>, column: &str) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(number) if YES_OR_NO.contains(&column) => Self::Bool(number != 0),
            Value::Int(number) => Self::Int(number),
            Value::Bool(is) => Self::Bool(is),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }
}

impl Arg for Cell {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(*number),
            Self::Bool(is) => Value::Bool(*is),
            Self::Text(text) => Value::Text(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

/// The source's side. It has the source to itself until `released` says that the other side has ended.
fn give(db: &dyn Db, to: &SyncSender<Piece>, released: &Receiver<()>) -> Out<()> {
    without_nodes(db, "the source")?;
    // Nobody takes it any more: the other side has failed, and says why.
    let send = |piece| to.send(piece).map_err(|_| StoreError::Closed);
    for table in TABLES {
        let mut rows = page(db, table, None)?;
        while let Some(last) = rows.last() {
            let is_last = rows.len() < BATCH;
            let next = if is_last { Vec::new() } else { page(db, table, Some(last))? };
            send(Piece::Rows(table, rows))?;
            rows = next;
        }
    }
    send(Piece::Feed(log::head(db)?))?;
    let heads = heads(db)?;
    let models = Models::default();
    let workspaces = heads.iter().filter_map(|(line, ..)| match line {
        LineId::Workspace(id) => Some(*id),
        _ => None,
    });
    for id in workspaces {
        if let Some(state) = load::workspace(db, &models, id)? {
            send(Piece::State(Arc::new(state)))?;
        }
    }
    send(Piece::Heads(heads))?;
    send(Piece::End)?;
    // Nothing is ever sent: it ends when the other side does.
    let _ = released.recv();
    Ok(())
}

/// Nodes answer by what they hold of a database, so it is no copy's source or target while some may run on it.
fn without_nodes(db: &dyn Db, of: &'static str) -> Out<()> {
    if db.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let names = all(db, NODE_NAMES, &[], |c| c.text())?;
    if names.is_empty() { Ok(()) } else { Err(StoreError::Nodes { of, names: names.join(", ") }) }
}

fn page(db: &dyn Db, table: &Table, after: Option<&Vec<Cell>>) -> Out<Vec<Vec<Cell>>> {
    let limit = int(BATCH);
    let mut args: Vec<&dyn Arg> =
        after.map(|row| row[..table.key.len()].iter().map(|cell| cell as &dyn Arg).collect()).unwrap_or_default();
    args.push(&limit);
    let mut rows = Vec::new();
    db.rows(&table.page(after.is_none()), &args, &mut |c| {
        let row = table.columns().map(|column| Ok(Cell::of(c.value()?, column))).collect::<Out<Vec<_>>>()?;
        rows.push(row);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

fn heads(db: &dyn Db) -> Out<Vec<Head>> {
    let lines = all(db, q::LINES, &[], |c| {
        let id = c.get()?;
        let kind = c.text()?;
        LineId::of(&kind, id).ok_or_else(|| misread(format!("`{kind}` is no kind of line")))
    })?;
    lines
        .into_iter()
        .map(|line| log::standing(db, line).map(|standing| (line, standing.revision, standing.head)))
        .collect()
}

/// The target's side; what it gives back is true before anything is committed.
fn fill(db: &dyn Db, key: &ChainKey, from: &Receiver<Piece>, mut progress: impl FnMut(Progress)) -> Out<Moved> {
    without_nodes(db, "the target")?;
    for table in TABLES {
        if one(db, &table.is_empty(), &[], |c| c.number::<u64>())? != Some(0) {
            return Err(StoreError::NotEmpty(table.name));
        }
    }
    if log::head(db)? != 0 {
        return Err(StoreError::NotEmpty("feed"));
    }
    let models = Models::default();
    let (mut name, mut rows) = ("", 0);
    let (mut workspaces, mut persons) = (0, 0);
    loop {
        // The source has failed, and says why.
        match from.recv().map_err(|_| StoreError::Closed)? {
            Piece::Rows(table, batch) => {
                if name != table.name {
                    (name, rows) = (table.name, 0);
                }
                let insert = table.insert();
                for row in &batch {
                    let args: Vec<&dyn Arg> = row.iter().map(|cell| cell as &dyn Arg).collect();
                    write(db, &insert, &args)?;
                }
                db.settle()?;
                rows += batch.len() as u64;
                progress(Progress::Rows(name, rows));
            }
            Piece::Feed(position) => write(db, q::SET_POSITION, &[&int(position)])?,
            Piece::State(state) => {
                let copied = load::workspace(db, &models, state.id)?;
                if copied.as_ref() != Some(&*state) {
                    return Err(differs(&state.id));
                }
            }
            Piece::Heads(wanted) => {
                if heads(db)? != wanted {
                    return Err(differs(&"where the lines stand"));
                }
                for (line, ..) in wanted {
                    match line {
                        LineId::Workspace(_) => workspaces += 1,
                        LineId::Person(_) => persons += 1,
                        LineId::Installation => {}
                    }
                }
            }
            Piece::End => break,
        }
    }
    progress(Progress::Verifying);
    let verified = verify::verify(db, &models, key, None)?;
    match &verified.broken {
        None => Ok(Moved { workspaces, persons, verified }),
        Some(place) => Err(StoreError::Fenced { line: "the copy".into(), why: place.clone() }),
    }
}

fn differs(what: &dyn std::fmt::Display) -> StoreError {
    StoreError::Fenced { line: "the copy".into(), why: format!("{what} is not as in the source") }
}
