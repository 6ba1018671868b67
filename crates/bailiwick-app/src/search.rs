//! Searches for hosts and people: who may, what may be done, and to what, by the same check and in the same frame.
//!
//! An answer is of one revision of each workspace that it speaks of. A later page names what the first one was of, and
//! is refused if that is not in memory any more (decision 12).

use std::sync::Arc;

use bailiwick_core::access::set::{Permission, PermissionSet};
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::{PersonId, ResourceId, WorkspaceId};
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::time::Timestamp;

use crate::app::App;
use crate::caller::{Caller, Scope};
use crate::error::AppError;
use crate::live::Answer;
use crate::look::{Question, ResourceName};

/// The revision that an answer shall be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// This one or a later one.
    AtLeast(u64),
    /// The one that the page before was of, and no other.
    Exactly(u64),
}

/// When a question is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The revision that the answer shall be of, if it is about now.
    pub of: Of,
    /// The moment of the past that it is about (X12); `None`: now.
    pub at: Option<Timestamp>,
}

/// What was found on one revision of a workspace, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// The workspace, as it was at that revision.
    pub state: Arc<Workspace>,
    /// All of it.
    pub all: T,
}

impl<T> Found<T> {
    /// The revision that all of it is of.
    pub fn revision(&self) -> u64 {
        self.state.revision
    }
}

/// Where a person may do something, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// On which resource; `None`: on the workspace itself.
    pub resource: Option<ResourceId>,
    /// What, by the names of the model.
    pub permissions: Vec<String>,
}

/// A resource that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// Its id.
    pub id: ResourceId,
    /// The host's own id for it.
    pub external_id: Option<Arc<str>>,
}

/// The most workspaces of a person that one search looks into.
pub const MOST_WORKSPACES: usize = 500;

/// On what something is searched: on the workspace, or on a resource that the host may have said the kind of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct On<'a> {
    /// The resource.
    pub resource: &'a ResourceName,
    /// Its kind, if that was said.
    pub kind: Option<&'a str>,
}

impl On<'_> {
    /// The resource, if it is there and of that kind.
    fn find(&self, snapshot: &Snapshot) -> Option<ResourceId> {
        let id = self.resource.find(snapshot)?;
        let there = snapshot.resource(id)?;
        self.kind.is_none_or(|kind| snapshot.model.kind_ix(kind) == Some(there.kind)).then_some(id)
    }
}

/// The place of a question: `None` if it is about a resource that is not there.
fn place(snapshot: &Snapshot, on: Option<On<'_>>) -> Option<Option<ResourceId>> {
    match on {
        None => Some(None),
        Some(on) => on.find(snapshot).map(Some),
    }
}

impl App {
    /// Everybody who may do this there, by id; for a host that asks for decisions.
    ///
    /// # Errors
    /// A missing scope; [`AppError::Unsure`], [`AppError::NotYet`], [`AppError::Passed`]; the store's. `None` in the
    /// result: there is no such workspace for this caller.
    pub async fn search_people(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        permission: &str,
        on: Option<On<'_>>,
        of: Of,
    ) -> Result<Option<Found<Vec<PersonId>>>, AppError> {
        caller.needs(Scope::Check)?;
        self.searched(caller, workspace, of, |snapshot, _, now| who(snapshot, permission, on, now)).await
    }

    /// Everything that a person may do there, in the model's order; for a host that asks for decisions.
    ///
    /// # Errors
    /// As [`App::search_people`].
    pub async fn search_actions(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        person: PersonId,
        on: Option<On<'_>>,
        of: Of,
    ) -> Result<Option<Found<Vec<(Permission, Arc<str>)>>>, AppError> {
        caller.needs(Scope::Check)?;
        let ask = |snapshot: &Snapshot, _: &Workspace, now| {
            let set = place(snapshot, on).map_or(PermissionSet::EMPTY, |place| snapshot.what_can(person, place, now));
            set.iter().zip(snapshot.model.names(set)).collect()
        };
        self.searched(caller, workspace, of, ask).await
    }

    /// Every resource of a kind in a workspace that a person may do this to, by id; for a host that asks for decisions.
    ///
    /// # Errors
    /// As [`App::search_people`].
    pub async fn search_resources(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        person: PersonId,
        permission: &str,
        kind: &str,
        of: Of,
    ) -> Result<Option<Found<Vec<Thing>>>, AppError> {
        caller.needs(Scope::Check)?;
        let ask = |snapshot: &Snapshot, state: &Workspace, now| {
            let known = snapshot.model.permission(permission).zip(snapshot.model.kind_ix(kind));
            let all = known.map_or_else(Vec::new, |(p, kind)| snapshot.which_resources(person, p, kind, now));
            let external = |id| state.resources.get(&id).and_then(|resource| resource.external_id.clone());
            all.into_iter().map(|id| Thing { id, external_id: external(id) }).collect()
        };
        self.searched(caller, workspace, of, ask).await
    }

