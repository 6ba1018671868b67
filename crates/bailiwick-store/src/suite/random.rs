//! Commands by chance: whatever is done, the tables equal the folded log.

use std::collections::BTreeMap;
use std::sync::Arc;

use bailiwick_core::access::model::{Model, RoleIx};
use bailiwick_core::ids::{AddressId, InvitationId, MemberId, PersonId, ResourceId, TemplateId};
use bailiwick_core::team::command::{Actor, Command, NewInvitation};
use bailiwick_core::team::state::Workspace;
use bailiwick_core::team::wire::{AccessWire, GrantWire};
use bailiwick_core::time::Timestamp;

use super::{BEGIN, HOST, No, PROPERTIES, TENANT, Team, install, renumbered, verify};
use crate::rows::{LineId, LogFilter};
use crate::{Store, read};

/// Replay on a model with templates, toggles, suspension and seats taken by invitation.
pub async fn of_replay_equals_state_for_tenants(store: &dyn Store) {
    let kinds = replay(store, TENANT, None, 1).await;
    let wanted = [
        "access_changed",
        "invitation_accepted",
        "invitation_cancelled",
        "invitation_declined",
        "invitation_edited",
        "invitation_expired",
        "invitation_resent",
        "invitation_sent",
        "member_joined",
        "member_reactivated",
        "member_removed",
        "member_suspended",
        "model_changed",
        "plan_changed",
        "template_created",
        "template_deleted",
        "template_edited",
        "workspace_created",
        "workspace_deleted",
        "workspace_renamed",
    ];
    covers(&kinds, &wanted);
}

/// Replay on a model with resources, levels, plans and a single owner.
pub async fn of_replay_equals_state_for_properties(store: &dyn Store) {
    let kinds = replay(store, PROPERTIES, Some("business"), 2).await;
    let wanted = [
        "access_changed",
        "grants_expired",
        "invitation_accepted",
        "invitation_cancelled",
        "invitation_declined",
        "invitation_edited",
        "invitation_expired",
        "invitation_resent",
        "invitation_sent",
        "member_joined",
        "member_removed",
        "model_changed",
        "plan_changed",
        "resource_added",
        "resource_deleted",
        "resource_renamed",
        "workspace_created",
        "workspace_deleted",
        "workspace_renamed",
    ];
    covers(&kinds, &wanted);
}

/// Chance that does happen is part of the test: a command that is never taken proves nothing.
fn covers(kinds: &BTreeMap<String, usize>, wanted: &[&str]) {
    let missing: Vec<_> = wanted.iter().filter(|kind| !kinds.contains_key(**kind)).collect();
    assert!(missing.is_empty(), "never happened: {missing:?} of {kinds:?}");
}

async fn replay(store: &dyn Store, text: &str, plan: Option<&str>, seed: u64) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for round in 0..6 {
        let mut dice = Dice(seed * 1000 + round);
        let (product, model) = install(store, text).await;
        let (_, other) = install(store, &renumbered(text)).await;
        let team = Team::made_of(store, &mut || dice.id(), product, model, plan, None).await.unwrap();
        let mut now = BEGIN;
        let mut state = team.state(store).await;
        for step in 0..80 {
            now = now.plus_seconds(dice.below(2 * 86_400) as i64);
            let (actor, command) = match step % MOVE {
                0 => (Actor::Operator, move_of(&state, &team.model, &other)),
                _ => some_command(&mut dice, &state.model, &state, now),
            };
            match team.act(store, actor, command, now).await {
                Ok(committed) => state = committed.workspaces.last().cloned().unwrap_or(state),
                Err(No::Refused(_)) => {}
                Err(No::Store(error)) => panic!("{error}"),
            }
            assert_eq!(team.state(store).await, state);
        }
        if round == 0 {
            team.act(store, HOST, Command::Delete, now).await.unwrap();
        }
        let line = LineId::Workspace(team.id);
        let found = verify(store, Some(line)).await;
        assert_eq!(found.broken, None);
        let filter = LogFilter { limit: 1000, ..LogFilter::default() };
        for entry in read(store, move |from| from.log(line, &filter)).await.unwrap() {
            for event in entry.events {
                *kinds.entry(event.kind).or_default() += 1;
            }
        }
    }
    assert_eq!(verify(store, None).await.broken, None);
    kinds
}

/// Every so many commands the workspace moves to the other model.
const MOVE: u32 = 16;

/// To whichever of two models it is not on.
fn move_of(state: &Workspace, one: &Arc<Model>, other: &Arc<Model>) -> Command {
    Command::MoveModel(Arc::clone(if state.model.version == one.version { other } else { one }))
}

/// Numbers that are the same at each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit.max(1)
    }

    /// An id; none comes twice, also not of two dice.
    fn id(&mut self) -> u128 {
        u128::from(self.roll()) << 64 | u128::from(self.roll())
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn pick<T: Clone>(&mut self, of: impl IntoIterator<Item = T>) -> Option<T> {
        let all: Vec<T> = of.into_iter().collect();
        let n = self.below(all.len() as u64);
        all.get(usize::try_from(n).unwrap_or(0)).cloned()
    }

    fn some<T: Clone>(&mut self, of: impl IntoIterator<Item = T>) -> Vec<T> {
        of.into_iter().filter(|_| self.below(3) == 0).collect()
    }
}

