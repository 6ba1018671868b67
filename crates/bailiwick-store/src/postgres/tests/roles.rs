//! What the application's role may not do, and which databases are refused.

use std::collections::BTreeSet;

use super::{Database, key};
use crate::StoreError;
use crate::postgres::migrate::MIGRATIONS;
use crate::postgres::{Options, Postgres};
use crate::readers::KNOWN;
use crate::suite::{TENANT, Team, verify};

/// Does SQL as a role; why it was refused.
async fn refused(database: &Database, role: &str, sql: &str) -> String {
    refused_at(&database.server.url(&database.name, role), sql).await
}

async fn refused_at(url: &str, sql: &str) -> String {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("set search_path = bailiwick").await.unwrap();
    match client.batch_execute(sql).await {
        Ok(()) => panic!("{sql} was done"),
        Err(error) => error.as_db_error().unwrap().message().to_owned(),
    }
}

#[tokio::test]
async fn ab155_neither_the_application_nor_the_owner_changes_the_log() {
    let test = "ab155_neither_the_application_nor_the_owner_changes_the_log";
    let Some(database) = Database::new(test).await else { return };
    let store = database.open().await;
    Team::new(&store, TENANT, None).await;
    for sql in [
        "update changes set at = 0",
        "update events set payload = '{}'",
        "delete from changes",
        "delete from events",
        "truncate changes",
        "truncate events",
    ] {
        let said = refused(&database, "bailiwick", sql).await;
        assert!(said.starts_with("permission denied for table"), "{sql}: {said}");
        assert_eq!(refused(&database, "bailiwick_owner", sql).await, "the log is never changed", "{sql}");
    }
    assert_eq!(verify(&store, None).await.broken, None);
}

#[tokio::test]
async fn the_application_cannot_change_the_tables_themselves() {
    let Some(database) = Database::new("the_application_cannot_change_the_tables_themselves").await else { return };
    for sql in [
        "create table extra (id bigint)",
        "drop table events",
        "alter table changes add column extra bigint",
        "alter table changes disable trigger changes_stay",
        "drop trigger changes_stay on changes",
        "drop function log_stays cascade",
        "create function log_stays() returns trigger language sql as 'select null'",
        "create trigger extra before insert on events for each row execute function log_stays()",
        "insert into migrations values (99, 'later', '', 0)",
        "delete from feed",
        "drop schema bailiwick cascade",
    ] {
        let said = refused(&database, "bailiwick", sql).await;
        assert!(said.contains("permission denied") || said.contains("must be owner"), "{sql}: {said}");
    }
}

