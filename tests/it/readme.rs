//! The README's commands, word for word.

use std::process::Command;

use crate::world::Demo;

/// The blocks of one language, in order.
fn blocks(language: &str) -> Vec<String> {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).expect("there is a README");
    let opened = format!("```{language}\n");
    readme.split(&opened).skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn x02_the_curl_of_the_readme_asks_and_gets_the_right_answers() {
    let demo = Demo::start();
    // In the README's own folder the demo's data is `bailiwick-demo`, on its usual port.
    let folder = demo.data.with_extension("readme");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::os::unix::fs::symlink(&demo.data, folder.join("bailiwick-demo")).expect("a link");
    let script =
        blocks("sh").into_iter().find(|b| b.contains("/access/v1/evaluation")).expect("the README asks for a decision");
    let script =
        script.replace("localhost:8080", &format!("localhost:{}", demo.port)).replace("curl -sS", "curl -sS -w '\\n'");
    let out = Command::new("bash").args(["-euc", &script]).current_dir(&folder).output().expect("bash runs");
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    let answers: Vec<serde_json::Value> = said
        .lines()
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}")))
        .collect();
    let decisions: Vec<bool> = answers.iter().filter_map(|a| a["decision"].as_bool()).collect();
    assert_eq!(decisions, [true, false], "{said}");
    assert!(answers.iter().all(|a| a["status"].is_null()), "no problem among the answers: {said}");

    // And on in the browser: the mail is there, its link lets Uma in with exactly what was granted.
    let mut uma = demo.browser();
    uma.open(&demo.link_to("uma@acme.example"));
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn the_two_commands_of_the_readme_are_the_ones_that_are_kept() {
    let all = blocks("sh").join("");
    assert!(all.contains("cargo run -- demo") && all.contains("cargo xtask test --setup"));
}
