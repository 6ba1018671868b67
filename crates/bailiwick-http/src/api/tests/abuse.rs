//! What somebody might try.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use bailiwick_app::caller::Scope;
use bailiwick_core::ids::{EventId, InvitationId, MemberId, ResourceId, TemplateId, WebhookId, WorkspaceId};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::world::{As, Someone, World, on_every_backend};

/// A workspace with one of everything.
#[derive(Clone)]
struct Place {
    workspace: String,
    member: String,
    invitation: String,
    template: String,
    resource: String,
}

impl Place {
    async fn with(world: &World, owner: &Someone, member: &Someone) -> Self {
        let workspace = world.workspace("tenant", "growth", owner).await;
        let to = |rest: &str| format!("/v1/workspaces/{workspace}{rest}");
        let access = json!({"role": "user", "direct": ["conversations:view"]});
        let row = world.join(&workspace, member, access.clone()).await;
        let body = json!({"invitations": [{"email": "ida@example.com", "access": access}]});
        let sent = world.ask(&owner.by, "POST", &to("/invitations"), body).await.ok();
        let templates = world.get(&owner.by, &to("/templates")).await.ok();
        Self {
            member: row,
            invitation: sent["items"][0]["id"].as_str().unwrap().into(),
            template: templates["items"][0]["id"].as_str().unwrap().into(),
            resource: ResourceId(7).to_string(),
            workspace,
        }
    }

    /// Ids of the right form that nothing has.
    fn nowhere(workspace: &str) -> Self {
        Self {
            workspace: workspace.into(),
            member: MemberId(9).to_string(),
            invitation: InvitationId(9).to_string(),
            template: TemplateId(9).to_string(),
            resource: ResourceId(9).to_string(),
        }
    }

    fn path(&self, template: &str) -> String {
        let path = template
            .replace("{workspace}", &self.workspace)
            .replace("{member}", &self.member)
            .replace("{invitation}", &self.invitation)
            .replace("{template}", &self.template)
            .replace("{resource}", &self.resource)
            .replace("{webhook}", &WebhookId(9).to_string())
            .replace("{event}", &EventId(9).to_string());
        let asked = match path.rsplit('/').next() {
            Some("why") if path.contains("/members/") => "?permission=conversations:view",
            Some("why") => "?person=per_01hzy3v7w8e9k2m4n6p8q0r2s4&permission=conversations:view",
            Some("what-can") => "?person=per_01hzy3v7w8e9k2m4n6p8q0r2s4",
            Some("who-can") => "?permission=conversations:view",
            _ => "",
        };
        path + asked
    }
}

/// Every route of the document: method, path, and a body that it takes.
fn routes() -> Vec<(String, String, Value)> {
    let document: Value = serde_json::from_str(super::super::openapi()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            all.push((method.to_uppercase(), path.clone(), body_of(&method.to_uppercase(), path)));
        }
    }
    all
}

fn body_of(method: &str, path: &str) -> Value {
    let access = json!({"role": "user", "direct": ["conversations:edit"]});
    match (method, path.rsplit('/').next().unwrap_or_default()) {
        ("POST", "workspaces") => json!({"model": "tenant", "name": "X", "owner": "per_x"}),
        ("PATCH", "{workspace}") => json!({"name": "X"}),
        ("PUT", "plan") => json!({"plan": "scale"}),
        ("PUT", "access") => access,
        ("POST", "invitations") => json!({"invitations": [{"email": "y@example.com", "access": access}]}),
        ("POST", "bulk") if path.contains("/members/") => {
            json!({"changes": [{"change": "remove", "member": MemberId(9).to_string()}]})
        }
        ("POST", "import") => {
            let member = json!({"email": "y@example.com", "name": "Y", "access": access});
            json!({"format": "bailiwick-workspace/1", "members": [member]})
        }
        ("POST", "bulk") => json!({"invitations": [{"email": "y@example.com", "access": access}]}),
        ("PATCH", "{invitation}") => json!({"access": access}),
        ("POST", "templates") | ("PUT", "{template}") => json!({"name": "X", "permissions": ["analytics:view"]}),
        ("POST", "resources") => json!({"kind": "property", "name": "X"}),
        ("PATCH", "{resource}") => json!({"name": "X"}),
        ("POST", "people") => json!({"email": "z@example.com", "name": "Z"}),
        ("POST", "webhooks") => json!({"url": "https://10.0.0.1/"}),
        ("PATCH", "{webhook}") => json!({"description": "X"}),
        ("POST", "replay") if !path.contains("{event}") => json!({"since": "2026-01-01T00:00:00Z"}),
        ("POST", "exchange") => json!({"code": "bwc_x"}),
        ("POST", "evaluation" | "evaluations" | "subject" | "action") => json!({
            "subject": {"type": "person", "id": "x"}, "action": {"name": "x"}, "resource": {"type": "workspace", "id": "x"}
        }),
        ("POST", "resource") => json!({
            "subject": {"type": "person", "id": "x"}, "action": {"name": "x"}, "resource": {"type": "workspace"}
        }),
        _ => Value::Null,
    }
}

