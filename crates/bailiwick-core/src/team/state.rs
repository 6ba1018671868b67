//! A workspace: what is true now. The log of its events, folded by [`super::apply`], gives exactly this.
//!
//! A copy costs a few pointers: the maps share their structure.

use std::sync::Arc;

use imbl::OrdMap;

use crate::access::model::{KindIx, LevelIx, Model, PlanIx, RoleIx, ToggleSet};
use crate::access::set::PermissionSet;
use crate::ids::{AddressId, InvitationId, MemberId, PersonId, ProductId, ResourceId, TemplateId, WorkspaceId};
use crate::time::Timestamp;

use super::command::Actor;

/// The state of one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its id, and the id of its line.
    pub id: WorkspaceId,
    /// The product that it belongs to.
    pub product: ProductId,
    /// The host's own id for it, unique within the product.
    pub external_id: Option<Arc<str>>,
    /// The access model that it is pinned to.
    pub model: Arc<Model>,
    /// How many changes it has seen; the first makes it 1.
    pub revision: u64,
    /// The time of its last event; the next is never earlier.
    pub last_time: Timestamp,
    /// Its name.
    pub name: Arc<str>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was deleted; then nobody has access (B09, AB-011).
    pub deleted_at: Option<Timestamp>,
    /// Its plan.
    pub plan: PlanIx,
    /// Seats bought beyond those of the plan.
    pub extra_seats: u32,
    /// Revision of the last change of name, plan or seats: what `If-Match` on the settings compares.
    pub version: u64,
    /// Members, suspended ones included.
    pub members: OrdMap<MemberId, Member>,
    /// Invitations, closed ones included: they say why a link is dead.
    pub invitations: OrdMap<InvitationId, Invitation>,
    /// Templates.
    pub templates: OrdMap<TemplateId, Template>,
    /// Resources, deleted ones included: they say why a grant is void (E28).
    pub resources: OrdMap<ResourceId, Resource>,
}

/// A person's row in a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// The address that this workspace knows them by (D07).
    pub address: AddressId,
    /// What they hold.
    pub access: Access,
    /// When they were suspended, if they are (D06).
    pub suspended_at: Option<Timestamp>,
    /// When they joined.
    pub joined_at: Timestamp,
    /// Who invited them; `None` for the creator.
    pub invited_by: Option<Actor>,
    /// Toggles as they stood before a promotion to a role that has none, for a demotion later (D31).
    pub toggles_before: ToggleSet,
    /// When the present role was given (E27).
    pub role_since: Timestamp,
    /// Revision of the last change to this row.
    pub version: u64,
}

/// What a member holds, or an invitation offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The role.
    pub role: RoleIx,
    /// The template, inherited live (D22).
    pub template: Option<TemplateId>,
    /// Permissions given one by one.
    pub direct: PermissionSet,
    /// Toggles that are on.
    pub toggles: ToggleSet,
    /// Levels on resources.
    pub grants: Grants,
    /// When all of it ends by itself.
    pub until: Option<Timestamp>,
}

/// Levels on the resources of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants {
    /// One level on every resource, later ones included (E15); then `each` is empty.
    pub all: Option<LevelIx>,
    /// A level on single resources, sorted by resource.
    pub each: OrdMap<ResourceId, Grant>,
}

/// A level on one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The level.
    pub level: LevelIx,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
}

/// An invitation by mail. Its secret lies outside the state and the events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The invited address.
    pub address: AddressId,
    /// What accepting gives.
    pub access: Access,
    /// Who sent it, or sent it again, last: their right to give this is judged again at acceptance.
    pub sender: Actor,
    /// When it was sent last.
    pub sent_at: Timestamp,
    /// How often it was sent; a link of an earlier sending is dead (EC-09).
    pub sending: u32,
    /// Where it stands.
    pub stage: Stage,
    /// Revision of the last change to it.
    pub version: u64,
}

/// Where an invitation stands. A stage holds exactly what exists in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Sent, not accepted; the link works until then.
    Pending {
        /// When the link ends.
        expires_at: Timestamp,
    },
    /// The link has ended; the row can be sent again, and holds its seat where pending ones do (D30).
    Expired {
        /// When.
        at: Timestamp,
    },
    /// Accepted.
    Accepted {
        /// The row that it became.
        by: MemberId,
        /// When.
        at: Timestamp,
    },
    /// Taken back by the team.
    Cancelled {
        /// When.
        at: Timestamp,
    },
    /// Turned down by the invited person.
    Declined {
        /// When.
        at: Timestamp,
    },
}

