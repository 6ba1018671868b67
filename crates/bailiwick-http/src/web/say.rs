//! Moments, lengths and numbers as people say them.

use bailiwick_core::time::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::ui::kit::When;

/// A moment beside now.
pub fn when(at: Timestamp, now: Timestamp) -> When {
    When {
        relative: relative(at, now),
        absolute: format("%-d %b %Y, %H:%M UTC", at),
        iso: format("%Y-%m-%dT%H:%M:%SZ", at),
    }
}

/// "2 hours ago", "in 6 days".
fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.seconds_since(at);
    match seconds {
        -59..=59 => "Now".to_owned(),
        ..=-60 => format!("in {}", length(-seconds)),
        86_400..=172_799 => "Yesterday".to_owned(),
        _ => format!("{} ago", length(seconds)),
    }
}

/// "2 hours", in the largest unit that says something.
pub fn length(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..=59 => (seconds.max(1), "second"),
        60..=3_599 => (seconds / 60, "minute"),
        3_600..=86_399 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    plural(count, unit)
}

/// "1 day", "2 days".
pub fn plural(count: i64, unit: &str) -> String {
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

/// "4 March 2026".
pub fn day(at: Timestamp) -> String {
    format("%-d %B %Y", at)
}

/// "Thursday, 4 March 2026": the head of a day in the log.
pub fn day_head(at: Timestamp, now: Timestamp) -> String {
    let (this, today) = (day(at), day(now));
    if this == today { format!("Today, {this}") } else { format("%A, %-d %B %Y", at) }
}

/// "09:42".
pub fn clock(at: Timestamp) -> String {
    format("%H:%M", at)
}

fn format(pattern: &str, at: Timestamp) -> String {
    let zoned = jiff::Timestamp::from_microsecond(at.0).map(|moment| moment.to_zoned(TimeZone::UTC));
    zoned.and_then(|zoned| strtime::format(pattern, &zoned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_people_say_them() {
        let now = Timestamp(1_795_651_200_000_000);
        let said = |seconds| relative(now.plus_seconds(seconds), now);
        assert_eq!(
            [-5, -90, -7_200, -90_000, -200_000, 600_000].map(said),
            ["Now", "1 minute ago", "2 hours ago", "Yesterday", "2 days ago", "in 6 days"]
        );
        assert_eq!(day(now), "26 November 2026");
    }
}
