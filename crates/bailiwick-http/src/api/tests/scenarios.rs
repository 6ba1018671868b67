//! The scenario files beside the models, through the real service: the same files that the core's tests run without one.
//! Who acts is signed in, or has a host's key; each step is one request; who can do what is asked by AuthZEN.
//!
//! Four steps have no route. Accepting and declining is for who holds the mailed link: the link is taken from the mail
//! that was really sent, and used as its page uses it. What time brings (`wait`) is the job's. No interface offers a
//! transfer of ownership; it goes straight to the use case that routes go to.

use std::collections::BTreeMap;
use std::path::Path;

use bailiwick_app::caller::Scope;
use bailiwick_app::{AppError, Caller};
use bailiwick_core::access::model::Model;
use bailiwick_core::access::parse::parse;
use bailiwick_core::ids::{InvitationId, MemberId, ResourceId, TemplateId};
use bailiwick_core::scenario::file::{self, Access, Question, Scenario, Step};
use bailiwick_core::team::command::Command;
use serde_json::{Value, json};

use super::post::Post;
use super::world::{As, Got, Someone, World, on_every_backend};

on_every_backend!(scenarios_of_tenant);
async fn scenarios_of_tenant(world: World) {
    preset(world, "tenant").await;
}

on_every_backend!(scenarios_of_properties);
async fn scenarios_of_properties(world: World) {
    preset(world, "properties").await;
}

on_every_backend!(scenarios_of_chatbots);
async fn scenarios_of_chatbots(world: World) {
    preset(world, "chatbots").await;
}

on_every_backend!(scenarios_of_profiles);
async fn scenarios_of_profiles(world: World) {
    preset(world, "profiles").await;
}

on_every_backend!(scenarios_of_agents);
async fn scenarios_of_agents(world: World) {
    preset(world, "agents").await;
}

async fn preset(mut world: World, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name);
    let text = std::fs::read_to_string(folder.join("model.toml")).unwrap();
    let model = parse(&text, name).unwrap_or_else(|faults| panic!("{faults}"));
    let text = std::fs::read_to_string(folder.join("scenarios.toml")).unwrap();
    let scenarios = file::read(&text, &model).unwrap_or_else(|faults| panic!("{faults}"));
    let post = Post::start().await;
    let mut wrong = Vec::new();
    for (n, scenario) in scenarios.iter().enumerate() {
        // Keys end, and time passes.
        world.host = world.key(&Scope::ALL).await;
        wrong.extend(Team::start(&world, &post, &model, n, scenario).await.run(scenario).await);
    }
    assert!(wrong.is_empty(), "{name}: {} of {} expectations fail\n{}", wrong.len(), scenarios.len(), wrong.join("\n"));
    let verified = world.app().verify().await.unwrap();
    assert_eq!(verified.broken, None);
}

/// The workspace of one scenario.
struct Team<'a> {
    world: &'a World,
    post: &'a Post,
    model: &'a Model,
    /// Tells its people from those of other scenarios, who may be called the same.
    number: usize,
    path: String,
    people: BTreeMap<String, Someone>,
    resources: BTreeMap<String, String>,
    invitations: BTreeMap<String, Invited>,
}

/// An invitation, and where its link went last.
struct Invited {
    id: String,
    to: String,
}

impl<'a> Team<'a> {
    async fn start(world: &'a World, post: &'a Post, model: &'a Model, number: usize, scenario: &Scenario) -> Self {
        let mut team = Self {
            world,
            post,
            model,
            number,
            path: String::new(),
            people: BTreeMap::new(),
            resources: BTreeMap::new(),
            invitations: BTreeMap::new(),
        };
        let owner = team.person("owner").await.id;
        let mut new = json!({"model": model.version, "name": "Team", "owner": owner});
        if let Some(plan) = &scenario.plan {
            new["plan"] = json!(plan);
        }
        team.path = format!("/v1/workspaces/{}", world.ask(&world.host, "POST", "/v1/workspaces", new).await.id());
        for name in &scenario.resources {
            let add = Step { by: "owner".into(), act: "add-resource".into(), to: name.clone(), ..Step::default() };
            assert_eq!(team.step(&add).await, "ok", "{}: {name}", scenario.name);
        }
        for (name, access) in &scenario.members {
            for (by, act) in [("owner", "invite"), (name, "accept")] {
                let with = Some(access.clone());
                let step = Step { by: by.into(), act: act.into(), to: name.clone(), with, ..Step::default() };
                assert_eq!(team.step(&step).await, "ok", "{}: {name}: {act}", scenario.name);
            }
        }
        team
    }

