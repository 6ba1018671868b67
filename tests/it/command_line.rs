//! The command line beside a running server.

use std::process::Command;

use serde_json::{Value, json};

use crate::world::{Demo, Folder};

fn run(arguments: &[&str]) -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_bailiwick")).args(arguments).output().expect("the binary runs");
    (out.status.success(), String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr))
}

#[test]
fn the_demo_refuses_an_address_that_others_can_reach() {
    let (fine, said) = run(&["demo", "--listen", "0.0.0.0:0", "--data", "/nonexistent/never-made"]);
    assert!(!fine && said.contains("loopback only"), "{said}");
}

#[test]
fn commands_reach_a_running_server_through_its_private_socket() {
    let demo = Demo::start();
    let data = demo.data.to_str().expect("a path in text");
    let (fine, said) = run(&["audit", "verify", "--data", data]);
    assert!(fine && said.contains("the tables equal the folded log"), "{said}");
    let (fine, said) = run(&["key", "create", "--data", data, "--name", "test", "--scopes", "check,read"]);
    assert!(fine && said.contains("bwk_"), "{said}");
    let (fine, said) = run(&["key", "create", "--data", data, "--name", "test", "--scopes", "everything"]);
    assert!(!fine && said.contains("there is no scope `everything`"), "{said}");
}

#[test]
fn ab164_a_second_server_does_not_start_on_the_same_data() {
    let demo = Demo::start();
    let data = demo.data.to_str().expect("a path in text");
    let (fine, said) = run(&["demo", "--listen", "127.0.0.1:0", "--data", data]);
    assert!(!fine && said.contains("another process owns"), "{said}");
}

/// The exit code, and both of what it said.
fn ended(arguments: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_bailiwick")).args(arguments).output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code().expect("it ended by itself"), text(&out.stdout), text(&out.stderr))
}

/// A demo with a workspace `acme` that `u-1` holds.
struct Acme {
    demo: Demo,
    key: String,
}

impl Acme {
    fn of(model: &str) -> Self {
        let demo = Demo::start();
        let key = std::fs::read_to_string(demo.data.join("host-key")).expect("the demo's key").trim().to_owned();
        let acme = Self { demo, key };
        for (id, email, name) in [("u-1", "olga@acme.example", "Olga Reyes"), ("u-2", "vic@acme.example", "Vic Lund")] {
            acme.post("/v1/people", &json!({"external_id": id, "email": email, "name": name}));
        }
        acme.post(
            "/v1/workspaces",
            &json!({"model": model, "name": "Acme", "external_id": "acme", "owner": "ext:u-1"}),
        );
        acme
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let (status, said) = self.demo.node().call("POST", path, &self.key, &body.to_string());
        assert!(status < 300, "{path}: {status} {said}");
        serde_json::from_str(&said).unwrap_or_default()
    }

    /// Invites somebody who signs up by the mailed link.
    fn join(&self, email: &str, name: &str, role: &str) {
        let invite = json!({"invitations": [{"email": email, "access": {"role": role}}]});
        self.post("/v1/workspaces/ext:acme/invitations", &invite);
        let mut browser = self.demo.browser();
        browser.get(&self.demo.link_to(email));
        let answer = browser.post("/invitation/sign-up", &[("name", name)]);
        assert_eq!(answer.status, 303, "{}", answer.body);
    }

    /// The status of a list of workspaces with a key.
    fn status(&self, key: &str) -> u16 {
        self.demo.node().call("GET", "/v1/workspaces", key, "").0
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let data = self.demo.data.to_str().expect("a path in text");
        ended(&[arguments, &["--data", data]].concat())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let (code, said, wrong) = self.run(&[arguments, &["--json"]].concat());
        serde_json::from_str(&said).unwrap_or_else(|e| panic!("{code} {e}: {said}{wrong}"))
    }
}

#[test]
fn a_shell_is_given_completions_of_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, script, _) = ended(&["completions", shell]);
        assert_eq!(code, 0);
        for word in ["transfer-ownership", "rotate", "explain", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let (code, _, wrong) = ended(&["completions", "tcsh"]);
    assert!(code == 2 && wrong.contains("bash"), "{wrong}");
}

