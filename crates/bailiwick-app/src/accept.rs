//! Following an invitation link: look, accept by sign-up, by an account, or decline.
//!
//! The secret of a link says which invitation; everything else is taken from the stored invitation, nothing from
//! the request (AB-035). Looking changes nothing (EC-07).

use std::sync::Arc;

use bailiwick_core::access::say::lines;
use bailiwick_core::ids::{AddressId, InvitationId, MailId, MemberId, PersonId, TextId, WorkspaceId};
use bailiwick_core::team::command::{Actor, Command};
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::{Invitation, Stage, Workspace};
use bailiwick_core::time::Timestamp;
use bailiwick_store::rows::{By, LineId, MailRow, Origin, PersonRow, Row, SecretKind, SignedInBy};
use bailiwick_store::{Changed, Read, StoreError, Tx};

use crate::app::App;
use crate::caller::Caller;
use crate::change::{Acted, Maker, NewWorkspace, Tools};
use crate::error::{AppError, SignInRefusal};
use crate::outbox::MailWords;
use crate::password::check_rule;
use crate::secret::Token;
use crate::signin::SignedIn;

/// What a link page shows.
#[derive(Debug, Clone)]
pub enum LinkPage {
    /// Unknown, of an earlier sending, accepted or cancelled: one page for strangers (EC-13).
    Dead,
    /// To the invited person, signed in: how it was closed (EC-12).
    Closed(ClosedAs, WorkspaceId),
    /// It is open.
    Open(Box<OpenLink>),
}

/// How an invitation was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosedAs {
    /// Accepted.
    Accepted,
    /// Taken back.
    Cancelled,
    /// Turned down.
    Declined,
}

/// An open invitation, as its holder may see it.
#[derive(Debug, Clone)]
pub struct OpenLink {
    /// To where.
    pub workspace: WorkspaceId,
    /// Its name.
    pub workspace_name: String,
    /// The product's name.
    pub brand: String,
    /// Who sent it.
    pub sender: String,
    /// The role's name.
    pub role: String,
    /// The template, as "role template Standard agent".
    pub template: Option<String>,
    /// The invited address.
    pub email: String,
    /// What accepting gives, in lines.
    pub offers: Vec<String>,
    /// When the link ends.
    pub expires_at: Timestamp,
    /// Whether it has ended.
    pub expired: bool,
    /// Who looks.
    pub reader: Reader,
}

/// Who looks at an open link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Nobody signed in, and there is no account for the address: sign up.
    New,
    /// Nobody signed in, and there is an account: sign in.
    HasAccount,
    /// The invited person, signed in: accept at once.
    Invited,
    /// Somebody else, signed in: told so, and offered to switch.
    SomebodyElse,
}

/// What a link's secret leads to, inside a read or change.
struct Found {
    state: Arc<Workspace>,
    id: InvitationId,
    invitation: Invitation,
}

fn find(from: &mut (impl Read + ?Sized), token: &Token) -> Result<Option<Found>, StoreError> {
    let Some(secret) = from.secret(&token.hash())?.filter(|s| s.kind == SecretKind::Invitation) else {
        return Ok(None);
    };
    let (Some(workspace), Some(id)) = (WorkspaceId::from_bytes(&secret.line), InvitationId::from_bytes(&secret.object))
    else {
        return Ok(None);
    };
    let Some(state) = from.workspace(workspace)?.filter(|s| s.deleted_at.is_none()) else { return Ok(None) };
    let newest = |i: &&Invitation| i.sending == secret.generation;
    Ok(state.invitations.get(&id).filter(newest).cloned().map(|invitation| Found { state, id, invitation }))
}

