//! Finding tests whose names begin with an id.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::id::Id;

/// A test and the sentences it names.
#[derive(Clone, Debug)]
pub struct Test {
    /// The ids in front of its name.
    pub ids: Vec<Id>,
    place: String,
    name: String,
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.place, self.name)
    }
}

/// Folders of the repository that have tests of the product. The tests of these commands are none.
const FOLDERS: [&str; 3] = ["crates", "models", "tests"];

/// All tests below the root that name a sentence.
pub fn tests(root: &Path) -> Result<Vec<Test>, String> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        let folder = root.join(folder);
        collect(&folder, &mut files).map_err(|fault| format!("{} cannot be read: {fault}", folder.display()))?;
    }
    files.sort();
    let mut tests = Vec::new();
    for file in files {
        let place = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        let text = || fs::read_to_string(&file).map_err(|fault| format!("{place} cannot be read: {fault}"));
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => tests.extend(in_rust(&place, &text()?)),
            Some("toml") if is_table_of_tests(&place) => tests.extend(in_toml(&place, &text()?)),
            _ => {}
        }
    }
    Ok(tests)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.is_dir() {
            files.push(path);
        } else if !path.ends_with("target") {
            collect(&path, files)?;
        }
    }
    Ok(())
}

/// Under `models/`, or in the `tests` folder of a crate or of the repository.
fn is_table_of_tests(place: &str) -> bool {
    place.starts_with("models/") || place.split('/').any(|folder| folder == "tests")
}

/// What makes tests of the function that follows, one for each backend.
const FOR_EACH: &str = "on_every_backend!(";

/// Rust functions that are tests: under a `#[test]` of some kind that is not ignored, or a macro that makes one for each
/// backend; or in a suite, whose functions are tests for every store that calls them.
pub fn in_rust(place: &str, text: &str) -> Vec<Test> {
    let suite = place.split('/').any(|part| part == "suite" || part == "suite.rs");
    let mut tests = Vec::new();
    let (mut marked, mut ignored) = (false, false);
    for (at, line) in text.lines().map(str::trim).enumerate() {
        if let Some(attribute) = line.strip_prefix("#[") {
            marked |= is_test(attribute);
            ignored |= attribute.starts_with("ignore");
        } else if line.starts_with(FOR_EACH) {
            marked = true;
        } else if let Some(name) = function(line) {
            if (marked || suite) && !ignored {
                tests.extend(test(place, at, name));
            }
            (marked, ignored) = (false, false);
        } else if !line.is_empty() && !line.starts_with("//") {
            (marked, ignored) = (false, false);
        }
    }
    tests
}

/// `test]`, `tokio::test(flavor = "…")]`, but not `cfg(test)]`.
fn is_test(attribute: &str) -> bool {
    attribute.split(['(', ']', ' ']).next().is_some_and(|path| path.rsplit("::").next() == Some("test"))
}

/// The name of the function that begins in this line.
fn function(line: &str) -> Option<&str> {
    let (before, name) = line.split_once("fn ")?;
    let modifiers = ["pub", "pub(crate)", "pub(super)", "async", "const"];
    let name = &name[..name.find(['(', '<'])?];
    before.split_whitespace().all(|word| modifiers.contains(&word)).then_some(name)
}

/// Names of cases and scenarios: `name = "D05 …"`, or a table whose quoted key is the name.
pub fn in_toml(place: &str, text: &str) -> Vec<Test> {
    let lines = text.lines().map(str::trim).enumerate();
    let named = lines.filter_map(|(at, line)| Some((at, name_in(line)?)));
    named.filter_map(|(at, name)| test(place, at, name)).collect()
}

fn name_in(line: &str) -> Option<&str> {
    let value = match line.strip_prefix("name") {
        Some(rest) => rest.trim_start().strip_prefix('=')?.trim_start(),
        None => line.strip_prefix('[').and_then(|header| header.find(['"', '\'']).map(|quote| &header[quote..]))?,
    };
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next()
}

fn test(place: &str, at: usize, name: &str) -> Option<Test> {
    let ids = Id::leading(name);
    (!ids.is_empty()).then(|| Test { ids, place: format!("{place}:{}", at + 1), name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tests: &[Test]) -> Vec<String> {
        tests.iter().map(Test::to_string).collect()
    }

    #[test]
    fn rust_tests_of_every_kind_are_found() {
        let text = "
            #[test]
            fn a05_plain() {}
            #[tokio::test(flavor = \"multi_thread\")]
            // why it is slow
            #[allow(clippy::disallowed_methods)]
            async fn ec40_with_attributes_between() {}
            #[test]
            fn without_an_id() {}
            fn d05_helper() {}
            on_every_backend!(d03_for_each);
            async fn d03_for_each(world: World) {}
            #[cfg(test)]
            fn d06_helper() {}
            #[test]
            #[ignore = \"slow\"]
            fn d07_left_out() {}
            // fn d08_not_there() {}
        ";
        assert_eq!(
            told(&in_rust("a.rs", text)),
            ["a.rs:3 a05_plain", "a.rs:7 ec40_with_attributes_between", "a.rs:12 d03_for_each"]
        );
    }

    #[test]
    fn functions_of_a_suite_are_tests() {
        let text = "pub async fn ec40_one_wins(store: &dyn Store) {\n    let u64_at = 1;\n}\n";
        assert_eq!(
            told(&in_rust("crates/s/src/suite/seats.rs", text)),
            ["crates/s/src/suite/seats.rs:1 ec40_one_wins"]
        );
        assert!(in_rust("crates/s/src/seats.rs", text).is_empty());
    }

    #[test]
    fn names_in_toml_are_found() {
        let text = "title = \"D01\"\n[[case]]\nname = \"D05 adds\"\n[scenario.\"EC-06, AB-036 twice\"]\n[[case]]\nname='no id'\n";
        assert_eq!(told(&in_toml("c.toml", text)), ["c.toml:3 D05 adds", "c.toml:4 EC-06, AB-036 twice"]);
    }

    #[test]
    fn tables_of_tests_are_told_from_manifests() {
        assert!(is_table_of_tests("models/tenant/cases.toml"));
        assert!(is_table_of_tests("crates/bailiwick-core/tests/scenarios/seats.toml"));
        assert!(!is_table_of_tests("crates/bailiwick-core/Cargo.toml"));
    }
}
