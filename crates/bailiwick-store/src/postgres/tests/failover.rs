//! The primary dies and its synchronous standby takes over.

use bailiwick_core::node::{Incarnation, Place};
use bailiwick_core::team::command::{Actor, Command};
use bailiwick_testkit::Server;

use super::key;
use crate::StoreError;
use crate::cluster::Cluster;
use crate::postgres::{Options, Postgres};
use crate::suite::{BEGIN, TENANT, Team, verify};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_promotion_everything_committed_is_there_and_the_timeline_is_another() {
    if !Server::is_installed() {
        return bailiwick_testkit::left_out(
            "after_a_promotion_everything_committed_is_there_and_the_timeline_is_another",
        );
    }
    let mut first = Server::start(&bailiwick_testkit::Options::default()).unwrap();
    first.create_database("moves").unwrap();
    let options = Options::default();
    Postgres::migrate(&first.url("moves", "bailiwick_owner"), "bailiwick", &options).await.unwrap();
    let mut second = first.standby("second", None).unwrap();
    first.set("synchronous_standby_names", "second").unwrap();
    let (one, two) = (first.port(), second.port());
    let url = format!("postgresql://bailiwick@127.0.0.1:{two},127.0.0.1:{one}/moves");
    let store = Postgres::open(&url, key(), &options).await.unwrap();
    let before = store.page(0).await.unwrap();
    assert!(before.settled);
    let team = Team::new(&store, TENANT, None).await;
    let rename = |to: &str| Command::Rename { name: to.into() };
    let committed = team.act(&store, Actor::Operator, rename("Globex"), BEGIN).await.unwrap();
    assert_eq!(committed.place, Some(before.place));

    first.stop_immediate().unwrap();
    second.promote().unwrap();
    let after = store.page(committed.position).await.unwrap();
    assert_eq!(after.place, Place { timeline: 2, ..before.place });
    assert_eq!((after.head, after.entries.len(), after.settled), (committed.position, 0, false));
    assert!(after.anchor.is_some());
    assert!(matches!(store.settle(before.place).await, Err(StoreError::Database(_))));
    store.settle(after.place).await.unwrap();
    assert!(store.page(0).await.unwrap().settled);
    assert_eq!(store.register(Incarnation(1), "one", 0).await.unwrap(), after.place);
    assert_eq!(&*team.state(&store).await.name, "Globex");
    let next = team.act(&store, Actor::Operator, rename("Initech"), BEGIN).await.unwrap();
    assert_eq!((next.position, next.place), (committed.position + 1, Some(after.place)));
    assert_eq!(verify(&store, None).await.broken, None);

    // The old primary comes back as one, and the new one is away: there is nobody to talk to.
    first.restart().unwrap();
    second.stop_immediate().unwrap();
    let refused = store.page(0).await;
    assert!(matches!(&refused, Err(StoreError::Unavailable(why)) if why.contains("left behind")), "{refused:?}");
    let nothing = team.act(&store, Actor::Operator, rename("Umbrella"), BEGIN).await;
    assert!(nothing.is_err(), "{nothing:?}");
    second.restart().unwrap();
    assert_eq!(store.page(0).await.unwrap().place, after.place);
    assert_eq!(&*team.state(&store).await.name, "Initech");
}
