//! What nodes tell each other through the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use bailiwick_core::node::{Incarnation, Place, Row, Word};
use bailiwick_core::team::command::{Actor, Command, NewInvitation};

use super::Database;
use crate::cluster::{Cluster, Wake};
use crate::rows::LineId;
use crate::suite::{BEGIN, HOST, TENANT, Team, at_once, fresh, install, verify};
use crate::{StoreError, read};

const ONE: Incarnation = Incarnation(1);
const TWO: Incarnation = Incarnation(u128::MAX);
const HERE: Place = Place { system: 1, timeline: 1 };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_page_everything_is_of_one_moment_and_in_order() {
    let Some(database) = Database::new("of_a_page_everything_is_of_one_moment_and_in_order").await else { return };
    let store = database.open().await;
    let empty = store.page(0).await.unwrap();
    assert_eq!((empty.head, empty.anchor, empty.entries.len(), empty.settled), (0, None, 0, true));
    let team = Team::new(&store, TENANT, None).await;
    let renamed = team.act(&store, Actor::Operator, Command::Rename { name: "Globex".into() }, BEGIN).await.unwrap();
    let all = store.page(0).await.unwrap();
    assert_eq!((all.head, all.anchor), (3, None));
    assert_eq!(all.entries.iter().map(|e| e.position).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(all.entries[0].what.line, LineId::Installation);
    assert_eq!(all.entries[0].what.model, "");
    let last = &all.entries[2];
    assert_eq!((last.what.line, last.what.revision), (LineId::Workspace(team.id), 2));
    assert_eq!(last.what.model, &*team.model.version);
    assert_eq!(last.what.events.iter().map(|e| &*e.kind).collect::<Vec<_>>(), ["workspace_renamed"]);
    assert_eq!((renamed.position, renamed.place), (3, Some(all.place)));
    // The mark at a position is the command there, and nothing is where nothing was.
    let from = store.page(2).await.unwrap();
    assert_eq!((from.anchor, from.entries.len()), (Some(all.entries[1].mark), 1));
    let end = store.page(3).await.unwrap();
    assert_eq!((end.anchor, end.entries.len()), (Some(last.mark), 0));
    assert_eq!(store.page(9).await.unwrap().anchor, None);
    assert_eq!(read(&store, |from| from.head()).await.unwrap(), 3);
}

/// A page has a bound, in changes and in bytes, and always goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_long_feed_every_page_goes_on_by_whole_changes() {
    let Some(database) = Database::new("of_a_long_feed_every_page_goes_on_by_whole_changes").await else { return };
    let store = database.open().await;
    Team::new(&store, TENANT, None).await;
    // Changes of 3 events with 300,000 bytes each, then many small ones.
    database.sql(
        "insert into changes select line_id, 1 + n, 2 + n, decode(lpad(n::text, 32, '0'), 'hex'), at, actor, null
             from changes, generate_series(1, 600) n where position = 2;
         insert into events select e.line_id, 1 + n, s, at, kind, version, model,
                 case when n <= 4 then repeat('x', 300000) else '{}' end, key_id, mac
             from events e, generate_series(1, 600) n, generate_series(0, 2) s
             where e.revision = 1 and e.seq = 0 and e.kind = 'workspace_created';
         update feed set position = 602",
    );
    let (mut after, mut pages) = (2, Vec::new());
    while after < 602 {
        let page = store.page(after).await.unwrap();
        assert!(page.entries.iter().all(|entry| entry.what.events.len() == 3));
        for entry in &page.entries {
            assert_eq!(entry.position, after + 1);
            after = entry.position;
        }
        pages.push(page.entries.len());
    }
    assert_eq!(pages, [1, 1, 1, 500, 97]);
}

#[tokio::test]
async fn of_a_row_the_position_never_falls_and_only_who_is_behind_is_struck() {
    let test = "of_a_row_the_position_never_falls_and_only_who_is_behind_is_struck";
    let Some(database) = Database::new(test).await else { return };
    let store = database.open().await;
    assert!(!store.renew(ONE, 1).await.unwrap().0);
    let place = store.register(ONE, "one", 4).await.unwrap();
    store.register(TWO, "one", 0).await.unwrap();
    assert!(store.register(ONE, "other", 9).await.is_err());
    assert_eq!(store.renew(ONE, 7).await.unwrap(), (true, place));
    assert_eq!(store.renew(ONE, 5).await.unwrap(), (true, place));
    let row = |incarnation, applied| Row { incarnation, applied };
    assert_eq!(store.rows().await.unwrap(), (vec![row(ONE, 7), row(TWO, 0)], place));
    assert!(!store.strike(ONE, 7).await.unwrap());
    assert!(store.strike(ONE, 8).await.unwrap());
    assert!(!store.strike(ONE, 8).await.unwrap());
    assert!(!store.renew(ONE, 8).await.unwrap().0);
    store.leave(TWO).await.unwrap();
    store.leave(TWO).await.unwrap();
    assert_eq!(store.rows().await.unwrap().0, []);
}

