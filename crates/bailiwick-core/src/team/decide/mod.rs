//! What a command becomes: events, or a refusal. Pure and total: no clock, no randomness, no I/O, no panic.
//!
//! Rights are judged first, then what is asked, then what the state allows; so that who may not act learns
//! nothing about what is there.

mod access;
mod due;
mod invitations;
mod members;
mod models;
mod plans;
mod put;
mod resources;
mod rights;
mod templates;

use std::sync::Arc;

use crate::access::model::Model;
use crate::time::Timestamp;

use super::apply::apply;
use super::command::{Actor, Command, Create, Request};
use super::event::{Event, Recorded};
use super::refusal::Refusal;
use super::state::{Access, Workspace};
use super::wire::{AccessWire, names, toggle_names};

pub use due::due;

/// How many characters a name of a workspace, template or resource may have.
pub const NAME_LIMIT: usize = 64;
/// How many invitations one command may make.
pub const INVITE_LIMIT: usize = 200;

/// Decides a command on a state at a moment. What fell due by then comes first in the list, each at its due time.
/// An empty list: nothing was to be done, which is a success.
///
/// `state` is `None` only for [`Command::Create`]; then the events begin a line under `model`.
///
/// # Errors
/// The refusal; then nothing changes, not even what fell due.
pub fn decide(
    state: Option<&Workspace>,
    model: &Arc<Model>,
    request: &Request,
    now: Timestamp,
) -> Result<Vec<Recorded>, Refusal> {
    match (state, &request.command) {
        (None, Command::Create(create)) => begin(model, create, request.actor, now),
        (None, _) => Err(Refusal::NoSuchWorkspace),
        (Some(_), Command::Create(_)) => Err(Refusal::IdTaken),
        (Some(state), _) if state.deleted_at.is_some() => Err(Refusal::NoSuchWorkspace),
        (Some(state), command) => {
            let mut events = due(state, now);
            let current = if events.is_empty() { state.clone() } else { after(state, &events) };
            let decider = Decider { state: &current, stored: state, actor: request.actor, seen: request.seen, now };
            let at = now.max(current.last_time);
            events.extend(decider.run(command)?.into_iter().map(|event| Recorded { at, event }));
            Ok(events)
        }
    }
}

/// The state after events that were made from it.
fn after(state: &Workspace, events: &[Recorded]) -> Workspace {
    apply(state, events).expect("events that were made from a state fit it")
}

fn begin(model: &Arc<Model>, create: &Create, actor: Actor, now: Timestamp) -> Result<Vec<Recorded>, Refusal> {
    match actor {
        Actor::Host(_) | Actor::Operator => {}
        Actor::Person(person) if person == create.owner => {}
        Actor::Person(_) | Actor::Time => return Err(Refusal::NotAllowed("create a workspace for somebody else")),
    }
    let name = name(&create.name)?;
    let plan = match &create.plan {
        Some(plan) => model.plan_ix(plan).ok_or_else(|| Refusal::UnknownPlan(plan.clone()))?,
        None => model.default_plan,
    };
    if let Some(external) = &create.external_id {
        external_id(external)?;
    }
    let shipped = model.templates.as_deref().unwrap_or_default();
    if create.templates.len() < shipped.len() {
        return Err(Refusal::IdTaken);
    }
    let mut events = vec![
        Event::WorkspaceCreated {
            workspace: create.workspace,
            product: create.product,
            external_id: create.external_id.clone(),
            name,
            model: model.version.to_string(),
            plan: model.plan(plan).name.to_string(),
        },
        Event::MemberJoined {
            member: create.member,
            person: create.owner,
            address: create.address,
            access: AccessWire::of(model, &Access::of_role(model.ownership.role)),
            invited_by: None,
        },
    ];
    events.extend(shipped.iter().zip(&create.templates).map(|(ship, id)| Event::TemplateCreated {
        template: *id,
        name: ship.name.clone(),
        permissions: names(model, ship.set),
        suggests: toggle_names(model, ship.suggests),
    }));
    Ok(events.into_iter().map(|event| Recorded { at: now, event }).collect())
}

