//! Plays a scenario through `decide`, `apply` and `check`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cells::{self, Answer};
use super::file::{Access, Question, Scenario, Step};
use crate::access::check::{Decision, Denial};
use crate::access::model::Model;
use crate::access::say;
use crate::access::set::Permission;
use crate::access::snapshot::Snapshot;
use crate::ids::{AddressId, InvitationId, KeyId, MemberId, PersonId, ProductId, ResourceId, TemplateId, WorkspaceId};
use crate::team::apply::{apply, begin};
use crate::team::command::{Actor, Command, Create, NewInvitation, Request};
use crate::team::decide::decide;
use crate::team::event::{Event, Recorded};
use crate::team::invariant;
use crate::team::refusal::Refusal;
use crate::team::state::Workspace;
use crate::team::wire::{AccessWire, GrantWire};
use crate::time::Timestamp;

const START: Timestamp = Timestamp(1_790_000_000_000_000);

/// What a step was to come to and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The line of the file, from 1.
    pub line: usize,
    /// The number of the step, from 1; 0: before the first.
    pub step: usize,
    /// The step in words: `ada remove mel`.
    pub doing: String,
    /// What was expected.
    pub expected: String,
    /// What happened.
    pub happened: String,
    /// Why, in a sentence.
    pub why: String,
}

/// What became of a scenario.
#[derive(Debug, Clone, Default)]
pub struct Played {
    /// Where it differs; empty: it passed.
    pub differences: Vec<Difference>,
    /// The answers of the matrix that it has shown.
    pub shown: BTreeSet<Answer>,
}

/// Plays one scenario.
pub fn run(model: &Arc<Model>, scenario: &Scenario) -> Played {
    watched(model, scenario, &mut |_, _, _| Ok(()))
}

/// What is looked at after each step: the state, everybody who was named and somebody who was not, the moment.
pub type Watch<'w> = dyn FnMut(&Workspace, &[PersonId], Timestamp) -> Result<(), String> + 'w;

/// The same; what is found wrong after a step is a difference, too.
pub fn watched(model: &Arc<Model>, scenario: &Scenario, watch: &mut Watch<'_>) -> Played {
    let mut played = Played::default();
    let mut world = match World::begin(model, scenario) {
        Ok(world) => world,
        Err(difference) => {
            played.differences.push(*difference);
            return played;
        }
    };
    for (n, step) in scenario.steps.iter().enumerate() {
        let doing = [&*step.by, &step.act, &step.to].join(" ").trim_end().to_owned();
        let mut differ = |line, expected: String, happened: String, why: String| {
            played.differences.push(Difference { line, step: n + 1, doing: doing.clone(), expected, happened, why });
        };
        let (got, why) = match world.step(step) {
            Ok(()) => ("ok", "Nothing forbids it.".to_owned()),
            Err(refusal) => (refusal.code(), refusal.sentence()),
        };
        if got != step.expect {
            differ(step.line, step.expect.clone(), got.to_owned(), why);
        }
        if let Some(seats) = step.seats.filter(|s| *s != world.state.seats().taken) {
            let taken = world.state.seats().taken;
            let why = if taken > seats { "More entries count." } else { "Fewer entries count." };
            differ(step.line, format!("{seats} seats taken"), format!("{taken} seats taken"), why.into());
        }
        if let Err(broken) = invariant::check(&world.state) {
            differ(step.line, "a state that holds together".into(), "one that does not".into(), broken.to_string());
        }
        let everybody: BTreeSet<PersonId> = world.people.values().copied().chain([0]).map(PersonId).collect();
        if let Err(why) = watch(&world.state, &everybody.into_iter().collect::<Vec<_>>(), world.now) {
            differ(step.line, "answers that agree".into(), "some that do not".into(), why);
        }
        let snapshot = Snapshot::compile(&world.state);
        for (question, is_yes) in step.can.iter().map(|q| (q, true)).chain(step.cannot.iter().map(|q| (q, false))) {
            for permission in &question.permissions {
                let asked = Asked { question, permission: *permission, is_yes };
                match world.answer(&snapshot, &asked) {
                    Ok(shown) => played.shown.extend(shown),
                    Err([expected, happened, why]) => differ(question.line, expected, happened, why),
                }
            }
        }
    }
    played
}

