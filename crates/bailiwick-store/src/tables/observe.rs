//! Observations, on the writer's connection.

use bailiwick_core::ids::{KeyId, MailId, PersonId, SessionId, WebhookId, WorkspaceId};
use bailiwick_core::time::Timestamp;

use super::db::{Db, Out, one, write};
use super::webhooks;
use crate::query::observed as q;
use crate::rows::MailState;
use crate::tx::Observe;
use crate::webhooks::{Delivery, Progress, Tried};

/// A window of tries is never longer than this; older ones are forgotten.
const LONGEST_WINDOW: i64 = 8 * 86_400;

pub(crate) struct Observing<'a>(pub(crate) &'a dyn Db);

impl Observe for Observing<'_> {
    fn enter(&mut self, workspace: WorkspaceId, person: PersonId, at: Timestamp) -> Out<()> {
        write(self.0, q::ENTER, &[&workspace.bytes(), &person.bytes(), &at.0])
    }

    fn use_session(&mut self, session: SessionId, at: Timestamp) -> Out<()> {
        write(self.0, q::USE_SESSION, &[&session.bytes(), &at.0])
    }

    fn use_key(&mut self, key: KeyId, at: Timestamp) -> Out<()> {
        write(self.0, q::USE_KEY, &[&key.bytes(), &at.0])
    }

    fn tries(&mut self, name: &str, since: Timestamp) -> Out<(u32, Timestamp)> {
        let found = one(self.0, q::TRIES, &[&name, &since.0], |c| Ok((c.number()?, c.time()?)))?;
        Ok(found.unwrap_or((0, since)))
    }

    fn add_try(&mut self, name: &str, since: Timestamp, at: Timestamp) -> Out<u32> {
        write(self.0, q::OLD_TRIES.of(self.0.dialect()), &[&at.plus_seconds(-LONGEST_WINDOW).0])?;
        Ok(one(self.0, q::ADD_TRY, &[&name, &since.0, &at.0], |c| c.number())?.unwrap_or(1))
    }

    fn clear_tries(&mut self, name: &str) -> Out<()> {
        write(self.0, q::CLEAR_TRIES, &[&name])
    }

    fn claim_mail(&mut self, mail: MailId, next_at: Timestamp, until: Timestamp) -> Out<bool> {
        Ok(self.0.run(q::CLAIM_MAIL, &[&mail.bytes(), &next_at.0, &until.0])? > 0)
    }

    fn mail_tried(
        &mut self,
        mail: MailId,
        state: MailState,
        next_at: Timestamp,
        error: Option<&str>,
        at: Timestamp,
    ) -> Out<()> {
        let ended = (state != MailState::Waiting).then_some(at.0);
        write(self.0, q::MAIL_TRIED, &[&mail.bytes(), &state.word(), &next_at.0, &error, &ended])
    }

    fn claim_webhook(&mut self, id: WebhookId, next_at: Timestamp, until: Timestamp) -> Out<bool> {
        webhooks::claim(self.0, id, next_at, until)
    }

    fn webhook_is(&mut self, id: WebhookId, claimed: Timestamp, now: Progress) -> Out<bool> {
        webhooks::put_progress(self.0, id, claimed, now)
    }

    fn gather(&mut self, id: WebhookId, from: u64, to: u64, found: &[Delivery]) -> Out<bool> {
        webhooks::gather(self.0, id, from, to, found)
    }

    fn move_back(&mut self, id: WebhookId, position: u64) -> Out<()> {
        webhooks::move_back(self.0, id, position)
    }

    fn deliver(&mut self, id: WebhookId, delivery: &Delivery) -> Out<()> {
        webhooks::add(self.0, id, delivery)
    }

    fn delivery_tried(&mut self, id: WebhookId, tried: &Tried) -> Out<()> {
        webhooks::tried(self.0, id, tried)
    }

    fn forget_deliveries(&mut self, before: Timestamp) -> Out<()> {
        webhooks::forget_before(self.0, before)
    }

    fn forget_webhook(&mut self, id: WebhookId) -> Out<()> {
        webhooks::forget(self.0, id)
    }
}