/// One decision in the making: who asks, about which state, when.
struct Decider<'a> {
    /// What is true now, that which fell due included.
    state: &'a Workspace,
    /// What is stored: versions that a caller saw are compared with this one.
    stored: &'a Workspace,
    actor: Actor,
    seen: Option<u64>,
    now: Timestamp,
}

type Decided = Result<Vec<Event>, Refusal>;

impl Decider<'_> {
    fn run(&self, command: &Command) -> Decided {
        match command {
            Command::Create(_) => Err(Refusal::IdTaken),
            Command::Rename { name } => self.rename(name),
            Command::Delete => self.delete(),
            Command::Invite(new) => self.invite(new),
            Command::Resend(invitation) => self.resend(*invitation),
            Command::Cancel(invitation) => self.cancel(*invitation),
            Command::EditInvitation { invitation, access, address } => {
                self.edit_invitation(*invitation, access, *address)
            }
            Command::Accept { invitation, person, proven, member } => {
                self.accept(*invitation, *person, *proven, *member)
            }
            Command::Decline { invitation, proven } => self.decline(*invitation, *proven),
            Command::ChangeAccess { member, access } => self.change_access(*member, access),
            Command::Suspend(member) => self.suspend(*member),
            Command::Reactivate(member) => self.reactivate(*member),
            Command::Remove(member) => self.remove(*member),
            Command::Leave(member) => self.leave(*member),
            // It names a person and no version of a row.
            Command::PutMember(put) => Decider { seen: None, ..*self }.put_member(put),
            Command::CreateTemplate { template, name, permissions, suggests } => {
                self.create_template(*template, name, permissions, suggests)
            }
            Command::EditTemplate { template, name, permissions, suggests } => {
                self.edit_template(*template, name, permissions, suggests)
            }
            Command::DeleteTemplate { template, move_to } => self.delete_template(*template, *move_to),
            Command::AddResource { resource, kind, name, external_id } => {
                self.add_resource(*resource, kind, name, external_id.as_deref())
            }
            Command::RenameResource { resource, name } => self.rename_resource(*resource, name),
            Command::DeleteResource(resource) => self.delete_resource(*resource),
            Command::ChangePlan { plan, extra_seats, confirmed } => self.change_plan(plan, *extra_seats, *confirmed),
            Command::TransferOwnership { to } => self.transfer_ownership(*to),
            Command::MoveModel(model) => self.move_model(model),
            Command::Elapse => self.is_of_the_workspace().map(|()| Vec::new()),
        }
    }

    fn rename(&self, to: &str) -> Decided {
        self.may("change the name", self.state.model.acts.rename_workspace)?;
        self.unchanged(self.stored.version)?;
        let to = name(to)?;
        if to == *self.state.name {
            return Ok(Vec::new());
        }
        Ok(vec![Event::WorkspaceRenamed { from: self.state.name.to_string(), to }])
    }

    fn delete(&self) -> Decided {
        self.may("delete the workspace", self.state.model.acts.delete_workspace)?;
        self.unchanged(self.stored.version)?;
        Ok(vec![Event::WorkspaceDeleted])
    }

    /// Refuses if the caller saw another version of the object.
    fn unchanged(&self, version: u64) -> Result<(), Refusal> {
        match self.seen {
            Some(seen) if seen != version => Err(Refusal::EditedMeanwhile(version)),
            _ => Ok(()),
        }
    }
}

/// A name as it is kept: without blanks around it.
pub(super) fn name(typed: &str) -> Result<String, Refusal> {
    let name = typed.trim();
    if name.is_empty() {
        return Err(Refusal::BadName("A name is needed."));
    }
    if name.chars().count() > NAME_LIMIT {
        return Err(Refusal::BadName("A name has at most 64 characters."));
    }
    if name.chars().any(char::is_control) {
        return Err(Refusal::BadName("A name is one line of text."));
    }
    Ok(name.to_owned())
}

/// A host's own id for something: one line of 1 to 200 characters.
pub(super) fn external_id(typed: &str) -> Result<(), Refusal> {
    const LIMIT: usize = 200;
    if typed.is_empty() || typed.chars().count() > LIMIT || typed.chars().any(char::is_control) {
        return Err(Refusal::BadName("An external id is one line of 1 to 200 characters."));
    }
    Ok(())
}
