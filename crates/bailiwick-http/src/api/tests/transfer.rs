//! Export and import: what comes out goes in again, and gives everybody what they had.

use serde_json::{Value, json};

use super::post::Post;
use super::world::{Someone, World, on_every_backend};

/// A tenant of Olga's with people of every kind in it.
struct Old {
    world: World,
    olga: Someone,
    ann: Someone,
    bea: Someone,
    workspace: String,
}

impl Old {
    async fn start(world: World) -> Self {
        let (olga, ann, bea) = (world.person("Olga").await, world.person("Ann").await, world.person("Bea").await);
        let workspace = world.workspace("tenant", "growth", &olga).await;
        let this = Self { world, olga, ann, bea, workspace };
        let template = json!({"name": "Night desk", "permissions": ["conversations:view", "settings:edit"]});
        let template = this.change("POST", "templates", template).await["id"].clone();
        let by_template = json!({"role": "user", "template": template, "until": "2030-01-01T00:00:00Z"});
        this.world.join(&this.workspace, &this.ann, by_template).await;
        let row =
            this.world.join(&this.workspace, &this.bea, json!({"role": "user", "direct": ["analytics:view"]})).await;
        this.change("PUT", &format!("members/{row}/suspension"), Value::Null).await;
        this
    }

    async fn change(&self, method: &str, path: &str, body: Value) -> Value {
        let path = format!("/v1/workspaces/{}/{path}", self.workspace);
        self.world.ask(&self.world.host, method, &path, body).await.ok()
    }

    async fn export(&self, workspace: &str) -> Value {
        self.world.get(&self.world.host, &format!("/v1/workspaces/{workspace}/export")).await.ok()
    }

    async fn import(&self, workspace: &str, query: &str, document: &Value) -> Vec<Value> {
        let path = format!("/v1/workspaces/{workspace}/import{query}");
        let got = self.world.ask(&self.world.host, "POST", &path, document.clone()).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.body["results"].as_array().unwrap().clone()
    }

    async fn log(&self, workspace: &str) -> usize {
        let log = self.world.get(&self.world.host, &format!("/v1/workspaces/{workspace}/log")).await.ok();
        log["items"].as_array().unwrap().len()
    }

    /// How many mails leave now.
    async fn mails(&self) -> usize {
        let post = Post::start().await;
        post.deliver(&self.world).await;
        post.count()
    }

    /// What each may do, and why not.
    async fn answers(&self, workspace: &str) -> Vec<Value> {
        let mut all = Vec::new();
        for who in [&self.olga, &self.ann, &self.bea] {
            for action in ["conversations:view", "crm:view", "analytics:view", "users:create", "settings:edit"] {
                let asked = json!({
                    "subject": {"type": "person", "id": who.id},
                    "action": {"name": action},
                    "resource": {"type": "workspace", "id": workspace},
                });
                let got = self.world.ask(&self.world.host, "POST", "/access/v1/evaluation", asked).await.ok();
                all.push(json!([got["decision"], got["context"]["reason"]]));
            }
        }
        all
    }
}

fn outcomes(results: &[Value]) -> Vec<&str> {
    let code = |r: &Value| r["problem"]["code"].is_string();
    let said = results.iter().map(|r| &r[if code(r) { "problem" } else { "outcome" }]);
    said.map(|s| s.as_str().unwrap_or_else(|| s["code"].as_str().unwrap())).collect()
}

/// The document without where it comes from, and with templates by name.
fn by_names(mut document: Value) -> Value {
    document.as_object_mut().unwrap().remove("from");
    let templates = document["templates"].as_array().unwrap().clone();
    let mut text = document.to_string();
    for template in &templates {
        text = text.replace(template["id"].as_str().unwrap(), template["name"].as_str().unwrap());
    }
    let mut document: Value = serde_json::from_str(&text).unwrap();
    for list in ["templates", "members"] {
        document[list].as_array_mut().unwrap().sort_by_key(ToString::to_string);
    }
    document
}

