//! Roads of escalation: what holders of a role can come to hold, or cause somebody else to hold, beyond what the model
//! gives the role, whoever of them helps whom.
//!
//! Nobody gives more than they hold, so a road needs one of two things: a role that `exceeds`, or a role that grants
//! more on another plan than on the one it was given on. What is found is the least fixed point over who gives what to
//! whom, with access only ever added: it may name a road that in practice needs more than there is, and it leaves none out
//! (shown by `tests/roads`, against an exhaustive search through `decide`).

use super::model::{Model, PlanIx, Role, RoleIx};
use super::set::PermissionSet;

/// How somebody comes to hold something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The giver's role gives what it does not hold, to who has or is given the other role.
    Exceeds,
    /// The giver's role writes templates that hold more than it does; the other role takes them.
    Templates,
    /// The other role grants more on another plan than on the one it is given on.
    Plan,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Exceeds, Self::Templates, Self::Plan];
}

/// A road.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Road {
    /// The roles that are given one after another, each by a holder of the one before it; the first is where it begins,
    /// the last one the giver's.
    pub through: Vec<RoleIx>,
    /// What the giver does.
    pub way: Way,
    /// The role of who is given it.
    pub to: RoleIx,
    /// What is held in the end, and nowhere before on this road or on a shorter one.
    pub gains: PermissionSet,
}

/// Every road that begins at a role, the shortest ones first.
pub fn roads(model: &Model, from: RoleIx) -> Vec<Road> {
    roads_by(model, from, &Way::ALL)
}

/// The same with some of the ways alone, which is a mistake: to show that the proof would find it.
#[doc(hidden)]
pub fn roads_by(model: &Model, from: RoleIx, ways: &[Way]) -> Vec<Road> {
    let mut walk = Walk { model, ways, holds: may_hold(model, from), through: vec![vec![from]], roads: Vec::new() };
    while walk.goes_on() {}
    walk.roads
}

/// What all roads from a role come to.
pub fn gains(roads: &[Road]) -> PermissionSet {
    roads.iter().fold(PermissionSet::EMPTY, |set, road| set | road.gains)
}

/// What a role grants by itself, on any plan.
pub fn granted(role: &Role) -> PermissionSet {
    role.grants.iter().fold(PermissionSet::EMPTY, |all, set| all | *set)
}

/// Everything that a holder of a role can be given in it, on any plan.
pub fn may_hold(model: &Model, role: RoleIx) -> PermissionSet {
    let role = model.role(role);
    let beside = if role.direct || role.templates { model.grantable } else { PermissionSet::EMPTY };
    let levels = (0..model.plans.len()).fold(PermissionSet::EMPTY, |all, plan| all | levels(model, role, plan));
    granted(role) | beside | model.toggled(role.toggles) | levels
}

/// What every level that counts for a role's holders allows on a plan.
pub(super) fn levels(model: &Model, role: &Role, plan: usize) -> PermissionSet {
    let Some(kind) = role.assigns.get(plan).copied().flatten() else { return PermissionSet::EMPTY };
    let levels = &model.kind(kind).levels;
    let count = role.max_level.map_or(levels.len(), |cap| usize::from(cap.0) + 1);
    levels.iter().take(count).fold(PermissionSet::EMPTY, |all, level| all | level.set)
}

struct Walk<'m> {
    model: &'m Model,
    ways: &'m [Way],
    /// What all who take part can hold together.
    holds: PermissionSet,
    /// Roles that who takes part can have, each by how they come to it.
    through: Vec<Vec<RoleIx>>,
    roads: Vec<Road>,
}

