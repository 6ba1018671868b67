//! A model changes under live workspaces: looked at first, applied, broken off and given again, taken back (X14).

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::on_every_backend;
use crate::world::{Demo, Folder, Node};

const TENANT: &str = include_str!("../../models/tenant/model.toml");

/// The tenant's model without one permission and with another: what it takes away can be in somebody's way.
fn other() -> String {
    let (gone, new) = ("delete = \"delete reports\"\n", "share = \"share analytics\"\n");
    assert!(TENANT.contains(gone));
    TENANT.replace(gone, new)
}

/// A file with a text, for as long as it is held.
struct File {
    _folder: Folder,
    path: String,
}

impl File {
    fn of(text: &str) -> Self {
        let folder = Folder::new();
        std::fs::create_dir_all(&folder.0).expect("a folder");
        let path = folder.0.join("model.toml");
        std::fs::write(&path, text).expect("a file");
        let path = path.to_str().expect("a path in text").to_owned();
        Self { _folder: folder, path }
    }
}

/// A host with its key.
struct Host<'a> {
    demo: &'a Demo,
    key: String,
}

impl<'a> Host<'a> {
    fn new(demo: &'a Demo) -> Self {
        let key = std::fs::read_to_string(demo.data.join("host-key")).expect("the demo's key").trim().to_owned();
        let host = Self { demo, key };
        host.ask(
            "POST",
            "/v1/people",
            &json!({"external_id": "u-1", "email": "olga@acme.example", "name": "Olga Reyes"}),
        );
        host
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, said) = self.demo.node().call(method, path, &self.key, &body);
        assert!(status < 300, "{method} {path}: {status} {said}");
        serde_json::from_str(&said).unwrap_or_default()
    }

    fn workspace(&self, id: &str) {
        let new = json!({"model": "tenant", "name": id, "external_id": id, "owner": "ext:u-1"});
        self.ask("POST", "/v1/workspaces", &new);
    }

    fn cancel_the_invitation_of(&self, workspace: &str) {
        let path = format!("/v1/workspaces/ext:{workspace}/invitations");
        let all = self.ask("GET", &path, &Value::Null);
        let items = all["items"].as_array().unwrap_or_else(|| panic!("{all}"));
        let pending = items.iter().find(|item| item["status"] == "pending");
        let id = pending.and_then(|item| item["id"].as_str()).unwrap_or_else(|| panic!("{all}"));
        self.ask("DELETE", &format!("{path}/{id}"), &Value::Null);
    }

    /// Whether Olga, who is an admin, may do that, by this node.
    fn permits(&self, node: &Node, workspace: &str, action: &str) -> bool {
        let question = json!({
            "subject": {"type": "person", "id": "u-1"}, "action": {"name": action},
            "resource": {"type": "workspace", "id": workspace},
        });
        let (status, said) = node.call("POST", "/access/v1/evaluation", &self.key, &question.to_string());
        assert!(status == 200 && !said.contains("unsure"), "{status} {said}");
        said.contains(r#""decision":true"#)
    }

    /// On every node at once: the old permission or the new one, never both and never neither.
    fn is_on(&self, workspace: &str, new: bool) {
        for node in self.demo.nodes() {
            assert_eq!(self.permits(node, workspace, "analytics:share"), new, "{workspace}");
            assert_eq!(self.permits(node, workspace, "analytics:delete"), !new, "{workspace}");
        }
    }
}

/// A command on the demo's data: whether it succeeded, what it printed, what it said beside that.
fn run(demo: &Demo, words: &[&str]) -> (bool, String, String) {
    let out = command(demo, words).output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (out.status.success(), text(out.stdout), text(out.stderr))
}

fn command(demo: &Demo, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bailiwick"));
    command.args(words);
    if words[1] != "diff" {
        command.arg("--data").arg(&demo.data);
    }
    command
}

fn verified(demo: &Demo) {
    let (fine, said, wrong) = run(demo, &["audit", "verify"]);
    assert!(fine && said.contains("the tables equal the folded log"), "{said}{wrong}");
}

