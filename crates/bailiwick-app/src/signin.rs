//! Sign-in: password, mailed link, sessions.
//!
//! Known and unknown addresses get the same answer for the same work (AB-067). A try is noted before it is judged,
//! so that a burst of parallel guesses counts in full (AB-068).

use std::net::IpAddr;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{CredentialId, MailId, PersonId, ProductId, SessionId, TextId, WorkspaceId};
use bailiwick_core::team::command::Actor;
use bailiwick_core::time::Timestamp;
use bailiwick_store::rows::{
    By, CredentialRow, LineId, MailRow, Origin, PersonRow, Row, SecretKind, SecretRow, SessionRow, SignedInBy,
};
use bailiwick_store::{Changed, StoreError, Tx};

use crate::accept::person_name;
use crate::app::App;
use crate::caller::{Caller, Who};
use crate::change::Tools;
use crate::error::{AppError, SignInRefusal};
use crate::host::known;
use crate::keys::hex;
use crate::outbox::MailWords;
use crate::password::check_rule;
use crate::secret::{Token, sha256};

/// A session ends after so many seconds without use.
pub const IDLE_SECONDS: i64 = 12 * 3600;
/// A session ends after so many days whatever happens.
pub const ABSOLUTE_DAYS: u32 = 14;
/// A mailed link works for so many minutes.
pub const LINK_MINUTES: u32 = 10;
/// A person has at most so many sessions; the oldest ends for a new one.
const SESSIONS_EACH: usize = 50;
/// A use is written down at most once in so many seconds.
const USE_GRAIN: i64 = 60;
const SOURCE_WINDOW: i64 = 300;
const EVER: Timestamp = Timestamp(i64::MIN);

/// A session as it begins: the only moment that its secret is in clear.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// For the cookie.
    pub token: Token,
    /// The session.
    pub session: SessionRow,
}

impl App {
    /// Signs in with an address and a password.
    ///
    /// # Errors
    /// One refusal for every reason; a wait after too many tries.
    pub async fn sign_in(&self, email: &str, password: &str, origin: &Origin) -> Result<SignedIn, AppError> {
        let now = self.clock.now();
        self.note_source(origin, now).await?;
        let Ok(email) = Email::parse(email) else { return Err(SignInRefusal::WrongPassword.into()) };
        let name = format!("password:{}", hex(&sha256(email.comparable().as_bytes())));
        self.note_try(&name, now).await?;
        let known = self
            .lines
            .read(move |from| {
                let Some(address) = from.find_address(&email)? else { return Ok(None) };
                let Some(person) = from.person_at(address)? else { return Ok(None) };
                Ok(from.password(person.person)?.map(|(credential, phc)| (person, credential, phc)))
            })
            .await?;
        let phc = known.as_ref().map(|(_, _, phc)| phc.clone());
        let fits = self.passwords.fits(password, phc).await?;
        let Some((person, credential, _)) = known.filter(|_| fits) else {
            return Err(SignInRefusal::WrongPassword.into());
        };
        self.lines.observe(move |to| to.clear_tries(&name)).await?;
        self.begin_session(person.person, SignedInBy::Password, origin, move |tx| {
            // The password may have been changed while it was being hashed.
            let still = tx.password(person.person)?.is_some_and(|(now, _)| now.credential == credential.credential);
            if still { Ok(None) } else { Err(SignInRefusal::WrongPassword.into()) }
        })
        .await
    }

    /// Mails a sign-in link, if the address is somebody's; the answer is the same if it is nobody's. `browser` is a
    /// random value in a cookie of the asking browser: the link works only there.
    ///
    /// # Errors
    /// A wait after too many tries.
    pub async fn ask_link(&self, email: &str, browser: &str, origin: &Origin) -> Result<(), AppError> {
        let now = self.clock.now();
        self.note_source(origin, now).await?;
        let Ok(email) = Email::parse(email) else { return Ok(()) };
        let (tools, bound_to) = (self.tools(), hex(&sha256(browser.as_bytes())));
        let person = self
            .lines
            .read(move |from| {
                let Some(address) = from.find_address(&email)? else { return Ok(None) };
                from.person_at(address)
            })
            .await?;
        // Nobody's line is one that nobody has.
        let line = LineId::Person(person.as_ref().map_or_else(|| PersonId(self.new_id()), |p| p.person));
        let _: Changed<()> = self
            .lines
            .change(vec![line], self.command_id(), move |tx| match person {
                Some(person) if person.erased_at.is_none() => tools.mail_link(tx, &person, bound_to, now),
                // Nobody's: an empty change, so that the answer takes as long.
                _ => Ok(()),
            })
            .await?;
        Ok(())
    }

