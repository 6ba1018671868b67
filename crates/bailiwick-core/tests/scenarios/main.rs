//! Runs the scenario files beside the models: a roster, steps with their expected outcome, who can do what
//! afterwards, and why not. Each file mentions all that its model has.

mod coverage;
mod file;
mod run;
#[path = "../walk/searches.rs"]
mod searches;

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
    let missed = coverage::missed(&model, &scenarios);
    assert!(missed.is_empty(), "{name}: no scenario mentions this\n{}", missed.join("\n"));
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

#[test]
fn scenarios_of_chatbots() {
    preset("chatbots");
}

#[test]
fn scenarios_of_agents() {
    preset("agents");
}

#[test]
fn scenarios_of_profiles() {
    preset("profiles");
}

#[test]
fn x13_scenarios_of_a_model_of_another_shape() {
    preset("examples/observatory");
}
