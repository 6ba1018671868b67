//! Endpoints, as the product's host manages them by a key with the scope `webhooks`. Another product's are not there.

use bailiwick_core::ids::{EventId, KeyId, ProductId, WebhookId, WorkspaceId};
use bailiwick_core::team::command::Actor;
use bailiwick_core::time::Timestamp;
use bailiwick_store::rows::{By, KeyRow, LineId, Row};
use bailiwick_store::webhooks::{Delivery, DeliveryState, Progress, SecretSeed, WebhookRow};
use bailiwick_store::{Changed, StoreError, Tx};

use super::message::{TEST, kind_of};
use super::sign::SigningSecret;
use crate::app::App;
use crate::caller::{Caller, Scope, Who};
use crate::error::{AppError, WebhookRefusal};
use crate::keys::hex;

/// How many endpoints a product can have.
const MOST: usize = 20;
/// How long a secret still signs when another has taken its place, in seconds.
const OVERLAP: i64 = 24 * 3600;
/// How many secrets sign at most.
const MOST_SECRETS: usize = 3;
/// Tests and replays that an endpoint can be asked for in a window of so many seconds.
const ASKED: (u32, i64) = (20, 60);
/// The longest description, in characters.
const DESCRIPTION: usize = 200;

/// An endpoint to be made.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Where events are sent.
    pub url: String,
    /// What the host calls it.
    pub description: String,
    /// Only events of these types; empty: all.
    pub types: Vec<String>,
    /// Only events of this workspace.
    pub workspace: Option<WorkspaceId>,
}

/// What is to be changed of an endpoint; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct EditWebhook {
    /// Where events are sent.
    pub url: Option<String>,
    /// What the host calls it.
    pub description: Option<String>,
    /// Only events of these types; empty: all.
    pub types: Option<Vec<String>>,
    /// Only events of this workspace; inner `None`: of all.
    pub workspace: Option<Option<WorkspaceId>>,
}

impl App {
    /// Makes an endpoint, which gets what happens from here on. Its secret is shown this once.
    ///
    /// # Errors
    /// A missing scope; an address that may not be asked (AB-119); an unknown type or workspace; too many endpoints.
    pub async fn create_webhook(
        &self,
        caller: &Caller,
        new: NewWebhook,
    ) -> Result<(WebhookRow, SigningSecret), AppError> {
        let (product, maker) = (manages(caller)?, maker(caller)?);
        let seed = self.fresh_seed();
        let row = WebhookRow {
            webhook: WebhookId(self.new_id()),
            product,
            maker,
            url: self.fine_url(new.url).await?,
            description: fine_description(new.description)?,
            kinds: kinds(&new.types)?,
            workspace: self.own_workspace(product, new.workspace).await?,
            secrets: vec![seed.clone()],
            created_at: self.clock.now(),
            disabled_at: None,
            disabled_because: None,
            deleted_at: None,
        };
        let (by, made) = (caller.by(), row.clone());
        let changed = self.lines.change(vec![LineId::Installation], self.command_id(), move |tx| {
            if tx.webhooks(product)?.len() >= MOST {
                return Err(WebhookRefusal::TooMany.into());
            }
            tx.begin_webhook(made.webhook)?;
            Ok(tx.put(LineId::Installation, &by, made.created_at, vec![Row::Webhook(made)])?)
        });
        done(changed.await?)?;
        let secret = SigningSecret::of_seed(row.webhook, &seed, &self.keys.link);
        Ok((row, secret))
    }

    /// Endpoints of the caller's product.
    ///
    /// # Errors
    /// A missing scope; the store's.
    pub async fn webhooks(&self, caller: &Caller) -> Result<Vec<WebhookRow>, AppError> {
        let product = manages(caller)?;
        Ok(self.lines.read(move |from| from.webhooks(product)).await?)
    }

    /// An endpoint and how it is.
    ///
    /// # Errors
    /// A missing scope; there is none.
    pub async fn webhook(&self, caller: &Caller, id: WebhookId) -> Result<(WebhookRow, Option<Progress>), AppError> {
        let product = manages(caller)?;
        let found = self.lines.read(move |from| Ok((from.webhook(id)?, from.webhook_progress(id)?))).await?;
        let row = found.0.filter(|row| is_there(row, product)).ok_or(WebhookRefusal::NoSuchWebhook)?;
        Ok((row, found.1))
    }

