//! The OpenID AuthZEN Authorization API 1.0, line by line.

use axum::body::Body;
use axum::http::Request;
use bailiwick_app::caller::Scope;
use serde_json::{Value, json};

use super::world::{As, Someone, URL, World, on_every_backend};

const ONE: &str = "/access/v1/evaluation";
const MANY: &str = "/access/v1/evaluations";

/// A team on `properties`: Olga owns it, Mia writes on the quay, Nora is nobody there.
pub struct Team {
    pub world: World,
    pub olga: Someone,
    pub mia: Someone,
    pub nora: Someone,
    pub workspace: String,
    pub quay: String,
}

impl Team {
    pub async fn start(world: World) -> Self {
        let (olga, mia, nora) = (world.person("Olga").await, world.person("Mia").await, world.person("Nora").await);
        let body =
            json!({"model": "properties", "name": "H", "plan": "business", "owner": olga.id, "external_id": "o-1"});
        let workspace = world.ask(&world.host, "POST", "/v1/workspaces", body).await.id();
        let body = json!({"kind": "property", "name": "Quay", "external_id": "p-1"});
        let path = format!("/v1/workspaces/{workspace}/resources");
        let quay = world.ask(&world.host, "POST", &path, body).await.id();
        let access = json!({"role": "member", "grants": [{"resource": quay, "level": "write"}]});
        world.join(&workspace, &mia, access).await;
        Self { world, olga, mia, nora, workspace, quay }
    }

    fn asked(&self, who: &Someone, action: &str) -> Value {
        json!({
            "subject": {"type": "person", "id": who.id},
            "action": {"name": action},
            "resource": {"type": "workspace", "id": self.workspace},
        })
    }

    fn on_quay(&self, who: &Someone, action: &str) -> Value {
        let mut asked = self.asked(who, action);
        asked["resource"] = json!({"type": "property", "id": self.quay});
        asked
    }

    async fn answer(&self, body: Value) -> Value {
        let got = self.world.ask(&self.world.host, "POST", ONE, body).await;
        assert_eq!(got.headers["content-type"], "application/json");
        got.ok()
    }
}

fn with(mut asked: Value, pointer: &str, value: Value) -> Value {
    *asked.pointer_mut(pointer).unwrap() = value;
    asked
}

fn without(mut asked: Value, name: &str, member: Option<&str>) -> Value {
    let whole = asked.as_object_mut().unwrap();
    match member {
        None => drop(whole.remove(name)),
        Some(member) => drop(whole[name].as_object_mut().unwrap().remove(member)),
    }
    asked
}

on_every_backend!(decisions_are_200_with_their_reasons);
async fn decisions_are_200_with_their_reasons(world: World) {
    let t = Team::start(world).await;
    let in_properties = json!({"type": "property", "id": "p-1", "properties": {"workspace": "o-1", "more": [1, null]}});
    let elsewhere = json!({"type": "property", "id": t.quay, "properties": {"workspace": "o-2"}});
    let mut in_context = with(t.on_quay(&t.mia, "property:chat"), "/resource/id", json!("p-1"));
    in_context["context"] = json!({"workspace": t.workspace, "time": "2026-11-24T06:00:00Z"});
    let by_host = with(t.asked(&t.mia, "team:view"), "/subject/id", json!("u:Olga"));
    for (asked, decision, reason) in [
        (t.asked(&t.olga, "team:view"), true, "role"),
        (with(t.asked(&t.olga, "team:view"), "/resource/id", json!("o-1")), true, "role"),
        (by_host, true, "role"),
        (t.on_quay(&t.mia, "property:chat"), true, "level"),
        (with(t.on_quay(&t.mia, "property:chat"), "/resource", in_properties), true, "level"),
        (in_context, true, "level"),
        (t.on_quay(&t.mia, "property:settings"), false, "level-too-low"),
        (t.asked(&t.mia, "team:view"), false, "nothing-grants"),
        (t.asked(&t.nora, "team:view"), false, "not-a-member"),
        (t.asked(&t.olga, "property:chat"), false, "resource-needed"),
        (t.on_quay(&t.olga, "team:view"), false, "no-resource-wanted"),
        (with(t.on_quay(&t.mia, "property:chat"), "/resource", elsewhere), false, "no-such-workspace"),
        (with(t.on_quay(&t.mia, "property:chat"), "/resource/id", json!("p-1")), false, "unknown-resource"),
        (with(t.on_quay(&t.mia, "property:chat"), "/resource/type", json!("folder")), false, "wrong-kind"),
        (with(t.asked(&t.olga, "team:view"), "/subject/type", json!("robot")), false, "not-a-member"),
        (with(t.asked(&t.olga, "team:view"), "/resource/id", json!("o-2")), false, "no-such-workspace"),
    ] {
        let answer = t.answer(asked.clone()).await;
        let got = (answer["decision"].as_bool().unwrap(), answer["context"]["reason"].as_str().unwrap());
        assert_eq!(got, (decision, reason), "{asked}");
        assert!(answer["context"]["sentence"].as_str().unwrap().ends_with('.'), "{answer}");
        let known = !matches!(reason, "no-such-workspace" | "unknown-resource") && asked["subject"]["type"] == "person";
        assert_eq!(answer["context"].get("revision").is_some(), known, "{asked} {answer}");
    }
}

