//! A commit that is not answered is looked up, never guessed.

use std::time::Duration;

use bailiwick_core::ids::CommandId;
use bailiwick_core::team::command::{Actor, Command, Request};
use bailiwick_testkit::{Lose, Proxy, Server};

use super::{Database, key};
use crate::cluster::Cluster;
use crate::postgres::{Options, Postgres};
use crate::suite::{BEGIN, No, TENANT, Team, fresh, verify};
use crate::{Changed, StoreError};

/// It stands in the event, so in what is said together with the commit.
const LAST_WORD: &[u8] = b"workspace_renamed";
const DONE: Lose = Lose::Answer(b"COMMIT\0");

fn rename(to: &str) -> Request {
    Request { actor: Actor::Operator, command: Command::Rename { name: to.into() }, seen: None }
}

fn quick() -> Options {
    Options { commit: Duration::from_millis(500), look_up: Duration::from_secs(20), ..Options::default() }
}

/// A store behind a proxy, and a workspace in it.
async fn behind(test: &str, options: &Options) -> Option<(Database, Proxy, Postgres, Team)> {
    let database = Database::new(test).await?;
    let proxy = Proxy::to(database.server.port()).unwrap();
    let url = database.server.url_by(proxy.port(), &database.name, "bailiwick");
    let store = database.open_by(&url, options).await;
    let team = Team::new(&store, TENANT, None).await;
    Some((database, proxy, store, team))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ab176_a_commit_whose_answer_is_lost_is_found_and_is_what_it_was() {
    for lose in [DONE, Lose::Silence] {
        let test = "ab176_a_commit_whose_answer_is_lost_is_found_and_is_what_it_was";
        let Some((_database, proxy, store, team)) = behind(test, &quick()).await else { return };
        let command = CommandId(fresh());
        proxy.lose(LAST_WORD, lose);
        let changed = team.send(&store, command, rename("Globex"), BEGIN).await.unwrap();
        assert!(proxy.has_lost());
        let Changed::Done(Some(after), committed) = changed else { panic!("{changed:?}") };
        assert_eq!((&*after.name, committed.revisions[0].1), ("Globex", 2));
        assert_eq!(committed.workspaces, [std::sync::Arc::clone(&after)]);
        assert!(committed.place.is_some());
        assert_eq!(team.state(&store).await, after);
        let again = team.send(&store, command, rename("Initech"), BEGIN).await.unwrap();
        assert!(matches!(&again, Changed::Repeated(same) if same.position == committed.position), "{again:?}");
        assert_eq!(verify(&store, None).await.broken, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ab176_a_commit_that_never_arrived_is_an_error_and_can_be_tried_again() {
    let test = "ab176_a_commit_that_never_arrived_is_an_error_and_can_be_tried_again";
    let Some((_database, proxy, store, team)) = behind(test, &quick()).await else { return };
    let command = CommandId(fresh());
    proxy.lose(LAST_WORD, Lose::Question);
    let lost = team.send(&store, command, rename("Globex"), BEGIN).await;
    assert!(matches!(&lost, Err(No::Store(StoreError::Unavailable(_)))), "{lost:?}");
    assert!(proxy.has_lost());
    assert_eq!(&*team.state(&store).await.name, "Acme");
    let again = team.send(&store, command, rename("Globex"), BEGIN).await.unwrap();
    assert!(matches!(again, Changed::Done(..)), "{again:?}");
    assert_eq!(verify(&store, None).await.broken, None);
}

/// A backend that is killed takes its transaction with it, wherever it stood.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ab176_a_killed_backend_takes_its_change_with_it_and_the_next_is_served() {
    let test = "ab176_a_killed_backend_takes_its_change_with_it_and_the_next_is_served";
    let Some(database) = Database::new(test).await else { return };
    let store = database.open().await;
    let team = Team::new(&store, TENANT, None).await;
    let (server, name) = (database.server, database.name.clone());
    let (id, model) = (team.id, team.model.clone());
    let lines = vec![crate::rows::LineId::Workspace(id)];
    let lost = crate::change::<_, No, _>(&store, lines, CommandId(fresh()), move |tx| {
        let after = crate::suite::step(tx, id, &model, &rename("Globex"), BEGIN)?;
        let kill = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
            and pid <> pg_backend_pid()";
        server.psql(&name, kill).unwrap();
        Ok(after)
    })
    .await;
    assert!(matches!(&lost, Err(No::Store(StoreError::Unavailable(_)))), "{lost:?}");
    // Every idle connection has died as well.
    assert_eq!(&*team.state(&store).await.name, "Acme");
    team.send(&store, CommandId(fresh()), rename("Initech"), BEGIN).await.unwrap();
    assert_eq!(verify(&store, None).await.broken, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outcome_that_nobody_can_tell_is_said_to_be_unknown() {
    let options = Options { look_up: Duration::from_millis(700), ..quick() };
    let test = "an_outcome_that_nobody_can_tell_is_said_to_be_unknown";
    let Some((_database, proxy, store, team)) = behind(test, &options).await else { return };
    proxy.lose(LAST_WORD, Lose::Everything(b"COMMIT\0"));
    let lost = team.send(&store, CommandId(fresh()), rename("Globex"), BEGIN).await;
    assert!(matches!(&lost, Err(No::Store(StoreError::Unknown(_)))), "{lost:?}");
    proxy.close(false);
    // It was done; the next decision is on it, not on what was remembered.
    assert_eq!(&*team.state(&store).await.name, "Globex");
    let next = team.send(&store, CommandId(fresh()), rename("Initech"), BEGIN).await.unwrap();
    assert!(matches!(&next, Changed::Done(_, committed) if committed.revisions[0].1 == 3), "{next:?}");
}

/// Ends the wait of every commit for its standby.
const CANCEL: &str = "select count(pg_cancel_backend(pid)) from pg_stat_activity where wait_event = 'SyncRep'";

/// Does something, and ends each wait for the standby that it comes to.
async fn cancelled<T>(server: &Server, what: impl Future<Output = T>) -> T {
    tokio::pin!(what);
    loop {
        let cancel = async {
            tokio::task::yield_now().await;
            tokio::task::block_in_place(|| server.psql("postgres", CANCEL).unwrap());
        };
        tokio::select! {
            biased;
            done = &mut what => return done,
            () = cancel => {}
        }
    }
}

/// A commit that is there and not at the standby is no commit: nothing is said to be saved on it, no lease is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_did_not_wait_for_the_standby_is_in_doubt() {
    if !Server::is_installed() {
        return bailiwick_testkit::left_out("a_commit_that_did_not_wait_for_the_standby_is_in_doubt");
    }
    let server = Server::start(&bailiwick_testkit::Options::default()).unwrap();
    server.create_database("doubt").unwrap();
    let options = Options { look_up: Duration::from_secs(2), ..quick() };
    let owner = server.url("doubt", "bailiwick_owner");
    Postgres::migrate(&owner, "bailiwick", &options).await.unwrap();
    let patient = Options { commit: Duration::from_secs(20), ..options };
    let store = Postgres::open(&server.url("doubt", "bailiwick"), key(), &patient).await.unwrap();
    let team = Team::new(&store, TENANT, None).await;
    let node = bailiwick_core::node::Incarnation(1);
    store.register(node, "one", 0).await.unwrap();

    server.set("synchronous_standby_names", "nobody").unwrap();
    let settled = std::time::Duration::from_secs(20);
    let shown = async { while server.psql("postgres", "show synchronous_standby_names").unwrap() != "nobody" {} };
    tokio::time::timeout(settled, shown).await.unwrap();
    let renewed = cancelled(&server, store.renew(node, 3)).await;
    assert!(matches!(renewed, Err(StoreError::Unknown(_))), "{renewed:?}");
    let registered = cancelled(&server, store.register(bailiwick_core::node::Incarnation(2), "two", 0)).await;
    assert!(matches!(registered, Err(StoreError::Unknown(_))), "{registered:?}");
    let changed = cancelled(&server, team.send(&store, CommandId(fresh()), rename("Globex"), BEGIN)).await;
    assert!(matches!(&changed, Err(No::Store(StoreError::Unknown(_)))), "{changed:?}");

    server.set("synchronous_standby_names", "").unwrap();
    assert!(store.renew(node, 3).await.unwrap().0);
    team.send(&store, CommandId(fresh()), rename("Initech"), BEGIN).await.unwrap();
    assert_eq!(verify(&store, None).await.broken, None);
}

/// The server goes and comes back: connections that lay idle are found out, and nobody hears of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_of_the_server_the_next_change_is_served() {
    if !Server::is_installed() {
        return bailiwick_testkit::left_out("after_a_restart_of_the_server_the_next_change_is_served");
    }
    let mut server = Server::start(&bailiwick_testkit::Options { fsync: true, ..Default::default() }).unwrap();
    server.create_database("restart").unwrap();
    let owner = server.url("restart", "bailiwick_owner");
    Postgres::migrate(&owner, "bailiwick", &Options::default()).await.unwrap();
    let store = Postgres::open(&server.url("restart", "bailiwick"), key(), &Options::default()).await.unwrap();
    let team = Team::new(&store, TENANT, None).await;
    server.restart().unwrap();
    let changed = team.send(&store, CommandId(fresh()), rename("Globex"), BEGIN).await.unwrap();
    assert!(matches!(changed, Changed::Done(..)), "{changed:?}");
    assert_eq!(&*team.state(&store).await.name, "Globex");
    assert_eq!(verify(&store, None).await.broken, None);
}
