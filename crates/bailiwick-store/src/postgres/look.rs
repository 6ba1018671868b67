//! Reads and observations, each in a transaction of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Shared;
use super::connect::Conn;
use super::lane::{Loan, Tried};
use super::session::{Commit, Session};
use crate::error::StoreError;
use crate::moving::Raw;
use crate::query::postgres::HOLD_STILL;
use crate::tables::db::{Db, Out, run};
use crate::tables::observe::Observing;
use crate::tables::read::Moment;
use crate::{ObserveWork, ReadWork};

const SNAPSHOT: &str = "begin isolation level repeatable read, read only";
/// Locks are writes to the server.
const HELD: &str = "begin isolation level repeatable read";
const CHANGE: &str = "begin isolation level read committed";

/// Reads of one snapshot.
pub(super) fn read(shared: &Shared, conn: Loan, work: ReadWork) -> Tried<Out<()>, ReadWork> {
    let session = match begin(shared, &conn, SNAPSHOT) {
        Ok(session) => session,
        Err(error) if !conn.is_alive() => return Tried::NotBegun(work, error),
        Err(error) => return Tried::Done(Err(error)),
    };
    let mut moment = Moment { db: &session, models: &shared.models, key: &shared.key };
    let done = catch_unwind(AssertUnwindSafe(|| work(&mut moment))).unwrap_or(Err(StoreError::Poisoned));
    if session.roll_back() {
        conn.give_back();
    }
    Tried::Done(done)
}

/// Observations, committed together.
pub(super) fn observe(shared: &Shared, conn: Loan, work: ObserveWork) -> Tried<Out<()>, ObserveWork> {
    let session = match begin(shared, &conn, CHANGE) {
        Ok(session) => session,
        Err(error) if !conn.is_alive() => return Tried::NotBegun(work, error),
        Err(error) => return Tried::Done(Err(error)),
    };
    let mut to = Observing(&session);
    let done = catch_unwind(AssertUnwindSafe(|| work(&mut to))).unwrap_or(Err(StoreError::Poisoned));
    let (noted, usable) = match done {
        Err(error) => (Err(error), session.roll_back()),
        Ok(()) => match session.commit(shared.bounds.commit) {
            Commit::Done => (Ok(()), true),
            Commit::Refused(error) => (Err(error), true),
            // No change rests on it; whoever observes may do so again.
            Commit::Unknown(why) => (Err(StoreError::Unavailable(why)), false),
        },
    };
    if usable {
        conn.give_back();
    }
    Tried::Done(noted)
}

/// Something on one snapshot of the tables themselves, which nobody changes meanwhile.
pub(super) fn give(shared: &Shared, conn: &Conn, work: Raw) -> Out<()> {
    let session = begin(shared, conn, HELD)?;
    // A lock takes no snapshot: the one that follows is of the moment when all that was under way had ended.
    run(&session, HOLD_STILL, &[])?;
    let done = work(&session, &shared.key);
    session.roll_back();
    done
}

/// Something that writes the tables themselves. Without its commit the connection ends, and with it all that it wrote.
pub(super) fn fill(shared: &Shared, conn: &Conn, work: Raw) -> Out<()> {
    let session = begin(shared, conn, CHANGE)?;
    work(&session, &shared.key)?;
    match session.commit(shared.bounds.commit) {
        Commit::Done => Ok(()),
        Commit::Refused(error) => Err(error),
        Commit::Unknown(why) => Err(StoreError::Unknown(why)),
    }
}

/// Begins, and waits for it: whether the connection still lives is known before the work is given away.
fn begin<'a>(shared: &Shared, conn: &'a Conn, how: &str) -> Out<Session<'a>> {
    let session = Session::begin(conn, shared.dialer.handle(), how)?;
    session.settle()?;
    Ok(session)
}
