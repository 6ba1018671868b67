//! What can be done inside a change, a read, an observation.

use std::sync::Arc;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{
    AddressId, CredentialId, EventId, InvitationId, KeyId, MailId, PersonId, ProductId, ResourceId, SessionId, TextId,
    WebhookId, WorkspaceId,
};
use bailiwick_core::team::state::Workspace;
use bailiwick_core::time::Timestamp;

use crate::error::StoreError;
use crate::rows::{
    By, CredentialRow, KeyRow, LineId, LogEntry, LogFilter, MailRow, MailState, Membership, ModelRow, PersonCard,
    PersonRow, ProductRow, QueuedMail, Row, SecretKind, SecretRow, SessionRow, Verified, WorkspaceChange,
};
use crate::webhooks::{Delivery, DeliveryState, FeedEvent, Progress, Tried, WebhookRow};

type Out<T> = Result<T, StoreError>;

/// Reads of one moment: inside a change the newest state, outside a committed one.
pub trait Read {
    /// The position of the newest change in this moment.
    fn head(&mut self) -> Out<u64>;
    /// Nothing, if this program understands all that is in a line; else the error that fences it.
    fn understood(&mut self, line: LineId) -> Out<()>;
    /// A workspace as of its newest revision, deleted ones included; `None`: it never was.
    fn workspace(&mut self, id: WorkspaceId) -> Out<Option<Arc<Workspace>>>;
    /// A workspace as it was at a moment, folded from its log, whose chain is verified first; `None`: it was not yet.
    fn workspace_at(&mut self, id: WorkspaceId, at: Timestamp) -> Out<Option<Arc<Workspace>>>;
    /// The workspace that a product's host knows by this id; deleted ones free their id.
    fn workspace_by_external_id(&mut self, product: ProductId, external_id: &str) -> Out<Option<WorkspaceId>>;
    /// Workspaces of a product, by id, from after one on.
    fn workspaces(&mut self, product: ProductId, after: Option<WorkspaceId>, limit: usize) -> Out<Vec<WorkspaceId>>;
    /// Workspaces pinned to a version of a model, deleted ones left out, by id, from after one on.
    fn workspaces_pinned(&mut self, model: &str, after: Option<WorkspaceId>, limit: usize) -> Out<Vec<WorkspaceId>>;
    /// Workspaces in which something falls due by then.
    fn workspaces_due(&mut self, by: Timestamp, limit: usize) -> Out<Vec<WorkspaceId>>;
    /// The workspace that a resource is in, deleted resources included.
    fn resource_workspace(&mut self, resource: ResourceId) -> Out<Option<WorkspaceId>>;
    /// Where a person is a member, suspended rows included, deleted workspaces left out; by name.
    fn memberships(&mut self, person: PersonId) -> Out<Vec<Membership>>;
    /// Open invitations to an address, in workspaces that were not deleted.
    fn invitations_to(&mut self, address: AddressId) -> Out<Vec<(WorkspaceId, InvitationId)>>;

    /// A person.
    fn person(&mut self, id: PersonId) -> Out<Option<PersonRow>>;
    /// Who signs in with an address, if it is anybody's.
    fn person_at(&mut self, address: AddressId) -> Out<Option<PersonRow>>;
    /// The person that a product's host knows by this id.
    fn person_by_external_id(&mut self, product: ProductId, external_id: &str) -> Out<Option<PersonId>>;
    /// Whether a product's host knows a person by an id of its own.
    fn has_external_id(&mut self, product: ProductId, person: PersonId) -> Out<bool>;
    /// People who have sessions that were not ended, by id, after one of them.
    fn in_session(&mut self, after: Option<PersonId>, limit: usize) -> Out<Vec<PersonId>>;
    /// The ids that a product's host knows a person by, in order.
    fn external_ids(&mut self, product: ProductId, person: PersonId) -> Out<Vec<String>>;
    /// What pages show of people, in any order; who is unknown is left out.
    fn cards(&mut self, people: &[PersonId]) -> Out<Vec<PersonCard>>;
    /// What addresses say; erased and unknown ones are left out.
    fn addresses(&mut self, ids: &[AddressId]) -> Out<Vec<(AddressId, String)>>;
    /// The reference of an address, if it was ever written down.
    fn find_address(&mut self, email: &Email) -> Out<Option<AddressId>>;
    /// The password in force: its row and its hash in PHC form.
    fn password(&mut self, person: PersonId) -> Out<Option<(CredentialRow, String)>>;
    /// A session.
    fn session(&mut self, id: SessionId) -> Out<Option<SessionRow>>;
    /// When a session was last used, as far as that was noted.
    fn session_used(&mut self, id: SessionId) -> Out<Option<Timestamp>>;
    /// Sessions of a person that were not ended, newest first.
    fn sessions(&mut self, person: PersonId) -> Out<Vec<SessionRow>>;
    /// What a secret opens.
    fn secret(&mut self, hash: &[u8; 32]) -> Out<Option<SecretRow>>;

