//! Every kind of change that takes something away or gives it, and the question that it answers.

use std::time::{Duration, Instant, SystemTime};

use bailiwick_core::node::wall::BOUND;
use serde_json::{Value, json};

use crate::driver::{Done, Driver, Question};
use crate::http::request;
use crate::process::{new_key, operator, pass};

/// How long a level lasts that ends by itself; its end is exact to the bound on clocks, on every node.
const A_WHILE: Duration = BOUND.saturating_mul(2);
/// One turn in so many makes and removes a member, which takes several changes and a mail.
const RARE: u64 = 8;

/// Something that is given and taken again and again.
struct Switch {
    kind: &'static str,
    method: [&'static str; 2],
    path: String,
    /// The bodies that give it and that take it.
    bodies: [String; 2],
    question: Question,
    on: bool,
    /// Whether what it is was acknowledged.
    sure: bool,
}

/// What one driver changes.
pub struct Things {
    switches: Vec<Switch>,
    /// A team with levels: its id, a resource, who has a level everywhere, and the row of who gets one for a while.
    team: String,
    resource: String,
    everywhere: String,
    for_a_while: [String; 2],
    /// A team that people join and leave.
    guests: Option<String>,
    someone: String,
    model: Versions,
}

/// A model of its own, with a workspace on it: its name, and the texts of a version that gives something and of one that
/// does not.
struct Versions {
    name: String,
    texts: [String; 2],
    question: Question,
    on: bool,
}

/// The model that the versions are made from, and what one of them takes out.
const MODEL: &str = include_str!("../../models/tenant/model.toml");
const GRANTS: [&str; 2] = [r#"grants = ["crm:*"]"#, r#"grants = ["crm:view"]"#];

impl Things {
    /// What was acknowledged may be lost.
    pub fn doubt(&mut self) {
        self.switches.iter_mut().for_each(|switch| switch.sure = false);
    }
}

impl Driver {
    /// Makes people, workspaces and members, all of it by the API and by mail.
    pub fn set_up(&mut self) -> Things {
        self.try_set_up().unwrap_or_else(|| panic!("nothing is broken yet, but: {}", self.last))
    }

    fn try_set_up(&mut self) -> Option<Things> {
        let tenant = self.workspace("tenant", "scale")?;
        let team = self.workspace("properties", "business")?;
        let plans = self.workspace("properties", "business")?;
        let (resource, other) = (self.resource(&team)?.0, self.resource(&team)?.0);
        let planned = self.resource(&plans)?.0;
        let user = r#"{"role":"user","direct":["conversations:view"]}"#;
        let mut switches = Vec::new();

        let (person, row) = self.joins(&tenant, user)?;
        let path = format!("/v1/workspaces/{tenant}/members/{row}/suspension");
        let question = self.may(&person, "conversations:view", &tenant, None);
        switches.push(Switch {
            kind: "suspend",
            method: ["DELETE", "PUT"],
            path,
            bodies: [String::new(), String::new()],
            question,
            on: true,
            sure: true,
        });

        let mut access = |this: &mut Self, kind, workspace: &str, action, resource: Option<&str>, bodies: [&str; 2]| {
            let (person, row) = this.joins(workspace, bodies[0])?;
            let path = format!("/v1/workspaces/{workspace}/members/{row}/access");
            let question = this.may(&person, action, workspace, resource);
            switches.push(Switch {
                kind,
                method: ["PUT"; 2],
                path,
                bodies: bodies.map(str::to_owned),
                question,
                on: true,
                sure: true,
            });
            Some(())
        };
        access(self, "role", &tenant, "tenant:billing", None, [r#"{"role":"admin"}"#, r#"{"role":"user"}"#])?;
        access(
            self,
            "toggle",
            &tenant,
            "crm:view",
            None,
            [r#"{"role":"user","toggles":["crm"]}"#, r#"{"role":"user"}"#],
        )?;
        let level = |on: &str, level: &str| {
            format!(r#"{{"role":"member","grants":[{{"resource":"{on}","level":"{level}"}}]}}"#)
        };
        let (read, elsewhere, admin) = (level(&resource, "read"), level(&other, "read"), level(&resource, "admin"));
        access(self, "grant", &team, "property:view", Some(&resource), [&read, &elsewhere])?;
        access(self, "level", &team, "property:settings", Some(&resource), [&admin, &read])?;

        let template = |set: &str| format!(r#"{{"name":"{} shift","permissions":[{set}]}}"#, self.name);
        let sets = [template(r#""conversations:view""#), template(r#""analytics:view""#)];
        let made =
            self.change("POST", &format!("/v1/workspaces/{tenant}/templates"), &sets[0]).and_then(text_of("id"))?;
        let (person, _) = self.joins(&tenant, &format!(r#"{{"role":"user","template":"{made}"}}"#))?;
        let question = self.may(&person, "conversations:view", &tenant, None);
        let path = format!("/v1/workspaces/{tenant}/templates/{made}");
        switches.push(Switch {
            kind: "template",
            method: ["PUT"; 2],
            path,
            bodies: sets,
            question,
            on: true,
            sure: true,
        });

        // On Pro every member may do all but delete with every property; who comes from there to Business has the level
        // Admin on all of them, until that is changed.
        let (person, _) = self.joins(&plans, r#"{"role":"member","all":"read"}"#)?;
        let question = self.may(&person, "property:delete", &plans, Some(&planned));
        let bodies = ["business", "pro"].map(|plan| format!(r#"{{"plan":"{plan}","confirmed":true}}"#));
        let path = format!("/v1/workspaces/{plans}/plan");
        for body in bodies.iter().rev() {
            let done = self.change("PUT", &path, body)?;
            self.fine("plan", &done)?;
        }
        switches.push(Switch { kind: "plan", method: ["PUT"; 2], path, bodies, question, on: true, sure: true });

        let (everywhere, _) = self.joins(&team, r#"{"role":"member","all":"read"}"#)?;
        let (person, row) = self.joins(&team, &elsewhere)?;
        let someone = self.person()?;
        let model = self.model()?;
        Some(Things { switches, team, resource, everywhere, for_a_while: [person, row], guests: None, someone, model })
    }

    /// One change, or a few, each followed by its checks. What is not acknowledged is known again after the next turn.
    pub fn turn(&mut self, things: &mut Things) -> Option<()> {
        let others = 4;
        let at = self.random.one_of(things.switches.len() + others);
        match at.checked_sub(things.switches.len()) {
            None => self.switch(&mut things.switches[at]),
            Some(0) => self.a_resource(things),
            Some(1) => self.a_session(things),
            Some(2) if self.random.below(4) == 0 => self.a_version(&mut things.model),
            Some(_) if self.random.below(RARE) == 0 => self.a_guest(things),
            Some(_) if self.random.below(4) == 0 => self.a_key(),
            Some(_) => Some(()),
        }
    }

    fn switch(&mut self, switch: &mut Switch) -> Option<()> {
        if switch.sure {
            self.remembered(switch.kind, &switch.question, switch.on);
        }
        (switch.on, switch.sure) = (!switch.on, false);
        let which = usize::from(!switch.on);
        let done = self.change(switch.method[which], &switch.path, &switch.bodies[which])?;
        self.fine(switch.kind, &done)?;
        switch.sure = true;
        self.asked(switch.kind, &switch.question, switch.on, done.by, done.at);
        Some(())
    }

    /// Whether a change was done; that it was refused is wrong, for each of them is allowed.
    fn fine(&self, kind: &str, done: &Done) -> Option<()> {
        let Done { answer, by, .. } = done;
        if answer.status < 300 {
            return Some(());
        }
        self.world.tally.wrong(format!("{kind}: node {by} refused it: {} {}", answer.status, answer.body));
        None
    }

    fn a_resource(&mut self, things: &Things) -> Option<()> {
        let (id, made) = self.resource(&things.team)?;
        let question = self.may(&things.everywhere, "property:view", &things.team, Some(&id));
        self.asked("resource added", &question, true, made.by, made.at);
        let done = self.change("DELETE", &format!("/v1/workspaces/{}/resources/{id}", things.team), "")?;
        self.fine("resource", &done)?;
        self.asked("resource deleted", &question, false, done.by, done.at);
        Some(())
    }

    /// A level that ends by itself: it is there until then, and gone after, as exactly as clocks go.
    pub fn a_while(&mut self, things: &Things) -> Option<()> {
        let [person, row] = &things.for_a_while;
        let begun = Instant::now();
        let until = jiff::Timestamp::try_from(SystemTime::now() + A_WHILE).ok()?;
        let grant = json!({"resource": things.resource, "level": "read", "until": until.to_string()});
        let body = json!({"role": "member", "grants": [grant]}).to_string();
        let done = self.change("PUT", &format!("/v1/workspaces/{}/members/{row}/access", things.team), &body)?;
        if done.answer.body.contains("bad-time") {
            // It took so long to be asked that the moment was over.
            return None;
        }
        self.fine("expiry", &done)?;
        let mut question = self.may(person, "property:view", &things.team, Some(&things.resource));
        question.until = Some(begun + A_WHILE - BOUND);
        self.asked("level for a while", &question, true, done.by, done.at);
        question.until = None;
        let end = begun + A_WHILE + BOUND;
        pass(end.saturating_duration_since(Instant::now()));
        self.asked("expiry", &question, false, done.by, end.max(done.at));
        Some(())
    }

    fn a_session(&mut self, things: &Things) -> Option<()> {
        let (cookie, by, at) = self.enters(&things.someone)?;
        let question = self.opens("cookie", &cookie);
        self.asked("session begun", &question, true, by, at);
        let node = self.any_node();
        let answer = self.once(node, &form("/sign-out", &cookie)).filter(|answer| answer.status == 303)?;
        drop(answer);
        self.asked("session ended", &question, false, node, Instant::now());
        Some(())
    }

    fn a_key(&mut self) -> Option<()> {
        let data = |this: &Self, node: usize| this.world.nodes[node].data.clone();
        let node = self.any_node();
        let (id, secret) = new_key(&data(self, node), &["check"])?;
        let at = Instant::now();
        let question = self.opens("authorization", &format!("Bearer {secret}"));
        self.asked("key made", &question, true, node, at);
        let node = self.any_node();
        operator(&data(self, node), &json!({"revoke_key": {"key": id}})).ok()?.ok()?;
        self.asked("key revoked", &question, false, node, Instant::now());
        Some(())
    }

    /// A model with a workspace on it.
    fn model(&mut self) -> Option<Versions> {
        let name = format!("proof-{}", self.name);
        // A text belongs to one name.
        let texts = [MODEL.to_owned(), MODEL.replace(GRANTS[0], GRANTS[1])].map(|text| format!("# {name}\n{text}"));
        assert_ne!(texts[0], texts[1], "a version takes something out");
        let ask = json!({"apply_model": {"name": name, "text": texts[0]}});
        operator(&self.world.nodes[0].data, &ask).ok()?.ok()?;
        let workspace = self.workspace(&name, "scale")?;
        let (person, _) = self.joins(&workspace, r#"{"role":"user","toggles":["crm"]}"#)?;
        let question = self.may(&person, "crm:update", &workspace, None);
        Some(Versions { name, texts, question, on: true })
    }

    /// Another version of a model is applied.
    fn a_version(&mut self, model: &mut Versions) -> Option<()> {
        model.on = !model.on;
        let node = self.any_node();
        let text = &model.texts[usize::from(!model.on)];
        let ask = json!({"apply_model": {"name": model.name, "text": text}});
        let said = operator(&self.world.nodes[node].data, &ask).ok()?.ok()?;
        let at = Instant::now();
        self.last = said;
        self.asked("model", &model.question, model.on, node, at);
        Some(())
    }

    /// Somebody is invited by mail, accepts, and is removed.
    fn a_guest(&mut self, things: &mut Things) -> Option<()> {
        let workspace = match things.guests.take() {
            Some(workspace) => workspace,
            None => self.workspace("tenant", "scale")?,
        };
        let access = r#"{"role":"user","direct":["conversations:view"]}"#;
        // A team that has invited as many as it may in a day is left for another.
        let (person, row) = self.joins(&workspace, access)?;
        things.guests = Some(workspace.clone());
        let question = self.may(&person, "conversations:view", &workspace, None);
        let done = self.change("DELETE", &format!("/v1/workspaces/{workspace}/members/{row}"), "")?;
        self.fine("remove", &done)?;
        self.asked("remove", &question, false, done.by, done.at);
        Some(())
    }

    fn person(&mut self) -> Option<String> {
        let name = self.fresh("person");
        let body = format!(r#"{{"external_id":"{name}","email":"{name}@proof.example","name":"{name}"}}"#);
        self.change("POST", "/v1/people", &body).and_then(text_of("id"))
    }

    /// A workspace of a model, on a plan.
    pub fn workspace(&mut self, model: &str, plan: &str) -> Option<String> {
        let (owner, name) = (self.person()?, self.fresh("workspace"));
        let body = format!(r#"{{"model":"{model}","name":"{name}","owner":"{owner}","plan":"{plan}"}}"#);
        self.change("POST", "/v1/workspaces", &body).and_then(text_of("id"))
    }

    fn resource(&mut self, workspace: &str) -> Option<(String, Done)> {
        let body = format!(r#"{{"kind":"property","name":"{}"}}"#, self.fresh("property"));
        let done = self.change("POST", &format!("/v1/workspaces/{workspace}/resources"), &body)?;
        Some((value(&done)?["id"].as_str()?.to_owned(), done))
    }

    /// Starts a session for a person: the cookie, and the node that acknowledged it.
    fn enters(&mut self, person: &str) -> Option<(String, usize, Instant)> {
        let url = self.change("POST", &format!("/v1/people/{person}/entry"), "").and_then(text_of("url"))?;
        let path = url.strip_prefix("http://localhost")?;
        let node = self.any_node();
        let answer = self.once(node, &form(path, "")).filter(|answer| answer.status == 303)?;
        let at = Instant::now();
        Some((answer.cookies.into_iter().find(|cookie| cookie.starts_with("bailiwick="))?, node, at))
    }

    /// Somebody joins a workspace: invited by mail, they follow the link and accept. Their id, and their row's.
    fn joins(&mut self, workspace: &str, access: &str) -> Option<(String, String)> {
        let name = self.fresh("member");
        let address = format!("{name}@proof.example");
        let body = format!(r#"{{"external_id":"{name}","email":"{address}","name":"{name}"}}"#);
        let person = self.change("POST", "/v1/people", &body).and_then(text_of("id"))?;
        let body = format!(r#"{{"invitations":[{{"email":"{address}","access":{access}}}]}}"#);
        let invited = self.change("POST", &format!("/v1/workspaces/{workspace}/invitations"), &body)?;
        if invited.answer.status >= 300 {
            return None;
        }
        let token = self.link_to(&address)?;
        let (cookie, ..) = self.enters(&person)?;
        let cookies = format!("{cookie}; bailiwick_invitation={token}");
        let node = self.any_node();
        let accepted = self.once(node, &form("/invitation/accept", &cookies)).filter(|answer| answer.status == 303)?;
        drop(accepted);
        let at = Instant::now();
        if access.contains("conversations:view") {
            let question = self.may(&person, "conversations:view", workspace, None);
            self.asked("join", &question, true, node, at);
        }
        let found = self.get(&format!("/v1/workspaces/{workspace}/members?q={name}"))?;
        let row =
            found["items"].as_array()?.iter().find(|row| row["person"] == person.as_str())?["id"].as_str()?.to_owned();
        Some((person, row))
    }

    /// One change that gives or takes something: how long until it was acknowledged.
    pub fn toggle(&mut self, things: &mut Things) -> Option<std::time::Duration> {
        let switch = &mut things.switches[0];
        (switch.on, switch.sure) = (!switch.on, false);
        let which = usize::from(!switch.on);
        let begun = Instant::now();
        let done = self.change(switch.method[which], &switch.path, &switch.bodies[which])?;
        self.fine(switch.kind, &done)?;
        Some(done.at - begun)
    }

    /// A question to which the answer is always yes.
    pub fn always(&self, things: &Things) -> Question {
        self.may(&things.everywhere, "property:view", &things.team, Some(&things.resource))
    }

    /// At the end: every node answers by what was acknowledged last.
    pub fn settled(&mut self, things: &Things) {
        for switch in &things.switches {
            if switch.sure {
                self.remembered(switch.kind, &switch.question, switch.on);
            }
            // One more change of each, so that what was left in doubt is known.
            let which = usize::from(!switch.on);
            if let Some(done) = self.change(switch.method[which], &switch.path, &switch.bodies[which]) {
                if self.fine(switch.kind, &done).is_some() {
                    self.asked(switch.kind, &switch.question, switch.on, done.by, done.at);
                }
            } else {
                self.world.tally.wrong(format!("{}: nothing is acknowledged at the end", switch.kind));
            }
        }
    }
}

fn value(done: &Done) -> Option<Value> {
    serde_json::from_str(&done.answer.body).ok()
}

fn text_of(name: &str) -> impl Fn(Done) -> Option<String> + '_ {
    move |done| value(&done)?[name].as_str().map(str::to_owned)
}

/// A form as a page of the service posts it.
fn form(path: &str, cookies: &str) -> Vec<u8> {
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin"), ("cookie", cookies)];
    request("POST", path, &headers[..if cookies.is_empty() { 2 } else { 3 }], "")
}