fn x14_a_model_is_looked_at_applied_and_taken_back(demo: &mut Demo) {
    let host = Host::new(demo);
    host.workspace("one");
    host.workspace("two");
    let offer = json!({"email": "vic@acme.example", "access": {"role": "user", "direct": ["analytics:delete"]}});
    host.ask("POST", "/v1/workspaces/ext:two/invitations", &json!({"invitations": [offer]}));
    let (old, new) = (File::of(TENANT), File::of(&other()));
    let in_the_way = "the permission `analytics:delete`: 1 open invitation";

    // What it would do, by the model's name or its file, in words and as JSON. Nothing is changed by that.
    let data = demo.data.to_str().expect("a path in text");
    for of in ["tenant", &old.path] {
        let (fine, said, wrong) = run(demo, &["model", "diff", of, &new.path, "--against", data]);
        assert!(fine, "{wrong}");
        let line = |wanted: &[&str]| said.lines().any(|line| wanted.iter().all(|word| line.contains(word)));
        assert!(line(&["one", "Olga Reyes", "analytics:share", "analytics:delete"]), "{said}");
        assert!(line(&["two", "cannot be moved", in_the_way]), "{said}");
    }
    let (fine, said, wrong) = run(demo, &["model", "diff", "tenant", &new.path, "--against", data, "--json"]);
    assert!(fine, "{wrong}");
    let foretold: Vec<Value> = serde_json::from_str(&said).expect("JSON");
    let of = |name: &str| foretold.iter().find(|w| w["name"] == name).unwrap_or_else(|| panic!("{said}"));
    assert_eq!(of("one")["changes"][0]["gains"], json!(["analytics:share"]));
    assert_eq!(of("one")["changes"][0]["loses"], json!(["analytics:delete"]));
    assert_eq!((&of("two")["refused"], &of("two")["changes"]), (&json!([in_the_way]), &json!([])));
    ["one", "two"].iter().for_each(|workspace| host.is_on(workspace, false));

    // One moves, and every node answers by the new model when the command has come back; the other stays.
    let named = format!("tenant={}", new.path);
    let (fine, said, wrong) = run(demo, &["model", "apply", &named]);
    assert!(!fine && wrong.contains("1 workspaces stay on their version"), "{said}{wrong}");
    assert!(said.contains(&format!("two stays: {in_the_way}")), "{said}");
    assert!(said.lines().last().is_some_and(|line| line.contains("workspaces moved, 1 stay; version ")), "{said}");
    assert!(wrong.lines().any(|line| line.starts_with("0 of ")), "{wrong}");
    host.is_on("one", true);
    host.is_on("two", false);
    host.workspace("three");
    host.is_on("three", true);
    verified(demo);

    // What was in the way is resolved; the same command moves what is left.
    host.cancel_the_invitation_of("two");
    let (fine, said, wrong) = run(demo, &["model", "apply", &named]);
    assert!(fine && said.contains("1 workspaces moved, 0 stay"), "{said}{wrong}");
    host.is_on("two", true);
    let (fine, said, wrong) = run(demo, &["model", "apply", &named]);
    assert!(fine && said.contains("0 workspaces moved, 0 stay"), "{said}{wrong}");

    // The way back can be barred too; then new ones go on beginning where they do, until all are back.
    let offer = json!({"email": "uma@acme.example", "access": {"role": "user", "direct": ["analytics:share"]}});
    host.ask("POST", "/v1/workspaces/ext:two/invitations", &json!({"invitations": [offer]}));
    let (fine, said, wrong) = run(demo, &["model", "undo", "tenant"]);
    assert!(!fine && said.contains("two stays: the permission `analytics:share`: 1 open invitation"), "{said}{wrong}");
    host.is_on("one", false);
    host.is_on("two", true);
    host.workspace("meanwhile");
    host.is_on("meanwhile", true);
    host.cancel_the_invitation_of("two");

    // Back again: those that were moved, and new ones; those that were made under it stay.
    let (fine, said, wrong) = run(demo, &["model", "undo", "tenant"]);
    assert!(fine && said.contains("0 stay"), "{said}{wrong}");
    host.workspace("four");
    ["one", "two", "four"].iter().for_each(|workspace| host.is_on(workspace, false));
    ["three", "meanwhile"].iter().for_each(|workspace| host.is_on(workspace, true));
    verified(demo);
}
on_every_backend!(x14_a_model_is_looked_at_applied_and_taken_back);

