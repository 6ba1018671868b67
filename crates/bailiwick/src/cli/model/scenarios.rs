//! `bailiwick model test`: plays scenario files, and says where what happens differs from what they expect.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bailiwick_core::scenario::run::{Difference, run as play};
use bailiwick_core::scenario::{cells, file};
use clap::Args;
use serde_json::{Value, json};

use super::super::{No, say, say_json};
use super::{Outcome, compile, text};

/// Scenarios to play.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  bailiwick model test models/tenant
  bailiwick model test models/ --cells
  bailiwick model test models/tenant/scenarios.toml --json

Of each difference it says the line of the file, the step, what was expected, what happened and why.
Ends with 0 if all scenarios pass, with 1 if one fails or a file is wrong, with 3 if there is nothing to play.")]
pub struct Test {
    /// Scenario files, or folders with them at whatever depth. The model is `model.toml` beside.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// List the cells of the permission matrix that no scenario shows, and fail if there are any.
    #[arg(long)]
    cells: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// What became of one file.
struct File {
    path: String,
    /// Why it could not be played.
    wrong: Option<String>,
    scenarios: Vec<Scenario>,
    /// Cells of the matrix that no scenario shows.
    missed: Vec<String>,
}

struct Scenario {
    name: String,
    line: usize,
    differences: Vec<Difference>,
}

pub fn run(asked: &Test) -> Outcome {
    let mut paths = BTreeSet::new();
    for path in &asked.paths {
        find(path, &mut paths)?;
    }
    if paths.is_empty() {
        let places: Vec<String> = asked.paths.iter().map(|p| p.display().to_string()).collect();
        return Err(format!("no scenarios.toml in {}", places.join(", ")).into());
    }
    let files: Vec<File> = paths.iter().map(|path| file(path)).collect();
    let all = || files.iter().flat_map(|f| &f.scenarios);
    let failed = all().filter(|s| !s.differences.is_empty()).count();
    let passed = all().count() - failed;
    let wrong = files.iter().filter(|f| f.wrong.is_some()).count();
    let missed: usize = files.iter().map(|f| f.missed.len()).sum();
    if asked.json {
        let files: Vec<Value> = files.iter().map(File::json).collect();
        let whole =
            json!({"passed": passed, "failed": failed, "wrong_files": wrong, "cells_missed": missed, "files": files});
        say_json(&whole)?;
    } else {
        let mut last: String = files.iter().map(|f| f.report(asked.cells)).collect();
        let _ = write!(last, "{passed} scenarios passed, {failed} failed");
        if wrong > 0 {
            let _ = write!(last, "; files that cannot be played: {wrong}");
        }
        if missed > 0 {
            let hint = if asked.cells { "" } else { " (--cells lists them)" };
            let _ = write!(last, "; cells of the permission matrix that none shows: {missed}{hint}");
        } else if wrong == 0 {
            last.push_str("; every cell of the permission matrix is shown");
        }
        say(last)?;
    }
    if failed == 0 && wrong == 0 && !(asked.cells && missed > 0) { Ok(()) } else { Err(No::quietly()) }
}

/// The scenario files that a path stands for.
fn find(path: &Path, found: &mut BTreeSet<PathBuf>) -> Outcome {
    let failed = |e: std::io::Error| format!("{}: {e}", path.display());
    if path.is_file() {
        let of_a_model = path.file_name().is_some_and(|name| name == "model.toml");
        found.insert(if of_a_model { path.with_file_name("scenarios.toml") } else { path.to_owned() });
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A link could lead back.
        if entry.file_type().map_err(failed)?.is_dir() {
            find(&entry.path(), found)?;
        } else if entry.file_name() == "scenarios.toml" {
            found.insert(entry.path());
        }
    }
    Ok(())
}

fn file(path: &Path) -> File {
    let empty = |wrong| File { path: path.display().to_string(), wrong, scenarios: Vec::new(), missed: Vec::new() };
    match played(path) {
        Ok((scenarios, missed)) => File { scenarios, missed, ..empty(None) },
        Err(wrong) => empty(Some(wrong.to_string())),
    }
}

fn played(path: &Path) -> Outcome<(Vec<Scenario>, Vec<String>)> {
    let model = Arc::new(compile(&path.with_file_name("model.toml"))?.1);
    let scenarios = file::read(&text(path)?, &model).map_err(|faults| faults.report(&path.display().to_string()))?;
    let mut shown = BTreeSet::new();
    let mut all = Vec::new();
    for scenario in scenarios {
        let played = play(&model, &scenario);
        shown.extend(played.shown);
        all.push(Scenario { name: scenario.name, line: scenario.line, differences: played.differences });
    }
    let missed = cells::missed(&model, &shown).iter().map(|answer| cells::say(&model, answer)).collect();
    Ok((all, missed))
}

impl File {
    fn report(&self, cells: bool) -> String {
        let mut out = String::new();
        let path = &self.path;
        if let Some(wrong) = &self.wrong {
            let _ = writeln!(out, "{wrong}\n");
        }
        for scenario in &self.scenarios {
            for found in &scenario.differences {
                let Difference { line, step, doing, expected, happened, why } = found;
                let step = if *step == 0 { "before the first step".to_owned() } else { format!("step {step}") };
                let _ = writeln!(
                    out,
                    "{path}:{line}: {}\n  {step}: {doing}\n  expected  {expected}\n  happened  {happened}\n  why       {why}\n",
                    scenario.name
                );
            }
        }
        for missed in self.missed.iter().filter(|_| cells) {
            let _ = writeln!(out, "{path}: no scenario shows: {missed}");
        }
        out
    }

    fn json(&self) -> Value {
        let difference = |d: &Difference| json!({"line": d.line, "step": d.step, "doing": d.doing, "expected": d.expected, "happened": d.happened, "why": d.why});
        let scenario = |s: &Scenario| {
            let differences: Vec<Value> = s.differences.iter().map(difference).collect();
            json!({"name": s.name, "line": s.line, "passed": differences.is_empty(), "differences": differences})
        };
        json!({
            "file": self.path,
            "wrong": self.wrong,
            "scenarios": self.scenarios.iter().map(scenario).collect::<Vec<_>>(),
            "cells_missed": self.missed,
        })
    }
}