impl App {
    /// What the page of a link shows to whoever opens it.
    ///
    /// # Errors
    /// The store's.
    pub async fn look_at_invitation(&self, token: &str, caller: Option<&Caller>) -> Result<LinkPage, AppError> {
        let Some(token) = Token::parse(SecretKind::Invitation, token) else { return Ok(LinkPage::Dead) };
        self.sure()?;
        let person = caller.and_then(Caller::person);
        let seen = self
            .lines
            .read(move |from| {
                let Some(found) = find(from, &token)? else { return Ok(None) };
                let address = found.invitation.address;
                let own = person.map(|p| from.person(p)).transpose()?.flatten();
                let account = from.person_at(address)?.is_some();
                let email = from.addresses(&[address])?.pop().map(|(_, text)| text).unwrap_or_default();
                let sender = sender_name(from, found.invitation.sender)?;
                let reader = match own {
                    Some(own) if own.address == address => Reader::Invited,
                    Some(_) => Reader::SomebodyElse,
                    None if account => Reader::HasAccount,
                    None => Reader::New,
                };
                Ok(Some((found, email, sender, reader)))
            })
            .await?;
        let Some((Found { state, invitation, .. }, email, sender, reader)) = seen else { return Ok(LinkPage::Dead) };
        let closed = |how| if reader == Reader::Invited { LinkPage::Closed(how, state.id) } else { LinkPage::Dead };
        let (expires_at, expired) = match invitation.stage {
            Stage::Pending { expires_at } => (expires_at, self.clock.now() >= expires_at),
            Stage::Expired { at } => (at, true),
            Stage::Accepted { .. } => return Ok(closed(ClosedAs::Accepted)),
            Stage::Cancelled { .. } => return Ok(closed(ClosedAs::Cancelled)),
            Stage::Declined { .. } => return Ok(closed(ClosedAs::Declined)),
        };
        let brand = self.installation().product(state.product).map(|p| p.brand.clone()).unwrap_or_default();
        let access = &invitation.access;
        let role = state.role_called(access);
        let template = access.template.and_then(|id| state.templates.get(&id)).filter(|t| *t.name != *role);
        let word = state.model.words.template.to_lowercase();
        Ok(LinkPage::Open(Box::new(OpenLink {
            workspace: state.id,
            workspace_name: state.name.to_string(),
            sender: sender.unwrap_or_else(|| brand.clone()),
            brand,
            role,
            template: template.map(|t| format!("{word} {}", t.name)),
            email,
            offers: lines(&state, &invitation.access),
            expires_at,
            expired,
            reader,
        })))
    }

    /// Accepts as the person who is signed in.
    ///
    /// # Errors
    /// Another address, a closed or expired invitation, no seat, a sender who lost the right; nothing changes.
    pub async fn accept(&self, caller: &Caller, token: &str) -> Result<Acted, AppError> {
        let person = caller.person().ok_or(AppError::NotSignedIn)?;
        let token = Token::parse(SecretKind::Invitation, token).ok_or(Refusal::NoSuchInvitation)?;
        let workspace = token.line().map(WorkspaceId).ok_or(Refusal::NoSuchInvitation)?;
        let (tools, by, now) = (self.tools(), caller.by(), self.clock.now());
        let (looked, asker) = (token.clone(), caller.clone());
        let lines = vec![LineId::Person(person), LineId::Workspace(workspace)];
        let changed = self
            .lines
            .change(lines, self.command_id(), move |tx| {
                let found = find(tx, &token)?.filter(|found| asker.sees_product(found.state.product));
                let found = found.ok_or(Refusal::NoSuchInvitation)?;
                let row = tx.person(person)?.filter(|p| p.proven_at.is_some()).ok_or(AppError::NotSignedIn)?;
                tools.accept(tx, &by, &found, person, row.address, now)
            })
            .await;
        self.entered_by_accepting(changed, person, &looked).await
    }

