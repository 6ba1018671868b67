//! Seats: how many are held, how many are taken, and by whom (D14, D26, E09, E30).

use crate::access::model::TakenAt;

use super::state::Workspace;

/// The seats of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    /// Taken now.
    pub taken: u32,
    /// How many of those are open invitations.
    pub invited: u32,
    /// Held by plan and purchase; `None`: no limit.
    pub held: Option<u32>,
}

impl Seats {
    /// How many are free; `None`: no limit.
    pub fn free(self) -> Option<u32> {
        self.held.map(|held| held.saturating_sub(self.taken))
    }

    /// Whether this many more fit.
    pub fn has_room_for(self, more: u32) -> bool {
        self.held.is_none_or(|held| u64::from(self.taken) + u64::from(more) <= u64::from(held))
    }

    /// Whether more are taken than held: only an event from outside can lead here.
    pub fn is_over(self) -> bool {
        self.held.is_some_and(|held| self.taken > held)
    }
}

impl Workspace {
    /// Counted afresh from the rows, never carried along (AB-054).
    pub fn seats(&self) -> Seats {
        let policy = self.model.seats;
        let members = self.members.values().filter(|m| policy.suspended_count || m.suspended_at.is_none()).count();
        let invited = match policy.taken_at {
            TakenAt::Invitation => self.invitations.values().filter(|i| i.stage.is_open()).count(),
            TakenAt::Acceptance => 0,
        };
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let included = self.model.plan(self.plan).seats;
        Seats {
            taken: count(members).saturating_add(count(invited)),
            invited: count(invited),
            held: included.map(|n| n.saturating_add(self.extra_seats)),
        }
    }
}
