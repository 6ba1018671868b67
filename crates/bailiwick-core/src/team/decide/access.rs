//! Whether an access is one that the model, the plan and the resources allow, whoever gives it.

use crate::access::model::LevelIx;
use crate::ids::ResourceId;
use crate::team::refusal::Refusal;
use crate::team::state::{Access, Grant, Grants};
use crate::team::wire::any_assigned_kind;
use crate::time::{LAST_MOMENT, Timestamp};

use super::Decider;

impl Decider<'_> {
    /// `held`: what the row has now; what it has already and keeps is not judged again where time or plan passed it by.
    pub(super) fn valid(&self, access: &Access, held: Option<&Access>) -> Result<(), Refusal> {
        let model = &self.state.model;
        let role = model.role(access.role);
        let ownership = &model.ownership;
        if ownership.single && access.role == ownership.role {
            return Err(Refusal::OwnerNotOffered(role.title.clone()));
        }
        self.role_in_plan(access)?;
        if let Some(template) = access.template {
            if !role.templates {
                return Err(Refusal::RoleTakesNoTemplate(role.title.clone()));
            }
            self.state.templates.get(&template).ok_or(Refusal::NoSuchTemplate)?;
        } else if role.needs_template {
            return Err(Refusal::TemplateNeeded(model.words.template.clone()));
        }
        if !access.direct.is_empty() && !role.direct {
            return Err(Refusal::RoleTakesNoDirect(role.title.clone()));
        }
        if let Some(fixed) = access.direct.without(model.grantable).iter().next() {
            return Err(Refusal::NotGrantable(model.permission_def(fixed).name.to_string()));
        }
        if let Some(toggle) = access.toggles.iter().find(|t| !role.toggles.has(*t)) {
            return Err(Refusal::ToggleNotSwitchable(model.toggle(toggle).title.clone(), role.title.clone()));
        }
        if access.until != held.and_then(|h| h.until) {
            self.future(access.until)?;
        }
        // Who must be there always cannot end by themselves.
        if access.role == ownership.role && access.until.is_some() {
            return Err(Refusal::BadTime);
        }
        self.valid_grants(access, held)
    }

    /// Whether the plan has the role (E03).
    pub(super) fn role_in_plan(&self, access: &Access) -> Result<(), Refusal> {
        let model = &self.state.model;
        let role = model.role(access.role);
        if role.on_plan(self.state.plan) {
            return Ok(());
        }
        Err(Refusal::RoleNotInPlan(role.title.clone(), model.plan(self.state.plan).title.clone()))
    }

    fn valid_grants(&self, access: &Access, held: Option<&Access>) -> Result<(), Refusal> {
        let model = &self.state.model;
        let role = model.role(access.role);
        let held_grants = held.filter(|h| h.role == access.role).map(|h| &h.grants);
        let assigned_now = role.assigns[usize::from(self.state.plan.0)].is_some();
        let Grants { all, each } = &access.grants;
        if !access.grants.is_empty() && !assigned_now && held_grants != Some(&access.grants) {
            return Err(Refusal::RoleTakesNoLevels(role.title.clone()));
        }
        if all.is_some() && !each.is_empty() {
            return Err(Refusal::AllAndEach);
        }
        let levels = all.iter().copied().chain(each.values().map(|g| g.level));
        levels.into_iter().try_for_each(|level| self.level_within(access, level))?;
        for (resource, grant) in each {
            let before = held_grants.and_then(|g| g.each.get(resource));
            self.valid_grant(access, *resource, *grant, before)?;
        }
        if model.row_per_resource && assigned_now {
            if all.is_some() {
                return Err(Refusal::OneResource(role.title.clone()));
            }
            if each.values().any(|grant| grant.until.is_some()) {
                return Err(Refusal::BadTime);
            }
        }
        let reaches_something = all.is_some() || each.keys().any(|r| self.state.live_resource(*r).is_some());
        if assigned_now && !reaches_something {
            return Err(Refusal::LevelsNeeded(role.title.clone()));
        }
        Ok(())
    }

    fn level_within(&self, access: &Access, level: LevelIx) -> Result<(), Refusal> {
        let model = &self.state.model;
        let role = model.role(access.role);
        match (role.max_level, any_assigned_kind(model, access.role)) {
            (Some(cap), Some(kind)) if level > cap => {
                Err(Refusal::LevelAboveRole(model.kind(kind).level(level).title.clone(), role.title.clone()))
            }
            _ => Ok(()),
        }
    }

    fn valid_grant(
        &self,
        access: &Access,
        id: ResourceId,
        grant: Grant,
        before: Option<&Grant>,
    ) -> Result<(), Refusal> {
        let kind = any_assigned_kind(&self.state.model, access.role);
        let resource = self.state.resources.get(&id).filter(|r| Some(r.kind) == kind).ok_or(Refusal::NoSuchResource)?;
        if resource.deleted_at.is_some() && before.is_none() {
            return Err(Refusal::NoSuchResource);
        }
        if grant.until != before.and_then(|b| b.until) {
            self.future(grant.until)?;
        }
        Ok(())
    }

    fn future(&self, until: Option<Timestamp>) -> Result<(), Refusal> {
        match until {
            Some(until) if until <= self.now || until > LAST_MOMENT => Err(Refusal::BadTime),
            _ => Ok(()),
        }
    }
}
