//! The one door to the store. Whoever changes a line passes here, so nobody can forget what comes between a commit and
//! "saved": memory is brought up to it, and every other process too.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bailiwick_core::ids::{CommandId, WorkspaceId};
use bailiwick_core::node::holdings::Follow;
use bailiwick_core::node::{Entry, Place};
use bailiwick_core::team::apply::{Models, apply_under};
use bailiwick_core::team::event::Recorded;
use bailiwick_core::team::state::Workspace;
use bailiwick_store::cluster::Step;
use bailiwick_store::rows::{Committed, LineId, LogEvent};
use bailiwick_store::{Changed, Observe, Read, Store, StoreError, Tx};
use tokio::sync::Notify;
use tracing::Instrument as _;

use crate::error::AppError;
use crate::installation::Installations;
use crate::live::Live;
use crate::nodes::{Nodes, Pass};
use crate::plant::{Plant, planted};

/// The lines, and what is in memory of them.
#[derive(Clone)]
pub(crate) struct Lines(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    live: Live,
    installations: Installations,
    nodes: Arc<dyn Nodes>,
    mail_waits: Notify,
    webhooks_wait: Notify,
}

impl Lines {
    /// On a database, with the installation loaded.
    pub async fn open(store: Arc<dyn Store>, nodes: Arc<dyn Nodes>) -> Result<Self, AppError> {
        let inner = Inner {
            store,
            live: Live::default(),
            installations: Installations::default(),
            nodes,
            mail_waits: Notify::new(),
            webhooks_wait: Notify::new(),
        };
        let this = Self(Arc::new(inner));
        this.installations().reload(&this).await?;
        Ok(this)
    }

    /// The workspaces in memory.
    pub fn live(&self) -> &Live {
        &self.0.live
    }

    /// The installation in memory.
    pub fn installations(&self) -> &Installations {
        &self.0.installations
    }

    /// A look at the guard, before anything in memory is looked at.
    ///
    /// # Errors
    /// [`AppError::Unsure`].
    pub fn enter(&self) -> Result<Pass, AppError> {
        self.0.nodes.open().ok_or(AppError::Unsure)
    }

    /// The last look: whether that guard held all the time.
    pub fn still(&self, pass: &Pass) -> bool {
        self.0.nodes.still(pass)
    }

    /// Waits for the next change that may have queued a mail; one that came meanwhile counts.
    pub async fn mail_queued(&self) {
        self.0.mail_waits.notified().await;
    }

    /// Says that an endpoint of webhooks may have something to do.
    pub fn wake_webhooks(&self) {
        self.0.webhooks_wait.notify_one();
    }

    /// Waits until somebody has said so; if it was said meanwhile, that counts.
    pub async fn webhooks_woken(&self) {
        self.0.webhooks_wait.notified().await;
    }

    /// Reads of one moment.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Read) -> Result<T, StoreError> + Send + 'static,
    {
        bailiwick_store::read(&*self.0.store, work).await
    }

    /// The same for what an answer from memory needs first, such as a name: it is small, so a database that does not give
    /// it soon is silent, and whoever asks learns that nothing is sure instead of waiting.
    pub async fn read_soon<T, F>(&self, work: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Read) -> Result<T, StoreError> + Send + 'static,
    {
        const PATIENCE: Duration = Duration::from_secs(2);
        let soon = tokio::time::timeout(PATIENCE, self.read(work)).await;
        Ok(soon.map_err(|_| AppError::Unsure)??)
    }

    /// Waits for something of the database for as long as this process is sure; what comes later is of no use any more.
    ///
    /// # Errors
    /// [`AppError::Unsure`]; its own.
    pub async fn while_sure<T>(&self, work: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
        const LOOK: Duration = Duration::from_millis(100);
        let mut work = pin!(work);
        loop {
            if let Ok(done) = tokio::time::timeout(LOOK, &mut work).await {
                return done;
            }
            self.enter()?;
        }
    }