/// An answer without what differs from request to request.
fn bare(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    body
}

on_every_backend!(ab001_what_is_elsewhere_answers_like_what_is_nowhere);
async fn ab001_what_is_elsewhere_answers_like_what_is_nowhere(world: World) {
    let (olga, otto) = (world.person("Olga").await, world.person("Otto").await);
    let (mia, max) = (world.person("Mia").await, world.person("Max").await);
    let ours = Place::with(&world, &olga, &mia).await;
    let theirs = Place::with(&world, &otto, &max).await;
    let log = format!("/v1/workspaces/{}/log", theirs.workspace);
    let before = world.get(&world.host, &log).await.ok();
    let mixed = Place { workspace: ours.workspace.clone(), ..theirs.clone() };
    let nowhere = Place::nowhere(&ours.workspace);
    let nothing = Place::nowhere(&WorkspaceId(9).to_string());
    let mut tried = 0;
    for (method, path, body) in routes() {
        if !path.starts_with("/v1/workspaces/{workspace}") {
            continue;
        }
        let ask = async |place: &Place, query: &str| {
            let path = place.path(&path);
            let mark = if path.contains('?') { "&" } else { "?" };
            let path = if query.is_empty() { path } else { format!("{path}{mark}{query}") };
            let got = world.ask(&olga.by, &method, &path, body.clone()).await;
            (got.status, bare(got.body))
        };
        let previews = if method == "GET" { vec![""] } else { vec!["", "preview=true"] };
        for query in previews {
            if path.matches('{').count() > 1 {
                let got = ask(&mixed, query).await;
                assert_eq!(got.0, StatusCode::NOT_FOUND, "{method} {path} {query}: {got:?}");
                assert_eq!(got, ask(&nowhere, query).await, "{method} {path} {query}");
            }
            let got = ask(&theirs, query).await;
            assert_eq!(got.0, StatusCode::NOT_FOUND, "{method} {path} {query}: {got:?}");
            assert_eq!(got, ask(&nothing, query).await, "{method} {path} {query}");
            tried += 1;
        }
    }
    assert!(tried > 40, "{tried}");
    assert_eq!(world.get(&world.host, &log).await.ok(), before, "nothing changed there");
}

on_every_backend!(ab001_a_key_of_another_product_is_told_nothing);
async fn ab001_a_key_of_another_product_is_told_nothing(world: World) {
    let (olga, mia) = (world.person("Olga").await, world.person("Mia").await);
    let ours = Place::with(&world, &olga, &mia).await;
    let log = format!("/v1/workspaces/{}/log", ours.workspace);
    let before = world.get(&world.host, &log).await.ok();
    let nothing = Place::nowhere(&WorkspaceId(9).to_string());
    let stranger = world.stranger().await;
    for (method, path, body) in routes() {
        if !path.starts_with("/v1/workspaces/{workspace}") || path.ends_with("/leave") {
            continue;
        }
        let theirs = world.ask(&stranger, &method, &ours.path(&path), body.clone()).await;
        let nowhere = world.ask(&stranger, &method, &nothing.path(&path), body).await;
        assert_eq!(theirs.status, 404, "{method} {path}: {}", theirs.text);
        assert_eq!(bare(theirs.body), bare(nowhere.body), "{method} {path}");
    }
    assert_eq!(world.get(&world.host, &log).await.ok(), before, "nothing changed there");
}

