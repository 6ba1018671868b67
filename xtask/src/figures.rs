//! Numbers read from what tests print: how many passed, and what a proof has to show.

use std::fmt;
use std::ops::AddAssign;

/// What the `test result:` lines of all test programs add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Tests that ran and held.
    pub passed: u64,
    /// Tests that ran and did not, and checks that are not tests and failed.
    pub failed: u64,
    /// Tests marked to be left out.
    pub ignored: u64,
}

impl Tally {
    /// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`, also behind what
    /// a program that a test has started left without an end of line. The whole form has to be there.
    pub fn read(line: &str) -> Option<Tally> {
        let (_, result) = line.split_once("test result: ")?;
        let (verdict, counts) = result.split_once(". ")?;
        let (counts, time) = counts.rsplit_once("; finished in ")?;
        time.strip_suffix('s')?.parse::<f64>().ok()?;
        if !matches!(verdict, "ok" | "FAILED") {
            return None;
        }
        let count = |what: &str| counts.split("; ").find_map(|part| part.strip_suffix(what)?.trim_end().parse().ok());
        Some(Tally { passed: count("passed")?, failed: count("failed")?, ignored: count("ignored")? })
    }

    /// Whether all is well. A run in which no test ran has shown nothing.
    pub fn is_good(self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, more: Tally) {
        self.passed += more.passed;
        self.failed += more.failed;
        self.ignored += more.ignored;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.ignored > 0 {
            write!(f, ", {} skipped", self.ignored)?;
        }
        Ok(())
    }
}

/// What a proof has counted, in the order in which it told: `commands 1000, refused 312`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures(Vec<(String, u64)>);

impl Figures {
    /// Reads a line like `Tenant: 1000 commands, 312 refused`, in which one figure has to be called as `wanted` says. It may stand
    /// behind the `test … ... ` that the test program has put in front, its figures may be written the other way round
    /// (`commands 1000`), and the word before the colon does not matter. A seed is no figure.
    pub fn read(wanted: &str, line: &str) -> Option<Figures> {
        let line = line.rsplit_once(" ... ").map_or(line, |(_, told)| told);
        let (word, told) = line.split_once(": ")?;
        let figures: Option<Vec<_>> = told.split(", ").map(figure).collect();
        let figures: Vec<_> = figures?.into_iter().filter(|(what, _)| what != "seed").collect();
        let fits = !word.contains(' ') && figures.iter().any(|(what, _)| what == wanted);
        fits.then_some(Figures(figures))
    }

    /// Whether nothing at all was counted.
    pub fn is_nothing(&self) -> bool {
        self.0.iter().all(|(_, count)| *count == 0)
    }
}

fn figure(text: &str) -> Option<(String, u64)> {
    let number = |text: &str| text.parse::<u64>().ok();
    let behind = text.rsplit_once(' ').and_then(|(what, count)| Some((what.to_owned(), number(count)?)));
    behind.or_else(|| text.split_once(' ').and_then(|(count, what)| Some((what.to_owned(), number(count)?))))
}

impl AddAssign for Figures {
    fn add_assign(&mut self, more: Figures) {
        for (what, count) in more.0 {
            match self.0.iter_mut().find(|(known, _)| *known == what) {
                Some((_, sum)) => *sum += count,
                None => self.0.push((what, count)),
            }
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (what, count)) in self.0.iter().enumerate() {
            write!(f, "{}{what} {count}", if at > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_add_up() {
        let mut sum = Tally::default();
        for line in [
            "running 7 tests",
            "test result: ok. 5 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 10 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out; finished in 1.20s",
            "test result: something that a test has printed",
            "left: \"test result: ok. 100 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\"",
            "bye test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        ] {
            if let Some(tally) = Tally::read(line) {
                sum += tally;
            }
        }
        assert_eq!(sum, Tally { passed: 16, failed: 1, ignored: 2 });
        assert_eq!(sum.to_string(), "16 passed, 1 failed, 2 skipped");
    }

    #[test]
    fn skipped_is_told_only_when_there_are_any() {
        assert_eq!(Tally { passed: 3, failed: 0, ignored: 0 }.to_string(), "3 passed, 0 failed");
    }

    #[test]
    fn a_run_without_tests_is_not_good() {
        assert!(Tally { passed: 1, failed: 0, ignored: 0 }.is_good());
        assert!(!Tally { passed: 1, failed: 1, ignored: 0 }.is_good());
        assert!(!Tally { passed: 0, failed: 0, ignored: 9 }.is_good());
    }

    fn walked(line: &str) -> Option<String> {
        Figures::read("commands", line).map(|figures| figures.to_string())
    }

    #[test]
    fn the_line_with_figures_is_recognised() {
        let wanted = Some("commands 1000, refused 312".to_owned());
        assert_eq!(walked("Tenant: 1000 commands, 312 refused"), wanted);
        assert_eq!(walked("walk: commands 1000, refused 312, seed 7"), wanted);
        assert_eq!(walked("test both_presets ... walk: commands 1000, refused 312"), wanted);
        for other in [
            "walk: begins",
            "warning: 3 warnings emitted",
            "test walk ... ok",
            "a walk: commands 1",
            "walk: commands many",
            "  refused: {\"last-admin\": 3}",
        ] {
            assert_eq!(walked(other), None, "{other}");
        }
    }

    #[test]
    fn figures_of_rounds_add_up_by_name() {
        let mut sum = Figures::default();
        for line in ["walk: commands 10, refused 2", "walk: commands 5, undone 1"] {
            sum += Figures::read("commands", line).expect("figures");
        }
        assert_eq!(sum.to_string(), "commands 15, refused 2, undone 1");
        assert!(!sum.is_nothing());
        assert!(Figures::read("commands", "walk: commands 0").expect("figures").is_nothing());
    }
}