    /// Whether a mailed link would work in this browser now; looking changes nothing (AB-042).
    ///
    /// # Errors
    /// Why it would not.
    pub async fn look_at_sign_in_link(&self, token: &str, browser: Option<&str>) -> Result<(), AppError> {
        let token = Token::parse(SecretKind::SignInLink, token).ok_or(SignInRefusal::DeadLink)?;
        let secret = self.lines.read(move |from| from.secret(&token.hash())).await?;
        usable(secret.as_ref(), browser, self.clock.now()).map(|_| ()).map_err(AppError::from)
    }

    /// Signs in by a mailed link; it works once.
    ///
    /// # Errors
    /// The link is unknown, used, too old, or was asked for in another browser.
    pub async fn use_link(&self, token: &str, browser: Option<&str>, origin: &Origin) -> Result<SignedIn, AppError> {
        let now = self.clock.now();
        let token = Token::parse(SecretKind::SignInLink, token).ok_or(SignInRefusal::DeadLink)?;
        let hash = token.hash();
        let found = self.lines.read(move |from| from.secret(&hash)).await?;
        let person = usable(found.as_ref(), browser, now)?;
        let browser = browser.map(str::to_owned);
        self.begin_session(person, SignedInBy::Link, origin, move |tx| {
            usable(tx.secret(&hash)?.as_ref(), browser.as_deref(), now)?;
            if !tx.take_secret(&hash)? {
                return Err(SignInRefusal::DeadLink.into());
            }
            Ok(None)
        })
        .await
    }

    /// Begins a session in one change, after `first` said yes inside it.
    pub(crate) async fn begin_session<F>(
        &self,
        person: PersonId,
        how: SignedInBy,
        origin: &Origin,
        first: F,
    ) -> Result<SignedIn, AppError>
    where
        F: FnOnce(&mut dyn Tx) -> Result<Option<ProductId>, AppError> + Send + 'static,
    {
        let (tools, now, origin) = (self.tools(), self.clock.now(), origin.clone());
        let changed = self
            .lines
            .change(vec![LineId::Person(person)], self.command_id(), move |tx| {
                let within = first(tx)?;
                tools.session(tx, person, (how, within), Some(origin), now)
            })
            .await?;
        match changed {
            Changed::Done(signed_in, _) => Ok(signed_in),
            Changed::Repeated(_) => Err(AppError::Repeated),
        }
    }

    /// Who a session cookie is, if the session lives: not ended, not too old, not idle for too long.
    ///
    /// # Errors
    /// [`AppError::NotSignedIn`] for every reason alike; [`AppError::Unsure`].
    pub async fn session_caller(&self, cookie: &str, origin: Option<Origin>) -> Result<Caller, AppError> {
        let token = Token::parse(SecretKind::Session, cookie).ok_or(AppError::NotSignedIn)?;
        self.sure()?;
        let now = self.clock.now();
        let live = self
            .lines
            .read(move |from| {
                let Some(secret) = from.secret(&token.hash())?.filter(|s| s.kind == SecretKind::Session) else {
                    return Ok(None);
                };
                let Some(id) = SessionId::from_bytes(&secret.object) else { return Ok(None) };
                let Some(session) = from.session(id)? else { return Ok(None) };
                let used = from.session_used(id)?.unwrap_or(session.created_at);
                Ok(lives(&session, used, now).then_some((session, used)))
            })
            .await?;
        let (session, used) = live.ok_or(AppError::NotSignedIn)?;
        if now.seconds_since(used) >= USE_GRAIN {
            let id = session.session;
            self.lines.observe(move |to| to.use_session(id, now)).await?;
        }
        let SessionRow { person, session, product: within, .. } = session;
        Ok(Caller { who: Who::Person { person, session, within }, origin })
    }