    /// Products.
    fn products(&mut self) -> Out<Vec<ProductRow>>;
    /// Models, oldest first.
    fn models(&mut self) -> Out<Vec<ModelRow>>;
    /// Keys that were not revoked, with the hashes of their secrets.
    fn keys(&mut self) -> Out<Vec<(KeyRow, [u8; 32])>>;
    /// A key, revoked or not.
    fn host_key(&mut self, key: KeyId) -> Out<Option<KeyRow>>;

    /// When people last entered a workspace by signing in (D10).
    fn entered(&mut self, workspace: WorkspaceId) -> Out<Vec<(PersonId, Timestamp)>>;
    /// The log of a line, newest first.
    fn log(&mut self, line: LineId, filter: &LogFilter) -> Out<Vec<LogEntry>>;
    /// Mails, newest first; of one workspace or all.
    fn mails(&mut self, workspace: Option<WorkspaceId>, limit: usize) -> Out<Vec<QueuedMail>>;
    /// Mails queued for an address since then, whatever became of them: how many, and when the oldest of them was;
    /// without any, nought and the moment asked for.
    fn mails_to(&mut self, address: AddressId, since: Timestamp) -> Out<(u32, Timestamp)>;
    /// The same for mails that a person caused.
    fn mails_by(&mut self, person: PersonId, since: Timestamp) -> Out<(u32, Timestamp)>;
    /// The same for mails that speak of a workspace.
    fn mails_of(&mut self, workspace: WorkspaceId, since: Timestamp) -> Out<(u32, Timestamp)>;
    /// Mails whose next try is due.
    fn mails_due(&mut self, now: Timestamp, limit: usize) -> Out<Vec<QueuedMail>>;
    /// When the next mail is due, if one waits.
    fn next_mail_at(&mut self) -> Out<Option<Timestamp>>;

    /// Endpoints of a product, by id.
    fn webhooks(&mut self, product: ProductId) -> Out<Vec<WebhookRow>>;
    /// An endpoint, also one that was taken away.
    fn webhook(&mut self, id: WebhookId) -> Out<Option<WebhookRow>>;
    /// Endpoints that are at work and whose turn it is, with how far each is.
    fn webhooks_due(&mut self, now: Timestamp) -> Out<Vec<(WebhookRow, Progress)>>;
    /// How far an endpoint is.
    fn webhook_progress(&mut self, id: WebhookId) -> Out<Option<Progress>>;
    /// When the next try of a delivery may be made, if one waits.
    fn next_webhook_at(&mut self) -> Out<Option<Timestamp>>;
    /// Events of a product's workspaces after a position of the feed, up to another, in order.
    fn feed_of(&mut self, product: ProductId, after: u64, to: u64) -> Out<Vec<FeedEvent>>;
    /// One of them.
    fn feed_event(&mut self, product: ProductId, position: u64, seq: u32) -> Out<Option<FeedEvent>>;
    /// The position of the first change from a moment on.
    fn first_since(&mut self, at: Timestamp) -> Out<Option<u64>>;
    /// A delivery.
    fn delivery(&mut self, webhook: WebhookId, event: EventId) -> Out<Option<Delivery>>;
    /// Deliveries whose next try is due, in the order of the feed.
    fn deliveries_due(&mut self, webhook: WebhookId, now: Timestamp, limit: usize) -> Out<Vec<Delivery>>;
    /// How many deliveries of an endpoint wait.
    fn deliveries_waiting(&mut self, webhook: WebhookId) -> Out<u64>;
    /// Deliveries of an endpoint, newest event first, from before one on; of one state or all.
    fn deliveries(
        &mut self,
        webhook: WebhookId,
        state: Option<DeliveryState>,
        before: Option<EventId>,
        limit: usize,
    ) -> Out<Vec<Delivery>>;

    /// Walks the chain of one line or all, folds each workspace and compares it with its tables.
    fn verify(&mut self, line: Option<LineId>) -> Out<Verified>;
}

/// A change in the making.
pub trait Tx: Read {
    /// The reference of an address, written down now if it never was.
    fn address(&mut self, email: &Email) -> Out<AddressId>;
    /// Writes a personal text down, outside the events.
    fn text(&mut self, id: TextId, text: &str) -> Out<()>;
    /// Writes a password's hash down, outside the events, in PHC form.
    fn password_hash(&mut self, id: CredentialId, phc: &str) -> Out<()>;
    /// Remembers the id that a product's host uses for a person.
    fn person_external_id(&mut self, product: ProductId, external_id: &str, person: PersonId) -> Out<()>;

