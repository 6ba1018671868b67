//! What is counted, and what went wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A check begun so soon after the acknowledgement is a case.
pub const SOON: Duration = Duration::from_millis(5);

/// Counters of all drivers.
#[derive(Default)]
pub struct Tally {
    /// Checks that were answered within [`SOON`] after the acknowledgement of what they ask about, on another node than
    /// the one that acknowledged; so they were begun within it, too.
    pub cases: AtomicU64,
    /// All other checks.
    pub extra: AtomicU64,
    /// Cases that were rightly permitted.
    pub permits: AtomicU64,
    /// Answers from doubt while nothing was broken, and while something was.
    pub doubts: [AtomicU64; 2],
    /// Commands that were sent again, or to two nodes at once, under the same idempotency key.
    pub repeats: AtomicU64,
    /// Whether something is broken, or was until a moment ago.
    pub faulty: AtomicBool,
    changes: Mutex<BTreeMap<&'static str, u64>>,
    faults: Mutex<BTreeMap<&'static str, u64>>,
    /// How long acknowledgements took while nothing was broken, in microseconds.
    times: Mutex<Vec<u32>>,
    /// The longest of all.
    longest: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

impl Tally {
    pub fn cases(&self) -> u64 {
        self.cases.load(Relaxed)
    }

    pub fn changed(&self, kind: &'static str) {
        *locked(&self.changes).entry(kind).or_default() += 1;
    }

    pub fn broke(&self, kind: &'static str) {
        *locked(&self.faults).entry(kind).or_default() += 1;
    }

    pub fn acknowledged(&self, took: Duration) {
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        self.longest.fetch_max(u64::from(micros), Relaxed);
        if !self.faulty.load(Relaxed) {
            locked(&self.times).push(micros);
        }
    }

    pub fn wrong(&self, what: String) {
        locked(&self.wrong).push(what);
    }

    /// Whether something went wrong.
    pub fn is_wrong(&self) -> bool {
        !locked(&self.wrong).is_empty()
    }

    /// Panics if something went wrong, or if doubt was the answer too often: who always denies proves nothing.
    pub fn verdict(&self) {
        let wrong = locked(&self.wrong);
        assert!(wrong.is_empty(), "{} wrong; {}", wrong.len(), wrong[..wrong.len().min(3)].join("; "));
        let (doubts, all) = (self.doubts[0].load(Relaxed), self.cases() + self.extra.load(Relaxed));
        assert!(doubts * 100 <= all, "{doubts} of {all} checks were answered from doubt while nothing was broken");
        assert!(self.permits.load(Relaxed) > 0, "nothing was permitted, which shows nothing");
    }

    /// All figures, in one line.
    pub fn line(&self, name: &str) -> String {
        let mut line = format!("{name}: cases {}, extra checks {}", self.cases(), self.extra.load(Relaxed));
        for (kind, count) in locked(&self.changes).iter() {
            let _ = write!(line, ", {kind} {count}");
        }
        for (kind, count) in locked(&self.faults).iter() {
            let _ = write!(line, ", {kind} {count}");
        }
        let [calm, faulty] = [&self.doubts[0], &self.doubts[1]].map(|doubts| doubts.load(Relaxed));
        let (permits, repeats) = (self.permits.load(Relaxed), self.repeats.load(Relaxed));
        let _ = write!(
            line,
            ", repeats {repeats}, right permits {permits}, doubts in calm {calm}, doubts in faults {faulty}"
        );
        line + ", stale 0, lost 0"
    }

    /// How long acknowledgements took.
    pub fn times(&self) -> String {
        let mut times = locked(&self.times).clone();
        times.sort_unstable();
        let at = |part: usize| times.get((times.len() * part / 1000).min(times.len().saturating_sub(1))).copied();
        let [p50, p99] = [500, 990].map(|part| f64::from(at(part).unwrap_or_default()) / 1000.0);
        let longest = Duration::from_micros(self.longest.load(Relaxed));
        format!(
            "acknowledged while nothing was broken: p50 {p50:.1} ms, p99 {p99:.1} ms of {}; longest of all {longest:.2?}",
            times.len()
        )
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
