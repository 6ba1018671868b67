//! Several real nodes on one PostgreSQL: what one of them has saved, all of them answer by.

use std::io::Write as _;
use std::net::TcpStream;

use bailiwick_testkit::shared;

use crate::serving::{LEASE, Node, migrated};

/// So many clients that do not read.
const STALLED: usize = 50;

#[test]
fn x01_what_one_node_saved_every_node_answers_by_at_once() {
    let Some(server) = shared("x01_what_one_node_saved_every_node_answers_by_at_once") else { return };
    let url = migrated(server, "three_nodes");
    let first = Node::start(&url, "first", None);
    let second = Node::start(&url, "second", Some(&first));
    let mut third = Node::start(&url, "third", Some(&first));
    let made = first.operator(&["key", "create", "--name", "t", "--scopes", "check,read,manage,vouch"]);
    let (id, key) = (made.lines().next().expect("an id"), made.lines().nth(1).expect("a secret"));
    let nodes = [&first, &second, &third];
    let gone = |node: &Node, name: &str| !matches!(node.decides(key, "u-1", name).as_str(), "yes" | "unsure");
    let olga = r#"{"external_id":"u-1","email":"olga@acme.example","name":"Olga Reyes"}"#;
    assert_eq!(second.ask("POST", "/v1/people", key, olga).0, 200);
    for round in 0..9 {
        let name = format!("acme-{round}");
        let new = format!(r#"{{"model":"tenant","name":"Acme","external_id":"{name}","owner":"ext:u-1"}}"#);
        let (status, body) = nodes[round % 3].ask("POST", "/v1/workspaces", key, &new);
        assert_eq!(status, 201, "{body}");
        assert!(
            nodes.iter().all(|node| node.decides(key, "u-1", &name) == "yes"),
            "what was given is there, round {round}"
        );
        let path = format!("/v1/workspaces/ext:{name}");
        let (status, body) = nodes[(round + 1) % 3].ask("DELETE", &path, key, "");
        assert!(status < 300, "{status} {body}");
        assert!(nodes.iter().all(|node| gone(node, &name)), "what was taken is gone, round {round}");
    }
    // A node that dies unannounced holds the next change up until its lease has run out, once; nothing is stale.
    third.end("-9");
    let new = r#"{"model":"tenant","name":"Acme","external_id":"after","owner":"ext:u-1"}"#;
    assert_eq!(first.ask("POST", "/v1/workspaces", key, new).0, 201);
    assert!([&first, &second].iter().all(|node| node.decides(key, "u-1", "after") == "yes"));
    assert_eq!(server.psql("three_nodes", "select count(*) from bailiwick.nodes").expect("rows").trim(), "2");
    // A key that one node revokes opens nothing at any other.
    second.operator(&["key", "revoke", id]);
    assert!([&first, &second].iter().all(|node| node.ask("GET", "/v1/workspaces", key, "").0 == 401));
    assert!(first.operator(&["audit", "verify"]).contains("the tables equal the folded log"));
}

#[test]
fn a_node_that_is_told_to_stop_takes_its_row_away() {
    let Some(server) = shared("a_node_that_is_told_to_stop_takes_its_row_away") else { return };
    let url = migrated(server, "one_node");
    let mut node = Node::start(&url, "stopping", None);
    assert_eq!(server.psql("one_node", "select count(*) from bailiwick.nodes").expect("rows").trim(), "1");
    node.end("-TERM");
    assert_eq!(server.psql("one_node", "select count(*) from bailiwick.nodes").expect("rows").trim(), "0");
}

#[test]
fn a_node_with_keys_of_its_own_does_not_start() {
    let Some(server) = shared("a_node_with_keys_of_its_own_does_not_start") else { return };
    let url = migrated(server, "other_keys");
    let _first = Node::start(&url, "keys", None);
    let said = Node::with_lease(&url, "stranger", None, LEASE).err().expect("it does not start");
    assert!(said.contains("copy keys.json"), "{said}");
}

/// Clients that read nothing of what they asked for hold up neither a change nor the end.
#[test]
fn a_node_with_stalled_readers_changes_things_and_stops() {
    let Some(server) = shared("a_node_with_stalled_readers_changes_things_and_stops") else { return };
    let url = migrated(server, "stalled");
    let mut node = Node::start(&url, "stalled", None);
    let ask = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(60);
    let stalled: Vec<TcpStream> = (0..STALLED)
        .map(|_| {
            let mut client = TcpStream::connect(("127.0.0.1", node.port())).expect("it connects");
            client.write_all(ask.as_bytes()).expect("it asks");
            client
        })
        .collect();
    let made = node.operator(&["key", "create", "--name", "t", "--scopes", "read"]);
    let key = made.lines().nth(1).expect("a secret");
    assert_eq!(node.ask("GET", "/v1/workspaces", key, "").0, 200);
    node.end("-TERM");
    assert_eq!(server.psql("stalled", "select count(*) from bailiwick.nodes").expect("rows").trim(), "0");
    drop(stalled);
}