on_every_backend!(ab029_unknown_and_odd_words_are_no_and_never_a_default);
async fn ab029_unknown_and_odd_words_are_no_and_never_a_default(world: World) {
    let t = Team::start(world).await;
    for word in [
        "*",
        "team:*",
        "Team:view",
        "team:view ",
        " team:view",
        "team:view\\",
        "team",
        ":",
        "owner",
        "team:view,team:log",
    ] {
        let answer = t.answer(t.asked(&t.olga, word)).await;
        let got = (&answer["decision"], answer["context"]["reason"].as_str());
        assert_eq!(got, (&json!(false), Some("unknown-permission")), "{word}");
    }
    for word in ["*", "Property", "property ", "properties", "Workspace"] {
        let asked = with(t.on_quay(&t.olga, "property:view"), "/resource/type", json!(word));
        assert_eq!(t.answer(asked).await["decision"], false, "{word}");
    }
    for word in ["*", &t.olga.id.to_uppercase(), &format!("{} ", t.olga.id), "u:olga"] {
        let asked = with(t.asked(&t.olga, "team:view"), "/subject/id", json!(word));
        assert_eq!(t.answer(asked).await["decision"], false, "{word}");
    }
    // On the roads that change something, such words are refused.
    let path = format!("/v1/workspaces/{}/invitations", t.workspace);
    for (access, code) in [
        (json!({"role": "*"}), "unknown-role"),
        (json!({"role": "Member"}), "unknown-role"),
        (json!({"role": "member ", "all": "read"}), "unknown-role"),
        (json!({"role": "member", "all": "*"}), "unknown-level"),
        (json!({"role": "member", "all": "READ"}), "unknown-level"),
        (json!({"role": "admin", "direct": ["*"]}), "unknown-permission"),
        (json!({"role": "admin", "toggles": ["crm"]}), "unknown-toggle"),
    ] {
        let body = json!({"invitations": [{"email": "x@example.com", "access": access}]});
        assert_eq!(t.world.ask(&t.olga.by, "POST", &path, body).await.problem(), (422, code), "{access}");
    }
    let kind = json!({"kind": "Property", "name": "X"});
    let path = format!("/v1/workspaces/{}/resources", t.workspace);
    assert_eq!(t.world.ask(&t.olga.by, "POST", &path, kind).await.problem(), (422, "unknown-kind"));
}

on_every_backend!(what_cannot_be_read_is_400);
async fn what_cannot_be_read_is_400(world: World) {
    let t = Team::start(world).await;
    let good = || t.asked(&t.olga, "team:view");
    let mut bad: Vec<String> =
        ["", "{", "null", "[]", "\"x\"", "7", "{}", "{} {}", "\u{feff}{}"].map(str::to_owned).into();
    for (name, member) in [
        ("subject", None),
        ("subject", Some("type")),
        ("subject", Some("id")),
        ("action", None),
        ("action", Some("name")),
        ("resource", None),
        ("resource", Some("type")),
        ("resource", Some("id")),
    ] {
        bad.push(without(good(), name, member).to_string());
        let pointer = member.map_or_else(|| format!("/{name}"), |member| format!("/{name}/{member}"));
        for wrong in
            [json!(null), json!(7), json!([]), json!(true), if member.is_some() { json!({}) } else { json!("x") }]
        {
            bad.push(with(good(), &pointer, wrong).to_string());
        }
    }
    for name in ["subject", "action", "resource"] {
        let mut asked = good();
        asked[name]["properties"] = json!("x");
        bad.push(asked.to_string());
    }
    let mut asked = good();
    asked["context"] = json!([1]);
    bad.push(asked.to_string());
    bad.push(good().to_string().replacen("\"type\":\"person\"", "\"type\":\"person\",\"type\":\"person\"", 1));
    bad.push(good().to_string().replacen("team:view", "\\ud800", 1));
    bad.push(good().to_string().replacen("team:view", "team:view\\u0000", 1));
    let As::Key(key) = &t.world.host else { panic!() };
    for text in bad {
        for path in [ONE, MANY] {
            let request = Request::post(path).header("authorization", format!("Bearer {key}"));
            let request = request.header("content-type", "application/json").body(Body::from(text.clone())).unwrap();
            let got = t.world.send(request).await;
            assert_eq!(got.status, 400, "{path} {text}: {}", got.text);
            assert!(!got.body["detail"].as_str().unwrap().is_empty());
        }
    }
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/xml"] {
        let got = t.world.ask_with(&t.world.host, "POST", ONE, good(), &[("content-type", media)]).await;
        assert_eq!(got.status, 400, "{media}");
    }
    let huge = with(good(), "/subject/id", json!("x".repeat(300_000)));
    assert_eq!(t.world.ask(&t.world.host, "POST", ONE, huge).await.problem(), (413, "too-large"));
}

