//! An access model: what one product's team settings look like, as data.
//!
//! Names become dense numbers once, when a model is compiled; state and snapshot use the numbers, events and
//! tables the names. A compiled model never changes; a version is named by its hash.

use std::sync::Arc;

use super::set::{Permission, PermissionSet};
use super::words::Words;

/// A role's number in its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleIx(pub u8);
/// A plan's number in its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanIx(pub u8);
/// A kind of resource's number in its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindIx(pub u8);
/// A toggle's number in its model, and its bit in a [`ToggleSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ToggleIx(pub u8);
/// A level's number within its kind of resource; a higher one includes every lower one (E06).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LevelIx(pub u8);

/// Which toggles are on; bit n is toggle n.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct ToggleSet(pub u32);

impl ToggleSet {
    /// Whether this toggle is on.
    pub fn has(self, toggle: ToggleIx) -> bool {
        self.0 >> toggle.0 & 1 == 1
    }
    /// The set with this toggle on or off.
    #[must_use]
    pub fn with(self, toggle: ToggleIx, on: bool) -> Self {
        let bit = 1 << toggle.0;
        Self(if on { self.0 | bit } else { self.0 & !bit })
    }
    /// The toggles that are on, by number.
    pub fn iter(self) -> impl Iterator<Item = ToggleIx> {
        (0..32).map(ToggleIx).filter(move |&t| self.has(t))
    }
}

/// A compiled access model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The hash of the text that it was compiled from: the name of this version.
    pub version: Arc<str>,
    /// What the product calls this shape, for operators.
    pub title: String,
    /// The shape in a sentence, for who chooses a model; empty: nothing is said.
    pub describes: String,
    /// The words of the pages (X18).
    pub words: Words,
    /// Groups of permissions, in the order of the file.
    pub groups: Vec<Group>,
    /// Every permission, by number.
    pub permissions: Vec<PermissionDef>,
    /// What may be given one by one or by a template.
    pub grantable: PermissionSet,
    /// Permissions whose giving shows a caution (D36).
    pub caution: PermissionSet,
    /// Kinds of resources.
    pub kinds: Vec<Kind>,
    /// Roles, in the order of the file.
    pub roles: Vec<Role>,
    /// Toggles.
    pub toggles: Vec<Toggle>,
    /// Templates that a new workspace begins with; `None` where the model has no templates.
    pub templates: Option<Vec<ShippedTemplate>>,
    /// Plans; always at least one.
    pub plans: Vec<Plan>,
    /// The plan of a new workspace.
    pub default_plan: PlanIx,
    /// Currency of all prices, ISO 4217.
    pub currency: String,
    /// When a seat is taken, and by which entries.
    pub seats: SeatPolicy,
    /// How invitations behave.
    pub invitations: InvitationPolicy,
    /// Who holds the workspace.
    pub ownership: Ownership,
    /// Whether members can be suspended (X17).
    pub suspension: bool,
    /// Whether a row that is given a resource is on exactly one, and a person has a row for each (A05, A17).
    pub row_per_resource: bool,
    /// Which permission each act of the engine itself asks for.
    pub acts: Acts,
    /// What single roles alone ever hold.
    pub reserved: Vec<Reserved>,
}

/// Permissions that nobody ever comes to hold but in one of these roles, whoever helps whom. It is proven when the model
/// is compiled ([`super::roads`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// Which.
    pub set: PermissionSet,
    /// For which roles; bit n is role n.
    pub to: u32,
}

/// A group of permissions: a row of the permission grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What permissions of this group begin with.
    pub name: String,
    /// Heading on the pages.
    pub title: String,
    /// The line that says what it covers (A28, D11).
    pub covers: String,
    /// Whether its permissions may be given one by one or by template.
    pub grantable: bool,
    /// The resource kind that they are asked on; `None`: the workspace.
    pub on: Option<KindIx>,
}

/// One permission, `group:action`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionDef {
    /// The whole name.
    pub name: Arc<str>,
    /// Its group, an index into [`Model::groups`].
    pub group: usize,
    /// The part after the colon.
    pub action: String,
    /// What a holder can do, as a line that follows "can": "view conversations".
    pub says: String,
    /// The resource kind it is asked on; `None`: the workspace.
    pub on: Option<KindIx>,
}

/// A kind of resource that grants are given on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    /// Its name in questions.
    pub name: Arc<str>,
    /// One of it, for people.
    pub title: String,
    /// Several of it, for people.
    pub plural: String,
    /// Its levels, lowest first; of features, every combination of them and then all access.
    pub levels: Vec<Level>,
    /// What can be given in any combination, where that is so (A09); else empty.
    pub features: Vec<Level>,
    /// What a member needs to create one, asked on the workspace.
    pub create: Permission,
    /// What a member needs to rename one, asked on it.
    pub rename: Permission,
    /// What a member needs to delete one, asked on it.
    pub delete: Permission,
}

