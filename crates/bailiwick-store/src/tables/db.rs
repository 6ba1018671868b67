//! What the tables are read and written through: statements, arguments and columns, whatever the engine.

use std::ops::ControlFlow;

use bailiwick_core::ids::{
    AddressId, CommandId, CredentialId, EventId, InvitationId, KeyId, MailId, MemberId, PersonId, ProductId,
    ResourceId, SessionId, TemplateId, TextId, WebhookId, WorkspaceId,
};
use bailiwick_core::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::value::{Arg, Stored, Value};
use crate::error::StoreError;
use crate::query::Dialect;

/// What most things here give back.
pub(crate) type Out<T> = Result<T, StoreError>;

/// A connection with a transaction begun on it.
///
/// In a statement `$n` is the nth argument, whatever order they are used in.
pub(crate) trait Db {
    /// Which of two texts of a statement this engine takes.
    fn dialect(&self) -> Dialect;

    /// Runs a statement; gives how many rows it changed.
    fn run(&self, sql: &str, args: &[&dyn Arg]) -> Out<u64>;

    /// Runs a statement of which nobody needs to know how many rows it changed. It may be on its way when this
    /// returns: that it failed is told by the next call at the latest, and nothing after it is done.
    fn write(&self, sql: &str, args: &[&dyn Arg]) -> Out<()> {
        self.run(sql, args).map(drop)
    }

    /// Waits for what is on its way.
    ///
    /// # Errors
    /// That of the first statement that failed.
    fn settle(&self) -> Out<()> {
        Ok(())
    }

    /// Hands each row to a closure, until it has seen enough.
    fn rows(&self, sql: &str, args: &[&dyn Arg], take: &mut Take<'_>) -> Out<()>;
}

/// What takes rows, one after another.
pub(crate) type Take<'a> = dyn FnMut(&mut Cells<'_>) -> Out<ControlFlow<()>> + 'a;

/// A row of an engine.
pub(crate) trait Columns {
    /// The value of a column.
    fn value(&self, column: usize) -> Out<Value<'_>>;
}

/// What misread values are reported under until the line is known.
pub(crate) const VALUE: &str = "a stored value";

/// A stored value that means nothing here.
pub(crate) fn misread(why: impl std::fmt::Display) -> StoreError {
    StoreError::Fenced { line: VALUE.into(), why: why.to_string() }
}

/// Says which line an unreadable value is of.
pub(crate) fn of_line(line: impl std::fmt::Display, error: StoreError) -> StoreError {
    match error {
        StoreError::Fenced { line: was, why } if was == VALUE => StoreError::Fenced { line: line.to_string(), why },
        other => other,
    }
}

/// [`Db::run`].
pub(crate) fn run(db: &dyn Db, sql: &str, args: &[&dyn Arg]) -> Out<u64> {
    db.run(sql, args)
}

/// [`Db::write`].
pub(crate) fn write(db: &dyn Db, sql: &str, args: &[&dyn Arg]) -> Out<()> {
    db.write(sql, args)
}

/// Hands each row to a closure.
pub(crate) fn each(
    db: &dyn Db,
    sql: &str,
    args: &[&dyn Arg],
    mut take: impl FnMut(&mut Cells<'_>) -> Out<()>,
) -> Out<()> {
    db.rows(sql, args, &mut |cells| take(cells).map(ControlFlow::Continue))
}

/// All rows.
pub(crate) fn all<T>(
    db: &dyn Db,
    sql: &str,
    args: &[&dyn Arg],
    mut read: impl FnMut(&mut Cells<'_>) -> Out<T>,
) -> Out<Vec<T>> {
    let mut found = Vec::new();
    each(db, sql, args, |cells| {
        found.push(read(cells)?);
        Ok(())
    })?;
    Ok(found)
}

/// The first row.
pub(crate) fn one<T>(
    db: &dyn Db,
    sql: &str,
    args: &[&dyn Arg],
    mut read: impl FnMut(&mut Cells<'_>) -> Out<T>,
) -> Out<Option<T>> {
    let mut found = None;
    db.rows(sql, args, &mut |cells| {
        found = Some(read(cells)?);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

/// The columns of a row, one after another.
pub(crate) struct Cells<'a> {
    row: &'a dyn Columns,
    next: usize,
}

impl<'a> Cells<'a> {
    /// A row, from its first column on.
    pub(crate) fn of(row: &'a dyn Columns) -> Self {
        Self { row, next: 0 }
    }

    /// The next value as it is.
    pub(crate) fn value(&mut self) -> Out<Value<'a>> {
        let column = self.next;
        self.next += 1;
        self.row.value(column)
    }

    pub(crate) fn get<T: Stored>(&mut self) -> Out<T> {
        let column = self.next;
        let value = self.value()?;
        T::of(value).ok_or_else(|| misread(format!("column {column} holds {}", value.kind())))
    }

    pub(crate) fn id<T: StoredId>(&mut self) -> Out<T> {
        self.get::<[u8; 16]>().map(T::of)
    }

    pub(crate) fn maybe_id<T: StoredId>(&mut self) -> Out<Option<T>> {
        Ok(self.get::<Option<[u8; 16]>>()?.map(T::of))
    }

    pub(crate) fn text(&mut self) -> Out<String> {
        self.get()
    }

    pub(crate) fn time(&mut self) -> Out<Timestamp> {
        self.get().map(Timestamp)
    }

    pub(crate) fn maybe_time(&mut self) -> Out<Option<Timestamp>> {
        Ok(self.get::<Option<i64>>()?.map(Timestamp))
    }

    pub(crate) fn number<T: TryFrom<i64>>(&mut self) -> Out<T> {
        let value: i64 = self.get()?;
        T::try_from(value).map_err(|_| misread(format!("{value} is out of range")))
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Out<T> {
        of_json(&self.text()?)
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(&mut self) -> Out<Option<T>> {
        self.get::<Option<String>>()?.as_deref().map(of_json).transpose()
    }
}

/// Ids as the tables hold them.
pub(crate) trait StoredId {
    fn of(bytes: [u8; 16]) -> Self;
}

macro_rules! stored {
    ($($id:ident),*) => {$(
        impl StoredId for $id {
            fn of(bytes: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(bytes))
            }
        }
    )*};
}

stored!(
    AddressId,
    CommandId,
    CredentialId,
    EventId,
    InvitationId,
    KeyId,
    MailId,
    MemberId,
    PersonId,
    ProductId,
    ResourceId,
    SessionId,
    TemplateId,
    TextId,
    WebhookId,
    WorkspaceId
);

/// A value as JSON text.
pub(crate) fn to_json(value: &impl Serialize) -> Out<String> {
    serde_json::to_string(value).map_err(|e| StoreError::Database(e.to_string()))
}

/// A value of JSON text.
pub(crate) fn of_json<T: DeserializeOwned>(text: &str) -> Out<T> {
    serde_json::from_str(text).map_err(|e| misread(format!("stored JSON: {e}")))
}

/// A count as the engine holds it.
pub(crate) fn int(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
