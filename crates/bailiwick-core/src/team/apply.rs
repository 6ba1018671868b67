//! What an event does to a state: the only thing that changes one, live and in every fold of the log.

use std::sync::Arc;

use imbl::OrdMap;

use crate::access::model::{Model, PlanIx};
use crate::ids::MemberId;
use crate::time::Timestamp;

use super::event::{Event, Recorded};
use super::express::express;
use super::refusal::Refusal;
use super::state::{Access, Invitation, Member, Resource, Stage, Template, Workspace};
use super::wire::{AccessWire, permission_set, toggle_set};

/// An event that does not fit the state or model that it is applied to. The line is fenced: it answers no check
/// until somebody looked (idea 4), for a state that is half known grants nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit(pub String);

impl std::fmt::Display for Misfit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "an event does not fit: {}", self.0)
    }
}

impl std::error::Error for Misfit {}

impl From<Refusal> for Misfit {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.sentence())
    }
}

/// Models by their version, for events that bring another one.
pub type Models<'a> = &'a dyn Fn(&str) -> Option<Arc<Model>>;

/// Folds one change, which is one or more events, into a state; the revision goes up by one. A change of model does
/// not fit: see [`apply_under`].
///
/// # Errors
/// [`Misfit`] if an event names what is not there; the state given is untouched.
pub fn apply(state: &Workspace, events: &[Recorded]) -> Result<Workspace, Misfit> {
    apply_under(state, events, &|_| None)
}

/// [`apply`], with the models that events may bring.
///
/// # Errors
/// [`Misfit`] if an event names what is not there; the state given is untouched.
pub fn apply_under(state: &Workspace, events: &[Recorded], models: Models<'_>) -> Result<Workspace, Misfit> {
    let mut next = state.clone();
    next.revision += 1;
    events.iter().try_for_each(|recorded| next.take(recorded, models))?;
    Ok(next)
}

/// The state after the first change of a workspace's line.
///
/// # Errors
/// [`Misfit`] if it does not begin with the creation, or the model is another than the event names.
pub fn begin(model: &Arc<Model>, events: &[Recorded]) -> Result<Workspace, Misfit> {
    let Some((
        Recorded { at, event: Event::WorkspaceCreated { workspace, product, external_id, name, model: version, plan } },
        rest,
    )) = events.split_first()
    else {
        return Err(Misfit("a line begins with `workspace_created`".into()));
    };
    if **version != *model.version {
        return Err(Misfit(format!("made under model {version}, folded under {}", model.version)));
    }
    let mut state = Workspace {
        id: *workspace,
        product: *product,
        external_id: external_id.as_deref().map(Arc::from),
        model: Arc::clone(model),
        revision: 1,
        last_time: *at,
        name: Arc::from(name.as_str()),
        created_at: *at,
        deleted_at: None,
        plan: plan_ix(model, plan)?,
        extra_seats: 0,
        version: 1,
        members: OrdMap::new(),
        invitations: OrdMap::new(),
        templates: OrdMap::new(),
        resources: OrdMap::new(),
    };
    rest.iter().try_for_each(|recorded| state.take(recorded, &|_| None))?;
    Ok(state)
}