/// So many workspaces that a command is still at them when it is broken off.
const MANY: usize = 60;

/// Gives a command, and kills the server as soon as it has begun to move workspaces.
fn killed_in_the_middle(demo: &mut Demo, words: &[&str]) {
    let mut child =
        command(demo, words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
    let begun = lines.by_ref().map_while(Result::ok).find(|line| line.contains(" of ") && !line.starts_with("0 of "));
    demo.kill();
    assert!(begun.is_some(), "it says how far it has come");
    assert!(!child.wait().expect("it ends").success(), "the server is gone");
    demo.crash_and_restart();
    verified(demo);
}

/// How many of these are on the new model; each is whole on one side or the other, on every node.
fn on_the_new_one(host: &Host<'_>, names: &[String]) -> usize {
    let on = |name: &&String| {
        let new = host.permits(host.demo.node(), name, "analytics:share");
        host.is_on(name, new);
        new
    };
    names.iter().filter(on).count()
}

fn x14_what_was_killed_in_the_middle_is_given_again_and_goes_on(demo: &mut Demo) {
    let names: Vec<String> = (0..MANY).map(|n| format!("w{n}")).collect();
    let host = Host::new(demo);
    names.iter().for_each(|name| host.workspace(name));
    let new = File::of(&other());
    let named = format!("tenant={}", new.path);
    let (apply, undo) = (["model", "apply", &named], ["model", "undo", "tenant"]);
    for (words, before, after) in [(apply, 0, MANY), (undo, MANY, 0)] {
        killed_in_the_middle(demo, &words);
        let host = Host::new(demo);
        let half = on_the_new_one(&host, &names);
        assert!((1..MANY).contains(&half), "{half} of {MANY} are on the new model, before it were {before}");
        let (fine, said, wrong) = run(demo, &words);
        assert!(fine && said.contains(", 0 stay; version "), "{said}{wrong}");
        assert_eq!(on_the_new_one(&host, &names), after);
        verified(demo);
    }
    let host = Host::new(demo);
    host.workspace("later");
    host.is_on("later", false);
}
on_every_backend!(x14_what_was_killed_in_the_middle_is_given_again_and_goes_on);

#[test]
fn x14_a_model_is_checked_and_compared_without_an_installation() {
    let text = |words: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_bailiwick")).args(words).output().expect("the binary runs");
        let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        (out.status.success(), said)
    };
    let (old, new) = (File::of(TENANT), File::of(&other()));
    let (fine, said) = text(&["model", "check", &old.path]);
    assert!(fine && said.starts_with("CRM tenant: 2 roles, ") && said.contains("\nversion "), "{said}");
    let wrong = File::of(&TENANT.replace("manages = [\"user\"]", "manages = [\"usr\"]"));
    let (fine, said) = text(&["model", "check", &wrong.path]);
    assert!(!fine && said.contains("did you mean `user`?") && said.contains("model.toml:"), "{said}");
    let (fine, said) = text(&["model", "diff", &old.path, &new.path]);
    let line = said.lines().find(|line| line.starts_with("role `admin` on the plan `starter`"));
    assert!(fine && line.is_some_and(|l| l.contains("analytics:share  analytics:delete")), "{said}");
    let (fine, said) = text(&["model", "diff", &old.path, &new.path, "--json"]);
    let found: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"));
    assert!(fine && found.iter().any(|d| d["gains"] == json!(["analytics:share"])), "{said}");
}
