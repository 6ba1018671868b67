//! Who may do what to whom: the same check that hosts ask, the roles that a role manages, and the ceiling.

use crate::access::check::{Denial, Facts};
use crate::access::model::RoleIx;
use crate::access::set::{Permission, PermissionSet};
use crate::access::snapshot::{Reach, Row};
use crate::ids::ResourceId;
use crate::team::command::Actor;
use crate::team::refusal::Refusal;
use crate::team::state::{Access, Member};

use super::Decider;

impl Decider<'_> {
    /// Whether the actor has the right to an act on the workspace.
    pub(super) fn may(&self, act: &'static str, permission: Permission) -> Result<(), Refusal> {
        self.may_on(act, permission, None)
    }

    /// Whether the actor has the right to an act, on the workspace or one resource.
    pub(super) fn may_on(
        &self,
        act: &'static str,
        permission: Permission,
        resource: Option<ResourceId>,
    ) -> Result<(), Refusal> {
        let acts = &self.state.model.acts;
        match self.actor {
            Actor::Host(_) => Ok(()),
            Actor::Operator
                if [acts.rename_workspace, acts.delete_workspace, acts.manage_billing].contains(&permission) =>
            {
                Ok(())
            }
            Actor::Operator | Actor::Time => Err(Refusal::NotAllowed(act)),
            Actor::Person(_) => match self.ask(permission, resource) {
                Ok(()) => Ok(()),
                // To who has no access here, the workspace is not there (AB-023, AB-001).
                Err(Denial::NotAMember | Denial::Suspended | Denial::Ended) => Err(Refusal::NoSuchWorkspace),
                Err(Denial::UnknownResource | Denial::ResourceDeleted) => Err(Refusal::NoSuchResource),
                Err(_) => Err(Refusal::NotAllowed(act)),
            },
        }
    }

    /// Refuses a person who is no active member, before anything is looked up for them: to them the workspace is not
    /// there, nor what is in it (X07, AB-001, AB-023).
    pub(super) fn is_of_the_workspace(&self) -> Result<(), Refusal> {
        let Actor::Person(_) = self.actor else { return Ok(()) };
        let active = |m: &Member| m.suspended_at.is_none() && m.access.until.is_none_or(|until| self.now < until);
        let here = self.acting_member().is_some_and(|(_, member)| active(&member));
        if here { Ok(()) } else { Err(Refusal::NoSuchWorkspace) }
    }

    fn ask(&self, permission: Permission, resource: Option<ResourceId>) -> Result<(), Denial> {
        let Some((id, member)) = self.acting_member() else { return Err(Denial::NotAMember) };
        let row = Row::compile(self.state, id, &member, None);
        let role = self.state.model.role(member.access.role);
        let template =
            if role.templates { self.state.template_set(member.access.template) } else { PermissionSet::EMPTY };
        let facts = Facts {
            model: &self.state.model,
            lacks: self.state.model.plan(self.state.plan).lacks,
            row: &row,
            template,
        };
        let known = |id: ResourceId| self.state.resources.get(&id).map(|r| (r.kind, r.deleted_at.is_some()));
        facts.judge(permission, resource.map(|id| (id, known(id))), self.now)
    }

    fn acting_member(&self) -> Option<(crate::ids::MemberId, Member)> {
        match self.actor {
            Actor::Person(person) => self.state.joined(person),
            _ => None,
        }
    }

    /// Whether the actor's role manages holders of this role.
    pub(super) fn manages(&self, role: RoleIx) -> Result<(), Refusal> {
        let Actor::Person(_) = self.actor else { return Ok(()) };
        let model = &self.state.model;
        match self.acting_member() {
            Some((_, member)) if model.role(member.access.role).may_manage(role) => Ok(()),
            _ => Err(Refusal::RoleOutOfReach(model.role(role).title.clone())),
        }
    }

    /// Whether an access lies within what the actor holds (X06, D13).
    pub(super) fn within_own(&self, access: &Access) -> Result<(), Refusal> {
        match self.own_reach() {
            Some(own) => self.nothing_beyond(Reach::of(self.state, access).beyond(&own)),
            None => Ok(()),
        }
    }

    /// Whether a set of permissions on the workspace lies within what the actor holds.
    pub(super) fn set_within_own(&self, set: PermissionSet) -> Result<(), Refusal> {
        match self.own_reach() {
            Some(own) => self.nothing_beyond(set.without(own.everywhere)),
            None => Ok(()),
        }
    }

    /// Whether an access that is given ends when the actor's own does, at the latest: time is part of what one holds
    /// (X06). Who is here for a while gives nobody, themself included, access that outlasts it.
    pub(super) fn ends_no_later(&self, access: &Access) -> Result<(), Refusal> {
        let own = self.acting_member().filter(|(_, m)| !self.state.model.role(m.access.role).exceeds);
        match own.and_then(|(_, member)| member.access.until) {
            Some(end) if access.until.is_none_or(|until| until > end) => {
                Err(Refusal::ExceedsOwnAccess(vec!["access that ends later than yours".to_owned()]))
            }
            _ => Ok(()),
        }
    }

    /// What bounds the actor; `None` for who is not bound: host, operator, and roles that exceed by the model's word.
    fn own_reach(&self) -> Option<Reach> {
        let Actor::Person(_) = self.actor else { return None };
        match self.acting_member() {
            Some((_, member)) if self.state.model.role(member.access.role).exceeds => None,
            Some((_, member)) => Some(Reach::of(self.state, &member.access)),
            None => Some(Reach::nothing()),
        }
    }

    fn nothing_beyond(&self, beyond: PermissionSet) -> Result<(), Refusal> {
        if beyond.is_empty() {
            return Ok(());
        }
        let says = |p| self.state.model.permission_def(p).says.clone();
        Err(Refusal::ExceedsOwnAccess(beyond.iter().map(says).collect()))
    }

    /// The single owner's row stands fast (E24, B04).
    pub(super) fn not_the_single_owner(&self, member: &Member) -> Result<(), Refusal> {
        let ownership = &self.state.model.ownership;
        if ownership.single && member.access.role == ownership.role {
            return Err(Refusal::OwnerFixed(ownership.why.clone()));
        }
        Ok(())
    }

    /// Refuses what would leave the workspace without an active holder of the role that must have one (D28).
    pub(super) fn leaves_an_owner(&self, id: crate::ids::MemberId) -> Result<(), Refusal> {
        let mut owners = self.state.active_owners();
        if owners.next() == Some(id) && owners.next().is_none() {
            let role = self.state.model.ownership.role;
            return Err(Refusal::LastOwner(self.state.model.role(role).title.clone()));
        }
        Ok(())
    }
}
