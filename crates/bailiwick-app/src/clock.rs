//! The one place that reads a clock.

use std::sync::atomic::{AtomicI64, Ordering};

use bailiwick_core::node::Nanos;
use bailiwick_core::time::Timestamp;

/// Wall time that never goes back within this process, or a time that a test sets.
#[derive(Debug, Default)]
pub struct Clock {
    last: AtomicI64,
    set_by_hand: bool,
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still until it is moved.
    pub fn by_hand(at: Timestamp) -> Self {
        Self { last: AtomicI64::new(at.0), set_by_hand: true }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        if self.set_by_hand {
            return Timestamp(self.last.load(Ordering::SeqCst));
        }
        let read = wall();
        Timestamp(self.last.fetch_max(read, Ordering::SeqCst).max(read))
    }

    /// Moves a clock that is set by hand; the machine's own is left alone.
    pub fn forward(&self, seconds: i64) {
        if self.set_by_hand {
            self.last.fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn wall() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The time since the machine started, suspend included. Leases run on it: unlike wall time nobody sets it, and unlike
/// the monotonic clock it does not stop while the machine sleeps.
pub(crate) fn since_boot() -> Nanos {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    Nanos(seconds.saturating_mul(1_000_000_000) + u64::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_never_goes_back() {
        let clock = Clock::system();
        clock.last.store(i64::MAX - 1, Ordering::SeqCst);
        assert_eq!(clock.now(), Timestamp(i64::MAX - 1));
    }
}
