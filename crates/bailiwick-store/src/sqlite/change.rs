//! A change in the making, on the writer's connection.

use std::sync::Arc;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{AddressId, CommandId, CredentialId, PersonId, ProductId, TextId, WorkspaceId};
use bailiwick_core::team::invariant;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::time::Timestamp;
use rusqlite::Connection;

use super::log::{self, Pending};
use super::read::Source;
use super::sql::{Out, int, run, to_json};
use super::states::States;
use super::{load, put, write};
use crate::chain::ChainKey;
use crate::error::StoreError;
use crate::models::Models;
use crate::query::{log as log_q, observed, people};
use crate::rows::{By, Committed, LineId, MailRow, Row, SecretKind, SecretRow, WorkspaceChange};
use crate::tx::{Read, Tx};

/// A change in the making.
pub(super) struct Change<'a> {
    conn: &'a Connection,
    models: &'a Models,
    key: &'a ChainKey,
    states: &'a mut States,
    lines: &'a [LineId],
    pending: Vec<Pending>,
    after: Vec<Arc<Workspace>>,
    /// A step broke off in the middle: some of its rows are written, its events are not.
    torn: bool,
}

impl<'a> Change<'a> {
    pub(super) fn new(
        conn: &'a Connection,
        models: &'a Models,
        key: &'a ChainKey,
        states: &'a mut States,
        lines: &'a [LineId],
    ) -> Self {
        Self { conn, models, key, states, lines, pending: Vec::new(), after: Vec::new(), torn: false }
    }

    /// The last step: the log.
    pub(super) fn finish(self, command: CommandId) -> Out<Committed> {
        if self.torn {
            return Err(StoreError::Database("a step of this change failed; nothing of it can be kept".into()));
        }
        let mut committed = log::write(self.conn, self.key, command, self.pending)?;
        committed.workspaces = self.after;
        Ok(committed)
    }

    /// Takes a line for its one step in this change.
    fn step(&mut self, line: LineId) -> Out<log::Standing> {
        if !self.lines.contains(&line) {
            return Err(StoreError::Database(format!("{line} is not locked by this change")));
        }
        if self.pending.iter().any(|change| change.line == line) {
            return Err(StoreError::Database(format!("{line} takes one step in a change, not two")));
        }
        log::standing(self.conn, line)
    }

    fn put_rows(&self, line: LineId, at: Timestamp, rows: &[Row]) -> Out<Vec<(Timestamp, &'static str, String)>> {
        let put = |row: &Row| {
            put::row(self.conn, line, row)?;
            Ok((at, put::kind(row), to_json(row)?))
        };
        rows.iter().map(put).collect()
    }

    fn begin(&mut self, change: Pending) -> Out<()> {
        run(
            self.conn,
            log_q::PUT_LINE,
            &[
                &change.line.bytes(),
                &change.line.kind(),
                &change.product.map(ProductId::bytes),
                &int(change.before.revision + 1),
                &change.at.0,
                &change.before.head,
            ],
        )?;
        self.pending.push(change);
        Ok(())
    }
}

impl Source for Change<'_> {
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
        if let Some(state) = self.after.iter().find(|state| state.id == id) {
            return Ok(Some(Arc::clone(state)));
        }
        let revision = log::standing(self.conn, LineId::Workspace(id))?.revision;
        if let Some(state) = self.states.get(id, revision) {
            return Ok(Some(state));
        }
        let Some(state) = load::workspace(self.conn, self.models, id)?.map(Arc::new) else { return Ok(None) };
        self.states.keep(&state);
        Ok(Some(state))
    }
}

