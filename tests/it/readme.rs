//! The README's commands, word for word.

use std::process::Command;

use crate::on_every_backend;
use crate::world::Demo;

/// The blocks of one language, in order.
fn blocks(language: &str) -> Vec<String> {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).expect("there is a README");
    let opened = format!("```{language}\n");
    readme.split(&opened).skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

on_every_backend!(x02_the_curl_of_the_readme_invites_asks_changes_removes_and_gets_the_right_answers);
fn x02_the_curl_of_the_readme_invites_asks_changes_removes_and_gets_the_right_answers(demo: &Demo) {
    // In the README's own folder the demo's data is `bailiwick-demo`, on its usual port.
    let folder = demo.data.with_extension("readme");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::os::unix::fs::symlink(&demo.data, folder.join("bailiwick-demo")).expect("a link");
    let mut said = String::new();
    for block in blocks("sh").iter().filter(|b| b.contains("curl")) {
        let script = block.replace("localhost:8080", &format!("localhost:{}", demo.port));
        let out = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .current_dir(&folder)
            .output()
            .expect("bash runs");
        said.push_str(&String::from_utf8_lossy(&out.stdout));
        assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    }
    let answers: Vec<serde_json::Value> = serde_json::Deserializer::from_str(&said)
        .into_iter()
        .map(|v| v.unwrap_or_else(|e| panic!("{e}: {said}")))
        .collect();
    let decisions: Vec<bool> = answers.iter().filter_map(|a| a["decision"].as_bool()).collect();
    assert_eq!(decisions, [true, false, true, false, true, false, false], "{said}");
    assert!(answers.iter().all(|a| a["code"].is_null()), "a problem among the answers: {said}");
    assert_eq!(answers.last().expect("answers")["status_of_vics_page"], 404, "{said}");
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn the_two_commands_of_the_readme_are_the_ones_that_are_kept() {
    let all = blocks("sh").join("");
    assert!(all.contains("cargo run -- demo") && all.contains("cargo xtask test --setup"));
}
