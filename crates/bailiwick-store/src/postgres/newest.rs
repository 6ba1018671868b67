//! The newest history of the database that any connection was on. A primary that was left behind by a fail-over may run
//! on for long: what it says is of no use, and nothing is to be said to it.

use std::sync::{Mutex, PoisonError};

use bailiwick_core::node::Place;

/// It.
#[derive(Debug, Default)]
pub(super) struct Newest(Mutex<Option<Place>>);

impl Newest {
    /// Notes where a new connection is.
    pub(super) fn see(&self, place: Place) {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !newest.is_some_and(|newest| is_before(place, newest)) {
            *newest = Some(place);
        }
    }

    /// Whether a history was left behind.
    pub(super) fn has_left(&self, place: Place) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|newest| newest != place)
    }
}

fn is_before(place: Place, newest: Place) -> bool {
    place.system == newest.system && place.timeline < newest.timeline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_left_for_a_later_timeline_or_another_system() {
        let at = |system, timeline| Place { system, timeline };
        let newest = Newest::default();
        assert!(!newest.has_left(at(7, 1)), "nothing is known yet");
        newest.see(at(7, 2));
        assert!(!newest.has_left(at(7, 2)) && newest.has_left(at(7, 1)));
        newest.see(at(7, 1));
        assert!(newest.has_left(at(7, 1)), "the old primary is there, and left");
        newest.see(at(9, 1));
        assert!(newest.has_left(at(7, 2)) && !newest.has_left(at(9, 1)));
    }
}