/// One permission of a question, and what is to be answered.
struct Asked<'a> {
    question: &'a Question,
    permission: Permission,
    is_yes: bool,
}

struct World {
    state: Workspace,
    now: Timestamp,
    ids: u128,
    people: BTreeMap<String, u128>,
    resources: BTreeMap<String, ResourceId>,
    invitations: BTreeMap<String, InvitationId>,
}

impl World {
    /// The workspace with its resources and members, before the first step.
    fn begin(model: &Arc<Model>, scenario: &Scenario) -> Result<Self, Box<Difference>> {
        let failed = |doing: String, refusal: &Refusal| {
            Box::new(Difference {
                line: scenario.line,
                step: 0,
                doing,
                expected: "ok".into(),
                happened: refusal.code().into(),
                why: refusal.sentence(),
            })
        };
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
        let events = decide(None, model, &request, START).map_err(|r| failed("make the workspace".into(), &r))?;
        let state = begin(model, &events).expect("events that were decided fold");
        let mut world = Self {
            state,
            now: START,
            ids: 1000,
            people: BTreeMap::from([("owner".to_owned(), 1)]),
            resources: BTreeMap::new(),
            invitations: BTreeMap::new(),
        };
        let act = |by: &str, act: &str, to: &str, with| Step {
            by: by.to_owned(),
            act: act.to_owned(),
            to: to.to_owned(),
            with,
            ..Step::default()
        };
        let mut steps: Vec<Step> =
            scenario.resources.iter().map(|name| act("owner", "add-resource", name, None)).collect();
        for (name, access) in &scenario.members {
            steps.push(act("owner", "invite", name, Some(access.clone())));
            steps.push(act(name, "accept", name, None));
        }
        for step in steps {
            world.step(&step).map_err(|r| failed([&*step.by, &step.act, &step.to].join(" "), &r))?;
        }
        Ok(world)
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
        let access = access.cloned().unwrap_or_default();
        AccessWire {
            role: access.role,
            template: access.template.map(|t| self.template(&t)),
            direct: access.direct,
            toggles: access.toggles,
            all: access.all,
            grants: access
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
        match step.act.as_str() {
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
            other => unreachable!("the file was read with an act `{other}`"),
        }
    }

    fn invitation(&self, name: &str) -> InvitationId {
        self.invitations.get(name).copied().unwrap_or(InvitationId(0))
    }

    fn resource(&self, name: &str) -> ResourceId {
        self.resources.get(name).copied().unwrap_or(ResourceId(0))
    }

    /// The answers of the matrix that this one shows; or what was expected, what happened, and why.
    fn answer(&mut self, snapshot: &Snapshot, asked: &Asked<'_>) -> Result<Vec<Answer>, [String; 3]> {
        let Asked { question, permission, is_yes } = *asked;
        let person = PersonId(self.person(&question.who));
        let resource = question.on.as_deref().map(|r| self.resource(r));
        let decision = snapshot.explain(person, permission, resource, self.now);
        let code = match &decision {
            Decision::Allow(_) => None,
            Decision::Deny(denial) => Some(denial.code()),
        };
        let fits =
            is_yes == code.is_none() && (code.is_none() || question.why.as_deref().is_none_or(|w| code == Some(w)));
        if !fits {
            let on = question.on.as_deref();
            let place = on.map(|r| format!(" on {r}")).unwrap_or_default();
            let name = &snapshot.model.permission_def(permission).name;
            let can = if is_yes { "can" } else { "cannot" };
            let reason = question.why.as_deref().map(|w| format!(": {w}")).unwrap_or_default();
            let why = say::sentence(&snapshot.model, &question.who, permission, on, &decision);
            let happened = code.map_or_else(|| "yes".to_owned(), |code| format!("no: {code}"));
            return Err([format!("{} {can} {name}{place}{reason}", question.who), happened, why]);
        }
        // Only what role, level, switch or gift decide says something about the matrix.
        let by_the_matrix = match decision {
            Decision::Allow(_) => true,
            Decision::Deny(denial) => {
                matches!(denial, Denial::NothingGrants | Denial::NoLevel | Denial::LevelTooLow | Denial::NotInPlan)
            }
        };
        let row = snapshot.row(person).filter(|_| by_the_matrix);
        Ok(row.map_or_else(Vec::new, |row| cells::shows(snapshot, self.state.plan, row, permission, resource, is_yes)))
    }
}
