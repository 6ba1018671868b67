//! The random walk: commands, valid and not, against the rules and against a slow second model of them.
//!
//! The walk itself is the test program `walk` of the core. It takes `WALK_COMMANDS` (for each preset) and
//! `WALK_SEED`, prints a line like `Tenant: 1000 commands, 480 accepted` for each preset, and panics when the two disagree.

use super::Proof;
use crate::figures::Figures;
use crate::process::{Listen, cargo, watch};

/// Built once, then run round by round.
pub const PROOF: Proof = Proof {
    name: "walk",
    about: "random commands against a second model of the rules: same outcome, same access",
    cases: 10_000,
    prepare,
    round,
};

const WORDS: [&str; 6] = ["test", "--release", "--package", "bailiwick-core", "--test", "walk"];

fn prepare() -> Result<(), String> {
    let mut build = cargo(&WORDS);
    match build.arg("--no-run").status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("the walk does not build".to_owned()),
        Err(fault) => Err(format!("cargo cannot be called: {fault}")),
    }
}

fn round(cases: u64, seed: u64) -> Result<Figures, String> {
    let mut walk = cargo(&WORDS);
    walk.args(["--", "--nocapture"]).env("WALK_COMMANDS", cases.to_string()).env("WALK_SEED", seed.to_string());
    let mut heard = Heard::default();
    let status = watch(walk, Listen::Both, |line| heard.hear(line)).map_err(|fault| fault.to_string())?;
    heard.verdict(status.success()).map_err(|what| what.unwrap_or_else(|| format!("the walk ended with {status}")))
}

/// What the lines of a walk have told.
#[derive(Default)]
struct Heard {
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
        if let Some(figures) = Figures::read("commands", line) {
            *self.figures.get_or_insert_default() += figures;
        }
    }

    fn verdict(self, success: bool) -> Result<Figures, Option<String>> {
        match self.figures {
            _ if !success => Err(self.panic),
            Some(figures) if !figures.is_nothing() => Ok(figures),
            Some(_) => Err(Some("the walk took no step".to_owned())),
            None => Err(Some("the walk told no figures".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(success: bool, lines: &[&str]) -> Result<String, Option<String>> {
        let mut heard = Heard::default();
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
    fn a_walk_that_shows_nothing_has_failed() {
        assert_eq!(verdict(true, &["test result: ok. 0 passed"]), Err(Some("the walk told no figures".into())));
        assert_eq!(verdict(true, &["walk: commands 0"]), Err(Some("the walk took no step".into())));
    }
}
