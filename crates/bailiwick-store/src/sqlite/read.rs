//! The reads, the same inside a change and outside one.

use std::sync::Arc;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{AddressId, InvitationId, PersonId, ProductId, ResourceId, SessionId, WorkspaceId};
use bailiwick_core::team::state::Workspace;
use bailiwick_core::time::Timestamp;
use rusqlite::Connection;

use super::sql::{Cells, Out, all, int, misread, one};
use super::{load, log, verify};
use crate::chain::ChainKey;
use crate::models::Models;
use crate::query::{installation, observed, people, workspace as q};
use crate::rows::{
    CredentialRow, KeyRow, LineId, LogEntry, LogFilter, MailRow, MailState, Membership, ModelRow, PersonCard,
    PersonRow, ProductRow, QueuedMail, SecretKind, SecretRow, SessionRow, SignedInBy, Verified,
};
use crate::tx::Read;

/// What the reads need.
pub(super) trait Source {
    fn conn(&self) -> &Connection;
    fn models(&self) -> &Models;
    fn key(&self) -> &ChainKey;
    /// The newest state of a workspace.
    fn state(&mut self, id: WorkspaceId) -> Out<Option<Arc<Workspace>>>;
}

/// Reads of one moment, outside any change.
pub(super) struct Moment<'a> {
    pub(super) conn: &'a Connection,
    pub(super) models: &'a Models,
    pub(super) key: &'a ChainKey,
}

impl Source for Moment<'_> {
    fn conn(&self) -> &Connection {
        self.conn
    }
    fn models(&self) -> &Models {
        self.models
    }
    fn key(&self) -> &ChainKey {
        self.key
    }
    fn state(&mut self, id: WorkspaceId) -> Out<Option<Arc<Workspace>>> {
        Ok(load::workspace(self.conn, self.models, id)?.map(Arc::new))
    }
}

impl<S: Source> Read for S {
    fn head(&mut self) -> Out<u64> {
        log::head(self.conn())
    }

    fn workspace(&mut self, id: WorkspaceId) -> Out<Option<Arc<Workspace>>> {
        self.state(id)
    }

    fn workspace_by_external_id(&mut self, product: ProductId, external_id: &str) -> Out<Option<WorkspaceId>> {
        one(self.conn(), q::BY_EXTERNAL_ID, &[&product.bytes(), &external_id], |c| c.id())
    }

    fn workspaces(&mut self, product: ProductId, after: Option<WorkspaceId>, limit: usize) -> Out<Vec<WorkspaceId>> {
        let after = after.map(|id| id.bytes().to_vec()).unwrap_or_default();
        all(self.conn(), q::OF_PRODUCT, &[&product.bytes(), &after, &int(limit)], |c| c.id())
    }

    fn workspaces_due(&mut self, by: Timestamp, limit: usize) -> Out<Vec<WorkspaceId>> {
        all(self.conn(), q::DUE, &[&by.0, &int(limit)], |c| c.id())
    }

    fn resource_workspace(&mut self, resource: ResourceId) -> Out<Option<WorkspaceId>> {
        one(self.conn(), q::RESOURCE_WORKSPACE, &[&resource.bytes()], |c| c.id())
    }

    fn memberships(&mut self, person: PersonId) -> Out<Vec<Membership>> {
        all(self.conn(), q::MEMBERSHIPS, &[&person.bytes()], |c| {
            Ok(Membership { workspace: c.id()?, member: c.id()?, name: c.text()?, suspended: c.get()? })
        })
    }

    fn invitations_to(&mut self, address: AddressId) -> Out<Vec<(WorkspaceId, InvitationId)>> {
        all(self.conn(), q::INVITATIONS_TO, &[&address.bytes()], |c| Ok((c.id()?, c.id()?)))
    }

    fn person(&mut self, id: PersonId) -> Out<Option<PersonRow>> {
        one(self.conn(), people::PERSON, &[&id.bytes()], person)
    }

    fn person_at(&mut self, address: AddressId) -> Out<Option<PersonRow>> {
        one(self.conn(), people::PERSON_AT, &[&address.bytes()], person)
    }

    fn person_by_external_id(&mut self, product: ProductId, external_id: &str) -> Out<Option<PersonId>> {
        one(self.conn(), people::PERSON_OF_EXTERNAL_ID, &[&product.bytes(), &external_id], |c| c.id())
    }

