//! The running service: the store, what is in memory of it, and what use cases need around them.

use std::sync::Arc;

use bailiwick_core::ids::{CommandId, encode32};
use bailiwick_store::Store;
use ring::hmac;

use crate::clock::{Clock, look, since_boot};
use crate::config::Config;
use crate::error::AppError;
use crate::keys::{Keys, hex};
use crate::lines::Lines;
use crate::mail::Templates;
use crate::nodes::{Alone, Nodes, Shared};
use crate::outbound::Outbound;
use crate::password::Passwords;
use crate::random::Random;

/// The service. Cheap to share behind an `Arc`.
pub struct App {
    pub(crate) lines: Lines,
    /// The clock of everything.
    pub clock: Arc<Clock>,
    pub(crate) random: Random,
    pub(crate) keys: Keys,
    /// What the installation was told.
    pub config: Config,
    pub(crate) passwords: Passwords,
    pub(crate) templates: Templates,
    pub(crate) outbound: Outbound,
}

/// What an [`App`] is made of.
pub struct Parts {
    /// The database.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<Clock>,
    /// The installation's keys.
    pub keys: Keys,
    /// Its settings.
    pub config: Config,
    /// The templates of its mails.
    pub templates: Templates,
}

impl App {
    /// Starts on a database: reads products, models and keys.
    ///
    /// # Errors
    /// If the database cannot be read, or holds what this program does not know.
    pub async fn start(parts: Parts) -> Result<Arc<Self>, AppError> {
        Self::start_among(parts, Arc::new(Alone::default())).await
    }

    /// Starts as one of several processes on a database.
    ///
    /// # Errors
    /// If the database cannot be read, or holds what this program does not know.
    pub async fn start_among(parts: Parts, nodes: Arc<dyn Nodes>) -> Result<Arc<Self>, AppError> {
        let lines = Lines::open(parts.store, nodes).await?;
        let outbound = Outbound::new(parts.config.outbound.clone(), &[])
            .map_err(|e| AppError::Invalid { field: "outbound", sentence: e.to_string() })?;
        Ok(Arc::new(Self {
            lines,
            clock: parts.clock,
            random: Random::system(),
            keys: parts.keys,
            config: parts.config,
            passwords: Passwords::new()?,
            templates: parts.templates,
            outbound,
        }))
    }

    /// Starts as one of several nodes on a database, which must be one that nodes can share. From here on its clock is
    /// the database's; it is not sure of anything before [`App::sure`] says so.
    ///
    /// # Errors
    /// If the database cannot be read, or holds what this program does not know.
    pub async fn start_shared(parts: Parts, node: Arc<Shared>) -> Result<Arc<Self>, AppError> {
        let store = Arc::clone(&parts.store);
        if let Some(cluster) = store.cluster() {
            let asked = since_boot();
            parts.clock.begin(look(asked, cluster.page(u64::MAX).await?.clock));
        }
        let nodes: Arc<dyn Nodes> = Arc::clone(&node) as _;
        let app = Self::start_among(parts, nodes).await?;
        node.begin(store, app.lines.clone(), app.random.clone(), Arc::clone(&app.clock));
        Ok(app)
    }

    /// A fresh command id, for callers who named none.
    pub fn command_id(&self) -> CommandId {
        CommandId(self.new_id())
    }

    /// A fresh id.
    pub fn new_id(&self) -> u128 {
        self.random.id(self.clock.now())
    }

    /// A random mark that tells one browser from another.
    pub fn fresh_mark(&self) -> String {
        encode32(self.random.bits())
    }

    /// The token that forms carry, bound to a cookie of the browser: another site cannot know it.
    pub fn form_token(&self, cookie: &str) -> String {
        let tag = hmac::sign(&self.form_key(), format!("form\0{cookie}").as_bytes());
        hex(&tag.as_ref()[..16])
    }

    /// Whether a form carries the token of that cookie. Tags of both are compared, so the time taken tells nothing.
    pub fn is_form_token(&self, cookie: &str, token: &str) -> bool {
        let key = self.form_key();
        let carried = hmac::sign(&key, token.as_bytes());
        hmac::verify(&key, self.form_token(cookie).as_bytes(), carried.as_ref()).is_ok()
    }

    fn form_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.keys.link.0)
    }
}
