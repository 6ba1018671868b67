//! Rows of persons' and the installation's lines: an event of theirs is the row, and folding is putting it.

use bailiwick_core::ids::ProductId;

use super::db::{Db, Out, to_json, write};
use super::webhooks;
use crate::error::StoreError;
use crate::models::hash;
use crate::query::{installation, people};
use crate::rows::{LineId, Row};

/// The kind of a row's event; the same word stands in its JSON.
pub(crate) fn kind(row: &Row) -> &'static str {
    match row {
        Row::Person(_) => "person",
        Row::Session(_) => "session",
        Row::Credential(_) => "credential",
        Row::Product(_) => "product",
        Row::Model(_) => "model",
        Row::Key(_) => "key",
        Row::Webhook(_) => "webhook",
    }
}

/// The line that a row belongs to.
pub(crate) fn line_of(row: &Row) -> LineId {
    match row {
        Row::Person(row) => LineId::Person(row.person),
        Row::Session(row) => LineId::Person(row.person),
        Row::Credential(row) => LineId::Person(row.person),
        Row::Product(_) | Row::Model(_) | Row::Key(_) | Row::Webhook(_) => LineId::Installation,
    }
}

/// Puts one row.
pub(crate) fn row(db: &dyn Db, line: LineId, row: &Row) -> Out<()> {
    if line_of(row) != line {
        return Err(StoreError::Database(format!("a row of kind {} does not belong to {line}", kind(row))));
    }
    match row {
        Row::Person(p) => write(
            db,
            people::PUT_PERSON,
            &[
                &p.person.bytes(),
                &p.address.bytes(),
                &p.proven_at.map(|t| t.0),
                &p.name.bytes(),
                &p.created_at.0,
                &p.erased_at.map(|t| t.0),
            ],
        ),
        Row::Session(s) => write(
            db,
            people::PUT_SESSION,
            &[
                &s.session.bytes(),
                &s.person.bytes(),
                &s.by.word(),
                &s.product.map(ProductId::bytes),
                &s.created_at.0,
                &s.expires_at.0,
                &s.ended_at.map(|t| t.0),
            ],
        ),
        Row::Credential(c) => write(
            db,
            people::PUT_CREDENTIAL,
            &[&c.credential.bytes(), &c.person.bytes(), &c.created_at.0, &c.ended_at.map(|t| t.0)],
        ),
        Row::Product(p) => {
            write(db, installation::PUT_PRODUCT, &[&p.product.bytes(), &p.name, &p.brand, &to_json(&p.return_to)?])
        }
        Row::Model(m) => {
            if hash(&m.text) != m.version {
                return Err(StoreError::Database("a model's version is the SHA-256 of its text, in hex".into()));
            }
            write(db, installation::PUT_MODEL, &[&m.version, &m.name, &m.text, &m.created_at.0])
        }
        Row::Key(k) => write(
            db,
            installation::PUT_KEY,
            &[
                &k.key.bytes(),
                &k.product.bytes(),
                &k.name,
                &to_json(&k.scopes)?,
                &k.created_at.0,
                &k.expires_at.0,
                &k.revoked_at.map(|t| t.0),
            ],
        ),
        Row::Webhook(w) => webhooks::put(db, w),
    }
}
