//! The log: written at the end of a change, read by pages and exports.

use bailiwick_core::ids::{CommandId, ProductId};
use bailiwick_core::team::event::EVENT_VERSION;
use bailiwick_core::time::Timestamp;

use super::db::{Cells, Db, Out, all, int, misread, one, to_json, write};
use super::value::Arg;
use crate::chain::{ChainKey, Link, START, Seal};
use crate::error::StoreError;
use crate::query::log as q;
use crate::readers::understands;
use crate::rows::{By, Committed, LineId, LogEntry, LogEvent, LogFilter, Origin};

/// Where a line stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) revision: u64,
    pub(crate) last_at: Timestamp,
    pub(crate) head: Seal,
}

/// Where a line stands; before its first change at nought.
pub(crate) fn standing(db: &dyn Db, line: LineId) -> Out<Standing> {
    Ok(one(db, q::LINE, &[&line.bytes()], |c| stands(c, line))?.unwrap_or(NOWHERE))
}

/// Where a line stands before its first change.
pub(crate) const NOWHERE: Standing = Standing { revision: 0, last_at: Timestamp(i64::MIN), head: START };

/// Where a line stands, of its row; nobody goes on from where they do not understand it.
pub(crate) fn stands(c: &mut Cells<'_>, line: LineId) -> Out<Standing> {
    let kind = c.text()?;
    if kind != line.kind() {
        let why = format!("this id is that of a line of kind {kind}");
        return Err(StoreError::Fenced { line: line.to_string(), why });
    }
    let standing = Standing { revision: c.number()?, last_at: c.time()?, head: c.get()? };
    understands(line, c.number()?)?;
    Ok(standing)
}

/// Where the feed stands.
pub(crate) fn head(db: &dyn Db) -> Out<u64> {
    let found = one(db, q::HEAD, &[], |c| c.number())?;
    found.ok_or_else(|| StoreError::Database("the feed has no counter".into()))
}

