//! Reading: what pages and the API show, each decided for its reader first.
//!
//! What somebody may not see answers as if it were not there.

use std::collections::HashMap;
use std::sync::Arc;

use bailiwick_core::access::check::{Decision, Denial};
use bailiwick_core::access::set::Permission;
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::{AddressId, InvitationId, MemberId, PersonId, ResourceId, WorkspaceId};
use bailiwick_core::team::command::Command;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::{Invitation, Member, Workspace};
use bailiwick_core::time::Timestamp;
use bailiwick_store::rows::{LineId, LogEntry, LogFilter, MailState, Membership, PersonCard, QueuedMail, Verified};

use crate::app::App;
use crate::caller::{Caller, Scope, Who};
use crate::error::AppError;
use crate::live::Answer;
use crate::outbox::MailWords;
use crate::search::Found;

/// A workspace with everything that a page about its people needs.
#[derive(Debug, Clone)]
pub struct Team {
    /// Its state.
    pub state: Arc<Workspace>,
    /// Names and addresses of its people, and of who invited or changed them.
    pub cards: HashMap<PersonId, PersonCard>,
    /// What addresses say.
    pub addresses: HashMap<AddressId, String>,
    /// When people last entered.
    pub entered: HashMap<PersonId, Timestamp>,
    /// Where the newest mail of each invitation stands.
    pub mails: HashMap<InvitationId, MailState>,
}

impl Team {
    /// The state alone.
    pub(crate) fn without_names(state: Arc<Workspace>) -> Self {
        Self { state, cards: HashMap::new(), addresses: HashMap::new(), entered: HashMap::new(), mails: HashMap::new() }
    }
}

/// Whom the answer to a change shows. It needs no other names, and reading those of a whole team takes its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Nobody.
    Nobody,
    /// A member.
    Member(MemberId),
    /// Invitations.
    Invitations(Vec<InvitationId>),
}

impl Shown {
    /// By what was asked.
    pub fn by(command: &Command) -> Self {
        match command {
            Command::ChangeAccess { member, .. } | Command::Suspend(member) | Command::Reactivate(member) => {
                Self::Member(*member)
            }
            Command::Resend(invitation) | Command::EditInvitation { invitation, .. } => {
                Self::Invitations(vec![*invitation])
            }
            _ => Self::Nobody,
        }
    }
}

/// How many mails of a workspace are looked through for the state of its invitations.
const MAILS: usize = 1000;

impl App {
    /// The workspace, if the caller has any access to it: a member who is active, its host, the operator.
    ///
    /// # Errors
    /// [`Refusal::NoSuchWorkspace`] for everybody else.
    pub async fn workspace(&self, caller: &Caller, id: WorkspaceId) -> Result<Arc<Workspace>, AppError> {
        caller.needs(Scope::Read)?;
        let gone = || AppError::from(Refusal::NoSuchWorkspace);
        let state = self
            .state(id)
            .await?
            .filter(|s| s.deleted_at.is_none() && caller.sees_product(s.product))
            .ok_or_else(gone)?;
        match caller.who {
            Who::Person { person, .. } => own_row(&state, person, self.clock.now()).map(|_| ()).ok_or_else(gone)?,
            Who::Host { .. } | Who::Operator => {}
        }
        Ok(state)
    }

    /// Whether the caller may do an act of the engine's own in a workspace, by the same check that hosts ask.
    ///
    /// # Errors
    /// The store's.
    pub async fn may(
        &self,
        caller: &Caller,
        id: WorkspaceId,
        act: impl Fn(&bailiwick_core::access::model::Acts) -> Permission,
    ) -> Result<bool, AppError> {
        let Some(person) = caller.person() else { return Ok(true) };
        let now = self.clock.now();
        let answer = self.on_snapshot(id, |s, _| s.check(person, act(&s.model.acts), None, now).is_ok()).await?;
        Ok(answer.unwrap_or(false))
    }

    /// The team with names, for who may see it.
    ///
    /// # Errors
    /// [`Refusal::NoSuchWorkspace`] for who may not (A31).
    pub async fn team(&self, caller: &Caller, id: WorkspaceId) -> Result<Team, AppError> {
        let state = self.workspace(caller, id).await?;
        if !self.may(caller, id, |acts| acts.view_team).await? {
            return Err(Refusal::NoSuchWorkspace.into());
        }
        self.with_names(state).await
    }

