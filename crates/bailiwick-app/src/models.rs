//! Another version of an access model, and the workspaces that move to it (X14).
//!
//! A version is registered first, so that new workspaces begin on it; then each workspace that is pinned to another
//! version of the same name moves by one change of its own line. What each is pinned to is all that says what is left
//! to do: a command that broke off is given again and goes on where it was.

use std::collections::BTreeSet;
use std::sync::Arc;

use bailiwick_core::access::model::Model;
use bailiwick_core::access::parse::parse;
use bailiwick_core::ids::{PersonId, WorkspaceId};
use bailiwick_core::team::command::{Actor, Command, Request};
use bailiwick_core::team::event::Event;
use bailiwick_core::team::preview::preview;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::time::Timestamp;
use bailiwick_store::rows::{By, LineId, LogFilter, ModelRow, Row};
use bailiwick_store::{StoreError, Tx};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::AppError;
use crate::keys::hex;
use crate::secret::sha256;

/// The operator, from nowhere.
const OPERATOR: By = By { actor: Actor::Operator, origin: None };
/// How many workspaces are read at once.
const PAGE: usize = 1000;

/// How far an application has come: so many of so many workspaces were looked at.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Send + Sync);

/// What applying a version, or taking it back, came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moves {
    /// The version that new workspaces begin on now.
    pub version: String,
    /// How many workspaces moved.
    pub moved: usize,
    /// Those that could not, and stay on their version.
    pub stay: Vec<Stays>,
}

/// A workspace that stays on its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stays {
    /// Which.
    pub workspace: String,
    /// Its name.
    pub name: String,
    /// What the other version cannot express.
    pub why: Vec<String>,
}

/// What a version would do to one workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foretold {
    /// Which.
    pub workspace: String,
    /// Its name.
    pub name: String,
    /// What the version cannot express; then it would stay.
    pub refused: Vec<String>,
    /// Who would gain and lose what.
    pub changes: Vec<Gains>,
}

/// What one person would gain and lose at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gains {
    /// Who.
    pub person: PersonId,
    /// Their name; empty if they were erased.
    pub name: String,
    /// The name of the resource; none: the workspace.
    pub resource: Option<String>,
    /// Permissions gained.
    pub gains: Vec<String>,
    /// Permissions lost.
    pub loses: Vec<String>,
}

/// What one workspace came to.
enum Outcome {
    Moved,
    Passed,
    Stays(Stays),
}

impl App {
    /// Registers a model's text as the newest version under its name, and moves every workspace that is pinned to another
    /// version of that name. Given again after it broke off, it goes on.
    ///
    /// # Errors
    /// A text that does not compile, or is that of a model of another name; the store's, after which it can be given again.
    pub async fn apply_model(&self, name: &str, text: &str, progress: Progress<'_>) -> Result<Moves, AppError> {
        let version = compiled(name, text)?.version.to_string();
        self.make_newest(name, text, &version, None).await?;
        let installation = self.installation();
        let to = installation.model(&version)?;
        // One that came after this version, by somebody else at the same time, is left alone.
        let older: Vec<String> = installation.versions_of(name).into_iter().take_while(|v| *v != version).collect();
        let from = older.clone();
        let target = move |_: &mut dyn Tx, state: &Workspace| {
            Ok(older.iter().any(|version| **version == *state.model.version).then(|| Arc::clone(&to)))
        };
        self.move_all(from, version, target, progress).await
    }

    /// Takes the newest version of a model back: workspaces that were moved to it go back to where they came from. Those
    /// that were made under it stay on it. When all are back, new ones begin on the version before; until then the same
    /// command goes on with the same version.
    ///
    /// # Errors
    /// A name without a version before; the store's, after which it can be given again.
    pub async fn undo_model(&self, name: &str, progress: Progress<'_>) -> Result<Moves, AppError> {
        let installation = self.installation();
        let versions = installation.versions_of(name);
        let [.., before, newest] = &versions[..] else {
            return Err(invalid(format!("There is no version of a model `{name}` before the newest one.")));
        };
        let (undone, known) = (newest.clone(), Arc::clone(&installation));
        let target = move |tx: &mut dyn Tx, state: &Workspace| {
            if *state.model.version != *undone {
                return Ok(None);
            }
            match came_from(tx, state)? {
                Some(version) => known.model(&version).map(Some),
                None => Ok(None),
            }
        };
        let moves = self.move_all(vec![newest.clone()], newest.clone(), target, progress).await?;
        if !moves.stay.is_empty() {
            return Ok(moves);
        }
        let text = self.text_of(before).await?;
        self.make_newest(name, &text, before, Some(newest.clone())).await?;
        Ok(Moves { version: before.clone(), ..moves })
    }

