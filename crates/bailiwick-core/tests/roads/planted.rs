//! Small changes to the presets, each of which opens a road: the compiler finds it and says how it goes.

use std::path::Path;

use bailiwick_core::access::parse::{parse, parse_stored};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    edit: Vec<Edit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    name: String,
    /// A part of what is said.
    says: String,
    change: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    from: String,
    to: String,
}

/// So many in each preset, at least.
const EACH: usize = 20;

#[test]
fn every_planted_road_is_found_and_spelled_out() {
    let mut missed = Vec::new();
    for preset in ["agents", "chatbots", "profiles", "properties", "tenant"] {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let model = read(&here.join(format!("../../models/{preset}/model.toml")));
        let edits: File = toml::from_str(&read(&here.join(format!("tests/roads/planted/{preset}.toml")))).unwrap();
        assert!(edits.edit.len() >= EACH, "{preset}: {} roads are planted", edits.edit.len());
        for Edit { name, says, change } in edits.edit {
            let mut text = model.clone();
            for Change { from, to } in change {
                assert!(text.contains(&from), "{preset}, {name}: the model has no `{from}`");
                text = text.replacen(&from, &to, 1);
            }
            // But for the road it is a whole model.
            if let Err(faults) = parse_stored(&text, "planted") {
                missed.push(format!("{preset}, {name}: no whole model\n{faults}"));
                continue;
            }
            match parse(&text, "planted") {
                Ok(_) => missed.push(format!("{preset}, {name}: nothing was found")),
                Err(faults) if faults.iter().any(|fault| fault.wrong.contains(&says)) => {}
                Err(faults) => {
                    let said: Vec<&str> = faults.iter().map(|fault| &*fault.wrong).collect();
                    missed.push(format!("{preset}, {name}: it says\n  {}\nand not\n  {says}", said.join("\n  ")));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}