impl Tx for Change<'_> {
    fn address(&mut self, email: &Email) -> Out<AddressId> {
        if let Some(id) = self.find_address(email)? {
            return Ok(id);
        }
        let id = AddressId(u128::from_be_bytes(super::random()?));
        run(self.conn, people::ADD_ADDRESS, &[&id.bytes(), &email.comparable(), &email.display()])?;
        Ok(id)
    }

    fn text(&mut self, id: TextId, text: &str) -> Out<()> {
        run(self.conn, people::PUT_TEXT, &[&id.bytes(), &text]).map(drop)
    }

    fn password_hash(&mut self, id: CredentialId, phc: &str) -> Out<()> {
        run(self.conn, people::PUT_HASH, &[&id.bytes(), &phc]).map(drop)
    }

    fn person_external_id(&mut self, product: ProductId, external_id: &str, person: PersonId) -> Out<()> {
        if self.person_by_external_id(product, external_id)? == Some(person) {
            return Ok(());
        }
        run(self.conn, people::ADD_EXTERNAL_ID, &[&product.bytes(), &external_id, &person.bytes()]).map(drop)
    }

    fn append(&mut self, by: &By, change: WorkspaceChange) -> Out<()> {
        let line = LineId::Workspace(change.after.id);
        let before = self.step(line)?;
        let decided_on = change.before.as_ref().map_or(0, |state| state.revision);
        if before.revision != decided_on || change.after.revision != decided_on + 1 || change.events.is_empty() {
            return Err(StoreError::Database(format!(
                "{line} is at revision {}; {} events from {decided_on} to {} do not follow",
                before.revision,
                change.events.len(),
                change.after.revision
            )));
        }
        // Better refused here than fenced at the next load.
        invariant::check(&change.after).map_err(|why| StoreError::Fenced { line: line.to_string(), why })?;
        self.torn = true;
        write::rows(self.conn, &change)?;
        let mut events = Vec::with_capacity(change.events.len());
        for recorded in &change.events {
            events.push((recorded.at, recorded.event.kind(), to_json(&recorded.event)?));
        }
        self.begin(Pending {
            line,
            product: Some(change.after.product),
            before,
            at: change.after.last_time,
            by: by.clone(),
            model: change.after.model.version.to_string(),
            events,
        })?;
        self.after.push(change.after);
        self.torn = false;
        Ok(())
    }

    fn put(&mut self, line: LineId, by: &By, at: Timestamp, rows: Vec<Row>) -> Out<()> {
        if rows.is_empty() {
            return Err(StoreError::Database(format!("{line}: no row to put")));
        }
        let begun = self.pending.iter().position(|change| change.line == line);
        self.torn = true;
        // What is put on a line in several goes is one step of it: an account and its first session, say.
        if let Some(ix) = begun {
            let events = self.put_rows(line, self.pending[ix].at, &rows)?;
            self.pending[ix].events.extend(events);
        } else {
            let before = self.step(line)?;
            // The times of a line never decrease, whatever the clock did.
            let at = at.max(before.last_at);
            let events = self.put_rows(line, at, &rows)?;
            self.begin(Pending { line, product: None, before, at, by: by.clone(), model: String::new(), events })?;
        }
        self.torn = false;
        Ok(())
    }

    fn put_secret(&mut self, secret: SecretRow) -> Out<()> {
        let args: &[&dyn rusqlite::ToSql] = &[
            &secret.hash,
            &secret.kind.word(),
            &secret.line,
            &secret.object,
            &secret.generation,
            &secret.expires_at.0,
            &secret.bound_to,
        ];
        run(self.conn, people::PUT_SECRET, args).map(drop)
    }

    fn take_secret(&mut self, hash: &[u8; 32]) -> Out<bool> {
        Ok(run(self.conn, people::TAKE_SECRET, &[hash])? == 1)
    }

    fn drop_secrets(&mut self, kind: SecretKind, object: [u8; 16]) -> Out<()> {
        run(self.conn, people::DROP_SECRETS, &[&object, &kind.word()]).map(drop)
    }

    fn mail(&mut self, mail: MailRow) -> Out<()> {
        let args: &[&dyn rusqlite::ToSql] = &[
            &mail.mail.bytes(),
            &mail.to.bytes(),
            &mail.by.map(PersonId::bytes),
            &mail.workspace.map(WorkspaceId::bytes),
            &mail.object,
            &mail.message,
            &mail.nonce,
            &mail.created_at.0,
        ];
        run(self.conn, observed::ADD_MAIL, args).map(drop)
    }

    fn void_mails(&mut self, object: [u8; 16]) -> Out<()> {
        run(self.conn, observed::VOID_MAILS, &[&object]).map(drop)
    }
}