    /// Changes an endpoint.
    ///
    /// # Errors
    /// As [`App::create_webhook`]; there is none.
    pub async fn edit_webhook(
        &self,
        caller: &Caller,
        id: WebhookId,
        edit: EditWebhook,
    ) -> Result<WebhookRow, AppError> {
        let product = manages(caller)?;
        // Whether it is there comes first: nobody has an address looked at for an endpoint that they do not have.
        self.webhook(caller, id).await?;
        let url = match edit.url {
            Some(url) => Some(self.fine_url(url).await?),
            None => None,
        };
        let description = edit.description.map(fine_description).transpose()?;
        let kinds = edit.types.map(|types| kinds(&types)).transpose()?;
        let workspace = match edit.workspace {
            Some(workspace) => Some(self.own_workspace(product, workspace).await?),
            None => None,
        };
        self.put_webhook(caller, id, move |_, row| {
            row.url = url.unwrap_or_else(|| row.url.clone());
            row.description = description.unwrap_or_else(|| row.description.clone());
            row.kinds = kinds.unwrap_or_else(|| row.kinds.clone());
            row.workspace = workspace.unwrap_or(row.workspace);
            Ok(())
        })
        .await
    }

    /// Takes an endpoint away, and what was on its way to it.
    ///
    /// # Errors
    /// A missing scope; there is none.
    pub async fn delete_webhook(&self, caller: &Caller, id: WebhookId) -> Result<(), AppError> {
        let now = self.clock.now();
        self.put_webhook(caller, id, move |_, row| {
            row.deleted_at = Some(now);
            row.secrets.clear();
            Ok(())
        })
        .await?;
        Ok(self.lines.observe(move |to| to.forget_webhook(id)).await?)
    }

    /// Gives an endpoint another secret, which is shown this once; both sign for a day.
    ///
    /// # Errors
    /// A missing scope; there is none.
    pub async fn rotate_webhook(
        &self,
        caller: &Caller,
        id: WebhookId,
    ) -> Result<(WebhookRow, SigningSecret), AppError> {
        let (seed, now) = (self.fresh_seed(), self.clock.now());
        let next = seed.clone();
        let row = self.put_webhook(caller, id, move |_, row| {
            row.secrets.retain(|old| old.until.is_none_or(|until| now < until));
            for old in &mut row.secrets {
                old.until.get_or_insert(now.plus_seconds(OVERLAP));
            }
            row.secrets.insert(0, next);
            row.secrets.truncate(MOST_SECRETS);
            Ok(())
        });
        let row = row.await?;
        let secret = SigningSecret::of_seed(id, &seed, &self.keys.link);
        Ok((row, secret))
    }

    /// Sends nothing to an endpoint until it is enabled.
    ///
    /// # Errors
    /// A missing scope; there is none.
    pub async fn disable_webhook(&self, caller: &Caller, id: WebhookId) -> Result<WebhookRow, AppError> {
        let now = self.clock.now();
        self.put_webhook(caller, id, move |_, row| {
            disable(row, now, "by-the-host");
            Ok(())
        })
        .await
    }

    /// Sends to an endpoint again what happens from here on, and what waited. What happened meanwhile can be replayed.
    ///
    /// # Errors
    /// A missing scope; there is none; its address may not be asked.
    pub async fn enable_webhook(&self, caller: &Caller, id: WebhookId) -> Result<WebhookRow, AppError> {
        let (row, _) = self.webhook(caller, id).await?;
        let maker = maker(caller)?;
        self.fine_url(row.url).await?;
        let enabled = self.put_webhook(caller, id, move |tx, row| {
            if row.disabled_at.take().is_some() {
                tx.begin_webhook(id)?;
            }
            row.disabled_because = None;
            row.maker = maker;
            Ok(())
        });
        let row = enabled.await?;
        self.lines.wake_webhooks();
        Ok(row)
    }

