//! Wall time on a node: the time since its machine started, and how far the database's clock is from that.
//!
//! Leases never depend on it. What does are moments that people chose: an invitation ends, a level runs out. Nodes agree
//! on those because each of them follows the same clock, and knows how well.

use std::fmt;
use std::time::Duration;

use super::Nanos;
use crate::time::Timestamp;

/// The stated bound: two nodes that serve are no further than this apart, and neither is a node's machine from the
/// database. Machines that keep time are a few milliseconds apart; on the day of a leap second two honest ways to spread
/// it are half a second apart.
pub const BOUND: Duration = Duration::from_secs(1);
/// How well a node must know the database's time. Where it falls back, a node stands still for at most half the bound: so
/// of two nodes one is this much behind and the other so much ahead, and the rest is for drift while a lease runs.
const ERROR: Duration = Duration::from_millis(250);
/// By how much a clock may run away from another between two looks, in parts of a million.
const DRIFT: u128 = 1_000;

/// One look at another clock, on one's own: what it said lies somewhere between the two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Before it was asked.
    pub asked: Nanos,
    /// When it had answered.
    pub answered: Nanos,
    /// What it said.
    pub said: Timestamp,
}

/// Another clock, as it is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wall {
    /// Microseconds from the start of this machine to the other clock's time.
    offset: i64,
    /// By how much that may be wrong at the time of the look.
    error: Duration,
    looked: Nanos,
}

/// Why a node must not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Astray {
    /// No answer came fast enough to tell the other clock by it.
    Slow {
        /// How long the last one took.
        took: Duration,
    },
    /// The machine's own clock is so far from the other one, in microseconds; negative: it is behind. One of the two is
    /// wrong, and nobody here can tell which.
    Apart(i64),
    /// The other clock is so far behind a time that this node has answered by, in microseconds. A node's time never goes
    /// back.
    Behind(i64),
}

impl fmt::Display for Astray {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bound, length) = (length(BOUND), |micros: i64| length(Duration::from_micros(micros.unsigned_abs())));
        match *self {
            Self::Slow { took } => {
                let took = self::length(took);
                write!(out, "the database took {took} to answer, too long to tell what time it is there")
            }
            Self::Apart(by) => {
                let (by, side) = (length(by), if by < 0 { "behind" } else { "ahead of" });
                write!(
                    out,
                    "this machine's clock is {by} {side} the database's, and the bound is {bound}: see which of the two is \
                     right, and let both machines keep time"
                )
            }
            Self::Behind(by) => {
                let by = length(by);
                write!(
                    out,
                    "the database's clock went back to {by} before a time that this node has answered by: it goes on when \
                     that time has come again, or when the node is started anew"
                )
            }
        }
    }
}

/// A length of time for people.
fn length(of: Duration) -> String {
    match of.as_secs() {
        0..10 => format!("{} ms", of.as_millis()),
        10..600 => format!("{} s", of.as_secs()),
        600..172_800 => format!("{} min", of.as_secs() / 60),
        _ => format!("{} days", of.as_secs() / 86_400),
    }
}

impl Wall {
    /// As one look shows it: in the middle of what is possible.
    pub fn of(look: Look) -> Self {
        let error = look.answered.since(look.asked) / 2;
        let middle = look.asked.plus(error);
        Self { offset: look.said.0.saturating_sub(middle.micros()), error, looked: look.answered }
    }

    /// Its time at a moment of this machine's.
    pub fn at(&self, moment: Nanos) -> Timestamp {
        Timestamp(moment.micros().saturating_add(self.offset))
    }

    /// By how much [`Wall::at`] may be wrong at that moment.
    pub fn error(&self, moment: Nanos) -> Duration {
        let drift = moment.since(self.looked).as_nanos() * DRIFT / 1_000_000;
        self.error + Duration::from_nanos(u64::try_from(drift).unwrap_or(u64::MAX))
    }

