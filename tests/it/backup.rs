//! `bailiwick backup` and `restore`, by the real binary: taken while the service is at work, put back elsewhere.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use serde_json::{Value, json};

use crate::binary::{fine, refused};
use crate::world::{Demo, Folder, Node};

struct AtEnd<'a>(&'a AtomicBool);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

fn call(node: &Node, method: &str, path: &str, key: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, answer) = node.call(method, path, key, &body);
    (status, serde_json::from_str(&answer).unwrap_or_default())
}

#[test]
fn a_backup_is_of_one_moment_and_what_opened_something_opens_nothing_after_it() {
    let demo = Demo::start();
    let key = std::fs::read_to_string(demo.data.join("host-key")).expect("a key").trim().to_owned();
    let node = demo.node();
    let pia = json!({"external_id": "u-1", "email": "pia@acme.example", "name": "Pia Berg"});
    assert_eq!(call(node, "POST", "/v1/people", &key, &pia).0, 200);
    let new = json!({"model": "tenant", "name": "Storm 0", "external_id": "storm", "owner": "ext:u-1"});
    assert_eq!(call(node, "POST", "/v1/workspaces", &key, &new).0, 201);
    let offer = json!({"invitations": [{"email": "noa@example.com", "access": {"role": "user"}}]});
    assert_eq!(call(node, "POST", "/v1/workspaces/ext:storm/invitations", &key, &offer).0, 201);
    let link = demo.link_to("noa@example.com");
    let mut tomas = demo.signed_in("Tomas Okafor");
    let home = tomas.workspace();

    // Changes go on while it is taken: what was acknowledged before it began is in it.
    let (copy, done) = (Folder::new(), AtomicBool::new(false));
    let (saved, from) = (AtomicU64::new(0), demo.data.to_str().expect("a path in text"));
    let before = std::thread::scope(|scope| {
        // Also a test that fails lets the storm end.
        let _end = AtEnd(&done);
        scope.spawn(|| {
            for number in 1.. {
                let name = json!({"name": format!("Storm {number}")});
                assert_eq!(call(node, "PATCH", "/v1/workspaces/ext:storm", &key, &name).0, 200);
                saved.store(number, SeqCst);
                if done.load(SeqCst) {
                    break;
                }
            }
        });
        while saved.load(SeqCst) < 20 {
            std::thread::yield_now();
        }
        let before = saved.load(SeqCst);
        let said = fine(&["backup", copy.text(), "--data", from]);
        assert!(said.starts_with("backed up to ") && said.contains("; verified there: "), "{said}");
        before
    });
    let mode = |path: &std::path::Path| {
        use std::os::unix::fs::PermissionsExt as _;
        path.metadata().expect("it is there").permissions().mode() & 0o777
    };
    assert_eq!(mode(&copy.0), 0o700);
    for name in ["bailiwick.db", "keys.json"] {
        assert_eq!(mode(&copy.0.join(name)), 0o600, "{name}");
    }
    let mut inside: Vec<_> = copy.0.read_dir().expect("a folder").map(|f| f.unwrap().file_name()).collect();
    inside.sort();
    assert_eq!(inside, ["bailiwick.db", "keys.json"]);
    let (code, said) = refused(&["backup", copy.text(), "--data", from]);
    assert!(code == Some(1) && said.contains("is there already"), "{said}");
    let (code, said) = refused(&["restore", copy.text(), "--data", from]);
    assert!(code == Some(1) && said.contains("use a directory without one"), "{said}");
    let port = demo.port;
    drop(demo.stop());

    let back = Folder::new();
    let said = fine(&["restore", copy.text(), "--data", back.text()]);
    assert!(
        said.contains("verified there: ") && said.contains("ended ") && !said.contains("ended 0 sessions"),
        "{said}"
    );
    let served = Node::start("serve", &back.0, None, Some(port));
    let (status, storm) = call(&served, "GET", "/v1/workspaces/ext:storm", &key, &Value::Null);
    assert_eq!(status, 200, "the host's key still is one");
    let number: u64 = storm["name"].as_str().and_then(|name| name.strip_prefix("Storm ")).unwrap().parse().unwrap();
    assert!(before <= number && number <= saved.load(SeqCst), "{before} {number}");
    assert_eq!(tomas.through(&served).get(&format!("{home}/team")).status, 303, "no session lives");
    let page = tomas.through(&served).open(&link);
    assert!(page.body.contains("does not work"), "{}", page.body);
    let list = "/v1/workspaces/ext:storm/invitations";
    let (_, open) = call(&served, "GET", list, &key, &Value::Null);
    let id = open["items"][0]["id"].as_str().expect("it is still open").to_owned();
    assert_eq!(call(&served, "POST", &format!("{list}/{id}/resend"), &key, &Value::Null).0, 200);
    served.stop();
    let verified = fine(&["audit", "verify", "--data", back.text()]);
    assert!(verified.contains("the tables equal the folded log"), "{verified}");
}

#[test]
fn a_backup_that_was_touched_is_not_restored() {
    let (home, copy, back) = (Folder::new(), Folder::new(), Folder::new());
    Node::start("serve", &home.0, None, Some(8080)).stop();
    fine(&["backup", copy.text(), "--data", home.text()]);
    let file = copy.0.join("bailiwick.db");
    let mut bytes = std::fs::read(&file).expect("a database");
    let word = b"\"kind\":\"model\"";
    let at = bytes.windows(word.len()).position(|part| part == word).expect("an event of a model");
    bytes[at..at + word.len()].copy_from_slice(b"\"kind\":\"MODEL\"");
    std::fs::write(&file, bytes).expect("it is written");
    let (code, said) = refused(&["restore", copy.text(), "--data", back.text()]);
    assert_eq!((code, said.contains("does not verify")), (Some(1), true), "{said}");
    assert!(!back.0.join("bailiwick.db").exists() && !back.0.join("keys.json").exists(), "nothing is half there");
    let (_, said) = refused(&["restore", home.text(), "--data", home.text()]);
    assert!(said.contains("use a directory without one"), "{said}");
    let (_, said) = refused(&["backup", back.text(), "--data", back.text()]);
    assert!(said.contains("there is no bailiwick.db in"), "{said}");
}
