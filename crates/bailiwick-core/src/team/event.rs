//! What happened in a workspace. Events are the log, the feed and the only thing that changes a state.
//!
//! They are written as JSON by names and ids, never by numbers of a model, and hold no address, no person's name
//! and no secret: those lie outside, by reference, so that a person can be erased and the chain still verifies.
//! A stored kind or field is never renamed or given another meaning; what changes gets a new kind.

use serde::{Deserialize, Serialize};

use crate::ids::{AddressId, InvitationId, MemberId, PersonId, ProductId, ResourceId, TemplateId, WorkspaceId};
use crate::time::Timestamp;

use super::command::Actor;
use super::wire::AccessWire;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// The workspace was made.
    WorkspaceCreated {
        /// Its id.
        workspace: WorkspaceId,
        /// The product that it belongs to.
        product: ProductId,
        /// The host's own id for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
        /// Its name.
        name: String,
        /// The hash of the model that it is pinned to.
        model: String,
        /// Its plan.
        plan: String,
    },
    /// It has another name.
    WorkspaceRenamed {
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// It was deleted.
    WorkspaceDeleted,
    /// Plan or extra seats changed.
    PlanChanged {
        /// The plan before.
        from: String,
        /// The plan after.
        to: String,
        /// Extra seats before.
        extra_before: u32,
        /// Extra seats after.
        extra_after: u32,
    },
    /// An invitation was made and sent.
    InvitationSent {
        /// Its id.
        invitation: InvitationId,
        /// Where it goes, by reference.
        address: AddressId,
        /// What it offers.
        access: AccessWire,
        /// The role's name for people at that time (EC-37).
        role_title: String,
        /// Who sent it.
        sender: Actor,
        /// When its link ends.
        expires_at: Timestamp,
    },
    /// It was sent again; the older link is dead.
    InvitationResent {
        /// Which.
        invitation: InvitationId,
        /// Where it goes now, by reference.
        address: AddressId,
        /// What it offers now.
        access: AccessWire,
        /// Who sent it.
        sender: Actor,
        /// Which sending this is; the first was 1.
        sending: u32,
        /// When its link ends.
        expires_at: Timestamp,
    },
    /// What it offers was changed; its link works on.
    InvitationEdited {
        /// Which.
        invitation: InvitationId,
        /// Offered before.
        before: AccessWire,
        /// Offered after.
        after: AccessWire,
        /// Who changed it, and now answers for it.
        sender: Actor,
    },
    /// Its link ended.
    InvitationExpired {
        /// Which.
        invitation: InvitationId,
    },
    /// It was taken back.
    InvitationCancelled {
        /// Which.
        invitation: InvitationId,
    },
    /// The invited person turned it down.
    InvitationDeclined {
        /// Which.
        invitation: InvitationId,
    },
    /// The invited person accepted it; [`Event::MemberJoined`] follows.
    InvitationAccepted {
        /// Which.
        invitation: InvitationId,
        /// The row that it became.
        member: MemberId,
    },
    /// A person became a member.
    MemberJoined {
        /// The row.
        member: MemberId,
        /// Who.
        person: PersonId,
        /// The address that the workspace knows them by, by reference.
        address: AddressId,
        /// What they hold.
        access: AccessWire,
        /// Who invited them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invited_by: Option<Actor>,
    },
    /// A member holds something else.
    AccessChanged {
        /// The row.
        member: MemberId,
        /// Held before.
        before: AccessWire,
        /// Held after.
        after: AccessWire,
    },
    /// Levels whose time had come are gone.
    GrantsExpired {
        /// The row.
        member: MemberId,
        /// The resources.
        resources: Vec<ResourceId>,
    },
    /// A member was suspended.
    MemberSuspended {
        /// The row.
        member: MemberId,
    },
    /// A suspension ended.
    MemberReactivated {
        /// The row.
        member: MemberId,
    },
    /// A member is none any more: removed, gone by themselves, or their time was over.
    MemberRemoved {
        /// The row.
        member: MemberId,
        /// Who it was.
        person: PersonId,
        /// What they held.
        access: AccessWire,
        /// Why.
        why: Removal,
    },
    /// A template was made.
    TemplateCreated {
        /// Its id.
        template: TemplateId,
        /// Its name.
        name: String,
        /// What it grants.
        permissions: Vec<String>,
        /// Toggles that choosing it pre-ticks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        suggests: Vec<String>,
    },
    /// A template was changed, and with it the access of everyone who refers to it.
    TemplateEdited {
        /// Which.
        template: TemplateId,
        /// Name before.
        name_before: String,
        /// Name after.
        name: String,
        /// Granted before.
        before: Vec<String>,
        /// Granted after.
        permissions: Vec<String>,
        /// Toggles that choosing it pre-ticks.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        suggests: Vec<String>,
    },
    /// A template was deleted; who referred to it refers to the other one now, or to none.
    TemplateDeleted {
        /// Which.
        template: TemplateId,
        /// Its name.
        name: String,
        /// What it granted.
        permissions: Vec<String>,
        /// The template that took over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        move_to: Option<TemplateId>,
    },
    /// A resource was added.
    ResourceAdded {
        /// Its id.
        resource: ResourceId,
        /// The name of its kind.
        resource_kind: String,
        /// Its name.
        name: String,
        /// The host's own id for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        external_id: Option<String>,
    },
    /// A resource has another name.
    ResourceRenamed {
        /// Which.
        resource: ResourceId,
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// A resource was deleted; no level on it counts.
    ResourceDeleted {
        /// Which.
        resource: ResourceId,
        /// Its name.
        name: String,
    },
    /// The single owner's role went to another member.
    OwnershipTransferred {
        /// From this row,
        from: MemberId,
        /// which holds this role now,
        former_role: String,
        /// to this row.
        to: MemberId,
    },
    /// The workspace is pinned to another version of its model; all that it holds is said by the same names (X14).
    ModelChanged {
        /// The hash of the model before.
        from: String,
        /// The hash of the model after.
        to: String,
    },
}

/// Why a member is none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    /// Removed by somebody.
    Removed,
    /// Left by themselves.
    Left,
    /// Their time was over.
    Expired,
    /// Another row of the same person took this one in (A21).
    Absorbed,
    /// The resource that the row was on was deleted (A33).
    ResourceDeleted,
}

