//! Every change of a workspace goes this way: decide on the newest state, write, publish, wait, answer.

use std::collections::HashMap;
use std::sync::Arc;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{
    AddressId, CommandId, InvitationId, MailId, MemberId, PersonId, ProductId, TemplateId, WorkspaceId,
};
use bailiwick_core::team::apply::{apply_under, begin};
use bailiwick_core::team::command::{Actor, Command, Create, NewInvitation, Request};
use bailiwick_core::team::decide::decide;
use bailiwick_core::team::event::{Event, Recorded};
use bailiwick_core::team::preview::{Preview, preview};
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::team::wire::AccessWire;
use bailiwick_core::time::Timestamp;
use bailiwick_store::rows::{By, LineId, LogFilter, MailRow, SecretKind, SecretRow, WorkspaceChange};
use bailiwick_store::{Changed, Tx};

use crate::app::App;
use crate::caller::{Caller, Scope, Who};
use crate::config::Limits;
use crate::error::AppError;
use crate::keys::KeyBytes;
use crate::look::{Shown, Team, own_row};
use crate::outbox::MailWords;
use crate::random::Random;
use crate::secret::Token;

/// What a change came to.
#[derive(Debug, Clone)]
pub struct Acted {
    /// The workspace after it.
    pub state: Arc<Workspace>,
    /// What happened, by a repeat what the first try did; empty: nothing was to be done.
    pub events: Vec<Recorded>,
}

/// What a workspace is made of by its host or a person.
#[derive(Debug, Clone)]
pub struct NewWorkspace {
    /// The product.
    pub product: ProductId,
    /// The model, by name.
    pub model: String,
    /// Its name.
    pub name: String,
    /// The host's own id for it.
    pub external_id: Option<String>,
    /// Its plan; `None`: the model's first.
    pub plan: Option<String>,
    /// Who holds it.
    pub owner: PersonId,
}

/// One person to invite.
#[derive(Debug, Clone)]
pub struct Invitee {
    /// The address.
    pub email: Email,
    /// What is offered.
    pub access: AccessWire,
}

/// What an open invitation shall offer, and where it shall go.
#[derive(Debug, Clone)]
pub struct Offer {
    /// What accepting gives.
    pub access: AccessWire,
    /// Another address; `None`: the one that it has.
    pub email: Option<Email>,
}

impl App {
    /// Runs a command on a workspace for a caller.
    ///
    /// # Errors
    /// The refusal of the rules, a missing scope, the store's.
    pub async fn act(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        command: Command,
        seen: Option<u64>,
        id: CommandId,
    ) -> Result<Acted, AppError> {
        caller.needs(Scope::Manage)?;
        self.run(caller, workspace, id, seen, move |_, _| Ok(command)).await
    }

    /// What a command would do, without doing it (X11).
    ///
    /// # Errors
    /// The refusal that it would meet.
    pub async fn preview(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        command: Command,
        seen: Option<u64>,
    ) -> Result<Preview, AppError> {
        self.previewed(caller, workspace, command, seen).await.map(|(_, preview)| preview)
    }

    /// The same, with the state that it was looked at on: its model names what the preview counts in.
    ///
    /// # Errors
    /// The refusal that it would meet.
    pub async fn previewed(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        command: Command,
        seen: Option<u64>,
    ) -> Result<(Arc<Workspace>, Preview), AppError> {
        caller.needs(Scope::Manage)?;
        let state =
            self.state(workspace).await?.filter(|s| caller.sees_product(s.product)).ok_or(Refusal::NoSuchWorkspace)?;
        let preview = preview(&state, &Request { actor: caller.actor(), command, seen }, self.clock.now())?;
        Ok((state, preview))
    }

    /// What inviting these people would do. No address is written down by it.
    ///
    /// # Errors
    /// The refusal that it would meet.
    pub async fn preview_invite(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        invitees: Vec<Invitee>,
    ) -> Result<(Arc<Workspace>, Preview), AppError> {
        let addresses = self.looked_up(invitees.iter().map(|i| i.email.clone()).collect()).await?;
        let new = invitees.into_iter().zip(addresses).map(|(invitee, address)| NewInvitation {
            invitation: InvitationId(self.new_id()),
            address,
            access: invitee.access,
        });
        self.previewed(caller, workspace, Command::Invite(new.collect()), None).await
    }

