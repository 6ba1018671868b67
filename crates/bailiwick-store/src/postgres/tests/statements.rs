//! Every statement is prepared on a migrated database, and finds its rows by an index where it should.

use super::Database;
use crate::query::{self, Dialect};

/// Statements that walk whole tables, and may: a verification, and what is few.
const WALKS: &[&str] = &[
    "DROP_LINKS",
    "FEED",
    "KEYS",
    "LIVE_KEYS",
    "LINES",
    "MODELS",
    "PRODUCTS",
    "VOID_ALL_MAILS",
    "WITHOUT_LINE",
    "NODES",
    "NODE_NAMES",
    "NODES_BY_NAME",
    "APPLIED",
];
/// What is no query: it cannot be explained.
const UTILITIES: &[&str] = &["NO_TIMEOUT", "HOLD_STILL"];

#[tokio::test]
async fn every_statement_is_prepared_and_finds_its_rows_by_an_index() {
    let test = "every_statement_is_prepared_and_finds_its_rows_by_an_index";
    let Some(database) = Database::new(test).await else { return };
    let url = database.server.url(&database.name, "bailiwick_owner");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    // A table is only walked where nothing else can be done.
    let setup = "set search_path = bailiwick; set enable_seqscan = off; set plan_cache_mode = force_generic_plan";
    client.batch_execute(setup).await.unwrap();
    let mut names = std::collections::HashSet::new();
    for (name, sql) in query::all(Dialect::Postgres) {
        assert!(names.insert(name), "two statements are called {name}");
        client.batch_execute(&format!("prepare {name} as {sql}")).await.map_or_else(
            // It was parsed.
            |error| assert!(UTILITIES.contains(&name), "{name}: {error:?}"),
            |()| {},
        );
        if UTILITIES.contains(&name) || WALKS.contains(&name) {
            continue;
        }
        let count = client.prepare(sql).await.unwrap().params().len();
        let nulls = vec!["null"; count].join(", ");
        let args = if count == 0 { String::new() } else { format!("({nulls})") };
        let plan = client.simple_query(&format!("explain execute {name}{args}")).await.unwrap();
        let plan: Vec<String> = plan
            .iter()
            .filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
            .collect();
        let walks = plan.iter().any(|step| step.contains("Seq Scan"));
        assert!(!walks, "{name}: {plan:#?}");
    }
}
