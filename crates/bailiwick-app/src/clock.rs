//! The one place that reads a clock.
//!
//! Wall time is the time since the machine started, suspend included, and an offset. On a shared database the offset is
//! that of the database's clock, looked at with every reading of the feed ([`Clock::follow`]); alone it is that of the
//! machine's own wall clock, looked at from time to time. Either way nobody is ever told an earlier time than before:
//! where the offset falls, time stands still until it has caught up.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bailiwick_core::node::Nanos;
use bailiwick_core::node::wall::{Astray, Look, Wall};
use bailiwick_core::time::Timestamp;

/// How often a process alone looks at the machine's wall clock.
const AGAIN: Duration = Duration::from_secs(1);
/// How often it is said that a node may not serve by its clock.
const REMIND: Duration = Duration::from_secs(10);

/// Wall time that never goes back within this process, or a time that a test sets.
pub struct Clock {
    /// The latest time that anybody was told.
    told: AtomicI64,
    /// `None`: it is set by hand.
    machine: Option<Machine>,
}

/// What the machine says.
struct Machine {
    wall: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Microseconds from the start of the machine to wall time.
    offset: AtomicI64,
    /// When the machine's own wall clock is looked at again, in nanoseconds since its start.
    look_at: AtomicU64,
    followed: Mutex<Followed>,
}

/// The database's clock, where one is followed.
#[derive(Default)]
struct Followed {
    wall: Option<Wall>,
    /// When it was last said that this node may not serve by it.
    said: Option<Nanos>,
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self::of(wall)
    }

    /// The clock of a machine whose wall clock is this one.
    pub fn of(wall: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let machine = Machine {
            wall: Box::new(wall),
            offset: AtomicI64::new(0),
            look_at: AtomicU64::new(0),
            followed: Mutex::default(),
        };
        Self { told: AtomicI64::new(i64::MIN), machine: Some(machine) }
    }

    /// A clock that stands still until it is moved.
    pub fn by_hand(at: Timestamp) -> Self {
        Self { told: AtomicI64::new(at.0), machine: None }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match &self.machine {
            None => Timestamp(self.told.load(Ordering::SeqCst)),
            Some(machine) => self.tell(machine, since_boot()),
        }
    }

    fn tell(&self, machine: &Machine, boot: Nanos) -> Timestamp {
        let now = machine.now(boot).0;
        Timestamp(self.told.fetch_max(now, Ordering::SeqCst).max(now))
    }

    /// Moves a clock that is set by hand; the machine's own is left alone.
    pub fn forward(&self, seconds: i64) {
        if self.machine.is_none() {
            self.told.fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
        }
    }

    /// From here on this clock is a database's, which was looked at. Before anybody was told a time.
    pub(crate) fn begin(&self, look: Look) {
        let Some(machine) = &self.machine else { return };
        let mut followed = machine.followed();
        if followed.wall.is_none() {
            machine.set(&mut followed, Wall::of(look));
        }
    }

    /// The database's clock was looked at again.
    ///
    /// # Errors
    /// This node may not serve by it. The offset stays what it was.
    pub(crate) fn follow(&self, look: Look) -> Result<(), Astray> {
        let Some(machine) = &self.machine else { return Ok(()) };
        let (own, told) = ((machine.wall)(), Timestamp(self.told.load(Ordering::SeqCst)));
        let mut followed = machine.followed();
        match Wall::follow(followed.wall, look, own, told) {
            Ok(wall) => {
                if followed.said.take().is_some() {
                    tracing::info!("the clocks agree again");
                }
                machine.set(&mut followed, wall);
                Ok(())
            }
            Err(astray) => {
                if followed.said.is_none_or(|last| look.answered.since(last) >= REMIND) {
                    tracing::error!("no check is answered from here, for the time is not sure: {astray}");
                    followed.said = Some(look.answered);
                }
                Err(astray)
            }
        }
    }
}

impl Machine {
    fn now(&self, boot: Nanos) -> Timestamp {
        let due = self.look_at.load(Ordering::Acquire);
        if boot.0 >= due {
            let look = Look { asked: boot, answered: boot, said: (self.wall)() };
            // Who begins to follow a database meanwhile has the last word.
            let followed = self.followed();
            if followed.wall.is_none() {
                self.offset.store(Wall::of(look).offset(), Ordering::Release);
                self.look_at.store(boot.plus(AGAIN).0, Ordering::Release);
            }
        }
        Timestamp(boot.micros().saturating_add(self.offset.load(Ordering::Acquire)))
    }