    /// A session that lives, of somebody whom the host has a reason to know, and not another product's own.
    ///
    /// # Errors
    /// Not asked by a host; the store's.
    pub async fn session_lives(&self, caller: &Caller, id: SessionId) -> Result<Option<SessionRow>, AppError> {
        let (product, now) = (caller.product()?, self.clock.now());
        let found = self
            .lines
            .read(move |from| {
                let Some(session) = from.session(id)? else { return Ok(None) };
                let known = match session.product {
                    Some(of) => of == product,
                    None => known(from, product, session.person)?,
                };
                let used = from.session_used(id)?.unwrap_or(session.created_at);
                Ok((known && lives(&session, used, now)).then_some(session))
            })
            .await?;
        Ok(found)
    }

    /// The caller's own sessions that live, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn own_sessions(&self, caller: &Caller) -> Result<Vec<SessionRow>, AppError> {
        let person = caller.person().ok_or(AppError::NotSignedIn)?;
        let (asker, now) = (caller.clone(), self.clock.now());
        let all = self
            .lines
            .read(move |from| {
                let mut live = Vec::new();
                for session in from.sessions(person)?.into_iter().filter(|s| asker.may_end(s)) {
                    let used = from.session_used(session.session)?.unwrap_or(session.created_at);
                    if lives(&session, used, now) {
                        live.push(session);
                    }
                }
                Ok(live)
            })
            .await?;
        Ok(all)
    }

    /// Ends one session of the caller's own; signing out is ending the one in use.
    ///
    /// # Errors
    /// [`AppError::NotSignedIn`] if it is not theirs, as if it were not there.
    pub async fn end_session(&self, caller: &Caller, id: SessionId) -> Result<(), AppError> {
        let person = caller.person().ok_or(AppError::NotSignedIn)?;
        let (by, asker, now) = (caller.by(), caller.clone(), self.clock.now());
        let _: Changed<()> = self
            .lines
            .change(vec![LineId::Person(person)], self.command_id(), move |tx| {
                let own = |s: &SessionRow| s.person == person && asker.may_end(s);
                let session = tx.session(id)?.filter(own).ok_or(AppError::NotSignedIn)?;
                end_sessions(tx, &by, person, vec![session], now)
            })
            .await?;
        Ok(())
    }

    /// Sets the caller's password, and ends every other session of theirs (AB-082).
    ///
    /// # Errors
    /// The rule; the present password, where there is one, does not fit.
    pub async fn set_password(&self, caller: &Caller, present: Option<&str>, new: &str) -> Result<(), AppError> {
        caller.account()?;
        let Who::Person { person, session, .. } = caller.who else { return Err(AppError::NotSignedIn) };
        let now = self.clock.now();
        let (cards, old) = self.lines.read(move |from| Ok((from.cards(&[person])?, from.password(person)?))).await?;
        let words: Vec<&str> = cards.iter().flat_map(|c| [c.name.as_str(), c.email.as_str()]).collect();
        check_rule(new, &words)?;
        if let Some((_, phc)) = &old {
            self.note_try(&format!("change:{person}"), now).await?;
            if !self.passwords.fits(present.unwrap_or_default(), Some(phc.clone())).await? {
                return Err(SignInRefusal::WrongPassword.into());
            }
            let name = format!("change:{person}");
            self.lines.observe(move |to| to.clear_tries(&name)).await?;
        }
        let phc = self.passwords.hash(new).await?;
        let (tools, by) = (self.tools(), caller.by());
        let _: Changed<()> = self
            .lines
            .change(vec![LineId::Person(person)], self.command_id(), move |tx| {
                if tx.password(person)?.map(|(row, _)| row) != old.map(|(row, _)| row) {
                    return Err(SignInRefusal::WrongPassword.into());
                }
                tools.password(tx, &by, person, &phc, now)?;
                let others = tx.sessions(person)?.into_iter().filter(|s| s.session != session).collect();
                end_sessions(tx, &by, person, others, now)
            })
            .await?;
        Ok(())
    }

    /// Gives the caller another name. The old one is overwritten nowhere but no event ever held it.
    ///
    /// # Errors
    /// A name that cannot be.
    pub async fn rename_me(&self, caller: &Caller, name: &str) -> Result<(), AppError> {
        let person = caller.account()?;
        let name = person_name(name)?;
        let (by, now, text) = (caller.by(), self.clock.now(), TextId(self.new_id()));
        let _: Changed<()> = self
            .lines
            .change(vec![LineId::Person(person)], self.command_id(), move |tx| {
                let row = tx.person(person)?.ok_or(AppError::NotSignedIn)?;
                tx.text(text, &name)?;
                tx.put(LineId::Person(person), &by, now, vec![Row::Person(PersonRow { name: text, ..row })])?;
                Ok::<_, AppError>(())
            })
            .await?;
        Ok(())
    }

    /// Notes that a person entered a workspace in a session, once for each session (D10).
    ///
    /// # Errors
    /// The store's.
    pub async fn enter(&self, caller: &Caller, workspace: WorkspaceId) -> Result<(), AppError> {
        let Who::Person { person, session, .. } = caller.who else { return Ok(()) };
        let began = self
            .lines
            .read(move |from| {
                let session = from.session(session)?;
                let entered = from.entered(workspace)?.into_iter().find(|(p, _)| *p == person).map(|(_, at)| at);
                Ok(session.map(|s| s.created_at).filter(|began| entered.is_none_or(|at| at < *began)))
            })
            .await?;
        if began.is_some() {
            let now = self.clock.now();
            self.lines.observe(move |to| to.enter(workspace, person, now)).await?;
        }
        Ok(())
    }

    /// Notes a try of one account, or says how long to wait.
    pub(crate) async fn note_try(&self, name: &str, now: Timestamp) -> Result<(), AppError> {
        let (free, stop) = (self.config.limits.free_failures, self.config.limits.failures_in_a_row);
        let name = name.to_owned();
        let wait = self
            .lines
            .observe(move |to| {
                let (count, _) = to.tries(&name, EVER)?;
                if count >= stop {
                    return Ok(Some(900));
                }
                if count >= free {
                    let (_, last) = to.tries(&format!("{name}:{count}"), EVER)?;
                    let left = last.plus_seconds(pause(count - free)).0 - now.0;
                    if left > 0 {
                        return Ok(Some(left / 1_000_000 + 1));
                    }
                }
                let count = to.add_try(&name, EVER, now)?;
                to.add_try(&format!("{name}:{count}"), now, now)?;
                Ok(None)
            })
            .await?;
        wait.map_or(Ok(()), |seconds| Err(AppError::TooOften(u32::try_from(seconds).unwrap_or(900))))
    }

    async fn note_source(&self, origin: &Origin, now: Timestamp) -> Result<(), AppError> {
        let limit = self.config.limits.tries_per_source;
        let name = format!("source:{}", source(&origin.ip));
        let count = self.lines.observe(move |to| to.add_try(&name, now.plus_seconds(-SOURCE_WINDOW), now)).await?;
        if count > limit { Err(AppError::TooOften(u32::try_from(SOURCE_WINDOW).unwrap_or(300))) } else { Ok(()) }
    }
}

