//! The JSON Schemas that editors check model and scenario files by, against the files, the guide and the compiler.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bailiwick_core::access::check::Denial;
use bailiwick_core::scenario::file::ACTS;
use bailiwick_core::team::refusal::Refusal;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use toml_span::value::ValueInner;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn schema(name: &str) -> Value {
    serde_json::from_str(&text(&root().join(name))).expect("a schema is JSON")
}

fn validator(name: &str) -> Validator {
    jsonschema::draft202012::options().build(&schema(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A TOML file as the JSON that editors check.
fn as_json(path: &Path) -> Value {
    fn of(mut value: toml_span::Value<'_>) -> Value {
        match value.take() {
            ValueInner::String(text) => json!(text),
            ValueInner::Integer(number) => json!(number),
            ValueInner::Float(number) => json!(number),
            ValueInner::Boolean(on) => json!(on),
            ValueInner::Array(all) => all.into_iter().map(of).collect(),
            ValueInner::Table(all) => {
                all.into_iter().map(|(key, value)| (key.name.into_owned(), of(value))).collect::<Map<_, _>>().into()
            }
        }
    }
    of(toml_span::parse(&text(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

fn files(name: &str) -> Vec<PathBuf> {
    fn below(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                below(&entry, name, found);
            } else if entry.file_name().is_some_and(|n| n == name) {
                found.push(entry);
            }
        }
    }
    let mut found = Vec::new();
    below(&root(), name, &mut found);
    assert!(found.len() >= 6, "{found:?}");
    found
}

#[test]
fn x13_every_shipped_model_and_scenario_file_fits_its_schema_and_names_it() {
    for (name, schema) in [("model.toml", "model.schema.json"), ("scenarios.toml", "scenarios.schema.json")] {
        let validator = validator(schema);
        for path in files(name) {
            let wrong: Vec<String> =
                validator.iter_errors(&as_json(&path)).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
            let first = text(&path).lines().next().unwrap_or_default().to_owned();
            let named = first.strip_prefix("#:schema ").unwrap_or_else(|| panic!("{} names no schema", path.display()));
            let meant = path.parent().expect("a folder").join(named).canonicalize().expect("the schema it names");
            assert_eq!(meant, root().join(schema).canonicalize().expect("the schema"));
        }
    }
}

#[test]
fn x13_of_the_broken_models_a_schema_sees_what_a_schema_can() {
    let validator = validator("model.schema.json");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    for (name, place) in [
        ("levels", "/resources/concert"),
        ("missing", "/words"),
        ("names", "/permissions/scores/actions"),
        ("plans", "/plans/0/seats"),
        ("unknown-key", "/roles/singer"),
        ("unknown-permission", "/roles/singer/grants/1"),
        ("wrong-type", "/roles/singer/direct"),
    ] {
        let model = as_json(&folder.join(name).with_extension("toml"));
        let seen: Vec<String> = validator.iter_errors(&model).map(|e| e.instance_path().to_string()).collect();
        assert!(seen.iter().any(|at| at == place), "{name}: nothing at {place} in {seen:#?}");
    }
}

/// Every key of a schema as the guide writes it, with what it says and whether it is needed.
fn keys(schema: &Value, path: &str, found: &mut BTreeMap<String, (String, bool)>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let needed = |key: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|k| k == key));
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let says = value["description"].as_str().unwrap_or_default().to_owned();
        found.insert(below(key), (says, needed(key)));
        keys(value, &below(key), found);
    }
    if schema["items"].is_object() {
        keys(&schema["items"], path, found);
    }
    let more = &schema["additionalProperties"];
    if more["properties"].is_object() {
        let name = if path.ends_with(".on") { "PLAN" } else { "NAME" };
        if let Some(says) = more["description"].as_str() {
            found.insert(below(name), (says.to_owned(), false));
        }
        keys(more, &below(name), found);
    }
}

#[test]
fn x13_the_schemas_have_the_keys_of_the_guide_in_its_words() {
    let mut found = BTreeMap::new();
    keys(&schema("model.schema.json"), "", &mut found);
    keys(&schema("scenarios.schema.json"), "", &mut found);
    // The table says once that all of these are needed.
    let all_needed = |key: &str| key.starts_with("words.") || key.starts_with("acts.");
    let guide = text(&root().join("README.md"));
    let told: BTreeMap<String, (String, bool)> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "))
        .map(|(key, says)| {
            let needed = says.strip_prefix("needed. ");
            (key.to_owned(), (needed.unwrap_or(says).to_owned(), needed.is_some()))
        })
        .collect();
    let sets = |of: &BTreeMap<String, (String, bool)>| of.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(sets(&found), sets(&told));
    for (key, (says, needed)) in &told {
        assert_eq!(&found[key].0, says, "{key}");
        assert!(found[key].1 == *needed || all_needed(key), "{key}: needed in the guide {needed}");
    }
    let words = schema("model.schema.json")["properties"]["words"]["required"].as_array().map(Vec::len);
    assert_eq!(words, Some(14), "all but the last four");
}

#[test]
fn x13_the_schemas_know_every_act_code_and_reason() {
    let schema = schema("scenarios.schema.json");
    let step = &schema["properties"]["scenario"]["items"]["properties"]["step"]["items"]["properties"];
    assert_eq!(step["do"]["enum"], json!(ACTS));
    let codes: Vec<&str> = std::iter::once("ok").chain(Refusal::CODES.iter().copied()).collect();
    assert_eq!(step["expect"]["enum"], json!(codes));
    let pattern = step["cannot"]["items"]["pattern"].as_str().expect("a pattern");
    let reasons: Vec<&str> = Denial::ALL.iter().map(|d| d.code()).collect();
    assert!(pattern.ends_with(&format!("(: ({}))?$", reasons.join("|"))), "{pattern}");
}
