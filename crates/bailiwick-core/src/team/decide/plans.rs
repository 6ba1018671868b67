//! Change of plan: what is in the way, who gains what, and what assigned access becomes (E26, D26).

use crate::access::model::{LevelIx, PlanIx};
use crate::access::snapshot::Reach;
use crate::team::event::Event;
use crate::team::refusal::Refusal;
use crate::team::state::{Access, Grants, Workspace};
use crate::team::wire::AccessWire;

use super::{Decided, Decider};

impl Decider<'_> {
    pub(super) fn change_plan(&self, to: &str, extra_seats: u32, confirmed: bool) -> Decided {
        let model = &self.state.model;
        self.may("change the plan", model.acts.manage_billing)?;
        self.unchanged(self.stored.version)?;
        let to = model.plan_ix(to).ok_or_else(|| Refusal::UnknownPlan(to.to_owned()))?;
        let plan = model.plan(to);
        if extra_seats > 0 && plan.extra_seat.is_none() {
            return Err(Refusal::NoExtraSeats(plan.title.clone()));
        }
        if to == self.state.plan && extra_seats == self.state.extra_seats {
            return Ok(Vec::new());
        }
        self.nothing_in_the_way(to, extra_seats)?;
        let moved = moved(self.state, to, extra_seats);
        if !confirmed {
            self.nobody_gains(&moved)?;
        }
        let mut events = vec![Event::PlanChanged {
            from: model.plan(self.state.plan).name.to_string(),
            to: plan.name.to_string(),
            extra_before: self.state.extra_seats,
            extra_after: extra_seats,
        }];
        events.extend(self.carried_over(&moved));
        Ok(events)
    }

    /// A line for each member and open invitation whose role the plan lacks, and for seats that are short.
    fn nothing_in_the_way(&self, to: PlanIx, extra_seats: u32) -> Result<(), Refusal> {
        let model = &self.state.model;
        let mut lines = Vec::new();
        for (ix, role) in model.roles.iter().enumerate().filter(|(_, r)| !r.on_plan(to)) {
            let has = |access: &Access| usize::from(access.role.0) == ix;
            let members = self.state.members.values().filter(|m| has(&m.access)).count();
            let invited = self.state.invitations.values().filter(|i| i.stage.is_open() && has(&i.access)).count();
            if members + invited > 0 {
                lines.push(format!(
                    "{} does not have the role {}: {members} with it, {invited} invited as it",
                    model.plan(to).title,
                    role.title
                ));
            }
        }
        let mut seats = self.state.seats();
        seats.held = model.plan(to).seats.map(|n| n.saturating_add(extra_seats));
        if seats.is_over() {
            lines.push(format!("{} seats are taken, it would have {}", seats.taken, seats.held.unwrap_or(0)));
        }
        if lines.is_empty() { Ok(()) } else { Err(Refusal::InTheWay(lines)) }
    }

    fn nobody_gains(&self, moved: &Workspace) -> Result<(), Refusal> {
        let model = &self.state.model;
        let mut lines = Vec::new();
        for (id, before) in &self.state.members {
            let Some(after) = moved.members.get(id) else { continue };
            let gains = Reach::of(moved, &after.access).beyond(&Reach::of(self.state, &before.access));
            if !gains.is_empty() {
                let says: Vec<String> = gains.iter().map(|p| model.permission_def(p).says.clone()).collect();
                lines.push(format!("{id} can {}", says.join(", ")));
            }
        }
        if lines.is_empty() { Ok(()) } else { Err(Refusal::ConfirmGains(lines)) }
    }

    fn carried_over(&self, moved: &Workspace) -> Vec<Event> {
        let model = &self.state.model;
        let wire = |access: &Access| AccessWire::of(model, access);
        let mut events = Vec::new();
        for (id, before) in &self.state.members {
            let Some(after) = moved.members.get(id).filter(|a| a.access != before.access) else { continue };
            events.push(Event::AccessChanged { member: *id, before: wire(&before.access), after: wire(&after.access) });
        }
        for (id, before) in &self.state.invitations {
            let Some(after) = moved.invitations.get(id).filter(|a| a.access != before.access) else { continue };
            events.push(Event::InvitationEdited {
                invitation: *id,
                before: wire(&before.access),
                after: wire(&after.access),
                // Who sent it still answers for it: a change of plan vouches for nobody.
                sender: before.sender,
            });
        }
        events
    }
}

/// The workspace on the other plan. Where a role had everything of a kind by the plan and is assigned levels on
/// the other, its holders keep what they had: the lowest level on all that covers it.
fn moved(state: &Workspace, to: PlanIx, extra_seats: u32) -> Workspace {
    let mut moved = state.clone();
    moved.plan = to;
    moved.extra_seats = extra_seats;
    let members: Vec<_> = state.members.keys().copied().collect();
    for id in members {
        if let Some(row) = moved.members.get_mut(&id) {
            row.access.grants = carried(state, to, &row.access);
        }
    }
    let open: Vec<_> = state.invitations.iter().filter(|(_, i)| i.stage.is_open()).map(|(id, _)| *id).collect();
    for id in open {
        // Nobody has anything by an offer yet: one with levels of its own goes on offering those and no more.
        if let Some(row) = moved.invitations.get_mut(&id).filter(|i| i.access.grants.is_empty()) {
            row.access.grants = carried(state, to, &row.access);
        }
    }
    moved
}

fn carried(state: &Workspace, to: PlanIx, access: &Access) -> Grants {
    let model = &state.model;
    let role = model.role(access.role);
    let (from, to) = (usize::from(state.plan.0), usize::from(to.0));
    let (None, Some(kind)) = (role.assigns[from], role.assigns[to]) else { return access.grants.clone() };
    let levels = &model.kind(kind).levels;
    let of_kind = model.everything().iter().filter(|p| model.permission_def(*p).on == Some(kind)).collect();
    let had = role.grants[from] & of_kind;
    if had.is_empty() {
        return access.grants.clone();
    }
    let covering = levels.iter().position(|l| had.is_within(l.set)).unwrap_or(levels.len().saturating_sub(1));
    let level = LevelIx(u8::try_from(covering).unwrap_or(u8::MAX));
    let level = role.max_level.map_or(level, |cap| level.min(cap));
    Grants { all: Some(level), each: imbl::OrdMap::new() }
}
