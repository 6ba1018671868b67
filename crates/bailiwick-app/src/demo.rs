//! The demo's people and teams. They are made by the same commands as everybody else's, at times in the past, so
//! that the log, the pages and the mailbox have something to show.

use std::collections::BTreeSet;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{InvitationId, MemberId, PersonId, ResourceId, TemplateId, WorkspaceId};
use bailiwick_core::team::command::{Actor, Command, NewInvitation};
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::wire::{AccessWire, GrantWire};
use bailiwick_core::time::Timestamp;
use bailiwick_store::Changed;
use bailiwick_store::rows::{By, LineId, Origin, QueuedMail, SignedInBy};

use crate::app::App;
use crate::change::{Maker, NewWorkspace};
use crate::error::AppError;
use crate::installation::DEFAULT_PRODUCT;
use crate::signin::SignedIn;

mod people;

/// A team of the demo, for its page.
#[derive(Debug, Clone)]
pub struct DemoTeam {
    /// Which workspace.
    pub workspace: WorkspaceId,
    /// Its name.
    pub name: String,
    /// The title of its model.
    pub model: String,
    /// The model's shape in a sentence.
    pub about: String,
    /// Its people: who, their name, address, role, whether they are suspended.
    pub people: Vec<DemoPerson>,
}

/// A person of the demo.
#[derive(Debug, Clone)]
pub struct DemoPerson {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role's name.
    pub role: String,
    /// Whether they are suspended here.
    pub suspended: bool,
}

/// One team to make.
struct Plan {
    model: &'static str,
    name: &'static str,
    plan: &'static str,
    extra_seats: u32,
    owner: (&'static str, &'static str),
    resources: &'static [&'static str],
    people: &'static [Joins],
    invited: &'static [(&'static str, Holds, i64)],
}

/// A person who joined, was last seen so many hours ago, and holds this.
struct Joins {
    name: &'static str,
    email: &'static str,
    holds: Holds,
    hours_ago: i64,
    suspended: bool,
}

/// What somebody holds, in the words of the tables below.
#[derive(Clone, Copy)]
enum Holds {
    Role(&'static str),
    Template(&'static str, bool),
    Direct(&'static [&'static str], bool),
    All(&'static str, &'static str),
    Each(&'static str, &'static [(&'static str, &'static str)]),
}

impl App {
    /// Makes the demo's teams, unless there are workspaces already.
    ///
    /// # Errors
    /// The store's; a refusal would be a fault of the tables.
    pub async fn seed_demo(&self) -> Result<(), AppError> {
        let there = self.lines.read(|from| from.workspaces(DEFAULT_PRODUCT, None, 1)).await?;
        if !there.is_empty() {
            return Ok(());
        }
        for plan in people::PLANS {
            self.seed_team(plan).await?;
        }
        Ok(())
    }

    async fn seed_team(&self, plan: &Plan) -> Result<(), AppError> {
        let now = self.clock.now();
        let mut at = now.plus_days(0).plus_seconds(-120 * 86_400);
        let owner = self.seed_person(plan.owner.0, plan.owner.1, at).await?;
        let workspace = self.seed_workspace(plan, owner, at).await?;
        if plan.extra_seats > 0 {
            let command =
                Command::ChangePlan { plan: plan.plan.into(), extra_seats: plan.extra_seats, confirmed: true };
            self.seed_act(workspace, Actor::Person(owner), at.plus_seconds(600), command).await?;
        }
        let model = self.installation().model_named(plan.model);
        let kind = model.and_then(|m| m.kinds.first().map(|k| k.name.to_string()));
        let mut resources = Vec::new();
        for name in plan.resources {
            at = at.plus_seconds(3_600);
            let id = ResourceId(self.new_id());
            let kind = kind.clone().unwrap_or_default();
            let command = Command::AddResource { resource: id, kind, name: (*name).into(), external_id: None };
            self.seed_act(workspace, Actor::Person(owner), at, command).await?;
            resources.push((*name, id));
        }
        for joins in plan.people {
            at = at.plus_seconds(31_000);
            self.seed_member(workspace, owner, joins, &resources, at).await?;
        }
        for (email, holds, hours) in plan.invited {
            let sent = now.plus_seconds(-hours * 3_600);
            self.seed_invitation(workspace, owner, email, *holds, &resources, sent).await?;
        }
        self.lines.observe(move |to| to.enter(workspace, owner, now.plus_seconds(-900))).await?;
        Ok(())
    }

