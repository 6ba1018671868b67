//! This release beside a newer one: what it goes on doing, and what it must not touch.

use bailiwick_core::team::command::{Actor, Command};

use super::{Database, key};
use crate::cluster::Cluster;
use crate::postgres::connect::{Dialer, Purpose};
use crate::postgres::migrate::{MIGRATIONS, Migration, migrate};
use crate::postgres::{Options, Postgres};
use crate::readers::KNOWN;
use crate::rows::LineId;
use crate::suite::{BEGIN, TENANT, Team};
use crate::{StoreError, read};

const MOTTO: &str = "alter table workspaces add column motto text";

/// A migration that a later release brings.
fn later(number: u32, beside: u32, text: &'static str) -> Migration {
    Migration { number, name: "later", text, beside }
}

/// Migrates as a release would that has these beside the ones known here.
async fn upgrade(database: &Database, to: &[Migration]) {
    let owner = database.server.url(&database.name, "bailiwick_owner");
    let conn = Dialer::new(&owner, &Options::default()).unwrap().connect(Purpose::Migrate).await.unwrap();
    migrate(&conn, &[MIGRATIONS, to].concat(), "bailiwick").await.unwrap();
}

#[tokio::test]
async fn beside_a_newer_release_this_one_works_as_long_as_its_tables_allow() {
    let test = "beside_a_newer_release_this_one_works_as_long_as_its_tables_allow";
    let Some(database) = Database::new(test).await else { return };
    let store = database.open().await;
    let team = Team::new(&store, TENANT, None).await;
    let rename = |to: &str| Command::Rename { name: to.into() };

    // It only adds something: who runs goes on, and who starts again does.
    let adds = later(KNOWN + 1, KNOWN, MOTTO);
    upgrade(&database, &[adds]).await;
    team.act(&store, Actor::Operator, rename("Globex"), BEGIN).await.unwrap();
    store.page(0).await.unwrap();
    let again = database.open().await;
    team.act(&again, Actor::Operator, rename("Initech"), BEGIN).await.unwrap();
    let owner = database.server.url(&database.name, "bailiwick_owner");
    let back = Postgres::migrate(&owner, "bailiwick", &Options::default()).await;
    assert!(matches!(back, Err(StoreError::Newer { found, .. }) if found == KNOWN + 1), "{back:?}");

    // It changes what is there: who runs learns it with the next reading of the feed, and nobody starts.
    upgrade(&database, &[adds, later(KNOWN + 2, KNOWN + 2, "alter table workspaces rename column motto to creed")])
        .await;
    let page = store.page(0).await.map(drop);
    assert!(matches!(page, Err(StoreError::Outdated { needs, known: KNOWN }) if needs == KNOWN + 2), "{page:?}");
    let open = Postgres::open(&database.url(), key(), &Options::default()).await.map(drop);
    assert!(matches!(open, Err(StoreError::Outdated { .. })), "{open:?}");
}

#[tokio::test]
async fn of_a_line_that_a_newer_release_wrote_nothing_is_read_or_changed_here() {
    let test = "of_a_line_that_a_newer_release_wrote_nothing_is_read_or_changed_here";
    let Some(database) = Database::new(test).await else { return };
    let store = database.open().await;
    let [team, other] = [Team::new(&store, TENANT, None).await, Team::new(&store, TENANT, None).await];
    // The state is in this process's memory by now.
    let rename = || Command::Rename { name: "Globex".into() };
    team.act(&store, Actor::Operator, rename(), BEGIN).await.unwrap();
    let id = team.id;
    let mark = |oldest: u32| {
        database
            .sql(&format!("update lines set oldest_reader = {oldest} where line_id = decode('{:032x}', 'hex')", id.0));
    };
    mark(KNOWN);
    team.state(&store).await;
    mark(KNOWN + 1);
    let fenced =
        |error: &StoreError| matches!(error, StoreError::Fenced { why, .. } if why.contains("a newer release"));
    let found = read(&store, move |from| from.workspace(id)).await.map(drop);
    assert!(found.as_ref().is_err_and(fenced), "{found:?}");
    let line = read(&store, move |from| from.understood(LineId::Workspace(id))).await;
    assert!(line.as_ref().is_err_and(fenced), "{line:?}");
    let command = Command::Rename { name: "Initech".into() };
    let changed = team.act(&store, Actor::Operator, command, BEGIN).await.map(drop);
    assert!(format!("{changed:?}").contains("a newer release"), "{changed:?}");
    other.act(&store, Actor::Operator, rename(), BEGIN).await.unwrap();
}
