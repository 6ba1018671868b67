//! What nodes that share this database tell each other through it. Each is a statement of its own on a lane of its own:
//! a node's lease never waits behind ordinary work.

use std::sync::Arc;

use bailiwick_core::node::{Entry, Incarnation, Page, Place, Row};
use tokio::runtime::Handle;
use tokio_postgres::types::ToSql;

use super::Postgres;
use super::lane::Loan;
use crate::Later;
use crate::cluster::{Cluster, Step, Wake};
use crate::error::StoreError;
use crate::query::postgres as q;
use crate::readers::may_work;
use crate::rows::{LineId, LogEvent};
use crate::tables::db::{Cells, Out, misread};

/// At most so many changes in a page.
const CHANGES: i64 = 500;
/// At most so many bytes of events in a page, unless a single change has more.
const BYTES: i64 = 1 << 20;

type Args<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection that a statement of its own is said on.
struct Line(Loan);

impl Line {
    async fn rows(&self, sql: &str, args: Args<'_>) -> Out<Vec<tokio_postgres::Row>> {
        let statement = self.0.statement(sql).await?;
        Ok(self.0.client.query(&statement, args).await?)
    }

    /// A logged commit; an error also if it did not wait for the synchronous standby.
    async fn commit(&self, sql: &str, args: Args<'_>) -> Out<u64> {
        let statement = self.0.statement(sql).await?;
        self.0.believe();
        let changed = self.0.client.execute(&statement, args).await?;
        if self.0.is_in_doubt() {
            return Err(StoreError::Unknown("the commit did not wait for the synchronous standby".into()));
        }
        Ok(changed)
    }

    fn place(&self) -> Place {
        self.0.place
    }
}

impl Postgres {
    /// Does something on a connection for nodes, within a bound.
    fn tell<T, F>(&self, what: impl FnOnce(Arc<Line>) -> F + Send + 'static) -> Later<'_, T>
    where
        T: Send + 'static,
        F: Future<Output = Out<T>> + Send + 'static,
    {
        let (lane, bound) = (self.nodes.clone(), self.shared.bounds.lease);
        let telling = self.apart.handle().spawn(async move {
            let telling = async {
                let line = Arc::new(Line(lane.take().await?));
                let told = what(Arc::clone(&line)).await?;
                // After an error it is not known what is under way on it, so it is not used again.
                if let Some(line) = Arc::into_inner(line) {
                    line.0.give_back();
                }
                Ok(told)
            };
            let told = tokio::time::timeout(bound, telling).await;
            told.unwrap_or_else(|_| Err(StoreError::Unknown("the database does not answer".into())))
        });
        Box::pin(async move { telling.await.unwrap_or(Err(StoreError::Closed)) })
    }
}

fn key(incarnation: Incarnation) -> [u8; 16] {
    incarnation.0.to_be_bytes()
}

fn position(of: u64) -> i64 {
    // Room to count on from there: whoever wants the head alone asks for what follows the last number there is.
    i64::try_from(of).unwrap_or(i64::MAX).min(i64::MAX / 2)
}

impl Cluster for Postgres {
    fn page(&self, after: u64) -> Later<'_, Page<Step>> {
        self.tell(async move |line: Arc<Line>| page(&line, after).await)
    }

