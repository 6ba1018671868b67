//! A workspace in parts, from which another one can be made: what an export holds and an import asks for.
//!
//! Parts call templates and resources by the ids that they had where the parts come from. Where they go to, each is found
//! by that id, by the host's own id or its name, or is made under an id that follows from both: the same import once more
//! finds what the first one made, and changes nothing.

use std::collections::BTreeMap;

use crate::ids::{ResourceId, TemplateId, WorkspaceId};

use super::command::{Command, NewInvitation, PutMember};
use super::state::{Access, Workspace};
use super::wire::{AccessWire, names, toggle_names};

/// One part. Each becomes one command of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Plan and seats.
    Plan {
        /// The plan, by name.
        plan: String,
        /// Seats beyond those that come with it.
        extra_seats: u32,
    },
    /// A role template.
    Template(TemplateId, PartTemplate),
    /// A resource.
    Resource(ResourceId, PartResource),
    /// A member's row.
    Member(PutMember),
    /// An open invitation.
    Invitation(NewInvitation),
}

/// A role template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartTemplate {
    /// Its name.
    pub name: String,
    /// What it grants, by name.
    pub permissions: Vec<String>,
    /// Toggles that choosing it pre-ticks.
    pub suggests: Vec<String>,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartResource {
    /// Its kind, by name.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The host's own id for it.
    pub external_id: Option<String>,
}

/// Everything in a workspace that another one can be made from, in the order in which it can: what others refer to first.
/// Levels on deleted resources count for nothing and are left out.
pub fn parts(state: &Workspace) -> Vec<Part> {
    let model = &state.model;
    let plan = Part::Plan { plan: model.plan(state.plan).name.to_string(), extra_seats: state.extra_seats };
    let templates = state.templates.iter().map(|(id, t)| {
        let (permissions, suggests) = (names(model, t.set), toggle_names(model, t.suggests));
        Part::Template(*id, PartTemplate { name: t.name.to_string(), permissions, suggests })
    });
    let live = state.resources.iter().filter(|(_, r)| r.deleted_at.is_none());
    let resources = live.map(|(id, r)| {
        let external_id = r.external_id.as_ref().map(ToString::to_string);
        let kind = model.kind(r.kind).name.to_string();
        Part::Resource(*id, PartResource { kind, name: r.name.to_string(), external_id })
    });
    // Who holds the role that must be there always goes first: no row before it can leave the workspace without.
    let owner = |access: &Access| access.role != model.ownership.role;
    let mut rows: Vec<_> = state.members.iter().collect();
    rows.sort_by_key(|(_, m)| (owner(&m.access), m.suspended_at.is_some()));
    let members = rows.into_iter().map(|(id, m)| {
        Part::Member(PutMember {
            person: m.person,
            address: m.address,
            member: *id,
            access: counting(state, &m.access),
            suspended: m.suspended_at.is_some(),
        })
    });
    let open = state.invitations.iter().filter(|(_, i)| i.stage.is_open());
    let invitations = open.map(|(id, i)| {
        Part::Invitation(NewInvitation { invitation: *id, address: i.address, access: counting(state, &i.access) })
    });
    std::iter::once(plan).chain(templates).chain(resources).chain(members).chain(invitations).collect()
}

fn counting(state: &Workspace, access: &Access) -> AccessWire {
    let mut wire = AccessWire::of(&state.model, access);
    wire.grants.retain(|grant| state.live_resource(grant.resource).is_some());
    wire
}

/// What the parts of one workspace are in another one.
#[derive(Debug, Clone)]
pub struct Carried {
    templates: BTreeMap<TemplateId, PartTemplate>,
    resources: BTreeMap<ResourceId, PartResource>,
    made: fn(WorkspaceId, u128) -> u128,
}

impl Carried {
    /// Of all parts that go together. `made`: the id that something gets in a workspace if it must be made there; it
    /// follows from both, and nothing else has it.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a Part>, made: fn(WorkspaceId, u128) -> u128) -> Self {
        let mut this = Self { templates: BTreeMap::new(), resources: BTreeMap::new(), made };
        for part in parts {
            match part {
                Part::Template(id, template) => drop(this.templates.insert(*id, template.clone())),
                Part::Resource(id, resource) => drop(this.resources.insert(*id, resource.clone())),
                _ => {}
            }
        }
        this
    }

    /// The command that a part becomes; what is there already in just this way becomes none.
    pub fn command(&self, state: &Workspace, part: Part) -> Option<Command> {
        match part {
            Part::Plan { plan, extra_seats } => {
                let same = plan == *state.model.plan(state.plan).name && extra_seats == state.extra_seats;
                (!same).then_some(Command::ChangePlan { plan, extra_seats, confirmed: true })
            }
            Part::Template(id, PartTemplate { name, permissions, suggests }) => {
                let template = self.template(state, id);
                Some(if state.templates.contains_key(&template) {
                    Command::EditTemplate { template, name, permissions, suggests }
                } else {
                    Command::CreateTemplate { template, name, permissions, suggests }
                })
            }
            Part::Resource(id, PartResource { kind, name, external_id }) => {
                let resource = self.resource(state, id);
                match state.live_resource(resource) {
                    Some(there) if *there.name == *name.trim() => None,
                    Some(_) => Some(Command::RenameResource { resource, name }),
                    None => Some(Command::AddResource { resource, kind, name, external_id }),
                }
            }
            Part::Member(put) => Some(Command::PutMember(PutMember { access: self.access(state, &put.access), ..put })),
            Part::Invitation(new) => {
                let access = self.access(state, &new.access);
                let offers = state.invitations.values().filter(|i| i.address == new.address && i.stage.is_open());
                let same = |offer: &Access| Ok(offer.clone()) == access.read(&state.model);
                let there = offers.into_iter().any(|i| same(&i.access));
                (!there).then(|| Command::Invite(vec![NewInvitation { access, ..new }]))
            }
        }
    }

    fn template(&self, state: &Workspace, id: TemplateId) -> TemplateId {
        if state.templates.contains_key(&id) {
            return id;
        }
        let named = self.templates.get(&id).map(|t| t.name.trim().to_lowercase());
        let there = state.templates.iter().find(|(_, t)| Some(t.name.to_lowercase()) == named);
        there.map_or_else(|| TemplateId((self.made)(state.id, id.0)), |(id, _)| *id)
    }

    /// What a resource of the parts is in a workspace.
    pub fn resource(&self, state: &Workspace, id: ResourceId) -> ResourceId {
        if state.live_resource(id).is_some() {
            return id;
        }
        let external = self.resources.get(&id).and_then(|r| r.external_id.as_deref());
        let live = state.resources.iter().filter(|(_, r)| r.deleted_at.is_none());
        let there = live.into_iter().find(|(_, r)| external.is_some() && r.external_id.as_deref() == external);
        there.map_or_else(|| ResourceId((self.made)(state.id, id.0)), |(id, _)| *id)
    }

    /// The same access by the ids of where it goes to.
    fn access(&self, state: &Workspace, access: &AccessWire) -> AccessWire {
        let mut here = access.clone();
        here.template = access.template.map(|id| self.template(state, id));
        for grant in &mut here.grants {
            grant.resource = self.resource(state, grant.resource);
        }
        here
    }
}
