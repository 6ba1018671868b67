//! The log: written at the end of a change, read by pages and exports.

use bailiwick_core::ids::{CommandId, ProductId};
use bailiwick_core::team::event::EVENT_VERSION;
use bailiwick_core::time::Timestamp;
use rusqlite::Connection;

use super::sql::{Out, all, int, misread, one, run, to_json};
use crate::chain::{ChainKey, Link, START, Seal};
use crate::error::StoreError;
use crate::query::log as q;
use crate::rows::{By, Committed, LineId, LogEntry, LogEvent, LogFilter, Origin};

/// Changes of a line that pass a filter. Engine-only: it takes the lists apart with `json_each`.
pub(super) const ENTRIES: &str = "select c.revision, c.position, c.at, c.actor, c.command_id, o.ip, o.agent
    from changes c left join origins o on o.origin_id = c.origin_id
    where c.line_id = $1 and c.revision < $2 and c.at >= $3 and c.at < $4
        and ($5 is null or c.actor = $5)
        and ($6 is null or exists (select 1 from events e
            where e.line_id = c.line_id and e.revision = c.revision
                and e.kind in (select value from json_each($6))))
        and ($7 is null or exists (select 1 from events e, json_each($7) m
            where e.line_id = c.line_id and e.revision = c.revision and instr(e.payload, m.value) > 0))
    order by c.revision desc limit $8";

/// Where a line stands.
pub(super) struct Standing {
    pub(super) revision: u64,
    pub(super) last_at: Timestamp,
    pub(super) head: Seal,
}

/// Where a line stands; before its first change at nought.
pub(super) fn standing(conn: &Connection, line: LineId) -> Out<Standing> {
    let found = one(conn, q::LINE, &[&line.bytes()], |c| {
        let kind = c.text()?;
        Ok((kind, Standing { revision: c.number()?, last_at: c.time()?, head: c.get()? }))
    })?;
    match found {
        None => Ok(Standing { revision: 0, last_at: Timestamp(i64::MIN), head: START }),
        Some((kind, standing)) if kind == line.kind() => Ok(standing),
        Some((kind, _)) => {
            Err(StoreError::Fenced { line: line.to_string(), why: format!("this id is that of a line of kind {kind}") })
        }
    }
}

/// Where the feed stands.
pub(super) fn head(conn: &Connection) -> Out<u64> {
    let found = one(conn, q::HEAD, &[], |c| c.number())?;
    found.ok_or_else(|| StoreError::Database("the feed has no counter".into()))
}

/// A change of one line that waits for the end of its transaction.
pub(super) struct Pending {
    pub(super) line: LineId,
    pub(super) product: Option<ProductId>,
    pub(super) before: Standing,
    pub(super) at: Timestamp,
    pub(super) by: By,
    pub(super) model: String,
    /// Time, kind and JSON of each event.
    pub(super) events: Vec<(Timestamp, &'static str, String)>,
}

/// Writes what happened. The counter of the feed is taken first here and last in the transaction; what follows it
/// only writes what it counts.
pub(super) fn write(
    conn: &Connection,
    key: &ChainKey,
    command: CommandId,
    mut pending: Vec<Pending>,
) -> Out<Committed> {
    pending.sort_by_key(|change| change.line);
    let mut committed = Committed::default();
    if pending.is_empty() {
        committed.position = head(conn)?;
        return Ok(committed);
    }
    let count = int(pending.len());
    let last = one(conn, q::TAKE_POSITIONS, &[&count], |c| c.number::<u64>())?
        .ok_or_else(|| StoreError::Database("the feed has no counter".into()))?;
    committed.position = last;
    for (change, position) in pending.iter().zip((last + 1).saturating_sub(pending.len() as u64)..) {
        let revision = change.before.revision + 1;
        let head = write_one(conn, key, command, change, revision, position)?;
        run(conn, q::PUT_HEAD, &[&change.line.bytes(), &head])?;
        committed.revisions.push((change.line, revision));
    }
    Ok(committed)
}

fn write_one(
    conn: &Connection,
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
            run(conn, q::ADD_ORIGIN, &[&id, ip, agent])?;
            Some(id)
        }
        None => None,
    };
    run(
        conn,
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
        let args: &[&dyn rusqlite::ToSql] =
            &[&line, &revision, &seq, &at.0, kind, &EVENT_VERSION, &change.model, payload, &key.id(), &seal];
        run(conn, q::ADD_EVENT, args)?;
    }
    Ok(seal)
}

/// What a command changed, if it was committed before.
pub(super) fn repeated(conn: &Connection, command: CommandId, lines: &[LineId]) -> Out<Option<Committed>> {
    let mut committed = Committed::default();
    let changed = all(conn, q::REPEATED, &[&command.bytes()], |c| {
        let (kind, id) = (c.text()?, c.get()?);
        let line = LineId::of(&kind, id);
        let line = line.ok_or_else(|| misread(format!("`{kind}` is no kind of line")))?;
        Ok((line, c.number()?, c.number()?))
    })?;
    for (line, revision, position) in changed {
        committed.revisions.push((line, revision));
        committed.position = committed.position.max(position);
    }
    committed.revisions.sort_unstable();
    let known = committed.revisions.iter().any(|(line, _)| lines.contains(line));
    Ok(known.then_some(committed))
}

/// The log of a line, newest first.
pub(super) fn entries(conn: &Connection, line: LineId, filter: &LogFilter) -> Out<Vec<LogEntry>> {
    let list = |of: &[String]| if of.is_empty() { Ok(None) } else { to_json(&of).map(Some) };
    let before = filter.before_revision.map_or(i64::MAX, int);
    let from = filter.from.map_or(i64::MIN, |t| t.0);
    let until = filter.until.map_or(i64::MAX, |t| t.0);
    let actor = filter.actor.as_ref().map(to_json).transpose()?;
    let (kinds, mentions) = (list(&filter.kinds)?, list(&filter.mentions)?);
    let args: &[&dyn rusqlite::ToSql] =
        &[&line.bytes(), &before, &from, &until, &actor, &kinds, &mentions, &int(filter.limit)];
    let mut found = all(conn, ENTRIES, args, |c| {
        let (revision, position, at, actor, command) = (c.number()?, c.number()?, c.time()?, c.json()?, c.id()?);
        let origin = match (c.get()?, c.get()?) {
            (Some(ip), Some(agent)) => Some(Origin { ip, agent }),
            _ => None,
        };
        Ok(LogEntry { revision, position, at, actor, command, origin, events: Vec::new() })
    })?;
    for entry in &mut found {
        entry.events = all(conn, q::CHANGE_EVENTS, &[&line.bytes(), &int(entry.revision)], |c| {
            Ok(LogEvent { at: c.time()?, kind: c.text()?, version: c.number()?, payload: c.text()? })
        })?;
    }
    Ok(found)
}