impl Workspace {
    /// Takes one event in. `revision` is already that of the change which the event belongs to.
    fn take(&mut self, recorded: &Recorded, models: Models<'_>) -> Result<(), Misfit> {
        let at = recorded.at;
        if at < self.last_time {
            return Err(Misfit("it is earlier than the event before it".into()));
        }
        self.last_time = at;
        let version = self.revision;
        match &recorded.event {
            Event::WorkspaceCreated { .. } => return Err(Misfit("the workspace exists".into())),
            Event::WorkspaceRenamed { to, .. } => {
                self.name = Arc::from(to.as_str());
                self.version = version;
            }
            Event::WorkspaceDeleted => {
                self.deleted_at = Some(at);
                self.version = version;
            }
            Event::PlanChanged { to, extra_after, .. } => {
                self.plan = plan_ix(&self.model, to)?;
                self.extra_seats = *extra_after;
                self.version = version;
            }
            Event::InvitationSent { invitation, address, access, sender, expires_at, .. } => {
                let new = Invitation {
                    address: *address,
                    access: access.read(&self.model)?,
                    sender: *sender,
                    sent_at: at,
                    sending: 1,
                    stage: Stage::Pending { expires_at: *expires_at },
                    version,
                };
                if self.invitations.insert(*invitation, new).is_some() {
                    return Err(Misfit(format!("{invitation} exists")));
                }
            }
            Event::InvitationResent { invitation, address, access, sender, sending, expires_at } => {
                let access = access.read(&self.model)?;
                let row = self.invitation_mut(*invitation)?;
                row.address = *address;
                row.access = access;
                row.sender = *sender;
                row.sent_at = at;
                row.sending = *sending;
                row.stage = Stage::Pending { expires_at: *expires_at };
                row.version = version;
            }
            Event::InvitationEdited { invitation, after, sender, .. } => {
                let access = after.read(&self.model)?;
                let row = self.invitation_mut(*invitation)?;
                row.access = access;
                row.sender = *sender;
                row.version = version;
            }
            Event::InvitationExpired { invitation } => self.end(*invitation, Stage::Expired { at })?,
            Event::InvitationCancelled { invitation } => self.end(*invitation, Stage::Cancelled { at })?,
            Event::InvitationDeclined { invitation } => self.end(*invitation, Stage::Declined { at })?,
            Event::InvitationAccepted { invitation, member } => {
                self.end(*invitation, Stage::Accepted { by: *member, at })?;
            }
            Event::MemberJoined { member, person, address, access, invited_by } => {
                let new = Member {
                    person: *person,
                    address: *address,
                    access: access.read(&self.model)?,
                    suspended_at: None,
                    joined_at: at,
                    invited_by: *invited_by,
                    toggles_before: crate::access::model::ToggleSet::default(),
                    role_since: at,
                    version,
                };
                if self.members.insert(*member, new).is_some() {
                    return Err(Misfit(format!("{member} exists")));
                }
            }
            Event::AccessChanged { member, after, .. } => {
                let access = after.read(&self.model)?;
                self.change_access(*member, access, at)?;
            }
            Event::GrantsExpired { member, resources } => {
                let row = self.member_mut(*member)?;
                for resource in resources {
                    row.access.grants.each.remove(resource);
                }
                row.version = version;
            }
            Event::MemberSuspended { member } => {
                let row = self.member_mut(*member)?;
                row.suspended_at = Some(at);
                row.version = version;
            }
            Event::MemberReactivated { member } => {
                let row = self.member_mut(*member)?;
                row.suspended_at = None;
                row.version = version;
            }
            Event::MemberRemoved { member, .. } => {
                if self.members.remove(member).is_none() {
                    return Err(Misfit(format!("there is no {member}")));
                }
            }
            Event::TemplateCreated { template, name, permissions, suggests }
            | Event::TemplateEdited { template, name, permissions, suggests, .. } => {
                let new = Template {
                    name: Arc::from(name.as_str()),
                    set: permission_set(&self.model, permissions)?,
                    suggests: toggle_set(&self.model, suggests)?,
                    version,
                };
                self.templates.insert(*template, new);
            }
            Event::TemplateDeleted { template, move_to, .. } => {
                if self.templates.remove(template).is_none() {
                    return Err(Misfit(format!("there is no {template}")));
                }
                self.move_template(*template, *move_to);
            }
            Event::ResourceAdded { resource, resource_kind, name, external_id } => {
                let kind =
                    self.model.kind_ix(resource_kind).ok_or_else(|| Misfit(format!("no kind `{resource_kind}`")))?;
                let new = Resource {
                    kind,
                    name: Arc::from(name.as_str()),
                    external_id: external_id.as_deref().map(Arc::from),
                    deleted_at: None,
                    version,
                };
                if self.resources.insert(*resource, new).is_some() {
                    return Err(Misfit(format!("{resource} exists")));
                }
            }
            Event::ResourceRenamed { resource, to, .. } => {
                let row = self.resources.get_mut(resource).ok_or_else(|| Misfit(format!("there is no {resource}")))?;
                row.name = Arc::from(to.as_str());
                row.version = version;
            }
            Event::ResourceDeleted { resource, .. } => {
                let row = self.resources.get_mut(resource).ok_or_else(|| Misfit(format!("there is no {resource}")))?;
                row.deleted_at = Some(at);
                row.version = version;
            }
            Event::OwnershipTransferred { from, former_role, to } => {
                let owner = self.model.ownership.role;
                let former =
                    self.model.role_ix(former_role).ok_or_else(|| Misfit(format!("no role `{former_role}`")))?;
                self.change_access(*from, Access::of_role(former), at)?;
                self.change_access(*to, Access::of_role(owner), at)?;
            }
            Event::ModelChanged { from, to } => {
                if **from != *self.model.version {
                    return Err(Misfit(format!(
                        "it moves from model {from}, the workspace is on {}",
                        self.model.version
                    )));
                }
                let model = models(to).ok_or_else(|| Misfit(format!("there is no model {to}")))?;
                *self = express(self, &model).map_err(|lacks| Misfit(lacks.join("; ")))?;
            }
        }
        Ok(())
    }

