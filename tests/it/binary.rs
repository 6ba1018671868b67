//! The binary, run once.

use std::process::{Command, Output};

/// Runs it to its end.
pub fn run(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bailiwick")).args(words).output().expect("the binary runs")
}

/// What it said when it did it.
#[track_caller]
pub fn fine(words: &[&str]) -> String {
    let out = run(words);
    assert!(out.status.success(), "{words:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// How it ended and what it said when it did not.
#[track_caller]
pub fn refused(words: &[&str]) -> (Option<i32>, String) {
    let out = run(words);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && out.stdout.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&out.stdout));
    (out.status.code(), said)
}
