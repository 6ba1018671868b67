//! The chain: each event of a line is sealed together with the seal of the event before it.
//!
//! A seal is HMAC-SHA-256 under the installation's key over these fields, in this order. Each is preceded by its
//! length as four bytes, big end first, so that no two different lists of fields give the same bytes; numbers are
//! eight bytes, big end first.
//!
//! | field | what |
//! |---|---|
//! | layout | `bailiwick.chain.1` |
//! | previous | the seal before, 32 bytes; zeros before the first event of a line |
//! | kind of line, line | `person`, `workspace` or `installation`; the id's 16 bytes |
//! | revision, position, command, change's time, actor | the row of the change: number, number, 16 bytes, number, stored JSON |
//! | seq, time, kind, version, model, payload | the row of the event as it is stored; `model` is empty for rows that are put |
//! | key | the number of the key |
//!
//! The position in the feed is known only when everything else is, so events are written as the last step of a
//! transaction, after the counter was taken. What can be erased (address, name, origin) is not in here.
//!
//! A chain shows that something was edited, removed, moved or added without the key. It does not show that a whole
//! database, log, tables and counter together, was put back to what it once was: that takes a seal kept elsewhere.

use std::fmt;

use ring::hmac;

/// One seal.
pub type Seal = [u8; 32];

/// What stands before the first event of a line.
pub const START: Seal = [0; 32];

const LAYOUT: &[u8] = b"bailiwick.chain.1";

/// The key of the chain. It is not in the database.
#[derive(Clone)]
pub struct ChainKey {
    id: u32,
    key: hmac::Key,
}

impl fmt::Debug for ChainKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ChainKey({})", self.id)
    }
}

/// What one seal covers.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// The kind of line.
    pub line_kind: &'a str,
    /// The line's id.
    pub line: [u8; 16],
    /// The line's revision by the change.
    pub revision: u64,
    /// The change's position in the feed.
    pub position: u64,
    /// The command.
    pub command: [u8; 16],
    /// The change's time.
    pub changed_at: i64,
    /// Who, as stored.
    pub actor: &'a str,
    /// Which event of the change.
    pub seq: u64,
    /// The event's time.
    pub at: i64,
    /// Its kind.
    pub kind: &'a str,
    /// The version it was written by.
    pub version: u16,
    /// The model version that it was decided under; empty where there is none.
    pub model: &'a str,
    /// Its JSON, as stored.
    pub payload: &'a str,
}

impl ChainKey {
    /// A key under its number.
    pub fn new(id: u32, bytes: &[u8; 32]) -> Self {
        Self { id, key: hmac::Key::new(hmac::HMAC_SHA256, bytes) }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The seal of an event, given the one before.
    pub fn seal(&self, previous: &Seal, link: &Link<'_>) -> Seal {
        let tag = hmac::sign(&self.key, &self.layout(previous, link));
        let mut seal = START;
        seal.copy_from_slice(tag.as_ref());
        seal
    }

    fn layout(&self, previous: &Seal, link: &Link<'_>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(320 + link.payload.len());
        let mut field = |value: &[u8]| {
            bytes.extend(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(value);
        };
        field(LAYOUT);
        field(previous);
        field(link.line_kind.as_bytes());
        field(&link.line);
        field(&link.revision.to_be_bytes());
        field(&link.position.to_be_bytes());
        field(&link.command);
        field(&link.changed_at.to_be_bytes());
        field(link.actor.as_bytes());
        field(&link.seq.to_be_bytes());
        field(&link.at.to_be_bytes());
        field(link.kind.as_bytes());
        field(&u64::from(link.version).to_be_bytes());
        field(link.model.as_bytes());
        field(link.payload.as_bytes());
        field(&u64::from(self.id).to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: Link<'_> = Link {
        line_kind: "workspace",
        line: [7; 16],
        revision: 2,
        position: 3,
        command: [9; 16],
        changed_at: 5,
        actor: "\"operator\"",
        seq: 0,
        at: 5,
        kind: "workspace_renamed",
        version: 1,
        model: "m",
        payload: r#"{"kind":"workspace_renamed","from":"a","to":"b"}"#,
    };

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    fn key() -> ChainKey {
        ChainKey::new(1, &[1; 32])
    }

    #[test]
    fn the_layout_never_changes() {
        let bytes = key().layout(&START, &LINK);
        assert_eq!(hex(&bytes[..25]), "000000116261696c697769636b2e636861696e2e3100000020");
        assert_eq!(bytes.len(), LENGTH);
        assert_eq!(hex(&key().seal(&START, &LINK)), SEAL);
    }

    // Worked out apart from this code, from the table above.
    const LENGTH: usize = 286;
    const SEAL: &str = "81173f7c29c200e530ed5dff4d225bf9b63280657eaa27d1eb51b9d75ac29550";

    #[test]
    fn ab155_every_field_is_under_the_seal() {
        let seal = key().seal(&START, &LINK);
        let others = [
            Link { line_kind: "person", ..LINK },
            Link { line: [8; 16], ..LINK },
            Link { revision: 3, ..LINK },
            Link { position: 4, ..LINK },
            Link { command: [8; 16], ..LINK },
            Link { changed_at: 6, ..LINK },
            Link { actor: "\"time\"", ..LINK },
            Link { seq: 1, ..LINK },
            Link { at: 6, ..LINK },
            Link { kind: "workspace_rename", ..LINK },
            Link { version: 2, ..LINK },
            Link { model: "", ..LINK },
            Link { payload: "{}", ..LINK },
            // What moves from one field to the next is seen too.
            Link { kind: "workspace_renamedm", model: "", ..LINK },
        ];
        for other in others {
            assert_ne!(key().seal(&START, &other), seal, "{other:?}");
        }
        assert_ne!(key().seal(&[1; 32], &LINK), seal);
        assert_ne!(ChainKey::new(2, &[1; 32]).seal(&START, &LINK), seal);
        assert_ne!(ChainKey::new(1, &[2; 32]).seal(&START, &LINK), seal);
    }
}