on_every_backend!(unknown_members_are_ignored_and_order_means_nothing);
async fn unknown_members_are_ignored_and_order_means_nothing(world: World) {
    let t = Team::start(world).await;
    let mut asked = t.asked(&t.olga, "team:view");
    asked["trace"] = json!({"deep": [1, 2]});
    asked["subject"]["properties"] = json!({"department": "Sales", "none": null});
    asked["action"]["properties"] = json!({"method": "GET"});
    assert_eq!(t.answer(asked).await["decision"], true);
    let turned = format!(
        r#"{{"resource":{{"id":"{}","type":"workspace"}},"action":{{"name":"team:view"}},"subject":{{"id":"{}","type":"person"}}}}"#,
        t.workspace, t.olga.id
    );
    assert_eq!(t.answer(serde_json::from_str(&turned).unwrap()).await["decision"], true);
    let charset = [("content-type", "application/json; charset=utf-8")];
    assert_eq!(t.world.ask_with(&t.world.host, "POST", ONE, t.asked(&t.olga, "team:view"), &charset).await.status, 200);
}

on_every_backend!(several_questions_keep_order_defaults_and_semantics);
async fn several_questions_keep_order_defaults_and_semantics(world: World) {
    let t = Team::start(world).await;
    let ask = async |body: Value| t.world.ask(&t.world.host, "POST", MANY, body).await;
    let decisions = |body: &Value| -> Vec<bool> {
        body["evaluations"].as_array().unwrap().iter().map(|e| e["decision"].as_bool().unwrap()).collect()
    };
    let mut all = t.asked(&t.olga, "team:view");
    let items = json!([
        {"action": {"name": "team:view"}},
        {"subject": {"type": "person", "id": t.mia.id}},
        {"action": {"name": "team:log"}},
    ]);

    // None, or an empty list: exactly the single question.
    let single = ask(all.clone()).await.ok();
    assert_eq!((single["decision"].as_bool(), single.get("evaluations")), (Some(true), None));
    all["evaluations"] = json!([]);
    assert_eq!(ask(all.clone()).await.ok(), single);

    for (semantic, given) in [
        (None, vec![true, false, true]),
        (Some("execute_all"), vec![true, false, true]),
        (Some("deny_on_first_deny"), vec![true, false]),
        (Some("permit_on_first_permit"), vec![true]),
    ] {
        all["evaluations"] = items.clone();
        all["options"] = json!({"another": "thing"});
        if let Some(semantic) = semantic {
            all["options"]["evaluations_semantic"] = json!(semantic);
        }
        let body = ask(all.clone()).await.ok();
        assert_eq!(decisions(&body), given, "{semantic:?}");
        assert_eq!(body.get("decision"), None);
    }

    // A member of an item replaces the default whole; what is then missing is that item's error, and only its.
    all["options"] = json!({});
    all["evaluations"] = json!([{"subject": {"id": t.olga.id}}, {"resource": {"type": "workspace"}}, 7, {"action": {"name": "team:view"}}]);
    let body = ask(all.clone()).await.ok();
    assert_eq!(decisions(&body), [false, false, false, true]);
    for at in 0..3 {
        assert_eq!(body["evaluations"][at]["context"]["error"]["status"], 400);
        assert!(body["evaluations"][at]["context"]["error"]["message"].as_str().unwrap().contains(['`', 'T']));
    }
    let bare = json!({"evaluations": [t.asked(&t.olga, "team:view"), t.on_quay(&t.mia, "property:view"), {}]});
    assert_eq!(decisions(&ask(bare).await.ok()), [true, true, false]);

    for (name, wrong) in [
        ("evaluations", json!({})),
        ("evaluations", json!("x")),
        ("evaluations", json!(vec![json!({}); 1001])),
        ("evaluations", json!(null)),
        ("options", json!([])),
        ("options", json!({"evaluations_semantic": "sometimes"})),
        ("options", json!({"evaluations_semantic": 1})),
    ] {
        let mut asked = t.asked(&t.olga, "team:view");
        asked["evaluations"] = items.clone();
        asked[name] = wrong.clone();
        assert_eq!(ask(asked).await.problem(), (400, "bad-evaluation"), "{name} {wrong}");
    }
}