/// An event with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// When; never earlier than the event before it on the same line.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// The version of the events that this build writes, stored with each; a reader of a later build still reads it. A build
/// that writes a version, a kind or a field that earlier ones do not know marks the line with it, or they would take the
/// tables at their word (docs/decisions/0009-releases-side-by-side.md).
pub const EVENT_VERSION: u16 = 1;

/// An object that an event touched, so that its row in the tables can be written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Touched {
    /// The workspace's own row.
    Workspace,
    /// A member's row.
    Member(MemberId),
    /// An invitation.
    Invitation(InvitationId),
    /// A template.
    Template(TemplateId),
    /// A resource.
    Resource(ResourceId),
    /// Every member and invitation that the change left its revision on: a template changed hands, or the model did.
    EveryRow,
}

impl Event {
    /// Every kind.
    pub const KINDS: &[&str] = &[
        "workspace_created",
        "workspace_renamed",
        "workspace_deleted",
        "plan_changed",
        "invitation_sent",
        "invitation_resent",
        "invitation_edited",
        "invitation_expired",
        "invitation_cancelled",
        "invitation_declined",
        "invitation_accepted",
        "member_joined",
        "access_changed",
        "grants_expired",
        "member_suspended",
        "member_reactivated",
        "member_removed",
        "template_created",
        "template_edited",
        "template_deleted",
        "resource_added",
        "resource_renamed",
        "resource_deleted",
        "ownership_transferred",
        "model_changed",
    ];

    /// The kind as it is stored and filtered by.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::WorkspaceCreated { .. } => "workspace_created",
            Self::WorkspaceRenamed { .. } => "workspace_renamed",
            Self::WorkspaceDeleted => "workspace_deleted",
            Self::PlanChanged { .. } => "plan_changed",
            Self::InvitationSent { .. } => "invitation_sent",
            Self::InvitationResent { .. } => "invitation_resent",
            Self::InvitationEdited { .. } => "invitation_edited",
            Self::InvitationExpired { .. } => "invitation_expired",
            Self::InvitationCancelled { .. } => "invitation_cancelled",
            Self::InvitationDeclined { .. } => "invitation_declined",
            Self::InvitationAccepted { .. } => "invitation_accepted",
            Self::MemberJoined { .. } => "member_joined",
            Self::AccessChanged { .. } => "access_changed",
            Self::GrantsExpired { .. } => "grants_expired",
            Self::MemberSuspended { .. } => "member_suspended",
            Self::MemberReactivated { .. } => "member_reactivated",
            Self::MemberRemoved { .. } => "member_removed",
            Self::TemplateCreated { .. } => "template_created",
            Self::TemplateEdited { .. } => "template_edited",
            Self::TemplateDeleted { .. } => "template_deleted",
            Self::ResourceAdded { .. } => "resource_added",
            Self::ResourceRenamed { .. } => "resource_renamed",
            Self::ResourceDeleted { .. } => "resource_deleted",
            Self::OwnershipTransferred { .. } => "ownership_transferred",
            Self::ModelChanged { .. } => "model_changed",
        }
    }

    /// The objects whose rows differ after it.
    pub fn touches(&self) -> Vec<Touched> {
        match self {
            Self::WorkspaceCreated { .. }
            | Self::WorkspaceRenamed { .. }
            | Self::WorkspaceDeleted
            | Self::PlanChanged { .. } => vec![Touched::Workspace],
            Self::InvitationSent { invitation, .. }
            | Self::InvitationResent { invitation, .. }
            | Self::InvitationEdited { invitation, .. }
            | Self::InvitationExpired { invitation }
            | Self::InvitationCancelled { invitation }
            | Self::InvitationDeclined { invitation } => vec![Touched::Invitation(*invitation)],
            Self::InvitationAccepted { invitation, member } => {
                vec![Touched::Invitation(*invitation), Touched::Member(*member)]
            }
            Self::MemberJoined { member, .. }
            | Self::AccessChanged { member, .. }
            | Self::GrantsExpired { member, .. }
            | Self::MemberSuspended { member }
            | Self::MemberReactivated { member }
            | Self::MemberRemoved { member, .. } => vec![Touched::Member(*member)],
            Self::TemplateCreated { template, .. } | Self::TemplateEdited { template, .. } => {
                vec![Touched::Template(*template)]
            }
            Self::TemplateDeleted { template, .. } => vec![Touched::Template(*template), Touched::EveryRow],
            Self::ResourceAdded { resource, .. }
            | Self::ResourceRenamed { resource, .. }
            | Self::ResourceDeleted { resource, .. } => vec![Touched::Resource(*resource)],
            Self::OwnershipTransferred { from, to, .. } => vec![Touched::Member(*from), Touched::Member(*to)],
            Self::ModelChanged { .. } => vec![Touched::Workspace, Touched::EveryRow],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_kinds_is_whole() {
        let unknown = serde_json::from_str::<Event>(r#"{"kind":"none"}"#).unwrap_err().to_string();
        let expected = unknown.split_once("expected one of ").unwrap().1;
        let read: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        assert_eq!(read, Event::KINDS);
    }
}
