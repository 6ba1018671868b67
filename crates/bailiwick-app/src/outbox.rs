//! Mails leave here, after their change is in force everywhere, each claimed by one process first and for as long as it
//! is at it; tried again until the relay takes them or two days have passed. What a mail says is made at that moment from
//! what is true then; what was overtaken is void.

use std::time::Duration;

use bailiwick_core::access::say::lines;
use bailiwick_core::ids::{InvitationId, MailId, PersonId};
use bailiwick_core::team::state::Stage;
use bailiwick_core::time::Timestamp;
use bailiwick_store::rows::{MailState, QueuedMail, SecretKind};
use jiff::fmt::strtime;
use serde::{Deserialize, Serialize};

use crate::accept::sender_name;
use crate::app::App;
use crate::error::AppError;
use crate::mail::{Inert, Link, Message, Rendered, SendError, Smtp, next_attempt};
use crate::secret::Token;
use crate::signin::LINK_MINUTES;

/// What is stored of a mail: no words, no address, no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MailWords {
    /// An invitation, of this sending.
    Invitation {
        /// Counts sendings; only the newest leaves.
        sending: u32,
    },
    /// A sign-in link.
    SignInLink {
        /// For whom.
        person: PersonId,
    },
    /// To an owner: somebody could not join, for no seat was free.
    NoSeat {
        /// Which invitation.
        invitation: InvitationId,
    },
}

impl MailWords {
    /// As it is stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Which sending of an invitation a stored mail is; `None` for any other mail.
    pub fn sending_of(stored: &str) -> Option<u32> {
        match serde_json::from_str(stored) {
            Ok(Self::Invitation { sending }) => Some(sending),
            _ => None,
        }
    }

    /// Whether a stored mail is the notice about this invitation.
    pub fn is_no_seat_for(stored: &str, id: InvitationId) -> bool {
        serde_json::from_str(stored).is_ok_and(|w: Self| w == Self::NoSeat { invitation: id })
    }
}

/// How many mails one pass sends.
const BATCH: usize = 50;
/// How long a mail is its claimer's, in seconds, unless it is claimed anew. If the process ends meanwhile, the mail is due
/// again after so long. One that stood still for longer may send what another has sent, under the same `Message-ID`.
const CLAIM: i64 = 20;
/// After how much of that it is claimed anew while the relay takes its time.
const AGAIN: Duration = Duration::from_secs(5);
/// How long that may take: then there is time left, also where another node's clock is a second ahead.
const PATIENCE: Duration = Duration::from_secs(10);

impl App {
    /// Sends what is due; gives how many it tried. Nothing leaves before all that was committed when it was read is in
    /// force everywhere, so a mail never speaks of what some process does not know yet.
    ///
    /// # Errors
    /// The store's, or that this process is not sure; nothing was sent then. What the relay says is noted beside the
    /// mail, not an error.
    pub async fn deliver_due(&self, smtp: &Smtp) -> Result<usize, AppError> {
        let now = self.clock.now();
        let (due, head) = self.lines.read(move |from| Ok((from.mails_due(now, BATCH)?, from.head()?))).await?;
        if due.is_empty() {
            return Ok(0);
        }
        self.lines.everywhere(head, None).await?;
        let mut tried = 0;
        for mail in &due {
            if let Some(until) = self.claim(mail.row.mail, mail.next_at).await? {
                self.deliver(smtp, mail, until).await?;
                tried += 1;
            }
        }
        Ok(tried)
    }

    /// Until when a mail that waits for a moment is this process's to send; `None`: it does not wait for that moment any
    /// more, for others may have found it due too.
    async fn claim(&self, id: MailId, next_at: Timestamp) -> Result<Option<Timestamp>, AppError> {
        let until = self.clock.now().plus_seconds(CLAIM);
        let claimed = self.lines.observe(move |to| to.claim_mail(id, next_at, until)).await?;
        Ok(claimed.then_some(until))
    }

    /// Claims a mail anew, again and again; comes back when that did not work: the mail was overtaken, or it is not known
    /// whose it will be.
    async fn keep(&self, id: MailId, mut until: Timestamp) {
        loop {
            tokio::time::sleep(AGAIN).await;
            match tokio::time::timeout(PATIENCE, self.claim(id, until)).await {
                Ok(Ok(Some(next))) => until = next,
                _ => return,
            }
        }
    }

    async fn deliver(&self, smtp: &Smtp, mail: &QueuedMail, until: Timestamp) -> Result<(), AppError> {
        let sending = async {
            let Some((to, rendered)) = self.compose(mail).await? else { return Ok(Ok(MailState::Void)) };
            let sent = smtp.send(&to, &mail.row.mail.to_string(), &rendered).await;
            Ok::<_, AppError>(sent.map(|()| MailState::Sent))
        };
        let sent = tokio::select! {
            biased;
            sent = sending => sent?,
            // Whoever has it now says what becomes of it.
            () = self.keep(mail.row.mail, until) => return Ok(()),
        };
        let now = self.clock.now();
        let (state, next_at, error) = match sent {
            Ok(state) => (state, now, None),
            Err(SendError::Permanent(why)) => (MailState::Undelivered, now, Some(why)),
            Err(SendError::Temporary(why)) => match next_attempt(mail.attempts + 1, now) {
                Some(next) => (MailState::Waiting, next, Some(why)),
                None => (MailState::Undelivered, now, Some(why)),
            },
        };
        let id = mail.row.mail;
        Ok(self.lines.observe(move |to| to.mail_tried(id, state, next_at, error.as_deref(), now)).await?)
    }