    /// Observations: nobody is told "saved" of them, so they wait for nothing.
    pub async fn observe<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Observe) -> Result<T, StoreError> + Send + 'static,
    {
        bailiwick_store::observe(&*self.0.store, work).await
    }

    /// One change of one or several lines. When this comes back with a success, also with that of a repeat or of a
    /// change that had nothing to do, everything that it rests on is in force here and everywhere. A refusal waits
    /// for nothing.
    ///
    /// The work goes on if the caller goes away: between a commit and its publishing nothing may break off. A process that
    /// is not sure of itself, be it of the time or of what a newer release has made of the database, begins none.
    ///
    /// # Errors
    /// [`AppError::Unsure`]; the refusal of the closure; the store's; [`AppError`] of [`Lines::everywhere`], which says
    /// nothing about whether it was committed.
    pub async fn change<T, F>(&self, lines: Vec<LineId>, command: CommandId, work: F) -> Result<Changed<T>, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Tx) -> Result<T, AppError> + Send + 'static,
    {
        self.enter()?;
        let this = self.clone();
        let whole = async move {
            let mut changed = bailiwick_store::change(&*this.0.store, lines.clone(), command, work).await?;
            if this.is_rash(&lines, &changed) {
                return Ok(changed);
            }
            let (Changed::Done(_, committed) | Changed::Repeated(committed)) = &mut changed;
            this.in_force(&lines, committed).await.map_err(AppError::once_committed)?;
            Ok(changed)
        };
        match tokio::spawn(whole.in_current_span()).await {
            Ok(changed) => changed,
            Err(broken) if broken.is_panic() => Err(StoreError::Poisoned.into()),
            Err(_) => Err(StoreError::Closed.into()),
        }
    }

    /// Whether a planted mistake answers before the wait is over.
    fn is_rash<T>(&self, lines: &[LineId], changed: &Changed<T>) -> bool {
        let (committed, is_repeat) = match changed {
            Changed::Done(_, committed) => (committed, false),
            Changed::Repeated(committed) => (committed, true),
        };
        if planted().is(Plant::AcknowledgedUnpublished) {
            let (this, lines, mut committed) = (self.clone(), lines.to_vec(), committed.clone());
            tokio::spawn(async move { this.in_force(&lines, &mut committed).await });
            return true;
        }
        is_repeat && planted().is(Plant::ReplayWithoutWait)
    }

    /// Brings memory up to a commit, here and everywhere; a mail that it queued may leave after that.
    async fn in_force(&self, lines: &[LineId], committed: &mut Committed) -> Result<(), AppError> {
        let mut touched = lines.to_vec();
        touched.extend(committed.revisions.iter().map(|(line, _)| *line));
        touched.sort_unstable();
        touched.dedup();
        for line in touched {
            match line {
                LineId::Workspace(id) => self.refresh(id, committed).await?,
                LineId::Installation => self.installations().reload(self).await?,
                // Nothing of a person is in memory.
                LineId::Person(_) => {}
            }
        }
        self.everywhere(committed.position, committed.place).await?;
        self.0.mail_waits.notify_one();
        self.wake_webhooks();
        Ok(())
    }

    /// Publishes what a change made of a workspace. If it made nothing of it, it was decided on, or is a repeat of, what
    /// another change made, which may still be on its way to memory: then the newest state is published.
    async fn refresh(&self, id: WorkspaceId, committed: &mut Committed) -> Result<(), AppError> {
        if !committed.workspaces.iter().any(|state| state.id == id) {
            committed.workspaces.extend(self.read(move |from| from.workspace(id)).await?);
        }
        for state in committed.workspaces.iter().filter(|state| state.id == id) {
            self.live().publish(Arc::clone(state)).await;
        }
        Ok(())
    }

    /// Applies what other processes committed to what is in memory, and comes back when no check on what was before is
    /// running. A workspace that cannot be followed answers nothing until it can be read.
    pub async fn follow(&self, entries: Vec<Entry<Step>>) {
        for step in entries.into_iter().map(|entry| entry.what) {
            match step.line {
                LineId::Workspace(id) => self.follow_workspace(id, &step).await,
                LineId::Installation => self.follow_installation().await,
                // Nothing of a person is in memory.
                LineId::Person(_) => {}
            }
        }
    }

    async fn follow_workspace(&self, id: WorkspaceId, step: &Step) {
        let next = match self.live().entry(id, step.revision) {
            Follow::Nothing => return,
            // A model is registered before the first workspace moves to it, so it came by earlier in the feed.
            Follow::Apply(state) => {
                let installation = self.installations().now();
                folded(&state, step, &|version| installation.models.get(version).cloned())
            }
            Follow::Reload => None,
        };
        if let Some(state) = next {
            self.live().publish(Arc::new(state)).await;
            return;
        }
        self.live().fence(id, step.revision).await;
        if let Err(error) = self.live().load(self, id).await {
            tracing::error!(%id, %error, "a workspace cannot be followed; it answers no check until it can be read");
        }
    }

    /// Keys and models are not fenced one by one: until they can be read, this process confirms nothing, and its lease
    /// runs out.
    async fn follow_installation(&self) {
        const PAUSE: Duration = Duration::from_millis(50);
        let mut said = false;
        while let Err(error) = self.installations().reload(self).await {
            if !std::mem::replace(&mut said, true) {
                tracing::error!(%error, "products, models and keys cannot be read; no check is answered until they can be");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until a position of the feed is in force in every process on this database. The only place where the app
    /// waits for others: every change comes through here before anybody is told "saved", every mail before it leaves.
    ///
    /// One process alone has nobody to wait for, and this is over at once.
    ///
    /// # Errors
    /// It is not known whether it is in force everywhere, so nobody may be told that it is.
    pub async fn everywhere(&self, position: u64, place: Option<Place>) -> Result<(), AppError> {
        self.0.nodes.everywhere(position, place).await
    }
}

/// A state one step on; `None`: the step is not one from it.
fn folded(state: &Workspace, step: &Step, models: Models<'_>) -> Option<Workspace> {
    if *state.model.version != *step.model {
        return None;
    }
    let recorded = |stored: &LogEvent| Some(Recorded { at: stored.at, event: stored.read()? });
    let events: Vec<Recorded> = step.events.iter().map(recorded).collect::<Option<_>>()?;
    apply_under(state, &events, models).ok().filter(|next| next.revision == step.revision)
}

#[cfg(test)]
mod tests {
    use bailiwick_core::access::parse::parse;
    use bailiwick_core::ids::{AddressId, MemberId, PersonId, ProductId, TemplateId};
    use bailiwick_core::team::apply::begin;
    use bailiwick_core::team::command::{Actor, Command, Create, Request};
    use bailiwick_core::team::decide::decide;
    use bailiwick_core::team::event::EVENT_VERSION;
    use bailiwick_core::time::Timestamp;

    use super::*;

    #[test]
    fn a_step_is_followed_if_all_of_it_is_understood() {
        let model = Arc::new(parse(include_str!("../../../models/tenant/model.toml"), "v1").unwrap());
        let id = WorkspaceId(1);
        let create = Create {
            workspace: id,
            product: ProductId(1),
            external_id: None,
            name: "Acme".into(),
            plan: None,
            owner: PersonId(1),
            address: AddressId(1),
            member: MemberId(1),
            templates: (1..=3).map(TemplateId).collect(),
        };
        let now = Timestamp(1_800_000_000_000_000);
        let request = Request { actor: Actor::Operator, command: Command::Create(create), seen: None };
        let state = begin(&model, &decide(None, &model, &request, now).unwrap()).unwrap();
        let step = |version: u16, model: &str, payload: &str| Step {
            line: LineId::Workspace(id),
            revision: state.revision + 1,
            model: model.into(),
            events: vec![LogEvent { at: now, kind: String::new(), version, payload: payload.into() }],
        };
        let renamed = r#"{"kind":"workspace_renamed","from":"Acme","to":"Globex"}"#;
        assert_eq!(&*folded(&state, &step(EVENT_VERSION, "v1", renamed), &|_| None).unwrap().name, "Globex");
        for strange in [
            step(EVENT_VERSION + 1, "v1", renamed),
            step(EVENT_VERSION, "v2", renamed),
            step(EVENT_VERSION, "v1", r#"{"kind":"workspace_frozen"}"#),
            step(EVENT_VERSION, "v1", r#"{"kind":"workspace_renamed","from":"Acme","to":"Globex","by":"whom"}"#),
            Step { revision: state.revision + 2, ..step(EVENT_VERSION, "v1", renamed) },
        ] {
            assert!(folded(&state, &strange, &|_| None).is_none(), "{strange:?}");
        }
    }
}
