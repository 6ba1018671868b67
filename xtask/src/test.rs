//! `cargo xtask test`: everything that has to hold, one step after the other, with one line at the end that counts.
//!
//! The tests run under `cargo test` and not under a faster runner: it runs the examples in the documentation too, and a fresh
//! machine has it.

use std::env;
use std::fs;
use std::io;
use std::time::Instant;

use crate::figures::Tally;
use crate::process::{Listen, cargo, watch};
use crate::{lock, needs, requirements};

/// One step: its name, and what it adds to the count. Tests are counted one by one. A step of another kind counts as one failed
/// check when it fails, and not at all when it holds: the number of those passed is a number of tests.
struct Step {
    name: &'static str,
    run: fn() -> io::Result<Tally>,
}

const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "lints", run: lints },
    Step { name: "tests", run: tests },
    Step { name: "protocol", run: protocol },
    // After the tests: by then cargo has brought Cargo.lock up to date.
    Step { name: "dependencies", run: dependencies },
    Step { name: "requirements", run: sentences },
];

/// Runs all steps, also after one that failed, and tells whether all is well.
pub fn run(setup: bool) -> bool {
    needs::look(setup || is_ci());
    let mut sum = Tally::default();
    let mut report = Vec::new();
    for step in STEPS {
        println!("== {}", step.name);
        let begun = Instant::now();
        let tally = (step.run)().unwrap_or_else(|fault| {
            println!("{}: {fault}", step.name);
            check(false)
        });
        sum += tally;
        let verdict = if tally.failed == 0 { "ok" } else { "FAILED" };
        report.push(format!("{:<14} {verdict:<6} {:>7.1} s", step.name, begun.elapsed().as_secs_f64()));
    }
    println!("\n{}", report.join("\n"));
    if sum.passed + sum.failed == 0 {
        println!("no test ran, and that shows nothing");
    }
    println!("{sum}");
    sum.is_good()
}

fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// The count of a step that is no test.
fn check(holds: bool) -> Tally {
    Tally { failed: u64::from(!holds), ..Tally::default() }
}

fn format() -> io::Result<Tally> {
    Ok(check(cargo(&["fmt", "--all", "--check"]).status()?.success()))
}

fn lints() -> io::Result<Tally> {
    let words = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    Ok(check(cargo(&words).status()?.success()))
}

fn tests() -> io::Result<Tally> {
    counted(&["test", "--workspace", "--no-fail-fast"])
}

/// The protocol of nodes in simulation, and that it finds the mistakes that only this build can have.
fn protocol() -> io::Result<Tally> {
    counted(&["test", "--package", "bailiwick-core", "--features", "plant", "--test", "protocol"])
}

/// A run of cargo's that counts tests.
fn counted(words: &[&str]) -> io::Result<Tally> {
    let mut sum = Tally::default();
    let mut test = cargo(words);
    // A test that is left out for want of a server or browser shows nothing: here that is a failure.
    test.env("BAILIWICK_NEED_POSTGRES", "1").env("BAILIWICK_NEED_BROWSER", "1");
    let status = watch(test, Listen::Out, |line| {
        if let Some(tally) = Tally::read(line) {
            sum += tally;
        }
    })?;
    if !status.success() && sum.failed == 0 {
        // It did not build, or a test program died before it could count.
        println!("the tests ended with {status} and no test that failed");
        sum += check(false);
    }
    Ok(sum)
}

fn dependencies() -> io::Result<Tally> {
    let faults = lock::faults(&fs::read_to_string("Cargo.lock")?);
    for fault in &faults {
        println!("{fault}");
    }
    Ok(check(faults.is_empty()))
}

fn sentences() -> io::Result<Tally> {
    Ok(check(requirements::summary()))
}