on_every_backend!(ab012_an_id_that_is_none_leads_nowhere);
async fn ab012_an_id_that_is_none_leads_nowhere(world: World) {
    let (olga, mia) = (world.person("Olga").await, world.person("Mia").await);
    let place = Place::with(&world, &olga, &mia).await;
    for odd in
        ["%20", "null", "undefined", "*", "%2A", "0", "-", "ext:", "ext:*", "wsp_", "default", "%E2%80%8B", "WSP_01"]
    {
        for by in [&world.host, &olga.by] {
            for (method, path, body) in routes() {
                let Some(rest) = path.strip_prefix("/v1/workspaces/") else { continue };
                let whole = Place { workspace: odd.into(), ..place.clone() }.path(&format!("/v1/workspaces/{rest}"));
                let got = world.ask(by, &method, &whole, body.clone()).await;
                assert!(
                    matches!(got.problem(), (404, "no-such-workspace") | (403, "people-only")),
                    "{method} {whole}: {}",
                    got.text
                );
                if rest.matches('{').count() > 1 {
                    let object = Place {
                        workspace: place.workspace.clone(),
                        member: odd.into(),
                        invitation: odd.into(),
                        template: odd.into(),
                        resource: odd.into(),
                    };
                    let got = world.ask(by, &method, &object.path(&path), body).await;
                    assert_eq!(got.status, 404, "{method} {path} {odd}: {}", got.text);
                }
            }
        }
    }
    assert_eq!(world.get(&world.host, "/v1/workspaces//members").await.problem(), (400, "bad-path"));
    for owner in [json!(""), json!(" "), json!("*"), json!("ext:"), json!(null), Value::Bool(true)] {
        let body = json!({"model": "tenant", "name": "X", "owner": owner});
        assert!(world.ask(&world.host, "POST", "/v1/workspaces", body).await.status.is_client_error(), "{owner}");
    }
}

on_every_backend!(ab013_what_a_caller_may_not_say_is_refused_and_changes_nothing);
async fn ab013_what_a_caller_may_not_say_is_refused_and_changes_nothing(world: World) {
    let (olga, mia) = (world.person("Olga").await, world.person("Mia").await);
    let place = Place::with(&world, &olga, &mia).await;
    let log = format!("/v1/workspaces/{}/log", place.workspace);
    let before = world.get(&world.host, &log).await.ok();
    let words =
        ["role", "owner", "admin", "status", "workspace", "permissions", "verified", "seats", "plan", "id", "sender"];
    for (method, path, body) in routes() {
        if !path.starts_with("/v1/") || !body.is_object() {
            continue;
        }
        for word in words.into_iter().filter(|word| body.get(word).is_none()) {
            if word == "plan" && path == "/v1/workspaces" {
                continue;
            }
            let mut body = body.clone();
            body[word] = json!("admin");
            let got = world.ask(&world.host, &method, &place.path(&path), body).await;
            assert!(got.problem() == (400, "bad-json") || got.status == 404, "{method} {path} {word}: {}", got.text);
        }
    }
    let inner = json!({"invitations": [{"email": "q@example.com", "access": {"role": "user"}, "status": "accepted"}]});
    let path = format!("/v1/workspaces/{}/invitations", place.workspace);
    assert_eq!(world.ask(&olga.by, "POST", &path, inner).await.problem(), (400, "bad-json"));
    // A member gives themself nothing.
    let own = format!("/v1/workspaces/{}/members/{}/access", place.workspace, place.member);
    let got = world.ask(&mia.by, "PUT", &own, json!({"role": "admin"})).await;
    assert_eq!(got.problem(), (403, "not-allowed"));
    assert_eq!(world.get(&world.host, &log).await.ok(), before);
}

