//! `bailiwick check` and `bailiwick explain`: the decision that hosts and pages get, and why.

use bailiwick_core::access::check::Denial;
use clap::Args;
use serde_json::Value;

use super::table::word;
use super::tell::tell;
use super::{Data, No, Outcome, say, say_json};
use crate::operator::{Ask, Asked};

/// The rest of the help of `check`.
pub const CHECK: &str = "Ends with 1 if the answer is no, and with 3 if there is none, so that `if` in a script goes wrong on the safe side.

Examples:
  bailiwick check olga@acme.example analytics:export --workspace acme
  bailiwick check u-1 property:chat --workspace acme --resource shop && echo may chat";

/// The rest of the help of `explain`.
pub const EXPLAIN: &str = "Examples:
  bailiwick explain olga@acme.example analytics:export --workspace acme
  bailiwick explain u-1 property:chat --workspace acme --resource shop --json | jq -r .sentence";

/// A question.
#[derive(Debug, Args)]
pub struct Question {
    #[command(flatten)]
    data: Data,
    /// Who: an address, the host's id, or `per_...`.
    person: String,
    /// May do what, by its whole name: `analytics:export`.
    permission: String,
    /// In which workspace: the host's id, or `wsp_...`.
    #[arg(long, short)]
    workspace: String,
    /// On which resource: the host's id, or `res_...`. Left out: on the workspace.
    #[arg(long, short)]
    resource: Option<String>,
    /// The product whose ids these are, by name or id.
    #[arg(long, default_value = "default")]
    product: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Question {
    async fn ask(self) -> Outcome<Value> {
        let Self { data, person, permission, workspace, resource, product, .. } = self;
        let asked = Ask::Check(Asked { product, workspace, person, permission, resource });
        let found = tell(&data, &asked).await?.into_found()?;
        // Doubt is a no to hosts; to who asks here it is no answer.
        if found["reason"] == Denial::Unsure.code() {
            return Err("the service is in doubt just now; ask again".into());
        }
        Ok(found)
    }
}

/// `bailiwick check`: yes is 0, no is 1.
pub async fn check(question: Question) -> Outcome {
    let json = question.json;
    let found = question.ask().await?;
    let allowed = found["decision"] == true;
    if json {
        say_json(&found)?;
    } else if allowed {
        say("yes")?;
    } else {
        say(format_args!("no: {}", word(&found["reason"])))?;
    }
    if allowed { Ok(()) } else { Err(No::quietly()) }
}

/// `bailiwick explain`: answered is 0, whatever the answer.
pub async fn explain(question: Question) -> Outcome {
    let json = question.json;
    let found = question.ask().await?;
    if json {
        return say_json(&found);
    }
    say(word(&found["sentence"]))?;
    let (person, workspace) = (&found["person"], &found["workspace"]);
    let mut lines = Vec::new();
    if person.is_null() {
        lines.push("person     nobody is known by that".to_owned());
    } else {
        lines.push(format!(
            "person     {} <{}> {}",
            word(&person["name"]),
            word(&person["email"]),
            word(&person["id"])
        ));
    }
    if !workspace.is_null() {
        let (name, id, plan) = (word(&workspace["name"]), word(&workspace["id"]), word(&workspace["plan"]));
        lines.push(format!("workspace  {name} {id}, plan {plan}, revision {}", found["revision"]));
        let roles = word(&found["roles"]);
        lines.push(format!("role       {}", if roles.is_empty() { "none: not a member" } else { &*roles }));
    }
    if found["decision"] != true {
        lines.push(format!("reason     {}", word(&found["reason"])));
    }
    say(lines.join("\n"))
}
