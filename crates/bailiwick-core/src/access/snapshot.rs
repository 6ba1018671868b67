//! A workspace compiled for checking: names resolved, sets as masks, one small record for each member.

use std::collections::HashMap;
use std::sync::Arc;

use super::model::{KindIx, LevelIx, Model, RoleIx, ToggleSet};
use super::set::PermissionSet;
use crate::ids::{MemberId, PersonId, ResourceId, TemplateId, WorkspaceId};
use crate::team::state::{Access, Grants, Member, Workspace};
use crate::time::Timestamp;

/// A compiled workspace. It answers for one revision and never changes.
#[derive(Debug)]
pub struct Snapshot {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The revision that it was compiled from.
    pub revision: u64,
    /// The model.
    pub model: Arc<Model>,
    /// Whether the workspace was deleted: then every answer is no.
    pub deleted: bool,
    /// What nobody has on this plan, whatever their role: one mask over every answer.
    pub lacks: PermissionSet,
    people: HashMap<PersonId, Row>,
    templates: Vec<TemplateMask>,
    resources: HashMap<ResourceId, ResourceRow>,
    external: HashMap<Arc<str>, ResourceId>,
}

/// What one member holds, ready to be tested. Templates are referred to, not copied: an edit swaps one mask.
#[derive(Debug, Clone)]
pub struct Row {
    /// The row's id.
    pub member: MemberId,
    /// Whether the member is suspended.
    pub suspended: bool,
    /// When all of it ends; the last moment there is, if never.
    pub until: Timestamp,
    /// The role.
    pub role: RoleIx,
    /// Role, direct permissions and toggles together: what a check reads.
    pub own: PermissionSet,
    /// What the role grants by itself; this and the next two are for reasons.
    pub by_role: PermissionSet,
    /// What was given one by one and counts.
    pub direct: PermissionSet,
    /// Toggles that are on and count.
    pub toggles: ToggleSet,
    /// Index into the masks of templates.
    pub template: Option<u32>,
    /// What the level on everything allows.
    pub everywhere: PermissionSet,
    /// The level on everything.
    pub level_everywhere: Option<LevelIx>,
    /// The kind that levels are assigned on.
    pub kind: Option<KindIx>,
    /// Levels on single resources, sorted by resource.
    pub grants: Box<[RowGrant]>,
    /// What such levels open on the workspace, and until when (A23).
    pub beside: Box<[(PermissionSet, Timestamp)]>,
}

/// A level on one resource.
#[derive(Debug, Clone, Copy)]
pub struct RowGrant {
    /// The resource.
    pub resource: ResourceId,
    /// The level that counts: capped by the role.
    pub level: LevelIx,
    /// When it ends.
    pub until: Timestamp,
}

#[derive(Debug)]
pub(crate) struct TemplateMask {
    pub id: TemplateId,
    pub name: Arc<str>,
    pub set: PermissionSet,
}

/// A resource as checks need it.
#[derive(Debug, Clone)]
pub struct ResourceRow {
    /// Its kind.
    pub kind: KindIx,
    /// Its name.
    pub name: Arc<str>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

/// A moment that never comes.
pub const NEVER: Timestamp = Timestamp(i64::MAX);

impl Snapshot {
    /// Compiles a workspace.
    pub fn compile(state: &Workspace) -> Self {
        let templates: Vec<TemplateMask> = state
            .templates
            .iter()
            .map(|(id, t)| TemplateMask { id: *id, name: Arc::clone(&t.name), set: t.set })
            .collect();
        let at: HashMap<TemplateId, u32> =
            templates.iter().enumerate().filter_map(|(i, t)| Some((t.id, u32::try_from(i).ok()?))).collect();
        let mut rows: HashMap<PersonId, (MemberId, Member)> = HashMap::new();
        for (id, member) in &state.members {
            let joined = match rows.remove(&member.person) {
                Some((first, held)) => (first, held.join(member)),
                None => (*id, member.clone()),
            };
            rows.insert(member.person, joined);
        }
        let people = rows
            .into_iter()
            .map(|(person, (id, member))| {
                let template = member.access.template.and_then(|t| at.get(&t).copied());
                (person, Row::compile(state, id, &member, template))
            })
            .collect();
        let resources: HashMap<ResourceId, ResourceRow> = state
            .resources
            .iter()
            .map(|(id, r)| (*id, ResourceRow { kind: r.kind, name: Arc::clone(&r.name), deleted_at: r.deleted_at }))
            .collect();
        let external = state
            .resources
            .iter()
            .filter(|(_, r)| r.deleted_at.is_none())
            .filter_map(|(id, r)| r.external_id.clone().map(|name| (name, *id)))
            .collect();
        Self {
            workspace: state.id,
            revision: state.revision,
            model: Arc::clone(&state.model),
            deleted: state.deleted_at.is_some(),
            lacks: state.model.plan(state.plan).lacks,
            people,
            templates,
            resources,
            external,
        }
    }

    /// The row of a person.
    pub fn row(&self, person: PersonId) -> Option<&Row> {
        self.people.get(&person)
    }

    /// The people who have a row, in no order.
    pub fn people(&self) -> impl Iterator<Item = PersonId> + '_ {
        self.people.keys().copied()
    }