    /// What a model's text would do to each workspace that is pinned to another version: of this name, or to this one.
    ///
    /// # Errors
    /// A text that does not compile; no such model; the store's.
    pub async fn foretell_model(&self, of: &str, text: &str) -> Result<Vec<Foretold>, AppError> {
        let to = Arc::new(compiled(of, text)?);
        let installation = self.installation();
        let mut from = installation.versions_of(of);
        if from.is_empty() && installation.models.contains_key(of) {
            from.push(of.to_owned());
        }
        if from.is_empty() {
            return Err(invalid(format!("There is no model `{of}` here.")));
        }
        from.retain(|version| *version != *to.version);
        let mut all = Vec::new();
        for id in self.pinned_to(from).await? {
            match self.lines.read(move |from| from.workspace(id)).await {
                Ok(Some(state)) => all.push(self.foretold(&state, &to).await?),
                Ok(None) => {}
                // One that cannot be read is listed, and hides no other.
                Err(StoreError::Fenced { why, .. }) => {
                    let (workspace, name) = (id.to_string(), String::new());
                    all.push(Foretold { workspace, name, refused: vec![why], changes: Vec::new() });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(all)
    }

    async fn foretold(&self, state: &Workspace, to: &Arc<Model>) -> Result<Foretold, AppError> {
        let request = Request { actor: Actor::Operator, command: Command::MoveModel(Arc::clone(to)), seen: None };
        let (workspace, name) = (state.id.to_string(), state.name.to_string());
        let foretold = match preview(state, &request, self.clock.now()) {
            Ok(foretold) => foretold,
            Err(refusal) => {
                return Ok(Foretold { workspace, name, refused: lines_of(refusal), changes: Vec::new() });
            }
        };
        let people: Vec<PersonId> =
            foretold.changes.iter().map(|c| c.person).collect::<BTreeSet<_>>().into_iter().collect();
        let cards = self.lines.read(move |from| from.cards(&people)).await?;
        let names = |model: &Model, set| model.names(set).iter().map(ToString::to_string).collect();
        let changes = foretold.changes.iter().map(|change| Gains {
            person: change.person,
            name: cards.iter().find(|card| card.person == change.person).map(|c| c.name.clone()).unwrap_or_default(),
            resource: change.resource.and_then(|id| state.resources.get(&id)).map(|r| r.name.to_string()),
            gains: names(to, change.gains),
            loses: names(&state.model, change.loses),
        });
        Ok(Foretold { workspace, name, refused: Vec::new(), changes: changes.collect() })
    }

    /// Makes a version the newest of its name; where it is that, nothing is done. `instead_of`: only while that one is
    /// the newest.
    async fn make_newest(
        &self,
        name: &str,
        text: &str,
        version: &str,
        instead_of: Option<String>,
    ) -> Result<(), AppError> {
        let (now, line) = (self.clock.now(), LineId::Installation);
        let row = ModelRow { version: version.into(), name: name.into(), text: text.into(), created_at: now };
        self.lines
            .change(vec![line], self.command_id(), move |tx| {
                let known = tx.models()?;
                if let Some(other) = known.iter().find(|m| m.version == row.version && m.name != row.name) {
                    return Err(invalid(format!("This is the text of the model `{}`.", other.name)));
                }
                let newest = known.iter().rfind(|m| m.name == row.name).map(|m| &m.version);
                if newest == Some(&row.version) {
                    return Ok(());
                }
                if instead_of.is_some() && newest != instead_of.as_ref() {
                    return Err(invalid(format!("Another version of `{}` was applied meanwhile.", row.name)));
                }
                // After all others, whatever the clocks of nodes say.
                let last = known.last().map_or(now, |m| Timestamp(m.created_at.0 + 1));
                let row = ModelRow { created_at: now.max(last), ..row };
                Ok(tx.put(line, &OPERATOR, now, vec![Row::Model(row)])?)
            })
            .await
            .map(drop)
    }

    async fn text_of(&self, version: &str) -> Result<String, AppError> {
        let wanted = version.to_owned();
        let rows = self.lines.read(|from| from.models()).await?;
        let found = rows.into_iter().find(|row| row.version == wanted);
        found.map(|row| row.text).ok_or_else(|| invalid(format!("There is no version {wanted} here.")))
    }

    async fn move_all<T>(
        &self,
        from: Vec<String>,
        version: String,
        target: T,
        progress: Progress<'_>,
    ) -> Result<Moves, AppError>
    where
        T: Fn(&mut dyn Tx, &Workspace) -> Result<Option<Arc<Model>>, AppError> + Send + Sync + 'static,
    {
        let target = Arc::new(target);
        let all = self.pinned_to(from).await?;
        let mut moves = Moves { version, moved: 0, stay: Vec::new() };
        for (done, id) in all.iter().enumerate() {
            progress(done, all.len());
            match self.move_one(*id, Arc::clone(&target)).await? {
                Outcome::Moved => moves.moved += 1,
                Outcome::Passed => {}
                Outcome::Stays(stays) => moves.stay.push(stays),
            }
        }
        progress(all.len(), all.len());
        Ok(moves)
    }

    async fn move_one<T>(&self, id: WorkspaceId, target: Arc<T>) -> Result<Outcome, AppError>
    where
        T: Fn(&mut dyn Tx, &Workspace) -> Result<Option<Arc<Model>>, AppError> + Send + Sync + 'static,
    {
        let (tools, now) = (self.tools(), self.clock.now());
        let changed = self.lines.change(vec![LineId::Workspace(id)], self.command_id(), move |tx| {
            let state = tx.workspace(id)?.filter(|state| state.deleted_at.is_none());
            let Some(state) = state else { return Ok(false) };
            let Some(to) = target(tx, &state)? else { return Ok(false) };
            tools.decide(tx, &OPERATOR, &state, Command::MoveModel(to), None, now)?;
            Ok(true)
        });
        match changed.await {
            Ok(bailiwick_store::Changed::Done(false, _)) => Ok(Outcome::Passed),
            Ok(_) => Ok(Outcome::Moved),
            Err(AppError::Refused(refusal)) => {
                let name = self.lines.read(move |from| from.workspace(id)).await?.map(|s| s.name.to_string());
                let name = name.unwrap_or_default();
                Ok(Outcome::Stays(Stays { workspace: id.to_string(), name, why: lines_of(refusal) }))
            }
            // One that cannot be read holds nobody else up.
            Err(AppError::Store(StoreError::Fenced { why, .. })) => {
                Ok(Outcome::Stays(Stays { workspace: id.to_string(), name: String::new(), why: vec![why] }))
            }
            Err(error) => Err(error),
        }
    }

    /// All workspaces that are pinned to one of these versions.
    async fn pinned_to(&self, versions: Vec<String>) -> Result<Vec<WorkspaceId>, AppError> {
        let mut all = Vec::new();
        for version in versions {
            let mut last = None;
            loop {
                let version = version.clone();
                let page = self.lines.read(move |from| from.workspaces_pinned(&version, last, PAGE)).await?;
                last = page.last().copied();
                all.extend_from_slice(&page);
                if page.len() < PAGE {
                    break;
                }
            }
        }
        Ok(all)
    }
}

/// The version that a workspace was moved from to the one that it is on; `None`: it was made under it.
fn came_from(tx: &mut dyn Tx, state: &Workspace) -> Result<Option<String>, AppError> {
    let last = LogFilter { kinds: vec!["model_changed".into()], limit: 1, ..LogFilter::default() };
    let entries = tx.log(LineId::Workspace(state.id), &last)?;
    let moved =
        entries.iter().flat_map(|entry| &entry.events).find_map(|event| match serde_json::from_str(&event.payload) {
            Ok(Event::ModelChanged { from, to }) => Some((from, to)),
            _ => None,
        });
    Ok(moved.filter(|(_, to)| **to == *state.model.version).map(|(from, _)| from))
}

fn compiled(name: &str, text: &str) -> Result<Model, AppError> {
    let named =
        !name.is_empty() && name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !named {
        return Err(invalid(format!("`{name}` is not a name: letters, digits, - and _.")));
    }
    parse(text, &hex(&sha256(text.as_bytes()))).map_err(|faults| invalid(faults.report(name)))
}

fn lines_of(refusal: Refusal) -> Vec<String> {
    match refusal {
        Refusal::CannotExpress(lines) => lines,
        other => vec![other.sentence()],
    }
}

fn invalid(sentence: String) -> AppError {
    AppError::Invalid { field: "model", sentence }
}