    /// What an edit of an invitation would do. No address is written down by it.
    ///
    /// # Errors
    /// The refusal that it would meet.
    pub async fn preview_edit_invitation(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        invitation: InvitationId,
        offer: Offer,
        seen: Option<u64>,
    ) -> Result<(Arc<Workspace>, Preview), AppError> {
        let address = self.looked_up(offer.email.into_iter().collect()).await?.pop();
        let command = Command::EditInvitation { invitation, access: offer.access, address };
        self.previewed(caller, workspace, command, seen).await
    }

    /// References of addresses: those that exist, and fresh ones that nothing is written under. The same address
    /// gets the same one.
    pub(crate) async fn looked_up(&self, emails: Vec<Email>) -> Result<Vec<AddressId>, AppError> {
        let (random, now) = (self.random.clone(), self.clock.now());
        let found = self.lines.read(move |from| {
            let mut known: HashMap<String, AddressId> = HashMap::new();
            let mut all = Vec::with_capacity(emails.len());
            for email in &emails {
                let id = match known.get(email.comparable()) {
                    Some(id) => *id,
                    None => from.find_address(email)?.unwrap_or_else(|| AddressId(random.id(now))),
                };
                known.insert(email.comparable().to_owned(), id);
                all.push(id);
            }
            Ok(all)
        });
        Ok(found.await?)
    }

    /// What a change came to, with names for who may see the team; who may change it and not see it gets none.
    ///
    /// # Errors
    /// The store's.
    pub async fn after(&self, caller: &Caller, acted: &Acted, shown: &Shown) -> Result<Team, AppError> {
        let state = Arc::clone(&acted.state);
        let reads = *shown != Shown::Nobody && caller.needs(Scope::Read).is_ok();
        if reads && self.may(caller, state.id, |acts| acts.view_team).await? {
            return self.names_for(state, shown).await.map_err(AppError::once_committed);
        }
        Ok(Team::without_names(state))
    }

    /// Invites people by their addresses; all or none.
    ///
    /// # Errors
    /// The refusal of the rules, a limit on mails, the store's.
    pub async fn invite(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        invitees: Vec<Invitee>,
        id: CommandId,
    ) -> Result<Acted, AppError> {
        caller.needs(Scope::Manage)?;
        let ids: Vec<InvitationId> = invitees.iter().map(|_| InvitationId(self.new_id())).collect();
        self.run(caller, workspace, id, None, move |tx, _| {
            let new = invitees.into_iter().zip(ids).map(|(invitee, invitation)| {
                Ok(NewInvitation { invitation, address: tx.address(&invitee.email)?, access: invitee.access })
            });
            Ok(Command::Invite(new.collect::<Result<_, AppError>>()?))
        })
        .await
    }

    /// Changes what an open invitation offers, or where it goes.
    ///
    /// # Errors
    /// The refusal of the rules, a limit on mails, the store's.
    pub async fn edit_invitation(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        invitation: InvitationId,
        offer: Offer,
        seen: Option<u64>,
        id: CommandId,
    ) -> Result<Acted, AppError> {
        caller.needs(Scope::Manage)?;
        self.run(caller, workspace, id, seen, move |tx, _| {
            let address = offer.email.map(|email| tx.address(&email)).transpose()?;
            Ok(Command::EditInvitation { invitation, access: offer.access, address })
        })
        .await
    }

    /// Makes a workspace.
    ///
    /// # Errors
    /// An unknown model or owner, a taken external id, the refusal of the rules, the store's.
    pub async fn create_workspace(&self, caller: &Caller, new: NewWorkspace, id: CommandId) -> Result<Acted, AppError> {
        caller.needs(Scope::Manage)?;
        if !caller.sees_product(new.product) {
            return Err(Refusal::NoSuchWorkspace.into());
        }
        let installation = self.installation();
        let model = installation
            .model_named(&new.model)
            .ok_or(AppError::Invalid { field: "model", sentence: format!("There is no model `{}`.", new.model) })?;
        // By the command's name, so that a repeat under it finds the workspace that the first try made, and whoever says
        // something else under it waits for that try.
        let workspace = WorkspaceId(id.namesakes().0.0);
        let make = Maker { app: self.tools(), by: caller.by(), now: self.clock.now(), model, new, workspace };
        let lines = vec![LineId::Person(make.new.owner), LineId::Workspace(workspace)];
        let changed = self.lines.change(lines, id, move |tx| make.run(tx)).await?;
        self.acted(changed).await
    }

