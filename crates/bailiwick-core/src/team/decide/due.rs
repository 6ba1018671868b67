//! What time causes: invitations, levels and memberships that end by themselves.

use crate::ids::{InvitationId, MemberId, ResourceId};
use crate::team::event::{Event, Recorded, Removal};
use crate::team::state::{Stage, Workspace};
use crate::team::wire::AccessWire;
use crate::time::Timestamp;

enum Due {
    Invitation(InvitationId),
    Grant(MemberId, ResourceId),
    Member(MemberId),
}

/// What fell due by `now` and is not written yet, in order, each at its due time.
pub fn due(state: &Workspace, now: Timestamp) -> Vec<Recorded> {
    if state.deleted_at.is_some() {
        return Vec::new();
    }
    let mut found: Vec<(Timestamp, Due)> = Vec::new();
    for (id, invitation) in &state.invitations {
        if let Stage::Pending { expires_at } = invitation.stage {
            found.push((expires_at, Due::Invitation(*id)));
        }
    }
    for (id, member) in &state.members {
        found.extend(member.access.until.map(|until| (until, Due::Member(*id))));
        let ending = member.access.grants.each.iter().filter_map(|(r, g)| Some((g.until?, Due::Grant(*id, *r))));
        found.extend(ending.filter(|(until, _)| member.access.until.is_none_or(|all| *until < all)));
    }
    found.retain(|(at, _)| *at <= now);
    found.sort_by_key(|(at, _)| *at);
    let mut last = state.last_time;
    found
        .into_iter()
        .filter_map(|(at, due)| {
            last = at.max(last);
            Some(Recorded { at: last, event: event(state, &due)? })
        })
        .collect()
}

fn event(state: &Workspace, due: &Due) -> Option<Event> {
    Some(match due {
        Due::Invitation(invitation) => Event::InvitationExpired { invitation: *invitation },
        Due::Grant(member, resource) => Event::GrantsExpired { member: *member, resources: vec![*resource] },
        Due::Member(id) => {
            let member = state.members.get(id)?;
            Event::MemberRemoved {
                member: *id,
                person: member.person,
                access: AccessWire::of(&state.model, &member.access),
                why: Removal::Expired,
            }
        }
    })
}
