//! A database that says nothing any more, and refuses nothing either.

#![expect(clippy::disallowed_methods, reason = "how long an answer takes is what is tested")]

use std::time::{Duration, Instant};

use bailiwick_testkit::{Proxy, shared};
use serde_json::Value;

use crate::serving::{Node, migrated};

/// The node's lease.
const LEASE: Duration = Duration::from_secs(10);
/// Whoever asks for something that only the database knows is answered by then: less than what is left of the lease.
const SOON: Duration = Duration::from_secs(5);

fn id(answer: &(u16, String), prefix: &str) -> String {
    let body: Value = serde_json::from_str(&answer.1).expect("JSON");
    let id = body["id"].as_str().unwrap_or_else(|| panic!("no id in {body}"));
    assert!(id.starts_with(prefix), "{id}");
    id.to_owned()
}

#[test]
fn a_node_whose_database_is_silent_is_not_ready_answers_for_its_lease_and_comes_back() {
    let test = "a_node_whose_database_is_silent_is_not_ready_answers_for_its_lease_and_comes_back";
    let Some(server) = shared(test) else { return };
    migrated(server, "silent");
    let proxy = Proxy::to(server.port()).expect("a proxy");
    let url = server.url_by(proxy.port(), "silent", "bailiwick");
    let node = Node::with_lease(&url, "silent", None, LEASE).expect("a node");
    let made = node.operator(&["key", "create", "--name", "t", "--scopes", "check,read,manage,vouch"]);
    let key = made.lines().nth(1).expect("a secret");
    let olga = r#"{"external_id":"u-1","email":"olga@acme.example","name":"Olga Reyes"}"#;
    let olga = id(&node.ask("POST", "/v1/people", key, olga), "per_");
    let acme = r#"{"model":"tenant","name":"Acme","external_id":"acme","owner":"ext:u-1"}"#;
    let acme = id(&node.ask("POST", "/v1/workspaces", key, acme), "wsp_");
    let cold = r#"{"model":"tenant","name":"Cold","owner":"ext:u-1"}"#;
    let cold = id(&node.ask("POST", "/v1/workspaces", key, cold), "wsp_");
    let by_id = || node.decides(key, &olga, &acme);
    let by_name = || node.decides(key, "u-1", "acme");
    let ready = || node.ask("GET", "/readyz", "", "").0;
    assert_eq!((by_id(), by_name(), ready()), ("yes".into(), "yes".into(), 200));

    proxy.hold(true);
    let begun = Instant::now();
    assert_eq!(ready(), 503);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    // What is in memory is answered for as long as the lease lasts; a name has to be looked up.
    assert_eq!(by_id(), "yes");
    let asked = Instant::now();
    assert_eq!(by_name(), "unsure");
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    // Who asks for what is not in memory is not left waiting for longer than that.
    assert_eq!(node.decides(key, &olga, &cold), "unsure");
    assert!(begun.elapsed() < LEASE + SOON, "{:?}", begun.elapsed());
    node.until("the lease runs out", |_| by_id() == "unsure");
    assert_eq!((ready(), by_name()), (503, "unsure".into()));
    assert_eq!(node.ask("GET", "/livez", "", "").0, 200);

    proxy.hold(false);
    node.until("it is back", |_| ready() == 200);
    assert_eq!((by_id(), by_name()), ("yes".into(), "yes".into()));
}