    /// A member's own workspace: the state, and their row in it.
    ///
    /// # Errors
    /// [`Refusal::NoSuchWorkspace`] for who has no access.
    pub async fn home(&self, caller: &Caller, id: WorkspaceId) -> Result<(Team, MemberId), AppError> {
        let state = self.workspace(caller, id).await?;
        let person = caller.person().ok_or(AppError::NotSignedIn)?;
        let (member, _) = state.member_of(person).ok_or(Refusal::NoSuchWorkspace)?;
        let mut team = self.with_names(state).await?;
        // A member sees who could give them more, and themself; nobody else's data.
        let owners: Vec<PersonId> =
            team.state.active_owners().filter_map(|m| team.state.members.get(&m)).map(|m| m.person).collect();
        team.cards.retain(|id, _| *id == person || owners.contains(id));
        team.addresses.clear();
        team.entered.clear();
        Ok((team, member))
    }

    /// The team for one row of it: who may see the team sees every row, everybody else their own.
    ///
    /// # Errors
    /// [`Refusal::NoSuchWorkspace`] for who has no access; [`Refusal::NoSuchMember`] for another's row.
    pub async fn team_of_row(&self, caller: &Caller, id: WorkspaceId, row: MemberId) -> Result<Team, AppError> {
        match self.team(caller, id).await {
            Err(AppError::Refused(Refusal::NoSuchWorkspace)) if caller.person().is_some() => {
                let (team, own) = self.home(caller, id).await?;
                let person = caller.person();
                let theirs = team.state.members.get(&row).is_some_and(|m| Some(m.person) == person);
                if own == row || theirs { Ok(team) } else { Err(Refusal::NoSuchMember.into()) }
            }
            seen => seen,
        }
    }

    pub(crate) async fn with_names(&self, state: Arc<Workspace>) -> Result<Team, AppError> {
        let (members, invitations) = (state.members.values().collect(), state.invitations.values().collect());
        self.names_of(Arc::clone(&state), members, invitations).await
    }

    /// The names that these rows need.
    async fn names_of(
        &self,
        state: Arc<Workspace>,
        members: Vec<&Member>,
        invitations: Vec<&Invitation>,
    ) -> Result<Team, AppError> {
        let workspace = state.id;
        let mut people: Vec<PersonId> = members.iter().map(|m| m.person).collect();
        let senders = invitations.iter().map(|i| i.sender);
        people.extend(senders.chain(members.iter().filter_map(|m| m.invited_by)).filter_map(person_of));
        people.sort_unstable();
        people.dedup();
        let mut ids: Vec<AddressId> = members.iter().map(|m| m.address).collect();
        ids.extend(invitations.iter().map(|i| i.address));
        ids.sort_unstable();
        ids.dedup();
        let (enter, invited) = (!members.is_empty(), !invitations.is_empty());
        let (cards, addresses, entered, mails) = self
            .lines
            .read(move |from| {
                Ok((
                    from.cards(&people)?,
                    from.addresses(&ids)?,
                    if enter { from.entered(workspace)? } else { Vec::new() },
                    if invited { from.mails(Some(workspace), MAILS)? } else { Vec::new() },
                ))
            })
            .await?;
        Ok(Team {
            state,
            cards: cards.into_iter().map(|card| (card.person, card)).collect(),
            addresses: addresses.into_iter().collect(),
            entered: entered.into_iter().collect(),
            mails: newest_by_invitation(&mails),
        })
    }

    /// The names of some of the people who were found, beside the workspace as it was then.
    ///
    /// # Errors
    /// The store's.
    pub async fn names_of_found<T>(&self, found: &Found<T>, of: &[PersonId]) -> Result<Team, AppError> {
        let members = of.iter().filter_map(|person| Some(found.state.member_of(*person)?.1)).collect();
        self.names_of(Arc::clone(&found.state), members, Vec::new()).await
    }

    /// The names that the answer to a change needs.
    pub(crate) async fn names_for(&self, state: Arc<Workspace>, shown: &Shown) -> Result<Team, AppError> {
        let whole = Arc::clone(&state);
        let (members, invitations) = match shown {
            Shown::Nobody => return Ok(Team::without_names(state)),
            Shown::Member(id) => (whole.members.get(id).into_iter().collect(), Vec::new()),
            Shown::Invitations(ids) => (Vec::new(), ids.iter().filter_map(|id| whole.invitations.get(id)).collect()),
        };
        self.names_of(state, members, invitations).await
    }

