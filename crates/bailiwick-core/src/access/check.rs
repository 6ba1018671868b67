//! The check: may this person do that to this thing? A decision is a value, never an error; nothing said means no.

use super::model::{KindIx, Model};
use super::set::{Permission, PermissionSet};
use super::snapshot::{Row, Snapshot};
use crate::ids::{PersonId, ResourceId};
use crate::time::Timestamp;

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Denial {
    /// The workspace does not exist, or was deleted.
    NoSuchWorkspace,
    /// The model has no such permission.
    UnknownPermission,
    /// The person has no row here.
    NotAMember,
    /// The person's row is suspended.
    Suspended,
    /// The person's time here is over.
    Ended,
    /// The permission is asked on a resource, and none was named.
    ResourceNeeded,
    /// The permission is asked on the workspace, and a resource was named.
    NoResourceWanted,
    /// There is no such resource here.
    UnknownResource,
    /// The resource is of another kind than the permission.
    WrongKind,
    /// The resource was deleted.
    ResourceDeleted,
    /// Neither role nor template nor anything else grants it.
    NothingGrants,
    /// Levels are assigned, but none on this resource.
    NoLevel,
    /// The level on this resource does not reach so far.
    LevelTooLow,
    /// The level on this resource has ended.
    LevelEnded,
    /// Role, template or level grant it, and the plan does not have it (C09).
    NotInPlan,
    /// The service is in doubt whether its knowledge is current.
    Unsure,
}

impl Denial {
    /// Every reason why not.
    pub const ALL: [Self; 16] = [
        Self::NoSuchWorkspace,
        Self::UnknownPermission,
        Self::NotAMember,
        Self::Suspended,
        Self::Ended,
        Self::ResourceNeeded,
        Self::NoResourceWanted,
        Self::UnknownResource,
        Self::WrongKind,
        Self::ResourceDeleted,
        Self::NothingGrants,
        Self::NoLevel,
        Self::LevelTooLow,
        Self::LevelEnded,
        Self::NotInPlan,
        Self::Unsure,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoSuchWorkspace => "no-such-workspace",
            Self::UnknownPermission => "unknown-permission",
            Self::NotAMember => "not-a-member",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
            Self::ResourceNeeded => "resource-needed",
            Self::NoResourceWanted => "no-resource-wanted",
            Self::UnknownResource => "unknown-resource",
            Self::WrongKind => "wrong-kind",
            Self::ResourceDeleted => "resource-deleted",
            Self::NothingGrants => "nothing-grants",
            Self::NoLevel => "no-level",
            Self::LevelTooLow => "level-too-low",
            Self::LevelEnded => "level-ended",
            Self::NotInPlan => "not-in-plan",
            Self::Unsure => "unsure",
        }
    }
}

/// What grants something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The role by itself.
    Role(String),
    /// The assigned template.
    Template(String),
    /// A permission given directly.
    Direct,
    /// A toggle that is on.
    Toggle(String),
    /// A level on every resource.
    LevelOnAll(String),
    /// A level on this resource.
    Level(String),
}

/// An answer with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Yes, and everything that grants it.
    Allow(Vec<Reason>),
    /// No.
    Deny(Denial),
}

impl Decision {
    /// Whether it is a yes.
    pub fn allowed(&self) -> bool {
        matches!(self, Self::Allow(_))
    }
}

/// A resource in a question: its id and, if the workspace has it, its kind and whether it was deleted.
pub(crate) type Asked = (ResourceId, Option<(KindIx, bool)>);

/// All that one answer depends on. Hosts' questions bring it from a snapshot, `decide` from a state: one rule.
pub(crate) struct Facts<'a> {
    pub model: &'a Model,
    pub lacks: PermissionSet,
    pub row: &'a Row,
    pub template: PermissionSet,
}