    fn cards(&mut self, ids: &[PersonId]) -> Out<Vec<PersonCard>> {
        let mut cards = Vec::with_capacity(ids.len());
        for id in ids {
            cards.extend(one(self.conn(), people::CARD, &[&id.bytes()], |c| {
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
            found.extend(one(self.conn(), people::ADDRESS, &[&id.bytes()], |c| Ok((*id, c.text()?)))?);
        }
        Ok(found)
    }

    fn find_address(&mut self, email: &Email) -> Out<Option<AddressId>> {
        one(self.conn(), people::FIND_ADDRESS, &[&email.comparable()], |c| c.id())
    }

    fn password(&mut self, person: PersonId) -> Out<Option<(CredentialRow, String)>> {
        one(self.conn(), people::PASSWORD, &[&person.bytes()], |c| Ok((credential(c)?, c.text()?)))
    }

    fn session(&mut self, id: SessionId) -> Out<Option<SessionRow>> {
        one(self.conn(), people::SESSION, &[&id.bytes()], session)
    }

    fn session_used(&mut self, id: SessionId) -> Out<Option<Timestamp>> {
        one(self.conn(), observed::SESSION_USED, &[&id.bytes()], |c| c.time())
    }

    fn sessions(&mut self, person: PersonId) -> Out<Vec<SessionRow>> {
        all(self.conn(), people::SESSIONS, &[&person.bytes()], session)
    }

    fn secret(&mut self, hash: &[u8; 32]) -> Out<Option<SecretRow>> {
        one(self.conn(), people::SECRET, &[hash], |c| {
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
        products(self.conn())
    }

    fn models(&mut self) -> Out<Vec<ModelRow>> {
        models(self.conn())
    }

    fn keys(&mut self) -> Out<Vec<(KeyRow, [u8; 32])>> {
        keys(self.conn())
    }

    fn entered(&mut self, workspace: WorkspaceId) -> Out<Vec<(PersonId, Timestamp)>> {
        all(self.conn(), observed::ENTERED, &[&workspace.bytes()], |c| Ok((c.id()?, c.time()?)))
    }

    fn log(&mut self, line: LineId, filter: &LogFilter) -> Out<Vec<LogEntry>> {
        log::entries(self.conn(), line, filter)
    }

    fn mails(&mut self, workspace: Option<WorkspaceId>, limit: usize) -> Out<Vec<QueuedMail>> {
        match workspace {
            Some(id) => all(self.conn(), observed::MAILS_OF, &[&id.bytes(), &int(limit)], mail),
            None => all(self.conn(), observed::MAILS, &[&int(limit)], mail),
        }
    }

    fn mails_to(&mut self, address: AddressId, since: Timestamp) -> Out<(u32, Timestamp)> {
        mails_since(self.conn(), observed::MAILS_TO_SINCE, address.bytes(), since)
    }

    fn mails_by(&mut self, person: PersonId, since: Timestamp) -> Out<(u32, Timestamp)> {
        mails_since(self.conn(), observed::MAILS_BY_SINCE, person.bytes(), since)
    }

    fn mails_of(&mut self, workspace: WorkspaceId, since: Timestamp) -> Out<(u32, Timestamp)> {
        mails_since(self.conn(), observed::MAILS_OF_SINCE, workspace.bytes(), since)
    }

    fn mails_due(&mut self, now: Timestamp, limit: usize) -> Out<Vec<QueuedMail>> {
        all(self.conn(), observed::MAILS_DUE, &[&now.0, &int(limit)], mail)
    }

    fn next_mail_at(&mut self) -> Out<Option<Timestamp>> {
        Ok(one(self.conn(), observed::NEXT_MAIL, &[], |c| c.maybe_time())?.flatten())
    }

    fn verify(&mut self, line: Option<LineId>) -> Out<Verified> {
        verify::verify(self.conn(), Source::models(self), self.key(), line)
    }
}

pub(super) fn person(c: &mut Cells<'_, '_>) -> Out<PersonRow> {
    Ok(PersonRow {
        person: c.id()?,
        address: c.id()?,
        proven_at: c.maybe_time()?,
        name: c.id()?,
        created_at: c.time()?,
        erased_at: c.maybe_time()?,
    })
}

pub(super) fn session(c: &mut Cells<'_, '_>) -> Out<SessionRow> {
    Ok(SessionRow {
        session: c.id()?,
        person: c.id()?,
        by: word(&c.text()?, SignedInBy::of_word)?,
        created_at: c.time()?,
        expires_at: c.time()?,
        ended_at: c.maybe_time()?,
    })
}

pub(super) fn credential(c: &mut Cells<'_, '_>) -> Out<CredentialRow> {
    Ok(CredentialRow { credential: c.id()?, person: c.id()?, created_at: c.time()?, ended_at: c.maybe_time()? })
}

pub(super) fn products(conn: &Connection) -> Out<Vec<ProductRow>> {
    all(conn, installation::PRODUCTS, &[], |c| {
        Ok(ProductRow { product: c.id()?, name: c.text()?, brand: c.text()?, return_to: c.json()? })
    })
}

pub(super) fn models(conn: &Connection) -> Out<Vec<ModelRow>> {
    all(conn, installation::MODELS, &[], |c| {
        Ok(ModelRow { version: c.text()?, name: c.text()?, text: c.text()?, created_at: c.time()? })
    })
}

pub(super) fn keys(conn: &Connection) -> Out<Vec<(KeyRow, [u8; 32])>> {
    all(conn, installation::KEYS, &[], |c| {
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
    })
}

fn mails_since(conn: &Connection, sql: &str, whose: [u8; 16], since: Timestamp) -> Out<(u32, Timestamp)> {
    let found = one(conn, sql, &[&whose, &since.0], |c| Ok((c.number()?, c.maybe_time()?)))?;
    let (count, oldest) = found.unwrap_or_default();
    Ok((count, oldest.unwrap_or(since)))
}

fn mail(c: &mut Cells<'_, '_>) -> Out<QueuedMail> {
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
