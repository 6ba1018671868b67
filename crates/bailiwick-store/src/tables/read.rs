//! The reads, the same inside a change and outside one.

use std::sync::Arc;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{
    AddressId, EventId, InvitationId, KeyId, PersonId, ProductId, ResourceId, SessionId, WebhookId, WorkspaceId,
};
use bailiwick_core::team::state::Workspace;
use bailiwick_core::time::Timestamp;

use super::db::{Cells, Db, Out, all, int, misread, one};
use super::{load, log, verify, webhooks};
use crate::chain::ChainKey;
use crate::models::Models;
use crate::query::{installation, observed, people, workspace as q};
use crate::rows::{
    CredentialRow, KeyRow, LineId, LogEntry, LogFilter, MailRow, MailState, Membership, ModelRow, PersonCard,
    PersonRow, ProductRow, QueuedMail, SecretKind, SecretRow, SessionRow, SignedInBy, Verified,
};
use crate::tx::Read;
use crate::webhooks::{Delivery, DeliveryState, FeedEvent, Progress, WebhookRow};

/// What the reads need.
pub(crate) trait Source {
    fn db(&self) -> &dyn Db;
    fn models(&self) -> &Models;
    fn key(&self) -> &ChainKey;
    /// The newest state of a workspace.
    fn state(&mut self, id: WorkspaceId) -> Out<Option<Arc<Workspace>>>;
}

/// Reads of one moment, outside any change.
pub(crate) struct Moment<'a> {
    pub(crate) db: &'a dyn Db,
    pub(crate) models: &'a Models,
    pub(crate) key: &'a ChainKey,
}

impl Source for Moment<'_> {
    fn db(&self) -> &dyn Db {
        self.db
    }
    fn models(&self) -> &Models {
        self.models
    }
    fn key(&self) -> &ChainKey {
        self.key
    }
    fn state(&mut self, id: WorkspaceId) -> Out<Option<Arc<Workspace>>> {
        Ok(load::workspace(self.db, self.models, id)?.map(Arc::new))
    }
}

impl<S: Source> Read for S {
    fn head(&mut self) -> Out<u64> {
        log::head(self.db())
    }

    fn understood(&mut self, line: LineId) -> Out<()> {
        log::standing(self.db(), line).map(drop)
    }

    fn workspace(&mut self, id: WorkspaceId) -> Out<Option<Arc<Workspace>>> {
        self.state(id)
    }

    fn workspace_by_external_id(&mut self, product: ProductId, external_id: &str) -> Out<Option<WorkspaceId>> {
        one(self.db(), q::BY_EXTERNAL_ID, &[&product.bytes(), &external_id], |c| c.id())
    }

    fn workspaces(&mut self, product: ProductId, after: Option<WorkspaceId>, limit: usize) -> Out<Vec<WorkspaceId>> {
        let after = after.map(|id| id.bytes().to_vec()).unwrap_or_default();
        all(self.db(), q::OF_PRODUCT, &[&product.bytes(), &after, &int(limit)], |c| c.id())
    }

    fn workspaces_pinned(&mut self, model: &str, after: Option<WorkspaceId>, limit: usize) -> Out<Vec<WorkspaceId>> {
        let after = after.map(|id| id.bytes().to_vec()).unwrap_or_default();
        all(self.db(), q::PINNED, &[&model, &after, &int(limit)], |c| c.id())
    }

    fn workspaces_due(&mut self, by: Timestamp, limit: usize) -> Out<Vec<WorkspaceId>> {
        all(self.db(), q::DUE, &[&by.0, &int(limit)], |c| c.id())
    }

    fn resource_workspace(&mut self, resource: ResourceId) -> Out<Option<WorkspaceId>> {
        one(self.db(), q::RESOURCE_WORKSPACE, &[&resource.bytes()], |c| c.id())
    }

    fn memberships(&mut self, person: PersonId) -> Out<Vec<Membership>> {
        let mut rows = all(self.db(), q::MEMBERSHIPS, &[&person.bytes()], |c| {
            Ok(Membership {
                workspace: c.id()?,
                product: c.id()?,
                member: c.id()?,
                name: c.text()?,
                suspended: c.get()?,
            })
        })?;
        // Of several rows in one workspace the first stands for all.
        rows.dedup_by_key(|row| row.workspace);
        Ok(rows)
    }

