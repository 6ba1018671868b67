//! Runs one scenario through `decide`, `apply` and `check`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bailiwick_core::access::check::Decision;
use bailiwick_core::access::model::Model;
use bailiwick_core::access::snapshot::Snapshot;
use bailiwick_core::ids::{
    AddressId, InvitationId, KeyId, MemberId, PersonId, ProductId, ResourceId, TemplateId, WorkspaceId,
};
use bailiwick_core::team::apply::{apply, begin};
use bailiwick_core::team::command::{Actor, Command, Create, NewInvitation, Request};
use bailiwick_core::team::decide::decide;
use bailiwick_core::team::event::{Event, Recorded};
use bailiwick_core::team::invariant;
use bailiwick_core::team::refusal::Refusal;
use bailiwick_core::team::state::Workspace;
use bailiwick_core::team::wire::{AccessWire, GrantWire};
use bailiwick_core::time::Timestamp;

use crate::file::{Access, More, Scenario, Step};
use crate::searches;

const START: Timestamp = Timestamp(1_790_000_000_000_000);

struct World {
    state: Workspace,
    now: Timestamp,
    ids: u128,
    people: BTreeMap<String, u128>,
    resources: BTreeMap<String, ResourceId>,
    invitations: BTreeMap<String, InvitationId>,
}

/// Every expectation that fails, in a line.
pub fn run(model: &Arc<Model>, scenario: &Scenario) -> Vec<String> {
    let mut world = World::new(model, scenario);
    let mut wrong = Vec::new();
    let say = |place: &str, what: String| format!("  {} ({place}): {what}", scenario.name);
    for (n, step) in scenario.step.iter().enumerate() {
        let place = format!("step {}, {} {} {}", n + 1, step.by, step.what, step.to);
        let got = world.step(step).map_or_else(|refusal| refusal.code().to_owned(), |()| "ok".to_owned());
        let expected = if step.expect.is_empty() { "ok" } else { &step.expect };
        if got != expected {
            wrong.push(say(&place, format!("expected {expected}, got {got}")));
        }
        wrong.extend(world.asked(&step.can, &step.cannot).into_iter().map(|w| say(&place, w)));
        if let Some(seats) = step.seats.filter(|s| *s != world.state.seats().taken) {
            wrong.push(say(&place, format!("expected {seats} seats taken, got {}", world.state.seats().taken)));
        }
        if let Err(broken) = invariant::check(&world.state) {
            wrong.push(say(&place, format!("invariant: {broken}")));
        }
        let everybody: BTreeSet<_> = world.people.values().copied().chain([0]).map(PersonId).collect();
        let everybody: Vec<PersonId> = everybody.into_iter().collect();
        if let Err(differ) = searches::are_the_check(&world.state, &everybody, world.now) {
            wrong.push(say(&place, differ));
        }
    }
    wrong
}

impl World {
    fn new(model: &Arc<Model>, scenario: &Scenario) -> Self {
        let create = Create {
            workspace: WorkspaceId(1),
            product: ProductId(1),
            external_id: None,
            name: "Team".into(),
            plan: scenario.plan.clone(),
            owner: PersonId(1),
            address: AddressId(1),
            member: MemberId(1),
            templates: (1..=model.templates.as_ref().map_or(0, Vec::len)).map(|n| TemplateId(n as u128)).collect(),
        };
        let request = Request { actor: Actor::Host(KeyId(1)), command: Command::Create(create), seen: None };
        let events = decide(None, model, &request, START).expect("the scenario's workspace can be made");
        let state = begin(model, &events).expect("its events fold");
        let mut world = Self {
            state,
            now: START,
            ids: 1000,
            people: BTreeMap::from([("owner".to_owned(), 1)]),
            resources: BTreeMap::new(),
            invitations: BTreeMap::new(),
        };
        for name in &scenario.resources {
            let step = Step { by: "owner".into(), what: "add-resource".into(), to: name.clone(), ..Step::default() };
            world.step(&step).unwrap_or_else(|r| panic!("{}: {name}: {r}", scenario.name));
        }
        for (name, access) in &scenario.members {
            for what in ["invite", "accept"] {
                let by = if what == "invite" { "owner" } else { name };
                let step = Step {
                    by: by.into(),
                    what: what.into(),
                    to: name.clone(),
                    with: Some(access.clone()),
                    ..Step::default()
                };
                world.step(&step).unwrap_or_else(|r| panic!("{}: {name}: {what}: {r}", scenario.name));
            }
        }
        world
    }

