//! Proofs that are test programs: built once, run round by round with the number of cases and the seed in their
//! environment. A program prints a line such as `Tenant: 1000 commands, 480 accepted`, and panics if it does not hold.

use crate::figures::Figures;
use crate::process::{Listen, cargo, watch};

/// A test program.
pub struct Program {
    /// The package and the name of the test program.
    pub words: [&'static str; 2],
    /// The variables that say how much and from which seed.
    pub variables: [&'static str; 2],
    /// The figure that its line must hold.
    pub figure: &'static str,
    /// The variable that names a mistake to plant, and the feature of the package that such mistakes need.
    pub plant: Option<[&'static str; 2]>,
    /// The profile: optimised where the program computes, `dev` where it waits for disks and processes.
    pub profile: &'static str,
    /// What else the test program is told.
    pub arguments: &'static [&'static str],
}

impl Program {
    fn words(&self) -> Vec<&'static str> {
        let mut words = vec!["test", "--profile", self.profile, "--package", self.words[0], "--test", self.words[1]];
        if let Some([_, feature]) = self.plant {
            words.extend(["--features", feature]);
        }
        words
    }

    /// Builds it.
    pub fn prepare(&self) -> Result<(), String> {
        match cargo(&self.words()).arg("--no-run").status() {
            Ok(status) if status.success() => Ok(()),
            Ok(_) => Err(format!("the test program {} does not build", self.words[1])),
            Err(fault) => Err(format!("cargo cannot be called: {fault}")),
        }
    }

    /// Runs one round, with a mistake in what is proved if one is named.
    pub fn round(&self, cases: u64, seed: u64, planted: Option<&str>) -> Result<Figures, String> {
        let mut run = cargo(&self.words());
        run.args(["--", "--nocapture"]).args(self.arguments);
        if let (Some([variable, _]), Some(mistake)) = (self.plant, planted) {
            run.env(variable, mistake);
        }
        run.env(self.variables[0], cases.to_string()).env(self.variables[1], seed.to_string());
        let mut heard = Heard { figure: self.figure, ..Heard::default() };
        let status = watch(run, Listen::Both, |line| heard.hear(line)).map_err(|fault| fault.to_string())?;
        let name = self.words[1];
        heard.verdict(status.success()).map_err(|what| what.unwrap_or_else(|| format!("{name} ended with {status}")))
    }
}

/// What the lines of a program have told.
#[derive(Default)]
struct Heard {
    figure: &'static str,
    figures: Option<Figures>,
    panic: Option<String>,
    panic_is_next: bool,
}

impl Heard {
    fn hear(&mut self, line: &str) {
        if self.panic_is_next && self.panic.is_none() && !line.is_empty() {
            self.panic = Some(line.trim().to_owned());
        }
        self.panic_is_next = line.contains(" panicked at ");
        if let Some(figures) = Figures::read(self.figure, line) {
            *self.figures.get_or_insert_default() += figures;
        }
    }

    fn verdict(self, success: bool) -> Result<Figures, Option<String>> {
        match self.figures {
            _ if !success => Err(self.panic),
            Some(figures) if !figures.is_nothing() => Ok(figures),
            Some(_) => Err(Some("it did nothing".to_owned())),
            None => Err(Some("it told no figures".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(success: bool, lines: &[&str]) -> Result<String, Option<String>> {
        let mut heard = Heard { figure: "commands", ..Heard::default() };
        lines.iter().for_each(|line| heard.hear(line));
        heard.verdict(success).map(|figures| figures.to_string())
    }

    #[test]
    fn figures_of_all_presets_add_up() {
        let lines =
            ["running 2 tests", "walk: commands 10, refused 2", "test a ... ok", "walk: commands 10, refused 3"];
        assert_eq!(verdict(true, &lines), Ok("commands 20, refused 5".into()));
    }

    #[test]
    fn the_first_panic_is_what_failed() {
        let lines = [
            "walk: commands 10",
            "thread 'a' (7) panicked at tests/walk.rs:9:5:",
            "command 4: refused, not allowed",
            "note: run",
        ];
        assert_eq!(verdict(false, &lines), Err(Some("command 4: refused, not allowed".into())));
        assert_eq!(verdict(false, &["Killed"]), Err(None));
    }

    #[test]
    fn a_proof_that_shows_nothing_has_failed() {
        assert_eq!(verdict(true, &["test result: ok. 0 passed"]), Err(Some("it told no figures".into())));
        assert_eq!(verdict(true, &["walk: commands 0"]), Err(Some("it did nothing".into())));
    }
}
