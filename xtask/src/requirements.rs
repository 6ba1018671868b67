//! `cargo xtask requirements`: which tests show which sentence of `requirements/`.
//!
//! A test says so by its name, which begins with the ids: `fn d05_…` in Rust, `name = "D05 …"` in the TOML cases and scenarios.

mod id;
mod list;
mod scan;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use id::Id;
use list::Requirement;
use scan::Test;

/// Prints the whole table. Tells whether each id that a test names exists, and with `strict` whether each sentence has a test.
pub fn run(strict: bool) -> bool {
    let shown = Shown::look();
    print!("{}", shown.table());
    shown.conclude(strict)
}

/// The same without the table, as a step among others.
pub fn summary() -> bool {
    Shown::look().conclude(false)
}

/// Sentences and tests, side by side.
#[derive(Default)]
struct Shown {
    sentences: Vec<Requirement>,
    tests: BTreeMap<Id, Vec<Test>>,
    faults: Vec<String>,
}

impl Shown {
    fn look() -> Shown {
        match (list::read(Path::new("requirements")), scan::tests(Path::new("."))) {
            (Ok(sentences), Ok(tests)) => Shown::of(sentences, tests),
            (Err(fault), _) | (_, Err(fault)) => Shown { faults: vec![fault], ..Shown::default() },
        }
    }

    fn of(sentences: Vec<Requirement>, tests: Vec<Test>) -> Shown {
        let mut shown = Shown { sentences, ..Shown::default() };
        let known: BTreeSet<Id> = shown.sentences.iter().map(|sentence| sentence.id.clone()).collect();
        for test in tests {
            for id in &test.ids {
                if known.contains(id) {
                    shown.tests.entry(id.clone()).or_default().push(test.clone());
                } else {
                    shown.faults.push(format!("{test} names {id}, which no file in requirements/ has"));
                }
            }
        }
        shown
    }

    fn table(&self) -> String {
        let mut table = String::new();
        let mut file = "";
        for sentence in &self.sentences {
            if sentence.file != file {
                file = &sentence.file;
                table += &format!("\n{file}\n");
            }
            let id = sentence.id.to_string();
            let mut start = format!("  {id:<7} {:<9} ", sentence.weight);
            let tests = self.tests.get(&sentence.id).map_or(&[][..], Vec::as_slice);
            if tests.is_empty() {
                table += &format!("{start}-\n");
            }
            for test in tests {
                table += &format!("{start}{test}\n");
                start = " ".repeat(start.len());
            }
        }
        table + "\n"
    }

    fn conclude(&self, strict: bool) -> bool {
        for fault in &self.faults {
            println!("{fault}");
        }
        let all = self.sentences.len();
        let shown = self.tests.len();
        println!("{all} sentences: {shown} shown by a test, {} not shown", all - shown);
        self.faults.is_empty() && all > 0 && (!strict || shown == all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> Shown {
        let text = "[[requirement]]\nid = \"D05\"\nlevel = \"must\"\ntext = \"t\"\n\n\
                    [[requirement]]\nid = \"EC-06\"\nsection = \"s\"\ntext = \"t\"\n";
        Shown::of(list::parse("some.toml", text).expect("sentences"), scan::in_rust("src/a.rs", source))
    }

    #[test]
    fn a_test_stands_beside_each_sentence_it_names() {
        let shown = shown("#[test]\nfn d05_ec06_both() {}\n");
        assert!(shown.conclude(true));
        let lines: Vec<_> = shown.table().lines().skip(2).map(str::to_owned).collect();
        assert_eq!(lines[0], "  D05     must      src/a.rs:2 d05_ec06_both");
        assert_eq!(lines[1], "  EC-06             src/a.rs:2 d05_ec06_both");
    }

    #[test]
    fn a_sentence_without_a_test_fails_only_when_strict() {
        let shown = shown("#[test]\nfn d05_one() {}\n");
        assert!(shown.conclude(false));
        assert!(!shown.conclude(true));
    }

    #[test]
    fn an_unknown_id_fails() {
        let shown = shown("#[test]\nfn d05_d99_both() {}\n");
        assert_eq!(shown.faults, ["src/a.rs:2 d05_d99_both names D99, which no file in requirements/ has"]);
        assert!(!shown.conclude(false));
    }

    #[test]
    fn without_sentences_nothing_is_shown() {
        assert!(!Shown::of(Vec::new(), Vec::new()).conclude(false));
    }
}
