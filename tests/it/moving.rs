//! `bailiwick move`: a whole installation from SQLite to PostgreSQL and back, by the real binary.

use serde_json::{Value, json};

use crate::binary::{fine, refused, run};
use crate::world::{Browser, Demo, Folder, Node, prepared};

/// A host that asks, and a browser of somebody who is signed in.
struct Asked {
    key: String,
    tomas: Browser,
    workspaces: Vec<String>,
}

impl Asked {
    fn at(&self, node: &Node, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = node.call(method, path, &self.key, &body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }

    /// Everything that a host and a person see: lists, decisions, pages.
    fn all(&self, node: &Node) -> Vec<Value> {
        let mut seen = vec![self.at(node, "GET", "/v1/workspaces", &Value::Null)];
        for id in self.workspaces.clone() {
            for list in ["members", "invitations", "templates", "resources", "log"] {
                seen.push(self.at(node, "GET", &format!("/v1/workspaces/{id}/{list}?limit=200"), &Value::Null));
            }
            let members = self.at(node, "GET", &format!("/v1/workspaces/{id}/members"), &Value::Null);
            for member in members["items"].as_array().expect("members") {
                for action in ["conversations:view", "analytics:export", "team:view", "team:invite"] {
                    let question = json!({
                        "subject": {"type": "person", "id": member["person"]}, "action": {"name": action},
                        "resource": {"type": "workspace", "id": id},
                    });
                    seen.push(self.at(node, "POST", "/access/v1/evaluation", &question));
                }
            }
        }
        let mut tomas = self.tomas.through(node);
        let home = tomas.workspace();
        assert!(tomas.get(&format!("{home}/team")).body.contains("Maya Castellanos"), "the session is still one");
        seen.iter_mut().for_each(still);
        seen
    }
}

/// Takes out what time alone changes: when somebody was seen last, and how the sending of a mail goes.
fn still(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("last_seen");
            members.remove("mail");
            members.values_mut().for_each(still);
        }
        Value::Array(items) => items.iter_mut().for_each(still),
        _ => {}
    }
}

#[track_caller]
fn same(here: &[Value], there: &[Value]) {
    assert_eq!(here.len(), there.len());
    for (here, there) in here.iter().zip(there) {
        assert_eq!(here, there);
    }
}

