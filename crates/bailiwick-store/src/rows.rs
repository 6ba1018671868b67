//! Rows as the store takes and gives them: lines, people, keys, mails, log entries.

use std::sync::Arc;

use bailiwick_core::ids::{
    AddressId, CommandId, CredentialId, KeyId, MailId, MemberId, PersonId, ProductId, SessionId, TextId, WorkspaceId,
};
use bailiwick_core::node::Place;
use bailiwick_core::team::command::Actor;
use bailiwick_core::team::event::{EVENT_VERSION, Event, Recorded};
use bailiwick_core::team::state::Workspace;
use bailiwick_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::webhooks::WebhookRow;

/// A serial line: what changes one step after another. The order is the order of locking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineId {
    /// A person: credentials, sessions, address.
    Person(PersonId),
    /// A workspace.
    Workspace(WorkspaceId),
    /// The installation: products, models, keys.
    Installation,
}

/// Who made a change, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Who.
    pub actor: Actor,
    /// From where; personal, so it lies outside the events.
    pub origin: Option<Origin>,
}

/// Where a request came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The peer's address.
    pub ip: String,
    /// What it calls itself, cut to 200 characters.
    pub agent: String,
}

/// A change of a workspace's line.
#[derive(Debug, Clone)]
pub struct WorkspaceChange {
    /// The state that it was decided on; `None`: the line begins.
    pub before: Option<Arc<Workspace>>,
    /// What happened.
    pub events: Vec<Recorded>,
    /// The state after.
    pub after: Arc<Workspace>,
}

/// What a change of several lines came to.
#[derive(Debug, Clone, Default)]
pub struct Committed {
    /// The revision of each line that changed.
    pub revisions: Vec<(LineId, u64)>,
    /// The new state of each workspace that changed, to be published. Empty for a repeated command.
    pub workspaces: Vec<Arc<Workspace>>,
    /// The position in the feed of the last of them; if nothing was written, of the newest change that it may rest on.
    pub position: u64,
    /// On which history it was committed, where there can be several.
    pub place: Option<Place>,
}

/// An event of a person's or the installation's line: the row as it is from now on. Folding is putting rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Row {
    /// A person.
    Person(PersonRow),
    /// A session.
    Session(SessionRow),
    /// A credential.
    Credential(CredentialRow),
    /// A product.
    Product(ProductRow),
    /// An access model.
    Model(ModelRow),
    /// A host's key.
    Key(KeyRow),
    /// An endpoint of webhooks.
    Webhook(WebhookRow),
}

/// A person. Name and address are references; what they say lies outside the events and can be erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRow {
    /// Who.
    pub person: PersonId,
    /// The address that they sign in with.
    pub address: AddressId,
    /// Since when it is proven that they control it; nothing is given to who has not proven it (AB-060).
    pub proven_at: Option<Timestamp>,
    /// Their name, by reference.
    pub name: TextId,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When they were erased.
    pub erased_at: Option<Timestamp>,
}

/// How a session began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedInBy {
    /// By password.
    Password,
    /// By a mailed link, or by accepting an invitation.
    Link,
    /// The host vouched for the person.
    Host,
    /// The button of the demo.
    Demo,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Its id; its secret lies in the table of secrets, as a hash.
    pub session: SessionId,
    /// Whose.
    pub person: PersonId,
    /// How it began.
    pub by: SignedInBy,
    /// The product whose host vouched for the person: the session is good in its workspaces alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductId>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

/// What a person signs in with. The password's hash lies outside, by this id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialRow {
    /// Its id.
    pub credential: CredentialId,
    /// Whose.
    pub person: PersonId,
    /// When it was set.
    pub created_at: Timestamp,
    /// When it was replaced or taken away.
    pub ended_at: Option<Timestamp>,
}

/// A product of the installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRow {
    /// Its id.
    pub product: ProductId,
    /// Its name in commands and addresses; unique.
    pub name: String,
    /// What pages and mails call it.
    pub brand: String,
    /// Addresses of the host that people may be sent back to, whole prefixes with a path.
    pub return_to: Vec<String>,
}

/// An access model as it was registered. Immutable; named by the hash of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRow {
    /// SHA-256 of the text, in hex.
    pub version: String,
    /// The name that workspaces are created by; several versions may have had it, the newest has it now.
    pub name: String,
    /// The text.
    pub text: String,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// A host's key; its secret is in the table of secrets, as a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    /// Its id.
    pub key: KeyId,
    /// The product whose workspaces it sees; never another's.
    pub product: ProductId,
    /// What it is called.
    pub name: String,
    /// What it may do, by name of the scope.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// What a secret opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    /// An invitation link; the object is the invitation, the line its workspace.
    Invitation,
    /// A session cookie; object and line are session and person.
    Session,
    /// A mailed sign-in link; the object is the address, the line the person if there is one.
    SignInLink,
    /// A host's key; the object is the key.
    HostKey,
    /// A one-time code that a host exchanges for a person; the object is the session.
    HostCode,
}

