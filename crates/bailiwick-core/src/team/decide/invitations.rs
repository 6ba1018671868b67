//! Invite, send again, cancel, edit, accept, decline.

use crate::access::model::TakenAt;
use crate::ids::{AddressId, InvitationId, MemberId, PersonId, ResourceId};
use crate::team::command::{Actor, NewInvitation};
use crate::team::event::{Event, Removal};
use crate::team::refusal::Refusal;
use crate::team::state::{Access, Grant, Grants, Invitation, Member, Stage};
use crate::team::wire::AccessWire;
use crate::time::Timestamp;

use super::{Decided, Decider, INVITE_LIMIT};

impl Decider<'_> {
    pub(super) fn invite(&self, new: &[NewInvitation]) -> Decided {
        self.may("invite", self.state.model.acts.invite)?;
        if new.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        if new.len() > INVITE_LIMIT {
            return Err(Refusal::TooMany(INVITE_LIMIT));
        }
        let mut named = std::collections::BTreeSet::new();
        let events: Vec<Event> = new
            .iter()
            .map(|one| if named.insert(one.address) { self.invite_one(one) } else { Err(Refusal::AddressNamedTwice) })
            .collect::<Result<_, _>>()?;
        let seats = events.iter().filter(|e| matches!(e, Event::InvitationSent { .. })).count();
        if self.state.model.seats.taken_at == TakenAt::Invitation {
            self.room_for(u32::try_from(seats).unwrap_or(u32::MAX))?;
        }
        Ok(events)
    }

    fn invite_one(&self, new: &NewInvitation) -> Result<Event, Refusal> {
        let access = new.access.read(&self.state.model)?;
        self.may_offer(&access)?;
        self.valid(&access, None)?;
        if let Some(member) = self.in_the_place_of(new.address, &access) {
            return Err(if member.suspended_at.is_some() { Refusal::MemberSuspended } else { Refusal::AlreadyMember });
        }
        match self.offers_in_the_place_of(new.address, &access).as_slice() {
            [.., (_, Invitation { stage: Stage::Pending { .. }, .. })] | [_, _, ..] => Err(Refusal::AlreadyInvited),
            // The row of an expired one is renewed; it holds its seat already (D30, EC-10).
            [(id, expired)] => {
                self.reaches(expired)?;
                Ok(self.sent_again(*id, expired, new.address, &access))
            }
            [] if self.state.invitations.contains_key(&new.invitation) => Err(Refusal::IdTaken),
            [] => Ok(Event::InvitationSent {
                invitation: new.invitation,
                address: new.address,
                access: AccessWire::of(&self.state.model, &access),
                role_title: self.state.model.role(access.role).title.clone(),
                sender: self.actor,
                expires_at: self.expiry(),
            }),
        }
    }

    /// The member who has the place that this access would take at this address.
    fn in_the_place_of(&self, address: AddressId, access: &Access) -> Option<&Member> {
        self.state.members.values().find(|m| m.address == address && !self.beside(&m.access, access, false))
    }

    /// The open offers that have the place which this access would take at this address.
    pub(super) fn offers_in_the_place_of(
        &self,
        address: AddressId,
        access: &Access,
    ) -> Vec<(InvitationId, &Invitation)> {
        let there = |i: &Invitation| i.address == address && i.stage.is_open() && !self.beside(&i.access, access, true);
        self.state.invitations.iter().filter(|(_, i)| there(i)).map(|(id, i)| (*id, i)).collect()
    }

    /// Whether two accesses can stand beside each other for one person: where the model has a row for each resource,
    /// on different ones (A17, A20). `offers`: an offer of the whole workspace may stand beside one of a resource.
    fn beside(&self, held: &Access, new: &Access, offers: bool) -> bool {
        if !self.state.model.row_per_resource {
            return false;
        }
        match (held.only_resource(), new.only_resource()) {
            (Some(_), Some(_)) => !held.grants.each.keys().any(|r| new.grants.each.contains_key(r)),
            (None, None) => false,
            _ => offers,
        }
    }

    pub(super) fn resend(&self, id: InvitationId) -> Decided {
        self.may("send invitations again", self.state.model.acts.resend)?;
        let invitation = self.open_invitation(id)?;
        self.may_offer(&invitation.access)?;
        self.role_in_plan(&invitation.access)?;
        Ok(vec![self.sent_again(id, invitation, invitation.address, &invitation.access)])
    }

    pub(super) fn cancel(&self, id: InvitationId) -> Decided {
        self.may("cancel invitations", self.state.model.acts.cancel)?;
        let invitation = self.open_invitation(id)?;
        self.reaches(invitation)?;
        Ok(vec![Event::InvitationCancelled { invitation: id }])
    }

    pub(super) fn edit_invitation(&self, id: InvitationId, access: &AccessWire, address: Option<AddressId>) -> Decided {
        let acts = &self.state.model.acts;
        self.may("edit invitations", acts.change_access)?;
        let invitation = self.open_invitation(id)?;
        self.reaches(invitation)?;
        let access = access.read(&self.state.model)?;
        if access.role != invitation.access.role {
            self.may("change the role", acts.change_role)?;
        }
        let moved = address.filter(|a| *a != invitation.address);
        if access == invitation.access && moved.is_none() {
            return Ok(Vec::new());
        }
        self.may_offer(&access)?;
        self.valid(&access, Some(&invitation.access))?;
        if self.state.model.row_per_resource {
            let address = moved.unwrap_or(invitation.address);
            if self.in_the_place_of(address, &access).is_some() {
                return Err(Refusal::AlreadyMember);
            }
            if self.offers_in_the_place_of(address, &access).iter().any(|(other, _)| *other != id) {
                return Err(Refusal::AlreadyInvited);
            }
        }
        match moved {
            Some(address) => {
                self.address_is_free(address)?;
                Ok(vec![self.sent_again(id, invitation, address, &access)])
            }
            None => Ok(vec![Event::InvitationEdited {
                invitation: id,
                before: AccessWire::of(&self.state.model, &invitation.access),
                after: AccessWire::of(&self.state.model, &access),
                sender: self.actor,
            }]),
        }
    }

    pub(super) fn accept(&self, id: InvitationId, person: PersonId, proven: AddressId, member: MemberId) -> Decided {
        self.themself(person)?;
        let invitation = self.state.invitations.get(&id).ok_or(Refusal::NoSuchInvitation)?;
        if invitation.address != proven {
            return Err(Refusal::WrongAddress);
        }
        match invitation.stage {
            Stage::Pending { .. } => {}
            Stage::Expired { .. } => return Err(Refusal::InvitationExpired),
            Stage::Accepted { .. } | Stage::Cancelled { .. } | Stage::Declined { .. } => {
                return Err(Refusal::InvitationClosed);
            }
        }
        let rows: Vec<(MemberId, &Member)> = self.state.rows_of(person).collect();
        if rows.iter().any(|(_, row)| !self.beside_rows(&row.access)) {
            return Err(Refusal::AlreadyMember);
        }
        self.role_in_plan(&invitation.access)?;
        self.sender_still_may(invitation)?;
        if self.state.model.seats.taken_at == TakenAt::Acceptance {
            self.room_for(1)?;
        }
        let offered = self.still_there(&invitation.access);
        let mut events = vec![Event::InvitationAccepted { invitation: id, member }];
        if offered.only_resource().is_none() {
            // A row on the whole workspace takes those on single resources in (A20).
            events.extend(rows.iter().map(|(id, row)| self.row_gone(*id, row, Removal::Absorbed)));
        }
        for (n, access) in self.as_rows(offered, &rows)?.into_iter().enumerate() {
            // The ids after a fresh one are as fresh.
            let member = MemberId(member.0.wrapping_add(n as u128));
            if self.state.members.contains_key(&member) {
                return Err(Refusal::IdTaken);
            }
            events.push(Event::MemberJoined {
                member,
                person,
                address: invitation.address,
                access: AccessWire::of(&self.state.model, &access),
                invited_by: Some(invitation.sender),
            });
        }
        Ok(events)
    }

    /// Whether a row leaves room for others of the same person.
    pub(super) fn beside_rows(&self, held: &Access) -> bool {
        self.state.model.row_per_resource && held.only_resource().is_some()
    }

    /// What an accepted offer becomes: one row, or one for each resource that the person has none on (A22).
    fn as_rows(&self, offered: Access, rows: &[(MemberId, &Member)]) -> Result<Vec<Access>, Refusal> {
        let model = &self.state.model;
        let assigned = model.role(offered.role).assigns[usize::from(self.state.plan.0)].is_some();
        if !model.row_per_resource || !assigned {
            return Ok(vec![offered]);
        }
        let held = |resource: &ResourceId| rows.iter().any(|(_, row)| row.access.grants.each.contains_key(resource));
        let new = offered.grants.each.iter().filter(|(resource, _)| !held(resource));
        let alone = |(resource, grant): (&ResourceId, &Grant)| {
            let grants = Grants { all: None, each: imbl::OrdMap::unit(*resource, *grant) };
            Access { grants, ..offered.clone() }
        };
        let each: Vec<Access> = new.map(alone).collect();
        match (each.is_empty(), rows.is_empty()) {
            (false, _) => Ok(each),
            (true, true) => Err(Refusal::NoSuchResource),
            (true, false) => Err(Refusal::AlreadyMember),
        }
    }

    pub(super) fn decline(&self, id: InvitationId, proven: AddressId) -> Decided {
        if !matches!(self.actor, Actor::Person(_) | Actor::Host(_)) {
            return Err(Refusal::NotYours);
        }
        let invitation = self.state.invitations.get(&id).ok_or(Refusal::NoSuchInvitation)?;
        if invitation.address != proven {
            return Err(Refusal::WrongAddress);
        }
        if !invitation.stage.is_open() {
            return Err(Refusal::InvitationClosed);
        }
        Ok(vec![Event::InvitationDeclined { invitation: id }])
    }

    /// The offer of an invitation lies within what the actor manages and holds.
    pub(super) fn reaches(&self, invitation: &Invitation) -> Result<(), Refusal> {
        self.in_own_range(&invitation.access)
    }

    /// The actor may give this access: it lies within what they manage and hold, and ends no later than theirs.
    pub(super) fn may_offer(&self, access: &Access) -> Result<(), Refusal> {
        self.in_own_range(access)?;
        self.ends_no_later(access)
    }

    fn in_own_range(&self, access: &Access) -> Result<(), Refusal> {
        let ownership = &self.state.model.ownership;
        if ownership.single && access.role == ownership.role {
            return Err(Refusal::OwnerNotOffered(self.state.model.role(access.role).title.clone()));
        }
        self.manages(access.role)?;
        self.within_own(access)
    }

    /// Judged again at acceptance: who sent it last may still give this (AB-015, DEFAULTS).
    fn sender_still_may(&self, invitation: &Invitation) -> Result<(), Refusal> {
        let sender = Decider { actor: invitation.sender, seen: None, ..*self };
        let invite = self.state.model.acts.invite;
        let may = sender.may("invite", invite).and_then(|()| sender.may_offer(&invitation.access));
        may.map_err(|_| Refusal::SenderLostRight)
    }

    /// An offer without levels on resources that were deleted since.
    fn still_there(&self, access: &Access) -> Access {
        let mut access = access.clone();
        let gone: Vec<_> =
            access.grants.each.keys().filter(|r| self.state.live_resource(**r).is_none()).copied().collect();
        for resource in gone {
            access.grants.each.remove(&resource);
        }
        access
    }

    fn sent_again(&self, id: InvitationId, invitation: &Invitation, address: AddressId, access: &Access) -> Event {
        Event::InvitationResent {
            invitation: id,
            address,
            access: AccessWire::of(&self.state.model, access),
            sender: self.actor,
            sending: invitation.sending + 1,
            expires_at: self.expiry(),
        }
    }

    fn open_invitation(&self, id: InvitationId) -> Result<&Invitation, Refusal> {
        let invitation = self.state.invitations.get(&id).ok_or(Refusal::NoSuchInvitation)?;
        self.unchanged(self.stored.invitations.get(&id).map_or(0, |i| i.version))?;
        if invitation.stage.is_open() { Ok(invitation) } else { Err(Refusal::InvitationClosed) }
    }

    fn address_is_free(&self, address: AddressId) -> Result<(), Refusal> {
        let taken = self.state.members.values().any(|m| m.address == address)
            || self.state.open_invitation_to(address).is_some();
        if taken { Err(Refusal::AddressTaken) } else { Ok(()) }
    }

    fn expiry(&self) -> Timestamp {
        self.now.max(self.state.last_time).plus_days(self.state.model.invitations.days)
    }

    /// Whether so many more seats are free.
    pub(super) fn room_for(&self, more: u32) -> Result<(), Refusal> {
        let seats = self.state.seats();
        if more == 0 || seats.has_room_for(more) {
            return Ok(());
        }
        let held = seats.held.unwrap_or(u32::MAX);
        Err(Refusal::NoSeatLeft(seats.taken, held, more.saturating_sub(held.saturating_sub(seats.taken))))
    }

    fn themself(&self, person: PersonId) -> Result<(), Refusal> {
        match self.actor {
            Actor::Host(_) => Ok(()),
            Actor::Person(actor) if actor == person => Ok(()),
            _ => Err(Refusal::NotYours),
        }
    }
}
