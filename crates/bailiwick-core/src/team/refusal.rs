//! Why not: a stable code, a sentence, and what to do. A refused command changes nothing.

use crate::ids::ResourceId;

/// What kind of no it is; the one place that speaks HTTP makes a status of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The request names or says something that cannot be.
    Invalid,
    /// The actor may not.
    Forbidden,
    /// There is no such thing, or the actor may not know of it.
    NotFound,
    /// The state does not allow it.
    Conflict,
    /// The object changed since the caller saw it.
    Stale,
}

macro_rules! refusals {
    ($(#[doc = $doc:literal] $name:ident $(($($of:ty),*))? = $code:literal, $class:ident;)*) => {
        /// A refusal.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Refusal {
            $(#[doc = $doc] $name $(($($of),*))?,)*
        }

        impl Refusal {
            /// The stable code, for programs.
            pub fn code(&self) -> &'static str {
                match self { $(Self::$name { .. } => $code,)* }
            }
            /// What kind of no it is.
            pub fn class(&self) -> Class {
                match self { $(Self::$name { .. } => Class::$class,)* }
            }
            /// Every code there is, for the documents.
            pub const CODES: &'static [&'static str] = &[$($code,)*];
        }
    };
}

refusals! {
    /// The actor has no right to this act.
    NotAllowed(&'static str) = "not-allowed", Forbidden;
    /// The target's role is not one that the actor's role manages.
    RoleOutOfReach(String) = "role-out-of-reach", Forbidden;
    /// What is given, or what the target holds, is more than the actor holds (X06).
    ExceedsOwnAccess(Vec<String>) = "exceeds-own-access", Forbidden;
    /// Only the person themself can do this.
    NotYours = "not-yours", Forbidden;
    /// The workspace does not exist, or was deleted.
    NoSuchWorkspace = "no-such-workspace", NotFound;
    /// There is no such member.
    NoSuchMember = "no-such-member", NotFound;
    /// There is no such invitation.
    NoSuchInvitation = "no-such-invitation", NotFound;
    /// There is no such template.
    NoSuchTemplate = "no-such-template", NotFound;
    /// There is no such resource.
    NoSuchResource = "no-such-resource", NotFound;
    /// The model has no such role.
    UnknownRole(String) = "unknown-role", Invalid;
    /// The model has no such permission.
    UnknownPermission(String) = "unknown-permission", Invalid;
    /// The kind of resource has no such level, or the role is assigned none.
    UnknownLevel(String) = "unknown-level", Invalid;
    /// The model has no such toggle.
    UnknownToggle(String) = "unknown-toggle", Invalid;
    /// The model has no such plan.
    UnknownPlan(String) = "unknown-plan", Invalid;
    /// The model has no such kind of resource.
    UnknownKind(String) = "unknown-kind", Invalid;
    /// One resource is named twice.
    ResourceNamedTwice(ResourceId) = "resource-named-twice", Invalid;
    /// The role takes no template.
    RoleTakesNoTemplate(String) = "role-takes-no-template", Invalid;
    /// The role takes no permissions one by one.
    RoleTakesNoDirect(String) = "role-takes-no-direct-permissions", Invalid;
    /// The toggle cannot be switched for this role; where the role has it, it is always on (D09).
    ToggleNotSwitchable(String, String) = "toggle-not-switchable", Invalid;
    /// The role is assigned no levels.
    RoleTakesNoLevels(String) = "role-takes-no-levels", Invalid;
    /// The level is above what the role can have (E07).
    LevelAboveRole(String, String) = "level-above-role", Invalid;
    /// A role with levels needs at least one (E15).
    LevelsNeeded(String) = "levels-needed", Invalid;
    /// The role must have a template beside it (C03).
    TemplateNeeded(String) = "template-needed", Invalid;
    /// Who has this template must have one: say which takes over (C13).
    TemplateInUse(String) = "template-in-use", Conflict;
    /// A row of this role is on exactly one resource (A05).
    OneResource(String) = "one-resource", Invalid;
    /// The resource of a row stands fast (A30).
    ResourceFixed = "resource-fixed", Conflict;
    /// One level on all resources, or levels on single ones: not both.
    AllAndEach = "all-and-each", Invalid;
    /// This permission is not given one by one.
    NotGrantable(String) = "not-grantable", Invalid;
    /// The single owner's role is never given (B06, E18).
    OwnerNotOffered(String) = "owner-not-offered", Invalid;
    /// A name is empty, too long, or holds what names cannot.
    BadName(&'static str) = "bad-name", Invalid;
    /// A moment lies in the past or beyond what is taken.
    BadTime = "bad-time", Invalid;
    /// Nothing is named to act on.
    NothingNamed = "nothing-named", Invalid;
    /// Too many at once.
    TooMany(usize) = "too-many", Invalid;
    /// The name is taken.
    NameTaken(String) = "name-taken", Conflict;
    /// The address is a member already (EC-14).
    AlreadyMember = "already-member", Conflict;
    /// The address is a member who is suspended: reactivate them (EC-16).
    MemberSuspended = "member-suspended", Conflict;
    /// The address has an invitation that is pending (EC-01).
    AlreadyInvited = "already-invited", Conflict;
    /// One address is named twice.
    AddressNamedTwice = "address-named-twice", Invalid;
    /// Another row has this address (D07).
    AddressTaken = "address-taken", Conflict;
    /// The plan does not have this role (E03).
    RoleNotInPlan(String, String) = "role-not-in-plan", Conflict;
    /// No seat is free: so many are taken, so many are held, so many more are needed.
    NoSeatLeft(u32, u32, u32) = "no-seat-left", Conflict;
    /// The last active holder of the role that must have one (D28, E24).
    LastOwner(String) = "last-owner", Conflict;
    /// The single owner cannot be removed, demoted, suspended, nor leave (E24).
    OwnerFixed(String) = "owner-fixed", Conflict;
    /// Ownership cannot be transferred; the model says why.
    NoTransfer(String) = "no-transfer", Conflict;
    /// Only an active member can become owner.
    TargetNotActive = "target-not-active", Conflict;
    /// The model has no suspension (X17).
    NoSuspension = "no-suspension", Invalid;
    /// The invitation's link has ended (E14).
    InvitationExpired = "invitation-expired", Conflict;
    /// The invitation was accepted, cancelled or turned down.
    InvitationClosed = "invitation-closed", Conflict;
    /// The invitation is for another address.
    WrongAddress = "wrong-address", Forbidden;
    /// Who sent the invitation may no longer give this.
    SenderLostRight = "sender-lost-right", Conflict;
    /// The plan has no extra seats.
    NoExtraSeats(String) = "no-extra-seats", Conflict;
    /// A smaller plan while more is in use (D26, E26): what is in the way, a line each.
    InTheWay(Vec<String>) = "in-the-way", Conflict;
    /// The change of plan gives somebody more: confirm the list (E26).
    ConfirmGains(Vec<String>) = "confirm-gains", Conflict;
    /// The other model cannot express what the workspace holds (X14): what that is, a line each.
    CannotExpress(Vec<String>) = "cannot-express", Conflict;
    /// The object changed since the caller saw it; its version now.
    EditedMeanwhile(u64) = "edited-meanwhile", Stale;
    /// The caller named no id for a thing to be made, or one that exists.
    IdTaken = "id-taken", Conflict;
}

impl Refusal {
    /// What is wrong, for people.
    pub fn sentence(&self) -> String {
        match self {
            Self::NotAllowed(act) => format!("You may not {act}."),
            Self::RoleOutOfReach(role) => format!("Your role does not manage anyone with the role {role}."),
            Self::ExceedsOwnAccess(more) => format!("That is more than you hold yourself: {}.", list(more)),
            Self::NotYours => "Only the person themself can do this.".into(),
            Self::NoSuchWorkspace => "There is no such workspace.".into(),
            Self::NoSuchMember => "There is no such member.".into(),
            Self::NoSuchInvitation => "There is no such invitation.".into(),
            Self::NoSuchTemplate => "There is no such role template.".into(),
            Self::NoSuchResource => "There is no such resource.".into(),
            Self::UnknownRole(name) => format!("There is no role `{name}`."),
            Self::UnknownPermission(name) => format!("There is no permission `{name}`."),
            Self::UnknownLevel(name) => format!("There is no level `{name}` here."),
            Self::UnknownToggle(name) => format!("There is no toggle `{name}`."),
            Self::UnknownPlan(name) => format!("There is no plan `{name}`."),
            Self::UnknownKind(name) => format!("There is no kind of resource `{name}`."),
            Self::ResourceNamedTwice(id) => format!("{id} is named twice."),
            Self::RoleTakesNoTemplate(role) => format!("The role {role} takes no role template."),
            Self::RoleTakesNoDirect(role) => format!("The role {role} takes no single permissions."),
            Self::ToggleNotSwitchable(toggle, role) => format!("{toggle} cannot be switched for the role {role}."),
            Self::RoleTakesNoLevels(role) => format!("The role {role} is not assigned levels."),
            Self::LevelAboveRole(level, role) => format!("The role {role} cannot have the level {level}."),
            Self::LevelsNeeded(role) => format!("The role {role} needs at least one level."),
            Self::TemplateNeeded(word) => format!("{word}: none is chosen."),
            Self::TemplateInUse(name) => format!("{name} is in use, and nobody can be without."),
            Self::OneResource(role) => format!("A {role} is on exactly one resource, and has a row for each."),
            Self::ResourceFixed => "What a row is on cannot be changed.".into(),
            Self::AllAndEach => "Give one level on everything, or levels one by one, not both.".into(),
            Self::NotGrantable(name) => format!("`{name}` is not given by template or one by one."),
            Self::OwnerNotOffered(role) => format!("The role {role} cannot be given."),
            Self::BadName(why) => (*why).into(),
            Self::BadTime => "That moment is not one that can be set.".into(),
            Self::NothingNamed => "Nothing was named.".into(),
            Self::TooMany(limit) => format!("At most {limit} at once."),
            Self::NameTaken(name) => format!("The name {name} is taken."),
            Self::AlreadyMember => "This person is a member already.".into(),
            Self::MemberSuspended => "This person is a member, and suspended.".into(),
            Self::AlreadyInvited => "This address has an invitation that is pending.".into(),
            Self::AddressNamedTwice => "One address is named twice.".into(),
            Self::AddressTaken => "Another entry has this address.".into(),
            Self::RoleNotInPlan(role, plan) => format!("The plan {plan} does not have the role {role}."),
            Self::NoSeatLeft(taken, held, more) => {
                format!(
                    "No seat is free: {taken} of {held} are taken, {more} more {} needed.",
                    if *more == 1 { "is" } else { "are" }
                )
            }
            Self::LastOwner(role) => format!("This is the last active {role}."),
            Self::OwnerFixed(why) | Self::NoTransfer(why) => why.clone(),
            Self::TargetNotActive => "Only an active member can become the owner.".into(),
            Self::NoSuspension => "Members cannot be suspended here.".into(),
            Self::InvitationExpired => "This invitation has expired.".into(),
            Self::InvitationClosed => "This invitation is closed.".into(),
            Self::WrongAddress => "This invitation is for another address.".into(),
            Self::SenderLostRight => "Who sent this invitation may no longer give this access.".into(),
            Self::NoExtraSeats(plan) => format!("The plan {plan} has no extra seats."),
            Self::InTheWay(what) => format!("This is in the way: {}.", what.join("; ")),
            Self::ConfirmGains(who) => format!("This gives people more: {}.", who.join("; ")),
            Self::CannotExpress(what) => format!("The other model cannot express this: {}.", what.join("; ")),
            Self::EditedMeanwhile(_) => "Somebody changed this meanwhile.".into(),
            Self::IdTaken => "That id is taken.".into(),
        }
    }

    /// What to do about it, for people; empty where nothing helps.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) | Self::RoleOutOfReach(_) | Self::ExceedsOwnAccess(_) => {
                "Ask somebody who holds it to make this change."
            }
            Self::RoleTakesNoTemplate(_) | Self::RoleTakesNoDirect(_) => "Choose another role, or leave it out.",
            Self::RoleTakesNoLevels(_) | Self::ToggleNotSwitchable(..) => "Leave it out; the role has what it has.",
            Self::LevelAboveRole(..) => "Choose a lower level.",
            Self::LevelsNeeded(_) => "Choose what they shall reach, or remove them instead.",
            Self::TemplateNeeded(_) => "Choose one.",
            Self::OneResource(_) | Self::ResourceFixed => "Invite them to the other one as well.",
            Self::TemplateInUse(_) => "Choose the one that its holders move to.",
            Self::AlreadyMember => "Edit their access instead.",
            Self::MemberSuspended => "Reactivate them instead of inviting them again.",
            Self::AlreadyInvited => "Send it again, edit it, or cancel it.",
            Self::RoleNotInPlan(..) => "Choose another role, or change the plan first.",
            Self::NoSeatLeft(..) => "Remove somebody, add seats where the plan has them, or choose a larger plan.",
            Self::LastOwner(_) => "Give the role to another active member first.",
            Self::InvitationExpired | Self::SenderLostRight => "Ask for a new invitation.",
            Self::WrongAddress => "Sign in with the address that was invited.",
            Self::EditedMeanwhile(_) => "Look at it again, then save.",
            Self::NameTaken(_) => "Choose another name.",
            Self::InTheWay(_) | Self::CannotExpress(_) => "Resolve these first.",
            Self::ConfirmGains(_) => "Confirm the list to go on.",
            Self::UnknownRole(_)
            | Self::UnknownPermission(_)
            | Self::UnknownLevel(_)
            | Self::UnknownToggle(_)
            | Self::UnknownPlan(_)
            | Self::UnknownKind(_) => "Use a name of the access model, exactly as it is written there.",
            _ => "",
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.sentence())
    }
}

impl std::error::Error for Refusal {}

fn list(of: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown = of.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if of.len() > SHOWN { format!("{shown} and {} more", of.len() - SHOWN) } else { shown }
}
