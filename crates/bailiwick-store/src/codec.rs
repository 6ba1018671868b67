//! How a state's values lie in columns: everything by name, so that the tables can be read under every model.

use bailiwick_core::access::model::Model;
use bailiwick_core::ids::{MemberId, TemplateId};
use bailiwick_core::team::state::{Access, Stage, Workspace};
use bailiwick_core::team::wire::{AccessWire, GrantWire};
use bailiwick_core::time::Timestamp;

use crate::rows::{LineId, MailState, SecretKind, SignedInBy};
use crate::webhooks::DeliveryState;

/// The sixteen bytes of the installation's line.
pub(crate) const INSTALLATION: [u8; 16] = [0; 16];

impl LineId {
    /// The kind of line, as stored.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Workspace(_) => "workspace",
            Self::Installation => "installation",
        }
    }

    /// The line's sixteen bytes, as stored.
    pub fn bytes(self) -> [u8; 16] {
        match self {
            Self::Person(id) => id.bytes(),
            Self::Workspace(id) => id.bytes(),
            Self::Installation => INSTALLATION,
        }
    }

    /// The line of a kind and sixteen bytes.
    pub(crate) fn of(kind: &str, bytes: [u8; 16]) -> Option<Self> {
        let id = u128::from_be_bytes(bytes);
        match kind {
            "person" => Some(Self::Person(bailiwick_core::ids::PersonId(id))),
            "workspace" => Some(Self::Workspace(bailiwick_core::ids::WorkspaceId(id))),
            "installation" if bytes == INSTALLATION => Some(Self::Installation),
            _ => None,
        }
    }
}

impl std::fmt::Display for LineId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(id) => id.fmt(out),
            Self::Workspace(id) => id.fmt(out),
            Self::Installation => out.write_str("the installation"),
        }
    }
}

macro_rules! words {
    ($($of:ident { $($name:ident = $word:literal),* })*) => {$(
        impl $of {
            /// The word that the tables hold.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
            /// What a word of the tables means.
            pub(crate) fn of_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)* _ => None }
            }
        }
    )*};
}

words! {
    SecretKind {
        Invitation = "invitation", Session = "session", SignInLink = "sign_in_link", HostKey = "host_key",
        HostCode = "host_code"
    }
    MailState { Waiting = "waiting", Sent = "sent", Undelivered = "undelivered", Void = "void" }
    DeliveryState { Waiting = "waiting", Delivered = "delivered", Failed = "failed" }
    SignedInBy { Password = "password", Link = "link", Host = "host", Demo = "demo" }
}

/// The columns of a stage: its word, its moment, who accepted.
pub(crate) fn stage_columns(stage: Stage) -> (&'static str, Timestamp, Option<MemberId>) {
    match stage {
        Stage::Pending { expires_at } => ("pending", expires_at, None),
        Stage::Expired { at } => ("expired", at, None),
        Stage::Accepted { by, at } => ("accepted", at, Some(by)),
        Stage::Cancelled { at } => ("cancelled", at, None),
        Stage::Declined { at } => ("declined", at, None),
    }
}

/// The stage of these columns.
pub(crate) fn stage_of(word: &str, at: Timestamp, by: Option<MemberId>) -> Option<Stage> {
    match (word, by) {
        ("pending", None) => Some(Stage::Pending { expires_at: at }),
        ("expired", None) => Some(Stage::Expired { at }),
        ("accepted", Some(by)) => Some(Stage::Accepted { by, at }),
        ("cancelled", None) => Some(Stage::Cancelled { at }),
        ("declined", None) => Some(Stage::Declined { at }),
        _ => None,
    }
}

/// An access as its row holds it; levels on single resources are rows of their own.
pub(crate) struct AccessColumns {
    pub(crate) role: String,
    pub(crate) template: Option<TemplateId>,
    pub(crate) direct: Vec<String>,
    pub(crate) toggles: Vec<String>,
    pub(crate) all: Option<String>,
    pub(crate) until: Option<Timestamp>,
}

impl AccessColumns {
    /// The access, together with its levels.
    pub(crate) fn with(self, grants: Vec<GrantWire>) -> AccessWire {
        let Self { role, template, direct, toggles, all, until } = self;
        AccessWire { role, template, direct, toggles, all, grants, until }
    }
}

/// What a workspace's rows say that follows from the rest of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Derived {
    pub(crate) taken: u32,
    pub(crate) held: Option<u32>,
    pub(crate) over: bool,
    pub(crate) next_due: Option<Timestamp>,
}

impl Derived {
    pub(crate) fn of(state: &Workspace) -> Self {
        let seats = state.seats();
        Self { taken: seats.taken, held: seats.held, over: seats.is_over(), next_due: next_due(state) }
    }
}

/// When something in a workspace ends by itself next.
fn next_due(state: &Workspace) -> Option<Timestamp> {
    if state.deleted_at.is_some() {
        return None;
    }
    let links = state.invitations.values().filter_map(|i| match i.stage {
        Stage::Pending { expires_at } => Some(expires_at),
        _ => None,
    });
    let rows = state.members.values().filter_map(|m| m.access.until);
    let levels = state.members.values().flat_map(|m| m.access.grants.each.values().filter_map(|g| g.until));
    links.chain(rows).chain(levels).min()
}

/// What a row is on: where the model has a row for each resource, the first that it names; else everything.
pub(crate) fn scope(model: &Model, access: &Access) -> [u8; 16] {
    let on = access.only_resource().filter(|_| model.row_per_resource);
    on.map_or([0; 16], bailiwick_core::ids::ResourceId::bytes)
}

/// Whether a row is a single owner's.
pub(crate) fn is_sole(model: &Model, role: bailiwick_core::access::model::RoleIx) -> bool {
    model.ownership.single && model.ownership.role == role
}
