//! The commands that this repository keeps for itself, called as `cargo xtask COMMAND`.
#![allow(clippy::disallowed_methods, reason = "these commands tell how long things took")]

mod figures;
mod lock;
mod needs;
mod process;
mod prove;
mod requirements;
mod screenshots;
mod test;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--setup]             everything that has to hold: format, lints, tests, dependencies, requirements
                             --setup (or the variable CI) installs what is missing first
  prove NAME [--cases N | --rounds N | --seconds N] [--seed S]
                             a long proof; without NAME, the list of them
  requirements [--strict]    which tests show which sentence of requirements/
                             --strict fails when a sentence has no test
  screenshots                pictures of every page, light, dark and narrow, to be looked at";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Err(fault) = env::set_current_dir(root()) {
        eprintln!("the root of the repository cannot be entered: {fault}");
        return ExitCode::from(2);
    }
    match command(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(misuse) => {
            eprintln!("{misuse}");
            ExitCode::from(2)
        }
    }
}

/// Whether all was well, or what is wrong with the words.
fn command(words: &[&str]) -> Result<bool, String> {
    match words {
        ["test"] => Ok(test::run(false)),
        ["test", "--setup"] => Ok(test::run(true)),
        ["prove", words @ ..] => prove::run(words),
        ["requirements"] => Ok(requirements::run(false)),
        ["requirements", "--strict"] => Ok(requirements::run(true)),
        ["screenshots"] => screenshots::run(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(true)
        }
        _ => Err(USAGE.to_owned()),
    }
}

/// The folder above this crate. Asked at run time first: two clones may share one target folder.
fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(here).join("..")
}