on_every_backend!(ab105_a_key_does_what_its_scopes_say_on_every_route);
async fn ab105_a_key_does_what_its_scopes_say_on_every_route(world: World) {
    let (olga, mia) = (world.person("Olga").await, world.person("Mia").await);
    let place = Place::with(&world, &olga, &mia).await;
    let mut keys = Vec::new();
    for scope in Scope::ALL {
        keys.push((Some(scope), world.key(&[scope]).await));
    }
    keys.push((None, world.key(&[]).await));
    for (method, path, body) in routes() {
        let needed = match (method.as_str(), path.as_str()) {
            (_, "/v1/me" | "/livez" | "/readyz" | "/openapi.json" | "/.well-known/authzen-configuration") => continue,
            (
                _,
                "/v1/me/workspaces"
                | "/v1/me/sessions"
                | "/v1/me/sessions/{session}"
                | "/v1/workspaces/{workspace}/leave",
            ) => None,
            (_, path) if path.starts_with("/access/") => Some(Scope::Check),
            ("GET", "/v1/people/{person}") => Some(Scope::Read),
            (_, path) if path.starts_with("/v1/people") || path.starts_with("/v1/sessions") => Some(Scope::Vouch),
            (_, path) if path.starts_with("/v1/webhooks") => Some(Scope::Webhooks),
            ("GET", _) => Some(Scope::Read),
            _ => Some(Scope::Manage),
        };
        let concrete = place.path(&path).replace("{person}", &olga.id).replace("{session}", "ses_x");
        for (scope, key) in &keys {
            let preview = if needed == Some(Scope::Manage) && path != "/v1/workspaces" { "?preview=true" } else { "" };
            let got = world.ask(key, &method, &format!("{concrete}{preview}"), body.clone()).await;
            let refused = matches!(got.problem(), (403, "scope-missing" | "people-only"));
            assert_eq!(refused, needed.is_none() || *scope != needed, "{method} {path} with {scope:?}: {}", got.text);
        }
    }
    world.clock.forward(31 * 86_400);
    for (method, path, body) in routes() {
        if path.starts_with("/v1/") || path.starts_with("/access/") {
            let got = world.ask(&world.host, &method, &place.path(&path), body).await;
            assert_eq!(got.problem(), (401, "not-signed-in"), "{method} {path} with a key that has ended");
        }
    }
}

on_every_backend!(ab108_a_key_in_an_address_is_refused_and_not_repeated);
async fn ab108_a_key_in_an_address_is_refused_and_not_repeated(world: World) {
    let As::Key(key) = &world.host else { panic!() };
    for query in
        [format!("key={key}"), format!("access_token={key}"), format!("x={}", key.replace("bwk", "%62wk")), key.clone()]
    {
        for path in ["/v1/me", "/v1/workspaces", "/access/v1/evaluation", "/livez", "/v1/nothing"] {
            for by in [&As::Nobody, &world.host] {
                let got = world.get(by, &format!("{path}?{query}")).await;
                assert!(got.problem() == (400, "secret-in-query") || got.status == 404, "{path}?{query}: {}", got.text);
                assert!(!got.text.contains(key.as_str()) && !format!("{:?}", got.headers).contains(key.as_str()));
            }
        }
    }
}

on_every_backend!(ab133_every_answer_carries_the_headers);
async fn ab133_every_answer_carries_the_headers(world: World) {
    let mut answers = vec![
        world.get(&world.host, "/v1/me").await,
        world.get(&As::Nobody, "/v1/me").await,
        world.get(&As::Nobody, "/nothing").await,
        world.get(&As::Nobody, "/v1//me").await,
        world.ask(&world.host, "PUT", "/v1/me", Value::Null).await,
        world.ask(&world.host, "POST", "/v1/people", Value::Null).await,
        world.get(&As::Nobody, "/livez").await,
        world.get(&As::Nobody, "/v1/me?token=1").await,
    ];
    answers.push(world.ask(&world.host, "POST", "/access/v1/evaluation", json!({})).await);
    for got in &answers {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ] {
            assert_eq!(got.headers.get(name).map(|v| v.to_str().unwrap()), Some(value), "{name} {}", got.text);
        }
        let media = if got.status.is_success() {
            ["application/json", "text/plain; charset=utf-8"]
        } else {
            ["application/problem+json"; 2]
        };
        assert!(media.contains(&got.headers["content-type"].to_str().unwrap()), "{}", got.text);
        assert!(got.headers.contains_key("x-request-id") && got.headers.contains_key("permissions-policy"));
        assert!(!got.headers.contains_key("server") && !got.headers.contains_key("set-cookie"));
        if !got.status.is_success() {
            assert_eq!(got.body["request_id"], got.headers["x-request-id"].to_str().unwrap());
        }
    }
    let document = world.get(&As::Nobody, "/openapi.json").await;
    assert!(document.headers["cache-control"].to_str().unwrap().starts_with("public"));
}

