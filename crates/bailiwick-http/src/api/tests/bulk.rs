//! Many changes in one request, a result for each.

use bailiwick_core::ids::MemberId;
use serde_json::{Value, json};

use super::world::{As, Someone, World, on_every_backend};

/// A tenant of Olga's with three members.
struct Crew {
    world: World,
    olga: Someone,
    crew: Vec<(Someone, String)>,
    workspace: String,
}

impl Crew {
    async fn start(world: World) -> Self {
        let olga = world.person("Olga").await;
        let workspace = world.workspace("tenant", "scale", &olga).await;
        let mut crew = Vec::new();
        for name in ["Ann", "Bea", "Cora"] {
            let person = world.person(name).await;
            let row = world.join(&workspace, &person, user("conversations:view")).await;
            crew.push((person, row));
        }
        Self { world, olga, crew, workspace }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/workspaces/{}/{rest}", self.workspace)
    }

    fn row(&self, at: usize) -> &str {
        &self.crew[at].1
    }

    /// The results of a request under a name.
    async fn results(&self, by: &As, path: &str, body: &Value, key: &str) -> Vec<Value> {
        let got = self.world.ask_with(by, "POST", &self.path(path), body.clone(), &[("idempotency-key", key)]).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.body["results"].as_array().unwrap().clone()
    }

    async fn log(&self) -> Value {
        self.world.get(&self.world.host, &self.path("log")).await.ok()["items"].clone()
    }

    /// Every row: name, status and role.
    async fn rows(&self) -> Vec<(String, String, String)> {
        let all = self.world.get(&self.world.host, &self.path("members")).await.ok();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let rows = all["items"].as_array().unwrap().iter();
        rows.map(|m| (text(&m["name"]), text(&m["status"]), text(&m["access"]["role"]))).collect()
    }
}

fn user(permission: &str) -> Value {
    json!({"role": "user", "direct": [permission]})
}

/// `ok`, or the code of the problem.
fn codes(results: &[Value]) -> Vec<&str> {
    results.iter().map(|r| if r["ok"] == true { "ok" } else { r["problem"]["code"].as_str().unwrap() }).collect()
}

on_every_backend!(each_row_is_done_or_refused_of_its_own_and_in_order);
async fn each_row_is_done_or_refused_of_its_own_and_in_order(world: World) {
    let c = Crew::start(world).await;
    let changes = json!({"changes": [
        {"change": "suspend", "member": c.row(0)},
        {"change": "access", "member": c.row(1), "access": {"role": "emperor"}},
        {"change": "access", "member": c.row(1), "access": {"role": "admin"}},
        {"change": "remove", "member": MemberId(9).to_string()},
        {"change": "remove", "member": "*"},
        {"change": "reactivate", "member": c.row(0)},
        {"change": "suspend", "member": c.row(2), "version": 1},
        {"change": "suspend", "member": c.row(2), "access": {"role": "admin"}},
        {"change": "access", "member": c.row(2)},
        {"change": "remove", "member": c.row(2)},
    ]});
    let expected = [
        "ok",
        "unknown-role",
        "ok",
        "no-such-member",
        "no-such-member",
        "ok",
        "edited-meanwhile",
        "invalid-value",
        "invalid-value",
        "ok",
    ];
    let before = c.log().await;
    let foretold = c.results(&c.olga.by, "members/bulk?preview=true", &changes, "k-0").await;
    assert_eq!(codes(&foretold), expected);
    assert_eq!(foretold[0]["preview"]["events"], json!(["member_suspended"]));
    assert_eq!(foretold[5]["preview"]["events"], json!(["member_reactivated"]), "on what the first would leave");
    assert_eq!(c.log().await, before, "nothing was changed");

    let got = c.world.ask(&c.olga.by, "POST", &c.path("members/bulk"), changes).await;
    let results = got.body["results"].as_array().unwrap();
    assert_eq!(codes(results), expected, "{}", got.text);
    assert_eq!(got.headers["bailiwick-revision"].to_str().unwrap(), results[9]["revision"].to_string());
    assert_eq!((&results[1]["problem"]["status"], results[1].get("revision")), (&json!(422), None));
    let is = |name: &str, status: &str, role: &str| (name.to_owned(), status.to_owned(), role.to_owned());
    let mut rows = c.rows().await;
    rows.sort();
    assert_eq!(rows, [is("Ann", "active", "user"), is("Bea", "active", "admin"), is("Olga", "active", "admin")]);
    assert_eq!(c.log().await.as_array().unwrap().len(), before.as_array().unwrap().len() + 4, "one change for each");
    // What was acknowledged holds at once.
    let asked = json!({
        "subject": {"type": "person", "id": c.crew[2].0.id},
        "action": {"name": "conversations:view"},
        "resource": {"type": "workspace", "id": c.workspace},
    });
    let decided = c.world.ask(&c.world.host, "POST", "/access/v1/evaluation", asked).await.ok();
    assert_eq!(decided["context"]["reason"], "not-a-member");
}

