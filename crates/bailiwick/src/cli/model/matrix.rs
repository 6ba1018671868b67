//! `bailiwick model matrix`: who has what, as the files under review hold it.

use std::path::PathBuf;

use bailiwick_core::access::matrix::{matrix, tables, word};
use bailiwick_core::access::model::Model;
use bailiwick_core::access::set::PermissionSet;
use clap::Args;
use serde_json::{Map, Value, json};

use super::super::{say, say_json};
use super::{Outcome, read};

/// A model to look at.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  bailiwick model matrix models/tenant
  bailiwick model matrix models/tenant > models/tenant/matrix.txt
  bailiwick model matrix models/tenant --json | jq '.tables[0].permissions[\"users:view\"]'")]
pub struct Matrix {
    /// The file, or the folder that has it.
    #[arg(value_name = "PATH")]
    model: PathBuf,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(asked: &Matrix) -> Outcome {
    let model = read(&asked.model)?.1;
    if asked.json { say_json(&as_json(&model)) } else { say(matrix(&model).trim_end()) }
}

fn as_json(model: &Model) -> Value {
    let table = |table: &bailiwick_core::access::matrix::Table| {
        let row = |(def, row): (&bailiwick_core::access::model::PermissionDef, &Vec<_>)| {
            let cells = table.roles.iter().zip(row);
            let cells: Map<String, Value> =
                cells.map(|(&role, &cell)| (model.role(role).name.to_string(), word(model, cell).into())).collect();
            (def.name.to_string(), Value::Object(cells))
        };
        let plans: Vec<&str> = table.plans.iter().map(|&p| &*model.plan(p).name).collect();
        let permissions: Map<String, Value> = model.permissions.iter().zip(&table.rows).map(row).collect();
        json!({"plans": plans, "permissions": permissions})
    };
    let names = |set: PermissionSet| model.names(set).iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let templates = model.templates.iter().flatten().map(|t| (t.name.clone(), names(t.set).into()));
    json!({
        "title": model.title,
        "version": &*model.version,
        "tables": tables(model).iter().map(table).collect::<Vec<_>>(),
        "templates": templates.collect::<Map<String, Value>>(),
    })
}
