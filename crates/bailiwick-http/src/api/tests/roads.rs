//! The main roads: a workspace from its making to its end, by its host and by its members.

use axum::http::Request;
use serde_json::{Value, json};

use bailiwick_app::installation::DEFAULT_PRODUCT;

use super::world::{As, Someone, World, on_every_backend, operator};

fn user(permissions: &[&str]) -> Value {
    json!({"role": "user", "direct": permissions})
}

on_every_backend!(a_host_makes_a_workspace_and_its_owner_invites_and_changes);
async fn a_host_makes_a_workspace_and_its_owner_invites_and_changes(world: World) {
    let (olga, mia) = (world.person("Olga").await, world.person("Mia").await);
    let body = json!({"model": "tenant", "name": "Harbour", "owner": "ext:u:Olga", "external_id": "org-7"});
    let made = world.ask(&world.host, "POST", "/v1/workspaces", body).await;
    assert_eq!(made.status, 201);
    let id = made.id();
    assert_eq!(made.headers["location"], format!("/v1/workspaces/{id}"));
    assert_eq!((made.body["plan"].as_str(), made.body["seats"]["held"].as_u64()), (Some("starter"), Some(5)));

    let by_name = world.get(&world.host, "/v1/workspaces/ext:org-7").await.ok();
    assert_eq!(by_name["id"], id);
    let to = |rest: &str| format!("/v1/workspaces/{id}{rest}");
    let mine = world.get(&olga.by, "/v1/me/workspaces").await.ok();
    assert_eq!(mine["items"][0]["workspace"], id);

    // Invite, look at it, change it, send it again, take it back.
    let two = json!({"invitations": [
        {"email": "ann@example.com", "access": user(&["conversations:view"])},
        {"email": "bea@example.com", "access": {"role": "admin"}},
    ]});
    let previewed = world.ask(&olga.by, "POST", &to("/invitations?preview=true"), two.clone()).await.ok();
    assert_eq!(previewed["events"], json!(["invitation_sent", "invitation_sent"]));
    assert_eq!((&previewed["seats_before"]["taken"], &previewed["seats_after"]["taken"]), (&json!(1), &json!(3)));
    assert_eq!(world.get(&olga.by, &to("/invitations")).await.ok()["items"], json!([]));
    let sent = world.ask(&olga.by, "POST", &to("/invitations"), two).await;
    assert_eq!(sent.status, 201);
    let ann = sent.body["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(sent.body["items"][0]["email"], "ann@example.com");
    assert_eq!(sent.body["items"][1]["access"]["role"], "admin");
    let one = world.get(&olga.by, &to(&format!("/invitations/{ann}"))).await;
    let stale = [("if-match", "\"1\"")];
    let edit = json!({"access": user(&["conversations:edit"]), "email": "anna@example.com"});
    let path = to(&format!("/invitations/{ann}"));
    assert_eq!(
        world.ask_with(&olga.by, "PATCH", &path, edit.clone(), &stale).await.problem(),
        (412, "edited-meanwhile")
    );
    let edited = world.ask_with(&olga.by, "PATCH", &path, edit, &[("if-match", &one.etag())]).await.ok();
    assert_eq!((edited["email"].as_str(), edited["sendings"].as_u64()), (Some("anna@example.com"), Some(2)));
    let again = world.ask(&olga.by, "POST", &format!("{path}/resend"), Value::Null).await.ok();
    assert_eq!(again["sendings"], 3);
    assert_eq!(world.ask(&olga.by, "DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(world.get(&olga.by, &path).await.ok()["status"], "cancelled");

    // A member joins, is changed, suspended, reactivated, removed.
    let row = world.join(&id, &mia, user(&["conversations:view"])).await;
    let path = to(&format!("/members/{row}"));
    let seen = world.get(&olga.by, &path).await;
    assert_eq!((seen.body["name"].as_str(), seen.body["status"].as_str()), (Some("Mia"), Some("active")));
    let access = user(&["analytics:view"]);
    let preview = world.ask(&olga.by, "PUT", &format!("{path}/access?preview=true"), access.clone()).await.ok();
    assert_eq!(preview["changes"][0]["gains"], json!(["analytics:view"]));
    assert_eq!(preview["changes"][0]["loses"], json!(["conversations:view"]));
    let given = world.ask_with(&olga.by, "PUT", &format!("{path}/access"), access, &[("if-match", &seen.etag())]).await;
    assert_eq!(given.body["access"]["direct"], json!(["analytics:view"]));
    assert_ne!(given.etag(), seen.etag());
    let why = world.get(&olga.by, &format!("{path}/why?permission=analytics:view")).await.ok();
    assert_eq!((why["decision"].as_bool(), why["context"]["reason"].as_str()), (Some(true), Some("direct")));
    assert_eq!(world.get(&mia.by, &format!("{path}/why?permission=settings:edit")).await.ok()["decision"], false);
    let suspended = world.ask(&olga.by, "PUT", &format!("{path}/suspension"), Value::Null).await.ok();
    assert_eq!(suspended["status"], "suspended");
    assert_eq!(world.get(&mia.by, &to("")).await.problem(), (404, "no-such-workspace"));
    assert_eq!(
        world.ask(&olga.by, "DELETE", &format!("{path}/suspension"), Value::Null).await.ok()["status"],
        "active"
    );
    assert_eq!(world.get(&mia.by, &to("")).await.ok().get("plan"), None, "who does not bill does not see the plan");
    assert_eq!(world.ask(&olga.by, "DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(world.get(&mia.by, &to("")).await.problem(), (404, "no-such-workspace"));

    // The log tells all of it, in pages; then the end.
    let mut cursor = String::new();
    let mut kinds = Vec::new();
    loop {
        let page = world.get(&olga.by, &to(&format!("/log?limit=3{cursor}"))).await.ok();
        for change in page["items"].as_array().unwrap() {
            kinds.extend(change["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap().to_owned()));
            for event in change["events"].as_array().unwrap().iter().filter(|e| e["kind"] == "invitation_sent") {
                assert!(event["data"]["expires_at"].as_str().unwrap().ends_with('Z'), "{event}");
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    for kind in ["member_removed", "member_suspended", "access_changed", "invitation_cancelled", "workspace_created"] {
        assert!(kinds.iter().any(|k| k == kind), "{kind} is missing in {kinds:?}");
    }
    let about = world.get(&olga.by, &to(&format!("/log?about={ann}&kind=invitation_cancelled"))).await.ok();
    assert_eq!(about["items"].as_array().unwrap().len(), 1);
    assert_eq!(world.get(&olga.by, &to("/log?about=starter")).await.problem(), (400, "bad-query"));
    let renamed = world.ask(&olga.by, "PATCH", &to(""), json!({"name": "Port"})).await.ok();
    assert_eq!(renamed["name"], "Port");
    assert_eq!(world.ask(&olga.by, "DELETE", &to(""), Value::Null).await.status, 204);
    assert_eq!(world.get(&world.host, &to("")).await.problem(), (404, "no-such-workspace"));
    assert_eq!(world.get(&world.host, "/v1/workspaces").await.ok()["items"], json!([]));
}

on_every_backend!(templates_are_made_changed_and_deleted);
async fn templates_are_made_changed_and_deleted(world: World) {
    let olga = world.person("Olga").await;
    let id = world.workspace("tenant", "growth", &olga).await;
    let to = |rest: &str| format!("/v1/workspaces/{id}/templates{rest}");
    let body = json!({"name": "Readers", "permissions": ["conversations:view"], "suggests": ["crm"]});
    let made = world.ask(&olga.by, "POST", &to(""), body).await;
    let one = made.id();
    assert_eq!(made.status, 201);
    let mia = world.person("Mia").await;
    world.join(&id, &mia, json!({"role": "user", "template": one})).await;
    assert_eq!(world.get(&olga.by, &to(&format!("/{one}"))).await.ok()["used_by"], 1);
    let body = json!({"name": "Readers", "permissions": ["conversations:view", "analytics:view"]});
    let edited =
        world.ask_with(&olga.by, "PUT", &to(&format!("/{one}")), body, &[("if-match", &made.etag())]).await.ok();
    assert_eq!(edited["permissions"], json!(["conversations:view", "analytics:view"]));
    let all = world.get(&olga.by, &to("")).await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 4, "three are shipped");
    let other = all["items"].as_array().unwrap().iter().find(|t| t["name"] == "Integrator").unwrap()["id"].clone();
    let gone = format!("/{one}?move_to={}", other.as_str().unwrap());
    assert_eq!(world.ask(&olga.by, "DELETE", &to(&gone), Value::Null).await.status, 204);
    assert_eq!(world.get(&olga.by, &to(&format!("/{one}"))).await.problem(), (404, "no-such-template"));
    let members =
        world.get(&olga.by, &format!("/v1/workspaces/{id}/members?template={}", other.as_str().unwrap())).await;
    assert_eq!(members.body["items"][0]["name"], "Mia");
}

on_every_backend!(resources_levels_and_plans);
async fn resources_levels_and_plans(world: World) {
    let (olga, mia) = (world.person("Olga").await, world.person("Mia").await);
    let id = world.workspace("properties", "business", &olga).await;
    let to = |rest: &str| format!("/v1/workspaces/{id}{rest}");
    let body = json!({"kind": "property", "name": "Quay", "external_id": "p-1"});
    let refused = world.ask(&olga.by, "POST", &to("/resources"), body.clone()).await;
    assert_eq!((refused.problem(), &refused.body["field"]), ((422, "invalid-value"), &json!("external_id")));
    let made = world.ask(&world.host, "POST", &to("/resources"), body).await;
    let quay = made.id();
    let access = json!({"role": "member", "grants": [{"resource": quay, "level": "write"}]});
    let row = world.join(&id, &mia, access).await;
    let why = to(&format!("/members/{row}/why?permission=property:chat&resource=p-1"));
    assert_eq!(world.get(&mia.by, &why).await.ok()["context"]["reason"], "level");
    let renamed = world.ask(&olga.by, "PATCH", &to(&format!("/resources/{quay}")), json!({"name": "Pier"})).await.ok();
    assert_eq!(renamed["name"], "Pier");
    let refused = world.ask(&olga.by, "PUT", &to("/plan"), json!({"plan": "free"})).await;
    assert_eq!(refused.problem(), (409, "in-the-way"));
    assert!(!refused.body["details"].as_array().unwrap().is_empty());
    let refused = world.ask(&olga.by, "PUT", &to("/plan"), json!({"plan": "pro"})).await;
    assert_eq!(refused.problem(), (409, "confirm-gains"));
    let body = json!({"plan": "pro", "extra_seats": 2, "confirmed": true});
    let changed = world.ask(&olga.by, "PUT", &to("/plan"), body).await.ok();
    assert_eq!((changed["plan"].as_str(), changed["seats"]["held"].as_u64()), (Some("pro"), Some(7)));
    assert_eq!(world.ask(&world.host, "DELETE", &to(&format!("/resources/{quay}")), Value::Null).await.status, 204);
    assert_eq!(world.get(&olga.by, &to(&format!("/resources/{quay}"))).await.problem(), (404, "no-such-resource"));
    assert_eq!(world.ask(&olga.by, "POST", &to("/leave"), Value::Null).await.problem(), (409, "owner-fixed"));
    assert_eq!(world.ask(&mia.by, "POST", &to("/leave"), Value::Null).await.status, 204);
    assert_eq!(world.get(&mia.by, "/v1/me/workspaces").await.ok()["items"], json!([]));
}

on_every_backend!(a_repeat_under_one_idempotency_key_changes_nothing_and_answers_the_same);
async fn a_repeat_under_one_idempotency_key_changes_nothing_and_answers_the_same(world: World) {
    let olga = world.person("Olga").await;
    let key = [("idempotency-key", "k-1")];
    let body = json!({"model": "tenant", "name": "Once", "owner": olga.id});
    let first = world.ask_with(&world.host, "POST", "/v1/workspaces", body.clone(), &key).await;
    let again = world.ask_with(&world.host, "POST", "/v1/workspaces", body, &key).await;
    assert_eq!((first.status, first.id()), (again.status, again.id()));
    let to = |rest: &str| format!("/v1/workspaces/{}{rest}", first.id());
    let body = json!({"invitations": [{"email": "ann@example.com", "access": user(&["conversations:view"])}]});
    let one = world.ask_with(&olga.by, "POST", &to("/invitations"), body.clone(), &key).await;
    let two = world.ask_with(&olga.by, "POST", &to("/invitations"), body.clone(), &key).await;
    assert_eq!(one.status, 201);
    assert_eq!(one.body, two.body);
    // Another credential's key of the same text is another key.
    let other = world.ask_with(&world.host, "POST", &to("/invitations"), body, &key).await;
    assert_eq!(other.problem(), (409, "already-invited"));
    let body = json!({"name": "T", "permissions": ["conversations:view"]});
    let one = world.ask_with(&olga.by, "POST", &to("/templates"), body.clone(), &key).await;
    // The members of an object have no order.
    let turned = r#"{ "permissions": ["conversations:view"], "name": "T" }"#;
    let As::Cookie(cookie) = &olga.by else { panic!() };
    let request = Request::post(to("/templates"))
        .header("cookie", format!("__Host-bailiwick={cookie}"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/json")
        .header(key[0].0, key[0].1);
    assert_eq!(world.send(request.body(turned.into()).unwrap()).await.body, one.body);
    let two = world.ask_with(&olga.by, "POST", &to("/templates"), body, &key).await;
    assert_eq!((one.status.as_u16(), &one.body), (201, &two.body));
}

on_every_backend!(an_idempotency_key_stands_for_one_body);
async fn an_idempotency_key_stands_for_one_body(world: World) {
    let (olga, otto) = (world.person("Olga").await, world.person("Otto").await);
    let key = [("idempotency-key", "k-1")];
    let body = |owner: &Someone| json!({"model": "tenant", "name": "Once", "owner": owner.id});
    let first = world.ask_with(&world.host, "POST", "/v1/workspaces", body(&olga), &key).await.id();
    let reused = (422, "idempotency-key-reused");
    let got = world.ask_with(&world.host, "POST", "/v1/workspaces", body(&otto), &key).await;
    assert_eq!(got.problem(), reused);
    assert_eq!(world.get(&otto.by, "/v1/me/workspaces").await.ok()["items"], json!([]));
    let to = |rest: &str| format!("/v1/workspaces/{first}{rest}");
    let log = async || world.get(&world.host, &to("/log")).await.ok()["items"].clone();
    for (method, path, body, other) in [
        ("PATCH", to(""), json!({"name": "A"}), json!({"name": "B"})),
        ("PUT", to("/plan"), json!({"plan": "scale"}), json!({"plan": "growth"})),
        (
            "POST",
            to("/invitations"),
            json!({"invitations": [{"email": "ann@example.com", "access": user(&["conversations:view"])}]}),
            json!({"invitations": [{"email": "bob@example.com", "access": user(&["conversations:view"])}]}),
        ),
        (
            "POST",
            to("/templates"),
            json!({"name": "T", "permissions": ["conversations:view"]}),
            json!({"name": "T", "permissions": ["conversations:edit"]}),
        ),
    ] {
        let done = world.ask_with(&world.host, method, &path, body.clone(), &key).await.ok();
        let before = log().await;
        assert_eq!(world.ask_with(&world.host, method, &path, other.clone(), &key).await.problem(), reused, "{path}");
        assert_eq!(log().await, before, "nothing of it was done");
        assert_eq!(world.ask_with(&world.host, method, &path, body, &key).await.ok(), done, "{path}");
        // Under another name it is another request.
        let another = [("idempotency-key", "k-2")];
        assert!(world.ask_with(&world.host, method, &path, other, &another).await.problem() != reused);
    }
    let long = json!({"name": "x".repeat(300_000)});
    assert_eq!(world.ask_with(&world.host, "PATCH", &to(""), long, &key).await.problem(), (413, "too-large"));
}

on_every_backend!(members_are_filtered_and_paged);
async fn members_are_filtered_and_paged(world: World) {
    let olga = world.person("Olga").await;
    let id = world.workspace("tenant", "growth", &olga).await;
    let to = |rest: &str| format!("/v1/workspaces/{id}/members{rest}");
    for name in ["Ann", "Bea", "Cora"] {
        let person = world.person(name).await;
        world.join(&id, &person, user(&["conversations:view"])).await;
    }
    let names = |body: &Value| -> Vec<String> {
        body["items"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&world.get(&olga.by, &to("?q=BEA")).await.ok()), ["Bea"]);
    assert_eq!(names(&world.get(&olga.by, &to("?role=admin")).await.ok()), ["Olga"]);
    assert_eq!(names(&world.get(&olga.by, &to("?status=suspended")).await.ok()), [""; 0]);
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let page = world.get(&olga.by, &to(&format!("?limit=2&role=user{cursor}"))).await.ok();
        seen.extend(names(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    seen.sort();
    assert_eq!(seen, ["Ann", "Bea", "Cora"]);
}

on_every_backend!(a_host_hands_people_over_and_asks_whether_they_are_still_there);
async fn a_host_hands_people_over_and_asks_whether_they_are_still_there(world: World) {
    let olga = world.person("Olga").await;
    let me = world.get(&olga.by, "/v1/me").await.ok();
    assert_eq!((me["type"].as_str(), me["id"].as_str()), (Some("person"), Some(olga.id.as_str())));
    let host = world.get(&world.host, "/v1/me").await.ok();
    assert_eq!((host["type"].as_str(), host["scopes"].as_array().unwrap().len()), (Some("host"), 5));
    let sessions = world.get(&olga.by, "/v1/me/sessions").await.ok();
    let session = sessions["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.get(&world.host, &format!("/v1/sessions/{session}")).await.ok()["person"], olga.id);
    let mine = format!("/v1/me/sessions/{session}");
    let mia = world.person("Mia").await;
    assert_eq!(world.ask(&mia.by, "DELETE", &mine, Value::Null).await.problem(), (404, "no-such-session"));
    let its = world.get(&mia.by, "/v1/me/sessions").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.ask(&mia.by, "DELETE", &format!("/v1/me/sessions/{its}"), Value::Null).await.status, 204);
    assert_eq!(world.get(&mia.by, "/v1/me").await.problem(), (401, "not-signed-in"));
    world.clock.forward(13 * 3600);
    let ended = world.get(&world.host, &format!("/v1/sessions/{session}")).await;
    assert_eq!(ended.problem(), (404, "no-such-session"));
    assert_eq!(world.get(&olga.by, "/v1/me").await.problem(), (401, "not-signed-in"));
    assert_eq!(world.get(&world.host, "/v1/people/ext:u:Olga").await.ok()["id"], olga.id);
    let dead = json!({"code": "bwc_0"});
    assert_eq!(world.ask(&world.host, "POST", "/v1/sessions/exchange", dead).await.problem(), (410, "dead-link"));
    assert_eq!(world.get(&As::Nobody, "/readyz").await.status, 200);
    assert_eq!(world.get(&As::Nobody, "/livez").await.status, 200);
    assert_eq!(world.get(&As::Nobody, "/openapi.json").await.ok()["openapi"], "3.1.0");
}

on_every_backend!(a_host_exchanges_the_code_that_a_person_comes_back_with_once);
async fn a_host_exchanges_the_code_that_a_person_comes_back_with_once(world: World) {
    let olga = world.person("Olga").await;
    let home = "https://app.example.com/after";
    world.app().set_return_addresses(&operator(), DEFAULT_PRODUCT, vec![home.into()]).await.unwrap();
    let As::Cookie(cookie) = &olga.by else { panic!() };
    let caller = world.app().session_caller(cookie, None).await.unwrap();
    let back = world.app().hand_over(&caller, home).await.unwrap().unwrap();
    let code = json!({"code": back.strip_prefix(&format!("{home}?code=")).unwrap()});
    let got = world.ask(&world.host, "POST", "/v1/sessions/exchange", code.clone()).await.ok();
    assert_eq!((&got["person"]["id"], &got["session"]["person"]), (&json!(olga.id), &json!(olga.id)));
    let session = format!("/v1/sessions/{}", got["session"]["id"].as_str().unwrap());
    assert_eq!(world.get(&world.host, &session).await.status, 200);
    assert_eq!(world.ask(&world.host, "POST", "/v1/sessions/exchange", code).await.problem(), (410, "dead-link"));
}

on_every_backend!(a_repeat_says_nothing_to_who_has_lost_access_since);
async fn a_repeat_says_nothing_to_who_has_lost_access_since(world: World) {
    let (olga, bea) = (world.person("Olga").await, world.person("Bea").await);
    let id = world.workspace("tenant", "growth", &olga).await;
    let row = world.join(&id, &bea, json!({"role": "admin"})).await;
    let path = format!("/v1/workspaces/{id}");
    let ask = async || {
        let key = [("idempotency-key", "k-1")];
        world.ask_with(&bea.by, "PATCH", &path, json!({"name": "Port"}), &key).await
    };
    assert_eq!(ask().await.ok()["name"], "Port");
    assert_eq!(ask().await.ok()["name"], "Port");
    world.ask(&olga.by, "DELETE", &format!("{path}/members/{row}"), Value::Null).await;
    assert_eq!(ask().await.problem(), (404, "no-such-workspace"));
}
