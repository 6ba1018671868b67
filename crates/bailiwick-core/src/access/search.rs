//! Searches: everybody who may, everything that may be done, everything that it may be done to. Each answer is what the
//! check says yes to, question by question, on one snapshot and at one moment; there is no second rule.

use super::model::KindIx;
use super::set::{Permission, PermissionSet};
use super::snapshot::Snapshot;
use crate::ids::{PersonId, ResourceId};
use crate::time::Timestamp;

impl Snapshot {
    /// Everybody who may do this to this, in the order of their ids.
    pub fn who_can(&self, permission: Permission, resource: Option<ResourceId>, now: Timestamp) -> Vec<PersonId> {
        let may = |person: &PersonId| self.check(*person, permission, resource, now).is_ok();
        let mut all: Vec<PersonId> = self.people().filter(may).collect();
        all.sort_unstable();
        all
    }

    /// Every permission that a person has on the workspace, or on a resource.
    pub fn what_can(&self, person: PersonId, resource: Option<ResourceId>, now: Timestamp) -> PermissionSet {
        self.model.everything().iter().filter(|&p| self.check(person, p, resource, now).is_ok()).collect()
    }

    /// Every resource of a kind that a person may do this to, in the order of their ids.
    pub fn which_resources(
        &self,
        person: PersonId,
        permission: Permission,
        kind: KindIx,
        now: Timestamp,
    ) -> Vec<ResourceId> {
        let of_kind = self.resources().filter(|(_, resource)| resource.kind == kind).map(|(id, _)| id);
        let mut all: Vec<ResourceId> =
            of_kind.filter(|id| self.check(person, permission, Some(*id), now).is_ok()).collect();
        all.sort_unstable();
        all
    }
}