fn some_command(dice: &mut Dice, model: &Model, state: &Workspace, now: Timestamp) -> (Actor, Command) {
    let member = dice.pick(state.members.keys().copied()).unwrap_or(MemberId(0));
    let open = |(id, i): (&InvitationId, &bailiwick_core::team::state::Invitation)| {
        i.stage.is_open().then_some((*id, i.address))
    };
    let (invitation, address) =
        dice.pick(state.invitations.iter().filter_map(open)).unwrap_or((InvitationId(0), AddressId(0)));
    let template = dice.pick(state.templates.keys().copied()).unwrap_or(TemplateId(0));
    let resource = dice.pick(state.resources.keys().copied()).unwrap_or(ResourceId(0));
    let person = PersonId(dice.id());
    let name = format!("name {}", dice.below(20));
    let permissions = dice.some(model.names(model.grantable).iter().map(ToString::to_string));
    let suggests = dice.some(model.toggles.iter().map(|t| t.name.to_string()));
    let access = some_access(dice, model, state, now);
    let command = match dice.below(31) {
        0 => Command::Rename { name },
        1..=4 => Command::Invite(vec![NewInvitation {
            invitation: InvitationId(dice.id()),
            address: AddressId(dice.id()),
            access,
        }]),
        5 => Command::Resend(invitation),
        6 => Command::Cancel(invitation),
        7 | 8 => Command::EditInvitation { invitation, access, address: dice.coin().then(|| AddressId(dice.id())) },
        9..=12 => {
            let accept = Command::Accept { invitation, person, proven: address, member: MemberId(dice.id()) };
            return (Actor::Person(person), accept);
        }
        13 => return (Actor::Person(person), Command::Decline { invitation, proven: address }),
        14..=16 => Command::ChangeAccess { member, access },
        17 => Command::Suspend(member),
        18 => match dice.pick(state.members.iter().filter(|(_, m)| m.suspended_at.is_some()).map(|(id, _)| *id)) {
            Some(suspended) => Command::Reactivate(suspended),
            None => Command::Remove(member),
        },
        19 => Command::CreateTemplate { template: TemplateId(dice.id()), name, permissions, suggests },
        20 if dice.coin() => Command::EditTemplate { template, name, permissions, suggests },
        20 => Command::DeleteTemplate { template, move_to: dice.pick(state.templates.keys().copied()) },
        21 if dice.coin() => Command::RenameResource { resource, name },
        21 => Command::DeleteResource(resource),
        22 => match dice.coin() {
            true => Command::Leave(member),
            false => return (Actor::Operator, Command::TransferOwnership { to: member }),
        },
        23..=26 => match model.kinds.first() {
            Some(kind) => Command::AddResource {
                resource: ResourceId(dice.id()),
                kind: kind.name.to_string(),
                name,
                external_id: dice.coin().then(|| format!("{}", dice.id())),
            },
            None => Command::Elapse,
        },
        _ => Command::ChangePlan {
            plan: dice.pick(&model.plans).map(|p| p.name.to_string()).unwrap_or_default(),
            extra_seats: if dice.coin() { 0 } else { u32::try_from(dice.below(30)).unwrap_or(0) },
            confirmed: true,
        },
    };
    (HOST, command)
}

/// An access that the model mostly takes.
fn some_access(dice: &mut Dice, model: &Model, state: &Workspace, now: Timestamp) -> AccessWire {
    let on_plan: Vec<RoleIx> = model.offered_roles().filter(|r| model.role(*r).on_plan(state.plan)).collect();
    let role = model.role(dice.pick(on_plan).unwrap_or(RoleIx(0)));
    let mut access = AccessWire::of_role(&role.name);
    if role.direct && dice.coin() {
        access.direct = dice.some(model.names(model.grantable).iter().map(ToString::to_string));
    }
    if role.templates && dice.coin() {
        access.template = dice.pick(state.templates.keys().copied());
    }
    access.toggles = dice.some(role.toggles.iter().map(|t| model.toggle(t).name.to_string()));
    let later = |dice: &mut Dice| {
        let days = u32::try_from(dice.below(9) + 1).unwrap_or(1);
        (dice.below(3) == 0).then(|| now.plus_days(days))
    };
    if let Some(kind) = role.assigns.get(usize::from(state.plan.0)).copied().flatten() {
        let levels = &model.kind(kind).levels;
        let levels = &levels[..role.max_level.map_or(levels.len(), |cap| usize::from(cap.0) + 1)];
        let live: Vec<ResourceId> =
            state.resources.iter().filter(|(_, r)| r.deleted_at.is_none()).map(|(id, _)| *id).collect();
        for resource in dice.some(live) {
            let level = dice.pick(levels).map(|l| l.name.to_string()).unwrap_or_default();
            access.grants.push(GrantWire { resource, level, until: later(dice) });
        }
        if access.grants.is_empty() {
            access.all = dice.pick(levels).map(|l| l.name.to_string());
        }
    }
    access.until = later(dice);
    access
}