/// A change of one line that waits for the end of its transaction.
pub(crate) struct Pending {
    pub(crate) line: LineId,
    pub(crate) product: Option<ProductId>,
    pub(crate) before: Standing,
    pub(crate) at: Timestamp,
    pub(crate) by: By,
    pub(crate) model: String,
    /// Time, kind and JSON of each event.
    pub(crate) events: Vec<(Timestamp, &'static str, String)>,
}

/// Writes what happened. The counter of the feed is taken first here and last in the transaction; what follows it
/// only writes what it counts.
pub(crate) fn append(db: &dyn Db, key: &ChainKey, command: CommandId, mut pending: Vec<Pending>) -> Out<Committed> {
    pending.sort_by_key(|change| change.line);
    let mut committed = Committed::default();
    if pending.is_empty() {
        committed.position = head(db)?;
        return Ok(committed);
    }
    let count = int(pending.len());
    let last = one(db, q::TAKE_POSITIONS, &[&count], |c| c.number::<u64>())?
        .ok_or_else(|| StoreError::Database("the feed has no counter".into()))?;
    committed.position = last;
    for (change, position) in pending.iter().zip((last + 1).saturating_sub(pending.len() as u64)..) {
        let revision = change.before.revision + 1;
        let head = write_one(db, key, command, change, revision, position)?;
        write(db, q::PUT_HEAD, &[&change.line.bytes(), &head])?;
        committed.revisions.push((change.line, revision));
    }
    Ok(committed)
}

fn write_one(
    db: &dyn Db,
    key: &ChainKey,
    command: CommandId,
    change: &Pending,
    revision: u64,
    position: u64,
) -> Out<Seal> {
    let line = change.line.bytes();
    let actor = to_json(&change.by.actor)?;
    let origin = match &change.by.origin {
        Some(Origin { ip, agent }) => {
            let id = super::random()?;
            write(db, q::ADD_ORIGIN, &[&id, ip, agent])?;
            Some(id)
        }
        None => None,
    };
    write(
        db,
        q::ADD_CHANGE,
        &[&line, &int(revision), &int(position), &command.bytes(), &change.at.0, &actor, &origin],
    )?;
    let mut seal = change.before.head;
    for (seq, (at, kind, payload)) in (0_u64..).zip(&change.events) {
        let link = Link {
            line_kind: change.line.kind(),
            line,
            revision,
            position,
            command: command.bytes(),
            changed_at: change.at.0,
            actor: &actor,
            seq,
            at: at.0,
            kind,
            version: EVENT_VERSION,
            model: &change.model,
            payload,
        };
        seal = key.seal(&seal, &link);
        let (revision, seq) = (int(revision), int(seq));
        let args: &[&dyn Arg] =
            &[&line, &revision, &seq, &at.0, kind, &EVENT_VERSION, &change.model, payload, &key.id(), &seal];
        write(db, q::ADD_EVENT, args)?;
    }
    Ok(seal)
}

/// What a command changed, if it was committed before.
pub(crate) fn repeated(db: &dyn Db, command: CommandId, lines: &[LineId]) -> Out<Option<Committed>> {
    let (first, last) = command.namesakes();
    sum(all(db, q::REPEATED, &[&first.bytes(), &last.bytes()], step_of)?, command, lines)
}

/// What a command did to a line.
pub(crate) struct Did {
    line: LineId,
    revision: u64,
    position: u64,
    command: CommandId,
}

/// A row of [`q::REPEATED`].
pub(crate) fn step_of(c: &mut Cells<'_>) -> Out<Did> {
    let (kind, id) = (c.text()?, c.get()?);
    let line = LineId::of(&kind, id).ok_or_else(|| misread(format!("`{kind}` is no kind of line")))?;
    Ok(Did { line, revision: c.number()?, position: c.number()?, command: c.id()? })
}

/// What a command did, of its steps; nothing if none of them is on one of these lines. What another one of its name said
/// is an error, on whatever line it was.
pub(crate) fn sum(steps: Vec<Did>, command: CommandId, lines: &[LineId]) -> Out<Option<Committed>> {
    let mut committed = Committed::default();
    for Did { line, revision, position, command: by } in steps {
        if !by.says(command) {
            return Err(StoreError::NameUsed);
        }
        if by != command {
            continue;
        }
        committed.revisions.push((line, revision));
        committed.position = committed.position.max(position);
    }
    committed.revisions.sort_unstable();
    let known = committed.revisions.iter().any(|(line, _)| lines.contains(line));
    Ok(known.then_some(committed))
}

/// The log of a line, newest first.
pub(crate) fn entries(db: &dyn Db, line: LineId, filter: &LogFilter) -> Out<Vec<LogEntry>> {
    let list = |of: &[String]| if of.is_empty() { Ok(None) } else { to_json(&of).map(Some) };
    let before = filter.before_revision.map_or(i64::MAX, int);
    let from = filter.from.map_or(i64::MIN, |t| t.0);
    let until = filter.until.map_or(i64::MAX, |t| t.0);
    let actor = filter.actor.as_ref().map(to_json).transpose()?;
    let (kinds, mentions) = (list(&filter.kinds)?, list(&filter.mentions)?);
    let args: &[&dyn Arg] = &[&line.bytes(), &before, &from, &until, &actor, &kinds, &mentions, &int(filter.limit)];
    let mut found = all(db, q::ENTRIES.of(db.dialect()), args, |c| {
        let (revision, position, at, actor, command) = (c.number()?, c.number()?, c.time()?, c.json()?, c.id()?);
        let origin = match (c.get()?, c.get()?) {
            (Some(ip), Some(agent)) => Some(Origin { ip, agent }),
            _ => None,
        };
        Ok(LogEntry { revision, position, at, actor, command, origin, events: Vec::new() })
    })?;
    for entry in &mut found {
        entry.events = events(db, line, entry.revision)?;
    }
    Ok(found)
}

/// The events of one change.
pub(crate) fn events(db: &dyn Db, line: LineId, revision: u64) -> Out<Vec<LogEvent>> {
    all(db, q::CHANGE_EVENTS, &[&line.bytes(), &int(revision)], |c| {
        Ok(LogEvent { at: c.time()?, kind: c.text()?, version: c.number()?, payload: c.text()? })
    })
}