    fn invitations_to(&mut self, address: AddressId) -> Out<Vec<(WorkspaceId, InvitationId)>> {
        all(self.db(), q::INVITATIONS_TO, &[&address.bytes()], |c| Ok((c.id()?, c.id()?)))
    }

    fn person(&mut self, id: PersonId) -> Out<Option<PersonRow>> {
        one(self.db(), people::PERSON, &[&id.bytes()], person)
    }

    fn person_at(&mut self, address: AddressId) -> Out<Option<PersonRow>> {
        one(self.db(), people::PERSON_AT, &[&address.bytes()], person)
    }

    fn person_by_external_id(&mut self, product: ProductId, external_id: &str) -> Out<Option<PersonId>> {
        one(self.db(), people::PERSON_OF_EXTERNAL_ID, &[&product.bytes(), &external_id], |c| c.id())
    }

    fn has_external_id(&mut self, product: ProductId, person: PersonId) -> Out<bool> {
        let found = one(self.db(), people::HAS_EXTERNAL_ID, &[&product.bytes(), &person.bytes()], |c| c.get::<bool>())?;
        Ok(found.unwrap_or(false))
    }

    fn in_session(&mut self, after: Option<PersonId>, limit: usize) -> Out<Vec<PersonId>> {
        let after = after.unwrap_or(PersonId(0)).bytes();
        all(self.db(), people::IN_SESSION, &[&after, &int(limit)], |c| c.id())
    }

    fn external_ids(&mut self, product: ProductId, person: PersonId) -> Out<Vec<String>> {
        all(self.db(), people::EXTERNAL_IDS, &[&product.bytes(), &person.bytes()], |c| c.get())
    }

    fn cards(&mut self, ids: &[PersonId]) -> Out<Vec<PersonCard>> {
        let mut cards = Vec::with_capacity(ids.len());
        for id in ids {
            cards.extend(one(self.db(), people::CARD, &[&id.bytes()], |c| {
                let card =
                    PersonCard { person: c.id()?, name: c.text()?, email: c.text()?, erased_at: c.maybe_time()? };
                Ok(match card.erased_at {
                    // What is left of an erased person's texts is nobody's to read.
                    Some(_) => PersonCard { name: String::new(), email: String::new(), ..card },
                    None => card,
                })
            })?);
        }
        Ok(cards)
    }

