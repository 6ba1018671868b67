//! When a mail that was not taken goes again.

use bailiwick_core::time::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// What lies between one attempt and the next, in seconds: quick while a person may be waiting for the mail,
/// patient for a relay that is down over a weekend's day. Together a little less than two days.
const WAITS: [i64; 11] =
    [15, 45, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, 20 * HOUR];

/// When to try again after `attempts` failures, the last of them now; `None` when the mail is undelivered.
///
/// A mail that was never tried goes at once. How long its link works is not asked here: a caller that knows the
/// link has run out gives up earlier.
pub fn next_attempt(attempts: u32, now: Timestamp) -> Option<Timestamp> {
    let Some(failures) = attempts.checked_sub(1) else { return Some(now) };
    let wait = WAITS.get(usize::try_from(failures).ok()?)?;
    Some(now.plus_seconds(*wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ec26_the_schedule() {
        let minute = 60;
        let hour = 3_600;
        let table = [
            (0, Some(0)),
            (1, Some(15)),
            (2, Some(45)),
            (3, Some(2 * minute)),
            (4, Some(10 * minute)),
            (5, Some(30 * minute)),
            (6, Some(hour)),
            (7, Some(2 * hour)),
            (8, Some(4 * hour)),
            (9, Some(8 * hour)),
            (10, Some(12 * hour)),
            (11, Some(20 * hour)),
            (12, None),
            (u32::MAX, None),
        ];
        let now = Timestamp(1_900_000_000_000_000);
        for (attempts, seconds) in table {
            assert_eq!(next_attempt(attempts, now), seconds.map(|s| now.plus_seconds(s)), "after {attempts}");
        }
    }

    #[test]
    fn ec26_waits_grow_and_end_after_about_two_days() {
        let mut now = Timestamp(0);
        let mut last = 0;
        for attempts in 1.. {
            let Some(next) = next_attempt(attempts, now) else { break };
            assert!(next.seconds_since(now) > last, "after {attempts}");
            last = next.seconds_since(now);
            now = next;
        }
        let hours = now.seconds_since(Timestamp(0)) / 3_600;
        assert!((44..=50).contains(&hours), "{hours} hours");
    }
}
