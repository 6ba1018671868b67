//! When what failed is tried again. Waits grow and are jittered, so that many who failed at once do not come back at once.

use bailiwick_core::time::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// What lies between one try of a delivery and the next, in seconds: together a little more than three days.
const WAITS: [i64; 9] = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// An endpoint that has failed for so long in everything is disabled.
pub(super) const GIVE_UP_AFTER: i64 = 5 * 24 * HOUR;
/// So many failures in a row, and the endpoint itself is left alone for a while.
const BREAKER: u32 = 5;
/// The longest that an endpoint is left alone, unless it asks for more.
const LONGEST_PAUSE: i64 = HOUR;
/// The longest that it can ask for.
const LONGEST_WISH: i64 = 24 * HOUR;

/// A wait between nine and eleven tenths of this; `jitter` is any number.
fn jittered(seconds: i64, jitter: u128) -> i64 {
    let thousandth = i64::try_from(jitter % 201).unwrap_or(0) + 900;
    (seconds * thousandth + 999) / 1000
}

/// When a delivery is tried again after `attempts` failures, the last of them now; `None`: it is given up.
pub(super) fn next_try(attempts: u32, now: Timestamp, jitter: u128) -> Option<Timestamp> {
    let wait = WAITS.get(usize::try_from(attempts.checked_sub(1)?).ok()?)?;
    Some(now.plus_seconds(jittered(*wait, jitter)))
}

/// For how many seconds an endpoint is left alone after `failures` in a row: what it asked for; if it said that it is
/// overloaded, or has failed often, longer each time.
pub(super) fn pause(failures: u32, overloaded: bool, asked: Option<u32>, jitter: u128) -> Option<i64> {
    let asked = asked.map(|seconds| i64::from(seconds).min(LONGEST_WISH));
    let own = (overloaded || failures >= BREAKER).then(|| {
        let doublings = failures.saturating_sub(1).min(20);
        jittered((5_i64 << doublings).min(LONGEST_PAUSE), jitter)
    });
    asked.max(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_go_on_for_days_with_growing_jittered_waits_and_end() {
        for jitter in [0, 100, 200, u128::MAX] {
            let (mut now, mut last, mut tries) = (Timestamp(0), 0, 1);
            while let Some(next) = next_try(tries, now, jitter) {
                let wait = next.seconds_since(now);
                assert!(wait > last, "after {tries}");
                (now, last, tries) = (next, wait, tries + 1);
            }
            assert_eq!(tries, 10);
            assert!((65..=85).contains(&(now.seconds_since(Timestamp(0)) / HOUR)));
        }
        assert_ne!(next_try(4, Timestamp(0), 0), next_try(4, Timestamp(0), 200));
        assert_eq!(next_try(0, Timestamp(0), 0), None);
    }

    #[test]
    fn an_endpoint_is_left_alone_if_it_asks_or_fails_again_and_again() {
        let table = [
            // Failures, overloaded, asked for, seconds in the middle of the jitter.
            (1, false, None, None),
            (4, false, None, None),
            (5, false, None, Some(80)),
            (40, false, None, Some(3_600)),
            (1, true, None, Some(5)),
            (3, true, None, Some(20)),
            (1, false, Some(120), Some(120)),
            (1, true, Some(120), Some(120)),
            (9, true, Some(1), Some(1_280)),
            (1, true, Some(u32::MAX), Some(86_400)),
        ];
        for (failures, overloaded, asked, wanted) in table {
            assert_eq!(pause(failures, overloaded, asked, 100), wanted, "{failures} {overloaded} {asked:?}");
        }
    }
}
