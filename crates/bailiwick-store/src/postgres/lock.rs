//! Lines are locked before anything is decided: who comes second decides on what the first one left.

use bailiwick_core::ids::CommandId;

use super::session::Session;
use crate::query::log::REPEATED;
use crate::query::postgres as q;
use crate::rows::{Committed, LineId};
use crate::tables::change::Lines;
use crate::tables::db::{Cells, Db, Out};
use crate::tables::log::{self, NOWHERE, Standing};

/// Lines that are held, and what the command did before, if it was committed.
pub(super) type Held = (Lines, Option<Committed>);

/// Locks lines that are all there, in one trip; `None`: one of them is not, and what was taken must be let go.
pub(super) fn all_known(session: &Session<'_>, lines: &[LineId], command: CommandId) -> Out<Option<Held>> {
    let locks = lines.iter().map(|line| session.ask(q::LOCK_LINE, &[&line.bytes()])).collect::<Out<Vec<_>>>()?;
    // It is said behind the locks and done behind them: what it sees is what those left who had them.
    let (first, last) = command.namesakes();
    let repeated = session.ask(REPEATED, &[&first.bytes(), &last.bytes()])?;
    let mut held = Lines::new();
    for (line, asked) in lines.iter().zip(locks) {
        let rows = session.answer(asked)?;
        if let Some(row) = rows.first() {
            held.insert(*line, Some(log::stands(&mut Cells::of(row), *line)?));
        }
    }
    let steps = session.answer(repeated)?;
    if held.len() < lines.len() {
        return Ok(None);
    }
    let steps = steps.iter().map(|row| log::step_of(&mut Cells::of(row))).collect::<Out<_>>()?;
    Ok(Some((held, log::sum(steps, command, lines)?)))
}

/// Locks lines one after another, those too that are not there yet.
pub(super) fn each(session: &Session<'_>, lines: &[LineId], command: CommandId) -> Out<Held> {
    let mut held = Lines::new();
    for line in lines {
        let standing = match known(session, *line)? {
            Some(standing) => standing,
            None => {
                // There is no row to wait at: its place is taken instead. Who had it may have begun the line.
                session.rows(q::LOCK_NEW_LINE, &[&place(*line)], &mut |_| Ok(std::ops::ControlFlow::Continue(())))?;
                known(session, *line)?.unwrap_or(NOWHERE)
            }
        };
        held.insert(*line, Some(standing));
    }
    Ok((held, log::repeated(session, command, lines)?))
}

fn known(session: &Session<'_>, line: LineId) -> Out<Option<Standing>> {
    crate::tables::db::one(session, q::LOCK_LINE, &[&line.bytes()], |c| log::stands(c, line))
}

/// The number that stands for a line among advisory locks. Two lines that share one only wait for each other.
fn place(line: LineId) -> i64 {
    let id = u128::from_be_bytes(line.bytes());
    let [high, low] = [(id >> 64) as u64, id as u64];
    (high.rotate_left(1) ^ low).cast_signed()
}