#[test]
fn an_installation_goes_to_postgresql_and_back_and_nothing_is_lost() {
    let Some(database) = prepared("an_installation_goes_to_postgresql_and_back_and_nothing_is_lost") else {
        return;
    };
    let demo = Demo::start();
    let port = demo.port;
    let mut asked = Asked {
        key: std::fs::read_to_string(demo.data.join("host-key")).expect("a key").trim().to_owned(),
        tomas: demo.signed_in("Tomas Okafor"),
        workspaces: Vec::new(),
    };
    let node = demo.node();
    let pia = json!({"external_id": "u-1", "email": "pia@acme.example", "name": "Pia Berg"});
    asked.at(node, "POST", "/v1/people", &pia);
    for (model, name) in [("tenant", "Acme"), ("properties", "Globex")] {
        let new = json!({"model": model, "name": name, "external_id": name, "owner": "ext:u-1"});
        asked.at(node, "POST", "/v1/workspaces", &new);
    }
    // Somebody with a password of their own.
    let mut owner = demo.signed_in("Priya Raman");
    let base = owner.workspace();
    owner.post(&format!("{base}/team/invite"), &[("emails", "noa@example.com"), ("role", "user")]);
    let mut noa = demo.browser();
    noa.open(&demo.link_to("noa@example.com"));
    noa.post("/invitation/sign-up", &[("name", "Noa Lind"), ("password", PASSWORD)]);
    let list = asked.at(node, "GET", "/v1/workspaces", &Value::Null);
    let ids = list["items"].as_array().expect("workspaces").iter().filter_map(|w| w["id"].as_str());
    asked.workspaces = ids.map(str::to_owned).collect();
    assert_eq!(asked.workspaces.len(), 8);
    let before = asked.all(node);

    // While a server runs on it, it stays where it is.
    let from = demo.data.to_str().expect("a path in text").to_owned();
    let url = database.url();
    let (_, said) = refused(&["move", "--from", &from, "--to", &url]);
    assert!(said.contains("another process owns") && said.contains("stop the server"), "{said}");

    let data = demo.stop();
    let out = run(&["move", "--from", &from, "--to", &url]);
    let (said, told) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{told}");
    assert!(said.starts_with("moved: 8 workspaces, ") && said.contains(" persons; verified there: "), "{said}");
    assert!(told.contains("workspaces: 8 rows\n") && told.contains("verifying\n"), "{told}");
    let (_, said) = refused(&["move", "--from", &from, "--to", &url]);
    assert!(said.contains("the target is not empty") && said.contains("bailiwick migrate"), "{said}");

    // A node on it answers as the demo did, to the same cookie, key and password.
    let home = Folder::with_keys_of(&data.0);
    let served = Node::start("serve", &home.0, Some(&url), Some(port));
    same(&asked.all(&served), &before);
    signs_in(&served, port);
    let verified = fine(&["audit", "verify", "--data", home.text()]);
    assert!(verified.contains("the tables equal the folded log"), "{verified}");
    let first = format!("/v1/workspaces/{}", asked.workspaces[0]);
    assert_eq!(asked.at(&served, "PATCH", &first, &json!({"name": "Moved"}))["name"], "Moved");
    let changed = asked.all(&served);
    assert_ne!(changed, before);

    // Back again, into a directory that is not there yet.
    let back = Folder::new();
    let keys = home.0.join("keys.json");
    let to_back = ["move", "--from", &url, "--to", back.text(), "--keys", keys.to_str().expect("a path in text")];
    let (_, said) = refused(&to_back);
    assert!(said.contains("nodes are registered on the source: node") && said.contains("bailiwick.nodes"), "{said}");
    assert!(!back.0.exists(), "nothing is half there");
    served.stop();
    let (_, said) = refused(&["move", "--from", &url, "--to", back.text()]);
    assert!(said.contains("--keys"), "{said}");
    // With other keys than its own the copy does not verify, and is not kept.
    let other = Folder::new();
    drop(Node::start("serve", &other.0, None, Some(port)));
    let wrong = other.0.join("keys.json");
    let (_, said) =
        refused(&["move", "--from", &url, "--to", back.text(), "--keys", wrong.to_str().expect("a path in text")]);
    assert!(said.contains("Is keys.json that of the installation") && !back.0.exists(), "{said}");
    let (_, said) = refused(&["move", "--from", &url, "--to", other.text()]);
    assert!(said.contains("there is a database in"), "{said}");

    // What a move left that was killed is no obstacle, one that still runs is.
    let site = back.0.join("moving");
    std::fs::create_dir_all(&site).expect("a folder");
    std::fs::write(site.join("bailiwick.db"), "half of it").expect("a file");
    let lock = std::fs::File::create(site.join("lock")).expect("a file");
    lock.lock().expect("it is free");
    let (_, said) = refused(&to_back);
    assert!(said.contains("another database is on its way into") && site.join("bailiwick.db").exists(), "{said}");
    drop(lock);
    let said = fine(&to_back);
    assert!(said.starts_with("moved: 8 workspaces, "), "{said}");
    let names = std::fs::read_dir(&back.0).expect("a folder").map(|entry| entry.expect("a name").file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["bailiwick.db", "keys.json"]);
    let verified = fine(&["audit", "verify", "--data", back.text()]);
    assert!(verified.contains("the tables equal the folded log"), "{verified}");
    let again = Node::start("serve", &back.0, None, Some(port));
    same(&asked.all(&again), &changed);
    signs_in(&again, port);
}

const PASSWORD: &str = "correct horse battery staple";

fn signs_in(node: &Node, port: u16) {
    let mut noa = Browser::new(port).through(node);
    noa.get("/sign-in");
    let answer = noa.post("/sign-in", &[("email", "noa@example.com"), ("password", PASSWORD)]);
    assert_eq!(answer.status, 303, "{}", answer.body);
}

#[test]
fn what_cannot_be_moved_is_refused_with_what_to_do() {
    let folder = Folder::new();
    let (_, said) = refused(&["move", "--from", folder.text(), "--to", "postgres://bailiwick@127.0.0.1:1/none"]);
    assert!(said.contains("there is no bailiwick.db in"), "{said}");
    for (from, to) in [("a", "b"), ("postgres://a/a", "postgresql://b/b")] {
        let (_, said) = refused(&["move", "--from", from, "--to", to]);
        assert!(said.contains("one of --from and --to is a data directory"), "{said}");
    }
    let Some(database) = bailiwick_testkit::Database::empty("what_cannot_be_moved_is_refused_with_what_to_do") else {
        return;
    };
    drop(Node::start("serve", &folder.0, None, Some(1)));
    let (_, said) = refused(&["move", "--from", folder.text(), "--to", &database.url()]);
    assert!(said.contains("run `bailiwick migrate` first"), "{said}");
}