    fn fresh(&mut self) -> u128 {
        self.ids += 1;
        self.ids
    }

    fn person(&mut self, name: &str) -> u128 {
        if let Some(id) = self.people.get(name) {
            return *id;
        }
        let id = self.fresh();
        self.people.insert(name.to_owned(), id);
        id
    }

    /// A row: `mel`, or of several `mel on Shop`.
    fn member(&mut self, row: &str) -> MemberId {
        let (name, on) = row.split_once(" on ").map_or((row, None), |(name, on)| (name, Some(self.resource(on))));
        let person = PersonId(self.person(name));
        let mut rows = self.state.rows_of(person);
        let found = rows.find(|(_, m)| on.is_none_or(|resource| m.access.grants.each.contains_key(&resource)));
        found.map_or(MemberId(0), |(id, _)| id)
    }

    fn template(&self, name: &str) -> TemplateId {
        let found = self.state.templates.iter().find(|(_, t)| *t.name == *name);
        found.map_or(TemplateId(0), |(id, _)| *id)
    }

    fn access(&self, access: Option<&Access>) -> AccessWire {
        let more = match access {
            None => More::default(),
            Some(Access::Role(role)) => More { role: role.clone(), ..More::default() },
            Some(Access::More(more)) => more.clone(),
        };
        AccessWire {
            role: more.role,
            template: more.template.map(|t| self.template(&t)),
            direct: more.direct,
            toggles: more.toggles,
            all: more.all,
            grants: more
                .levels
                .into_iter()
                .map(|(name, level)| GrantWire {
                    resource: self.resources.get(&name).copied().unwrap_or(ResourceId(0)),
                    level,
                    until: None,
                })
                .collect(),
            until: None,
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), Refusal> {
        self.now = self.now.plus_days(step.days).plus_seconds(60);
        let actor = match step.by.as_str() {
            "host" => Actor::Host(KeyId(1)),
            "operator" => Actor::Operator,
            "" => Actor::Time,
            name => Actor::Person(PersonId(self.person(name))),
        };
        let command = self.command(step);
        let request = Request { actor, command, seen: None };
        let events = decide(Some(&self.state), &self.state.model.clone(), &request, self.now)?;
        // What was really made: an expired invitation is renewed under its old id.
        for Recorded { event, .. } in &events {
            if let Event::InvitationSent { invitation, address, .. } = event {
                let name = self.people.iter().find(|(_, id)| **id == address.0).map(|(name, _)| name.clone());
                self.invitations.insert(name.expect("who is invited has a name"), *invitation);
            }
        }
        if !events.is_empty() {
            self.state = apply(&self.state, &events).expect("events that were decided fold");
        }
        Ok(())
    }

    fn command(&mut self, step: &Step) -> Command {
        let to = step.to.as_str();
        let access = self.access(step.with.as_ref());
        let into = step.into.clone().unwrap_or_else(|| to.to_owned());
        match step.what.as_str() {
            "invite" => {
                let new = to.split(", ").map(|name| {
                    let invitation = InvitationId(self.fresh());
                    let address = AddressId(self.person(name));
                    NewInvitation { invitation, address, access: access.clone() }
                });
                Command::Invite(new.collect())
            }
            "accept" => {
                let person = self.person(&step.by);
                let member = MemberId(self.fresh());
                Command::Accept {
                    invitation: self.invitation(to),
                    person: PersonId(person),
                    proven: AddressId(person),
                    member,
                }
            }
            "decline" => Command::Decline { invitation: self.invitation(to), proven: AddressId(self.person(&step.by)) },
            "resend" => Command::Resend(self.invitation(to)),
            "cancel" => Command::Cancel(self.invitation(to)),
            "edit-invitation" => {
                let address = step.into.as_ref().map(|name| AddressId(self.person(name)));
                Command::EditInvitation { invitation: self.invitation(to), access, address }
            }
            "change" => Command::ChangeAccess { member: self.member(to), access },
            "suspend" => Command::Suspend(self.member(to)),
            "reactivate" => Command::Reactivate(self.member(to)),
            "remove" => Command::Remove(self.member(to)),
            "leave" => Command::Leave(self.member(&step.by)),
            "create-template" => Command::CreateTemplate {
                template: TemplateId(self.fresh()),
                name: to.to_owned(),
                permissions: step.permissions.clone(),
                suggests: Vec::new(),
            },
            "edit-template" => Command::EditTemplate {
                template: self.template(to),
                name: into,
                permissions: step.permissions.clone(),
                suggests: Vec::new(),
            },
            "delete-template" => Command::DeleteTemplate {
                template: self.template(to),
                move_to: step.into.as_deref().map(|t| self.template(t)),
            },
            "add-resource" => {
                let id = ResourceId(self.fresh());
                self.resources.insert(to.to_owned(), id);
                // A model without kinds refuses any.
                let kind = self.state.model.kinds.first().map_or("thing", |k| &k.name).to_owned();
                Command::AddResource { resource: id, kind, name: to.to_owned(), external_id: None }
            }
            "rename-resource" => Command::RenameResource { resource: self.resource(to), name: into },
            "delete-resource" => Command::DeleteResource(self.resource(to)),
            "plan" => Command::ChangePlan { plan: to.to_owned(), extra_seats: step.extra, confirmed: step.confirmed },
            "rename" => Command::Rename { name: to.to_owned() },
            "delete" => Command::Delete,
            "transfer" => Command::TransferOwnership { to: self.member(to) },
            "wait" => Command::Elapse,
            other => panic!("there is no step `{other}`"),
        }
    }

    fn invitation(&self, name: &str) -> InvitationId {
        self.invitations.get(name).copied().unwrap_or(InvitationId(0))
    }

    fn resource(&self, name: &str) -> ResourceId {
        self.resources.get(name).copied().unwrap_or(ResourceId(0))
    }

    /// Lines such as `uma conversations:view`, `lena property:chat on Shop`, with `: reason` where it is a no.
    /// `group:*` stands for every permission of the group.
    fn asked(&mut self, can: &[String], cannot: &[String]) -> Vec<String> {
        let snapshot = Snapshot::compile(&self.state);
        let mut wrong = Vec::new();
        for line in can {
            for (question, decision) in self.answers(&snapshot, line) {
                if let Decision::Deny(denial) = decision {
                    wrong.push(format!("expected can {question}, got {}", denial.code()));
                }
            }
        }
        for line in cannot {
            let (question, why) = line.rsplit_once(": ").unwrap_or((line, ""));
            for (question, decision) in self.answers(&snapshot, question) {
                match decision {
                    Decision::Allow(_) => wrong.push(format!("expected cannot {question}, got yes")),
                    Decision::Deny(denial) if !why.is_empty() && denial.code() != why => {
                        wrong.push(format!("expected cannot {question} for {why}, got {}", denial.code()));
                    }
                    Decision::Deny(_) => {}
                }
            }
        }
        wrong
    }

    fn answers(&mut self, snapshot: &Snapshot, question: &str) -> Vec<(String, Decision)> {
        let (who, rest) = question.split_once(' ').unwrap_or_else(|| panic!("`{question}` names no permission"));
        let (name, on) = rest.split_once(" on ").map_or((rest, None), |(p, r)| (p, Some(r)));
        let person = PersonId(self.person(who));
        let resource = on.map(|r| self.resource(r));
        let model = &self.state.model;
        let named: Vec<String> = match name.strip_suffix('*') {
            Some(group) => {
                model.permissions.iter().map(|p| p.name.to_string()).filter(|p| p.starts_with(group)).collect()
            }
            None => vec![name.to_owned()],
        };
        assert!(!named.is_empty(), "`{question}` names no permission");
        let ask = |name: &String| {
            let permission = model.permission(name).unwrap_or_else(|| panic!("there is no permission `{name}`"));
            (format!("{who} {name}"), snapshot.explain(person, permission, resource, self.now))
        };
        named.iter().map(ask).collect()
    }
}
