//! Change access, suspend, reactivate, remove, leave, transfer.

use crate::ids::MemberId;
use crate::team::command::Actor;
use crate::team::event::{Event, Removal};
use crate::team::refusal::Refusal;
use crate::team::state::{Invitation, Member};
use crate::team::wire::AccessWire;

use super::{Decided, Decider};

impl Decider<'_> {
    pub(super) fn change_access(&self, id: MemberId, access: &AccessWire) -> Decided {
        let acts = &self.state.model.acts;
        // Either right opens the dialog; each part asks for its own below.
        self.may("change access", acts.change_access)
            .or_else(|no| self.may("change the role", acts.change_role).map_err(|_| no))?;
        let member = self.member(id)?;
        let access = access.read(&self.state.model)?;
        if access == member.access {
            return Ok(Vec::new());
        }
        self.not_the_single_owner(member)?;
        if access.role != member.access.role {
            self.may("change the role", acts.change_role)?;
        }
        let mut same_role = access.clone();
        same_role.role = member.access.role;
        if same_role != member.access {
            self.may("change access", acts.change_access)?;
        }
        self.in_reach(member)?;
        self.may_offer(&access)?;
        self.valid(&access, Some(&member.access))?;
        if access.role != self.state.model.ownership.role {
            self.leaves_an_owner(id)?;
        }
        if self.state.model.row_per_resource {
            let (from, to) = (member.access.only_resource(), access.only_resource());
            // An invitation may name several, and becomes as many rows; a row is on one.
            if access.grants.each.len() > 1 {
                return Err(Refusal::OneResource(self.state.model.role(access.role).title.clone()));
            }
            if from.is_some() && to.is_some() && from != to {
                return Err(Refusal::ResourceFixed);
            }
        }
        let mut events = Vec::new();
        if access.only_resource().is_none() {
            let others = self.state.rows_of(member.person).filter(|(other, _)| *other != id);
            events.extend(others.map(|(other, row)| self.row_gone(other, row, Removal::Absorbed)));
        }
        events.push(Event::AccessChanged {
            member: id,
            before: AccessWire::of(&self.state.model, &member.access),
            after: AccessWire::of(&self.state.model, &access),
        });
        Ok(events)
    }

    pub(super) fn suspend(&self, id: MemberId) -> Decided {
        let member = self.to_suspend(id)?;
        if member.suspended_at.is_some() {
            return Ok(Vec::new());
        }
        self.leaves_an_owner(id)?;
        Ok(vec![Event::MemberSuspended { member: id }])
    }

    pub(super) fn reactivate(&self, id: MemberId) -> Decided {
        let member = self.to_suspend(id)?;
        if member.suspended_at.is_none() {
            return Ok(Vec::new());
        }
        if !self.state.model.seats.suspended_count {
            self.room_for(1)?;
        }
        Ok(vec![Event::MemberReactivated { member: id }])
    }

    fn to_suspend(&self, id: MemberId) -> Result<&Member, Refusal> {
        self.may("suspend members", self.state.model.acts.suspend)?;
        if !self.state.model.suspension {
            return Err(Refusal::NoSuspension);
        }
        let member = self.member(id)?;
        self.not_the_single_owner(member)?;
        self.in_reach(member)?;
        Ok(member)
    }

    pub(super) fn remove(&self, id: MemberId) -> Decided {
        self.may("remove members", self.state.model.acts.remove)?;
        let member = self.member(id)?;
        self.not_the_single_owner(member)?;
        self.in_reach(member)?;
        self.leaves_an_owner(id)?;
        Ok(self.gone(id, member, Removal::Removed))
    }

    pub(super) fn leave(&self, id: MemberId) -> Decided {
        let Actor::Person(person) = self.actor else { return Err(Refusal::NotYours) };
        let Some((own, member)) = self.state.member_of(person) else { return Err(Refusal::NoSuchWorkspace) };
        if own != id && self.state.rows_of(person).all(|(row, _)| row != id) {
            return Err(Refusal::NotYours);
        }
        if member.suspended_at.is_some() {
            return Err(Refusal::NoSuchWorkspace);
        }
        self.unchanged(self.stored.members.get(&id).map_or(0, |m| m.version))?;
        self.not_the_single_owner(member)?;
        self.leaves_an_owner(id)?;
        let mut events = self.invitations_dead(member, |_| true);
        events.extend(self.state.rows_of(person).map(|(id, row)| self.row_gone(id, row, Removal::Left)));
        Ok(events)
    }

    /// A removal, and with it the open invitations of that address, with a row that is not the last those to what it
    /// was on: nobody comes back by an older act (AB-039).
    fn gone(&self, id: MemberId, member: &Member, why: Removal) -> Vec<Event> {
        let last = self.state.rows_of(member.person).count() == 1;
        let gives_back =
            |i: &Invitation| last || i.access.grants.each.keys().any(|r| member.access.grants.each.contains_key(r));
        let mut events = self.invitations_dead(member, gives_back);
        events.push(self.row_gone(id, member, why));
        events
    }

    fn invitations_dead(&self, member: &Member, which: impl Fn(&Invitation) -> bool) -> Vec<Event> {
        let open = self.state.invitations.iter().filter(|(_, i)| i.address == member.address && i.stage.is_open());
        open.filter(|(_, i)| which(i)).map(|(id, _)| Event::InvitationCancelled { invitation: *id }).collect()
    }

    pub(super) fn row_gone(&self, id: MemberId, member: &Member, why: Removal) -> Event {
        Event::MemberRemoved {
            member: id,
            person: member.person,
            access: AccessWire::of(&self.state.model, &member.access),
            why,
        }
    }

    pub(super) fn transfer_ownership(&self, to: MemberId) -> Decided {
        let model = &self.state.model;
        let ownership = &model.ownership;
        if let Actor::Person(_) = self.actor {
            // Whoever asks must be of this workspace to learn why it is not to be had.
            self.may("see the team", model.acts.view_team)?;
        }
        let (Some(former), true, Actor::Operator) = (ownership.transfer, ownership.single, self.actor) else {
            return Err(Refusal::NoTransfer(ownership.why.clone()));
        };
        let member = self.member(to)?;
        if member.suspended_at.is_some() {
            return Err(Refusal::TargetNotActive);
        }
        let Some(from) = self.state.active_owners().next() else { return Err(Refusal::NoSuchMember) };
        if from == to {
            return Ok(Vec::new());
        }
        Ok(vec![Event::OwnershipTransferred { from, former_role: model.role(former).name.to_string(), to }])
    }

    /// What the member holds lies within what the actor manages and holds: nobody edits, suspends or removes
    /// somebody who holds more (D13, C12).
    fn in_reach(&self, member: &Member) -> Result<(), Refusal> {
        self.manages(member.access.role)?;
        self.within_own(&member.access)
    }

    fn member(&self, id: MemberId) -> Result<&Member, Refusal> {
        let member = self.state.members.get(&id).ok_or(Refusal::NoSuchMember)?;
        self.unchanged(self.stored.members.get(&id).map_or(0, |m| m.version))?;
        Ok(member)
    }
}