/// A renewal that changes nothing is a commit all the same: the wait for the standby is what it is for.
#[tokio::test]
async fn of_a_renewal_that_changes_nothing_something_is_logged() {
    let Some(database) = Database::new("of_a_renewal_that_changes_nothing_something_is_logged").await else { return };
    let store = database.open().await;
    store.register(ONE, "one", 4).await.unwrap();
    let version = || database.sql("select xmin from nodes");
    let before = version();
    assert!(store.renew(ONE, 4).await.unwrap().0);
    assert_ne!(version(), before);
}

#[tokio::test]
async fn of_another_timeline_nothing_is_settled() {
    let Some(database) = Database::new("of_another_timeline_nothing_is_settled").await else { return };
    let store = database.open().await;
    let page = store.page(0).await.unwrap();
    assert!(page.settled);
    let system = database.sql("select system_identifier from pg_control_system()").parse::<i64>().unwrap();
    assert_eq!(page.place, Place { system: system.cast_unsigned(), timeline: 1 });
    for sql in ["update feed set settled_timeline = 2", "update feed set settled_system = 1, settled_timeline = 1"] {
        database.sql(sql);
        assert!(!store.page(0).await.unwrap().settled);
    }
    let other = Place { timeline: 2, ..page.place };
    assert!(matches!(store.settle(other).await, Err(StoreError::Database(_))));
    assert!(!store.page(0).await.unwrap().settled);
    store.settle(page.place).await.unwrap();
    assert!(store.page(0).await.unwrap().settled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_wake_up_others_hear_and_of_a_new_connection_too() {
    let Some(database) = Database::new("of_a_wake_up_others_hear_and_of_a_new_connection_too").await else { return };
    let (one, other) = (database.open().await, database.open().await);
    let soon = std::time::Duration::from_secs(20);
    let woken = async || tokio::time::timeout(soon, one.woken()).await.unwrap().unwrap();
    assert_eq!(woken().await, Wake::Anything);
    other.wake(Wake::Feed(None)).await.unwrap();
    assert_eq!(woken().await, Wake::Feed(None));
    let words = [3, 4].map(|applied| Wake::Said(Word { incarnation: ONE, applied, place: HERE }));
    for word in words {
        other.wake(word).await.unwrap();
    }
    assert_eq!([woken().await, woken().await], words);
    database.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen bailiwick'
        and datname = current_database()",
    );
    assert_eq!(woken().await, Wake::Anything);
    other.wake(Wake::Feed(None)).await.unwrap();
    assert_eq!(woken().await, Wake::Feed(None));
}

/// AB-156: changes of many lines, by two processes at once. Whoever reads the feed sees each position when all before
/// it are there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ab156_no_reader_of_the_feed_ever_sees_a_gap() {
    let Some(database) = Database::new("ab156_no_reader_of_the_feed_ever_sees_a_gap").await else { return };
    let stores = [database.open().await, database.open().await];
    let (product, model) = install(&stores[0], TENANT).await;
    let mut teams = Vec::new();
    for _ in 0..4 {
        teams.push(Team::within(&stores[0], product, Arc::clone(&model), None, None).await.unwrap());
    }
    /// Also a test that fails lets the reader end.
    struct AtEnd<'a>(&'a AtomicBool);
    impl Drop for AtEnd<'_> {
        fn drop(&mut self) {
            self.0.store(true, Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    let (stores, teams, over) = (&stores, &teams, &done);
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let (mut after, mut mark, mut pages) = (0, None, 0);
                loop {
                    let last = over.load(Relaxed);
                    let page = stores[1].page(after).await.unwrap();
                    assert_eq!(page.anchor, mark);
                    for entry in &page.entries {
                        assert_eq!(entry.position, after + 1);
                        (after, mark) = (entry.position, Some(entry.mark));
                    }
                    assert_eq!(page.head, after);
                    pages += 1;
                    if last {
                        return (after, pages);
                    }
                }
            })
        });
        let at_end = AtEnd(over);
        at_once(8, |n| async move {
            for round in 0..15 {
                let command = if n == 7 && round < 4 {
                    let access = bailiwick_core::team::wire::AccessWire::of_role("user");
                    let (invitation, address) = (fresh(), fresh());
                    let new = NewInvitation {
                        invitation: bailiwick_core::ids::InvitationId(invitation),
                        address: bailiwick_core::ids::AddressId(address),
                        access,
                    };
                    Command::Invite(vec![new])
                } else {
                    Command::Rename { name: format!("Acme {n} {round}") }
                };
                teams[n % 4].act(&stores[n % 2], HOST, command, BEGIN).await.unwrap();
            }
        });
        drop(at_end);
        let (head, pages) = reading.join().unwrap();
        assert_eq!(head, 5 + 8 * 15);
        assert!(pages > 10, "{pages} looks show little");
    });
    assert_eq!(verify(&stores[0], None).await.broken, None);
}