    /// Waits until a mail may be due: one was queued, or the next try of an old one has come.
    pub async fn mail_to_send(&self) {
        const LONGEST: u64 = 30;
        let next = self.lines.read(|from| from.next_mail_at()).await.ok().flatten();
        let wait =
            next.map_or(LONGEST, |at| u64::try_from(at.seconds_since(self.clock.now())).unwrap_or(0).min(LONGEST));
        let pause = std::time::Duration::from_millis(wait * 1000 + 50);
        tokio::select! {
            () = self.lines.mail_queued() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// The address and words of a mail; `None` if it was overtaken or its address erased.
    async fn compose(&self, mail: &QueuedMail) -> Result<Option<(String, Rendered)>, AppError> {
        let to = mail.row.to;
        let address = self.lines.read(move |from| from.addresses(&[to])).await?.pop().map(|(_, text)| text);
        let words = serde_json::from_str::<MailWords>(&mail.row.message).ok();
        let (Some(address), Some(words)) = (address, words) else { return Ok(None) };
        let message = match words {
            MailWords::Invitation { sending } => self.invitation_words(mail, sending).await?,
            MailWords::SignInLink { person } => self.link_words(mail, person),
            MailWords::NoSeat { invitation } => self.no_seat_words(mail, invitation).await?,
        };
        let Some(message) = message else { return Ok(None) };
        let rendered = self.templates.render(&message);
        let rendered = rendered.map_err(|e| AppError::Invalid { field: "mail", sentence: e.to_string() })?;
        Ok(Some((address, rendered)))
    }

    async fn invitation_words(&self, mail: &QueuedMail, sending: u32) -> Result<Option<Message>, AppError> {
        let (Some(workspace), Some(object), Some(nonce)) = (mail.row.workspace, mail.row.object, &mail.row.nonce)
        else {
            return Ok(None);
        };
        let Some(id) = InvitationId::from_bytes(&object) else { return Ok(None) };
        let Some(state) = self.state(workspace).await?.filter(|s| s.deleted_at.is_none()) else { return Ok(None) };
        let Some(invitation) = state.invitations.get(&id).filter(|i| i.sending == sending) else { return Ok(None) };
        let Stage::Pending { expires_at } = invitation.stage else { return Ok(None) };
        let sender = invitation.sender;
        let inviter = self.lines.read(move |from| sender_name(from, sender)).await?;
        let brand = self.installation().product(state.product).map(|p| p.brand.clone()).unwrap_or_default();
        let token = Token::of_nonce(SecretKind::Invitation, workspace.0, object, nonce, &self.keys.link);
        Ok(Some(Message::Invitation {
            workspace: Inert::name(&state.name),
            inviter: Inert::name(&inviter.unwrap_or_else(|| brand.clone())),
            brand,
            role: Inert::name(&state.role_called(&invitation.access)),
            offers: lines(&state, &invitation.access).iter().map(|line| Inert::line(line)).collect(),
            link: self.mail_link(&format!("/invitations/{}", token.reveal()))?,
            expires: day(expires_at),
        }))
    }

    fn link_words(&self, mail: &QueuedMail, person: PersonId) -> Option<Message> {
        let (object, nonce) = (mail.row.object?, mail.row.nonce.as_ref()?);
        // A link that has run out is not worth sending.
        if mail.row.created_at.plus_seconds(i64::from(LINK_MINUTES) * 60) <= self.clock.now() {
            return None;
        }
        let token = Token::of_nonce(SecretKind::SignInLink, person.0, object, nonce, &self.keys.link);
        let brand = self.installation().products.first().map(|p| p.brand.clone()).unwrap_or_default();
        let link = self.mail_link(&format!("/sign-in/link/{}", token.reveal())).ok()?;
        Some(Message::SignInLink { brand, link, minutes: LINK_MINUTES })
    }

    async fn no_seat_words(&self, mail: &QueuedMail, id: InvitationId) -> Result<Option<Message>, AppError> {
        let Some(workspace) = mail.row.workspace else { return Ok(None) };
        let Some(state) = self.state(workspace).await? else { return Ok(None) };
        let Some(invitation) = state.invitations.get(&id) else { return Ok(None) };
        let address = invitation.address;
        let invitee = self.lines.read(move |from| from.addresses(&[address])).await?.pop().map(|(_, text)| text);
        let brand = self.installation().product(state.product).map(|p| p.brand.clone()).unwrap_or_default();
        Ok(Some(Message::AcceptRefusedNoSeat {
            brand,
            workspace: Inert::name(&state.name),
            invitee: Inert::name(&invitee.unwrap_or_default()),
            link: self.mail_link(&format!("/w/{workspace}/team"))?,
        }))
    }

    fn mail_link(&self, path: &str) -> Result<Link, AppError> {
        Link::below(&self.config.public_url, path)
            .map_err(|e| AppError::Invalid { field: "public_url", sentence: e.to_string() })
    }
}

/// A moment as a day, for people: "Thursday 26 November 2026".
pub fn day(at: Timestamp) -> String {
    let text = jiff::Timestamp::from_microsecond(at.0)
        .map(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC))
        .and_then(|zoned| strtime::format("%A %-d %B %Y", &zoned));
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_reads_as_people_say_it() {
        assert_eq!(day(Timestamp(1_795_651_200_000_000)), "Thursday 26 November 2026");
    }
}
