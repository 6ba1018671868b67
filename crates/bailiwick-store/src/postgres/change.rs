//! A change: lock, decide, write, commit; and the look-up where it stays open how the commit ended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bailiwick_core::ids::CommandId;

use super::lane::{Loan, Tried};
use super::session::{Commit, Session};
use super::{Shared, lock};
use crate::error::StoreError;
use crate::rows::{Committed, LineId};
use crate::tables::change::Change;
use crate::tables::db::Out;
use crate::{Ended, Verdict, Work};

const BEGIN: &str = "begin isolation level read committed";

/// How a change ended, as far as it is known.
pub(super) enum Outcome {
    Known(Out<Ended>),
    /// The commit may have been done or not. `Some`: what it would have come to.
    Unknown(Option<Committed>, String),
}

/// Runs a change on a connection.
pub(super) fn run(
    shared: &Shared,
    conn: Loan,
    lines: &[LineId],
    command: CommandId,
    work: Work,
) -> Tried<Outcome, Work> {
    match begin(shared, &conn, lines, command) {
        Ok((session, held, repeated)) => {
            let held = (held, repeated);
            let (ending, usable) = go_on(shared, session, held, command, work);
            if usable {
                conn.give_back();
            }
            Tried::Done(ending)
        }
        // Nothing has happened on it but locks; it is let go, and they with it.
        Err(error) if !conn.is_alive() => Tried::NotBegun(work, error),
        Err(error) => Tried::Done(Outcome::Known(Err(error))),
    }
}

/// The change itself, its lines held; whether its connection can be used on.
fn go_on(
    shared: &Shared,
    session: Session<'_>,
    (held, repeated): lock::Held,
    command: CommandId,
    work: Work,
) -> (Outcome, bool) {
    let place = Some(session.place());
    if let Some(before) = repeated {
        // That it was done may be visible here and nowhere else yet. The locks are rows that were written: their commit
        // waits for the standby, and for what stands before them in its log.
        let before = Committed { place, ..before };
        return ended(session.commit(shared.bounds.commit), None, Ended::Repeated(before));
    }
    let mut change = Change::new(&session, &shared.models, &shared.key, &shared.states, held);
    let done = catch_unwind(AssertUnwindSafe(|| work(&mut change))).unwrap_or(Err(StoreError::Poisoned));
    let kept = match done {
        Ok(Verdict::Keep) => change.finish(command),
        // What cannot even be rolled back ends with its connection.
        Ok(Verdict::Drop) => return (Outcome::Known(Ok(Ended::Dropped)), session.roll_back()),
        Err(error) => Err(error),
    };
    let committed = match kept {
        Ok(committed) => Committed { place, ..committed },
        Err(error) => return (Outcome::Known(Err(error)), session.roll_back()),
    };
    let commit = session.commit(shared.bounds.commit);
    if matches!(commit, Commit::Done) {
        committed.workspaces.iter().for_each(|state| shared.states.keep(state));
    }
    ended(commit, Some(committed.clone()), Ended::Committed(committed))
}

/// A transaction that holds the lines.
fn begin<'a>(
    shared: &Shared,
    conn: &'a Loan,
    lines: &[LineId],
    command: CommandId,
) -> Out<(Session<'a>, crate::tables::change::Lines, Option<Committed>)> {
    let handle = shared.dialer.handle();
    let session = Session::begin(conn, handle, BEGIN)?;
    if let Some((held, repeated)) = lock::all_known(&session, lines, command)? {
        return Ok((session, held, repeated));
    }
    if !session.roll_back() {
        return Err(StoreError::Unavailable("the connection was lost".into()));
    }
    let session = Session::begin(conn, handle, BEGIN)?;
    let (held, repeated) = lock::each(&session, lines, command)?;
    Ok((session, held, repeated))
}

fn ended(commit: Commit, would: Option<Committed>, said: Ended) -> (Outcome, bool) {
    match commit {
        Commit::Done => (Outcome::Known(Ok(said)), true),
        Commit::Refused(error) => (Outcome::Known(Err(error)), true),
        Commit::Unknown(why) => (Outcome::Unknown(would, why), false),
    }
}

/// Looks up, on a new connection, what became of a command whose commit was not answered. With the lines locked the
/// old transaction has ended; with this one committed a synchronous standby has all that was seen here.
fn look(shared: &Shared, conn: &super::connect::Conn, lines: &[LineId], command: CommandId) -> Out<Option<Committed>> {
    let session = Session::begin(conn, shared.dialer.handle(), BEGIN)?;
    let (_, found) = lock::each(&session, lines, command)?;
    match session.commit(shared.bounds.commit) {
        Commit::Done => Ok(found.map(|found| Committed { place: Some(conn.place), ..found })),
        Commit::Refused(error) => Err(error),
        Commit::Unknown(why) => Err(StoreError::Unavailable(why)),
    }
}

/// Looks up until the database has answered or the time is over.
pub(super) async fn look_up(
    shared: &Arc<Shared>,
    lines: Vec<LineId>,
    command: CommandId,
    would: Option<Committed>,
    why: String,
) -> Out<Ended> {
    tracing::warn!(%why, ?command, "the outcome of a commit is looked up");
    for line in &lines {
        if let LineId::Workspace(id) = line {
            shared.states.forget(*id);
        }
    }
    let nothing_logged = would.as_ref().is_some_and(|would| would.revisions.is_empty());
    if lines.is_empty() || nothing_logged {
        // It left no trace in the log that could be looked for.
        return Err(StoreError::Unknown(why));
    }
    let search = async {
        loop {
            match look_once(shared, lines.clone(), command).await {
                Ok(found) => break found,
                Err(error) => tracing::warn!(%error, ?command, "not yet"),
            }
            tokio::time::sleep(shared.bounds.pause).await;
        }
    };
    let Ok(found) = tokio::time::timeout(shared.bounds.look_up, search).await else {
        return Err(StoreError::Unknown(why));
    };
    match (found, would) {
        // It is this very change, and what was made of it is known.
        (Some(found), Some(would)) if found.revisions == would.revisions && found.position == would.position => {
            Ok(Ended::Committed(Committed { place: found.place, ..would }))
        }
        (Some(found), _) => Ok(Ended::Repeated(found)),
        (None, _) => Err(StoreError::Unavailable(format!("it was not committed: {why}"))),
    }
}

async fn look_once(shared: &Arc<Shared>, lines: Vec<LineId>, command: CommandId) -> Out<Option<Committed>> {
    let conn = shared.dialer.connect(super::connect::Purpose::Change).await?;
    let shared = Arc::clone(shared);
    let looking = tokio::task::spawn_blocking(move || look(&shared, &conn, &lines, command));
    looking.await.unwrap_or(Err(StoreError::Closed))
}