    /// The log of a workspace with names, for who may read it.
    ///
    /// # Errors
    /// [`Refusal::NoSuchWorkspace`] for who may not.
    pub async fn log(
        &self,
        caller: &Caller,
        id: WorkspaceId,
        mut filter: LogFilter,
    ) -> Result<(Team, Vec<LogEntry>), AppError> {
        // A page has 200; one more says that there is another.
        const MOST: usize = 201;
        let state = self.workspace(caller, id).await?;
        if !self.may(caller, id, |acts| acts.view_log).await? {
            return Err(Refusal::NoSuchWorkspace.into());
        }
        filter.limit = filter.limit.clamp(1, MOST);
        // All of one answer is of one revision, also if the next one is being written.
        filter.before_revision = Some(filter.before_revision.unwrap_or(u64::MAX).min(state.revision + 1));
        let mut entries = self.lines.read(move |from| from.log(LineId::Workspace(id), &filter)).await?;
        if !self.may(caller, id, |acts| acts.manage_billing).await? {
            // What was bought is billing, also where it is told as history (AB-057).
            entries.iter_mut().for_each(|entry| entry.events.retain(|event| event.kind != "plan_changed"));
        }
        let mut team = self.with_names(state).await?;
        let mut people: Vec<PersonId> = entries.iter().filter_map(|e| person_of(e.actor)).collect();
        people.extend(entries.iter().flat_map(|e| &e.events).filter_map(|e| mentioned(&e.payload)));
        let cards = self.lines.read(move |from| from.cards(&people)).await?;
        team.cards.extend(cards.into_iter().map(|card| (card.person, card)));
        Ok((team, entries))
    }

    /// The caller's workspaces, suspended rows left out.
    ///
    /// # Errors
    /// The store's.
    pub async fn my_workspaces(&self, caller: &Caller) -> Result<Vec<Membership>, AppError> {
        let person = caller.person().ok_or(AppError::NotSignedIn)?;
        let all = self.lines.read(move |from| from.memberships(person)).await?;
        Ok(all.into_iter().filter(|m| !m.suspended && caller.sees_product(m.product)).collect())
    }

    /// The card of the caller.
    ///
    /// # Errors
    /// Nobody is signed in; the store's.
    pub async fn me(&self, caller: &Caller) -> Result<PersonCard, AppError> {
        let person = caller.person().ok_or(AppError::NotSignedIn)?;
        self.card(person).await?.ok_or(AppError::NotSignedIn)
    }

    pub(crate) async fn card(&self, person: PersonId) -> Result<Option<PersonCard>, AppError> {
        Ok(self.lines.read(move |from| from.cards(&[person])).await?.pop())
    }

    /// The workspace of a reference: an id, or the host's own id.
    ///
    /// # Errors
    /// [`Refusal::NoSuchWorkspace`].
    pub async fn workspace_id(&self, caller: &Caller, reference: &str) -> Result<WorkspaceId, AppError> {
        if let Ok(id) = reference.parse() {
            return Ok(id);
        }
        let Who::Host { product, .. } = caller.who else { return Err(Refusal::NoSuchWorkspace.into()) };
        let reference = reference.to_owned();
        let found = self.lines.read_soon(move |from| from.workspace_by_external_id(product, &reference)).await?;
        found.ok_or_else(|| Refusal::NoSuchWorkspace.into())
    }

    /// A page of a product's workspaces, by id.
    ///
    /// # Errors
    /// A person, a missing scope; the store's.
    pub async fn workspaces(
        &self,
        caller: &Caller,
        after: Option<WorkspaceId>,
        limit: usize,
    ) -> Result<Vec<Arc<Workspace>>, AppError> {
        caller.needs(Scope::Read)?;
        let Who::Host { product, .. } = caller.who else { return Err(AppError::NotSignedIn) };
        let ids = self.lines.read(move |from| from.workspaces(product, after, limit)).await?;
        let mut states = Vec::with_capacity(ids.len());
        for id in ids {
            states.extend(self.state(id).await?);
        }
        Ok(states)
    }

    /// May this person do this to this thing? With reasons, and the revision that says so.
    ///
    /// # Errors
    /// A missing scope; the store's. What is unknown is a denial, never an error.
    pub async fn check(&self, caller: &Caller, question: &Question) -> Result<Answer, AppError> {
        self.check_on(caller, question, None).await
    }

    /// The same about a resource that the host says is of this kind; of another one it is a denial.
    ///
    /// # Errors
    /// A missing scope; the store's. What is unknown is a denial, never an error.
    pub async fn check_of_kind(&self, caller: &Caller, question: &Question, kind: &str) -> Result<Answer, AppError> {
        self.check_on(caller, question, Some(kind)).await
    }

    async fn check_on(&self, caller: &Caller, question: &Question, kind: Option<&str>) -> Result<Answer, AppError> {
        caller.needs(Scope::Check)?;
        let now = self.clock.now();
        let none = Answer { decision: Decision::Deny(Denial::NoSuchWorkspace), revision: 0 };
        let ask = async || {
            let answer = self.on_snapshot(question.workspace, |snapshot, state| {
                if !caller.sees_product(state.product) {
                    return none.clone();
                }
                Answer { decision: question.decide(snapshot, kind, now), revision: snapshot.revision }
            });
            Ok::<_, AppError>(answer.await?.unwrap_or_else(|| none.clone()))
        };
        // What is not there for who asks has no revision, and is not there at any.
        let behind = |answer: &Answer| (1..question.at_least).contains(&answer.revision);
        let answer = ask().await?;
        if !behind(&answer) {
            return Ok(answer);
        }
        self.lines.live().load(&self.lines, question.workspace).await?;
        let answer = ask().await?;
        if behind(&answer) { Err(AppError::NotYet(answer.revision)) } else { Ok(answer) }
    }

