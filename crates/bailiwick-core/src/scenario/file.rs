//! What a scenario file holds. People, templates and resources are called as the file calls them.

use std::collections::BTreeMap;

use toml_span::value::ValueInner;

use crate::access::check::Denial;
use crate::access::model::Model;
use crate::access::parse::Faults;
use crate::access::parse::fault::{place, suggest};
use crate::access::parse::read::{At, Reader, Section, span};
use crate::access::set::Permission;
use crate::team::refusal::Refusal;

/// One scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// The plan; the model's first if it is left out.
    pub plan: Option<String>,
    /// Resources, by name.
    pub resources: Vec<String>,
    /// Members beside the creator, who is called `owner`.
    pub members: BTreeMap<String, Access>,
    /// Steps, in order.
    pub steps: Vec<Step>,
}

/// What somebody holds. Names are not looked up here: that there is none of a name can be what a step shows.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The role.
    pub role: String,
    /// The template.
    pub template: Option<String>,
    /// Permissions given one by one.
    pub direct: Vec<String>,
    /// Toggles that are on.
    pub toggles: Vec<String>,
    /// One level on every resource.
    pub all: Option<String>,
    /// A level on single resources.
    pub levels: BTreeMap<String, String>,
}

/// One step.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Its line in the file, from 1.
    pub line: usize,
    /// Who acts; `host`, `operator` or a person.
    pub by: String,
    /// What is done: one of [`ACTS`].
    pub act: String,
    /// To whom or what.
    pub to: String,
    /// With this access.
    pub with: Option<Access>,
    /// Permissions of a template.
    pub permissions: Vec<String>,
    /// The name after; where a template's holders move.
    pub into: Option<String>,
    /// Extra seats.
    pub extra: u32,
    /// That a list of gains was confirmed.
    pub confirmed: bool,
    /// How many days pass before the step.
    pub days: u32,
    /// `ok`, or the code of the refusal.
    pub expect: String,
    /// What is answered with yes afterwards.
    pub can: Vec<Question>,
    /// What is answered with no afterwards.
    pub cannot: Vec<Question>,
    /// Seats taken afterwards.
    pub seats: Option<u32>,
}

/// A line such as `lena property:chat on Shop`, with `: reason` where it is a no.
#[derive(Debug, Clone)]
pub struct Question {
    /// Its line in the file, from 1.
    pub line: usize,
    /// Who.
    pub who: String,
    /// Which permissions: of `group:*` all of the group.
    pub permissions: Vec<Permission>,
    /// On which resource.
    pub on: Option<String>,
    /// The code of the reason why not; `None`: any.
    pub why: Option<String>,
}

/// What a step can do.
pub const ACTS: [&str; 22] = [
    "invite",
    "accept",
    "decline",
    "resend",
    "cancel",
    "edit-invitation",
    "change",
    "suspend",
    "reactivate",
    "remove",
    "leave",
    "create-template",
    "edit-template",
    "delete-template",
    "add-resource",
    "rename-resource",
    "delete-resource",
    "plan",
    "rename",
    "delete",
    "transfer",
    "wait",
];

/// Reads the text of a scenario file about a model.
///
/// # Errors
/// All faults of the file, each with its place: unknown keys, acts, codes, permissions.
pub fn read(text: &str, model: &Model) -> Result<Vec<Scenario>, Faults> {
    let mut file = File { text, model, read: Reader::default() };
    let scenarios = match toml_span::parse(text) {
        Ok(mut value) => match value.take() {
            ValueInner::Table(table) => file.scenarios(Section::root(table, text.len())),
            _ => unreachable!("a TOML document is a table"),
        },
        Err(error) => {
            file.read.not_toml(&error);
            Vec::new()
        }
    };
    if file.read.faults.is_empty() { Ok(scenarios) } else { Err(Faults::new(text, file.read.faults)) }
}

struct File<'a> {
    text: &'a str,
    model: &'a Model,
    read: Reader,
}

