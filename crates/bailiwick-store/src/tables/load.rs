//! From tables to a workspace's state: a few indexed reads.

use std::collections::HashMap;
use std::sync::Arc;

use bailiwick_core::access::model::{Model, ToggleSet};
use bailiwick_core::ids::{InvitationId, MemberId, WorkspaceId};
use bailiwick_core::team::invariant;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::{Access, Invitation, Member, Resource, Template, Workspace};
use bailiwick_core::team::wire::{GrantWire, permission_set, toggle_set};
use imbl::OrdMap;

use super::db::{Cells, Db, Out, StoredId, VALUE, all, each, one};
use crate::chain::Seal;
use crate::codec::{AccessColumns, stage_of};
use crate::error::StoreError;
use crate::models::Models;
use crate::query::{installation, log, workspace as q};
use crate::readers::understands;
use crate::rows::LineId;

/// The model of a version, as this connection sees it.
pub(crate) fn model(db: &dyn Db, models: &Models, version: &str) -> Out<Arc<Model>> {
    models.get(version, || one(db, installation::MODEL_TEXT, &[&version], |c| c.text()))
}

/// A workspace that may be served: loaded, and nothing about it is broken.
pub(crate) fn workspace(db: &dyn Db, models: &Models, id: WorkspaceId) -> Out<Option<Workspace>> {
    let line = LineId::Workspace(id);
    let stands = one(db, log::LINE, &[&id.bytes()], |c| {
        let (kind, revision, _, _) = (c.text()?, c.number::<u64>()?, c.time()?, c.get::<Seal>()?);
        Ok((kind, revision, c.number()?))
    })?;
    // An id of something else is that of no workspace.
    let logged = match stands {
        Some((kind, ..)) if kind != line.kind() => return Ok(None),
        Some((_, revision, oldest_reader)) => {
            understands(line, oldest_reader)?;
            Some(revision)
        }
        None => None,
    };
    let state = unchecked(db, models, id).map_err(|error| fence(id, error))?;
    if let Some(state) = &state {
        invariant::check(state).map_err(|why| fenced(id, why))?;
        newest_is_understood(db, id, state.revision)?;
        if logged != Some(state.revision) {
            return Err(fenced(id, format!("its tables are at revision {}, its log is elsewhere", state.revision)));
        }
    }
    Ok(state)
}

/// Nothing, if this program understands the newest change of a workspace. Whoever writes what older programs do not know
/// marks the line; this finds the change that was made without.
fn newest_is_understood(db: &dyn Db, id: WorkspaceId, revision: u64) -> Out<()> {
    let strange =
        super::log::events(db, LineId::Workspace(id), revision)?.into_iter().find(|event| event.read().is_none());
    strange.map_or(Ok(()), |event| Err(fenced(id, format!("`{}` of its newest change is not understood", event.kind))))
}

fn fenced(id: WorkspaceId, why: impl std::fmt::Display) -> StoreError {
    StoreError::Fenced { line: id.to_string(), why: why.to_string() }
}

/// What cannot be read of a workspace fences it; that the engine fails does not.
fn fence(id: WorkspaceId, error: StoreError) -> StoreError {
    match error {
        StoreError::Fenced { line, why } if line == VALUE => fenced(id, why),
        StoreError::Fenced { line, why } if line != id.to_string() => fenced(id, format!("{line}: {why}")),
        other => other,
    }
}