    /// Microseconds from the start of this machine to its time.
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// The wall that a node follows after a look, if it may serve by it. `own` is the machine's own wall time when the
    /// answer had come, `told` the latest time that the node has answered by.
    ///
    /// # Errors
    /// Why it may not serve.
    pub fn follow(before: Option<Self>, look: Look, own: Timestamp, told: Timestamp) -> Result<Self, Astray> {
        let now = look.answered;
        // What was seen before does, while it is good enough.
        let sharp = |wall: &Self| wall.error(now) <= ERROR;
        let wall = Some(Self::of(look)).filter(sharp).or(before.filter(sharp));
        let wall = wall.ok_or(Astray::Slow { took: now.since(look.asked) })?;
        let there = wall.at(now).0;
        let may = i64::try_from((BOUND + wall.error(now)).as_micros()).unwrap_or(i64::MAX);
        let apart = own.0.saturating_sub(there);
        if apart.saturating_abs() > may {
            return Err(Astray::Apart(apart));
        }
        let behind = told.0.saturating_sub(there);
        if behind > i64::try_from((BOUND / 2 - wall.error(now)).as_micros()).unwrap_or(0) {
            return Err(Astray::Behind(behind));
        }
        Ok(wall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    /// A database's time when this machine had run for ten seconds.
    const AT: i64 = 1_800_000_000 * SECOND;

    fn at(millis: u64) -> Nanos {
        Nanos(millis * 1_000_000)
    }

    fn look(asked: u64, answered: u64, said: i64) -> Look {
        Look { asked: at(asked), answered: at(answered), said: Timestamp(said) }
    }

    #[test]
    fn a_look_is_known_to_half_its_round_trip_and_drifts_from_then_on() {
        let wall = Wall::of(look(10_000, 10_100, AT));
        assert_eq!(wall.at(at(10_050)), Timestamp(AT));
        assert_eq!(wall.at(at(12_050)), Timestamp(AT + 2 * SECOND));
        assert_eq!(wall.error(at(10_100)), Duration::from_millis(50));
        assert_eq!(wall.error(at(20_100)), Duration::from_millis(60));
        // Time in suspend is in both clocks.
        assert_eq!(wall.at(at(10_050 + 86_400_000)), Timestamp(AT + 86_400 * SECOND));
    }

    #[test]
    fn a_node_serves_by_a_clock_that_it_knows_and_that_its_own_agrees_with() {
        let known = Wall::of(look(8_990, 9_010, AT - SECOND));
        let (fast, slow) = (look(9_990, 10_010, AT), look(8_000, 10_010, AT));
        let stale = Wall { looked: Nanos(0), error: Duration::from_millis(249), ..known };
        let too_slow = Astray::Slow { took: Duration::from_millis(2_010) };
        // What is looked at, what was seen before; the node's own clock and the latest time that it told, milliseconds
        // beyond the database's; what comes of it.
        let cases = [
            ("all is well", fast, Some(known), 0, -1_000, None),
            ("the first look", fast, None, 0, -1_000, None),
            ("its own is a little fast", fast, Some(known), 1_010, -1_000, None),
            ("its own is fast", fast, Some(known), 1_011, -1_000, Some(Astray::Apart(1_011_000))),
            ("its own is a little slow", fast, Some(known), -1_010, -1_000, None),
            ("its own is slow", fast, Some(known), -1_011, -1_000, Some(Astray::Apart(-1_011_000))),
            ("its own is years off", fast, Some(known), 1 << 40, -1_000, Some(Astray::Apart(1_000 << 40))),
            ("the database went back a little", fast, Some(known), 0, 490, None),
            ("the database went back", fast, Some(known), 0, 491, Some(Astray::Behind(491_000))),
            ("a slow answer, and it knew", slow, Some(known), 0, -1_000, None),
            ("a slow answer at first", slow, None, 0, -1_000, Some(too_slow)),
            ("a slow answer, and it knew long ago", slow, Some(stale), 0, -1_000, Some(too_slow)),
        ];
        // The database's time when the answer had come.
        let there = AT + 10_000;
        for (case, look, before, own, told, astray) in cases {
            let beyond = |millis: i64| Timestamp(there + millis * 1_000);
            assert_eq!(Wall::follow(before, look, beyond(own), beyond(told)).err(), astray, "{case}");
        }
    }

    #[test]
    fn a_node_that_must_not_serve_says_how_far_off_it_is() {
        let said = |astray: Astray| astray.to_string();
        assert!(said(Astray::Apart(-3_000_000)).contains("is 3000 ms behind the database's, and the bound is 1000 ms"));
        assert!(said(Astray::Apart(7_200_000_000)).contains("is 120 min ahead of"));
        assert!(said(Astray::Behind(86_400_000_000 * 365)).contains("went back to 365 days before"));
        assert!(said(Astray::Slow { took: Duration::from_secs(12) }).contains("took 12 s to answer"));
    }

    #[test]
    fn a_step_of_the_database_is_followed_up_to_the_bound() {
        let before = Some(Wall::of(look(8_990, 9_010, AT)));
        let forward = AT + SECOND + SECOND * 8 / 10;
        let followed = Wall::follow(before, look(9_990, 10_010, forward), Timestamp(AT + SECOND), Timestamp(AT));
        assert_eq!(followed.unwrap().at(at(10_000)), Timestamp(forward));
        let far = Wall::follow(before, look(9_990, 10_010, forward + SECOND), Timestamp(AT + SECOND), Timestamp(AT));
        assert!(matches!(far, Err(Astray::Apart(_))), "{far:?}");
    }
}