    /// Makes sure that what is read of a workspace from now on is of a revision or a later one: if what is in memory is
    /// older, it is loaded anew.
    ///
    /// # Errors
    /// [`AppError::NotYet`]; whatever [`App::workspace`] refuses.
    pub async fn reach(&self, caller: &Caller, id: WorkspaceId, at_least: Option<u64>) -> Result<(), AppError> {
        let Some(wanted) = at_least else { return Ok(()) };
        if self.workspace(caller, id).await?.revision >= wanted {
            return Ok(());
        }
        self.lines.live().load(&self.lines, id).await?;
        let there = self.workspace(caller, id).await?.revision;
        if there >= wanted { Ok(()) } else { Err(AppError::NotYet(there)) }
    }

    /// Walks the whole log: its chain, and whether the tables equal it.
    ///
    /// # Errors
    /// The store's. What is broken is found, not an error.
    pub async fn verify(&self) -> Result<Verified, AppError> {
        Ok(self.lines.read(|from| from.verify(None)).await?)
    }

    /// The workspace that a resource is in; a hint, the snapshot that it leads to decides.
    ///
    /// # Errors
    /// The store's.
    pub async fn workspace_of_resource(&self, resource: ResourceId) -> Result<Option<WorkspaceId>, AppError> {
        self.lines.read_soon(move |from| from.resource_workspace(resource)).await
    }
}

/// A question of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// Who.
    pub person: PersonId,
    /// May do what, by its whole name.
    pub permission: String,
    /// To what; `None`: the workspace.
    pub resource: Option<ResourceName>,
    /// Decided by this revision of the workspace or a later one; nought: by the one that is in memory.
    pub at_least: u64,
}

impl Question {
    pub(crate) fn decide(&self, snapshot: &Snapshot, kind: Option<&str>, now: Timestamp) -> Decision {
        let Some(permission) = snapshot.model.permission(&self.permission) else {
            return Decision::Deny(Denial::UnknownPermission);
        };
        let resource = match self.resource.as_ref().map(|r| r.find(snapshot)) {
            Some(None) => return Decision::Deny(Denial::UnknownResource),
            Some(found) => found,
            None => None,
        };
        if let (Some(kind), Some(there)) = (kind, resource.and_then(|id| snapshot.resource(id)))
            && snapshot.model.kind_ix(kind) != Some(there.kind)
        {
            return Decision::Deny(Denial::WrongKind);
        }
        snapshot.explain(self.person, permission, resource, now)
    }
}

/// A resource as a host names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceName {
    /// By our id.
    Id(ResourceId),
    /// By the host's own id.
    External(String),
}

impl ResourceName {
    /// What a text names.
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::External(text.to_owned()), Self::Id)
    }

    pub(crate) fn find(&self, snapshot: &Snapshot) -> Option<ResourceId> {
        match self {
            Self::Id(id) => Some(*id),
            Self::External(name) => snapshot.resource_by_external_id(name),
        }
    }
}

/// The row of an active member.
pub fn own_row(state: &Workspace, person: PersonId, now: Timestamp) -> Option<(MemberId, &Member)> {
    state.member_of(person).filter(|(_, m)| m.suspended_at.is_none() && m.access.until.is_none_or(|until| now < until))
}

fn person_of(actor: bailiwick_core::team::command::Actor) -> Option<PersonId> {
    match actor {
        bailiwick_core::team::command::Actor::Person(person) => Some(person),
        _ => None,
    }
}

/// The person that a stored event names, for its line in the log.
fn mentioned(payload: &str) -> Option<PersonId> {
    let value: serde_json::Value = serde_json::from_str(payload).ok()?;
    value.get("person")?.as_str()?.parse().ok()
}

/// Where the mail of each invitation's newest sending stands. The sending decides, not the time: two may fall on one.
fn newest_by_invitation(mails: &[QueuedMail]) -> HashMap<InvitationId, MailState> {
    let mut newest: HashMap<InvitationId, (u32, MailState)> = HashMap::new();
    for mail in mails {
        let Some(id) = mail.row.object.and_then(|bytes| InvitationId::from_bytes(&bytes)) else { continue };
        let Some(sending) = MailWords::sending_of(&mail.row.message) else { continue };
        let entry = newest.entry(id).or_insert((sending, mail.state));
        if sending > entry.0 {
            *entry = (sending, mail.state);
        }
    }
    newest.into_iter().map(|(id, (_, state))| (id, state)).collect()
}
