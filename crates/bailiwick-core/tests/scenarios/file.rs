//! What a scenario file holds. Names only: people, templates and resources are called as the file calls them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scenario: Vec<Scenario>,
}

/// One scenario.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Begins with the ids of the sentences that it shows.
    pub name: String,
    /// The plan; the model's first if it is left out.
    pub plan: Option<String>,
    /// Resources, by name.
    #[serde(default)]
    pub resources: Vec<String>,
    /// Members beside the creator, who is called `owner`.
    #[serde(default)]
    pub members: BTreeMap<String, Access>,
    /// Steps, in order.
    #[serde(default)]
    pub step: Vec<Step>,
}

/// What somebody holds: a role, or a role with more.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Access {
    /// Just a role.
    Role(String),
    /// A role and what goes with it.
    More(More),
}

/// A role and what goes with it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct More {
    pub role: String,
    pub template: Option<String>,
    pub direct: Vec<String>,
    pub toggles: Vec<String>,
    pub all: Option<String>,
    pub levels: BTreeMap<String, String>,
}

/// One step.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// Who acts; `host`, `operator` or a person.
    #[serde(rename = "as")]
    pub by: String,
    /// What: `invite`, `accept`, `decline`, `resend`, `cancel`, `change`, `edit-invitation`, `suspend`, `reactivate`,
    /// `remove`, `leave`, `create-template`, `edit-template`, `delete-template`, `add-resource`, `rename-resource`,
    /// `delete-resource`, `plan`, `rename`, `delete`, `transfer`, `wait`.
    #[serde(rename = "do")]
    pub what: String,
    /// To whom or what.
    pub to: String,
    /// With this access.
    pub with: Option<Access>,
    /// Permissions of a template.
    pub permissions: Vec<String>,
    /// The name after; where a template's holders move; the plan.
    pub into: Option<String>,
    /// Extra seats.
    pub extra: u32,
    /// That a list of gains was confirmed.
    pub confirmed: bool,
    /// How many days pass before the step.
    pub days: u32,
    /// `ok`, or the code of the refusal.
    pub expect: String,
    pub can: Vec<String>,
    pub cannot: Vec<String>,
    /// Seats taken afterwards.
    pub seats: Option<u32>,
}

/// Reads a file.
pub fn read(path: &Path) -> Vec<Scenario> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let file: File = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    file.scenario
}
