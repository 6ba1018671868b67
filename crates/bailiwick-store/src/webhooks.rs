//! Rows of webhooks: endpoints, how far each is, and what is on its way to them.

use bailiwick_core::ids::{EventId, KeyId, ProductId, WebhookId, WorkspaceId};
use bailiwick_core::team::command::Actor;
use bailiwick_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An endpoint: an address of a product's host that the product's events are sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRow {
    /// Its id.
    pub webhook: WebhookId,
    /// The product whose events it gets; never another's.
    pub product: ProductId,
    /// The key that made it, or enabled it last: with that one revoked, nothing is sent.
    pub maker: KeyId,
    /// Where they are sent.
    pub url: String,
    /// What the host calls it.
    pub description: String,
    /// Only events of these kinds; empty: all.
    pub kinds: Vec<String>,
    /// Only events of this workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceId>,
    /// What its secrets are made from, the one in use first.
    pub secrets: Vec<SecretSeed>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when nothing is sent to it.
    pub disabled_at: Option<Timestamp>,
    /// Why: a stable word.
    pub disabled_because: Option<String>,
    /// When it was taken away.
    pub deleted_at: Option<Timestamp>,
}

/// What a signing secret is made from, with a key that is not in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretSeed {
    /// 32 random bytes, in hex.
    pub nonce: String,
    /// Until when it still signs, if another has taken its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// How far an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Up to where in the feed its events were taken.
    pub position: u64,
    /// When it is its turn again: not before a pause or somebody's claim is over.
    pub next_at: Timestamp,
    /// Tries in a row that failed.
    pub failures: u32,
    /// Since when none has succeeded, if the last one failed.
    pub failing_since: Option<Timestamp>,
}

/// An event of the feed, with the change that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// The change's position in the feed.
    pub position: u64,
    /// Which of its events.
    pub seq: u32,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its revision by the change.
    pub revision: u64,
    /// Who made the change.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// What kind of event.
    pub kind: String,
    /// By which version it was written.
    pub version: u16,
    /// Its data, as stored.
    pub payload: String,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits for its next try.
    Waiting,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Failed,
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event, the same at each try.
    pub event: EventId,
    /// The workspace that it is of; `None`: a test.
    pub workspace: Option<WorkspaceId>,
    /// Where in the feed it stands; nought for a test.
    pub position: u64,
    /// Which event of its change.
    pub seq: u32,
    /// Its kind.
    pub kind: String,
    /// When it happened.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries since it was last asked for.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// When it was tried last.
    pub last_at: Option<Timestamp>,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// Why there was none: a stable word.
    pub error: Option<String>,
}

/// How a try of a delivery went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Of which event.
    pub event: EventId,
    /// Tries before it.
    pub before: u32,
    /// Where the delivery stands now.
    pub state: DeliveryState,
    /// When it is tried next, if it waits.
    pub next_at: Timestamp,
    /// When it was.
    pub at: Timestamp,
    /// The status of the answer.
    pub status: Option<u16>,
    /// Why there was none.
    pub error: Option<String>,
}