on_every_backend!(each_invitation_is_sent_or_refused_of_its_own);
async fn each_invitation_is_sent_or_refused_of_its_own(world: World) {
    let c = Crew::start(world).await;
    let one = |email: &str, access: Value| json!({"email": email, "access": access});
    let body = json!({"invitations": [
        one("dora@example.com", user("conversations:view")),
        one("not an address", user("conversations:view")),
        one("ann@example.com", user("conversations:view")),
        one("dora@example.com", user("conversations:view")),
        one("eve@example.com", json!({"role": "emperor"})),
        one("fay@example.com", user("conversations:edit")),
    ]});
    let expected = ["ok", "invalid-value", "already-member", "already-invited", "unknown-role", "ok"];
    let before = c.log().await;
    let foretold = c.results(&c.olga.by, "invitations/bulk?preview=true", &body, "k-0").await;
    assert_eq!(codes(&foretold), expected);
    assert_eq!(foretold[0]["preview"]["events"], json!(["invitation_sent"]));
    assert_eq!(c.log().await, before);
    let results = c.results(&c.olga.by, "invitations/bulk", &body, "k-1").await;
    assert_eq!(codes(&results), expected);
    for at in [0, 5] {
        let path = c.path(&format!("invitations/{}", results[at]["invitation"].as_str().unwrap()));
        let there = c.world.get(&c.olga.by, &path).await.ok();
        assert_eq!(there["email"], body["invitations"][at]["email"]);
    }
    // Again under the same name: the same, and no second mail or invitation.
    let after = c.log().await;
    let again = c.results(&c.olga.by, "invitations/bulk", &body, "k-1").await;
    assert_eq!(codes(&again), expected);
    for (once, twice) in results.iter().zip(&again) {
        assert_eq!(once["invitation"], twice["invitation"]);
    }
    assert_eq!(c.log().await, after);
}

on_every_backend!(a_repeat_does_only_what_was_not_done_and_another_body_is_refused);
async fn a_repeat_does_only_what_was_not_done_and_another_body_is_refused(world: World) {
    let c = Crew::start(world).await;
    let changes = json!({"changes": [
        {"change": "suspend", "member": c.row(0)},
        {"change": "reactivate", "member": c.row(1)},
        {"change": "remove", "member": c.row(2)},
    ]});
    let first = c.results(&c.world.host, "members/bulk", &changes, "k-1").await;
    assert_eq!(codes(&first), ["ok"; 3], "there was nothing to end for the second");
    // Meanwhile the first is let in again; a repeat must not suspend them once more.
    let path = c.path(&format!("members/{}/suspension", c.row(0)));
    c.world.ask(&c.olga.by, "DELETE", &path, Value::Null).await.ok();
    let after = c.log().await;
    assert_eq!(codes(&c.results(&c.world.host, "members/bulk", &changes, "k-1").await), ["ok"; 3]);
    assert_eq!(c.log().await, after);
    let mut other = changes.clone();
    other["changes"][0]["member"] = json!(c.row(1));
    let key = [("idempotency-key", "k-1")];
    let got = c.world.ask_with(&c.world.host, "POST", &c.path("members/bulk"), other.clone(), &key).await;
    assert_eq!(got.problem(), (422, "idempotency-key-reused"));
    assert_eq!(c.log().await, after);
    // Without a name it is another request each time.
    let got = c.world.ask(&c.world.host, "POST", &c.path("members/bulk"), other).await.ok();
    assert_eq!(codes(got["results"].as_array().unwrap()), ["ok", "ok", "no-such-member"]);
}

