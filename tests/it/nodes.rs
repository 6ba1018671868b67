//! Several real nodes on one PostgreSQL: what one of them has saved, all of them answer by.

#![expect(clippy::disallowed_methods, reason = "a deadline of real time around real processes")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bailiwick_testkit::{Server, shared};

/// How long a test waits for something that a node does on its own.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running node.
struct Node {
    child: Child,
    port: u16,
    data: PathBuf,
}

impl Node {
    /// Starts one; its keys are those of another node's directory, if one is given.
    fn start(database: &str, name: &str, keys_of: Option<&Node>) -> Self {
        let data = std::env::temp_dir().join(format!("bailiwick-node-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&data);
        std::fs::create_dir_all(&data).expect("a directory");
        if let Some(other) = keys_of {
            std::fs::copy(other.data.join("keys.json"), data.join("keys.json")).expect("the keys are copied");
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
            .args(["serve", "--listen", "127.0.0.1:0", "--public-url", "http://localhost", "--lease", "2"])
            .args(["--database", database, "--node", name, "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let first = lines.next().expect("it says where it is").expect("in text");
        std::thread::spawn(move || lines.for_each(drop));
        let port = first.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let node = Self { child, port: port.unwrap_or_else(|| panic!("no port in {first:?}")), data };
        node.until(|node| node.ask("GET", "/readyz", "", "").0 == 200);
        node
    }

    fn until(&self, holds: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < until, "it does not come to that");
            std::thread::yield_now();
        }
    }

    /// A command of the operator's, by the node's private socket.
    fn operator(&self, words: &[&str]) -> String {
        let out = Command::new(env!("CARGO_BIN_EXE_bailiwick")).args(words).arg("--data").arg(&self.data).output();
        let out = out.expect("the binary runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    fn ask(&self, method: &str, path: &str, key: &str, body: &str) -> (u16, String) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build().into();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:{}{path}", self.port))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json")
            .body(body.to_owned())
            .expect("a request");
        let mut answer = agent.run(request).unwrap_or_else(|e| panic!("{path}: {e}"));
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap_or_default())
    }

    /// Whether Olga may look at analytics in a workspace.
    fn permits(&self, key: &str, workspace: &str) -> bool {
        let question = format!(
            r#"{{"subject":{{"type":"person","id":"u-1"}},"action":{{"name":"analytics:export"}},
                "resource":{{"type":"workspace","id":"{workspace}"}}}}"#
        );
        let (status, body) = self.ask("POST", "/access/v1/evaluation", key, &question);
        assert!(status == 200 && !body.contains("unsure"), "{status} {body}");
        body.contains(r#""decision":true"#)
    }

    fn signal(&mut self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().is_ok_and(|s| s.success()), "it takes signals");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// A database of its own, prepared.
fn database(server: &Server, name: &str) -> String {
    server.create_database(name).expect("a database");
    let out = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
        .args(["migrate", "--database", &server.url(name, "bailiwick_owner")])
        .output()
        .expect("the binary runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    server.url(name, "bailiwick")
}

#[test]
fn x01_what_one_node_saved_every_node_answers_by_at_once() {
    let Some(server) = shared("x01_what_one_node_saved_every_node_answers_by_at_once") else { return };
    let url = database(server, "three_nodes");
    let first = Node::start(&url, "first", None);
    let second = Node::start(&url, "second", Some(&first));
    let mut third = Node::start(&url, "third", Some(&first));
    let made = first.operator(&["key", "create", "--name", "t", "--scopes", "check,read,manage,vouch"]);
    let (id, key) = (made.lines().next().expect("an id"), made.lines().nth(1).expect("a secret"));
    let nodes = [&first, &second, &third];
    let olga = r#"{"external_id":"u-1","email":"olga@acme.example","name":"Olga Reyes"}"#;
    assert_eq!(second.ask("POST", "/v1/people", key, olga).0, 200);
    for round in 0..9 {
        let name = format!("acme-{round}");
        let new = format!(r#"{{"model":"tenant","name":"Acme","external_id":"{name}","owner":"ext:u-1"}}"#);
        let (status, body) = nodes[round % 3].ask("POST", "/v1/workspaces", key, &new);
        assert_eq!(status, 201, "{body}");
        assert!(nodes.iter().all(|node| node.permits(key, &name)), "what was given is there, round {round}");
        let path = format!("/v1/workspaces/ext:{name}");
        let (status, body) = nodes[(round + 1) % 3].ask("DELETE", &path, key, "");
        assert!(status < 300, "{status} {body}");
        assert!(!nodes.iter().any(|node| node.permits(key, &name)), "what was taken is gone, round {round}");
    }
    // A node that dies unannounced holds the next change up until its lease has run out, once; nothing is stale.
    third.signal("-9");
    let new = r#"{"model":"tenant","name":"Acme","external_id":"after","owner":"ext:u-1"}"#;
    assert_eq!(first.ask("POST", "/v1/workspaces", key, new).0, 201);
    assert!(first.permits(key, "after") && second.permits(key, "after"));
    assert_eq!(server.psql("three_nodes", "select count(*) from bailiwick.nodes").expect("rows").trim(), "2");
    // A key that one node revokes opens nothing at any other.
    second.operator(&["key", "revoke", id]);
    assert!([&first, &second].iter().all(|node| node.ask("GET", "/v1/workspaces", key, "").0 == 401));
    assert!(first.operator(&["audit", "verify"]).contains("the tables equal the folded log"));
}

#[test]
fn a_node_that_is_told_to_stop_takes_its_row_away() {
    let Some(server) = shared("a_node_that_is_told_to_stop_takes_its_row_away") else { return };
    let url = database(server, "one_node");
    let mut node = Node::start(&url, "stopping", None);
    assert_eq!(server.psql("one_node", "select count(*) from bailiwick.nodes").expect("rows").trim(), "1");
    node.signal("-TERM");
    assert_eq!(server.psql("one_node", "select count(*) from bailiwick.nodes").expect("rows").trim(), "0");
}

#[test]
fn a_node_with_keys_of_its_own_does_not_start() {
    let Some(server) = shared("a_node_with_keys_of_its_own_does_not_start") else { return };
    let url = database(server, "other_keys");
    let _first = Node::start(&url, "keys", None);
    let data = std::env::temp_dir().join(format!("bailiwick-node-{}-stranger", std::process::id()));
    let out = Command::new(env!("CARGO_BIN_EXE_bailiwick"))
        .args(["serve", "--listen", "127.0.0.1:0", "--public-url", "http://localhost", "--database", &url, "--data"])
        .arg(&data)
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&out.stderr);
    let _ = std::fs::remove_dir_all(&data);
    assert!(!out.status.success() && said.contains("copy keys.json"), "{said}");
}