impl Stage {
    /// Whether it still stands in the list: pending, or expired and waiting to be sent again.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending { .. } | Self::Expired { .. })
    }
}

/// A template: a set of permissions that rows refer to, inherited live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its name, unique in the workspace in any letter case.
    pub name: Arc<str>,
    /// What it grants.
    pub set: PermissionSet,
    /// Toggles that choosing it pre-ticks.
    pub suggests: ToggleSet,
    /// Revision of the last change to it.
    pub version: u64,
}

/// A thing that levels are given on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its kind.
    pub kind: KindIx,
    /// Its name.
    pub name: Arc<str>,
    /// The host's own id for it.
    pub external_id: Option<Arc<str>>,
    /// When it was deleted; then no level on it counts.
    pub deleted_at: Option<Timestamp>,
    /// Revision of the last change to it.
    pub version: u64,
}

impl Workspace {
    /// The rows of a person: one, or where the model has a row for each resource, one or more.
    pub fn rows_of(&self, person: PersonId) -> impl Iterator<Item = (MemberId, &Member)> {
        self.members.iter().filter(move |(_, m)| m.person == person).map(|(id, m)| (*id, m))
    }

    /// All that a person holds here, as if it stood in one row, which goes by the id of the first.
    pub fn joined(&self, person: PersonId) -> Option<(MemberId, Member)> {
        let mut rows = self.rows_of(person);
        let (id, first) = rows.next()?;
        Some((id, rows.fold(first.clone(), |held, (_, row)| held.join(row))))
    }

    /// The row of a person, if they are a member; the first of several.
    pub fn member_of(&self, person: PersonId) -> Option<(MemberId, &Member)> {
        self.members.iter().find(|(_, m)| m.person == person).map(|(id, m)| (*id, m))
    }

    /// The open invitation of an address.
    pub fn open_invitation_to(&self, address: AddressId) -> Option<(InvitationId, &Invitation)> {
        self.invitations.iter().find(|(_, i)| i.address == address && i.stage.is_open()).map(|(id, i)| (*id, i))
    }

    /// Active holders of the role that must not be without one.
    pub fn active_owners(&self) -> impl Iterator<Item = MemberId> + '_ {
        let role = self.model.ownership.role;
        self.members.iter().filter(move |(_, m)| m.access.role == role && m.suspended_at.is_none()).map(|(id, _)| *id)
    }

    /// What people call the role of an access: where a role cannot be without a template, the template.
    pub fn role_called(&self, access: &Access) -> String {
        let role = self.model.role(access.role);
        let template = access.template.filter(|_| role.needs_template).and_then(|id| self.templates.get(&id));
        template.map_or_else(|| role.title.clone(), |t| t.name.to_string())
    }

    /// The set of a template; empty if there is none.
    pub fn template_set(&self, template: Option<TemplateId>) -> PermissionSet {
        template.and_then(|id| self.templates.get(&id)).map_or(PermissionSet::EMPTY, |t| t.set)
    }

    /// A resource that was not deleted.
    pub fn live_resource(&self, id: ResourceId) -> Option<&Resource> {
        self.resources.get(&id).filter(|r| r.deleted_at.is_none())
    }
}

impl Member {
    /// Two rows of one person as one: each level ends when its row does.
    #[must_use]
    pub fn join(mut self, other: &Self) -> Self {
        let ending = |access: &Access| -> Vec<(ResourceId, Grant)> {
            let end = |grant: &Grant| grant.until.into_iter().chain(access.until).min();
            access.grants.each.iter().map(|(id, grant)| (*id, Grant { until: end(grant), ..*grant })).collect()
        };
        self.access.grants.each = [ending(&self.access), ending(&other.access)].concat().into_iter().collect();
        self.access.until = self.access.until.zip(other.access.until).map(|(a, b)| a.max(b));
        self
    }
}

impl Access {
    /// The resource that a row is on, where the model has a row for each; a row on none is on the whole workspace.
    pub fn only_resource(&self) -> Option<ResourceId> {
        self.grants.each.keys().next().copied()
    }

    /// A role and nothing beside it.
    pub fn of_role(role: RoleIx) -> Self {
        Self {
            role,
            template: None,
            direct: PermissionSet::EMPTY,
            toggles: ToggleSet::default(),
            grants: Grants::default(),
            until: None,
        }
    }
}

impl Grants {
    /// Whether no level is assigned.
    pub fn is_empty(&self) -> bool {
        self.all.is_none() && self.each.is_empty()
    }
}