impl Facts<'_> {
    #[inline]
    pub fn judge(&self, permission: Permission, asked: Option<Asked>, now: Timestamp) -> Result<(), Denial> {
        if self.row.suspended {
            return Err(Denial::Suspended);
        }
        if now >= self.row.until {
            return Err(Denial::Ended);
        }
        let held = (self.row.own | self.template).has(permission);
        match (self.model.permission_def(permission).on, asked) {
            (None, None) if !held && !self.opened_by_a_level(permission, now) => return Err(Denial::NothingGrants),
            (None, None) => {}
            (None, Some(_)) => return Err(Denial::NoResourceWanted),
            (Some(_), None) => return Err(Denial::ResourceNeeded),
            (Some(kind), Some(resource)) => self.judge_resource(permission, kind, resource, held, now)?,
        }
        if self.lacks.has(permission) { Err(Denial::NotInPlan) } else { Ok(()) }
    }

    /// A level may open something of the whole workspace (A23).
    fn opened_by_a_level(&self, permission: Permission, now: Timestamp) -> bool {
        self.row.everywhere.has(permission)
            || self.row.beside.iter().any(|(set, until)| now < *until && set.has(permission))
    }

    fn judge_resource(
        &self,
        permission: Permission,
        kind: KindIx,
        (id, known): Asked,
        held: bool,
        now: Timestamp,
    ) -> Result<(), Denial> {
        let (its_kind, deleted) = known.ok_or(Denial::UnknownResource)?;
        if its_kind != kind {
            return Err(Denial::WrongKind);
        }
        if deleted {
            return Err(Denial::ResourceDeleted);
        }
        if held {
            return Ok(());
        }
        if self.row.kind != Some(kind) {
            return Err(Denial::NothingGrants);
        }
        if self.row.everywhere.has(permission) {
            return Ok(());
        }
        match self.row.grant_on(id) {
            Some(grant) if now >= grant.until => Err(Denial::LevelEnded),
            Some(grant) if self.model.kind(kind).level(grant.level).set.has(permission) => Ok(()),
            None if self.row.everywhere.is_empty() => Err(Denial::NoLevel),
            _ => Err(Denial::LevelTooLow),
        }
    }
}

impl Snapshot {
    /// May this person do this to this resource, at this moment? No allocation, no lock.
    ///
    /// # Errors
    /// The first reason why not.
    #[inline]
    pub fn check(
        &self,
        person: PersonId,
        permission: Permission,
        resource: Option<ResourceId>,
        now: Timestamp,
    ) -> Result<(), Denial> {
        if self.deleted {
            return Err(Denial::NoSuchWorkspace);
        }
        if usize::from(permission.0) >= self.model.permissions.len() {
            return Err(Denial::UnknownPermission);
        }
        let row = self.row(person).ok_or(Denial::NotAMember)?;
        let template = self.template(row).map_or(PermissionSet::EMPTY, |t| t.set);
        let facts = Facts { model: &self.model, lacks: self.lacks, row, template };
        let asked = resource.map(|id| (id, self.resource(id).map(|r| (r.kind, r.deleted_at.is_some()))));
        facts.judge(permission, asked, now)
    }

    /// The same question by name, as hosts ask it.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn check_named(
        &self,
        person: PersonId,
        permission: &str,
        resource: Option<ResourceId>,
        now: Timestamp,
    ) -> Result<(), Denial> {
        let permission = self.model.permission(permission).ok_or(Denial::UnknownPermission)?;
        self.check(person, permission, resource, now)
    }

    /// The answer with everything that grants it, or why nothing does (X10).
    pub fn explain(
        &self,
        person: PersonId,
        permission: Permission,
        resource: Option<ResourceId>,
        now: Timestamp,
    ) -> Decision {
        match self.check(person, permission, resource, now) {
            Ok(()) => Decision::Allow(self.reasons(person, permission, resource, now)),
            Err(denial) => Decision::Deny(denial),
        }
    }

    fn reasons(
        &self,
        person: PersonId,
        permission: Permission,
        resource: Option<ResourceId>,
        now: Timestamp,
    ) -> Vec<Reason> {
        let Some(row) = self.row(person) else { return Vec::new() };
        let mut reasons = Vec::new();
        if row.by_role.has(permission) {
            reasons.push(Reason::Role(self.model.role(row.role).title.clone()));
        }
        if let Some(template) = self.template(row).filter(|t| t.set.has(permission)) {
            reasons.push(Reason::Template(template.name.to_string()));
        }
        if row.direct.has(permission) {
            reasons.push(Reason::Direct);
        }
        let toggles = row.toggles.iter().map(|t| self.model.toggle(t)).filter(|t| t.set.has(permission));
        reasons.extend(toggles.map(|t| Reason::Toggle(t.title.clone())));
        if let (Some(kind), Some(id)) = (row.kind, resource) {
            let title = |level| self.model.kind(kind).level(level).title.clone();
            if let Some(level) = row.level_everywhere.filter(|_| row.everywhere.has(permission)) {
                reasons.push(Reason::LevelOnAll(title(level)));
            }
            let grant = row.grant_on(id).filter(|g| self.model.kind(kind).level(g.level).set.has(permission));
            reasons.extend(grant.map(|g| Reason::Level(title(g.level))));
        }
        if let (Some(kind), None) = (row.kind, resource) {
            let there = |id| self.resource(id).is_some_and(|r| r.deleted_at.is_none());
            let count = row.grants.iter().filter(|g| now < g.until && there(g.resource)).map(|g| g.level);
            let levels = row.level_everywhere.into_iter().chain(count);
            let opens = levels.map(|l| self.model.kind(kind).level(l)).filter(|l| l.set.has(permission));
            reasons.extend(opens.map(|l| Reason::Level(l.title.clone())));
        }
        reasons
    }
}
