//! Runs the scenario files beside the models: a roster, steps with their expected outcome, who can do what
//! afterwards, and why not.

mod file;
mod run;

use std::path::Path;
use std::sync::Arc;

use bailiwick_core::access::parse::parse;

fn preset(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name);
    let text = std::fs::read_to_string(folder.join("model.toml")).expect("the preset has a model");
    let model = Arc::new(parse(&text, name).unwrap_or_else(|faults| panic!("{faults}")));
    let scenarios = file::read(&folder.join("scenarios.toml"));
    let wrong: Vec<String> = scenarios.iter().flat_map(|scenario| run::run(&model, scenario)).collect();
    assert!(wrong.is_empty(), "{name}: {} of {} expectations fail\n{}", wrong.len(), scenarios.len(), wrong.join("\n"));
    println!("{name}: {} scenarios passed", scenarios.len());
}

#[test]
fn scenarios_of_tenant() {
    preset("tenant");
}

#[test]
fn scenarios_of_properties() {
    preset("properties");
}