impl File<'_> {
    fn line(&self, at: usize) -> usize {
        place(self.text, at).0
    }

    fn scenarios(&mut self, mut root: Section<'_>) -> Vec<Scenario> {
        let all = self.read.list(&mut root, "scenario");
        if all.is_empty() {
            self.read.fault(root.at.clone(), "the file has no scenario", "begin one with [[scenario]]");
        }
        self.read.end(root);
        all.into_iter().map(|one| self.scenario(one)).collect()
    }

    fn scenario(&mut self, mut from: Section<'_>) -> Scenario {
        let line = self.line(from.at.start);
        let name = self.read.text(&mut from, "name");
        let plan = self.read.maybe_text(&mut from, "plan");
        if let Some(plan) = plan.as_ref().filter(|plan| self.model.plan_ix(&plan.value).is_none()) {
            let right = suggest(&plan.value, self.model.plans.iter().map(|p| &*p.name));
            self.read.fault(plan.at.clone(), format!("there is no plan `{}`", plan.value), right);
        }
        let resources = texts(self.read.texts(&mut from, "resources"));
        let members = self.read.entries(&mut from, "members");
        let members = members.into_iter().map(|(name, value)| (name.value, self.access(value))).collect();
        let steps = self.read.list(&mut from, "step").into_iter().map(|step| self.step(step)).collect();
        self.read.end(from);
        Scenario { name, line, plan: plan.map(|p| p.value), resources, members, steps }
    }

    /// `"viewer"`, or `{ role = "viewer", levels = { Shop = "read" } }`.
    fn access(&mut self, mut value: toml_span::Value<'_>) -> Access {
        if let Some(role) = value.as_str() {
            return Access { role: role.to_owned(), ..Access::default() };
        }
        let at = span(&value);
        let table = match value.take() {
            ValueInner::Table(table) => table,
            _ => {
                self.read.fault(at, "what somebody holds is a role, or a table with one", "write { role = \"...\" }");
                return Access::default();
            }
        };
        let mut from = Section::part("what somebody holds", at, table);
        let access = Access {
            role: self.read.text(&mut from, "role"),
            template: self.read.maybe_text(&mut from, "template").map(|t| t.value),
            direct: texts(self.read.texts(&mut from, "direct")),
            toggles: texts(self.read.texts(&mut from, "toggles")),
            all: self.read.maybe_text(&mut from, "all").map(|t| t.value),
            levels: self.levels(&mut from),
        };
        self.read.end(from);
        access
    }

    fn levels(&mut self, from: &mut Section<'_>) -> BTreeMap<String, String> {
        let mut levels = BTreeMap::new();
        for (name, value) in self.read.entries(from, "levels") {
            match value.as_str() {
                Some(level) => drop(levels.insert(name.value, level.to_owned())),
                None => self.read.fault(span(&value), format!("the level on `{}` must be a text", name.value), ""),
            }
        }
        levels
    }

    fn step(&mut self, mut from: Section<'_>) -> Step {
        let line = self.line(from.at.start);
        let by = self.read.text(&mut from, "as");
        let act = self.read.maybe_text(&mut from, "do");
        match &act {
            None => from.misses("do", "\"invite\""),
            Some(act) => self.known(act, "nothing is done by", &ACTS),
        }
        let to = self.read.any_text(&mut from, "to").unwrap_or_default();
        let with = from.take("with").map(|value| self.access(value));
        let permissions = texts(self.read.texts(&mut from, "permissions"));
        let into = self.read.any_text(&mut from, "into");
        let mut number = |key| self.read.number(&mut from, key, 0..=1_000_000).and_then(|n| u32::try_from(n).ok());
        let (extra, days, seats) = (number("extra"), number("days"), number("seats"));
        let confirmed = self.read.switch(&mut from, "confirmed");
        let expect = self.read.maybe_text(&mut from, "expect");
        if let Some(code) = expect.as_ref().filter(|code| code.value != "ok") {
            self.known(code, "no refusal has the code", Refusal::CODES);
        }
        let can = self.questions(&mut from, "can");
        let cannot = self.questions(&mut from, "cannot");
        self.read.end(from);
        Step {
            line,
            by,
            act: act.map(|a| a.value).unwrap_or_default(),
            to,
            with,
            permissions,
            into,
            extra: extra.unwrap_or(0),
            confirmed,
            days: days.unwrap_or(0),
            expect: expect.map_or_else(|| "ok".to_owned(), |code| code.value),
            can,
            cannot,
            seats,
        }
    }

    fn questions(&mut self, from: &mut Section<'_>, key: &'static str) -> Vec<Question> {
        let lines = self.read.texts(from, key);
        lines.iter().filter_map(|line| self.question(line, key == "cannot")).collect()
    }

    fn question(&mut self, line: &At<String>, is_no: bool) -> Option<Question> {
        let (asked, why) = match line.value.rsplit_once(": ").filter(|_| is_no) {
            Some((asked, why)) => (asked, Some(why)),
            None => (&*line.value, None),
        };
        let Some((who, rest)) = asked.split_once(' ') else {
            self.read.fault(line.at.clone(), "this is no question", "write \"who group:action on Resource\"");
            return None;
        };
        let (name, on) = rest.split_once(" on ").map_or((rest, None), |(name, on)| (name, Some(on)));
        let takes = |known: &str| name.strip_suffix('*').map_or(known == name, |group| known.starts_with(group));
        let model = self.model;
        let permissions: Vec<Permission> =
            model.everything().iter().filter(|&p| takes(&model.permission_def(p).name)).collect();
        if permissions.is_empty() || name == "*" {
            let groups: Vec<String> = model.groups.iter().map(|g| format!("{}:*", g.name)).collect();
            let known = model.permissions.iter().map(|p| &*p.name).chain(groups.iter().map(String::as_str));
            let right = suggest(name, known);
            self.read.fault(line.at.clone(), format!("there is no permission `{name}`"), right);
        }
        if let Some(why) = why.filter(|why| Denial::ALL.iter().all(|d| d.code() != *why)) {
            let right = suggest(why, Denial::ALL.iter().map(|d| d.code()));
            self.read.fault(line.at.clone(), format!("there is no reason `{why}`"), right);
        }
        Some(Question {
            line: self.line(line.at.start),
            who: who.to_owned(),
            permissions,
            on: on.map(str::to_owned),
            why: why.map(str::to_owned),
        })
    }

    fn known(&mut self, word: &At<String>, wrong: &str, known: &[&str]) {
        if !known.contains(&&*word.value) {
            let right = suggest(&word.value, known.iter().copied());
            self.read.fault(word.at.clone(), format!("{wrong} `{}`", word.value), right);
        }
    }
}

fn texts(all: Vec<At<String>>) -> Vec<String> {
    all.into_iter().map(|text| text.value).collect()
}