    fn set(&self, followed: &mut Followed, wall: Wall) {
        followed.wall = Some(wall);
        self.offset.store(wall.offset(), Ordering::Release);
        self.look_at.store(u64::MAX, Ordering::Release);
    }

    fn followed(&self) -> MutexGuard<'_, Followed> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A look at another clock, which was asked at a moment and has just said this.
pub(crate) fn look(asked: Nanos, said: Timestamp) -> Look {
    Look { asked, answered: since_boot(), said }
}

/// The machine's wall clock.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn wall() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The time since the machine started, suspend included. Leases run on it: unlike wall time nobody sets it, and unlike
/// the monotonic clock it does not stop while the machine sleeps.
pub fn since_boot() -> Nanos {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    Nanos(seconds.saturating_mul(1_000_000_000) + u64::try_from(now.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const SECOND: i64 = 1_000_000;
    /// When the machine started.
    const START: i64 = 1_800_000_000 * SECOND;

    /// A clock of a machine whose wall clock shows what a test sets; seconds since its start.
    fn machine() -> (Clock, Arc<AtomicI64>) {
        let shown = Arc::new(AtomicI64::new(0));
        let read = Arc::clone(&shown);
        (Clock::of(move || Timestamp(START + read.load(Ordering::SeqCst) * SECOND)), shown)
    }

    fn told(clock: &Clock, boot: u64) -> i64 {
        let now = clock.tell(clock.machine.as_ref().unwrap(), Nanos(boot * 1_000_000_000));
        (now.0 - START) / SECOND
    }

    #[test]
    fn alone_wall_time_follows_the_machine_and_never_goes_back() {
        let (clock, shown) = machine();
        // Seconds since the start, what the wall clock shows then, what is told.
        for (boot, shows, tells) in [
            (10, 10, 10),
            (12, 12, 12),
            // Set forward: followed.
            (13, 113, 113),
            // Set back: time stands still until it has come again.
            (14, 14, 113),
            (100, 100, 113),
            (114, 114, 114),
            // After a night in suspend.
            (30_000, 30_000, 30_000),
        ] {
            shown.store(shows, Ordering::SeqCst);
            assert_eq!(told(&clock, boot), tells, "{boot}");
        }
        // Between two looks time is that since the start of the machine.
        shown.store(99_999, Ordering::SeqCst);
        assert_eq!(
            clock.tell(clock.machine.as_ref().unwrap(), Nanos(30_000_500_000_000)).0,
            START + 30_000 * SECOND + SECOND / 2
        );
    }

    #[test]
    fn on_a_shared_database_wall_time_is_the_database_s_and_never_goes_back() {
        let (clock, shown) = machine();
        let look = |boot: u64, said: i64| {
            let moment = Nanos(boot * 1_000_000_000);
            Look { asked: moment, answered: moment, said: Timestamp(START + said * SECOND) }
        };
        // The machine is an hour wrong: the database is followed, and no lease is taken.
        shown.store(3_610, Ordering::SeqCst);
        clock.begin(look(10, 10));
        assert_eq!(told(&clock, 11), 11);
        assert_eq!(clock.follow(look(12, 12)), Err(Astray::Apart(3_598 * SECOND)));
        // It is set right.
        shown.store(13, Ordering::SeqCst);
        clock.follow(look(13, 13)).unwrap();
        // The database is an hour wrong: what was seen of it before goes on.
        shown.store(14, Ordering::SeqCst);
        assert_eq!(clock.follow(look(14, 3_614)), Err(Astray::Apart(-3_600 * SECOND)));
        assert_eq!(told(&clock, 15), 15);
        // A step within the bound is followed; back, time stands still.
        for (boot, said, tells) in [(20, 21, 21), (21, 21, 21), (22, 22, 22)] {
            shown.store(said, Ordering::SeqCst);
            clock.follow(look(boot, said)).unwrap();
            assert_eq!(told(&clock, boot), tells);
        }
        // Both were wrong and are set back: this node has told a later time.
        shown.store(3, Ordering::SeqCst);
        assert_eq!(clock.follow(look(23, 3)), Err(Astray::Behind(19 * SECOND)));
        clock.begin(look(23, 3));
        assert_eq!(told(&clock, 23), 23, "to begin again undoes nothing");
    }

    #[test]
    fn a_clock_set_by_hand_follows_nobody() {
        let clock = Clock::by_hand(Timestamp(5));
        clock.begin(look(Nanos(0), Timestamp(START)));
        clock.follow(look(Nanos(0), Timestamp(0))).unwrap();
        assert_eq!(clock.now(), Timestamp(5));
        clock.forward(2);
        assert_eq!(clock.now(), Timestamp(5 + 2 * SECOND));
    }
}