#[test]
fn ab109_a_rotated_key_works_through_its_overlap_and_a_leaked_one_not_at_all() {
    let acme = Acme::of("tenant");
    let made = acme.json(&["key", "create", "--name", "backend", "--scopes", "read"]);
    let (id, first) = (made["id"].as_str().expect("an id"), made["secret"].as_str().expect("a secret"));
    assert_eq!(acme.status(first), 200);
    let next = acme.json(&["key", "rotate", id]);
    let (second_id, second) = (next["id"].as_str().expect("an id"), next["secret"].as_str().expect("a secret"));
    assert_eq!((acme.status(first), acme.status(second)), (200, 200));
    assert_eq!((&next["name"], &next["scopes"]), (&json!("backend"), &json!(["read"])));
    let listed = acme.json(&["key", "list"]);
    let end = |id: &str| {
        let key = listed.as_array().expect("keys").iter().find(|k| k["id"] == id).expect("it is listed");
        key["expires_at"].as_str().expect("a moment").to_owned()
    };
    assert!(end(id) < end(second_id), "the old one ends first: {listed}");
    assert!(!listed.to_string().contains("bwk_"), "a list shows no secret");

    let third = acme.json(&["key", "rotate", second_id, "--overlap", "0"]);
    let third = third["secret"].as_str().expect("a secret");
    assert_eq!((acme.status(second), acme.status(third)), (401, 200));
    let (code, _, wrong) = acme.run(&["key", "rotate", second_id]);
    assert!(code == 1 && wrong.contains("This key has ended"), "{code} {wrong}");
    let (code, _, wrong) = acme.run(&["key", "rotate", "key_none"]);
    assert!(code == 1 && wrong.contains("key_none is not the id of a key"), "{code} {wrong}");
    let (code, said, _) = acme.run(&["key", "list"]);
    assert!(code == 0 && said.starts_with("key ") && said.contains("backend"), "{said}");
    let (code, said, _) = acme.run(&["audit", "verify"]);
    assert!(code == 0 && said.contains("the tables equal the folded log"), "{said}");
}

#[test]
fn ab001_a_products_key_sees_that_products_workspaces_alone() {
    let acme = Acme::of("tenant");
    let (code, id, _) = acme.run(&["product", "create", "shop", "--brand", "Tidewell Shop"]);
    assert!(code == 0 && id.starts_with("prd_"), "{id}");
    let (code, _, wrong) = acme.run(&["product", "create", "shop", "--brand", "Another"]);
    assert!(code == 1 && wrong.contains("There is a product `shop` already."), "{code} {wrong}");
    let (code, _, wrong) = acme.run(&["product", "create", "Not A Name", "--brand", "Another"]);
    assert!(code == 1 && wrong.contains("lower-case letters"), "{code} {wrong}");
    let made = acme.json(&["key", "create", "--name", "shop", "--product", "shop", "--scopes", "read"]);
    let (status, seen) = acme.demo.node().call("GET", "/v1/workspaces", made["secret"].as_str().expect("a secret"), "");
    assert!(status == 200 && !seen.contains("Acme"), "{seen}");
    let (code, _, wrong) = acme.run(&["key", "create", "--name", "x", "--product", "shoop"]);
    assert!(code == 1 && wrong.contains("There is no product `shoop`"), "{code} {wrong}");
    let products = acme.json(&["product", "list"]);
    let names: Vec<&str> = products.as_array().expect("products").iter().filter_map(|p| p["name"].as_str()).collect();
    assert_eq!(names, ["default", "shop"]);
    let keys = acme.json(&["key", "list", "--product", "shop"]);
    assert_eq!(keys.as_array().map(Vec::len), Some(1));
}