    /// Deliveries to an endpoint, newest event first, from before one on.
    ///
    /// # Errors
    /// A missing scope; there is no such endpoint.
    pub async fn deliveries(
        &self,
        caller: &Caller,
        id: WebhookId,
        state: Option<DeliveryState>,
        before: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, AppError> {
        self.webhook(caller, id).await?;
        Ok(self.lines.read(move |from| from.deliveries(id, state, before, limit)).await?)
    }

    /// Delivers one event again, under the same id.
    ///
    /// # Errors
    /// A missing scope; there is no such endpoint or delivery; the endpoint is disabled; too often.
    pub async fn replay_delivery(&self, caller: &Caller, id: WebhookId, event: EventId) -> Result<Delivery, AppError> {
        self.ask_of_webhook(caller, id).await?;
        let found = self.lines.read(move |from| from.delivery(id, event)).await?;
        self.deliver_anew(id, found.ok_or(WebhookRefusal::NoSuchDelivery)?).await
    }

    /// Delivers again all that happened since a moment and that the endpoint asks for.
    ///
    /// # Errors
    /// A missing scope; there is no such endpoint; it is disabled; too often.
    pub async fn replay_since(&self, caller: &Caller, id: WebhookId, since: Timestamp) -> Result<(), AppError> {
        self.ask_of_webhook(caller, id).await?;
        if let Some(first) = self.lines.read(move |from| from.first_since(since)).await? {
            self.lines.observe(move |to| to.move_back(id, first.saturating_sub(1))).await?;
            self.lines.wake_webhooks();
        }
        Ok(())
    }

    /// Sends an endpoint a message of the type `webhook.test`, on the road that all take.
    ///
    /// # Errors
    /// A missing scope; there is no such endpoint; it is disabled; too often.
    pub async fn test_webhook(&self, caller: &Caller, id: WebhookId) -> Result<Delivery, AppError> {
        self.ask_of_webhook(caller, id).await?;
        let now = self.clock.now();
        let test = Delivery {
            event: EventId(self.new_id()),
            workspace: None,
            position: 0,
            seq: 0,
            kind: TEST.into(),
            created_at: now,
            state: DeliveryState::Waiting,
            attempts: 0,
            next_at: now,
            last_at: None,
            status: None,
            error: None,
        };
        self.deliver_anew(id, test).await
    }

    /// Disables an endpoint because of how it answers; the host reads why.
    pub(super) async fn give_webhook_up(&self, id: WebhookId, because: &'static str) -> Result<(), AppError> {
        let (now, by) = (self.clock.now(), By { actor: Actor::Time, origin: None });
        tracing::warn!(webhook = %id, because, "a webhook was disabled");
        let changed = self.lines.change(vec![LineId::Installation], self.command_id(), move |tx| {
            let found = tx.webhook(id)?.filter(|row| row.deleted_at.is_none() && row.disabled_at.is_none());
            let Some(mut row) = found else { return Ok(()) };
            disable(&mut row, now, because);
            Ok(tx.put(LineId::Installation, &by, now, vec![Row::Webhook(row)])?)
        });
        done(changed.await?)
    }

    async fn deliver_anew(&self, id: WebhookId, delivery: Delivery) -> Result<Delivery, AppError> {
        let next_at = self.clock.now();
        let delivery = Delivery { state: DeliveryState::Waiting, attempts: 0, next_at, ..delivery };
        let again = delivery.clone();
        self.lines.observe(move |to| to.deliver(id, &again)).await?;
        self.lines.wake_webhooks();
        Ok(delivery)
    }

    /// That an endpoint is there, at work, and was not asked for too much lately.
    async fn ask_of_webhook(&self, caller: &Caller, id: WebhookId) -> Result<(), AppError> {
        let (row, _) = self.webhook(caller, id).await?;
        if row.disabled_at.is_some() {
            return Err(WebhookRefusal::Disabled.into());
        }
        let (most, window) = ASKED;
        let now = self.clock.now();
        let name = format!("webhook:{id}");
        let asked = self.lines.observe(move |to| to.add_try(&name, now.plus_seconds(-window), now)).await?;
        if asked > most { Err(AppError::TooOften(u32::try_from(window).unwrap_or(0))) } else { Ok(()) }
    }

    async fn put_webhook<F>(&self, caller: &Caller, id: WebhookId, edit: F) -> Result<WebhookRow, AppError>
    where
        F: FnOnce(&mut dyn Tx, &mut WebhookRow) -> Result<(), AppError> + Send + 'static,
    {
        let (product, by, now) = (manages(caller)?, caller.by(), self.clock.now());
        let changed = self.lines.change(vec![LineId::Installation], self.command_id(), move |tx| {
            let found = tx.webhook(id)?.filter(|row| is_there(row, product));
            let mut row = found.ok_or(WebhookRefusal::NoSuchWebhook)?;
            edit(tx, &mut row)?;
            tx.put(LineId::Installation, &by, now, vec![Row::Webhook(row.clone())])?;
            Ok(row)
        });
        done(changed.await?)
    }

    fn fresh_seed(&self) -> SecretSeed {
        SecretSeed { nonce: hex(&self.random.secret()), until: None }
    }

    async fn fine_url(&self, url: String) -> Result<String, AppError> {
        match self.outbound.look(&url).await {
            Ok(()) => Ok(url),
            Err(bad) => Err(AppError::Invalid { field: "url", sentence: bad.to_string() }),
        }
    }

    async fn own_workspace(
        &self,
        product: ProductId,
        workspace: Option<WorkspaceId>,
    ) -> Result<Option<WorkspaceId>, AppError> {
        let Some(id) = workspace else { return Ok(None) };
        let own = self.state(id).await?.is_some_and(|state| state.product == product && state.deleted_at.is_none());
        let sentence = || "There is no such workspace.".to_owned();
        if own { Ok(workspace) } else { Err(AppError::Invalid { field: "workspace", sentence: sentence() }) }
    }
}

fn manages(caller: &Caller) -> Result<ProductId, AppError> {
    let product = caller.product()?;
    caller.needs(Scope::Webhooks)?;
    Ok(product)
}

fn maker(caller: &Caller) -> Result<KeyId, AppError> {
    match caller.who {
        Who::Host { key, .. } => Ok(key),
        _ => Err(AppError::NotSignedIn),
    }
}

/// The endpoints of a key that is revoked: whoever had it made them, so nothing is sent there any more (AB-122). A key
/// that was rotated or has run out was nobody else's, and takes nothing along.
pub(crate) fn of_revoked(tx: &mut dyn Tx, key: &KeyRow, now: Timestamp) -> Result<Vec<Row>, StoreError> {
    let made = tx.webhooks(key.product)?.into_iter().filter(|row| row.maker == key.key && row.disabled_at.is_none());
    let disabled = made.map(|mut row| {
        disable(&mut row, now, "key-revoked");
        Row::Webhook(row)
    });
    Ok(disabled.collect())
}

fn is_there(row: &WebhookRow, product: ProductId) -> bool {
    row.product == product && row.deleted_at.is_none()
}

fn disable(row: &mut WebhookRow, now: Timestamp, because: &str) {
    if row.disabled_at.is_none() {
        row.disabled_at = Some(now);
        row.disabled_because = Some(because.into());
    }
}

fn done<T>(changed: Changed<T>) -> Result<T, AppError> {
    match changed {
        Changed::Done(value, _) => Ok(value),
        Changed::Repeated(_) => Err(AppError::Repeated),
    }
}

fn fine_description(text: String) -> Result<String, AppError> {
    if text.chars().count() <= DESCRIPTION && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    Err(AppError::Invalid {
        field: "description",
        sentence: "A description is one line of at most 200 characters.".into(),
    })
}

fn kinds(types: &[String]) -> Result<Vec<String>, AppError> {
    let mut kinds = Vec::with_capacity(types.len());
    for of in types {
        let kind = kind_of(of).ok_or_else(|| AppError::Invalid {
            field: "types",
            sentence: format!("There is no event type `{}`.", of.chars().take(60).collect::<String>()),
        })?;
        kinds.push(kind.to_owned());
    }
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}
