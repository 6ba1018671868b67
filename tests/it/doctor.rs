//! `bailiwick doctor` beside real servers: what it finds, and how it ends.

#![expect(clippy::disallowed_methods, reason = "a deadline of real time around real servers")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Instant;

use bailiwick_testkit::{Options, Server, left_out, shared};

use crate::serving::{Node, PATIENCE, bailiwick, migrated};
use crate::world::Demo;

/// What it says of one thing: `ok`, `warning` or `failed`, and the rest.
fn said<'a>(all: &'a str, about: &str) -> (&'a str, &'a str) {
    let about = format!(" {about}: ");
    let line = all.lines().find(|line| line.contains(&about)).unwrap_or_else(|| panic!("nothing of{about}in {all}"));
    let (state, rest) = line.split_once(' ').expect("a state and more");
    (state, rest.trim())
}

fn states<'a>(all: &'a str, of: &[&str]) -> Vec<&'a str> {
    of.iter().map(|about| said(all, about).0).collect()
}

#[test]
fn of_a_database_with_a_synchronous_standby_all_is_well() {
    if !Server::is_installed() {
        return left_out("of_a_database_with_a_synchronous_standby_all_is_well");
    }
    let first = Server::start(&Options { fsync: true, ..Options::default() }).expect("a server");
    let url = migrated(&first, "well");
    let second = first.standby("second", None).expect("a standby");
    first.set("synchronous_standby_names", "second").expect("it is waited for");
    let node = Node::start(&url, "well", None);
    let (fine, all) = bailiwick(&["doctor", "--database", &url, "--data", node.data()]);
    assert!(fine, "{all}");
    assert!(all.lines().all(|line| line.starts_with("ok ")), "{all}");
    assert!(said(&all, "standby").1.contains("second; 1 connected"), "{all}");
    assert!(said(&all, "node").1.contains("well has applied all"), "{all}");
    assert!(said(&all, "clock").1.contains("ms from the database's"), "{all}");
    // A standby that is waited for and has gone holds everything up.
    drop(second);
    let connected = || first.psql("postgres", "select count(*) from pg_stat_replication").expect("a count");
    let until = Instant::now() + PATIENCE;
    while connected() != "0" {
        assert!(Instant::now() < until, "the standby stays");
    }
    let (fine, all) = bailiwick(&["doctor", "--database", &url, "--data", node.data()]);
    assert!(!fine && said(&all, "standby").0 == "failed", "{all}");
}

#[test]
fn of_a_database_that_can_lose_what_was_saved_it_is_said() {
    let Some(server) = shared("of_a_database_that_can_lose_what_was_saved_it_is_said") else { return };
    let url = migrated(server, "unwell");
    let nowhere = ["--data", "/nonexistent/never-made"];
    let doctor = |words: &[&str]| bailiwick(&[&["doctor"], words, &nowhere].concat());

    // The tests' server waits for no disk, and has no standby.
    let (fine, all) = doctor(&["--database", &url]);
    assert!(!fine && all.contains("bailiwick: 2 of 10 looks failed"), "{all}");
    assert_eq!(states(&all, &["fsync", "standby", "role", "tables"]), ["failed", "failed", "ok", "ok"], "{all}");
    assert!(said(&all, "standby").1.contains("--single"), "{all}");
    let (_, all) = doctor(&["--database", &url, "--single"]);
    assert_eq!(said(&all, "standby").0, "warning", "{all}");

    // Another role than that which is meant.
    for (role, word) in [("bailiwick_owner", "may change the log"), ("postgres", "is a superuser")] {
        let (_, all) = doctor(&["--database", &server.url("unwell", role)]);
        let (state, says) = said(&all, "role");
        assert!(state == "failed" && says.contains(word), "{all}");
    }

    // A node that died leaves its row, and the feed goes on.
    let sql = "insert into bailiwick.nodes values (decode(repeat('07', 16), 'hex'), 'gone', 0);
        update bailiwick.feed set position = 5";
    server.psql("unwell", sql).expect("it is written");
    let (_, all) = doctor(&["--database", &url]);
    let (state, says) = said(&all, "node");
    assert!(state == "warning" && says.contains("gone is 5 of 5 changes behind"), "{all}");

    // Tables that are not there, and a server that is not.
    server.create_database("bare").expect("a database");
    let (fine, all) = doctor(&["--database", &server.url("bare", "bailiwick")]);
    assert!(!fine && said(&all, "tables").1.contains("bailiwick migrate"), "{all}");
    let (fine, all) = doctor(&["--database", "postgresql://bailiwick@127.0.0.1:1/none"]);
    assert!(!fine && said(&all, "database").0 == "failed", "{all}");
}

#[test]
fn of_a_running_data_directory_what_others_can_read_is_said() {
    let demo = Demo::start();
    let data = demo.data.to_str().expect("a path in text");
    let doctor = || bailiwick(&["doctor", "--data", data]);
    let (fine, all) = doctor();
    assert!(fine, "{all}");
    assert_eq!(states(&all, &["data directory", "keys", "tables", "disk", "server"]), ["ok"; 5], "{all}");
    assert!(said(&all, "server").1.contains("one runs here"), "{all}");

    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("the mode is set");
    };
    let keys = demo.data.join("keys.json");
    mode(&keys, 0o640);
    mode(&demo.data, 0o755);
    let (fine, all) = doctor();
    assert!(!fine && states(&all, &["data directory", "keys"]) == ["failed"; 2], "{all}");
    assert!(said(&all, "keys").1.contains(&format!("chmod 600 {}", keys.display())), "{all}");
    assert!(said(&all, "data directory").1.contains("chmod 700"), "{all}");

    let (fine, all) = bailiwick(&["doctor", "--data", "/nonexistent/never-made"]);
    assert!(!fine && said(&all, "data directory").1.contains("--data"), "{all}");
}