    async fn seed_person(&self, name: &'static str, email: &'static str, at: Timestamp) -> Result<PersonId, AppError> {
        let email =
            Email::parse(email).map_err(|e| AppError::Invalid { field: "email", sentence: e.sentence().into() })?;
        let person = PersonId(self.new_id());
        let tools = self.tools();
        let changed = self
            .lines
            .change(vec![LineId::Person(person)], self.command_id(), move |tx| {
                let address = tx.address(&email)?;
                if let Some(there) = tx.person_at(address)? {
                    return Ok(there.person);
                }
                tools.sign_up(tx, &by(Actor::Operator), person, address, name, at)?;
                Ok::<_, AppError>(person)
            })
            .await?;
        done(changed)
    }

    async fn seed_workspace(&self, plan: &Plan, owner: PersonId, at: Timestamp) -> Result<WorkspaceId, AppError> {
        let id = WorkspaceId(self.new_id());
        let model = self.installation().model_named(plan.model);
        let model = model.ok_or(AppError::Invalid { field: "model", sentence: "There is no such model.".into() })?;
        let new = NewWorkspace {
            product: DEFAULT_PRODUCT,
            model: plan.model.into(),
            name: plan.name.into(),
            external_id: None,
            plan: Some(plan.plan.into()),
            owner,
        };
        let make = Maker { app: self.tools(), by: by(Actor::Operator), now: at, model, new, workspace: id };
        let lines = vec![LineId::Person(owner), LineId::Workspace(id)];
        let changed = self.lines.change(lines, self.command_id(), move |tx| make.run(tx)).await?;
        self.acted(changed).await.map(|acted| acted.state.id)
    }

    async fn seed_act(
        &self,
        workspace: WorkspaceId,
        actor: Actor,
        at: Timestamp,
        command: Command,
    ) -> Result<(), AppError> {
        let tools = self.tools();
        let changed = self
            .lines
            .change(vec![LineId::Workspace(workspace)], self.command_id(), move |tx| {
                let state = tx.workspace(workspace)?.ok_or(Refusal::NoSuchWorkspace)?;
                tools.decide(tx, &by(actor), &state, command, None, at)
            })
            .await?;
        self.acted(changed).await.map(|_| ())
    }

    async fn seed_member(
        &self,
        workspace: WorkspaceId,
        owner: PersonId,
        joins: &Joins,
        resources: &[(&str, ResourceId)],
        at: Timestamp,
    ) -> Result<(), AppError> {
        let person = self.seed_person(joins.name, joins.email, at).await?;
        let invitation = self.seed_invitation(workspace, owner, joins.email, joins.holds, resources, at).await?;
        let member = MemberId(self.new_id());
        let proven = self.lines.read(move |from| from.person(person)).await?.ok_or(AppError::NotSignedIn)?.address;
        let accept = Command::Accept { invitation, person, proven, member };
        self.seed_act(workspace, Actor::Person(person), at.plus_seconds(7_200), accept).await?;
        if joins.suspended {
            self.seed_act(workspace, Actor::Person(owner), at.plus_seconds(20_000), Command::Suspend(member)).await?;
        }
        let seen = self.clock.now().plus_seconds(-joins.hours_ago * 3_600);
        self.lines.observe(move |to| to.enter(workspace, person, seen)).await?;
        Ok(())
    }

    async fn seed_invitation(
        &self,
        workspace: WorkspaceId,
        owner: PersonId,
        email: &str,
        holds: Holds,
        resources: &[(&str, ResourceId)],
        at: Timestamp,
    ) -> Result<InvitationId, AppError> {
        let email =
            Email::parse(email).map_err(|e| AppError::Invalid { field: "email", sentence: e.sentence().into() })?;
        let invitation = InvitationId(self.new_id());
        let resources: Vec<(String, ResourceId)> = resources.iter().map(|(n, id)| ((*n).to_owned(), *id)).collect();
        let tools = self.tools();
        let changed = self
            .lines
            .change(vec![LineId::Workspace(workspace)], self.command_id(), move |tx| {
                let state = tx.workspace(workspace)?.ok_or(Refusal::NoSuchWorkspace)?;
                let templates = state.templates.iter().map(|(id, t)| (t.name.to_string(), *id)).collect();
                let access = holds.access(&Names { templates, resources });
                let new = NewInvitation { invitation, address: tx.address(&email)?, access };
                tools.decide(tx, &by(Actor::Person(owner)), &state, Command::Invite(vec![new]), None, at)
            })
            .await?;
        self.acted(changed).await.map(|_| invitation)
    }