on_every_backend!(ab017_many_changes_are_for_who_may_make_each_of_them);
async fn ab017_many_changes_are_for_who_may_make_each_of_them(world: World) {
    let c = Crew::start(world).await;
    let nora = c.world.person("Nora").await;
    let changes = json!({"changes": [
        {"change": "remove", "member": c.row(1)},
        {"change": "access", "member": c.row(0), "access": {"role": "admin"}},
    ]});
    let invitations = json!({"invitations": [{"email": "x@example.com", "access": user("conversations:view")}]});
    let unreadable = json!({"changes": [{"change": "remove", "member": "*"}]});
    let before = c.log().await;
    let stranger = c.world.stranger().await;
    for preview in ["", "?preview=true"] {
        for by in [&nora.by, &stranger] {
            for (path, body) in
                [("members/bulk", &changes), ("members/bulk", &unreadable), ("invitations/bulk", &invitations)]
            {
                let got = c.world.ask(by, "POST", &c.path(&format!("{path}{preview}")), body.clone()).await;
                assert_eq!(got.problem(), (404, "no-such-workspace"), "{path}{preview}");
            }
        }
        // A member without the right is refused row by row.
        let by = &c.crew[0].0.by;
        let got = c.world.ask(by, "POST", &c.path(&format!("members/bulk{preview}")), changes.clone()).await.ok();
        assert_eq!(codes(got["results"].as_array().unwrap()), ["not-allowed", "not-allowed"]);
        let got =
            c.world.ask(by, "POST", &c.path(&format!("invitations/bulk{preview}")), invitations.clone()).await.ok();
        assert_eq!(codes(got["results"].as_array().unwrap()), ["not-allowed"]);
    }
    for (path, body, problem) in [
        ("members/bulk", json!({"changes": []}), (422, "nothing-named")),
        ("members/bulk", json!({"changes": vec![changes["changes"][0].clone(); 101]}), (422, "too-many")),
        ("invitations/bulk", json!({"invitations": []}), (422, "nothing-named")),
        (
            "invitations/bulk",
            json!({"invitations": vec![invitations["invitations"][0].clone(); 101]}),
            (422, "too-many"),
        ),
        ("members/bulk", json!({"changes": [{"change": "promote", "member": c.row(0)}]}), (400, "bad-json")),
        ("members/bulk", json!({"changes": [{"change": "remove", "member": c.row(0), "more": 1}]}), (400, "bad-json")),
        ("members/bulk", json!({"changes": [{"change": "remove"}]}), (400, "bad-json")),
    ] {
        assert_eq!(c.world.ask(&c.olga.by, "POST", &c.path(path), body).await.problem(), problem, "{path}");
    }
    assert_eq!(c.log().await, before, "nothing was changed");
}

on_every_backend!(who_removes_themself_on_the_way_does_nothing_after_it);
async fn who_removes_themself_on_the_way_does_nothing_after_it(world: World) {
    let c = Crew::start(world).await;
    let path = c.path(&format!("members/{}/access", c.row(0)));
    c.world.ask(&c.olga.by, "PUT", &path, json!({"role": "admin"})).await.ok();
    let changes = json!({"changes": [
        {"change": "suspend", "member": c.row(1)},
        {"change": "remove", "member": c.row(0)},
        {"change": "remove", "member": c.row(1)},
    ]});
    let foretold = c.results(&c.crew[0].0.by, "members/bulk?preview=true", &changes, "k-0").await;
    let got = c.world.ask(&c.crew[0].0.by, "POST", &c.path("members/bulk"), changes).await.ok();
    let results = got["results"].as_array().unwrap();
    assert_eq!(codes(&foretold), codes(results));
    assert_eq!(codes(results), ["ok", "ok", "no-such-workspace"]);
}
