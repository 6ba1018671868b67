//! Statements, arguments and columns of the engine.

use bailiwick_core::ids::{
    AddressId, CommandId, CredentialId, InvitationId, KeyId, MailId, MemberId, PersonId, ProductId, ResourceId,
    SessionId, TemplateId, TextId, WorkspaceId,
};
use bailiwick_core::time::Timestamp;
use rusqlite::types::{FromSql, ToSql};
use rusqlite::{CachedStatement, Connection, Row, ffi};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;

/// What most things here give back.
pub(super) type Out<T> = Result<T, StoreError>;

/// Names that must be unique, by what the engine says when they are not.
const TAKEN: &[(&str, &str)] = &[
    ("workspaces.product_id, workspaces.external_id", "the workspace's external id"),
    ("members.workspace_id, members.person_id", "the person's place in the workspace"),
    ("members.workspace_id, members.address_id", "the address's place in the workspace"),
    ("invitations.workspace_id, invitations.address_id", "the address's place in the workspace"),
    ("person_external_ids.product_id, person_external_ids.external_id", "the person's external id"),
    ("persons.address_id", "the address"),
    ("products.name", "the product's name"),
    ("resources.resource_id", "the resource's id"),
    ("secrets.hash", "the secret"),
    ("mails.mail_id", "the mail's id"),
    ("changes.command_id, changes.line_id", "the command's id"),
];

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if let rusqlite::Error::SqliteFailure(code, Some(text)) = &error
            && let Some(columns) = text.strip_prefix("UNIQUE constraint failed: ")
            && code.extended_code != ffi::SQLITE_CONSTRAINT_TRIGGER
        {
            if columns == "members.workspace_id" {
                return Self::Taken("the single owner's place");
            }
            if let Some((_, what)) = TAKEN.iter().find(|(of, _)| *of == columns) {
                return Self::Taken(what);
            }
        }
        match error {
            // The engine works; what it holds is not what belongs there.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => misread(error),
            _ => Self::Database(error.to_string()),
        }
    }
}

/// What misread values are reported under until the line is known.
pub(super) const VALUE: &str = "a stored value";

/// A stored value that means nothing here.
pub(super) fn misread(why: impl std::fmt::Display) -> StoreError {
    StoreError::Fenced { line: VALUE.into(), why: why.to_string() }
}

/// Says which line an unreadable value is of.
pub(super) fn of_line(line: impl std::fmt::Display, error: StoreError) -> StoreError {
    match error {
        StoreError::Fenced { line: was, why } if was == VALUE => StoreError::Fenced { line: line.to_string(), why },
        other => other,
    }
}

/// `$n` is the nth argument. The engine numbers named parameters by first use, so each is bound by its name.
fn bind(statement: &mut CachedStatement<'_>, args: &[&dyn ToSql]) -> Out<()> {
    for index in 1..=statement.parameter_count() {
        let wanted = statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let arg = wanted.and_then(|n| args.get(n.checked_sub(1)?));
        let arg = arg.ok_or_else(|| StoreError::Database(format!("parameter {index} has no argument")))?;
        statement.raw_bind_parameter(index, arg)?;
    }
    Ok(())
}

/// Runs a statement; gives how many rows it changed.
pub(super) fn run(conn: &Connection, sql: &str, args: &[&dyn ToSql]) -> Out<usize> {
    let mut statement = conn.prepare_cached(sql)?;
    bind(&mut statement, args)?;
    Ok(statement.raw_execute()?)
}

/// Hands each row to a closure.
pub(super) fn each(
    conn: &Connection,
    sql: &str,
    args: &[&dyn ToSql],
    mut take: impl FnMut(&mut Cells<'_, '_>) -> Out<()>,
) -> Out<()> {
    let mut statement = conn.prepare_cached(sql)?;
    bind(&mut statement, args)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        take(&mut Cells { row, next: 0 })?;
    }
    Ok(())
}

/// All rows.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    args: &[&dyn ToSql],
    mut read: impl FnMut(&mut Cells<'_, '_>) -> Out<T>,
) -> Out<Vec<T>> {
    let mut found = Vec::new();
    each(conn, sql, args, |cells| {
        found.push(read(cells)?);
        Ok(())
    })?;
    Ok(found)
}

/// The first row.
pub(super) fn one<T>(
    conn: &Connection,
    sql: &str,
    args: &[&dyn ToSql],
    mut read: impl FnMut(&mut Cells<'_, '_>) -> Out<T>,
) -> Out<Option<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    bind(&mut statement, args)?;
    let mut rows = statement.raw_query();
    match rows.next()? {
        Some(row) => read(&mut Cells { row, next: 0 }).map(Some),
        None => Ok(None),
    }
}

/// The columns of a row, one after another.
pub(super) struct Cells<'a, 's> {
    row: &'a Row<'s>,
    next: usize,
}

impl Cells<'_, '_> {
    pub(super) fn get<T: FromSql>(&mut self) -> Out<T> {
        let column = self.next;
        self.next += 1;
        Ok(self.row.get(column)?)
    }

    pub(super) fn id<T: StoredId>(&mut self) -> Out<T> {
        self.get::<[u8; 16]>().map(T::of)
    }

    pub(super) fn maybe_id<T: StoredId>(&mut self) -> Out<Option<T>> {
        Ok(self.get::<Option<[u8; 16]>>()?.map(T::of))
    }

    pub(super) fn text(&mut self) -> Out<String> {
        self.get()
    }

    pub(super) fn time(&mut self) -> Out<Timestamp> {
        self.get().map(Timestamp)
    }

    pub(super) fn maybe_time(&mut self) -> Out<Option<Timestamp>> {
        Ok(self.get::<Option<i64>>()?.map(Timestamp))
    }

    pub(super) fn number<T: TryFrom<i64>>(&mut self) -> Out<T> {
        let value: i64 = self.get()?;
        T::try_from(value).map_err(|_| misread(format!("{value} is out of range")))
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Out<T> {
        of_json(&self.text()?)
    }

    pub(super) fn maybe_json<T: DeserializeOwned>(&mut self) -> Out<Option<T>> {
        self.get::<Option<String>>()?.as_deref().map(of_json).transpose()
    }
}

/// Ids as the tables hold them.
pub(super) trait StoredId {
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
    WorkspaceId
);

/// A value as JSON text.
pub(super) fn to_json(value: &impl Serialize) -> Out<String> {
    serde_json::to_string(value).map_err(|e| StoreError::Database(e.to_string()))
}

/// A value of JSON text.
pub(super) fn of_json<T: DeserializeOwned>(text: &str) -> Out<T> {
    serde_json::from_str(text).map_err(|e| misread(format!("stored JSON: {e}")))
}

/// A count as the engine holds it.
pub(super) fn int(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
