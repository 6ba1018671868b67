//! Models with mistakes in them, and what their authors are told. `BLESS=1` writes the messages; read them as a stranger does.

use std::path::{Path, PathBuf};

use bailiwick_core::access::parse::parse;

fn files(ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let all = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|e| e == ending)).collect();
    found.sort();
    found
}

#[test]
fn x13_of_each_broken_model_all_mistakes_are_told_with_what_would_be_right() {
    let models = files("toml");
    assert!(models.len() >= 10, "{models:?}");
    for path in &models {
        let text = std::fs::read_to_string(path).expect("a model");
        let name = path.file_name().expect("a name").to_string_lossy();
        let Err(faults) = parse(&text, "broken") else { panic!("{name} compiles") };
        for fault in faults.iter() {
            assert!(!fault.right.is_empty(), "{name}: {} says nothing of what would be right", fault.wrong);
        }
        let told = faults.report(&name) + "\n";
        let kept = path.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&kept, &told).expect("written");
        }
        let reviewed = std::fs::read_to_string(&kept).unwrap_or_default();
        assert_eq!(told, reviewed, "{} differs; review it, then write it with BLESS=1", kept.display());
    }
    assert_eq!(files("txt").len(), models.len(), "a message without its model");
}