    /// Every expectation that fails, in a line.
    async fn run(mut self, scenario: &Scenario) -> Vec<String> {
        let mut wrong = Vec::new();
        for (n, step) in scenario.steps.iter().enumerate() {
            let place = format!("{} (step {}, {} {} {})", scenario.name, n + 1, step.by, step.act, step.to);
            let got = self.step(step).await;
            let expected = expected(step);
            if got != expected {
                wrong.push(format!("  {place}: expected {expected}, got {got}"));
            }
            for question in &step.can {
                for (asked, reason) in self.denials(question).await {
                    wrong.extend(reason.map(|reason| format!("  {place}: expected can {asked}, got {reason}")));
                }
            }
            for question in &step.cannot {
                let why = question.why.as_deref();
                for (asked, reason) in self.denials(question).await {
                    if reason.is_none() || why.is_some_and(|why| reason.as_deref() != Some(why)) {
                        let got = reason.unwrap_or_else(|| "yes".into());
                        wrong.push(format!("  {place}: expected cannot {asked} for {why:?}, got {got}"));
                    }
                }
            }
            if let Some(seats) = step.seats {
                let taken = self.world.get(&self.world.host, &self.path).await.ok()["seats"]["taken"].clone();
                if taken != json!(seats) {
                    wrong.push(format!("  {place}: expected {seats} seats taken, got {taken}"));
                }
            }
        }
        wrong
    }

    /// One step: `ok`, or the code of the refusal.
    async fn step(&mut self, step: &Step) -> String {
        self.world.clock.forward(i64::from(step.days) * 86_400 + 60);
        let to = step.to.as_str();
        let by = match step.by.as_str() {
            "host" => self.world.host.clone(),
            "operator" => As::Nobody,
            name => self.signed_in(name).await,
        };
        let access = self.access(step.with.as_ref()).await;
        let into = step.into.clone().unwrap_or_else(|| to.to_owned());
        let (method, below, body) = match step.act.as_str() {
            "invite" => return self.invite(&by, to, access).await,
            "accept" | "decline" => return self.follow_link(&by, step).await,
            "transfer" => return self.transfer(&by, to).await,
            "wait" => return self.world.app().let_time_pass().await.map_or_else(|e| code(&e), |_| "ok".into()),
            "edit-invitation" => return self.edit_invitation(&by, step, access).await,
            "resend" => ("POST", format!("/invitations/{}/resend", self.invitation(to)), Value::Null),
            "cancel" => ("DELETE", format!("/invitations/{}", self.invitation(to)), Value::Null),
            "change" => ("PUT", format!("/members/{}/access", self.member(to).await), access),
            "suspend" => ("PUT", format!("/members/{}/suspension", self.member(to).await), Value::Null),
            "reactivate" => ("DELETE", format!("/members/{}/suspension", self.member(to).await), Value::Null),
            "remove" => ("DELETE", format!("/members/{}", self.member(to).await), Value::Null),
            "leave" => ("POST", "/leave".into(), Value::Null),
            "create-template" => ("POST", "/templates".into(), json!({"name": to, "permissions": step.permissions})),
            "edit-template" => {
                let body = json!({"name": into, "permissions": step.permissions});
                ("PUT", format!("/templates/{}", self.template(to).await), body)
            }
            "delete-template" => {
                let mut below = format!("/templates/{}", self.template(to).await);
                if let Some(next) = &step.into {
                    below += &format!("?move_to={}", self.template(next).await);
                }
                ("DELETE", below, Value::Null)
            }
            "add-resource" => ("POST", "/resources".into(), json!({"kind": self.kind(), "name": to})),
            "rename-resource" => ("PATCH", format!("/resources/{}", self.resource(to)), json!({"name": into})),
            "delete-resource" => ("DELETE", format!("/resources/{}", self.resource(to)), Value::Null),
            "plan" => {
                let body = json!({"plan": to, "extra_seats": step.extra, "confirmed": step.confirmed});
                ("PUT", "/plan".into(), body)
            }
            "rename" => ("PATCH", String::new(), json!({"name": to})),
            "delete" => ("DELETE", String::new(), Value::Null),
            other => panic!("there is no step `{other}`"),
        };
        let got = self.world.ask(&by, method, &format!("{}{below}", self.path), body).await;
        if step.act == "add-resource" && got.status.is_success() {
            self.resources.insert(to.to_owned(), got.id());
        }
        self.post.deliver(self.world).await;
        said(&got)
    }