    fn addresses(&mut self, ids: &[AddressId]) -> Out<Vec<(AddressId, String)>> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.extend(one(self.db(), people::ADDRESS, &[&id.bytes()], |c| Ok((*id, c.text()?)))?);
        }
        Ok(found)
    }

    fn find_address(&mut self, email: &Email) -> Out<Option<AddressId>> {
        one(self.db(), people::FIND_ADDRESS, &[&email.comparable()], |c| c.id())
    }

    fn password(&mut self, person: PersonId) -> Out<Option<(CredentialRow, String)>> {
        one(self.db(), people::PASSWORD, &[&person.bytes()], |c| Ok((credential(c)?, c.text()?)))
    }

    fn session(&mut self, id: SessionId) -> Out<Option<SessionRow>> {
        one(self.db(), people::SESSION, &[&id.bytes()], session)
    }

    fn session_used(&mut self, id: SessionId) -> Out<Option<Timestamp>> {
        one(self.db(), observed::SESSION_USED, &[&id.bytes()], |c| c.time())
    }

    fn sessions(&mut self, person: PersonId) -> Out<Vec<SessionRow>> {
        all(self.db(), people::SESSIONS, &[&person.bytes()], session)
    }

    fn secret(&mut self, hash: &[u8; 32]) -> Out<Option<SecretRow>> {
        one(self.db(), people::SECRET, &[hash], |c| {
            Ok(SecretRow {
                hash: c.get()?,
                kind: word(&c.text()?, SecretKind::of_word)?,
                line: c.get()?,
                object: c.get()?,
                generation: c.number()?,
                expires_at: c.time()?,
                bound_to: c.get()?,
            })
        })
    }

    fn products(&mut self) -> Out<Vec<ProductRow>> {
        products(self.db())
    }

    fn models(&mut self) -> Out<Vec<ModelRow>> {
        models(self.db())
    }

    fn keys(&mut self) -> Out<Vec<(KeyRow, [u8; 32])>> {
        all(self.db(), installation::LIVE_KEYS, &[], key)
    }

    fn host_key(&mut self, id: KeyId) -> Out<Option<KeyRow>> {
        Ok(one(self.db(), installation::KEY, &[&id.bytes()], key)?.map(|(row, _)| row))
    }

    fn entered(&mut self, workspace: WorkspaceId) -> Out<Vec<(PersonId, Timestamp)>> {
        all(self.db(), observed::ENTERED, &[&workspace.bytes()], |c| Ok((c.id()?, c.time()?)))
    }

    fn log(&mut self, line: LineId, filter: &LogFilter) -> Out<Vec<LogEntry>> {
        log::entries(self.db(), line, filter)
    }

    fn mails(&mut self, workspace: Option<WorkspaceId>, limit: usize) -> Out<Vec<QueuedMail>> {
        match workspace {
            Some(id) => all(self.db(), observed::MAILS_OF, &[&id.bytes(), &int(limit)], mail),
            None => all(self.db(), observed::MAILS, &[&int(limit)], mail),
        }
    }

    fn mails_to(&mut self, address: AddressId, since: Timestamp) -> Out<(u32, Timestamp)> {
        mails_since(self.db(), observed::MAILS_TO_SINCE, address.bytes(), since)
    }

    fn mails_by(&mut self, person: PersonId, since: Timestamp) -> Out<(u32, Timestamp)> {
        mails_since(self.db(), observed::MAILS_BY_SINCE, person.bytes(), since)
    }

    fn mails_of(&mut self, workspace: WorkspaceId, since: Timestamp) -> Out<(u32, Timestamp)> {
        mails_since(self.db(), observed::MAILS_OF_SINCE, workspace.bytes(), since)
    }

    fn mails_due(&mut self, now: Timestamp, limit: usize) -> Out<Vec<QueuedMail>> {
        all(self.db(), observed::MAILS_DUE, &[&now.0, &int(limit)], mail)
    }

    fn next_mail_at(&mut self) -> Out<Option<Timestamp>> {
        Ok(one(self.db(), observed::NEXT_MAIL, &[], |c| c.maybe_time())?.flatten())
    }

    fn webhooks(&mut self, product: ProductId) -> Out<Vec<WebhookRow>> {
        webhooks::of_product(self.db(), product)
    }

    fn webhook(&mut self, id: WebhookId) -> Out<Option<WebhookRow>> {
        webhooks::find(self.db(), id)
    }

    fn webhooks_due(&mut self, now: Timestamp) -> Out<Vec<(WebhookRow, Progress)>> {
        webhooks::due(self.db(), now)
    }

    fn webhook_progress(&mut self, id: WebhookId) -> Out<Option<Progress>> {
        webhooks::progress_of(self.db(), id)
    }

    fn next_webhook_at(&mut self) -> Out<Option<Timestamp>> {
        webhooks::next(self.db())
    }

    fn feed_of(&mut self, product: ProductId, after: u64, to: u64) -> Out<Vec<FeedEvent>> {
        webhooks::feed(self.db(), product, after, to)
    }

    fn feed_event(&mut self, product: ProductId, position: u64, seq: u32) -> Out<Option<FeedEvent>> {
        webhooks::feed_event(self.db(), product, position, seq)
    }

    fn first_since(&mut self, at: Timestamp) -> Out<Option<u64>> {
        webhooks::first_since(self.db(), at)
    }

    fn delivery(&mut self, webhook: WebhookId, event: EventId) -> Out<Option<Delivery>> {
        webhooks::delivery(self.db(), webhook, event)
    }

    fn deliveries_due(&mut self, webhook: WebhookId, now: Timestamp, limit: usize) -> Out<Vec<Delivery>> {
        webhooks::deliveries_due(self.db(), webhook, now, limit)
    }

    fn deliveries_waiting(&mut self, webhook: WebhookId) -> Out<u64> {
        webhooks::waiting(self.db(), webhook)
    }

    fn deliveries(
        &mut self,
        webhook: WebhookId,
        state: Option<DeliveryState>,
        before: Option<EventId>,
        limit: usize,
    ) -> Out<Vec<Delivery>> {
        webhooks::deliveries(self.db(), webhook, state, before, limit)
    }

    fn workspace_at(&mut self, id: WorkspaceId, at: Timestamp) -> Out<Option<Arc<Workspace>>> {
        verify::past(self.db(), Source::models(self), self.key(), id, at)
    }

    fn verify(&mut self, line: Option<LineId>) -> Out<Verified> {
        verify::verify(self.db(), Source::models(self), self.key(), line)
    }
}