impl Tools {
    /// A new session: its row on the person's line, its secret beside.
    pub fn session(
        &self,
        tx: &mut dyn Tx,
        person: PersonId,
        (by, product): (SignedInBy, Option<ProductId>),
        origin: Option<Origin>,
        now: Timestamp,
    ) -> Result<SignedIn, AppError> {
        let row = tx.person(person)?.filter(|p| p.erased_at.is_none() && p.proven_at.is_some());
        row.ok_or(AppError::NotSignedIn)?;
        let who = By { actor: Actor::Person(person), origin };
        let open = tx.sessions(person)?;
        if open.len() >= SESSIONS_EACH {
            end_sessions(tx, &who, person, open.into_iter().skip(SESSIONS_EACH - 1).collect(), now)?;
        }
        let session = SessionRow {
            session: SessionId(self.random.id(now)),
            person,
            by,
            product,
            created_at: now,
            expires_at: now.plus_days(ABSOLUTE_DAYS),
            ended_at: None,
        };
        let token = Token::new(SecretKind::Session, person.0, self.random.secret());
        tx.put_secret(SecretRow {
            hash: token.hash(),
            kind: SecretKind::Session,
            line: person.bytes(),
            object: session.session.bytes(),
            generation: 1,
            expires_at: session.expires_at,
            bound_to: None,
        })?;
        tx.put(LineId::Person(person), &who, now, vec![Row::Session(session.clone())])?;
        Ok(SignedIn { token, session })
    }

