//! A transaction, driven from a thread that may wait.
//!
//! A statement is on its way as soon as it is said; only who needs an answer waits for one. So a change that writes
//! twenty rows costs one trip to the server and not twenty.

use std::cell::RefCell;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bailiwick_core::node::Place;
use tokio::runtime::Handle;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Error, Row, Statement};

use super::connect::Conn;
use super::error::is_refusal;
use crate::error::StoreError;
use crate::query::Dialect;
use crate::query::postgres as q;
use crate::tables::db::{Cells, Columns, Db, Out, Take, misread};
use crate::tables::value::{Arg, Value};

/// Something that is on its way.
type UnderWay<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// How a commit ended.
pub(super) enum Commit {
    /// It is durable.
    Done,
    /// It was not done.
    Refused(StoreError),
    /// Nobody knows.
    Unknown(String),
}

/// A transaction on a connection.
pub(super) struct Session<'a> {
    conn: &'a Conn,
    handle: Handle,
    writes: RefCell<Vec<UnderWay<u64>>>,
    /// The first failure. The server does nothing more in this transaction, and neither do we.
    failed: RefCell<Option<StoreError>>,
}

/// A query that is on its way.
pub(super) struct Asked(UnderWay<Vec<Row>>, Poll<Result<Vec<Row>, Error>>);

impl<'a> Session<'a> {
    /// Begins a transaction.
    pub(super) fn begin(conn: &'a Conn, handle: &Handle, begin: &str) -> Out<Self> {
        let writes = RefCell::default();
        let session = Self { conn, handle: handle.clone(), writes, failed: RefCell::default() };
        session.write(begin, &[])?;
        Ok(session)
    }

    /// Where it is.
    pub(super) fn place(&self) -> Place {
        self.conn.place
    }

    /// Sends a query.
    pub(super) fn ask(&self, sql: &str, args: &[&dyn Arg]) -> Out<Asked> {
        let (statement, args) = self.said(sql, args)?;
        let client = std::sync::Arc::clone(&self.conn.client);
        let mut query: UnderWay<Vec<Row>> = Box::pin(async move {
            let args: Vec<&(dyn ToSql + Sync)> = args.iter().map(|arg| arg as &(dyn ToSql + Sync)).collect();
            client.query(&statement, &args).await
        });
        let early = send(query.as_mut());
        Ok(Asked(query, early))
    }

    /// Waits for the answer to a query.
    pub(super) fn answer(&self, asked: Asked) -> Out<Vec<Row>> {
        self.settle()?;
        let Asked(query, early) = asked;
        let answered = match early {
            Poll::Ready(answered) => answered,
            Poll::Pending => self.handle.block_on(query),
        };
        self.note(answered)
    }

    /// Commits what was said. What is still on its way is not waited for before: the server does one after the other,
    /// and does not commit after a failure.
    pub(super) fn commit(self, bound: Duration) -> Commit {
        self.conn.believe();
        if let Err(error) = self.write(q::NO_TIMEOUT, &[]) {
            self.roll_back();
            return Commit::Refused(error);
        }
        let statement = match self.said("commit", &[]) {
            Ok((statement, _)) => statement,
            Err(error) => {
                self.roll_back();
                return Commit::Refused(error);
            }
        };
        let writes = self.writes.take();
        let committing = async {
            let mut commit = pin!(self.conn.client.execute_raw(&statement, &[] as &[i64]));
            let early = send(commit.as_mut());
            let mut first = Ok(());
            for write in writes {
                first = first.and(write.await.map(drop));
            }
            let committed = match early {
                Poll::Ready(committed) => committed,
                Poll::Pending => commit.await,
            };
            first.and(committed.map(drop))
        };
        // Nothing of ours ends a commit. If it does not answer, the connection is let go, and the outcome looked up.
        match self.handle.block_on(async { tokio::time::timeout(bound, committing).await }) {
            Ok(Ok(())) if self.conn.is_in_doubt() => {
                Commit::Unknown("the commit did not wait for the synchronous standby".into())
            }
            Ok(Ok(())) => Commit::Done,
            // A refused commit is a rollback, and so is a commit after a refused statement.
            Ok(Err(error)) if is_refusal(&error) => Commit::Refused(error.into()),
            Ok(Err(error)) => Commit::Unknown(StoreError::from(error).to_string()),
            Err(_) => {
                self.conn.break_off();
                Commit::Unknown("the commit was not answered in time".into())
            }
        }
    }

