//! `bailiwick model test` and `model matrix`, as somebody uses them who writes a model of their own (X13).

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::world::Folder;

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");

/// How it ended, and what it said.
fn model(arguments: &[&str]) -> (Option<i32>, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_bailiwick")).arg("model").args(arguments).output();
    let out = out.expect("the binary runs");
    (out.status.code(), String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
}

/// A copy of a preset, each file with one text replaced.
fn copy(preset: &str, model: [&str; 2], scenarios: [&str; 2]) -> Folder {
    let folder = Folder::new();
    std::fs::create_dir_all(&folder.0).expect("a folder");
    for (file, [from, to]) in [("model.toml", model), ("scenarios.toml", scenarios)] {
        let text = std::fs::read_to_string(Path::new(MODELS).join(preset).join(file)).expect("the preset");
        assert!(text.contains(from), "{file} has no {from:?}");
        std::fs::write(folder.0.join(file), text.replacen(from, to, 1)).expect("a file");
    }
    folder
}

fn line_of(file: PathBuf, text: &str) -> usize {
    let all = std::fs::read_to_string(file).expect("a file");
    all.lines().position(|line| line.contains(text)).expect("it is there") + 1
}

#[test]
fn b02_e04_e06_a09_d11_c08_all_scenarios_pass_and_show_every_cell() {
    let (code, said) = model(&["test", MODELS, "--cells"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, json) = model(&["test", MODELS, "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{e}: {json}"));
    assert_eq!((code, &json["failed"], &json["cells_missed"]), (Some(0), &0.into(), &0.into()));
    assert!(json["passed"].as_u64().is_some_and(|passed| passed >= 120), "{said}");
    assert!(json["files"].as_array().is_some_and(|files| files.len() == 6), "{said}");
}

#[test]
fn x13_a_model_that_does_what_its_scenarios_do_not_expect_is_told_line_by_line() {
    let other = copy("chatbots", [", \"playground:test\"", ""], ["", ""]);
    let (code, said) = model(&["test", other.text()]);
    assert_eq!(code, Some(1), "{said}");
    let line = line_of(other.0.join("scenarios.toml"), "\"mel playground:test\"");
    let place = format!("scenarios.toml:{line}: B02 test in playground: Owner, Admin, Member\n  step 1: owner wait\n");
    for part in [
        &*place,
        "expected  mel can playground:test\n",
        "happened  no: nothing-grants\n",
        "why       mel cannot test chatbots in the playground: nothing grants it, ",
        "20 scenarios passed, 1 failed; ",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
    let (_, json) = model(&["test", other.text(), "--json"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let scenarios = json["files"][0]["scenarios"].as_array().expect("scenarios");
    let failed: Vec<&Value> = scenarios.iter().filter(|s| s["passed"] == false).collect();
    assert!(failed.len() == 1 && failed[0]["differences"][0]["line"] == line, "{failed:?}");
}

#[test]
fn x13_a_step_that_is_refused_says_why() {
    let other = copy("chatbots", ["", ""], ["expect = \"role-out-of-reach\"", "expect = \"ok\""]);
    let (code, said) = model(&["test", other.text()]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("expected  ok\n  happened  role-out-of-reach\n  why       Your role does not manage"),
        "{said}"
    );
}

#[test]
fn x13_a_mistake_in_a_scenario_file_is_shown_at_its_place() {
    let other = copy("chatbots", ["", ""], ["expect = \"owner-fixed\"", "expect = \"owner-fixt\""]);
    let (code, said) = model(&["test", other.text()]);
    assert_eq!(code, Some(1), "{said}");
    for part in ["no refusal has the code `owner-fixt`", "did you mean `owner-fixed`?", "scenarios.toml:"] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
}

#[test]
fn what_cannot_be_played_ends_with_another_code_than_what_fails() {
    let empty = Folder::new();
    std::fs::create_dir_all(&empty.0).expect("a folder");
    let (code, said) = model(&["test", empty.text()]);
    assert!(code == Some(3) && said.contains("no scenarios.toml in"), "{said}");
    let (code, said) = model(&["test", "/nonexistent/scenarios"]);
    assert!(code == Some(3) && said.contains("/nonexistent/scenarios: "), "{said}");
    assert_eq!(model(&["test"]).0, Some(2));
}

#[test]
fn e04_the_matrix_is_the_file_under_review() {
    let folder = Path::new(MODELS).join("properties");
    let (code, said) = model(&["matrix", folder.to_str().expect("a path in text")]);
    let reviewed = std::fs::read_to_string(folder.join("matrix.txt")).expect("the reviewed file");
    assert_eq!((code, said), (Some(0), reviewed));
    let (_, json) = model(&["matrix", folder.join("model.toml").to_str().expect("a path in text"), "--json"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let business = &json["tables"][2];
    assert_eq!(business["plans"], serde_json::json!(["business"]));
    assert_eq!(business["permissions"]["property:chat"]["member"], "write");
    assert_eq!(business["permissions"]["property:chat"]["viewer"], "-");
}
