//! Add, rename, delete resources.

use crate::ids::ResourceId;
use crate::team::event::{Event, Removal};
use crate::team::refusal::Refusal;
use crate::team::state::{Access, Resource};

use super::{Decided, Decider, name};

impl Decider<'_> {
    pub(super) fn add_resource(&self, id: ResourceId, kind: &str, called: &str, external_id: Option<&str>) -> Decided {
        let model = &self.state.model;
        let Some(found) = model.kind_ix(kind) else {
            // Who has no access here does not learn which kinds there are.
            self.may("see the team", model.acts.view_team)?;
            return Err(Refusal::UnknownKind(kind.to_owned()));
        };
        self.may("create one", model.kind(found).create)?;
        if self.state.resources.contains_key(&id) {
            return Err(Refusal::IdTaken);
        }
        let name = name(called)?;
        if let Some(external) = external_id {
            self.external_id_is_free(external)?;
        }
        Ok(vec![Event::ResourceAdded {
            resource: id,
            resource_kind: kind.to_owned(),
            name,
            external_id: external_id.map(str::to_owned),
        }])
    }

    pub(super) fn rename_resource(&self, id: ResourceId, to: &str) -> Decided {
        let resource = self.resource(id)?;
        self.may_on("rename this", self.state.model.kind(resource.kind).rename, Some(id))?;
        self.unchanged(resource.version)?;
        let to = name(to)?;
        if to == *resource.name {
            return Ok(Vec::new());
        }
        Ok(vec![Event::ResourceRenamed { resource: id, from: resource.name.to_string(), to }])
    }

    pub(super) fn delete_resource(&self, id: ResourceId) -> Decided {
        let resource = self.resource(id)?;
        self.may_on("delete this", self.state.model.kind(resource.kind).delete, Some(id))?;
        self.unchanged(resource.version)?;
        let mut events = Vec::new();
        if self.state.model.row_per_resource {
            // A row on nothing is none, nor is an offer of nothing (A33).
            let only =
                |access: &Access| access.grants.each.keys().all(|r| *r == id || self.state.live_resource(*r).is_none());
            let on = |access: &Access| access.grants.each.contains_key(&id) && only(access);
            let open = self.state.invitations.iter().filter(|(_, i)| i.stage.is_open() && on(&i.access));
            events.extend(open.map(|(id, _)| Event::InvitationCancelled { invitation: *id }));
            let rows = self.state.members.iter().filter(|(_, m)| on(&m.access));
            events.extend(rows.map(|(id, row)| self.row_gone(*id, row, Removal::ResourceDeleted)));
        }
        events.push(Event::ResourceDeleted { resource: id, name: resource.name.to_string() });
        Ok(events)
    }

    fn resource(&self, id: ResourceId) -> Result<&Resource, Refusal> {
        self.is_of_the_workspace()?;
        self.state.live_resource(id).ok_or(Refusal::NoSuchResource)
    }

    fn external_id_is_free(&self, external: &str) -> Result<(), Refusal> {
        super::external_id(external)?;
        let taken = |r: &Resource| r.deleted_at.is_none() && r.external_id.as_deref() == Some(external);
        if self.state.resources.values().any(taken) { Err(Refusal::NameTaken(external.to_owned())) } else { Ok(()) }
    }
}