on_every_backend!(ab139_a_cursor_works_only_where_it_was_given);
async fn ab139_a_cursor_works_only_where_it_was_given(world: World) {
    let (olga, mia) = (world.person("Olga").await, world.person("Mia").await);
    let one = Place::with(&world, &olga, &mia).await;
    let two = Place::with(&world, &olga, &mia).await;
    let path = format!("/v1/workspaces/{}/members?limit=1", one.workspace);
    let page = world.get(&olga.by, &path).await.ok();
    let good = page["next_cursor"].as_str().unwrap();
    assert_eq!(world.get(&olga.by, &format!("{path}&cursor={good}")).await.ok()["items"].as_array().unwrap().len(), 1);
    let mut altered = good.to_owned().into_bytes();
    altered[3] = if altered[3] == b'0' { b'1' } else { b'0' };
    let altered = String::from_utf8(altered).unwrap();
    let of_olga = |path: String| (olga.by.clone(), path);
    for (by, path) in [
        of_olga(format!("{path}&cursor={altered}")),
        of_olga(format!("{path}&cursor={}", &good[1..])),
        of_olga(format!("{path}&cursor=")),
        of_olga(format!("{path}&cursor=%27%20or%201=1%20--")),
        of_olga(format!("{path}&cursor={}", "z".repeat(5000))),
        of_olga(format!("{path}&role=user&cursor={good}")),
        of_olga(format!("/v1/workspaces/{}/members?limit=1&cursor={good}", two.workspace)),
        of_olga(format!("/v1/workspaces/{}/invitations?limit=1&cursor={good}", one.workspace)),
        of_olga(format!("/v1/workspaces/{}/log?limit=1&cursor={good}", one.workspace)),
        (world.host.clone(), format!("{path}&cursor={good}")),
        (world.host.clone(), format!("/v1/workspaces?cursor={good}")),
    ] {
        assert_eq!(world.get(&by, &path).await.problem(), (400, "bad-cursor"), "{path}");
    }
}

on_every_backend!(ab140_a_body_with_two_readings_is_400_and_does_nothing);
async fn ab140_a_body_with_two_readings_is_400_and_does_nothing(world: World) {
    let As::Key(key) = &world.host else { panic!() };
    for bad in [
        r#"{"email":"a@example.com","name":"A","name":"B"}"#,
        r#"{"email":"a@example.com","name":"A","n\u0061me":"B"}"#,
        r#"{"email":"a@example.com","name":"A","extra":{"x":1,"x":2}}"#,
        r#"{"email":"a@example.com","name":"A","role":"owner"}"#,
        r#"{"email":"a@example.com","name":"A"} {}"#,
        r#"{"email":"a@example.com","name":"\ud800"}"#,
        r#"{"email":"a@example.com","name":"A\u0000"}"#,
        r#"{"email":["a@example.com"],"name":"A"}"#,
        r#"["u:1","a@example.com","A"]"#,
        "\u{feff}{\"email\":\"a@example.com\",\"name\":\"A\"}",
        "",
    ] {
        let request = Request::post("/v1/people").header("authorization", format!("Bearer {key}"));
        let request = request.header("content-type", "application/json").body(Body::from(bad)).unwrap();
        assert_eq!(world.send(request).await.problem(), (400, "bad-json"), "{bad}");
    }
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let request = Request::post("/v1/people").header("authorization", format!("Bearer {key}"));
    let request = request.header("content-type", "application/json").body(Body::from(deep)).unwrap();
    assert_eq!(world.send(request).await.problem(), (400, "bad-json"));
    let body = json!({"email": "a@example.com", "name": "A"});
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let got = world.ask_with(&world.host, "POST", "/v1/people", body.clone(), &[("content-type", media)]).await;
        assert_eq!(got.problem(), (415, "not-json"), "{media}");
    }
    for query in ["?x=1", "?limit=1&limit=2", "?limit=x", "?limit=1&cursor=a&cursor=b", "?preview=true", "?limit=%00"] {
        let got = world.get(&world.host, &format!("/v1/workspaces{query}")).await;
        assert_eq!(got.problem(), (400, "bad-query"), "{query}");
    }
}

