//! Access as commands and events write it: by names, so that it can be read under every model for ever.

use serde::{Deserialize, Serialize};

use crate::access::model::{KindIx, LevelIx, Model, RoleIx, ToggleSet};
use crate::access::set::PermissionSet;
use crate::ids::{ResourceId, TemplateId};
use crate::time::Timestamp;

use super::refusal::Refusal;
use super::state::{Access, Grant, Grants};

/// What a row holds, by names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessWire {
    /// The role.
    pub role: String,
    /// The template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateId>,
    /// Permissions given one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub direct: Vec<String>,
    /// Toggles that are on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub toggles: Vec<String>,
    /// One level on all resources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<String>,
    /// Levels on single resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<GrantWire>,
    /// When all of it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A level on one resource, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantWire {
    /// The resource.
    pub resource: ResourceId,
    /// The level.
    pub level: String,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl AccessWire {
    /// A role and nothing beside it.
    pub fn of_role(role: &str) -> Self {
        Self { role: role.to_owned(), ..Self::default() }
    }

    /// The names of an access under its model.
    pub fn of(model: &Model, access: &Access) -> Self {
        let role = model.role(access.role);
        let kind = assigned_kind(model, access).map(|k| model.kind(k));
        let level = |ix: LevelIx| kind.map(|k| k.level(ix).name.to_string()).unwrap_or_default();
        Self {
            role: role.name.to_string(),
            template: access.template,
            direct: names(model, access.direct),
            toggles: toggle_names(model, access.toggles),
            all: access.grants.all.map(level),
            grants: access
                .grants
                .each
                .iter()
                .map(|(id, g)| GrantWire { resource: *id, level: level(g.level), until: g.until })
                .collect(),
            until: access.until,
        }
    }

    /// The access that these names mean under a model.
    ///
    /// # Errors
    /// A name that the model does not have; nothing is dropped or guessed.
    pub fn read(&self, model: &Model) -> Result<Access, Refusal> {
        let role = model.role_ix(&self.role).ok_or_else(|| Refusal::UnknownRole(self.role.clone()))?;
        let kind = any_assigned_kind(model, role);
        if kind.is_none() && (self.all.is_some() || !self.grants.is_empty()) {
            return Err(Refusal::RoleTakesNoLevels(model.role(role).title.clone()));
        }
        let level = |name: &str| {
            kind.and_then(|k| model.kind(k).level_ix(name)).ok_or_else(|| Refusal::UnknownLevel(name.to_owned()))
        };
        let mut each = imbl::OrdMap::new();
        for grant in &self.grants {
            let twice = each.insert(grant.resource, Grant { level: level(&grant.level)?, until: grant.until });
            if twice.is_some() {
                return Err(Refusal::ResourceNamedTwice(grant.resource));
            }
        }
        Ok(Access {
            role,
            template: self.template,
            direct: permission_set(model, &self.direct)?,
            toggles: toggle_set(model, &self.toggles)?,
            grants: Grants { all: self.all.as_deref().map(level).transpose()?, each },
            until: self.until,
        })
    }
}

/// The kind whose levels a role is assigned on any plan. A plan that takes the assignment away (Pro in
/// `properties`) leaves the stored levels alone; they count again on a plan that has it.
pub(crate) fn any_assigned_kind(model: &Model, role: RoleIx) -> Option<KindIx> {
    model.role(role).assigns.iter().copied().flatten().next()
}

fn assigned_kind(model: &Model, access: &Access) -> Option<KindIx> {
    any_assigned_kind(model, access.role)
}

/// Names of permissions, in the model's order.
pub fn names(model: &Model, set: PermissionSet) -> Vec<String> {
    model.names(set).iter().map(ToString::to_string).collect()
}

/// The set that names mean.
///
/// # Errors
/// The first name that the model does not have.
pub fn permission_set(model: &Model, names: &[String]) -> Result<PermissionSet, Refusal> {
    names.iter().map(|n| model.permission(n).ok_or_else(|| Refusal::UnknownPermission(n.clone()))).collect()
}

/// Names of toggles, in the model's order.
pub fn toggle_names(model: &Model, set: ToggleSet) -> Vec<String> {
    set.iter().filter(|t| usize::from(t.0) < model.toggles.len()).map(|t| model.toggle(t).name.to_string()).collect()
}

/// The toggles that names mean.
///
/// # Errors
/// The first name that the model does not have.
pub fn toggle_set(model: &Model, names: &[String]) -> Result<ToggleSet, Refusal> {
    names.iter().try_fold(ToggleSet::default(), |set, n| {
        let toggle = model.toggle_ix(n).ok_or_else(|| Refusal::UnknownToggle(n.clone()))?;
        Ok(set.with(toggle, true))
    })
}
