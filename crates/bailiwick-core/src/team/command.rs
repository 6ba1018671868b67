//! What can be asked of a workspace. All roads make one of these: page, REST, import, time, operator.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::access::model::Model;
use crate::ids::{AddressId, InvitationId, KeyId, MemberId, PersonId, ProductId, ResourceId, TemplateId, WorkspaceId};

use super::wire::AccessWire;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person, by their right as a member.
    Person(PersonId),
    /// The host, by a key: trusted with what its key's scope allows, bound by every invariant.
    Host(KeyId),
    /// The operator of the installation.
    Operator,
    /// Time itself.
    Time,
}

/// A command on one workspace. Names of roles, permissions, levels are those of the model; ids of things to be
/// made are the caller's, fresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make the workspace; decided against no state.
    Create(Create),
    /// Change its name.
    Rename {
        /// The new name.
        name: String,
    },
    /// Delete it: nobody has access afterwards, its invitations are dead (B09).
    Delete,
    /// Invite one or many; all or none (D38).
    Invite(Vec<NewInvitation>),
    /// Send an invitation again; the older link dies.
    Resend(InvitationId),
    /// Take an invitation back.
    Cancel(InvitationId),
    /// Change what an open invitation offers, or where it goes (D29).
    EditInvitation {
        /// Which.
        invitation: InvitationId,
        /// What it shall offer.
        access: AccessWire,
        /// Another address; then the old link is void and a fresh mail leaves.
        address: Option<AddressId>,
    },
    /// Accept, by the person who controls the invited address.
    Accept {
        /// Which.
        invitation: InvitationId,
        /// Who accepts.
        person: PersonId,
        /// The address that this person has proven to control.
        proven: AddressId,
        /// The row that it shall become.
        member: MemberId,
    },
    /// Turn an invitation down, by the person who controls the invited address.
    Decline {
        /// Which.
        invitation: InvitationId,
        /// The address that this person has proven to control.
        proven: AddressId,
    },
    /// Give a member this access, whole: nothing of the old stays beside it (C21).
    ChangeAccess {
        /// Which row.
        member: MemberId,
        /// What it shall hold.
        access: AccessWire,
    },
    /// Suspend a member (D06).
    Suspend(MemberId),
    /// End a suspension.
    Reactivate(MemberId),
    /// Remove a member.
    Remove(MemberId),
    /// Leave, by oneself.
    Leave(MemberId),
    /// Make sure of a member, without an invitation: by a host alone, which vouches for person and address.
    PutMember(PutMember),
    /// Make a template.
    CreateTemplate {
        /// Its id.
        template: TemplateId,
        /// Its name.
        name: String,
        /// What it grants, by name.
        permissions: Vec<String>,
        /// Toggles that choosing it pre-ticks.
        suggests: Vec<String>,
    },
    /// Change a template; everyone who refers to it has the new set at once (D22).
    EditTemplate {
        /// Which.
        template: TemplateId,
        /// Its name.
        name: String,
        /// What it grants, by name.
        permissions: Vec<String>,
        /// Toggles that choosing it pre-ticks.
        suggests: Vec<String>,
    },
    /// Delete a template; who refers to it keeps their direct permissions, or moves to another (D24, D33).
    DeleteTemplate {
        /// Which.
        template: TemplateId,
        /// The template that takes over.
        move_to: Option<TemplateId>,
    },
    /// Add a resource.
    AddResource {
        /// Its id.
        resource: ResourceId,
        /// Its kind, by name.
        kind: String,
        /// Its name.
        name: String,
        /// The host's own id for it.
        external_id: Option<String>,
    },
    /// Rename a resource.
    RenameResource {
        /// Which.
        resource: ResourceId,
        /// The new name.
        name: String,
    },
    /// Delete a resource; every level on it is void (E28).
    DeleteResource(ResourceId),
    /// Change plan and extra seats.
    ChangePlan {
        /// The plan, by name.
        plan: String,
        /// Seats beyond those that come with it.
        extra_seats: u32,
        /// That the caller has seen who gains what by it (E26).
        confirmed: bool,
    },
    /// Give the single owner's role to another member (B05); only where the model has it, only by the operator.
    TransferOwnership {
        /// The new owner.
        to: MemberId,
    },
    /// Pin the workspace to another version of its model (X14); only by the operator.
    MoveModel(Arc<Model>),
    /// Let what fell due happen; nothing else.
    Elapse,
}

impl Command {
    /// The model of this version, if the command brings it: for the fold of what the command becomes.
    pub fn brings(&self, version: &str) -> Option<Arc<Model>> {
        match self {
            Self::MoveModel(model) if *model.version == *version => Some(Arc::clone(model)),
            _ => None,
        }
    }
}

/// Everything that a new workspace needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    /// Its id.
    pub workspace: WorkspaceId,
    /// The product that it belongs to.
    pub product: ProductId,
    /// The host's own id for it; that it is unique is the store's to say.
    pub external_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its plan, by name; `None`: the model's first.
    pub plan: Option<String>,
    /// Who holds it.
    pub owner: PersonId,
    /// The owner's address.
    pub address: AddressId,
    /// The owner's row.
    pub member: MemberId,
    /// Ids for the templates that the model ships, at least as many as it ships.
    pub templates: Vec<TemplateId>,
}

/// One invitation to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// Its id.
    pub invitation: InvitationId,
    /// Where it goes.
    pub address: AddressId,
    /// What it offers.
    pub access: AccessWire,
}

/// A member as a host says that they are: joined if they are none, else changed to this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutMember {
    /// Who.
    pub person: PersonId,
    /// The address that the workspace shall know them by, if they join.
    pub address: AddressId,
    /// The row, if they join.
    pub member: MemberId,
    /// What they hold, whole. Where the model has a row for each resource, this is the row on that resource.
    pub access: AccessWire,
    /// Whether they are suspended.
    pub suspended: bool,
}

/// A command with who asks, when, and the version of the object that the caller saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub actor: Actor,
    /// What is asked.
    pub command: Command,
    /// The version of the edited object that the caller saw (`If-Match`); `None`: any.
    pub seen: Option<u64>,
}
