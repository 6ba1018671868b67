//! A change in the making, on the writer's connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use bailiwick_core::email::Email;
use bailiwick_core::ids::{AddressId, CommandId, CredentialId, PersonId, ProductId, TextId, WebhookId, WorkspaceId};
use bailiwick_core::team::invariant;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::time::Timestamp;

use super::db::{Db, Out, int, run, to_json, write};
use super::log::{self, Pending, Standing};
use super::read::Source;
use super::states::States;
use super::value::Arg;
use super::{load, put, webhooks, write};
use crate::chain::ChainKey;
use crate::error::StoreError;
use crate::models::Models;
use crate::query::{log as log_q, observed, people};
use crate::rows::{By, Committed, LineId, MailRow, Row, SecretKind, SecretRow, WorkspaceChange};
use crate::tx::{Read, Tx};

/// The lines of a change. While it lasts nobody else moves them, so each is looked at once.
pub(crate) type Lines = BTreeMap<LineId, Option<Standing>>;

/// A change in the making.
pub(crate) struct Change<'a> {
    db: &'a dyn Db,
    models: &'a Models,
    key: &'a ChainKey,
    states: &'a States,
    /// The lines that this change holds, and where they stand as far as that was looked at.
    lines: Lines,
    pending: Vec<Pending>,
    after: Vec<Arc<Workspace>>,
    /// A step broke off in the middle: some of its rows are written, its events are not.
    torn: bool,
}

impl<'a> Change<'a> {
    pub(crate) fn new(db: &'a dyn Db, models: &'a Models, key: &'a ChainKey, states: &'a States, lines: Lines) -> Self {
        Self { db, models, key, states, lines, pending: Vec::new(), after: Vec::new(), torn: false }
    }

    /// The last step: the log.
    pub(crate) fn finish(self, command: CommandId) -> Out<Committed> {
        if self.torn {
            return Err(StoreError::Database("a step of this change failed; nothing of it can be kept".into()));
        }
        let mut committed = log::append(self.db, self.key, command, self.pending)?;
        committed.workspaces = self.after;
        Ok(committed)
    }

    /// Takes a line for its one step in this change.
    fn step(&mut self, line: LineId) -> Out<Standing> {
        if self.pending.iter().any(|change| change.line == line) {
            return Err(StoreError::Database(format!("{line} takes one step in a change, not two")));
        }
        self.standing(line)
    }

    /// Where a line of this change stands. To read another one would be to decide on what may move meanwhile.
    fn standing(&mut self, line: LineId) -> Out<Standing> {
        match self.lines.get_mut(&line) {
            None => Err(StoreError::Database(format!("{line} is not locked by this change"))),
            Some(Some(standing)) => Ok(*standing),
            Some(unknown) => Ok(*unknown.insert(log::standing(self.db, line)?)),
        }
    }

    fn put_rows(&self, line: LineId, at: Timestamp, rows: &[Row]) -> Out<Vec<(Timestamp, &'static str, String)>> {
        let put = |row: &Row| {
            put::row(self.db, line, row)?;
            Ok((at, put::kind(row), to_json(row)?))
        };
        rows.iter().map(put).collect()
    }

    fn begin(&mut self, change: Pending) -> Out<()> {
        write(
            self.db,
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
        if let Some(state) = self.after.iter().find(|state| state.id == id) {
            return Ok(Some(Arc::clone(state)));
        }
        let revision = self.standing(LineId::Workspace(id))?.revision;
        if let Some(state) = self.states.get(id, revision) {
            return Ok(Some(state));
        }
        let Some(state) = load::workspace(self.db, self.models, id)?.map(Arc::new) else { return Ok(None) };
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
        if run(self.db, people::ADD_ADDRESS, &[&id.bytes(), &email.comparable(), &email.display()])? == 1 {
            return Ok(id);
        }
        // Addresses belong to no line: another change wrote it down at the same moment, and was committed first.
        self.find_address(email)?.ok_or_else(|| StoreError::Database("an address came and went".into()))
    }

    fn text(&mut self, id: TextId, text: &str) -> Out<()> {
        write(self.db, people::PUT_TEXT, &[&id.bytes(), &text])
    }

    fn password_hash(&mut self, id: CredentialId, phc: &str) -> Out<()> {
        write(self.db, people::PUT_HASH, &[&id.bytes(), &phc])
    }

    fn person_external_id(&mut self, product: ProductId, external_id: &str, person: PersonId) -> Out<()> {
        if self.person_by_external_id(product, external_id)? == Some(person) {
            return Ok(());
        }
        write(self.db, people::ADD_EXTERNAL_ID, &[&product.bytes(), &external_id, &person.bytes()])
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
        // Events are decided under the model before them, also those that bring another one.
        let model = change.before.as_ref().unwrap_or(&change.after).model.version.to_string();
        self.torn = true;
        write::rows(self.db, &change)?;
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
            model,
            events,
        })?;
        self.after.push(change.after);
        // What the tables refuse is refused here, not at the next step.
        self.db.settle()?;
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
        let args: &[&dyn Arg] = &[
            &secret.hash,
            &secret.kind.word(),
            &secret.line,
            &secret.object,
            &secret.generation,
            &secret.expires_at.0,
            &secret.bound_to,
        ];
        write(self.db, people::PUT_SECRET, args)
    }

    fn take_secret(&mut self, hash: &[u8; 32]) -> Out<bool> {
        Ok(run(self.db, people::TAKE_SECRET, &[hash])? == 1)
    }

    fn drop_secrets(&mut self, kind: SecretKind, object: [u8; 16]) -> Out<()> {
        write(self.db, people::DROP_SECRETS, &[&object, &kind.word()])
    }

    fn mail(&mut self, mail: MailRow) -> Out<()> {
        let args: &[&dyn Arg] = &[
            &mail.mail.bytes(),
            &mail.to.bytes(),
            &mail.by.map(PersonId::bytes),
            &mail.workspace.map(WorkspaceId::bytes),
            &mail.object,
            &mail.message,
            &mail.nonce,
            &mail.created_at.0,
        ];
        write(self.db, observed::ADD_MAIL, args)
    }

    fn void_mails(&mut self, object: [u8; 16]) -> Out<()> {
        write(self.db, observed::VOID_MAILS, &[&object])
    }

    fn begin_webhook(&mut self, id: WebhookId) -> Out<()> {
        webhooks::begin(self.db, id)
    }

    fn void_links(&mut self) -> Out<(u64, u64)> {
        let links = run(self.db, people::DROP_LINKS, &[&SecretKind::HostKey.word()])?;
        Ok((links, run(self.db, observed::VOID_ALL_MAILS, &[])?))
    }
}