/// One level on a kind of resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// Its name in the API.
    pub name: Arc<str>,
    /// Its name for people.
    pub title: String,
    /// What it allows, in a line.
    pub says: String,
    /// Everything it allows, lower levels included.
    pub set: PermissionSet,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name in the API.
    pub name: Arc<str>,
    /// Its name for people.
    pub title: String,
    /// Its responsibility in one line (C24).
    pub describes: String,
    /// When to choose it (B19); empty: nothing is said.
    pub choose: String,
    /// What it grants by itself, on the whole workspace, for each plan; index is the plan.
    pub grants: Vec<PermissionSet>,
    /// The kind whose levels its holders are assigned, for each plan.
    pub assigns: Vec<Option<KindIx>>,
    /// The highest level that counts for its holders (E07).
    pub max_level: Option<LevelIx>,
    /// Plans that have this role (E03); bit n is plan n.
    pub plans: u32,
    /// Roles whose holders and invitations it may manage; bit n is role n.
    pub manages: u32,
    /// Whether its holders may give what they do not hold (X06: only where the model says so).
    pub exceeds: bool,
    /// What its holders can come to hold, or cause somebody else to hold, beyond what it grants, by the model's intention.
    pub reaches: PermissionSet,
    /// Whether permissions may be given one by one beside it.
    pub direct: bool,
    /// Whether a template may be assigned beside it.
    pub templates: bool,
    /// Whether its holders must have one: then the templates are what people call roles (C03, C04).
    pub needs_template: bool,
    /// Toggles that can be switched for its holders.
    pub toggles: ToggleSet,
}

/// One switch over a few permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toggle {
    /// Its name in the API.
    pub name: Arc<str>,
    /// Its name for people.
    pub title: String,
    /// What it allows, in a line.
    pub says: String,
    /// What it grants while on.
    pub set: PermissionSet,
}

/// A template that a new workspace begins with (D25).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippedTemplate {
    /// Its name.
    pub name: String,
    /// What it grants.
    pub set: PermissionSet,
    /// Toggles that choosing it pre-ticks in the invite dialog.
    pub suggests: ToggleSet,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its name in the API.
    pub name: Arc<str>,
    /// Its name for people.
    pub title: String,
    /// Seats that come with it; `None`: no limit (A16).
    pub seats: Option<u32>,
    /// Price of one more seat a month in minor units; `None`: none can be added.
    pub extra_seat: Option<i64>,
    /// Price a month in minor units.
    pub price: i64,
    /// Permissions that nobody has on this plan, whatever their role (C17).
    pub lacks: PermissionSet,
}

/// When a seat is taken (D14, E09).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenAt {
    /// By the invitation, from its creation until it is cancelled.
    Invitation,
    /// By accepting it.
    Acceptance,
}

/// Seat policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatPolicy {
    /// When a seat is taken.
    pub taken_at: TakenAt,
    /// Whether a suspended member keeps the seat (D26, EC-44).
    pub suspended_count: bool,
}

/// Invitation policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationPolicy {
    /// Days until the link ends (E14).
    pub days: u32,
    /// The role that the dialog preselects; `None`: the inviter chooses (B12, C03, D35, E41).
    pub preselect: Option<RoleIx>,
    /// Whether a person who signs up by an invitation also gets a workspace of their own (E39).
    pub own_workspace: bool,
    /// Whether pending invitations stand among the members as rows of status *invited* (D15).
    pub as_rows: bool,
}

/// Who holds the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    /// The role that must have at least one active holder (D28, E24); the creator gets it.
    pub role: RoleIx,
    /// Whether it has exactly one holder; then it is never offered.
    pub single: bool,
    /// The role that the former owner has after a transfer by the operator (B05); `None`: there is no transfer.
    /// Members can never transfer it.
    pub transfer: Option<RoleIx>,
    /// What the page says where a transfer would be.
    pub why: String,
}

/// The acts of the engine itself on people, and the permission that each asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acts {
    /// Open the team page and read the members.
    pub view_team: Permission,
    /// Invite.
    pub invite: Permission,
    /// Send an invitation again.
    pub resend: Permission,
    /// Cancel an invitation.
    pub cancel: Permission,
    /// Give another role.
    pub change_role: Permission,
    /// Change template, toggles, direct permissions, levels; edit an invitation.
    pub change_access: Permission,
    /// Suspend and reactivate.
    pub suspend: Permission,
    /// Remove a member.
    pub remove: Permission,
    /// Create, edit and delete templates.
    pub manage_templates: Permission,
    /// Read the audit log.
    pub view_log: Permission,
    /// Change the workspace's name and settings.
    pub rename_workspace: Permission,
    /// Delete the workspace.
    pub delete_workspace: Permission,
    /// Change plan and seats.
    pub manage_billing: Permission,
}

