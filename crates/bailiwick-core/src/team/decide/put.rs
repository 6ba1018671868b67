//! A member without an invitation: a host vouches for who they are, and says what they hold.
//!
//! A host is bound by no ceiling, and by everything else: seats, plan, owner, what a role can take.

use crate::access::model::TakenAt;
use crate::ids::MemberId;
use crate::team::command::{Actor, PutMember};
use crate::team::event::{Event, Recorded, Removal};
use crate::team::refusal::Refusal;
use crate::team::state::{Access, Member};
use crate::team::wire::AccessWire;

use super::{Decided, Decider, after};

impl Decider<'_> {
    pub(super) fn put_member(&self, put: &PutMember) -> Decided {
        let Actor::Host(_) = self.actor else {
            self.is_of_the_workspace()?;
            return Err(Refusal::NotAllowed("add members without an invitation"));
        };
        let model = &self.state.model;
        if put.suspended && !model.suspension {
            return Err(Refusal::NoSuspension);
        }
        let access = put.access.read(model)?;
        if model.row_per_resource && access.grants.each.len() > 1 {
            return Err(Refusal::OneResource(model.role(access.role).title.clone()));
        }
        let mut rows = self.state.rows_of(put.person);
        match rows.find(|(_, row)| !model.row_per_resource || row.access.only_resource() == access.only_resource()) {
            Some((id, row)) => self.made_equal(id, row, put),
            None => self.joins(put, &access),
        }
    }

    /// A row that is there becomes this; a row that is so already stays.
    fn made_equal(&self, id: MemberId, row: &Member, put: &PutMember) -> Decided {
        let mut events = self.change_access(id, &put.access)?;
        if put.suspended != row.suspended_at.is_some() {
            let at = self.now.max(self.state.last_time);
            let recorded: Vec<_> = events.iter().cloned().map(|event| Recorded { at, event }).collect();
            let state = if recorded.is_empty() { self.state.clone() } else { after(self.state, &recorded) };
            let then = Decider { state: &state, ..*self };
            events.extend(if put.suspended { then.suspend(id)? } else { then.reactivate(id)? });
        }
        Ok(events)
    }

    fn joins(&self, put: &PutMember, access: &Access) -> Decided {
        let model = &self.state.model;
        let rows: Vec<_> = self.state.rows_of(put.person).collect();
        if rows.iter().any(|(_, row)| !self.beside_rows(&row.access)) {
            return Err(Refusal::AlreadyMember);
        }
        if self.state.members.values().any(|m| m.address == put.address && m.person != put.person) {
            return Err(Refusal::AddressTaken);
        }
        if self.state.members.contains_key(&put.member) {
            return Err(Refusal::IdTaken);
        }
        self.valid(access, None)?;
        // What was offered in this place is void: nobody comes to it twice.
        let offers = self.offers_in_the_place_of(put.address, access);
        let absorbed = if access.only_resource().is_none() { rows.as_slice() } else { &[] };
        let counted = u32::from(!put.suspended || model.seats.suspended_count);
        let offered = if model.seats.taken_at == TakenAt::Invitation { offers.len() } else { 0 };
        let counts = |row: &Member| model.seats.suspended_count || row.suspended_at.is_none();
        let freed = offered + absorbed.iter().filter(|(_, row)| counts(row)).count();
        self.room_for(counted.saturating_sub(u32::try_from(freed).unwrap_or(u32::MAX)))?;

        let mut events: Vec<Event> =
            offers.iter().map(|(id, _)| Event::InvitationCancelled { invitation: *id }).collect();
        events.extend(absorbed.iter().map(|(id, row)| self.row_gone(*id, row, Removal::Absorbed)));
        events.push(Event::MemberJoined {
            member: put.member,
            person: put.person,
            address: put.address,
            access: AccessWire::of(model, access),
            invited_by: Some(self.actor),
        });
        if put.suspended {
            events.push(Event::MemberSuspended { member: put.member });
        }
        Ok(events)
    }
}