    async fn invite(&mut self, by: &As, to: &str, access: Value) -> String {
        let mut invitees = Vec::new();
        for name in to.split(", ") {
            invitees.push((name, self.person(name).await.email));
        }
        let all: Vec<Value> = invitees.iter().map(|(_, email)| json!({"email": email, "access": access})).collect();
        let got = self.world.ask(by, "POST", &format!("{}/invitations", self.path), json!({"invitations": all})).await;
        if got.status.is_success() {
            for ((name, to), made) in invitees.into_iter().zip(got.body["items"].as_array().unwrap()) {
                let id = made["id"].as_str().unwrap().to_owned();
                self.invitations.insert(name.to_owned(), Invited { id, to });
            }
            self.post.deliver(self.world).await;
        }
        said(&got)
    }

    async fn edit_invitation(&mut self, by: &As, step: &Step, access: Value) -> String {
        let mut body = json!({"access": access});
        let next = match &step.into {
            Some(name) => Some(self.person(name).await.email),
            None => None,
        };
        if let Some(email) = &next {
            body["email"] = json!(email);
        }
        let path = format!("{}/invitations/{}", self.path, self.invitation(&step.to));
        let got = self.world.ask(by, "PATCH", &path, body).await;
        if let (true, Some(email), Some(invited)) = (got.status.is_success(), next, self.invitations.get_mut(&step.to))
        {
            invited.to = email;
            self.post.deliver(self.world).await;
        }
        said(&got)
    }

    /// Uses the newest link that was mailed for an invitation.
    async fn follow_link(&self, by: &As, step: &Step) -> String {
        let caller = self.caller(by).await;
        let token = self.post.newest(&self.invitations[&step.to].to, "bwi_");
        let app = self.world.app();
        let done = match step.act.as_str() {
            "accept" => app.accept(&caller, &token).await,
            _ => app.decline(&caller, &token).await,
        };
        done.map_or_else(|error| code(&error), |_| "ok".into())
    }

    async fn transfer(&self, by: &As, to: &str) -> String {
        let caller = self.caller(by).await;
        let command = Command::TransferOwnership { to: self.member(to).await.parse().unwrap() };
        let workspace = self.path.rsplit('/').next().unwrap().parse().unwrap();
        let app = self.world.app();
        let done = app.act(&caller, workspace, command, None, app.command_id()).await;
        done.map_or_else(|error| code(&error), |_| "ok".into())
    }

    async fn caller(&self, by: &As) -> Caller {
        match by {
            As::Cookie(cookie) => self.world.app().session_caller(cookie, None).await.unwrap(),
            As::Nobody => Caller::operator(),
            As::Key(_) => panic!("a host has no way to do this"),
        }
    }

    /// What a question asks for, and the reason of each that is answered with no.
    async fn denials(&mut self, question: &Question) -> Vec<(String, Option<String>)> {
        let (who, on) = (&question.who, question.on.as_deref());
        let workspace = self.path.rsplit('/').next().unwrap().to_owned();
        let resource = match on {
            Some(on) => {
                json!({"type": self.kind(), "id": self.resource(on), "properties": {"workspace": workspace}})
            }
            None => json!({"type": "workspace", "id": workspace}),
        };
        let person = self.person(who).await.id;
        let named: Vec<String> =
            question.permissions.iter().map(|p| self.model.permission_def(*p).name.to_string()).collect();
        let ask = |action: &String| json!({"subject": {"type": "person", "id": person}, "action": {"name": action}, "resource": resource});
        let body = json!({"evaluations": named.iter().map(ask).collect::<Vec<_>>()});
        let got = self.world.ask(&self.world.host, "POST", "/access/v1/evaluations", body).await.ok();
        let answers = got["evaluations"].as_array().unwrap();
        assert_eq!(answers.len(), named.len());
        let reason = |answer: &Value| {
            let reason = answer["context"]["reason"].as_str().unwrap().to_owned();
            (answer["decision"] == json!(false)).then_some(reason)
        };
        named.iter().zip(answers).map(|(name, answer)| (format!("{who} {name}"), reason(answer))).collect()
    }