    /// The teams with their people, for the demo's page.
    ///
    /// # Errors
    /// [`AppError::NotSignedIn`] outside the demo; the store's.
    pub async fn demo_teams(&self) -> Result<Vec<DemoTeam>, AppError> {
        self.only_in_demo()?;
        let ids = self.lines.read(|from| from.workspaces(DEFAULT_PRODUCT, None, 50)).await?;
        let mut teams = Vec::new();
        for id in ids {
            let Some(state) = self.state(id).await?.filter(|s| s.deleted_at.is_none()) else { continue };
            let team = self.with_names(state).await?;
            let mut seen = BTreeSet::new();
            let once = team.state.members.values().filter(|m| seen.insert(m.person));
            let people = once.map(|m| {
                let card = team.cards.get(&m.person);
                DemoPerson {
                    person: m.person,
                    name: card.map(|c| c.name.clone()).unwrap_or_default(),
                    email: card.map(|c| c.email.clone()).unwrap_or_default(),
                    role: team.state.model.role(m.access.role).title.clone(),
                    suspended: m.suspended_at.is_some(),
                }
            });
            teams.push(DemoTeam {
                workspace: id,
                name: team.state.name.to_string(),
                model: team.state.model.title.clone(),
                about: team.state.model.describes.clone(),
                people: people.collect(),
            });
        }
        Ok(teams)
    }

    /// Signs somebody of the demo in by a button.
    ///
    /// # Errors
    /// [`AppError::NotSignedIn`] outside the demo.
    pub async fn demo_sign_in(&self, person: PersonId, origin: &Origin) -> Result<SignedIn, AppError> {
        self.only_in_demo()?;
        self.begin_session(person, SignedInBy::Demo, origin, |_| Ok(None)).await
    }

    /// The mails of the demo, newest first.
    ///
    /// # Errors
    /// [`AppError::NotSignedIn`] outside the demo.
    pub async fn demo_mails(&self) -> Result<Vec<QueuedMail>, AppError> {
        self.only_in_demo()?;
        Ok(self.lines.read(|from| from.mails(None, 100)).await?)
    }

    fn only_in_demo(&self) -> Result<(), AppError> {
        if self.config.demo { Ok(()) } else { Err(AppError::NotSignedIn) }
    }
}

struct Names {
    templates: Vec<(String, TemplateId)>,
    resources: Vec<(String, ResourceId)>,
}

impl Holds {
    fn access(self, names: &Names) -> AccessWire {
        let crm = |on: bool| if on { vec!["crm".to_owned()] } else { Vec::new() };
        let user = AccessWire::of_role("user");
        match self {
            Self::Role(role) => AccessWire::of_role(role),
            Self::Template(template, on) => {
                let found = names.templates.iter().find(|(name, _)| name == template).map(|(_, id)| *id);
                AccessWire { template: found, toggles: crm(on), ..user }
            }
            Self::Direct(permissions, on) => {
                AccessWire { direct: permissions.iter().map(|p| (*p).to_owned()).collect(), toggles: crm(on), ..user }
            }
            Self::All(role, level) => AccessWire { all: Some(level.into()), ..AccessWire::of_role(role) },
            Self::Each(role, levels) => {
                let grants = levels.iter().filter_map(|(name, level)| {
                    let resource = names.resources.iter().find(|(known, _)| known == name)?.1;
                    Some(GrantWire { resource, level: (*level).into(), until: None })
                });
                AccessWire { grants: grants.collect(), ..AccessWire::of_role(role) }
            }
        }
    }
}

fn by(actor: Actor) -> By {
    By { actor, origin: None }
}

fn done<T>(changed: Changed<T>) -> Result<T, AppError> {
    match changed {
        Changed::Done(value, _) => Ok(value),
        Changed::Repeated(_) => Err(AppError::Repeated),
    }
}