    /// Ends the transaction without keeping anything. Whether the connection can be used on.
    pub(super) fn roll_back(self) -> bool {
        let writes = self.writes.take();
        let rolled_back = self.handle.block_on(async {
            for write in writes {
                let _ = write.await;
            }
            let statement = self.conn.statement("rollback").await?;
            self.conn.client.execute_raw(&statement, &[] as &[i64]).await
        });
        rolled_back.is_ok()
    }

    /// A statement and its arguments, ready to be sent.
    fn said(&self, sql: &str, args: &[&dyn Arg]) -> Out<(Statement, Vec<Owned>)> {
        if let Some(error) = &*self.failed.borrow() {
            return Err(error.clone());
        }
        let statement = match self.conn.known(sql) {
            Some(statement) => statement,
            None => {
                // That the transaction has failed must not be mistaken for a failure to prepare.
                self.settle()?;
                let prepared = self.handle.block_on(self.conn.statement(sql));
                self.note(prepared)?
            }
        };
        if statement.params().len() != args.len() {
            let (wants, has) = (statement.params().len(), args.len());
            return Err(StoreError::Database(format!("a statement wants {wants} arguments and has {has}")));
        }
        Ok((statement, args.iter().map(|arg| Owned::of(arg.value())).collect()))
    }

    fn note<T>(&self, result: Result<T, Error>) -> Out<T> {
        result.map_err(|error| {
            if !is_refusal(&error) {
                self.conn.give_up();
            }
            let error = StoreError::from(error);
            self.failed.borrow_mut().get_or_insert(error).clone()
        })
    }
}

/// The first poll of a request puts it into the connection's queue.
fn send<F: Future + ?Sized>(request: Pin<&mut F>) -> Poll<F::Output> {
    request.poll(&mut Context::from_waker(Waker::noop()))
}

impl Db for Session<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn run(&self, sql: &str, args: &[&dyn Arg]) -> Out<u64> {
        self.settle()?;
        let (statement, args) = self.said(sql, args)?;
        let done = self.handle.block_on(self.conn.client.execute_raw(&statement, args));
        self.note(done)
    }

    fn write(&self, sql: &str, args: &[&dyn Arg]) -> Out<()> {
        let (statement, args) = self.said(sql, args)?;
        let client = std::sync::Arc::clone(&self.conn.client);
        let mut write: UnderWay<u64> = Box::pin(async move { client.execute_raw(&statement, args).await });
        match send(write.as_mut()) {
            Poll::Ready(done) => self.note(done).map(drop),
            Poll::Pending => {
                self.writes.borrow_mut().push(write);
                Ok(())
            }
        }
    }

    fn settle(&self) -> Out<()> {
        let writes = self.writes.take();
        if !writes.is_empty() {
            let settled = self.handle.block_on(async {
                let mut first = Ok(());
                for write in writes {
                    first = first.and(write.await.map(drop));
                }
                first
            });
            self.note(settled)?;
        }
        self.failed.borrow().clone().map_or(Ok(()), Err)
    }

    fn rows(&self, sql: &str, args: &[&dyn Arg], take: &mut Take<'_>) -> Out<()> {
        let asked = self.ask(sql, args)?;
        for row in self.answer(asked)? {
            if take(&mut Cells::of(&row))?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// An argument on its way.
#[derive(Debug)]
enum Owned {
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
    Bytes(Vec<u8>),
}

impl Owned {
    fn of(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(number) => Self::Int(number),
            Value::Bool(is) => Self::Bool(is),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }
}

impl ToSql for Owned {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *of == Type::INT4 => i32::try_from(*number)?.to_sql(of, out),
            Self::Int(number) if *of == Type::INT8 => number.to_sql(of, out),
            Self::Bool(is) if *of == Type::BOOL => is.to_sql(of, out),
            Self::Text(text) if *of == Type::TEXT => text.to_sql(of, out),
            Self::Bytes(bytes) if *of == Type::BYTEA => bytes.to_sql(of, out),
            other => Err(format!("{other:?} is no {of}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A column as it comes.
struct Raw<'a>(Value<'a>);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(of: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(match *of {
            Type::INT8 => Value::Int(i64::from_sql(of, raw)?),
            Type::INT4 => Value::Int(i64::from(i32::from_sql(of, raw)?)),
            Type::BOOL => Value::Bool(bool::from_sql(of, raw)?),
            Type::TEXT => Value::Text(<&str>::from_sql(of, raw)?),
            Type::BYTEA => Value::Bytes(raw),
            ref other => return Err(format!("columns of {other} are not expected").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl Columns for Row {
    fn value(&self, column: usize) -> Out<Value<'_>> {
        self.try_get::<_, Raw<'_>>(column).map(|raw| raw.0).map_err(misread)
    }
}