on_every_backend!(callers_have_a_key_with_the_scope);
async fn callers_have_a_key_with_the_scope(world: World) {
    let t = Team::start(world).await;
    let asked = || t.asked(&t.olga, "team:view");
    for by in [As::Nobody, As::Key("bwk_0".into()), As::Key(String::new())] {
        for path in [ONE, MANY] {
            let got = t.world.ask(&by, "POST", path, asked()).await;
            assert_eq!(got.problem(), (401, "not-signed-in"));
            assert!(got.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
        }
    }
    assert_eq!(t.world.ask(&t.olga.by, "POST", ONE, asked()).await.problem(), (403, "hosts-only"));
    let other = t.world.key(&[Scope::Read, Scope::Manage, Scope::Vouch]).await;
    assert_eq!(t.world.ask(&other, "POST", ONE, asked()).await.problem(), (403, "scope-missing"));
    let only = t.world.key(&[Scope::Check]).await;
    assert_eq!(t.world.ask(&only, "POST", ONE, asked()).await.ok()["decision"], true);
    assert_eq!(t.world.get(&only, ONE).await.status, 405);
}

on_every_backend!(the_request_id_comes_back_and_the_metadata_is_public);
async fn the_request_id_comes_back_and_the_metadata_is_public(world: World) {
    let t = Team::start(world).await;
    let id = [("x-request-id", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716")];
    let got = t.world.ask_with(&t.world.host, "POST", ONE, t.asked(&t.olga, "team:view"), &id).await;
    assert_eq!(got.headers["x-request-id"], id[0].1);
    let got = t.world.ask_with(&t.world.host, "POST", ONE, json!({}), &id).await;
    assert_eq!((got.headers["x-request-id"].to_str().unwrap(), &got.body["request_id"]), (id[0].1, &json!(id[0].1)));

    let got = t.world.get(&As::Nobody, "/.well-known/authzen-configuration").await;
    assert_eq!((got.headers["content-type"].to_str().unwrap(), got.status.as_u16()), ("application/json", 200));
    assert!(got.headers["cache-control"].to_str().unwrap().contains("max-age"));
    assert_eq!(
        got.body,
        json!({
            "policy_decision_point": URL,
            "access_evaluation_endpoint": format!("{URL}{ONE}"),
            "access_evaluations_endpoint": format!("{URL}{MANY}"),
            "search_subject_endpoint": format!("{URL}/access/v1/search/subject"),
            "search_resource_endpoint": format!("{URL}/access/v1/search/resource"),
            "search_action_endpoint": format!("{URL}/access/v1/search/action"),
        })
    );
}

on_every_backend!(a_change_counts_at_the_next_question);
async fn a_change_counts_at_the_next_question(world: World) {
    let t = Team::start(world).await;
    let members = format!("/v1/workspaces/{}/members", t.workspace);
    let all = t.world.get(&t.olga.by, &format!("{members}?q=mia")).await.ok();
    let mia = all["items"][0]["id"].as_str().unwrap();
    assert_eq!(t.answer(t.on_quay(&t.mia, "property:chat")).await["decision"], true);
    let access = json!({"role": "member", "grants": [{"resource": t.quay, "level": "read"}]});
    t.world.ask(&t.olga.by, "PUT", &format!("{members}/{mia}/access"), access).await.ok();
    assert_eq!(t.answer(t.on_quay(&t.mia, "property:chat")).await["context"]["reason"], "level-too-low");
    t.world.ask(&t.olga.by, "DELETE", &format!("{members}/{mia}"), Value::Null).await;
    assert_eq!(t.answer(t.on_quay(&t.mia, "property:view")).await["context"]["reason"], "not-a-member");
}