impl Model {
    /// The number of a permission by its whole name. Exact: no case folding, no wildcard (AB-029).
    pub fn permission(&self, name: &str) -> Option<Permission> {
        position(&self.permissions, |p| &*p.name == name).map(Permission)
    }
    /// The definition of a permission.
    pub fn permission_def(&self, permission: Permission) -> &PermissionDef {
        &self.permissions[usize::from(permission.0)]
    }
    /// The number of a role.
    pub fn role_ix(&self, name: &str) -> Option<RoleIx> {
        position(&self.roles, |r| &*r.name == name).map(RoleIx)
    }
    /// A role by number.
    pub fn role(&self, role: RoleIx) -> &Role {
        &self.roles[usize::from(role.0)]
    }
    /// The number of a plan.
    pub fn plan_ix(&self, name: &str) -> Option<PlanIx> {
        position(&self.plans, |p| &*p.name == name).map(PlanIx)
    }
    /// A plan by number.
    pub fn plan(&self, plan: PlanIx) -> &Plan {
        &self.plans[usize::from(plan.0)]
    }
    /// The number of a kind of resource.
    pub fn kind_ix(&self, name: &str) -> Option<KindIx> {
        position(&self.kinds, |k| &*k.name == name).map(KindIx)
    }
    /// A kind of resource by number.
    pub fn kind(&self, kind: KindIx) -> &Kind {
        &self.kinds[usize::from(kind.0)]
    }
    /// The number of a toggle.
    pub fn toggle_ix(&self, name: &str) -> Option<ToggleIx> {
        position(&self.toggles, |t| &*t.name == name).map(ToggleIx)
    }
    /// A toggle by number.
    pub fn toggle(&self, toggle: ToggleIx) -> &Toggle {
        &self.toggles[usize::from(toggle.0)]
    }
    /// Every permission of the model.
    pub fn everything(&self) -> PermissionSet {
        (0..self.permissions.len()).filter_map(|i| u8::try_from(i).ok()).map(Permission).collect()
    }
    /// The part of a set that is asked on the workspace.
    pub fn on_workspace(&self, set: PermissionSet) -> PermissionSet {
        set.iter().filter(|p| self.permission_def(*p).on.is_none()).collect()
    }
    /// What a set of toggles grants while on.
    pub fn toggled(&self, on: ToggleSet) -> PermissionSet {
        on.iter().filter_map(|t| self.toggles.get(usize::from(t.0))).fold(PermissionSet::EMPTY, |set, t| set | t.set)
    }
    /// The names of a set's permissions, in the model's order.
    pub fn names(&self, set: PermissionSet) -> Vec<Arc<str>> {
        set.iter().filter_map(|p| self.permissions.get(usize::from(p.0))).map(|p| Arc::clone(&p.name)).collect()
    }
    /// Roles that can be given to people at all: all but the single owner's.
    pub fn offered_roles(&self) -> impl Iterator<Item = RoleIx> {
        let single = self.ownership.single.then_some(self.ownership.role);
        (0..self.roles.len()).filter_map(|i| u8::try_from(i).ok()).map(RoleIx).filter(move |&r| Some(r) != single)
    }
}

impl Role {
    /// Whether a plan has this role (E03).
    pub fn on_plan(&self, plan: PlanIx) -> bool {
        self.plans >> plan.0 & 1 == 1
    }
    /// Whether its holders may manage holders of the other role, and give it.
    pub fn may_manage(&self, other: RoleIx) -> bool {
        self.manages >> other.0 & 1 == 1
    }
}

/// The level that is all features, those added later included (A07).
pub const ALL_ACCESS: &str = "all";

impl Kind {
    /// The number of a level. A combination of features is `one+another`, in any order, none of them twice.
    pub fn level_ix(&self, name: &str) -> Option<LevelIx> {
        if self.features.is_empty() || name == ALL_ACCESS {
            return position(&self.levels, |l| &*l.name == name).map(LevelIx);
        }
        let bits = name.split('+').try_fold(0_u8, |bits, feature| {
            let bit = 1 << position(&self.features, |f| &*f.name == feature)?;
            (bits & bit == 0).then_some(bits | bit)
        })?;
        Some(LevelIx(bits - 1))
    }
    /// The features of a level.
    pub fn features_of(&self, level: LevelIx) -> impl Iterator<Item = &Level> {
        let bits = u32::from(level.0) + 1;
        self.features
            .iter()
            .enumerate()
            .filter(move |(ix, _)| bits >> self.features.len() == 1 || bits >> ix & 1 == 1)
            .map(|(_, f)| f)
    }
    /// A level by number.
    pub fn level(&self, level: LevelIx) -> &Level {
        &self.levels[usize::from(level.0)]
    }
}

fn position<T>(all: &[T], wanted: impl Fn(&T) -> bool) -> Option<u8> {
    all.iter().position(wanted).and_then(|i| u8::try_from(i).ok())
}
