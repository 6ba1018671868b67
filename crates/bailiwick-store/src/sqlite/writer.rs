//! The writer: one thread, one connection, one change after another.
//!
//! What waits in the queue is taken as a group: each job in a savepoint on top of those before it, one commit for
//! all, and nobody is answered before it. A job that fails rolls back to its own savepoint only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;

use bailiwick_core::ids::CommandId;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::Shared;
use crate::error::StoreError;
use crate::moving::Raw;
use crate::rows::{Committed, LineId};
use crate::tables::change::{Change, Lines};
use crate::tables::db::Out;
use crate::tables::log;
use crate::tables::observe::Observing;
use crate::tables::states::States;
use crate::{Ended, ObserveWork, Verdict, Work};

/// At most so many jobs share a commit, so that one slow job does not hold up too many.
const GROUP: usize = 64;
/// So many may wait; who comes then waits to wait.
const QUEUE: usize = 1024;

/// What the writer is asked.
pub(super) enum Job {
    Change { lines: Vec<LineId>, command: CommandId, work: Work, reply: oneshot::Sender<Out<Ended>> },
    Observe { work: ObserveWork, reply: oneshot::Sender<Out<()>> },
    Fill { work: Raw, reply: oneshot::Sender<Out<()>> },
}

/// An answer that is held back until the commit.
enum Answer {
    Change(oneshot::Sender<Out<Ended>>, Out<Ended>),
    Observe(oneshot::Sender<Out<()>>, Out<()>),
}

impl Answer {
    /// Tells the caller. If the commit went wrong, nobody is told what it was to make true, nor a refusal that rests
    /// on it; who failed by themselves is told why. A caller who went away learns nothing.
    fn send(self, failed: Option<&StoreError>) {
        match (self, failed) {
            (Self::Change(to, Ok(Ended::Dropped)), Some(_)) => {
                _ = to.send(Err(StoreError::Database("what it was decided on was not kept".into())));
            }
            (Self::Change(to, Ok(_)), Some(error)) => _ = to.send(Err(error.clone())),
            (Self::Observe(to, Ok(())), Some(error)) => _ = to.send(Err(error.clone())),
            (Self::Change(to, said), _) => _ = to.send(said),
            (Self::Observe(to, said), _) => _ = to.send(said),
        }
    }
}

/// Starts the thread.
pub(super) fn start(conn: Connection, shared: Arc<Shared>) -> Out<(mpsc::Sender<Job>, JoinHandle<()>)> {
    let (sender, jobs) = mpsc::channel(QUEUE);
    let writer = Writer { conn, shared, states: States::default() };
    let thread = std::thread::Builder::new()
        .name("bailiwick-writer".into())
        .spawn(move || writer.work(jobs))
        .map_err(|e| StoreError::Database(format!("no thread for the writer: {e}")))?;
    Ok((sender, thread))
}

struct Writer {
    conn: Connection,
    shared: Arc<Shared>,
    states: States,
}

impl Writer {
    fn work(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(job) = jobs.try_recv()
            {
                group.push(job);
            }
            self.group(group);
        }
        // The last one out tidies up; that it cannot is no reason to complain.
        let _ = self.conn.execute_batch("pragma optimize");
    }

    fn group(&mut self, jobs: Vec<Job>) {
        let mut answers = Vec::with_capacity(jobs.len());
        let begun =
            if self.shared.stopped.load(Relaxed) { Err(StoreError::Closed) } else { self.run("begin immediate") };
        let mut failed = begun.as_ref().err().cloned();
        for job in jobs {
            answers.push(match (job, &failed) {
                (Job::Change { reply, .. }, Some(error)) => Answer::Change(reply, Err(error.clone())),
                (Job::Observe { reply, .. } | Job::Fill { reply, .. }, Some(error)) => {
                    Answer::Observe(reply, Err(error.clone()))
                }
                (Job::Change { lines, command, work, reply }, None) => {
                    let ended = self.step(|writer| writer.change(lines, command, work));
                    Answer::Change(reply, ended)
                }
                (Job::Observe { work, reply }, None) => {
                    let done = self.step(|writer| {
                        work(&mut Observing(&writer.conn))?;
                        Ok((Verdict::Keep, ()))
                    });
                    Answer::Observe(reply, done)
                }
                (Job::Fill { work, reply }, None) => {
                    let done = self.step(|writer| {
                        work(&writer.conn, &writer.shared.key)?;
                        Ok((Verdict::Keep, ()))
                    });
                    Answer::Observe(reply, done)
                }
            });
            // Some failures (a full disk) take the whole transaction away, and with it the group so far.
            if failed.is_none() && (self.conn.is_autocommit() || self.shared.stopped.load(Relaxed)) {
                self.states.clear();
                failed = Some(StoreError::Database("the transaction was rolled back".into()));
            }
        }
        if begun.is_ok() && failed.is_none() {
            failed = self.commit().err();
        }
        for answer in answers {
            answer.send(failed.as_ref());
        }
    }

    /// One job, in its savepoint.
    fn step<T>(&mut self, job: impl FnOnce(&mut Self) -> Out<(Verdict, T)>) -> Out<T> {
        self.run("savepoint job")?;
        let done = catch_unwind(AssertUnwindSafe(|| job(self))).unwrap_or(Err(StoreError::Poisoned));
        let ended = match &done {
            Ok((Verdict::Keep, _)) => self.run("release job"),
            _ if self.conn.is_autocommit() => Ok(()),
            _ => self.run("rollback to job").and_then(|()| self.run("release job")),
        };
        if let Err(error) = ended {
            // A savepoint that cannot be left must not be committed with those of others: the group goes.
            self.abandon();
            return Err(error);
        }
        done.map(|(_, value)| value)
    }

    fn change(&mut self, lines: Vec<LineId>, command: CommandId, work: Work) -> Out<(Verdict, Ended)> {
        if let Some(committed) = log::repeated(&self.conn, command, &lines)? {
            return Ok((Verdict::Keep, Ended::Repeated(committed)));
        }
        let Self { conn, shared, states, .. } = self;
        let held: Lines = lines.into_iter().map(|line| (line, None)).collect();
        let mut change = Change::new(conn, &shared.models, &shared.key, states, held);
        match work(&mut change)? {
            Verdict::Drop => Ok((Verdict::Drop, Ended::Dropped)),
            Verdict::Keep => {
                let committed: Committed = change.finish(command)?;
                committed.workspaces.iter().for_each(|state| states.keep(state));
                Ok((Verdict::Keep, Ended::Committed(committed)))
            }
        }
    }

    /// Takes the whole transaction back. If not even that can be done, nothing more is.
    fn abandon(&mut self) {
        self.states.clear();
        if self.conn.execute_batch("rollback").is_err() && !self.conn.is_autocommit() {
            self.shared.stopped.store(true, Relaxed);
        }
    }

    fn commit(&mut self) -> Out<()> {
        let Err(error) = self.try_commit() else { return Ok(()) };
        tracing::error!(%error, "a commit failed; the store does nothing more until it is opened again");
        self.shared.stopped.store(true, Relaxed);
        // What the memory was built on may not be there.
        self.abandon();
        Err(StoreError::Unknown(error.to_string()))
    }

    fn try_commit(&self) -> Out<()> {
        #[cfg(test)]
        if self.shared.fail_commit.load(Relaxed) {
            return Err(StoreError::Database("the disk failed".into()));
        }
        self.run("commit")
    }

    fn run(&self, sql: &str) -> Out<()> {
        self.conn.prepare_cached(sql)?.raw_execute()?;
        Ok(())
    }
}
