//! The rows of one workspace, by plain names, and what time does to them.

use std::collections::{BTreeMap, BTreeSet};

use bailiwick_core::ids::{AddressId, InvitationId, MemberId, PersonId, ResourceId, TemplateId};
use bailiwick_core::team::command::{Actor, PutMember};
use bailiwick_core::team::wire::AccessWire;
use bailiwick_core::time::Timestamp;

/// Seven days, in microseconds (E14).
const INVITATION_LASTS: i64 = 7 * 24 * 60 * 60 * 1_000_000;

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    pub name: String,
    pub deleted: bool,
    pub plan: String,
    pub extra_seats: u32,
    pub members: BTreeMap<MemberId, Member>,
    pub invitations: BTreeMap<InvitationId, Invitation>,
    pub templates: BTreeMap<TemplateId, Template>,
    pub resources: BTreeMap<ResourceId, Resource>,
}

/// A person's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub person: PersonId,
    pub address: AddressId,
    pub holds: Holding,
    pub suspended: bool,
}

/// What a row holds or an invitation offers, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub role: String,
    pub template: Option<TemplateId>,
    pub direct: BTreeSet<String>,
    pub toggles: BTreeSet<String>,
    pub all: Option<String>,
    pub each: BTreeMap<ResourceId, (String, Option<Timestamp>)>,
    pub until: Option<Timestamp>,
}

/// An invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub address: AddressId,
    pub offer: Holding,
    pub sender: Actor,
    pub stage: Stage,
    pub sending: u32,
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Pending(Timestamp),
    Expired,
    Accepted,
    Cancelled,
    Declined,
}

impl Stage {
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending(_) | Self::Expired)
    }
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub name: String,
    pub permissions: BTreeSet<String>,
    pub suggests: BTreeSet<String>,
}

/// A resource; deleted ones stay, for their grants do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    pub name: String,
    pub external_id: Option<String>,
    pub deleted: bool,
}

impl Holding {
    pub fn of_role(role: &str) -> Self {
        Self::of(&AccessWire::of_role(role))
    }

    pub fn of(wire: &AccessWire) -> Self {
        Self {
            role: wire.role.clone(),
            template: wire.template,
            direct: wire.direct.iter().cloned().collect(),
            toggles: wire.toggles.iter().cloned().collect(),
            all: wire.all.clone(),
            each: wire.grants.iter().map(|g| (g.resource, (g.level.clone(), g.until))).collect(),
            until: wire.until,
        }
    }

    pub fn has_levels(&self) -> bool {
        self.all.is_some() || !self.each.is_empty()
    }

    /// Something of it has ended already.
    pub fn has_ended_parts(&self, now: Timestamp) -> bool {
        let over = |until: &Option<Timestamp>| until.is_some_and(|t| now >= t);
        over(&self.until) || self.each.values().any(|(_, until)| over(until))
    }
}

impl Book {
    pub fn new(name: &str, plan: &str) -> Self {
        Self {
            name: name.trim().to_owned(),
            deleted: false,
            plan: plan.to_owned(),
            extra_seats: 0,
            members: BTreeMap::new(),
            invitations: BTreeMap::new(),
            templates: BTreeMap::new(),
            resources: BTreeMap::new(),
        }
    }

    pub fn row_of(&self, person: PersonId) -> Option<(MemberId, &Member)> {
        self.members.iter().find(|(_, m)| m.person == person).map(|(id, m)| (*id, m))
    }

    pub fn member_at(&self, address: AddressId) -> Option<&Member> {
        self.members.values().find(|m| m.address == address)
    }

    pub fn open_invitation_at(&self, address: AddressId) -> Option<(InvitationId, &Invitation)> {
        self.invitations.iter().find(|(_, i)| i.address == address && i.stage.is_open()).map(|(id, i)| (*id, i))
    }

    pub fn is_live(&self, resource: ResourceId) -> bool {
        self.resources.get(&resource).is_some_and(|r| !r.deleted)
    }

    /// Whether this row is the only one of its role that can act: `role` must never be without one (D28, E24).
    pub fn is_last_active(&self, id: MemberId, role: &str) -> bool {
        let active = |m: &Member| m.holds.role == role && !m.suspended;
        self.members.get(&id).is_some_and(active) && self.members.iter().all(|(other, m)| *other == id || !active(m))
    }