    fn change_access(&mut self, member: MemberId, access: Access, at: Timestamp) -> Result<(), Misfit> {
        let version = self.revision;
        let model = Arc::clone(&self.model);
        let row = self.member_mut(member)?;
        if row.access.role != access.role {
            row.role_since = at;
            // A role without toggles keeps in mind how they stood, for a later demotion (D31).
            if model.role(row.access.role).toggles != Default::default() {
                row.toggles_before = row.access.toggles;
            }
        }
        row.access = access;
        row.version = version;
        Ok(())
    }

    fn move_template(&mut self, from: crate::ids::TemplateId, to: Option<crate::ids::TemplateId>) {
        let version = self.revision;
        let rows: Vec<_> =
            self.members.iter().filter(|(_, m)| m.access.template == Some(from)).map(|(id, _)| *id).collect();
        for id in rows {
            if let Some(row) = self.members.get_mut(&id) {
                row.access.template = to;
                row.version = version;
            }
        }
        let rows: Vec<_> =
            self.invitations.iter().filter(|(_, i)| i.access.template == Some(from)).map(|(id, _)| *id).collect();
        for id in rows {
            if let Some(row) = self.invitations.get_mut(&id) {
                row.access.template = to;
                row.version = version;
            }
        }
    }

    fn member_mut(&mut self, id: MemberId) -> Result<&mut Member, Misfit> {
        self.members.get_mut(&id).ok_or_else(|| Misfit(format!("there is no {id}")))
    }

    fn invitation_mut(&mut self, id: crate::ids::InvitationId) -> Result<&mut Invitation, Misfit> {
        self.invitations.get_mut(&id).ok_or_else(|| Misfit(format!("there is no {id}")))
    }

    fn end(&mut self, id: crate::ids::InvitationId, stage: Stage) -> Result<(), Misfit> {
        let version = self.revision;
        let row = self.invitation_mut(id)?;
        row.stage = stage;
        row.version = version;
        Ok(())
    }
}

fn plan_ix(model: &Model, name: &str) -> Result<PlanIx, Misfit> {
    model.plan_ix(name).ok_or_else(|| Misfit(format!("no plan `{name}`")))
}

impl AccessWire {
    /// Whether two accesses are the same, whatever order their names stand in.
    pub fn same_as(&self, other: &Self, model: &Model) -> bool {
        matches!((self.read(model), other.read(model)), (Ok(a), Ok(b)) if a == b)
    }
}
