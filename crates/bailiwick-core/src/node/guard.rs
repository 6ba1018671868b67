//! The look at the lease with which each check begins and ends.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Nanos;

/// A node's lease, as its checks see it: two numbers that every thread reads and one writes. A check is one look
/// ([`Guard::open`]), the current snapshot, the question, and a last look ([`Guard::still`]) together with one at
/// whether the snapshot is still the current one.
#[derive(Debug, Default)]
pub struct Guard {
    /// Counts what was dropped: answers from before the last drop are nobody's to give.
    epoch: AtomicU64,
    /// Until when; nought: there is no lease.
    until: AtomicU64,
}

/// That there was a lease when a check began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    epoch: u64,
}

impl Guard {
    /// The guard of a process that is alone with its database: nobody else changes anything.
    pub fn alone() -> Self {
        Self { epoch: AtomicU64::new(0), until: AtomicU64::new(u64::MAX) }
    }

    /// Whether there is a lease at `now`, which was read just before.
    pub fn open(&self, now: Nanos) -> Option<Pass> {
        let epoch = self.epoch.load(Ordering::Acquire);
        (now.0 < self.until.load(Ordering::Acquire)).then_some(Pass { epoch })
    }

    /// Whether it is still the same registration and its lease runs at `now`. The clock must be read anew for this: the
    /// process may have slept since the first look.
    pub fn still(&self, pass: Pass, now: Nanos) -> bool {
        now.0 < self.until.load(Ordering::Acquire) && self.epoch.load(Ordering::Acquire) == pass.epoch
    }

    /// The lease ended, and with it everything that was begun under it.
    pub fn drop_lease(&self, epoch: u64) {
        self.until.store(0, Ordering::Release);
        self.epoch.store(epoch, Ordering::Release);
    }

    /// The lease of this epoch runs until then.
    pub fn lease(&self, epoch: u64, until: Nanos) {
        if self.epoch.load(Ordering::Acquire) == epoch {
            self.until.store(until.0, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_needs_the_same_lease_at_both_ends() {
        let guard = Guard::default();
        assert_eq!(guard.open(Nanos(0)), None, "no lease yet");
        guard.drop_lease(1);
        guard.lease(1, Nanos(100));
        let pass = guard.open(Nanos(99)).unwrap();
        assert!(guard.still(pass, Nanos(99)));
        assert!(!guard.still(pass, Nanos(100)), "it slept until the lease had run out");
        guard.lease(1, Nanos(200));
        assert!(guard.still(pass, Nanos(100)), "renewed");
        guard.drop_lease(2);
        guard.lease(1, Nanos(300));
        assert!(!guard.still(pass, Nanos(100)), "a late renewal of the old registration is none");
        guard.lease(2, Nanos(300));
        assert!(!guard.still(pass, Nanos(100)), "another registration");
        assert!(Guard::alone().open(Nanos(u64::MAX - 1)).is_some());
    }
}