on_every_backend!(ab147_numbers_and_moments_at_their_limits);
async fn ab147_numbers_and_moments_at_their_limits(world: World) {
    let (olga, mia) = (world.person("Olga").await, world.person("Mia").await);
    let place = Place::with(&world, &olga, &mia).await;
    let list = format!("/v1/workspaces/{}/members", place.workspace);
    for limit in ["0", "-1", "201", "2147483648", "9007199254740993", "18446744073709551616", "1e3", "0x10", ""] {
        assert_eq!(
            world.get(&olga.by, &format!("{list}?limit={limit}")).await.problem(),
            (400, "bad-query"),
            "{limit}"
        );
    }
    for limit in ["1", "200"] {
        assert_eq!(world.get(&olga.by, &format!("{list}?limit={limit}")).await.status, 200);
    }
    let access = format!("{list}/{}/access", place.member);
    for (until, status) in [
        (json!("0000-01-01T00:00:00Z"), 400),
        (json!("10000-01-01T00:00:00Z"), 400),
        (json!("1969-12-31T23:59:59Z"), 400),
        (json!("2030-01-01T00:00:00+99:00"), 400),
        (json!(1e30), 400),
        (json!(-1), 400),
        (json!("1970-01-01T00:00:00Z"), 422),
        (json!("2026-01-01T00:00:00Z"), 422),
        (json!("2030-01-01T00:00:00+14:00"), 200),
    ] {
        let body = json!({"role": "user", "direct": ["conversations:view"], "until": until});
        let got = world.ask(&olga.by, "PUT", &access, body).await;
        assert_eq!(got.status, status, "{until}: {}", got.text);
        if status == 200 {
            assert_eq!(got.body["access"]["until"], "2029-12-31T10:00:00Z");
        }
    }
    let other = world.person("Otto").await;
    let team = world.workspace("properties", "pro", &other).await;
    let plan = format!("/v1/workspaces/{team}/plan");
    for seats in ["-1", "4294967296", "9007199254740993", "9223372036854775808", "1.5", "1e999"] {
        let As::Key(key) = &world.host else { panic!() };
        let text = format!(r#"{{"plan":"pro","extra_seats":{seats},"confirmed":true}}"#);
        let request = Request::put(&plan).header("authorization", format!("Bearer {key}"));
        let request = request.header("content-type", "application/json").body(Body::from(text)).unwrap();
        assert_eq!(world.send(request).await.problem(), (400, "bad-json"), "{seats}");
    }
    let most = json!({"plan": "pro", "extra_seats": u32::MAX});
    let got = world.ask(&world.host, "PUT", &plan, most).await;
    assert!(got.status.is_client_error() || got.body["seats"]["held"] == u32::MAX, "{}", got.text);
    for version in ["\"0\"", "\"-1\"", "\"18446744073709551616\"", "7"] {
        let got = world
            .ask_with(&other.by, "DELETE", &format!("/v1/workspaces/{team}"), Value::Null, &[("if-match", version)])
            .await;
        assert_eq!(got.problem(), (400, "bad-if-match"), "{version}");
    }
    let got = world
        .ask_with(
            &other.by,
            "DELETE",
            &format!("/v1/workspaces/{team}"),
            Value::Null,
            &[("if-match", "\"9007199254740993\"")],
        )
        .await;
    assert_eq!(got.problem(), (412, "edited-meanwhile"));
}

on_every_backend!(ab148_a_body_beyond_the_limit_is_413_whatever_it_says_of_itself);
async fn ab148_a_body_beyond_the_limit_is_413_whatever_it_says_of_itself(world: World) {
    let As::Key(key) = &world.host else { panic!() };
    let text = json!({"email": "a@example.com", "name": "x".repeat(300_000)}).to_string();
    for length in [None, Some("10"), Some("300000"), Some("99999999999999999999"), Some("18446744073709551615")] {
        for path in ["/v1/people", "/access/v1/evaluation", "/v1/sessions/exchange"] {
            let mut request = Request::post(path).header("authorization", format!("Bearer {key}"));
            request = request.header("content-type", "application/json");
            if let Some(length) = length {
                request = request.header("content-length", length);
            }
            let got = world.send(request.body(Body::from(text.clone())).unwrap()).await;
            assert_eq!(got.problem(), (413, "too-large"), "{path} {length:?}");
        }
    }
    let path = format!("/v1/people/{}/entry", world.person("Olga").await.id);
    let request = Request::post(path).header("authorization", format!("Bearer {key}"));
    assert_eq!(world.send(request.body(Body::from(text)).unwrap()).await.problem(), (413, "too-large"));
    let zipped = [("content-encoding", "gzip")];
    let got = world.ask_with(&world.host, "POST", "/v1/people", json!({}), &zipped).await;
    assert_eq!(got.problem(), (415, "not-json"));
}

on_every_backend!(ab165_strangers_learn_nothing_from_routes_about_the_service);
async fn ab165_strangers_learn_nothing_from_routes_about_the_service(world: World) {
    for path in ["/livez", "/readyz"] {
        assert_eq!(world.get(&As::Nobody, path).await.text, "ok\n");
    }
    for path in ["/metrics", "/debug", "/version", "/v1", "/status", "/docs"] {
        assert_eq!(world.get(&As::Nobody, path).await.problem(), (404, "no-such-route"), "{path}");
    }
    let document = world.get(&As::Nobody, "/openapi.json").await.text;
    assert!(!document.contains("localhost") && !document.contains("example.com/v1"));
}

on_every_backend!(ab166_a_failure_inside_shows_a_code_and_an_id_and_nothing_else);
async fn ab166_a_failure_inside_shows_a_code_and_an_id_and_nothing_else(world: World) {
    async fn fail() -> crate::problem::Problem {
        crate::problem::Problem::internal("disk full at /var/lib/bailiwick of user root")
    }
    async fn panic() -> &'static str {
        panic!("secret of the handler")
    }
    let router = Router::new().route("/fail", get(fail)).route("/panic", get(panic));
    let router = crate::headers::guarded(router, world.app());
    for path in ["/fail", "/panic"] {
        let request = Request::get(path).header("x-request-id", "r-1").body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 500);
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((&body["code"], &body["request_id"]), (&json!("internal"), &json!("r-1")));
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("disk") && !text.contains("secret") && !text.contains("/var"), "{text}");
    }
}

