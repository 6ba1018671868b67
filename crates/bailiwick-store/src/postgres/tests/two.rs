//! Two stores on one database, as two processes are: the whole suite, by turns on the one and the other.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bailiwick_core::ids::CommandId;

use super::Database;
use crate::postgres::Postgres;
use crate::rows::LineId;
use crate::{Ended, Later, ObserveWork, ReadWork, Store, Work};

struct Two {
    stores: [Postgres; 2],
    turn: AtomicUsize,
}

impl Two {
    fn next(&self) -> &Postgres {
        &self.stores[self.turn.fetch_add(1, Relaxed) % 2]
    }
}

impl Store for Two {
    fn change(&self, lines: Vec<LineId>, command: CommandId, work: Work) -> Later<'_, Ended> {
        self.next().change(lines, command, work)
    }

    fn read(&self, work: ReadWork) -> Later<'_, ()> {
        self.next().read(work)
    }

    fn observe(&self, work: ObserveWork) -> Later<'_, ()> {
        self.next().observe(work)
    }
}

async fn two(test: &str) -> Option<Two> {
    let database = Database::new(test).await?;
    Some(Two { stores: [database.open().await, database.open().await], turn: 0.into() })
}

crate::store_suite! { two }
