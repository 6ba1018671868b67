//! Of which revision an answer is, and answers that must be of a later one than what is in memory.

use axum::Router;
use serde_json::{Value, json};

use super::world::{As, Got, Someone, World, on_every_backend};

/// A workspace, and a process that has it in memory and hears of no change.
struct Stale {
    world: World,
    deaf: Router,
    olga: Someone,
    workspace: String,
    path: String,
}

impl Stale {
    async fn start(world: World) -> Self {
        let olga = world.person("Olga").await;
        let workspace = world.workspace("properties", "business", &olga).await;
        let deaf = world.deaf().await;
        let path = format!("/v1/workspaces/{workspace}");
        let this = Self { world, deaf, olga, workspace, path };
        this.there("").await.ok();
        this
    }

    /// A read of the other process.
    async fn there(&self, below: &str) -> Got {
        let path = format!("{}{below}", self.path);
        self.world.ask_there(&self.deaf, &self.world.host, "GET", &path, Value::Null).await
    }

    /// A change here; the revision after it.
    async fn changed(&self, name: &str) -> u64 {
        let got = self.world.ask(&self.world.host, "PATCH", &self.path, json!({"name": name})).await;
        let revision = got.headers["bailiwick-revision"].to_str().unwrap().parse().unwrap();
        assert_eq!(got.ok()["revision"], revision);
        revision
    }

    async fn decided(&self, at_least: Value) -> Value {
        let asked = json!({
            "subject": {"type": "person", "id": self.olga.id},
            "action": {"name": "team:view"},
            "resource": {"type": "workspace", "id": self.workspace},
            "context": {"at_least": at_least},
        });
        self.world.ask_there(&self.deaf, &self.world.host, "POST", "/access/v1/evaluation", asked).await.body
    }
}

on_every_backend!(an_answer_is_of_the_revision_that_was_asked_for_or_a_later_one);
async fn an_answer_is_of_the_revision_that_was_asked_for_or_a_later_one(world: World) {
    let s = Stale::start(world).await;
    let members = s.there("/members").await.ok();
    let member = format!("/members/{}", members["items"][0]["id"].as_str().unwrap());
    let why = format!("{member}/why?permission=team:view");
    let old = members["revision"].as_u64().unwrap();

    let one = s.changed("One").await;
    assert_eq!(one, old + 1);
    assert_eq!(s.there("").await.ok()["revision"], old, "it heard nothing, and nobody asked for more");
    let fresh = s.there(&format!("?at_least={one}")).await.ok();
    assert_eq!((&fresh["name"], &fresh["revision"]), (&json!("One"), &json!(one)));

    for list in ["/members", "/invitations", "/templates", "/resources", "/log"] {
        let now = s.changed(list).await;
        assert_eq!(s.there(list).await.ok()["revision"], now - 1, "{list}");
        assert_eq!(s.there(&format!("{list}?at_least={now}")).await.ok()["revision"], now, "{list}");
    }
    // The log is in the database and newer than memory; what is given of it is of one revision all the same.
    let now = s.changed("Log").await;
    assert_eq!(s.there("/log").await.ok()["items"][0]["revision"], now - 1);
    assert_eq!(s.there(&format!("/log?at_least={now}")).await.ok()["items"][0]["revision"], now);

    let now = s.changed("Why").await;
    assert_eq!(s.there(&why).await.ok()["context"]["revision"], now - 1);
    assert_eq!(s.there(&format!("{why}&at_least={now}")).await.ok()["context"]["revision"], now);
    let now = s.changed("Row").await;
    assert_eq!(s.there(&format!("{member}?at_least={now}")).await.status, 200);

    let now = s.changed("Decided").await;
    assert_eq!(s.decided(json!(now - 1)).await["context"]["revision"], now - 1);
    let answer = s.decided(json!(now)).await;
    assert_eq!((&answer["decision"], &answer["context"]["revision"]), (&json!(true), &json!(now)));
}

on_every_backend!(a_revision_that_is_not_there_yet_is_neither_waited_for_nor_passed_over);
async fn a_revision_that_is_not_there_yet_is_neither_waited_for_nor_passed_over(world: World) {
    let s = Stale::start(world).await;
    let next = s.changed("One").await + 1;
    for below in ["?", "/members?", "/log?"] {
        let got = s.there(&format!("{below}at_least={next}")).await;
        assert_eq!((got.problem(), got.headers.contains_key("retry-after")), ((409, "not-yet"), true), "{below}");
        assert!(s.there(&format!("{below}at_least=x")).await.status.is_client_error());
    }
    for far in [next, u64::MAX] {
        let answer = s.decided(json!(far)).await;
        assert_eq!((&answer["decision"], &answer["context"]["reason"]), (&json!(false), &json!("unsure")), "{answer}");
    }
    for odd in [json!("7"), json!(-1), json!(1.5), Value::Null] {
        assert_eq!(s.decided(odd.clone()).await["code"], "bad-evaluation", "{odd}");
    }
}

on_every_backend!(asking_for_a_revision_tells_a_stranger_nothing);
async fn asking_for_a_revision_tells_a_stranger_nothing(world: World) {
    let s = Stale::start(world).await;
    let nora = s.world.person("Nora").await;
    for by in [&nora.by, &As::Nobody] {
        for at_least in ["", "?at_least=1", "?at_least=999"] {
            let got = s.world.get(by, &format!("{}{at_least}", s.path)).await;
            let gone = s.world.get(by, &format!("/v1/workspaces/wsp_{}{at_least}", "0".repeat(26))).await;
            assert_eq!(got.problem(), gone.problem(), "{at_least}");
        }
    }
}