    /// A new password for a person, in the place of an old one.
    pub fn password(
        &self,
        tx: &mut dyn Tx,
        by: &By,
        person: PersonId,
        phc: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let old = tx.password(person)?.map(|(row, _)| Row::Credential(CredentialRow { ended_at: Some(now), ..row }));
        let new =
            CredentialRow { credential: CredentialId(self.random.id(now)), person, created_at: now, ended_at: None };
        tx.password_hash(new.credential, phc)?;
        tx.put(LineId::Person(person), by, now, old.into_iter().chain([Row::Credential(new)]).collect())
    }

    fn mail_link(&self, tx: &mut dyn Tx, person: &PersonRow, bound_to: String, now: Timestamp) -> Result<(), AppError> {
        let (count, _) = tx.mails_to(person.address, now.plus_seconds(-3600))?;
        if count >= self.limits.mails_per_address {
            // The page says the same; the mailbox is not flooded.
            return Ok(());
        }
        let nonce = self.random.secret();
        let object = person.address.bytes();
        let token = Token::of_nonce(SecretKind::SignInLink, person.person.0, object, &nonce, &self.link_key);
        // The newest wins: links asked for before stop working.
        tx.drop_secrets(SecretKind::SignInLink, object)?;
        tx.put_secret(SecretRow {
            hash: token.hash(),
            kind: SecretKind::SignInLink,
            line: person.person.bytes(),
            object,
            generation: 1,
            expires_at: now.plus_seconds(i64::from(LINK_MINUTES) * 60),
            bound_to: Some(bound_to),
        })?;
        tx.mail(MailRow {
            mail: MailId(self.random.id(now)),
            to: person.address,
            by: Some(person.person),
            workspace: None,
            object: Some(object),
            message: MailWords::SignInLink { person: person.person }.to_json(),
            nonce: Some(nonce),
            created_at: now,
        })?;
        Ok(())
    }
}

/// Ends sessions: their rows say so, their secrets are gone.
pub(crate) fn end_sessions(
    tx: &mut dyn Tx,
    by: &By,
    person: PersonId,
    sessions: Vec<SessionRow>,
    now: Timestamp,
) -> Result<(), AppError> {
    let open: Vec<SessionRow> = sessions.into_iter().filter(|s| s.ended_at.is_none()).collect();
    if open.is_empty() {
        return Ok(());
    }
    for session in &open {
        tx.drop_secrets(SecretKind::Session, session.session.bytes())?;
    }
    let rows = open.into_iter().map(|s| Row::Session(SessionRow { ended_at: Some(now), ..s })).collect();
    Ok(tx.put(LineId::Person(person), by, now, rows)?)
}

fn lives(session: &SessionRow, used: Timestamp, now: Timestamp) -> bool {
    session.ended_at.is_none()
        && now < session.expires_at
        && now < used.max(session.created_at).plus_seconds(IDLE_SECONDS)
}

fn usable(secret: Option<&SecretRow>, browser: Option<&str>, now: Timestamp) -> Result<PersonId, SignInRefusal> {
    let secret =
        secret.filter(|s| s.kind == SecretKind::SignInLink && now < s.expires_at).ok_or(SignInRefusal::DeadLink)?;
    let here = browser.map(|b| hex(&sha256(b.as_bytes())));
    if secret.bound_to != here {
        return Err(SignInRefusal::OtherBrowser);
    }
    PersonId::from_bytes(&secret.line).ok_or(SignInRefusal::DeadLink)
}

/// Seconds to wait after so many failures beyond the free ones: 1, 2, 4 … 15 minutes.
fn pause(beyond: u32) -> i64 {
    1_i64.checked_shl(beyond.min(20)).unwrap_or(i64::MAX).min(900)
}

/// Where tries are counted: an IPv4 address, or the /64 of an IPv6 address.
fn source(ip: &str) -> String {
    match ip.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V6(v6)) => {
            let s = v6.segments();
            format!("{:x}:{:x}:{:x}:{:x}::/64", s[0], s[1], s[2], s[3])
        }
        Ok(v4) => v4.to_string(),
        Err(_) => "unknown".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ab068_waits_double_up_to_a_quarter_of_an_hour_and_a_64_is_one_source() {
        assert_eq!([0, 1, 2, 9, 10, 60].map(pause), [1, 2, 4, 512, 900, 900]);
        assert_eq!(source("2001:db8:1:2:3:4:5:6"), source("2001:db8:1:2:ffff::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
    }
}
