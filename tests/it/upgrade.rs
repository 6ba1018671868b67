//! A newer release comes to a database on which nodes of this one are at work. The newer one is played in SQL.

use bailiwick_testkit::{Server, shared};

use crate::serving::{LEASE, Node, bailiwick, migrated};

/// The newest migration of this release.
const KNOWN: u32 = 10;

/// What a newer release does, in one transaction, and then wakes the nodes.
fn newer(server: &Server, database: &str, sql: &str) {
    let all = format!("set search_path = bailiwick; begin; {sql}; commit; select pg_notify('bailiwick', 'feed')");
    server.psql(database, &all).unwrap_or_else(|why| panic!("{sql}: {why}"));
}

/// A change of a workspace by an event of a kind that this release does not know.
fn unknown_event(workspace: &str) -> String {
    let it = format!("(select workspace_id from workspaces where external_id = '{workspace}')");
    format!(
        "update feed set position = position + 1;
         update workspaces set revision = revision + 1 where workspace_id = {it};
         update lines set revision = revision + 1, oldest_reader = {} where line_id = {it};
         insert into changes (line_id, revision, position, command_id, at, actor)
             select line_id, l.revision, position, decode(md5('newer'), 'hex'), last_at, '\"operator\"'
             from lines l, feed where line_id = {it};
         insert into events (line_id, revision, seq, at, kind, version, model, payload, key_id, mac)
             select line_id, l.revision, 0, l.last_at, 'workspace_frozen', 1, w.model, '{{\"kind\":\"workspace_frozen\"}}',
                 1, sha256('newer')
             from lines l join workspaces w on w.workspace_id = line_id where line_id = {it}",
        KNOWN + 1
    )
}

#[test]
fn a_line_that_a_newer_release_wrote_is_unsure_on_this_one_and_all_others_go_on() {
    let test = "a_line_that_a_newer_release_wrote_is_unsure_on_this_one_and_all_others_go_on";
    let Some(server) = shared(test) else { return };
    let url = migrated(server, "beside");
    let first = Node::start(&url, "beside-1", None);
    let second = Node::start(&url, "beside-2", Some(&first));
    let made = first.operator(&["key", "create", "--name", "t", "--scopes", "check,read,manage,vouch"]);
    let key = made.lines().nth(1).expect("a secret");
    let olga = r#"{"external_id":"u-1","email":"olga@acme.example","name":"Olga Reyes"}"#;
    assert_eq!(first.ask("POST", "/v1/people", key, olga).0, 200);
    for name in ["acme", "globex"] {
        let new = format!(r#"{{"model":"tenant","name":"{name}","external_id":"{name}","owner":"ext:u-1"}}"#);
        assert_eq!(first.ask("POST", "/v1/workspaces", key, &new).0, 201);
    }
    let rename = |node: &Node, name: &str| {
        node.ask("PATCH", &format!("/v1/workspaces/ext:{name}"), key, r#"{"name":"Renamed"}"#)
    };
    // Both hold both workspaces.
    for node in [&first, &second] {
        assert_eq!(["acme", "globex"].map(|name| node.decides(key, "u-1", name)), ["yes", "yes"]);
    }

    // The newer release migrates: it only adds something. Nodes of this one go on.
    let migration = format!(
        "alter table workspaces add column frozen boolean not null default false;
         insert into migrations (number, name, hash, applied_at) values ({}, 'later', '', 0)",
        KNOWN + 1
    );
    newer(server, "beside", &migration);
    assert_eq!(rename(&second, "acme").0, 200);
    let (_, said) = bailiwick(&["doctor", "--database", &url, "--data", first.data()]);
    let tables = format!("warning  tables: at migration {}, this program at {KNOWN}", KNOWN + 1);
    assert!(said.contains(&tables), "{said}");

    // Then it freezes one workspace. This release does not know what that means.
    newer(server, "beside", &unknown_event("acme"));
    let third = Node::start(&url, "beside-3", Some(&first));
    for node in [&first, &second, &third] {
        node.until("the workspace is fenced", |node| node.decides(key, "u-1", "acme") == "unsure");
        assert_eq!(node.ask("GET", "/readyz", "", "").0, 200);
        let (status, body) = node.ask("GET", "/v1/workspaces/ext:acme", key, "");
        assert!(status == 503 && body.contains("unsure"), "{status} {body}");
        assert!(!body.contains("frozen"), "{body}");
        let (status, body) = rename(node, "acme");
        assert_eq!(status, 503, "{body}");
        // Everything else goes on, and is everywhere at once.
        assert_eq!(node.decides(key, "u-1", "globex"), "yes");
        assert_eq!(rename(node, "globex").0, 200);
    }
    // One that forgot the mark is found by what it wrote last.
    let mark = format!("oldest_reader = {}", KNOWN + 1);
    let unmarked = unknown_event("globex").replace(&mark, "oldest_reader = 0");
    assert!(!unmarked.contains(&mark) && unmarked.contains("oldest_reader = 0"));
    newer(server, "beside", &unmarked);
    for node in [&first, &second, &third] {
        node.until("the workspace is fenced", |node| node.decides(key, "u-1", "globex") == "unsure");
    }
    // The newer release goes on, and still nobody here takes the tables at their word.
    newer(server, "beside", &unknown_event("acme").replace("'newer'", "'newest'"));
    assert_eq!([&first, &second, &third].map(|node| node.decides(key, "u-1", "acme")), ["unsure"; 3]);
}

#[test]
fn nodes_of_this_release_stop_answering_where_a_newer_one_leaves_no_room_for_them() {
    let test = "nodes_of_this_release_stop_answering_where_a_newer_one_leaves_no_room_for_them";
    let Some(server) = shared(test) else { return };
    let url = migrated(server, "instead");
    let first = Node::start(&url, "instead-1", None);
    let made = first.operator(&["key", "create", "--name", "t", "--scopes", "check,read"]);
    let key = made.lines().nth(1).expect("a secret");
    assert_eq!(first.decides(key, "u-1", "acme"), "not-a-member");
    newer(server, "instead", &format!("update feed set oldest_reader = {}", KNOWN + 1));
    first.until("it is not ready any more", |node| node.ask("GET", "/readyz", "", "").0 == 503);
    assert_eq!(first.decides(key, "u-1", "acme"), "unsure");
    assert_eq!(first.ask("GET", "/v1/workspaces", key, "").0, 503);
    // Nor does the operator write by it, and another one is refused in words.
    let (fine, said) = bailiwick(&["key", "create", "--name", "x", "--data", first.data()]);
    assert!(!fine && said.contains("not sure"), "{said}");
    let Err(said) = Node::with_lease(&url, "instead-2", Some(&first), LEASE) else { panic!("it starts") };
    assert!(said.contains("start the newer release"), "{said}");
    let (fine, said) = bailiwick(&["doctor", "--database", &url, "--data", first.data()]);
    assert!(!fine && said.contains("failed   tables"), "{said}");
    // It is taken back: who waited goes on by itself.
    newer(server, "instead", &format!("update feed set oldest_reader = {KNOWN}"));
    first.until("it is ready again", |node| node.ask("GET", "/readyz", "", "").0 == 200);
    assert_eq!(first.decides(key, "u-1", "acme"), "not-a-member");
}
