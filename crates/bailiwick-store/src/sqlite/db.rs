//! Statements, arguments and columns of SQLite.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Row, ffi};

use crate::error::StoreError;
use crate::query::Dialect;
use crate::tables::db::{Cells, Columns, Db, Out, Take, misread};
use crate::tables::value::{Arg, Value};

/// Names that must be unique, by what the engine says when they are not.
const TAKEN: &[(&str, &str)] = &[
    ("workspaces.product_id, workspaces.external_id", "the workspace's external id"),
    ("members.workspace_id", "the single owner's place"),
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
            && let Some((_, what)) = TAKEN.iter().find(|(of, _)| *of == columns)
        {
            return Self::Taken(what);
        }
        Self::Database(error.to_string())
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(number),
            Self::Bool(is) => ValueRef::Integer(i64::from(is)),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Columns for Row<'_> {
    fn value(&self, column: usize) -> Out<Value<'_>> {
        match self.get_ref(column)? {
            ValueRef::Null => Ok(Value::Null),
            ValueRef::Integer(number) => Ok(Value::Int(number)),
            ValueRef::Text(text) => std::str::from_utf8(text).map(Value::Text).map_err(misread),
            ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes)),
            ValueRef::Real(number) => Err(misread(format!("column {column} holds {number}"))),
        }
    }
}

/// The engine numbers named parameters by first use, so each is bound by its name.
fn bind(statement: &mut CachedStatement<'_>, args: &[&dyn Arg]) -> Out<()> {
    for index in 1..=statement.parameter_count() {
        let wanted = statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let arg = wanted.and_then(|n| args.get(n.checked_sub(1)?));
        let arg = arg.ok_or_else(|| StoreError::Database(format!("parameter {index} has no argument")))?;
        statement.raw_bind_parameter(index, arg.value())?;
    }
    Ok(())
}

impl Db for Connection {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn run(&self, sql: &str, args: &[&dyn Arg]) -> Out<u64> {
        let mut statement = self.prepare_cached(sql)?;
        bind(&mut statement, args)?;
        Ok(statement.raw_execute()? as u64)
    }

    fn rows(&self, sql: &str, args: &[&dyn Arg], take: &mut Take<'_>) -> Out<()> {
        let mut statement = self.prepare_cached(sql)?;
        bind(&mut statement, args)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if take(&mut Cells::of(row))?.is_break() {
                break;
            }
        }
        Ok(())
    }
}
