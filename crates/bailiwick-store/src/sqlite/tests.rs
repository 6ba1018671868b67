//! The suite on SQLite, and what only SQLite does.

use super::Sqlite;
use crate::chain::ChainKey;

fn key() -> ChainKey {
    ChainKey::new(1, &[1; 32])
}

fn fresh() -> Sqlite {
    Sqlite::in_memory(key()).unwrap()
}

crate::store_suite! { fresh:
    of_a_change_is_read_logged_and_verified
    of_a_repeated_command_changes_nothing
    of_a_dropped_change_writes_nothing
    of_a_panic_leaves_nothing_behind_and_the_store_alive
    of_a_step_that_does_not_follow_is_refused
    of_several_lines_change_together_persons_first
    of_the_log_answers_filters
}