    /// The one way of a command: `make` builds it inside the transaction, where addresses become references.
    pub(crate) async fn run<F>(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        id: CommandId,
        seen: Option<u64>,
        make: F,
    ) -> Result<Acted, AppError>
    where
        F: FnOnce(&mut dyn Tx, &Workspace) -> Result<Command, AppError> + Send + 'static,
    {
        let (tools, asker, now) = (self.tools(), caller.clone(), self.clock.now());
        let changed = self
            .lines
            .change(vec![LineId::Workspace(workspace)], id, move |tx| {
                let state = tx
                    .workspace(workspace)?
                    .filter(|s| asker.sees_product(s.product))
                    .ok_or(Refusal::NoSuchWorkspace)?;
                let command = make(tx, &state)?;
                tools.decide(tx, &asker.by(), &state, command, seen, now)
            })
            .await?;
        let repeated = matches!(changed, Changed::Repeated(_));
        let acted = self.acted(changed).await?;
        // A repeat decides nothing, so it says nothing to who has lost access since the first try.
        let gone = |person| acted.state.deleted_at.is_some() || own_row(&acted.state, person, now).is_none();
        if repeated && caller.person().is_some_and(gone) {
            return Err(Refusal::NoSuchWorkspace.into());
        }
        Ok(acted)
    }

    /// What a change came to: by a repeat what the first try did, on the newest state.
    pub(crate) async fn acted(&self, changed: Changed<Acted>) -> Result<Acted, AppError> {
        match changed {
            Changed::Done(acted, _) => Ok(acted),
            Changed::Repeated(committed) => {
                let workspace = committed.revisions.iter().find_map(|(line, revision)| match line {
                    LineId::Workspace(id) => Some((*id, *revision)),
                    _ => None,
                });
                let (id, revision) = workspace.ok_or(AppError::Repeated)?;
                let only = LogFilter { before_revision: Some(revision + 1), limit: 1, ..LogFilter::default() };
                let entries = self.lines.read(move |from| from.log(LineId::Workspace(id), &only)).await?;
                let state = committed.workspaces.into_iter().find(|state| state.id == id);
                let state = state.ok_or(Refusal::NoSuchWorkspace)?;
                let events = entries.into_iter().filter(|e| e.revision == revision).flat_map(|e| e.events);
                let events = events.filter_map(|stored| {
                    let event = serde_json::from_str(&stored.payload).ok()?;
                    Some(Recorded { at: stored.at, event })
                });
                Ok(Acted { state, events: events.collect() })
            }
        }
    }

    pub(crate) fn tools(&self) -> Tools {
        Tools { random: self.random.clone(), link_key: self.keys.link.clone(), limits: self.config.limits.clone() }
    }
}

/// What is needed inside a transaction, and can be sent there.
#[derive(Clone)]
pub(crate) struct Tools {
    pub random: Random,
    pub link_key: KeyBytes,
    pub limits: Limits,
}

impl Tools {
    /// Decides, writes, and queues what follows from it.
    pub fn decide(
        &self,
        tx: &mut dyn Tx,
        by: &By,
        state: &Arc<Workspace>,
        command: Command,
        seen: Option<u64>,
        now: Timestamp,
    ) -> Result<Acted, AppError> {
        let request = Request { actor: by.actor, command, seen };
        let events = decide(Some(state), &state.model, &request, now)?;
        if events.is_empty() {
            return Ok(Acted { state: Arc::clone(state), events });
        }
        let after = Arc::new(apply_under(state, &events, &|version| request.command.brings(version))?);
        tx.append(
            by,
            WorkspaceChange { before: Some(Arc::clone(state)), events: events.clone(), after: Arc::clone(&after) },
        )?;
        self.follow_up(tx, by, &after, &events)?;
        Ok(Acted { state: after, events })
    }