fn unchecked(db: &dyn Db, models: &Models, id: WorkspaceId) -> Out<Option<Workspace>> {
    let key = id.bytes();
    let bad = |why: &dyn std::fmt::Display| fenced(id, why);
    let Some((mut state, plan)) = one(db, q::WORKSPACE, &[&key], |c| {
        let name = c.text()?;
        let product = c.id()?;
        let external_id = c.get::<Option<String>>()?;
        let model = model(db, models, &c.text()?)?;
        let plan = c.text()?;
        let state = Workspace {
            id,
            product,
            external_id: external_id.map(Arc::from),
            plan: model.default_plan,
            model,
            extra_seats: c.number()?,
            revision: c.number()?,
            version: c.number()?,
            created_at: c.time()?,
            last_time: c.time()?,
            deleted_at: c.maybe_time()?,
            name: Arc::from(name),
            members: OrdMap::new(),
            invitations: OrdMap::new(),
            templates: OrdMap::new(),
            resources: OrdMap::new(),
        };
        Ok((state, plan))
    })?
    else {
        return Ok(None);
    };
    let model = Arc::clone(&state.model);
    state.plan = model.plan_ix(&plan).ok_or_else(|| bad(&format!("the model has no plan `{plan}`")))?;

    let mut levels = grants::<MemberId>(db, q::GRANTS, id)?;
    state.members = all(db, q::MEMBERS, &[&key], |c| {
        let id = c.id()?;
        let access = access(c, &model, levels.remove(&id)).map_err(|e| e.at(&bad))?;
        let member = Member {
            access,
            person: c.id()?,
            address: c.id()?,
            suspended_at: c.maybe_time()?,
            joined_at: c.time()?,
            invited_by: c.maybe_json()?,
            toggles_before: toggles(&model, &c.json::<Vec<String>>()?).map_err(|e| bad(&e))?,
            role_since: c.time()?,
            version: c.number()?,
        };
        Ok((id, member))
    })?
    .into_iter()
    .collect();
    if !levels.is_empty() {
        return Err(bad(&"levels of a member who is not there"));
    }

    let mut levels = grants::<InvitationId>(db, q::INVITATION_GRANTS, id)?;
    state.invitations = all(db, q::INVITATIONS, &[&key], |c| {
        let id = c.id()?;
        let access = access(c, &model, levels.remove(&id)).map_err(|e| e.at(&bad))?;
        let (address, sender, sent_at, sending) = (c.id()?, c.json()?, c.time()?, c.number()?);
        let (word, at, by) = (c.text()?, c.time()?, c.maybe_id()?);
        let stage = stage_of(&word, at, by).ok_or_else(|| bad(&format!("{id} stands at `{word}`")))?;
        Ok((id, Invitation { address, access, sender, sent_at, sending, stage, version: c.number()? }))
    })?
    .into_iter()
    .collect();
    if !levels.is_empty() {
        return Err(bad(&"levels of an invitation that is not there"));
    }

    state.templates = all(db, q::TEMPLATES, &[&key], |c| {
        let id = c.id()?;
        let template = Template {
            name: Arc::from(c.text()?),
            set: permission_set(&model, &c.json::<Vec<String>>()?).map_err(|e| bad(&e))?,
            suggests: toggles(&model, &c.json::<Vec<String>>()?).map_err(|e| bad(&e))?,
            version: c.number()?,
        };
        Ok((id, template))
    })?
    .into_iter()
    .collect();

    state.resources = all(db, q::RESOURCES, &[&key], |c| {
        let id = c.id()?;
        let kind = c.text()?;
        let resource = Resource {
            kind: model.kind_ix(&kind).ok_or_else(|| bad(&format!("the model has no kind `{kind}`")))?,
            name: Arc::from(c.text()?),
            external_id: c.get::<Option<String>>()?.map(Arc::from),
            deleted_at: c.maybe_time()?,
            version: c.number()?,
        };
        Ok((id, resource))
    })?
    .into_iter()
    .collect();
    Ok(Some(state))
}

/// Levels on single resources, by who holds them.
fn grants<T: StoredId + Eq + std::hash::Hash>(
    db: &dyn Db,
    sql: &str,
    id: WorkspaceId,
) -> Out<HashMap<T, Vec<GrantWire>>> {
    let mut found: HashMap<T, Vec<GrantWire>> = HashMap::new();
    each(db, sql, &[&id.bytes()], |c| {
        let holder = c.id()?;
        let grant = GrantWire { resource: c.id()?, level: c.text()?, until: c.maybe_time()? };
        found.entry(holder).or_default().push(grant);
        Ok(())
    })?;
    Ok(found)
}

enum Misread {
    Store(StoreError),
    Name(Refusal),
}

impl Misread {
    fn at(self, bad: &dyn Fn(&dyn std::fmt::Display) -> StoreError) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Name(refusal) => bad(&refusal),
        }
    }
}

impl From<StoreError> for Misread {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The access that the next six columns and these levels say.
fn access(c: &mut Cells<'_>, model: &Model, grants: Option<Vec<GrantWire>>) -> Result<Access, Misread> {
    let columns = AccessColumns {
        role: c.text()?,
        template: c.maybe_id()?,
        direct: c.json()?,
        toggles: c.json()?,
        all: c.get()?,
        until: c.maybe_time()?,
    };
    columns.with(grants.unwrap_or_default()).read(model).map_err(Misread::Name)
}

fn toggles(model: &Model, names: &[String]) -> Result<ToggleSet, Refusal> {
    toggle_set(model, names)
}