    /// A resource, deleted ones included.
    pub fn resource(&self, id: ResourceId) -> Option<&ResourceRow> {
        self.resources.get(&id)
    }

    /// The resources, in no order, deleted ones included.
    pub fn resources(&self) -> impl Iterator<Item = (ResourceId, &ResourceRow)> + '_ {
        self.resources.iter().map(|(id, row)| (*id, row))
    }

    /// The resource that the host knows by this id.
    pub fn resource_by_external_id(&self, external_id: &str) -> Option<ResourceId> {
        self.external.get(external_id).copied()
    }

    pub(crate) fn template(&self, row: &Row) -> Option<&TemplateMask> {
        row.template.and_then(|i| self.templates.get(i as usize))
    }
}

impl Row {
    pub(crate) fn compile(state: &Workspace, id: MemberId, member: &Member, template: Option<u32>) -> Self {
        let model = &state.model;
        let access = &member.access;
        let role = model.role(access.role);
        let plan = usize::from(state.plan.0);
        let kind = role.assigns[plan];
        let capped = |level: LevelIx| role.max_level.map_or(level, |cap| level.min(cap));
        let level_set = |level: LevelIx| kind.map_or(PermissionSet::EMPTY, |k| model.kind(k).level(capped(level)).set);
        let beside = access.grants.each.iter().filter_map(|(resource, grant)| {
            let set = model.on_workspace(level_set(grant.level));
            let counts = !set.is_empty() && state.live_resource(*resource).is_some();
            counts.then_some((set, grant.until.unwrap_or(NEVER)))
        });
        let beside = beside.collect();
        let grants = access.grants.each.iter().map(|(resource, grant)| RowGrant {
            resource: *resource,
            level: capped(grant.level),
            until: grant.until.unwrap_or(NEVER),
        });
        let Held { by_role, direct, toggles } = Held::of(model, plan, access);
        Self {
            member: id,
            suspended: member.suspended_at.is_some(),
            until: access.until.unwrap_or(NEVER),
            role: access.role,
            own: by_role | direct | model.toggled(toggles),
            by_role,
            direct,
            toggles,
            template: template.filter(|_| role.templates),
            everywhere: access.grants.all.map_or(PermissionSet::EMPTY, level_set),
            level_everywhere: access.grants.all.map(capped),
            kind,
            beside,
            grants: if kind.is_some() { grants.collect() } else { Box::default() },
        }
    }

    /// The level on one resource, ended or not.
    #[inline]
    pub fn grant_on(&self, resource: ResourceId) -> Option<RowGrant> {
        let found = self.grants.binary_search_by_key(&resource, |g| g.resource).ok()?;
        Some(self.grants[found])
    }
}

/// What an access holds on the whole workspace, template apart; each part only where the role takes it.
pub(crate) struct Held {
    by_role: PermissionSet,
    direct: PermissionSet,
    toggles: ToggleSet,
}

impl Held {
    fn of(model: &Model, plan: usize, access: &Access) -> Self {
        let role = model.role(access.role);
        Self {
            by_role: role.grants[plan],
            direct: if role.direct { access.direct } else { PermissionSet::EMPTY },
            toggles: ToggleSet(access.toggles.0 & role.toggles.0),
        }
    }

    fn all(&self, model: &Model) -> PermissionSet {
        self.by_role | self.direct | model.toggled(self.toggles)
    }
}

/// Everything that an access reaches, the plan's mask apart (C12): to compare what is given with what is held.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    pub everywhere: PermissionSet,
    pub each: imbl::OrdMap<ResourceId, PermissionSet>,
}

impl Reach {
    /// No access at all.
    pub fn nothing() -> Self {
        Self { everywhere: PermissionSet::EMPTY, each: imbl::OrdMap::new() }
    }

    pub fn of(state: &Workspace, access: &Access) -> Self {
        let model = &state.model;
        let plan = usize::from(state.plan.0);
        let role = model.role(access.role);
        let kind = role.assigns[plan];
        let level_set = |level: LevelIx| {
            let capped = role.max_level.map_or(level, |cap| level.min(cap));
            kind.map_or(PermissionSet::EMPTY, |k| model.kind(k).level(capped).set)
        };
        let template = if role.templates { state.template_set(access.template) } else { PermissionSet::EMPTY };
        let Grants { all, each } = &access.grants;
        Self {
            everywhere: Held::of(model, plan, access).all(model)
                | template
                | all.map_or(PermissionSet::EMPTY, level_set)
                | each
                    .iter()
                    .filter(|(id, _)| state.live_resource(**id).is_some())
                    .fold(PermissionSet::EMPTY, |set, (_, g)| set | model.on_workspace(level_set(g.level))),
            each: each.iter().map(|(id, g)| (*id, level_set(g.level))).collect(),
        }
    }

    /// What of this lies beyond the other.
    pub fn beyond(&self, holder: &Self) -> PermissionSet {
        let mut more = self.everywhere.without(holder.everywhere);
        for (resource, set) in &self.each {
            let held = holder.everywhere | holder.each.get(resource).copied().unwrap_or_default();
            more |= set.without(held);
        }
        more
    }
}