    /// The workspaces of the caller's product that a person has a row in, by id.
    ///
    /// # Errors
    /// [`AppError::Invalid`] if they are more than one search looks into; the store's.
    pub async fn workspaces_of(&self, person: PersonId) -> Result<Vec<WorkspaceId>, AppError> {
        let rows = self.lines.read_soon(move |from| from.memberships(person)).await?;
        let mut all: Vec<WorkspaceId> = rows.into_iter().map(|row| row.workspace).collect();
        all.sort_unstable();
        all.dedup();
        if all.len() > MOST_WORKSPACES {
            let sentence = format!("This person is in more than {MOST_WORKSPACES} workspaces; say in which one.");
            return Err(AppError::Invalid { field: "workspace", sentence });
        }
        Ok(all)
    }

    /// Everybody who may do this there, by id, for who may see the team.
    ///
    /// # Errors
    /// [`Refusal::NoSuchWorkspace`] for who may not see it; an unknown permission or resource; as [`App::search_people`].
    pub async fn who_can(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        permission: &str,
        resource: Option<&ResourceName>,
        when: When,
    ) -> Result<Found<Vec<PersonId>>, AppError> {
        let on = resource.map(|resource| On { resource, kind: None });
        let ask = |snapshot: &Snapshot, _: &Workspace, now| {
            known(snapshot, Some(permission), on)?;
            Ok(who(snapshot, permission, on, now))
        };
        self.looked(caller, workspace, None, when, ask).await
    }

    /// What a person may do, on the workspace and on each resource, by the resource's id and the workspace first: for who
    /// may see the team, and for the person. A permission and a resource narrow it.
    ///
    /// # Errors
    /// As [`App::who_can`].
    pub async fn what_can(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        person: PersonId,
        permission: Option<&str>,
        resource: Option<&ResourceName>,
        when: When,
    ) -> Result<Found<Vec<Spot>>, AppError> {
        let on = resource.map(|resource| On { resource, kind: None });
        let ask = |snapshot: &Snapshot, _: &Workspace, now| {
            known(snapshot, permission, on)?;
            let only = permission.and_then(|name| snapshot.model.permission(name));
            let mut places: Vec<Option<ResourceId>> = match place(snapshot, on) {
                Some(Some(one)) => vec![Some(one)],
                _ => [None].into_iter().chain(snapshot.resources().map(|(id, _)| Some(id))).collect(),
            };
            places.sort_unstable();
            let spots = places.into_iter().map(|resource| {
                let may = |p| snapshot.check(person, p, resource, now).is_ok();
                let set = match only {
                    Some(only) => [only].into_iter().filter(|p| may(*p)).collect(),
                    None => snapshot.what_can(person, resource, now),
                };
                Spot { resource, permissions: named(snapshot, set) }
            });
            Ok(spots.filter(|spot| !spot.permissions.is_empty()).collect())
        };
        self.looked(caller, workspace, Some(person), when, ask).await
    }

    /// Why a person may or may not, with everything that says so: for who may see the team, and for the person (X10, E23).
    ///
    /// # Errors
    /// [`Refusal::NoSuchWorkspace`] for who may not ask; an unknown permission; as [`App::search_people`].
    pub async fn why(&self, caller: &Caller, question: &Question, at: Option<Timestamp>) -> Result<Answer, AppError> {
        let ask = |snapshot: &Snapshot, _: &Workspace, now| {
            known(snapshot, Some(&question.permission), None)?;
            Ok(question.decide(snapshot, None, now))
        };
        let when = When { of: Of::AtLeast(question.at_least), at };
        let found = self.looked(caller, question.workspace, Some(question.person), when, ask).await?;
        Ok(Answer { revision: found.revision(), decision: found.all })
    }

