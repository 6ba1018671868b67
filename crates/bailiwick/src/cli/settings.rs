//! The file with settings: what stands in it is what an option is by default (decision 13).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bailiwick_core::access::parse::Faults;
use bailiwick_core::access::parse::fault::{Fault, place, suggest};
use clap::{Arg, ArgAction, Command};
use toml_span::value::ValueInner;

use super::{No, Outcome};

/// A file that was read.
pub struct Settings {
    path: PathBuf,
    values: BTreeMap<String, Setting>,
}

struct Setting {
    line: usize,
    values: Vec<String>,
}

/// The key of a setting: an option that a variable of the environment can say, too, as `BAILIWICK_` and that key.
pub fn key(arg: &Arg) -> Option<String> {
    let key = arg.get_long()?.replace('-', "_");
    let is_setting =
        arg.get_env().is_some_and(|env| env.to_str() == Some(&format!("BAILIWICK_{}", key.to_uppercase())));
    (is_setting && key != "config").then_some(key)
}

/// Whether a setting can have several values.
pub fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// Reads the file that `--config` or the environment names.
pub fn named(command: &Command) -> Outcome<Option<Settings>> {
    // What else is wrong with the command line is said when all of it is read.
    let Ok(matches) = command.clone().ignore_errors(true).try_get_matches() else { return Ok(None) };
    match matches.get_one::<PathBuf>("config") {
        Some(path) => read(path, command).map(Some),
        None => Ok(None),
    }
}

fn read(path: &Path, command: &Command) -> Outcome<Settings> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let serve = command.find_subcommand("serve").ok_or("there is no command `serve`")?;
    let known: BTreeMap<String, &Arg> = serve.get_arguments().filter_map(|arg| Some((key(arg)?, arg))).collect();
    values(&text, &known)
        .map(|values| Settings { path: path.to_owned(), values })
        .map_err(|faults| No::because(Faults::new(&text, faults).report(&path.display().to_string())))
}

fn values(text: &str, known: &BTreeMap<String, &Arg>) -> Result<BTreeMap<String, Setting>, Vec<Fault>> {
    let mut root = toml_span::parse(text).map_err(|e| {
        vec![Fault { at: e.span.start..e.span.end, wrong: format!("this is not TOML: {e}"), right: String::new() }]
    })?;
    let ValueInner::Table(table) = root.take() else { unreachable!("a TOML document is a table") };
    let mut found = BTreeMap::new();
    let mut faults = Vec::new();
    for (name, mut value) in table {
        let (at, of) = (name.span.start..name.span.end, value.span.start..value.span.end);
        let Some(arg) = known.get(&*name.name) else {
            let right = suggest(&name.name, known.keys().map(String::as_str));
            faults.push(Fault { at, wrong: format!("there is no setting `{}`", name.name), right });
            continue;
        };
        let several = is_list(arg);
        let texts: Option<Vec<String>> = match value.take() {
            ValueInner::String(one) => Some(vec![one.into_owned()]),
            ValueInner::Integer(one) => Some(vec![one.to_string()]),
            ValueInner::Array(all) if several => all.into_iter().map(|v| v.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        match texts {
            Some(values) => {
                let line = place(text, at.start).0;
                found.insert(name.name.into_owned(), Setting { line, values });
            }
            None => {
                let right = if several { "write [\"...\"]" } else { "write it in quotes" };
                let wrong = format!("`{}` must be a {}", name.name, if several { "list of texts" } else { "text" });
                faults.push(Fault { at: of, wrong, right: right.into() });
            }
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

impl Settings {
    /// The command line with these values beneath it: what it or the environment says goes before them.
    pub fn beneath(&self, command: Command) -> Command {
        let command = command.mut_args(|arg| match key(&arg).and_then(|key| self.values.get(&key)) {
            // Once a process.
            Some(setting) => {
                let values = setting.values.iter().map(|value| &*value.clone().leak());
                arg.required(false).default_values(values.collect::<Vec<&'static str>>())
            }
            None => arg,
        });
        command.mut_subcommands(|below| self.beneath(below))
    }

    /// Where a setting stands in the file.
    pub fn place(&self, key: &str) -> Option<String> {
        self.values.get(key).map(|setting| format!("{}:{}", self.path.display(), setting.line))
    }
}
