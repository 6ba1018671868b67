//! Webhooks of real processes: sent by one of several, and again if that one is killed.

use std::collections::BTreeSet;
use std::time::Duration;

use bailiwick_testkit::{Answer, Received, Receiver};
use serde_json::{Value, json};

use crate::on_every_backend;
use crate::world::Demo;

/// Longer than a killed process keeps an endpoint.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of which process; the host's key, a webhook to the receiver, and a workspace.
fn hooked(demo: &Demo, receiver: &Receiver) -> (String, String, String) {
    let key = std::fs::read_to_string(demo.data.join("host-key")).expect("the demo has a key").trim().to_owned();
    let new = json!({"url": receiver.url(), "types": ["workspace.renamed"]}).to_string();
    let (status, made) = demo.node().call("POST", "/v1/webhooks", &key, &new);
    assert_eq!(status, 201, "{made}");
    let made: Value = serde_json::from_str(&made).expect("JSON");
    let (_, list) = demo.node().call("GET", "/v1/workspaces", &key, "");
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    (key, text(&made["webhook"]["id"]), text(&list["items"][0]["id"]))
}

fn name(received: &Received) -> String {
    let said: Value = serde_json::from_slice(&received.body).expect("JSON");
    said["data"]["details"]["to"].as_str().expect("a name").to_owned()
}

on_every_backend!(a_message_whose_sender_was_killed_is_sent_again_under_the_same_id);
fn a_message_whose_sender_was_killed_is_sent_again_under_the_same_id(demo: &mut Demo) {
    let receiver = Receiver::start().expect("a receiver");
    receiver.next(&[Answer::Silence]);
    let (key, webhook, workspace) = hooked(demo, &receiver);
    let path = format!("/v1/workspaces/{workspace}");
    assert_eq!(demo.node().call("PATCH", &path, &key, r#"{"name":"Globex"}"#).0, 200);
    assert_eq!(receiver.wait_for(1, PATIENCE).len(), 1, "it was on its way");
    demo.crash_and_restart();
    let received = receiver.wait_for(2, PATIENCE);
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].header("webhook-id"), received[1].header("webhook-id"));
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(name(&received[1]), "Globex");
    let (_, is) = demo.node().call("GET", &format!("/v1/webhooks/{webhook}"), &key, "");
    assert!(is.contains(r#""enabled":true"#), "{is}");
}

on_every_backend!(of_several_processes_one_sends_each_event_in_order);
fn of_several_processes_one_sends_each_event_in_order(demo: &mut Demo) {
    const EVENTS: usize = 30;
    let receiver = Receiver::start().expect("a receiver");
    let (key, _, workspace) = hooked(demo, &receiver);
    let path = format!("/v1/workspaces/{workspace}");
    for n in 0..EVENTS {
        let node = &demo.nodes()[n % demo.nodes().len()];
        assert_eq!(node.call("PATCH", &path, &key, &json!({"name": format!("Acme {n}")}).to_string()).0, 200);
    }
    let received = receiver.wait_for(EVENTS, PATIENCE);
    let names: Vec<String> = received.iter().map(name).collect();
    assert_eq!(names, (0..EVENTS).map(|n| format!("Acme {n}")).collect::<Vec<_>>());
    let ids: BTreeSet<&str> = received.iter().map(|one| one.header("webhook-id")).collect();
    assert_eq!(ids.len(), EVENTS);
}
