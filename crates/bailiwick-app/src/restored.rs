//! After a backup was put back: what opened something then opens nothing now.

use bailiwick_core::ids::PersonId;
use bailiwick_store::Changed;
use bailiwick_store::rows::{By, LineId};

use crate::app::App;
use crate::error::AppError;
use crate::signin::end_sessions;

/// What was voided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Voided {
    /// Sessions that were ended.
    pub sessions: u64,
    /// Links, codes and secrets of sessions that open nothing any more.
    pub links: u64,
    /// Mails that waited and will not leave.
    pub mails: u64,
}

impl App {
    /// Ends every session and takes every link and waiting mail away: since the backup was made some were ended, used or
    /// sent, and nobody knows any more which. Keys of hosts stay.
    ///
    /// # Errors
    /// The store's.
    pub async fn void_what_opens(&self, by: &By) -> Result<Voided, AppError> {
        const PAGE: usize = 500;
        let mut voided = Voided::default();
        let mut after: Option<PersonId> = None;
        loop {
            let people = self.lines.read(move |from| from.in_session(after, PAGE)).await?;
            for person in &people {
                voided.sessions += self.end_all_of(by, *person).await?;
            }
            let Some(last) = people.last() else { break };
            after = Some(*last);
        }
        let taken = self.lines.change(vec![LineId::Installation], self.command_id(), |tx| {
            let (links, mails) = tx.void_links()?;
            Ok::<_, AppError>((links, mails))
        });
        match taken.await? {
            Changed::Done((links, mails), _) => Ok(Voided { links, mails, ..voided }),
            Changed::Repeated(_) => Err(AppError::Repeated),
        }
    }

    async fn end_all_of(&self, by: &By, person: PersonId) -> Result<u64, AppError> {
        let (by, now) = (by.clone(), self.clock.now());
        let ended = self.lines.change(vec![LineId::Person(person)], self.command_id(), move |tx| {
            let open = tx.sessions(person)?;
            let count = open.len() as u64;
            end_sessions(tx, &by, person, open, now)?;
            Ok::<_, AppError>(count)
        });
        match ended.await? {
            Changed::Done(count, _) => Ok(count),
            Changed::Repeated(_) => Err(AppError::Repeated),
        }
    }
}