    /// Mails and link secrets: rows of the same transaction, so that a mail never speaks of what was rolled back.
    fn follow_up(&self, tx: &mut dyn Tx, by: &By, state: &Workspace, events: &[Recorded]) -> Result<(), AppError> {
        for Recorded { at, event } in events {
            match event {
                Event::InvitationSent { invitation, .. } | Event::InvitationResent { invitation, .. } => {
                    self.send_invitation(tx, by, state, *invitation, *at)?;
                }
                Event::InvitationCancelled { invitation } | Event::InvitationDeclined { invitation } => {
                    tx.void_mails(invitation.bytes())?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn send_invitation(
        &self,
        tx: &mut dyn Tx,
        by: &By,
        state: &Workspace,
        id: InvitationId,
        at: Timestamp,
    ) -> Result<(), AppError> {
        let Some(invitation) = state.invitations.get(&id) else { return Ok(()) };
        let bailiwick_core::team::state::Stage::Pending { expires_at } = invitation.stage else { return Ok(()) };
        self.within_limits(tx, by, state, invitation.address, at)?;
        let nonce = self.random.secret();
        let token = Token::of_nonce(SecretKind::Invitation, state.id.0, id.bytes(), &nonce, &self.link_key);
        // Older links of this invitation keep their row: they must say that they are dead to who they were for.
        tx.void_mails(id.bytes())?;
        tx.put_secret(SecretRow {
            hash: token.hash(),
            kind: SecretKind::Invitation,
            line: state.id.bytes(),
            object: id.bytes(),
            generation: invitation.sending,
            expires_at,
            bound_to: None,
        })?;
        let person = match by.actor {
            Actor::Person(person) => Some(person),
            _ => None,
        };
        tx.mail(MailRow {
            mail: MailId(self.random.id(at)),
            to: invitation.address,
            by: person,
            workspace: Some(state.id),
            object: Some(id.bytes()),
            message: MailWords::Invitation { sending: invitation.sending }.to_json(),
            nonce: Some(nonce),
            created_at: at,
        })?;
        Ok(())
    }

    /// Mails to one address, of one inviter, of one workspace (EC-28, AB-045): counted where they are queued.
    fn within_limits(
        &self,
        tx: &mut dyn Tx,
        by: &By,
        state: &Workspace,
        to: bailiwick_core::ids::AddressId,
        at: Timestamp,
    ) -> Result<(), AppError> {
        const DAY: i64 = 86_400;
        const TEN_MINUTES: i64 = 600;
        let Actor::Person(person) = by.actor else {
            return self.within(tx.mails_to(to, at.plus_seconds(-DAY))?, self.limits.mails_per_address, at, DAY);
        };
        self.within(tx.mails_to(to, at.plus_seconds(-DAY))?, self.limits.mails_per_address, at, DAY)?;
        self.within(
            tx.mails_by(person, at.plus_seconds(-TEN_MINUTES))?,
            self.limits.invites_per_inviter,
            at,
            TEN_MINUTES,
        )?;
        self.within(tx.mails_of(state.id, at.plus_seconds(-DAY))?, self.limits.invites_per_workspace, at, DAY)
    }

    fn within(
        &self,
        (count, oldest): (u32, Timestamp),
        limit: u32,
        now: Timestamp,
        window: i64,
    ) -> Result<(), AppError> {
        if count < limit {
            return Ok(());
        }
        let wait = oldest.plus_seconds(window).seconds_since(now).clamp(1, window);
        Err(AppError::TooOften(u32::try_from(wait).unwrap_or(u32::MAX)))
    }
}

/// The making of a workspace, inside its transaction.
pub(crate) struct Maker {
    pub app: Tools,
    pub by: By,
    pub now: Timestamp,
    pub model: Arc<bailiwick_core::access::model::Model>,
    pub new: NewWorkspace,
    pub workspace: WorkspaceId,
}

impl Maker {
    pub fn run(&self, tx: &mut dyn Tx) -> Result<Acted, AppError> {
        let owner = tx.person(self.new.owner)?.filter(|p| p.erased_at.is_none() && p.proven_at.is_some());
        let owner = owner.ok_or(AppError::Invalid { field: "owner", sentence: "There is no such person.".into() })?;
        if let Some(external) = &self.new.external_id
            && tx.workspace_by_external_id(self.new.product, external)?.is_some()
        {
            return Err(Refusal::NameTaken(external.clone()).into());
        }
        let shipped = self.model.templates.as_ref().map_or(0, Vec::len);
        let create = Create {
            workspace: self.workspace,
            product: self.new.product,
            external_id: self.new.external_id.clone(),
            name: self.new.name.clone(),
            plan: self.new.plan.clone(),
            owner: owner.person,
            address: owner.address,
            member: MemberId(self.app.random.id(self.now)),
            templates: (0..shipped).map(|_| TemplateId(self.app.random.id(self.now))).collect(),
        };
        let request = Request { actor: self.by.actor, command: Command::Create(create), seen: None };
        let events = decide(None, &self.model, &request, self.now)?;
        let state = Arc::new(begin(&self.model, &events)?);
        tx.append(&self.by, WorkspaceChange { before: None, events: events.clone(), after: Arc::clone(&state) })?;
        Ok(Acted { state, events })
    }
}

impl Caller {
    /// Whether the caller is the host or the operator, who see whole workspaces of their own.
    pub fn is_trusted(&self) -> bool {
        !matches!(self.who, Who::Person { .. })
    }
}
