//! Runs the scenario files beside the models: a roster, steps with their expected outcome, who can do what afterwards, and
//! why not. Together they ask about every cell of their model's matrix.

#[path = "../walk/searches.rs"]
mod searches;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bailiwick_core::access::model::Model;
use bailiwick_core::access::parse::parse;
use bailiwick_core::scenario::file::{self, Question};
use bailiwick_core::scenario::{cells, run};

/// A model with the text of its scenarios.
struct Preset {
    name: &'static str,
    model: Arc<Model>,
    text: String,
}

fn read(name: &'static str) -> Preset {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name);
    let text = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap_or_else(|e| panic!("{name}: {e}"));
    let model = parse(&text("model.toml"), name).unwrap_or_else(|faults| panic!("{faults}"));
    Preset { name, model: Arc::new(model), text: text("scenarios.toml") }
}

impl Preset {
    /// The cells of the matrix that no scenario shows, but for what a question says about a permission that is `left_out`. Each
    /// scenario passes.
    fn missed(&self, left_out: impl Fn(&Question, &str) -> bool) -> Vec<String> {
        let mut scenarios = file::read(&self.text, &self.model).unwrap_or_else(|f| panic!("{}", f.report(self.name)));
        let mut shown = BTreeSet::new();
        for scenario in &mut scenarios {
            for question in scenario.steps.iter_mut().flat_map(|s| s.can.iter_mut().chain(&mut s.cannot)) {
                let asked = question.clone();
                question.permissions.retain(|p| !left_out(&asked, &self.model.permission_def(*p).name));
            }
            let played = run::watched(&self.model, scenario, &mut searches::are_the_check);
            assert!(played.differences.is_empty(), "{}: {}\n{:#?}", self.name, scenario.name, played.differences);
            shown.extend(played.shown);
        }
        let missed = cells::missed(&self.model, &shown);
        missed.iter().map(|answer| cells::say(&self.model, answer)).collect()
    }
}

fn passes(name: &'static str) {
    let missed = read(name).missed(|_, _| false);
    assert!(missed.is_empty(), "{name}: no scenario shows this\n{}", missed.join("\n"));
}

#[test]
fn d11_scenarios_of_tenant_show_every_cell_of_its_matrix() {
    passes("tenant");
}

#[test]
fn e04_e06_scenarios_of_properties_show_every_cell_of_its_matrix() {
    passes("properties");
}

#[test]
fn b02_scenarios_of_chatbots_show_every_cell_of_its_matrix() {
    passes("chatbots");
}

#[test]
fn c08_scenarios_of_agents_show_every_cell_of_its_matrix() {
    passes("agents");
}

#[test]
fn a09_scenarios_of_profiles_show_every_cell_of_its_matrix() {
    passes("profiles");
}

#[test]
fn x13_scenarios_of_a_model_of_another_shape_show_every_cell_of_its_matrix() {
    passes("examples/observatory");
}

#[test]
fn b02_e06_a09_d11_c08_a_cell_that_no_scenario_asks_about_is_named() {
    for (name, who, permission, says) in [
        ("chatbots", "mel", "chatbots:delete", "Standard: `member` cannot chatbots:delete"),
        ("chatbots", "ada", "team:remove", "Standard: `admin` can team:remove"),
        (
            "properties",
            "rea",
            "property:settings",
            "Business: `member` with the level `read` there cannot property:settings",
        ),
        (
            "properties",
            "vic",
            "property:connections",
            "Business: `viewer` with the level `read` there cannot property:connections",
        ),
        ("profiles", "mel", "profile:rename", "Standard: `member` with the level `social` there cannot profile:rename"),
        ("tenant", "max", "users:manage", "Starter, Growth, Scale: `user` who was given it can users:manage"),
        ("agents", "sue", "agents:manage", "Starter: `user` who was not given it cannot agents:manage"),
    ] {
        let missed = read(name).missed(|question, asked| question.who == who && asked == permission);
        assert!(missed.iter().any(|m| m == says), "{name}: {says} is not among {missed:#?}");
    }
}

#[test]
fn x13_the_guides_own_scenarios_show_every_cell_of_its_model() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/README.md");
    let guide = std::fs::read_to_string(guide).expect("the guide");
    let blocks = guide.split("```toml").skip(1).map(|rest| rest.split("```").next().expect("a block ends"));
    let [model, text] = [0, 1].map(|n| blocks.clone().nth(n).expect("a model and its scenarios").to_owned());
    let model = Arc::new(parse(&model, "choir").unwrap_or_else(|faults| panic!("{faults}")));
    let choir = Preset { name: "choir", model, text };
    assert_eq!(choir.missed(|_, _| false), Vec::<String>::new());
}