on_every_backend!(an_export_imported_into_a_new_workspace_gives_everybody_what_they_had);
async fn an_export_imported_into_a_new_workspace_gives_everybody_what_they_had(world: World) {
    let old = Old::start(world).await;
    let document = old.export(&old.workspace).await;
    assert_eq!((&document["format"], &document["from"]["model"]), (&json!("bailiwick-workspace/1"), &json!("tenant")));
    let new = old.world.workspace("tenant", "growth", &old.olga).await;
    let log = old.log(&new).await;
    old.mails().await;

    let foretold = old.import(&new, "?preview=true", &document).await;
    assert_eq!(old.log(&new).await, log, "a preview changes nothing");
    let results = old.import(&new, "", &document).await;
    assert_eq!(outcomes(&foretold), outcomes(&results));
    // The plan, three templates that ship, the owner were so already; the rest was not.
    let made = results.iter().filter(|r| r["outcome"] == "done").map(|r| r["part"].as_str().unwrap());
    let made: Vec<&str> = made.map(|part| part.split('[').next().unwrap()).collect();
    assert_eq!((results.len(), made), (8, vec!["templates", "members", "members"]));
    assert_eq!(old.answers(&new).await, old.answers(&old.workspace).await);
    assert_eq!(by_names(old.export(&new).await), by_names(document.clone()));
    assert_eq!(old.mails().await, 0);

    let log = old.log(&new).await;
    let again = old.import(&new, "", &document).await;
    assert!(outcomes(&again).iter().all(|o| *o == "same"), "{again:?}");
    assert_eq!(old.log(&new).await, log, "a second import changes nothing");
}

on_every_backend!(each_part_of_an_import_is_done_or_refused_of_its_own);
async fn each_part_of_an_import_is_done_or_refused_of_its_own(world: World) {
    let old = Old::start(world).await;
    let member = |email: &str, access: Value| json!({"email": email, "name": "New", "access": access});
    let user = json!({"role": "user", "direct": ["analytics:view"]});
    let mut taken = member("taken@example.com", user.clone());
    taken["external_id"] = json!("u-new");
    let mut other = member("other@example.com", user.clone());
    other["external_id"] = json!("u-new");
    let mut anns = member(&old.ann.email, user.clone());
    anns["external_id"] = json!("u:Bea");
    let document = json!({"format": "bailiwick-workspace/1",
        "templates": [{"id": "tpl_00000000000000000000000009", "name": "Odd", "permissions": ["no:such"]}],
        "members": [
            member("not an address", user.clone()), taken, other, anns, member("x@example.com", json!({"role": "emperor"})),
            member("y@example.com", json!({"role": "user", "template": "tpl_00000000000000000000000009"})),
        ],
        "invitations": [{"email": "guest@example.com", "access": user}],
    });
    old.mails().await;
    let results = old.import(&old.workspace, "", &document).await;
    let expected = [
        "unknown-permission",
        "invalid-value",
        "done",
        "invalid-value",
        "invalid-value",
        "unknown-role",
        "no-such-template",
        "left",
    ];
    assert_eq!(outcomes(&results), expected, "{results:?}");
    assert_eq!(old.mails().await, 0);
    // Told to, it sends the invitation; once.
    for (expected, mails) in [("done", 1), ("same", 0)] {
        let results = old.import(&old.workspace, "?send_mail=true", &document).await;
        assert_eq!(outcomes(&results).last(), Some(&expected), "{results:?}");
        assert_eq!(old.mails().await, mails);
    }
    // Nobody was made for a row that was refused.
    let x = json!({"email": "x@example.com", "name": "Other name"});
    assert_eq!(old.world.ask(&old.world.host, "POST", "/v1/people", x).await.ok()["name"], "Other name");
}

on_every_backend!(ab148_an_import_is_bounded_and_of_a_known_format_and_by_hosts_alone);
async fn ab148_an_import_is_bounded_and_of_a_known_format_and_by_hosts_alone(world: World) {
    let old = Old::start(world).await;
    let path = format!("/v1/workspaces/{}/import", old.workspace);
    let log = old.log(&old.workspace).await;
    let one = json!({"email": "n@example.com", "name": "N", "access": {"role": "user"}});
    let with = |members: Vec<Value>| json!({"format": "bailiwick-workspace/1", "members": members});
    let mut foreign = with(vec![one.clone()]);
    foreign["from"] = json!({"workspace": "w", "name": "n", "model": "chatbots", "model_version": "v", "revision": 1});
    for (document, expected) in [
        (json!({"format": "bailiwick-workspace/2", "members": [one]}), (422, "invalid-value")),
        (foreign, (422, "invalid-value")),
        (with(Vec::new()), (422, "nothing-named")),
        (with(vec![one.clone(); 501]), (422, "too-many")),
    ] {
        assert_eq!(old.world.ask(&old.world.host, "POST", &path, document.clone()).await.problem(), expected);
    }
    let document = with(vec![one]);
    assert_eq!(old.world.ask(&old.olga.by, "POST", &path, document.clone()).await.problem(), (403, "hosts-only"));
    let export = format!("/v1/workspaces/{}/export", old.workspace);
    assert_eq!(old.world.get(&old.olga.by, &export).await.problem(), (403, "hosts-only"));
    let manages = old.world.key(&[bailiwick_app::caller::Scope::Manage]).await;
    assert_eq!(old.world.ask(&manages, "POST", &path, document).await.problem(), (403, "scope-missing"));
    assert_eq!(old.log(&old.workspace).await, log, "nothing was changed");
}