    fn register(&self, incarnation: Incarnation, node: &str, applied: u64) -> Later<'_, Place> {
        let node = node.to_owned();
        self.tell(async move |line: Arc<Line>| {
            line.commit(q::REGISTER, &[&&key(incarnation)[..], &node, &position(applied)]).await?;
            Ok(line.place())
        })
    }

    fn renew(&self, incarnation: Incarnation, applied: u64) -> Later<'_, (bool, Place)> {
        self.tell(async move |line: Arc<Line>| {
            let renewed = line.commit(q::RENEW, &[&&key(incarnation)[..], &position(applied)]).await?;
            Ok((renewed == 1, line.place()))
        })
    }

    fn rows(&self) -> Later<'_, (Vec<Row>, Place)> {
        self.tell(async move |line: Arc<Line>| {
            let rows = line.rows(q::NODES, &[]).await?;
            let row = |row: &tokio_postgres::Row| {
                let mut c = Cells::of(row);
                Ok(Row { incarnation: Incarnation(u128::from_be_bytes(c.get()?)), applied: c.number()? })
            };
            Ok((rows.iter().map(row).collect::<Out<_>>()?, line.place()))
        })
    }

    fn strike(&self, incarnation: Incarnation, below: u64) -> Later<'_, bool> {
        self.tell(async move |line: Arc<Line>| {
            Ok(line.commit(q::STRIKE, &[&&key(incarnation)[..], &position(below)]).await? == 1)
        })
    }

    fn leave(&self, incarnation: Incarnation) -> Later<'_, ()> {
        self.tell(async move |line: Arc<Line>| line.commit(q::LEAVE, &[&&key(incarnation)[..]]).await.map(drop))
    }

    fn settle(&self, place: Place) -> Later<'_, ()> {
        self.tell(async move |line: Arc<Line>| {
            if line.place() != place {
                return Err(StoreError::Database("the history that was waited out is not the present one".into()));
            }
            line.commit(q::SETTLE, &[&place.system.cast_signed(), &i64::from(place.timeline)]).await.map(drop)
        })
    }

    fn wake(&self, why: Wake) -> Later<'_, ()> {
        let said = super::woken::sent(why);
        self.tell(async move |line: Arc<Line>| line.rows(q::WAKE, &[&said]).await.map(drop))
    }

    fn runtime(&self) -> Handle {
        self.apart.handle().clone()
    }

    fn woken(&self) -> Later<'_, Wake> {
        Box::pin(async move { Ok(self.ears.woken().await) })
    }
}

/// A page: all of one snapshot.
async fn page(line: &Line, after: u64) -> Out<Page<Step>> {
    let conn = &line.0;
    let asked = position(after);
    let [begin, feed, anchor, following, end] = [
        conn.statement("begin isolation level repeatable read, read only").await?,
        conn.statement(q::FEED_SETTLED).await?,
        conn.statement(q::COMMAND_AT).await?,
        conn.statement(q::PAGE).await?,
        conn.statement("commit").await?,
    ];
    let (at, within): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 3]) = ([&asked], [&asked, &CHANGES, &BYTES]);
    // Said in this order, and answered in one trip.
    let (_, feed, anchor, rows, _) = tokio::try_join!(
        biased;
        conn.client.execute(&begin, &[]),
        conn.client.query_one(&feed, &[]),
        conn.client.query_opt(&anchor, &at),
        conn.client.query(&following, &within),
        conn.client.execute(&end, &[]),
    )?;

    let mut c = Cells::of(&feed);
    let (head, system, timeline) = (c.number()?, c.get::<Option<i64>>()?, c.get::<Option<u32>>()?);
    may_work(c.number()?)?;
    let clock = c.time()?;
    let place = line.place();
    let settled = system.map(i64::cast_unsigned) == Some(place.system) && timeline == Some(place.timeline);
    let anchor = anchor.map(|row| Cells::of(&row).get().map(u128::from_be_bytes)).transpose()?;
    Ok(Page { place, settled, head, anchor, entries: entries(&rows)?, clock })
}

/// The changes of a page, of its rows, which are their events.
fn entries(rows: &[tokio_postgres::Row]) -> Out<Vec<Entry<Step>>> {
    let mut entries: Vec<Entry<Step>> = Vec::new();
    for row in rows {
        let mut c = Cells::of(row);
        let (position, mark) = (c.number()?, u128::from_be_bytes(c.get()?));
        let (kind, id, revision, model) = (c.text()?, c.get()?, c.number()?, c.text()?);
        let event = LogEvent { at: c.time()?, kind: c.text()?, version: c.number()?, payload: c.text()? };
        if let Some(entry) = entries.last_mut().filter(|entry| entry.position == position) {
            entry.what.events.push(event);
            continue;
        }
        let line = LineId::of(&kind, id).ok_or_else(|| misread(format!("`{kind}` is no kind of line")))?;
        entries.push(Entry { position, mark, what: Step { line, revision, model, events: vec![event] } });
    }
    Ok(entries)
}