/// A secret, as the one-way hash that is stored of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// What it opens.
    pub kind: SecretKind,
    /// The line's id, sixteen bytes.
    pub line: [u8; 16],
    /// The object's id, sixteen bytes.
    pub object: [u8; 16],
    /// Counts sendings of one object: only the newest opens (EC-09).
    pub generation: u32,
    /// When it stops working; the object may end it earlier.
    pub expires_at: Timestamp,
    /// Something that the use must match: the hash of the asking browser's cookie, a return address.
    pub bound_to: Option<String>,
}

/// A mail that waits to be sent. It holds no secret in clear: `nonce` makes one, with a key that is not in the
/// database, at the moment of sending, the same at each try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRow {
    /// Its id, and its Message-ID.
    pub mail: MailId,
    /// Where it goes.
    pub to: AddressId,
    /// The person who caused it, if one did.
    pub by: Option<PersonId>,
    /// The workspace that it speaks of.
    pub workspace: Option<WorkspaceId>,
    /// The object that it is about (an invitation), sixteen bytes.
    pub object: Option<[u8; 16]>,
    /// What it says, as JSON that the sender understands; no secret, no address.
    pub message: String,
    /// What its link's secret is made from; 32 random bytes.
    pub nonce: Option<[u8; 32]>,
    /// When it was written.
    pub created_at: Timestamp,
}

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// It waits for its next try.
    Waiting,
    /// The relay took it.
    Sent,
    /// It was given up.
    Undelivered,
    /// It was overtaken (sent again, cancelled) before it left.
    Void,
}

/// A mail with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMail {
    /// The mail.
    pub row: MailRow,
    /// Where it stands.
    pub state: MailState,
    /// Tries so far.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// What the relay said last.
    pub last_error: Option<String>,
    /// When it was sent or given up.
    pub ended_at: Option<Timestamp>,
}

/// What pages show of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonCard {
    /// Who.
    pub person: PersonId,
    /// Their name; empty if they were erased.
    pub name: String,
    /// Their sign-in address; empty if they were erased.
    pub email: String,
    /// When they were erased.
    pub erased_at: Option<Timestamp>,
}

/// A workspace in a person's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Which.
    pub workspace: WorkspaceId,
    /// Its product.
    pub product: ProductId,
    /// The row there.
    pub member: MemberId,
    /// The workspace's name.
    pub name: String,
    /// Whether the row is suspended.
    pub suspended: bool,
}

/// One change of a line, as the log shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The line's revision by it.
    pub revision: u64,
    /// Its position in the feed.
    pub position: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// By which command.
    pub command: CommandId,
    /// From where, if that was not erased.
    pub origin: Option<Origin>,
    /// What happened: time, kind and stored JSON of each event.
    pub events: Vec<LogEvent>,
}

/// One event, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    /// When.
    pub at: Timestamp,
    /// Its kind.
    pub kind: String,
    /// The version it was written by.
    pub version: u16,
    /// Its stored bytes.
    pub payload: String,
}

impl LogEvent {
    /// What happened on a workspace's line; `None`: this program does not understand all of it.
    pub fn read(&self) -> Option<Event> {
        let event = serde_json::from_str(&self.payload).ok()?;
        (self.version <= EVENT_VERSION).then_some(event)
    }
}

/// What the log is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogFilter {
    /// Only changes by this actor.
    pub actor: Option<Actor>,
    /// Only changes with an event of one of these kinds; empty: all.
    pub kinds: Vec<String>,
    /// Only changes in which one of these texts (ids) occurs in a payload; empty: all.
    pub mentions: Vec<String>,
    /// Only changes before this revision.
    pub before_revision: Option<u64>,
    /// Only changes from this moment on.
    pub from: Option<Timestamp>,
    /// Only changes before this moment.
    pub until: Option<Timestamp>,
    /// At most so many, newest first.
    pub limit: usize,
}

/// What a verification of the log found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Lines looked at.
    pub lines: u64,
    /// Changes looked at.
    pub changes: u64,
    /// Events looked at.
    pub events: u64,
    /// The first bad place, in words; `None`: the chain holds and the tables equal the folded log.
    pub broken: Option<String>,
}