    /// Makes the account of the invited address, signs it in and accepts, all in one change. The link was mailed to
    /// that address and nowhere else, so using it proves the address, as any verification link does.
    ///
    /// # Errors
    /// There is an account already; a name or password that cannot be; whatever [`App::accept`] refuses.
    pub async fn sign_up_and_accept(
        &self,
        token: &str,
        name: &str,
        password: Option<&str>,
        origin: &Origin,
    ) -> Result<(SignedIn, Acted), AppError> {
        let name = person_name(name)?;
        let token = Token::parse(SecretKind::Invitation, token).ok_or(Refusal::NoSuchInvitation)?;
        let workspace = token.line().map(WorkspaceId).ok_or(Refusal::NoSuchInvitation)?;
        let phc = match password.filter(|p| !p.is_empty()) {
            Some(password) => {
                let looked = token.clone();
                let email = self.lines.read(move |from| invited_email(from, &looked)).await?;
                check_rule(password, &[&name, &email])?;
                Some(self.passwords.hash(password).await?)
            }
            None => None,
        };
        let person = PersonId(self.new_id());
        let own = WorkspaceId(self.new_id());
        let (tools, now, origin) = (self.tools(), self.clock.now(), origin.clone());
        let looked = token.clone();
        let lines = vec![LineId::Person(person), LineId::Workspace(workspace), LineId::Workspace(own)];
        let changed = self
            .lines
            .change(lines, self.command_id(), move |tx| {
                let found = find(tx, &token)?.ok_or(Refusal::NoSuchInvitation)?;
                let by = By { actor: Actor::Person(person), origin: Some(origin.clone()) };
                tools.sign_up(tx, &by, person, found.invitation.address, &name, now)?;
                if let Some(phc) = phc {
                    tools.password(tx, &by, person, &phc, now)?;
                }
                let signed_in = tools.session(tx, person, (SignedInBy::Link, None), Some(origin), now)?;
                let acted = tools.accept(tx, &by, &found, person, found.invitation.address, now)?;
                if found.state.model.invitations.own_workspace {
                    tools.own_workspace(tx, &by, &found.state, person, own, now)?;
                }
                Ok::<_, AppError>((signed_in, acted))
            })
            .await;
        let (signed_in, changed) = match changed {
            Ok(Changed::Done((signed_in, acted), committed)) => (Some(signed_in), Ok(Changed::Done(acted, committed))),
            Ok(Changed::Repeated(committed)) => (None, Ok(Changed::Repeated(committed))),
            Err(error) => (None, Err(error)),
        };
        let acted = self.entered_by_accepting(changed, person, &looked).await?;
        signed_in.map(|s| (s, acted)).ok_or(AppError::Repeated)
    }

    /// Turns an invitation down, as the person who is signed in.
    ///
    /// # Errors
    /// Another address, a closed invitation.
    pub async fn decline(&self, caller: &Caller, token: &str) -> Result<Acted, AppError> {
        let person = caller.person().ok_or(AppError::NotSignedIn)?;
        let token = Token::parse(SecretKind::Invitation, token).ok_or(Refusal::NoSuchInvitation)?;
        let workspace = token.line().map(WorkspaceId).ok_or(Refusal::NoSuchInvitation)?;
        let (tools, by, asker, now) = (self.tools(), caller.by(), caller.clone(), self.clock.now());
        let changed = self
            .lines
            .change(vec![LineId::Workspace(workspace)], self.command_id(), move |tx| {
                let found = find(tx, &token)?.filter(|found| asker.sees_product(found.state.product));
                let found = found.ok_or(Refusal::NoSuchInvitation)?;
                let row = tx.person(person)?.ok_or(AppError::NotSignedIn)?;
                let command = Command::Decline { invitation: found.id, proven: row.address };
                tools.decide(tx, &by, &found.state, command, None, now)
            })
            .await?;
        self.acted(changed).await
    }

    /// Publishes an acceptance and notes the first entry (D15); a missing seat is told to the owners (E34).
    async fn entered_by_accepting(
        &self,
        changed: Result<Changed<Acted>, AppError>,
        person: PersonId,
        token: &Token,
    ) -> Result<Acted, AppError> {
        match changed {
            Ok(changed) => {
                let acted = self.acted(changed).await?;
                let (workspace, now) = (acted.state.id, self.clock.now());
                self.lines.observe(move |to| to.enter(workspace, person, now)).await?;
                Ok(acted)
            }
            Err(AppError::Refused(Refusal::NoSeatLeft(..))) => {
                self.tell_owners_no_seat(token.clone()).await?;
                let AppError::Refused(refusal) = changed.err().unwrap_or(AppError::Busy) else {
                    return Err(AppError::Busy);
                };
                Err(refusal.into())
            }
            Err(error) => Err(error),
        }
    }

    /// One notice to each owner, at most once a day for one invitation.
    async fn tell_owners_no_seat(&self, token: Token) -> Result<(), AppError> {
        let (tools, now) = (self.tools(), self.clock.now());
        let line = token.line().map(WorkspaceId).ok_or(Refusal::NoSuchInvitation)?;
        let _: Changed<()> = self
            .lines
            .change(vec![LineId::Workspace(line)], self.command_id(), move |tx| {
                let Some(found) = find(tx, &token)? else { return Ok(()) };
                let told = tx.mails(Some(found.state.id), 200)?.into_iter().any(|m| {
                    m.row.created_at > now.plus_seconds(-86_400) && MailWords::is_no_seat_for(&m.row.message, found.id)
                });
                if told { Ok(()) } else { tools.mail_no_seat(tx, &found, now) }
            })
            .await?;
        Ok(())
    }
}