    /// Appends to a workspace's line and writes the rows that its events touched. The line must be locked.
    fn append(&mut self, by: &By, change: WorkspaceChange) -> Out<()>;
    /// Appends to a person's or the installation's line: each row is an event, and put. The line must be locked.
    /// Put several times in one change, it is still one step of the line.
    fn put(&mut self, line: LineId, by: &By, at: Timestamp, rows: Vec<Row>) -> Out<()>;

    /// Lets a secret open something.
    fn put_secret(&mut self, secret: SecretRow) -> Out<()>;
    /// Takes one secret away; whether it was there. Two who use it at once: one of them is first.
    fn take_secret(&mut self, hash: &[u8; 32]) -> Out<bool>;
    /// Takes every secret of an object away.
    fn drop_secrets(&mut self, kind: SecretKind, object: [u8; 16]) -> Out<()>;
    /// Queues a mail; it leaves after the commit.
    fn mail(&mut self, mail: MailRow) -> Out<()>;
    /// Voids the waiting mails about an object.
    fn void_mails(&mut self, object: [u8; 16]) -> Out<()>;
    /// An endpoint gets what happens from here on.
    fn begin_webhook(&mut self, id: WebhookId) -> Out<()>;
    /// Takes every link, code and session's secret away, and voids every waiting mail: how many of each.
    fn void_links(&mut self) -> Out<(u64, u64)>;
}

/// Observations: not changes, so outside chain, revision and feed; bounded and aggregated.
pub trait Observe {
    /// A person entered a workspace by signing in.
    fn enter(&mut self, workspace: WorkspaceId, person: PersonId, at: Timestamp) -> Out<()>;
    /// A session was used; written at most once a minute for each.
    fn use_session(&mut self, session: SessionId, at: Timestamp) -> Out<()>;
    /// A key was used; written at most once a minute for each.
    fn use_key(&mut self, key: bailiwick_core::ids::KeyId, at: Timestamp) -> Out<()>;
    /// Tries noted under a name, and since when; a window that began before `since` begins anew.
    fn tries(&mut self, name: &str, since: Timestamp) -> Out<(u32, Timestamp)>;
    /// Notes one more try under a name in the window that began at or after `since`; gives how many there are now.
    fn add_try(&mut self, name: &str, since: Timestamp, at: Timestamp) -> Out<u32>;
    /// Forgets the tries noted under a name.
    fn clear_tries(&mut self, name: &str) -> Out<()>;
    /// Claims a waiting mail before it is sent: nobody else finds it due before `until`. Whether it was claimed; not if
    /// it no longer waits for the moment `next_at`, for then it was claimed, sent or overtaken since that was read.
    fn claim_mail(&mut self, mail: MailId, next_at: Timestamp, until: Timestamp) -> Out<bool>;
    /// Notes how sending a mail went.
    fn mail_tried(
        &mut self,
        mail: MailId,
        state: MailState,
        next_at: Timestamp,
        error: Option<&str>,
        at: Timestamp,
    ) -> Out<()>;

    /// Claims an endpoint before its events are taken and sent: it is nobody else's turn before `until`. Whether it was
    /// claimed; not if its turn is no longer at `next_at`, for then another had it since that was read.
    fn claim_webhook(&mut self, id: WebhookId, next_at: Timestamp, until: Timestamp) -> Out<bool>;
    /// Says how an endpoint is, all but its position, and ends a claim. Whether it was still that of who says so.
    fn webhook_is(&mut self, id: WebhookId, claimed: Timestamp, now: Progress) -> Out<bool>;
    /// Takes an endpoint's events up to a position: each becomes a delivery that waits. Whether it was at `from`.
    fn gather(&mut self, id: WebhookId, from: u64, to: u64, found: &[Delivery]) -> Out<bool>;
    /// Moves an endpoint back in the feed, if it is beyond that position: what follows it is taken once more.
    fn move_back(&mut self, id: WebhookId, position: u64) -> Out<()>;
    /// A delivery waits from now on; one of this event that was there begins anew.
    fn deliver(&mut self, id: WebhookId, delivery: &Delivery) -> Out<()>;
    /// Notes how trying a delivery went.
    fn delivery_tried(&mut self, id: WebhookId, tried: &Tried) -> Out<()>;
    /// Forgets deliveries that ended before a moment.
    fn forget_deliveries(&mut self, before: Timestamp) -> Out<()>;
    /// Forgets everything that is on its way to an endpoint, and how far it is.
    fn forget_webhook(&mut self, id: WebhookId) -> Out<()>;
}