on_every_backend!(ab170_answers_hold_only_what_their_reader_needs);
async fn ab170_answers_hold_only_what_their_reader_needs(world: World) {
    let (olga, mia) = (world.person("Olga").await, world.person("Mia").await);
    let place = Place::with(&world, &olga, &mia).await;
    for (method, path, _) in routes() {
        if method != "GET" || path.contains("openapi") {
            continue;
        }
        let concrete = place.path(&path).replace("{person}", &olga.id);
        for by in [&world.host, &olga.by, &mia.by] {
            let got = world.get(by, &concrete).await;
            for word in [
                "bwi_",
                "bws_",
                "bwk_",
                "bwl_",
                "bwc_",
                // An id may hold three or four letters of a word by chance, but begins with a digit.
                "\"hash",
                "_hash",
                "token",
                "nonce",
                "\"phc",
                "_phc",
                "$argon2",
                "password",
                "secret",
                "/invitations/bw",
            ] {
                assert!(!got.text.contains(word), "{word} in {concrete}: {}", got.text);
            }
        }
    }
    let keys = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let member = world.get(&olga.by, &place.path("/v1/workspaces/{workspace}/members/{member}")).await.ok();
    assert_eq!(
        keys(&member),
        ["access", "email", "id", "invited_by", "joined_at", "last_seen", "name", "person", "status", "version"]
    );
    let invitation = world.get(&olga.by, &place.path("/v1/workspaces/{workspace}/invitations/{invitation}")).await.ok();
    assert_eq!(
        keys(&invitation),
        ["access", "at", "email", "id", "mail", "sender", "sendings", "sent_at", "status", "version"]
    );
    // Who may not see the team sees themself, and of the workspace what a member needs.
    let own = world.get(&mia.by, &place.path("/v1/workspaces/{workspace}/members/{member}")).await.ok();
    assert_eq!(own["person"], mia.id);
    let workspace = world.get(&mia.by, &place.path("/v1/workspaces/{workspace}")).await.ok();
    assert_eq!(keys(&workspace), ["created_at", "id", "name", "version"]);
    for path in ["members", "invitations", "templates", "resources", "log"] {
        let got = world.get(&mia.by, &place.path(&format!("/v1/workspaces/{{workspace}}/{path}"))).await;
        assert_eq!(got.problem(), (404, "no-such-workspace"), "{path}");
    }
    assert_eq!(keys(&world.get(&mia.by, "/v1/me").await.ok()), ["email", "id", "name", "type"]);
}