#[test]
fn x02_x10_check_and_explain_say_what_the_service_says() {
    let acme = Acme::of("tenant");
    for who in ["olga@acme.example", "u-1"] {
        let (code, said, _) = acme.run(&["check", who, "analytics:export", "-w", "acme"]);
        assert_eq!((code, &*said), (0, "yes\n"), "{who}");
    }
    let (code, said, wrong) = acme.run(&["check", "u-2", "analytics:export", "-w", "acme"]);
    assert_eq!((code, &*said, &*wrong), (1, "no: not-a-member\n", ""));
    for (who, what, workspace, reason) in [
        ("nobody@acme.example", "analytics:export", "acme", "not-a-member"),
        ("u-1", "analytics:export", "acmee", "no-such-workspace"),
        ("u-1", "analytics:exprt", "acme", "unknown-permission"),
    ] {
        let (code, said, _) = acme.run(&["check", who, what, "-w", workspace]);
        assert_eq!((code, said), (1, format!("no: {reason}\n")), "{who} {what} {workspace}");
    }
    let body = json!({
        "subject": {"type": "person", "id": "u-1"}, "action": {"name": "analytics:export"},
        "resource": {"type": "workspace", "id": "acme"},
    });
    let by_host = acme.post("/access/v1/evaluation", &body);
    let by_operator = acme.json(&["check", "u-1", "analytics:export", "-w", "acme"]);
    assert_eq!(by_host["decision"], by_operator["decision"]);
    assert_eq!(by_host["context"]["revision"], by_operator["revision"]);

    let (code, said, _) = acme.run(&["explain", "u-1", "analytics:export", "-w", "acme"]);
    assert_eq!(code, 0);
    for part in ["Olga Reyes can export analytics: the role Admin grants it.", "<olga@acme.example>", "Acme wsp_"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let (code, said, _) = acme.run(&["explain", "u-1", "analytics:exprt", "-w", "acme"]);
    assert!(code == 0 && said.contains("did you mean `analytics:export`?"), "{said}");
    // No service and no data: no answer, which is neither yes nor no.
    let (code, _, wrong) =
        ended(&["check", "u-1", "analytics:export", "-w", "acme", "--data", "/nonexistent/never-made"]);
    assert!(code == 3 && wrong.contains("does not exist"), "{code} {wrong}");
}

#[test]
fn ab135_an_export_has_every_event_and_no_formula() {
    let acme = Acme::of("tenant");
    acme.join("eve@evil.example", "=1+1", "user");
    let (code, said, wrong) = acme.run(&["audit", "export", "-w", "acme"]);
    assert_eq!(code, 0, "{wrong}");
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert!(kinds[0] == "invitation_accepted" && kinds.contains(&"workspace_created"), "newest first: {kinds:?}");
    assert!(lines.iter().all(|line| line["at"].as_str().is_some_and(|at| at.ends_with('Z'))));
    assert!(lines.iter().any(|line| line["actor_name"] == "=1+1"), "{said}");

    let folder = Folder::new();
    std::fs::create_dir_all(&folder.0).expect("a folder");
    let file = folder.0.join("log.csv");
    let path = file.to_str().expect("a path in text");
    let (code, _, wrong) = acme.run(&["audit", "export", "-w", "acme", "--out", path]);
    assert!(code == 0 && wrong.contains(&format!("{} events in", lines.len())), "{wrong}");
    let csv = std::fs::read_to_string(&file).expect("the file");
    assert!(csv.starts_with("revision,at,actor,actor_id,actor_name,ip,kind,data\r\n"), "{csv}");
    assert_eq!(csv.matches("\r\n").count(), lines.len() + 1);
    assert!(csv.contains(",'=1+1,") && !csv.contains(",=1+1,"), "{csv}");
    let (code, _, wrong) = acme.run(&["audit", "export", "-w", "acme", "--out", path]);
    assert!(code == 3 && wrong.contains("exists"), "{code} {wrong}");
    let (code, _, wrong) = acme.run(&["audit", "export", "-w", "acme", "--until", "2001-01-01"]);
    assert!(code == 1 && wrong.contains("no events"), "{code} {wrong}");
    let (code, _, wrong) = acme.run(&["audit", "export", "-w", "nowhere"]);
    assert!(code == 1 && wrong.contains("There is no such workspace."), "{code} {wrong}");
}

#[test]
fn b05_e24_the_operator_transfers_ownership_where_the_model_lets_it() {
    let acme = Acme::of("chatbots");
    let (code, _, wrong) = acme.run(&["workspace", "transfer-ownership", "acme", "--to", "u-2"]);
    assert!(code == 1 && wrong.contains("u-2 is not a member of Acme."), "{code} {wrong}");
    let mia = "mia@acme.example";
    acme.join(mia, "Mia Berg", "member");
    let can = |who| acme.run(&["check", who, "billing:view", "-w", "acme"]).0;
    assert_eq!((can("u-1"), can(mia)), (0, 1));
    let (code, said, wrong) = acme.run(&["workspace", "transfer-ownership", "acme", "--to", mia]);
    assert!(code == 0 && said.contains("owns Acme now"), "{code} {said}{wrong}");
    assert_eq!((can("u-1"), can(mia)), (1, 0));
    let (_, log, _) = acme.run(&["audit", "export", "-w", "acme"]);
    let newest: Value = serde_json::from_str(log.lines().next().expect("an event")).expect("JSON");
    assert!(newest["actor"] == "operator" && newest["kind"] == "ownership_transferred", "{newest}");

    let tied = Acme::of("properties");
    let (code, _, wrong) = tied.run(&["workspace", "transfer-ownership", "acme", "--to", "u-1"]);
    assert!(code == 1 && !wrong.is_empty(), "{code} {wrong}");
}