    /// The kind of the scenarios' resources; a model without kinds refuses any.
    fn kind(&self) -> &str {
        self.model.kinds.first().map_or("thing", |k| &k.name)
    }

    async fn access(&self, access: Option<&Access>) -> Value {
        let access = access.cloned().unwrap_or_default();
        let grant = |(name, level): (&String, &String)| json!({"resource": self.resource(name), "level": level});
        let grants: Vec<Value> = access.levels.iter().map(grant).collect();
        let mut body =
            json!({"role": access.role, "direct": access.direct, "toggles": access.toggles, "grants": grants});
        if let Some(name) = &access.template {
            body["template"] = json!(self.template(name).await);
        }
        if let Some(level) = access.all {
            body["all"] = json!(level);
        }
        body
    }

    async fn person(&mut self, name: &str) -> Someone {
        if let Some(someone) = self.people.get(name) {
            return someone.clone();
        }
        let someone = self.world.person(&format!("{name}.{}", self.number)).await;
        self.people.insert(name.to_owned(), someone.clone());
        someone
    }

    /// With a session that still lives.
    async fn signed_in(&mut self, name: &str) -> As {
        let someone = self.person(name).await;
        if self.world.get(&someone.by, "/v1/me").await.status == 401 {
            self.people.get_mut(name).unwrap().by = self.world.session(&someone.id).await;
        }
        self.people[name].by.clone()
    }

    /// A row: `mel`, or of several `mel on Shop`.
    async fn member(&self, row: &str) -> String {
        let (name, on) = row.split_once(" on ").map_or((row, None), |(name, on)| (name, Some(self.resource(on))));
        let nobody = || MemberId(0).to_string();
        let Some(someone) = self.people.get(name) else { return nobody() };
        let on = |row: &Value| on.as_ref().is_none_or(|id| row["access"]["grants"][0]["resource"] == json!(id));
        let of = |row: &Value| row["person"] == json!(someone.id) && on(row);
        self.found("members", of).await.unwrap_or_else(nobody)
    }

    async fn template(&self, name: &str) -> String {
        let of = |row: &Value| row["name"] == json!(name);
        self.found("templates", of).await.unwrap_or_else(|| TemplateId(0).to_string())
    }

    async fn found(&self, list: &str, wanted: impl Fn(&Value) -> bool) -> Option<String> {
        let rows = self.world.get(&self.world.host, &format!("{}/{list}?limit=200", self.path)).await.body;
        let row = rows["items"].as_array()?.iter().find(|row| wanted(row))?;
        row["id"].as_str().map(str::to_owned)
    }

    fn invitation(&self, name: &str) -> String {
        self.invitations.get(name).map_or_else(|| InvitationId(0).to_string(), |invited| invited.id.clone())
    }

    fn resource(&self, name: &str) -> String {
        self.resources.get(name).cloned().unwrap_or_else(|| ResourceId(0).to_string())
    }
}

/// What a step is to come to. In one case the service says something else than the core: who holds a link into a
/// deleted workspace is not told of the workspace (EC-13).
fn expected(step: &Step) -> &str {
    match (step.act.as_str(), step.expect.as_str()) {
        ("accept", "no-such-workspace") => "no-such-invitation",
        (_, code) => code,
    }
}

fn said(got: &Got) -> String {
    if got.status.is_success() { "ok".into() } else { got.problem().1.to_owned() }
}

fn code(error: &AppError) -> String {
    match error {
        AppError::Refused(refusal) => refusal.code().to_owned(),
        other => other.to_string(),
    }
}
