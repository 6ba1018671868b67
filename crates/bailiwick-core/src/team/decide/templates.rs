//! Create, edit, delete templates.

use crate::access::model::ToggleSet;
use crate::access::set::PermissionSet;
use crate::ids::TemplateId;
use crate::team::event::Event;
use crate::team::refusal::Refusal;
use crate::team::state::Template;
use crate::team::wire::{names, permission_set, toggle_names, toggle_set};

use super::{Decided, Decider, name};

struct Wanted {
    name: String,
    set: PermissionSet,
    suggests: ToggleSet,
}

impl Decider<'_> {
    pub(super) fn create_template(
        &self,
        id: TemplateId,
        called: &str,
        permissions: &[String],
        suggests: &[String],
    ) -> Decided {
        self.may_manage_templates()?;
        if self.state.templates.contains_key(&id) {
            return Err(Refusal::IdTaken);
        }
        let Wanted { name, set, suggests } = self.wanted(None, called, permissions, suggests)?;
        let model = &self.state.model;
        Ok(vec![Event::TemplateCreated {
            template: id,
            name,
            permissions: names(model, set),
            suggests: toggle_names(model, suggests),
        }])
    }

    pub(super) fn edit_template(
        &self,
        id: TemplateId,
        called: &str,
        permissions: &[String],
        suggests: &[String],
    ) -> Decided {
        self.may_manage_templates()?;
        let old = self.template(id)?;
        self.set_within_own(old.set)?;
        let Wanted { name, set, suggests } = self.wanted(Some(id), called, permissions, suggests)?;
        if name == *old.name && set == old.set && suggests == old.suggests {
            return Ok(Vec::new());
        }
        let model = &self.state.model;
        Ok(vec![Event::TemplateEdited {
            template: id,
            name_before: old.name.to_string(),
            name,
            before: names(model, old.set),
            permissions: names(model, set),
            suggests: toggle_names(model, suggests),
        }])
    }

    pub(super) fn delete_template(&self, id: TemplateId, move_to: Option<TemplateId>) -> Decided {
        self.may_manage_templates()?;
        let old = self.template(id)?;
        self.set_within_own(old.set)?;
        if let Some(other) = move_to {
            let target = self.state.templates.get(&other).filter(|_| other != id).ok_or(Refusal::NoSuchTemplate)?;
            self.set_within_own(target.set)?;
        } else if self.is_needed(id) {
            return Err(Refusal::TemplateInUse(old.name.to_string()));
        }
        Ok(vec![Event::TemplateDeleted {
            template: id,
            name: old.name.to_string(),
            permissions: names(&self.state.model, old.set),
            move_to,
        }])
    }

    /// Whether somebody has it, or is offered it, in a role that must have one (C13).
    fn is_needed(&self, id: TemplateId) -> bool {
        let open = self.state.invitations.values().filter(|i| i.stage.is_open()).map(|i| &i.access);
        let all = self.state.members.values().map(|m| &m.access).chain(open);
        all.into_iter().any(|a| a.template == Some(id) && self.state.model.role(a.role).needs_template)
    }

    fn may_manage_templates(&self) -> Result<(), Refusal> {
        self.may("manage role templates", self.state.model.acts.manage_templates)?;
        match self.state.model.templates {
            Some(_) => Ok(()),
            None => Err(Refusal::NoSuchTemplate),
        }
    }

    fn wanted(
        &self,
        own: Option<TemplateId>,
        called: &str,
        permissions: &[String],
        suggests: &[String],
    ) -> Result<Wanted, Refusal> {
        let model = &self.state.model;
        let name = name(called)?;
        let same = |t: &Template| t.name.to_lowercase() == name.to_lowercase();
        if self.state.templates.iter().any(|(id, t)| Some(*id) != own && same(t)) {
            return Err(Refusal::NameTaken(name));
        }
        let set = permission_set(model, permissions)?;
        if let Some(fixed) = set.without(model.grantable).iter().next() {
            return Err(Refusal::NotGrantable(model.permission_def(fixed).name.to_string()));
        }
        self.set_within_own(set)?;
        Ok(Wanted { name, set, suggests: toggle_set(model, suggests)? })
    }

    fn template(&self, id: TemplateId) -> Result<&Template, Refusal> {
        let template = self.state.templates.get(&id).ok_or(Refusal::NoSuchTemplate)?;
        self.unchanged(template.version)?;
        Ok(template)
    }
}