impl Tools {
    fn accept(
        &self,
        tx: &mut dyn Tx,
        by: &By,
        found: &Found,
        person: PersonId,
        proven: AddressId,
        now: Timestamp,
    ) -> Result<Acted, AppError> {
        let member = MemberId(self.random.id(now));
        let command = Command::Accept { invitation: found.id, person, proven, member };
        self.decide(tx, by, &found.state, command, None, now)
    }

    /// The account of an address that was just proven.
    pub fn sign_up(
        &self,
        tx: &mut dyn Tx,
        by: &By,
        person: PersonId,
        address: AddressId,
        name: &str,
        now: Timestamp,
    ) -> Result<(), AppError> {
        if tx.person_at(address)?.is_some() {
            return Err(SignInRefusal::AccountExists.into());
        }
        let text = TextId(self.random.id(now));
        tx.text(text, name)?;
        let row = PersonRow { person, address, proven_at: Some(now), name: text, created_at: now, erased_at: None };
        Ok(tx.put(LineId::Person(person), by, now, vec![Row::Person(row)])?)
    }

    /// A workspace of their own for who signed up by an invitation (E39).
    fn own_workspace(
        &self,
        tx: &mut dyn Tx,
        by: &By,
        like: &Workspace,
        owner: PersonId,
        id: WorkspaceId,
        now: Timestamp,
    ) -> Result<(), AppError> {
        let new = NewWorkspace {
            product: like.product,
            model: String::new(),
            name: format!("My {}", like.model.words.workspace),
            external_id: None,
            plan: None,
            owner,
        };
        let maker =
            Maker { app: self.clone(), by: by.clone(), now, model: Arc::clone(&like.model), new, workspace: id };
        maker.run(tx).map(|_| ())
    }

    fn mail_no_seat(&self, tx: &mut dyn Tx, found: &Found, now: Timestamp) -> Result<(), AppError> {
        let owners: Vec<AddressId> =
            found.state.active_owners().filter_map(|id| found.state.members.get(&id)).map(|m| m.address).collect();
        for to in owners {
            tx.mail(MailRow {
                mail: MailId(self.random.id(now)),
                to,
                by: None,
                workspace: Some(found.state.id),
                object: None,
                message: MailWords::NoSeat { invitation: found.id }.to_json(),
                nonce: None,
                created_at: now,
            })?;
        }
        Ok(())
    }
}

/// The name of who sent an invitation, if it was a person.
pub(crate) fn sender_name(from: &mut (impl Read + ?Sized), sender: Actor) -> Result<Option<String>, StoreError> {
    let Actor::Person(person) = sender else { return Ok(None) };
    Ok(from.cards(&[person])?.pop().map(|card| card.name).filter(|name| !name.is_empty()))
}

fn invited_email(from: &mut dyn Read, token: &Token) -> Result<String, StoreError> {
    let Some(found) = find(from, token)? else { return Ok(String::new()) };
    Ok(from.addresses(&[found.invitation.address])?.pop().map(|(_, text)| text).unwrap_or_default())
}

/// A person's name as it is kept.
pub(crate) fn person_name(typed: &str) -> Result<String, SignInRefusal> {
    const LIMIT: usize = 64;
    let name = typed.trim();
    let fine = !name.is_empty() && name.chars().count() <= LIMIT && !name.chars().any(char::is_control);
    if fine { Ok(name.to_owned()) } else { Err(SignInRefusal::NameNeeded) }
}

/// An address with most of it hidden: enough to recognise one's own, not enough to learn it (AB-034).
pub fn masked(email: &str) -> String {
    let Some((local, domain)) = email.split_once('@') else { return "•••".into() };
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    let ending = domain.rsplit_once('.').map(|(_, end)| format!(".{end}")).unwrap_or_default();
    format!("{}•••@{}•••{ending}", first(local), first(domain))
}