    /// A question of somebody who reads, and may be refused: whether they may ask is judged now, also about the past.
    async fn looked<T>(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        about: Option<PersonId>,
        when: When,
        ask: impl Fn(&Snapshot, &Workspace, Timestamp) -> Result<T, Refusal>,
    ) -> Result<Found<T>, AppError> {
        caller.needs(Scope::Read)?;
        let Some(at) = when.at else {
            let ask = |snapshot: &Snapshot, state: &Workspace, now| {
                sees_team(caller, about, snapshot, now)?;
                ask(snapshot, state, now)
            };
            let found = self.searched(caller, workspace, when.of, ask).await?.ok_or(Refusal::NoSuchWorkspace)?;
            return Ok(Found { state: found.state, all: found.all? });
        };
        // The past does not pass: a later page needs no revision to be the newest.
        let at_least = match when.of {
            Of::AtLeast(revision) => revision,
            Of::Exactly(_) => 0,
        };
        self.past(caller, workspace, about, at_least, at, ask).await
    }

    /// The same about the workspace as it was at a moment (X12).
    async fn past<T>(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        about: Option<PersonId>,
        at_least: u64,
        at: Timestamp,
        ask: impl Fn(&Snapshot, &Workspace, Timestamp) -> Result<T, Refusal>,
    ) -> Result<Found<T>, AppError> {
        let may = |snapshot: &Snapshot, _: &Workspace, now| sees_team(caller, about, snapshot, now);
        let asked = self.searched(caller, workspace, Of::AtLeast(at_least), may).await?;
        asked.ok_or(Refusal::NoSuchWorkspace)?.all?;
        let invalid = |sentence: &str| AppError::Invalid { field: "as_of", sentence: sentence.to_owned() };
        if at > self.clock.now() {
            return Err(invalid("This moment has not come yet."));
        }
        let state = self.lines.read(move |from| from.workspace_at(workspace, at)).await?;
        let state = state.ok_or_else(|| invalid("The workspace was not there yet: its log begins later."))?;
        let all = ask(&Snapshot::compile(&state), &state, at)?;
        Ok(Found { state, all })
    }

    /// A question on the revision that was asked for.
    async fn searched<T>(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        of: Of,
        ask: impl Fn(&Snapshot, &Workspace, Timestamp) -> T,
    ) -> Result<Option<Found<T>>, AppError> {
        let now = self.clock.now();
        let try_it = async || {
            let found = self.on_snapshot(workspace, |snapshot, state| {
                let there = !snapshot.deleted && caller.sees_product(state.product);
                there.then(|| Found { state: Arc::clone(state), all: ask(snapshot, state, now) })
            });
            Ok::<_, AppError>(found.await?.flatten())
        };
        let (Of::AtLeast(wanted) | Of::Exactly(wanted)) = of;
        let mut found = try_it().await?;
        if found.as_ref().is_some_and(|found| found.revision() < wanted) {
            self.lines.live().load(&self.lines, workspace).await?;
            found = try_it().await?;
        }
        match (found, of) {
            (Some(found), _) if found.revision() < wanted => Err(AppError::NotYet(found.revision())),
            (Some(found), Of::Exactly(_)) if found.revision() > wanted => Err(AppError::Passed),
            (found, _) => Ok(found),
        }
    }
}

fn who(snapshot: &Snapshot, permission: &str, on: Option<On<'_>>, now: Timestamp) -> Vec<PersonId> {
    let known = snapshot.model.permission(permission).zip(place(snapshot, on));
    known.map_or_else(Vec::new, |(permission, place)| snapshot.who_can(permission, place, now))
}

fn named(snapshot: &Snapshot, set: PermissionSet) -> Vec<String> {
    snapshot.model.names(set).iter().map(ToString::to_string).collect()
}

/// Whether the caller may ask about people here: who sees the team about everybody, everybody else about themself.
fn sees_team(caller: &Caller, about: Option<PersonId>, snapshot: &Snapshot, now: Timestamp) -> Result<(), Refusal> {
    let Some(person) = caller.person() else { return Ok(()) };
    let is_here = snapshot.row(person).is_some_and(|row| !row.suspended && now < row.until);
    let sees = snapshot.check(person, snapshot.model.acts.view_team, None, now).is_ok();
    if sees || (is_here && about == Some(person)) { Ok(()) } else { Err(Refusal::NoSuchWorkspace) }
}

/// What was named is there.
fn known(snapshot: &Snapshot, permission: Option<&str>, on: Option<On<'_>>) -> Result<(), Refusal> {
    if let Some(name) = permission.filter(|name| snapshot.model.permission(name).is_none()) {
        return Err(Refusal::UnknownPermission(name.to_owned()));
    }
    if place(snapshot, on).is_none() { Err(Refusal::NoSuchResource) } else { Ok(()) }
}