    /// What fell due happens, the earliest first. The last active holder of `kept` does not end.
    pub fn elapse(&mut self, now: Timestamp, kept: &str) {
        while let Some((at, due)) = self.next_due(kept).filter(|(at, _)| now >= *at) {
            match due {
                Due::Invitation(id) => {
                    self.invitations.entry(id).and_modify(|i| i.stage = Stage::Expired);
                }
                Due::Grants(id) => {
                    self.members
                        .entry(id)
                        .and_modify(|m| m.holds.each.retain(|_, (_, until)| until.is_none_or(|t| t > at)));
                }
                Due::Member(id) => self.remove(id),
            }
        }
    }

    /// The next thing that time does, and when.
    pub fn next_due(&self, kept: &str) -> Option<(Timestamp, Due)> {
        let invitations = self.invitations.iter().filter_map(|(id, i)| match i.stage {
            Stage::Pending(expires_at) => Some((expires_at, Due::Invitation(*id))),
            _ => None,
        });
        let grants = self
            .members
            .iter()
            .flat_map(|(id, m)| m.holds.each.values().filter_map(|(_, until)| Some(((*until)?, Due::Grants(*id)))));
        let members = self
            .members
            .iter()
            .filter(|(id, _)| !self.is_last_active(**id, kept))
            .filter_map(|(id, m)| Some((m.holds.until?, Due::Member(*id))));
        invitations.chain(grants).chain(members).min_by_key(|(at, _)| *at)
    }

    /// The row goes, and with it every open invitation to its address.
    pub fn remove(&mut self, id: MemberId) {
        let Some(gone) = self.members.remove(&id) else { return };
        for invitation in self.invitations.values_mut() {
            if invitation.address == gone.address && invitation.stage.is_open() {
                invitation.stage = Stage::Cancelled;
            }
        }
    }

    /// A new invitation, or the expired one of this address once more (D30, EC-10).
    pub fn invite(&mut self, id: InvitationId, address: AddressId, offer: Holding, sender: Actor, now: Timestamp) {
        let (id, sending) = match self.open_invitation_at(address) {
            Some((old, invitation)) => (old, invitation.sending + 1),
            None => (id, 1),
        };
        let stage = Stage::Pending(Timestamp(now.0 + INVITATION_LASTS));
        self.invitations.insert(id, Invitation { address, offer, sender, stage, sending });
    }

    /// An invitation leaves again, with fresh days.
    pub fn send_again(&mut self, id: InvitationId, sender: Actor, now: Timestamp) {
        self.invitations.entry(id).and_modify(|i| {
            i.sender = sender;
            i.sending += 1;
            i.stage = Stage::Pending(Timestamp(now.0 + INVITATION_LASTS));
        });
    }

    /// An open invitation offers something else, perhaps to another address, which is a fresh sending (D29).
    pub fn edit_invitation(
        &mut self,
        id: InvitationId,
        offer: Holding,
        address: Option<AddressId>,
        sender: Actor,
        now: Timestamp,
    ) {
        let Some(row) = self.invitations.get_mut(&id) else { return };
        // Whoever changes an offer answers for it from then on; an edit that changes nothing is none.
        if row.offer != offer {
            row.offer = offer;
            row.sender = sender;
        }
        if let Some(address) = address.filter(|a| *a != row.address) {
            row.address = address;
            self.send_again(id, sender, now);
        }
    }

    pub fn end_invitation(&mut self, id: InvitationId, stage: Stage) {
        self.invitations.entry(id).and_modify(|i| i.stage = stage);
    }

    /// An invitation becomes a row. Levels on what was deleted meanwhile do not come along.
    pub fn accept(&mut self, id: InvitationId, person: PersonId, member: MemberId) {
        let Some(invitation) = self.invitations.get(&id) else { return };
        let (address, mut holds) = (invitation.address, invitation.offer.clone());
        holds.each.retain(|resource, _| self.is_live(*resource));
        self.members.insert(member, Member { person, address, holds, suspended: false });
        self.end_invitation(id, Stage::Accepted);
    }

    /// A row that a host vouches for; what was offered at its address is taken back.
    pub fn put(&mut self, put: &PutMember) {
        let holds = Holding::of(&put.access);
        if let Some((id, _)) = self.row_of(put.person) {
            self.members.entry(id).and_modify(|row| {
                row.holds = holds;
                row.suspended = put.suspended;
            });
            return;
        }
        if let Some((id, _)) = self.open_invitation_at(put.address) {
            self.end_invitation(id, Stage::Cancelled);
        }
        let PutMember { person, address, suspended, .. } = *put;
        self.members.insert(put.member, Member { person, address, holds, suspended });
    }
}

/// What time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Invitation(InvitationId),
    Grants(MemberId),
    Member(MemberId),
}