on_every_backend!(a_cookie_changes_something_only_from_our_own_pages);
async fn a_cookie_changes_something_only_from_our_own_pages(world: World) {
    let olga = world.person("Olga").await;
    let id = world.workspace("tenant", "growth", &olga).await;
    let As::Cookie(cookie) = &olga.by else { panic!() };
    let pair = format!("__Host-bailiwick={cookie}");
    let path = format!("/v1/workspaces/{id}");
    let ask = async |headers: Vec<(&str, &str)>| {
        let headers: Vec<(&str, &str)> = headers.into_iter().chain([("cookie", pair.as_str())]).collect();
        let got = world.ask_with(&As::Nobody, "PATCH", &path, json!({"name": "X"}), &headers).await;
        (got.status.as_u16(), got.body["code"].as_str().unwrap_or_default().to_owned())
    };
    let foreign = (403, "foreign-origin".to_owned());
    assert_eq!(ask(vec![]).await, foreign);
    assert_eq!(ask(vec![("sec-fetch-site", "cross-site")]).await, foreign);
    assert_eq!(ask(vec![("sec-fetch-site", "same-site")]).await, foreign);
    assert_eq!(ask(vec![("origin", "https://evil.example")]).await, foreign);
    assert_eq!(ask(vec![("sec-fetch-site", "same-origin"), ("content-type", "text/plain")]).await.0, 415);
    assert_eq!(ask(vec![("sec-fetch-site", "same-origin")]).await.0, 200);
    assert_eq!(ask(vec![("origin", super::world::URL)]).await.0, 200);
    // Two sessions are none; a key beside a cookie is the key.
    let twice = [("cookie", format!("{pair}; {pair}"))];
    let twice: Vec<(&str, &str)> = twice.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(
        world.ask_with(&As::Nobody, "GET", "/v1/me", Value::Null, &twice).await.problem(),
        (401, "not-signed-in")
    );
    let both = world.ask_with(&world.host, "GET", "/v1/me", Value::Null, &[("cookie", &pair)]).await.ok();
    assert_eq!(both["type"], "host");
    let bad = world.ask_with(&As::Key("bwk_0".into()), "GET", "/v1/me", Value::Null, &[("cookie", &pair)]).await;
    assert_eq!(bad.problem(), (401, "not-signed-in"));
}

on_every_backend!(beside_the_pages_the_api_answers_as_it_does_alone);
async fn beside_the_pages_the_api_answers_as_it_does_alone(world: World) {
    let router = crate::router(world.app(), None);
    for (path, status, media) in [
        ("/v1/me", 401, "application/problem+json"),
        ("/v1/nothing", 404, "application/problem+json"),
        ("/access/v1/nothing", 404, "application/problem+json"),
        ("/v1/../me", 400, "application/problem+json"),
        ("/v1/me?token=1", 400, "application/problem+json"),
        ("/readyz", 200, "text/plain; charset=utf-8"),
        ("/nothing", 404, "text/html; charset=utf-8"),
        ("/sign-in", 200, "text/html; charset=utf-8"),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let given = answer.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned());
        assert_eq!((answer.status().as_u16(), given.as_deref()), (status, Some(media)), "{path}");
        for name in ["content-security-policy", "x-content-type-options", "x-request-id", "cache-control"] {
            assert!(answer.headers().contains_key(name), "{name} {path}");
        }
    }
}