pub(crate) fn person(c: &mut Cells<'_>) -> Out<PersonRow> {
    Ok(PersonRow {
        person: c.id()?,
        address: c.id()?,
        proven_at: c.maybe_time()?,
        name: c.id()?,
        created_at: c.time()?,
        erased_at: c.maybe_time()?,
    })
}

pub(crate) fn session(c: &mut Cells<'_>) -> Out<SessionRow> {
    Ok(SessionRow {
        session: c.id()?,
        person: c.id()?,
        by: word(&c.text()?, SignedInBy::of_word)?,
        product: c.maybe_id()?,
        created_at: c.time()?,
        expires_at: c.time()?,
        ended_at: c.maybe_time()?,
    })
}

pub(crate) fn credential(c: &mut Cells<'_>) -> Out<CredentialRow> {
    Ok(CredentialRow { credential: c.id()?, person: c.id()?, created_at: c.time()?, ended_at: c.maybe_time()? })
}

pub(crate) fn products(db: &dyn Db) -> Out<Vec<ProductRow>> {
    all(db, installation::PRODUCTS, &[], |c| {
        Ok(ProductRow { product: c.id()?, name: c.text()?, brand: c.text()?, return_to: c.json()? })
    })
}

pub(crate) fn models(db: &dyn Db) -> Out<Vec<ModelRow>> {
    all(db, installation::MODELS, &[], |c| {
        Ok(ModelRow { version: c.text()?, name: c.text()?, text: c.text()?, created_at: c.time()? })
    })
}

pub(crate) fn keys(db: &dyn Db) -> Out<Vec<(KeyRow, [u8; 32])>> {
    all(db, installation::KEYS, &[], key)
}

fn key(c: &mut Cells<'_>) -> Out<(KeyRow, [u8; 32])> {
    let row = KeyRow {
        key: c.id()?,
        product: c.id()?,
        name: c.text()?,
        scopes: c.json()?,
        created_at: c.time()?,
        expires_at: c.time()?,
        revoked_at: c.maybe_time()?,
    };
    // A key whose secret was taken away still stands in the list; no secret hashes to zeros.
    Ok((row, c.get::<Option<[u8; 32]>>()?.unwrap_or_default()))
}

fn mails_since(db: &dyn Db, sql: &str, whose: [u8; 16], since: Timestamp) -> Out<(u32, Timestamp)> {
    let found = one(db, sql, &[&whose, &since.0], |c| Ok((c.number()?, c.maybe_time()?)))?;
    let (count, oldest) = found.unwrap_or_default();
    Ok((count, oldest.unwrap_or(since)))
}

fn mail(c: &mut Cells<'_>) -> Out<QueuedMail> {
    Ok(QueuedMail {
        row: MailRow {
            mail: c.id()?,
            to: c.id()?,
            by: c.maybe_id()?,
            workspace: c.maybe_id()?,
            object: c.get()?,
            message: c.text()?,
            nonce: c.get()?,
            created_at: c.time()?,
        },
        state: word(&c.text()?, MailState::of_word)?,
        attempts: c.number()?,
        next_at: c.time()?,
        last_error: c.get()?,
        ended_at: c.maybe_time()?,
    })
}

fn word<T>(word: &str, meaning: impl Fn(&str) -> Option<T>) -> Out<T> {
    meaning(word).ok_or_else(|| misread(format!("`{word}` means nothing here")))
}
