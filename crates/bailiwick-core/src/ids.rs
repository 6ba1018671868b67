//! Identifiers: 128 bits, a type each, one text form (`mem_` and 26 base32 letters).
//!
//! The core never makes an id: ids are arguments of the commands that create things. They carry no right and
//! no order that anyone may rely on; what gives access is a secret, never an id (AB-168).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Writes 128 bits as 26 letters of Crockford's base32, lower case.
pub fn encode32(value: u128) -> String {
    let letters: Vec<u8> = (0..26).rev().map(|i| ALPHABET[((value >> (5 * i)) & 31) as usize]).collect();
    String::from_utf8(letters).unwrap_or_default()
}

/// Reads what [`encode32`] wrote. Only the canonical form is taken: no upper case, no look-alike letters.
pub fn decode32(text: &str) -> Option<u128> {
    if text.len() != 26 || text.as_bytes()[0] > b'7' {
        return None;
    }
    text.bytes().try_fold(0u128, |value, byte| {
        let digit = ALPHABET.iter().position(|&letter| letter == byte)?;
        Some((value << 5) | digit as u128)
    })
}

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadId;

impl fmt::Display for BadId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not an id of this kind")
    }
}

impl std::error::Error for BadId {}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl $name {
            /// What the text form begins with, the underscore not included.
            pub const PREFIX: &'static str = $prefix;

            /// The sixteen bytes, big end first, as the database holds them.
            pub fn bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// The id of sixteen bytes; `None` for any other length.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Some(Self(u128::from_be_bytes(bytes.try_into().ok()?)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{}_{}", $prefix, encode32(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let rest = text.strip_prefix(concat!($prefix, "_")).ok_or(BadId)?;
                decode32(rest).map(Self).ok_or(BadId)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// What a host registers: its model, brand, keys.
    ProductId = "prd";
    /// One human, one sign-in, many workspaces.
    PersonId = "per";
    /// The tenant: organization, team, account.
    WorkspaceId = "wsp";
    /// A person's row in a workspace.
    MemberId = "mem";
    /// An invitation by mail.
    InvitationId = "inv";
    /// A reusable permission set of one workspace.
    TemplateId = "tpl";
    /// A thing that grants are given on.
    ResourceId = "res";
    /// A mail address, by reference: the address itself lies outside the events, so that it can be erased.
    AddressId = "adr";
    /// A personal text (a name, a note), by reference, for the same reason.
    TextId = "txt";
    /// A session of one person on one device.
    SessionId = "ses";
    /// A host's key.
    KeyId = "key";
    /// One command: a caller's repeat of it changes nothing.
    CommandId = "cmd";
    /// What one person signs in with.
    CredentialId = "crd";
    /// A mail that waits to be sent, or was.
    MailId = "mai";
    /// An address of a host that events are sent to.
    WebhookId = "whk";
    /// One event as webhooks carry it, the same at each try.
    EventId = "evt";
}

/// The bits of a named command that stand for one of its rows, and those for what it says.
const ROW: u128 = (1 << 12) - 1;
const SAID: u128 = ((1 << 48) - 1) & !ROW;
/// Only named commands have it: the others begin with the time, which has come to this in the year 6429.
const NAMED: u128 = 1 << 127;

impl CommandId {
    /// The command of a name that the caller chose, which says something: 79 bits of the one, 36 of the other.
    pub fn named(name: u128, said: u128) -> Self {
        Self(NAMED | (name & !SAID & !ROW) | (said << ROW.count_ones() & SAID))
    }

    /// One of several commands of the same name that are said together.
    pub fn row(self, row: u16) -> Self {
        Self((self.0 & !ROW) | (u128::from(row) & ROW))
    }

    /// The first and the last command of the same name; of a command without a name, itself.
    pub fn namesakes(self) -> (Self, Self) {
        if self.0 & NAMED == 0 { (self, self) } else { (Self(self.0 & !SAID & !ROW), Self(self.0 | SAID | ROW)) }
    }

    /// Whether a command of the same name says the same, be it another row of it.
    pub fn says(self, other: Self) -> bool {
        self.0 & SAID == other.0 & SAID
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for value in [0, 1, 31, 32, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let id = MemberId(value);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert_eq!(MemberId::from_bytes(&id.bytes()), Some(id));
        }
    }

    #[test]
    fn ab029_only_the_canonical_text_is_an_id() {
        let good = MemberId(77).to_string();
        for bad in [
            good.to_uppercase(),
            good.replace("mem_", "inv_"),
            format!("{good}0"),
            format!(" {good}"),
            good[..good.len() - 1].to_owned(),
            format!("mem_{}", "z".repeat(26)),
            "mem_".to_owned(),
            String::new(),
            "*".to_owned(),
        ] {
            assert_eq!(bad.parse::<MemberId>(), Err(BadId), "{bad}");
        }
    }
}