impl Walk<'_> {
    /// One more step from every role; whether anything came of it.
    fn goes_on(&mut self) -> bool {
        let before = (self.through.len(), self.roads.len());
        for at in 0..before.0 {
            let through = self.through[at].clone();
            let Some(giver) = through.last().copied() else { continue };
            let managed: Vec<RoleIx> =
                self.model.offered_roles().filter(|to| self.model.role(giver).may_manage(*to)).collect();
            for to in managed {
                self.give(&through, giver, to);
            }
            self.write_templates(&through, giver);
        }
        before != (self.through.len(), self.roads.len())
    }

    fn give(&mut self, through: &[RoleIx], giver: RoleIx, to: RoleIx) {
        let (model, acts) = (self.model, self.model.acts);
        let gives = self.holds.has(acts.invite) || self.holds.has(acts.change_role);
        if model.role(giver).exceeds {
            if gives || self.holds.has(acts.change_access) {
                self.gain(through, Way::Exceeds, to, may_hold(model, to));
            }
            if gives {
                self.takes_part(through, to);
            }
            return;
        }
        let given_on: Vec<usize> = (0..model.plans.len()).filter(|plan| gives && self.can_give(to, *plan)).collect();
        if given_on.is_empty() {
            return;
        }
        let role = model.role(to);
        let all = granted(role) | (0..model.plans.len()).fold(PermissionSet::EMPTY, |s, p| s | levels(model, role, p));
        let on = |plan: usize| role.grants[plan] | levels(model, role, plan);
        // What it was on the plan that it was given on, was held by who gave it.
        let more = given_on.into_iter().fold(PermissionSet::EMPTY, |more, plan| more | all.without(on(plan)));
        self.gain(through, Way::Plan, to, more);
        self.takes_part(through, to);
    }

    /// Whether the least that a role is, on a plan that has it, lies within what is held.
    fn can_give(&self, to: RoleIx, plan: usize) -> bool {
        let role = self.model.role(to);
        let number = u8::try_from(plan).map(PlanIx);
        let least = role.assigns[plan].map(|kind| &self.model.kind(kind).levels);
        number.is_ok_and(|plan| role.on_plan(plan))
            && role.grants[plan].is_within(self.holds)
            && least.is_none_or(|levels| levels.iter().any(|level| level.set.is_within(self.holds)))
    }

    fn write_templates(&mut self, through: &[RoleIx], giver: RoleIx) {
        let model = self.model;
        if !model.role(giver).exceeds || !self.holds.has(model.acts.manage_templates) {
            return;
        }
        let takers = (0..model.roles.len()).filter_map(|ix| u8::try_from(ix).ok()).map(RoleIx);
        if let Some(taker) = takers.into_iter().find(|role| model.role(*role).templates) {
            self.gain(through, Way::Templates, taker, model.grantable);
        }
    }

    fn gain(&mut self, through: &[RoleIx], way: Way, to: RoleIx, set: PermissionSet) {
        if !self.ways.contains(&way) {
            return;
        }
        let from = self.model.role(through[0]);
        let gains = set.without(granted(from)).without(gains(&self.roads));
        self.holds |= set;
        if !gains.is_empty() {
            self.roads.push(Road { through: through.to_vec(), way, to, gains });
        }
    }

    fn takes_part(&mut self, through: &[RoleIx], role: RoleIx) {
        if self.through.iter().all(|known| known.last() != Some(&role)) {
            self.through.push([through, &[role]].concat());
        }
    }
}

impl Road {
    /// The road in words, from its role's side: "can make somebody Warden; a Warden may give what they do not hold".
    pub fn say(&self, model: &Model) -> String {
        let title = |role: RoleIx| model.role(role).title.as_str();
        let mut said = String::new();
        for pair in self.through.windows(2) {
            said.push_str(&format!("{} can make somebody {}; ", title(pair[0]), title(pair[1])));
        }
        let giver = self.through.last().map_or("", |giver| title(*giver));
        let to = title(self.to);
        said.push_str(&match self.way {
            Way::Exceeds => format!("{giver} gives what it does not hold (`exceeds`), to {to}"),
            Way::Templates => {
                format!("{giver} writes templates that hold more than it does (`exceeds`), which {to} takes")
            }
            Way::Plan => format!("{giver} gives {to}, which grants more on another plan"),
        });
        said
    }
}