#[tokio::test]
async fn ab155_what_the_master_of_the_server_edits_is_found() {
    for (sql, place) in [
        ("update events set payload = replace(payload, 'Acme', 'Evil') where revision = 1", "revision 1"),
        ("delete from changes where position = 2", "revision 1"),
        ("update workspaces set name = 'Evil'", "revision 1"),
        ("update members set sole = not sole", "revision 1"),
        ("update feed set position = 1", "the feed"),
    ] {
        let Some(database) = Database::new("ab155_what_the_master_of_the_server_edits_is_found").await else { return };
        let store = database.open().await;
        Team::new(&store, TENANT, None).await;
        database.sql(&format!("set session_replication_role = replica; {sql}"));
        let found = verify(&store, None).await.broken;
        assert!(found.as_ref().is_some_and(|found| found.contains(place)), "{sql}: {found:?}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_of_this_release_is_refused() {
    let Some(database) = Database::new("a_database_that_is_not_of_this_release_is_refused").await else { return };
    let known = KNOWN;
    let open = async || Postgres::open(&database.url(), key(), &Options::default()).await.map(drop);
    open().await.unwrap();
    database.sql("insert into migrations values (99, 'later', '', 0)");
    // A newer release may leave room for this one, or not.
    open().await.unwrap();
    database.sql("update feed set oldest_reader = 99");
    let newer = open().await;
    assert!(matches!(newer, Err(StoreError::Outdated { needs: 99, known: newest }) if newest == known), "{newer:?}");
    assert!(newer.unwrap_err().to_string().contains("start the newer release"));
    database.sql("update feed set oldest_reader = 7");
    let owner = database.server.url(&database.name, "bailiwick_owner");
    let again = Postgres::migrate(&owner, "bailiwick", &Options::default()).await;
    assert!(matches!(again, Err(StoreError::Newer { found: 99, .. })), "{again:?}");
    database.sql("delete from migrations where number > 5");
    let older = open().await;
    assert!(matches!(&older, Err(StoreError::Older { found: 5, .. })), "{older:?}");
    assert!(older.unwrap_err().to_string().contains("bailiwick migrate"));
    let other = "update migrations set hash = 'x' where number = 2";
    database.sql(&format!("insert into migrations values ({known}, 'x', 'x', 0); {other}"));
    assert!(matches!(open().await, Err(StoreError::Database(why)) if why.contains("0002_installation")));

    let empty = format!("{}_empty", database.name);
    database.server.create_database(&empty).unwrap();
    let bare = Postgres::open(&database.server.url(&empty, "bailiwick"), key(), &Options::default()).await.map(drop);
    assert!(matches!(bare, Err(StoreError::Older { found: 0, .. })), "{bare:?}");
}

#[tokio::test]
async fn migrating_twice_is_migrating_once_and_at_once_too() {
    let test = "migrating_twice_is_migrating_once_and_at_once_too";
    let Some(database) = Database::new(test).await else { return };
    let name = format!("{}_anew", database.name);
    database.server.create_database(&name).unwrap();
    let owner = database.server.url(&name, "bailiwick_owner");
    let options = Options::default();
    let migrate = || Postgres::migrate(&owner, "bailiwick", &options);
    let (one, two) = tokio::join!(migrate(), migrate());
    one.unwrap();
    two.unwrap();
    migrate().await.unwrap();
    Postgres::open(&database.server.url(&name, "bailiwick"), key(), &options).await.unwrap();
}

/// One role for both is possible, and told aloud: it may drop what guards the log.
#[tokio::test]
async fn of_one_role_for_both_the_database_can_be_migrated_again() {
    let test = "of_one_role_for_both_the_database_can_be_migrated_again";
    let Some(database) = Database::new(test).await else { return };
    let name = format!("{}_alone", database.name);
    database.server.create_database(&name).unwrap();
    let url = database.server.url(&name, "bailiwick_owner");
    for known in [&MIGRATIONS[..3], MIGRATIONS] {
        let conn = crate::postgres::connect::Dialer::new(&url, &Options::default()).unwrap();
        let conn = conn.connect(crate::postgres::connect::Purpose::Migrate).await.unwrap();
        crate::postgres::migrate::migrate(&conn, known, "bailiwick_owner").await.unwrap();
    }
    let store = Postgres::open(&url, key(), &Options::default()).await.unwrap();
    Team::new(&store, TENANT, None).await;
    assert_eq!(refused_at(&url, "delete from events").await, "the log is never changed");
}

/// What only nodes on PostgreSQL need.
const NODES_ALONE: &[&str] = &[
    "feed.oldest_reader",
    "feed.settled_system",
    "feed.settled_timeline",
    "nodes.applied",
    "nodes.incarnation",
    "nodes.node",
];

#[tokio::test]
async fn the_migrations_of_both_databases_make_the_same_tables() {
    let ours: Vec<_> = MIGRATIONS.iter().map(|m| (m.number, m.name)).collect();
    let theirs: Vec<_> = crate::sqlite::MIGRATIONS.iter().map(|m| (m.0, m.1)).collect();
    assert_eq!(ours, theirs);
    let Some(database) = Database::new("the_migrations_of_both_databases_make_the_same_tables").await else { return };
    let columns = "select table_name || '.' || column_name from information_schema.columns
        where table_schema = 'bailiwick'";
    let ours: BTreeSet<String> = database.sql(columns).lines().map(str::to_owned).collect();
    let mut theirs = crate::sqlite::columns();
    theirs.extend(NODES_ALONE.iter().map(ToString::to_string));
    assert_eq!(ours, theirs);
}
